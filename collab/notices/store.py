"""Named queries over notices."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete
from sqlmodel import and_, col, func, or_, select

from collab.agreements.access import POLICY as AGREEMENTS
from collab.agreements.models import Agreement
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.needs.access import POLICY
from collab.needs.models import Need
from collab.notices.models import Notice
from collab.questions.access import POLICY as ASKED
from collab.questions.models import Inquiry
from collab.storage import grants
from collab.storage.uow import UnitOfWork

LATEST = 100
NEED = "/needs/"
AGREEMENT = "/agreements/"
QUESTIONS = "/questions/"


def _still_readable(actor: Actor) -> ColumnElement[bool]:
    """A notice of a need or agreement is there only while its person may read that."""
    address = col(Notice.url)
    key = func.substr(address, len(NEED) + 1)
    open_to = select(Need.public_id).where(grants.where(POLICY[Permission.NEED_READ], actor))
    agreed = func.substr(address, len(AGREEMENT) + 1)
    parties = select(Agreement.public_id).where(
        grants.where(AGREEMENTS[Permission.AGREEMENT_READ], actor)
    )
    asked = func.substr(address, len(QUESTIONS) + 1)
    threads = select(Inquiry.public_id).where(grants.where(ASKED[Permission.QUESTION_READ], actor))
    return and_(
        or_(address.not_like(f"{QUESTIONS}inq-%"), asked.in_(threads)),
        or_(address.not_like(f"{NEED}need-%"), key.in_(open_to)),
        or_(address.not_like(f"{AGREEMENT}agr-%"), agreed.in_(parties)),
    )


def notices_of(uow: UnitOfWork, actor: Actor) -> Sequence[Notice]:
    """The latest notices of a person, newest first."""
    return uow.session.exec(
        select(Notice)
        .where(col(Notice.person_id) == actor.person_id, _still_readable(actor))
        .order_by(col(Notice.id).desc())
        .limit(LATEST)
    ).all()


def unread_of(uow: UnitOfWork, actor: Actor, limit: int) -> Sequence[Notice]:
    """The latest notices that a person has not read, newest first."""
    return uow.session.exec(
        select(Notice)
        .where(
            col(Notice.person_id) == actor.person_id,
            col(Notice.read_at).is_(None),
            _still_readable(actor),
        )
        .order_by(col(Notice.id).desc())
        .limit(limit)
    ).all()


def unread_count(uow: UnitOfWork, actor: Actor) -> int:
    """How many notices of a person are not read."""
    return uow.session.exec(
        select(func.count(col(Notice.id))).where(
            col(Notice.person_id) == actor.person_id,
            col(Notice.read_at).is_(None),
            _still_readable(actor),
        )
    ).one()


def was_told(uow: UnitOfWork, person_id: int, once: str) -> bool:
    """Whether the person was told of this already."""
    found = uow.session.exec(
        select(Notice.id).where(col(Notice.person_id) == person_id, col(Notice.once) == once)
    ).first()
    return found is not None


def remove_notices(uow: UnitOfWork, person_id: int) -> None:
    """Every notice of a person goes."""
    uow.session.connection().execute(delete(Notice).where(col(Notice.person_id) == person_id))
