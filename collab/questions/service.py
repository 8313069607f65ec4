"""Use cases of questions: send them, answer them, take one back, end them with their need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from collab.deals import service as deals
from collab.facilities import service as capabilities
from collab.facilities import store as facilities
from collab.facilities.models import Capability
from collab.facilities.rules import value_problems
from collab.kernel import clock
from collab.kernel.errors import Conflict, NotFound, Rejected
from collab.kernel.events import Event
from collab.kernel.happened import NeedChanged, QuestionAnswered, QuestionsAsked
from collab.kernel.identity import SYSTEM, Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.matching import store as matches
from collab.members import service as tries
from collab.members import store as members
from collab.members.models import Organisation
from collab.members.rules import Membership
from collab.needs import service as needs
from collab.needs import store as need_store
from collab.needs.models import Need
from collab.needs.rules import OPEN_STATES, Disclosure
from collab.questions import store
from collab.questions.forms import AnswerIn, QuestionIn
from collab.questions.models import Inquiry, Question
from collab.questions.rules import (
    ANSWERABLE,
    MOST_IN_A_WINDOW,
    MOST_OPEN,
    QuestionState,
    answer_problems,
    sending_problems,
)
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary


@dataclass(frozen=True, slots=True)
class InquiryView:
    """A thread as one side sees it; `asker` is None while an anonymous owner is hidden."""

    row: Inquiry
    need: Need
    capability: Capability
    provider: Organisation
    asker: Organisation | None
    own_need: bool
    questions: tuple[Question, ...]
    names: Mapping[int, str]

    @property
    def open_to_answers(self) -> bool:
        """Whether the need still waits, so that questions may be answered."""
        return self.need.state in OPEN_STATES

    @property
    def open(self) -> int:
        """How many questions wait for an answer."""
        still = self.open_to_answers
        return sum(q.state is QuestionState.OPEN for q in self.questions) if still else 0

    @property
    def count(self) -> int:
        """How many questions were not taken back."""
        return sum(q.state is not QuestionState.WITHDRAWN for q in self.questions)

    def is_before(self, question: Question) -> bool:
        """Whether the need was published anew since: it may ask for something else now."""
        at = self.need.published_at
        return at is not None and question.created_at < at


@dataclass(frozen=True, slots=True)
class Waiting:
    """A thread whose questions wait for the actor's answer."""

    row: Inquiry
    need: Need
    count: int
    since: datetime


def askable(uow: UnitOfWork, actor: Actor, need_key: str) -> Need:
    """The need, when the actor may send questions about it now."""
    need = need_store.open_need(uow, actor, need_key, Permission.NEED_EDIT)
    if need.organisation_id not in actor.organisation_ids:
        raise NotFound("need", need_key)
    if need.state not in OPEN_STATES:
        raise Conflict("cannot_ask_now", state=need.state)
    if need.held_at is not None:
        raise Conflict("held")
    return need


def answering(uow: UnitOfWork, need: Need, organisations: Collection[str]) -> dict[str, str]:
    """Of these organisations (public ids) those that cannot be asked about the need, with why."""
    staffed = members.staffed(uow, organisations)
    let_in = None
    if need.disclosure is Disclosure.INVITED:
        let_in = need_store.let_in(uow, need.id or 0)
    refused = {}
    for key in organisations:
        if key not in staffed:
            refused[key] = "nobody_to_ask"
        elif let_in is not None and staffed[key] not in let_in:
            refused[key] = "not_invited"
    return refused


def ask(
    uow: UnitOfWork, actor: Actor, need_key: str, capability_key: str, sent: Sequence[QuestionIn]
) -> tuple[Inquiry, int]:
    """Send questions to a provider; gives the thread and how many were new. What was sent before
    in the same words, or still waits under the same topic, is not sent again."""
    need = askable(uow, actor, need_key)
    wrong = list(sending_problems((q.topic, words) for q in sent for words in {q.zh, q.en}))
    if wrong:
        raise Rejected(wrong)
    need_store.lock_need(uow, need.id or 0)
    if need.state not in OPEN_STATES:
        raise Conflict("cannot_ask_now", state=need.state)
    if need.held_at is not None:
        raise Conflict("held")
    capability = _asked_capability(uow, actor, need, capability_key)
    inquiry = _thread(uow, need, capability)
    known = store.questions_of(uow, [inquiry.id or 0]).get(inquiry.id or 0, [])
    fresh = _fresh(sent, known)
    waiting = sum(q.state is QuestionState.OPEN for q in known)
    if waiting + len(fresh) > MOST_OPEN:
        raise Rejected([Problem("question", "too_many_open", {"most": MOST_OPEN})])
    if fresh:
        tries.count_try(uow, f"ask:{need.organisation_id}", MOST_IN_A_WINDOW, by=len(fresh))
        _send(uow, actor, inquiry, fresh)
    return inquiry, len(fresh)


