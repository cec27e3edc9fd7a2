"""The record of what was done: what stands in it, in words that somebody without the program's codes understands."""

from __future__ import annotations

import datetime
import json
import time

import pytest

from geogrid.workspace import Workspace
from geogrid.workspace.account import add_account, authenticate
from geogrid.workspace.audit import read_trail, verify_trail
from geogrid.workspace.person import reveal_phone
from geogrid.workspace.record import tell_moment, tell_records
from tests.support.command import Command
from tests.support.office import order, post, upload
from tests.support.web import open_client, write_town
from webmap import create_app


@pytest.fixture
def geogrid(monkeypatch, capsys) -> Command:
    monkeypatch.setattr("getpass.getuser", lambda: "zhang")
    return Command(monkeypatch, capsys)


@pytest.fixture
def path(tmp_path):
    return write_town(tmp_path / "town.gpkg")


@pytest.fixture
def app(path):
    return create_app(path)


def read_told(path, language="zh"):
    with Workspace.open(path) as workspace:
        assert verify_trail(workspace).broken == ()
        return tell_records(workspace, read_trail(workspace), language)


def read_actions(path):
    return [(one.who, one.what, one.subject) for one in read_told(path)]


def test_a_moment_is_told_by_the_clock_of_this_computer_with_its_distance_from_world_time(monkeypatch):
    for zone, told in (
        ("CST-8", "2026-06-01 16:00:00（比世界时早 8 小时）"),
        ("UTC0", "2026-06-01 08:00:00（世界时）"),
        ("NST3:30", "2026-06-01 04:30:00（比世界时晚 3.5 小时）"),
    ):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert tell_moment("2026-06-01T08:00:00+00:00", "zh") == told
    monkeypatch.undo()
    time.tzset()
    assert tell_moment("no moment", "zh") == "no moment"


def test_an_export_stands_in_the_record_with_its_consent(app, path):
    planner = open_client(app, "planner")
    order(planner, "/office/exports", layer="centre", suffix=".csv", consent="yes")
    (record,) = read_told(path)
    assert (record.who, record.what, record.subject) == ("a-planner-", "导出", "邻里服务中心")
    assert record.detail == "已确认可以导出：是；文件：.csv；行数：1"
    refused = post(planner, "/office/exports", layer="centre", suffix=".csv")
    assert refused.status_code == 400
    assert len(read_told(path)) == 1


def test_a_report_and_a_batch_stand_in_the_record(app, path):
    staff = open_client(app, "staff")
    order(staff, "/office/reports", form=".xlsx", scope="community:350725001001", language="zh")
    table = upload("地址\n和平路1号\nnowhere\n".encode(), "places.csv")
    order(staff, "/office/batch", file=table, column="地址")
    report, batch = read_told(path)
    assert (report.what, report.detail) == ("写出报告", "范围：西门社区；文件：.xlsx")
    assert batch.what == "成批查询"
    assert batch.detail == "含人员姓名或电话：是；查到：1；行数：2"


def test_uploads_settings_scenarios_and_undos_of_the_page_stand_in_the_record(app, path):
    planner, admin = open_client(app, "planner"), open_client(app, "admin")
    file = upload("id,name,kind,lon,lat\np9,新警务室,警务室,118.852,27.362\n".encode(), "places.csv")
    where = order(planner, "/office/uploads", layer="place", file=file, datum="cgcs2000", mode="merge")
    assert post(planner, f"{where.replace('jobs', 'uploads')}/confirm", consent="yes").status_code == 303
    assert post(admin, "/admin/settings", name="map.mark", value="内部").status_code == 303
    edits = [{"do": "open_gate", "id": "g1"}]
    planner.post("/api/v1/scenarios", json={"name": "开门", "edits": edits})
    done = planner.post("/api/v1/scenarios/apply", json={"name": "开门", "confirm": True}).get_json()
    planner.post("/api/v1/scenarios/undo", json={"revision": done["revision"]})
    told = read_told(path)
    assert [(one.what, one.subject) for one in told] == [
        ("导入图层", "场所"),
        ("修改设置", "图上标记，默认“内部使用”"),
        ("实施方案", "开门"),
        ("撤销修改", f"修订 {done['revision']}（apply scenario 开门）"),
    ]
    assert "文件：places.csv" in told[0].detail
    assert told[1].detail.startswith("改为：内部；")
    assert not any("{" in one.detail or '"' in one.detail for one in told)


