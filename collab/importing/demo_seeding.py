"""The invented demo alliance brought into the database: all or nothing, safe to repeat."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import col, select

from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.facilities.models import Capability, MpwRun
from collab.facilities.rules import Category
from collab.importing.demo import (
    DemoCapability,
    DemoData,
    DemoFreeCapacity,
    DemoOrganisation,
    DemoPerson,
    DemoRun,
    load_demo,
    load_sample_needs,
)
from collab.importing.demo_agreements import seed_agreements
from collab.importing.demo_needs import PostedNeed, demo_needs, sample_needs
from collab.importing.seeding import put_details
from collab.kernel import clock
from collab.kernel.errors import NotFound
from collab.kernel.happened import CatalogueReplaced
from collab.kernel.identity import SYSTEM
from collab.members.models import (
    CoBuildAgreement,
    Organisation,
    Person,
    Region,
    Relation,
    RoleGrant,
)
from collab.members.passwords import hash_password
from collab.members.rules import Membership, OrganisationKind, RelationKind
from collab.needs.models import Need, NeedInvitation
from collab.needs.profile import all_techniques
from collab.needs.rules import Disclosure, NeedState
from collab.needs.service import understood
from collab.needs.store import replace_techniques
from collab.storage.models import derived_public_id
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import load_vocabulary

PASSWORD_FILE = "demo-password.txt"  # noqa: S105 - a file name
MARK = "演示数据，纯属虚构 · Demo data, invented"
T = TypeVar("T", Organisation, Person, Capability, MpwRun, Need)


@dataclass(frozen=True, slots=True)
class DemoSeeded:
    """What the demo has: how many records of each kind, its accounts, and what was new now."""

    counts: Mapping[str, int]
    emails: tuple[str, ...]
    added: int


@dataclass(slots=True)
class _Keys:
    """Database keys of what the demo names: region codes, slugs, e-mail addresses."""

    regions: dict[str, int] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    capabilities: dict[str, int] = field(default_factory=dict)
    staff: dict[str, int] = field(default_factory=dict)
    added: int = 0


def seed_demo(uow: UnitOfWork, today: date, data_dir: Path | None = None) -> DemoSeeded:
    """Bring in what is missing of the demo alliance; what is there is left as people made it.

    Days count from `today`. All accounts share one random password, of which only the hash is
    stored; the words stand in `data_dir`/demo-password.txt for the owner of the machine alone.
    Without `data_dir` nobody can sign in. Raises NotFound when the regions are not there yet.
    """
    data = load_demo(today)
    keys = _Keys(regions={r.code: r.id or 0 for r in uow.session.exec(select(Region)).all()})
    _organisations(uow, data, keys)
    _people(uow, data, keys, data_dir)
    _capabilities(uow, data, keys)
    _runs(uow, data.runs, keys)
    _relations(uow, data, keys)
    needs = (*demo_needs(data), *sample_needs(data, load_sample_needs(), today))
    _needs(uow, needs, keys)
    keys.added += seed_agreements(uow)
    if keys.added:
        uow.note(SYSTEM, "seeded", "dataset", "demo")
        uow.record(CatalogueReplaced("demo"))
    counts = {
        "organisations": len(data.organisations), "people": len(data.people),
        "capabilities": len(data.capabilities), "runs": len(data.runs),
        "relations": len(data.relations), "needs": len(needs),
    }  # fmt: skip
    return DemoSeeded(counts, tuple(p.email for p in data.people), keys.added)


def has_demo(uow: UnitOfWork) -> bool:
    """Whether the demo alliance is there."""
    return uow.session.exec(select(Person.id).where(col(Person.demo)).limit(1)).first() is not None


def demo_password(data_dir: Path) -> str:
    """The password of the demo accounts; made at the first call, readable by the owner only."""
    path = data_dir / PASSWORD_FILE
    data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{PASSWORD_FILE}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(12) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    return path.read_text("ascii").strip()


def _existing(uow: UnitOfWork, table: type[T], prefix: str, seeds: Sequence[str]) -> dict[str, int]:
    """Keys of the rows that an earlier run made, by seed."""
    wanted = {derived_public_id(prefix, seed): seed for seed in seeds}
    rows = uow.session.exec(select(table).where(col(table.public_id).in_(wanted))).all()
    return {wanted[row.public_id]: row.id or 0 for row in rows}


def _region(keys: _Keys, code: str) -> int:
    if code not in keys.regions:
        raise NotFound("region", code)
    return keys.regions[code]


def _store(uow: UnitOfWork, keys: _Keys, rows: Mapping[str, T], into: dict[str, int]) -> None:
    uow.session.add_all(rows.values())
    uow.flush()
    into.update({seed: row.id or 0 for seed, row in rows.items()})
    keys.added += len(rows)


def _organisations(uow: UnitOfWork, data: DemoData, keys: _Keys) -> None:
    slugs = [o.slug for o in data.organisations]
    keys.organisations = _existing(uow, Organisation, "org-", slugs)
    fresh = [o for o in data.organisations if o.slug not in keys.organisations]
    rows = {o.slug: _organisation(o, _region(keys, o.region)) for o in fresh}
    _store(uow, keys, rows, keys.organisations)
    for o in fresh:
        uow.session.add(
            CoBuildAgreement(
                organisation_id=keys.organisations[o.slug],
                signed_on=o.agreement.signed_on,
                until=o.agreement.until,
                title=o.agreement.title,
            )
        )


def _organisation(o: DemoOrganisation, region_id: int) -> Organisation:
    return Organisation(
        public_id=derived_public_id("org-", o.slug), slug=o.slug, name_zh=o.name_zh,
        name_en=o.name_en, kind=OrganisationKind(o.kind), region_id=region_id,
        description_zh=o.description_zh, description_en=o.description_en, contact=o.contact,
        membership=Membership.ADMITTED, evidence="declared", confirmed_at=clock.now(),
        source=MARK, source_type="demo", demo=True,
    )  # fmt: skip


def _people(uow: UnitOfWork, data: DemoData, keys: _Keys, data_dir: Path | None) -> None:
    keys.people = _existing(uow, Person, "per-", [p.email for p in data.people])
    fresh = [p for p in data.people if p.email not in keys.people]
    stored = hash_password(demo_password(data_dir)) if fresh and data_dir is not None else ""
    rows = {
        p.email: Person(
            public_id=derived_public_id("per-", p.email), email=p.email, name=p.name,
            language=p.language, password_hash=stored, demo=True,
        )
        for p in fresh
    }  # fmt: skip
    _store(uow, keys, rows, keys.people)
    for person in fresh:
        uow.session.add_all(_grants(person, keys))
    for person in data.people:
        for role in person.roles:
            if role.organisation:
                keys.staff.setdefault(role.organisation, keys.people[person.email])


def _grants(person: DemoPerson, keys: _Keys) -> list[RoleGrant]:
    return [
        RoleGrant(
            person_id=keys.people[person.email],
            role=role.role,
            organisation_id=keys.organisations[role.organisation] if role.organisation else None,
            region_id=_region(keys, role.region) if role.region else None,
        )
        for role in person.roles
    ]


def _capabilities(uow: UnitOfWork, data: DemoData, keys: _Keys) -> None:
    slugs = [c.slug for c in data.capabilities]
    keys.capabilities = _existing(uow, Capability, "cap-", slugs)
    free: dict[str, list[DemoFreeCapacity]] = {}
    for entry in data.free_capacity:
        free.setdefault(entry.capability, []).append(entry)
    fresh = {c.slug: c for c in data.capabilities if c.slug not in keys.capabilities}
    rows = {
        slug: Capability(**_capability(c, free.get(slug, ()), keys.organisations[c.organisation]))
        for slug, c in fresh.items()
    }
    _store(uow, keys, rows, keys.capabilities)
    with uow.session.no_autoflush:
        for slug, c in fresh.items():
            put_details(uow, rows[slug], c.techniques, c.materials, c.values)
    uow.flush()


def _capability(
    c: DemoCapability, free: Sequence[DemoFreeCapacity], organisation_id: int
) -> dict[str, Any]:
    low, high = c.lead_weeks or (None, None)
    amount, currency, price_note = c.price or (None, "", "")
    spare = [
        f"空闲产能 Free capacity: {f.starts_on} – {f.ends_on}, {f.amount:g} {f.unit}. "
        f"{f.note_zh} / {f.note_en}"
        for f in free
    ]
    return {
        "public_id": derived_public_id("cap-", c.slug), "slug": c.slug,
        "organisation_id": organisation_id, "code": c.slug.partition("/")[2],
        "category": Category(c.category), "name_zh": c.name_zh, "name_en": c.name_en,
        "description": "\n".join(filter(None, [c.evidence_note, *spare])),
        "access": c.access, "access_mode": c.access_mode, "status": c.status,
        "evidence": c.evidence, "lead_weeks_min": low, "lead_weeks_max": high,
        "price_minor": None if amount is None else round(amount * 100),
        "price_currency": currency, "price_note": price_note, "load": c.load,
        "confirmed_at": _moment(c.confirmed_on), "source": MARK, "source_type": "demo",
        "demo": True,
    }  # fmt: skip


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(9), UTC)


def _runs(uow: UnitOfWork, runs: Sequence[DemoRun], keys: _Keys) -> None:
    have = _existing(uow, MpwRun, "run-", [r.slug for r in runs])
    rows = {
        r.slug: MpwRun(
            public_id=derived_public_id("run-", r.slug), slug=r.slug,
            organisation_id=keys.organisations[r.organisation], technology=r.technology,
            techniques=list(r.techniques), materials=list(r.materials), tape_in=r.tape_in,
            tape_in_text=r.tape_in.isoformat(), turn_around=r.turn_around, price=r.price,
            note=r.note, seats=r.seats, seats_taken=r.seats_taken, source=MARK,
            source_type="demo", demo=True,
        )
        for r in runs
        if r.slug not in have
    }  # fmt: skip
    _store(uow, keys, rows, have)


def _relations(uow: UnitOfWork, data: DemoData, keys: _Keys) -> None:
    ids = list(keys.organisations.values())
    found = uow.session.exec(select(Relation).where(col(Relation.from_id).in_(ids))).all()
    have = {(r.from_id, r.to_id, r.kind) for r in found}
    for r in data.relations:
        ends = (keys.organisations[r.from_slug], keys.organisations[r.to_slug])
        key = (*ends, RelationKind(r.kind))
        if key not in have:
            uow.session.add(
                Relation(from_id=key[0], to_id=key[1], kind=key[2], year=str(r.year),
                         source=MARK, source_type="demo")
            )  # fmt: skip
            keys.added += 1


def _needs(uow: UnitOfWork, needs: Sequence[PostedNeed], keys: _Keys) -> None:
    have = _existing(uow, Need, "need-", [n.seed for n in needs])
    fresh = {n.seed: n for n in needs if n.seed not in have}
    rows = {seed: _need(n, keys) for seed, n in fresh.items()}
    _store(uow, keys, rows, have)
    for seed, need in fresh.items():
        replace_techniques(uow, have[seed], all_techniques(rows[seed].structure))
        uow.session.add_all(_around(need, have[seed], keys))
    uow.flush()


def _need(n: PostedNeed, keys: _Keys) -> Need:
    vocabulary = load_vocabulary()
    structure = understood(n.text, vocabulary, n.posted_on)
    state = NeedState(n.state)
    return Need(
        public_id=derived_public_id("need-", n.seed),
        organisation_id=keys.organisations[n.organisation], author_id=_author(n, keys),
        region_id=_region(keys, n.region), title=n.title, text=n.text, structure=structure,
        chain=structure.get("chain"), state=state, disclosure=Disclosure(n.disclosure),
        posted_on=n.posted_on,
        published_at=None if state is NeedState.DRAFT else _moment(n.posted_on),
        expires_on=n.expires_on, vocabulary_version=vocabulary.version, demo=True,
    )  # fmt: skip


def _author(n: PostedNeed, keys: _Keys) -> int | None:
    return keys.people[n.author] if n.author else keys.staff.get(n.organisation)


def _around(n: PostedNeed, need_id: int, keys: _Keys) -> list[NeedInvitation | Interest]:
    """Invitations to a need and interests in it."""
    invited = [
        NeedInvitation(need_id=need_id, organisation_id=keys.organisations[slug])
        for slug in n.invited
    ]
    interests = [
        Interest(
            public_id=derived_public_id("int-", f"{n.seed}/{i.organisation}"), need_id=need_id,
            organisation_id=keys.organisations[i.organisation],
            person_id=keys.staff.get(i.organisation),
            capability_id=keys.capabilities[i.capability], message=i.message,
            state=InterestState.ACCEPTED if i.accepted else InterestState.EXPRESSED,
        )
        for i in n.interests
    ]  # fmt: skip
    return [*invited, *interests]
