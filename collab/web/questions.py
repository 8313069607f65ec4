"""Questions to a provider: choose and send them, read the thread, answer, take one back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from pydantic import ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from collab.facilities import catalogue as capabilities
from collab.facilities import service as facilities
from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected
from collab.kernel.problems import Problem
from collab.questions import service
from collab.questions.models import Question
from collab.questions.rules import ANSWERABLE, OWN, Proposal, QuestionState, proposals
from collab.questions.service import InquiryView
from collab.web import answers, labels, params, present, questions_form
from collab.web.capability_form import version as version_of
from collab.web.context import pick, with_args
from collab.web.errors import problems_of
from collab.web.session import current_actor, platform, reading, vocabulary, writing
from collab.web.translated import _, ngettext

blueprint = Blueprint("questions", __name__)
CONSIDERED = 50  # as many candidates of a step as routes rest on
Answer = str | tuple[str, int] | Response
Wrong = tuple[Problem, ...]


@blueprint.get("/questions")
def index() -> str:
    """The threads of the person's organisations, asked and asking."""
    number, size = params.page()
    with reading() as uow:
        page = service.page(uow, current_actor(), number, size)
    return render_template(
        "questions/index.html", page=page.map(_row), href=lambda n: with_args(page=n)
    )


@blueprint.route("/needs/<key>/ask/<capability>", methods=["GET", "POST"])
def ask(key: str, capability: str) -> Answer:
    """Choose what to ask about a capability, in words that can be changed, and send it."""
    actor = current_actor()
    with reading() as uow:
        need = service.askable(uow, actor, key)
        found = platform().matching.answer_need(uow, need, CONSIDERED, reader=actor)
        open_points = proposals(found, capability)
        if open_points is None:  # not there, kept apart, or no candidate: all the same
            raise NotFound("capability", capability)
        item = capabilities.one(uow, actor, capability)
    if request.method == "GET":
        return _ask(need, item, found, open_points, ())
    try:
        sent = questions_form.chosen(request.form, open_points)
        with writing() as uow:
            row, count = service.ask(uow, actor, key, capability, sent)
    except Rejected as error:
        return _ask(need, item, found, open_points, error.problems), 422
    if count:
        said = ngettext("已发送 %(num)s 个问题，对方答复后会通知您。",
                        "已发送 %(num)s 个问题，对方答复后会通知您。", count)  # fmt: skip
        flash(said, "success")
    else:
        flash(_("这些问题此前已经发送，没有重复发送。"), "info")
    return redirect(url_for("questions.show", key=row.public_id))


def _ask(need: Any, item: Any, found: Any, open_points: list[Proposal], wrong: Wrong) -> str:
    owner = item.owner.row
    with reading() as uow:
        said = {
            q.topic: q
            for view in service.of_need(uow, current_actor(), need)
            if view.capability.public_id == item.row.public_id
            for q in view.questions
            if q.state in ANSWERABLE and not view.is_before(q)
        }
        refused = service.answering(uow, need, [owner.public_id]).get(owner.public_id, "")
    steps = {s["key"]: answers.said(s.get("label")) for s in found["steps"]}
    form = request.form if request.method == "POST" else request.args
    rows = questions_form.offered(open_points, steps, said, form)
    return render_template(
        "questions/ask.html",
        need={"key": need.public_id, "title": need.title, "disclosure": need.disclosure},
        capability=present.capability(item),
        rows=rows,
        own=form.get("own", ""),
        words_in=form.get("words_in", ""),
        refused=present.problems([Problem("", refused)])[0].text if refused else "",
        invite=refused == "not_invited",
        problems=present.problems(wrong),
    )


@blueprint.get("/questions/<key>")
def show(key: str) -> str:
    """A thread: what was asked, what was answered, what to do next."""
    with reading() as uow:
        view = service.one(uow, current_actor(), key)
    if service.is_logged(view, current_actor()):
        with writing() as uow:
            service.log_read(uow, current_actor(), view)
    return _show(view, params.text("answer"), ())


