"""Planning in a real browser: what is dragged changes the count, and the count is that of the edited town."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import AddCentre, Scenario
from geogrid.coverage.scenario_lonlat import read_records
from geogrid.workspace import Workspace
from geogrid.workspace.account import add_account
from geogrid.workspace.scenarios import list_scenarios, read_scenario, save_scenario
from tests.support.browser import WIDE, Visit, make_visit
from tests.support.web import METRIC, SOUTH, WEST, lonlat, serving, write_town

pytestmark = pytest.mark.browser

PASSWORD = "town-by-hand-1"
COVERED = "document.querySelector('#plan-covered')?.textContent"


@pytest.fixture
def path(tmp_path):
    return write_town(tmp_path / "town.gpkg")


@pytest.fixture
def planner(browser, path) -> Iterator[Visit]:
    with Workspace.open(path) as workspace:
        add_account(workspace, "planner", PASSWORD, role="planner", actor="test")
    with serving(path) as origin:
        visit = make_visit(browser, origin, WIDE)
        visit.log_in("planner", PASSWORD)
        visit.open()
        visit.page.click("#mode-plan")
        visit.wait(COVERED)
        settle(visit)
        visit.settle()
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


def settle(visit: Visit) -> None:
    """Until the last question is answered."""
    visit.wait("document.querySelector('#plan').getAttribute('aria-busy') === 'false'")


def test_dragging_a_centre_changes_the_count_to_that_of_the_edited_town(planner: Visit, path) -> None:
    page = planner.page
    assert shown_people(planner) == count_people(path)
    page.mouse.move(*at(planner, 110, 395))
    page.mouse.down()
    for x in (150, 300, 450, 600):
        page.mouse.move(*at(planner, x, 400), steps=3)
        settle(planner)
    assert page.evaluate("performance.getEntriesByName('plan-count').length") > 1  # while the button is down
    page.mouse.up()
    settle(planner)
    assert page.locator(".plan-list li").count() == 1  # one drag is one edit
    found = page.evaluate(
        "(() => { let at; map_town.eachLayer((l) => { if (l.options?.icon?.options?.className === 'mark plan-mark')"
        " at = l.getLatLng(); }); return [at.lng, at.lat]; })()"
    )
    edit = {"do": "move_centre", "id": "s1", "lon": round(found[0], 7), "lat": round(found[1], 7)}
    moved = count_people(path, *read_records([edit], METRIC).edits)
    assert shown_people(planner) == moved
    assert moved != count_people(path)
    page.keyboard.press("Control+z")
    settle(planner)
    assert shown_people(planner) == count_people(path)
    planner.require_quiet()


def test_a_centre_is_placed_and_moved_by_keyboard_alone(planner: Visit, path) -> None:
    page = planner.page
    page.focus("#plan-chooser")
    page.select_option("#plan-chooser", "s1")
    page.focus("[data-act=pad]")
    before = shown_people(planner)
    for _ in range(6):
        page.keyboard.press("Shift+ArrowRight")  # 50 m each
    settle(planner)
    assert page.evaluate("document.activeElement.dataset.act") == "pad"
    assert shown_people(planner) != before
    page.focus("[data-act=restore]")
    page.keyboard.press("Enter")
    settle(planner)
    assert shown_people(planner) == before
    planner.require_quiet()


def test_the_slider_is_followed_and_kept_in_the_permalink(planner: Visit, path) -> None:
    page = planner.page
    page.focus("#plan-slider")
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    settle(planner)
    assert "plan=minutes:5:adult" in page.url
    with Workspace.open(path) as workspace:
        found = assess_coverage(workspace.read_town(), Reading.parse("minutes:5:adult"))
    assert shown_people(planner) == found.to_dict()["people"]["covered"]
    page.reload()
    planner.wait_until_ready()
    planner.wait(COVERED)
    assert page.input_value("#plan-slider") == "5"
    planner.require_quiet()


def test_suggested_sites_are_accepted_saved_opened_by_their_address_and_compared(
    planner: Visit, path
) -> None:
    page = planner.page
    before = shown_people(planner)
    page.click("#plan-sites > summary")
    page.fill("#plan-k", "3")
    page.keyboard.press("Tab")
    page.click("#plan-suggest")
    planner.wait("document.querySelector('#plan-accept') !== null")
    assert page.locator(".plan-proof.is-proven").count() == 1
    assert page.locator(".plan-curve circle").count() > 0
    promised = int(re.sub(r"\D", "", page.inner_text(".plan-lead strong")))
    page.click("#plan-accept")
    settle(planner)
    assert shown_people(planner) == before + promised
    page.fill("#plan-name", "三处")
    page.click("#plan-save")
    planner.wait("document.querySelector('.plan-open') !== null")
    with Workspace.open(path) as workspace:
        kept = read_scenario(workspace, "三处")
    assert count_people(path, *kept.edits) == before + promised
    planner.settle()
    page.goto("about:blank")
    page.goto(planner.origin + "/#plan=minutes:10:adult&scenario=三处")
    planner.wait_until_ready()
    planner.wait(f"({COVERED} || '').replace(/\\D/g, '') === '{before + promised}'")
    assert page.locator(".plan-list li").count() >= 1
    page.select_option("#plan-side-1", "三处")
    page.click("#plan-table")
    planner.wait("document.querySelector('.plan-side') !== null")
    assert f"+{promised}" in page.inner_text(".plan-side")
    page.click("#plan-swipe")
    planner.wait("document.querySelector('.swipe-bar') !== null")
    page.focus(".swipe-bar")
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute(".swipe-bar", "aria-valuenow") == "48"
    clip = page.evaluate("map_town.getPane('swipe').style.clip")
    page.keyboard.press("Home")
    assert page.evaluate("map_town.getPane('swipe').style.clip") != clip
    page.click(".swipe-close")
    assert page.locator(".swipe-bar").count() == 0
    planner.require_quiet()


def test_somebody_elses_version_is_told_and_the_planner_chooses(planner: Visit, path) -> None:
    page = planner.page

    def change_elsewhere(x: float) -> int:
        """Another planner saves a scenario of one centre; its version."""
        with Workspace.open(path) as workspace:
            kept = {one.name: one.version for one in list_scenarios(workspace)}.get("东区")
            edits = Scenario((AddCentre("other", WEST + x, SOUTH + 410, "别人的"),))
            return save_scenario(workspace, "东区", edits, "other", version=kept).version

    def kept_names() -> dict[str, int]:
        with Workspace.open(path) as workspace:
            return {one.name: len(one.records) for one in list_scenarios(workspace)}

    def save() -> None:
        page.click("#plan-save")
        planner.wait("document.querySelector('.plan-conflict') !== null")

    page.select_option("#plan-chooser", "s1")
    page.focus("[data-act=pad]")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Escape")
    settle(planner)
    page.fill("#plan-name", "东区")
    change_elsewhere(900)  # the name is taken while it is typed
    save()
    told = page.inner_text(".plan-conflict")
    assert "“东区”已被他人改动：对方的方案有 1 处改动（第 1 版）" in told
    assert "您的方案有 1 处改动" in told
    page.click("[data-choice='plan.conflict.rename']")
    assert page.input_value("#plan-name") == "东区 2"
    page.click("#plan-save")
    planner.wait("document.querySelectorAll('.plan-open').length === 2")
    assert kept_names() == {"东区": 1, "东区 2": 1}

    page.click(".plan-open >> nth=0")
    change_elsewhere(950)
    save()
    page.click("[data-choice='plan.conflict.theirs']")
    planner.wait("/已打开/.test(document.querySelector('#plan-store [role=status]').textContent)")
    assert "别人的" in page.inner_text(".plan-edits .plan-list")
    newest = change_elsewhere(1000)
    save()
    page.click("[data-choice='plan.conflict.overwrite']")
    planner.wait("/已保存/.test(document.querySelector('#plan-store [role=status]').textContent)")
    with Workspace.open(path) as workspace:
        kept = next(one for one in list_scenarios(workspace) if one.name == "东区")
    assert kept.version == newest + 1
    settle(planner)
    assert all("409" in complaint for complaint in planner.complaints), planner.complaints


def test_a_path_is_drawn_a_gate_added_and_a_place_asked_about_by_clicks(planner: Visit, path) -> None:
    page = planner.page
    page.click("[data-tool=path]")
    for x, y in ((150, 200), (150, 400)):
        planner.click_place(x, y)
    page.click("text=完成")
    page.click("[data-tool=gate]")
    planner.click_place(1000, 303)  # the northern wall of the compound
    planner.wait("document.querySelectorAll('.plan-edits .plan-list li').length === 2")
    settle(planner)
    told = page.inner_text(".plan-edits .plan-list")
    assert "新增步道" in told
    assert "小区 c1 新增出入口" in told
    page.click("#plan-sites > summary")
    page.click("[data-tool=why]")
    planner.click_place(1000, 450)
    planner.wait("document.querySelector('.plan-why-list') !== null")
    page.click("text=全部清除")
    settle(planner)
    assert shown_people(planner) == count_people(path)
    planner.require_quiet()


def test_a_gap_says_why_it_is_one(planner: Visit) -> None:
    page = planner.page
    page.click("#plan-gaps > summary")
    planner.wait("document.querySelector('#plan-gaps .row') !== null")
    page.click("#plan-gaps .row")
    planner.wait("/没有登记的岗位|负责岗位/.test(document.querySelector('.plan-gap-why')?.textContent || '')")
    told = page.inner_text(".plan-gap-why")
    assert "原因" in told
    assert "网格：第2" in told
    assert "最近：西门邻里服务中心" in told
    planner.require_quiet()


def test_who_may_not_plan_is_not_offered_it(browser, path) -> None:
    with serving(path) as origin:
        visit = make_visit(browser, origin, WIDE)
        visit.open("/#plan=minutes:10:adult")
        assert visit.page.locator("#mode-plan").count() == 0
        assert visit.page.is_visible("#coverage")
        visit.require_quiet()
        visit.page.context.close()


def test_planning_has_no_serious_fault_of_accessibility(planner: Visit) -> None:
    for part in ("sites", "gaps"):
        planner.page.click(f"#plan-{part} > summary")
    planner.page.click("#plan-suggest")
    planner.wait("document.querySelector('#plan-accept') !== null")
    planner.page.click("#plan-table")
    planner.wait("document.querySelector('.plan-side') !== null")
    planner.page.click("#plan-swipe")
    planner.wait("document.querySelector('.swipe-bar') !== null")
    found = Axe().run(planner.page).response["violations"]
    assert [
        (fault["id"], fault["nodes"][0]["html"])
        for fault in found
        if fault["impact"] in {"serious", "critical"}
    ] == []
