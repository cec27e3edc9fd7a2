"""The documents say what the code does."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_reference_is_what_the_code_says():
    build_reference = runpy.run_path(str(ROOT / "docs" / "build_reference.py"))["build_reference"]
    written = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert written == build_reference(), "run: python docs/build_reference.py"


def test_every_package_is_on_the_picture_of_the_architecture():
    picture = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    packages = [folder.name for folder in (ROOT / "geogrid").iterdir() if (folder / "__init__.py").exists()]
    assert [name for name in packages if f"`geogrid/{name}/`" not in picture] == []


@pytest.mark.parametrize("document", sorted(p.relative_to(ROOT).as_posix() for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]))  # fmt: skip
def test_every_link_leads_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)", (ROOT / document).read_text("utf-8")):
        if "://" not in target:
            assert ((ROOT / document).parent / target).exists(), target
