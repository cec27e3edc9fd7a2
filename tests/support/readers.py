"""Readers run where the test runs: what the child process does, without starting one for each small file."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from geogrid.io import elevation, osm, vector
from geogrid.io.encoding import normalise_encoding
from geogrid.io.parcel import Parcel
from geogrid.io.vector import Imported


def _silent(_done, _text):
    pass


def read_layer_in_process(
    path, layer, *, datum, crs=None, columns=None, encoding=None, store_crs=None, extent=None
):
    """`read_layer` for the kinds of files that GDAL has no part in."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(path, Path(folder, f"input{path.suffix}"))
        info = {"file": path.name, "layer": layer.name, "datum": datum, "crs": crs, "columns": columns or {}}
        codec = None if encoding is None else normalise_encoding(encoding)
        request = Parcel({**info, "encoding": codec, "store_crs": store_crs, "extent": extent})
        found = vector.read_layer_here(Path(folder), request, _silent)
    return Imported(found.frames["layer"], found.info["notes"])


def read_elevation_in_process(path, lonlat):
    """`read_elevation` without the guard."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(path, Path(folder, "input.tif"))
        request = Parcel({"file": path.name}, arrays={"lonlat": lonlat})
        return elevation.read_elevation_here(Path(folder), request, _silent).arrays["heights"]


def read_osm_in_process(path):
    """`read_osm` without the guard: the layers, and what the reader tells."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(path, Path(folder, "input"))
        found = osm.read_osm_here(Path(folder), Parcel({"file": path.name}), _silent)
    return found.frames, found.info
