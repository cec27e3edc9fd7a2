"""The synthetic town: what it promises to hold, exactly where it promises exactness."""

import datetime as dt
import json
from importlib import resources

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geogrid.checks import run_checks
from geogrid.crs import change_crs
from geogrid.demo import build_town
from geogrid.demo.samples import SAMPLE_LAYERS, format_samples
from geogrid.errors import InvalidOptionError
from geogrid.findings import Severity
from geogrid.schema import LAYERS, ROLES, ColumnType, find_layer

SEED = 1
METRIC = "EPSG:4549"
TABLES = ("organisation", "group", "alias", "person", "assignment")


@pytest.fixture(scope="module")
def town():
    return build_town(SEED)


@pytest.fixture(scope="module")
def metric(town):
    return {name: change_crs(town[name], METRIC, name) for name in LAYERS}


def shapes(frame):
    return np.asarray(frame.geometry.values, dtype=object)


def test_every_layer_has_exactly_the_declared_columns_and_types(town):
    dtypes = {ColumnType.INTEGER: "Int64", ColumnType.REAL: "float64", ColumnType.BOOLEAN: "boolean"}
    assert set(town) == {*LAYERS, *TABLES}
    for name, frame in town.items():
        declared = find_layer(name)
        expected = [*declared.column_names, *(["geometry"] if name in LAYERS else [])]
        assert list(frame.columns) == expected, name
        for column in declared.columns:
            assert frame[column.name].dtype == dtypes.get(column.type, "object"), (name, column.name)
        assert frame[declared.key].is_unique, name
        if "synthetic" in frame:
            assert frame["synthetic"].all() and frame["source"].notna().all(), name


def test_layers_are_valid_in_the_store_crs_and_their_values_are_allowed(town):
    for name in LAYERS:
        assert town[name].crs.to_epsg() == 4490, name
        assert shapely.is_valid(shapes(town[name])).all(), name
    for name, frame in town.items():
        for column in find_layer(name).columns:
            if column.choices:
                assert set(frame[column.name].dropna()) <= set(column.choices), (name, column.name)
            if column.required:
                assert frame[column.name].notna().all(), (name, column.name)


def test_references_lead_to_features_that_exist(town):
    for name, frame in town.items():
        for column in find_layer(name).columns:
            if not column.refers or column.refers not in town:
                continue
            key = "centre" if column.refers == "centre" else find_layer(column.refers).key
            values = frame[column.name].dropna()
            if column.type is ColumnType.LIST:
                values = values.str.split(",").explode()
            assert set(values) <= set(town[column.refers][key]), (name, column.name)


def test_the_published_counts_hold(town):
    community = town["community"]
    assert (community["kind"] == "社区").sum() == 12
    assert sorted(community.loc[community["kind"] == "村", "code"]) == [f"35072500120{i}" for i in (1, 2, 3)]
    assert [len(town[name]) for name in ("district", "lane", "grid", "beat")] == [20, 30, 78, 12]
    assert town["centre"]["centre"].nunique() == len(town["centre_footprint"]) == 69
    assert town["organisation"]["kind"].value_counts().to_dict() == {
        "邻里党小组": 78,
        "小区党支部": 25,
        "社区大党委": 12,
        "街道党工委": 1,
    }
    assert town["group"]["kind"].value_counts().to_dict() == {"户组": 154, "楼栋组": 100}


def test_names_and_codes_of_communities_are_those_of_the_official_list(town):
    text = resources.files("geogrid.data").joinpath("communities.csv").read_text(encoding="utf-8")
    lines = [line.split(",")[:3] for line in text.splitlines()[3:]]
    assert lines == town["community"][["code", "name", "kind"]].to_numpy().tolist()


@pytest.mark.parametrize("layer", ["community", "district"])
def test_a_partition_tiles_the_extent_exactly(town, layer):
    parts, county = shapes(town[layer]), shapes(town["county"])[0]
    assert shapely.coverage_is_valid(parts)
    assert shapely.equals(shapely.union_all(parts), county)
    assert shapely.symmetric_difference(shapely.union_all(parts), county).area == 0


