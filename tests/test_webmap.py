"""The web map without a browser: what every answer carries, what it tells, and what it keeps to itself."""

from __future__ import annotations

import datetime
import json
import re
import socket
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import RequestEntityTooLarge

from geogrid import errors
from geogrid.crs import change_crs
from geogrid.labels import LANGUAGES, read_labels
from geogrid.workspace import Workspace
from tests.support.web import (
    LEADER,
    LEADER_PHONE,
    METRIC,
    NASTY_NAMES,
    OFFICER,
    OFFICER_PHONE,
    lonlat,
    open_client,
    write_town,
)
from webmap import create_app
from webmap.assets import STATIC, read_fingerprints
from webmap.errors import STATUSES, find_status
from webmap.foliummap import GROUPS, LEAFLET_URL, TownMap, render_script
from webmap.geojson import write_borders
from webmap.roles import find_need
from webmap.security import CONTENT_SECURITY_POLICY, HEADERS, host_name
from webmap.serve import serve

POSITION = dict(zip(("lon", "lat"), lonlat(130, 220), strict=True))
"""Inside building b01, in the south-western grid."""

SAMPLES = {
    "/": ["/", "/?lang=en"],
    "/list": ["/list", "/list?lang=en&metres=500"],
    "/find": [
        "/find",
        "/find?q=hpl",
        "/find?kind=building&key=b08&lang=en",
        "/find?kind=grid&key=350725001001001",
    ],
    "/area/<kind>/<code>": [
        "/area/grid/350725001001001",
        "/area/community/350725001001?lang=en",
        "/area/beat/J01",
        "/area/compound/c1",
        "/area/centre/s1",
    ],
    "/healthz": ["/healthz"],
    "/login": ["/login", "/login?lang=en"],
    "/api/v1/account": ["/api/v1/account"],
    "/api/v1/county": ["/api/v1/county"],
    "/api/v1/layers/<layer>.geojson": ["/api/v1/layers/community.geojson", "/api/v1/layers/centre.geojson"],
    "/api/v1/borders/<layer>.geojson": ["/api/v1/borders/grid.geojson"],
    "/api/v1/outline": [
        "/api/v1/outline?layer=building&feature=b01",
        "/api/v1/outline?layer=grid&feature=350725001001001",
    ],
    "/basemap/<version>/<int:z>/<int:x>/<int:y>": [],
    "/tiles/<layer>/<int:z>/<int:x>/<int:y>.pbf": ["/tiles/map/10/850/431.pbf", "/tiles/areas/0/0/0.pbf"],
    "/api/v1/homes": ["/api/v1/homes", "/api/v1/homes?metres=500"],
    "/api/v1/coverage": ["/api/v1/coverage", "/api/v1/coverage?minutes=10&profile=elderly"],
    "/api/v1/catchments.geojson": ["/api/v1/catchments.geojson"],
    "/api/v1/isochrones.geojson": ["/api/v1/isochrones.geojson"],
    "/api/v1/search": ["/api/v1/search?q=和平", f"/api/v1/search?q={OFFICER}"],
    "/api/v1/areas/<kind>/<code>": [
        "/api/v1/areas/community/350725001001",
        "/api/v1/areas/beat/J01",
    ],
    "/api/v1/walk": ["/api/v1/walk?building=b02", "/api/v1/walk?building=b24"],
    "/openapi.json": ["/openapi.json"],
    "/api/v1/locate": ["/api/v1/locate?building=b02", "/api/v1/locate?q=东苑", "/api/v1/locate?q=J01"],
    f"{LEAFLET_URL}/<path:name>": [f"{LEAFLET_URL}/leaflet.js", f"{LEAFLET_URL}/images/layers.png"],
    "/static/<fingerprint>/<path:name>": [f"/static/{read_fingerprints().static}/main.js"],
    "/map/<fingerprint>/<any(zh, en):language>.js": [f"/map/{read_fingerprints().map}/zh.js"],
    "/texts/<fingerprint>/<any(zh, en):language>.json": [f"/texts/{read_fingerprints().texts}/en.json"],
}
"""Addresses to try for every route that is read; a route without any fails a test."""

