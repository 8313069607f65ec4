"""Fixed positions for drawing: countries, provinces inside them, organisations inside those.

The picture is a function of what is drawn and of nothing else: no memory and no chance, so the same
graph looks the same on every visit and something hidden from a viewer leaves no trace. Every key
has a place of its own inside its area, so a newcomer nudges its neighbours and no more.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from graph.compiled import Floats, Ints, compiled
from graph.packing import GAP, around, in_disc, on_map, pack, stepped
from graph.regions import RegionTree
from graph.registry import canonical

SPACING = 26.0
ROOM = 0.74  # radius of an area per square root of its members, in spacings
TURNS = 36


@dataclass(frozen=True, slots=True)
class Area:
    """A region on the picture. `parent` is the area around it, "" at the top; units as positions.

    `members` counts the organisations inside.
    """

    code: str
    label_zh: str
    label_en: str
    parent: str
    x: float
    y: float
    radius: float
    members: int

    def label(self, language: str) -> str:
        """The label in `language` ("zh" or "en")."""
        return self.label_en if language == "en" else self.label_zh


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions by key, areas (outer before inner) and bounds (left, top, right, bottom).

    One unit is a pixel at zoom 1, x to the right, y downwards; nodes stand about 26 apart.
    """

    positions: dict[str, tuple[float, float]]
    areas: tuple[Area, ...]
    bounds: tuple[float, float, float, float]


