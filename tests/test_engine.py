"""The compiled kernel against the reference, and what-if against a town computed from the beginning."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geogrid.coverage.engine import Engine
from geogrid.coverage.scenario import (
    AddCentre,
    AddGate,
    AddStreet,
    CloseGate,
    MoveCentre,
    OpenGate,
    RemoveCentre,
    RemoveStreet,
    Scenario,
)
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks, price_ways
from geogrid.errors import EmptyLayerError, FeatureNotFoundError, InvalidOptionError, NetworkTooLargeError
from geogrid.network import kernel, search, solver
from geogrid.network.chains import contract_graph
from geogrid.network.graph import Costs, build_graph
from geogrid.network.impedance import LENGTH, PROFILES
from geogrid.network.search import Direct, Ways
from geogrid.network.snap import SegmentIndex, snap_points
from tests.support.random_town import make_town
from tests.support.town import at, draw_layers, draw_town

ADULT = PROFILES["adult"]
NO_DIRECT = Direct(np.empty(0, int), np.empty(0, int), np.empty(0))

needs_kernel = pytest.mark.skipif(
    kernel.load_kernel() is None,
    reason="install a C compiler and build the kernel: python setup.py build_ext --inplace",
)


@pytest.fixture(params=["kernel", "scipy"])
def method(request, monkeypatch):
    """Both methods: the compiled kernel where it is built, and what answers without it."""
    if request.param == "kernel" and kernel.load_kernel() is None:
        pytest.skip("install a C compiler and build the kernel: python setup.py build_ext --inplace")
    if request.param == "scipy":
        monkeypatch.setattr(kernel, "load_kernel", lambda: None)
    return request.param


def same_walks(mine, reference):
    for name in ("cost", "centre", "gate", "has_way"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(reference, name), err_msg=name)


# --- the kernel ----------------------------------------------------------------------------------


def graph_of(lines):
    n = len(lines)
    nothing = {"is_steps": np.zeros(n, bool), "wait_s_per_m": np.zeros(n), "group": np.zeros(n, np.int64)}
    return build_graph(np.array(lines, dtype=object), **nothing)


@st.composite
def networks(draw):
    """A graph of bent lines on a lattice, with rings, dead ends, parallels and islands, and prices by direction."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    width = draw(st.integers(2, 8))
    lines = []
    for _ in range(draw(st.integers(1, 30))):
        xy = rng.integers(0, width, (rng.integers(2, 7), 2)) * 10.0
        lines.append(shapely.LineString(xy + rng.choice([0, 0, 0, 0.5], xy.shape)))
    graph = graph_of(lines)
    costs = Costs(
        *rng.integers(0, draw(st.sampled_from([2, 60, 90_000])), (2, graph.n_segments)).astype(float)
    )
    return rng, graph, costs


def draw_ways(rng, graph, n_places):
    n = int(rng.integers(0, 3 * n_places)) if graph.n_segments else 0
    fraction = np.where(rng.random(n) < 0.5, rng.choice([0.0, 0.25, 0.5, 1.0], n), rng.random(n))
    place = np.sort(rng.integers(0, n_places, n))
    segment = rng.integers(0, max(1, graph.n_segments), n)
    return Ways(place, segment, fraction, rng.integers(0, 30, n).astype(float), np.full(n, -1))


def draw_direct(rng, n_homes, n_centres):
    n = int(rng.integers(0, 6))
    cost = rng.integers(0, 60, n).astype(float)
    return Direct(rng.integers(0, n_homes, n), rng.integers(0, n_centres, n), cost)


def same_nearest(mine, reference):
    for name in ("cost", "centre", "way"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(reference, name), err_msg=name)


def same_matrix(mine, reference):
    assert mine.shape == reference.shape
    assert mine.dtype == reference.dtype
    for name in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(reference, name), err_msg=name)


