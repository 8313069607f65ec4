"""Regions as a tree: what lies above, what lies below, and which one stands at a level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graph.errors import GraphError
from graph.records import Region

LEVELS = ("country", "province", "city", "park")


class RegionTree:
    """Looks up regions by code. Unknown codes are treated as places of their own at the top."""

    def __init__(self, regions: Iterable[Region] = ()) -> None:
        self._by_code = {region.code: region for region in sorted(regions, key=lambda r: r.code)}
        self._children: dict[str, list[str]] = {}
        for region in self._by_code.values():
            self._children.setdefault(region.parent, []).append(region.code)
        for code in self._by_code:
            self.above(code)

    def __contains__(self, code: str) -> bool:
        return code in self._by_code

    def __iter__(self) -> Iterator[Region]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def get(self, code: str) -> Region:
        """The region of `code`; a bare one where nothing is known of it."""
        return self._by_code.get(code) or Region(code)

    def children(self, code: str) -> tuple[str, ...]:
        """Codes directly below `code` ("" for the top), sorted."""
        return tuple(self._children.get(code, ()))

    def above(self, code: str) -> tuple[str, ...]:
        """`code` and everything above it, nearest first. Raises GraphError on a circle."""
        line: list[str] = []
        while code:
            if code in line:
                raise GraphError(f"region {code} lies above itself", f"区域 {code} 的上级形成循环")
            line.append(code)
            code = self._by_code[code].parent if code in self._by_code else ""
        return tuple(line)

    def within(self, code: str) -> frozenset[str]:
        """`code` and everything below it."""
        found, waiting = {code}, [code]
        while waiting:
            below = [child for child in self.children(waiting.pop()) if child not in found]
            found.update(below)
            waiting.extend(below)
        return frozenset(found)

    def at(self, code: str, level: str) -> str:
        """The region at `level` that holds `code`.

        Where the level is missing on the way up (a city directly under its country) the coarsest
        region below it that is finer than the level stands in, so that nobody falls out; a region
        coarser than the level stands for itself.

        >>> tree = RegionTree([Region("cn", "country"), Region("hb", "province", parent="cn"),
        ...                    Region("wuhan", "city", parent="hb")])
        >>> tree.at("wuhan", "province"), tree.at("wuhan", "country"), tree.at("hb", "city")
        ('hb', 'cn', 'hb')
        """
        if level not in LEVELS:
            raise GraphError(f"unknown region level {level}", f"未知的区域层级 {level}")
        wanted, answer = LEVELS.index(level), code
        for step in self.above(code):
            if self._depth(step) < wanted:
                break
            answer = step
        return answer

    def _depth(self, code: str) -> int:
        kind = self.get(code).kind
        return LEVELS.index(kind) if kind in LEVELS else len(LEVELS)

    def place(self, code: str) -> tuple[float, float] | None:
        """Latitude and longitude of the region or of the nearest one above that has them."""
        for step in self.above(code):
            region = self.get(step)
            if region.lat is not None and region.lon is not None:
                return region.lat, region.lon
        return None