@blueprint.post("/questions/<key>/<question>/answer")
def answer(key: str, question: str) -> Answer:
    """Answer a question, or correct an answer."""
    actor = current_actor()
    with reading() as uow:
        view = service.one(uow, actor, key)
    row = next((q for q in view.questions if q.public_id == question), None)
    if row is None:
        raise NotFound("question", question)
    if view.own_need:
        raise NotAllowed("question:answer")
    try:
        form = questions_form.read(request.form, row)
        with writing() as uow:
            service.answer(uow, actor, key, question, form, version_of(request.form), vocabulary())
    except ValidationError as error:
        return _show(view, question, tuple(problems_of(error))), 422
    except Rejected as error:
        return _show(view, question, error.problems), 422
    except Conflict as error:
        return _show(view, question, (Problem("", error.code, dict(error.facts)),)), 409
    flash(_("答复已送达。"), "success")
    return redirect(url_for("questions.show", key=key))


@blueprint.post("/questions/<key>/<question>/withdraw")
def withdraw(key: str, question: str) -> Response:
    """Take back a question that waits."""
    with writing() as uow:
        service.withdraw(uow, current_actor(), key, question, version_of(request.form))
    flash(_("问题已撤回。"), "success")
    return redirect(url_for("questions.show", key=key))


def _row(view: InquiryView) -> dict[str, Any]:
    other = view.provider if view.own_need else view.asker
    return {
        "href": url_for("questions.show", key=view.row.public_id),
        "need": view.need.title,
        "capability": present.offer_name(view.capability, closed=view.own_need),
        "other": pick(other.name_zh, other.name_en) if other else _("匿名发布方"),
        "own_need": view.own_need,
        "open": view.open,
        "count": view.count,
        "on": present.day(view.row.updated_at),
    }


def _show(view: InquiryView, opened: str, wrong: Wrong) -> str:
    actor = current_actor()
    mine = not view.own_need and view.open_to_answers
    waiting = [q.public_id for q in view.questions if q.state is QuestionState.OPEN]
    if mine and opened not in {q.public_id for q in view.questions}:
        opened = waiting[0] if waiting else ""
    return render_template(
        "questions/show.html",
        inquiry=_row(view) | {
            "key": view.row.public_id,
            "need_href": url_for("needs.show", key=view.need.public_id),
            "capability_href": url_for("capabilities.show", key=view.capability.public_id),
            "other_href": _other(view),
            "over": not view.open_to_answers,
            "asking": url_for("questions.ask", key=view.need.public_id,
                              capability=view.capability.public_id)
                      if view.own_need and view.open_to_answers
                      and view.capability.held_at is None else "",
        },
        questions=[_question(view, q, mine and q.public_id == opened) for q in view.questions],
        stances=labels.pairs("stance"),
        may_edit=facilities.may_edit(actor, view.capability),
        capability_version=view.capability.version,
        typed=request.form,
        problems=present.problems(wrong),
    )  # fmt: skip


def _other(view: InquiryView) -> str:
    other = view.provider if view.own_need else view.asker
    return url_for("organisations.show", key=present.org_key(other)) if other else ""


def _question(view: InquiryView, row: Question, opened: bool) -> dict[str, Any]:
    parameter = questions_form.parameter_of(row)
    form = request.form if opened and request.method == "POST" else MultiDict[str, str]()
    return {
        "key": row.public_id,
        "version": row.version,
        "words": pick(row.words_zh, row.words_en),
        "label": answers.criterion_label(row.criterion) if parameter and row.step != OWN else "",
        "state": row.state,
        "state_label": labels.label("question_state", row.state),
        "on": present.day(row.created_at),
        "answer": row.answer,
        "stance": labels.label("stance", row.stance) if row.stance else "",
        "stance_key": row.stance or "",
        "value": questions_form.value_text(row),
        "who": view.names.get(row.answered_by or 0, ""),
        "answered": present.moment(row.answered_at),
        "taken_over": row.taken_over_at is not None,
        "open": opened,
        "may_answer": not view.own_need and view.open_to_answers
                      and row.state in ANSWERABLE,
        "may_withdraw": view.own_need and row.state is QuestionState.OPEN,
        "boxes": questions_form.value_row(row, form) if opened else None,
    }  # fmt: skip
