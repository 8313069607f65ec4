"""Unit conversion behind one small door; the only module of the kernel with a third party."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pint

WEEKS = {"workday": 0.2, "day": 1 / 7, "week": 1.0, "month": 4.345, "year": 52.14}
LOGARITHMIC = ("dB", "dBm", "dBc")
_DEFINITIONS = (
    "CNY = [currency_cny]",
    "USD = [currency_usd]",
    "EUR = [currency_eur]",
    "workday = 0.2 week",
    "core_hour = hour",
    "gpu_hour = hour",
    "wafer = count",
    "die = count",
)
LONGEST = 40
# the registry works out powers: 9**9**9 or a number of thousands of digits would never end
COSTLY = re.compile(r"[0-9]{4}|(?:\*\*|\^).*(?:\*\*|\^)")
_SPELLED = {"percent": "percent", "dimensionless": "", "inch": "inch"}


class UnitError(ValueError):
    """The units do not measure the same thing, or one of them is not known."""


@lru_cache(maxsize=1)
def registry() -> Any:
    """The unit registry with the vocabulary's own units."""
    units: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    for line in _DEFINITIONS:
        units.define(line)
    return units


@lru_cache(maxsize=2048)
def _linear(unit: str, target: str) -> tuple[float, float]:
    """Factor and offset that turn `unit` into `target`."""
    if len(unit) > LONGEST or COSTLY.search(unit):
        raise UnitError(f"{unit[:LONGEST]} to {target}")
    units = registry()
    try:
        zero = units.Quantity(0.0, _SPELLED.get(unit, unit)).to(_SPELLED.get(target, target))
        one = units.Quantity(1.0, _SPELLED.get(unit, unit)).to(_SPELLED.get(target, target))
    except Exception as error:
        raise UnitError(f"{unit} to {target}") from error
    return float(one.magnitude - zero.magnitude), float(zero.magnitude)


def _one(value: float, unit: str, target: str) -> float:
    if unit == "dBm" and target in ("W", "mW", "uW"):
        return float(10 ** (value / 10) * {"W": 1e-3, "mW": 1.0, "uW": 1e3}[target])
    if any(unit.startswith(prefix) for prefix in LOGARITHMIC):
        raise UnitError(f"{unit} to {target}")
    if {unit, target} <= set(WEEKS):
        return value * WEEKS[unit] / WEEKS[target]
    factor, offset = _linear(unit, target)
    return value * factor + offset


def converted(value: Any, unit: str, target: str) -> Any:
    """`value` (a number or a list of numbers) in `target`; raises UnitError.

    dB values convert to nothing but themselves; a month is 4.345 weeks.
    """
    if unit == target:
        return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [converted(v, unit, target) for v in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnitError(f"{value!r} is not a number")
    return _one(float(value), unit, target)
