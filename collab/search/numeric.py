"""Numeric conditions of a query turned into ranges of parameters in canonical units."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from collab.search.analysis import fold
from collab.search.measures import nominal_mm
from collab.search.plan import Range
from collab.search.syntax import Condition
from collab.vocabulary.catalog import Parameter, Vocabulary

WAFER = "wafer-diameter"
_INCH_MM = {1: 25, 2: 50, 3: 76, 4: 100, 5: 125, 6: 150, 8: 200, 12: 300}


@dataclass(frozen=True, slots=True)
class Numeric:
    """A condition understood: its range, whether an operator made it strict, and its words."""

    range: Range
    strict: bool
    start: int
    end: int


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    for line in ("CNY = [currency_cny]", "USD = [currency_usd]", "EUR = [currency_eur]",
                 "workday = 0.2 week", "wafer = count", "die = count"):  # fmt: skip
        registry.define(line)
    return registry


_PREFIXES = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "c": 1e-2, "": 1.0, "k": 1e3,
             "M": 1e6, "G": 1e9, "T": 1e12}  # fmt: skip
_BASES = frozenset({"m", "Hz", "W", "V", "s", "A", "F", "Pa", "N", "J", "bit/s", "Bd", "ohm"})
_OTHERS = {
    "inch": ("m", 0.0254), "angstrom": ("m", 1e-10), "minute": ("s", 60.0), "hour": ("s", 3600.0),
    "day": ("s", 86400.0), "week": ("s", 604800.0), "workday": ("s", 120960.0),
    "month": ("s", 4.345 * 604800.0), "year": ("s", 52.14 * 604800.0),
}  # fmt: skip


def _simple(unit: str) -> tuple[str, float] | None:
    """Base and factor of an everyday unit, so that few queries wait for pint."""
    if unit in _OTHERS:
        return _OTHERS[unit]
    if unit in _BASES:
        return unit, 1.0
    if unit[1:] in _BASES and unit[:1] in _PREFIXES:
        return unit[1:], _PREFIXES[unit[:1]]
    return None


@lru_cache(maxsize=4096)
def _factor(unit: str, canonical: str) -> float | None:
    """What to multiply a value in `unit` with, None when the units do not convert."""
    if unit == canonical:
        return 1.0
    if "dB" in unit or "dB" in canonical:
        scale = {("dB/mm", "dB/cm"): 10.0, ("dB/m", "dB/cm"): 0.01, ("dB/cm", "dB/m"): 100.0}
        return scale.get((unit, canonical))
    ours, theirs = _simple(unit), _simple(canonical)
    if ours and theirs:
        return ours[1] / theirs[1] if ours[0] == theirs[0] else None
    registry = _registry()
    try:
        return float(registry.Quantity(1.0, unit).to(canonical).magnitude)
    except Exception:  # noqa: BLE001 - pint raises its own and Python's errors for odd units
        return None


class NumericReader:
    """Finds the parameter a number with a unit speaks of."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._parameters = vocabulary.parameters
        self._units: dict[str, dict[str, str]] = {}
        for dimension, units in vocabulary.raw["parameters"]["units"].items():
            table = self._units.setdefault(dimension, {})
            for unit, spellings in units.items():
                for spelling in (unit, *(spellings if isinstance(spellings, list) else ())):
                    table.setdefault(fold(str(spelling)), unit)
        self._names: dict[str, list[Parameter]] = {}
        self._telling: dict[str, Parameter] = {}
        for parameter in self._parameters.values():
            if parameter.kind == "quantity":
                self._add(parameter)

    def _add(self, parameter: Parameter) -> None:
        labels = (parameter.id, *parameter.spellings(), *parameter.cues_zh, *parameter.cues_en)
        for name in dict.fromkeys(fold(label) for label in labels):
            self._names.setdefault(name, []).append(parameter)
        for unit in parameter.bare_units:
            self._telling.setdefault(fold(unit), parameter)

    def read(self, found: Iterable[Condition]) -> list[Numeric]:
        """The conditions that name a known parameter and fit its unit."""
        return [numeric for c in found if (numeric := self._one(c)) is not None]

    def _one(self, condition: Condition) -> Numeric | None:
        """The reading with the longest unit, then the longest name; equals stand together."""
        readings = []
        for name, parameter in self._candidates(fold(condition.name)):
            scaled = self._scale(condition.unit, parameter)
            if scaled is not None and (scaled[1] or condition.op):
                readings.append((scaled[1], len(name), parameter, scaled[0]))
        telling = self._telling.get(fold(condition.unit))
        if not readings and telling is not None and condition.op:
            scaled = self._scale(condition.unit, telling)
            readings += [(scaled[1], 0, telling, scaled[0])] if scaled else []
        if not readings:
            return None
        used, length, parameter, factor = max(readings, key=lambda r: (r[0], r[1]))
        same = [r for r in readings if r[:2] == (used, length) and r[3] == factor]
        ends: tuple[float, float | None] = condition.low * factor, None
        if condition.high is not None:
            ends = condition.low * factor, condition.high * factor
        made = self._range(parameter, condition.op, ends)
        made = replace(made, also=tuple(dict.fromkeys(r[2].id for r in same if r[2] != parameter)))
        start = condition.start + max(0, len(condition.name) - length)
        end = condition.end - (len(condition.unit) - used)
        return Numeric(made, bool(condition.op) or condition.high is not None, start, end)

    def _candidates(self, words: str) -> list[tuple[str, Parameter]]:
        """Parameters whose name ends these words, longest name first."""
        found = [
            (words[at:], parameter)
            for at in range(len(words))
            if words[at:] in self._names and (at == 0 or not _inside_latin(words, at))
            for parameter in self._names[words[at:]]
        ]
        return sorted(found, key=lambda pair: -len(pair[0]))

    def _scale(self, unit: str, parameter: Parameter) -> tuple[float, int] | None:
        """Factor to the canonical unit and how many characters of the unit were used."""
        table = self._units.get(parameter.dimension, {})
        folded = fold(unit)
        for length in range(len(folded), 0, -1):
            known = table.get(folded[:length])
            rest = folded[length : length + 1]
            if known is not None and not (rest == "/" or (rest.isascii() and rest.isalnum())):
                factor = _factor(known, parameter.unit)
                return None if factor is None else (factor, length)
        return (1.0, 0) if not unit or not table else None

    @staticmethod
    def _range(parameter: Parameter, op: str, ends: tuple[float, float | None]) -> Range:
        low, high = ends
        if high is not None:
            return Range(parameter.id, min(low, high), max(low, high))
        if op in ("le", "lt"):
            return Range(parameter.id, None, low)
        if op in ("ge", "gt"):
            return Range(parameter.id, low, None)
        slack = parameter.tolerance or abs(low) * 1e-6
        return Range(parameter.id, low - slack, low + slack)


def _inside_latin(text: str, at: int) -> bool:
    return text[at - 1].isascii() and text[at - 1].isalnum() and text[at].isascii()


def wafer_values(value: str) -> tuple[str, ...]:
    """Nominal diameters that a written wafer size means: 8, 8寸, 8inch and 200mm are 200."""
    folded = fold(value).strip()
    digits = "".join(c for c in folded if c.isdigit() or c == ".")
    try:
        number = float(digits)
    except ValueError:
        return ()
    if not math.isfinite(number):
        return ()
    if number in _INCH_MM and not folded.endswith("mm"):
        return (f"{_INCH_MM[int(number)]:g}",)
    return (f"{nominal_mm(number):g}",)


def wafer_classes(wanted: Range) -> tuple[str, ...]:
    """Nominal diameters inside a range of millimetres."""
    low = -math.inf if wanted.low is None else wanted.low - 0.5
    high = math.inf if wanted.high is None else wanted.high + 0.5
    if wanted.low is not None and wanted.high is not None and wanted.high - wanted.low < 1:
        middle = nominal_mm(round((wanted.low + wanted.high) / 2, 1))
        low, high = middle - 0.5, middle + 0.5
    return tuple(f"{size:g}" for size in _INCH_MM.values() if low <= size <= high)
