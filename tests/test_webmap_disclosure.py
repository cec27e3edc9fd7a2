"""What readers can make of what they are told: nobody outside counts a household, and who may see buildings is told exactly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from geogrid.coverage.reading import STANDARD_READINGS
from geogrid.reports.document import Heading, Paragraph, Table
from geogrid.reports.gather import Request, gather_county
from geogrid.reports.public import compose_public_report
from geogrid.workspace import Workspace
from tests.support.attack import Knowledge, Success, ask_everything, estimate, judge, learn, subtract
from tests.support.census import write_census
from tests.support.web import lonlat, open_client, write_town
from webmap import create_app
from webmap.county import EXTENSION, County
from webmap.settings import WebSettings

SEEDS = (1, 2, 3)
STANDARD = [str(reading) for reading in STANDARD_READINGS]
OTHERS = ["minutes:7:adult", "metres:350"]
MANY = [f"minutes:{minutes}:{who}" for minutes in range(2, 20) for who in ("adult", "elderly")]
CHANCE = 2.33
"""Standard deviations above chance that one attacker of a hundred reaches without knowing anything."""

READERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "anybody_of_areas": ("areas", "", ()),
    "anybody_of_the_map": ("map", "", ()),
    "public_account": ("map", "public", ()),
    "staff_of_a_community": ("map", "staff", ("community:350725001002",)),
    "staff_of_a_grid": ("map", "staff", ("grid:G08",)),
    "staff_of_a_beat": ("map", "staff", ("beat:J02",)),
    "planner_of_a_district": ("map", "planner", ("district:P01",)),
}
"""Reader -> the level of `web.public`, and the role and scope of the account."""


@dataclass(frozen=True)
class Census:
    """A town of one seed: its two servers, all that is known of its homes, and who lives in them."""

    apps: dict[str, Flask]
    county: County
    known: Knowledge

    @property
    def people(self) -> Any:
        return self.county.assess(self.county.reading).homes["people"].astype(float).to_numpy()

    @property
    def community(self) -> Any:
        return self.known.homes["community"].to_numpy(object)

    def open(self, reader: str) -> FlaskClient:
        level, role, scope = READERS[reader]
        return open_client(self.apps[level], role, scope)


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> list[Census]:
    found = []
    for seed in SEEDS:
        folder = tmp_path_factory.mktemp(f"census{seed}")
        settings = WebSettings(lookups_per_minute=100_000, public_lookups_per_minute=100_000)
        apps = {
            level: create_app(
                write_census(folder / f"{level}.gpkg", seed, level, beat_shift_m=60.0 * (seed % 2 == 0)),
                settings,
            )
            for level in ("areas", "map")
        }
        county = apps["map"].extensions[EXTENSION].current()
        found.append(Census(apps, county, learn(county, [*STANDARD, *OTHERS])))
    return found


# --- the attack ------------------------------------------------------------------------------------


def attack(
    town: Census, client: FlaskClient, aside: Any = None, known: Knowledge | None = None
) -> list[Success]:
    """How well homes of few are named by least squares, by non-negative ones, and by differences."""
    equations = ask_everything(client, known or town.known)
    n_homes = len(town.people)
    guesses = [
        estimate(equations, n_homes),
        estimate(equations, n_homes, non_negative=True),
        subtract(equations, n_homes),
    ]
    return [judge(guess, town.people, town.community, aside) for guess in guesses]


def find_gains(tries: list[list[Success]]) -> list[float]:
    """For each way of guessing the hits above chance over all towns, in standard deviations."""
    gains = []
    for way in zip(*tries, strict=True):
        hits, expected = sum(one.n_hits for one in way), sum(one.expected for one in way)
        spread = np.sqrt(sum(one.spread**2 for one in way))
        gains.append((hits - expected) / spread if spread else 0.0)
    return gains


@pytest.mark.parametrize("reader", READERS)
def test_naming_homes_of_few_succeeds_no_better_than_by_chance(towns: list[Census], reader: str) -> None:
    tries = []
    for town in towns:
        scope = READERS[reader][2]
        own = np.isin(town.known.homes.index, list(find_own(town, scope)))
        tries.append(attack(town, town.open(reader), own))
    assert max(find_gains(tries)) < CHANCE


def find_own(town: Census, scope: tuple[str, ...]) -> set[str]:
    """The homes in the areas of a scope, by where their middle lies."""
    buildings = town.county.layers["building"]
    middle = buildings.geometry.representative_point()
    found: set[str] = set()
    for item in scope:
        layer, _, code = item.partition(":")
        areas = town.county.layers[layer]
        found |= set(buildings["id"][middle.within(areas.geometry[areas["code"] == code].union_all())])
    return found


@pytest.mark.slow
def test_where_every_sum_is_told_under_many_readings_the_attack_succeeds(towns: list[Census]) -> None:
    # So was every reader told once; the counts of buildings that staff see are left out.
    town = towns[0]
    known = learn(town.county, MANY)
    told = [
        one for one in ask_everything(open_client(town.apps["map"], "staff"), known) if one.homes.sum() > 1
    ]
    guess = judge(estimate(told, len(town.people)), town.people, town.community)
    assert guess.gain > 5
    assert guess.n_hits > 0.7 * guess.n_named


# --- what is told ----------------------------------------------------------------------------------


def get(client: FlaskClient, address: str) -> Any:
    response = client.get(address)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


@pytest.mark.parametrize("reader", ["anybody_of_areas", "anybody_of_the_map", "public_account"])
def test_sums_are_told_in_tens_and_by_community_alone(towns: list[Census], reader: str) -> None:
    client = towns[0].open(reader)
    for query in ("", "?minutes=10&profile=elderly", "?metres=500"):
        told = get(client, f"/api/v1/coverage{query}")
        assert told["by_district"] == []
        assert "gaps" not in told
        for row in (told, *told["by_community"]):
            assert row["people"]["rounded"]
            for name in ("covered_range_90", "sampling_error", "stretched"):
                assert row["people"].get(name) is None
            for counts in (row["people"], row["homes"]):
                numbers = [value for value in counts.values() if isinstance(value, int)]
                assert all(value % 10 == 0 for value in numbers if not isinstance(value, bool))
        assert told["people"]["total"] > 0


def test_each_told_sum_is_rounded_from_the_exact_one(towns: list[Census]) -> None:
    for town in towns:
        everybody, staff = town.open("anybody_of_the_map"), open_client(town.apps["map"], "staff")
        n_told = 0
        for query in ("", "?minutes=10&profile=elderly", "?metres=500"):
            rough, exact = (get(client, f"/api/v1/coverage{query}") for client in (everybody, staff))
            rows = [(rough, exact), *zip(rough["by_community"], exact["by_community"], strict=True)]
            for shown, true in rows:
                for name in ("total", "covered", "not_covered", "unanswered"):
                    value = shown["people"][name]
                    if isinstance(value, int):
                        n_told += 1
                        assert abs(value - true["people"][name]) <= 5
        assert n_told > 3 * (4 + 6)  # the county whole, and the totals of six communities


def test_what_is_told_does_not_depend_on_how_many_people_live_where(
    towns: list[Census], tmp_path: Path
) -> None:
    # Else it would tell of them that something is left out.
    path = write_census(tmp_path / "other.gpkg", SEEDS[0])
    with Workspace.open(path) as workspace, workspace.edit("test", "people") as edit:
        building = workspace.read("building")
        edit.merge("building", building.assign(residents=building["residents"] * 7 + 900))
    clients = (towns[0].open("anybody_of_the_map"), open_client(create_app(path)))
    for query in ("", "?minutes=10&profile=elderly", "?metres=500"):
        one, other = (get(client, f"/api/v1/coverage{query}") for client in clients)
        for mine, theirs in zip([one, *one["by_community"]], [other, *other["by_community"]], strict=True):
            assert [v is None for v in mine["people"].values()] == [
                v is None for v in theirs["people"].values()
            ]


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/coverage?minutes=9",
        "/api/v1/homes?minutes=11",
        "/api/v1/homes?minutes=10&profile=child",
        "/api/v1/isochrones.geojson?metres=450",
        "/api/v1/catchments.geojson?minutes=12&profile=adult",
        "/list?minutes=9",
        "/api/v1/locate?building=b0001&on=2020-01-01",
        "/api/v1/areas/grid/G01?on=2020-01-01",
        "/area/grid/G01?on=2020-01-01",
        "/find?kind=building&key=b0001&on=2020-01-01",
        "/api/v1/gaps",
        "/api/v1/gaps?format=geojson",
        "/api/v1/centres",
        "/api/v1/homes/doubt",
        "/api/v1/findings.geojson",
    ],
)
def test_other_cutoffs_and_days_and_figures_are_for_staff(towns: list[Census], address: str) -> None:
    town = towns[0]
    for reader, status in (("anybody_of_areas", 401), ("anybody_of_the_map", 401), ("public_account", 403)):
        assert town.open(reader).get(address, headers={"Accept": "application/json"}).status_code == status
    assert open_client(town.apps["map"], "staff").get(address).status_code == 200


def test_a_position_on_another_day_is_for_staff(towns: list[Census]) -> None:
    lon, lat = lonlat(150, 120)
    asked = {"lon": lon, "lat": lat, "on": "2020-01-01"}
    assert towns[0].open("anybody_of_the_map").post("/api/v1/locate", json=asked).status_code == 401
    staff = open_client(towns[0].apps["map"], "staff")
    assert staff.post("/api/v1/locate", json=asked).status_code == 200


def test_the_colour_of_buildings_is_for_the_level_of_the_map(towns: list[Census]) -> None:
    assert towns[0].open("anybody_of_areas").get("/api/v1/homes").status_code == 401
    for address in ("/api/v1/homes", "/api/v1/homes?minutes=10&profile=elderly", "/api/v1/homes?metres=500"):
        assert "c" in get(towns[0].open("anybody_of_the_map"), address)["status"]


def test_one_place_at_a_time_may_be_looked_up_without_a_login(towns: list[Census]) -> None:
    match = get(towns[0].open("anybody_of_areas"), "/api/v1/locate?building=b0100")["matches"][0]
    assert match["areas"]["community"]
    assert match["nearest_centre"]["walk_s"] > 0
    assert "counts" not in match
    assert get(towns[0].open("anybody_of_areas"), "/api/v1/walk?building=b0100")["walk"]["legs"]


def test_catchments_are_drawn_for_everybody_without_who_lives_there(towns: list[Census]) -> None:
    features = get(towns[0].open("anybody_of_areas"), "/api/v1/catchments.geojson")["features"]
    assert [set(one["properties"]) for one in features] == [{"centre", "name"}] * 3


def test_lookups_without_an_account_for_more_are_fewer(tmp_path: Path) -> None:
    settings = WebSettings(lookups_per_minute=6, public_lookups_per_minute=3)
    app = create_app(write_town(tmp_path / "town.gpkg"), settings)
    for role, allowed in (("", 3), ("public", 3), ("staff", 6)):
        client = open_client(app, role)
        statuses = [client.get("/api/v1/locate?building=b01").status_code for _ in range(allowed + 1)]
        assert statuses == [200] * allowed + [429]


@pytest.mark.parametrize(
    ("value", "statuses"),
    [
        ("off", (401, 401)),
        ("areas", (200, 401)),
        ("map", (200, 200)),
        ("on", (200, 200)),
        ("nonsense", (401, 401)),
    ],
)
def test_a_county_is_open_as_its_setting_says(tmp_path: Path, value: str, statuses: tuple[int, int]) -> None:
    path = write_town(tmp_path / "town.gpkg")
    with Workspace.open(path) as workspace:
        workspace.set_setting("web.public", value, "test")
    client = open_client(create_app(path))
    assert (client.get("/api/v1/coverage").status_code, client.get("/api/v1/homes").status_code) == statuses


# --- accounts of one area --------------------------------------------------------------------------


def test_staff_of_a_community_see_its_sums_exactly_and_elsewhere_what_all_are_told(
    towns: list[Census],
) -> None:
    town = towns[0]
    own, everybody, whole = (
        town.open("staff_of_a_community"),
        town.open("anybody_of_the_map"),
        open_client(town.apps["map"], "staff"),
    )
    for query in ("", "?metres=500"):
        mine, rough, exact = (get(client, f"/api/v1/coverage{query}") for client in (own, everybody, whole))
        assert mine["people"]["total"] == rough["people"]["total"]
        rows = zip(mine["by_community"], rough["by_community"], exact["by_community"], strict=True)
        for told, outside, true in rows:
            if told["code"] == "350725001002":
                assert told["people"] == true["people"]
                assert not told["people"]["rounded"]
                assert told["people"]["sampling_error"] is not None
            else:
                assert told["people"].items() >= outside["people"].items()
                assert told["people"].get("sampling_error") is None
        # No district lies in that community.
        assert all(row["people"]["total"] is None for row in mine["by_district"])
    others = get(own, "/api/v1/coverage?minutes=7")["by_community"]
    known = {row["code"] for row in others if row["people"]["total"] is not None}
    assert known == {"350725001002"}


def test_sums_add_up_for_who_may_see_all_buildings(towns: list[Census]) -> None:
    client = open_client(towns[0].apps["map"], "staff")
    for query in ("", "?minutes=7", "?metres=500"):
        told = get(client, f"/api/v1/coverage{query}")
        for name in ("total", "covered", "not_covered", "unanswered"):
            for kind in ("community", "district"):
                assert sum(row["people"][name] for row in told[f"by_{kind}"]) == told["people"][name]
        assert told["people"]["total"] == np.nansum(towns[0].people)
        assert sum(gap["people"] for gap in told["gaps"]) == told["people"]["not_covered"]
        served = get(client, f"/api/v1/centres{query}")["centres"]
        assert sum(one["people"] for one in served) == told["people"]["covered"]


def test_people_of_a_gap_or_a_centre_are_told_where_all_its_homes_may_be_counted(towns: list[Census]) -> None:
    town = towns[0]
    client, whole = town.open("planner_of_a_district"), open_client(town.apps["map"], "staff")
    own = find_own(town, ("district:P01",))
    homes = town.known.homes
    exact = {one["centre"]: one["people"] for one in get(whole, "/api/v1/centres")["centres"]}
    for one in get(client, "/api/v1/centres")["centres"]:
        served = homes.index[(homes["centre"] == one["centre"]) & (homes["status"] == "covered")]
        assert one["people"] == (exact[one["centre"]] if set(served) <= own else None)
    gaps = get(client, "/api/v1/gaps")["gaps"]
    assert any(gap["hidden"] for gap in gaps)
    for gap in gaps:
        assert gap["hidden"] == (gap["people"] is None)


def test_a_planner_of_one_district_counts_people_there_alone(towns: list[Census]) -> None:
    town = towns[0]
    client = town.open("planner_of_a_district")
    own = np.isin(town.known.homes.index, list(find_own(town, ("district:P01",))))
    people = np.nan_to_num(town.people)
    told = client.post("/api/v1/scenario", json={"edits": [], "minutes": 10}).get_json()
    assert told["people"]["total"] == people[own].sum() < people.sum()
    assert told["homes"]["total"] == len(people)
    for row in told["by_community"]:
        inside = own & (town.community == row["code"])
        assert row["people"]["total"] == people[inside].sum()
    sited = client.post("/api/v1/siting", json={"k": 1, "minutes": 10, "weight": "people"}).get_json()
    assert sited["bound"] <= people[own].sum()


def test_counts_by_building_are_told_in_the_accounts_area_alone(towns: list[Census]) -> None:
    town = towns[0]
    client = town.open("staff_of_a_grid")
    own = find_own(town, ("grid:G08",))
    inside, outside = min(own), min(set(town.known.homes.index) - own)
    assert "counts" in get(client, f"/api/v1/locate?building={inside}")["matches"][0]
    assert "counts" not in get(client, f"/api/v1/locate?building={outside}")["matches"][0]


# --- reports ---------------------------------------------------------------------------------------


def test_a_report_for_everybody_holds_the_sums_that_everybody_is_told(towns: list[Census]) -> None:
    town = towns[0]
    with Workspace.open(town.county.path, readonly=True) as workspace:
        report = compose_public_report(workspace, town.county.day, "zh", command="geogrid report")
    tables = [block for block in report.blocks if isinstance(block, Table)]
    client = town.open("anybody_of_the_map")
    for query, table in zip(("", "?minutes=10&profile=elderly", "?metres=500"), tables, strict=True):
        told = get(client, f"/api/v1/coverage{query}")
        for row, shown in zip(table.rows, [told, *told["by_community"]], strict=True):
            assert row["homes"] == shown["homes"]["total"]
            for name in ("total", "covered", "not_covered", "unanswered"):
                assert row[name] == shown["people"][name]
    assert {type(block) for block in report.blocks} <= {Paragraph, Heading, Table}


def test_a_report_of_an_account_counts_people_where_it_may_see_them(towns: list[Census]) -> None:
    town = towns[0]
    own = find_own(town, ("grid:G08",))
    with Workspace.open(town.county.path, readonly=True) as workspace:
        facts = gather_county(workspace, Request(), town.county.day, seen=own)
    people = facts.official.homes["people"]
    assert set(people.index[people.notna()]) <= own
    exact = dict(zip(town.known.homes.index, town.people, strict=True))
    assert people.sum() == np.nansum([exact[building] for building in own])


# --- pages -----------------------------------------------------------------------------------------


def test_the_list_tells_everybody_no_gaps_and_no_districts_figures(towns: list[Census]) -> None:
    page = towns[0].open("anybody_of_the_map").get("/list?lang=zh").get_data(as_text=True)
    whole = open_client(towns[0].apps["map"], "staff").get("/list?lang=zh").get_data(as_text=True)
    for title in ("服务缺口", "按片区"):
        assert f"<h2>{title}</h2>" in whole
        assert f"<h2>{title}</h2>" not in page
    assert 'href="/login' in page
    staff = open_client(towns[0].apps["map"], "staff")
    exact = [row["people"]["total"] for row in get(staff, "/api/v1/coverage")["by_community"]]
    for total in exact:
        assert f">{total:,}<" in whole
        assert f">{total:,}<" not in page or total % 10 == 0


def test_the_description_says_what_each_route_needs_and_gives_away(towns: list[Census]) -> None:
    paths = get(towns[0].open("anybody_of_the_map"), "/openapi.json")["paths"]
    told = paths["/api/v1/coverage"]["get"]
    assert (told["x-needs"], told["x-tells"]) == ("see_map", "sums")
    assert paths["/api/v1/homes"]["get"]["x-needs"] == "see_colours"
    assert all(one["x-tells"] for path in paths.values() for one in path.values()), json.dumps(paths)[:200]
