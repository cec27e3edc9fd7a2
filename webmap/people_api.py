"""One private telephone number at a time, for a reason that is kept: POST /api/v1/people/ID/phone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from geogrid.errors import InvalidOptionError
from geogrid.workspace.person import reveal_phone
from webmap.asked import read_body
from webmap.roles import current_reader, needs
from webmap.sessions import open_workspace

people_api = Blueprint("people_api", __name__, url_prefix="/api/v1/people")


@people_api.post("/<person>/phone")
@needs("reveal")
def reveal(person: str) -> dict[str, Any]:
    """The private number of somebody with a duty in the account's areas: `{"reason": "…"}`; it goes on record."""
    reason, reader = read_body().get("reason"), current_reader()
    if not isinstance(reason, str):
        raise InvalidOptionError(option="reason", value=str(reason)[:40], expected="为什么查看 / why")
    with open_workspace() as workspace:
        phone = reveal_phone(
            workspace, person, actor=reader.login, role=reader.role, scope=reader.scope, reason=reason
        )
    return {"person": person, "private_phone": phone}
