"""Use cases of an agreement: propose, change, sign, mark milestones, move on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from collab.agreements import store
from collab.agreements.forms import AgreementIn
from collab.agreements.models import Agreement, Milestone
from collab.agreements.rules import (
    BINDING,
    LIVE,
    AgreementState,
    Outcome,
    Side,
    can_move,
    move_problems,
    need_after,
    term_problems,
)
from collab.deals import service as deal
from collab.deals import store as deals
from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.kernel import clock
from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected
from collab.kernel.happened import AgreementChanged
from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.members import store as organisations
from collab.members import ties
from collab.members.models import Organisation
from collab.members.rules import RelationKind
from collab.needs import service as needs
from collab.needs import store as need_store
from collab.needs.models import Need
from collab.needs.rules import OPEN_STATES, NeedState
from collab.storage.uow import UnitOfWork

# states of a need in which its owner may still agree with a provider
NEGOTIABLE = OPEN_STATES | {NeedState.AGREED}


@dataclass(frozen=True, slots=True)
class AgreementView:
    """An agreement with its parties and the side on which the reader stands; `need` is None for
    a party that may no longer read it, `held` while a moderator keeps it closed."""

    row: Agreement
    need: Need | None
    owner: Organisation
    provider: Organisation
    side: Side
    milestones: tuple[Milestone, ...] = ()
    may_sign: bool = False
    may_bind: bool = False
    held: bool = False


def propose(uow: UnitOfWork, actor: Actor, interest_key: str, form: AgreementIn) -> Agreement:
    """Draw up an agreement for an accepted interest; one at a time for each interest."""
    interest, need = proposable(uow, actor, interest_key)
    _check(form)
    row = Agreement(
        interest_id=interest.id or 0,
        need_id=need.id or 0,
        owner_id=need.organisation_id,
        provider_id=interest.organisation_id,
        kind=form.kind,
        title=form.title,
        starts_on=form.starts_on,
        ends_on=form.ends_on,
    )
    _write(uow, row, form)
    uow.note(actor, "proposed", "agreement", row.public_id, after=_words(row))
    _announce(uow, actor, row, "proposed")
    return row


def proposable(uow: UnitOfWork, actor: Actor, interest_key: str) -> tuple[Interest, Need]:
    """The accepted interest and its need, when the actor may propose an agreement for it."""
    interest = deals.open_interest(uow, actor, interest_key)
    return interest, _negotiable(uow, interest)


def _negotiable(uow: UnitOfWork, interest: Interest) -> Need:
    """The need of an interest that is accepted, and that its owner still wants met.

    In a writing unit of work both are kept from others: nobody withdraws while somebody signs.
    """
    need = need_store.need_by_id(uow, interest.need_id)
    if uow.writable:
        deals.lock_interest(uow, interest.id or 0)
        need = need_store.lock_need(uow, interest.need_id)
    if interest.state is not InterestState.ACCEPTED:
        raise Conflict("cannot_move", state=interest.state)
    if need is None or need.state not in NEGOTIABLE:
        raise Conflict("cannot_move", state=need.state if need else "")
    if need.held_at is not None:
        raise Conflict("held")
    return need


def withdraw_interest(uow: UnitOfWork, actor: Actor, key: str) -> Interest:
    """Take an interest back, unless an agreement rests on it."""
    interest = deals.open_interest(uow, actor, key)
    deals.lock_interest(uow, interest.id or 0)
    if store.live_of_interest(uow, interest.id or 0) is not None:
        raise Conflict("agreement_rests")
    return deal.withdraw_interest(uow, actor, key)


def change(
    uow: UnitOfWork, actor: Actor, key: str, form: AgreementIn, version: int | None
) -> Agreement:
    """Other words for a proposal; signatures under the old ones no longer count."""
    row = store.open_agreement(uow, actor, key)
    _as_read(uow, row, version)
    if row.state is not AgreementState.PROPOSED:
        raise Conflict("cannot_move", state=row.state)
    _check(form)
    before = _words(row)
    row.owner_signed_at = row.owner_signed_by = None
    row.provider_signed_at = row.provider_signed_by = None
    row.owner_shows = row.provider_shows = False
    _write(uow, row, form)
    uow.note(actor, "changed", "agreement", row.public_id, before, _words(row))
    _announce(uow, actor, row, "changed")
    return row


def sign(uow: UnitOfWork, actor: Actor, key: str, version: int | None, shows: bool) -> Agreement:
    """Sign for the actor's organisation; with the second signature the agreement holds.

    `version` is that of the words the person read: a signature never covers words changed since.
    """
    row = store.open_agreement(uow, actor, key, Permission.AGREEMENT_SIGN)
    _as_read(uow, row, version)
    if row.state is not AgreementState.PROPOSED:
        raise Conflict("cannot_move", state=row.state, to=AgreementState.SIGNED)
    interest = deals.lock_interest(uow, row.interest_id)
    if interest is None:
        raise NotFound("agreement", key)
    _negotiable(uow, interest)
    now = clock.now()
    if row.owner_id in actor.admin_organisation_ids:
        row.owner_signed_at, row.owner_signed_by, row.owner_shows = now, actor.person_id, shows
    if row.provider_id in actor.admin_organisation_ids:
        row.provider_signed_at, row.provider_signed_by = now, actor.person_id
        row.provider_shows = shows
    if row.owner_signed_at and row.provider_signed_at:
        row.signed_at = now
        _enter(uow, actor, row, AgreementState.SIGNED)
    uow.session.add(row)
    uow.flush()
    uow.note(
        actor, "signed", "agreement", row.public_id, after={"state": row.state, "shows": shows}
    )
    _announce(uow, actor, row, "signed" if row.signed_at else "half_signed")
    return row


def mark(uow: UnitOfWork, actor: Actor, key: str, number: int) -> Agreement:
    """A milestone: the provider says it is done, the owner confirms it."""
    row = store.open_agreement(uow, actor, key)
    if row.state not in (AgreementState.SIGNED, AgreementState.DELIVERED):
        raise Conflict("cannot_move", state=row.state)
    found = [m for m in store.milestones_of(uow, row.id or 0) if m.number == number]
    if not found:
        raise NotFound("milestone", str(number))
    milestone = found[0]
    if _side(row, actor) is Side.PROVIDER and milestone.done_at is None:
        milestone.done_at, act = clock.now(), "milestone_done"
    elif _side(row, actor) is Side.OWNER and milestone.done_at and milestone.confirmed_at is None:
        milestone.confirmed_at, act = clock.now(), "milestone_confirmed"
    else:
        raise Conflict("cannot_move", state=row.state)
    uow.session.add(milestone)
    uow.flush()
    uow.note(actor, act, "agreement", row.public_id, after={"milestone": number})
    _announce(uow, actor, row, act, number)
    return row


def move(
    uow: UnitOfWork,
    actor: Actor,
    key: str,
    state: AgreementState,
    version: int | None,
    remark: str = "",
    outcome: str = "",
) -> Agreement:
    """Withdraw, deliver, close or break off, as the table of moves allows to the actor's side."""
    permission = Permission.AGREEMENT_SIGN if state in BINDING else Permission.AGREEMENT_READ
    row = store.open_agreement(uow, actor, key, permission)
    _as_read(uow, row, version)
    if not can_move(row.state, state, _side(row, actor)):
        if any(can_move(row.state, state, side) for side in Side):
            raise NotAllowed(Permission.AGREEMENT_SIGN)
        raise Conflict("cannot_move", state=row.state, to=state)
    wrong = list(move_problems(state, remark, outcome))
    if wrong:
        raise Rejected(wrong)
    before = {"state": row.state}
    _enter(uow, actor, row, state)
    row.remark = remark.strip()[:2000]
    row.outcome = Outcome(outcome) if state is AgreementState.CLOSED else row.outcome
    uow.session.add(row)
    uow.flush()
    uow.note(actor, state, "agreement", row.public_id, before, {"state": state})
    _announce(uow, actor, row, state)
    return row


def one(uow: UnitOfWork, actor: Actor, key: str) -> AgreementView:
    """An agreement with everything its page shows."""
    row = store.open_agreement(uow, actor, key)
    view = _views(uow, actor, [row])[0]
    signer = actor.admin_organisation_ids
    waiting = (row.owner_id in signer and row.owner_signed_at is None) or (
        row.provider_id in signer and row.provider_signed_at is None
    )
    return AgreementView(
        row, view.need, view.owner, view.provider, view.side,
        tuple(store.milestones_of(uow, row.id or 0)),
        may_sign=row.state is AgreementState.PROPOSED and waiting and not view.held,
        may_bind=bool({row.owner_id, row.provider_id} & signer),
        held=view.held,
    )  # fmt: skip


def page(uow: UnitOfWork, actor: Actor, number: int, size: int) -> Page[AgreementView]:
    """One page of the actor's agreements."""
    found = store.readable_agreements(uow, actor, number, size)
    return Page(_views(uow, actor, list(found.items)), found.total, number, size)


def unsigned(uow: UnitOfWork, actor: Actor, limit: int) -> list[AgreementView]:
    """Proposals that wait for the actor's signature."""
    return _views(uow, actor, list(store.unsigned(uow, actor, limit)))


def of_interests(
    uow: UnitOfWork, actor: Actor, interest_ids: Collection[int]
) -> dict[int, Agreement]:
    """The latest agreement of each interest, for its parties."""
    return store.of_interests(uow, actor, interest_ids) if interest_ids else {}


