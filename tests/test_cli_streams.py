"""What commands print: the JSON alone reaches standard output, and what is not found is told as JSON too."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.command import Command
from tests.support.web import write_town

NOISE = """
import ctypes, os, sys
libc = ctypes.CDLL(None)

def be_noisy():
    libc.puts(b"Running HiGHS 1.16.0: Copyright (c) ERGO-Code")
    libc.fflush(None)
    os.write(1, b"straight to the descriptor\\n")
    print("a library's print")
    subprocess_of_a_library = os.system("echo from a child")
"""
"""A library that prints at C level, on the descriptor, by Python and from a child process."""

RUN = """
import sys
sys.argv = ["geogrid", *sys.argv[1:]]
from noise import be_noisy
import geogrid.siting.mip as mip
import geogrid.workspace.lookup as lookup
plain = lookup.read_register
def noisy(workspace):
    be_noisy()
    return plain(workspace)
lookup.read_register = noisy
be_noisy() if "early" in sys.argv else None
from geogrid.cli import main
main()
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return write_town(tmp_path_factory.mktemp("streams") / "town.gpkg")


@pytest.fixture
def geogrid(monkeypatch, capsys) -> Command:
    return Command(monkeypatch, capsys)


def run_noisily(folder, *arguments: object) -> subprocess.CompletedProcess[str]:
    (folder / "noise.py").write_text(NOISE, "utf-8")
    (folder / "run.py").write_text(RUN, "utf-8")
    command = [sys.executable, str(folder / "run.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="the noise is made by the C library's name on POSIX")
def test_a_library_that_prints_at_c_level_does_not_reach_the_json(town, tmp_path):
    ran = run_noisily(tmp_path, "locate", town, "和平路1号楼", "--json")
    assert json.loads(ran.stdout)["n_found"] >= 1, ran.stderr
    for noise in ("Running HiGHS", "straight to", "a library's print", "from a child"):
        assert noise in ran.stderr
    assert ran.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="the noise is made by the C library's name on POSIX")
def test_what_is_written_past_python_does_not_reach_the_text_either(town, tmp_path):
    ran = run_noisily(tmp_path, "locate", town, "和平路1号楼")
    assert "Running HiGHS" not in ran.stdout
    assert "straight to" not in ran.stdout
    assert "和平" in ran.stdout


def test_standard_output_that_is_closed_early_is_no_error(town):
    code = "import sys; sys.argv = ['geogrid', 'history', sys.argv[1], '--json']; from geogrid.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(town)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(120) == 0
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    "arguments",
    [
        ("locate", None, "和平东路荷花苑"),
        ("area", None, "荷平社区乙"),
        ("area", None, "community:0"),
        ("person", None, "show", "p99"),
        ("scenario", None, "show", "没有这个方案"),
        ("coverage", None, "--explain", "荷花苑九十栋"),
    ],
)
def test_nothing_found_is_json_with_suggestions_and_exit_code_1(geogrid, town, arguments):
    command, _, *rest = arguments
    json_flag = () if command == "person" else ("--json",)
    code, out, _ = geogrid(command, town, *rest, *json_flag)
    told = json.loads(out)
    assert (code, told["n_found"], told["matches"]) == (1, 0, [])
    assert isinstance(told["suggestions"], list)


def test_what_is_not_found_without_json_is_a_sentence_on_standard_error(geogrid, town):
    code, out, err = geogrid("locate", town, "没有此处")
    assert (code, out) == (1, "")
    assert "没有此处" in err


def test_a_name_that_is_nearly_known_is_suggested(geogrid, town):
    found = json.loads(geogrid.succeed("area", town, "西门社区", "--json"))
    assert found["n_found"] == 1
    code, out, _ = geogrid("area", town, "community:西门", "--json")
    assert code == 1
    assert "西门社区" in json.loads(out)["suggestions"]
