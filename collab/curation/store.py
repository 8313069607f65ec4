"""Named queries over proposals and over the corrections that speak for them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import col, func, select

from collab.curation.access import readable
from collab.curation.models import VocabularyProposal
from collab.curation.rules import ProposalState
from collab.facilities.models import CapabilityMaterial, CapabilityTechnique
from collab.kernel.errors import NotFound
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.needs.access import POLICY
from collab.needs.models import Correction, Need
from collab.storage import grants
from collab.storage.uow import UnitOfWork

SHOWN = 200


def has_table(uow: UnitOfWork) -> bool:
    """False before the first migration."""
    name = str(VocabularyProposal.__tablename__)
    return sa.inspect(uow.session.connection()).has_table(name)


def accepted(uow: UnitOfWork) -> Sequence[VocabularyProposal]:
    """Accepted proposals in the order in which they are laid over."""
    return uow.session.exec(
        select(VocabularyProposal)
        .where(col(VocabularyProposal.state) == ProposalState.ACCEPTED)
        .order_by(col(VocabularyProposal.place), col(VocabularyProposal.id))
    ).all()


def next_place(uow: UnitOfWork) -> int:
    """The place of the next accepted proposal."""
    return (uow.session.exec(select(func.max(col(VocabularyProposal.place)))).one() or 0) + 1


def proposals(uow: UnitOfWork, actor: Actor) -> Sequence[VocabularyProposal]:
    """Proposals the actor may read, latest first."""
    return uow.session.exec(
        select(VocabularyProposal)
        .where(readable(actor))
        .order_by(col(VocabularyProposal.id).desc())
        .limit(SHOWN)
    ).all()


def open_proposal(uow: UnitOfWork, actor: Actor, key: str) -> VocabularyProposal:
    """The proposal with this public id; NotFound when it may not be known."""
    row = uow.session.exec(
        select(VocabularyProposal).where(col(VocabularyProposal.public_id) == key, readable(actor))
    ).first()
    if row is None:
        raise NotFound("proposal", key)
    return row


def in_use(uow: UnitOfWork, term: str) -> bool:
    """Whether any capability or need carries the term, those that nobody else may see included."""
    asked = (
        select(CapabilityTechnique.id).where(col(CapabilityTechnique.technique) == term),
        select(CapabilityMaterial.id).where(col(CapabilityMaterial.material) == term),
        select(Need.id).where(sa.cast(col(Need.structure), sa.Text).contains(f'"{term}"')),
    )
    return any(uow.session.exec(query.limit(1)).first() is not None for query in asked)


def corrections(uow: UnitOfWork, actor: Actor) -> Sequence[tuple[Correction, Need]]:
    """What people corrected of proposals for needs that the actor may read, latest first."""
    rows = uow.session.exec(
        select(Correction, Need)
        .join(Need, col(Need.id) == col(Correction.need_id))
        .where(grants.where(POLICY[Permission.NEED_READ], actor))
        .order_by(col(Correction.id).desc())
        .limit(SHOWN)
    ).all()
    return list(rows)
