"""Partitions: sound ones raise nothing; overlaps, holes and strays are found where they are, in m2."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.checks.grids import find_grid_faults, select_village
from geogrid.checks.partition import find_overlaps, find_partition_faults
from geogrid.findings import Severity
from tests.support.frames import EAST, NORTH, make_layer, rectangle

EXTENT = rectangle(0, 0, 20, 10)


def districts(**shapes):
    return make_layer("district", shapes, name=list(shapes))


def check(areas, extent=EXTENT, **options):
    return find_partition_faults(areas, extent, "district", **options)


def summarise(findings):
    return sorted((f.code, f.features, None if f.size is None else round(f.size, 6)) for f in findings)


def test_two_halves_of_the_extent_are_sound():
    assert check(districts(A=rectangle(0, 0, 10, 10), B=rectangle(10, 0, 20, 10))) == []


def test_an_overlap_of_20_m2_is_found_with_its_ground():
    (finding,) = check(districts(A=rectangle(0, 0, 11, 10), B=rectangle(9, 0, 20, 10)))
    assert (finding.code, finding.severity, finding.features) == (
        "partition.overlap",
        Severity.ERROR,
        ("A", "B"),
    )
    assert finding.size == 20  # 2 m by 10 m
    assert finding.place.equals(rectangle(9, 0, 11, 10))
    assert "20" in finding.zh
    assert "A、B" in finding.zh


def test_a_hole_of_6_m2_is_found_with_its_ground():
    ring = rectangle(0, 0, 20, 10) - rectangle(5, 5, 8, 7)
    (finding,) = check(districts(A=ring))
    assert (finding.code, finding.size) == ("partition.gap", 6)  # 3 m by 2 m
    assert finding.place.equals(rectangle(5, 5, 8, 7))


def test_separate_boxes_are_a_valid_coverage_and_still_no_partition():
    areas = districts(A=rectangle(0, 0, 8, 10), B=rectangle(12, 0, 20, 10))
    assert shapely.coverage_is_valid(areas.geometry.to_numpy())
    assert summarise(check(areas)) == [("partition.gap", (), 40)]


def test_ground_beyond_the_extent_is_found():
    assert summarise(check(districts(A=rectangle(0, 0, 23, 10)))) == [("partition.outside", ("A",), 30)]


def test_every_area_that_overlaps_a_third_is_told_in_pairs():
    areas = districts(A=rectangle(0, 0, 10, 10), B=rectangle(10, 0, 20, 10), C=rectangle(8, 0, 12, 10))
    assert summarise(find_overlaps(areas, "district")) == [
        ("partition.overlap", ("A", "C"), 20),
        ("partition.overlap", ("B", "C"), 20),
    ]


def test_areas_that_only_touch_do_not_overlap():
    areas = districts(A=rectangle(0, 0, 10, 10), B=rectangle(10, 10, 20, 20), C=rectangle(10, 0, 20, 10))
    assert find_overlaps(areas, "district") == []


def test_a_vertex_that_one_side_lacks_is_an_edge_that_does_not_match():
    # The border x = 10 bends by 1 cm at y = 5 on B's side alone: 0.05 m2 of sliver.
    bent = shapely.Polygon(
        [(EAST + x, NORTH + y) for x, y in [(10, 0), (20, 0), (20, 10), (10, 10), (9.99, 5)]]
    )
    found = check(districts(A=rectangle(0, 0, 10, 10), B=bent))
    assert {f.code for f in found} == {"partition.edge"}
    assert {f.features for f in found} == {("A",), ("B",)}
    assert all(
        f.severity is Severity.WARNING and f.place.distance(shapely.Point(EAST + 10, NORTH + 5)) < 0.02
        for f in found
    )


def test_a_sliver_at_the_rim_is_told_though_it_is_no_gap():
    (finding,) = check(districts(A=rectangle(0, 0, 19.99, 10)))  # 1 cm by 10 m
    assert finding.code == "partition.rim"
    assert finding.size == pytest.approx(0.1)


def test_village_land_may_do_without_and_is_only_noted():
    found = check(districts(A=rectangle(0, 0, 8, 10)), village=rectangle(12, 0, 20, 10))
    assert summarise(found) == [("partition.gap", (), 40), ("partition.gap_in_village", (), 80)]
    assert {f.code: f.severity for f in found}["partition.gap_in_village"] is Severity.NOTE


def test_without_an_extent_holes_are_found_and_the_lack_is_noted():
    ring = rectangle(0, 0, 20, 10) - rectangle(5, 5, 8, 7)
    assert summarise(check(districts(A=ring), None)) == [
        ("partition.hole", (), 6),
        ("partition.no_extent", (), None),
    ]


def test_no_areas_at_all_leave_the_whole_extent():
    assert summarise(check(districts(A=None))) == [("partition.gap", (), 200)]


def test_a_faulty_polygon_is_measured_all_the_same():
    twisted = shapely.Polygon([(EAST + x, NORTH + y) for x, y in [(0, 0), (10, 10), (10, 0), (0, 10)]])
    found = check(districts(A=twisted, B=rectangle(10, 0, 20, 10)))
    assert sum(f.size for f in found if f.code == "partition.gap") == pytest.approx(50)


# --- laws --------------------------------------------------------------------------------------

cuts = st.lists(st.integers(1, 29), min_size=1, max_size=4, unique=True).map(sorted)


@st.composite
def partitions(draw):
    """A rectangle of 30 m cut into cells on whole metres; cells of one label make an area."""
    x, y = [0, *draw(cuts), 30], [0, *draw(cuts), 30]
    cells = [
        rectangle(west, south, east, north) for west, east in pairwise(x) for south, north in pairwise(y)
    ]
    labels = draw(st.lists(st.sampled_from("ABCD"), min_size=len(cells), max_size=len(cells)))
    areas = {
        label: shapely.coverage_union_all([c for c, own in zip(cells, labels, strict=True) if own == label])
        for label in sorted(set(labels))
    }
    return districts(**areas)


SQUARE = rectangle(0, 0, 30, 30)


@given(partitions())
@settings(deadline=None, max_examples=30)
def test_cells_united_into_areas_are_always_a_sound_partition(areas):
    assert find_partition_faults(areas, SQUARE, "district") == []


@given(areas=partitions(), data=st.data())
@settings(deadline=None, max_examples=30)
def test_a_moved_vertex_is_always_found(areas, data):
    row = data.draw(st.integers(0, len(areas) - 1))
    shape = areas.geometry.iloc[row]
    xy = shapely.get_coordinates(shape)
    corner = xy[data.draw(st.integers(0, len(xy) - 1))]
    # Off every line of the cut, whose edges run east and north.
    shift = np.array(data.draw(st.sampled_from([(0.3, 0.2), (-0.3, 0.2), (0.3, -0.2), (-0.3, -0.2)])))
    moved = shapely.transform(
        shape, lambda all_xy: np.where((all_xy == corner).all(axis=1)[:, None], all_xy + shift, all_xy)
    )
    broken = areas.copy()
    broken.loc[areas.index[row], "geometry"] = moved
    assert find_partition_faults(broken, SQUARE, "district")


# --- grids -------------------------------------------------------------------------------------

COMMUNITIES = make_layer(
    "community",
    {"C1": rectangle(0, 0, 10, 10), "C2": rectangle(10, 0, 20, 10)},
    name=["东门社区", "官湖村"],
    kind=["社区", "村"],
)
NO_DISTRICTS = make_layer("district", {"D1": None}, name=["无"]).iloc[:0]


def check_grids(extent=None, districts=NO_DISTRICTS, community=None, district=None, **shapes):
    none = [None] * len(shapes)
    grids = make_layer(
        "grid", shapes, name=list(shapes), community=community or none, district=district or none
    )
    return find_grid_faults(grids, COMMUNITIES, districts, extent)


def test_grids_that_declare_what_the_ground_says_are_sound():
    assert check_grids(G1=rectangle(0, 0, 5, 10), G2=rectangle(5, 0, 10, 10), community=["C1", "C1"]) == []


def test_a_grid_that_declares_another_community_is_found():
    (finding,) = check_grids(G1=rectangle(0, 0, 5, 10), community=["C2"])
    assert (finding.code, finding.features, finding.severity) == ("grid.declared", ("G1",), Severity.ERROR)
    assert "C2" in finding.zh
    assert "C1" in finding.zh


def test_a_grid_across_a_border_is_split_by_the_ground_on_the_other_side():
    (finding,) = check_grids(G1=rectangle(5, 0, 12, 10), community=["C1"])
    assert (finding.code, finding.size) == ("grid.split", 20)  # 2 m by 10 m in C2
    assert finding.place.equals(rectangle(10, 0, 12, 10))


def test_a_grid_is_compared_with_its_district_too():
    districts = make_layer("district", {"D1": rectangle(0, 0, 20, 10)}, name=["片区"])
    (finding,) = check_grids(G1=rectangle(0, 0, 5, 10), district=["D9"], districts=districts)
    assert finding.code == "grid.declared"
    assert "片区" in finding.zh


def test_ground_without_a_grid_is_a_warning_in_a_community_and_a_note_in_a_village():
    found = check_grids(extent=EXTENT, G1=rectangle(0, 0, 7, 10))
    assert summarise(found) == [("grid.gap", (), 30), ("grid.gap_in_village", (), 100)]
    assert [f.severity for f in sorted(found, key=lambda f: f.code)] == [Severity.WARNING, Severity.NOTE]


def test_village_land_is_none_where_no_community_is_a_village():
    assert select_village(COMMUNITIES.iloc[:1]) is None
    assert select_village(COMMUNITIES).equals(rectangle(10, 0, 20, 10))
