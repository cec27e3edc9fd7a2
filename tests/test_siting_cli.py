"""`geogrid site` as a planner calls it: the page, the files, the proof and its check, and what is refused."""

from __future__ import annotations

import json
import os
import signal
import threading

import geopandas as gpd
import pandas as pd
import pytest

from geogrid.crs import change_crs
from geogrid.siting.conditions import Wishes
from geogrid.workspace import Workspace
from tests.support.command import Command
from tests.support.web import METRIC, STORE, point, write_town

CANDIDATES = {"k1": (700, 400, 30), "k2": (1000, 400, 40), "k3": (900, 600, 20), "k4": (720, 410, 25)}
"""Places in metres from the corner of the town, and their costs."""


@pytest.fixture
def geogrid(monkeypatch, capsys) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def path(tmp_path):
    found = write_town(tmp_path / "town.gpkg")
    with Workspace.open(found) as workspace, workspace.edit("t", "candidates") as edit:
        edit.insert("candidate", list_candidates())
    return found


def list_candidates() -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {"id": list(CANDIDATES), "cost": [float(cost) for *_, cost in CANDIDATES.values()]},
        geometry=[point(x, y) for x, y, _ in CANDIDATES.values()],
        crs=METRIC,
    )
    return change_crs(frame, STORE, "test")


def ask(geogrid: Command, path, *arguments: object) -> dict:
    return json.loads(geogrid.succeed("site", path, "--json", "--no-remedies", "--no-robust", *arguments))


def test_the_plan_is_proven_saved_accepted_and_covers_what_it_said(geogrid, path, tmp_path):
    told = ask(geogrid, path, "--add", 1, "--save-scenario", "东扩")
    assert told["gap"] == 0
    assert told["value"] == told["bound"]
    assert {"value", "bound", "gap", "sites", "curve"} <= set(told)
    tried = json.loads(geogrid.succeed("coverage", path, "--json", "--worlds", 0, "--scenario", "东扩"))
    assert tried["people"]["covered"] == told["covered"]["after"]["people"]
    assert tried["scenario"]["today"]["people"]["covered"] == told["covered"]["now"]["people"]
    by_code = {area["code"]: area for area in told["by_community"]}
    for area in tried["by_community"]:
        assert by_code[area["code"]]["after"]["people"] == area["people"]["covered"]
    geogrid.succeed("scenario", path, "apply", "东扩")
    now = json.loads(geogrid.succeed("coverage", path, "--json", "--worlds", 0))
    assert (
        now["people"]["covered"] == told["covered"]["after"]["people"] == told["covered"]["total"]["people"]
    )
    assert "全部覆盖" in geogrid.refuse("site", path, "--add", 1)  # nobody is left to reach


def test_every_reading_and_weight_is_answered(geogrid, path):
    for reading in (("--minutes", 5), ("--profile", "elderly"), ("--metres", 500)):
        told = ask(geogrid, path, "--add", 2, "--weight", "homes", *reading)
        assert told["value"] == told["covered"]["after"]["homes"] - told["covered"]["now"]["homes"]


def test_a_certificate_is_verified_and_one_that_was_tampered_with_is_not(geogrid, path, tmp_path):
    file = tmp_path / "proof.json"
    told = ask(geogrid, path, "--add", 2, "--certificate", file)
    said = geogrid.succeed("site", path, "--verify", file)
    assert "证明" in said
    assert f"{told['value']:,}" in said
    verdict = json.loads(geogrid.succeed("site", path, "--verify", file, "--json"))
    assert (verdict["holds"], verdict["is_optimal"], verdict["value"]) == (True, True, told["value"])
    sealed = json.loads(file.read_text())
    file.write_text(json.dumps(sealed | {"value": sealed["value"] + 30}))
    code, out, err = geogrid("site", path, "--verify", file)
    assert (code, err) == (1, "")
    assert "不成立" in out


def test_a_certificate_does_not_hold_for_a_county_that_changed(geogrid, path, tmp_path):
    file = tmp_path / "proof.json"
    ask(geogrid, path, "--add", 1, "--certificate", file)
    with Workspace.open(path) as workspace:
        version = workspace.read("building").set_index("id")["version"]["b23"]
        with workspace.edit("t", "people moved in") as edit:
            edit.update("building", "b23", int(version), {"residents": 5000})
    code, out, _ = geogrid("site", path, "--verify", file, "--json")
    assert (code, json.loads(out)["holds"]) == (1, False)
    geogrid.succeed("undo", path)
    geogrid.succeed("site", path, "--verify", file)
    with Workspace.open(path) as workspace, workspace.edit("t", "one fewer") as edit:
        edit.delete("candidate", ["k4"])
    assert geogrid("site", path, "--verify", file)[0] == 1


