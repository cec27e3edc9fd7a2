"""The columns of each layer that a reader without an account may see; a layer that is not here is not shown."""

from __future__ import annotations

PUBLIC_COLUMNS: dict[str, tuple[str, ...]] = {
    "county": ("code", "name"),
    "community": ("code", "name", "kind"),
    "district": ("code", "name"),
    "lane": ("code", "name"),
    "grid": ("code", "name", "community", "district"),
    "beat": ("code", "name", "community", "station"),
    "compound": ("id", "name", "kind"),
    "centre_footprint": ("id", "name", "centre"),
    "water": ("id", "name", "kind"),
    "centre": ("id", "centre", "name", "services", "capacity", "hours", "address"),
    "candidate": ("id", "name"),
    "gate": ("id", "compound", "pedestrian", "vehicle", "locked"),
    "place": ("id", "name", "kind", "address"),
    "street": ("id", "name", "class", "walkable", "steps", "bridge"),
}

BORDERED = ("community", "district", "lane", "grid", "beat", "compound")
"""The layers whose borders and names are drawn."""

OUTLINED = (*BORDERED, "building")
"""The layers of which one feature can be shown alone."""
