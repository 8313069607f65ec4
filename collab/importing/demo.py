"""The demo alliance and the sample needs as plain records; days count from a given day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from collab.importing.dataset import SEED_DIR, DatasetError
from collab.kernel.identity import Role
from collab.matching.records import Evidence, Offered, Status


@dataclass(frozen=True, slots=True)
class SampleNeed:
    """An invented need to try the platform with. `region` is where it would be posted."""

    id: str
    title_zh: str
    title_en: str
    text: str
    region: str
    disclosure: str
    chain: str | None


@dataclass(frozen=True, slots=True)
class DemoAgreement:
    """The agreement that makes a demo organisation a co-build unit."""

    title: str
    signed_on: date
    until: date | None


@dataclass(frozen=True, slots=True)
class DemoOrganisation:
    """An invented co-build unit, 演示 or demo in its name."""

    slug: str
    name_zh: str
    name_en: str
    kind: str
    region: str
    description_zh: str
    description_en: str
    contact: str
    agreement: DemoAgreement


@dataclass(frozen=True, slots=True)
class DemoRole:
    """A role scoped to an organisation (slug), a region (code) or, with neither, the alliance."""

    role: Role
    organisation: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An invented person; the password is set by whoever brings the demo in."""

    email: str
    name: str
    language: str
    roles: tuple[DemoRole, ...]


@dataclass(frozen=True, slots=True)
class DemoCapability:
    """A declared or verified capability; fields as in SeedCapability, `load` is 0 to 1.

    `price` is (amount, currency, what it is for); `lead_weeks` calendar weeks [least, most].
    """

    slug: str
    organisation: str
    category: str
    name_zh: str
    name_en: str
    techniques: tuple[str, ...]
    materials: tuple[str, ...]
    values: Mapping[str, Offered]
    lead_weeks: tuple[float, float] | None
    price: tuple[float, str, str] | None
    access: str
    access_mode: str
    status: Status
    evidence: Evidence
    evidence_note: str
    load: float | None
    confirmed_on: date


@dataclass(frozen=True, slots=True)
class DemoFreeCapacity:
    """Free capacity of a capability (slug) from one day to another, both included."""

    capability: str
    starts_on: date
    ends_on: date
    amount: float
    unit: str
    note_zh: str
    note_en: str


@dataclass(frozen=True, slots=True)
class DemoRun:
    """A shuttle run with seats (blocks of the reticle); `tape_in` is the design deadline."""

    slug: str
    organisation: str
    technology: str
    techniques: tuple[str, ...]
    materials: tuple[str, ...]
    tape_in: date
    turn_around: str
    price: str
    seats: int
    seats_taken: int
    note: str


@dataclass(frozen=True, slots=True)
class DemoRelation:
    """A tie between two demo organisations."""

    from_slug: str
    to_slug: str
    kind: str
    year: int


@dataclass(frozen=True, slots=True)
class DemoInterest:
    """That an organisation offered to serve a need, with which capability and words."""

    organisation: str
    capability: str
    message: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class DemoNeed:
    """An invented need in one of the states of a need; `agreed_with` from the state agreed on."""

    slug: str
    organisation: str
    author: str
    title: str
    text: str
    state: str
    disclosure: str
    invited: tuple[str, ...]
    posted_on: date
    expires_on: date | None
    interests: tuple[DemoInterest, ...]
    agreed_with: str | None


@dataclass(frozen=True, slots=True)
class DemoData:
    """The whole demo alliance."""

    name_zh: str
    name_en: str
    organisations: tuple[DemoOrganisation, ...]
    people: tuple[DemoPerson, ...]
    capabilities: tuple[DemoCapability, ...]
    free_capacity: tuple[DemoFreeCapacity, ...]
    runs: tuple[DemoRun, ...]
    relations: tuple[DemoRelation, ...]
    needs: tuple[DemoNeed, ...]


def load_sample_needs(folder: Path = SEED_DIR) -> tuple[SampleNeed, ...]:
    """The ten sample needs in file order."""
    return tuple(
        SampleNeed(**{**entry, "text": entry["text"].strip()})
        for entry in _read(folder / "sample_needs.yaml")["needs"]
    )


def load_demo(today: date, folder: Path = SEED_DIR) -> DemoData:
    """The demo alliance with its days counted from `today`.

    Raises DatasetError when an entry names an organisation, person or capability that is not there.
    """
    raw = _read(folder / "demo.yaml")
    data = DemoData(
        name_zh=raw["alliance"]["zh"],
        name_en=raw["alliance"]["en"],
        organisations=tuple(_organisation(entry, today) for entry in raw["organisations"]),
        people=tuple(_person(entry) for entry in raw["people"]),
        capabilities=tuple(_capability(entry, today) for entry in raw["capabilities"]),
        free_capacity=tuple(_free(entry, today) for entry in raw["free_capacity"]),
        runs=tuple(_run(entry, today) for entry in raw["runs"]),
        relations=tuple(
            DemoRelation(entry["from"], entry["to"], entry["kind"], entry["year"])
            for entry in raw["relations"]
        ),
        needs=tuple(_need(entry, today) for entry in raw["needs"]),
    )
    for problem in _broken_references(data):
        raise DatasetError(f"demo.yaml: {problem}")
    return data


