"""Damaged partitions: each kind of damage is found where it is, and mending makes the partition sound."""

from __future__ import annotations

import datetime as dt
import json

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.areas.mend import Rule
from geogrid.checks import run_checks
from geogrid.checks.grids import select_village
from geogrid.checks.mending import plan_mend
from geogrid.crs import change_crs
from geogrid.demo import build_town
from geogrid.errors import UndecidableMendError
from geogrid.workspace import Workspace
from tests.support.command import Command
from tests.support.damage import KINDS
from tests.support.frames import METRIC, make_layer, rectangle

TODAY = dt.date(2026, 6, 1)
AREAS = ("county", "community", "district", "grid", "beat")
EXTENT = rectangle(0, 0, 20, 10)
NAMES = [damage.__name__ for damage in KINDS]


@pytest.fixture(scope="module")
def town():
    return build_town(7)


@pytest.fixture(scope="module")
def layers(town):
    return {name: change_crs(town[name], METRIC, name) for name in AREAS}


def extent_of(layers, layer):
    extent = layers["county"].geometry.iloc[0]
    return extent if layer != "grid" else extent - select_village(layers["community"])


def require_sound(areas, extent):
    shapes = areas.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    union = shapely.union_all(shapes)
    assert shapely.symmetric_difference(union, extent).area <= 1e-6 * extent.area
    assert shapely.area(shapes).sum() == pytest.approx(extent.area, rel=1e-6)


def test_there_are_twenty_kinds_of_damage_each_with_a_sentence():
    assert len(KINDS) >= 20
    assert all(damage.__doc__.endswith(".") for damage in KINDS)


def test_the_undamaged_areas_have_no_errors(layers):
    assert [f.code for f in run_checks(layers, {}, TODAY) if f.severity.value == "error"] == []


@pytest.mark.parametrize("damage", KINDS, ids=NAMES)
def test_damage_is_found_where_it_is_and_mended_where_it_can_be(damage, layers):
    damaged = damage(layers)
    found = [
        f
        for f in run_checks(damaged.layers, {}, TODAY)
        if f.code in damaged.codes and f.layer == damaged.layer
    ]
    assert found, damage.__doc__
    if damaged.place is not None:
        assert any(f.place is not None and f.place.intersects(damaged.place) for f in found), damage.__doc__
    if damaged.can_be_mended:
        extent = extent_of(layers, damaged.layer)
        plan = plan_mend(
            damaged.layers[damaged.layer],
            extent,
            damaged.layer,
            rule=Rule.LONGEST,
            parents=layers["community"] if damaged.layer == "grid" else None,
        )
        assert plan.findings_left == []
        require_sound(plan.after, extent)


@pytest.mark.parametrize("name", ["duplicate", "repeated_code", "missing_code", "no_shape"])
def test_what_somebody_must_decide_is_refused_with_a_sentence(name, layers):
    damaged = KINDS[NAMES.index(name)](layers)
    with pytest.raises(UndecidableMendError) as error:
        plan_mend(damaged.layers[damaged.layer], extent_of(layers, damaged.layer), damaged.layer)
    assert error.value.faults
    assert error.value.message("zh") != error.value.message("en")


# --- drawn by hand -----------------------------------------------------------------------------


def districts(**shapes):
    return make_layer("district", shapes, name=list(shapes))


def area_of(plan):
    return dict(zip(plan.after["code"], shapely.area(plan.after.geometry.to_numpy()).round(6), strict=True))


def tell_moves(plan):
    return [
        (a, b, round(m2, 6))
        for a, b, m2 in plan.moves[["loser", "gainer", "area_m2"]].itertuples(index=False)
    ]


GAP = {"A": rectangle(0, 0, 12, 10), "B": rectangle(14, 0, 20, 10)}
OVERLAP = {"A": rectangle(0, 0, 12, 10), "B": rectangle(10, 0, 20, 10)}


def test_a_gap_goes_to_the_largest_neighbour():
    plan = plan_mend(districts(**GAP), EXTENT, "district", rule=Rule.LARGEST)
    assert area_of(plan) == {"A": 140, "B": 60}
    assert tell_moves(plan) == [(None, "A", 20)]  # 2 m by 10 m
    assert plan.areas.to_dict("records") == [
        {"code": "A", "before_ha": 0.012, "after_ha": 0.014, "gained_ha": 0.002, "lost_ha": 0.0}
    ]
    assert plan.changed == ["A"]


