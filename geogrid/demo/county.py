"""The synthetic town as a county file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from geogrid.demo.town import build_town
from geogrid.labels import label
from geogrid.workspace import Workspace

COUNTY_CODE, COUNTY_NAME = "350725", "政和县"


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
        except BaseException:
            workspace.discard()
            raise
    return {name: len(frame) for name, frame in town.items()}
