"""The map in the browser: a Flask application."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from webmap.settings import WebSettings

COMPRESSED = [
    "text/html",
    "text/css",
    "text/javascript",
    "application/json",
    "application/geo+json",
    "application/problem+json",
    "application/vnd.mapbox-vector-tile",
    "image/svg+xml",
]


def create_app(workspace_path: Path, settings: WebSettings | None = None) -> Flask:
    """The application that shows one county's file.

    Parameters
    ----------
    workspace_path
        The map file; it is opened at the first request and read again whenever it changed.
    """
    from flask_compress import Compress

    from webmap.account_pages import account_pages
    from webmap.admin import admin
    from webmap.api import api
    from webmap.area_api import area_api
    from webmap.asked import init_asked
    from webmap.assets import assets
    from webmap.basemap import basemap
    from webmap.county import EXTENSION, CountySource
    from webmap.errors import init_errors
    from webmap.jobs import EXTENSION as JOBS
    from webmap.jobs import JobRunner
    from webmap.limits import init_limits
    from webmap.office import office
    from webmap.office_batch import office_batch
    from webmap.office_findings import office_findings
    from webmap.office_history import office_history
    from webmap.office_reports import office_reports
    from webmap.office_uploads import office_uploads
    from webmap.openapi import openapi
    from webmap.pages import pages
    from webmap.people_api import people_api
    from webmap.roles import init_roles
    from webmap.scenario_api import scenario_api
    from webmap.scenarios_api import scenarios_api
    from webmap.security import init_security
    from webmap.sessions import init_sessions
    from webmap.siting_api import siting_api
    from webmap.staff_api import staff_api
    from webmap.staff_pages import staff_pages
    from webmap.tiles import TILES, TileStore, tiles
    from webmap.uploads import init_uploads
    from webmap.waiting import init_waiting

    app = Flask(__name__, static_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it
    app.config["COMPRESS_MIMETYPES"] = COMPRESSED  # read when Compress is made
    app.extensions[EXTENSION] = CountySource(Path(workspace_path))
    app.extensions[TILES] = TileStore()
    app.extensions[JOBS] = JobRunner()
    settings = settings or WebSettings()
    init_security(app, settings)
    init_uploads(app, settings)
    init_sessions(app, Path(workspace_path), settings)
    init_waiting(app, Path(workspace_path))
    init_roles(app)
    init_asked(app)
    init_errors(app)
    Compress(app)
    for blueprint in (
        pages,
        api,
        area_api,
        siting_api,
        scenario_api,
        scenarios_api,
        tiles,
        basemap,
        assets,
        account_pages,
        admin,
        people_api,
        staff_api,
        staff_pages,
        office,
        office_reports,
        office_uploads,
        office_findings,
        office_history,
        office_batch,
        openapi,
    ):
        app.register_blueprint(blueprint)
    init_limits(app, settings)
    return app
