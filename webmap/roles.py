"""Who may do what: the one table of capabilities, the mark that every route bears, and the guard that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from flask import Flask, current_app, g, request
from flask_login import current_user

from geogrid.errors import LoginNeededError, NotPermittedError, WorkspaceError
from geogrid.labels import LANGUAGES, label
from geogrid.schema import ACCOUNT_ROLES
from geogrid.workspace import Workspace
from webmap.county import current_county
from webmap.disclosure import find_rule
from webmap.sessions import Visitor, open_workspace

OPEN = "open"
"""What everybody may have without a login: the page's own files, the login itself, a sign of life."""

OWN_ACCOUNT = "own_account"
"""What every account may do for itself, whatever its role."""

AREAS_ONLY = "areas"
"""The role of readers without a login where the map is open to them without the colours of buildings."""

RANKS = (AREAS_ONLY, *ACCOUNT_ROLES)

CAPABILITIES: dict[str, str] = {
    "see_map": AREAS_ONLY,
    "see_colours": "public",
    "study": "staff",
    "see_people": "staff",
    "see_counts_by_building": "staff",
    "reveal": "staff",
    "look_up_batch": "staff",
    "report": "staff",
    "plan": "planner",
    "upload": "planner",
    "edit": "planner",
    "export_bulk": "planner",
    "admin": "admin",
}
"""Capability -> the lowest role that has it; each role may do what the one before may.

`study` is whatever else than the standard readings of today: other cutoffs and days, gaps, doubt, the
people of a centre, findings.
"""

PUBLIC_SETTING = "web.public"
ROLE_WITHOUT_LOGIN = {"off": "", "areas": AREAS_ONLY, "map": "public", "on": "public"}
"""Value of `web.public` -> what readers without a login are; `on` stands in files of earlier versions."""

_MARK = "needed_capability"

View = TypeVar("View", bound=Callable[..., object])


@dataclass(frozen=True)
class Reader:
    """Whoever a request comes from.

    Attributes
    ----------
    login
        Empty without a login.
    role
        One of `RANKS`; empty where nothing may be seen without a login.
    scope
        The areas of the account as `LAYER:CODE`; empty for the whole county.
    """

    login: str
    role: str
    scope: tuple[str, ...] = ()

    def may(self, capability: str) -> bool:
        """Whether the role has a capability.

        >>> Reader("", "public").may("see_map"), Reader("", "public").may("plan"), Reader("", "").may("see_map")
        (True, False, False)
        >>> Reader("", "areas").may("see_map"), Reader("", "areas").may("see_colours")
        (True, False)
        >>> Reader("a", "planner").may("see_people"), Reader("a", "public").may("own_account")
        (True, True)
        """
        if capability == OPEN:
            return True
        if capability == OWN_ACCOUNT:
            return bool(self.login)
        if capability == "admin" and self.scope:
            return False  # else an account of one area could make itself one of the whole county
        return self.role in RANKS and RANKS.index(self.role) >= RANKS.index(CAPABILITIES[capability])

    def covers(self, areas: Iterable[str]) -> bool:
        """Whether a place lies in the account's areas, given as `LAYER:CODE` those that the place lies in.

        >>> Reader("a", "staff", ("grid:1",)).covers(["beat:2", "grid:1"]), Reader("a", "staff").covers([])
        (True, True)
        """
        return not self.scope or not set(self.scope).isdisjoint(areas)

    def list_capabilities(self) -> list[str]:
        """What it may do, by name."""
        return [name for name in (OWN_ACCOUNT, *CAPABILITIES) if self.may(name)]


def needs(capability: str) -> Callable[[View], View]:
    """Mark a route with the capability that its caller must have; stands under the route's own decorator."""
    if capability not in (OPEN, OWN_ACCOUNT, *CAPABILITIES):
        raise KeyError(capability)

    def mark(view: View) -> View:
        setattr(view, _MARK, capability)
        return view

    return mark


def find_need(app: Flask, endpoint: str) -> str | None:
    """The capability that a route was marked with; None for one that was not, which nobody may ask."""
    found: str | None = getattr(app.view_functions[endpoint], _MARK, None)
    return found


def init_roles(app: Flask) -> None:
    """Have every request pass the guard; routes without a mark, or without a rule of disclosure, answer nobody."""

    @app.before_request
    def guard() -> None:
        if request.endpoint is not None:  # there is no such address: that is told to everybody
            need = find_need(current_app, request.endpoint) if find_rule(request.endpoint) else None
            require(need or "")


def require(capability: str) -> None:
    """Refuse unless the current reader has a capability.

    Raises
    ------
    LoginNeededError
        Without a login.
    NotPermittedError
        When the account's role does not have it.
    """
    if capability == OPEN:
        return
    reader = current_reader()
    if capability and reader.may(capability):
        return
    if not reader.login:
        raise LoginNeededError
    zh, en = (
        label("web.role_lacks", language, role=_title_role(reader.role, language)) for language in LANGUAGES
    )
    raise NotPermittedError(reader.login, capability or request.path, zh, en)


def current_reader() -> Reader:
    """Whoever the running request comes from, found once a request."""
    if "reader" not in g:
        g.reader = _find_reader()
    reader: Reader = g.reader
    return reader


def open_to_edit() -> Workspace:
    """The county's file for whoever asks, to change in the areas of their account alone; the caller closes it."""
    return open_workspace().confine(current_reader().scope)


def _find_reader() -> Reader:
    visitor = current_user._get_current_object()  # noqa: SLF001  # the proxy itself has no type
    if isinstance(visitor, Visitor):
        return Reader(visitor.account.login, visitor.account.role, visitor.account.scope)
    try:
        level = current_county().settings.get(PUBLIC_SETTING, "off")
    except WorkspaceError:
        if (
            find_need(current_app, request.endpoint or "") == OPEN
        ):  # one can log in beside a county that is damaged
            return Reader("", "")
        raise
    return Reader("", ROLE_WITHOUT_LOGIN.get(level, ""))


def _title_role(role: str, language: str) -> str:
    return label(f"web.role.{role}", language)
