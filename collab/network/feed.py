"""Database rows to the records of the graph."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlmodel import col, select

from collab.facilities import store as facilities
from collab.members import store as members
from collab.members.access import PUBLIC_STATES
from collab.members.models import Organisation, Relation
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary
from graph.records import Link, LinkKind, Node, NodeKind, Region


def regions(uow: UnitOfWork) -> list[Region]:
    """Every region as the graph sees it."""
    return [
        Region(r.code, r.kind, r.zh, r.en, r.parent, r.lat, r.lon)
        for r in members.all_regions(uow).values()
    ]


def organisations(uow: UnitOfWork) -> list[Node]:
    """Organisations of the public catalogue."""
    known = members.all_regions(uow)
    rows = uow.session.exec(
        select(Organisation).where(col(Organisation.membership).in_(PUBLIC_STATES))
    )
    return [
        Node(
            key=row.public_id,
            kind=NodeKind(row.kind),
            label_zh=row.name_zh,
            label_en=row.name_en,
            region=known[row.region_id].code,
            lat=known[row.region_id].lat,
            lon=known[row.region_id].lon,
            evidence=row.evidence,
            attrs={"slug": row.slug or "", "member": row.membership == "admitted"},
        )
        for row in rows
    ]


def _first_day(year: str) -> date | None:
    return date(int(year), 1, 1) if year.isdigit() and len(year) == 4 else None


def relations(uow: UnitOfWork, keys: dict[int, str]) -> list[Link]:
    """Ties between organisations that are both in the graph."""
    return [
        Link(
            source=keys[r.from_id],
            target=keys[r.to_id],
            kind=LinkKind(r.kind),
            valid_from=r.valid_from or _first_day(r.year),
            valid_to=r.valid_to,
        )
        for r in uow.session.exec(select(Relation).order_by(col(Relation.id)))
        if r.from_id in keys and r.to_id in keys
    ]


def keys_of(uow: UnitOfWork) -> dict[int, str]:
    """Public ids of the organisations in the graph by database key."""
    rows = uow.session.exec(
        select(Organisation.id, Organisation.public_id).where(
            col(Organisation.membership).in_(PUBLIC_STATES)
        )
    )
    return {key: public for key, public in rows if key is not None}


def capabilities(
    uow: UnitOfWork, keys: dict[int, str], vocabulary: Vocabulary
) -> tuple[list[Node], list[Link]]:
    """Capabilities with the techniques they apply, and who offers them."""
    rows = facilities.all_capabilities(uow)
    details = facilities.all_details(uow)
    nodes: list[Node] = []
    links: list[Link] = []
    techniques: set[str] = set()
    for row in rows:
        if row.organisation_id not in keys:
            continue
        carried = details.techniques.get(row.id or 0, [])
        materials = tuple(details.materials.get(row.id or 0, ()))
        techniques.update(carried)
        nodes.append(
            Node(row.public_id, NodeKind.CAPABILITY, row.name_zh, row.name_en,
                 evidence=row.evidence, materials=materials, attrs={"status": row.status})
        )  # fmt: skip
        links.append(Link(keys[row.organisation_id], row.public_id, LinkKind.OFFERS))
        links += [Link(row.public_id, f"t:{t}", LinkKind.APPLIES) for t in carried]
    nodes += technique_nodes(techniques, vocabulary)
    return nodes, links


def technique_nodes(techniques: Collection[str], vocabulary: Vocabulary) -> list[Node]:
    """One node for each technique, its key marked as such."""
    return [
        Node(f"t:{t}", NodeKind.TECHNIQUE, vocabulary.label(t, "zh"), vocabulary.label(t, "en"))
        for t in sorted(techniques)
    ]
