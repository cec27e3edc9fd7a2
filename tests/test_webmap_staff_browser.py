"""What staff do on the map in a real browser: search by initials, tap, follow the walk, ask where they are."""

from __future__ import annotations

from collections.abc import Iterator

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.support.browser import PHONE, WIDE, Visit, make_visit
from tests.support.web import lonlat, serving, write_town

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(write_town(tmp_path_factory.mktemp("town") / "town.gpkg")) as origin:
        yield origin


@pytest.fixture
def visit(browser: Browser, town: str) -> Iterator[Visit]:
    visit = make_visit(browser, town, WIDE)
    yield visit
    visit.page.context.close()


def test_initials_find_a_building_with_the_reason_and_the_arrow_keys_choose_it(visit: Visit) -> None:
    visit.open()
    visit.page.focus("#search")
    visit.page.keyboard.type("hpl")
    visit.wait("document.querySelectorAll('#search-list [role=option]').length > 1")
    assert "拼音" in visit.page.inner_text("#search-0")
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("ArrowDown")
    assert visit.page.get_attribute("#search", "aria-activedescendant") == "search-1"
    chosen = visit.page.inner_text("#search-1 .option-name")
    visit.page.keyboard.press("Enter")
    visit.wait("document.querySelector('#card .match h2') !== null")
    assert visit.page.inner_text("#card .match h2") == chosen
    visit.require_quiet()


def test_what_was_looked_up_is_offered_again_in_this_tab_alone(visit: Visit, browser: Browser) -> None:
    visit.open()
    visit.page.fill("#search", "和平路10号")
    visit.page.keyboard.press("Enter")
    visit.wait("document.querySelector('#card .match h2') !== null")
    visit.page.fill("#search", "")
    visit.wait("document.querySelector('#search-list .option-head') !== null")
    assert "和平路10号楼" in visit.page.inner_text("#search-0")
    assert visit.page.evaluate("localStorage.length") == 0
    visit.page.keyboard.press("Escape")
    assert visit.page.is_hidden("#search-list")
    other = make_visit(browser, visit.origin, WIDE)
    other.open()
    other.page.focus("#search")
    assert other.page.is_hidden("#search-list")
    other.page.context.close()
    visit.require_quiet()


def test_a_tap_brings_the_card_and_draws_the_walk_to_the_centre(visit: Visit) -> None:
    visit.open()
    visit.click_place(260, 422)
    visit.wait("document.querySelectorAll('.walk-leg').length >= 3")
    assert "西门邻里服务中心" in visit.page.inner_text("#card .nearest")
    visit.page.click("#card .walk summary")
    legs = visit.page.inner_text("#card .walk ol")
    assert "150 米" in legs  # along the street, see the arithmetic of the walk's own test
    visit.page.click("#card .back")
    assert visit.page.locator(".walk-leg").count() == 0
    visit.require_quiet()


def test_the_walk_out_of_a_compound_shows_its_gate(visit: Visit) -> None:
    visit.open("/#building=b08")
    visit.wait("document.querySelectorAll('.walk-gate').length === 1")
    visit.require_quiet()


def test_the_own_position_has_a_circle_and_buildings_and_stands_in_no_address(
    browser: Browser, town: str
) -> None:
    lon, lat = lonlat(300, 418)
    visit = make_visit(
        browser,
        town,
        PHONE,
        geolocation={"longitude": lon, "latitude": lat, "accuracy": 70},
        permissions=["geolocation"],
    )
    visit.open()
    visit.page.click("#where")
    visit.wait("document.querySelector('.here-circle') !== null")
    visit.wait("document.querySelectorAll('#card .here .row').length === 2")
    rows = visit.page.locator("#card .here .row").all_inner_texts()
    assert [row.split("\n")[0] for row in rows] == ["和平路10号楼", "和平路11号楼"]
    assert "20 米" in rows[0]  # its side is at x = 280 m
    visit.settle()
    assert "view=" not in visit.page.url
    assert not [url for url in visit.requests if f"{lat:.3f}" in url or f"{lon:.3f}" in url]
    visit.page.locator("#card .here .row").first.click()
    visit.wait("document.querySelector('#card .match h2')?.textContent === '和平路10号楼'")
    assert "building=b10" in visit.page.url
    visit.settle()
    visit.require_quiet()
    visit.page.context.close()


