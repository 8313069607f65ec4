"""Numbers with their units: single figures, ranges, tolerances, lists and sizes a × b."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from collab.needs.extraction.findings import Taken
from collab.needs.extraction.numerals import (
    CHINESE_NUMBER,
    ENGLISH,
    NUMBER,
    chinese_value,
    number_value,
)
from collab.needs.extraction.units import UnitWords

Meanings = tuple[tuple[str, str], ...]

_RANGE = re.compile(r"\s?(?:~|--?|至|到|to|through)\s?", re.IGNORECASE)
_TOLERANCE = re.compile(r"\s?(?:±|\+/-|正负)\s?")
_TIMES = re.compile(r"\s?[×xX*]\s?")
_LISTED = re.compile(r"\s?(?:、|/|或者|以及|或|和|及|与|\s(?:and|or)\s)\s?")
_ENGLISH_NUMBER = re.compile(
    r"(?<![A-Za-z])(?P<en>"
    + "|".join(sorted(ENGLISH, key=len, reverse=True))
    + r")(?=[ -][A-Za-z])",
    re.IGNORECASE,
)
_POINT_AFTER = re.compile(r"[、)）．]|\.(?!\d)")
_LONE = re.compile(r"(?:±|\+/-|正负)\s?$")
_SIGN = re.compile(r"(?<![0-9A-Za-z)°%\"])(?<!/)-\s?$|(?<=[~≤≥<>=至到])\s?-\s?$|(?<=\bto )-$")


@dataclass(frozen=True, slots=True)
class Token:
    """One number with the unit that follows it, if any; `core` is where the number ends."""

    start: int
    core: int
    end: int
    value: float
    units: Meanings


@dataclass(frozen=True, slots=True)
class Measure:
    """One or more numbers that belong together, in the unit as written.

    `shape` is one, range, tolerance, lone (a bare ±t), size (a × b) or list.
    """

    start: int
    end: int
    values: tuple[float, ...]
    units: Meanings
    shape: str
    value_units: tuple[Meanings, ...] = ()

    def unit_in(self, dimension: str, index: int = 0) -> str | None:
        """The unit of one value if it can be of `dimension`."""
        units = self.value_units[index] if self.value_units else self.units
        return next((u for d, u in units if d == dimension), None)


def _sign(text: str, start: int) -> int:
    """Where the number begins when a minus belongs to it."""
    head = text[max(0, start - 4) : start]
    match = _SIGN.search(head)
    return (
        start - (len(head) - match.start()) + (len(match[0]) - len(match[0].lstrip()))
        if match
        else start
    )


def _unit_after(text: str, end: int, words: UnitWords) -> tuple[int, Meanings]:
    at = end
    if text[at : at + 1] == ")" and text.rfind("(", max(0, at - 16), at) >= 0:
        behind = words.at(text, at + 1)  # (1550±10)nm
        return behind if behind else (end, ())
    if text[at : at + 1] in (" ", "-") and text[at + 1 : at + 2] not in ("", " "):
        at += 1
    found = words.at(text, at)
    if found is None:
        return end, ()
    if at > end and text[at : found[0]] == "in":
        return end, ()
    return found


def tokens(text: str, words: UnitWords) -> list[Token]:
    """Every number in the text, with its unit."""
    found: list[Token] = []
    for match in NUMBER.finditer(text):
        before = text[match.start() - 1 : match.start()]
        if before.isascii() and before.isalpha() and before not in "xX×":
            continue
        if _is_list_number(text, match):
            continue
        start = _sign(text, match.start())
        value = number_value(match) * (-1 if start < match.start() else 1)
        end, units = _unit_after(text, match.end(), words)
        found.append(Token(start, match.end(), end, value, units))
    taken = Taken(len(text))
    for token in found:
        taken.add(token.start, token.end)
    found += [t for t in _worded(text, words) if not taken.overlaps(t.start, t.end)]
    return sorted(found, key=lambda t: t.start)


def _is_list_number(text: str, match: re.Match[str]) -> bool:
    """1、 2. (3) before a point of a list."""
    if not _POINT_AFTER.match(text, match.end()) or len(match[0]) > 2:
        return False
    head = text[max(0, match.start() - 3) : match.start()].rstrip(" (")
    if not head or head[-1] in "\n。;；":
        return True
    follows = str(int(match["base"]) + 1) + text[match.end() : match.end() + 1]
    return head[-1] in ":：" and follows in text[match.end() : match.end() + 160]


def _worded(text: str, words: UnitWords) -> list[Token]:
    """Numbers written as words, counted only when a unit follows."""
    found: list[Token] = []
    for match in CHINESE_NUMBER.finditer(text):
        value = chinese_value(match["zh"], match["group"])
        end, units = _unit_after(text, match.end(), words)
        before = text[match.start() - 1 : match.start()]
        if (
            value
            and (units or match["group"])
            and (not before or before not in "第之统唯同单任其某专")
        ):
            found.append(Token(match.start(), match.end(), end, value, units))
    for match in _ENGLISH_NUMBER.finditer(text):
        end, units = _unit_after(text, match.end(), words)
        if units:
            value = float(ENGLISH[match["en"].lower()])
            found.append(Token(match.start(), match.end(), end, value, units))
    return found


def measures(text: str, words: UnitWords) -> list[Measure]:
    """The numbers of the text joined into ranges, tolerances, sizes and lists."""
    items = tokens(text, words)
    found: list[Measure] = []
    index = 0
    while index < len(items):
        measure, used = _joined(text, items, index)
        found.append(measure)
        index += used
    return found


def _joined(text: str, items: list[Token], index: int) -> tuple[Measure, int]:
    first = items[index]
    following = items[index + 1] if index + 1 < len(items) else None
    lone = _LONE.search(text[max(0, first.start - 4) : first.start])
    if lone:
        start = first.start - len(lone[0])
        return Measure(start, first.end, (first.value,), first.units, "lone"), 1
    if following is not None:
        gap_start = first.end
        for pattern, shape in ((_RANGE, "range"), (_TOLERANCE, "tolerance"), (_TIMES, "size")):
            match = pattern.match(text, gap_start)
            if (
                match
                and match.end() in (following.start, following.start - 1)
                and _same(first, following, shape)
            ):
                return _pair(first, following, shape), 2
    return _listed(text, items, index)


def _same(first: Token, second: Token, shape: str) -> bool:
    """Two numbers can share a unit; a tolerance in per cent goes with any."""
    if shape == "tolerance" and any(d == "ratio" for d, _ in second.units):
        return True
    if not first.units:
        return bool(second.units) or shape in ("range", "size")
    if not second.units:
        return shape == "tolerance"
    kinds = {d for d, _ in second.units}
    if shape == "tolerance":
        kinds |= {"ratio"}
    return any(d in kinds for d, _ in first.units)


def _pair(first: Token, second: Token, shape: str) -> Measure:
    units = second.units or first.units
    own = (first.units or units, units)
    values = (first.value, second.value)
    start = first.start
    if shape == "range" and values[1] < 0 <= values[0]:
        values = (values[0], abs(values[1]))
    if shape == "tolerance":
        values = _with_tolerance(first, second)
        own = (first.units or units, first.units or units)
        units = first.units or units
    return Measure(start, second.end, values, units, shape, own)


def _with_tolerance(first: Token, second: Token) -> tuple[float, float]:
    spread = second.value
    second_is_ratio = any(d == "ratio" for d, _ in second.units)
    first_is_ratio = any(d == "ratio" for d, _ in first.units)
    if second_is_ratio and not first_is_ratio and first.units:
        spread = abs(first.value) * second.value / 100
    return (first.value - spread, first.value + spread)


def _listed(text: str, items: list[Token], index: int) -> tuple[Measure, int]:
    """4英寸和6英寸, 2/3/4英寸: numbers of one unit joined by list words."""
    group = [items[index]]
    while index + len(group) < len(items) and len(group) < 12:
        nxt = items[index + len(group)]
        match = _LISTED.match(text, group[-1].end)
        if not match or match.end() != nxt.start or not _listable(group[-1], nxt):
            break
        group.append(nxt)
    units = group[-1].units
    if len(group) == 1 or not units:
        first = items[index]
        return Measure(first.start, first.end, (first.value,), first.units, "one"), 1
    own = tuple(t.units or units for t in group)
    values = tuple(t.value for t in group)
    return Measure(group[0].start, group[-1].end, values, units, "list", own), len(group)


def _listable(first: Token, second: Token) -> bool:
    return (bool(second.units) and (not first.units or first.units == second.units)) or (
        not first.units and not second.units and first.core == first.end
    )


def shifted(measure: Measure, **changes: object) -> Measure:
    """The measure with some fields replaced."""
    return replace(measure, **changes)  # type: ignore[arg-type]