def test_a_gap_goes_to_the_longest_common_border():
    # C lies above the gap along 2 m; A and B along 5 m and 10 m.
    areas = districts(A=rectangle(0, 0, 12, 5), B=rectangle(14, 0, 20, 10), C=rectangle(0, 5, 12, 10))
    plan = plan_mend(areas, EXTENT, "district", rule=Rule.LONGEST)
    assert tell_moves(plan) == [(None, "B", 20)]


def test_the_named_winner_takes_what_is_in_dispute():
    for winner, area in (("A", {"A": 120, "B": 80}), ("B", {"A": 100, "B": 100})):
        plan = plan_mend(districts(**OVERLAP), EXTENT, "district", rule=Rule.WINNER, winner=winner)
        assert area_of(plan) == area
        assert plan.findings_left == []


def test_a_winner_takes_nothing_that_it_does_not_touch_and_the_rest_is_told():
    areas = districts(A=rectangle(0, 0, 8, 10), B=rectangle(10, 0, 15, 10), C=rectangle(15, 0, 20, 10))
    plan = plan_mend(areas, EXTENT, "district", rule=Rule.WINNER, winner="C")
    assert plan.changed == []
    assert [(f.code, f.size) for f in plan.findings_left] == [("partition.gap", 20)]


def test_ground_beyond_the_extent_is_cut_off():
    plan = plan_mend(districts(A=rectangle(-3, 0, 10, 10), B=rectangle(10, 0, 20, 10)), EXTENT, "district")
    assert tell_moves(plan) == [("A", None, 30)]
    require_sound(plan.after, EXTENT)


def test_slivers_go_to_the_longest_border_though_another_wins():
    areas = districts(A=rectangle(0, 0, 9.9, 10), B=rectangle(10, 0, 16, 10), C=rectangle(16, 0, 20, 10))
    plan = plan_mend(areas, EXTENT, "district", rule=Rule.WINNER, winner="C", sliver_m=0.5)
    assert tell_moves(plan) == [(None, "A", 1.0)]  # 10 cm by 10 m; a tie of borders goes to the larger
    assert plan.findings_left == []


def test_near_vertices_become_one_and_the_extents_stay():
    areas = districts(A=rectangle(0.05, 0, 9.95, 10), B=rectangle(10, 0, 20, 10.04))
    plan = plan_mend(areas, EXTENT, "district", snap_m=0.1)
    assert area_of(plan) == {
        "A": 99.5,
        "B": 100.5,
    }  # of two that no vertex of the extent is near, the first stays
    require_sound(plan.after, EXTENT)


def test_free_ground_of_a_community_goes_to_a_grid_of_that_community():
    communities = make_layer(
        "community", {"C1": rectangle(0, 0, 10, 10), "C2": rectangle(10, 0, 20, 10)}, name=["甲", "乙"]
    )
    grids = make_layer(
        "grid",
        {"G1": rectangle(0, 0, 8, 10), "G2": rectangle(12, 0, 20, 4), "G3": rectangle(12, 4, 20, 10)},
        name=["一", "二", "三"],
        community=["C1", "C2", "C2"],
    )
    plan = plan_mend(grids, EXTENT, "grid", parents=communities)
    assert area_of(plan) == {"G1": 100, "G2": 32, "G3": 68}  # 2 m by 10 m each; G3 is the larger of C2's


def test_buildings_that_change_owner_are_told():
    buildings = make_layer("building", {"w1": rectangle(10.2, 2, 11.8, 4), "w2": rectangle(1, 1, 2, 2)})
    plan = plan_mend(districts(**GAP), EXTENT, "district", buildings=buildings)
    assert plan.buildings.to_dict("records") == []
    inside = make_layer("building", {"w3": rectangle(12.5, 2, 13.5, 4)})
    plan = plan_mend(districts(**GAP), EXTENT, "district", buildings=inside)
    assert plan.buildings.to_dict("records") == [{"building": "w3", "before": None, "after": "A"}]


