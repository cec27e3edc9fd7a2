"""Squares: straight where nothing stands in between, else round it. Drawn towns, a file, and networkx."""

from __future__ import annotations

import itertools
import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.engine import Engine
from geogrid.coverage.explain_walk import explain_walk
from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import MoveCentre
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.crs import change_crs
from geogrid.network.impedance import LENGTH, PROFILES
from geogrid.network.squares import MAX_CORNERS
from tests.support.frames import METRIC, line, make_layer, point, rectangle
from tests.support.oracle import Oracle
from tests.support.random_town import make_town
from tests.support.readers import read_osm_in_process
from tests.test_walk_stops import barrier_at, house

TEN_MINUTES = Reading("minutes", 10)
SPEED = 1.2


def polygon(*places, holes=()):
    corner = point(0, 0)
    move = [[(corner.x + x, corner.y + y) for x, y in ring] for ring in (places, *holes)]
    return shapely.Polygon(move[0], move[1:])


BLOCK = polygon((0, 0), (120, 0), (120, 120), (0, 120))
STREETS = {"west": [(-60, 60), (0, 60)], "east": [(120, 60), (180, 60)]}  # they end at the square's edge


def walk(ground, homes, centre, streets=STREETS, **layers):
    """Seconds by home, equal to networkx's; None where there is no walk."""
    squares = ground if isinstance(ground, dict) else {"q": ground}
    town = Town.from_layers(
        {
            "street": make_layer("street", {key: line(*xy) for key, xy in streets.items()}),
            "building": make_layer("building", {key: house(*xy) for key, xy in homes.items()}),
            "centre": make_layer("centre", {"z": point(*centre)}),
            **({"square": make_layer("square", squares)} if squares else {}),
            **layers,
        }
    )
    walks = measure_walks(lay_out(town), PROFILES["adult"])
    oracle = Oracle(town, "adult")
    found = {
        home: None if math.isinf(cost) else cost / 1000 for home, cost in zip(homes, walks.cost, strict=True)
    }
    assert found == {
        home: oracle.nearest(home)[0] / 1000 if oracle.nearest(home)[1] else None for home in homes
    }
    return found


def seconds(*metres):
    """Each piece is rounded to a millisecond by itself."""
    return sum(math.floor(1000 * m / SPEED + 0.5) for m in metres) / 1000


def test_a_square_is_crossed_straight_from_street_to_street():
    found = walk(BLOCK, {"h": (-60, 72)}, (180, 72))
    # legs of 12 m, streets of 60 m, 120 m over the square: never 240 m round its edge
    assert found == {"h": seconds(12 * 1.2, 60, 120, 60, 12 * 1.2)}


def test_without_a_square_its_streets_lead_nowhere_nor_with_one_that_is_not_walked():
    closed = make_layer("square", {"q": BLOCK}, walkable=[False])
    for square in ({}, closed):
        layers = {"square": square} if len(square) else {}
        assert walk({}, {"h": (-60, 72)}, (180, 72), **layers) == {"h": None}


def test_a_fountain_is_walked_round_by_its_corners():
    hole = [(40, 40), (80, 40), (80, 80), (40, 80)]
    found = walk(polygon((0, 0), (120, 0), (120, 120), (0, 120), holes=[hole]), {"h": (-60, 72)}, (180, 72))
    # 60 m high, the hole from 40 to 80: over a corner at (40, 80), along 40 m, and down again
    slant = math.hypot(40, 20)
    assert found == {"h": seconds(12 * 1.2, 60, slant, 40, slant, 60, 12 * 1.2)}


def test_a_square_with_a_bay_is_walked_round_the_bay():
    bay = polygon((0, 0), (120, 0), (120, 120), (80, 120), (80, 30), (40, 30), (40, 120), (0, 120))
    found = walk(bay, {"h": (-60, 72)}, (180, 72))
    slant = math.hypot(40, 30)
    assert found == {"h": seconds(12 * 1.2, 60, slant, 40, slant, 60, 12 * 1.2)}


@pytest.mark.parametrize(
    ("home", "centre", "metres"),
    [
        ((30, 132), (90, -12), (12 * 1.2, math.hypot(60, 120), 12 * 1.2)),  # both beside it
        ((60, 100), (90, -12), (math.hypot(30, 100), 12 * 1.2)),  # a home in it
        ((30, 30), (60, 70), (math.hypot(30, 40),)),  # both in it
        ((30, 30), (180, 72), (math.hypot(90, 30), 60, 12 * 1.2)),  # from in it to a street
    ],
)
def test_doors_beside_and_in_a_square_walk_straight_over_it(home, centre, metres):
    assert walk(BLOCK, {"h": home}, centre) == {"h": seconds(*metres)}


