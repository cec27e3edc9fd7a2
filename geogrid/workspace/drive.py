"""Whether a path lies on a network drive, where SQLite's locks and write-ahead log cannot be relied on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "9p", "ceph", "glusterfs", "lustre"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "davfs", "fuse.davfs2", "webdav"}
)
_DRIVE_REMOTE = 4  # GetDriveTypeW, Windows


def find_network_file_system(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """The kind of network file system a path lies on, or None when it is local or cannot be told.

    Parameters
    ----------
    mounts
        The table of mounts, one a line: device, mount point, kind, options.
    """
    folder = path.resolve().parent
    if sys.platform == "win32":
        import ctypes

        kind = ctypes.windll.kernel32.GetDriveTypeW(folder.anchor)
        return "网络驱动器" if kind == _DRIVE_REMOTE or str(folder).startswith("\\\\") else None
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    best, found = "", None
    for line in lines:
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ")
        if len(point) >= len(best) and os.path.commonpath([folder, point]) == point:
            best, found = point, parts[2]
    return found if found in NETWORK_FILE_SYSTEMS else None
