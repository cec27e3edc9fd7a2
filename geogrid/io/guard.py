"""Other people's files are read in a child process that can neither hang, nor starve, nor reach out.

The child gets a private copy of the file under a name that says nothing but its kind, a minimal
environment, no GDAL driver beyond the allow-list, no network, and limits:

===================  =====================================  =====================================
limit                where POSIX limits exist               elsewhere (Windows)
===================  =====================================  =====================================
size of the file     checked before the child starts        the same
elapsed time         the child is killed                    the same
processor time       `RLIMIT_CPU`                           bounded by elapsed time only
memory               `RLIMIT_AS` (not enforced on macOS)    not limited
size of the result   `RLIMIT_FSIZE`                         not limited
network              dead proxies for GDAL and libcurl;     dead proxies only
                     on Linux also a network namespace
                     without interfaces, where allowed
===================  =====================================  =====================================

A child that dies is an error of the file; the parent goes on.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import queue
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from geogrid.errors import FileMissingError, FileTooCostlyError, StoreFullError, UnsupportedFileError
from geogrid.io.gdal import ALLOWED_DRIVERS
from geogrid.io.parcel import Parcel, decode_error, read_parcel, write_parcel
from geogrid.io.replacing import FULL_ERRORS, PRIVATE_MODE, telling_full_disk
from geogrid.io.scratch import scratch_file_folder

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and the key of a text of the label table."""

