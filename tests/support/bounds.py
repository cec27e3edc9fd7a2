"""The oldest releases that pyproject.toml allows, as constraints for pip: `python tests/support/bounds.py oldest`.

For `newest` there is none, so that pip takes what is newest.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
_BOUND = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*>=\s*(?P<least>[0-9][0-9.]*)")


def list_oldest(requirements: list[str]) -> list[str]:
    """A pin at the lower bound of each requirement that has one.

    >>> list_oldest(["numpy>=2.0", "folium>=0.20,<0.21", "XStatic-Leaflet==1.9.3.0"])
    ['numpy==2.0', 'folium==0.20']
    """
    found = [_BOUND.match(requirement) for requirement in requirements]
    return [f"{match['name']}=={match['least']}" for match in found if match]


def main(which: str) -> None:
    """Print the constraints for `oldest`, and nothing for `newest`."""
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    print("\n".join(list_oldest(wanted)) if which == "oldest" else "")


if __name__ == "__main__":
    main(sys.argv[1])
