"""Numbers with units as one token, so that 8英寸, 8-inch, 200 mm and 200mm are the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_NM = {
    "pm": 1e-3, "nm": 1.0, "纳米": 1.0, "um": 1e3, "μm": 1e3, "微米": 1e3, "micron": 1e3,
    "microns": 1e3, "mm": 1e6, "毫米": 1e6, "cm": 1e7, "厘米": 1e7, "km": 1e12,
    "nanometer": 1.0, "nanometers": 1.0, "micrometer": 1e3, "micrometers": 1e3,
    "millimeter": 1e6, "millimeters": 1e6,
}  # fmt: skip
_INCH = ("英寸", "英吋", "寸", "吋", "inches", "inch", '"')
_OTHER = {
    "ghz": "ghz", "吉赫": "ghz", "mhz": "mhz", "兆赫": "mhz", "khz": "khz", "hz": "hz",
    "thz": "thz", "太赫兹": "thz", "gbps": "gbps", "gb/s": "gbps", "gbit/s": "gbps", "tbps": "tbps",
    "gbaud": "gbaud", "gbd": "gbaud", "db/cm": "db/cm", "db/m": "db/m", "db": "db", "dbm": "dbm",
    "mw": "mw", "毫瓦": "mw", "kw": "kw", "kv": "kv", "mv": "mv", "°c": "°c", "℃": "°c", "%": "%",
}  # fmt: skip
_WAFER_MM = {1: 25, 2: 50, 3: 76, 4: 100, 5: 125, 6: 150, 8: 200, 12: 300, 18: 450}
_NOMINAL_MM = {50.8: 50, 51.0: 50, 75.0: 76, 76.2: 76, 101.6: 100, 152.0: 150, 203.0: 200}

_UNITS = sorted([*_NM, *_INCH, *_OTHER], key=len, reverse=True)
_NUMBER = r"\d+(?:\.\d+)?"
_MEASURE = re.compile(
    rf"(?P<numbers>\d(?<![a-z0-9.]\d)\d*(?:\.\d+)?(?:\s*[/、,，~–-]\s*{_NUMBER})*)\s*-?\s*"
    rf"(?P<unit>{'|'.join(map(re.escape, _UNITS))})(?![a-z])"
)
_ONE = re.compile(_NUMBER)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number and its unit found at text[start:end]; `token` is equal for equal quantities.

    `wafer_mm` is the nominal wafer class in millimetres where the number can be one.
    """

    token: str
    start: int
    end: int
    wafer_mm: int | None = None


def nominal_mm(value: float) -> float:
    """The nominal class of a wafer diameter in millimetres: 76.2 is 76, 101.6 is 100."""
    return float(_NOMINAL_MM.get(round(value, 1), value))


def _inch(value: float) -> tuple[str, int | None]:
    nominal = _WAFER_MM.get(int(value)) if value == int(value) else None
    return (f"#{nominal * 1e6:g}nm", nominal) if nominal else (f"#{value * 25.4e6:g}nm", None)


def measure_token(value: float, unit: str) -> tuple[str, int | None]:
    """The canonical token of a quantity and, for plausible diameters, the nominal class in mm."""
    if unit in _INCH:
        return _inch(value)
    if unit in _OTHER:
        return f"#{value:g}{_OTHER[unit]}", None
    length = value * _NM[unit]
    if unit in ("mm", "毫米", "millimeter", "millimeters", "cm", "厘米"):
        millimetres = nominal_mm(length / 1e6)
        wafer = int(millimetres) if millimetres in _WAFER_MM.values() else None
        return f"#{millimetres * 1e6:g}nm", wafer
    return f"#{length:g}nm", None


@lru_cache(maxsize=20_000)
def _tokens(numbers: str, unit: str) -> tuple[str, ...]:
    return tuple(measure_token(float(number), unit)[0] for number in _ONE.findall(numbers))


def measure_tokens(text: str) -> list[str]:
    """The tokens of `measures`, in order."""
    return [token for found in _MEASURE.findall(text) for token in _tokens(*found)]


def measures(text: str) -> Iterator[Measure]:
    """Every number with a unit in lower-case text; 4/6/8英寸 gives three."""
    for match in _MEASURE.finditer(text):
        unit = match["unit"]
        numbers = list(_ONE.finditer(match["numbers"]))
        for at, number in enumerate(numbers):
            token, wafer = measure_token(float(number[0]), unit)
            last = at == len(numbers) - 1
            start = match.start() + number.start()
            yield Measure(token, start, match.end() if last else start + len(number[0]), wafer)