@needs_kernel
@settings(max_examples=150, deadline=None)
@given(networks())
def test_the_kernel_finds_every_millisecond_centre_and_way_that_scipy_finds(drawn):
    rng, graph, costs = drawn
    n_homes, n_centres = int(rng.integers(1, 25)), int(rng.integers(1, 8))
    question = (
        graph,
        costs,
        draw_ways(rng, graph, n_homes),
        draw_ways(rng, graph, n_centres),
        draw_direct(rng, n_homes, n_centres),
        n_homes,
        n_centres,
    )
    same_nearest(solver.find_nearest(*question), search.find_nearest(*question))
    for limit in (0.0, 40.0, 1e6):
        reach = search.measure_reach(*question, limit=limit)
        same_matrix(solver.measure_reach(*question, limit=limit), reach)


@needs_kernel
@settings(max_examples=60, deadline=None)
@given(networks())
def test_many_centres_searched_from_in_batches_give_what_one_search_gives(drawn):
    rng, graph, costs = drawn
    n_homes, n_centres = 20, 400
    homes, centres = draw_ways(rng, graph, n_homes), draw_ways(rng, graph, n_centres)
    question = graph, costs, homes, centres, NO_DIRECT, n_homes, n_centres
    same_nearest(solver.find_nearest(*question), search.find_nearest(*question))


@needs_kernel
@settings(max_examples=60, deadline=None)
@given(networks(), st.floats(0, 3000))
def test_a_bounded_search_finds_every_walk_within_the_bound(drawn, limit):
    rng, graph, costs = drawn
    n_homes, n_centres = 20, 6
    homes, centres = draw_ways(rng, graph, n_homes), draw_ways(rng, graph, n_centres)
    reference = search.find_nearest(graph, costs, homes, centres, NO_DIRECT, n_homes, n_centres)
    engine = solver.Solver.build(contract_graph(graph), costs, homes, centres, NO_DIRECT, n_homes, n_centres)
    engine.solve(limit)
    mine, within = engine.read_nearest(), reference.cost <= limit
    for name in ("cost", "centre", "way"):
        np.testing.assert_array_equal(getattr(mine, name)[within], getattr(reference, name)[within])
    assert (mine.cost[~within] > limit).all()


@needs_kernel
@settings(max_examples=100, deadline=None)
@given(networks())
def test_adding_and_removing_centres_keeps_the_answer_of_a_solver_made_anew(drawn):
    rng, graph, costs = drawn
    n_homes = 20
    homes, chains = draw_ways(rng, graph, n_homes), contract_graph(graph)
    standing = []  # of each centre its ways and its direct walks
    nobody = Ways(*(values[:0] for values in vars(homes).values()))
    engine = solver.Solver.build(chains, costs, homes, nobody, NO_DIRECT, n_homes, 0)
    engine.solve()
    for _ in range(12):
        if standing and rng.random() < 0.45:
            number = int(rng.integers(len(standing)))
            standing.pop(number)
            engine.remove_centre(number)
        else:
            number = int(rng.integers(len(standing) + 1))
            new = draw_ways(rng, graph, 1), draw_direct(rng, n_homes, 1)
            standing.insert(number, new)
            engine.add_centre(number, *new)
        ways = [ways for ways, _ in standing]
        direct = [direct for _, direct in standing]
        count = np.arange(len(standing))
        centres = Ways(
            np.repeat(count, [len(one.place) for one in ways]),
            *(
                np.concatenate([getattr(one, name) for one in ways] or [np.empty(0, int)])
                for name in ("segment", "fraction", "leg", "gate")
            ),
        )
        beside = Direct(
            np.concatenate([one.home for one in direct] or [np.empty(0, int)]),
            np.repeat(count, [len(one.home) for one in direct]),
            np.concatenate([one.cost for one in direct] or [np.empty(0)]),
        )
        fresh = solver.Solver.build(chains, costs, homes, centres, beside, n_homes, len(standing))
        fresh.solve()
        same_nearest(engine.read_nearest(), fresh.read_nearest())
        if standing:
            question = graph, costs, homes, centres, beside, n_homes, len(standing)
            same_nearest(engine.read_nearest(), search.find_nearest(*question))


