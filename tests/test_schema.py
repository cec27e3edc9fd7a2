"""The schema declares everything the design names, and its own references hold."""

from __future__ import annotations

import re

import pytest

from geogrid.errors import UnknownLayerError
from geogrid.schema import (
    AREA_LAYERS,
    LAYERS,
    PARTITION_LAYERS,
    ROLES,
    TABLES,
    ColumnType,
    Geometry,
    find_layer,
)

EVERYTHING = {**LAYERS, **TABLES}
CASES = [pytest.param(layer, id=name) for name, layer in EVERYTHING.items()]

# The data of a county as its design lists it.
POLYGONS = {
    "county", "community", "district", "lane", "grid", "beat", "compound", "building",
    "centre_footprint", "water", "square", "no_build",
}  # fmt: skip
POINTS = {"centre", "gate", "street_barrier", "entrance", "place", "candidate"}
LINES = {"street", "barrier"}
MAP_TABLES = {"organisation", "group", "alias", "scenario", "setting"}
PRIVATE_TABLES = {"person", "assignment", "account", "audit"}


def test_every_layer_and_table_of_the_design_is_declared():
    by_geometry = {
        kind: {name for name, layer in LAYERS.items() if layer.geometry is kind} for kind in Geometry
    }
    assert by_geometry[Geometry.POLYGON] == POLYGONS
    assert by_geometry[Geometry.POINT] == POINTS
    assert by_geometry[Geometry.LINE] == LINES
    assert by_geometry[Geometry.NONE] == set()
    assert set(TABLES) == MAP_TABLES | PRIVATE_TABLES
    assert all(table.geometry is Geometry.NONE for table in TABLES.values())


def test_what_names_people_is_kept_out_of_the_map_file():
    assert {name for name, layer in EVERYTHING.items() if layer.is_personal} == PRIVATE_TABLES
    told = re.compile("phone|password|person")
    for name in EVERYTHING.keys() - PRIVATE_TABLES:
        assert not any(told.search(column) for column in EVERYTHING[name].column_names), name


def test_areas_and_partitions_are_the_ones_of_the_design():
    assert AREA_LAYERS == ("community", "district", "lane", "grid", "beat")
    assert PARTITION_LAYERS == ("community", "district")


@pytest.mark.parametrize("layer", CASES)
def test_the_key_is_a_required_text_column(layer):
    key = layer.column(layer.key)
    assert key.type is ColumnType.TEXT
    assert key.required


@pytest.mark.parametrize("layer", CASES)
def test_names_and_titles_are_unique_and_present(layer):
    names = layer.column_names
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in (layer.name, *names))
    assert layer.zh
    assert layer.en
    for titles in ([column.zh for column in layer.columns], [column.en for column in layer.columns]):
        assert all(titles)
        assert len(set(titles)) == len(titles), "an import could not tell two columns of one title apart"


@pytest.mark.parametrize("layer", CASES)
def test_a_column_refers_to_a_layer_that_exists(layer):
    for column in layer.columns:
        if column.refers:
            assert column.refers in EVERYTHING
            assert column.type in (ColumnType.TEXT, ColumnType.LIST)


@pytest.mark.parametrize("layer", CASES)
def test_no_spelling_stands_for_two_choices(layer):
    for column in layer.columns:
        spellings = [
            spelling
            for choice, others in (column.choices or {}).items()
            for spelling in (choice, *others)
        ]  # fmt: skip
        assert len(set(spellings)) == len(spellings)


@pytest.mark.parametrize("layer", CASES)
def test_validity_is_declared_as_a_pair_of_dates(layer):
    pair = [name for name in ("valid_from", "valid_to") if name in layer.column_names]
    assert len(pair) in (0, 2)
    assert all(layer.column(name).type is ColumnType.DATE for name in pair)


def test_every_feature_on_the_map_has_dates_and_an_origin():
    for layer in LAYERS.values():
        assert {"name", "valid_from", "valid_to", "source", "synthetic"} <= set(layer.column_names)


def test_a_role_is_held_for_a_layer_that_exists_and_the_five_tiers_are_there():
    for name, role in ROLES.items():
        assert role.name == name
        assert role.layer in EVERYTHING
    tiers = {role.tier: name for name, role in ROLES.items() if role.tier}
    assert tiers == {1: "片区长", 2: "街巷长", 3: "邻里长", 4: "楼栋长", 5: "户组长"}


def test_a_beat_has_one_officer_two_auxiliaries_and_four_patrol_members():
    police = {name: role.n_per_beat for name, role in ROLES.items() if role.is_police}
    assert police == {"社区民警": 1, "专职辅警": 2, "巡防队员": 4}
    assert all(ROLES[name].layer == "beat" for name in police)


def test_a_layer_is_found_by_name_and_an_unknown_one_is_an_error_that_lists_the_layers():
    assert find_layer("grid") is LAYERS["grid"]
    assert find_layer("person") is TABLES["person"]
    with pytest.raises(UnknownLayerError, match="community, district"):
        find_layer("grids")


def test_an_unknown_column_is_a_key_error():
    with pytest.raises(KeyError):
        LAYERS["grid"].column("colour")
