"""Accounts: right and wrong passwords, locks, sessions that end, and the record of it all."""

from __future__ import annotations

import datetime as dt
import io
import json
import sqlite3
import sys
import time

import geopandas as gpd
import pytest
import shapely
from argon2 import PasswordHasher

from geogrid.errors import (
    AccountExistsError,
    FeatureNotFoundError,
    InvalidOptionError,
    LastAdminError,
    LoginLockedError,
    LoginRefusedError,
    RevisionNotFoundError,
    WeakPasswordError,
)
from geogrid.workspace import Workspace, account
from geogrid.workspace.account import (
    add_account,
    authenticate,
    change_password,
    change_scope,
    create_first_admin,
    disable_account,
    enable_account,
    list_accounts,
    read_account,
    verify_password,
)
from geogrid.workspace.attempts import FREE_ATTEMPTS, MOST_AN_HOUR, SLOW_S
from geogrid.workspace.audit import Event, append_event, read_trail, verify_trail
from tests.support.command import Command

NOW = dt.datetime(2026, 6, 1, 8, 0, tzinfo=dt.UTC)
GOOD, OTHER = "梧桐 correct 7", "another-Word-22"


@pytest.fixture(autouse=True)
def cheap_hashing(monkeypatch, request):
    """The same hash with less work, but where the time it takes is what is tested."""
    if "full_cost" not in request.fixturenames:
        hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
        monkeypatch.setattr(account, "_hasher", lambda: hasher)
    account._decoy_hash.cache_clear()


@pytest.fixture
def full_cost():
    """Hash as in use."""


