"""Attempts to log in while nothing can be written: answered from what can be read, recorded when there is room."""

from __future__ import annotations

import datetime
import logging
import threading
from pathlib import Path

from flask import Flask, current_app

from geogrid.errors import LoginLockedError, StoreFullError, StoreUnreachableError, WorkspaceError
from geogrid.workspace import Workspace
from geogrid.workspace.account import Account, Judgement, authenticate, judge_attempt, record_attempts
from geogrid.workspace.attempts import FREE_ATTEMPTS, lock_s_of

EXTENSION = "geogrid_waiting_attempts"
TRY_AGAIN_S = 2.0
"""How often it is looked whether there is room again."""
_log = logging.getLogger(__name__)

Attempt = tuple[Judgement, datetime.datetime]


class WaitingAttempts:
    """Attempts that the record does not have yet; they count for how long an address must wait."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: list[Attempt] = []
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None
        self._is_over = threading.Event()

    def log_in(self, login: str, password: str, address: str) -> Account:
        """As `authenticate`, and also while the county cannot be written."""
        self.write()
        try:
            with Workspace.open(self.path) as workspace:
                return authenticate(workspace, login, password, address=address)
        except (StoreFullError, StoreUnreachableError):
            return self._judge(login, password, address)

    def write(self) -> bool:
        """Record what waits, where that is possible; whether nothing waits any more."""
        with self._lock:
            if self._waiting:
                try:
                    with Workspace.open(self.path) as workspace:
                        record_attempts(workspace, self._waiting)
                except WorkspaceError:
                    return False
                self._waiting = []
            return True

    def stop(self) -> None:
        """Try once more, and say what could not be recorded."""
        self._is_over.set()
        if not self.write():
            _log.error("%d attempts to log in could not be recorded: no room", len(self._waiting))

    def _judge(self, login: str, password: str, address: str) -> Account:
        now = datetime.datetime.now(datetime.UTC)
        with Workspace.open(self.path, readonly=True) as workspace:
            judged = judge_attempt(workspace, login, password, address=address, at=now)
        with self._lock:
            n_failed = sum(_is_same_failure(judged, other) for other, _ in self._waiting)
            if n_failed >= FREE_ATTEMPTS:
                raise LoginLockedError(wait_s=int(lock_s_of(n_failed)))
            self._waiting.append((judged, now))
            if self._writer is None or not self._writer.is_alive():
                self._writer = threading.Thread(target=self._keep_trying, daemon=True)
                self._writer.start()
        return judged.take()

    def _keep_trying(self) -> None:
        while not self._is_over.wait(TRY_AGAIN_S):
            if self.write():
                return


def _is_same_failure(judged: Judgement, other: Judgement) -> bool:
    """Whether an attempt that waits was a wrong one at the same login from the same address."""
    first, second = judged.event, other.event
    if first is None or second is None or second.action != "login.failed":
        return False
    return (first.subject, first.detail) == (second.subject, second.detail)


def init_waiting(app: Flask, path: Path) -> None:
    """Have the application's attempts kept until they are recorded."""
    app.extensions[EXTENSION] = WaitingAttempts(path)


def current_attempts() -> WaitingAttempts:
    """Those of the running application."""
    found: WaitingAttempts = current_app.extensions[EXTENSION]
    return found
