"""Accounts of the demo county, whose password everybody may know: nobody in it is real."""

from __future__ import annotations

from geogrid.workspace import Workspace
from geogrid.workspace.account import add_account, list_accounts, verify_password

DEMO_PASSWORD = "synthetic-town"  # noqa: S105  # shown at every start; it opens synthetic counties alone
DEMO_ACCOUNTS = {f"demo-{role}": role for role in ("staff", "planner", "admin")}


def add_demo_accounts(workspace: Workspace) -> None:
    """One account for each role above the public."""
    for login, role in DEMO_ACCOUNTS.items():
        add_account(workspace, login, DEMO_PASSWORD, role=role, actor="geogrid demo")


def list_open_demo_accounts(workspace: Workspace) -> list[str]:
    """The demo's logins of a county that still have the password which everybody may know."""
    return [
        account.login
        for account in list_accounts(workspace)
        if account.login in DEMO_ACCOUNTS
        and not account.is_disabled
        and verify_password(workspace, account.login, DEMO_PASSWORD)
    ]