def _read(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as stream:
        found: dict[str, Any] = yaml.safe_load(stream)
    return found


def _day(today: date, days: int) -> date:
    return today + timedelta(days=days)


def _pair(value: Any) -> tuple[float, float] | None:
    return (float(value[0]), float(value[1])) if value else None


def _offered(value: Any) -> Offered:
    if isinstance(value, dict):
        return Offered(
            low=value.get("min"),
            high=value.get("max"),
            choices=tuple(
                item if isinstance(item, str) else float(item) for item in value.get("choices", ())
            ),
        )
    low, high = value if isinstance(value, list) else (value, value)
    return Offered(low=float(low), high=float(high))


def _organisation(entry: Mapping[str, Any], today: date) -> DemoOrganisation:
    agreement = entry["agreement"]
    return DemoOrganisation(
        slug=entry["slug"], name_zh=entry["name_zh"], name_en=entry["name_en"],
        kind=entry["kind"], region=entry["region"], description_zh=entry["description_zh"],
        description_en=entry["description_en"], contact=entry["contact"],
        agreement=DemoAgreement(
            title=agreement["title"], signed_on=_day(today, agreement["signed_days"]),
            until=_day(today, agreement["until_days"]),
        ),
    )  # fmt: skip


def _person(entry: Mapping[str, Any]) -> DemoPerson:
    return DemoPerson(
        email=entry["email"],
        name=entry["name"],
        language=entry.get("language", "zh"),
        roles=tuple(
            DemoRole(Role(role["role"]), role.get("organisation"), role.get("region"))
            for role in entry["roles"]
        ),
    )


def _capability(entry: Mapping[str, Any], today: date) -> DemoCapability:
    price = entry.get("price")
    return DemoCapability(
        slug=f"{entry['organisation']}/{entry['slug']}", organisation=entry["organisation"],
        category=entry["category"], name_zh=entry["name_zh"], name_en=entry["name_en"],
        techniques=tuple(entry["techniques"]), materials=tuple(entry.get("materials", ())),
        values={name: _offered(value) for name, value in entry["values"].items()},
        lead_weeks=_pair(entry.get("lead_weeks")),
        price=(float(price["amount"]), price["currency"], price["note"]) if price else None,
        access=entry["access"], access_mode=entry.get("access_mode", ""),
        status=Status(entry.get("status", Status.OPERATING)),
        evidence=Evidence(entry["evidence"]), evidence_note=entry.get("evidence_note", ""),
        load=entry.get("load"), confirmed_on=_day(today, entry["confirmed_days"]),
    )  # fmt: skip


def _free(entry: Mapping[str, Any], today: date) -> DemoFreeCapacity:
    return DemoFreeCapacity(
        capability=entry["capability"], starts_on=_day(today, entry["from_days"]),
        ends_on=_day(today, entry["to_days"]), amount=float(entry["amount"]),
        unit=entry["unit"], note_zh=entry["note_zh"], note_en=entry["note_en"],
    )  # fmt: skip


def _run(entry: Mapping[str, Any], today: date) -> DemoRun:
    return DemoRun(
        slug=f"{entry['organisation']}/{entry['slug']}", organisation=entry["organisation"],
        technology=entry["technology"], techniques=tuple(entry["techniques"]),
        materials=tuple(entry["materials"]), tape_in=_day(today, entry["tape_in_days"]),
        turn_around=entry["turn_around"], price=entry["price"], seats=entry["seats"],
        seats_taken=entry["seats_taken"], note=entry["note"],
    )  # fmt: skip


def _need(entry: Mapping[str, Any], today: date) -> DemoNeed:
    expires = entry.get("expires_days")
    return DemoNeed(
        slug=entry["slug"], organisation=entry["organisation"], author=entry["author"],
        title=entry["title"], text=entry["text"].strip(), state=entry["state"],
        disclosure=entry["disclosure"], invited=tuple(entry.get("invited", ())),
        posted_on=_day(today, entry["posted_days"]),
        expires_on=None if expires is None else _day(today, expires),
        interests=tuple(
            DemoInterest(i["organisation"], i["capability"], i["message"], i["accepted"])
            for i in entry.get("interests", ())
        ),
        agreed_with=entry.get("agreed_with"),
    )  # fmt: skip


def _broken_references(data: DemoData) -> Iterator[str]:
    organisations = {o.slug for o in data.organisations}
    capabilities = {c.slug: c.organisation for c in data.capabilities}
    people = {person.email for person in data.people}
    for place, slug in _named_organisations(data):
        if slug not in organisations:
            yield f"{place} names no organisation of the demo: {slug}"
    for free in data.free_capacity:
        if free.capability not in capabilities:
            yield f"free capacity of an unknown capability: {free.capability}"
    for need in data.needs:
        if need.author not in people:
            yield f"need {need.slug} has an unknown author: {need.author}"
        yield from _broken_interests(need, capabilities)


def _broken_interests(need: DemoNeed, capabilities: Mapping[str, str]) -> Iterator[str]:
    for interest in need.interests:
        if capabilities.get(interest.capability) != interest.organisation:
            yield f"need {need.slug}: {interest.capability} is not {interest.organisation}'s"


def _named_organisations(data: DemoData) -> Iterator[tuple[str, str]]:
    for person in data.people:
        yield from ((person.email, r.organisation) for r in person.roles if r.organisation)
    for capability in data.capabilities:
        yield capability.slug, capability.organisation
    for run in data.runs:
        yield run.slug, run.organisation
    for relation in data.relations:
        yield "a relation", relation.from_slug
        yield "a relation", relation.to_slug
    for need in data.needs:
        yield need.slug, need.organisation
        yield from ((need.slug, slug) for slug in need.invited)
        yield from ((need.slug, slug) for slug in [need.agreed_with] if slug)
