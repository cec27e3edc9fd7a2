"""How often one caller may ask: attempts to log in by address, lookups by account."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from webmap.roles import current_reader
from webmap.settings import WebSettings

LOGIN, PASSWORD = "account.login", "account.password"
LOOKUPS = (
    "api.locate_named",
    "api.locate_position",
    "api.search",
    "api.outline",
    "area_api.describe",
    "people_api.reveal",
    "staff_api.walk_of_building",
    "staff_api.walk_of_position",
    "staff_api.nearby",
)
"""The routes by which somebody could walk over the whole county, place by place."""


def init_limits(app: Flask, settings: WebSettings) -> None:
    """Count the calls of each caller and refuse what is more than a person asks; the counts are this process's own."""
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    views: dict[str, Any] = app.view_functions
    views[LOGIN] = limiter.limit(f"{settings.logins_per_minute} per minute", methods=["POST"])(views[LOGIN])
    views[PASSWORD] = limiter.limit(f"{settings.logins_per_minute} per minute", methods=["POST"])(
        views[PASSWORD]
    )

    def choose_limit() -> str:
        reader = current_reader()
        many, few = settings.lookups_per_minute, settings.public_lookups_per_minute
        return f"{many if reader.may('study') else min(many, few)} per minute"

    share = limiter.shared_limit(choose_limit, scope="lookups", key_func=_name_caller)
    for endpoint in LOOKUPS:
        views[endpoint] = share(views[endpoint])


def _name_caller() -> str:
    """An account wherever it is; without one the address."""
    return current_reader().login or get_remote_address()
