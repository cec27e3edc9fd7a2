"""Planning over HTTP: where the next centres should stand, and what if; nothing is kept."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import AddCentre, AddStreet, OpenGate, RemoveCentre, Scenario
from geogrid.workspace import Workspace
from tests.support.web import SOUTH, WEST, lonlat, open_client, write_town
from webmap import create_app

READING = Reading.parse("minutes:10:adult")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_town(tmp_path_factory.mktemp("planning") / "town.gpkg")


@pytest.fixture(scope="module")
def client(path) -> FlaskClient:
    return open_client(create_app(path), "planner")


def ask(client: FlaskClient, route: str, body: object):
    return client.post(f"/api/v1/{route}", json=body, headers={"Host": "localhost"})


def place(x: float, y: float) -> dict[str, float]:
    return dict(zip(("lon", "lat"), lonlat(x, y), strict=True))


@pytest.mark.parametrize(
    ("records", "edits"),
    [
        (
            [{"do": "add_centre", "id": "try", **place(900, 410)}],
            [AddCentre("try", WEST + 900, SOUTH + 410)],
        ),
        (
            [{"do": "add_centre", "id": "try", **place(900, 410)}, {"do": "remove_centre", "id": "s1"}],
            [AddCentre("try", WEST + 900, SOUTH + 410), RemoveCentre("s1")],
        ),
        (
            [
                {"do": "open_gate", "id": "g1"},
                {"do": "add_street", "id": "b", "path": [list(lonlat(150, 200)), list(lonlat(150, 400))]},
            ],
            [OpenGate("g1"), AddStreet("b", ((WEST + 150, SOUTH + 200), (WEST + 150, SOUTH + 400)))],
        ),
    ],
)
def test_a_what_if_is_what_the_edited_town_computes(client, path, records, edits):
    answer = ask(client, "scenario", {"edits": records}).get_json()
    with Workspace.open(path) as workspace:
        town, revision = workspace.read_town(), workspace.revision
        buildings = workspace.read("building")["id"]
    before, after = (
        assess_coverage(one, READING).homes["status"] for one in (town, Scenario(tuple(edits)).apply(town))
    )
    letters = after.map({"covered": "c", "not_covered": "n", "unanswered": "u"})
    assert answer["status"] == "".join(letters.reindex(buildings).fillna("-"))
    assert answer["homes"]["before"] == (before == "covered").sum()
    assert answer["homes"]["after"] == (after == "covered").sum()
    assert answer["homes"]["newly"] == ((after == "covered") & (before != "covered")).sum()
    assert answer["homes"]["lost"] == ((after != "covered") & (before == "covered")).sum()
    with Workspace.open(path) as workspace:
        assert workspace.revision == revision  # nothing was kept


def test_people_of_whom_nothing_is_known_are_not_nobody(client):
    answer = ask(
        client, "scenario", {"edits": [{"do": "add_centre", "id": "t", **place(900, 410)}]}
    ).get_json()
    assert answer["elderly"] is None
    assert answer["people"]["after"] >= answer["people"]["before"]


def test_the_best_centres_are_told_with_their_proof(client):
    response = ask(client, "siting", {"k": 2, "remedies": True})
    answer = response.get_json()
    assert response.status_code == 200
    assert (answer["k"], answer["gap"], answer["status"]) == (2, 0.0, "optimal")
    assert len(answer["sites"]) <= 2
    assert answer["candidate_origin"] == ["street"]
    assert {remedy["kind"] for remedy in answer["remedies"]} <= {
        "add_path",
        "add_bridge",
        "add_gate",
        "open_gate",
    }
    assert answer["value"] == answer["covered"]["after"]["people"] - answer["covered"]["now"]["people"]
    homes = ask(client, "siting", {"k": 1, "weight": "homes", "metres": 500}).get_json()
    assert (homes["weight"], homes["reading"]) == ("homes", "metres:500")
    assert homes["value"] == homes["covered"]["after"]["homes"] - homes["covered"]["now"]["homes"]


@pytest.mark.parametrize(
    ("route", "body", "status"),
    [
        ("siting", {}, 400),
        ("siting", [], 400),
        ("siting", {"k": 0}, 400),
        ("siting", {"k": 21}, 400),
        ("siting", {"k": True}, 400),
        ("siting", {"k": "3"}, 400),
        ("siting", {"k": 1, "weight": "cats"}, 400),
        ("siting", {"k": 1, "weight": ["people"]}, 400),
        ("siting", {"k": 1, "weight": "elderly"}, 422),
        ("siting", {"k": 1, "must": "X1"}, 400),
        ("siting", {"k": 1, "must": ["x" * 99]}, 400),
        ("siting", {"k": 1, "must": ["nobody"]}, 404),
        ("siting", {"k": 1, "forbid": ["a"] * 51}, 400),
        ("siting", {"k": 1, "minutes": 10.5}, 400),
        ("siting", {"k": 1, "minutes": [10]}, 400),
        ("siting", {"k": 1, "metres": 7}, 400),
        ("scenario", {}, 400),
        ("scenario", {"edits": [{"do": "remove_centre", "id": "nobody"}]}, 404),
        ("scenario", {"edits": [{"do": "remove_centre", "id": "s1"}]}, 422),
        ("scenario", {"edits": [], "service": "cats"}, 400),
        ("scenario", {"edits": [], "service": 7}, 400),
        ("scenario", {"edits": [{"do": "add_centre", "id": "t", "lon": 1e400, "lat": 27}]}, 400),
        ("scenario", {"edits": [{"do": "open_gate", "id": "g1"}] * 61}, 400),
        ("scenario", {"edits": [{"do": "add_centre", "id": "s1", "lon": 118.8, "lat": 27.3}]}, 400),
    ],
)
def test_requests_that_make_no_sense_are_told_so(client, route, body, status):
    response = ask(client, route, body)
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    assert response.get_json()["detail"]


def test_the_edited_town_is_asked_where_further_centres_should_stand(client):
    first = ask(client, "siting", {"k": 1, "minutes": 5}).get_json()
    site = first["sites"][0]
    edit = {"do": "add_centre", "id": "n1", "lon": site["lon"], "lat": site["lat"]}
    second = ask(client, "siting", {"k": 1, "minutes": 5, "edits": [edit]}).get_json()
    both = ask(client, "siting", {"k": 2, "minutes": 5, "must": [site["id"]]}).get_json()
    assert second["covered"]["now"] == first["covered"]["after"]
    assert first["value"] + second["value"] == both["value"]  # the best second one beside the first


def test_a_place_is_told_with_what_it_would_bring(client):
    here = ask(client, "siting/place", {**place(1000, 410), "minutes": 5, "weight": "homes"}).get_json()
    edit = {"do": "add_centre", "id": "n1", **place(1000, 410)}
    tried = ask(client, "scenario", {"edits": [edit], "minutes": 5}).get_json()
    assert here["gained_now"] == tried["homes"]["newly"] > 0
    assert here["is_snapped"] is True
    found = ask(client, "siting/candidates", {"minutes": 5}).get_json()["candidates"]
    assert here["nearest_candidate"] in {candidate["id"] for candidate in found}


@pytest.mark.parametrize(
    ("route", "body", "status"),
    [
        ("siting/place", {}, 400),
        ("siting/place", {"lon": True, "lat": 27.3}, 400),
        ("siting/place", {"lon": 118.8, "lat": 1e9}, 400),
        ("siting/place", {"lon": 118.86, "lat": 27.36, "sites": ["nobody"]}, 404),
        ("siting/candidates", {"service": "cats"}, 400),
        ("siting", {"k": 1, "edits": [{"do": "remove_centre", "id": "nobody"}]}, 404),
    ],
)
def test_questions_about_places_that_make_no_sense_are_told_so(client, route, body, status):
    response = ask(client, route, body)
    assert response.status_code == status, response.get_data(as_text=True)
