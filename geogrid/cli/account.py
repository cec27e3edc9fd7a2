"""`geogrid account`: who may log in, as what, and for which areas."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import county_argument, json_option, operator_name
from geogrid.cli.output import echo_json, format_table
from geogrid.errors import InvalidOptionError
from geogrid.labels import label
from geogrid.schema import ACCOUNT_ROLES

login_argument = click.argument("login")
role_option = click.option("--role", type=click.Choice(list(ACCOUNT_ROLES)), help="角色 / role")
scope_option = click.option(
    "--scope",
    multiple=True,
    metavar="LAYER:CODE",
    help="负责的区域，可重复；不写为全县 / an area, repeatable; none for the whole county",
)
generate_option = click.option(
    "--generate", is_flag=True, help="随机生成口令并显示一次 / make a password and show it once"
)


@click.group("account")
@county_argument
@click.pass_context
def command(ctx: click.Context, county: Path) -> None:
    """管理登录账号；口令从终端或标准输入读取，从不写在命令行上。

    Accounts of the map server. A password is asked for, read from standard input or generated, and
    never stands on the command line.
    """
    ctx.obj = county


@command.command("add")
@login_argument
@role_option
@scope_option
@generate_option
@click.pass_obj
def add(county: Path, login: str, role: str | None, scope: tuple[str, ...], generate: bool) -> None:
    """建立账号。/ Add an account."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.account import add_account

    with Workspace.open(county) as workspace:
        password = _take_password(generate=generate)
        added = add_account(
            workspace, login, password, role=role or "staff", scope=scope, actor=operator_name()
        )
    click.echo(label("cli.account.added", language(), login=added.login, role=added.role))
    _show_generated(password, is_shown=generate)


@command.command("list")
@json_option
@click.pass_obj
def list_them(county: Path, as_json: bool) -> None:
    """列出账号。/ List the accounts."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.account import list_accounts

    with Workspace.open(county, readonly=True) as workspace:
        accounts = list_accounts(workspace)
    fields = ("login", "role", "scope", "is_disabled", "last_login", "n_failed")
    rows = [{name: getattr(account, name) for name in fields} for account in accounts]
    if as_json:
        echo_json([{**row, "scope": list(row["scope"])} for row in rows])
        return
    heads = [label(f"cli.account.{name}", language()) for name in fields]
    yes = label("cli.yes", language())
    shown = [
        [
            row["login"],
            row["role"],
            " ".join(row["scope"]) or label("cli.account.everywhere", language()),
            yes if row["is_disabled"] else "",
            row["last_login"] or "",
            str(row["n_failed"]),
        ]
        for row in rows
    ]
    click.echo(format_table(heads, shown))


@command.command("passwd")
@login_argument
@generate_option
@click.pass_obj
def passwd(county: Path, login: str, generate: bool) -> None:
    """换口令；该账号的会话全部失效。/ Give an account a new password; its sessions end."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.account import change_password

    with Workspace.open(county) as workspace:
        password = _take_password(generate=generate)
        changed = change_password(workspace, login, password, actor=operator_name())
    click.echo(label("cli.account.changed", language(), login=changed.login))
    _show_generated(password, is_shown=generate)


@command.command("disable")
@login_argument
@click.pass_obj
def disable(county: Path, login: str) -> None:
    """停用账号。/ Let an account log in no more."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.account import disable_account

    with Workspace.open(county) as workspace:
        changed = disable_account(workspace, login, actor=operator_name())
    click.echo(label("cli.account.changed", language(), login=changed.login))


@command.command("enable")
@login_argument
@click.pass_obj
def enable(county: Path, login: str) -> None:
    """启用账号，并解除锁定。/ Let a disabled or locked account log in again."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.account import enable_account

    with Workspace.open(county) as workspace:
        changed = enable_account(workspace, login, actor=operator_name())
    click.echo(label("cli.account.changed", language(), login=changed.login))


@command.command("scope")
@login_argument
@click.argument("scope", nargs=-1, metavar="[LAYER:CODE]...")
@click.option("--everywhere", is_flag=True, help="全县 / the whole county")
@role_option
@click.pass_obj
def change(county: Path, login: str, scope: tuple[str, ...], everywhere: bool, role: str | None) -> None:
    """改范围或角色；没有写的保持不变。/ Set the areas or the role; what is not given stays."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.account import change_scope

    if everywhere == bool(scope) and (everywhere or role is None):
        raise InvalidOptionError(
            option="SCOPE", value=" ".join(scope), expected="LAYER:CODE … | --everywhere"
        )
    wanted = scope if scope or everywhere else None
    with Workspace.open(county) as workspace:
        changed = change_scope(workspace, login, role=role, scope=wanted, actor=operator_name())
    click.echo(label("cli.account.changed", language(), login=changed.login))


def _take_password(*, generate: bool) -> str:
    from geogrid.workspace.account import generate_password

    if generate:
        return generate_password()
    if sys.stdin.isatty():
        asked = label("cli.account.password", language())
        return str(click.prompt(asked, hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _show_generated(password: str, *, is_shown: bool) -> None:
    if is_shown:
        click.echo(label("cli.account.generated", language(), password=password))
