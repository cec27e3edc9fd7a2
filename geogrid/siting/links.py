"""Which footpath or bridge to add: short links between places that are near and far to walk.

Places are taken along the public streets. A link is worth looking at when one of its ends is within the
cutoff of a centre with the link, and homes that are not covered reach the other end in what is left. That
promise leaves out only that doors may change to the new path as their nearest street; the most promising
links are then computed with the whole town, and only those are told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree
from shapely import STRtree

from geogrid.coverage.scenario import AddStreet, apply_edit
from geogrid.coverage.walks import lay_out, measure_walks, price_ways
from geogrid.network.graph import price_segments
from geogrid.network.impedance import SLOPE_OPTIMUM, Floats, Integers, measure_slowness, round_half_up
from geogrid.network.search import Direct, Ways
from geogrid.network.snap import place_on_segments
from geogrid.network.solver import find_nearest, measure_reach
from geogrid.siting.instance import Instance, Weight
from geogrid.siting.remedy import Remedy, RemedyKind

LINK_LIMIT_M = 150.0
"""Longest link looked at: the width of a river of a county town, with its banks."""
LINK_MIN_M = 3.0
"""Shorter ones are faults of the drawing, which `check` finds, and no works."""
STEP_M = 40.0
"""Places are taken along streets at least every so many metres, beside junctions and ends."""
SAVED_SHARE = 0.1
"""A link has to save this share of the cutoff to be looked at."""
MOST_PAIRS, MOST_ENDS = 100_000, 4_000
"""Pairs of places, and far ends of them, of which the promise is computed: those with most homes to gain near them."""
MOST_COMPUTED = 8
"""Links computed with the whole town: the most promising ones."""
APART_M = 120.0
"""Two links whose middles are nearer than this answer the same need: the more promising one is computed."""
ASIDE_M = 1.0
"""A link touches what stands at its ends; obstacles count when they are met further in than this."""

NO_DIRECT = Direct(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, eq=False)
class _Places:
    """Places on the public network (p of them): segment, fraction, xy."""

    segment: Integers
    fraction: Floats
    xy: Floats


def value_links(
    instance: Instance, weight: Weight, *, is_cancelled: Callable[[], bool] = lambda: False
) -> list[Remedy]:
    """The most promising links, each valued by the whole town computed with it."""
    network = instance.layout.network.public
    worth = np.where(instance.is_covered, 0, instance.weigh(weight))
    if not network.n_segments or not worth.any():
        return []
    places = _list_places(instance)
    onward = _measure_onward(instance, places)
    far, near, length_m = _pair_places(instance, places, onward)
    if not len(far):
        return []
    promise = _promise(instance, places, onward, worth, far, near, length_m)
    remedies: list[Remedy] = []
    for row in _choose_apart(places, far, near, length_m, promise):
        if is_cancelled():
            break
        edit = AddStreet(
            f"link-{len(remedies) + 1}",
            tuple((float(x), float(y)) for x, y in places.xy[[far[row], near[row]]]),
            bridge=_crosses_water(instance, places.xy[[far[row], near[row]]]),
        )
        remedies.append(value_link(instance, weight, edit))
    return remedies


def value_link(instance: Instance, weight: Weight, edit: AddStreet) -> Remedy:
    """A link as a remedy, by the walks of the whole town with it."""
    after = measure_walks(lay_out(apply_edit(instance.town, edit)), instance.reading.measure).cost
    covered = after <= instance.reading.cutoff_units
    newly, lost = covered & ~instance.is_covered, instance.is_covered & ~covered
    worth = instance.weigh(weight)
    middle = np.mean(edit.path, axis=0)
    return Remedy(
        kind=RemedyKind.ADD_BRIDGE if edit.bridge else RemedyKind.ADD_PATH,
        edit=edit,
        newly=newly,
        lost=lost,
        gained=int(worth[newly].sum() - worth[lost].sum()),
        xy=(float(middle[0]), float(middle[1])),
        length_m=float(shapely.length(shapely.LineString(edit.path))),
    )


def _list_places(instance: Instance) -> _Places:
    """Junctions, ends and places in between along the public streets, none twice."""
    network = instance.layout.network.public
    n_parts = np.maximum(np.ceil(network.length_m / STEP_M).astype(np.int64), 1) + 1
    segment = np.repeat(np.arange(network.n_segments), n_parts)
    within = np.arange(len(segment)) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
    fraction = within / (n_parts[segment] - 1)
    xy = place_on_segments(network, segment, fraction)
    degree = np.bincount(np.concatenate([network.start, network.end]), minlength=network.n_nodes)
    is_bend = np.where(
        within == 0,
        degree[network.start[segment]] == 2,
        (within == n_parts[segment] - 1) & (degree[network.end[segment]] == 2),
    )
    short = network.length_m[segment] < STEP_M / 2  # the bends of a curve are near enough to one another
    kept = np.flatnonzero(~(is_bend & short))
    _, first = np.unique(np.rint(xy[kept] * 1000).astype(np.int64), axis=0, return_index=True)
    kept = kept[np.sort(first)]
    return _Places(segment[kept], fraction[kept], xy[kept])


def _ways(places: _Places, rows: Integers) -> Ways:
    """The ways of places that lie on the network."""
    return Ways(
        place=np.arange(len(rows)),
        segment=places.segment[rows],
        fraction=places.fraction[rows],
        leg=np.zeros(len(rows)),
        gate=np.full(len(rows), -1, np.int64),
    )


def _measure_onward(instance: Instance, places: _Places) -> Floats:
    """What the walk from each place to its nearest centre costs, shape (p,)."""
    layout, profile = instance.layout, instance.reading.measure
    network = layout.network.public
    return find_nearest(
        network,
        price_segments(network, profile),
        _ways(places, np.arange(len(places.xy))),
        price_ways(layout, profile).centres,
        NO_DIRECT,
        len(places.xy),
        layout.n_centres,
        chains=layout.network.chains,
    ).cost


def _price_links(instance: Instance, length_m: Floats) -> Floats:
    return round_half_up(1000.0 * length_m / instance.reading.measure.speed_m_per_s)


def _pair_places(instance: Instance, places: _Places, onward: Floats) -> tuple[Integers, Integers, Floats]:
    """Pairs of a place and a near one that a link would bring much nearer to a centre: far, near, metres."""
    cutoff = instance.reading.cutoff_units
    reach_m = min(LINK_LIMIT_M, cutoff / 1000.0 * instance.reading.measure.speed_m_per_s)
    useful = np.flatnonzero(onward < cutoff)
    tree = cKDTree(places.xy)
    near_tree = cKDTree(places.xy[useful]) if len(useful) else None
    if near_tree is None:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    distances = near_tree.sparse_distance_matrix(tree, reach_m, output_type="coo_matrix")
    near, far, length_m = useful[distances.row], distances.col.astype(np.int64), distances.data
    with_link = onward[near] + _price_links(instance, length_m)
    saved = onward[far] - with_link
    kept = (length_m >= LINK_MIN_M) & (with_link < cutoff) & (saved >= SAVED_SHARE * cutoff)
    rows = np.flatnonzero(kept)
    left_m = (cutoff - with_link[rows]) / 1000.0 * instance.reading.measure.speed_m_per_s
    rows = rows[_rank_pairs(instance, places.xy[far[rows]], left_m, far[rows], near[rows])]
    far, near, length_m = far[rows], near[rows], length_m[rows]
    clear = _is_buildable(instance, places.xy[far], places.xy[near])
    return far[clear], near[clear], length_m[clear]


def _rank_pairs(
    instance: Instance, far_xy: Floats, left_m: Floats, far: Integers, near: Integers
) -> Integers:
    """The pairs that have homes to gain within a straight line of what is left, those with most of them first.

    No link covers more homes than that: no walk is shorter than a straight line on the level.
    """
    open_xy = instance.layout.homes.xy[~instance.is_covered]
    steepest = 1.0 / float(measure_slowness(np.array([-SLOPE_OPTIMUM]))[0])
    n_homes = cKDTree(open_xy).query_ball_point(far_xy, left_m * steepest, return_length=True)
    order = np.lexsort((near, far, -n_homes))
    order = order[n_homes[order] > 0][:MOST_PAIRS]
    _, first = np.unique(far[order], return_index=True)
    ends = far[order][np.sort(first)[:MOST_ENDS]]
    ranked: Integers = order[np.isin(far[order], ends)]
    return ranked


def _is_buildable(instance: Instance, from_xy: Floats, to_xy: Floats) -> npt.NDArray[np.bool_]:
    """Links that cross no building, no gated compound and no public street, shape (n,)."""
    town, network = instance.town, instance.layout.network
    length_m = np.hypot(*(to_xy - from_xy).T)
    step = (to_xy - from_xy) * (np.minimum(ASIDE_M / length_m, 0.4))[:, None]
    lines = shapely.linestrings(np.stack([from_xy + step, to_xy - step], axis=1))
    is_clear = np.ones(len(lines), bool)
    gated = shapely.buffer(town.compound.geometry.to_numpy()[network.gated], -ASIDE_M)
    streets = shapely.linestrings(network.public.ends_xy.reshape(-1, 2, 2))
    for obstacles in (town.building.geometry.to_numpy(), gated, streets):
        rows = np.flatnonzero(is_clear)
        met, _ = STRtree(obstacles).query(lines[rows], predicate="intersects")
        is_clear[rows[met]] = False
    return is_clear


def _promise(
    instance: Instance,
    places: _Places,
    onward: Floats,
    worth: Integers,
    far: Integers,
    near: Integers,
    length_m: Floats,
) -> Integers:
    """What each link would newly cover if no door changed its street, shape (n,)."""
    layout, profile = instance.layout, instance.reading.measure
    network, cutoff = layout.network.public, instance.reading.cutoff_units
    ends, of_end = np.unique(far, return_inverse=True)
    left = cutoff - onward[near] - _price_links(instance, length_m)
    reach = measure_reach(
        network,
        price_segments(network, profile),
        price_ways(layout, profile).homes,
        _ways(places, ends),
        NO_DIRECT,
        layout.n_homes,
        len(ends),
        limit=float(left.max()),
        chains=layout.network.chains,
    ).tocsc()
    open_rows = worth[reach.indices] > 0
    cost, gain = reach.data[open_rows], worth[reach.indices[open_rows]]
    column = np.repeat(np.arange(len(ends)), np.diff(reach.indptr))[open_rows]
    order = np.lexsort((cost, column))
    cost, column = cost[order], column[order]
    total = np.concatenate([[0], np.cumsum(gain[order])])
    begin = np.searchsorted(column, np.arange(len(ends)))
    key = column * (cutoff + 1.0) + cost  # one rising line of all columns, so that one search finds all
    end = np.searchsorted(key, of_end * (cutoff + 1.0) + left, side="right")
    promise: Integers = total[end] - total[begin[of_end]]
    return promise


def _choose_apart(
    places: _Places, far: Integers, near: Integers, length_m: Floats, promise: Integers
) -> list[int]:
    """Rows of the most promising links, the shorter one on a tie, none beside a better one."""
    middle = (places.xy[far] + places.xy[near]) / 2
    rows = np.flatnonzero(promise > 0)
    rows = rows[np.lexsort((near[rows], far[rows], length_m[rows], -promise[rows]))]
    chosen: list[int] = []
    for row in rows:
        if all(np.hypot(*(middle[row] - middle[other])) >= APART_M for other in chosen):
            chosen.append(int(row))
            if len(chosen) == MOST_COMPUTED:
                break
    return chosen


def _crosses_water(instance: Instance, ends_xy: Floats) -> bool:
    line = shapely.LineString(ends_xy)
    return bool(shapely.intersects(instance.town.water.geometry.to_numpy(), line).any())
