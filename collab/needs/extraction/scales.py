"""Wafer sizes, wavelength bands and other named values brought to figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LASER_LINES = frozenset(
    {
        365, 375, 395, 405, 445, 450, 455, 460, 465, 473, 488, 515, 520, 525, 530, 532, 589,
        630, 633, 635, 638, 640, 650, 655, 660, 670, 680, 690, 760, 770, 780, 785, 793, 795,
        808, 830, 840, 850, 852, 860, 880, 885, 894, 895, 905, 910, 915, 920, 935, 940, 960,
        970, 975, 976, 980, 1018, 1030, 1050, 1053, 1060, 1064, 1080, 1120, 1178, 1260, 1270,
        1271, 1290, 1291, 1295, 1300, 1310, 1311, 1330, 1331, 1342, 1350, 1370, 1390, 1410,
        1430, 1450, 1470, 1480, 1490, 1510, 1530, 1540, 1545, 1550, 1560, 1565, 1570, 1577,
        1580, 1590, 1600, 1610, 1625, 1645, 1650, 1653, 1654, 1900, 1908, 1920, 1940, 1950,
        2000, 2004, 2050, 2100, 2300, 2700, 2800, 3300, 3390, 4000, 4300, 4500, 4600, 5300,
        7400, 8000, 9000, 10600,
    }
)  # fmt: skip


def wafer_class(value: float, unit: str, table: Mapping[str, Any]) -> int | None:
    """The nominal diameter in mm of a wafer size as written, or None when there is no such"
    " class."""
    if unit == "inch":
        found = table["inch_to_mm"].get(int(value)) if float(value).is_integer() else None
        return int(found) if found is not None else None
    millimetres = value * {"mm": 1, "cm": 10}.get(unit, 0)
    for alias, nominal in table["mm_aliases"].items():
        if abs(float(alias) - millimetres) <= 0.6:
            return int(nominal)
    for nominal in table["classes"]:
        if abs(nominal - millimetres) <= 2:
            return int(nominal)
    return None


def band_value(name: str, bands: Mapping[str, Mapping[str, Any]]) -> tuple[str, Any] | None:
    """Operator and value in nm of a wavelength band such as C, C+L or 近红外."""
    key = name.replace("+", "").upper() if name.isascii() else name
    for band, entry in bands.items():
        if band == key or name in entry.get("alt", ()):
            if band == "CL":
                return "between", [float(v) for v in entry["range"]]
            return "eq", float(entry["common"])
    return None


OPERATING_CLASSES = {"商业级": [0, 70], "工业级": [-40, 85], "车规级": [-40, 105]}
TEST_TEMPERATURES: Mapping[str, tuple[str, Any]] = {
    "三温测试": ("in", [-40, 25, 85]),
    "tri-temperature": ("in", [-40, 25, 85]),
    "液氮温度": ("eq", -196.15),
    "77 K": ("eq", -196.15),
    "77K": ("eq", -196.15),
    "4K": ("eq", -269.15),
    "4 K": ("eq", -269.15),
}


def named_heat(word: str) -> tuple[str, object] | None:
    """What a word such as 工业级 or 低温 says of the temperature."""
    if word in OPERATING_CLASSES:
        return "between", OPERATING_CLASSES[word]
    return TEST_TEMPERATURES.get(word)
