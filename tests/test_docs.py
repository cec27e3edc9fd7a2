"""The documents say what the code does."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

import pytest

from geogrid.schema import SETTINGS, VARIABLES

ROOT = Path(__file__).parents[1]


def test_the_reference_is_what_the_code_says():
    build_reference = runpy.run_path(str(ROOT / "docs" / "build_reference.py"))["build_reference"]
    written = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert written == build_reference(), "run: python docs/build_reference.py"


def test_the_reference_names_every_setting_variable_and_error():
    """Found apart from the tables that the page is made of: by reading the source."""
    page = (ROOT / "docs" / "reference.md").read_text("utf-8")
    sources = {
        path: path.read_text("utf-8") for top in ("geogrid", "webmap") for path in (ROOT / top).rglob("*.py")
    }
    variables = {name for text in sources.values() for name in re.findall(r"\bGEOGRID_[A-Z_]+", text)}
    assert variables == set(VARIABLES)
    read = {
        name
        for text in sources.values()
        for name in re.findall(r"settings(?:\.get\(|\[)\"([a-z._]+)\"", text)
    }
    assert read - set(SETTINGS) == set()
    tree = ast.parse(sources[ROOT / "geogrid" / "errors.py"])
    kinds = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    raised = {kind.name for kind in kinds if any(_assigns(kind, name) for name in ("zh", "en"))}
    assert len(raised) > 50
    missing = [name for name in sorted({*variables, *SETTINGS, *raised}) if f"`{name}`" not in page]
    assert missing == []


def _assigns(kind: ast.ClassDef, name: str) -> bool:
    targets = [target for node in kind.body if isinstance(node, ast.Assign) for target in node.targets]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def test_every_package_is_on_the_picture_of_the_architecture():
    picture = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    packages = [folder.name for folder in (ROOT / "geogrid").iterdir() if (folder / "__init__.py").exists()]
    assert [name for name in packages if f"`geogrid/{name}/`" not in picture] == []


@pytest.mark.parametrize("document", sorted(p.relative_to(ROOT).as_posix() for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]))  # fmt: skip
def test_every_link_leads_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)", (ROOT / document).read_text("utf-8")):
        if "://" not in target:
            assert ((ROOT / document).parent / target).exists(), target