def after(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


@pytest.fixture
def county(tmp_path):
    with Workspace.create(tmp_path / "county.gpkg", "350725", "政和县") as workspace:
        frame = gpd.GeoDataFrame(
            {"code": ["350725001001"], "name": ["东门社区"]},
            geometry=[shapely.box(118.8, 27.3, 118.9, 27.4)],
            crs="EPSG:4490",
        )
        with workspace.edit("t", "areas") as edit:
            edit.insert("community", frame)
        add_account(workspace, "Anna", GOOD, role="staff", scope=["community:350725001001"], actor="os:t")
        yield workspace


def fail(county, login, seconds):
    with pytest.raises(LoginRefusedError):
        authenticate(county, login, "wrong password", at=after(seconds))


def actions(county):
    return read_trail(county)["action"].tolist()


def test_the_right_password_gives_the_account_and_its_login_is_noted(county):
    found = authenticate(county, " ANNA ", GOOD, at=NOW)
    assert (found.login, found.role, found.scope) == ("anna", "staff", ("community:350725001001",))
    assert found.last_login == "2026-06-01T08:00:00+00:00"
    assert actions(county) == ["account.add", "login.ok"]


def test_the_same_password_typed_in_another_unicode_form_is_the_same(county):
    change_password(county, "anna", "caf\u00e9-12345", actor="os:t")
    assert authenticate(county, "anna", "cafe\u0301-12345").login == "anna"


def test_no_password_stands_in_the_file_but_its_hash_does(county):
    county.close()
    stored = county.private_path.read_bytes()
    assert GOOD.encode() not in stored
    assert b"$argon2id$" in stored


@pytest.mark.parametrize("login", ["anna", "nobody"])
def test_a_login_that_exists_and_one_that_does_not_are_answered_alike(county, login):
    for i in range(FREE_ATTEMPTS):
        fail(county, login, i)
    # The lock lasts 60 s from the fifth wrong attempt (at 4 s); 10 s later 54 s are left.
    for password in (GOOD, "wrong again"):
        with pytest.raises(LoginLockedError) as locked:
            authenticate(county, login, password, at=after(10))
        assert locked.value.wait_s == 55
    assert actions(county)[1:] == ["login.failed"] * FREE_ATTEMPTS + ["login.locked"]
    # After it a sixth wrong attempt doubles the lock.
    fail(county, login, 70)
    with pytest.raises(LoginLockedError) as locked:
        authenticate(county, login, GOOD, at=after(71))
    assert locked.value.wait_s == 120


def test_a_lock_ends_by_itself_and_the_right_password_clears_it(county):
    for i in range(FREE_ATTEMPTS):
        fail(county, "anna", i)
    assert read_account(county, "anna").n_failed == FREE_ATTEMPTS
    found = authenticate(county, "anna", GOOD, at=after(64))
    assert found.n_failed == 0
    fail(county, "anna", 65)
    assert authenticate(county, "anna", GOOD, at=after(66)).login == "anna"  # counted anew


def test_wrong_attempts_are_forgotten_after_a_day(county):
    for i in range(FREE_ATTEMPTS - 1):
        fail(county, "anna", i)
    for i in range(FREE_ATTEMPTS - 1):
        fail(county, "anna", 2 * 86_400 + i)
    assert authenticate(county, "anna", GOOD, at=after(2 * 86_400 + 60)).login == "anna"


HERE, THERE = "10.0.0.7", "10.0.0.8"


def attempt(county, password, seconds, address, login="anna"):
    return authenticate(county, login, password, address=address, at=after(seconds))


@pytest.mark.parametrize("login", ["anna", "nobody"])
def test_wrong_attempts_from_one_address_keep_no_other_address_waiting(county, login):
    for i in range(FREE_ATTEMPTS):
        with pytest.raises(LoginRefusedError):
            attempt(county, "wrong password", i, HERE, login)
    with pytest.raises(LoginLockedError):
        attempt(county, GOOD, 10, HERE, login)
    if login == "anna":
        assert attempt(county, GOOD, 10, THERE).login == "anna"
    else:
        with pytest.raises(LoginRefusedError):
            attempt(county, GOOD, 10, THERE, login)
    with pytest.raises(LoginLockedError):  # nor does it let the first one in
        attempt(county, GOOD, 11, HERE, login)


@pytest.mark.parametrize("login", ["anna", "nobody"])
def test_many_addresses_get_a_slow_cap_that_one_which_logged_in_before_does_not_feel(county, login):
    attempt(county, GOOD, -3600 * 24 * 30, HERE)
    for i in range(MOST_AN_HOUR):
        with pytest.raises(LoginRefusedError):
            attempt(county, "wrong password", i, f"10.1.{i}.1", login)
    # At 60 s: the last wrong attempt was at 59 s, so 29 of the 30 s are left.
    with pytest.raises(LoginLockedError) as slowed:
        attempt(county, GOOD, 60, "10.2.0.1", login)
    assert slowed.value.wait_s == 30
    if login == "anna":
        assert attempt(county, GOOD, 60, HERE).login == "anna"
        assert attempt(county, GOOD, 59 + SLOW_S, "10.2.0.1").login == "anna"
        assert attempt(county, GOOD, 59 + SLOW_S, "10.2.0.1").login == "anna"  # known from now on
    else:
        with pytest.raises(LoginRefusedError):
            attempt(county, GOOD, 59 + SLOW_S, "10.2.0.1", login)


def test_addresses_of_one_ipv6_network_are_one(county):
    for i in range(FREE_ATTEMPTS):
        with pytest.raises(LoginRefusedError):
            attempt(county, "wrong password", i, f"2001:db8::{i:x}")
    with pytest.raises(LoginLockedError):
        attempt(county, GOOD, 10, "2001:db8::ffff")
    assert attempt(county, GOOD, 10, "2001:db8:0:1::1").login == "anna"


@pytest.mark.parametrize("lift", [enable_account, lambda c, n, **k: change_password(c, n, GOOD, **k)])
def test_an_administrator_ends_the_wait(county, lift):
    for i in range(FREE_ATTEMPTS):
        with pytest.raises(LoginRefusedError):
            attempt(county, "wrong password", i, HERE)
    lift(county, "anna", actor="os:t", at=after(8))
    assert attempt(county, GOOD, 10, HERE).login == "anna"


def test_the_record_says_from_where_a_login_came(county):
    attempt(county, GOOD, 0, HERE)
    assert read_trail(county)["detail"].iloc[-1] == '{"address": "10.0.0.7"}'


def test_others_can_log_in_while_one_is_locked(county):
    add_account(county, "bo", OTHER, role="planner", actor="os:t")
    for i in range(FREE_ATTEMPTS):
        fail(county, "anna", i)
    assert authenticate(county, "bo", OTHER, at=after(10)).role == "planner"


def test_what_was_typed_for_an_unknown_login_is_not_kept(county):
    fail(county, "my-secret-password", 0)
    assert "my-secret" not in read_trail(county).to_string()
    assert read_trail(county)["subject"].iloc[-1].startswith("?")


def test_a_login_that_does_not_exist_takes_as_long_to_refuse(full_cost, county):
    def spend(login):
        begun = time.process_time()
        fail(county, login, 0)
        return time.process_time() - begun

    spend("first")  # makes the decoy
    assert 0.4 < spend("nobody") / spend("anna") < 2.5  # without a decoy it would be below 0.1


def test_a_disabled_account_is_refused_until_it_is_enabled(county):
    disable_account(county, "anna", actor="os:t")
    with pytest.raises(LoginRefusedError):
        authenticate(county, "anna", GOOD, at=NOW)
    enable_account(county, "anna", actor="os:t")
    assert authenticate(county, "anna", GOOD, at=NOW).login == "anna"


def test_sessions_end_with_password_role_scope_and_disabling(county):
    epochs = [read_account(county, "anna").session_epoch]
    change_password(county, "anna", OTHER, actor="anna")
    epochs.append(read_account(county, "anna").session_epoch)
    change_scope(county, "anna", role="planner", actor="os:t")
    epochs.append(read_account(county, "anna").session_epoch)
    change_scope(county, "anna", scope=[], actor="os:t")
    epochs.append(read_account(county, "anna").session_epoch)
    epochs.append(disable_account(county, "anna", actor="os:t").session_epoch)
    assert epochs == [1, 2, 3, 4, 5]
    assert read_account(county, "anna").scope == ()
    assert not verify_password(county, "anna", GOOD)
    assert verify_password(county, "anna", OTHER)


@pytest.mark.parametrize("password", ["short", "x" * 40, "anna-is-my-name", "é" * 1001])
def test_a_weak_password_is_refused(county, password):
    with pytest.raises(WeakPasswordError):
        change_password(county, "anna", password, actor="anna")
    assert verify_password(county, "anna", GOOD)


def test_a_scope_names_areas_that_exist(county):
    with pytest.raises(FeatureNotFoundError):
        change_scope(county, "anna", scope=["community:350725001099"], actor="os:t")
    for item in ("person:p1", "community", "community:"):
        with pytest.raises(InvalidOptionError):
            change_scope(county, "anna", scope=[item], actor="os:t")


def test_the_last_administrator_stays(county):
    with pytest.raises(AccountExistsError):
        create_first_admin(county, actor="os:t")
    add_account(county, "root1", GOOD, role="admin", actor="os:t")
    with pytest.raises(LastAdminError):
        disable_account(county, "root1", actor="os:t")
    with pytest.raises(LastAdminError):
        change_scope(county, "root1", role="staff", actor="os:t")
    assert read_account(county, "root1").role == "admin"
    assert "account.disable" not in actions(county)  # in the same transaction as what did not happen


def test_the_first_administrator_gets_a_password_by_chance(tmp_path):
    with Workspace.create(tmp_path / "new.gpkg", "350725", "政和县") as workspace:
        made = create_first_admin(workspace, actor="os:t")
        assert len(made.password.replace("-", "")) == 16
        assert authenticate(workspace, made.login, made.password).role == "admin"
        assert [a.login for a in list_accounts(workspace)] == ["admin"]


def test_undo_touches_neither_accounts_nor_the_record(county):
    change_password(county, "anna", OTHER, actor="os:t")
    county.undo("t")  # the areas
    with pytest.raises(RevisionNotFoundError):
        county.undo("t")
    assert verify_password(county, "anna", OTHER)
    assert county.history()["note"].tolist() == ["undo", "areas"]


def test_no_account_stands_in_the_map_file(county):
    county.close()
    assert b"anna" not in county.path.read_bytes()


# --- the record ---------------------------------------------------------------------------------


def tamper(county, sql):
    with sqlite3.connect(county.private_path) as other:
        other.execute(sql)
    other.close()


@pytest.fixture
def trail(county):
    with county.write_records() as connection:
        for i in range(3):
            append_event(connection, Event("os:t", "person.reveal", f"person#{i}", f"reason {i}"), NOW)
    assert verify_trail(county).broken == ()
    return county


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE audit SET account = 'os:other' WHERE id = '2'", ((2, "changed"),)),
        ("UPDATE audit SET at = '2020-01-01T00:00:00+00:00' WHERE id = '4'", ((4, "changed"),)),
        ("UPDATE audit SET hash = 'x' WHERE id = '2'", ((2, "changed"), (3, "changed"))),
        ("UPDATE audit SET reason = 'another' WHERE id = '3'", ((3, "reason"),)),
        ("UPDATE audit SET reason = NULL WHERE id = '3'", ((3, "reason"),)),
        ("DELETE FROM audit WHERE id = '3'", ((3, "missing"),)),
        ("DELETE FROM audit WHERE id IN ('3', '4')", ((3, "missing"), (4, "missing"))),
        ("DELETE FROM audit", tuple((i, "missing") for i in (1, 2, 3, 4))),
    ],
)
def test_a_change_by_hand_is_found(trail, sql, broken):
    tamper(trail, sql)
    assert verify_trail(trail).broken == broken