ADDRESSES = [address for addresses in SAMPLES.values() for address in addresses]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(write_town(tmp_path_factory.mktemp("town") / "town.gpkg"))


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return open_client(app)


@pytest.fixture(scope="module")
def staff(app: Flask) -> FlaskClient:
    return open_client(app, "staff")


@pytest.fixture(scope="module")
def nasty_client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    path = write_town(tmp_path_factory.mktemp("nasty") / "nasty.gpkg", NASTY_NAMES * 6, county=NASTY_NAMES[3])
    return open_client(create_app(path))


# --- what every answer carries -------------------------------------------------------------------


def test_every_route_that_the_public_reads_has_an_address_to_try(app: Flask) -> None:
    public = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and find_need(app, rule.endpoint) in {"open", "see_map", "see_colours"}
    }
    assert public == set(SAMPLES)


@pytest.mark.parametrize("address", [*ADDRESSES, "/nothing", "/api/v1/nothing", "/api/v1/locate"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, address: str) -> None:
    with client.get(address) as response:
        assert {name: response.headers[name] for name in HEADERS} == HEADERS
        assert response.headers["Cache-Control"]


def test_the_content_security_policy_is_the_one_that_was_decided() -> None:
    assert CONTENT_SECURITY_POLICY == (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_answers(client: FlaskClient, address: str) -> None:
    with client.get(address) as response:
        # A person's name is no name of a place: that it is unknown is the right answer.
        assert response.status_code == 200


def test_fingerprinted_files_are_kept_for_ever_and_places_nowhere(client: FlaskClient) -> None:
    with client.get(f"{LEAFLET_URL}/leaflet.js") as leaflet:
        assert leaflet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/api/v1/locate?building=b02").headers["Cache-Control"] == "no-store"
    assert client.post("/api/v1/locate", json=POSITION).headers["Cache-Control"] == "no-store"
    assert client.get("/api/v1/search?q=和平").headers["Cache-Control"] == "no-store"


def test_an_unchanged_answer_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/api/v1/coverage")
    again = client.get("/api/v1/coverage", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_files_of_another_version_are_not_served(client: FlaskClient) -> None:
    assert client.get("/static/0123456789ab/main.js").status_code == 404


def test_no_file_outside_the_two_folders_is_served(client: FlaskClient) -> None:
    for address in (f"{LEAFLET_URL}/../__init__.py", f"{LEAFLET_URL}/%2e%2e/__init__.py"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.5", "a b"]
)
def test_another_name_for_this_computer_is_refused(client: FlaskClient, host: str) -> None:
    # With DNS rebinding a foreign page asks under its own name, which it has made point here.
    response = client.get("/api/v1/county", headers={"Host": host})
    assert response.status_code in {400, 421}
    assert "测试县" not in response.get_data(as_text=True)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"])
def test_the_names_of_this_computer_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_a_host_without_sense_has_no_name() -> None:
    assert [host_name(host) for host in ("", "[::1", "a@localhost", "localhost/x")] == ["", "", "", ""]


# --- errors --------------------------------------------------------------------------------------


def subclasses(kind: type) -> set[type]:
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


def test_every_error_class_has_a_status_of_its_kind() -> None:
    for kind in subclasses(errors.GeogridError):
        assert 400 <= find_status(kind) < 600
    assert STATUSES[errors.ConflictError] == 409


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/v1/nothing", 404, "NotFound"),
        ("/api/v1/layers/person.geojson", 400, "UnknownLayerError"),
        ("/api/v1/layers/building.geojson", 400, "UnknownLayerError"),
        ("/api/v1/homes?minutes=9.5", 400, "InvalidOptionError"),
        ("/api/v1/homes?minutes=10&profile=cat", 400, "InvalidOptionError"),
        ("/api/v1/homes?metres=501", 400, "InvalidOptionError"),
        ("/api/v1/homes?minutes=１０", 400, "InvalidOptionError"),
        ("/api/v1/locate?q=没有这个地方", 404, "PlaceNotFoundError"),
        ("/api/v1/locate", 400, "InvalidOptionError"),
        ("/api/v1/locate?q=b02&building=b02", 400, "InvalidOptionError"),
        ("/api/v1/locate?q=b02&on=yesterday", 400, "InvalidOptionError"),
        (f"/api/v1/search?q={'长' * 81}", 400, "InvalidOptionError"),
        ("/api/v1/gaps", 401, "LoginNeededError"),
    ],
)
def test_errors_have_one_shape(client: FlaskClient, address: str, status: int, code: str) -> None:
    response = client.get(address)
    problem = json.loads(response.data)
    assert response.mimetype == "application/problem+json"
    assert set(problem) == {"type", "title", "status", "code", "detail", "detail_en"}
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)


