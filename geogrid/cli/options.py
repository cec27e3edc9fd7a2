"""Arguments and options that several commands share."""

from __future__ import annotations

import datetime
import getpass
from pathlib import Path
from typing import Any

import click

from geogrid.cli.streams import keep_for_json
from geogrid.errors import InvalidOptionError

county_argument = click.argument("county", type=click.Path(path_type=Path), metavar="COUNTY.gpkg")


def _answer_json(ctx: click.Context, _param: click.Parameter, as_json: bool) -> bool:  # a flag
    if as_json:
        keep_for_json(ctx)
    return as_json


json_option = click.option("--json", "as_json", is_flag=True, callback=_answer_json, help="JSON")
author_option = click.option(
    "--author", default=getpass.getuser, help="记入历史的修改者 / who is named in the history"
)


def operator_name() -> str:
    """The user of the operating system, as records of what the command line did name them."""
    return f"os:{getpass.getuser()}"


class IsoDate(click.ParamType[datetime.date]):
    """A date as `2026-11-22`."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime.date:  # noqa: ARG002  # click's signature
        """Parse the text; dates pass."""
        if isinstance(value, datetime.date):
            return value
        try:
            return datetime.date.fromisoformat(str(value))
        except ValueError:
            raise InvalidOptionError(
                option=param.opts[0] if param else "date", value=str(value), expected="YYYY-MM-DD"
            ) from None


def parse_lonlat(text: str) -> tuple[float, float]:
    """Longitude and latitude from `118.85,27.37`.

    Raises
    ------
    InvalidOptionError
        When it is no such pair, or lies off the globe.
    """
    expected = "经度,纬度 / LON,LAT (118.8525,27.3678)"
    try:
        lon, lat = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise InvalidOptionError(option="--lonlat", value=text, expected=expected) from None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InvalidOptionError(option="--lonlat", value=text, expected=expected)
    return lon, lat
