"""Accounts of a county: logins, passwords, roles and scopes, with a record of every change."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
import secrets
import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from geogrid.errors import (
    AccessError,
    AccountExistsError,
    FeatureNotFoundError,
    InvalidOptionError,
    LastAdminError,
    LoginLockedError,
    LoginRefusedError,
    WeakPasswordError,
)
from geogrid.schema import ACCOUNT_ROLES, AREA_LAYERS, LAYERS
from geogrid.workspace.attempts import find_wait, name_network
from geogrid.workspace.audit import Event, append_event
from geogrid.workspace.geopackage import quoted
from geogrid.workspace.tables import PAIR_SETTING
from geogrid.workspace.workspace import Workspace

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_PASSWORD, MAX_PASSWORD = 10, 1000
"""Characters of a password. NIST SP 800-63B asks for 8 at least; the longest bounds the work of hashing."""
MIN_DIFFERENT = 5

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}\Z")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another when read out
_COLUMNS = (
    "id, password_hash, role, scope, disabled, created_at, last_login, n_failed, last_failed, session_epoch"
)


@dataclass(frozen=True)
class Account:
    """An account, without its password.

    Attributes
    ----------
    role
        One of `ACCOUNT_ROLES`.
    scope
        The areas it is for, as `LAYER:CODE`; empty for the whole county.
    session_epoch
        Grows when the password, the role or the scope changes and when the account is disabled: a
        session that was made under another number is void.
    """

    login: str
    role: str
    scope: tuple[str, ...]
    is_disabled: bool
    created_at: str | None
    last_login: str | None
    n_failed: int
    session_epoch: int


@dataclass(frozen=True)
class NewAdmin:
    """The first administrator; the password is shown once and stored nowhere."""

    login: str
    password: str


# --- reading ---------------------------------------------------------------------------------


def list_accounts(workspace: Workspace) -> list[Account]:
    """All accounts by login."""
    with workspace.snapshot() as connection:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM private.account ORDER BY id").fetchall()
    return [_account(row) for row in rows]


def read_account(workspace: Workspace, login: str) -> Account | None:
    """The account of a login, or None."""
    with workspace.snapshot() as connection:
        row = _find(connection, plain_login(login))
    return None if row is None else _account(row)


def plain_login(text: str) -> str:
    """A login as it is stored: NFKC, lower case, no space around it."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


# --- logging in ------------------------------------------------------------------------------


def authenticate(
    workspace: Workspace,
    login: str,
    password: str,
    *,
    address: str = "",
    at: datetime.datetime | None = None,
) -> Account:
    """The account of a login and a password.

    Every attempt is recorded. A login that does not exist costs the same time, must wait in the
    same way and gets the same answers as one that does. What was typed for an unknown login is
    not kept, since it can be a password: the record carries 32 bits of a keyed hash of it.

    Parameters
    ----------
    address
        Where the attempt comes from: wrong ones keep that address waiting, as `attempts` says.
    at
        The moment; now when None.

    Raises
    ------
    LoginRefusedError
        When login or password is wrong, or the account is disabled.
    LoginLockedError
        While the address must wait; the password is not looked at then.
    """
    now = _moment(at)
    with workspace.write_records() as connection:
        # The transaction is held while hashing: attempts at once cannot pass the lock together.
        judged = _judge(connection, login, password, address, now)
        _record(connection, judged, now)
    return judged.take()


@dataclass(frozen=True)
class Judgement:
    """What became of an attempt to log in, and what is to be recorded of it.

    Attributes
    ----------
    event
        None where the record says it already.
    login
        The account, whether the password was right or wrong; empty where there is none.
    password_hash
        The password's hash as it is to be kept; None for a wrong one.
    """

    outcome: Account | AccessError
    event: Event | None
    login: str = ""
    password_hash: str | None = None

    def take(self) -> Account:
        """The account, or the refusal raised."""
        if isinstance(self.outcome, AccessError):
            raise self.outcome
        return self.outcome


def judge_attempt(
    workspace: Workspace, login: str, password: str, *, address: str, at: datetime.datetime
) -> Judgement:
    """What `authenticate` would answer, written nowhere: for when the disk is full. The record is the caller's to keep."""
    with workspace.snapshot() as connection:
        return _judge(connection, login, password, address, at)


def record_attempts(workspace: Workspace, attempts: Sequence[tuple[Judgement, datetime.datetime]]) -> None:
    """Record attempts that could not be recorded when they were made, with the times they had."""
    with workspace.write_records() as connection:
        for judged, at in attempts:
            _record(connection, judged, at)


def _judge(
    connection: sqlite3.Connection, login: str, password: str, address: str, now: datetime.datetime
) -> Judgement:
    name, network = plain_login(login), name_network(address)
    row = _find(connection, name)
    subject = name if row else _mark_unknown(connection, name)
    detail = {"address": network} if network else {}
    wait = find_wait(connection, subject, network, now)
    if wait.seconds:
        told = Event("", "login.locked", subject, detail=detail)
        is_told = _is_wait_recorded(connection, subject, network)
        return Judgement(LoginLockedError(wait_s=wait.seconds), None if is_told else told)
    stored = row[1] if row and row[1] else _decoy_hash()
    plain = password[: MAX_PASSWORD + 1]
    if _is_password(stored, plain) and row is not None and not row[4]:
        rehash = _hasher().check_needs_rehash(stored)
        kept = _hasher().hash(_normal(plain)) if rehash else stored
        account = replace(_account(row), n_failed=0, last_login=_stamp(now))
        return Judgement(account, Event(name, "login.ok", name, detail=detail), name, kept)
    refused = Event("", "login.failed", subject, detail=detail)
    return Judgement(LoginRefusedError(), refused, name if row else "")


def _record(connection: sqlite3.Connection, judged: Judgement, now: datetime.datetime) -> None:
    if judged.password_hash is not None:
        connection.execute(
            """UPDATE private.account SET n_failed = 0, last_failed = NULL, last_login = ?, password_hash = ?
               WHERE id = ?""",
            (_stamp(now), judged.password_hash, judged.login),
        )
    elif judged.login:
        connection.execute(
            "UPDATE private.account SET n_failed = ifnull(n_failed, 0) + 1, last_failed = ? WHERE id = ?",
            (_stamp(now), judged.login),
        )
    if judged.event is not None:
        append_event(connection, judged.event, now)


def _mark_unknown(connection: sqlite3.Connection, name: str) -> str:
    row = connection.execute("SELECT value FROM main.setting WHERE id = ?", (PAIR_SETTING,)).fetchone()
    digest = hmac.new(str(row[0] if row else "").encode(), name.encode(), hashlib.sha256).hexdigest()
    return f"?{digest[:8]}"


def _is_wait_recorded(connection: sqlite3.Connection, subject: str, network: str) -> bool:
    """Whether the refusal is on record since the last wrong attempt: one record a wait is enough."""
    row = connection.execute(
        """SELECT action FROM private.audit WHERE subject = ? AND action LIKE 'login.%'
           AND ifnull(json_extract(detail, '$.address'), '') = ? ORDER BY fid DESC LIMIT 1""",
        (subject, network),
    ).fetchone()
    return row is not None and row[0] == "login.locked"


# --- changing --------------------------------------------------------------------------------


def add_account(
    workspace: Workspace,
    login: str,
    password: str,
    *,
    role: str,
    scope: Sequence[str] = (),
    actor: str,
    at: datetime.datetime | None = None,
) -> Account:
    """A new account.

    Parameters
    ----------
    scope
        Areas as `LAYER:CODE`; empty for the whole county.
    actor
        Who adds it, for the record.

    Raises
    ------
    InvalidOptionError, WeakPasswordError
        When login, role, scope or password will not do.
    FeatureNotFoundError
        When the county has no such area.
    AccountExistsError
        When the login is taken.
    """
    name = _require_login(login)
    hashed = _hash_new(name, password)
    now = _moment(at)
    with workspace.write_records() as connection:
        kept = _require_scope(connection, scope)
        _require_role(role)
        if _find(connection, name) is not None:
            raise AccountExistsError(login=name)
        connection.execute(
            """INSERT INTO private.account (id, password_hash, role, scope, disabled, created_at, n_failed,
               session_epoch) VALUES (?, ?, ?, ?, 0, ?, 0, 1)""",
            (name, hashed, role, ",".join(kept) or None, _stamp(now)),
        )
        connection.execute("UPDATE main.moment SET had_accounts = 1")
        detail = {"role": role, "scope": list(kept)}
        append_event(connection, Event(actor, "account.add", name, detail=detail), now)
        return _account(_find(connection, name))


def create_first_admin(
    workspace: Workspace, *, actor: str, login: str = "admin", at: datetime.datetime | None = None
) -> NewAdmin:
    """An administrator with a password by chance, for a county that has no account yet.

    Raises
    ------
    AccountExistsError
        When the county has an account.
    """
    known = list_accounts(workspace)
    if known:
        raise AccountExistsError(login=known[0].login)
    password = generate_password()
    account = add_account(workspace, login, password, role="admin", actor=actor, at=at)
    return NewAdmin(account.login, password)


def change_password(
    workspace: Workspace, login: str, password: str, *, actor: str, at: datetime.datetime | None = None
) -> Account:
    """Give an account a new password; its sessions end, and nobody waits any more.

    Raises
    ------
    FeatureNotFoundError, WeakPasswordError
    """
    name = plain_login(login)
    hashed = _hash_new(name, password)
    changes = {"password_hash": hashed, "n_failed": 0, "last_failed": None}
    return _change(workspace, name, changes, Event(actor, "account.password", name), at)


def verify_password(workspace: Workspace, login: str, password: str) -> bool:
    """Whether a password is that of an account which is logged in already; counts as no attempt."""
    with workspace.snapshot() as connection:
        row = _find(connection, plain_login(login))
    return _is_password(row[1] if row and row[1] else _decoy_hash(), password) and row is not None


def disable_account(
    workspace: Workspace, login: str, *, actor: str, at: datetime.datetime | None = None
) -> Account:
    """Let an account log in no more; its sessions end.

    Raises
    ------
    FeatureNotFoundError, LastAdminError
    """
    name = plain_login(login)
    return _change(workspace, name, {"disabled": 1}, Event(actor, "account.disable", name), at)


def enable_account(
    workspace: Workspace, login: str, *, actor: str, at: datetime.datetime | None = None
) -> Account:
    """Let a disabled account log in again, and whoever must wait for it at once.

    Raises
    ------
    FeatureNotFoundError
    """
    name = plain_login(login)
    changes = {"disabled": 0, "n_failed": 0, "last_failed": None}
    return _change(workspace, name, changes, Event(actor, "account.enable", name), at)


def change_scope(
    workspace: Workspace,
    login: str,
    *,
    role: str | None = None,
    scope: Sequence[str] | None = None,
    actor: str,
    at: datetime.datetime | None = None,
) -> Account:
    """Give an account another role or scope (what is None stays); its sessions end.

    Raises
    ------
    FeatureNotFoundError, InvalidOptionError, LastAdminError
    """
    name = plain_login(login)
    changes: dict[str, Any] = {}
    if role is not None:
        _require_role(role)
        changes["role"] = role
    if scope is not None:
        with workspace.write_records() as connection:
            changes["scope"] = ",".join(_require_scope(connection, scope)) or None
    return _change(workspace, name, changes, Event(actor, "account.scope", name, detail=dict(changes)), at)