@pytest.mark.parametrize(
    "body",
    [{}, {"lon": 1}, {"lon": "1", "lat": 2}, {"lon": True, "lat": 2}, {"lon": 1e9, "lat": 2}, [1, 2], 7],
)
def test_a_body_that_is_no_position_is_refused(client: FlaskClient, body: Any) -> None:
    assert client.post("/api/v1/locate", json=body).status_code == 400


def test_a_body_that_is_not_json_or_too_long_is_refused(client: FlaskClient) -> None:
    assert client.post("/api/v1/locate", data="lon=1", content_type="text/plain").status_code == 415
    assert client.post("/api/v1/locate", data="{", content_type="application/json").status_code == 400
    assert client.post("/api/v1/locate", json={"x": "1" * 20_000}).status_code == RequestEntityTooLarge.code
    not_numbers = client.post(
        "/api/v1/locate", data='{"lon": NaN, "lat": 1}', content_type="application/json"
    )
    assert not_numbers.status_code == 400


def test_a_browser_gets_errors_as_a_page(client: FlaskClient) -> None:
    response = client.get("/<img src=x onerror=1>", headers={"Accept": "text/html"})
    assert (response.status_code, response.mimetype) == (404, "text/html")
    assert "<img" not in response.get_data(as_text=True)


def test_an_error_does_not_tell_where_the_file_lies(tmp_path: Path) -> None:
    response = create_app(tmp_path / "secret-folder" / "gone.gpkg").test_client().get("/api/v1/county")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "gone.gpkg" in response.get_data(as_text=True)
    assert "secret-folder" not in response.get_data(as_text=True)


def test_a_county_without_data_says_so(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "new.gpkg", "350725", "新县") as workspace:
        workspace.set_setting("web.public", "map", "test")
    client = create_app(tmp_path / "new.gpkg").test_client()
    assert client.get("/api/v1/county").get_json()["bounds"] is None
    assert client.get("/api/v1/layers/grid.geojson").get_json()["features"] == []
    assert client.get("/api/v1/borders/grid.geojson").get_json()["features"] == []
    assert client.get("/api/v1/coverage").status_code == 422
    assert client.get("/api/v1/locate?q=x").status_code == 404
    assert "没有数据" in client.get("/list").get_data(as_text=True)


