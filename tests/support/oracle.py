"""A second way to every walk: networkx on a graph whose edges are split where people step on and off.

Written from the model's description alone, with loops and brute force, and sharing no code with the
engine but the names of its constants. Streets are taken in the order of their ids, pieces of a street
in the order in which cutting yields them; prices are rounded half up to whole milliseconds per
segment, direction and leg. Speeds on slopes are Tobler's, and a barrier is met by walking up to it.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd
import shapely

from geogrid.coverage.town import Town
from tests.support.oracle_squares import lay_squares
from tests.support.oracle_streets import mm, number_nodes, stand_on_streets

DETOUR, LIMIT_M, EDGE_M, GATE_STREET_M, ALONG_M = 1.2, 300.0, 2.0, 15.0, 10.0
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
    """One network: public, or inside one compound."""

    def __init__(self, name, closed=()):
        self.name, self.segments, self.closed, self.n_snapped = name, [], closed, 0

    def add(self, line, height_at, price_of, node_of=lambda place: place):
        coords = [xy[:2] for xy in line.coords]
        for a, b in itertools.pairwise(coords):
            places = mm(a), mm(b)
            ends = tuple(
                (place, len(self.segments), end) if place in self.closed else node_of(place)
                for end, place in enumerate(places)
            )
            if places[0] != places[1]:
                metres = math.hypot(b[0] - a[0], b[1] - a[1])
                rise = height_at(b) - height_at(a)
                rise = 0.0 if math.isnan(rise) else rise
                prices = price_of(metres, rise / metres), price_of(metres, -rise / metres)
                self.segments.append(Segment(ends, (a, b), *prices, {}))

    def snap(self, xy, is_clear=None):
        """The first of the nearest segments (with a clear way, if any), the share, the straight distance."""
        if not self.segments or any(map(math.isnan, xy)):
            return None
        if not hasattr(self, "_ends"):
            self._ends = np.array([segment.coords for segment in self.segments[: self.n_snapped or None]])
        a, along = self._ends[:, 0], self._ends[:, 1] - self._ends[:, 0]
        share = np.clip(((np.array(xy) - a) * along).sum(axis=1) / (along**2).sum(axis=1), 0, 1)
        straight = np.hypot(*(np.array(xy) - (a + share[:, None] * along)).T)
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
        places = [mm(xy) for xy, metres in zip(here.coords, (share * length, (1 - share) * length), strict=True)
                  if metres <= 0.001 and mm(xy) in self.closed]  # fmt: skip
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


class Oracle:
    """All walks of a town for one profile: `cost[home][centre]` in whole milliseconds, absent if none."""

    def __init__(self, town: Town, profile: str):
        self.town, self.profile, self.speed = town, profile, SPEEDS[profile]
        self.polygons = dict(zip(town.compound["id"], town.compound.geometry, strict=True))
        self.gated = self._find_gated()
        walled = {gate.id for compound in self.gated for gate in self._gates_of(compound)}
        streets = self._list_streets()
        lines = [(row.id, line) for row, line in streets]
        lines, closed = stand_on_streets(town, lines, walled)
        self.walls = [*town.barrier.geometry, *town.water.geometry]
        self.walls += [self.polygons[c].buffer(-EDGE_M, join_style="mitre") for c in self.gated]
        drawn = [(says(row.bridge), line) for (row, _), (_, line) in zip(streets, lines, strict=True)]
        solid = [*town.barrier.geometry, *town.water.geometry, *(self.polygons[c] for c in self.gated)]
        drawn, self.grounds = lay_squares(town, drawn, solid)
        self.streets = [(row, line) for (row, _), line in zip(streets, drawn, strict=True)]
        self.nodes = number_nodes(town)
        self.public = Streets("public", closed)
        self.inside = {c: Streets(f"in {c}", closed) for c in self.gated}
        self._add_streets()
        self._add_grounds()
        self.gates = {c: self._find_gates(c) for c in self.gated}
        self.cost = self._measure()

    # prices

    def leg(self, straight_m):
        return math.floor(1000 * (straight_m * DETOUR) / self.speed + 0.5)

    def is_clear(self, a, b):
        """Whether the straight way from a to b meets no wall but at its very ends."""
        metres = math.dist(a, b)
        if metres <= 2 * TOUCH_M:
            return True
        shares = TOUCH_M / metres, 1 - TOUCH_M / metres
        way = shapely.LineString(
            [[p + share * (q - p) for p, q in zip(a, b, strict=True)] for share in shares]
        )
        return not any(way.intersects(wall) for wall in self.walls)

    # compounds

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

    def _list_streets(self):
        streets = self.town.street.rename(columns={"class": "street_class"})
        walked = [row for row in streets.itertuples() if not says(row.walkable, answer=False)]
        rows = sorted(walked, key=lambda row: row.id)
        return [(row, line) for row in rows for line in getattr(row.geometry, "geoms", [row.geometry])]

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

            def node_of(place, street=row.id):
                number = self.nodes.get((street, place))
                return place if number is None else (place, number)

            self._add_line(line, price_of, node_of)

    def straight(self, a, b):
        """The price of a straight walk over open ground."""
        return math.floor(1000 * math.dist(a, b) / self.speed + 0.5)

    def _add_grounds(self):
        """Edges and chords of squares; nobody steps on a chord but at its ends."""
        self.edge_of = {}
        for kind in ("edges", "chords"):
            for number, ground in enumerate(self.grounds):
                for line in getattr(ground, kind):
                    first = len(self.public.segments)
                    self.public.add(
                        line, lambda _: math.nan, lambda m, _: math.floor(1000 * m / self.speed + 0.5)
                    )
                    if kind == "edges":
                        self.edge_of.update(dict.fromkeys(range(first, len(self.public.segments)), number))
            self.public.n_snapped = self.public.n_snapped or len(self.public.segments)

    def _land(self, walks, node, *, stops=(), doors=(), is_back=False):
        """Link a place with the places of the squares on which it lands; note where it does."""
        landed = [
            (self.edge_of[number], self.public.place(number, share), price)
            for number, share, price in stops
            if number in self.edge_of
        ]
        landed += [
            (n, door, 0) for door in doors for n, ground in enumerate(self.grounds) if ground.holds(door)
        ]
        for number, xy, price in landed:
            for place in self.grounds[number].places:
                if self.grounds[number].sees(xy, place):
                    ends = node, ("public", mm(place))
                    link(walks, *(ends[::-1] if is_back else ends), price + self.straight(xy, place))
        self.landings[is_back] += [(node, *one) for one in landed]

    def _cross_squares(self, walks):
        for node, number, xy, price in self.landings[False]:
            for other, other_number, other_xy, other_price in self.landings[True]:
                if number == other_number and self.grounds[number].sees(xy, other_xy):
                    link(walks, node, other, price + self.straight(xy, other_xy) + other_price)

    def _add_line(self, line, price_of, node_of):
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
        deep, shallow, walls = [], [], []
        for compound in self.gated:
            polygon = self.polygons[compound]
            common = flat.intersection(polygon)
            for part in getattr(common, "geoms", [common]):
                if part.geom_type != "LineString" or part.is_empty:
                    continue
                walls.append(polygon)
                spots = list(part.coords)
                spots += [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in itertools.pairwise(spots)]
                depth = max(polygon.boundary.distance(shapely.Point(spot[:2])) for spot in spots)
                if depth > EDGE_M:
                    deep.append((compound, part))
                elif not any(part.equals(other) for other in shallow):
                    shallow.append(part)
        if not deep:
            self.public.add(flat, height_at, price_of, node_of)
            return
        rest = flat.difference(shapely.union_all(walls))
        for part in [*getattr(rest, "geoms", [rest]), *shallow]:
            if not part.is_empty:
                self.public.add(part, height_at, price_of, node_of)
        for compound, part in deep:
            self.inside[compound].add(part, height_at, price_of, node_of)

    def _find_gates(self, compound):
        given = list(self._gates_of(compound))
        if given:
            usable = [row for row in given if not says(row.locked) and not says(row.pedestrian, answer=False)]
            return [(row.geometry.x, row.geometry.y) for row in usable]
        edge = self.polygons[compound].boundary
        degree = defaultdict(int)
        for segment in self.public.segments:
            for node in segment.ends:
                degree[node] += 1
        found = {
            xy
            for segment in self.inside[compound].segments
            for node, xy in zip(segment.ends, segment.coords, strict=True)
            if node in degree
        }
        found |= {
            xy
            for segment in self.public.segments
            for node, xy in zip(segment.ends, segment.coords, strict=True)
            if degree[node] == 1 and edge.distance(shapely.Point(xy)) <= EDGE_M
        }
        if found:
            return list(found)
        if not self.public.segments:
            return []
        lines = [shapely.LineString(segment.coords) for segment in self.public.segments]
        nearest = min(range(len(lines)), key=lambda number: (lines[number].distance(edge), number))
        return [shapely.shortest_line(edge, lines[nearest]).coords[0]]

    # doors

    def _homes(self):
        compounds = sorted(self.polygons.items())
        entrances = defaultdict(list)
        for building, point in zip(self.town.entrance["building"], self.town.entrance.geometry, strict=True):
            entrances[building].append(point)
        for row in self.town.building.itertuples():
            if row.use in ("commercial", "public", "industrial", "other"):
                continue
            point = row.geometry.point_on_surface()
            doors = entrances[row.id] or [point]
            compound = row.compound
            if compound not in self.polygons:
                compound = next((key for key, polygon in compounds if polygon.covers(point)), None)
            yield row.id, [(p.x, p.y) for p in doors], compound if compound in self.gated else None

    def _centre_doors(self):
        for row in self.town.centre.itertuples():
            compound = None
            for other in self.gated:
                polygon = self.polygons[other]
                if (
                    compound is None
                    and polygon.covers(row.geometry)
                    and polygon.boundary.distance(row.geometry) > EDGE_M
                ):
                    compound = other
            yield row.centre or row.id, (row.geometry.x, row.geometry.y), compound

    def _step_on(self, streets, xy, limit_m, detour):
        """The node where one steps on a network and the price to it; None when it is too far."""
        snapped = streets.snap(xy)
        if snapped is None or snapped[2] * detour > limit_m:
            return None
        return streets.stop(*snapped[:2]), self.leg(snapped[2])

    def _step_out(self, doors):
        """The same for open doors of one place: only those without a wall before them, if there are any.

        For each the place on its segment too.
        """
        snapped = [self.public.snap(door, self.is_clear) for door in doors]
        snapped = [found for found in snapped if found is not None and found[2] * DETOUR <= LIMIT_M]
        clear = [found for found in snapped if found[3]]
        return [
            (self.public.stop(*side), self.leg(found[2]), side)
            for found in clear or snapped
            for side in self.public.sides(*found[:2])
        ]

    def _measure(self):
        homes, doors = list(self._homes()), list(self._centre_doors())
        walks, inner = nx.DiGraph(), []
        self.landings = {False: [], True: []}
        gate_steps = {}
        for compound, gates in self.gates.items():
            for gate in gates:
                gate_steps[compound, gate] = self._step_on(self.inside[compound], gate, GATE_STREET_M, 1)
                step = self._step_on(self.public, gate, LIMIT_M, DETOUR)
                if step:
                    link(walks, ("out", compound, gate), step[0], step[1])
                    link(walks, step[0], ("in", compound, gate), step[1])
                    stops = [(*self.public.snap(gate)[:2], step[1])]
                    self._land(walks, ("out", compound, gate), stops=stops)
                    self._land(walks, ("in", compound, gate), stops=stops, is_back=True)
        for home, own_doors, compound in homes:
            walks.add_node(("home", home))
            steps = self._step_out(own_doors if compound is None else [])
            for node, price, _ in steps:
                link(walks, ("home", home), node, price)
            stops = [(*side, price) for _, price, side in steps]
            self._land(walks, ("home", home), stops=stops, doors=own_doors if compound is None else [])
            for door in own_doors if compound is not None else []:
                here = door, self._step_on(self.inside[compound], door, LIMIT_M, DETOUR)
                for gate in self.gates[compound]:
                    there = gate, gate_steps[compound, gate]
                    inner.append((("home", home), ("out", compound, gate), compound, here, there))
                for centre, other, place in doors:
                    if place == compound:
                        there = other, self._step_on(self.inside[compound], other, LIMIT_M, DETOUR)
                        inner.append((("home", home), ("centre", centre), compound, here, there))
        for centre in {centre for centre, _, _ in doors}:
            walks.add_node(("centre", centre))
            open_doors = [door for other, door, compound in doors if other == centre and compound is None]
            steps = self._step_out(open_doors)
            for node, price, _ in steps:
                link(walks, node, ("centre", centre), price)
            stops = [(*side, price) for _, price, side in steps]
            self._land(walks, ("centre", centre), stops=stops, doors=open_doors, is_back=True)
        for centre, door, compound in doors:
            if compound is None:
                continue
            there = door, self._step_on(self.inside[compound], door, LIMIT_M, DETOUR)
            for gate in self.gates[compound]:
                here = gate, gate_steps[compound, gate]
                inner.append((("in", compound, gate), ("centre", centre), compound, here, there))
        self._walk_inside(walks, inner)
        self._cross_squares(walks)
        for u, v, price in self.public.graph().edges(data="price"):
            link(walks, u, v, price)
        cost = {home: {} for home, _, _ in homes}
        back = walks.reverse(copy=False)
        for centre in sorted({centre for centre, _, _ in doors}):
            reached = nx.single_source_dijkstra_path_length(back, ("centre", centre), weight="price")
            for home, to_centres in cost.items():
                if ("home", home) in reached:
                    to_centres[centre] = reached["home", home]
        return cost

    def _walk_inside(self, walks, inner):
        """Join spots of one compound: along its streets where both stand by the same ones, else straight."""
        found = {}
        graphs = {compound: streets.graph() for compound, streets in self.inside.items()}
        for start, end, compound, (xy, step), (other_xy, other_step) in inner:
            price = None
            if step and other_step:
                if (compound, other_step[0]) not in found:
                    found[compound, other_step[0]] = nx.single_source_dijkstra_path_length(
                        graphs[compound].reverse(copy=False), other_step[0], weight="price"
                    )
                along = found[compound, other_step[0]].get(step[0])
                price = None if along is None else step[1] + along + other_step[1]
            if price is None:
                price = self.leg(math.hypot(xy[0] - other_xy[0], xy[1] - other_xy[1]))
            link(walks, start, end, price)

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