@needs_kernel
def test_a_chain_runs_from_junction_to_junction_and_a_ring_gets_one():
    lines = [
        "LINESTRING (0 0, 10 0, 20 0, 30 0)",
        "LINESTRING (20 0, 20 9)",
        "LINEARRING (50 0, 60 0, 60 9, 50 0)",
    ]
    graph = graph_of(shapely.from_wkt(lines))
    chains = contract_graph(graph)
    lengths = [np.diff(chains.begin)[chains.chain[s]] for s in range(graph.n_segments)]
    assert lengths == [2, 2, 1, 1, 3, 3, 3]
    assert (chains.n_chains, chains.n_junctions) == (4, 5)  # 3 ends, the junction, and one on the ring


@needs_kernel
def test_prices_too_large_for_the_kernel_are_left_to_the_reference():
    graph = graph_of(shapely.from_wkt(["LINESTRING (0 0, 10 0)"]))
    at_start = Ways(np.zeros(1, int), np.zeros(1, int), np.zeros(1), np.zeros(1), np.full(1, -1))
    at_end = Ways(np.zeros(1, int), np.zeros(1, int), np.ones(1), np.zeros(1), np.full(1, -1))
    costs = Costs(np.full(1, 2.0**33), np.full(1, 2.0**33))
    assert solver.find_nearest(graph, costs, at_start, at_end, NO_DIRECT, 1, 1).cost.tolist() == [2.0**33]
    costs = Costs(np.full(1, 2.0**52), np.full(1, 2.0**52))
    with pytest.raises(NetworkTooLargeError):
        solver.find_nearest(graph, costs, at_start, at_end, NO_DIRECT, 1, 1)


# --- snapping ------------------------------------------------------------------------------------


def nearest_by_brute_force(points, graph):
    """All distances as GEOS computes them; argmin takes the first of the smallest."""
    lines = shapely.linestrings(graph.ends_xy.reshape(-1, 2, 2))
    return shapely.distance(shapely.points(points)[:, None], lines[None, :]).argmin(axis=1)


@pytest.mark.parametrize("seed", range(20))
def test_every_point_snaps_to_the_first_of_the_nearest_segments(seed, method):
    rng = np.random.default_rng(seed)
    lattice = rng.integers(0, 8, (30, 4, 2)) * 10.0
    bent = lattice + (rng.random(lattice.shape) if seed % 2 else 0.0)
    graph = graph_of([shapely.LineString(xy) for xy in bent])
    points = np.vstack(
        [rng.integers(-4, 20, (60, 2)) * 5.0, rng.uniform(-50, 120, (60, 2)), rng.uniform(-1e6, 1e6, (5, 2))]
    )
    found = snap_points(points, graph)
    assert found.segment.tolist() == nearest_by_brute_force(points, graph).tolist()


def test_equally_near_segments_that_lie_on_each_other_go_to_the_smaller_number(method):
    graph = graph_of(
        shapely.from_wkt(["LINESTRING (0 0, 99 0)", "LINESTRING (0 9, 40 9)", "LINESTRING (0 9, 9 9)"])
    )
    points = np.array([[5.0, 4.5], [5.0, 6.0], [-1e7, 9.0]])
    assert snap_points(points, graph).segment.tolist() == [0, 1, 1]


@needs_kernel
def test_a_long_street_and_far_islands_are_found_through_the_grid():
    rng = np.random.default_rng(7)
    xy = rng.uniform(0, 300, (80, 2))
    lines = [shapely.LineString([a, a + rng.uniform(-20, 20, 2)]) for a in xy]
    lines += [shapely.LineString([(0, 0), (40_000, 31_000)]), shapely.LineString([(40_000, 0), (40_010, 0)])]
    graph = graph_of(lines)
    points = np.vstack([rng.uniform(-100, 400, (200, 2)), rng.uniform(0, 40_000, (50, 2))])
    index = SegmentIndex(graph)
    assert index.snap(points).segment.tolist() == nearest_by_brute_force(points, graph).tolist()


