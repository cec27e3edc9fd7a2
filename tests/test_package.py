"""The built wheel works outside the checkout, with everything it reads inside."""

from __future__ import annotations

import importlib.resources
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_every_package_is_listed_for_the_wheel():
    listed = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    )
    found = {
        str(init.parent.relative_to(ROOT)).replace("/", ".")
        for top in ("geogrid", "webmap")
        for init in (ROOT / top).rglob("__init__.py")
    }
    assert listed - {"geogrid.data"} == found


def test_the_editable_install_finds_the_demo_files():
    assert importlib.resources.files("geogrid.data").joinpath("README.md").is_file()


@pytest.mark.slow
def test_the_wheel_builds_the_demo_and_serves_it_from_another_folder(tmp_path):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as bundle:
        names = bundle.namelist()
        bundle.extractall(site)
    for needed in (
        "geogrid/labels.csv",
        "geogrid/data/communities.geojson",
        "webmap/templates/",
        "webmap/static/",
    ):
        assert any(name.startswith(needed) for name in names), needed
    code = f"""
import sys
sys.path = [{str(site)!r}] + [p for p in sys.path if not p.startswith({str(ROOT)!r}) or "site-packages" in p]
sys.meta_path = [f for f in sys.meta_path if "Editable" not in getattr(f, "__name__", "")]
import geogrid
assert geogrid.__file__.startswith({str(site)!r}), geogrid.__file__
from geogrid.demo.county import create_demo_county
from webmap import create_app
counts = create_demo_county({str(tmp_path / "demo.gpkg")!r})
client = create_app({str(tmp_path / "demo.gpkg")!r}).test_client()
page = client.get("/", base_url="http://127.0.0.1:5000")
assert page.status_code == 200, page.status_code
print(counts["centre"] >= 69)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr
