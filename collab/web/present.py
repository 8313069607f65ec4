"""Rows to what templates show: plain values in the asker's language, never rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _

from collab.facilities.catalogue import CapabilityView, RunView
from collab.facilities.models import Capability, CapabilityValue
from collab.kernel import clock
from collab.kernel.messages import sentence
from collab.kernel.problems import Problem
from collab.members.catalogue import OrganisationView
from collab.members.models import Organisation, Region
from collab.needs.catalogue import NeedView
from collab.vocabulary.catalog import Parameter
from collab.web.labels import label
from collab.web.session import language, vocabulary

BEIJING = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A problem in words, for the field it belongs to."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a facet: its address with this choice toggled."""

    label: str
    count: int
    href: str
    on: bool
    category: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A term with the address of everything that carries it."""

    id: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class CapabilityItem:
    """A capability in a list or on its page."""

    key: str
    name: str
    other_name: str
    href: str
    organisation: str
    organisation_href: str
    place: str
    category: str
    category_label: str
    evidence: str
    status: str
    status_label: str
    techniques: list[Tag]
    materials: list[Tag]
    values: list[tuple[str, str]]
    access: str
    lead: str
    price: str
    source: str
    source_on: str
    confirmed: str
    demo: bool
    retired: bool
    held: bool
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrganisationItem:
    """An organisation in a list or on its page."""

    key: str
    name: str
    other_name: str
    href: str
    kind: str
    kind_label: str
    place: str
    description: str
    membership: str
    membership_label: str
    evidence: str
    website: str
    source: str
    demo: bool
    capabilities: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NeedItem:
    """A need in a list or on its page; `owner` is empty where it is hidden."""

    key: str
    title: str
    text: str
    href: str
    owner: str
    owner_href: str
    place: str
    state: str
    state_label: str
    disclosure: str
    disclosure_label: str
    posted: str
    expires: str
    techniques: list[Tag]
    own: bool
    demo: bool
    held: bool
    version: int
    extra: dict[str, Any] = field(default_factory=dict)


def pick(zh: str, en: str) -> str:
    """The text in the asker's language, the other one where it is missing."""
    return (en or zh) if language() == "en" else (zh or en)


def region_names(regions: Iterable[Region]) -> dict[str, str]:
    """Names of regions by code."""
    return {region.code: pick(region.zh, region.en) for region in regions}


def problems(found: Iterable[Problem]) -> list[FieldProblem]:
    """Problems in the asker's language."""
    return [FieldProblem(p.field, sentence(p, language())) for p in found]


def day(moment: datetime | date | None) -> str:
    """A date as 2026-11-24, or nothing; a point in time by its day in Beijing, as `moment` says."""
    if moment is None:
        return ""
    if isinstance(moment, datetime):
        return moment.astimezone(BEIJING).date().isoformat()
    return moment.isoformat()