# --- what if -------------------------------------------------------------------------------------


def check_against_rebuild(engine, town):
    edited = engine.scenario.apply(town)
    layout = lay_out(edited)
    same_walks(engine.walks, measure_walks(layout, engine.profile))
    assert engine.centre_ids == layout.centre_id.tolist()
    mine = price_ways(engine.layout, engine.profile)
    for name, values in vars(price_ways(layout, engine.profile).centres).items():
        np.testing.assert_array_equal(getattr(mine.centres, name), values)


def draw_edit(data, town, engine, number):
    place = st.floats(-80, 780)
    x, y = data.draw(place), data.draw(place)
    standing = st.sampled_from(engine.centre_ids)
    gates = st.sampled_from(town.gate["id"].tolist())
    kinds = {
        "add": lambda: AddCentre(data.draw(st.sampled_from(["a", "m", "z0", "zz"])) + str(number), x, y),
        "move": lambda: MoveCentre(data.draw(standing), x, y),
        "remove": lambda: RemoveCentre(data.draw(standing)),
        "open": lambda: OpenGate(data.draw(gates)),
        "close": lambda: CloseGate(data.draw(gates)),
        "street": lambda: AddStreet(f"new{number}", ((x, y), (y, x + 1))),
        "bridge": lambda: AddStreet(f"new{number}", ((x, 5.0), (x, 700.0)), bridge=True),
        "out": lambda: RemoveStreet(data.draw(st.sampled_from(engine.town.street["id"].tolist()))),
    }
    names = ["add", "add", "add", "move", "move", "remove", "remove", *kinds]
    return kinds[data.draw(st.sampled_from(names))]()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(st.data())
def test_a_random_sequence_of_edits_leaves_what_a_rebuild_of_the_town_computes(data):
    town = make_town(data.draw(st.integers(0, 7)), n_homes=40)
    profile = data.draw(st.sampled_from([ADULT, PROFILES["elderly"], LENGTH]))
    engine = Engine(town, profile)
    for number in range(data.draw(st.integers(1, 7))):
        edit = draw_edit(data, town, engine, number)
        if isinstance(edit, RemoveCentre) and len(engine.centre_ids) == 1:
            continue
        before = engine.walks
        ids = np.append(np.array(engine.centre_ids, dtype=object), [None])
        changed = engine.apply(edit)
        now = np.append(np.array(engine.centre_ids, dtype=object), [None])
        differs = (before.cost != engine.walks.cost) | (ids[before.centre] != now[engine.walks.centre])
        assert set(np.flatnonzero(differs)) <= set(changed.tolist())
    check_against_rebuild(engine, town)


TOWN = """
A                 B 1
+--------+--------+-+
         |
         +
"""
TO_ONE = [12_000 + 180_000 + 20_000 + 12_000, 12_000 + 20_000 + 12_000]
"""A cell off the street costs twelve seconds and a cell along it ten: 20 columns, or 2, and two legs."""


def test_a_centre_added_is_walked_to_and_removed_again_it_is_not(method):
    engine = Engine(draw_town(TOWN), ADULT)
    assert engine.walks.cost.tolist() == TO_ONE
    assert engine.apply(AddCentre("0", *at(9, 4))).tolist() == [0]  # a row below the dead end
    assert engine.walks.cost.tolist() == [12_000 + 90_000 + 20_000 + 12_000, TO_ONE[1]]
    assert (engine.centre_ids, engine.walks.centre.tolist()) == (["0", "1"], [0, 1])
    assert engine.apply(MoveCentre("0", *at(3, 0))).tolist() == [0]
    assert engine.walks.cost.tolist() == [12_000 + 30_000 + 12_000, TO_ONE[1]]
    assert engine.apply(RemoveCentre("0")).tolist() == [0]
    assert (engine.walks.cost.tolist(), engine.walks.centre.tolist()) == (TO_ONE, [0, 0])


