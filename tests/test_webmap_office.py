"""The office in the page: reports, exports, imports, mending, batches, and what becomes of their files."""

from __future__ import annotations

import re
import stat
import threading
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import pypdfium2
import pytest
import shapely
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from geogrid.crs import change_crs, wgs84_to_gcj02
from geogrid.demo.county import create_demo_county
from geogrid.errors import FileMissingError, JobNotFoundError, JobQueueFullError
from geogrid.schema import LAYERS
from geogrid.workspace import Workspace
from tests.support.office import PAGE, fetch, order, post, show, upload, wait
from tests.support.web import (
    LEADER,
    LEADER_PHONE,
    METRIC,
    OFFICER_PHONE,
    box,
    lonlat,
    open_client,
    write_town,
)
from webmap import create_app
from webmap.jobs import EXTENSION, Job, JobRunner, State
from webmap.settings import WebSettings
from webmap.uploads import MOST_PARTS

FORM = "multipart/form-data; boundary=edge"


def encode(content: bytes, fields: dict[str, str], name: str = "a.csv") -> tuple[bytes, int]:
    """The body of a form with a file, and its length."""
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()
    ]
    head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + content + b"\r\n--edge--\r\n"
    return body, len(body)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """A county that no test here changes."""
    return create_app(write_town(tmp_path_factory.mktemp("town") / "town.gpkg"))


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return open_client(app, "planner")


def wait_for(job: Job) -> None:
    end = time.monotonic() + 10
    while job.is_open and time.monotonic() < end:
        time.sleep(0.005)
    assert not job.is_open


# --- jobs ----------------------------------------------------------------------------------------


def test_a_job_tells_its_progress_and_its_outcome():
    runner = JobRunner()
    told = []

    def work(job: Job) -> str:
        job.tell(0.5, "web.office.step.write")
        told.append((job.share, job.step, job.state))
        return "made"

    job = runner.submit("a", "report", "x", work)
    wait_for(job)
    assert told == [(0.5, "web.office.step.write", State.RUNNING)]
    assert (job.state, job.outcome, job.share) == (State.DONE, "made", 1.0)


def test_a_job_is_found_by_its_owner_alone():
    runner = JobRunner()
    job = runner.submit("a", "report", "x", lambda _: None)
    assert runner.find("a", job.id) is job
    assert len(job.id) == 24  # 18 random bytes in base 64
    with pytest.raises(JobNotFoundError):
        runner.find("b", job.id)
    assert runner.list_own("b") == []


def test_jobs_run_one_after_the_other_and_too_many_are_refused():
    runner = JobRunner(most_own=2, most_waiting=3)
    gate, order_done = threading.Event(), []

    def work(job: Job) -> None:
        gate.wait(10)
        order_done.append(job.about)

    first = runner.submit("a", "report", "1", work)
    second = runner.submit("a", "report", "2", work)
    with pytest.raises(JobQueueFullError):  # a third of the same account
        runner.submit("a", "report", "3", work)
    other = runner.submit("b", "report", "4", work)
    with pytest.raises(JobQueueFullError):  # a fourth of all
        runner.submit("c", "report", "5", work)
    assert [runner.n_ahead(job) for job in (first, second, other)] == [0, 1, 2]
    gate.set()
    for job in (first, second, other):
        wait_for(job)
    assert order_done == ["1", "2", "4"]


def test_a_running_job_is_cancelled_at_its_next_step_and_its_files_go():
    runner = JobRunner()
    begun, gate = threading.Event(), threading.Event()

    def work(job: Job) -> None:
        (job.folder / "half").write_text("x", encoding="utf-8")
        begun.set()
        gate.wait(10)
        job.tell(0.5, "web.office.step.write")
        raise AssertionError("it went on")

    job = runner.submit("a", "report", "1", work)
    assert begun.wait(10)
    runner.remove(job)
    gate.set()
    wait_for(job)
    assert job.state is State.CANCELLED
    assert not job.folder.exists()


def test_a_waiting_job_that_is_cancelled_never_runs():
    runner = JobRunner()
    gate, ran = threading.Event(), []
    blocker = runner.submit("a", "report", "1", lambda _: gate.wait(10))
    waiting = runner.submit("a", "report", "2", ran.append)
    runner.remove(waiting)
    gate.set()
    last = runner.submit("a", "report", "3", lambda _: None)
    wait_for(blocker)
    wait_for(last)
    assert ran == []
    assert waiting.state is State.CANCELLED


