"""Centres by what they offer: a coverage may count only those with a service."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd

from geogrid.coverage.town import Town
from geogrid.errors import UnknownServiceError


def list_services(centre: gpd.GeoDataFrame) -> list[str]:
    """Every service that some centre offers, sorted.

    Parameters
    ----------
    centre
        The layer; `services` is text parted by commas.
    """
    return sorted({service for services in _split(centre) for service in services})


def keep_service(town: Town, service: str) -> Town:
    """The same town with only those centres that offer a service, each with all its doors.

    A centre with several doors offers what is written at any of them.

    Raises
    ------
    UnknownServiceError
        When no centre offers it; the message lists what there is.
    """
    offers = _split(town.centre).map(lambda services: service in services).to_numpy(bool)
    if not offers.any():
        known = list_services(town.centre)
        raise UnknownServiceError(service=service, known="、".join(known) or "–")
    key = town.centre["centre"].where(town.centre["centre"].notna(), town.centre["id"]).astype(str)
    kept = key.isin(key[offers]).to_numpy(bool)
    return replace(town, centre=town.centre[kept].reset_index(drop=True))


def _split(centre: gpd.GeoDataFrame) -> pd.Series:
    """The services of each row, as sets."""
    texts = centre["services"].fillna("").astype(str)
    services: pd.Series = texts.map(lambda text: {part.strip() for part in text.split(",")} - {""})
    return services
