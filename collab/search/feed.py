"""Database rows to search documents, each with the labels of those who may see it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlmodel import col, select

from collab.facilities import store as facilities
from collab.facilities.catalogue import CapabilityView, views
from collab.facilities.models import MpwRun
from collab.kernel.identity import VISITOR, Actor
from collab.members import catalogue as members
from collab.members import store as organisations
from collab.members.access import PUBLIC_STATES
from collab.members.models import Organisation, Region
from collab.members.rules import Membership
from collab.needs import store as needs
from collab.needs.models import Need, NeedInvitation
from collab.needs.rules import SHOWN_STATES, Disclosure
from collab.search import help_pages
from collab.search.documents import Document
from collab.storage.uow import UnitOfWork

PUBLIC, MEMBERS = "public", "members"
BATCH = 500


def labels_of(actor: Actor) -> frozenset[str]:
    """The permission labels an actor holds; a document is found by any one of its own."""
    held = {PUBLIC}
    if actor.is_member:
        held.add(MEMBERS)
    held |= {f"org:{i}" for i in actor.organisation_ids}
    return frozenset(held)


def need_labels(
    need: Need, invited: Collection[int], parties: Collection[int] = (), *, suspended: bool = False
) -> tuple[str, ...]:
    """Who may find a need: the same policy as needs.access, as labels; a held one its owner alone.

    Moderators come to a held need by their queue: what is held is nobody's hit but the owner's.
    """
    own = f"org:{need.organisation_id}"
    if need.state not in SHOWN_STATES or need.held_at is not None:
        return (own,)
    agreed = tuple(f"org:{i}" for i in sorted(parties))
    if suspended:
        return (own, *agreed)
    wider = {
        Disclosure.PUBLIC: (PUBLIC,),
        Disclosure.MEMBERS: (MEMBERS,),
        Disclosure.ANONYMOUS: (MEMBERS,),
        Disclosure.INVITED: tuple(f"org:{i}" for i in sorted(invited)),
    }[need.disclosure]
    return tuple(dict.fromkeys((own, *wider, *agreed)))


def _region_codes(region: Region, known: Mapping[int, Region]) -> tuple[str, ...]:
    return (region.code, *(r.code for r in members.above(region, known)))


def capability_documents(uow: UnitOfWork, ids: Collection[int] | None = None) -> Iterator[Document]:
    """Capabilities in the catalogue."""
    rows = facilities.all_capabilities(uow, ids)
    known = organisations.all_regions(uow)
    for start in range(0, len(rows), BATCH):
        for view in views(uow, rows[start : start + BATCH]):
            yield _capability(view, known)


def _capability(view: CapabilityView, known: Mapping[int, Region]) -> Document:
    row, owner = view.row, view.owner
    wafers = view.values.get("wafer-diameter")
    return Document(
        key=row.public_id,
        kind="capability",
        labels=(PUBLIC,),
        title_zh=row.name_zh,
        title_en=row.name_en,
        body="\n".join(t for t in (row.technique_text, row.description, row.access_mode) if t),
        organisation=owner.row.public_id,
        organisation_zh=owner.row.name_zh,
        organisation_en=owner.row.name_en,
        techniques=view.techniques,
        materials=view.materials,
        category=row.category,
        regions=_region_codes(owner.region, known),
        organisation_kind=owner.row.kind,
        access_mode=row.access,
        wafer_sizes=tuple(float(c) for c in wafers.choices) if wafers else (),
        values={
            p: (v.low, v.high) for p, v in view.values.items() if (v.low, v.high) != (None, None)
        },
        evidence=row.evidence,
        status=row.status,
        lat=owner.region.lat,
        lon=owner.region.lon,
        updated_at=row.confirmed_at or row.updated_at,
        version=f"{row.version}.{owner.row.version}",
    )


def organisation_documents(
    uow: UnitOfWork, ids: Collection[int] | None = None
) -> Iterator[Document]:
    """Organisations in the public catalogue."""
    query = select(Organisation).where(col(Organisation.membership).in_(PUBLIC_STATES))
    if ids is not None:
        query = query.where(col(Organisation.id).in_(ids))
    known = organisations.all_regions(uow)
    for row in uow.session.exec(query.order_by(col(Organisation.id))):
        region = known[row.region_id]
        yield Document(
            key=row.public_id,
            kind="organisation",
            labels=(PUBLIC,),
            title_zh=row.name_zh,
            title_en=row.name_en,
            body="\n".join(t for t in (row.description_zh, row.description_en) if t),
            organisation=row.public_id,
            organisation_zh=row.name_zh,
            organisation_en=row.name_en,
            regions=_region_codes(region, known),
            organisation_kind=row.kind,
            evidence=row.evidence,
            lat=region.lat,
            lon=region.lon,
            updated_at=row.confirmed_at or row.updated_at,
            version=str(row.version),
        )


def need_documents(uow: UnitOfWork, ids: Collection[int] | None = None) -> Iterator[Document]:
    """Needs; an anonymous one carries neither its owner nor its place."""
    query = select(Need).order_by(col(Need.id))
    if ids is not None:
        query = query.where(col(Need.id).in_(ids))
    rows = uow.session.exec(query).all()
    techniques = needs.techniques_of(uow, [r.id for r in rows if r.id is not None])
    invited = _invitations(uow, [r.id for r in rows if r.disclosure is Disclosure.INVITED])
    parties = needs.parties_of(uow, [r.id for r in rows if r.id is not None])
    owners = organisations.organisations_by_id(uow, {r.organisation_id for r in rows})
    known = organisations.all_regions(uow)
    for row in rows:
        hidden = row.disclosure is Disclosure.ANONYMOUS
        owner = owners[row.organisation_id]
        region = known[row.region_id]
        labels = need_labels(
            row,
            invited.get(row.id or 0, ()),
            parties.get(row.id or 0, ()),
            suspended=owner.membership is Membership.SUSPENDED,
        )
        yield Document(
            key=row.public_id,
            kind="need",
            labels=labels,
            title_zh=row.title,
            body=row.text,
            organisation="" if hidden else owner.public_id,
            organisation_zh="" if hidden else owner.name_zh,
            organisation_en="" if hidden else owner.name_en,
            techniques=tuple(techniques.get(row.id or 0, ())),
            materials=tuple(m["id"] for m in row.structure.get("materials") or ()),
            regions=() if hidden else _region_codes(region, known),
            status=row.state,
            lat=None if hidden else region.lat,
            lon=None if hidden else region.lon,
            updated_at=row.updated_at,
            # who may find it changes without the need itself: invitations, parties, standing
            version=f"{row.version}.{hashlib.sha256(repr(labels).encode()).hexdigest()[:8]}",
        )


def _invitations(uow: UnitOfWork, ids: Sequence[int | None]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    wanted = [i for i in ids if i is not None]
    if wanted:
        rows = uow.session.exec(
            select(NeedInvitation).where(col(NeedInvitation.need_id).in_(wanted))
        )
        for row in rows:
            found.setdefault(row.need_id, []).append(row.organisation_id)
    return found


def run_documents(uow: UnitOfWork, ids: Collection[int] | None = None) -> Iterator[Document]:
    """Multi-project-wafer runs."""
    query = select(MpwRun).order_by(col(MpwRun.id))
    if ids is not None:
        query = query.where(col(MpwRun.id).in_(ids))
    rows = uow.session.exec(query).all()
    owners = organisations.readable_by_id(uow, VISITOR, {r.organisation_id for r in rows})
    known = organisations.all_regions(uow)
    for row in rows:
        owner = owners.get(row.organisation_id)
        if owner is None:
            continue
        region = known[owner.region_id]
        yield Document(
            key=row.public_id,
            kind="run",
            labels=(PUBLIC,),
            title_zh=row.technology,
            title_en=row.technology,
            body="\n".join(t for t in (row.tape_in_text, row.turn_around, row.note) if t),
            organisation=owner.public_id,
            organisation_zh=owner.name_zh,
            organisation_en=owner.name_en,
            techniques=tuple(row.techniques),
            materials=tuple(row.materials),
            regions=_region_codes(region, known),
            organisation_kind=owner.kind,
            status="closed" if row.historical else "operating",
            lat=region.lat,
            lon=region.lon,
            updated_at=row.updated_at,
            version=f"{row.version}.{owner.version}",
        )


def all_documents(uow: UnitOfWork) -> Iterator[Document]:
    """Everything that can be found."""
    yield from organisation_documents(uow)
    yield from capability_documents(uow)
    yield from run_documents(uow)
    yield from need_documents(uow)
    yield from help_pages.documents()


def readable(uow: UnitOfWork, actor: Actor, keys: Collection[str]) -> frozenset[str]:
    """Which of the found keys the database lets the actor see: the second guard."""
    by_kind: dict[str, list[str]] = {}
    for key in keys:
        by_kind.setdefault(key.partition("-")[0], []).append(key)
    found: set[str] = set(help_pages.keys() & set(by_kind.get("help", ())))
    found |= set(facilities.capabilities_by_key(uow, actor, by_kind.get("cap", ())))
    found |= set(needs.needs_by_key(uow, actor, by_kind.get("need", ())))
    found |= set(organisations.readable_keys(uow, actor, by_kind.get("org", ())))
    found |= set(facilities.readable_run_keys(uow, actor, by_kind.get("run", ())))
    return frozenset(found)
