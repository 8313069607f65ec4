"""A what-if drawn over the network: the new line, who leaves, and where needs gain or lose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collab.network.drawing import Picture
from collab.network.store import OpenNeed

NEW = "what-if"
GAIN, LOSS = "gain", "loss"
Data = dict[str, Any]


@dataclass(frozen=True)
class Effect:
    """What a question changes: needs that gain or lose a route with the regions they may be shown
    in, where the new line stands ("" for none) and its label, and organisations that lose lines."""

    gained: Sequence[OpenNeed]
    lost: Sequence[OpenNeed]
    shown: Mapping[int, str]
    region: str = ""
    label: str = ""
    leaving: Sequence[str] = ()


def overlaid(view: Mapping[str, Any], picture: Picture, effect: Effect) -> Data:
    """The drawing with the effect on it; `view` itself stays as it is.

    A need whose region is not to be shown is on the picture nowhere.
    """
    areas = {r["key"]: r for r in view["regions"]}
    gains = _counted(effect.gained, effect, picture, areas)
    losses = _counted(effect.lost, effect, picture, areas)
    data = dict(view)
    data["regions"] = [
        {**r, "gained": gains.get(r["key"], 0), "lost": losses.get(r["key"], 0)}
        for r in view["regions"]
    ]
    ends = {n["key"] for n in view["nodes"]}
    nodes = [{**n, "mark": LOSS} if n["key"] in effect.leaving else n for n in view["nodes"]]
    nodes += [_leaving(k, picture) for k in effect.leaving if k in picture.ties and k not in ends]
    links = list(view["links"])
    for key in effect.leaving:
        links += _rays(key, losses, LOSS) if key in picture.ties else []
    home = _area(effect.region, picture, areas)
    if effect.label and home in areas:
        nodes.append(_line(areas[home], effect))
        links += _rays(NEW, gains, GAIN)
    return {**data, "nodes": nodes, "links": links, "path": []}


def _area(code: str, picture: Picture, areas: Mapping[str, Any]) -> str:
    if not code:
        return ""
    return next((c for c in picture.state.regions.above(code) if c in areas), "")


def _counted(
    needs: Iterable[OpenNeed], effect: Effect, picture: Picture, areas: Mapping[str, Any]
) -> Counter[str]:
    found = (_area(effect.shown.get(n.id, ""), picture, areas) for n in needs)
    return Counter(code for code in found if code)


def _rays(source: str, counts: Mapping[str, int], mark: str) -> list[Data]:
    return [
        {"source": source, "target": code, "kind": "", "weight": n, "mark": mark}
        for code, n in sorted(counts.items())
    ]


def _line(area: Mapping[str, Any], effect: Effect) -> Data:
    return {"key": NEW, "label": effect.label, "kind": "pilot_line", "region": area["key"],
            "slug": "", "x": area["x"], "y": area["y"], "value": None, "size": 1.0,
            "label_rank": -1, "mark": GAIN}  # fmt: skip


def _leaving(key: str, picture: Picture) -> Data:
    data, (x, y) = picture.ties.nodes[key], picture.layout.positions[key]
    return {"key": key, "label": data.get("label_zh", key), "kind": data.get("kind", ""),
            "region": data.get("region", ""), "slug": data.get("slug", ""), "x": x, "y": y,
            "value": None, "size": 1.0, "label_rank": -1, "mark": LOSS}  # fmt: skip
