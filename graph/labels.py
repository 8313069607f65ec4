"""Which labels show at which zoom, so that none ever covers another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from unicodedata import east_asian_width

import networkx as nx

from graph.layout import SPACING, Layout

ZOOMS = (0.125, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 8.0)
LINE = 1.35
MARGIN = 4.0
CELL = 96.0
BELOW = 0.62 * SPACING
FIRST_NODES = 0.35


@dataclass(frozen=True, slots=True)
class Label:
    """A text centred on (x, y), `size` pixels high at every zoom, shown from `zoom` upwards.

    `kind` is "area" or "node". `zoom` is None where the text fits at no zoom that is offered.
    """

    key: str
    text: str
    kind: str
    x: float
    y: float
    size: float
    zoom: float | None


def text_width(text: str, size: float) -> float:
    """Width in pixels, rounded up generously: Chinese characters are square, others 0.6 as wide."""
    wide = sum(1.0 if east_asian_width(c) in "WF" else 0.6 for c in text)
    return wide * size


def labels(
    drawn: Layout,
    ties: nx.Graph,
    *,
    language: str = "zh",
    importance: Mapping[str, float] | None = None,
) -> tuple[Label, ...]:
    """Every label with the zoom from which it shows, the most important first.

    Areas come before nodes, larger areas first; nodes by `importance` (number of partners by
    default), then by key. At any zoom the labels that show keep apart, and one that shows goes on
    showing further in.
    """
    wanted = [*_of_areas(drawn, language), *_of_nodes(drawn, ties, language, importance)]
    shapes = [_shape(label) for label in wanted]
    zoom_of: dict[int, float] = {}
    for zoom in ZOOMS:
        taken = _Taken()
        for i in zoom_of:
            taken.add(_box(shapes[i], zoom))
        for i, label in enumerate(wanted):
            if i not in zoom_of and _allowed(label, zoom) and taken.add(_box(shapes[i], zoom)):
                zoom_of[i] = zoom
    return tuple(
        Label(x.key, x.text, x.kind, x.x, x.y, x.size, zoom_of.get(i)) for i, x in enumerate(wanted)
    )


def _of_areas(drawn: Layout, language: str) -> list[Label]:
    areas = sorted(drawn.areas, key=lambda a: (a.parent != "", -a.members, a.code))
    return [
        Label(
            area.code,
            area.label(language),
            "area",
            area.x,
            round(area.y - area.radius * (0.9 if area.parent == "" else 0.8), 2),
            15.0 if area.parent == "" else 12.0,
            None,
        )
        for area in areas
    ]


def _of_nodes(
    drawn: Layout, ties: nx.Graph, language: str, importance: Mapping[str, float] | None
) -> list[Label]:
    weight = importance if importance is not None else dict(ties.degree())
    keys = sorted(ties, key=lambda k: (-float(weight.get(k) or 0.0), str(k)))
    made = []
    for key in keys:
        x, y = drawn.positions[str(key)]
        data = ties.nodes[key]
        first, second = data.get("label_zh"), data.get("label_en")
        if language == "en":
            first, second = second, first
        text = str(first or second or key)
        made.append(Label(str(key), text, "node", x, round(y + BELOW, 2), 11.0, None))
    return made


def _allowed(label: Label, zoom: float) -> bool:
    """Node labels wait until nodes stand apart; an area's own label may show at once."""
    return label.kind == "area" or zoom >= FIRST_NODES


Box = tuple[float, float, float, float]


def _shape(label: Label) -> Box:
    """Centre and half extents."""
    half = text_width(label.text, label.size) / 2 + MARGIN
    return label.x, label.y, half, label.size * LINE / 2 + MARGIN / 2


def _box(shape: Box, zoom: float) -> Box:
    x, y, half, high = shape
    return x * zoom - half, y * zoom - high, x * zoom + half, y * zoom + high


class _Taken:
    """Boxes that are in use, found by the cells of a grid."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[Box]] = {}

    def add(self, box: Box) -> bool:
        """Take the box if it is free; says whether it was."""
        left, top, right, bottom = box
        cells = [
            (i, j)
            for i in range(int(left // CELL), int(right // CELL) + 1)
            for j in range(int(top // CELL), int(bottom // CELL) + 1)
        ]
        for cell in cells:
            for other in self._cells.get(cell, ()):
                apart = left >= other[2] or right <= other[0]
                if not (apart or top >= other[3] or bottom <= other[1]):
                    return False
        for cell in cells:
            self._cells.setdefault(cell, []).append(box)
        return True
