"""Use cases of an interest: express it, accept or decline it, withdraw it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from collab.deals import store
from collab.deals.models import Interest
from collab.deals.rules import InterestState, can_move, message_problems
from collab.kernel.errors import Conflict, NotAllowed, Rejected
from collab.kernel.happened import InterestChanged
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import store as members
from collab.members.models import Organisation
from collab.needs import service as needs
from collab.needs import store as need_store
from collab.needs.models import Need
from collab.needs.rules import OPEN_STATES
from collab.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class InterestView:
    """An interest with the two parties; `owner` is None until an anonymous owner accepted."""

    row: Interest
    organisation: Organisation
    owner: Organisation | None
    own_need: bool


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An interest that waits for the answer of the need's people."""

    row: Interest
    need: Need
    organisation: Organisation


def express_interest(
    uow: UnitOfWork, actor: Actor, need_key: str, organisation_key: str, message: str
) -> Interest:
    """Offer to talk about a need; once for each organisation and need."""
    need = need_store.open_need(uow, actor, need_key)
    if need.held_at is not None:
        raise Conflict("held")
    organisation = members.open_organisation(uow, actor, organisation_key)
    if organisation.id not in actor.organisation_ids:
        raise NotAllowed(Permission.INTEREST_ANSWER)
    if need.state not in OPEN_STATES or need.organisation_id == organisation.id:
        raise Conflict("cannot_move", state=need.state)
    wrong = list(message_problems(message))
    if wrong:
        raise Rejected(wrong)
    if store.interest_of(uow, need.id or 0, organisation.id or 0) is not None:
        raise Rejected([Problem("message", "taken")])
    row = Interest(
        need_id=need.id or 0,
        organisation_id=organisation.id or 0,
        person_id=actor.person_id,
        message=message.strip(),
    )
    uow.session.add(row)
    uow.flush()
    uow.note(actor, "interest", "need", need.public_id, after={"interest": row.public_id})
    uow.record(InterestChanged(row.id or 0))
    return row


def answer_interest(
    uow: UnitOfWork, actor: Actor, key: str, state: InterestState, reply: str, version: int | None
) -> Interest:
    """Accept or decline; accepting shows the parties to each other and starts the talks."""
    row = store.open_interest(uow, actor, key, Permission.INTEREST_ANSWER)
    uow.expect(row, version)
    if state not in (InterestState.ACCEPTED, InterestState.DECLINED) or not can_move(
        row.state, state
    ):
        raise Conflict("cannot_move", state=row.state, to=state)
    row.state = state
    row.reply = reply.strip()[:2000]
    uow.session.add(row)
    uow.flush()
    if state is InterestState.ACCEPTED:
        _open_to_talks(uow, row.need_id)
        needs.start_talks(uow, actor, row.need_id, row.organisation_id)
    uow.note(actor, state.value, "interest", row.public_id)
    uow.record(InterestChanged(row.id or 0))
    return row


def _open_to_talks(uow: UnitOfWork, need_id: int) -> None:
    """While a moderator holds a need nothing new begins on it; what runs goes on."""
    need = need_store.need_by_id(uow, need_id)
    if need is not None and need.held_at is not None:
        raise Conflict("held")


def withdraw_interest(uow: UnitOfWork, actor: Actor, key: str) -> Interest:
    """Take an interest back; the owner's record stays."""
    row = store.open_interest(uow, actor, key)
    own = row.organisation_id in actor.organisation_ids
    if not own:
        raise NotAllowed(Permission.INTEREST_ANSWER)
    if not can_move(row.state, InterestState.WITHDRAWN):
        raise Conflict("cannot_move", state=row.state, to=InterestState.WITHDRAWN)
    row.state = InterestState.WITHDRAWN
    uow.session.add(row)
    uow.flush()
    needs.leave_talks(uow, row.need_id, row.organisation_id)
    uow.note(actor, "withdrawn", "interest", row.public_id)
    uow.record(InterestChanged(row.id or 0))
    return row


def of_need(uow: UnitOfWork, actor: Actor, need: Need) -> list[InterestView]:
    """Interests in a need as the actor may see them."""
    rows = store.interests_in(uow, actor, need.id or 0)
    ids = {r.organisation_id for r in rows} | {need.organisation_id}
    parties = members.organisations_by_id(uow, ids)
    own_need = need.organisation_id in actor.organisation_ids
    return [
        InterestView(
            row,
            parties[row.organisation_id],
            parties[need.organisation_id] if _shown(need, row, actor) else None,
            own_need,
        )
        for row in rows
    ]


def unanswered(uow: UnitOfWork, actor: Actor, limit: int) -> list[Unanswered]:
    """Interests in the actor's needs that wait for an answer, the longest waiting first."""
    rows = store.unanswered(uow, actor, limit)
    parties = members.organisations_by_id(uow, {interest.organisation_id for interest, _ in rows})
    return [
        Unanswered(interest, need, parties[interest.organisation_id]) for interest, need in rows
    ]


def _shown(need: Need, row: Interest, actor: Actor) -> bool:
    return needs.shows_owner(need, actor) or row.state is InterestState.ACCEPTED


def owners_known(uow: UnitOfWork, actor: Actor, among: Iterable[Need]) -> set[int]:
    """Keys of those needs of which the actor may learn who posted them."""
    rows = list(among)
    shown = {n.id or 0 for n in rows if needs.shows_owner(n, actor)}
    return shown | store.accepted_among(uow, actor, {n.id or 0 for n in rows} - shown)
