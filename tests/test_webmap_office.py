"""The office in the page: reports, exports, imports, mending, batches, and what becomes of their files."""

from __future__ import annotations

import stat
import threading
import time
from pathlib import Path

import geopandas as gpd
import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient

from geogrid.errors import FileMissingError, JobNotFoundError, JobQueueFullError
from tests.support.office import PAGE, fetch, order, post, show
from tests.support.web import open_client, write_town
from webmap import create_app
from webmap.jobs import EXTENSION, Job, JobRunner, State


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


# --- reports and exports -----------------------------------------------------------------------


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