def test_a_wall_on_a_square_is_walked_round_within_a_decimetre():
    wall = make_layer("barrier", {"b": line((60, 30), (60, 120))})
    found = walk(BLOCK, {"h": (-60, 72)}, (180, 72), barrier=wall)
    round_it = 2 * math.hypot(60, 30)
    assert found["h"] == pytest.approx(seconds(12 * 1.2, 60, round_it, 60, 12 * 1.2), abs=0.2)


def test_water_and_a_gated_compound_are_no_part_of_a_square():
    for layer in ("water", "compound"):
        ground = rectangle(50, 20, 70, 130)  # it leaves 20 m in the south
        values = {"kind": ["封闭式"]} if layer == "compound" else {}
        gates = {"gate": make_layer("gate", {"g": point(60, 130)}, compound=["c"])} if values else {}
        other = {layer: make_layer(layer, {"c": ground}, **values), **gates}
        found = walk(BLOCK, {"h": (-60, 72)}, (180, 72), **other)
        corner = math.hypot(50, 40)
        assert found == {"h": seconds(12 * 1.2, 60, corner, 20, corner, 60, 12 * 1.2)}


def test_squares_that_touch_are_one_ground():
    west, east = rectangle(0, 0, 50, 120), rectangle(50, 0, 120, 120)
    assert walk({"a": west, "b": east}, {"h": (-60, 72)}, (180, 72)) == {
        "h": seconds(12 * 1.2, 60, 120, 60, 12 * 1.2)
    }


def test_a_street_that_crosses_the_edge_without_a_vertex_is_joined_and_a_bridge_is_not():
    streets = {"over": [(60, -60), (60, 180)], "east": [(120, 60), (180, 60)]}
    homes = {"h": (72, -60)}
    # onto the square where the street crosses its edge, at (60, 0), and straight to the east street
    joined = seconds(12 * 1.2, 60, math.hypot(60, 60), 60, 12 * 1.2)
    assert walk(BLOCK, homes, (180, 72), streets) == {"h": joined}
    bridge = make_layer("street", {key: line(*xy) for key, xy in streets.items()}, bridge=[True, None])
    assert walk(BLOCK, homes, (180, 72), streets, street=bridge) == {"h": None}
    # ... but for a bridge that ends on it
    streets["over"] = [(60, -60), (60, 30)]
    bridge = make_layer("street", {key: line(*xy) for key, xy in streets.items()}, bridge=[True, None])
    ends = seconds(12 * 1.2, 90, math.hypot(60, 30), 60, 12 * 1.2)
    assert walk(BLOCK, homes, (180, 72), streets, street=bridge) == {"h": ends}


def test_a_closed_gate_where_a_street_comes_onto_a_square_keeps_people_out():
    found = walk(BLOCK, {"h": (-60, 72)}, (180, 72), street_barrier=barrier_at(0, 60))
    assert found == {"h": None}


def test_steps_and_lengths_of_a_square_are_those_of_the_ground():
    town = Town.from_layers(
        {
            "street": make_layer("street", {key: line(*xy) for key, xy in STREETS.items()}),
            "building": make_layer("building", {"h": house(-60, 72)}),
            "centre": make_layer("centre", {"z": point(180, 72)}),
            "square": make_layer("square", {"q": BLOCK}),
        }
    )
    assert measure_walks(lay_out(town), LENGTH).cost.tolist() == [1000 * (14.4 + 60 + 120 + 60 + 14.4)]


