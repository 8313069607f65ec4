"""Tells people what concerns them, once, after the change that caused it was committed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.kernel import clock
from collab.kernel.events import Event
from collab.kernel.happened import InterestChanged
from collab.kernel.identity import Actor
from collab.members import store as members
from collab.needs import store as needs
from collab.notices import store
from collab.notices.events import NoticesDue
from collab.notices.models import MailPace, Notice
from collab.notices.wishes import wish_of
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork

AT_ONCE = MailPace.AT_ONCE
WORDS: dict[str, tuple[str, str]] = {
    "interest_expressed": (
        "{organisation_zh} 对需求“{title}”表达了意向。",
        "{organisation_en} is interested in your need “{title}”.",
    ),
    "interest_accepted": (
        "您对需求“{title}”的意向已被接受，可以查看对方联系方式。",
        "Your interest in “{title}” was accepted; the contact is now shown.",
    ),
    "fitting_need": (
        "有一条新需求可能适合贵单位：“{title}”。",
        "A new need may fit what you offer: “{title}”.",
    ),
    "saved_search_hit": (
        "您保存的搜索“{title}”有一条新结果。",
        "Your saved search “{title}” has a new hit.",
    ),
    "saved_search_hits": (
        "您保存的搜索“{title}”有 {count} 条新结果。",
        "Your saved search “{title}” has {count} new hits.",
    ),
    "application": (
        "“{title}”提交了入盟申请或认领，等待审核。",
        "“{title}” applied or claimed its record and waits for review.",
    ),
    "rights_began": (
        "秘书处的一位成员（{person}）添加了第一个验证方式，其秘书处权限由此生效；"
        "如有疑问，请在“人员与角色”中收回其角色。",
        "Somebody of the secretariat ({person}) set up a first factor, and their rights began. "
        "If you doubt it, take the role back under “People and roles”.",
    ),
    "question_asked": (
        "需求“{title}”有 {count} 个问题等您答复。",
        "Questions on the need “{title}” wait for your answer: {count}.",
    ),
    "question_answered": (
        "{organisation_zh}答复了您对需求“{title}”的提问。",
        "{organisation_en} answered your question on “{title}”.",
    ),
    "interest_declined": (
        "您对需求“{title}”的意向未被接受。",
        "Your interest in “{title}” was declined.",
    ),
    "agreement_proposed": (
        "“{title}”：对方提交了协议草案，请查看并签署。",
        "“{title}”: the other party proposed an agreement; please read and sign it.",
    ),
    "agreement_changed": (
        "“{title}”：对方修改了协议内容，此前的签署不再有效，请重新确认。",
        "“{title}”: the other party changed the agreement; earlier signatures no longer count.",
    ),
    "agreement_half_signed": (
        "“{title}”：对方已签署，等待贵方签署。",
        "“{title}”: the other party has signed; your signature is awaited.",
    ),
    "agreement_signed": (
        "“{title}”：双方均已签署，协议生效。",
        "“{title}”: both parties have signed.",
    ),
    "agreement_milestone_done": (
        "“{title}”：对方标记里程碑已完成，请确认。",
        "“{title}”: a milestone was marked as done; please confirm it.",
    ),
    "agreement_milestone_confirmed": (
        "“{title}”：对方确认了里程碑。",
        "“{title}”: a milestone was confirmed.",
    ),
    "agreement_delivered": (
        "“{title}”：对方已交付，请验收并记录结果。",
        "“{title}”: delivered; please accept it and record the outcome.",
    ),
    "agreement_closed": (
        "“{title}”：对方已验收，协议结束。",
        "“{title}”: accepted, the agreement is closed.",
    ),
    "agreement_withdrawn": (
        "“{title}”：对方撤回了协议草案。",
        "“{title}”: the proposed agreement was withdrawn.",
    ),
    "agreement_terminated": (
        "“{title}”：对方终止了协议。",
        "“{title}”: the agreement was terminated.",
    ),
}


def worded(notice: Notice, language: str) -> str:
    """The sentence of a notice in `language`."""
    zh, en = WORDS.get(notice.code, (notice.code, notice.code))
    return (en if language == "en" else zh).format(**notice.facts)


def latest(uow: UnitOfWork, actor: Actor) -> Sequence[Notice]:
    """The actor's latest notices."""
    return store.notices_of(uow, actor)


def news(uow: UnitOfWork, actor: Actor, limit: int) -> Sequence[Notice]:
    """The actor's latest unread notices."""
    return store.unread_of(uow, actor, limit)


def unread(uow: UnitOfWork, actor: Actor) -> int:
    """How many notices the actor has not read."""
    return store.unread_count(uow, actor)


def mark_read(uow: UnitOfWork, actor: Actor) -> None:
    """All notices of the actor are read."""
    for notice in latest(uow, actor):
        if notice.read_at is None:
            notice.read_at = clock.now()
            uow.session.add(notice)


def follow(database: Database, events: Sequence[Event]) -> None:
    """Listener: tell the other side of an interest; the same event twice tells once."""
    with database.writing() as uow:
        for event in events:
            if isinstance(event, InterestChanged):
                _tell_of_interest(uow, event.interest_id)


def _tell_of_interest(uow: UnitOfWork, interest_id: int) -> None:
    row = uow.session.get(Interest, interest_id)
    if row is None or row.state is InterestState.WITHDRAWN:
        return
    need = needs.need_by_id(uow, row.need_id)
    if need is None:
        return
    parties = members.organisations_by_id(uow, {row.organisation_id})
    to_owner = row.state is InterestState.EXPRESSED
    audience = need.organisation_id if to_owner else row.organisation_id
    facts = {"title": need.title}
    if to_owner:
        party = parties[row.organisation_id]
        facts |= {"organisation_zh": party.name_zh, "organisation_en": party.name_en}
    once = f"interest:{row.id}:{row.state}"
    for person_id in members.person_ids_of(uow, audience):
        tell(uow, person_id, f"interest_{row.state}", facts, f"/needs/{need.public_id}", once)


def tell(
    uow: UnitOfWork, person_id: int, code: str, facts: dict[str, Any], url: str, once: str
) -> None:
    """One notice for one person, unless the same `once` told the person before."""
    if not store.was_told(uow, person_id, once):
        uow.session.add(Notice(person_id=person_id, code=code, facts=facts, url=url, once=once))
        uow.flush()
        if not code.startswith("account_") and wish_of(uow, person_id).pace(code) is AT_ONCE:
            uow.record(NoticesDue(person_id))