def test_without_centres_places_are_answered_but_coverage_is_not(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.gpkg")
    with Workspace.open(path) as workspace, workspace.edit("test", "no centres") as edit:
        edit.delete("centre", ["s1"])
    client = open_client(create_app(path))
    assert client.get("/api/v1/coverage").status_code == 422
    match = client.post("/api/v1/locate", json=POSITION).get_json()["matches"][0]
    assert [area["name"] for area in match["areas"]["community"]] == ["西门社区"]
    assert match["nearest_centre"] is None
    page = client.get("/list")
    assert page.status_code == 200
    assert "南片区" in page.get_data(as_text=True)


# --- who may see what ------------------------------------------------------------------------------


def all_texts(client: FlaskClient) -> list[str]:
    texts = []
    for address in ADDRESSES:
        with client.get(address) as response:
            if not response.mimetype.startswith("image/"):
                texts.append(response.data.decode(errors="replace"))  # a tile has bytes between its texts
    texts.append(client.post("/api/v1/locate", json=POSITION).get_data(as_text=True))
    texts += [
        client.get(f"/api/v1/locate?q={name}").get_data(as_text=True) for name in (LEADER, LEADER_PHONE)
    ]
    return texts


def test_no_name_and_no_phone_of_a_person_leaves_the_server(client: FlaskClient) -> None:
    for answer in all_texts(client):
        # The search's own question comes back in the sentence that it was not found.
        text = re.sub(r"没有找到“[^”]*”|by the name “[^”]*”", "", answer)
        assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text)
        for secret in (OFFICER, LEADER, OFFICER_PHONE, LEADER_PHONE, "西门社区居委会"):
            assert secret not in text


def test_roles_on_duty_are_told(client: FlaskClient) -> None:
    match = client.post("/api/v1/locate", json=POSITION).get_json()["matches"][0]
    assert {duty["role"] for duty in match["people"]} == {"邻里长", "社区民警"}
    assert all(set(duty) == {"role", "title", "layer", "feature"} for duty in match["people"])
    assert match["building"] == "b01"
    assert match["title"] == "和平路1号楼"
    assert [area["code"] for area in match["areas"]["grid"]] == ["350725001001001"]


def test_before_the_duties_began_nobody_is_on_duty(staff: FlaskClient) -> None:
    answer = staff.post("/api/v1/locate", json={**POSITION, "on": "2019-12-31"}).get_json()
    assert (answer["on"], answer["matches"][0]["people"]) == ("2019-12-31", [])


def test_people_are_not_told_by_building(client: FlaskClient) -> None:
    for address in ("/api/v1/homes", "/tiles/building/14/13600/6896.pbf", "/api/v1/locate?building=b02"):
        assert b"residents" not in client.get(address).data
    assert set(client.get("/api/v1/homes").get_json()) == {"reading", "version", "status", "bands"}
    assert "buildings" not in client.get("/api/v1/coverage").get_data(as_text=True)


# --- names that are code elsewhere -----------------------------------------------------------------


def test_hostile_names_leave_the_pages_whole_and_as_typed(nasty_client: FlaskClient) -> None:
    page = nasty_client.get("/list")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    for typed in (
        "{{7*7}}",
        "{% endif %}",
        "{# gone #}",
        "{{lipsum.__globals__.os.getpid()}}",
        "${window.__pwn=3}",
    ):
        assert typed in text
    assert "<img src=x" not in text
    assert "<script>window" not in text
    assert "&lt;img src=x onerror=window.__pwn=1&gt;" in text
    assert nasty_client.get("/").status_code == 200


def test_hostile_names_reach_the_browser_as_json(nasty_client: FlaskClient) -> None:
    names = {
        f["properties"]["name"]
        for f in nasty_client.get("/api/v1/layers/grid.geojson").get_json()["features"]
    }
    assert names <= set(NASTY_NAMES)


def test_foliums_script_holds_nothing_of_a_county_and_is_the_same_every_time() -> None:
    for language in LANGUAGES:
        script = render_script(language)
        assert script == render_script(language)
        assert "http" not in script
        assert "<" not in re.sub(r"\\u003c", "", script)


def test_foliums_script_makes_every_layer() -> None:
    script = render_script("zh")
    for group in GROUPS:
        assert f"var feature_group_{group.name} = L.featureGroup(" in script
        for number, layer in enumerate(group.layers):
            assert f"var url_layer_{group.name}_{number} = geogrid.createLayer(" in script
            assert json.dumps(layer.url).replace("&", "\\u0026") in script


