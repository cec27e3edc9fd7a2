"""The web map in a real browser: what it draws, what it asks for, and what it never runs."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from geogrid.crs import wgs84_to_gcj02
from geogrid.workspace import Workspace
from geogrid.workspace.account import add_account
from tests.support.browser import PHONE, WIDE, Visit, make_visit
from tests.support.web import LEADER, NASTY_NAMES, OFFICER, lonlat, serving, write_town
from webmap.foliummap import GROUPS

pytestmark = pytest.mark.browser

COLOUR_AT = """(lat, lon) => {
    const zoom = url_layer_homes_0._tileZoom, at = map_town.project([lat, lon], zoom);
    const tile = url_layer_homes_0._tiles[`${Math.floor(at.x / 256)}:${Math.floor(at.y / 256)}:${zoom}`];
    if (!tile) return null;
    const copy = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const fineness = tile.el.width / 256;
    copy.drawImage(tile.el, -Math.floor((at.x % 256) * fineness), -Math.floor((at.y % 256) * fineness));
    return [...copy.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((b) => b.toString(16).padStart(2, "0")).join("");
}"""
"""The colour of a building in its tile, as hexadecimal digits."""


PASSWORD = "browser-secret-1"


def write_staffed_town(path: Path) -> Path:
    """The town with an account `staff`."""
    write_town(path)
    with Workspace.open(path) as workspace:
        add_account(workspace, "staff", PASSWORD, role="staff", actor="test")
    return path


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(write_staffed_town(tmp_path_factory.mktemp("town") / "town.gpkg")) as origin:
        yield origin


@pytest.fixture
def staff(browser: Browser, town: str) -> Iterator[Visit]:
    visit = make_visit(browser, town, WIDE)
    visit.log_in("staff", PASSWORD)
    yield visit
    visit.page.context.close()


@pytest.fixture(scope="module")
def nasty_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = write_town(tmp_path_factory.mktemp("nasty") / "nasty.gpkg", NASTY_NAMES * 6, county=NASTY_NAMES[3])
    with serving(path) as origin:
        yield origin


@pytest.fixture
def visit(browser: Browser, town: str) -> Iterator[Visit]:
    visit = make_visit(browser, town, WIDE)
    yield visit
    visit.page.context.close()


@pytest.fixture
def phone(browser: Browser, town: str) -> Iterator[Visit]:
    visit = make_visit(browser, town, PHONE)
    yield visit
    visit.page.context.close()


def test_every_layer_that_folium_declares_can_be_shown(staff: Visit) -> None:
    visit = staff
    visit.open()
    for group in GROUPS:
        assert visit.page.evaluate(f"feature_group_{group.name} instanceof L.FeatureGroup"), group.name
        for number in range(len(group.layers)):
            name = f"url_layer_{group.name}_{number}"
            assert visit.page.evaluate(f"feature_group_{group.name}.hasLayer({name})"), name
        box = visit.page.locator(f"label[data-group={group.name}] input")
        if group.name == "basemap":
            assert box.count() == 0  # the county has none
            continue
        assert box.is_checked() == group.shown
        if not group.shown:
            box.check()
        visit.wait(f"map_town.hasLayer(feature_group_{group.name})")
    # 2 districts, 2 communities, 4 grids, 2 beats, 1 compound: a name each; outlines and marks as well.
    visit.wait("document.querySelectorAll('.name').length === 11")
    visit.wait("document.querySelectorAll('.mark-centre, .mark-gate, .mark-place').length === 3")
    visit.wait("document.querySelectorAll('.leaflet-areas-pane path').length === 5")
    visit.wait("document.querySelectorAll('.leaflet-fills-pane path').length === 2")
    visit.wait("document.querySelectorAll('.leaflet-buildings-pane canvas').length > 0")
    visit.require_quiet()


def test_buildings_are_drawn_in_the_colours_of_the_legend(visit: Visit) -> None:
    visit.open()
    # b10 is within reach, b16 is not, b24 is no home.
    for place, colour in (((260, 422), "3f9e8f"), ((980, 422), "d55e00"), ((980, 622), "dedad0")):
        lon, lat = lonlat(*place)
        visit.wait(f"({COLOUR_AT})({lat}, {lon}) === '{colour}'")


def test_a_click_asks_by_post_and_shows_a_card_without_names_of_people(visit: Visit) -> None:
    visit.open()
    visit.click_place(140, 222)  # inside b01
    visit.wait("document.querySelector('#card .areas') !== null")
    card = visit.page.inner_text("#card")
    for shown in (
        "和平路1号楼",
        "第11网格",
        "350725001001001",
        "南片区",
        "西门社区",
        "邻里长",
        "社区民警",
        "西门邻里服务中心",
    ):
        assert shown in card
    assert OFFICER not in card
    assert LEADER not in card
    assert "building=b01" in visit.page.url
    assert not any("lon" in url or "lat=" in url for url in visit.requests)
    visit.wait("document.querySelector('.walk-leg') !== null")
    visit.page.click("#card .back")
    assert visit.page.is_visible("#coverage")
    visit.require_quiet()


def test_a_click_on_empty_ground_answers_too(visit: Visit) -> None:
    visit.open()
    visit.click_place(1150, 700)
    visit.wait("document.querySelector('#card .areas') !== null")
    assert "北片区" in visit.page.inner_text("#card")
    visit.require_quiet()


def test_search_works_by_keyboard(visit: Visit) -> None:
    visit.open()
    visit.page.focus("#search")
    visit.page.keyboard.type("和平路2")
    visit.wait("document.querySelectorAll('#search-list [role=option]').length > 1")
    visit.page.keyboard.press("ArrowDown")
    active = visit.page.get_attribute("#search", "aria-activedescendant")
    chosen = visit.page.inner_text(f"#{active} .option-name")
    visit.page.keyboard.press("Enter")
    visit.wait("document.querySelector('#card .match h2') !== null")
    assert visit.page.inner_text("#card .match h2") == chosen
    assert visit.page.get_attribute("#search", "aria-expanded") == "false"
    visit.require_quiet()


def test_a_reading_changes_the_figures_and_the_permalink(staff: Visit) -> None:
    visit = staff
    visit.open()
    before = visit.wait("document.querySelector('.share strong')?.textContent")
    visit.page.check("input[value='metres:500']", force=True)
    visit.wait(f"document.querySelector('.share strong')?.textContent !== {before!r}")
    assert "reading=metres:500" in visit.page.url
    visit.settle()
    visit.page.reload()
    visit.wait_until_ready()
    assert visit.page.is_checked("input[value='metres:500']")
    visit.require_quiet()


def test_a_gap_of_the_list_is_brought_into_view(staff: Visit) -> None:
    visit = staff
    visit.open("/#view=12/27/118")
    visit.wait("document.querySelector('#tab-panel .row') !== null")
    visit.page.click("#tab-panel .row")
    lon, lat = lonlat(1000, 420)  # the far end of the middle street is out of reach
    visit.wait(f"map_town.getBounds().contains([{lat}, {lon}])")
    visit.require_quiet()


def test_a_centre_has_a_card(visit: Visit) -> None:
    visit.open()
    visit.wait("document.querySelector('.mark-centre') !== null")
    visit.page.click(".mark-centre")
    visit.wait("document.querySelector('#card .match') !== null")
    card = visit.page.inner_text("#card")
    assert "西门邻里服务中心" in card
    assert "08:00-18:00" in card
    visit.require_quiet()


def test_the_page_speaks_english(staff: Visit) -> None:
    visit = staff
    visit.open("/?lang=en")
    panel = visit.page.inner_text("#panel")
    assert "of the people reach a service centre on foot" in panel
    assert visit.page.get_attribute("html", "lang") == "en"
    visit.require_quiet()


def test_hostile_names_are_shown_as_typed_and_nothing_runs(browser: Browser, nasty_town: str) -> None:
    visit = make_visit(browser, nasty_town, WIDE)
    visit.open()
    for box in visit.page.locator("label[data-group] input").all():
        box.check()
    visit.wait("document.querySelectorAll('.name').length === 11")
    names = visit.page.evaluate(
        "[...document.querySelectorAll('.name span')].map((span) => span.textContent)"
    )
    assert set(names) <= set(NASTY_NAMES)
    assert visit.page.inner_text("#county") == NASTY_NAMES[3]
    visit.page.hover(".mark-centre")
    visit.page.click("#tab-community")
    visit.page.fill("#search", "img")
    visit.wait("document.querySelectorAll('#search-list .option-name').length > 0")
    assert "<img src=x" in visit.page.inner_text("#search-list")
    visit.page.keyboard.press("Enter")
    visit.wait("document.querySelector('#card .areas') !== null")
    assert visit.page.evaluate("window.__pwn") is None
    visit.require_quiet()
    visit.page.context.close()
    lists = make_visit(browser, nasty_town, WIDE)  # leaving the map would cut off tiles in flight
    lists.open("/list")
    lists.page.wait_for_timeout(200)
    assert lists.page.evaluate("window.__pwn") is None
    lists.require_quiet()
    lists.page.context.close()


def test_a_phone_needs_no_sideways_scrolling(phone: Visit) -> None:
    for address in ("/", "/?lang=en", "/list"):
        phone.open(address)
        assert phone.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
    phone.require_quiet()


def test_on_a_phone_the_card_rises_over_the_map_and_leaves_the_place_in_sight(phone: Visit) -> None:
    phone.open()
    assert phone.page.is_hidden("#layers-body")
    phone.click_place(140, 222)
    phone.wait("document.querySelector('#card .areas') !== null")
    assert "is-raised" in (phone.page.get_attribute("#panel", "class") or "")
    phone.wait(  # the sheet rises and the map moves in a few frames
        "(() => { const mark = document.querySelector('.building-mark');"
        " const sheet = document.querySelector('#panel').getBoundingClientRect();"
        " return mark && mark.getBoundingClientRect().bottom < sheet.top; })()"
    )
    assert phone.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    phone.require_quiet()


def test_a_layer_that_cannot_be_loaded_is_told(visit: Visit) -> None:
    visit.page.route("**/tiles/map/**", lambda route: route.fulfill(status=503, body="{}"))
    visit.open()
    visit.wait("!document.querySelector('#notice').hidden")
    visit.page.click("#notice button")
    assert visit.page.is_hidden("#notice")


def test_a_base_map_in_gcj02_is_moved_under_its_places(browser: Browser, tmp_path: Path) -> None:
    pixel = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    lon, lat = lonlat(600, 400)
    column, row = (
        (lon / 360 + 0.5) * 2**15,
        (0.5 - math.asinh(math.tan(math.radians(lat))) / math.tau) * 2**15,
    )
    for x in range(int(column) - 9, int(column) + 10):
        (tmp_path / "tiles" / "15" / str(x)).mkdir(parents=True)
        for y in range(int(row) - 9, int(row) + 10):
            (tmp_path / "tiles" / "15" / str(x) / f"{y}.png").write_bytes(pixel)
    path = write_town(tmp_path / "town.gpkg")
    with Workspace.open(path) as workspace:
        workspace.set_setting("map.basemap", "tiles", "test")
        workspace.set_setting("map.basemap_datum", "gcj02", "test")
        workspace.set_setting("map.basemap_source", "某某图", "test")
    with serving(path) as origin:
        visit = make_visit(browser, origin, WIDE)
        visit.open(f"/#view=15/{lat}/{lon}")
        visit.wait("document.querySelectorAll('.leaflet-base-pane img.leaflet-tile-loaded').length > 8")
        # Where the picture of a place in GCJ-02 is drawn, and where the place is.
        moved_lon, moved_lat = wgs84_to_gcj02(np.array([[lon, lat]]))[0]
        moved = (
            (moved_lon / 360 + 0.5) * 2**15,
            (0.5 - math.asinh(math.tan(math.radians(moved_lat))) / math.tau) * 2**15,
        )
        drawn = visit.page.evaluate(
            f"(() => {{ const img = [...document.querySelectorAll('.leaflet-base-pane img')]"
            f".find((img) => img.src.endsWith('/15/{int(moved[0])}/{int(moved[1])}'));"
            " const box = img.getBoundingClientRect(), map = map_town.getContainer().getBoundingClientRect();"
            f" return [box.left - map.left + {moved[0] % 1} * 256, box.top - map.top + {moved[1] % 1} * 256]; }})()"
        )
        place = visit.page.evaluate(
            f"(() => {{ const p = map_town.latLngToContainerPoint([{lat}, {lon}]); return [p.x, p.y]; }})()"
        )
        assert math.dist(drawn, place) < 2  # two roundings to whole pixels
        assert math.dist(moved, (column, row)) * 256 > 50  # unmoved it would lie far beside
        assert "某某图" in visit.page.inner_text("#sources")
        visit.page.locator("label[data-group=basemap] input").uncheck()
        visit.wait("document.querySelectorAll('.leaflet-base-pane img').length === 0")
        visit.settle()
        visit.require_quiet()
        visit.page.context.close()


def test_the_legend_tells_what_is_visible_and_nothing_else(visit: Visit) -> None:
    visit.open()
    legend = visit.page.locator("#legend-body")
    assert "存疑（结论可能相反）" not in legend.inner_text()  # which is for staff
    assert {"可达", "不可达", "邻里服务中心", "片区"} <= set(legend.inner_text().splitlines())
    assert "警格" not in legend.inner_text()
    assert "成人步行 10 分钟" in legend.inner_text()
    visit.page.locator("label[data-group=beat] input").check()
    visit.page.locator("label[data-group=homes] input").uncheck()
    assert "警格" in legend.inner_text()
    assert "不可达" not in legend.inner_text()
    assert "数据版本 1" in visit.page.inner_text("#sources")
    visit.require_quiet()


def test_faults_in_the_data_are_marked_and_told(browser: Browser, tmp_path: Path) -> None:
    path = write_staffed_town(tmp_path / "town.gpkg")
    with Workspace.open(path) as workspace, workspace.edit("test", "hole") as edit:
        edit.delete("grid", ["350725001002002"])  # a quarter of the town is in no grid now
    with serving(path) as origin:
        visit = make_visit(browser, origin, WIDE)
        visit.log_in("staff", PASSWORD)
        visit.open()
        assert not any("findings.geojson" in url for url in visit.requests)
        visit.page.locator("label[data-group=finding] input").check()
        visit.wait("document.querySelectorAll('.leaflet-findings-pane path').length > 1")
        visit.page.locator(".leaflet-findings-pane path.leaflet-interactive").first.hover(force=True)
        assert visit.wait("document.querySelector('.finding p')?.textContent.length > 5")
        visit.require_quiet()
        visit.page.context.close()


@pytest.mark.parametrize("address", ["/", "/list"])
def test_no_serious_barrier_to_access(visit: Visit, address: str) -> None:
    visit.open(address)
    found = Axe().run(visit.page).response["violations"]
    serious = [
        (rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in {"serious", "critical"}
    ]
    assert serious == []


def test_letters_of_another_revision_do_not_colour_the_wrong_buildings(
    browser: Browser, tmp_path: Path
) -> None:
    path = write_town(tmp_path / "town.gpkg")
    with serving(path) as origin:
        visit = make_visit(browser, origin, WIDE)
        visit.open()
        # A new first building shifts the letters of all others by one.
        with Workspace.open(path) as workspace, workspace.edit("test", "a1") as edit:
            first = workspace.read("building").iloc[[23]].drop(columns="version")
            edit.insert("building", first.assign(id="a1"))
        visit.page.check("input[value='metres:500']", force=True)
        for place, colour in (((260, 422), "3f9e8f"), ((620, 422), "d55e00")):  # b10 is in, b13 is out
            lon, lat = lonlat(*place)
            visit.wait(f"({COLOUR_AT})({lat}, {lon}) === '{colour}'")
        visit.wait(
            "url_layer_homes_0 && document.querySelector('#coverage').getAttribute('aria-busy') === 'false'"
        )
        visit.require_quiet()
        visit.page.context.close()


@pytest.mark.parametrize(
    ("level", "size"), [("areas", WIDE), ("areas", PHONE), ("map", WIDE), ("map", PHONE)]
)
def test_what_a_level_does_not_offer_is_neither_shown_nor_asked_for(
    browser: Browser, tmp_path: Path, level: str, size: dict[str, int]
) -> None:
    path = write_town(tmp_path / "town.gpkg")
    with Workspace.open(path) as workspace:
        workspace.set_setting("web.public", level, "test")
    with serving(path) as origin:
        visit = make_visit(browser, origin, size)
        # A link of somebody who may see more opens without it.
        visit.open(
            "/#layers=homes,gap,centre,finding&colours=bands&reading=minutes:9:adult&plan=minutes:7:adult"
        )
        visit.settle()
        asked = [url.removeprefix(origin) for url in visit.requests]
        for address in ("/api/v1/gaps", "/api/v1/findings", "/api/v1/centres", "/api/v1/homes/doubt"):
            assert not any(url.startswith(address) for url in asked), address
        assert any(url.startswith("/api/v1/homes") for url in asked) == (level == "map")
        for name in ("gap", "finding"):
            assert visit.page.locator(f"label[data-group={name}]").count() == 0
        assert visit.page.locator("input[name=colours]").count() == (2 if level == "map" else 0)
        assert visit.page.locator("#tab-gaps, #tab-district, #mode-plan").count() == 0
        assert visit.page.locator("#tab-community[aria-selected=true]").count() == 1
        assert visit.page.locator("#more-with-login").count() == 1
        if level == "areas":
            assert "不可达" not in visit.page.inner_text("#legend-body")
        visit.require_quiet()
        visit.page.context.close()
