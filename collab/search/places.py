"""Names of places in a query: regions, groups of regions and towns, by any of their spellings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from ahocorasick_rs import AhoCorasick, MatchKind

from collab.search.analysis import is_han, term_key
from collab.search.cutting import CutText
from collab.search.plan import TAG, Atom, Group, Part

FILE = Path(__file__).resolve().parents[2] / "data" / "vocab" / "places.yaml"
AROUND, COUNTRY = 0.5, 0.25  # of a place's weight: in what it lies in, and in the country
_KINDS = ("特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")
_TAILS = ("地区", "一带", "周边", "附近", "本地", "省", "市", "区")
_SHORT = 3
_IN_A_NAME = re.compile(r"[\u4e00-\u9fff]{0,8}?(?:大学|学院|研究所|研究院|公司|医院|集团)")


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a text names at text[start:end]: the regions meant, or all `outside` them."""

    codes: tuple[str, ...]
    start: int
    end: int
    outside: bool = False


@dataclass(frozen=True, slots=True)
class _Name:
    codes: tuple[str, ...]
    outside: bool = False
    capitals: bool = False
    wide: bool = False


def _ways(name: str) -> list[str]:
    """A place's name as given, and without the word for what kind of place it is."""
    short = next((name.removesuffix(k) for k in _KINDS if name.endswith(k)), name)
    return [name, short] if len(short) > 1 else [name]


@lru_cache(maxsize=1)
def _file() -> Mapping[str, list[dict[str, Any]]]:
    plain: Mapping[str, list[dict[str, Any]]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return plain


class Gazetteer:
    """Knows places by name (Chinese, English, with or without 省 or 市).

    `names` are the regions' own; `above` gives for each region those it lies in, nearest first.
    """

    def __init__(
        self, names: Mapping[str, str], above: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self._above = above or {}
        self._names: dict[str, _Name] = {}
        known = set(names.values())
        for name, code in names.items():
            if name != code or is_han(name) or len(name) > _SHORT:
                self._learn(_ways(name), _Name((code,), capitals=_is_code(name)))
        self._asked = {term_key(n): (code,) for n, code in names.items()}
        self._learn_file(known)
        keys = list(self._names)
        self._keys = keys
        self._automaton = AhoCorasick(keys, matchkind=MatchKind.LeftmostLongest) if keys else None

    def _learn(self, spellings: Iterable[str], name: _Name) -> None:
        for written in spellings:
            self._names.setdefault(term_key(written), name)

    def _learn_file(self, known: set[str]) -> None:
        """What the file adds, as far as the list of regions has its codes."""
        for part, field in (("groups", "codes"), ("aliases", "code"), ("towns", "region")):
            for entry in _file()[part]:
                given = entry[field] if field == "codes" else [entry[field]]
                codes = tuple(code for code in given if code in known)
                self._learn_entry(entry, _Name(codes, wide=part == "groups"))
        for entry in _file()["abroad"]:
            codes = tuple(code for code in entry["not"] if code in known)
            self._learn_entry(entry, _Name(codes, outside=True))

    def _learn_entry(self, entry: dict[str, Any], name: _Name) -> None:
        for spelling in (*entry["zh"], *entry["en"]) if name.codes else ():
            self._learn([spelling], replace(name, capitals=_is_code(spelling)))

    def codes(self, name: str) -> tuple[str, ...]:
        """The regions that a name means where a place is asked for; none when it is unknown."""
        key = term_key(name)
        found = self._names.get(key)
        return self._asked.get(key) or (found.codes if found and not found.outside else ())

    def found(self, written: str) -> list[Place]:
        """The places that a normalised text names, in order."""
        folded = written.lower()
        if self._automaton is None or len(folded) != len(written):
            return []
        text, out = CutText(folded), []
        for index, i, j in self._automaton.find_matches_as_indexes(text.line):
            name = self._names[self._keys[index]]
            start = text.place(i + (text.line[i] == " "))
            end = text.place(j - 1) + (text.line[j - 1] != " ")
            if name.wide and _IN_A_NAME.match(folded, end):
                continue
            if not name.capitals or written[start:end].isupper():
                out.append(Place(name.codes, start, _with_tail(folded, end), name.outside))
        return out

    @staticmethod
    def here(place: Place, weight: float) -> list[Part]:
        """Documents in the place itself."""
        return [Atom(TAG, f"region:{code}", weight, flat=True) for code in place.codes]

    def group(self, place: Place, weight: float) -> Group:
        """Documents there, then those in what the place lies in: nearer is better."""
        parts = self.here(place, weight)
        around = [self._above.get(code, ()) for code in place.codes]
        shared = [c for c in around[0] if all(c in one for one in around)] if around else []
        for at, code in enumerate(shared):
            share = AROUND if at + 1 < len(shared) else COUNTRY
            parts.append(Atom(TAG, f"region:{code}", weight * share, flat=True))
        return Group(tuple(parts))


def _is_code(name: str) -> bool:
    """True for names that are words too unless they are written in capitals: US, UK, EU."""
    return name.isascii() and len(name.replace(".", "")) <= _SHORT


def _with_tail(folded: str, end: int) -> int:
    """The end of the name with the word for its kind: 武汉 in 武汉市, 华中地区."""
    tail = next((t for t in _TAILS if folded.startswith(t, end)), "")
    return end + len(tail)