def test_errors_are_sentences_and_the_runner_lives_on():
    runner = JobRunner()

    def refuse(job: Job) -> None:
        raise FileMissingError("town.gpkg")

    def fail(job: Job) -> None:
        raise ZeroDivisionError("secret detail")

    refused, failed = runner.submit("a", "x", "", refuse), runner.submit("a", "x", "", fail)
    sound = runner.submit("a", "x", "", lambda _: 1)
    for job in (refused, failed, sound):
        wait_for(job)
    assert "town.gpkg" in refused.error.message("zh")
    assert "secret" not in str(failed.error)
    assert "没有任何改动" in failed.error.message("zh")
    assert sound.outcome == 1


def test_results_and_folders_are_private_and_go_with_time_and_with_the_runner():
    runner = JobRunner(kept_s=0.0)
    kept = JobRunner()
    old = runner.submit("a", "x", "", lambda _: None)
    new = kept.submit("a", "x", "", lambda _: None)
    wait_for(old)
    wait_for(new)
    for folder in (new.folder, new.folder.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    time.sleep(0.01)
    runner.sweep()
    assert not old.folder.exists()
    with pytest.raises(JobNotFoundError):
        runner.find("a", old.id)
    assert new.folder.exists()
    root = new.folder.parent
    del kept
    end = time.monotonic() + 10  # the thread lets go of it first
    while root.exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert not root.exists()


def test_a_job_that_ends_while_its_page_is_written_is_shown_as_it_was(app, client, monkeypatch):
    runner = app.extensions[EXTENSION]
    gate = threading.Event()
    job = runner.submit("a-planner-", "report", "x", lambda _: gate.wait(10))
    end = time.monotonic() + 10
    while job.state is not State.RUNNING and time.monotonic() < end:
        time.sleep(0.005)
    count_ahead = runner.n_ahead

    def end_first(asked: Job) -> int:
        gate.set()
        wait_for(job)
        return count_ahead(asked)

    monkeypatch.setattr(runner, "n_ahead", end_first)
    page = client.get(f"/office/jobs/{job.id}", headers=PAGE).text
    assert "<progress" in page
    assert "已取消" not in page


# --- reports and exports -----------------------------------------------------------------------


@pytest.mark.slow
def test_a_report_ordered_from_the_form_is_a_pdf_that_opens(client, tmp_path):
    where = order(client, "/office/reports", scope="community:350725001001", form=".pdf", language="zh")
    assert "已完成" in show(client, where)
    content, name = fetch(client, where)
    assert "测试县-覆盖评估报告-350725001001-r1-合成演示数据-synthetic.pdf" in name
    with pypdfium2.PdfDocument(content) as document:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    assert "西门社区" in text


def test_a_report_that_cannot_be_made_says_why_in_both_languages(client):
    where = order(client, "/office/reports", scope="community:999", form=".xlsx")
    assert "999" in show(client, where)
    assert "Layer community has no 999" in show(client, where, "en")
    assert client.get(f"{where}/file").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("form", ".exe"),
        ("form", "../x.pdf"),
        ("scope", "grid:1"),
        ("since", "1e3"),
        ("since", "-1"),
        ("language", "xx"),
    ],
)
def test_a_report_with_a_choice_that_is_none_is_refused(client, field, value):
    fields = {"form": ".pdf", "language": "zh", field: value}
    assert post(client, "/office/reports", **fields).status_code == 400


def test_an_export_asks_first_and_marks_synthetic_data(client, tmp_path):
    refused = post(client, "/office/exports", layer="community", suffix=".gpkg")
    assert refused.status_code == 400
    assert "涉密" in refused.text
    where = order(
        client, "/office/exports", layer="community", suffix=".gpkg", crs="EPSG:4549", consent="yes"
    )
    content, name = fetch(client, where)
    assert "synthetic.gpkg" in name
    (tmp_path / "got.gpkg").write_bytes(content)
    frame = gpd.read_file(tmp_path / "got.gpkg")
    assert frame.crs.to_epsg() == 4549
    # Two halves of a town of 1200 m by 800 m.
    assert frame.geometry.area.tolist() == pytest.approx([480_000, 480_000], rel=1e-6)


