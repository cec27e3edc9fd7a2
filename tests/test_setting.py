"""Settings: each takes what it can mean, and refuses everything else with a sentence, from the shell and the page."""

from __future__ import annotations

import pytest

from geogrid.errors import InvalidOptionError
from geogrid.schema import SETTING_RULES, SETTINGS
from geogrid.workspace import Workspace
from geogrid.workspace.setting import check_setting
from tests.support.command import Command
from tests.support.web import open_client, write_town
from webmap import create_app

GOOD = {
    "county.code": ["350725", "110101"],
    "county.name": ["政和县", "𠮷县", "{{x}}"],
    "reading": ["minutes:10:adult", "minutes:40:child", "metres:500", "metres:2000", "minutes:7.5:elderly"],
    "map.review_number": ["", "闽S〔2026〕1号"],
    "map.classification": ["", "秘密"],
    "map.basemap": ["", "tianditu-vec", "tianditu-img"],
    "map.basemap_datum": ["", "wgs84", "gcj02"],
    "map.basemap_source": ["", "某某图"],
    "map.tianditu_token": ["", "0a1b2c"],
    "web.public": ["off", "areas", "map"],
    "map.mark": ["", "内部使用"],
}
BAD = {
    "county.code": ["", "35072", "3507255", "35072x", "３５０７２５"],
    "county.name": ["", " ", "x" * 81, "a\nb", "a\x00b", "\u202eb"],
    "reading": [
        "",
        "ten",
        "minutes:0:adult",
        "minutes:-1:adult",
        "minutes:nan:adult",
        "minutes:inf:adult",
        "minutes:1e308:adult",
        "minutes:41:adult",
        "metres:2001",
        "metres:0",
        "metres:500:adult",
        "minutes:10:dog",
        "hours:1:adult",
    ],
    "map.review_number": ["x" * 81, "a\tb"],
    "map.classification": ["x" * 41],
    "map.basemap": ["tianditu", "nothing.mbtiles", "x" * 501],
    "map.basemap_datum": ["bd09", "WGS84", "x"],
    "map.basemap_source": ["x" * 201],
    "map.tianditu_token": ["a b", "x" * 65, "a&tk=b", "é"],
    "web.public": ["", "yes", "ON", "on"],
    "map.mark": ["x" * 41, "a\u2028b"],
}


def test_every_setting_has_a_rule_and_examples():
    assert set(SETTING_RULES) == set(SETTINGS) == set(GOOD) == set(BAD)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_takes_what_it_can_mean_and_nothing_else(name, tmp_path):
    for value in GOOD[name]:
        assert check_setting(name, f" {value} ", tmp_path) == value
    for value in BAD[name]:
        with pytest.raises(InvalidOptionError):
            check_setting(name, value, tmp_path)


def test_a_base_map_is_a_file_that_is_there_and_only_for_whoever_is_at_the_computer(tmp_path):
    (tmp_path / "tiles").mkdir()
    (tmp_path / "a.mbtiles").write_bytes(b"x")
    (tmp_path / "a.txt").write_bytes(b"x")
    for value in ("tiles", "a.mbtiles", str(tmp_path / "a.mbtiles")):
        assert check_setting("map.basemap", value, tmp_path) == value
        with pytest.raises(InvalidOptionError):
            check_setting("map.basemap", value)
    with pytest.raises(InvalidOptionError):
        check_setting("map.basemap", "a.txt", tmp_path)


def test_the_shell_and_the_page_refuse_alike_and_change_nothing(monkeypatch, capsys, tmp_path):
    path = write_town(tmp_path / "town.gpkg")
    geogrid, admin = Command(monkeypatch, capsys), open_client(create_app(path), "admin")
    with Workspace.open(path) as workspace:
        before = dict(workspace.settings), workspace.revision
    for name, values in BAD.items():
        for value in values:
            if "\x00" not in value:
                assert name in geogrid.refuse("setting", path, name, value)
            answer = admin.post("/admin/settings", data={"name": name, "value": value})
            assert answer.status_code == 400, (name, value)
    assert admin.post("/admin/settings", data={"name": "county.code", "value": "350725"}).status_code == 400
    geogrid.refuse("setting", path, "nothing", "1")
    with Workspace.open(path) as workspace:
        assert (dict(workspace.settings), workspace.revision) == before


@pytest.mark.parametrize(("code", "name"), [("12", "政和县"), ("350725", ""), ("350725", "a\nb")])
def test_a_county_begins_with_a_code_and_a_name_that_will_do(monkeypatch, capsys, tmp_path, code, name):
    geogrid = Command(monkeypatch, capsys)
    geogrid.refuse("init", tmp_path / "new.gpkg", "--code", code, "--name", name)
    assert not (tmp_path / "new.gpkg").exists()