def test_a_ground_with_very_many_corners_has_bounded_chords():
    angle = np.linspace(0, 2 * np.pi, 1201)[:-1]
    radius = 60 + 5 * (np.arange(1200) % 2)  # a star of 600 notches
    star = polygon(*np.column_stack([60 + radius * np.cos(angle), 60 + radius * np.sin(angle)]).tolist())
    streets = {"west": [(-60, 60), (0, 60)], "east": [(120, 60), (180, 60)]}
    town = Town.from_layers(
        {
            "street": make_layer("street", {key: line(*xy) for key, xy in streets.items()}),
            "building": make_layer("building", {"h": house(-60, 72)}),
            "centre": make_layer("centre", {"z": point(180, 72)}),
            "square": make_layer("square", {"q": star}),
        }
    )
    layout = lay_out(town)
    n_chords = int((layout.network.squares.of_segment == -2).sum())
    assert 0 < n_chords <= (MAX_CORNERS + 4) * (MAX_CORNERS + 3) / 2
    # straight through the middle, all but the simplification
    straight = seconds(12 * 1.2, 60, 120, 60, 12 * 1.2)
    assert measure_walks(layout, PROFILES["adult"]).cost[0] / 1000 == pytest.approx(straight, rel=0.02)


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("mirror", [1, -1])
def test_turning_mirroring_and_renaming_a_town_with_a_square_changes_no_answer(turn, mirror):
    cos, sin = [(1, 0), (0, 1), (-1, 0), (0, -1)][turn]

    def move(x, y):
        x, y = mirror * (x - 60), y - 60
        return cos * x - sin * y, sin * x + cos * y

    hole = [(40, 40), (70, 50), (75, 85), (35, 70)]
    square = polygon(
        *[move(*xy) for xy in [(0, 0), (120, 0), (120, 120), (80, 120), (70, 90), (0, 120)]],
        holes=[[move(*xy) for xy in hole]],
    )
    streets = {f"{9 - turn}{key}": [move(*xy) for xy in xys] for key, xys in STREETS.items()}
    homes = {"a": move(-60, 72), "b": move(30, 20), "c": move(60, 132)}
    found = walk({f"q{mirror}": square}, homes, move(180, 72), streets)
    reference = getattr(
        test_turning_mirroring_and_renaming_a_town_with_a_square_changes_no_answer, "kept", found
    )
    test_turning_mirroring_and_renaming_a_town_with_a_square_changes_no_answer.kept = reference
    assert found == pytest.approx(reference, abs=0.002)


# --- OpenStreetMap ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["way", "relation"])
@pytest.mark.parametrize("tags", [{"highway": "pedestrian"}, {"highway": "footway"}, {"highway": "service"}])
def test_an_area_of_openstreetmap_is_walked_over(kind, tags, tmp_path):
    step = 0.001  # 99 m to the east, 111 m to the north
    places = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0.5, 0), 6: (0.5, -1), 7: (0.5, 1), 8: (0.5, 2)}
    places |= {11: (0.4, 0.4), 12: (0.6, 0.4), 13: (0.6, 0.6), 14: (0.4, 0.6)}
    nodes = "".join(
        f'<node id="{n}" lon="{118.85 + step * x:.7f}" lat="{27.37 + step * y:.7f}"/>'
        for n, (x, y) in places.items()
    )

    def way(number, refs, **values):
        inside = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        told = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in values.items())
        return f'<way id="{number}">{inside}{told}</way>'

    ring, hole = [1, 5, 2, 3, 7, 4, 1], [11, 12, 13, 14, 11]
    ways = way(20, [6, 5], highway="footway") + way(21, [7, 8], highway="footway")
    if kind == "way":
        area = way(22, ring, area="yes", **tags)
    else:
        told = "".join(f'<tag k="{k}" v="{v}"/>' for k, v in {"type": "multipolygon", **tags}.items())
        members = '<member type="way" ref="22" role="outer"/><member type="way" ref="23" role="inner"/>'
        area = way(22, ring) + way(23, hole) + f'<relation id="24">{members}{told}</relation>'
    (tmp_path / "a.osm").write_text(f"<osm>{nodes}{ways}{area}</osm>")
    layers, info = read_osm_in_process(tmp_path / "a.osm")
    assert info["left_out_ids"] == {}
    assert layers["square"][["id", "kind", "walkable"]].to_numpy().tolist() == [
        ["w22" if kind == "way" else "r24", tags["highway"], True]
    ]
    town = {name: change_crs(frame, METRIC, name) for name, frame in layers.items()}
    ends = shapely.get_coordinates(town["street"].set_index("id").geometry[["w20", "w21"]].to_numpy())
    town["building"] = gpd.GeoDataFrame(
        {"id": ["h"]}, geometry=[shapely.box(*(ends[0] - 1), *(ends[0] + 1))], crs=METRIC
    )
    town["centre"] = gpd.GeoDataFrame({"id": ["z"]}, geometry=[shapely.Point(ends[-1])], crs=METRIC)
    found = measure_walks(lay_out(Town.from_layers(town)), LENGTH).cost[0] / 1000
    place = dict(zip(places, shapely.get_coordinates(change_crs(gpd.GeoDataFrame(
        geometry=[shapely.Point(118.85 + step * x, 27.37 + step * y) for x, y in places.values()], crs="EPSG:4326",
    ), METRIC, "street").geometry.to_numpy()), strict=True))  # fmt: skip
    by = [6, 5, 7, 8] if kind == "way" else [6, 5, 11, 14, 7, 8]
    assert found == pytest.approx(
        sum(math.dist(place[a], place[b]) for a, b in itertools.pairwise(by)), abs=0.02
    )