def test_what_the_command_line_did_stands_in_the_record_under_the_user_of_the_computer(
    geogrid, path, tmp_path
):
    geogrid.succeed("export", path, "centre", tmp_path / "out.csv")
    geogrid.succeed("setting", path, "map.mark", "x")
    geogrid.succeed("undo", path)
    table = tmp_path / "places.csv"
    table.write_text("地址\n和平路1号\n")
    geogrid.succeed("locate-batch", path, table, tmp_path / "answers.csv")
    places = tmp_path / "new.csv"
    places.write_text("id,name,kind,lon,lat\np9,新警务室,警务室,118.852,27.362\n")
    geogrid("import", path, "place", places, "--datum", "cgcs2000", "--merge")
    assert {who for who, *_ in read_actions(path)} == {"本机用户 zhang"}
    assert [what for _, what, _ in read_actions(path)] == [
        "导出",
        "修改设置",
        "撤销修改",
        "成批查询",
        "导入图层",
    ]
    shown = geogrid.succeed("audit", path, "list")
    assert "邻里服务中心" in shown
    assert "{" not in shown
    rows = json.loads(geogrid.succeed("audit", path, "list", "--json"))
    assert rows[0]["detail"]["rows"] == 1
    at = datetime.datetime.fromisoformat(rows[0]["at"])
    assert at.utcoffset() == datetime.datetime.now().astimezone().utcoffset()


def test_people_and_logins_are_told_by_name_and_what_is_gone_is_said(path):
    with Workspace.open(path) as workspace:
        add_account(
            workspace,
            "li",
            "town-by-hand-1",
            role="staff",
            scope=["community:350725001001"],
            actor="os:zhang",
        )
        with pytest.raises(Exception, match="password"):
            authenticate(workspace, "nobody-here", "wrong", address="10.0.0.7")
        reveal_phone(workspace, "u2", actor="li", role="staff", scope=(), reason="走访")
    added, failed, revealed = read_told(path)
    assert added.detail == "角色：工作人员；负责区域：西门社区"
    assert (failed.who, failed.subject, failed.detail) == ("（未登录）", "没有这个账号", "来自：10.0.0.7")
    assert (revealed.subject, revealed.reason) == ("王保国", "走访")
    with Workspace.open(path) as workspace, workspace.edit("t", "gone") as edit:
        edit.delete("person", ["u2"])
    assert read_told(path)[-1].subject == "已删除的人员"
    assert read_told(path, "en")[-1].subject == "a person who was erased"


def test_a_secret_setting_is_told_nowhere(geogrid, path):
    geogrid.succeed("setting", path, "map.tianditu_token", "000secret000")
    with Workspace.open(path) as workspace:
        assert "000secret000" not in read_trail(workspace).to_string()
        assert "000secret000" not in workspace.history().to_string()
    assert "••••" in read_told(path)[-1].detail


def test_every_action_has_its_words():
    import ast
    from pathlib import Path

    import geogrid
    import webmap
    from geogrid.labels import read_labels

    found = set()
    for root in (geogrid, webmap):
        for file in Path(root.__file__).parent.rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                is_event = isinstance(call, ast.Call) and ast.unparse(call.func) == "Event"
                if is_event and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
                    found.add(call.args[1].value)
    assert len(found) > 15
    assert {action for action in found if f"audit.{action}" not in read_labels()["zh"]} == set()