def test_between_two_centres_as_near_the_smaller_id_wins_whichever_came_first(method):
    for ids in (("2", "3"), ("10", "0")):
        engine = Engine(draw_town(TOWN), ADULT)
        for centre in ids:
            engine.apply(AddCentre(centre, *at(9, 0)))
        nearest = [engine.centre_ids[number] for number in engine.walks.centre]
        assert nearest == [min(ids), "1"]


GATED = """
     1
+----+------+
| #######   |
| #  A  #   |
| #     #   |
| ###G###   |
|    |      |
+----+------+
"""
ROUND_MS = 1000 * (24 + 20 + 50 + 60 + 50 + 12)
"""Two cells to the gate, 2 down the street, 5 left, 6 up, 5 right, a cell to the centre (off the street: 12 s)."""


def test_a_gate_on_the_near_side_shortens_the_walk_and_closing_both_ends_it(method):
    engine = Engine(draw_town(GATED), ADULT)
    assert engine.walks.cost.tolist() == [ROUND_MS]
    assert engine.apply(AddGate("g2", "c1", *at(5, 2))).tolist() == [0]
    assert engine.walks.cost.tolist() == [12_000 + 12_000 + 12_000]
    assert engine.apply(CloseGate("g2")).tolist() == [0]
    assert engine.walks.cost.tolist() == [ROUND_MS]
    engine.apply(CloseGate("g1"))
    assert engine.walks.cost.tolist() == [np.inf]
    engine.apply(OpenGate("g1"))
    assert engine.walks.cost.tolist() == [ROUND_MS]


def test_a_gate_for_vehicles_only_that_is_opened_lets_walkers_pass(method):
    engine = Engine(draw_town(GATED.replace("G", "V")), ADULT)
    assert engine.walks.cost.tolist() == [np.inf]
    engine.apply(OpenGate("g1"))
    assert engine.walks.cost.tolist() == [ROUND_MS]


def draw_over_water(picture, *corners):
    """The town of a picture with a river between two corners, over which nobody steps from street to street."""
    layers = draw_layers(picture)
    river = shapely.box(*at(corners[0][0], corners[1][1]), *at(corners[1][0], corners[0][1]))
    layers["water"] = gpd.GeoDataFrame({"id": ["river"]}, geometry=[river], crs=layers["street"].crs)
    return Town.from_layers(layers)


def test_a_bridge_is_walked_as_soon_as_it_stands_and_no_more_when_it_is_out(method):
    engine = Engine(draw_over_water("A        1\n+---+ +--+", (4.5, -9), (5.5, 9)), ADULT)
    assert engine.walks.cost.tolist() == [np.inf]
    near = at(4.2, 1.1), at(5.9, 1.0)  # the ends are drawn some metres off the streets, and are joined
    assert engine.apply(AddStreet("bridge", near, bridge=True)).tolist() == [0]
    assert engine.walks.cost.tolist() == [12_000 + 90_000 + 12_000]
    engine.apply(RemoveStreet("bridge"))
    assert engine.walks.cost.tolist() == [np.inf]


def test_a_new_street_joins_an_old_one_between_its_vertices(method):
    picture = """
A                  1
+------------------+

+---------+
B
"""
    engine = Engine(draw_over_water(picture, (-30, 1.5), (50, 2.5)), ADULT)
    assert engine.walks.cost[1] == np.inf
    engine.apply(AddStreet("link", (at(5, 1), at(5, 3))))
    assert engine.walks.cost.tolist()[1] == 12_000 + 50_000 + 20_000 + 140_000 + 12_000