def layout(
    ties: nx.Graph,
    regions: RegionTree | None = None,
    *,
    outer: str = "country",
    inner: str = "province",
) -> Layout:
    """Positions of every node of `ties`, grouped by the regions of two levels.

    Nodes name their region in the attribute `region`; those without one share an area of their own.
    """
    ties, regions = canonical(ties, directed=False), regions or RegionTree()
    if not len(ties):
        return Layout({}, (), (0.0, 0.0, 0.0, 0.0))
    home = [str(code or "") for _, code in ties.nodes(data="region")]
    inner_of = {code: regions.at(code, inner) for code in sorted(set(home))}
    outer_of = {inner_of[code]: regions.at(code, outer) for code in inner_of}
    plan = _plan([inner_of[code] for code in home], outer_of, regions)
    spots = _spots(ties, plan)
    named = {
        str(key): (round(x, 2), round(y, 2))
        for key, (x, y) in zip(ties, spots.tolist(), strict=True)
    }
    return Layout(named, _areas(plan, outer_of, regions), _bounds(plan))


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where the inner and the outer discs stand, and which inner disc each node belongs to."""

    inner: list[str]
    outer: list[str]
    of_node: Ints
    count: Ints
    centre: Floats
    radius: Floats
    outer_centre: Floats
    outer_radius: Floats


def _plan(group: list[str], outer_of: dict[str, str], regions: RegionTree) -> _Plan:
    inner, of_node, count = np.unique(np.array(group), return_inverse=True, return_counts=True)
    names = [str(code) for code in inner]
    radius = np.array([stepped(SPACING * (ROOM * float(np.sqrt(c)) + 0.2)) for c in count])
    anchors = np.array([on_map(regions.place(code), code) for code in names])
    outer = sorted({outer_of[code] for code in names})
    centre = np.zeros((len(names), 2))
    outer_radius, outer_anchor = np.zeros(len(outer)), np.zeros((len(outer), 2))
    for i, code in enumerate(outer):
        mine = np.array([j for j, name in enumerate(names) if outer_of[name] == code])
        packed = pack(anchors[mine], radius[mine], [names[j] for j in mine])
        middle, reach = around(packed, radius[mine])
        centre[mine] = packed - middle
        outer_radius[i] = stepped(reach + GAP) if len(mine) > 1 else reach
        outer_anchor[i] = np.average(anchors[mine], axis=0, weights=count[mine])
    outer_centre = pack(outer_anchor, outer_radius, outer)
    place = {code: i for i, code in enumerate(outer)}
    centre += outer_centre[[place[outer_of[name]] for name in names]]
    return _Plan(names, outer, of_node, count, centre, radius, outer_centre, outer_radius)


def _areas(plan: _Plan, outer_of: dict[str, str], regions: RegionTree) -> tuple[Area, ...]:
    """Outer areas, then the inner ones where an outer area has several; of one alone the inner."""
    parts: dict[str, list[int]] = {code: [] for code in plan.outer}
    for j, name in enumerate(plan.inner):
        parts[outer_of[name]].append(j)
    made = [
        _area(
            code, "", plan.outer_centre[i], plan.outer_radius[i], plan.count[parts[code]], regions
        )
        for i, code in enumerate(plan.outer)
    ]
    alone = len(plan.outer) == 1  # one country around everything says nothing
    made = [] if alone else made
    made += [
        _area(
            name, "" if alone else outer_of[name], plan.centre[j], plan.radius[j],
            plan.count[[j]], regions,
        )
        for j, name in enumerate(plan.inner)
        if alone or (len(parts[outer_of[name]]) > 1 and name != outer_of[name])
    ]  # fmt: skip
    return tuple(made)


def _area(
    code: str, parent: str, centre: Floats, radius: float, count: Ints, regions: RegionTree
) -> Area:
    region = regions.get(code)
    return Area(
        code,
        region.label("zh") or "未注明区域",
        region.label("en") or "Region not stated",
        parent,
        round(float(centre[0]), 2),
        round(float(centre[1]), 2),
        round(float(radius), 2),
        int(count.sum()),
    )


def _bounds(plan: _Plan) -> tuple[float, float, float, float]:
    centre, radius = plan.outer_centre, plan.outer_radius
    if len(plan.outer) == 1:
        centre, radius = plan.centre, plan.radius
    low = (centre - radius[:, None]).min(axis=0)
    high = (centre + radius[:, None]).max(axis=0)
    left, top, right, bottom = (round(float(v), 2) for v in (*low, *high))
    return left, top, right, bottom


def _spots(ties: nx.Graph, plan: _Plan) -> Floats:
    """Where nodes stand: near their own place, drawn to partners, apart from neighbours."""
    n = len(ties)
    centre, group = plan.centre[plan.of_node], plan.of_node
    room = np.maximum(plan.radius[group] - 0.45 * SPACING, 0.0)
    matrix = compiled(ties).plain
    tail, head = matrix.tocoo().row, matrix.tocoo().col
    inside = group[tail] == group[head]
    own = np.array([in_disc(str(key)) for key in ties]) * room[:, None]
    own = 0.9 * own + _outward(tail[~inside], head[~inside], centre, room)
    pull = _averaging(tail[inside], head[inside], n)
    tied = np.asarray(pull.sum(axis=1)).ravel()[:, None]
    spot = own.copy()
    turns = TURNS if n <= 20_000 else TURNS // 3
    for turn in range(turns):
        calm = 1.0 - turn / turns
        spot += calm * (0.25 * (own - spot) + 0.2 * (pull @ spot - tied * spot))
        spot += _apart(centre + spot)
        far = np.maximum(np.hypot(spot[:, 0], spot[:, 1]), 1e-9)
        spot *= np.minimum(1.0, room / far)[:, None]
    return centre + spot


def _outward(tail: Ints, head: Ints, centre: Floats, room: Floats) -> Floats:
    """A lean towards the areas of partners elsewhere, up to an eighth of the area's radius."""
    towards = centre[head] - centre[tail]
    towards /= np.maximum(np.hypot(towards[:, 0], towards[:, 1]), 1e-9)[:, None]
    lean = np.zeros_like(centre)
    np.add.at(lean, tail, towards)
    strength = np.hypot(lean[:, 0], lean[:, 1])
    return lean * (0.12 * room / np.maximum(strength + 1.0, 1e-9))[:, None]


def _averaging(tail: Ints, head: Ints, n: int) -> sparse.csr_array:
    """A matrix that gives every node the mean place of its partners, softened for few partners."""
    count = np.bincount(tail, minlength=n) + 1.0
    return sparse.csr_array((1.0 / count[tail], (tail, head)), shape=(n, n))


def _apart(spot: Floats) -> Floats:
    """How nodes closer than the spacing step aside."""
    pairs: NDArray[np.int64] = cKDTree(spot).query_pairs(SPACING, output_type="ndarray")
    move = np.zeros_like(spot)
    if not len(pairs):
        return move
    a, b = pairs[:, 0], pairs[:, 1]
    gap = spot[a] - spot[b]
    distance = np.hypot(gap[:, 0], gap[:, 1])
    step = gap * (0.3 * (SPACING - distance) / np.maximum(distance, 1e-9))[:, None]
    for axis in (0, 1):
        move[:, axis] = np.bincount(a, weights=step[:, axis], minlength=len(spot))
        move[:, axis] -= np.bincount(b, weights=step[:, axis], minlength=len(spot))
    return move
