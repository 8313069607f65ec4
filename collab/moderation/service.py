"""Use cases of moderation: hold a record, return it, release it, look again; report and answer."""

from __future__ import annotations

from collab.facilities import service as facilities
from collab.kernel import clock
from collab.kernel.errors import Conflict, NotAllowed, Rejected
from collab.kernel.happened import HoldChanged, ReportChanged
from collab.kernel.identity import Actor, Role
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import store as members
from collab.members.service import count_try
from collab.moderation import store
from collab.moderation.models import Hold, Record, Report
from collab.moderation.rules import (
    REPORTS,
    HoldState,
    Kind,
    ReportReason,
    ReportState,
    can_move,
    report_problems,
    words_problems,
)
from collab.needs import service as needs
from collab.needs.models import Need
from collab.storage.uow import UnitOfWork


def hold_record(
    uow: UnitOfWork,
    actor: Actor,
    kind: Kind,
    key: str,
    reason: str,
    wanted: str,
    version: int | None,
) -> Hold:
    """Close a record to others with a written reason; with `wanted` it goes back to its owner.

    What waits of reports about it is thereby answered.
    """
    row = _as_seen(store.open_record(uow, actor, kind, key, store.MODERATE), version)
    if row.held_at is not None:
        raise Conflict("already_held")
    wrong = [
        *words_problems("reason", reason),
        *words_problems("wanted", wanted, required=False),
    ]
    if wrong:
        raise Rejected(wrong)
    need_id, capability_id = store.reference(row)
    made = Hold(
        need_id=need_id,
        capability_id=capability_id,
        role=_role(uow, actor, row),
        state=HoldState.RETURNED if wanted.strip() else HoldState.HELD,
        reason=reason.strip(),
        wanted=wanted.strip(),
    )
    uow.session.add(made)
    _set_held(uow, row, held=True)
    _note(uow, actor, made, row, "shown")
    for report in store.open_reports_of(uow, row):
        _answer(uow, actor, report, ReportState.UPHELD, "")
    return made


def return_record(
    uow: UnitOfWork, actor: Actor, kind: Kind, key: str, wanted: str, version: int | None
) -> Hold:
    """Give a held record back to its owner, saying what to change."""
    row, found = _held(uow, actor, kind, key, version)
    wrong = list(words_problems("wanted", wanted))
    if wrong:
        raise Rejected(wrong)
    found.wanted, found.role = wanted.strip(), _role(uow, actor, row)
    return _move(uow, actor, row, found, HoldState.RETURNED)


def release_record(
    uow: UnitOfWork, actor: Actor, kind: Kind, key: str, version: int | None
) -> Hold:
    """Open a held record again to those who could see it before."""
    row, found = _held(uow, actor, kind, key, version)
    found.live, found.released_at = None, clock.now()
    found.role = _role(uow, actor, row)
    return _move(uow, actor, row, found, HoldState.RELEASED)


def ask_again(
    uow: UnitOfWork, actor: Actor, kind: Kind, key: str, reply: str, version: int | None
) -> Hold:
    """The owner has changed the record, or has something to say, and asks for another look."""
    row = _as_seen(store.open_record(uow, actor, kind, key, store.EDIT), version)
    found = store.live_hold(uow, row)
    if found is None:
        raise Conflict("not_held")
    wrong = list(words_problems("reply", reply, required=False))
    if wrong:
        raise Rejected(wrong)
    before = {"hold": found.state}
    _require_move(found, HoldState.ASKED)
    found.state, found.reply = HoldState.ASKED, reply.strip()
    _set_held(uow, row, held=True)
    after = {"hold": found.state, "reply": found.reply}
    uow.note(actor, "asked_again", kind.value, row.public_id, before, after)
    _announce(uow, found)
    return found


def report_record(
    uow: UnitOfWork, actor: Actor, kind: Kind, key: str, reason: str, text: str
) -> Report:
    """Tell the moderators of the region that something is wrong with a record."""
    if actor.person_id is None or not actor.is_member:
        raise NotAllowed(Permission.REPORT_READ)
    row = store.open_record(uow, actor, kind, key)
    wrong = list(report_problems(reason, text)) or list(_unreportable(uow, actor, row))
    if wrong:
        raise Rejected(wrong)
    count_try(uow, f"report:{actor.person_id}", REPORTS)
    need_id, capability_id = store.reference(row)
    made = Report(
        need_id=need_id,
        capability_id=capability_id,
        person_id=actor.person_id,
        reason=ReportReason(reason),
        text=text.strip(),
    )
    uow.session.add(made)
    uow.flush()
    after = {"reason": made.reason, "record": row.public_id}
    uow.note(actor, "reported", "report", made.public_id, after=after)
    uow.record(ReportChanged(made.id or 0))
    return made