def test_grids_tile_the_communities_and_lie_in_one_community_and_one_district_each(town):
    grid = town["grid"]
    assert shapely.coverage_is_valid(shapes(grid))
    urban = town["community"][town["community"]["kind"] == "社区"]
    for column, layer in (("community", urban), ("district", town["district"])):
        owner = layer.set_index("code").geometry
        for code, rows in grid.groupby(column):
            assert shapely.covers(owner[code], shapes(rows)).all(), code
    joined = shapely.coverage_union_all(shapes(grid))
    assert shapely.equals(joined, shapely.coverage_union_all(shapes(urban)))


def test_grid_codes_are_the_communitys_twelve_digits_and_three_more(town):
    grid = town["grid"]
    assert (grid["code"].str.len() == 15).all()
    assert (grid["code"].str[:12] == grid["community"]).all()
    assert (grid["code_scheme"] == "6+3+3+3").all()
    assert (
        grid.groupby("community")["code"]
        .apply(lambda codes: list(codes.str[12:]))
        .map(lambda numbers: numbers == [f"{i + 1:03d}" for i in range(len(numbers))])
        .all()
    )


def test_districts_and_communities_do_not_nest(town):
    grid = town["grid"]
    assert (grid.groupby("district")["community"].nunique() > 1).sum() >= 5
    assert (grid.groupby("community")["district"].nunique() > 1).sum() >= 5


def test_a_few_beats_deviate_from_their_community(town):
    beat = town["beat"].set_index("community").geometry
    community = town["community"].set_index("code").geometry
    same = [shapely.equals(beat[code], community[code]) for code in beat.index]
    assert 4 <= sum(same) <= 9
    assert shapely.coverage_is_valid(shapes(town["beat"]))


def test_the_extent_is_round_the_seat_and_smaller_than_the_real_town(metric):
    county = shapes(metric["county"])[0]
    assert county.covers(shapely.Point(386473.5, 3028905.1))
    assert 15e6 < county.area < 22e6
    for name in LAYERS:
        assert shapely.covers(county.buffer(0.01), shapely.force_2d(shapes(metric[name]))).all(), name


def test_people_sum_up_to_the_towns_size_and_ages_fit_into_residents(town):
    building = town["building"]
    assert 42_500 < building["residents"].sum() < 46_500
    assert 14_300 < building["households"].sum() < 16_000
    assert 4_000 <= len(building) <= 7_000
    known = building[building["residents"].notna()]
    assert (known["residents_0_14"] + known["residents_60_plus"] <= known["residents"]).all()
    assert (known["residents_80_plus"] <= known["residents_60_plus"]).all()
    assert (known["households"] <= known["residents"]).all()
    counts = ["households", "residents_0_14", "residents_60_plus", "residents_80_plus", "people_source"]
    assert building.loc[building["residents"].isna(), counts].isna().all(axis=None)
    other = known[known["use"] != "residential"]
    assert (other["residents"] == 0).all()
    share = (known["people_source"] == "estimated").mean()
    assert 0.02 < share < 0.12


def test_buildings_overlap_neither_each_other_nor_streets_nor_water(metric):
    building = shapes(metric["building"])
    tree = shapely.STRtree(building)
    first, second = tree.query(building, predicate="intersects")
    assert (first == second).all()
    for name in ("street", "water", "no_build"):
        assert tree.query(shapes(metric[name]), predicate="intersects").size == 0, name


def test_every_building_lies_in_one_community_and_one_compound_at_most(metric):
    building = shapes(metric["building"])
    tree = shapely.STRtree(building)
    _, inside = tree.query(shapes(metric["community"]), predicate="covers")
    assert np.array_equal(np.sort(inside), np.arange(len(building)))
    compound = metric["compound"]
    number, inside = tree.query(shapes(compound), predicate="intersects")
    owner = pd.Series(compound["id"].to_numpy()[number], index=inside).sort_index()
    declared = metric["building"]["compound"].dropna()
    assert owner.to_dict() == declared.to_dict()