def test_a_computed_layer_is_exported_with_its_reading(client):
    where = order(client, "/office/exports", layer="gap", suffix=".csv", consent="yes")
    assert "minutes:10:adult" in fetch(client, where)[0].decode("utf-8-sig")


@pytest.mark.parametrize("layer", ["person", "account", "../etc/passwd", "nothing"])
def test_nothing_personal_and_nothing_unknown_is_exported(client, layer):
    assert post(client, "/office/exports", layer=layer, suffix=".csv", consent="yes").status_code == 400


def test_a_job_of_nobody_is_not_there_and_one_that_is_removed_neither(client):
    where = order(client, "/office/exports", layer="centre", suffix=".geojson", consent="yes")
    assert post(client, f"{where}/remove").status_code == 303
    for address in (where, f"{where}/file", f"{where}/progress", "/office/jobs/guess"):
        assert client.get(address, headers=PAGE).status_code == 404


def test_what_a_finished_job_held_lies_in_the_private_folder_alone(app, client):
    where = order(client, "/office/exports", layer="centre", suffix=".xlsx", consent="yes")
    runner = app.extensions[EXTENSION]
    job = runner.find("a-planner-", where.rsplit("/", 1)[1])
    assert job.outcome.path.parent == job.folder
    assert Path.cwd() not in job.folder.parents


# --- importing layers --------------------------------------------------------------------------


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A county that a test may change."""
    return write_town(tmp_path / "town.gpkg")


@pytest.fixture
def planner(town: Path) -> FlaskClient:
    return open_client(create_app(town), "planner")


def write_geojson(frame: gpd.GeoDataFrame) -> bytes:
    return frame.to_crs("EPSG:4326").to_json(drop_id=True, ensure_ascii=False).encode()


def centres(*rows: tuple[str, str, float, float]) -> bytes:
    """Centres by id, name and metres from the town's corner, as a CSV file in WGS 84."""
    lines = ["编号,名称,经度,纬度"]
    lines += [f"{key},{name},{lon:.7f},{lat:.7f}" for key, name, x, y in rows for lon, lat in [lonlat(x, y)]]
    return "\n".join(lines).encode()


def send(client: FlaskClient, content: bytes, name: str = "中心.csv", **fields: Any) -> str:
    """Send a file and wait for its preview; the job's address."""
    fields = {"layer": "centre", "datum": "wgs84", "mode": "merge"} | fields
    return order(client, "/office/uploads", file=upload(content, name), **fields)


def act(client: FlaskClient, where: str, what: str, **fields: Any) -> TestResponse:
    return post(client, f"{where.replace('/jobs/', '/uploads/')}/{what}", **fields)


def test_a_layer_is_previewed_then_written_then_taken_back(planner, town):
    where = send(planner, centres(("s1", "西门新址", 130, 395), ("s2", "东门邻里服务中心", 1000, 395)))
    words = show(planner, where)
    assert "1 新增 1 更新 0 删除 1 原有" in words
    assert "新增 ： s2" in words
    with Workspace.open(town) as workspace:
        assert workspace.count("centre") == 1  # nothing is written yet
    folder = planner.application.extensions[EXTENSION].find("a-planner-", where.rsplit("/", 1)[1]).folder
    assert [path.name for path in folder.iterdir()] == ["upload.csv"]
    assert act(planner, where, "confirm").status_code == 303
    assert "记为修订 2" in show(planner, where)
    assert list(folder.iterdir()) == []
    with Workspace.open(town) as workspace:
        assert workspace.read("centre")["name"].tolist() == ["西门新址", "东门邻里服务中心"]
        latest = workspace.history().iloc[0]
        assert (latest["author"], latest["note"]) == ("a-planner-", "import centre 中心.csv")
    assert act(planner, where, "confirm").status_code == 404  # once is enough
    history = show(planner, "/office/history")
    assert "2 · a-planner- · import centre 中心.csv" in history
    assert post(planner, "/office/undo", revision="2").status_code == 400  # nobody ticked the box
    assert post(planner, "/office/undo", revision="2", consent="yes").status_code == 303
    with Workspace.open(town) as workspace:
        assert workspace.read("centre")["name"].tolist() == ["西门邻里服务中心"]
    assert "撤销修订 2" in show(planner, "/office/history")