def dismiss_report(
    uow: UnitOfWork, actor: Actor, key: str, answer: str, version: int | None
) -> Report:
    """Leave the record as it is and answer whoever reported it."""
    row = store.open_report(uow, actor, key, Permission.REPORT_ANSWER)
    if row.state is not ReportState.OPEN or (version is not None and row.version != version):
        raise Conflict("report_answered")
    wrong = list(words_problems("answer", answer))
    if wrong:
        raise Rejected(wrong)
    _answer(uow, actor, row, ReportState.DISMISSED, answer.strip())
    return row


def may_report(actor: Actor, row: Record) -> bool:
    """Whether to offer the actor to report this record; the use case asks again."""
    shown = actor.is_member and actor.person_id is not None and row.held_at is None
    return shown and row.organisation_id not in actor.organisation_ids


def _unreportable(uow: UnitOfWork, actor: Actor, row: Record) -> list[Problem]:
    if row.organisation_id in actor.organisation_ids:
        return [Problem("reason", "own_record")]
    if row.held_at is not None:
        return [Problem("reason", "already_held")]
    if store.open_report_by(uow, actor.person_id or 0, row) is not None:
        return [Problem("reason", "already_reported")]
    return []


def _held(
    uow: UnitOfWork, actor: Actor, kind: Kind, key: str, version: int | None
) -> tuple[Record, Hold]:
    row = _as_seen(store.open_record(uow, actor, kind, key, store.MODERATE), version)
    found = store.live_hold(uow, row)
    if found is None:
        raise Conflict("not_held")
    return row, found


def _as_seen(row: Record, version: int | None) -> Record:
    """A decision is about the words that were read: a version must be named, and be the last."""
    if version is None or row.version != version:
        raise Conflict("seen_changed")
    return row


def _require_move(found: Hold, state: HoldState) -> None:
    if not can_move(found.state, state):
        raise Conflict("cannot_move", state=found.state, to=state)


def _move(uow: UnitOfWork, actor: Actor, row: Record, found: Hold, state: HoldState) -> Hold:
    before = found.state
    _require_move(found, state)
    found.state = state
    uow.session.add(found)
    _set_held(uow, row, held=state is not HoldState.RELEASED)
    _note(uow, actor, found, row, before)
    return found


def _set_held(uow: UnitOfWork, row: Record, *, held: bool) -> None:
    at = (row.held_at or clock.now()) if held else None
    if isinstance(row, Need):
        needs.set_held(uow, row, at)
    else:
        facilities.set_held(uow, row, at)


def _note(uow: UnitOfWork, actor: Actor, found: Hold, row: Record, before: str) -> None:
    after = {"state": found.state, "record": row.public_id, "role": found.role,
             "reason": found.reason, "wanted": found.wanted}  # fmt: skip
    uow.note(actor, found.state, "hold", found.public_id, {"state": before}, after)
    _announce(uow, found)


def _announce(uow: UnitOfWork, found: Hold) -> None:
    uow.flush()
    uow.record(HoldChanged(found.id or 0, found.state.value, str(found.version)))


def _answer(uow: UnitOfWork, actor: Actor, row: Report, state: ReportState, answer: str) -> None:
    row.state, row.answer, row.live, row.answered_at = state, answer, None, clock.now()
    uow.session.add(row)
    uow.flush()
    before, after = {"state": ReportState.OPEN}, {"state": state, "answer": answer}
    uow.note(actor, state, "report", row.public_id, before, after)
    uow.record(ReportChanged(row.id or 0))


def _role(uow: UnitOfWork, actor: Actor, row: Record) -> Role:
    """As what the actor decides: the coordinator of the record's region, else the secretariat."""
    owner = members.organisations_by_id(uow, {row.organisation_id})[row.organisation_id]
    region = row.region_id if isinstance(row, Need) else owner.region_id
    return Role.REGIONAL_COORDINATOR if region in actor.region_ids else Role.SECRETARIAT