def test_most_gated_compounds_have_a_gate_for_people_and_gates_stand_on_their_edge(metric):
    compound, gate = metric["compound"].set_index("id"), metric["gate"]
    gated = compound.index[compound["kind"] == "封闭式"]
    assert len(gated) >= 25
    assert {"开放式", "unknown"} <= set(compound["kind"])
    open_gate = gate[gate["pedestrian"] & ~gate["locked"]]
    assert np.isin(gated, open_gate["compound"]).mean() > 0.85
    assert gate["locked"].any() and (~gate["pedestrian"]).any()
    edges = shapely.boundary(shapes(compound.loc[gate["compound"]]))
    assert shapely.distance(edges, shapes(gate)).max() < 1e-6
    streets = shapely.STRtree(shapes(metric["street"]))
    _, distance = streets.query_nearest(shapes(gate), return_distance=True, all_matches=False)
    assert distance.max() < 25


def test_the_two_compounds_of_the_press_are_gated_and_where_they_belong(town):
    for name, community in (("宜和佳苑", "宜和社区"), ("胜地心苑", "凤嘴社区")):
        compound = town["compound"][town["compound"]["name"] == name].iloc[0]
        home = town["community"][town["community"]["name"] == community].geometry.iloc[0]
        assert compound["kind"] == "封闭式"
        assert home.covers(compound.geometry)


def test_streets_meet_at_shared_vertices_or_cross_by_a_bridge(metric):
    street = metric["street"]
    lines = shapely.force_2d(shapes(street))
    first, second = shapely.STRtree(lines).query(lines, predicate="crosses")
    bridge = street["bridge"].to_numpy(dtype=bool)
    assert (bridge[first] | bridge[second]).all()


def test_nearly_all_of_the_walkable_network_hangs_together(town):
    street = town["street"]
    lines = shapes(street[street["walkable"]])
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(lines, i)) for i in (0, -1)])
    nodes, number = np.unique(ends, axis=0, return_inverse=True)
    pairs = number.reshape(2, -1)
    graph = coo_array((np.ones(len(lines)), (pairs[0], pairs[1])), shape=(len(nodes), len(nodes)))
    n_parts, part = connected_components(graph, directed=False)
    assert np.bincount(part).max() / len(nodes) >= 0.97
    assert n_parts > 1, "the hamlet whose way to town is not mapped"


def test_streets_have_heights_and_every_kind_that_a_walk_can_meet(town):
    street = town["street"]
    assert shapely.has_z(shapes(street)).all()
    z = shapely.get_coordinates(shapes(street), include_z=True)[:, 2]
    assert z.min() > 120 and z.max() < 900
    wanted = {"primary", "secondary", "tertiary", "residential", "living_street", "service", "footway"}
    assert wanted | {"steps", "path", "track", "trunk"} <= set(street["class"])
    assert not street.loc[street["class"] == "trunk", "walkable"].any()
    assert (street.loc[street["steps"], "class"] == "steps").all()
    waits = street.loc[street["crossing"], "crossing_s"]
    assert set(waits) == {10.0, 20.0} and len(waits) > 50
    assert (street.loc[~street["crossing"], "crossing_s"] == 0).all()


def test_a_few_bridges_cross_the_river(metric):
    river = metric["water"].set_index("kind").geometry["river"]
    over = metric["street"][shapely.intersects(shapes(metric["street"]), river)]
    assert over["bridge"].all()
    assert 4 <= len(over) <= 6


def test_centres_have_doors_on_their_footprint(metric):
    centre = metric["centre"]
    footprint = metric["centre_footprint"].set_index("centre").geometry
    edges = shapely.boundary(np.asarray(footprint.loc[centre["centre"]], dtype=object))
    assert shapely.distance(edges, shapes(centre)).max() < 1e-6
    assert (centre["centre"].value_counts() == 2).sum() == 6
    assert centre.drop_duplicates("centre")["name"].is_unique
    assert 40 <= len(metric["candidate"]) <= 60


def test_entrances_stand_on_the_edge_of_their_building(metric):
    building = metric["building"].set_index("id").geometry
    entrance = metric["entrance"]
    edges = shapely.boundary(np.asarray(building.loc[entrance["building"]], dtype=object))
    assert shapely.distance(edges, shapes(entrance)).max() < 1e-6


