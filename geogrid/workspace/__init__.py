"""One county's data as a transactional store, with history, undo and backup."""

from geogrid.workspace.backup import read_backup, write_backup
from geogrid.workspace.edit import Edit
from geogrid.workspace.importing import (
    ImportMode,
    ImportReport,
    KeyChanges,
    compare_keys,
    find_extent,
    import_layers,
)
from geogrid.workspace.workspace import Workspace

__all__ = [
    "Edit",
    "ImportMode",
    "ImportReport",
    "KeyChanges",
    "Workspace",
    "compare_keys",
    "find_extent",
    "import_layers",
    "read_backup",
    "write_backup",
]
