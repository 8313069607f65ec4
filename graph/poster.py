"""The network as an SVG picture that can go on a slide: areas, ties, marks, legend, a sentence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import networkx as nx
from scipy.spatial import cKDTree

from graph.labels import Label, labels, text_width
from graph.layout import SPACING, Area, Layout
from graph.records import ORGANISATIONS
from graph.shapes import SCALE, mark_of, shade

FONT = (
    "'PingFang SC','HarmonyOS Sans SC','Microsoft YaHei','Noto Sans CJK SC',"
    "'Helvetica Neue',Arial,sans-serif"
)
INK, MUTED, ACCENT, PAPER = "#1B1F2A", "#5B6472", "#3B2FB0", "#FFFFFF"
OUTER, INNER, RIM = "#F3F5F9", "#E8ECF4", "#DDE3EE"
MARGIN, HEAD, FOOT = 36.0, 104.0, 76.0


@dataclass(frozen=True, slots=True)
class Poster:
    """What to draw beside the network itself.

    `values` colour the nodes (a metric named by `legend`); `path` is drawn strong. `sentence` and
    `title` have sensible texts of their own. `width` and `height` are pixels.
    """

    language: str = "zh"
    title: str = ""
    sentence: str = ""
    values: Mapping[Any, float | None] = field(default_factory=dict)
    legend: str = ""
    path: Sequence[Any] = ()
    width: int = 1600
    height: int = 900


@dataclass(frozen=True, slots=True)
class _Frame:
    """From layout units to pixels of the picture."""

    zoom: float
    left: float
    top: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        return x * self.zoom + self.left, y * self.zoom + self.top


def draw(ties: nx.Graph, drawn: Layout, wanted: Poster | None = None) -> str:
    """The SVG text; the same for the same input. An empty network says so in words."""
    wanted = wanted or Poster()
    frame = _frame(drawn, wanted)
    title = wanted.title or ("合作网络" if wanted.language == "zh" else "The network")
    sentence = wanted.sentence or say(ties, drawn, wanted.language)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wanted.width} {wanted.height}" '
        f'width="{wanted.width}" height="{wanted.height}" role="img" font-family="{FONT}" '
        f'lang="{"zh-CN" if wanted.language == "zh" else "en"}">',
        f"<title>{escape(title)}</title><desc>{escape(sentence)}</desc>",
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        *_areas(drawn.areas, frame),
        *_ties(ties, drawn, frame, wanted),
        *_nodes(ties, drawn, frame, wanted),
        *_texts(labels(drawn, ties, language=wanted.language), drawn, frame),
        *_head(title, sentence),
        *_legend(ties, frame, wanted),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def say(ties: nx.Graph, drawn: Layout, language: str) -> str:
    """What is seen, in one sentence."""
    outer = [area for area in drawn.areas if area.parent == ""]
    one = outer[0].label(language) if len(outer) == 1 else ""
    members, count = len(ties), ties.number_of_edges()
    home = dict(ties.nodes(data="region"))
    across = sum(1 for u, v in ties.edges if home[u] != home[v])
    share = round(100 * across / count) if count else 0
    if not members:
        return "网络中还没有机构。" if language == "zh" else "There is nobody in the network yet."
    if language == "zh":
        where = f"位于{one}" if one else f"分布在 {len(outer)} 个国家或地区"
        text = f"{members} 家机构，{where}，共 {count} 条联系"
        return f"{text}，其中 {share}% 跨城市或园区。" if count else f"{text}。"
    noun = "organisation" if members == 1 else "organisations"
    where = one or f"{len(outer)} countries or regions"
    text = f"{members} {noun} in {where}, {count} {'tie' if count == 1 else 'ties'}"
    return f"{text}, {share}% of them between cities or parks." if count else f"{text}."


def _frame(drawn: Layout, wanted: Poster) -> _Frame:
    left, top, right, bottom = drawn.bounds
    wide, high = max(right - left, 1.0), max(bottom - top, 1.0)
    room = (wanted.width - 2 * MARGIN, wanted.height - HEAD - FOOT)
    zoom = min(room[0] / wide, room[1] / high, 3.0)
    return _Frame(
        zoom,
        MARGIN + (room[0] - wide * zoom) / 2 - left * zoom,
        HEAD + (room[1] - high * zoom) / 2 - top * zoom,
    )


def _areas(areas: Sequence[Area], frame: _Frame) -> list[str]:
    made = []
    for area in areas:
        x, y = frame.at(area.x, area.y)
        fill = OUTER if area.parent == "" else INNER
        made.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{area.radius * frame.zoom:.1f}" '
            f'fill="{fill}" stroke="{RIM}" stroke-width="0.8"/>'
        )
    return made


def _ties(ties: nx.Graph, drawn: Layout, frame: _Frame, wanted: Poster) -> list[str]:
    strong = {frozenset(pair) for pair in zip(wanted.path, wanted.path[1:], strict=False)}
    light, bold = [], []
    for u, v, data in sorted(ties.edges(data=True), key=lambda e: (str(e[0]), str(e[1]))):
        if u == v:
            continue
        bow = _bow(frame.at(*drawn.positions[str(u)]), frame.at(*drawn.positions[str(v)]))
        thick = min(3.0, 0.7 + 0.35 * math.log1p(float(data.get("weight", 1.0))))
        if frozenset((u, v)) in strong:
            bold.append(f'<path d="{bow}" stroke="{ACCENT}" stroke-width="{thick + 2:.1f}"/>')
        else:
            light.append(f'<path d="{bow}" stroke-width="{thick:.1f}"/>')
    faint = min(0.45, max(0.10, 6.0 / math.sqrt(len(light) + 1)))
    return [
        f'<g fill="none" stroke="#7B86B8" stroke-opacity="{faint:.2f}">',
        *light,
        "</g>",
        '<g fill="none" stroke-linecap="round">',
        *bold,
        "</g>",
    ]


def _bow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """A slightly bent line: bundles of ties part and parallels show."""
    (ax, ay), (bx, by) = start, end
    mx = (ax + bx) / 2 - 0.12 * (by - ay)
    my = (ay + by) / 2 + 0.12 * (bx - ax)
    return f"M{ax:.1f} {ay:.1f}Q{mx:.1f} {my:.1f} {bx:.1f} {by:.1f}"


def node_radius(partners: int) -> float:
    """Radius of a node in layout units: grows with the square root of its partners, up to a limit.

    >>> node_radius(0) < node_radius(9) < node_radius(400) == node_radius(10_000)
    True
    """
    return min(0.48 * SPACING, 6.5 + 1.4 * math.sqrt(partners))


def _nodes(ties: nx.Graph, drawn: Layout, frame: _Frame, wanted: Poster) -> list[str]:
    known = [v for v in wanted.values.values() if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    made = [f'<g stroke="{PAPER}" stroke-width="0.9">']
    for key in sorted(ties, key=lambda k: (-ties.degree(k), str(k))):
        mark = mark_of(str(ties.nodes[key].get("kind", "")))
        x, y = frame.at(*drawn.positions[str(key)])
        colour = mark.colour
        if wanted.values:
            value = wanted.values.get(key)
            span = (high - low) or 1.0
            colour = "#C9CED8" if value is None else shade((value - low) / span)
        ring = f' stroke="{ACCENT}" stroke-width="2"' if key in wanted.path else ""
        if wanted.values and not ring:
            ring = f' stroke="{MUTED}" stroke-width="0.7"'
        radius = max(1.6, node_radius(ties.degree(key)) * frame.zoom)
        made.append(f'<path d="{mark.path(x, y, radius)}" fill="{colour}"{ring}/>')
    return [*made, "</g>"]


def _covers(label: Label, spots: cKDTree, frame: _Frame) -> bool:
    """Whether the text of a node would lie over the marks of several others."""
    half = text_width(label.text, label.size) / 2 / frame.zoom
    near = spots.query_ball_point((label.x, label.y), half)
    high = label.size / frame.zoom
    return bool(sum(abs(spots.data[i][1] - label.y) < high for i in near) > 2)


def _texts(texts: Sequence[Label], drawn: Layout, frame: _Frame) -> list[str]:
    spots = cKDTree(list(drawn.positions.values()) or [(0.0, 0.0)])
    made = [
        f'<g text-anchor="middle" dominant-baseline="central" fill="{INK}" '
        f'stroke="{PAPER}" stroke-width="3" paint-order="stroke" stroke-linejoin="round">'
    ]
    for label in texts:
        if label.zoom is None or label.zoom > frame.zoom:
            continue
        if label.kind == "node" and _covers(label, spots, frame):
            continue
        x, y = frame.at(label.x, label.y)
        look = f'font-weight="600" fill="{MUTED}"' if label.kind == "area" else ""
        made.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{label.size:g}" {look}>'
            f"{escape(label.text)}</text>"
        )
    return [*made, "</g>"]


def _head(title: str, sentence: str) -> list[str]:
    return [
        f'<text x="{MARGIN}" y="48" font-size="26" font-weight="700" fill="{INK}">'
        f"{escape(title)}</text>",
        f'<text x="{MARGIN}" y="78" font-size="15" fill="{MUTED}">{escape(sentence)}</text>',
    ]


def _legend(ties: nx.Graph, frame: _Frame, wanted: Poster) -> list[str]:
    """Kinds that occur with their numbers, what size means, and the colours of a metric."""
    zh = wanted.language == "zh"
    base, x = wanted.height - 30.0, MARGIN
    kinds = Counter(str(kind or "") for _, kind in ties.nodes(data="kind"))
    order = [*ORGANISATIONS, ""]
    made = [f'<g font-size="13" fill="{INK}" dominant-baseline="central">']
    for kind in sorted(kinds, key=lambda k: (-kinds[k], k if k in order else "~")):
        mark = mark_of(kind)
        colour = MUTED if wanted.values else mark.colour
        text = f"{mark.zh if zh else mark.en} {kinds[kind]}"
        made.append(f'<path d="{mark.path(x + 6, base, 6)}" fill="{colour}"/>')
        made.append(f'<text x="{x + 18:.1f}" y="{base}">{escape(text)}</text>')
        x += 18 + sum(13.0 if ord(c) > 255 else 7.4 for c in text) + 18
    made += _sizes(frame, wanted, base)
    return [*made, "</g>"]


def _sizes(frame: _Frame, wanted: Poster, base: float) -> list[str]:
    zh = wanted.language == "zh"
    if wanted.values:
        x = wanted.width - MARGIN - 150
        cells = [
            f'<rect x="{x + 30 * i}" y="{base - 7}" width="30" height="14" fill="{colour}"/>'
            for i, colour in enumerate(SCALE)
        ]
        name = wanted.legend or ("指标" if zh else "Metric")
        text = f"{name}：低 → 高" if zh else f"{name}: low to high"
        return [*cells, f'<text x="{x - 10}" y="{base}" text-anchor="end">{escape(text)}</text>']
    made, x = [], wanted.width - MARGIN - 20.0
    for partners in (25, 5, 1):
        radius = max(1.6, node_radius(partners) * frame.zoom)
        made.append(f'<text x="{x:.1f}" y="{base}">{partners}</text>')
        made.append(
            f'<circle cx="{x - 10 - radius:.1f}" cy="{base}" r="{radius:.1f}" fill="{MUTED}"/>'
        )
        x -= 2 * radius + 40
    text = "图形越大，伙伴越多" if zh else "Larger mark, more partners"
    return [*made, f'<text x="{x + 14:.1f}" y="{base}" text-anchor="end">{text}</text>']
