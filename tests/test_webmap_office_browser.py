"""The office in a real browser: progress without a click, nothing run from a file, every page fit to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from geogrid.workspace import Workspace
from geogrid.workspace.account import add_account
from tests.support.web import NASTY_NAMES, lonlat, serving, write_town

pytestmark = pytest.mark.browser

PASSWORD = "town-by-hand-1"
PAGES = ("", "/reports", "/uploads", "/findings", "/history", "/batch", "/templates")


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = write_town(tmp_path_factory.mktemp("town") / "town.gpkg")
    with Workspace.open(path) as workspace:
        add_account(workspace, "planner", PASSWORD, role="planner", actor="test")
    with serving(path) as address:
        yield address


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, origin: str) -> Iterator[Page]:
    width, height = request.param
    with browser.new_context(viewport={"width": width, "height": height}) as context:
        opened = context.new_page()
        opened.goto(f"{origin}/login")
        opened.fill("[name=login]", "planner")
        opened.fill("[name=password]", PASSWORD)
        opened.click("main button[type=submit]")
        opened.wait_for_load_state()
        yield opened


def test_every_page_is_accessible_and_no_wider_than_the_screen(page: Page, origin: str) -> None:
    for name in PAGES:
        page.goto(f"{origin}/office{name}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        found = Axe().run(page).response["violations"]
        assert [(name, one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_a_file_of_hostile_names_is_previewed_and_runs_nothing(
    page: Page, origin: str, tmp_path: Path
) -> None:
    lon, lat = lonlat(500, 395)
    rows = [f'k{i},"{name.replace(chr(34), chr(34) * 2)}",{lon},{lat}' for i, name in enumerate(NASTY_NAMES)]
    rows += ["<img src=x onerror=window.__pwn=5>,x,1,1"]
    (tmp_path / "a.csv").write_text("\n".join(["编号,名称,经度,纬度", *rows]), encoding="utf-8")
    page.goto(f"{origin}/office/uploads")
    page.select_option("#layer", "centre")
    page.select_option("#datum", "wgs84")
    page.select_option("#mode", "merge")
    page.set_input_files("#layer-file", tmp_path / "a.csv")
    page.click("form:has(#layer-file) button")
    # The page reloads itself when the file is read.
    page.locator("p.refusal").wait_for(timeout=60_000)
    assert page.evaluate("window.__pwn") is None
