"""What waits for the signed-in person: answers to give, needs that stand still, unread notices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _

from collab.agreements import service as agreements
from collab.deals import service as deals
from collab.kernel import clock
from collab.kernel.identity import Actor
from collab.moderation import catalogue as moderation
from collab.moderation.rules import HoldState, Kind
from collab.needs import catalogue as needs
from collab.needs.filters import NeedFilter
from collab.notices import service as notices
from collab.questions import service as questions
from collab.storage.uow import UnitOfWork
from collab.web import present
from collab.web.context import pick
from collab.web.session import language, platform

SHOWN = 5
# what these tell stands in the list itself for as long as it waits
SHOWN_ABOVE = frozenset({
    "interest_expressed", "question_asked", "agreement_proposed", "agreement_half_signed",
    "report_open", "hold_asked", "hold_held", "hold_returned",
})  # fmt: skip
STANDING = NeedFilter(states=("draft", "published"), mine=True)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing to do: what it is about, where it is done, and since when it waits."""

    text: str
    act: str
    href: str
    on: str


def for_person(uow: UnitOfWork, actor: Actor) -> list[Waiting]:
    """What waits for the person, what others wait for first; nothing for a visitor."""
    if actor.is_visitor:
        return []
    return [
        *_own_rights(actor),
        *_answers(uow, actor),
        *_questions(uow, actor),
        *_signatures(uow, actor),
        *_holds(uow, actor),
        *_moderation(uow, actor),
        *_own_needs(uow, actor),
        *_news(uow, actor),
    ]


def _own_rights(actor: Actor) -> Iterator[Waiting]:
    if actor.held_back:
        yield Waiting(
            _("您的秘书处权限要求两步验证：添加通行密钥或验证器应用后即恢复。"), _("去设置"),
            url_for("passkeys.security"), present.day(clock.now()),
        )  # fmt: skip


def _answers(uow: UnitOfWork, actor: Actor) -> Iterator[Waiting]:
    for found in deals.unanswered(uow, actor, SHOWN):
        name = pick(found.organisation.name_zh, found.organisation.name_en)
        yield Waiting(
            _("%(who)s对“%(title)s”表达了意向", who=name, title=found.need.title),
            _("答复"),
            url_for("needs.show", key=found.need.public_id, _anchor="interests"),
            present.day(found.row.created_at),
        )


def _questions(uow: UnitOfWork, actor: Actor) -> Iterator[Waiting]:
    for found in questions.unanswered(uow, actor, SHOWN):
        yield Waiting(
            _("需求“%(title)s”有 %(n)s 个问题等您答复", title=found.need.title, n=found.count),
            _("答复"),
            url_for("questions.show", key=found.row.public_id),
            present.day(found.since),
        )


def _signatures(uow: UnitOfWork, actor: Actor) -> Iterator[Waiting]:
    for view in agreements.unsigned(uow, actor, SHOWN):
        yield Waiting(
            _("协议“%(title)s”等您签署", title=view.row.title),
            _("查看并签署"),
            url_for("agreements.show", key=view.row.public_id),
            present.day(view.row.updated_at),
        )


def _holds(uow: UnitOfWork, actor: Actor) -> Iterator[Waiting]:
    for held in moderation.own_holds(uow, actor, SHOWN):
        title, on = pick(*held.item.names), present.day(held.hold.updated_at)
        href = present.record_href(held.item.kind is Kind.NEED, held.item.row.public_id)
        if held.hold.state is HoldState.RETURNED:
            yield Waiting(_("“%(title)s”被退回，等您修改", title=title), _("看要改什么"), href, on)
        elif held.hold.state is HoldState.HELD:
            yield Waiting(_("“%(title)s”暂停公开，正在核查", title=title), _("看原因"), href, on)


def _moderation(uow: UnitOfWork, actor: Actor) -> Iterator[Waiting]:
    reports, holds, since = moderation.counts(uow, actor)
    on, queue = present.day(since), url_for("moderation.index")
    if reports:
        yield Waiting(_("%(n)s 条举报等您处理", n=reports), _("去处理"), queue, on)
    if holds:
        text = _("%(n)s 条暂停公开的记录等您决定", n=holds)
        yield Waiting(text, _("去处理"), queue + "#holds", on)


def _own_needs(uow: UnitOfWork, actor: Actor) -> Iterator[Waiting]:
    if not actor.organisation_ids:
        return
    found = needs.page(uow, actor, STANDING, 1, SHOWN)
    summaries = platform().matching.summaries(uow, [v.row.id or 0 for v in found.items])
    for view in found.items:
        summary = summaries.get(view.row.id or 0)
        missing = summary.steps - summary.answered if summary is not None else 0
        on = present.day(view.row.created_at)
        title = view.row.title
        if view.row.state == "draft":
            text = _("“%(title)s”还是草稿，确认后才会有人看到", title=title)
            href = url_for("needs.confirm", key=view.row.public_id)
            yield Waiting(text, _("确认并发布"), href, on)
        elif missing:
            text = _("“%(title)s”有 %(n)s 步还没有候选", title=title, n=missing)
            yield Waiting(text, _("看缺口"), url_for("needs.show", key=view.row.public_id), on)


def _news(uow: UnitOfWork, actor: Actor) -> Iterator[Waiting]:
    for notice in notices.news(uow, actor, SHOWN):
        if notice.code not in SHOWN_ABOVE:
            yield Waiting(
                notices.worded(notice, language()), _("查看"), notice.url,
                present.day(notice.created_at),
            )  # fmt: skip