def _asked_capability(uow: UnitOfWork, actor: Actor, need: Need, key: str) -> Capability:
    """The capability, when its provider can be asked about the need. One that is kept apart looks
    like one that is not there."""
    capability = facilities.open_capability(uow, actor, key)
    own, other = need.organisation_id, capability.organisation_id
    apart = matches.apart_from(uow, own)
    if own == other or other in apart:
        raise NotFound("capability", key)
    provider = members.organisations_by_id(uow, {other})[other]
    if provider.membership is Membership.SUSPENDED:
        raise NotFound("capability", key)
    refused = answering(uow, need, [provider.public_id])
    if refused:
        raise Conflict(refused[provider.public_id])
    reader = Actor(organisation_ids=frozenset({other}))
    if not need_store.needs_by_key(uow, reader, [need.public_id]):  # the rule has the last word
        raise Conflict("not_invited")
    return capability


def _thread(uow: UnitOfWork, need: Need, capability: Capability) -> Inquiry:
    """The one thread of the pair; the need is locked, so nobody else makes it meanwhile."""
    need_id, capability_id = need.id or 0, capability.id or 0
    found = store.inquiry_of(uow, need_id, capability_id)
    if found is None:
        found = Inquiry(
            need_id=need_id, organisation_id=capability.organisation_id, capability_id=capability_id
        )
        uow.session.add(found)
        uow.flush()
    return found


def _fresh(sent: Sequence[QuestionIn], known: Sequence[Question]) -> list[QuestionIn]:
    waiting = {q.topic for q in known if q.state is QuestionState.OPEN}
    said = {(q.topic, q.words_zh) for q in known if q.state in ANSWERABLE}
    fresh: dict[str, QuestionIn] = {}
    for one in sent:
        if one.topic not in waiting and (one.topic, one.zh.strip()) not in said:
            fresh.setdefault(one.topic, one)
    return list(fresh.values())


def _send(uow: UnitOfWork, actor: Actor, inquiry: Inquiry, fresh: Sequence[QuestionIn]) -> None:
    rows = [
        Question(
            inquiry_id=inquiry.id or 0, topic=q.topic, step=q.step, criterion=q.criterion,
            words_zh=q.zh.strip(), words_en=q.en.strip(), asked_by=actor.person_id,
        )
        for q in fresh
    ]  # fmt: skip
    uow.session.add_all(rows)
    inquiry.updated_at = clock.now()
    uow.session.add(inquiry)
    uow.flush()
    keys = [row.public_id for row in rows]
    uow.note(actor, "asked", "question", inquiry.public_id, after={"questions": keys})
    uow.record(QuestionsAsked(inquiry.id or 0, max(r.id or 0 for r in rows), len(rows)))


def answer(
    uow: UnitOfWork,
    actor: Actor,
    inquiry_key: str,
    question_key: str,
    form: AnswerIn,
    version: int | None,
    vocabulary: Vocabulary,
) -> Question:
    """Answer a question, or correct an answer given before; with `take_over` the value is stated
    on the capability in the same commit, by somebody who may edit that."""
    inquiry = store.open_inquiry(uow, actor, inquiry_key, Permission.QUESTION_ANSWER)
    need = need_store.lock_need(uow, inquiry.need_id)
    # judged again behind the lock: what may be read can have changed since
    inquiry = store.open_inquiry(uow, actor, inquiry_key, Permission.QUESTION_ANSWER)
    row = store.lock_question(uow, inquiry, question_key)
    if version is None:
        raise Conflict("stale", version=row.version)
    uow.expect(row, version)
    closed = row.state not in ANSWERABLE
    if closed or need is None or need.state not in OPEN_STATES:
        raise Conflict("question_over", state=row.state)
    typed = form.value is not None and row.criterion in vocabulary.parameters
    stated = form.stance is not None or typed
    wrong = list(answer_problems(form.text, stated, form.take_over, typed))
    if wrong:
        raise Rejected(wrong)
    _write(row, form, actor, typed)
    if form.value is not None and typed:
        _check_value(row, form, vocabulary)
        if form.take_over:
            _take_over(uow, actor, inquiry, row, form, vocabulary)
    inquiry.updated_at = clock.now()
    uow.session.add_all([row, inquiry])
    uow.flush()
    uow.note(actor, "answered", "question", inquiry.public_id, after={"question": row.public_id})
    uow.record(QuestionAnswered(row.id or 0, row.version))
    return row


def _write(row: Question, form: AnswerIn, actor: Actor, typed: bool) -> None:
    row.state, row.live = QuestionState.ANSWERED, None
    row.answer, row.stance = form.text.strip(), form.stance
    value = form.value.model_dump(mode="json") if form.value is not None and typed else None
    if value != row.value:
        row.value, row.taken_over_at = value, None  # what the capability states is another one
    row.answered_by, row.answered_at = actor.person_id, clock.now()


def _check_value(row: Question, form: AnswerIn, vocabulary: Vocabulary) -> None:
    value = form.value.model_dump() if form.value is not None else {}
    wrong = [
        Problem("value", p.code, p.facts)
        for p in value_problems(vocabulary, {row.criterion: value})
    ]
    if wrong:
        raise Rejected(wrong)


