"""What the published figures of a capability mean in the parameters and units of the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collab.matching.records import Offered
from collab.vocabulary.catalog import Vocabulary

WEEKS_PER_MONTH = 4.345
_MONTHS = re.compile(r"(\d+)\s*-\s*(\d+) months? after mask deadline")
_AT_LEAST_WEEKS = re.compile(r"at least (\d+) weeks?\b")
_SPREAD = re.compile(r"([\d.]+)\s*±\s*([\d.]+)")
_CLEANROOM = {"10": "iso-4", "100": "iso-5", "1000": "iso-6", "10000": "iso-7", "100000": "iso-8"}
_CERTIFICATES = {"ISO 9001": "iso9001", "ISO 13485": "iso13485", "IATF 16949": "iatf16949"}

ACCESS_LABELS: Mapping[str, tuple[str, str]] = {
    "open": ("开放使用", "Open access"),
    "eligible": ("限特定对象", "Named groups only"),
    "members": ("成员或注册用户", "Members or registered users"),
    "mpw": ("多项目晶圆", "Shared run"),
    "foundry": ("代工", "Foundry"),
    "contract": ("委托服务", "Contract service"),
    "project": ("项目合作", "Joint project"),
    "licence": ("许可", "Licence"),
    "purchase": ("产品供货", "Products for sale"),
    "in_house": ("自用", "In-house"),
}
"""Reviewed classes of access with Chinese and English labels; an empty class is "not stated"."""


@dataclass(frozen=True, slots=True)
class SeedRate:
    """A published unit rate: `amount` in `currency` for each `per` (hour, run, month) of `user`.

    `currency` is an ISO 4217 code, or the printed sign where the source leaves the country open.
    A rate is shown to people; it is never the price of a job.
    """

    amount: float
    currency: str
    per: str
    user: str = ""


def _figure(value: Any) -> Offered | None:
    return Offered(low=float(value), high=float(value)) if isinstance(value, (int, float)) else None


def _set_of(factor: float = 1.0) -> Callable[[Any], Offered | None]:
    def read(value: Any) -> Offered | None:
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(item, (int, float)) for item in found):
            return None
        return Offered(choices=tuple(round(float(item) * factor, 6) for item in found))

    return read


def _at_least(value: Any) -> Offered | None:
    return Offered(low=float(value)) if isinstance(value, (int, float)) else None


def _spread(value: Any) -> Offered | None:
    found = _SPREAD.fullmatch(str(value))
    if not found:
        return None
    middle, half = float(found[1]), float(found[2])
    return Offered(low=middle - half, high=middle + half)


def _cleanroom(value: Any) -> Offered | None:
    classes = [_CLEANROOM.get(number) for number in re.split(r"[/-]", str(value))]
    if None in classes:
        return None
    return Offered(choices=tuple(str(item) for item in classes))


def _certificate(value: Any) -> Offered | None:
    found = _CERTIFICATES.get(str(value))
    return Offered(choices=(found,)) if found else None


# One row for each published key that has exactly one meaning in the vocabulary. Keys that name
# several devices, a plan or an investment stay verbatim in `other`.
PARAMETER_OF_KEY: Mapping[str, tuple[str, Callable[[Any], Offered | None]]] = {
    "core_thickness_nm": ("device-layer-thickness", _set_of()),
    "si_thickness_nm": ("device-layer-thickness", _set_of()),
    "si_nm": ("device-layer-thickness", _set_of()),
    "sin_nm": ("device-layer-thickness", _set_of()),
    "box_um": ("buried-oxide-thickness", _set_of()),
    "etch_depths_nm": ("etch-depth", _set_of(0.001)),
    "awg_channels": ("channel-count", _figure),
    "waveguide_loss_db_per_cm": ("propagation-loss", _spread),
    "edge_coupler_loss_db": ("coupling-loss", _spread),
    "min_trl": ("trl", _at_least),
    "class": ("cleanroom-class", _cleanroom),
    "standard": ("certification", _certificate),
}

_RATE_KEYS: Mapping[str, tuple[str, str]] = {
    "academic_per_hour": ("hour", "academic"),
    "industry_per_hour": ("hour", "industry"),
    "preferred_usd_per_hour": ("hour", "preferred"),
    "staff_usd_per_h_industry": ("hour", "industry staff"),
    "staff_usd_per_h_academic": ("hour", "academic staff"),
    "per_hour": ("hour", "academic"),
    "per_run": ("run", "academic"),
    "setup": ("setup", "academic"),
    "sem_per_hour": ("hour", "academic"),
}


def split_published(
    published: Mapping[str, Any],
) -> tuple[dict[str, Offered], dict[str, Any]]:
    """Parameter values read from the published figures, and everything left as it was printed."""
    values: dict[str, Offered] = {}
    other: dict[str, Any] = {}
    for key, printed in published.items():
        parameter, read = PARAMETER_OF_KEY.get(key, ("", _figure))
        offered = read(printed) if parameter else None
        if offered is None:
            other[key] = printed
        else:
            values[parameter] = offered
    return values, other


def rates(published: Mapping[str, Any], country: str) -> tuple[SeedRate, ...]:
    """Unit rates among the published figures; a bare dollar sign in Canada is read as CAD."""
    sign = str(published.get("symbol", ""))
    currency = "CAD" if sign == "$" and country == "canada" else sign
    found = [
        SeedRate(float(amount), currency, "hour", str(user))
        for user, amount in dict(published.get("fee_per_hour", {})).items()
    ]
    for key, (per, user) in _RATE_KEYS.items():
        amount = published.get(key)
        if isinstance(amount, (int, float)):
            found.append(SeedRate(float(amount), "USD" if "usd" in key else currency, per, user))
    return tuple(found)


def lead_weeks(text: str) -> tuple[float, float | None] | None:
    """Calendar weeks [least, most] where the text states a lead time; most is None when open.

    >>> lead_weeks("at least 3 weeks for one device run")
    (3.0, None)
    >>> lead_weeks("6.5 months average project") is None
    True
    """
    months = _MONTHS.search(text)
    if months:
        least, most = (round(int(number) * WEEKS_PER_MONTH, 2) for number in months.groups())
        return least, most
    weeks = _AT_LEAST_WEEKS.search(text)
    return (float(weeks[1]), None) if weeks else None


def nominal_diameters(text: str, vocabulary: Vocabulary) -> Offered | None:
    """Nominal wafer classes in mm from `;`-separated sizes; raises ValueError outside ±2 mm."""
    sizes = [float(part) for part in text.split(";") if part.strip()]
    if not sizes:
        return None
    return Offered(choices=tuple(dict.fromkeys(_nominal(size, vocabulary) for size in sizes)))


def _nominal(size: float, vocabulary: Vocabulary) -> float:
    rules = vocabulary.raw["parameters"]["wafer_diameter_nominal"]
    true_sizes = {float(klass): float(klass) for klass in rules["classes"]}
    true_sizes.update((float(alias), float(klass)) for alias, klass in rules["mm_aliases"].items())
    true_sizes.update((25.4 * inch, float(klass)) for inch, klass in rules["inch_to_mm"].items())
    nearest = min(true_sizes, key=lambda true: abs(true - size))
    if abs(nearest - size) > 2:
        raise ValueError(f"{size:g} mm is no wafer size")
    return true_sizes[nearest]


def table_values(row: Mapping[str, str], vocabulary: Vocabulary) -> dict[str, Offered]:
    """Parameter values from the columns of capabilities.csv that have a fixed meaning."""
    values: dict[str, Offered] = {}
    diameters = nominal_diameters(row["wafer_sizes_mm"], vocabulary)
    if diameters:
        values["wafer-diameter"] = diameters
    if row["min_feature_nm"]:
        feature = float(row["min_feature_nm"])
        values["min-feature"] = Offered(low=feature, high=feature)
    ends = [row["wavelength_min_nm"], row["wavelength_max_nm"]]
    if any(ends):
        low, high = (float(end) if end else None for end in ends)
        values["wavelength"] = Offered(low=low, high=high)
    return values


def words(text: str) -> tuple[str, ...]:
    """The parts of a `;`-separated cell, without empty ones."""
    return tuple(part.strip() for part in text.split(";") if part.strip())