def test_the_page_is_told_in_both_languages_with_its_files(geogrid, path, tmp_path):
    out, chart, svg = (tmp_path / f"synthetic{suffix}" for suffix in (".csv", ".png", ".svg"))
    lonlat = list_candidates().geometry.iloc[0]
    said = geogrid.succeed(
        "site", path, "--add", 2, "--out", out, "--chart", chart, "--why", f"{lonlat.x},{lonlat.y}"
    )
    assert "已证明最优" in said
    assert "合成演示数据" in said
    assert chart.read_bytes().startswith(b"\x89PNG")
    assert set(pd.read_csv(out)["id"]) <= set(CANDIDATES)
    english = geogrid.succeed("--lang", "en", "site", path, "--add", 2, "--chart", svg, "--no-remedies")
    assert "no other choice of 2 sites of these candidates reaches more than 0 people more" in english
    assert svg.read_text().startswith("<?xml")
    told = ask(geogrid, path, "--add", 1, "--why", f"{lonlat.x},{lonlat.y}")
    assert told["why"]["nearest_candidate"] == "k1"
    assert told["why"]["nearest_candidate_m"] == pytest.approx(0, abs=0.1)


def test_the_remedies_of_a_plan_are_scenarios(geogrid, path, tmp_path):
    told = json.loads(geogrid.succeed("site", path, "--add", 1, "--metres", 500, "--json"))
    assert told["robustness"]["n_worlds"] == 9
    for remedy in told["remedies"]:
        file = tmp_path / "edit.json"
        file.write_text(json.dumps([remedy["edit"]]))
        geogrid.succeed("scenario", path, "save", remedy["id"], file)
        tried = json.loads(
            geogrid.succeed(
                "coverage", path, "--metres", 500, "--json", "--worlds", 0, "--scenario", remedy["id"]
            )
        )
        gained = tried["people"]["covered"] - tried["scenario"]["today"]["people"]["covered"]
        assert gained == remedy["gained"]


def test_the_conditions_of_a_plan_are_met(geogrid, path):
    free = ask(geogrid, path, "--add", 2)
    paid = ask(geogrid, path, "--add", 2, "--budget", 45)
    assert sum(site["cost"] for site in paid["sites"]) == paid["conditions"]["cost"] <= 45
    assert paid["value"] <= free["value"]
    apart = ask(geogrid, path, "--add", 2, "--spacing", 150)
    chosen = {site["id"] for site in apart["sites"]}
    assert not chosen >= {"k1", "k4"}  # 22 m apart
    assert apart["value"] <= free["value"]
    each = ask(geogrid, path, "--add", 1, "--per-community")
    assert each["conditions"]["communities"] == ["350725001002"]
    assert [site["community"] for site in each["sites"]] == ["350725001002"]
    assert "条件" in geogrid.succeed("site", path, "--add", 1, "--per-community", "--no-remedies")


def test_the_fewest_centres_for_a_share_are_counted(geogrid, path):
    whole = ask(geogrid, path, "--add", 4)
    reachable = whole["covered"]["ceiling"]["people"] - whole["covered"]["now"]["people"]
    told = ask(geogrid, path, "--share", 100)
    assert told["value"] == reachable
    fewest = min(point["k"] for point in whole["curve"] if point["value"] >= reachable)
    assert told["goal"] == {"share_percent": 100, "fewest": fewest, "bound": fewest}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--add", 2, "--share", 50),
        ("--add", 9),
        ("--add", 1, "--must", "nobody"),
        ("--add", 1, "--must", "k1", "--must", "k2"),
        ("--add", 1, "--must", "k1", "--forbid", "k1"),
        ("--add", 1, "--weight", "elderly"),
        ("--add", 1, "--metres", 500, "--minutes", 10),
        ("--add", 1, "--why", "here"),
        ("--add", 1, "--budget", 3),
        ("--add", 1, "--budget", 60, "--spacing", 10),
        ("--add", 1, "--budget", 60, "--certificate", "c.json"),
        ("--add", 1, "--minutes", 60),
        ("--add", 1, "--out", "sites.doc"),
        ("--add", 1, "--chart", "curve.doc"),
        ("--verify", "missing.json"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(geogrid, path, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    geogrid.refuse("site", path, *arguments)


def test_a_file_that_is_no_certificate_is_refused(geogrid, path, tmp_path):
    for content in ("7", "{}", '{"format": "geogrid siting certificate 1"}', "{"):
        (tmp_path / "c.json").write_text(content)
        geogrid.refuse("site", path, "--verify", tmp_path / "c.json")


def test_costs_that_are_unknown_make_no_budget(geogrid, path):
    with Workspace.open(path) as workspace:
        version = int(workspace.read("candidate").set_index("id")["version"]["k1"])
        with workspace.edit("t", "cost unknown") as edit:
            edit.update("candidate", "k1", version, {"cost": None})
    assert "k1" in geogrid.refuse("site", path, "--add", 1, "--budget", 60)


def test_an_interrupt_ends_with_the_best_so_far(geogrid, path, monkeypatch):
    import geogrid.siting.study as study

    solve = study.solve_maxcover

    def interrupted(*arguments: object, **options: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return solve(*arguments, **options)

    monkeypatch.setattr(study, "solve_maxcover", interrupted)
    assert threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    code, out, err = geogrid("site", path, "--add", 2)
    assert code == 0
    assert "建议选址" in out
    assert "已中断" in err
    assert signal.getsignal(signal.SIGINT) is before


def test_one_condition_at_a_time():
    assert Wishes().is_free
    assert not Wishes(per_community=True).is_free