def test_the_page_takes_its_scripts_from_this_server_alone(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    assert all(
        url.startswith("/") for url in re.findall(r'(?:src|href)="([^"]*)"', page) if not url.startswith("#")
    )
    assert [url for _, url in TownMap.default_js] == [f"{LEAFLET_URL}/leaflet.js"]
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", page)


# --- figures and drawings --------------------------------------------------------------------------


def test_a_faulty_area_still_has_borders_and_a_name() -> None:
    bow_tie = shapely.Polygon([(118, 27), (118.01, 27.01), (118.01, 27), (118, 27.01)])
    frame = gpd.GeoDataFrame({"name": ["x", "y"]}, geometry=[bow_tie, shapely.Polygon()], crs="EPSG:4326")
    features = json.loads(write_borders(frame, ("name",), "grid"))["features"]
    assert [feature["properties"].get("name") for feature in features] == [None, "x", "y"]


def test_letters_of_homes_stand_in_the_order_of_the_buildings(
    client: FlaskClient, staff: FlaskClient
) -> None:
    homes = client.get("/api/v1/homes").get_json()
    totals = staff.get("/api/v1/coverage").get_json()["homes"]
    assert len(homes["status"]) == len(homes["bands"]) == 24
    assert homes["status"][23] == homes["bands"][23] == "-"  # the works
    assert homes["status"].count("c") == totals["covered"]
    assert homes["status"].count("n") == totals["not_covered"]
    assert homes["status"].count("u") == totals["unanswered"]
    for status, band in zip(homes["status"], homes["bands"], strict=True):
        assert band in {"c": "01", "n": "234", "u": "u", "-": "-"}[status]


def test_a_straight_street_is_read_by_length(client: FlaskClient) -> None:
    # The centre stands at x = 110 m on the middle street's line; b09 to b16 stand along it at
    # x = 140, 260, 380 … 980, about 25 m beside it. Along 500 m of street reach x = 610 less the
    # legs beside it: b09 to b12 (x = 500) are in, b13 (x = 620) and beyond are out.
    letters = client.get("/api/v1/homes?metres=500").get_json()["status"][8:16]
    assert letters == "ccccnnnn"


def test_elderly_people_reach_less_than_adults(staff: FlaskClient) -> None:
    covered = [
        staff.get(f"/api/v1/coverage?minutes=10&profile={profile}").get_json()["people"]["covered"]
        for profile in ("elderly", "adult")
    ]
    assert 0 < covered[0] < covered[1]


def test_the_page_is_told_the_sampling_error_of_a_range_and_which_end_reaches_to_the_base_value(
    staff, client
):
    people = staff.get("/api/v1/coverage").get_json()["people"]
    low, high = people["covered_range_90"]
    assert low <= people["covered"] <= high
    assert [error >= 0 for error in people["sampling_error"]] == [True, True]
    assert people["stretched"] in (None, "low", "high")
    told_to_all = client.get("/api/v1/coverage").get_json()["people"]
    assert not told_to_all.get("covered_range_90")
    assert not told_to_all.get("sampling_error")


def test_people_add_up_and_nothing_is_left_out_in_silence(staff: FlaskClient) -> None:
    coverage = staff.get("/api/v1/coverage").get_json()
    people = coverage["people"]
    assert people["total"] == 3 + 22 * 30
    assert people["covered"] + people["not_covered"] + people["unanswered"] == people["total"]
    assert sum(left["n_homes"] for left in coverage["left_out"].values()) == coverage["homes"]["unanswered"]
    assert coverage["title"]["zh"]


def test_each_border_is_drawn_once(client: FlaskClient) -> None:
    lines, *names = client.get("/api/v1/borders/district.geojson").get_json()["features"]
    drawn = change_crs(
        gpd.GeoSeries([shapely.geometry.shape(lines["geometry"])], crs="EPSG:4326"), METRIC, "test"
    )
    # Two districts of 1200 x 400 m: 4000 m round the whole and 1200 m between them.
    assert drawn.length.iloc[0] == pytest.approx(5200, abs=1)
    assert [(name["properties"]["code"], name["geometry"]["type"]) for name in names] == [
        ("P01", "Point"),
        ("P02", "Point"),
    ]


def test_every_centre_has_its_ground(client: FlaskClient) -> None:
    for kind in ("catchments", "isochrones"):
        features = client.get(f"/api/v1/{kind}.geojson").get_json()["features"]
        assert [feature["properties"]["centre"] for feature in features] == ["s1"]
        assert shapely.geometry.shape(features[0]["geometry"]).area > 0


def test_layers_hold_public_columns_alone(client: FlaskClient) -> None:
    feature = client.get("/api/v1/layers/beat.geojson").get_json()["features"][0]
    assert set(feature["properties"]) == {"code", "name", "community", "station"}


def test_search_offers_and_tells_where(client: FlaskClient) -> None:
    results = client.get("/api/v1/search?q=和平路1").get_json()["results"]
    assert "b01" in {result["key"] for result in results}
    (first, *_) = results
    assert (first["match"], first["score"], first["highlight"]) == ("exact", 1.0, [0, 4])
    assert first["reason"] == {"zh": "名称相同：和平路1号楼", "en": "Same name: 和平路1号楼"}
    (spoken, *_) = client.get("/api/v1/search?q=hpl1").get_json()["results"]
    assert (spoken["key"], spoken["match"], spoken["highlight"]) == (first["key"], "reading", None)
    assert client.get("/api/v1/search?q=").get_json() == {"results": []}


def test_a_change_is_shown_without_a_restart(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.gpkg")
    client = create_app(path).test_client()
    before = client.get("/api/v1/layers/district.geojson")
    with Workspace.open(path) as workspace, workspace.edit("test", "rename") as edit:
        edit.update("district", "P01", 1, {"name": "新南片区"})
    after = client.get("/api/v1/layers/district.geojson", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert "新南片区" in after.get_data(as_text=True)
    assert client.get("/healthz").get_json()["revision"] == 2


def test_areas_that_ended_are_not_shown(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.gpkg")
    with Workspace.open(path) as workspace, workspace.edit("test", "end") as edit:
        edit.end("beat", ["J02"], datetime.date(2021, 1, 1))
    features = create_app(path).test_client().get("/api/v1/layers/beat.geojson").get_json()["features"]
    assert [feature["properties"]["code"] for feature in features] == ["J01"]


# --- words -----------------------------------------------------------------------------------------


def test_every_word_of_the_scripts_and_pages_is_in_the_table() -> None:
    table = read_labels()["zh"]
    for script in STATIC.glob("*.js"):
        for key in re.findall(r'\btext\(\s*"([^"]+)"', script.read_text(encoding="utf-8")):
            assert f"web.{key}" in table, (script.name, key)
    for template in (STATIC.parent / "templates").glob("*.html"):
        for key in re.findall(r"texts\['([^'%]+)'\]", template.read_text(encoding="utf-8")):
            assert key in table, (template.name, key)


def test_scripts_never_read_a_string_as_html() -> None:
    for script in STATIC.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", script.read_text("utf-8")
        )


# --- the command -----------------------------------------------------------------------------------


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.gpkg")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = CliRunner().invoke(serve, [str(path), "--port", str(taken.getsockname()[1])])
    assert isinstance(result.exception, errors.PortInUseError)


def test_a_file_that_is_no_county_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.gpkg").write_text("no county")
    result = CliRunner().invoke(serve, [str(tmp_path / "x.gpkg")])
    assert isinstance(result.exception, errors.NotAWorkspaceError)
