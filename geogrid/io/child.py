"""The child process of `guard`: takes its limits, gives up the network, runs one reader, writes the outcome."""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

TASKS = {
    "layer": ("geogrid.io.vector", "read_layer_here"),
    "table": ("geogrid.io.table", "read_table_here"),
    "osm": ("geogrid.io.osm", "read_osm_here"),
    "elevation": ("geogrid.io.elevation", "read_elevation_here"),
}
"""Readers: name -> module and function. A reader is called with the folder that holds the files, the
request (a Parcel) and a function that reports progress, and returns a Parcel."""

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # sched.h


def take_limits(job: dict[str, Any]) -> None:
    """Bound memory, processor time and the size of files, where the system can."""
    try:
        import resource
    except ImportError:
        return
    for kind, value in (
        (resource.RLIMIT_AS, job["memory_bytes"]),
        (resource.RLIMIT_CPU, job["cpu_s"]),
        (resource.RLIMIT_FSIZE, job["result_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (wanted, wanted))
        except (ValueError, OSError):  # macOS takes no RLIMIT_AS
            continue


def leave_network() -> None:
    """Move into a network namespace that has no interface, where Linux lets an ordinary user do so."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    # Refused in some containers: the dead proxies remain.
    ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def end_with_parent() -> None:
    """End when the process that asked is gone: its end of our standard input closes with it."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.stack_size(256 << 10)  # address space is limited
    threading.Thread(target=watch, daemon=True).start()
    threading.stack_size(0)


def run_task(folder: Path, job: dict[str, Any], report: Callable[[float, str], None]) -> dict[str, Any]:
    """Run the reader that the job names and write its result; the outcome as JSON can carry it."""
    from geogrid.errors import FileTooCostlyError, GeogridError
    from geogrid.io.gdal import SurplusDriversError
    from geogrid.io.parcel import encode_error, read_parcel, write_parcel
    from geogrid.io.replacing import FULL_ERRORS

    request = read_parcel(folder / "request")
    module, function = TASKS[job["task"]]
    try:
        result = getattr(import_module(module), function)(folder / "input", request, report)
        write_parcel(folder / "result", result)
    except SurplusDriversError as error:
        return {"status": "drivers", "drivers": error.drivers}
    except GeogridError as error:
        return {"status": "error", "error": encode_error(error)}
    except MemoryError:
        limit = f"{job['memory_bytes'] >> 20} MiB (内存 / memory)"
        shown = str(request.info.get("file", ""))
        return {"status": "error", "error": encode_error(FileTooCostlyError(shown, limit))}
    except OSError as error:
        if error.errno in FULL_ERRORS:
            return {"status": "full"}
        if error.errno != errno.EFBIG:
            return _failed(error)
        limit = f"{job['result_bytes'] >> 20} MiB (结果 / result)"
        shown = str(request.info["file"])
        return {"status": "error", "error": encode_error(FileTooCostlyError(shown, limit))}
    except Exception as error:  # noqa: BLE001 - a hostile file must not become a crash of the program
        return _failed(error)
    return {"status": "ok"}


def _failed(error: Exception) -> dict[str, Any]:
    found = f"{type(error).__name__}: {error}"[:300]
    return {"status": "failed", "found": found, "traceback": traceback.format_exc()}


def main(folder: Path) -> None:
    """Do the job that the folder describes."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    os.umask(0o077)  # what is read may hold people
    take_limits(job)
    leave_network()  # before there is a second thread, which it does not allow
    end_with_parent()
    # Progress goes out through the pipe; whatever a library prints must not.
    pipe = os.dup(1)
    os.dup2(2, 1)

    def report(done: float, text: str) -> None:
        os.write(pipe, json.dumps({"done": done, "text": text}).encode() + b"\n")

    outcome = run_task(folder, job, report)
    (folder / "outcome.json").write_text(json.dumps(outcome, ensure_ascii=False), encoding="utf-8")
    # Nothing is left to do, and libraries with threads may crash on their way out.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
