"""Named queries over notices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, update
from sqlmodel import and_, col, func, or_, select

from collab.agreements.access import POLICY as AGREEMENTS
from collab.agreements.models import Agreement
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.needs.access import POLICY
from collab.needs.models import Need
from collab.notices.models import MailWish, Notice
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
    """How many notices of a person are not read; asked by every page."""
    unread = (col(Notice.person_id) == actor.person_id, col(Notice.read_at).is_(None))
    if uow.session.exec(select(Notice.id).where(*unread).limit(1)).first() is None:
        return 0  # the rules below take longer to put together than this takes to ask
    return uow.session.exec(
        select(func.count(col(Notice.id))).where(*unread, _still_readable(actor))
    ).one()


def was_told(uow: UnitOfWork, person_id: int, once: str) -> bool:
    """Whether the person was told of this already."""
    found = uow.session.exec(
        select(Notice.id).where(col(Notice.person_id) == person_id, col(Notice.once) == once)
    ).first()
    return found is not None


def _to_mail(since: datetime) -> ColumnElement[bool]:
    """Neither read nor sent, and not told by a letter of its own."""
    return and_(
        col(Notice.mailed_at).is_(None),
        col(Notice.read_at).is_(None),
        col(Notice.created_at) > since,
        col(Notice.code).not_like("account\\_%", escape="\\"),
    )


def unmailed(uow: UnitOfWork, actor: Actor, since: datetime) -> Sequence[Notice]:
    """What a person is still to hear by e-mail, oldest first, as far as it may be read now; in a
    writing unit of work kept from all others, so that no other worker sends it too."""
    query = (
        select(Notice)
        .where(col(Notice.person_id) == actor.person_id, _to_mail(since), _still_readable(actor))
        .order_by(col(Notice.id))
        .limit(LATEST)
    )
    return uow.session.exec(query.with_for_update(of=Notice) if uow.writable else query).all()


def people_to_tell(uow: UnitOfWork, since: datetime) -> Sequence[int]:
    """Keys of people with something to hear by e-mail."""
    return uow.session.exec(
        select(Notice.person_id).where(_to_mail(since)).distinct().order_by(col(Notice.person_id))
    ).all()


def mark_mailed(uow: UnitOfWork, ids: Collection[int], at: datetime | None) -> None:
    """These notices go out now, or (None) did not go out after all."""
    uow.session.connection().execute(
        update(Notice).where(col(Notice.id).in_(ids)).values(mailed_at=at)
    )


def wish_row(uow: UnitOfWork, person_id: int, *, lock: bool = False) -> MailWish | None:
    """How a person wants notices by e-mail, where the person said so."""
    query = select(MailWish).where(col(MailWish.person_id) == person_id)
    return uow.session.exec(query.with_for_update() if lock else query).first()
