"""One shape and one colour per kind of node, the same in every drawing and legend."""

from __future__ import annotations

import math
from dataclasses import dataclass

from graph.records import NodeKind


@dataclass(frozen=True, slots=True)
class Mark:
    """How a kind is drawn: `corners` alternate between `outer` and `inner` reach from `turn`.

    Two corners or fewer mean a circle. The colours can be told apart with any colour vision, and
    the shapes without any.
    """

    zh: str
    en: str
    colour: str
    corners: int = 0
    turn: float = -0.25
    outer: float = 1.0
    inner: float = 0.0

    def path(self, x: float, y: float, radius: float) -> str:
        """SVG path data of the mark about (x, y)."""
        if self.corners < 3:
            r = round(radius, 2)
            return f"M{x - r:.2f} {y:.2f}a{r} {r} 0 1 0 {2 * r:.2f} 0a{r} {r} 0 1 0 {-2 * r:.2f} 0z"
        count = self.corners * (2 if self.inner else 1)
        points = []
        for i in range(count):
            reach = radius * (self.inner if self.inner and i % 2 else self.outer)
            angle = math.tau * (self.turn + i / count)
            points.append(f"{x + reach * math.cos(angle):.2f} {y + reach * math.sin(angle):.2f}")
        return "M" + "L".join(points) + "z"


MARKS: dict[str, Mark] = {
    NodeKind.LAB: Mark("实验室", "Laboratory", "#0072B2"),
    NodeKind.PILOT_LINE: Mark("中试线", "Pilot line", "#D55E00", 4, -0.125, 1.2),
    NodeKind.FIRM: Mark("企业", "Firm", "#3A3F4B", 3, -0.25, 1.3),
    NodeKind.UNIVERSITY: Mark("高校", "University", "#009E73", 4, -0.25, 1.25),
    NodeKind.PARK: Mark("园区", "Park", "#7A6A00", 6, -0.25, 1.12),
    NodeKind.ALLIANCE: Mark("联盟", "Alliance", "#4B3FBF", 5, -0.25, 1.5, 0.68),
    NodeKind.SERVICE_PARTNER: Mark("服务机构", "Service partner", "#B5478F", 3, 0.25, 1.3),
    NodeKind.INVESTOR: Mark("投资机构", "Investor", "#A8711C", 5, -0.25, 1.15),
    NodeKind.TRANSFER_AGENCY: Mark("转化机构", "Transfer agency", "#2B7A8C", 4, -0.25, 1.35, 0.62),
    NodeKind.REGION: Mark("区域", "Region", "#5B6472"),
    NodeKind.TECHNIQUE: Mark("技术", "Technique", "#5B6472", 8, -0.25, 1.05),
    NodeKind.CAPABILITY: Mark("能力", "Capability", "#5B6472", 4, -0.125, 1.0),
    NodeKind.NEED: Mark("需求", "Need", "#B3261E", 3, 0.25, 1.2),
}
OTHER = Mark("其他", "Other", "#5B6472")


def mark_of(kind: str) -> Mark:
    """The mark of a kind; a grey circle for one that is not known."""
    return MARKS.get(kind, OTHER)


SCALE = ("#E8E6F7", "#BDB7EA", "#8E84DA", "#6154C4", "#372A96")


def shade(share: float) -> str:
    """A colour of the single-hue scale for a value between 0 and 1."""
    return SCALE[min(len(SCALE) - 1, max(0, int(share * len(SCALE))))]
