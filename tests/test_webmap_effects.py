"""What edits change, as the page is told: every figure is that of the edited town computed from the beginning."""

from __future__ import annotations

import json

import numpy as np
import pytest
from flask.testing import FlaskClient

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import AddCentre, MoveCentre, RemoveCentre, Scenario
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.workspace import Workspace
from tests.support.command import Command
from tests.support.web import SOUTH, WEST, lonlat, open_client, write_town
from webmap import create_app
from webmap.whatif import Shelf, steps_between


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_town(tmp_path_factory.mktemp("effects") / "town.gpkg")


@pytest.fixture(scope="module")
def client(path) -> FlaskClient:
    return open_client(create_app(path), "planner")


def ask(client: FlaskClient, **body: object) -> dict:
    response = client.post("/api/v1/scenario", json=body, headers={"Host": "localhost"})
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def move(x: float, y: float) -> dict[str, object]:
    lon, lat = lonlat(x, y)
    return {"do": "move_centre", "id": "s1", "lon": lon, "lat": lat}


def covered(path, reading: str, *edits) -> set[str]:
    """Ids of the homes that the edited town covers, computed from the beginning."""
    with Workspace.open(path) as workspace:
        town = workspace.read_town()
    homes = assess_coverage(Scenario(tuple(edits)).apply(town), Reading.parse(reading)).homes
    return set(homes.index[homes["status"] == "covered"])


def test_every_step_of_a_drag_is_what_the_edited_town_computes(client, path):
    for x in (110, 160, 300, 620, 1000, 620):
        answer = ask(client, edits=[move(x, 395)], minutes=5)
        expected = covered(path, "minutes:5:adult", MoveCentre("s1", WEST + x, SOUTH + 395))
        with Workspace.open(path) as workspace:
            ids = workspace.read("building")["id"]
        assert {key for key, letter in zip(ids, answer["status"], strict=True) if letter == "c"} == expected
        assert answer["homes"]["after"] == len(expected)


def test_going_back_shows_what_stood(client):
    before = ask(client, edits=[])
    ask(client, edits=[move(1000, 395)])
    assert ask(client, edits=[]) == before
    assert before["bands"] == before["bands_before"]
    assert (before["homes"]["newly"], before["homes"]["lost"]) == (0, 0)


def test_communities_add_up_to_the_county(client):
    answer = ask(client, edits=[move(1000, 395)], minutes=5)
    assert {area["name"] for area in answer["by_community"]} == {"西门社区", "东门社区"}
    for name in ("total", "before", "after", "newly", "lost"):
        assert sum(area["homes"][name] for area in answer["by_community"]) == answer["homes"][name]
    homes = answer["homes"]
    assert homes["after"] == homes["before"] + homes["newly"] - homes["lost"]
    assert homes["total"] == 23  # one of the twenty-four buildings is industrial
    assert answer["people"]["total"] == 22 * 30 + 3


@pytest.mark.parametrize(
    ("query", "reading"),
    [
        ({"minutes": 3, "profile": "elderly"}, "minutes:3:elderly"),
        ({"minutes": 30, "profile": "child"}, "minutes:30:child"),
        ({"metres": 450}, "metres:450"),
    ],
)
def test_the_cutoff_can_be_any_step_of_the_slider(client, path, query, reading):
    answer = ask(client, edits=[move(620, 395)], **query)
    assert answer["homes"]["after"] == len(covered(path, reading, MoveCentre("s1", WEST + 620, SOUTH + 395)))
    assert answer["homes"]["before"] == len(covered(path, reading))
    assert answer["reading"] == reading


def test_the_page_tells_the_numbers_of_the_command_line(path, tmp_path, monkeypatch, capsys):
    geogrid, county, file = Command(monkeypatch, capsys), tmp_path / "town.gpkg", tmp_path / "plan.json"
    write_town(county)
    lon, lat = lonlat(1000, 395)
    edits = [{"do": "add_centre", "id": "n1", "lon": lon, "lat": lat}]
    file.write_text(json.dumps({"edits": edits}), encoding="utf-8")
    geogrid.succeed("scenario", county, "save", "东区", file)
    told = json.loads(geogrid("coverage", county, "--metres", "500", "--scenario", "东区", "--json")[1])
    answer = ask(open_client(create_app(county), "planner"), edits=edits, metres=500)
    assert answer["homes"]["after"] == told["homes"]["covered"]
    assert answer["people"]["after"] == told["people"]["covered"]
    assert answer["unanswered"] == told["homes"]["unanswered"]
    by_code = {area["code"]: area["homes"] for area in answer["by_community"]}
    for area in told["by_community"]:
        if area["code"] is not None:
            assert by_code[area["code"]]["after"] == area["homes"]["covered"]


def test_only_centres_with_the_service_count_and_every_new_one(client):
    assert client.get("/api/v1/services", headers={"Host": "localhost"}).get_json() == {
        "services": ["养老", "托幼"]
    }
    lon, lat = lonlat(1000, 395)
    new = {"do": "add_centre", "id": "n1", "lon": lon, "lat": lat}
    assert (
        ask(client, edits=[new], service="养老")["homes"] == ask(client, edits=[new])["homes"]
    )  # the only centre offers it


def test_engines_are_gone_on_with_where_only_the_last_place_differs():
    first, here, there = (
        AddCentre("a", 0.0, 0.0),
        MoveCentre("s1", 1.0, 1.0),
        MoveCentre("s1", 2.0, 1.0),
    )
    assert steps_between((first, here), (first, there)) == (there,)
    assert steps_between((first,), (first, here)) == (here,)
    assert steps_between((), (first, here)) == (first, here)
    assert steps_between((first, here), (first,)) is None  # what s1 had before is not kept
    assert steps_between((first, RemoveCentre("s1")), (first, here)) is None
    assert steps_between((here,), (MoveCentre("s2", 2.0, 1.0),)) is None


def test_a_refused_edit_leaves_the_next_answers_right(path):
    with Workspace.open(path) as workspace:
        town = workspace.read_town()
    layout, profile = lay_out(town), Reading.parse("minutes:10:adult").measure
    shelf = Shelf(town, layout, profile)
    with pytest.raises(LookupError):
        shelf.measure((AddCentre("n", WEST + 900, SOUTH + 400), RemoveCentre("nobody")))
    assert np.array_equal(shelf.measure(()), measure_walks(layout, profile).cost)
