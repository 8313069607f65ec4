"""Unit words of the vocabulary, and conversion to canonical units through pint."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import pint

_WEEKS_PER_MONTH = 4.345
_LEVELS = {"dB", "dB/cm", "dB/m", "dB/mm", "dB/Hz"}
_PLAIN = {"dimensionless", "count", ""}
_ALIASES = {"percent": "percent", "gram_force": "gram_force", "Gbit/s": "gigabit/second"}
_NOT_ALONE = frozenset({"in", "C", "K", "点", "度", "g", "N", "s", "m", "A", "T", "G", "H"})


@lru_cache(maxsize=1)
def _registry() -> Any:
    registry: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)
    for line in (
        "level_db = [level]", "core_hour = hour", "gpu_hour = hour", "GBd = 1e9 / second",
        "percent = 0.01", "ppm = 1e-6", "gram_force = 9.80665e-3 newton",
    ):  # fmt: skip
        registry.define(line)
    return registry


def _unit(text: str) -> str:
    plain = text.replace("dB", "level_db") if text in _LEVELS else text
    return {"Tbit/s": "terabit/second", "Gbit/s": "gigabit/second", "Mbit/s": "megabit/second"}.get(
        plain, plain
    )


@lru_cache(maxsize=4096)
def _linear(source: str, target: str) -> tuple[float, float] | None:
    """(factor, offset) with target = source * factor + offset; None when not convertible."""
    try:
        registry = _registry()
        zero = registry.Quantity(0.0, _unit(source)).to(_unit(target)).magnitude
        one = registry.Quantity(1.0, _unit(source)).to(_unit(target)).magnitude
    except (pint.errors.PintError, AttributeError, ValueError, TypeError):
        return None
    return (one - zero, zero)


def convert(value: float, source: str, target: str) -> float | None:
    """`value` in `source` expressed in `target`; None when the units do not fit each other."""
    if source == target or (source in _PLAIN and target in _PLAIN):
        return value
    if source == "dBm" and target in ("mW", "W"):
        milliwatt = 10 ** (value / 10)
        return tidy(milliwatt if target == "mW" else milliwatt / 1000)
    if target == "dBm" and source in ("mW", "W") and value > 0:
        return tidy(10 * math.log10(value * (1000 if source == "W" else 1)))
    if source == "month" and target == "week":
        return tidy(value * _WEEKS_PER_MONTH)
    if source == "workday":
        value, source = value / 5, "week"
    linear = _linear(source, target)
    return None if linear is None else tidy(value * linear[0] + linear[1])


def tidy(value: float) -> float:
    """The number without the noise of binary fractions."""
    value = float(value)
    if value == 0 or not math.isfinite(value):
        return value
    rounded = round(value, 11 - math.floor(math.log10(abs(value))))
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded


class UnitWords:
    """What a unit word can mean: dimensions of the vocabulary with their canonical spelling."""

    def __init__(self, tables: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        self._exact: dict[str, list[tuple[str, str]]] = {}
        for dimension, units in tables.items():
            if dimension in ("money", "money_multipliers", "none"):
                continue
            for unit, words in units.items():
                for word in words:
                    self._add(str(word), dimension, unit)
        self._lower = {w.lower(): m for w, m in self._exact.items() if len(w) > 2 and w != "mW"}
        words = sorted(self._exact, key=len, reverse=True)
        body = "|".join(
            re.escape(w) + ("(?![A-Za-z])" if w[-1].isalpha() and w[-1].isascii() else "")
            for w in words
        )
        self._pattern = re.compile(rf"(?:{body})")
        self._loose = re.compile(r"[A-Za-z]{3,11}(?![A-Za-z])")

    def _add(self, word: str, dimension: str, unit: str) -> None:
        meanings = self._exact.setdefault(word, [])
        if (dimension, unit) not in meanings:
            meanings.append((dimension, unit))

    def at(self, text: str, start: int) -> tuple[int, tuple[tuple[str, str], ...]] | None:
        """The unit that begins at `start`: its end and its possible meanings."""
        match = self._pattern.match(text, start)
        if match:
            return match.end(), tuple(self._exact[match.group()])
        loose = self._loose.match(text, start)
        if loose and loose.group().lower() in self._lower:
            return loose.end(), tuple(self._lower[loose.group().lower()])
        return None

    def meanings(self, word: str) -> tuple[tuple[str, str], ...]:
        """The possible meanings of one unit word."""
        return tuple(self._exact.get(word, ()))
