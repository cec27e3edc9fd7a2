"""A second way to every walk: networkx on a graph whose edges are split where people step on and off.

Written from the model's description alone (docs/walking.md), with loops and brute force, and sharing no code
with the engine but the names of its constants. Streets are taken in the order of their ids, pieces of a street
in the order in which cutting yields them; prices are rounded half up to whole milliseconds per
segment, direction and leg. Speeds on slopes are Tobler's, and a barrier is met by walking up to it. Where
somebody stands is the set of walled polygons round them, asked of the polygons each time; nothing is numbered.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
import pandas as pd
import shapely

from geogrid.coverage.town import Town
from tests.support.oracle_squares import lay_squares
from tests.support.oracle_streets import mm, number_nodes, stand_on_streets

DETOUR, LIMIT_M, EDGE_M, GATE_STREET_M, ALONG_M = 1.2, 300.0, 2.0, 15.0, 10.0
ROUND_GATE_M, EVEN, FLUSH_M, MEET_M = 4.0, 0.01, 0.1, 0.002
CROSSINGS_S = {"trunk": 20, "trunk_link": 20, "primary": 20, "primary_link": 20, "secondary": 10, "secondary_link": 10}  # fmt: skip
STEEPEST, TOUCH_M = 0.4, 0.01
SPEEDS = {"adult": 1.2, "elderly": 0.8, "child": 1.0, "length": 1.0}


@dataclass
class Segment:
    """A straight piece of street, its prices ahead and back, and the places where people step on or off."""

    ends: tuple[tuple[int, int], tuple[int, int]]
    coords: tuple[tuple[float, float], tuple[float, float]]
    ahead: int
    back: int
    stops: dict

    def part(self, price, share):
        return math.floor(share * price + 0.5)


class Streets:
    """One network: public, or inside one set of walls."""

    def __init__(self, name, closed=()):
        self.name, self.segments, self.closed, self.n_snapped = name, [], closed, 0

    def add(self, line, height_at, price_of, name_node=lambda place: place):
        coords = [xy[:2] for xy in line.coords]
        for a, b in itertools.pairwise(coords):
            places = mm(a), mm(b)
            ends = tuple(
                (place, len(self.segments), end) if place in self.closed else name_node(place)
                for end, place in enumerate(places)
            )
            if places[0] != places[1]:
                metres = math.hypot(b[0] - a[0], b[1] - a[1])
                rise = height_at(b) - height_at(a)
                rise = 0.0 if math.isnan(rise) else rise
                prices = price_of(metres, rise / metres), price_of(metres, -rise / metres)
                self.segments.append(Segment(ends, (a, b), *prices, {}))

    def snap(self, xy, is_clear=None, allowed=None):
        """The first of the nearest segments (with a clear way, if any), the share, the straight distance.

        `allowed` marks the segments that are looked at.
        """
        if not self.segments or any(map(math.isnan, xy)) or (allowed is not None and not allowed.any()):
            return None
        if not hasattr(self, "_ends"):
            self._ends = np.array([segment.coords for segment in self.segments[: self.n_snapped or None]])
        a, along = self._ends[:, 0], self._ends[:, 1] - self._ends[:, 0]
        share = np.clip(((np.array(xy) - a) * along).sum(axis=1) / (along**2).sum(axis=1), 0, 1)
        straight = np.hypot(*(np.array(xy) - (a + share[:, None] * along)).T)
        straight = straight if allowed is None else np.where(allowed[: len(straight)], straight, np.inf)
        number, clear = int(np.argmin(straight)), False
        if is_clear is not None:
            for other in np.argsort(straight, kind="stable"):
                if straight[other] * DETOUR > LIMIT_M:
                    break
                if is_clear(xy, a[other] + share[other] * along[other]):
                    number, clear = int(other), True
                    break
        return number, float(share[number]), float(straight[number]), clear

    def stop(self, number, share):
        """The node at a place on a segment."""
        return self.segments[number].stops.setdefault(share, (self.name, number, share))

    def place(self, number, share):
        """Where a place on a segment is."""
        (a, b), (c, d) = self.segments[number].coords
        return a + share * (c - a), b + share * (d - b)

    def sides(self, number, share):
        """The place on a segment, and where that is a stop, the same place on every other that ends there."""
        here = self.segments[number]
        length = math.dist(*here.coords)
        places = [
            mm(xy)
            for xy, metres in zip(here.coords, (share * length, (1 - share) * length), strict=True)
            if metres <= 0.001 and mm(xy) in self.closed
        ]
        others = [
            (other, end)
            for other, segment in enumerate(self.segments)
            for end, xy in enumerate(segment.coords)
            if places and mm(xy) == places[0]
        ]
        return others or [(number, share)]

    def graph(self):
        graph = nx.DiGraph()
        for segment in self.segments:
            start, end = ((self.name, node) for node in segment.ends)
            chain = [(0, start), *sorted(segment.stops.items()), (1, end)]
            for (p, node), (q, other) in itertools.pairwise(chain):
                for u, v, price in ((node, other, segment.ahead), (other, node, segment.back)):
                    link(graph, u, v, segment.part(price, q) - segment.part(price, p))
        return graph


@dataclass(frozen=True)
class Part:
    """One walled polygon of a gated compound."""

    compound: str
    number: int
    polygon: shapely.Polygon = field(compare=False)

    def depth(self, point):
        return self.polygon.boundary.distance(point) if self.polygon.covers(point) else -1.0


@dataclass(frozen=True)
class Gate:
    """A gate in the wall of a part, and the parts round people on either side of it; outside None: shut."""

    part: Part
    xy: tuple[float, float]
    inside: frozenset
    outside: frozenset | None


@dataclass(frozen=True)
class Exit:
    """Where somebody can stand: at a door or outside of a gate, at what price, past an obstacle or not."""

    spot: object
    xy: tuple[float, float]
    region: frozenset
    price: float
    barred: bool
    spare_m: float


OUTSIDE = frozenset()


class Oracle:
    """All walks of a town for one profile: `cost[home][centre]` in whole milliseconds, absent if none."""

    def __init__(self, town: Town, profile: str):
        self.town, self.profile, self.speed = town, profile, SPEEDS[profile]
        self.polygons = dict(zip(town.compound["id"], town.compound.geometry, strict=True))
        self.gated = self._find_gated()
        self.parts = [
            Part(compound, number, polygon)
            for compound in self.gated
            for number, polygon in enumerate(polygons_of(self.polygons[compound]))
        ]
        self.grounds = {part: part.polygon.buffer(-EDGE_M, join_style="mitre") for part in self.parts}
        self.holes = {
            part: [
                shapely.Polygon(ring).buffer(-EDGE_M, join_style="mitre") for ring in part.polygon.interiors
            ]
            for part in self.parts
        }
        self._plant_obstacles()
        self._draw_streets()
        self._add_streets()
        self._add_grounds()
        self.gates = [gate for part in self.parts for gate in self._find_gates(part)]
        self.cost = self._measure()

    # prices

    def leg(self, straight_m):
        return math.floor(1000 * (straight_m * DETOUR) / self.speed + 0.5)

    def _plant_obstacles(self):
        """Every obstacle with whose ground or hole it is."""
        walls = [(wall, None, "all") for wall in [*self.town.barrier.geometry, *self.town.water.geometry]]
        walls += [(self.grounds[part], part, "ground") for part in self.parts]
        walls += [(hole, part, "hole") for part in self.parts for hole in self.holes[part]]
        self.obstacles = [item for item in walls if item[0] is not None and not item[0].is_empty]
        self.obstacle_tree = shapely.STRtree([wall for wall, _, _ in self.obstacles])

    def is_clear(self, a, b, region=OUTSIDE, spare=(TOUCH_M, TOUCH_M)):
        """Whether the straight way from a to b meets nothing that stops people in a region but near its ends."""
        ways = [cut_ends(a, b, *ends) for ends in ((TOUCH_M, TOUCH_M), spare)]
        for number in self.obstacle_tree.query(ways[0]) if ways[0] else []:
            wall, part, kind = self.obstacles[number]
            stops = kind == "all" or (kind == "ground") == (part not in region)
            way = ways[1] if wall.geom_type.endswith("LineString") else ways[0]
            if stops and way and way.intersects(wall):
                return False
        return True

    # compounds

    def regions_at(self, xy, *, edge_m=EDGE_M):
        """The parts that hold a place deeper than on their edge."""
        point = shapely.Point(xy)
        return frozenset(part for part in self.parts if part.depth(point) > edge_m)

    def _gates_of(self, compound_id):
        ids = set(self.town.compound["id"])
        for row in self.town.gate.itertuples():
            edge = self.polygons[compound_id].boundary
            if row.compound == compound_id or (
                row.compound not in ids and edge.distance(row.geometry) <= EDGE_M
            ):
                yield row

    def _find_gated(self):
        gated = []
        for row in self.town.compound.itertuples():
            strip = row.geometry.boundary.buffer(EDGE_M, cap_style="flat")
            wall_m = sum(wall.intersection(strip).length for wall in self.town.barrier.geometry)
            walled = bool(list(self._gates_of(row.id))) or wall_m >= ALONG_M
            if row.kind == "封闭式" or (row.kind != "开放式" and walled):
                gated.append(row.id)
        return gated

    def _draw_streets(self):
        """The walked streets in their order, with a vertex wherever one is stopped or comes onto a square."""
        streets = self.town.street.rename(columns={"class": "street_class"})
        rows = [row for row in streets.itertuples() if not says(row.walkable, answer=False)]
        self.nodes = number_nodes(self.town)
        self._passing = self._find_passing(rows)
        rows.sort(key=lambda row: row.id)
        drawn = [(row, line) for row in rows for line in getattr(row.geometry, "geoms", [row.geometry])]
        walled = {gate.id for compound in self.gated for gate in self._gates_of(compound)}
        lines, closed = stand_on_streets(self.town, [(row.id, line) for row, line in drawn], walled)
        solid = [*self.town.barrier.geometry, *self.town.water.geometry]
        solid += [self.polygons[compound] for compound in self.gated]
        bridges = [says(row.bridge) for row, _ in drawn]
        lines, self.grounds_open = lay_squares(
            self.town, list(zip(bridges, [line for _, line in lines], strict=True)), solid
        )
        self.streets = [(row, line) for (row, _), line in zip(drawn, lines, strict=True)]
        self.closed, self.public, self.inside = closed, Streets("public", closed), {}

    def straight(self, a, b):
        """The price of a straight walk over open ground."""
        return math.floor(1000 * math.dist(a, b) / self.speed + 0.5)

    def _add_grounds(self):
        """Edges and chords of squares; nobody steps on a chord but at its ends."""
        self.edge_of = {}
        for kind in ("edges", "chords"):
            for number, ground in enumerate(self.grounds_open):
                for line in getattr(ground, kind):
                    first = len(self.public.segments)
                    self.public.add(
                        line, lambda _: math.nan, lambda m, _: math.floor(1000 * m / self.speed + 0.5)
                    )
                    if kind == "edges":
                        self.edge_of.update(dict.fromkeys(range(first, len(self.public.segments)), number))
            self.public.n_snapped = self.public.n_snapped or len(self.public.segments)

    def _land(self, walks, node, landed, *, back):
        """Link a place with the places of the squares on which it comes: by (ground, where, price)."""
        for number, xy, price in landed:
            ground = self.grounds_open[number]
            for place in ground.places:
                if ground.sees(xy, place):
                    ends = node, ("public", mm(place))
                    link(walks, *(ends[::-1] if back else ends), price + self.straight(xy, place))

    def _cross_squares(self, walks, home, landed, centre, others):
        for number, xy, price in landed:
            for other, other_xy, other_price in others:
                if number == other and self.grounds_open[number].sees(xy, other_xy):
                    total = price + self.straight(xy, other_xy) + other_price
                    link(walks, ("home", home), ("centre", centre), total)

    def _add_streets(self):
        for row, line in self.streets:
            is_length, is_steps = self.profile == "length", says(row.steps)
            speed = self.speed * (0.5 if is_steps and not is_length else 1)
            wait = CROSSINGS_S.get(row.street_class, 0) if says(row.crossing) else 0
            wait = wait if np.isnan(row.crossing_s) else row.crossing_s
            if is_length or says(row.bridge):
                wait = 0
            whole_m = row.geometry.length
            is_level = is_length or is_steps

            def price_of(metres, slope, speed=speed, wait=wait, whole_m=whole_m, is_level=is_level):
                slope = 0.0 if is_level else max(-STEEPEST, min(STEEPEST, slope))
                tobler = math.exp(-3.5 * abs(slope + 0.05)) / math.exp(-3.5 * 0.05)
                return math.floor(1000 * metres / speed / tobler + 1000 * (wait / whole_m * metres) + 0.5)

            def name_node(place, street=row.id):
                number = self.nodes.get((street, place))
                return place if number is None else (place, number)

            self._add_line(line, price_of, row, name_node)

    def _name_node(self, street, xy):
        """A vertex to the millimetre, and what tells it from others at that place."""
        place = node_of(xy)
        return place, self.nodes.get((street, place))

    def _find_passing(self, rows):
        """For every node of a bridge the parts that the whole bridge passes over without ending in them."""
        spans, others = nx.Graph(), set()
        dead_ends = defaultdict(int)
        for row in rows:
            for line in getattr(row.geometry, "geoms", [row.geometry]):
                nodes = [self._name_node(row.id, xy) for xy in line.coords]
                if not says(row.bridge):
                    others.update(nodes)
                    continue
                nx.add_path(spans, nodes)
                for place, node in enumerate(nodes):
                    dead_ends[node] += 1 if place in (0, len(nodes) - 1) else 2
        passing = {}
        for span in nx.connected_components(spans):
            ends = [node for node in span if node in others or dead_ends[node] == 1]
            held = {part for (x, y), _ in ends for part in self.regions_at((x / 1000, y / 1000))}
            for node in span:
                passing[node] = frozenset(self.parts) - held
        return passing

    def _add_line(self, line, price_of, row, name_node):
        def height_at(xy):
            """Of the first piece of the line that passes there, when both of its ends have one."""
            if not line.has_z:
                return math.nan
            for vertex in line.coords:
                if math.dist(vertex[:2], xy) < 1e-6:
                    return vertex[2]
            place, flat = shapely.Point(xy), shapely.force_2d(line)
            for (a, b), piece in zip(
                itertools.pairwise(line.coords), itertools.pairwise(flat.coords), strict=True
            ):
                if shapely.LineString(piece).distance(place) < 1e-6:
                    return a[2] + (b[2] - a[2]) * math.dist(piece[0], xy) / math.dist(*piece)
            raise AssertionError(xy)

        flat = shapely.force_2d(line)
        passed = self._passing[self._name_node(row.id, line.coords[0])] if says(row.bridge) else OUTSIDE
        met = [part for part in self.parts if part not in passed and part.polygon.intersects(flat)]
        deep = [
            (part, piece)
            for part in met
            for piece in lines_of(flat.intersection(part.polygon))
            if max(part.polygon.boundary.distance(shapely.Point(xy)) for xy in vertices_and_middles(piece))
            > EDGE_M
        ]
        pieces = [flat]
        for part in met if deep else []:
            beyond = [own for piece in pieces for own in lines_of(piece.difference(part.polygon))]
            within = [own for piece in pieces for own in lines_of(piece.intersection(part.polygon))]
            pieces = beyond + within
        for piece in pieces:
            middle = piece.interpolate(0.5, normalized=True)
            region = frozenset(part for part, own in deep if own.distance(middle) < 1e-6)
            streets = (
                self.public
                if not region
                else self.inside.setdefault(region, Streets(f"in {number_of(region)}", self.closed))
            )
            streets.add(piece, height_at, price_of, name_node)

    def _find_gates(self, part):
        edge = part.polygon.boundary
        siblings = [other for other in self.parts if other.compound == part.compound]
        given = []
        for row in self._gates_of(part.compound):
            away = {other: other.polygon.boundary.distance(row.geometry) for other in siblings}
            if away[part] <= max(EDGE_M, min(away.values())):
                given.append(row)
        if given:
            return [
                self._stand_gate(
                    part,
                    (row.geometry.x, row.geometry.y),
                    shut=says(row.locked) or says(row.pedestrian, answer=False),
                )
                for row in given
            ]
        inferred, shut = self._infer_gates(part, edge)
        return [self._stand_gate(part, xy, shut=shut) for xy in inferred]

    def _infer_gates(self, part, edge):
        ends = [
            (node, xy, region)
            for region, streets in [(OUTSIDE, self.public), *self.inside.items()]
            for segment in streets.segments
            for node, xy in zip(segment.ends, segment.coords, strict=True)
        ]
        near = {item for item in ends if edge.distance(shapely.Point(item[1])) <= 2 * EDGE_M}
        found, met = set(), set()
        for node, xy, region in near:
            for other, other_xy, other_region in near:
                if region != other_region and math.dist(xy, other_xy) <= MEET_M:
                    met |= {(node, region), (other, other_region)}
                    if part in region and part not in other_region:
                        found.add(xy)
        degree, n_stopped = defaultdict(int), defaultdict(int)
        for node, xy, region in ends:
            degree[node, region] += 1
            n_stopped[mm(xy)] += mm(xy) in self.closed
        found |= {
            xy
            for node, xy, region in near
            if degree[node, region] == 1
            and (node, region) not in met
            and part not in region
            and n_stopped[mm(xy)] <= 1  # a street that is stopped goes on behind that
            and edge.distance(shapely.Point(xy)) <= EDGE_M
        }
        stopped = {xy for xy in found if self._is_stopped_near(xy)}
        if found:
            return sorted(found - stopped) or sorted(stopped), found == stopped
        ground = self.grounds[part] if not self.grounds[part].is_empty else part.polygon
        around = frozenset(
            other
            for other in self.parts
            if other != part and other.polygon.covers(ground) and not ground.covers(self.grounds[other])
        )
        streets = self.inside.get(around, self.public) if around else self.public
        if not streets.segments:
            return [], False
        lines = [shapely.LineString(segment.coords) for segment in streets.segments]
        nearest = min(range(len(lines)), key=lambda number: (lines[number].distance(edge), number))
        return [shapely.shortest_line(edge, lines[nearest]).coords[0]], False

    def _is_stopped_near(self, xy):
        return any(math.dist((x / 1000, y / 1000), xy) <= EDGE_M for x, y in self.closed)

    def _stand_gate(self, part, xy, *, shut=False):
        """A gate with the widest ground on either side of the wall; of equal ones that with fewer walls."""
        place = shapely.shortest_line(part.polygon.boundary, shapely.Point(xy)).coords[0]
        disk = shapely.Point(place).buffer(ROUND_GATE_M)
        near = [other for other in self.parts if other != part and other.polygon.intersects(disk)]
        sides = []
        for side in (disk.intersection(part.polygon), disk.difference(part.polygon)):
            grounds = []
            for size in range(len(near) + 1):
                for held in itertools.combinations(near, size):
                    ground = side
                    for other in near:
                        cut = ground.intersection if other in held else ground.difference
                        ground = cut(other.polygon)
                    grounds.append((ground.area, frozenset(held)))
            widest = max(area for area, _ in grounds)
            sides.append(next(held for area, held in grounds if area >= widest * (1 - EVEN)))
        return Gate(part, tuple(xy), sides[0] | {part}, None if shut else sides[1])

    # doors

    def _homes(self):
        entrances = defaultdict(list)
        for building, point in zip(self.town.entrance["building"], self.town.entrance.geometry, strict=True):
            entrances[building].append((point.x, point.y))
        for row in self.town.building.itertuples():
            if row.use in ("commercial", "public", "industrial", "other"):
                continue
            if entrances[row.id]:
                yield row.id, [(xy, self.regions_at(xy)) for xy in entrances[row.id]]
                continue
            point = row.geometry.point_on_surface()
            held = {part for part in self.parts if part.polygon.covers(point)}
            held |= {part for part in self.parts if self._runs_through(part, row.geometry, point)}
            held |= self._name_parts(row.compound, point, held)
            yield row.id, [((point.x, point.y), frozenset(held))]

    def _runs_through(self, part, shape, point):
        """Whether the wall of a part runs through a building that is not merely flush with it or beside it."""
        if not part.polygon.overlaps(shape) or part.polygon.buffer(FLUSH_M).covers(shape):
            return False
        return self.grounds[part].intersects(shape) or part.polygon.distance(point) <= EDGE_M

    def _name_parts(self, compound, point, held):
        """The part of the compound that a home names, with what lies round it, where its place does not object."""
        own = [part for part in self.parts if part.compound == compound]
        if not own or any(part in held for part in own):
            return set()
        nearest = min(own, key=lambda part: part.polygon.distance(point))
        ground = self.grounds[nearest] if not self.grounds[nearest].is_empty else nearest.polygon
        around = {part for part in self.parts if part != nearest and part.polygon.covers(ground)}
        return {nearest, *around} if held <= around else set()

    def _centre_doors(self):
        for row in self.town.centre.itertuples():
            xy = row.geometry.x, row.geometry.y
            yield row.centre or row.id, xy, self.regions_at(xy)

    # walks

    def _step_on(self, streets, xy, limit_m, detour):
        """The node where one steps on a network and the price to it; None when it is too far."""
        snapped = streets.snap(xy) if streets is not None else None
        if snapped is None or snapped[2] * detour > limit_m:
            return None
        return streets.stop(*snapped[:2]), self.leg(snapped[2])

    def _step_out(self, xy, is_clear, wanted=None):
        """The same onto the public streets, past no obstacle where that can be: places, price, whether barred.

        Where the street leads to none of the wanted islands, the next one that does is there too, if any is clear.
        """
        found = self.public.snap(xy, is_clear)
        if found is None or found[2] * DETOUR > LIMIT_M:
            return []
        steps = [(self.public.sides(*found[:2]), self.leg(found[2]), not found[3])]
        if wanted is not None and self._is_stranded(found[0], wanted):
            found = self.public.snap(xy, is_clear, np.isin(self.island_of, list(wanted)))
            if found is not None and found[3]:
                steps.append((self.public.sides(*found[:2]), self.leg(found[2]), False))
        return steps

    def _step_out_of_gate(self, gate, wanted=None):
        if gate.outside != OUTSIDE:
            return None
        stands_deep = self.grounds[gate.part].covers(shapely.Point(gate.xy))
        own = gate.inside if stands_deep else OUTSIDE
        steps = self._step_out(
            gate.xy, lambda a, b: self.is_clear(a, b, own, (ROUND_GATE_M, TOUCH_M)), wanted
        )
        return steps[-1] if steps else None

    def _is_stranded(self, number, wanted):
        """Whether a segment leads to no wanted island, not even were all open that stops people."""
        same = np.flatnonzero(self.open_island_of == self.open_island_of[number])
        return not any(self.island_of[other] in wanted for other in same)

    def _number_islands(self):
        """The island of every public segment: streets that are joined."""
        graph = nx.Graph(segment.ends for segment in self.public.segments)
        first = {}
        for number, ground in self.edge_of.items():  # all edges of a ground are joined across it
            graph.add_edge(
                self.public.segments[number].ends[0],
                self.public.segments[first.setdefault(ground, number)].ends[0],
            )
        self.island_of = self._list_islands(graph)
        at_stop = defaultdict(list)
        for segment in self.public.segments:
            for node, xy in zip(segment.ends, segment.coords, strict=True):
                if mm(xy) in self.public.closed:
                    at_stop[mm(xy)].append(node)
        for nodes in at_stop.values():
            nx.add_path(graph, nodes)
        self.open_island_of = self._list_islands(graph)

    def _list_islands(self, graph):
        number = {node: n for n, nodes in enumerate(nx.connected_components(graph)) for node in nodes}
        return np.array([number[segment.ends[0]] for segment in self.public.segments])

    def _walk_inside(self, start, end):
        """The price of a walk between two places of one region, and whether it passes an obstacle."""
        (xy, region, spare), (other, _, other_spare) = start, end
        straight = self.leg(math.hypot(xy[0] - other[0], xy[1] - other[1]))
        clear = self.is_clear(xy, other, region, (spare, other_spare))
        along = math.inf
        step, other_step = self.steps[xy, region, spare], self.steps[other, region, other_spare]
        if step and other_step:
            if (region, other_step[0]) not in self._found:
                self._found[region, other_step[0]] = nx.single_source_dijkstra_path_length(
                    self._graphs[region].reverse(copy=False), other_step[0], weight="price"
                )
            along = self._found[region, other_step[0]].get(step[0], math.inf)
            along = step[1] + along + other_step[1]
        if math.isinf(along):
            return straight, not clear
        return (min(straight, along) if clear else along), False

    def _plant_steps(self, doors):
        """Where doors and gates step on the streets of their own region; all before any graph is made."""
        self.steps, self._found = {}, {}
        spots = [(xy, region, TOUCH_M, LIMIT_M, DETOUR) for xy, region in doors if region]
        spots += [
            (gate.xy, region, ROUND_GATE_M, GATE_STREET_M, 1)
            for gate in self.gates
            for region in (gate.inside, gate.outside)
            if region
        ]
        for xy, region, spare, limit_m, detour in spots:
            self.steps[xy, region, spare] = self._step_on(self.inside.get(region), xy, limit_m, detour)
        self._graphs = {region: streets.graph() for region, streets in self.inside.items()}

    def _tails(self, *, back):
        """From outside of every gate the price to outside of every gate after it, and whether barred."""
        clear, every = nx.DiGraph(), nx.DiGraph()
        for gate in self.gates:
            for graph in (clear, every):
                graph.add_node(gate)
            for other in self.gates:
                if other is gate or not gate.outside or gate.outside != other.inside:
                    continue
                ends = (gate.xy, gate.outside, ROUND_GATE_M), (other.xy, other.inside, ROUND_GATE_M)
                price, barred = self._walk_inside(*(reversed(ends) if back else ends))
                link(every, gate, other, price)
                if not barred:
                    link(clear, gate, other, price)
        tails = {}
        for gate in self.gates:
            past = nx.single_source_dijkstra_path_length(every, gate, weight="price")
            tails[gate] = {other: (price, True) for other, price in past.items()}
            free = nx.single_source_dijkstra_path_length(clear, gate, weight="price")
            tails[gate] |= {other: (price, False) for other, price in free.items()}
        return tails

    def _ways_out(self, xy, region, tails, *, back):
        """From a door in a region to the outside of every gate that can be passed after another."""
        for gate in self.gates:
            if gate.inside != region:
                continue
            ends = (xy, region, TOUCH_M), (gate.xy, region, ROUND_GATE_M)
            price, barred = self._walk_inside(*(reversed(ends) if back else ends))
            for last, (onward, also) in tails[gate].items():
                yield last, price + onward, barred or also

    def _leave(self, doors, tails, wanted=None, *, back):
        """How the doors of a place are left: by (place on the street, price), by exits that touch no street, onto
        squares.
        """
        ways, exits, landed = [], [], []
        for xy, region in doors:
            exits.append(Exit(None, xy, region, 0, barred=False, spare_m=TOUCH_M))
            if not region:
                landed += [(n, xy, 0) for n, ground in enumerate(self.grounds_open) if ground.holds(xy)]
                steps = self._step_out(xy, self.is_clear, wanted)
                ways += [(side, price, barred) for sides, price, barred in steps for side in sides]
                continue
            for last, price, barred in self._ways_out(xy, region, tails, back=back):
                if last.outside is None:
                    ways.append((None, price, barred))
                elif last.outside:
                    exits.append(Exit(last, last.xy, last.outside, price, barred, ROUND_GATE_M))
                elif self.gate_steps[last]:
                    sides, leg, _ = self.gate_steps[last]
                    ways += [(side, price + leg, barred) for side in sides]
        is_clear = any(not barred for _, _, barred in ways)
        kept = [(side, price) for side, price, barred in ways if side and not (barred and is_clear)]
        is_clear = is_clear or bool(landed)
        landed += [
            (self.edge_of[number], self.public.place(number, share), price)
            for (number, share), price in kept
            if number in self.edge_of
        ]
        return kept, exits, is_clear, landed

    def _measure(self):
        homes = list(self._homes())
        centres = defaultdict(list)
        for centre, xy, region in self._centre_doors():
            centres[centre].append((xy, region))
        doors = [door for _, own in homes for door in own] + [
            door for own in centres.values() for door in own
        ]
        self._plant_steps(doors)
        self._number_islands()
        out, into = self._tails(back=False), self._tails(back=True)

        def islands(ways, landed):
            grounds = {ground for ground, _, _ in landed}
            edges = {number for number, ground in self.edge_of.items() if ground in grounds}
            return {self.island_of[number] for number in {side[0] for side, _ in ways} | edges}

        def enter(wanted=None, only=None):
            return {
                centre: self._leave(own, into, wanted, back=True)
                for centre, own in centres.items()
                if only is None or centre in only
            }

        def leave(entered):
            """Homes and gates stand on streets that lead to a centre, where such are within the limit."""
            wanted = {island for ways, _, _, landed in entered.values() for island in islands(ways, landed)}
            self.gate_steps = {gate: self._step_out_of_gate(gate, wanted) for gate in self.gates}
            return {home: self._leave(own, out, wanted, back=False) for home, own in homes}

        self.gate_steps = {gate: self._step_out_of_gate(gate) for gate in self.gates}
        entered = enter()
        left = leave(entered)
        peopled = {island for ways, _, _, landed in left.values() for island in islands(ways, landed)}
        entered = enter()
        lonely = [
            centre for centre, (ways, _, _, landed) in entered.items() if not islands(ways, landed) & peopled
        ]
        moved = entered | enter(peopled, lonely)
        if any(len(moved[centre][0]) > len(entered[centre][0]) for centre in lonely):
            entered = moved
            left = leave(entered)
            entered = enter() | enter(peopled, lonely)
        walks = nx.DiGraph()
        for home, (ways, exits, is_clear, landed) in left.items():
            walks.add_node(("home", home))
            self._land(walks, ("home", home), landed, back=False)
            for side, price in ways:
                link(walks, ("home", home), self.public.stop(*side), price)
            for centre, (_, others, other_clear, entering) in entered.items():
                self._cross_squares(walks, home, landed, centre, entering)
                for here, there in itertools.product(exits, others):
                    if here.region and here.region == there.region:
                        start, end = ((one.xy, one.region, one.spare_m) for one in (here, there))
                        price, barred = self._walk_inside(start, end)
                        if not ((barred or here.barred or there.barred) and is_clear and other_clear):
                            link(walks, ("home", home), ("centre", centre), here.price + price + there.price)
        for centre, (ways, _, _, landed) in entered.items():
            walks.add_node(("centre", centre))
            self._land(walks, ("centre", centre), landed, back=True)
            for side, price in ways:
                link(walks, self.public.stop(*side), ("centre", centre), price)
        for u, v, price in self.public.graph().edges(data="price"):
            link(walks, u, v, price)
        cost = {home: {} for home, _ in homes}
        back = walks.reverse(copy=False)
        for centre in sorted(centres):
            reached = nx.single_source_dijkstra_path_length(back, ("centre", centre), weight="price")
            for home, to_centres in cost.items():
                if ("home", home) in reached:
                    to_centres[centre] = reached["home", home]
        return cost

    def nearest(self, home):
        """The price of the nearest centre and its id, the smaller on a tie; (inf, None) when there is none."""
        found = [(price, centre) for centre, price in self.cost[home].items()]
        return min(found, default=(math.inf, None))


def says(value, *, answer=True):
    """Whether a value that may be missing is that answer."""
    return bool(pd.notna(value)) and bool(value) is answer


def link(walks, start, end, price):
    """An edge, unless a cheaper one is there."""
    if start != end and walks.get_edge_data(start, end, {"price": math.inf})["price"] > price:
        walks.add_edge(start, end, price=price)


def cut_ends(a, b, first_m, last_m):
    """The straight line from a to b without so much at its ends, None when nothing is left."""
    metres = math.dist(a, b)
    if metres <= first_m + last_m:
        return None
    shares = first_m / metres, 1 - last_m / metres
    return shapely.LineString([[p + share * (q - p) for p, q in zip(a, b, strict=True)] for share in shares])


def node_of(xy):
    """A vertex to the millimetre."""
    return tuple(math.floor(value * 1000 + 0.5) for value in xy[:2])


def polygons_of(shape):
    """The polygons in a shape."""
    if shape is None or shape.is_empty:
        return []
    if shape.geom_type == "Polygon":
        return [shape]
    return [polygon for part in getattr(shape, "geoms", []) for polygon in polygons_of(part)]


def lines_of(shape):
    """The LineStrings in a shape."""
    if shape.is_empty:
        return []
    if shape.geom_type == "LineString":
        return [shape]
    return [line for part in getattr(shape, "geoms", []) for line in lines_of(part)]


def vertices_and_middles(line):
    """The vertices of a line, and the middles between them."""
    spots = [xy[:2] for xy in line.coords]
    return spots + [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in itertools.pairwise(spots)]


def number_of(region):
    """A name for a region."""
    return sorted((part.compound, part.number) for part in region)
