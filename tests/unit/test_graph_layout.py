"""The picture is steady, nothing overlaps, and it is nothing but a function of what it shows."""

from __future__ import annotations

import math
import random
from xml.etree import ElementTree

import networkx as nx
import pytest

from graph.labels import ZOOMS, labels, text_width
from graph.layout import SPACING, Layout, layout
from graph.poster import Poster, draw, say
from graph.project import by_relation
from graph.records import Region
from graph.regions import RegionTree
from graph.shapes import MARKS, mark_of
from tests.unit.graph_cases import small, tree


def places(count: int = 30) -> RegionTree:
    """Four countries with cities around a point of their own."""
    countries = [Region(f"n{i}", "country", f"国{i}", lat=15.0 * i, lon=35.0 * i) for i in range(4)]
    cities = [
        Region(
            f"c{i:02d}", "city", f"城{i}", f"City {i}", f"n{i % 4}", 15.0 * (i % 4) + i / 6, i * 4.0
        )
        for i in range(count)
    ]
    return RegionTree([*countries, *cities])


def network(size: int, seed: int = 1) -> nx.Graph:
    """Organisations in thirty cities, most in a few."""
    chance = random.Random(seed)
    graph = nx.Graph()
    for i in range(size):
        home = f"c{min(29, int(chance.expovariate(0.15))):02d}"
        graph.add_node(f"o{i:04d}", kind="firm", region=home, label_zh=f"某某公司{i}")
    keys = list(graph)
    graph.add_edges_from(tuple(chance.sample(keys, 2)) for _ in range(2 * size))
    return graph


def distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    return math.hypot(a[0] - b[0], a[1] - b[1])


def diagonal(drawn: Layout) -> float:
    left, top, right, bottom = drawn.bounds
    return math.hypot(right - left, bottom - top)


def test_the_same_graph_in_any_order_gives_the_same_picture() -> None:
    graph = network(200)
    turned = nx.Graph()
    turned.add_nodes_from(reversed(list(graph.nodes(data=True))))
    turned.add_edges_from((v, u) for u, v in reversed(list(graph.edges)))
    assert layout(turned, places()) == layout(graph, places())


@pytest.mark.parametrize("size", [60, 300])
def test_a_newcomer_nudges_and_does_not_reshuffle(size: int) -> None:
    graph = network(size)
    before = layout(graph, places())
    for turn in range(6):
        more = graph.copy()
        home = graph.nodes[f"o{turn * 7:04d}"]["region"]
        more.add_node("newcomer", kind="lab", region=home)
        more.add_edges_from(("newcomer", f"o{i:04d}") for i in (3, 11, turn + 20))
        after = layout(more, places())
        moved = sorted(distance(before.positions[k], after.positions[k]) for k in graph)
        assert sum(moved) / len(moved) < 0.02 * diagonal(before)
        assert moved[-1] < 0.10 * diagonal(before)


def test_a_change_of_ties_moves_nothing_but_their_area() -> None:
    graph = network(300)
    before = layout(graph, places())
    graph.remove_edge(*next(iter(graph.edges)))
    after = layout(graph, places())
    assert after.areas == before.areas
    moved = [distance(before.positions[k], after.positions[k]) for k in graph]
    assert max(moved) < 3 * SPACING


def test_areas_keep_apart_and_hold_their_own() -> None:
    graph, regions = network(300), places()
    drawn = layout(graph, regions)
    by_code = {area.code: area for area in drawn.areas}
    for area in drawn.areas:
        for other in drawn.areas:
            if area.code < other.code and area.parent == other.parent:
                gap = distance((area.x, area.y), (other.x, other.y)) - area.radius - other.radius
                assert gap > 0
        if area.parent:
            outer = by_code[area.parent]
            inside = distance((area.x, area.y), (outer.x, outer.y)) + area.radius
            assert inside <= outer.radius + 0.1
    for key, data in graph.nodes(data=True):
        outer = by_code[regions.at(data["region"], "country")]
        assert distance(drawn.positions[key], (outer.x, outer.y)) < outer.radius
    assert sum(area.members for area in drawn.areas if not area.parent) == len(graph)


def test_organisations_do_not_cover_each_other() -> None:
    drawn = layout(network(400), places())
    spots = list(drawn.positions.values())
    near = min(distance(a, b) for i, a in enumerate(spots) for b in spots[:i])
    assert near > 0.35 * SPACING


def test_the_map_roughly_keeps_west_west_and_north_north() -> None:
    drawn = layout(by_relation(small()), tree())
    area = {a.code: a for a in drawn.areas}
    assert area["be"].x < area["cn"].x
    assert area["be"].y < area["cn"].y
    assert area["hubei"].x < area["shanghai"].x
    assert area[""].label("en") == "Region not stated"


def test_what_is_left_out_leaves_no_trace() -> None:
    graph = network(80)
    hidden = graph.copy()
    hidden.add_node("secret", kind="firm", region="c03")
    hidden.add_edge("secret", "o0001")
    hidden.remove_node("secret")
    assert layout(hidden, places()) == layout(graph, places())


def test_labels_never_overlap_and_once_shown_stay() -> None:
    graph = network(250)
    texts = labels(layout(graph, places()), graph)
    assert {label.kind for label in texts} == {"area", "node"}
    for zoom in ZOOMS:
        shown = [x for x in texts if x.zoom is not None and x.zoom <= zoom]
        boxes = [
            (x.x * zoom, x.y * zoom, text_width(x.text, x.size) / 2, x.size / 2) for x in shown
        ]
        for i, (ax, ay, aw, ah) in enumerate(boxes):
            for bx, by, bw, bh in boxes[:i]:
                assert abs(ax - bx) >= aw + bw or abs(ay - by) >= ah + bh
    busiest = max(graph, key=lambda k: (graph.degree(k), k))
    rank = [x.key for x in texts if x.kind == "node"]
    assert graph.degree(rank[0]) == graph.degree(busiest)


def test_the_poster_shows_every_node_a_legend_and_a_sentence_in_both_languages() -> None:
    ties = by_relation(small())
    drawn = layout(ties, tree())
    for language, words in (
        ("zh", "5 家机构，分布在 3 个国家或地区"),
        ("en", "5 organisations in 3"),
    ):
        poster = Poster(language=language, path=("lab", "line", "firm"), title="A & B <x>")
        picture = draw(ties, drawn, poster)
        root = ElementTree.fromstring(picture)
        text = " ".join(root.itertext())
        assert words in text
        assert "A & B <x>" in text
        assert say(ties, drawn, language) in text
        for kind in ("lab", "firm", "pilot_line", "investor"):
            assert (MARKS[kind].zh if language == "zh" else MARKS[kind].en) in text
        assert picture == draw(ties, drawn, poster)
    coloured = draw(ties, drawn, Poster(values={"lab": 1.0, "line": None}, legend="桥接度"))
    assert "桥接度：低 → 高" in coloured
    assert "还没有机构" in draw(nx.Graph(), layout(nx.Graph()))


def test_every_kind_has_a_look_of_its_own() -> None:
    organisation = [mark for kind, mark in MARKS.items() if kind not in ("region", "technique")]
    shapes = {(m.corners, m.turn, m.inner) for m in organisation}
    assert len(shapes) >= 9
    assert mark_of("something new").path(0, 0, 5).startswith("M")
