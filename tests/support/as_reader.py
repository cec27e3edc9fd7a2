"""Code run by a user who may not write, or not read, what others own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

NOBODY = 65534

SCRIPT = """
import os, sys, warnings
warnings.simplefilter("always")
sys.path.insert(0, ".")
from pathlib import Path
from geogrid.workspace import Workspace, write_backup
from geogrid.errors import *
def work(path):
{code}
if os.geteuid() == 0:  # load what is loaded late, while it may be, at the hand of another county
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other.gpkg"
        Workspace.create(other, "1", "n").close()
        work(other)
print("--", flush=True)
print("--", file=sys.stderr, flush=True)
if os.geteuid() == 0:
    child = os.fork()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os.setgid({nobody})
    os.setuid({nobody})
work(Path(sys.argv[1]))
"""


def run_as_reader(code: str, path: Path) -> tuple[str, str]:
    """What code printed to both outputs that knows a county as `path`; as root it runs as nobody."""
    if os.name != "posix":
        pytest.skip("permissions are tried on POSIX systems")
    script = SCRIPT.format(code=textwrap.indent(textwrap.dedent(code), "    "), nobody=NOBODY)
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("--\n")[2], done.stderr.partition("--\n")[2]