def test_edits_leave_the_town_as_it_was_and_are_told_when_they_cannot_be():
    town = draw_town(GATED)
    layers = {name: frame.copy() for name, frame in vars(town).items()}
    engine = Engine(town, ADULT)
    for edit in (
        AddCentre("2", 0, 0),
        CloseGate("g1"),
        AddStreet("x", ((0, 0), (9, 9))),
        RemoveStreet("s001"),
    ):
        engine.apply(edit)
    assert all(getattr(town, name).equals(frame) for name, frame in layers.items())
    kept = engine.walks
    for edit, error in (
        (AddCentre("1", 0, 0), InvalidOptionError),
        (MoveCentre("9", 0, 0), FeatureNotFoundError),
        (RemoveCentre("9"), FeatureNotFoundError),
        (CloseGate("g9"), FeatureNotFoundError),
        (AddGate("g1", "c1", 0, 0), InvalidOptionError),
        (AddGate("g9", "c9", 0, 0), FeatureNotFoundError),
        (AddStreet("s002", ((0, 0), (9, 9))), InvalidOptionError),
        (AddStreet("y", ((5, 5), (5, 5))), InvalidOptionError),
        (RemoveStreet("s999"), FeatureNotFoundError),
    ):
        with pytest.raises(error):
            engine.apply(edit)
        same_walks(engine.walks, kept)
    assert len(engine.scenario.edits) == 4


def test_a_scenario_reads_the_records_it_writes():
    edits = (
        AddCentre("2", 1.0, 2.0, "新中心"),
        MoveCentre("2", 3.0, 4.0),
        CloseGate("g1"),
        OpenGate("g1"),
        AddGate("g2", "c1", 5.0, 6.0),
        AddStreet("b", ((0.0, 0.0), (9.0, 9.0)), bridge=True),
        RemoveStreet("b"),
        RemoveCentre("2"),
    )
    written = json.loads(json.dumps(Scenario(edits).to_records()))
    assert Scenario.from_records(written) == Scenario(edits)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"do": "drop_table", "id": "1"},
        {"do": "remove_centre"},
        {"do": "remove_centre", "id": 1},
        {"do": "remove_centre", "id": "1", "x": 2},
        {"do": "add_centre", "id": "1", "x": "2", "y": 3},
        {"do": "add_centre", "id": "1", "x": float("nan"), "y": 3},
        {"do": "add_street", "id": "1", "path": "LINESTRING (0 0, 1 1)"},
        {"do": "add_street", "id": "1", "path": [[0, 0], [1]]},
        {"do": "add_street", "id": "1", "path": [[0, 0], [1, 1]], "bridge": "yes"},
    ],
)
def test_a_record_that_is_no_edit_is_refused(record):
    with pytest.raises(InvalidOptionError):
        Scenario.from_records([record])


def test_the_last_centre_cannot_be_removed(method):
    engine = Engine(draw_town(TOWN), ADULT)
    with pytest.raises(EmptyLayerError):
        engine.apply(RemoveCentre("1"))
    assert engine.walks.cost.tolist() == TO_ONE


@pytest.mark.parametrize("seed", range(3))
def test_without_the_kernel_every_edit_gives_the_same(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    town = make_town(seed, n_homes=30)
    edits = [
        AddCentre("m", *rng.uniform(0, 700, 2)),
        CloseGate(town.gate["id"].iloc[0]),
        MoveCentre("z1", *rng.uniform(0, 700, 2)),
        RemoveCentre("z0"),
        AddStreet("s", (tuple(rng.uniform(0, 700, 2)), tuple(rng.uniform(0, 700, 2)))),
    ]
    first = Engine(town, ADULT)
    with monkeypatch.context() as patched:
        patched.setattr(kernel, "load_kernel", lambda: None)
        second = Engine(town, ADULT)
        for edit in edits:
            second.apply(edit)
        walks = second.walks
    for edit in edits:
        first.apply(edit)
    same_walks(first.walks, walks)
    assert first.scenario == second.scenario == Scenario(tuple(edits))