def moment(at: datetime | None) -> str:
    """A point in time in Beijing, as 2026-11-24 17:05, or nothing."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M") if at is not None else ""


def place(region: Region | None, above: Iterable[Region] = ()) -> str:
    """A region with its province or country: "武汉 · 湖北"."""
    if region is None:
        return ""
    names = [pick(region.zh, region.en)]
    wider = next((r for r in above if r.kind in ("province", "country")), None)
    if wider is not None and wider.code != region.code:
        names.append(pick(wider.zh, wider.en))
    return " · ".join(names)


def number(value: float) -> str:
    """A figure without needless digits."""
    return f"{value:g}" if abs(value) < 1e6 else f"{value:,.0f}"


def unit_label(parameter: Parameter | None) -> str:
    """The unit as people write it."""
    unit = parameter.unit if parameter else ""
    words = {"um": "μm", "percent": "%", "degC": "°C", "degree": "°", "count": "",
             "dimensionless": "", "1/cm**2": "cm⁻²", "1/cm**3": "cm⁻³", "V*cm": "V·cm",
             "week": "周" if language() == "zh" else "weeks"}  # fmt: skip
    return words.get(unit, unit)


def choice_label(parameter: Parameter | None, choice: Any) -> str:
    """A category value in words, a figure as it is."""
    if isinstance(choice, int | float):
        return number(float(choice))
    for value in parameter.values if parameter else ():
        if value.id == choice:
            return value.en if language() == "en" else value.zh
    return str(choice)


def stated_value(parameter_id: str, value: Mapping[str, Any]) -> str:
    """A value that does not stand on a capability (an answer), as if it did."""
    return stated(
        parameter_id,
        CapabilityValue(
            capability_id=0, parameter=parameter_id, low=value.get("low"), high=value.get("high"),
            choices=list(value.get("choices") or ()),
        ),
    )  # fmt: skip


def stated(parameter_id: str, value: CapabilityValue) -> str:
    """What a capability states for a parameter, with its unit."""
    parameter = vocabulary().parameters.get(parameter_id)
    unit = unit_label(parameter)
    if value.choices:
        text = " / ".join(choice_label(parameter, c) for c in value.choices)
    elif value.low is not None and value.high is not None:
        same = value.low == value.high
        text = number(value.low) if same else f"{number(value.low)}–{number(value.high)}"
    elif value.low is not None:
        text = f"≥ {number(value.low)}"
    else:
        text = f"≤ {number(value.high or 0)}"
    return f"{text} {unit}".strip()


def technique_tags(ids: Iterable[str]) -> list[Tag]:
    """Techniques with the list of capabilities that carry them."""
    return [
        Tag(i, vocabulary().label(i, language()), url_for("capabilities.index", technique=i))
        for i in ids
    ]


def material_tags(ids: Iterable[str]) -> list[Tag]:
    """Materials with the list of capabilities that work in them."""
    return [
        Tag(i, vocabulary().label(i, language()), url_for("capabilities.index", material=i))
        for i in ids
    ]


def weeks(low: float | None, high: float | None) -> str:
    """A lead time: "8–12 周"."""
    if low is None and high is None:
        return ""
    unit = "周" if language() == "zh" else "weeks"
    if low is not None and high is not None and low != high:
        return f"{number(low)}–{number(high)} {unit}"
    if high is None:
        return (f"至少 {number(low or 0)} {unit}" if language() == "zh"
                else f"at least {number(low or 0)} {unit}")  # fmt: skip
    return f"{number(high)} {unit}"


def money(minor: int | None, currency: str) -> str:
    """An amount of money: "CNY 12,500"."""
    if minor is None:
        return ""
    return f"{currency} {minor / 100:,.0f}"


def capability(view: CapabilityView) -> CapabilityItem:
    """A capability for templates."""
    row, owner = view.row, view.owner
    return CapabilityItem(
        key=row.public_id,
        name=pick(row.name_zh, row.name_en),
        other_name=row.name_en if language() == "zh" else row.name_zh,
        href=url_for("capabilities.show", key=row.public_id),
        organisation=pick(owner.row.name_zh, owner.row.name_en),
        organisation_href=url_for("organisations.show", key=org_key(owner.row)),
        place=place(owner.region, owner.above),
        category=row.category,
        category_label=label("category", row.category),
        evidence=row.evidence,
        status=row.status,
        status_label=label("status", row.status),
        techniques=technique_tags(view.techniques),
        materials=material_tags(view.materials),
        values=[
            (vocabulary().label(p, language()), stated(p, v)) for p, v in view.values.items()
        ],
        access=row.access_mode,
        lead=weeks(row.lead_weeks_min, row.lead_weeks_max),
        price=money(row.price_minor, row.price_currency),
        source=row.source,
        source_on="",
        confirmed=day(row.confirmed_at),
        demo=row.demo,
        retired=row.retired_at is not None,
        held=row.held_at is not None,
        extra={
            "technique_text": row.technique_text, "description": row.description,
            "throughput": row.throughput, "price_note": row.price_note, "rates": row.rates,
            "other": row.other, "confidence": row.confidence, "load": row.load,
            "code": row.code, "version": row.version,
        },
    )  # fmt: skip


def org_key(row: Organisation) -> str:
    """The key in an organisation's address: the shipped slug, else the public id."""
    return row.slug or row.public_id


