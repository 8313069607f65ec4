"""One capability as a compact line of JSON, so that a snapshot file needs no pickles."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from collab.matching.records import Evidence, Offer, Offered, Place, Status


def word(value: str | float) -> str:
    """A name or figure as the text that comparisons of names use."""
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def regions(offer: Offer) -> tuple[str, ...]:
    """Every region code the offer stands in, sorted."""
    place = offer.place
    return _regions(place.region, place.above, place.country)


@lru_cache(maxsize=10_000)
def _regions(region: str, above: tuple[str, ...], country: str) -> tuple[str, ...]:
    return tuple(sorted({r for r in (region, *above, country) if r}))


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def pack(offer: Offer) -> bytes:
    """The capability as bytes; `unpack` gives an equal value back."""
    place = offer.place
    row: list[Any] = [
        offer.id, offer.key, offer.organisation_id, offer.organisation, offer.techniques,
        offer.category, offer.materials,
        {k: [v.low, v.high, v.choices] for k, v in offer.values.items()},
        [place.region, place.above, place.country, place.lat, place.lon],
        offer.evidence.value, offer.status.value, offer.lead_weeks, offer.price, offer.load,
        offer.age_days, sorted(offer.blocked), offer.name_zh, offer.name_en,
        offer.organisation_zh, offer.organisation_en,
    ]  # fmt: skip
    return _JSON.encode(row).encode()


def _pair(value: list[Any] | None) -> Any:
    return None if value is None else tuple(value)


def unpack(packed: bytes) -> Offer:
    """The capability that `pack` made these bytes of."""
    row = json.loads(packed)
    place = row[8]
    return Offer(
        id=row[0], key=row[1], organisation_id=row[2], organisation=row[3],
        techniques=tuple(row[4]), category=row[5], materials=tuple(row[6]),
        values={k: Offered(low, high, tuple(c)) for k, (low, high, c) in row[7].items()},
        place=Place(place[0], tuple(place[1]), place[2], place[3], place[4]),
        evidence=Evidence(row[9]), status=Status(row[10]), lead_weeks=_pair(row[11]),
        price=_pair(row[12]), load=row[13], age_days=row[14], blocked=frozenset(row[15]),
        name_zh=row[16], name_en=row[17], organisation_zh=row[18], organisation_en=row[19],
    )  # fmt: skip