# Every vector driver that the wheels of pyogrio are known to hold, less the allowed ones. A child
# that finds another one says so before it opens the file and is started again without it.
_SKIPPED_DRIVERS = (
    "ADBC,AIVector,AVCBin,AVCE00,AmigoCloud,Arrow,CAD,CSV,CSW,Carto,DGN,EDIGEO,EEDA,ESRIJSON,"
    "Elasticsearch,GDALG,GML,GMLAS,GPKG,GPSBabel,GPX,GTFS,GeoJSON,GeoJSONSeq,GeoRSS,HTTP,Idrisi,JML,"
    "JSONFG,KML,LVBAG,MBTiles,MEM,MVT,MapInfo File,MapML,MiraMonVector,MongoDBv3,MySQL,NAS,NGW,OAPIF,"
    "ODBC,ODS,OGCAPI,OGR_GMT,OGR_PDS,OGR_VRT,OSM,PCIDSK,PDF,PDS4,PGDUMP,PGEO,PLSCENES,"
    "PMTiles,Parquet,PostgreSQL,S57,SQLite,SXF,Selafin,TopoJSON,VDV,VFK,VICAR,VRT,WAsP,WCS,WFS,WMS,"
    "WMTS,XLS,XLSX,XODR"
)
_KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "WINDIR", "TEMP", "TMP", "TMPDIR")
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "GDAL_HTTP_PROXY", "GDAL_HTTPS_PROXY")
_DEAD_PROXY = "http://127.0.0.1:9"  # the discard port: refused at once

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What one reading may cost. `file_bytes` counts all parts of the file together."""

    file_bytes: int = 512 << 20
    memory_bytes: int = 4 << 30
    result_bytes: int = 2 << 30
    cpu_s: int = 300
    wall_s: int = 300


STANDARD_LIMITS = Limits()


def run_guarded(
    task: str,
    files: Mapping[str, Path],
    request: Parcel,
    *,
    limits: Limits = STANDARD_LIMITS,
    progress: Progress | None = None,
) -> Parcel:
    """What a reader makes of a file, read in a child process.

    Parameters
    ----------
    task
        A name in `geogrid.io.child.TASKS`.
    files
        What the child finds in its folder: name there -> file here.
    request
        What the reader needs to know; messages name its `file`.

    Raises
    ------
    FileMissingError, UnsupportedFileError
        When a file is not there, cannot be opened or is no regular file.
    FileTooCostlyError
        When a limit was passed or the child died.
    StoreFullError
        When the disk for temporary files is full.
    GeogridError
        Whatever the reader raised.
    """
    shown = str(request.info["file"])
    _require_readable(files, shown, limits)
    skipped = _SKIPPED_DRIVERS
    for _ in range(2):
        temporary = Path(tempfile.gettempdir()) / "geogrid-*"
        with telling_full_disk(temporary), scratch_file_folder("read-") as job:
            _pack_job(job, task, files, request, limits)
            _run_child(job, shown, skipped, limits, progress)
            outcome = _read_outcome(job, shown)
            if outcome["status"] == "ok":
                return read_parcel(job / "result")
            if outcome["status"] == "full":
                raise StoreFullError(path=str(temporary))
        if outcome["status"] == "error":
            raise decode_error(outcome["error"])
        if outcome["status"] == "failed":
            _log.error("reading %s failed:\n%s", shown, outcome["traceback"])
            raise UnsupportedFileError(shown, outcome["found"], ["-"])
        skipped = ",".join([skipped, *outcome["drivers"]])
    raise UnsupportedFileError(shown, f"GDAL: {skipped}", ALLOWED_DRIVERS)


def _pack_job(job: Path, task: str, files: Mapping[str, Path], request: Parcel, limits: Limits) -> None:
    """Put into a folder what the child needs: copies of the files, the request, the limits."""
    (job / "input").mkdir()
    for target, source in files.items():
        try:
            (job / "input" / target).parent.mkdir(exist_ok=True)
            if not _copy_database(source, job / "input" / target):
                shutil.copyfile(source, job / "input" / target)
        except OSError as error:
            if error.errno in FULL_ERRORS:
                raise
            shown = str(request.info["file"])
            raise UnsupportedFileError(shown, error.strerror or str(error), ["-"]) from None
    write_parcel(job / "request", request)
    (job / "job.json").write_text(json.dumps({"task": task, **asdict(limits)}), encoding="utf-8")
    for file in job.rglob("*"):
        if file.is_file():
            file.chmod(PRIVATE_MODE)


def _copy_database(source: Path, target: Path) -> bool:
    """Copy a GeoPackage through SQLite, page by page without looking into it; whether it was one.

    What another program wrote last may stand in a log beside the file; and a file that this process has
    open itself, a county say, would lose its locks if it were read by other means.
    """
    if source.suffix.lower() != ".gpkg":
        return False
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as given,
            closing(sqlite3.connect(target)) as copy,
        ):
            given.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error:
        target.unlink(missing_ok=True)
        return False
    return True


def _require_readable(files: Mapping[str, Path], shown: str, limits: Limits) -> None:
    total = 0
    for path in files.values():
        try:
            found = path.stat()
        except OSError:
            raise FileMissingError(str(path)) from None
        if not stat.S_ISREG(found.st_mode):
            raise UnsupportedFileError(path.name, "不是普通文件 / no regular file", ["-"])
        total += found.st_size
    if total > limits.file_bytes:
        raise FileTooCostlyError(shown, f"{total >> 20} MiB > {limits.file_bytes >> 20} MiB")


def _environment(skipped: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    # Variables that GDAL reads when it loads: setting them later does nothing.
    proxies = dict.fromkeys(_PROXY_VARIABLES, _DEAD_PROXY)
    return {
        **kept,
        **proxies,
        "GDAL_SKIP": skipped,
        "OGR_SKIP": skipped,
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_PAM_ENABLED": "NO",
        "GDAL_DRIVER_PATH": "disable",
        "GDAL_PYTHON_DRIVER_PATH": "",
        "GDAL_VRT_ENABLE_PYTHON": "NO",
        "GDAL_HTTP_TIMEOUT": "1",
        "GDAL_HTTP_MAX_RETRY": "0",
        "PROJ_NETWORK": "OFF",
        "GDAL_NUM_THREADS": "1",
        # one arena and one thread: address space is limited
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def _run_child(job: Path, shown: str, skipped: str, limits: Limits, progress: Progress | None) -> None:
    # -P: a file named like a module, in the folder or in the archive, must not be imported.
    # -B: a child at its limits would leave half a compiled module behind for everybody.
    command = [sys.executable, "-P", "-B", "-X", "utf8", "-m", "geogrid.io.child", str(job)]
    with (job / "stderr.txt").open("wb") as stderr:
        child = subprocess.Popen(
            command,
            cwd=job,
            env=_environment(skipped),
            stdin=subprocess.PIPE,  # which the child watches: it closes when this process is gone
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    assert child.stdin is not None  # noqa: S101 - for the type checker
    assert child.stdout is not None  # noqa: S101 - for the type checker
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    pump = threading.Thread(target=_pump, args=(child.stdout, lines), daemon=True)
    pump.start()
    deadline = time.monotonic() + limits.wall_s
    try:
        while line := lines.get(timeout=max(0.0, deadline - time.monotonic())):
            if progress is not None:
                message = json.loads(line)
                progress(float(message["done"]), str(message["text"]))
        code = child.wait(timeout=max(0.1, deadline - time.monotonic()))
    except (queue.Empty, subprocess.TimeoutExpired):
        raise FileTooCostlyError(shown, f"{limits.wall_s} s (用时 / elapsed time)") from None
    finally:
        child.kill()
        child.wait()
        pump.join()
        child.stdout.close()
        child.stdin.close()
    if code != 0:
        tail = (job / "stderr.txt").read_text(encoding="utf-8", errors="replace")[-2000:]
        _log.warning("the reader of %s ended with %s: %s", shown, code, tail)
        if "No space left" in tail:
            raise OSError(errno.ENOSPC, shown)
        raise FileTooCostlyError(shown, _how_it_died(code, limits))


def _pump(stdout: IO[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    for line in stdout:
        lines.put(line)
    lines.put(b"")


def _how_it_died(code: int, limits: Limits) -> str:
    if code == -getattr(signal, "SIGXCPU", 0) or code == -getattr(signal, "SIGKILL", 0):
        return f"{limits.cpu_s} s (处理器时间 / processor time)"
    return f"读取进程异常退出 / the reader died ({code})"


def _read_outcome(job: Path, shown: str) -> dict[str, Any]:
    try:
        outcome: dict[str, Any] = json.loads((job / "outcome.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise FileTooCostlyError(shown, "读取进程没有给出结果 / the reader gave no result") from None
    return outcome