@pytest.mark.parametrize(
    ("shapes", "options"),
    [
        (GAP, {"rule": Rule.WINNER}),
        (GAP, {"rule": Rule.WINNER, "winner": "Z"}),
        ({"A": rectangle(0, 0, 10, 10)}, {}),  # half of the ground would change hands
        ({"A": EXTENT, "B": EXTENT}, {}),
    ],
)
def test_what_cannot_be_decided_is_refused(shapes, options):
    with pytest.raises(UndecidableMendError):
        plan_mend(districts(**shapes), EXTENT, "district", **options)


def test_without_an_extent_nothing_is_mended():
    with pytest.raises(UndecidableMendError, match="county"):
        plan_mend(districts(**GAP), None, "district")


# --- laws --------------------------------------------------------------------------------------

SQUARE = rectangle(0, 0, 100, 100)
inches = st.integers(0, 300).map(lambda n: n / 3)


@st.composite
def messy_areas(draw):
    """Four quarters of a square, each a little larger or smaller than it should be, and turned a little."""
    shapes = {}
    for name, (x, y) in zip("ABCD", ((0, 0), (50, 0), (0, 50), (50, 50)), strict=True):
        west, south, east, north = (draw(st.integers(-30, 30)) / 7 for _ in range(4))
        quarter = rectangle(x + west, y + south, x + 50 + east, y + 50 + north)
        shapes[name] = shapely.affinity.rotate(quarter, draw(st.integers(-4, 4)), origin="center")
    return districts(**shapes)


@given(areas=messy_areas(), rule=st.sampled_from([Rule.LARGEST, Rule.LONGEST]), data=st.data())
@settings(deadline=None, max_examples=40)
def test_after_mending_every_point_has_exactly_one_owner(areas, rule, data):
    plan = plan_mend(areas, SQUARE, "district", rule=rule)
    require_sound(plan.after, SQUARE)
    points = shapely.points([[386_000 + data.draw(inches), 3_028_000 + data.draw(inches)] for _ in range(5)])
    shapes = plan.after.geometry.to_numpy()
    for place in points:
        n_inside = int(shapely.contains(shapes, place).sum())
        is_border = bool((shapely.distance(shapely.boundary(shapes), place) < 1e-6).any())
        assert n_inside == 1 or is_border
    again = plan_mend(plan.after, SQUARE, "district", rule=rule)
    assert again.moves["area_m2"].sum() < 1e-6


# --- in the county's file ----------------------------------------------------------------------


def test_a_mend_is_shown_first_written_as_one_revision_and_undone(
    town, layers, tmp_path, monkeypatch, capsys
):
    county = tmp_path / "c.gpkg"
    damaged = KINDS[NAMES.index("notch")](layers).layers["community"]
    with Workspace.create(county, "350725", "政和县") as workspace, workspace.edit("test", "areas") as edit:
        edit.insert("county", town["county"])
        edit.insert("community", change_crs(damaged, "EPSG:4490", "community"))
    command = Command(monkeypatch, capsys)
    preview = command.succeed(
        "mend", county, "community", "--dry-run", "--out", tmp_path / "synthetic.geojson"
    )
    assert "0.14" in preview  # half a disc of 30 m, in hectares: 3.14 * 900 / 2 / 10,000
    assert len(gpd.read_file(tmp_path / "synthetic.geojson")) == 1
    with Workspace.open(county) as workspace:
        assert workspace.revision == 1
        before = workspace.read("community")
    told = json.loads(command.succeed("mend", county, "community", "--rule", "longest", "--yes", "--json"))
    assert told["revision"] == 2
    assert told["findings_left"] == []
    with Workspace.open(county) as workspace:
        require_sound(workspace.read_metric("community"), workspace.read_metric("county").geometry.iloc[0])
    assert command.succeed("mend", county, "community", "--yes")  # nothing is left to do
    command.succeed("undo", county)
    with Workspace.open(county) as workspace:
        assert workspace.read("community").geometry.geom_equals(before.geometry).all()


def test_a_layer_without_areas_or_a_winner_unknown_is_refused(town, tmp_path, monkeypatch, capsys):
    county = tmp_path / "c.gpkg"
    with Workspace.create(county, "350725", "政和县") as workspace, workspace.edit("test", "areas") as edit:
        for name in ("county", "community"):
            edit.insert(name, town[name])
    command = Command(monkeypatch, capsys)
    assert "LAYER" in command.refuse("mend", county, "street")
    assert "Z9" in command.refuse("mend", county, "community", "--rule", "winner", "--winner", "Z9")