def _views(uow: UnitOfWork, actor: Actor, rows: list[Agreement]) -> list[AgreementView]:
    houses = organisations.organisations_by_id(
        uow, {r.owner_id for r in rows} | {r.provider_id for r in rows}
    )
    wanted = need_store.readable_by_id(uow, actor, {r.need_id for r in rows})
    held = need_store.held_among(uow, {r.need_id for r in rows})
    return [
        AgreementView(
            r, wanted.get(r.need_id), houses[r.owner_id], houses[r.provider_id], _side(r, actor),
            held=r.need_id in held,
        )
        for r in rows
    ]  # fmt: skip


def _side(row: Agreement, actor: Actor) -> Side:
    """The side of a person of both organisations is the owner's."""
    return Side.OWNER if row.owner_id in actor.organisation_ids else Side.PROVIDER


def _check(form: AgreementIn) -> None:
    plan = [(m.title, m.due_on) for m in form.milestones]
    wrong = list(term_problems(form.starts_on, form.ends_on, plan))
    if wrong:
        raise Rejected(wrong)


def _write(uow: UnitOfWork, row: Agreement, form: AgreementIn) -> None:
    row.kind, row.title, row.scope = form.kind, form.title, form.scope
    row.amount_minor, row.currency = form.amount_minor, form.currency
    row.starts_on, row.ends_on = form.starts_on, form.ends_on
    row.updated_at = clock.now()  # changed milestones are a changed agreement: another version
    uow.session.add(row)
    uow.flush()
    store.remove_milestones(uow, row.id or 0)
    uow.session.add_all(
        Milestone(agreement_id=row.id or 0, number=n, title=m.title, due_on=m.due_on)
        for n, m in enumerate(form.milestones, 1)
    )
    uow.flush()


def _as_read(uow: UnitOfWork, row: Agreement, version: int | None) -> None:
    """What binds is done to the words that were read, so a version must be named."""
    if version is None:
        raise Conflict("stale", version=row.version)
    uow.expect(row, version)


def _enter(uow: UnitOfWork, actor: Actor, row: Agreement, state: AgreementState) -> None:
    row.state = state
    row.live = True if state in LIVE else None
    need_store.lock_need(uow, row.need_id)  # two agreements of one need move one after the other
    after = need_after(state, [other.state for other in store.others_of_need(uow, row)])
    if after is not None:
        needs.carry(uow, actor, row.need_id, after)
    if row.owner_shows and row.provider_shows:
        _show(uow, row)


def _show(uow: UnitOfWork, row: Agreement) -> None:
    """The tie in the network begins with the signatures and lasts as long as one agreement."""
    ends = (row.owner_id, row.provider_id, RelationKind.AGREEMENT)
    if row.state is AgreementState.SIGNED:
        ties.tie(uow, *ends, row.starts_on, row.ends_on)
    elif row.live is None and row.signed_at is not None and clock.today() < row.ends_on:
        today = max(clock.today(), row.starts_on)
        last = max([today, *(other.ends_on for other in store.shown_between(uow, row))])
        ties.end_tie(uow, *ends, last)


def _words(row: Agreement) -> dict[str, str | date]:
    return {"title": row.title, "kind": row.kind, "starts_on": row.starts_on.isoformat(),
            "ends_on": row.ends_on.isoformat()}  # fmt: skip


def _announce(uow: UnitOfWork, actor: Actor, row: Agreement, act: str, number: int = 0) -> None:
    """`number` tells milestones apart; the version tells one change from the next."""
    once = f"{row.version}:{number}"
    uow.record(AgreementChanged(row.id or 0, act, _side(row, actor).value, once))
