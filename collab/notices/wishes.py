"""How a person wants notices by e-mail: what concerns own deals, and what was found meanwhile."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from collab.kernel.errors import NotAllowed, NotFound
from collab.kernel.identity import Actor
from collab.members import store as members
from collab.notices import store
from collab.notices.models import MailPace, MailWish
from collab.storage.uow import UnitOfWork

FINDS = frozenset({"fitting_need", "saved_search_hit", "saved_search_hits"})
STOP = "/notices/stop/"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants; those who never said so hear of deals at once and of finds daily."""

    deals: MailPace = MailPace.AT_ONCE
    finds: MailPace = MailPace.DAILY

    def pace(self, code: str) -> MailPace:
        """How a notice of this kind is sent on."""
        return self.finds if code in FINDS else self.deals


def wish_of(uow: UnitOfWork, person_id: int) -> Wish:
    """The person's wish, or the usual."""
    row = store.wish_row(uow, person_id)
    return Wish() if row is None else Wish(row.deals, row.finds)


def own_wish(uow: UnitOfWork, actor: Actor) -> Wish:
    """The actor's own wish."""
    return wish_of(uow, actor.person_id or 0)


def set_wish(uow: UnitOfWork, actor: Actor, deals: MailPace, finds: MailPace) -> None:
    """The actor chooses how notices come by e-mail."""
    if actor.person_id is None:
        raise NotAllowed("notices:choose")
    _save(uow, actor.person_id, deals, finds)


def stop(uow: UnitOfWork, key: str, seal: str, secret: str) -> None:
    """No notices by e-mail any more, for whoever holds the link of a letter."""
    person = members.person_by_public_id(uow, key)
    if person is None or not hmac.compare_digest(seal.encode(), _seal(key, secret).encode()):
        raise NotFound("link", key)
    _save(uow, person.id or 0, MailPace.NEVER, MailPace.NEVER)


def stop_path(key: str, secret: str) -> str:
    """The path of the link that ends letters to a person."""
    return f"{STOP}{key}/{_seal(key, secret)}"


def _seal(key: str, secret: str) -> str:
    return hmac.new(secret.encode(), f"stop:{key}".encode(), hashlib.sha256).hexdigest()[:32]


def _save(uow: UnitOfWork, person_id: int, deals: MailPace, finds: MailPace) -> None:
    row = store.wish_row(uow, person_id, lock=True) or MailWish(person_id=person_id)
    row.deals, row.finds = deals, finds
    uow.session.add(row)
    uow.flush()
