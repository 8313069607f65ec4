"""Ties between organisations that come about on the platform itself."""

from __future__ import annotations

from datetime import date

from collab.kernel.happened import OrganisationChanged
from collab.members import store
from collab.members.models import Relation
from collab.members.rules import RelationKind
from collab.storage.uow import UnitOfWork

DECLARED_HERE = "platform"
"""The `source_type` of a tie that both organisations declared here."""


def tie(
    uow: UnitOfWork, from_id: int, to_id: int, kind: RelationKind, first: date, last: date
) -> None:
    """A tie that both organisations declared; one declared before lasts longer, a documented one
    stays as it is."""
    row = store.relation(uow, from_id, to_id, kind)
    if row is None:
        row = Relation(from_id=from_id, to_id=to_id, kind=kind, valid_from=first, valid_to=last,
                       source_type=DECLARED_HERE, confidence="high")  # fmt: skip
    elif row.source_type == DECLARED_HERE and row.valid_to is not None:
        row.valid_to = max(row.valid_to, last)
    else:
        return
    _keep(uow, row)


def end_tie(uow: UnitOfWork, from_id: int, to_id: int, kind: RelationKind, last: date) -> None:
    """A tie declared here ends earlier than planned; documented ones stay as they are."""
    row = store.relation(uow, from_id, to_id, kind)
    if row is not None and row.source_type == DECLARED_HERE:
        row.valid_to = last
        _keep(uow, row)


def _keep(uow: UnitOfWork, row: Relation) -> None:
    uow.session.add(row)
    uow.flush()
    uow.record(OrganisationChanged(row.from_id))
    uow.record(OrganisationChanged(row.to_id))