def test_every_post_is_held_by_one_person_and_nobody_can_be_rung_up(town):
    person, assignment = town["person"], town["assignment"]
    assert assignment["role"].value_counts().to_dict() == {
        "片区长": 20,
        "街巷长": 30,
        "邻里长": 78,
        "楼栋长": 100,
        "户组长": 154,
        "社区民警": 12,
        "专职辅警": 24,
        "巡防队员": 48,
    }
    assert sorted(assignment["person"]) == sorted(person["id"])
    assert person["duty_phone"].str.fullmatch(r"000-\d{7}").all()
    assert person["duty_phone"].is_unique
    private = person["private_phone"].dropna()
    assert private.str.fullmatch(r"0009\d{7}").all()
    assert 0 < len(private) < len(person)
    assert person["name"].str.match("^(示例|演示)").all()
    public = person.set_index("id")["duty_phone_public"]
    for row in assignment.itertuples():
        role = ROLES[row.role]
        assert row.layer == role.layer
        assert public[row.person] == role.is_police
    for layer, rows in assignment.groupby("layer"):
        assert set(rows["feature"]) == set(town[layer][find_layer(layer).key])


def test_groups_share_out_the_homes_of_the_grids(town):
    building = town["building"]
    homes = set(building.loc[building["households"].fillna(0) > 0, "id"])
    for _, rows in town["group"].groupby("kind"):
        listed = rows["buildings"].str.split(",").explode()
        assert listed.is_unique
        assert set(listed) <= homes


def test_the_same_seed_builds_the_same_town(town):
    again = build_town(SEED)
    for name, frame in town.items():
        plain = frame.drop(columns="geometry", errors="ignore")
        pd.testing.assert_frame_equal(plain, again[name].drop(columns="geometry", errors="ignore"))
        if name in LAYERS:
            assert shapely.to_wkb(shapes(frame)).tolist() == shapely.to_wkb(shapes(again[name])).tolist()


def test_a_larger_scale_of_another_seed_is_so_many_copies_of_another_town(town):
    large = build_town(SEED + 1, scale=2)
    assert not shapely.equals(shapely.get_geometry(shapes(large["county"])[0], 0), shapes(town["county"])[0])
    single = len(large["building"]) / 2
    assert single == int(single)
    for name, frame in large.items():
        key = find_layer(name).key
        assert frame[key].is_unique, (name, frame[key][frame[key].duplicated()].tolist())
    county = shapes(large["county"])[0]
    assert len(large["county"]) == 1 and county.geom_type == "MultiPolygon"
    for layer in ("community", "district"):
        assert shapely.coverage_is_valid(shapes(large[layer]))
        assert shapely.equals(shapely.union_all(shapes(large[layer])), county)
    link = large["street"][large["street"]["id"].str.startswith("LINK")]
    ends = {tuple(point) for point in shapely.get_coordinates(shapes(link))}
    rest = large["street"][~large["street"]["id"].str.startswith("LINK")]
    assert ends <= {tuple(point) for point in shapely.get_coordinates(shapes(rest))}


@pytest.mark.parametrize("scale", [0, 0.5, 1.5, -1])
def test_a_scale_that_is_no_whole_number_is_refused(scale):
    with pytest.raises(InvalidOptionError):
        build_town(SEED, scale=scale)


@pytest.mark.parametrize("file", SAMPLE_LAYERS)
def test_the_sample_files_are_what_the_generator_makes(town, file):
    stored = resources.files("geogrid.data").joinpath(file).read_text(encoding="utf-8")
    made = json.loads(format_samples(town)[file])
    kept = json.loads(stored)
    assert [item["properties"] for item in kept["features"]] == [
        item["properties"] for item in made["features"]
    ]
    for old, new in zip(kept["features"], made["features"], strict=True):
        old_shape, new_shape = (shapely.from_geojson(json.dumps(item["geometry"])) for item in (old, new))
        assert shapely.equals_exact(old_shape, new_shape, tolerance=1.5e-7)
    assert all(item["properties"]["synthetic"] is True for item in kept["features"])
    assert len(stored.encode()) < 1_000_000


def test_the_demo_has_no_error_and_its_roster_no_fault(town, metric):
    found = run_checks(metric, {name: town[name] for name in TABLES}, dt.date(2026, 6, 1))
    assert [finding.zh for finding in found if finding.severity is Severity.ERROR] == []
    assert [finding.zh for finding in found if finding.code.startswith("roster.")] == []
    # Three beats take in a few blocks of a neighbouring community, by design.
    assert [finding.features for finding in found if finding.code == "beat.community"] == [
        ("JG001",), ("JG003",), ("JG010",),
    ]  # fmt: skip
