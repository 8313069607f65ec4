"""The documented score inside a class: components between 0 and 1, their weights, and the sum."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from collab.matching.records import Evidence, Place

EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Weight:
    """A component of the score: its share of 100 and what it says, in both languages."""

    points: float
    zh: str
    en: str
    reads_zh: str
    reads_en: str


WEIGHTS: Mapping[str, Weight] = MappingProxyType({
    "technique": Weight(18, "工艺契合", "technique fit",
        "同一工艺 1，更具体的工艺 0.9，仅给出上级工艺 0.4",
        "the same technique 1, a narrower one 0.9, only a broader one stated 0.4"),
    "answered": Weight(18, "已证实的条件", "criteria answered",
        "硬性条件中已证实满足的比例", "share of the hard criteria that are known to be met"),
    "nearness": Weight(18, "接近程度", "nearness",
        "没有不满足的硬性条件为 1，否则 1/(1+相对差距之和)",
        "1 without a missed hard criterion, else 1/(1+sum of the relative gaps)"),
    "margin": Weight(8, "余量", "margin",
        "已满足的数值条件的平均相对余量，没有数值条件时 0.5",
        "mean relative margin of the figures that are met, 0.5 without any"),
    "evidence": Weight(12, "证据等级", "evidence",
        "已验证 1，机构声明 0.7，公开资料 0.4", "verified 1, declared 0.7, documented 0.4"),
    "freshness": Weight(6, "新鲜度", "freshness",
        "1/(1+距上次确认天数/365)，未知时 0.3", "1/(1+days since confirmed/365), 0.3 if unknown"),
    "lead": Weight(6, "交期", "lead time",
        "1/(1+声明的最短周数/8)，未声明时 0.3", "1/(1+stated least weeks/8), 0.3 if not stated"),
    "distance": Weight(6, "距离", "distance",
        "1/(1+公里数/500)，未知时 0.3", "1/(1+km/500), 0.3 if unknown"),
    "load": Weight(2, "空闲产能", "free capacity",
        "1-已占用产能，未知时 0.5", "1 less the share of capacity taken, 0.5 if unknown"),
    "preferred": Weight(6, "优选条件", "preferences",
        "优选条件平均：满足 1，未知 0.5，不满足 0", "mean of wishes: met 1, unknown 0.5, missed 0"),
})  # fmt: skip
TOTAL = sum(w.points for w in WEIGHTS.values())
EVIDENCE_VALUE = {Evidence.VERIFIED: 1.0, Evidence.DECLARED: 0.7, Evidence.DOCUMENTED: 0.4}
FIT_VALUE = (0.0, 0.4, 0.9, 1.0)
"""Value of a fit by its code: excluded, broader, narrower, exact."""
UNKNOWN_FRESHNESS = UNKNOWN_LEAD = UNKNOWN_DISTANCE = 0.3
UNKNOWN_LOAD = NO_MARGIN = 0.5
FRESH_DAYS, LEAD_WEEKS, NEAR_KM = 365.0, 8.0, 500.0


@lru_cache(maxsize=100_000)
def unit_vector(lat: float | None, lon: float | None) -> tuple[float, float, float] | None:
    """A point of the unit sphere from degrees; None when either is missing."""
    if lat is None or lon is None:
        return None
    phi, lam = math.radians(lat), math.radians(lon)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


def chord_km(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Straight distance through the globe in km: orders like the great circle and needs only
    operations that give the same bits for one value and for a column."""
    dx, dy, dz = one[0] - other[0], one[1] - other[1], one[2] - other[2]
    return math.sqrt(dx * dx + dy * dy + dz * dz) * EARTH_KM


def great_circle_km(one: Place, other: Place) -> float | None:
    """Distance over the surface in km, None when a coordinate is missing.

    >>> round(great_circle_km(Place(lat=30.6, lon=114.3), Place(lat=39.9, lon=116.4)))
    1051
    """
    a, b = unit_vector(one.lat, one.lon), unit_vector(other.lat, other.lon)
    if a is None or b is None:
        return None
    half = min(1.0, chord_km(a, b) / (2.0 * EARTH_KM))
    return 2.0 * EARTH_KM * math.asin(half)


def freshness(age_days: float | None) -> float:
    """1 today, 0.5 after a year."""
    return UNKNOWN_FRESHNESS if age_days is None else 1.0 / (1.0 + max(age_days, 0) / FRESH_DAYS)


def lead(weeks: float | None) -> float:
    """1 at once, 0.5 at eight weeks."""
    return UNKNOWN_LEAD if weeks is None else 1.0 / (1.0 + max(weeks, 0.0) / LEAD_WEEKS)


def closeness(km: float | None) -> float:
    """1 at home, 0.5 at 500 km."""
    return UNKNOWN_DISTANCE if km is None else 1.0 / (1.0 + km / NEAR_KM)


def total(parts: Mapping[str, float]) -> float:
    """The score, 0 to 100 with four decimals; `parts` holds every component of WEIGHTS."""
    found = 0.0
    for name, weight in WEIGHTS.items():
        found = found + weight.points * parts[name]
    return math.floor(found / TOTAL * 1_000_000.0 + 0.5) / 10_000.0
