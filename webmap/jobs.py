"""Work that takes longer than a click: one piece at a time, with progress, for its owner alone, and kept for minutes."""

from __future__ import annotations

import logging
import queue
import secrets
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from flask import current_app

from geogrid.errors import (
    GeogridError,
    JobCancelledError,
    JobFailedError,
    JobNotFoundError,
    JobQueueFullError,
)
from geogrid.io.scratch import scratch_folder

EXTENSION = "geogrid_jobs"
KEPT_S = 30 * 60
"""How long a result stays after it is ready, in seconds."""
MOST_WAITING = 12
"""Jobs that wait or run at a time, of everybody together."""
MOST_OWN = 3
"""Jobs of one account that wait or run at a time."""
MOST_KEPT = 20
"""Jobs of one account that are remembered; the oldest that are done give way."""
SWEEP_S = 60

_log = logging.getLogger(__name__)


class State(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Product:
    """A file that a job made.

    Attributes
    ----------
    name
        What it is called when it is downloaded.
    notes
        What was left out or decided, as (zh, en).
    """

    path: Path
    name: str
    notes: tuple[tuple[str, str], ...] = ()


@dataclass
class Job:
    """One piece of work of one account.

    Attributes
    ----------
    id
        Not to be guessed: it stands in addresses.
    kind
        What sort of work it is; a label key under `web.office.job`.
    about
        What it is about, as the owner named it.
    share
        How much is done, 0 to 1.
    step
        Label key of what is being done.
    outcome
        What the work returned, once done.
    acting
        Held while the owner's decision about the outcome is carried out.
    """

    id: str
    owner: str
    kind: str
    about: str
    folder: Path
    work: Work | None
    state: State = State.WAITING
    share: float = 0.0
    step: str = "web.office.step.waiting"
    error: GeogridError | None = None
    outcome: Any = None
    ended_s: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    acting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in (State.WAITING, State.RUNNING)

    def tell(self, share: float, step: str) -> None:
        """Say how far the work is; JobCancelledError when its owner wants it no more."""
        if self.cancelled.is_set():
            raise JobCancelledError
        self.share, self.step = min(max(share, self.share), 1.0), step


Work = Callable[[Job], Any]
"""What a job does: it tells its progress to the job and writes into the job's folder alone."""


class JobRunner:
    """One thread that does the jobs of a server in the order in which they came.

    Files stand in a folder that only the server's user may enter; it goes when the server ends.
    """

    def __init__(
        self, *, kept_s: float = KEPT_S, most_waiting: int = MOST_WAITING, most_own: int = MOST_OWN
    ) -> None:
        self._kept_s, self._most_waiting, self._most_own = kept_s, most_waiting, most_own
        self._jobs: dict[str, Job] = {}
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._root: Path | None = None
        self._thread: threading.Thread | None = None

    def open_folder(self) -> Path:
        """A new empty folder for the files of one job, mode 0700."""
        with self._lock:
            if self._root is None:
                self._root = Path(tempfile.mkdtemp(dir=scratch_folder(), prefix="office-"))
                weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)
            return Path(tempfile.mkdtemp(dir=self._root))

    def submit(self, owner: str, kind: str, about: str, work: Work, *, folder: Path | None = None) -> Job:
        """Put work into the queue.

        Parameters
        ----------
        folder
            One of `open_folder` that holds what the work reads; it is the job's from now on.

        Raises
        ------
        JobQueueFullError
            When too much waits already; the folder is gone then.
        """
        self.sweep()
        folder = folder or self.open_folder()
        job = Job(secrets.token_urlsafe(18), owner, kind, about, folder, work)
        with self._lock:
            waiting = [other for other in self._jobs.values() if other.is_open]
            n_own = sum(other.owner == owner for other in waiting)
            is_full = len(waiting) >= self._most_waiting or n_own >= self._most_own
            if not is_full:
                self._jobs[job.id] = job
                self._queue.put(job)
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=_work, args=(weakref.ref(self), self._queue), daemon=True
                    )
                    self._thread.start()
                    weakref.finalize(self, self._queue.put, None)
        if is_full:
            _remove(folder)
            raise JobQueueFullError(waiting=len(waiting), own=n_own)
        self._forget_oldest(owner)
        return job

    def find(self, owner: str, key: str) -> Job:
        """The job of that id; another account's is as if it were not there.

        Raises
        ------
        JobNotFoundError
        """
        self.sweep()
        with self._lock:
            job = self._jobs.get(key)
        if job is None or not secrets.compare_digest(job.owner.encode(), owner.encode()):
            raise JobNotFoundError(key=key[:40])
        return job

    def list_own(self, owner: str) -> list[Job]:
        """An account's jobs, latest first."""
        self.sweep()
        with self._lock:
            return [job for job in reversed(self._jobs.values()) if job.owner == owner]

    def n_ahead(self, job: Job) -> int:
        """How many jobs come before one that waits."""
        with self._lock:
            ahead = 0
            for other in self._jobs.values():
                if other is job:
                    break
                ahead += other.is_open
            return ahead

    def remove(self, job: Job) -> None:
        """Cancel what waits or runs; forget what is done, and its files."""
        job.cancelled.set()
        with self._lock:
            if job.state is State.RUNNING:
                return  # it ends at its next step
            job.state = State.CANCELLED if job.state is State.WAITING else job.state
            self._jobs.pop(job.id, None)
        _remove(job.folder)

    def take_folder(self, job: Job) -> Path:
        """The folder of a job that is forgotten, for another one to go on with."""
        with self._lock:
            if self._jobs.pop(job.id, None) is None:
                raise JobNotFoundError(key=job.id)
        return job.folder

    def run(self, job: Job) -> None:
        """Do one job; whatever goes wrong is kept as a sentence."""
        with self._lock:
            if job.state is not State.WAITING:
                return
            job.state = State.RUNNING
        assert job.work is not None  # noqa: S101  # it is dropped only once done
        state, outcome, error = State.DONE, None, None
        try:
            outcome = job.work(job)
        except JobCancelledError:
            state = State.CANCELLED
        except GeogridError as refusal:
            state, error = State.FAILED, refusal
        except Exception:  # noqa: BLE001  # logged; the next job must still run
            _log.exception("a job of kind %s failed", job.kind)
            state, error = State.FAILED, JobFailedError()
        with self._lock:
            job.work = None  # with all that it held on to
            job.outcome, job.error, job.ended_s = outcome, error, time.monotonic()
            job.share = 1.0 if state is State.DONE else job.share
            job.state = state
        if state is State.CANCELLED:
            _remove(job.folder)

    def stop(self, longest_s: float) -> None:
        """Take no more work, cancel all there is, and wait a while for what runs; its files are gone then."""
        with self._lock:
            jobs, self._most_waiting, thread = list(self._jobs.values()), 0, self._thread
        for job in jobs:
            self.remove(job)
        self._queue.put(None)
        if thread is not None:
            thread.join(longest_s)
        if self._root is not None:
            _remove(self._root)

    def sweep(self) -> None:
        """Forget the jobs that ended long ago, and their files."""
        now = time.monotonic()
        with self._lock:
            old = [
                job
                for job in self._jobs.values()
                if job.ended_s is not None and now - job.ended_s > self._kept_s
            ]
            for job in old:
                del self._jobs[job.id]
        for job in old:
            _remove(job.folder)

    def _forget_oldest(self, owner: str) -> None:
        with self._lock:
            ended = [job for job in self._jobs.values() if job.owner == owner and not job.is_open]
        for job in ended[: max(0, len(ended) - MOST_KEPT)]:
            self.remove(job)


def _work(runner_of: weakref.ref[JobRunner], waiting: queue.SimpleQueue[Job | None]) -> None:
    """The thread: it holds no runner while it waits, so that a server that is gone is cleared away."""
    while True:
        try:
            job = waiting.get(timeout=SWEEP_S)
        except queue.Empty:
            runner = runner_of()
            if runner is None:
                return
            runner.sweep()
            del runner
            continue
        runner = runner_of()
        if job is None or runner is None:
            return
        runner.run(job)
        del runner, job


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def current_jobs() -> JobRunner:
    """The job runner of the running application."""
    runner: JobRunner = current_app.extensions[EXTENSION]
    return runner