def test_without_leave_the_page_says_how_to_go_on(visit: Visit) -> None:
    visit.open()
    visit.page.click("#where")  # no permission was granted
    visit.wait("document.querySelector('#card .refusal') !== null")
    assert "地图上点选" in visit.page.inner_text("#card .refusal")
    visit.require_quiet()


@pytest.mark.parametrize(
    "address", ["/area/grid/350725001001001", "/area/community/350725001001", "/find?kind=building&key=b08"]
)
def test_a_sheet_prints_on_one_page_and_does_not_scroll_sideways(
    browser: Browser, town: str, address: str
) -> None:
    visit = make_visit(browser, town, PHONE)
    visit.page.goto(town + address)
    assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    pdf = pypdfium2.PdfDocument(visit.page.pdf(prefer_css_page_size=True))
    assert len(pdf) == 1
    width, height = pdf[0].get_size()
    assert (round(width), round(height)) == (595, 842)  # A4 in points
    visit.require_quiet()
    visit.page.context.close()


def test_a_place_is_found_and_read_without_scripts(browser: Browser, town: str) -> None:
    visit = make_visit(browser, town, PHONE, java_script_enabled=False)
    visit.page.goto(f"{town}/find")
    visit.page.fill("#q", "和平路10号")
    visit.page.keyboard.press("Enter")
    assert visit.page.inner_text("h1").startswith("和平路10号楼")
    visit.page.get_by_role("link", name="第12网格").click()
    assert visit.page.inner_text("h1").startswith("第12网格")
    visit.page.get_by_role("link", name="EN", exact=True).click()
    assert "Neighbours" in visit.page.inner_text("main")
    visit.page.context.close()


def test_at_two_hundred_per_cent_and_in_large_text_nothing_is_cut_off(browser: Browser, town: str) -> None:
    visit = make_visit(browser, town, {"width": 683, "height": 384})  # 1366 x 768 at 200 %
    visit.open("/#building=b08")
    visit.wait("document.querySelector('.walk-leg') !== null")
    visit.page.evaluate("document.getElementById('large').click()")
    assert visit.page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    for address in ("", "/find?kind=building&key=b08", "/area/grid/350725001001001"):
        if address:
            visit.settle()
            visit.page.goto(town + address)
        assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
        assert visit.page.evaluate("document.documentElement.classList.contains('is-large')")
    visit.require_quiet()
    visit.page.context.close()


@pytest.mark.parametrize("address", ["/find?kind=building&key=b08", "/area/grid/350725001001001"])
def test_dark_pages_stay_readable(browser: Browser, town: str, address: str) -> None:
    visit = make_visit(browser, town, WIDE, color_scheme="dark")
    visit.page.goto(town + address)
    found = Axe().run(visit.page).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in {"serious", "critical"}] == []
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 27, 29)"
    visit.page.context.close()


@pytest.mark.parametrize(
    "address",
    ["/#building=b08", "/find?kind=building&key=b08", "/find?q=hpl", "/area/grid/350725001001001", "/list"],
)
def test_no_serious_barrier_to_access_for_staff(visit: Visit, address: str) -> None:
    visit.page.goto(visit.origin + address)
    if address.startswith("/#"):
        visit.wait_until_ready()
        visit.wait("document.querySelector('.walk-leg') !== null")
    found = Axe().run(visit.page).response["violations"]
    serious = [
        (rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in {"serious", "critical"}
    ]
    assert serious == []
