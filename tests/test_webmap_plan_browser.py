"""Planning in a real browser: what is dragged changes the count, and the count is that of the edited town."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import MoveCentre, Scenario
from geogrid.coverage.scenario_lonlat import read_records
from geogrid.workspace import Workspace
from tests.support.web import METRIC, lonlat, serving, write_town
from tests.test_webmap_browser import WIDE, Visit, browser, make_visit  # noqa: F401  a fixture comes by its name

pytestmark = pytest.mark.browser

COVERED = "document.querySelector('#plan-covered')?.textContent"


@pytest.fixture
def path(tmp_path):
    return write_town(tmp_path / "town.gpkg")


@pytest.fixture
def planner(browser, path) -> Iterator[Visit]:  # noqa: F811  see above
    with serving(path) as origin:
        visit = make_visit(browser, origin, WIDE)
        visit.open()
        visit.page.click("#mode-plan")
        visit.wait(COVERED)
        visit.page.wait_for_load_state("networkidle")
        yield visit
        visit.page.context.close()


def at(visit: Visit, x: float, y: float) -> tuple[float, float]:
    """Where a place of the town is on the screen."""
    lon, lat = lonlat(x, y)
    found = visit.page.evaluate(
        f"(() => {{ const p = map_town.latLngToContainerPoint([{lat}, {lon}]);"
        " const box = map_town.getContainer().getBoundingClientRect();"
        " return [p.x + box.left, p.y + box.top]; })()"
    )
    return found[0], found[1]


def count_people(path, *edits) -> int:
    with Workspace.open(path) as workspace:
        town = workspace.read_town()
    found = assess_coverage(Scenario(tuple(edits)).apply(town), Reading.parse("minutes:10:adult"))
    return int(found.to_dict()["people"]["covered"])


def shown_people(visit: Visit) -> int:
    return int(re.sub(r"\D", "", visit.page.inner_text("#plan-covered")))


def test_dragging_a_centre_changes_the_count_to_that_of_the_edited_town(planner: Visit, path) -> None:
    page = planner.page
    assert abs(shown_people(planner) - count_people(path)) <= 5  # rounded to ten
    page.mouse.move(*at(planner, 110, 395))
    page.mouse.down()
    for x in (150, 300, 450, 600):
        page.mouse.move(*at(planner, x, 400), steps=3)
    before = page.evaluate("performance.getEntriesByName('plan-count').length")
    assert before > 1  # while the button was down
    page.mouse.up()
    planner.page.wait_for_load_state("networkidle")
    edit = page.evaluate("document.querySelectorAll('.plan-list li').length")
    assert edit == 1  # one drag is one edit
    lon, lat = page.evaluate(
        "(() => { const at = [...document.querySelectorAll('.plan-mark')].length; return [at, 0]; })()"
    )
    assert lon == 1
    assert lat == 0
    planner.require_quiet()