@pytest.mark.slow
def test_a_preview_of_a_county_that_was_changed_since_is_refused_and_can_be_made_again(planner, town):
    where = send(planner, centres(("s2", "东门邻里服务中心", 1000, 395)))
    with Workspace.open(town) as workspace:
        workspace.set_setting("map.mark", "x", "somebody else")
    answer = act(planner, where, "confirm")
    assert answer.status_code == 409
    assert "预览时为修订 1，现为修订 2" in answer.text
    with Workspace.open(town) as workspace:
        assert workspace.count("centre") == 1
    again = act(planner, where, "again", datum="wgs84", mode="merge")
    there = again.headers["Location"].partition("?")[0]
    wait(planner, there)
    assert act(planner, there, "confirm").status_code == 303
    with Workspace.open(town) as workspace:
        assert workspace.count("centre") == 2


@pytest.mark.slow
def test_two_who_confirm_at_once_write_once(planner, town):
    first, second = (send(planner, centres((key, key, 500, 395))) for key in ("s7", "s8"))
    clients = [planner.application.test_client() for _ in range(2)]
    for client in clients:
        client.environ_base.update(planner.environ_base)
        client._cookies.update(planner._cookies)
    gate, codes = threading.Barrier(2), []

    def confirm(client: FlaskClient, where: str) -> None:
        gate.wait(10)
        codes.append(act(client, where, "confirm").status_code)

    threads = [
        threading.Thread(target=confirm, args=pair) for pair in zip(clients, (first, second), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303, 409]
    with Workspace.open(town) as workspace:
        assert workspace.count("centre") == 2


def test_a_column_of_another_name_is_mapped_by_hand(planner, town):
    content = centres(("s1", "西门新址", 130, 395)).replace("名称".encode(), "站点叫法".encode())
    where = send(planner, content)
    page = planner.get(where, headers=PAGE).text
    assert 'name="column.name"' in page
    assert '<option value="站点叫法"' in page
    answer = act(planner, where, "again", datum="wgs84", mode="merge", **{"column.name": "站点叫法"})
    there = answer.headers["Location"].partition("?")[0]
    wait(planner, there)
    assert '<option value="站点叫法" selected' in planner.get(there, headers=PAGE).text
    act(planner, there, "confirm")
    with Workspace.open(town) as workspace:
        assert workspace.read("centre")["name"].tolist() == ["西门新址"]


def test_every_fault_of_a_file_is_listed_with_its_row_and_nothing_can_be_written(planner):
    content = centres(("s1", "甲", 1, 1), ("s1", "乙", 2, 2)) + "\ns3,丙,一百,27\n".encode()
    where = send(planner, content)
    words = show(planner, where)
    assert "文件有 2 处问题" in words
    assert "3 编号 编号“s1”与第 2 行重复" in words
    assert "坐标“一百, 27”不是数字" in words
    assert '<option value="名称" selected' in planner.get(where, headers=PAGE).text
    assert act(planner, where, "confirm").status_code == 404


def test_a_full_layer_is_not_added_to_and_the_page_says_what_to_choose(planner):
    words = show(planner, send(planner, centres(("s2", "x", 1, 1)), mode="add"))
    assert "已有 1 个要素。请选择“按编号合并”或“整层替换”" in words
    assert "--" not in words


def test_hostile_names_are_shown_as_text(planner):
    name = "<img src=x onerror=window.__pwn=1>{{7*7}}.csv"
    page = planner.get(
        send(planner, centres(("<b>s9</b>", "{{7*7}}", 500, 395)), name=name), headers=PAGE
    ).text
    assert "<b>s9" not in page
    assert "&lt;b&gt;s9&lt;/b&gt;" in page
    assert "<img" not in page
    assert "{{7_7}}.csv" in page  # what cannot stand in a file's name is replaced
    assert "49.csv" not in page


@pytest.mark.parametrize("name", ["../../evil.csv", "C:\\x\\evil.csv", "/etc/evil.csv"])
def test_the_name_of_a_file_is_no_path(planner, name):
    where = send(planner, centres(("s2", "x", 1, 1)), name=name)
    assert "evil.csv ·" in show(planner, where)
    job = planner.application.extensions[EXTENSION].find("a-planner-", where.rsplit("/", 1)[1])
    assert job.outcome.path == job.folder / "upload.csv"


@pytest.mark.parametrize("name", ["x.exe", "x.shp", "x", ".csv.py", "x.gdb"])
def test_other_kinds_of_files_are_refused(planner, name):
    answer = post(planner, "/office/uploads", layer="centre", datum="wgs84", file=upload(b"x", name))
    assert answer.status_code == 415
    assert "不支持文件" in answer.text


def test_a_form_without_a_file_without_a_datum_or_with_a_layer_that_is_none_is_refused(planner):
    content = centres(("s2", "x", 1, 1))
    assert post(planner, "/office/uploads", layer="centre", datum="wgs84").status_code == 400
    for fields in (
        {"datum": ""},
        {"layer": "person"},
        {"layer": "../x"},
        {"mode": "drop"},
        {"encoding": "rot13"},
    ):
        given = {"layer": "centre", "datum": "wgs84", "file": upload(content, "a.csv")} | fields
        assert post(planner, "/office/uploads", **given).status_code == 400


def test_files_up_to_the_limit_are_taken_and_no_byte_more(town):
    content = centres(("s2", "x", 1, 1))
    fields = {"layer": "centre", "datum": "wgs84", "mode": "merge"}
    body, length = encode(content, fields)
    for limit, status in ((length, 303), (length - 1, 413)):
        client = open_client(create_app(town, WebSettings(max_upload_bytes=limit)), "planner")
        answer = client.post("/office/uploads", data=body, content_type=FORM, headers=PAGE)
        assert answer.status_code == status
        if status == 413:
            assert "超出限制" in answer.text


def test_a_form_of_too_many_parts_is_refused(planner):
    fields = {f"f{i}": "x" for i in range(MOST_PARTS + 1)}
    answer = post(planner, "/office/uploads", layer="centre", file=upload(b"x", "a.csv"), **fields)
    assert answer.status_code == 413


def test_forms_without_files_stay_short(planner):
    assert post(planner, "/office/undo", revision="9" * 20_000).status_code == 413


@pytest.mark.slow
def test_a_layer_drawn_in_gcj_02_is_told_and_is_written_on_purpose_alone(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "demo.gpkg"
    create_demo_county(path)
    with Workspace.open(path) as workspace:
        streets = workspace.read("street")
    moved = streets.set_geometry(shapely.transform(streets.geometry.to_numpy(), wgs84_to_gcj02)).drop(
        columns="version"
    )
    client = open_client(create_app(path), "planner")
    # Encoded here: for a long body Werkzeug's own client opens a file that it does not close.
    fields = {"layer": "street", "datum": "wgs84", "mode": "replace"}
    body, _ = encode(write_geojson(moved), fields, "道路.geojson")
    answer = client.post("/office/uploads", data=body, content_type=FORM, headers=PAGE)
    where = answer.headers["Location"].partition("?")[0]
    wait(client, where)
    words = show(client, where)
    assert "GCJ-02" in words
    assert "请改选 GCJ-02" in words
    refused = act(client, where, "confirm")
    assert refused.status_code == 400
    assert "我已核对位置" in refused.text
    # The same file, said to be what it is, lies where the county is.
    answer = act(client, where, "again", datum="gcj02", mode="replace")
    there = answer.headers["Location"].partition("?")[0]
    wait(client, there)
    assert "请改选 GCJ-02" not in show(client, there)


# --- rosters -------------------------------------------------------------------------------------


def roster(*rows: str) -> bytes:
    return "\n".join(["姓名,单位,值班电话,私人电话,职务,区域类别,区域名称或代码", *rows]).encode()


def test_a_roster_is_previewed_then_written_then_taken_back(planner, town):
    content = roster("示例某甲,示例社区,000-0000001,00012340001,邻里长,网格,350725001001002")
    where = order(planner, "/office/uploads", layer="roster", mode="keep", file=upload(content, "名册.csv"))
    words = show(planner, where)
    assert "1 新增 0 变更 0 终止" in words
    assert "示例某甲 邻里长" in words
    assert "00012340001" not in words  # a private phone is never shown
    assert act(planner, where, "confirm").status_code == 303
    with Workspace.open(town) as workspace:
        assert "示例某甲" in workspace.read("person")["name"].tolist()
        assert workspace.history().iloc[0]["author"] == "a-planner-"
    assert post(planner, "/office/undo", revision="2", consent="yes").status_code == 303
    with Workspace.open(town) as workspace:
        assert "示例某甲" not in workspace.read("person")["name"].tolist()


def test_a_roster_with_faults_lists_them_and_offers_its_columns(planner):
    content = roster("示例某乙,,12,,邻里长,网格,没有的网格").replace("职务".encode(), "岗".encode())
    where = order(planner, "/office/uploads", layer="roster", file=upload(content, "名册.csv"))
    assert "缺少列：role（职务）" in show(planner, where)
    assert '<option value="岗"' in planner.get(where, headers=PAGE).text


def test_a_roster_with_identity_numbers_is_refused(planner):
    content = roster("示例某丙,110101199003070011,000-0000001,,邻里长,网格,350725001001002")
    where = order(planner, "/office/uploads", layer="roster", file=upload(content, "名册.csv"))
    assert "身份证号" in show(planner, where)
    assert act(planner, where, "confirm").status_code == 404


# --- batches -----------------------------------------------------------------------------------


def test_a_table_of_addresses_comes_back_with_answers_and_nothing_is_kept(app, tmp_path):
    client = open_client(app, "staff")
    content = "序号,地址\n1,和平路1号\n2,没有的路99号\n".encode("gb18030")
    where = order(client, "/office/batch", file=upload(content, "名单.csv"))
    assert "共 2 行，已确定 1 行" in show(client, where)
    answered, name = fetch(client, where)
    text = answered.decode("utf-8-sig")
    assert "名单-查询结果" in name
    assert "synthetic" in name
    assert LEADER in text
    assert OFFICER_PHONE in text
    assert "13700000001" not in text  # the leader's private phone
    folder = app.extensions[EXTENSION].find("a-staff-", where.rsplit("/", 1)[1]).folder
    assert [path.name for path in folder.iterdir()] == ["answers.csv"]
    post(client, f"{where}/remove")
    assert not folder.exists()


def test_a_batch_tells_an_account_of_its_own_areas_alone(app):
    client = open_client(app, "staff", ("community:350725001002",))
    where = order(client, "/office/batch", file=upload("地址\n和平路1号\n".encode(), "a.csv"))
    text = fetch(client, where)[0].decode("utf-8-sig")
    assert "西门社区" in text
    assert LEADER not in text
    assert LEADER_PHONE not in text


def test_a_batch_that_cannot_be_read_leaves_no_file_behind(app):
    client = open_client(app, "staff")
    where = order(client, "/office/batch", file=upload(b"\x00\x01\x02", "a.xlsx"))
    assert "a.xlsx" in show(client, where)
    folder = app.extensions[EXTENSION].find("a-staff-", where.rsplit("/", 1)[1]).folder
    assert list(folder.iterdir()) == []


# --- who may what --------------------------------------------------------------------------------


def test_jobs_are_for_their_owner_alone(app, client):
    where = order(client, "/office/exports", layer="centre", suffix=".geojson", consent="yes")
    other = open_client(app, "admin")
    for address in (where, f"{where}/progress", f"{where}/file"):
        assert other.get(address, headers=PAGE).status_code == 404
    assert post(other, f"{where}/remove").status_code == 404
    assert where not in other.get("/office", headers=PAGE).text
    assert client.get(where, headers=PAGE).status_code == 200


def test_staff_order_reports_and_batches_but_neither_export_nor_change(app):
    staff = open_client(app, "staff")
    page = show(staff, "/office")
    assert "批量查询" in page
    assert "导入数据" not in page
    assert staff.get("/office/uploads", headers=PAGE).status_code == 403
    for address in ("/office/exports", "/office/uploads", "/office/undo", "/office/uploads/x/confirm"):
        assert post(staff, address).status_code == 403


def test_without_a_login_every_page_of_the_office_leads_to_it(app):
    visitor = open_client(app)
    for address in ("/office", "/office/reports", "/office/jobs/x", "/office/templates/centre.xlsx"):
        assert "/login" in visitor.get(address, headers=PAGE).headers["Location"]
    assert post(visitor, "/office/uploads", file=upload(b"x", "a.csv")).status_code == 401


def test_an_account_of_some_areas_changes_nothing_of_the_whole_county(app):
    client = open_client(app, "planner", ("community:350725001002",))
    for address in ("/office/exports", "/office/uploads", "/office/undo"):
        answer = post(client, address)
        assert answer.status_code == 403
        assert "只负责部分区域" in answer.text


def test_forms_of_a_foreign_page_are_refused(planner):
    del planner.environ_base["HTTP_X_CSRFTOKEN"]
    for address in ("/office/reports", "/office/exports", "/office/uploads", "/office/undo", "/office/batch"):
        assert post(planner, address).status_code == 403


def test_the_forms_of_a_page_hold_the_token_that_they_need(planner):
    del planner.environ_base["HTTP_X_CSRFTOKEN"]
    token = re.search(r'name="csrf_token" value="([^"]+)"', planner.get("/office/batch", headers=PAGE).text)[
        1
    ]
    content = upload("地址\n和平路1号\n".encode(), "a.csv")
    assert post(planner, "/office/batch", csrf_token=token, file=content).status_code == 303


def test_blank_forms_can_be_fetched_for_every_layer(client):
    page = client.get("/office/templates", headers=PAGE).text
    for name in ("roster", *LAYERS):
        assert f"/office/templates/{name}.xlsx" in page
    with client.get("/office/templates/roster.xlsx") as answer:
        assert answer.data.startswith(b"PK")
    assert client.get("/office/templates/person.xlsx", headers=PAGE).status_code == 400


# --- findings and mending ------------------------------------------------------------------------


def test_findings_are_listed_with_a_remedy_and_a_way_to_the_map_and_can_be_narrowed(planner, town):
    page = planner.get("/office/findings", headers=PAGE).text
    assert "→" in page
    assert 'href="/?lang=zh#view=18/27.' in page
    narrow = show(planner, "/office/findings")
    assert "没有符合条件的数据问题" not in narrow
    nothing = planner.get("/office/findings?code=no.such.rule&severity=error", headers=PAGE).text
    assert "没有符合条件的数据问题" in nothing


def test_an_overlap_of_two_districts_is_previewed_mended_and_taken_back(planner, town):
    with Workspace.open(town) as workspace, workspace.edit("t", "overlap") as edit:
        south = workspace.read("district").set_index("code").loc["P01"]
        # The southern half reaches 20 m beyond the border at 400 m: 1200 m by 20 m, 2.4 ha.
        wider = change_crs(gpd.GeoSeries([box(0, 0, 1200, 420)], crs=METRIC), "EPSG:4490", "t").iloc[0]
        edit.update("district", "P01", int(south["version"]), {"geometry": wider})
    where = order(planner, "/office/mend", layer="district", rule="winner", winner="P02")
    words = show(planner, where)
    assert "P01 50.4000 48.0000 0.0000 2.4000" in words
    assert '<path class="moved"' in planner.get(where, headers=PAGE).text
    assert post(planner, f"{where.replace('/jobs/', '/mend/')}/confirm").status_code == 303
    assert "已修复，记为修订 3" in show(planner, where)
    assert post(planner, f"{where.replace('/jobs/', '/mend/')}/confirm").status_code == 404
    with Workspace.open(town) as workspace:
        areas = workspace.read_metric("district").set_index("code").geometry.area
    assert areas["P01"] == pytest.approx(480_000, rel=1e-6)
    assert post(planner, "/office/undo", revision="3", consent="yes").status_code == 303
    with Workspace.open(town) as workspace:
        areas = workspace.read_metric("district").set_index("code").geometry.area
    assert areas["P01"] == pytest.approx(504_000, rel=1e-6)


@pytest.mark.parametrize(
    ("field", "value"),
    [("layer", "building"), ("rule", "x"), ("snap_m", "-1"), ("snap_m", "nan"), ("sliver_m", "1e9")],
)
def test_a_mend_with_a_choice_that_is_none_is_refused(planner, field, value):
    fields = {"layer": "district", "rule": "largest", field: value}
    assert post(planner, "/office/mend", **fields).status_code == 400
