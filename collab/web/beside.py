"""What was asked and answered, laid beside the criteria of an answer for the need's owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import url_for

from collab.kernel.identity import Actor
from collab.kernel.messages import say
from collab.matching import restated
from collab.needs.models import Need
from collab.needs.rules import OPEN_STATES
from collab.questions import service
from collab.questions.models import Question
from collab.questions.rules import QuestionState, topic_of
from collab.questions.service import InquiryView
from collab.storage.uow import UnitOfWork
from collab.web import answers, labels, present, questions_form
from collab.web.answers import CandidateItem, Reason
from collab.web.context import pick
from collab.web.session import language, vocabulary

STANCE_VERDICT = {"yes": "meets", "no": "misses", "depends": "unknown"}


@dataclass(frozen=True, slots=True)
class Beside:
    """A question on its way or its answer; `verdict` counts what the provider declared in it,
    `before` are its words where the need was published anew since it was asked."""

    href: str
    waiting: bool
    on: str
    who: str = ""
    text: str = ""
    verdict: str = ""
    why: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """What the owner may ask and has asked, by capability."""

    need: str
    threads: Mapping[str, InquiryView]
    refused: Mapping[str, str]
    open: bool


def threads(views: Sequence[InquiryView]) -> list[dict[str, Any]]:
    """The threads about a need in a line each, for both sides."""
    return [
        {
            "href": url_for("questions.show", key=v.row.public_id),
            "who": pick(v.provider.name_zh, v.provider.name_en) if v.own_need else "",
            "what": present.offer_name(v.capability, closed=v.own_need),
            "open": v.open,
            "count": v.count,
        }
        for v in views
    ]


def asking(
    uow: UnitOfWork,
    actor: Actor,
    need: Need,
    answer: Mapping[str, Any],
    views: Sequence[InquiryView],
) -> Asking | None:
    """For the people of the need's organisation; None for everybody else."""
    if need.organisation_id not in actor.organisation_ids:
        return None
    houses = {c["organisation"] for c in _entries(answer)}
    waits = need.state in OPEN_STATES and need.held_at is None
    return Asking(
        need.public_id,
        {v.capability.public_id: v for v in views},
        service.answering(uow, need, houses) if waits else {},
        waits,
    )


def _entries(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = [c for s in answer["steps"] for c in (*s["candidates"], *(s.get("near") or ()))]
    found += [leg for route in answer["routes"] for leg in route["legs"]]
    for gap in answer["gaps"]:
        found += [*(gap.get("nearest") or ())]
        found += [leg for route in gap.get("routes") or () for leg in route["legs"]]
    return found


def lay(page: dict[str, Any], asked: Asking | None) -> dict[str, Any]:
    """The presented answer with threads, addresses to ask under, and answers beside criteria."""
    if asked is None:
        return page
    for step in page["steps"]:
        for several in (step.fits, step.near):
            several[:] = [_candidate(c, step.key, asked) for c in several]
    for gap in page["gaps"]:
        gap["nearest"] = [_candidate(c, gap["step"], asked) for c in gap["nearest"]]
    routes = [
        *page["routes"],
        *page["more_routes"],
        *(r for g in page["gaps"] for r in g["routes"]),
    ]
    for leg in (leg for route in routes for leg in route["legs"]):
        _leg(leg, asked)
    return page


def _candidate(item: CandidateItem, step: str, asked: Asking) -> CandidateItem:
    thread = asked.threads.get(item.key)
    said = _said(thread)
    reasons = [_reason(r, said.get(topic_of(step, r.criterion)), thread) for r in item.reasons]
    return replace(item, reasons=reasons, **_ways(item.key, item.house, asked))


def _ways(capability: str, house: str, asked: Asking) -> dict[str, Any]:
    """Where to ask, what was asked, or why not."""
    thread = asked.threads.get(capability)
    code = asked.refused.get(house, "")
    ask = url_for("questions.ask", key=asked.need, capability=capability)
    return {
        "ask": ask if asked.open and code != "nobody_to_ask" else "",
        "cannot": say(code, language()) if code == "nobody_to_ask" else "",
        "thread": url_for("questions.show", key=thread.row.public_id) if thread else "",
    }


def _leg(leg: dict[str, Any], asked: Asking) -> None:
    said = _said(asked.threads.get(leg["key"]))
    leg |= _ways(leg["key"], leg["house"], asked)
    for point in leg["asks"]:
        row = said.get(point["topic"])
        if row is not None:
            point["beside"] = _beside(row, asked.threads[leg["key"]], None)


def _said(thread: InquiryView | None) -> dict[str, Question]:
    """The latest question under each topic that was not taken back; an answer wins."""
    found: dict[str, Question] = {}
    for row in thread.questions if thread else ():
        kept = found.get(row.topic)
        if row.state is QuestionState.ANSWERED or (
            row.state is QuestionState.OPEN
            and (kept is None or kept.state is not QuestionState.ANSWERED)
        ):
            found[row.topic] = row
    return found


def _reason(reason: Reason, row: Question | None, thread: InquiryView | None) -> Reason:
    if row is None or thread is None:
        return reason
    return replace(reason, beside=_beside(row, thread, reason.wanted))


def _beside(row: Question, thread: InquiryView, wanted: Any) -> Beside:
    href = url_for("questions.show", key=thread.row.public_id, _anchor=row.public_id)
    if row.state is QuestionState.OPEN:
        return Beside(href, True, present.day(row.created_at))
    is_before = thread.is_before(row)
    verdict, why = _verdict(row, wanted, is_before=is_before)
    house = pick(thread.provider.name_zh, thread.provider.name_en)
    name = thread.names.get(row.answered_by or 0, "")
    return Beside(
        href,
        False,
        present.day(row.answered_at),
        answers.joined(part for part in (house, name) if part),
        " ".join(_words(row)),
        verdict,
        why,
        pick(row.words_zh, row.words_en) if is_before else "",
    )


def _words(row: Question) -> Sequence[str]:
    value = questions_form.value_text(row)
    stance = labels.label("stance", row.stance) if row.stance else ""
    return [part for part in (stance, value, row.answer) if part]


def _verdict(row: Question, wanted: Any, *, is_before: bool) -> tuple[str, str]:
    """A typed value is compared as a stated one would be; else what the answer comes down to, but
    yes and no say nothing about what is asked for in a later text."""
    known = row.criterion in vocabulary().parameters and isinstance(wanted, Mapping)
    if row.value and known and wanted.get("op"):
        verdict, why = restated.judged(vocabulary(), row.criterion, wanted, row.value)
        return verdict, answers.said(why)
    return "" if is_before else STANCE_VERDICT.get(row.stance or "", ""), ""
