"""Database rows to the plain values that matching works on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from collab.facilities import store as facilities
from collab.facilities.models import Capability, CapabilityValue
from collab.kernel import clock
from collab.matching import store
from collab.matching.records import Criterion, NeedProfile, Offer, Offered, Place, Step
from collab.members import store as members
from collab.members.models import Organisation, Region
from collab.needs import profile as reading
from collab.needs.models import Need
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

ALL_AT_ONCE = 500  # above this many capabilities whole tables are read instead of lists of keys


def place_of(region: Region | None) -> Place:
    """Where a region lies, everything above it included."""
    if region is None:
        return Place()
    codes = [c for c in region.path.split("/") if c]
    return Place(
        region=region.code,
        above=tuple(reversed(codes[:-1])),
        country=codes[0] if codes else "",
        lat=region.lat,
        lon=region.lon,
    )


def offers(uow: UnitOfWork, ids: Collection[int] | None = None) -> list[Offer]:
    """Every capability in the catalogue, or those of `ids` that are in it."""
    rows = facilities.all_capabilities(uow, ids)
    keys = [r.id for r in rows if r.id is not None]
    whole = len(keys) > ALL_AT_ONCE
    details = facilities.all_details(uow) if whole else facilities.details_of(uow, keys)
    owners = members.organisations_by_id(uow, {r.organisation_id for r in rows})
    regions = members.all_regions(uow)
    at, apart = clock.now(), store.kept_apart(uow)
    return [
        _offer(
            row,
            owners[row.organisation_id],
            regions.get(owners[row.organisation_id].region_id),
            details,
            at,
            apart.get(row.organisation_id, frozenset()),
        )
        for row in rows
    ]


def _offer(
    row: Capability,
    owner: Organisation,
    region: Region | None,
    details: facilities.Details,
    at: datetime,
    blocked: frozenset[int],
) -> Offer:
    key = row.id or 0
    low, high = row.lead_weeks_min, row.lead_weeks_max
    stated = low if low is not None else high
    price = None
    if row.price_minor is not None and row.price_currency:
        price = (row.price_minor / 100, row.price_currency)
    return Offer(
        id=key,
        key=row.public_id,
        organisation_id=row.organisation_id,
        organisation=owner.public_id,
        techniques=tuple(details.techniques.get(key, ())),
        category=row.category,
        materials=tuple(details.materials.get(key, ())),
        values={p: _offered(v) for p, v in details.values.get(key, {}).items()},
        place=place_of(region),
        evidence=row.evidence,
        status=row.status,
        lead_weeks=None if stated is None else (low or stated, high or stated),
        price=price,
        load=row.load,
        age_days=None if row.confirmed_at is None else (at - row.confirmed_at).days,
        blocked=blocked,
        name_zh=row.name_zh,
        name_en=row.name_en,
        organisation_zh=owner.name_zh,
        organisation_en=owner.name_en,
    )


def _offered(value: CapabilityValue) -> Offered:
    return Offered(value.low, value.high, tuple(value.choices))


def wished_regions(regions: Mapping[int, Region]) -> dict[str, tuple[str, ...]]:
    """Region codes by what a need may name: value ids, ISO codes and the codes themselves."""
    found: dict[str, list[str]] = {}
    for region in regions.values():
        for name in {*region.wishes, region.code, region.iso} - {""}:
            found.setdefault(name, []).append(region.code)
    return {name: tuple(sorted(codes)) for name, codes in found.items()}


class KnownRegions(NamedTuple):
    """Every region by database key, and region codes by what a need may name."""

    by_id: Mapping[int, Region]
    wished: Mapping[str, tuple[str, ...]]


def known_regions(uow: UnitOfWork) -> KnownRegions:
    """The regions as profiles of many needs take them, read once."""
    regions = members.all_regions(uow)
    return KnownRegions(regions, wished_regions(regions))


def profile_of(
    need: Need,
    regions: Mapping[int, Region],
    vocabulary: Vocabulary,
    wished: Mapping[str, tuple[str, ...]] | None = None,
) -> NeedProfile:
    """A stored need as matching sees it; `wished` as of `wished_regions`, for many needs."""
    return profile_from(
        need.structure,
        vocabulary,
        posted=need.posted_on,
        wished=wished_regions(regions) if wished is None else wished,
        need_id=need.id or 0,
        organisation_id=need.organisation_id,
        place=place_of(regions.get(need.region_id)),
    )


def profile_from(
    structure: Mapping[str, object],
    vocabulary: Vocabulary,
    *,
    posted: date,
    wished: Mapping[str, tuple[str, ...]],
    need_id: int = 0,
    organisation_id: int | None = None,
    place: Place | None = None,
) -> NeedProfile:
    """A structured need (the shape of the extraction result) as matching sees it."""
    wanted = dict(structure)
    steps = _steps(wanted, vocabulary)
    asked = [_criterion(c) for c in reading.criteria(vocabulary, wanted)]
    region = wanted.get("region") or {}
    deadline = wanted.get("deadline") or {}
    return NeedProfile(
        id=need_id,
        organisation_id=organisation_id,
        steps=_with_criteria(steps, asked, vocabulary),
        criteria=tuple(c for c in asked if not _owned(c, steps, vocabulary)),
        materials=_ids(wanted, "materials"),
        excluded_materials=_ids(wanted, "excluded_materials"),
        excluded_techniques=tuple(
            e["id"]
            for e in wanted.get("excluded_techniques") or ()  # type: ignore[attr-defined]
            if e.get("reason") != "own"
        ),
        chain=wanted.get("chain"),  # type: ignore[arg-type]
        quantity=_amount(wanted.get("quantity"), "unit"),
        deadline_weeks=reading.deadline_weeks(wanted, posted),
        deadline_hard=not deadline.get("soft"),  # type: ignore[attr-defined]
        budget=_amount(wanted.get("budget"), "currency"),
        trl=_trl(wanted.get("trl")),
        place=place or Place(),
        region_prefer=_codes(region, "prefer", wished),
        region_require=_codes(region, "require", wished),
        region_exclude=_codes(region, "exclude", wished),
        level=(wanted.get("confidentiality") or {}).get("level"),  # type: ignore[attr-defined]
        posted=posted,
    )


def _ids(wanted: Mapping[str, object], part: str) -> tuple[str, ...]:
    entries: Sequence[Mapping[str, str]] = wanted.get(part) or ()  # type: ignore[assignment]
    return tuple(dict.fromkeys(e["id"] for e in entries))


def _steps(wanted: Mapping[str, object], vocabulary: Vocabulary) -> tuple[Step, ...]:
    steps: list[Step] = []
    for place, (ids, optional) in enumerate(reading.wanted_techniques(wanted), 1):
        known = tuple(i for i in ids if i in vocabulary.techniques)
        if known:
            category = vocabulary.techniques[known[0]].category
            steps.append(Step(f"s{place}", known, category, optional))
    return tuple(steps)


def _owned(criterion: Criterion, steps: Sequence[Step], vocabulary: Vocabulary) -> bool:
    return any(_concerns(criterion, step, vocabulary) for step in steps)


def _concerns(criterion: Criterion, step: Step, vocabulary: Vocabulary) -> bool:
    return any(criterion.parameter in vocabulary.params_of(t) for t in step.techniques)


def _with_criteria(
    steps: Sequence[Step], asked: Sequence[Criterion], vocabulary: Vocabulary
) -> tuple[Step, ...]:
    return tuple(
        Step(
            step.key,
            step.techniques,
            step.category,
            step.optional,
            tuple(c for c in asked if _concerns(c, step, vocabulary)),
        )
        for step in steps
    )


def _criterion(entry: Mapping[str, object]) -> Criterion:
    value = entry["value"]
    return Criterion(
        parameter=str(entry["id"]),
        op=str(entry["op"]),
        value=tuple(value) if isinstance(value, list) else value,  # type: ignore[arg-type]
        unit=str(entry.get("unit") or ""),
        hard=bool(entry.get("hard", True)),
    )


def _amount(entry: object, unit: str) -> tuple[float, str] | None:
    if not isinstance(entry, Mapping) or entry.get("value") is None:
        return None
    return _end(entry["value"], max), str(entry.get(unit) or "")


def _trl(entry: object) -> tuple[str, float] | None:
    if not isinstance(entry, Mapping) or entry.get("value") is None:
        return None
    if isinstance(entry["value"], list | tuple):  # any level of the range will do
        return "ge", _end(entry["value"], min)
    return str(entry.get("op") or "ge"), float(entry["value"])


def _end(value: Any, pick: Callable[[Iterable[float]], float]) -> float:
    """The figure, or the end of a range that counts: the most that is wanted or can be paid."""
    return pick(map(float, value)) if isinstance(value, list | tuple) else float(value)


def _codes(region: object, part: str, wished: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    names = region.get(part) or () if isinstance(region, Mapping) else ()
    return tuple(dict.fromkeys(code for name in names for code in wished.get(name, ())))


def keys_of(uow: UnitOfWork, ids: Collection[int]) -> set[str]:
    """Public ids of capabilities, in the catalogue or not."""
    return facilities.public_ids(uow, ids)


def identity(uow: UnitOfWork) -> str:
    """What tells this database from another one that took its place."""
    return members.born(uow)
