"""Who is logged in: sessions that the server keeps, so that logging out ends them wherever their cookie went."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, current_app, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect

from geogrid.workspace import Workspace
from geogrid.workspace.account import Account, list_accounts
from geogrid.workspace.connection import private_path_of
from webmap.county import OUT_OF_REACH, look_at
from webmap.settings import WebSettings

SESSIONS = "geogrid_sessions"
KEY_BYTES = 32


@dataclass
class _Session:
    login: str
    epoch: int
    began: float
    seen: float


class Visitor(UserMixin):  # type: ignore[misc]  # flask_login has no types
    """Somebody who is logged in: the number of their session, and their account as it is now."""

    def __init__(self, number: str, account: Account) -> None:
        self.number = number
        self.account = account

    def get_id(self) -> str:
        """What the cookie holds: the session's number, never the login."""
        return self.number


class SessionStore:
    """The sessions of one server and the accounts they belong to; gone when the server stops.

    Parameters
    ----------
    idle_s, longest_s
        Seconds without a request, and from the login, after which a session is over.
    """

    def __init__(self, path: Path, idle_s: float, longest_s: float) -> None:
        self.path = path
        self._idle_s, self._longest_s = idle_s, longest_s
        self._sessions: dict[str, _Session] = {}
        self._accounts: dict[str, Account] = {}
        self._seen: tuple[object, ...] | None = None
        self._lock = threading.Lock()

    def begin(self, account: Account) -> Visitor:
        """A new session under a number that nobody had before."""
        number, now = secrets.token_urlsafe(24), time.monotonic()
        with self._lock:
            self._sessions = {key: one for key, one in self._sessions.items() if self._is_alive(one, now)}
            self._sessions[number] = _Session(account.login, account.session_epoch, now, now)
        return Visitor(number, account)

    def find(self, number: str) -> Visitor | None:
        """Whose session it is; None once it is over, or its account was changed or disabled since."""
        now = time.monotonic()
        with self._lock:
            found = self._sessions.get(number)
            if found is None:
                return None
            account = self._read_accounts().get(found.login)
            is_valid = (
                account is not None and not account.is_disabled and account.session_epoch == found.epoch
            )
            if account is None or not is_valid or not self._is_alive(found, now):
                del self._sessions[number]
                return None
            found.seen = now
            return Visitor(number, account)

    def end(self, number: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(number, None)

    def _is_alive(self, one: _Session, now: float) -> bool:
        return now - one.seen <= self._idle_s and now - one.began <= self._longest_s

    def _read_accounts(self) -> dict[str, Account]:
        """All accounts, read again when the private file changed."""
        private = private_path_of(self.path)
        seen = tuple(look_at(file) for file in (private, private.with_name(private.name + "-wal")))
        if self._seen != seen:
            try:
                with Workspace.open(self.path, readonly=True) as workspace:
                    self._accounts = {account.login: account for account in list_accounts(workspace)}
                self._seen = seen
            except OUT_OF_REACH:  # those that were read last still hold
                if self._seen is None:
                    raise
        return self._accounts


def init_sessions(app: Flask, path: Path, settings: WebSettings) -> None:
    """Have every request's session found, and every request that changes something bear its token."""
    app.secret_key = settings.secret_key or secrets.token_hex(KEY_BYTES)
    app.config.update(
        SESSION_COOKIE_NAME="__Host-geogrid" if settings.is_tls else "geogrid",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_tls,
        WTF_CSRF_TIME_LIMIT=None,  # a token holds as long as its session
        WTF_CSRF_SSL_STRICT=False,  # it would ask for the Referer, which our own pages do not send
    )
    store = SessionStore(path, settings.idle_s, settings.longest_session_s)
    app.extensions[SESSIONS] = store
    manager = LoginManager()
    manager.session_protection = "strong"  # a cookie from another address or browser is void
    manager.user_loader(store.find)
    manager.init_app(app)
    CSRFProtect(app)


def open_workspace() -> Workspace:
    """The county's file, to write in; the caller closes it."""
    store: SessionStore = current_app.extensions[SESSIONS]
    return Workspace.open(store.path)


def begin_session(account: Account) -> None:
    """Log somebody in: nothing of the session before remains, its token neither."""
    end_session()
    store: SessionStore = current_app.extensions[SESSIONS]
    login_user(store.begin(account))


def end_session() -> None:
    """Log out: the session is over for every copy of its cookie."""
    if isinstance(current_user._get_current_object(), Visitor):  # noqa: SLF001  # the proxy has no type
        store: SessionStore = current_app.extensions[SESSIONS]
        store.end(current_user.number)
    logout_user()
    session.clear()