def _take_over(
    uow: UnitOfWork, actor: Actor, inquiry: Inquiry, row: Question, form: AnswerIn,
    vocabulary: Vocabulary,
) -> None:  # fmt: skip
    capability = facilities.rows_by_id(uow, [inquiry.capability_id]).get(inquiry.capability_id)
    if capability is None or form.value is None:
        raise NotFound("capability", str(inquiry.capability_id))
    if form.capability_version is None:
        raise Conflict("stale", version=capability.version)
    capabilities.declare_value(
        uow, actor, capability.public_id, row.criterion, form.value, form.capability_version,
        vocabulary,
    )  # fmt: skip
    row.taken_over_at = clock.now()


def withdraw(
    uow: UnitOfWork, actor: Actor, inquiry_key: str, question_key: str, version: int | None
) -> Question:
    """Take back a question that is not answered yet."""
    inquiry = store.open_inquiry(uow, actor, inquiry_key, Permission.QUESTION_ASK)
    row = store.lock_question(uow, inquiry, question_key)
    uow.expect(row, version)
    if row.state is not QuestionState.OPEN:
        raise Conflict("question_over", state=row.state)
    row.state, row.live = QuestionState.WITHDRAWN, None
    uow.session.add(row)
    uow.flush()
    uow.note(actor, "withdrawn", "question", inquiry.public_id, after={"question": row.public_id})
    return row


def follow(database: Database, events: Sequence[Event]) -> None:
    """Listener: the open questions about needs that no longer wait for an answer end."""
    ids = {e.need_id for e in events if isinstance(e, NeedChanged)}
    with database.reading() as uow:
        if not store.open_about(uow, ids - _waiting(uow, ids)):
            return
    with database.writing() as uow:
        over = ids - _waiting(uow, ids)
        for row, inquiry in store.open_of_needs(uow, over):
            row.state, row.live = QuestionState.ENDED, None
            uow.session.add(row)
            after = {"question": row.public_id}
            uow.note(SYSTEM, "ended", "question", inquiry.public_id, after=after)


def _waiting(uow: UnitOfWork, ids: Collection[int]) -> set[int]:
    """Those of the needs that are open, their owner in standing or not."""
    found = (need_store.need_by_id(uow, need_id) for need_id in ids)
    return {need.id for need in found if need and need.id and need.state in OPEN_STATES}


def unanswered(uow: UnitOfWork, actor: Actor, limit: int) -> list[Waiting]:
    """Threads that wait for the actor's answer, the longest waiting first."""
    return [Waiting(*found) for found in store.unanswered(uow, actor, limit)]


def page(uow: UnitOfWork, actor: Actor, number: int, size: int) -> Page[InquiryView]:
    """One page of the actor's threads, asked and asking."""
    found = store.inquiries(uow, actor, number, size)
    return Page(_views(uow, actor, found.items), found.total, number, size)


def of_need(uow: UnitOfWork, actor: Actor, need: Need) -> list[InquiryView]:
    """Threads about a need: all of them for its owner, one's own for a provider."""
    return _views(uow, actor, store.inquiries_in(uow, actor, need.id or 0))


def one(uow: UnitOfWork, actor: Actor, key: str) -> InquiryView:
    """A thread for one of its two sides."""
    return _views(uow, actor, [store.open_inquiry(uow, actor, key)])[0]


def _views(uow: UnitOfWork, actor: Actor, rows: Sequence[Inquiry]) -> list[InquiryView]:
    if not rows:
        return []
    questions = store.questions_of(uow, [r.id or 0 for r in rows])
    about = need_store.readable_by_id(uow, actor, {r.need_id for r in rows})
    offered = facilities.rows_by_id(uow, {r.capability_id for r in rows})
    houses = members.organisations_by_id(
        uow, {r.organisation_id for r in rows} | {n.organisation_id for n in about.values()}
    )
    people = {q.answered_by for found in questions.values() for q in found} - {None}
    names = members.person_names(uow, {p for p in people if p is not None})
    known = deals.owners_known(uow, actor, about.values())
    return [
        InquiryView(
            row,
            about[row.need_id],
            offered[row.capability_id],
            houses[row.organisation_id],
            houses[about[row.need_id].organisation_id] if row.need_id in known else None,
            about[row.need_id].organisation_id in actor.organisation_ids,
            tuple(questions.get(row.id or 0, ())),
            names,
        )
        for row in rows
    ]


def is_logged(view: InquiryView, actor: Actor) -> bool:
    """Whether the actor's reading of the thread has to be put on record."""
    return needs.must_log_read(view.need, actor)


def log_read(uow: UnitOfWork, actor: Actor, view: InquiryView) -> None:
    """A provider who opens questions about an invited need reads of it: on its owner's record."""
    needs.log_read(uow, actor, view.need, "question")
