"""How long somebody must wait before a password is looked at: by address and login together, read from the record.

Wrong attempts from one address never keep another one waiting, so that a login that everybody knows can be
locked by nobody for those who use it. Against attempts from many addresses there is a slow cap for each
login; an address from which the login was used before is not held up by it.
"""

from __future__ import annotations

import datetime
import ipaddress
import sqlite3
from dataclasses import dataclass

FREE_ATTEMPTS = 5
"""Wrong attempts from one address after which it must wait."""
FIRST_LOCK_S, LONGEST_LOCK_S = 60, 3600
"""The wait doubles with each further wrong attempt."""
FORGET_S = 24 * 3600
"""A wrong attempt is forgotten after a day."""

MOST_AN_HOUR = 60
"""Wrong attempts at one login in an hour, from all addresses, after which addresses that are not known go slowly."""
SLOW_S = 30
"""Seconds between two attempts of all addresses that are not known, from then on."""
KNOWN_S = 180 * 24 * 3600
"""How long an address is known from which somebody logged in."""

IPV6_PREFIX = 64
"""Bits of an IPv6 address that name a network; one computer may take any address within its own."""

_FROM = "ifnull(json_extract(detail, '$.address'), '')"
_LIFTS = "('account.password', 'account.enable')"


@dataclass(frozen=True)
class Wait:
    """Seconds to wait, and the wrong attempts of the address that count."""

    seconds: int
    n_failed: int


def name_network(address: str) -> str:
    """What stands for an address in the record: an IPv4 address itself, of an IPv6 address its network.

    >>> name_network("10.0.0.7"), name_network("2001:db8:1:2:aaaa::7"), name_network("::ffff:10.0.0.7"), name_network("")
    ('10.0.0.7', '2001:db8:1:2::/64', '10.0.0.7', '')
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:40]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False))


def find_wait(connection: sqlite3.Connection, subject: str, network: str, now: datetime.datetime) -> Wait:
    """How long an attempt at a login from a network must wait.

    Parameters
    ----------
    subject
        The login as the record names it, be there such an account or not.
    """
    lifted = _read_last(connection, f"action IN {_LIFTS}", subject)
    used = _read_last(connection, f"action = 'login.ok' AND {_FROM} = ?", subject, network)
    n_own, last_own = _count_failed(
        connection, f" AND {_FROM} = ?", subject, max(lifted, used), now, FORGET_S, network
    )
    wait_s = 0.0
    if n_own >= FREE_ATTEMPTS and last_own is not None:
        wait_s = lock_s_of(n_own) - (now - last_own).total_seconds()
    n_all, last_all = _count_failed(connection, "", subject, lifted, now, 3600)
    if n_all >= MOST_AN_HOUR and last_all is not None and not _is_known(connection, subject, network, now):
        wait_s = max(wait_s, SLOW_S - (now - last_all).total_seconds())
    return Wait(int(wait_s) + 1 if wait_s > 0 else 0, n_own)


def lock_s_of(n_failed: int) -> float:
    """Seconds of the wait after so many wrong attempts.

    >>> lock_s_of(5), lock_s_of(6), lock_s_of(40)
    (60.0, 120.0, 3600.0)
    """
    return float(min(FIRST_LOCK_S * 2 ** min(n_failed - FREE_ATTEMPTS, 16), LONGEST_LOCK_S))


def _read_last(connection: sqlite3.Connection, condition: str, subject: str, *more: str) -> int:
    row = connection.execute(
        f"SELECT ifnull(max(fid), 0) FROM private.audit WHERE subject = ? AND {condition}", (subject, *more)
    ).fetchone()
    return int(row[0])


def _count_failed(
    connection: sqlite3.Connection,
    condition: str,
    subject: str,
    after: int,
    now: datetime.datetime,
    within_s: float,
    *more: str,
) -> tuple[int, datetime.datetime | None]:
    since = (now - datetime.timedelta(seconds=within_s)).isoformat(timespec="seconds")
    row = connection.execute(
        "SELECT count(*), max(at) FROM private.audit"
        f" WHERE action = 'login.failed' AND subject = ? AND fid > ? AND at > ?{condition}",
        (subject, after, since, *more),
    ).fetchone()
    return int(row[0]), None if row[1] is None else datetime.datetime.fromisoformat(row[1])


def _is_known(connection: sqlite3.Connection, subject: str, network: str, now: datetime.datetime) -> bool:
    since = (now - datetime.timedelta(seconds=KNOWN_S)).isoformat(timespec="seconds")
    row = connection.execute(
        f"SELECT 1 FROM private.audit WHERE action = 'login.ok' AND subject = ? AND at > ? AND {_FROM} = ? LIMIT 1",
        (subject, since, network),
    ).fetchone()
    return row is not None
