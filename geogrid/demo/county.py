"""The synthetic town as a county file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from geogrid.demo.accounts import add_demo_accounts
from geogrid.demo.town import build_town
from geogrid.labels import label
from geogrid.schema import SCHEMA_VERSION
from geogrid.workspace import Workspace

COUNTY_CODE, COUNTY_NAME = "350725", "政和县"


def fingerprint_generator() -> str:
    """Eight characters that change whenever the generator or the names it reads change."""
    digest = hashlib.sha256(f"{SCHEMA_VERSION}".encode())
    for package in ("geogrid.demo", "geogrid.data"):
        for file in sorted(resources.files(package).iterdir(), key=lambda entry: entry.name):
            if file.name.endswith((".py", ".csv")):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def create_demo_county(
    path: str | Path,
    *,
    seed: int = 1,
    scale: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Write the synthetic town of a seed into a new county file.

    Parameters
    ----------
    progress
        Called with a sentence before each long step.

    Returns
    -------
    Layer or table -> number of features.

    Raises
    ------
    WorkspaceExistsError
        When the file is there already.
    """
    with Workspace.create(path, COUNTY_CODE, COUNTY_NAME) as workspace:
        try:
            progress(label("demo.building"))
            town = build_town(seed=seed, scale=scale)
            progress(label("demo.writing"))
            with workspace.edit("geogrid demo", f"seed {seed}, scale {scale}") as edit:
                for name, frame in town.items():
                    edit.insert(name, frame)
                edit.set_setting("web.public", "map")
            add_demo_accounts(workspace)
        except BaseException:
            workspace.discard()
            raise
    return {name: len(frame) for name, frame in town.items()}
