"""Logging in and out, and what everybody does with an account of their own."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, make_response, redirect, render_template, request

from geogrid.errors import AccessError, GeogridError, InvalidOptionError
from geogrid.labels import read_labels
from geogrid.workspace.account import MIN_PASSWORD, change_password, verify_password
from webmap.assets import read_fingerprints
from webmap.errors import find_status
from webmap.languages import page_language
from webmap.roles import OPEN, OWN_ACCOUNT, current_reader, needs
from webmap.sessions import begin_session, end_session, open_workspace
from webmap.waiting import current_attempts

account_pages = Blueprint("account", __name__)


def render_page(template: str, *, problem: str = "", **values: Any) -> Response:
    """A page of forms in the language asked for, for the current reader, with what was wrong before."""
    language = page_language()
    return make_response(
        render_template(
            template,
            language=language,
            texts=read_labels()[language],
            fingerprints=read_fingerprints(),
            reader=current_reader(),
            problem=problem,
            **values,
        )
    )


def render_refused(template: str, error: GeogridError, **values: Any) -> Response:
    """The same page again, with what was wrong."""
    response = render_page(template, problem=error.message(page_language()), **values)
    response.status_code = find_status(type(error)).value
    return response


@account_pages.route("/login", methods=["GET", "POST"])
@needs(OPEN)
def login() -> Response:
    """The form to log in, and what it sends."""
    after = plain_address(request.values.get("next", ""))
    name = request.form.get("login", "")[:200]
    if request.method == "GET":
        return render_page("login.html", after=after, login="")
    try:
        account = current_attempts().log_in(name, request.form.get("password", ""), request.remote_addr or "")
    except AccessError as error:
        return render_refused("login.html", error, after=after, login=name)
    begin_session(account)
    return _go(after)


@account_pages.post("/logout")
@needs(OPEN)
def logout() -> Response:
    """End the session; the cookie is worth nothing from now on, nor any copy of it."""
    end_session()
    return _go(f"/login?lang={page_language()}")


@account_pages.route("/account/password", methods=["GET", "POST"])
@needs(OWN_ACCOUNT)
def password() -> Response:
    """The form to change one's own password; every other session of the account ends."""
    own = current_reader().login
    if request.method == "GET":
        return render_page("password.html", minimum=MIN_PASSWORD, is_done=False)
    new = request.form.get("new", "")
    try:
        with open_workspace() as workspace:
            if not verify_password(workspace, own, request.form.get("current", "")):
                expected = "现在的口令 / the present password"
                raise InvalidOptionError(option="current", value="…", expected=expected)
            if new != request.form.get("repeat", ""):
                raise InvalidOptionError(option="repeat", value="…", expected="= new")
            account = change_password(workspace, own, new, actor=own)
    except GeogridError as error:
        return render_refused("password.html", error, minimum=MIN_PASSWORD, is_done=False)
    begin_session(account)
    return render_page("password.html", minimum=MIN_PASSWORD, is_done=True)


@account_pages.get("/api/v1/account")
@needs(OPEN)
def describe_account() -> dict[str, Any]:
    """Who is logged in, as what, for which areas, and what they may do."""
    reader = current_reader()
    return {
        "login": reader.login,
        "role": reader.role,
        "scope": list(reader.scope),
        "may": reader.list_capabilities(),
    }


def plain_address(asked: str) -> str:
    """Where to go after a login: a path of this server, whatever was asked for.

    >>> [plain_address(asked) for asked in ("/list?lang=en", "//evil.example", "https://evil.example")]
    ['/list?lang=en', '/', '/']
    """
    is_own = (
        asked.startswith("/") and not asked.startswith("//") and asked.isprintable() and "\\" not in asked
    )
    return asked if is_own and len(asked) <= 500 else "/"


def _go(address: str) -> Response:
    return cast("Response", redirect(address, code=303))
