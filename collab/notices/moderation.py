"""Tells owners, moderators, reporters and interested parties what moderation decided, once each.

A notice to anybody but the owner names no record: who may not read it must not learn of it here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collab.kernel import clock
from collab.kernel.events import Event
from collab.kernel.happened import HoldChanged, ReportChanged
from collab.kernel.identity import Role
from collab.members import service as people
from collab.members import store as members
from collab.members import store_joining as joined
from collab.moderation import store
from collab.moderation.models import Hold, Record, kind_of
from collab.moderation.rules import HoldState, Kind, ReportState
from collab.needs.models import Need
from collab.notices.service import WORDS, tell
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork

LINE = 200
QUEUE, OWN_REPORTS, NOTICES = "/moderation", "/reports", "/notices"
ROLES = {
    Role.REGIONAL_COORDINATOR: ("区域协调员", "the regional coordinator"),
    Role.SECRETARIAT: ("秘书处", "the secretariat"),
}
ADDRESSES = {Kind.NEED: "/needs/", Kind.CAPABILITY: "/capabilities/"}
WORDS.update({
    "hold_held": (
        "“{title}”已由{role_zh}暂停公开，数据都在。原因：{reason}。可以修改后申请复核。",
        "“{title}” was closed to others by {role_en}; nothing is lost. Reason: {reason}. "
        "You can edit it and ask for another look.",
    ),
    "hold_returned": (
        "“{title}”已由{role_zh}退回并暂停公开。原因：{reason}。请修改：{wanted}。改好后申请复核。",
        "“{title}” was returned by {role_en} and is closed to others. Reason: {reason}. "
        "Please change: {wanted}. Then ask for another look.",
    ),
    "hold_released": ("“{title}”已恢复公开。", "“{title}” is open to others again."),
    "hold_on_interest": (
        "您表达过意向的一条需求正在核查，暂不公开；意向与协议都保留。",
        "A need you are interested in is closed for now; interests and agreements stand.",
    ),
    "hold_off_interest": (
        "您表达过意向的需求“{title}”已恢复公开。",
        "The need “{title}” that you are interested in is open again.",
    ),
    "hold_asked": (
        "有记录的所有者已修改，申请复核。",
        "The owner of a held record asks for another look.",
    ),
    "report_open": ("收到新的举报，请处理。", "A record was reported; please look at it."),
    "report_upheld": (
        "您举报的记录已暂停公开，感谢反馈。",
        "The record you reported is closed to others for now. Thank you.",
    ),
    "report_dismissed": ("您的举报已有答复。", "Your report was answered."),
})  # fmt: skip


def follow(database: Database, events: Sequence[Event]) -> None:
    """Listener: everybody whom a decision concerns; the same event twice tells once."""
    with database.writing() as uow:
        for event in events:
            if isinstance(event, HoldChanged):
                _tell_of_hold(uow, event)
            elif isinstance(event, ReportChanged):
                _tell_of_report(uow, event.report_id)


def _tell_of_hold(uow: UnitOfWork, event: HoldChanged) -> None:
    found = store.hold_by_id(uow, event.hold_id)
    row = store.record_of(uow, found) if found is not None else None
    if found is None or row is None:
        return
    once = f"hold:{found.id}:{event.serial}"
    if event.act == HoldState.ASKED:
        _tell_moderators(uow, row, "hold_asked", once)
        return
    facts = facts_of(found, row)
    for person_id in members.person_ids_of(uow, row.organisation_id):
        tell(uow, person_id, f"hold_{event.act}", facts, address(row), once)
    _tell_interested(uow, found, row, event)


def facts_of(found: Hold, row: Record) -> dict[str, str]:
    """What a notice or letter to the owner says."""
    role_zh, role_en = ROLES[found.role]
    title = row.title if isinstance(row, Need) else row.name_zh
    return {"title": title, "role_zh": role_zh, "role_en": role_en,
            "reason": _short(found.reason), "wanted": _short(found.wanted)}  # fmt: skip


def _short(text: str) -> str:
    """What fits into a notice; the whole stands on the record's page."""
    line = " ".join(text.split()).rstrip("。.;；")
    return line if len(line) <= LINE else f"{line[:LINE]}…"


def address(row: Record) -> str:
    """The page of the record."""
    return ADDRESSES[kind_of(row)] + row.public_id


def _tell_interested(uow: UnitOfWork, found: Hold, row: Record, event: HoldChanged) -> None:
    """The other sides of what runs on a need: that it rests, later that it goes on."""
    if not isinstance(row, Need):
        return
    released = event.act == HoldState.RELEASED
    code = "hold_off_interest" if released else "hold_on_interest"
    facts, url = ({"title": row.title}, address(row)) if released else ({}, NOTICES)
    once = f"interest-hold:{found.id}:{released}"
    for organisation_id in store.interested_in(uow, row.id or 0):
        for person_id in members.person_ids_of(uow, organisation_id):
            tell(uow, person_id, code, facts, url, once)


def _tell_of_report(uow: UnitOfWork, report_id: int) -> None:
    found = store.report_by_id(uow, report_id)
    row = store.record_of(uow, found) if found is not None else None
    if found is None or row is None:
        return
    if found.state is ReportState.OPEN:
        _tell_moderators(uow, row, "report_open", f"report:{found.id}")
    else:
        once = f"report:{found.id}:{found.state}"
        tell(uow, found.person_id, f"report_{found.state}", {}, OWN_REPORTS, once)


def _tell_moderators(uow: UnitOfWork, row: Record, code: str, once: str) -> None:
    for person_id in _moderators(uow, row):
        tell(uow, person_id, code, {}, QUEUE, once)


def _moderators(uow: UnitOfWork, row: Record) -> Iterator[int]:
    """Whom the policy lets moderate this record, asked of it for everybody who holds a role."""
    now = clock.now()
    holders = joined.holders(uow, Role.REGIONAL_COORDINATOR, None, now)
    for person_id in sorted(holders | joined.holders(uow, Role.SECRETARIAT, None, now)):
        person = members.person_by_id(uow, person_id)
        if person is not None and store.may_moderate(uow, people.actor_of(uow, person), row):
            yield person_id