def _change(
    workspace: Workspace, name: str, changes: dict[str, Any], event: Event, at: datetime.datetime | None
) -> Account:
    now = _moment(at)
    with workspace.write_records() as connection:
        before = _find(connection, name)
        if before is None:
            raise FeatureNotFoundError(layer="account", keys=[name])
        assignments = ", ".join(f"{quoted(column)} = ?" for column in changes)
        connection.execute(
            f"UPDATE private.account SET {assignments}{', ' if changes else ''}"
            "session_epoch = session_epoch + 1 WHERE id = ?",
            (*changes.values(), name),
        )
        n_admins = connection.execute(
            "SELECT count(*) FROM private.account WHERE role = 'admin' AND disabled = 0"
        ).fetchone()[0]
        if n_admins == 0 and before[2] == "admin" and not before[4]:
            raise LastAdminError(login=name)
        append_event(connection, event, now)
        return _account(_find(connection, name))


# --- passwords -------------------------------------------------------------------------------


def generate_password() -> str:
    """A password by chance: 16 letters and digits in fours, 79 bits."""
    drawn = [secrets.choice(_LETTERS) for _ in range(16)]
    return "-".join("".join(drawn[i : i + 4]) for i in range(0, 16, 4))


def require_password(login: str, password: str) -> None:
    """Refuse a password that is too easy to guess.

    Raises
    ------
    WeakPasswordError
    """
    found = None
    if len(password) < MIN_PASSWORD:
        found = "太短 / too short"
    elif len(password) > MAX_PASSWORD:
        found = f"> {MAX_PASSWORD}"
    elif len(set(password)) < MIN_DIFFERENT:
        found = "字符太单一 / too few different characters"
    elif login in _normal(password).casefold():
        found = "含登录名 / holds the login"
    if found:
        raise WeakPasswordError(found=found, minimum=MIN_PASSWORD)


def _hash_new(login: str, password: str) -> str:
    require_password(login, password)
    return _hasher().hash(_normal(password))


def _normal(password: str) -> str:
    """The same bytes from every keyboard."""
    return unicodedata.normalize("NFC", password)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()  # RFC 9106, the low-memory choice: 3 passes over 64 MiB


@cache
def _decoy_hash() -> str:
    """A hash that no password has, for logins that do not exist: refusing them costs the same."""
    return _hasher().hash(secrets.token_hex(16))


def _is_password(stored: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(stored, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


# --- parts -----------------------------------------------------------------------------------


def _find(connection: sqlite3.Connection, name: str) -> Any:
    return connection.execute(f"SELECT {_COLUMNS} FROM private.account WHERE id = ?", (name,)).fetchone()


def _account(row: Sequence[Any]) -> Account:
    scope = tuple(item for item in (row[3] or "").split(",") if item)
    return Account(
        login=row[0],
        role=row[2] or "public",
        scope=scope,
        is_disabled=bool(row[4]),
        created_at=row[5],
        last_login=row[6],
        n_failed=row[7] or 0,
        session_epoch=row[9] or 0,
    )


def _require_login(text: str) -> str:
    name = plain_login(text)
    if not _LOGIN.match(name):
        raise InvalidOptionError(option="login", value=text[:40], expected="a-z 0-9 . _ @ -，2–64")
    return name


def _require_role(role: str) -> None:
    if role not in ACCOUNT_ROLES:
        raise InvalidOptionError(option="role", value=role[:40], expected=", ".join(ACCOUNT_ROLES))


def _require_scope(connection: sqlite3.Connection, scope: Sequence[str]) -> tuple[str, ...]:
    """The areas of a scope, each once and in order; every one must hold today."""
    for item in scope:
        layer, _, code = item.partition(":")
        if layer not in AREA_LAYERS or not code or "," in code:
            expected = f"LAYER:CODE ({', '.join(AREA_LAYERS)})"
            raise InvalidOptionError(option="scope", value=item[:60], expected=expected)
        sql = f"SELECT 1 FROM main.{quoted(layer)} WHERE {quoted(LAYERS[layer].key)} = ? LIMIT 1"
        if connection.execute(sql, (code,)).fetchone() is None:
            raise FeatureNotFoundError(layer=layer, keys=[code])
    return tuple(sorted(set(scope)))


def _moment(at: datetime.datetime | None) -> datetime.datetime:
    return (at or datetime.datetime.now(datetime.UTC)).astimezone(datetime.UTC)


def _stamp(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="seconds")
