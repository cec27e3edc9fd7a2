"""What each route may give away of how many people live where: its rule, declared here and nowhere else.

A route that is not listed answers nobody, and a test fails. Whatever a route of `SUMS` or `BUILDINGS`
tells is computed on `webmap.view.current_view`, in which counts that its reader may not see are missing.
"""

from __future__ import annotations

NOTHING = "nothing"
"""The answer depends on no count of people."""

SUMS = "sums"
"""Sums of people: exact over the buildings whose counts the reader may see, elsewhere those that all are told."""

BUILDINGS = "buildings"
"""Counts of single buildings, of those that the reader may see."""

FILES = "files"
"""What somebody sent in or ordered is given back to the account that did, and to no other."""

WHOLE = "whole"
"""What concerns the whole county, with counts by building: for accounts that may see all of them."""

RULES: dict[str, tuple[str, ...]] = {
    NOTHING: (
        "account.describe_account",
        "account.login",
        "account.logout",
        "account.password",
        "admin.accounts_page",
        "admin.add",
        "admin.audit_page",
        "admin.change",
        "admin.settings_page",
        "api.borders",
        "api.county_card",
        "api.doubt",
        "api.findings",
        "api.homes",
        "api.isochrones",
        "api.layer_geojson",
        "api.outline",
        "api.search",
        "area_api.describe",
        "assets.leaflet_file",
        "assets.map_script",
        "assets.static_file",
        "assets.texts",
        "basemap.picture",
        "office.front_page",
        "office_batch.batch_page",
        "office_findings.findings_page",
        "office_history.history_page",
        "office_history.template_file",
        "office_history.templates_page",
        "office_reports.reports_page",
        "office_uploads.uploads_page",
        "openapi.describe_api",
        "pages.healthz",
        "pages.map_page",
        "people_api.reveal",
        "scenario.services",
        "scenarios.apply",
        "scenarios.delete",
        "scenarios.edits_file",
        "scenarios.listed",
        "scenarios.save",
        "scenarios.undo",
        "siting.candidates",
        "staff_api.nearby",
        "staff_api.walk_of_building",
        "staff_api.walk_of_position",
        "staff_pages.find_person_page",
        "tiles.tile",
    ),
    SUMS: (
        "api.catchments",
        "api.centres",
        "api.coverage",
        "api.gaps",
        "office_reports.order_report",
        "pages.list_page",
        "scenario.scenario",
        "scenarios.comparison_file",
        "siting.place",
        "siting.siting",
    ),
    BUILDINGS: (
        "api.locate_named",
        "api.locate_position",
        "staff_pages.area_page",
        "staff_pages.find_page",
    ),
    FILES: (
        "office.job_file",
        "office.job_page",
        "office.job_progress",
        "office.remove_job",
        "office_batch.order_batch",
        "office_uploads.preview_again",
    ),
    WHOLE: (
        "office_findings.confirm_mend",
        "office_findings.order_mend",
        "office_history.undo",
        "office_reports.order_export",
        "office_uploads.confirm",
        "office_uploads.send_file",
    ),
}
"""Rule -> the endpoints of the routes that keep it."""

_RULE_OF = {endpoint: rule for rule, endpoints in RULES.items() for endpoint in endpoints}


def find_rule(endpoint: str) -> str | None:
    """What a route may give away; None for one that has not declared it, which nobody may ask."""
    return _RULE_OF.get(endpoint)
