"""geogrid: the areas of a county, who answers for them, and who can reach a service centre on foot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geogrid.workspace import Workspace

__version__ = "0.1.0"
__all__ = ["Workspace", "__version__"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: `import geogrid` itself stays light for the command line.
    if name == "Workspace":
        from geogrid.workspace import Workspace

        return Workspace
    message = f"module 'geogrid' has no attribute {name!r}"
    raise AttributeError(message)