def test_a_record_put_in_by_hand_is_found(trail):
    tamper(
        trail,
        "INSERT INTO audit (id, at, account, action, hash)"
        " VALUES ('5', '2026-06-01T08:00:00+00:00', 'os:t', 'login.ok', 'x')",
    )
    assert verify_trail(trail).broken == ((5, "changed"),)


def test_the_record_goes_on_after_the_last_one_was_taken_out(trail):
    tamper(trail, "DELETE FROM audit WHERE id = '4'")
    fail(trail, "anna", 0)
    assert verify_trail(trail).broken == ((4, "missing"),)


# --- the command line ---------------------------------------------------------------------------


@pytest.fixture
def geogrid(monkeypatch, capsys) -> Command:
    return Command(monkeypatch, capsys)


def test_accounts_are_kept_from_the_command_line(county, geogrid, monkeypatch):
    county.close()
    path = county.path
    monkeypatch.setattr(sys, "stdin", io.StringIO(OTHER + "\n"))
    geogrid.succeed("account", path, "add", "bo", "--role", "planner")
    shown = geogrid.succeed("account", path, "passwd", "anna", "--generate")
    password = shown.split("：")[-1].strip()
    geogrid.succeed("account", path, "scope", "bo", "community:350725001001")
    geogrid.succeed("account", path, "disable", "bo")
    listed = json.loads(geogrid.succeed("account", path, "list", "--json"))
    assert [(a["login"], a["role"], a["scope"], a["is_disabled"]) for a in listed] == [
        ("anna", "staff", ["community:350725001001"], False),
        ("bo", "planner", ["community:350725001001"], True),
    ]
    geogrid.succeed("account", path, "enable", "bo")
    geogrid.succeed("account", path, "scope", "bo", "--role", "staff")
    geogrid.refuse("account", path, "scope", "bo")
    with Workspace.open(path) as workspace:
        assert authenticate(workspace, "anna", password).login == "anna"
        assert authenticate(workspace, "bo", OTHER).scope == ("community:350725001001",)
    told = json.loads(geogrid.succeed("audit", path, "list", "--json"))
    assert all(record["account"].startswith("os:") for record in told if record["action"] != "login.ok")
    assert json.loads(geogrid.succeed("audit", path, "verify", "--json"))["broken"] == []
    tamper(county, "DELETE FROM audit WHERE id = '2'")
    assert geogrid("audit", path, "verify")[0] == 1