def organisation(view: OrganisationView, capabilities: int = 0) -> OrganisationItem:
    """An organisation for templates."""
    row = view.row
    return OrganisationItem(
        key=org_key(row),
        name=pick(row.name_zh, row.name_en),
        other_name=row.name_en if language() == "zh" else row.name_zh,
        href=url_for("organisations.show", key=org_key(row)),
        kind=row.kind,
        kind_label=label("organisation_kind", row.kind),
        place=place(view.region, view.above),
        description=pick(row.description_zh, row.description_en),
        membership=row.membership,
        membership_label=label("membership", row.membership),
        evidence=row.evidence,
        website=row.website,
        source=row.source,
        demo=row.demo,
        capabilities=capabilities,
        extra={
            "founded": row.founded, "confidence": row.confidence, "public_id": row.public_id,
            "region_basis": row.region_basis, "version": row.version, "contact": row.contact,
            "region": view.region.code, "confirmed": day(row.confirmed_at),
        },
    )  # fmt: skip


def offer_name(row: Capability, *, closed: bool) -> str:
    """A capability's name; that it is on hold instead, for those to whom it is then `closed`."""
    if closed and row.held_at is not None:
        return str(_("一项暂停公开的能力"))
    return pick(row.name_zh, row.name_en)


def record_href(is_need: bool, key: str) -> str:
    """The page of a need or of a capability."""
    return url_for("needs.show" if is_need else "capabilities.show", key=key)


def need(view: NeedView) -> NeedItem:
    """A need for templates."""
    row = view.row
    return NeedItem(
        key=row.public_id,
        title=row.title,
        text=row.text,
        href=url_for("needs.show", key=row.public_id),
        owner=pick(view.owner.name_zh, view.owner.name_en) if view.owner else "",
        owner_href=url_for("organisations.show", key=org_key(view.owner)) if view.owner else "",
        place=place(view.region),
        state=row.state,
        state_label=label("need_state", row.state),
        disclosure=row.disclosure,
        disclosure_label=label("disclosure", row.disclosure),
        posted=day(row.posted_on),
        expires=day(row.expires_on),
        techniques=technique_tags(view.techniques),
        own=view.own,
        demo=row.demo,
        held=row.held_at is not None,
        version=row.version,
    )


def run(view: RunView) -> dict[str, Any]:
    """A multi-project-wafer run for templates."""
    row = view.row
    return {
        "key": row.public_id, "technology": row.technology,
        "organisation": pick(view.owner.row.name_zh, view.owner.row.name_en),
        "organisation_href": url_for("organisations.show", key=org_key(view.owner.row)),
        "tape_in": day(row.tape_in) or row.tape_in_text,
        "turn_around": row.turn_around, "price": row.price, "note": row.note,
        "historical": row.historical or bool(row.tape_in and row.tape_in < clock.today()),
        "source": row.source, "demo": row.demo,
        "materials": material_tags(row.materials), "techniques": technique_tags(row.techniques),
        "seats": row.seats, "free": None if row.seats is None else row.seats - row.seats_taken,
    }  # fmt: skip


def region_options(regions: Mapping[int, Region]) -> list[tuple[str, str]]:
    """(code, name) pairs of all regions, wider ones first, indented by depth."""
    ordered = sorted(regions.values(), key=lambda r: r.path)
    return [(r.code, "　" * (r.path.count("/") - 2) + pick(r.zh, r.en)) for r in ordered]
