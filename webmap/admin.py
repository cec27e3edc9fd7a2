"""For administrators: accounts, the record of what was done, and the county's settings."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, redirect, request, url_for

from geogrid.errors import GeogridError, InvalidOptionError
from geogrid.labels import label
from geogrid.schema import ACCOUNT_ROLES, AREA_LAYERS, SETTINGS, find_layer
from geogrid.workspace.account import (
    Account,
    add_account,
    change_password,
    change_scope,
    disable_account,
    enable_account,
    generate_password,
    list_accounts,
)
from geogrid.workspace.audit import TrailReport, read_trail, verify_trail
from geogrid.workspace.record import tell_records
from geogrid.workspace.setting import change_setting
from webmap.account_pages import render_page, render_refused
from webmap.county import current_county
from webmap.languages import page_language
from webmap.roles import current_reader, needs, open_to_edit
from webmap.sessions import open_workspace

admin = Blueprint("admin", __name__, url_prefix="/admin")

RECORDS_A_PAGE = 100
AT_THE_COMPUTER = ("county.code",)
"""Settings that are changed on the server's own command line alone."""


# --- accounts --------------------------------------------------------------------------------------


@admin.get("/accounts")
@needs("admin")
def accounts_page() -> Response:
    """Every account, and the form for another."""
    return render_page("admin_accounts.html", **_list_accounts())


@admin.post("/accounts")
@needs("admin")
def add() -> Response:
    """Add an account: `login`, `role`, `scope` (repeatable); its password is shown once."""
    asked, secret = request.form, generate_password()
    try:
        with open_workspace() as workspace:
            added = add_account(
                workspace,
                asked.get("login", ""),
                secret,
                role=asked.get("role", ""),
                scope=_read_scope(),
                actor=current_reader().login,
            )
    except GeogridError as error:
        return render_refused("admin_accounts.html", error, **_list_accounts())
    return render_page("admin_accounts.html", **(_list_accounts() | {"made": added, "secret": secret}))


@admin.post("/accounts/<login>/<any(password, disable, enable, scope):change>")
@needs("admin")
def change(login: str, change: str) -> Response:
    """Give an account a new password, end it, let it in again, or set its `role` and `scope`."""
    secret = generate_password() if change == "password" else ""
    try:
        changed = _change(login, change, secret)
    except GeogridError as error:
        return render_refused("admin_accounts.html", error, **_list_accounts())
    if secret:
        return render_page("admin_accounts.html", **(_list_accounts() | {"made": changed, "secret": secret}))
    return cast("Response", redirect(url_for("admin.accounts_page", lang=page_language()), code=303))


def _change(login: str, change: str, secret: str) -> Account:
    actor = current_reader().login
    with open_workspace() as workspace:
        if change == "password":
            return change_password(workspace, login, secret, actor=actor)
        if change == "disable":
            return disable_account(workspace, login, actor=actor)
        if change == "enable":
            return enable_account(workspace, login, actor=actor)
        role = request.form.get("role") or None
        return change_scope(workspace, login, role=role, scope=_read_scope(), actor=actor)


def _read_scope() -> list[str]:
    return [item for item in request.form.getlist("scope") if item]


def _list_accounts() -> dict[str, Any]:
    """What the page of accounts shows: the accounts, the roles and the areas to choose from."""
    language = page_language()
    with open_workspace() as workspace:
        accounts = list_accounts(workspace)
    county = current_county()
    areas = []
    for kind in AREA_LAYERS:
        frame = county.layers[kind]
        titles = find_layer(kind)
        names = zip(frame["code"].astype(str), frame["name"].fillna(frame["code"]).astype(str), strict=True)
        options = [(f"{kind}:{code}", name) for code, name in names]
        areas.append((titles.zh if language == "zh" else titles.en, options))
    return {
        "accounts": accounts,
        "roles": list(ACCOUNT_ROLES),
        "areas": [(title, options) for title, options in areas if options],
        "names": {key: name for _, options in areas for key, name in options},
        "secret": "",
        "made": None,
    }


# --- the record ------------------------------------------------------------------------------------


@admin.get("/audit")
@needs("admin")
def audit_page() -> Response:
    """The record, newest first: `?action=&account=&page=`, and with `?verify=1` whether it is whole."""
    language = page_language()
    action, account = request.args.get("action", ""), request.args.get("account", "")
    with open_workspace() as workspace:
        trail = read_trail(workspace)
        report = verify_trail(workspace) if request.args.get("verify") else None
    actions = sorted(set(trail["action"].dropna()))
    chosen = trail.iloc[::-1]
    if action:
        chosen = chosen[chosen["action"] == action]
    if account:
        chosen = chosen[(chosen["account"] == account) | (chosen["subject"] == account)]
    page = _read_page(len(chosen))
    shown = chosen.iloc[page * RECORDS_A_PAGE : (page + 1) * RECORDS_A_PAGE]
    with open_workspace() as workspace:
        rows = tell_records(workspace, shown, language)
    return render_page(
        "admin_audit.html",
        rows=rows,
        actions=[(name, _title_action(name, language)) for name in actions],
        action=action,
        account=account,
        page=page,
        n_found=len(chosen),
        has_more=(page + 1) * RECORDS_A_PAGE < len(chosen),
        told=_tell_report(report, language) if report else [],
        is_broken=bool(report and report.broken),
    )


def _read_page(n_found: int) -> int:
    text = request.args.get("page", "0")
    page = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    return min(page, max(0, (n_found - 1) // RECORDS_A_PAGE))


def _title_action(action: str, language: str) -> str:
    try:
        return label(f"audit.{action}", language)
    except KeyError:  # an action of a newer version
        return action


def _tell_report(report: TrailReport, language: str) -> list[str]:
    faults = [label(f"cli.audit.broken.{why}", language, record=number) for number, why in report.broken]
    key = "cli.audit.broken" if report.broken else "cli.audit.whole"
    summary = label(key, language, n=report.n_records, blanked=report.n_blanked, faults=len(report.broken))
    return [*faults[:RECORDS_A_PAGE], summary, label("cli.audit.head", language, head=report.head)]


# --- settings --------------------------------------------------------------------------------------


@admin.route("/settings", methods=["GET", "POST"])
@needs("admin")
def settings_page() -> Response:
    """The county's settings; a POST sets one: `name` and `value`."""
    if request.method == "GET":
        return render_page("admin_settings.html", settings=_list_settings())
    name, value = request.form.get("name", ""), request.form.get("value", "")
    login = current_reader().login
    try:
        if name not in SETTINGS or name in AT_THE_COMPUTER:
            known = ", ".join(key for key in SETTINGS if key not in AT_THE_COMPUTER)
            raise InvalidOptionError(option="name", value=name[:40], expected=known)
        with open_to_edit() as workspace:
            change_setting(workspace, name, value, actor=login, author=login)
    except GeogridError as error:
        return render_refused("admin_settings.html", error, settings=_list_settings())
    return cast("Response", redirect(url_for("admin.settings_page", lang=page_language()), code=303))


def _list_settings() -> list[dict[str, Any]]:
    with open_workspace() as workspace:
        settings = workspace.settings
    return [
        {
            "name": name,
            "title": zh if page_language() == "zh" else en,
            "value": settings.get(name, ""),
            "is_fixed": name in AT_THE_COMPUTER,
        }
        for name, (zh, en) in SETTINGS.items()
    ]