# --- networkx, on drawn towns -------------------------------------------------------------------------


def town_with_squares(seed):
    """A drawn town with a star, a ring and two squares that touch, over streets, a river, walls and compounds."""
    rng, town = np.random.default_rng([seed, 11]), make_town(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 12))
    radius = rng.uniform(30, 90, 12)
    centre = rng.uniform(150, 550, (3, 2))
    star = shapely.Polygon(centre[0] + np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    ring = shapely.box(*(centre[1] - 60), *(centre[1] + 60)).difference(
        shapely.Point(centre[1]).buffer(25, 4)
    )
    a = shapely.box(*centre[2], *(centre[2] + 50))
    b = shapely.box(centre[2][0] + 50, centre[2][1] + 10, *(centre[2] + 110))
    square = gpd.GeoDataFrame(
        {"id": ["q1", "q2", "q3", "q4"], "walkable": [None, True, None, None]},
        geometry=[shapely.make_valid(star), ring, a, b],
        crs=town.street.crs,
    )
    loose = gpd.GeoDataFrame(
        {"id": [f"k{n}" for n in range(6)], "use": ["residential"] * 6},
        geometry=[
            shapely.Point(xy).buffer(3)
            for xy in centre[rng.integers(3, size=6)] + rng.uniform(-70, 70, (6, 2))
        ],
        crs=town.street.crs,
    )
    door = gpd.GeoDataFrame(
        {"id": ["zz"]}, geometry=[shapely.Point(centre[1] + [40, 10])], crs=town.street.crs
    )
    return Town.from_layers(
        {
            **vars(town),
            "square": square,
            "building": pd.concat([town.building, loose], ignore_index=True),
            "centre": pd.concat([town.centre, door], ignore_index=True),
        }
    )


@pytest.mark.parametrize("profile", [PROFILES["adult"], LENGTH], ids=lambda p: p.name)
@pytest.mark.parametrize("seed", range(8))
def test_every_home_of_a_town_with_squares_walks_as_networkx_does(seed, profile):
    town = town_with_squares(seed)
    layout = lay_out(town)
    assert len(layout.network.squares) >= 3
    walks = measure_walks(layout, profile)
    oracle = Oracle(town, profile.name)
    centre = np.append(layout.centre_id, [None])[walks.centre]
    buildings = layout.homes.building["id"].tolist()
    mine = dict(zip(buildings, zip(walks.cost.tolist(), centre.tolist(), strict=True), strict=True))
    assert mine == {home: oracle.nearest(home) for home in buildings}
    assert (assess_coverage(town, TEN_MINUTES).homes["status"] == "covered").any()


@pytest.mark.parametrize("layer", ["water", "compound"])
def test_a_square_that_lies_in_a_gated_compound_or_in_water_is_no_ground(layer):
    values = {"kind": ["封闭式"]} if layer == "compound" else {}
    around = make_layer(layer, {"c": rectangle(-9, -9, 130, 130)}, **values)
    assert walk(BLOCK, {"h": (-60, 72)}, (180, 72), **{layer: around}) == {"h": None}


@pytest.mark.parametrize("seed", range(4))
def test_every_walk_over_squares_is_told_leg_by_leg(seed):
    town = town_with_squares(seed)
    layout = lay_out(town)
    walks = measure_walks(layout, PROFILES["adult"])
    names = set()
    for home in np.flatnonzero(np.isfinite(walks.cost)):
        told = explain_walk(town, layout, walks, int(home))
        assert sum(leg.cost for leg in told.legs) == walks.cost[home]
        for leg, after in itertools.pairwise(told.legs):
            assert leg.path[-1] == pytest.approx(after.path[0], abs=0.003)  # a walk without a gap
        names |= {leg.street for leg in told.legs if leg.street in {"q1", "q2", "q3", "q4"}}
    assert names  # some of them lead over a square


def test_a_centre_that_is_dragged_over_a_square_is_walked_to_as_if_it_had_stood_there():
    town = town_with_squares(1)
    engine = Engine(town, PROFILES["adult"])
    ring = town.square.geometry.iloc[1]
    for share in (0.1, 0.4, 0.7):
        x, y = ring.boundary.geoms[0].interpolate(share, normalized=True).coords[0]
        for x_m, y_m in ((x, y), (x + 3, y + 2)):
            engine.apply(MoveCentre("zz", x_m, y_m))
            fresh = measure_walks(lay_out(engine.town), PROFILES["adult"])
            assert engine.walks.cost.tolist() == fresh.cost.tolist()
