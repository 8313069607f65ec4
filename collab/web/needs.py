"""Post a need, confirm what was understood, publish it, read the answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from pydantic import ValidationError
from werkzeug.wrappers import Response

from collab.agreements import service as agreements
from collab.deals import service as deals
from collab.deals.rules import InterestState
from collab.kernel.errors import Conflict, Rejected
from collab.kernel.problems import Problem
from collab.members import catalogue as members
from collab.needs import catalogue, service
from collab.needs.filters import NeedFilter
from collab.needs.forms import DraftIn, PublicationIn
from collab.needs.rules import MOVES, OPEN_STATES, NeedState, disclosure_wish
from collab.questions import service as questions
from collab.web import (
    answer_page,
    answers,
    beside,
    files,
    holds,
    labels,
    needs_form,
    needs_marks,
    needs_rows,
    params,
    present,
)
from collab.web.capability_form import version as version_of
from collab.web.context import with_args
from collab.web.errors import problems_of
from collab.web.session import (
    current_actor,
    index_now,
    language,
    platform,
    public,
    reading,
    vocabulary,
    writing,
)

blueprint = Blueprint("needs", __name__, url_prefix="/needs")
STATES = ("published", "in_talks", "agreed", "delivered", "closed", "expired")
Wrong = tuple[Problem, ...]


@blueprint.get("")
@public
def index() -> str:
    """Needs the actor may read."""
    return _list(NeedFilter(
        text=params.text("q"),
        states=params.chosen("state", STATES),
        chain=params.one("chain", vocabulary().chains),
    ), "needs/index.html")  # fmt: skip


@blueprint.get("/mine")
def mine() -> str:
    """Needs of the actor's organisations, drafts included."""
    states = params.chosen("state", labels.NEED_STATE)
    return _list(NeedFilter(text=params.text("q"), states=states, mine=True), "needs/mine.html")


def _list(wanted: NeedFilter, template: str) -> str:
    number, size = params.page()
    with reading() as uow:
        page = catalogue.page(uow, current_actor(), wanted, number, size)
        summaries = platform().matching.summaries(uow, [v.row.id or 0 for v in page.items])
    return render_template(
        template,
        page=page.map(present.need),
        summaries={v.row.public_id: summaries.get(v.row.id or 0) for v in page.items},
        href=lambda n: with_args(page=n),
        states=[(s, labels.label("need_state", s)) for s in labels.NEED_STATE],
        chains=[(c.id, c.label(language())) for c in vocabulary().chains.values()],
    )


@blueprint.route("/new", methods=["GET", "POST"])
@public
def new() -> str | tuple[str, int] | Response:
    """Paste a text; members save it as a draft, visitors see what would be understood."""
    if request.method == "GET":
        return _new(params.text("text", 2000), "", ())
    text, title = request.form.get("text", ""), request.form.get("title", "")
    try:
        form = DraftIn(text=text, title=title)
        if current_actor().is_visitor or request.form.get("preview"):
            return _preview(form)
        with writing() as uow:
            need = service.draft_need(
                uow, current_actor(), request.form.get("organisation", ""), form, vocabulary()
            )
    except ValidationError as error:
        return _new(text, title, tuple(problems_of(error))), 422
    except Rejected as error:
        return _new(text, title, error.problems), 422
    return redirect(url_for("needs.confirm", key=need.public_id))


def _new(text: str, title: str, wrong: Wrong) -> str:
    with reading() as uow:
        own = [present.organisation(v) for v in members.own(uow, current_actor())]
    return render_template(
        "needs/new.html", text=text, title=title, own=own, problems=present.problems(wrong)
    )


def _preview(form: DraftIn) -> str | tuple[str, int]:
    """What is understood and who could do it, without saving anything."""
    if not form.text.strip():
        return _new("", form.title, (Problem("text", "required"),)), 422
    structure, answer = platform().matching.answer_text(current_actor(), form.text)
    segments = needs_marks.segments(form.text, structure, vocabulary(), language())
    return render_template(
        "needs/preview.html",
        text=form.text,
        segments=segments,
        mark_kinds=needs_marks.kinds(segments),
        answer=answer_page.present(answer),
    )


@blueprint.route("/<key>/confirm", methods=["GET", "POST"])
def confirm(key: str) -> str | tuple[str, int] | Response:
    """Correct what was understood."""
    if request.method == "GET":
        return _confirm(key, ())
    with reading() as uow:
        before = catalogue.editable(uow, current_actor(), key).row.structure
    try:
        structure = needs_form.read(request.form, before)
        title = request.form.get("title", "").strip()[:120]
        with writing() as uow:
            service.confirm_structure(
                uow, current_actor(), key, structure, version_of(request.form), vocabulary(),
                title or None,
            )  # fmt: skip
    except ValidationError as error:
        return _confirm(key, tuple(problems_of(error))), 422
    except Rejected as error:
        return _confirm(key, error.problems), 422
    except Conflict as error:
        return _confirm(key, (Problem("", error.code, dict(error.facts)),)), 409
    if request.form.get("go") == "publish":
        return redirect(url_for("needs.publish", key=key))
    flash(_("已保存。"), "success")
    return redirect(url_for("needs.show", key=key))


def _confirm(key: str, wrong: Wrong) -> str:
    with reading() as uow:
        view = catalogue.editable(uow, current_actor(), key)
    structure: dict[str, Any] = view.row.structure
    words, tongue = vocabulary(), language()
    refused = request.method == "POST"
    shown = (
        needs_rows.echoed(request.form, words, tongue)
        if refused
        else needs_rows.rows(structure, words, tongue)
    )
    segments = needs_marks.segments(view.row.text, structure, words, tongue)
    return render_template(
        "needs/confirm.html",
        need=present.need(view),
        title=request.form.get("title", "") if refused else view.row.title,
        segments=segments,
        mark_kinds=needs_marks.kinds(segments),
        rows=shown,
        pieces=needs_rows.pieces(structure, words),
        offers=needs_rows.offers(structure, words, tongue),
        taken=request.form.getlist("offer"),
        questions=answers.questions(needs_rows.told(structure)),
        problems=present.problems(wrong),
        **_choices(),
    )


def _choices() -> dict[str, Any]:
    words, tongue = vocabulary(), language()
    groups: dict[str, list[tuple[str, str]]] = {}
    for t in words.techniques.values():
        name = "　" * len(words.ancestors(t.id)) + t.label(tongue)
        groups.setdefault(labels.label("category", t.category), []).append((t.id, name))
    return {
        "technique_groups": list(groups.items()),
        "material_options": [(m.id, m.label(tongue)) for m in words.materials.values()],
        "parameter_options": [(p.id, p.label(tongue)) for p in words.parameters.values()],
        "chain_options": [(c.id, c.label(tongue)) for c in words.chains.values()],
        "region_options": [
            (c.id, c.en if tongue == "en" else c.zh) for c in words.parameters["region"].values
        ],
        "operators": labels.pairs("operator"),
        "quantity_units": labels.pairs("quantity_unit"),
        "time_units": labels.pairs("time_unit"),
    }


@blueprint.route("/<key>/publish", methods=["GET", "POST"])
def publish(key: str) -> str | tuple[str, int] | Response:
    """Choose who may read it, and publish; on a published need, change who may read it."""
    if request.method == "GET":
        return _publish(key, ())
    invited = [k.strip() for k in request.form.get("invited", "").replace("，", ",").split(",")]
    try:
        form = PublicationIn.model_validate(
            {
                "disclosure": request.form.get("disclosure", "members"),
                "invited": [k for k in invited if k],
                "expires_on": request.form.get("expires_on") or None,
            }
        )
        with writing() as uow:
            act = (
                service.change_disclosure
                if request.form.get("act") == "disclosure"
                else service.publish_need
            )
            need = act(uow, current_actor(), key, form, version_of(request.form))
    except ValidationError as error:
        return _publish(key, tuple(problems_of(error))), 422
    except Rejected as error:
        return _publish(key, error.problems), 422
    except Conflict as error:
        return _publish(key, (Problem("", error.code, dict(error.facts)),)), 409
    index_now(need.id)
    flash(_("需求已发布，下面是平台给出的答案。"), "success")
    return redirect(url_for("needs.show", key=key))


def _publish(key: str, wrong: Wrong) -> str:
    with reading() as uow:
        view = catalogue.editable(uow, current_actor(), key)
        invited = catalogue.invited(uow, current_actor(), view.row)
    draft = view.row.state in (NeedState.DRAFT, NeedState.EXPIRED)
    wish = disclosure_wish(view.row.structure.get("confidentiality") or {})
    return render_template(
        "needs/publish.html",
        need=present.need(view),
        draft=draft,
        disclosure=request.form.get("disclosure") or (wish if draft else view.row.disclosure),
        disclosures=[
            (k, labels.label("disclosure", k), labels.label("disclosure_help", k))
            for k in labels.DISCLOSURE
        ],
        invited=request.form.get("invited") or ", ".join(present.org_key(o) for o in invited),
        problems=present.problems(wrong),
    )


@blueprint.get("/<key>")
@public
def show(key: str) -> str:
    """A need with its answer: candidates for each step, routes, gaps."""
    actor = current_actor()
    with reading() as uow:
        view = catalogue.one(uow, actor, key)
        invited = catalogue.invited(uow, actor, view.row)
        reads = catalogue.reads(uow, actor, view.row)
        answer = platform().matching.answer_need(uow, view.row, reader=actor)
        interests = deals.of_need(uow, actor, view.row)
        attached = files.of_need(uow, view.row) | holds.beside(uow, actor, view.row)
        threads = questions.of_need(uow, actor, view.row)
        asked = beside.asking(uow, actor, view.row, answer, threads)
        agreed = agreements.of_interests(uow, actor, [i.row.id or 0 for i in interests])
    if service.must_log_read(view.row, actor):
        with writing() as uow:
            service.read_need(uow, actor, key)
    words, tongue = vocabulary(), language()
    segments = needs_marks.segments(view.row.text, view.row.structure, words, tongue)
    return render_template(
        "needs/show.html",
        need=present.need(view),
        segments=segments,
        mark_kinds=needs_marks.kinds(segments),
        answer=answer_page.addressed(beside.lay(answer_page.present(answer), asked), key),
        threads=beside.threads(threads),
        invited=[present.pick(o.name_zh, o.name_en) for o in invited],
        reads=[answers.read(*entry) for entry in reads],
        moves=_moves(view.row.state) if view.own else [],
        **attached,
        interests=[answers.interest(i, agreed.get(i.row.id or 0)) for i in interests],
        negotiable=view.row.state in agreements.NEGOTIABLE and view.row.held_at is None,
        can_offer=_can_offer(view, interests),
        to_answer=sum(1 for i in interests if i.own_need and i.row.state == "expressed"),
    )


def _can_offer(
    view: catalogue.NeedView, interests: list[deals.InterestView]
) -> list[tuple[str, str]]:
    """Organisations in whose name the actor may still express an interest."""
    actor = current_actor()
    shut = view.row.held_at is not None or view.row.state not in OPEN_STATES
    if view.own or shut or not actor.organisation_ids:
        return []
    taken = {i.row.organisation_id for i in interests}
    with reading() as uow:
        own = members.own(uow, actor)
    return [
        (present.org_key(v.row), present.pick(v.row.name_zh, v.row.name_en))
        for v in own
        if v.row.id not in taken
    ]


@blueprint.post("/<key>/interest")
def interest(key: str) -> Response:
    """Express interest in a need in the name of one's organisation."""
    with writing() as uow:
        deals.express_interest(
            uow,
            current_actor(),
            key,
            request.form.get("organisation", ""),
            request.form.get("message", ""),
        )
    flash(_("意向已送达，对方接受后双方可见联系方式。"), "success")
    return redirect(url_for("needs.show", key=key))


@blueprint.post("/<key>/interest/<interest_key>")
def answer_interest(key: str, interest_key: str) -> Response:
    """Accept, decline or withdraw an interest."""
    wanted = request.form.get("state", "")
    with writing() as uow:
        if wanted == InterestState.WITHDRAWN:
            agreements.withdraw_interest(uow, current_actor(), interest_key)
        elif wanted in set(InterestState):
            deals.answer_interest(
                uow, current_actor(), interest_key, InterestState(wanted),
                request.form.get("reply", ""), version_of(request.form),
            )  # fmt: skip
        else:
            raise Rejected([Problem("state", "invalid", {"value": wanted[:40]})])
    flash(_("已记录。"), "success")
    return redirect(url_for("needs.show", key=key))


def _moves(state: NeedState) -> list[tuple[str, str]]:
    shown = sorted(MOVES[state] - {NeedState.PUBLISHED, NeedState.EXPIRED, NeedState.IN_TALKS})
    return [(s, labels.label("need_move", s)) for s in shown]


@blueprint.post("/<key>/move")
def move(key: str) -> Response:
    """Withdraw a need or move it on."""
    wanted = request.form.get("state", "")
    if wanted not in set(NeedState):
        raise Rejected([Problem("state", "invalid", {"value": wanted[:40]})])
    with writing() as uow:
        need = service.move_need(
            uow, current_actor(), key, NeedState(wanted), version_of(request.form)
        )
    index_now(need.id)
    flash(_("状态已更新。"), "success")
    return redirect(url_for("needs.show", key=key))


@blueprint.route("/<key>/edit", methods=["GET", "POST"])
def edit(key: str) -> str | tuple[str, int] | Response:
    """Change the words of a draft; what was understood is made anew."""
    if request.method == "GET":
        return _edit(key, ())
    try:
        form = DraftIn(text=request.form.get("text", ""), title=request.form.get("title", ""))
        with writing() as uow:
            service.change_draft(
                uow, current_actor(), key, form, version_of(request.form), vocabulary()
            )
    except ValidationError as error:
        return _edit(key, tuple(problems_of(error))), 422
    except Rejected as error:
        return _edit(key, error.problems), 422
    except Conflict as error:
        return _edit(key, (Problem("", error.code, dict(error.facts)),)), 409
    return redirect(url_for("needs.confirm", key=key))


def _edit(key: str, wrong: Wrong) -> str:
    with reading() as uow:
        item = present.need(catalogue.editable(uow, current_actor(), key))
    return render_template(
        "needs/edit.html",
        need=item,
        text=request.form.get("text", item.text),
        title=request.form.get("title", item.title),
        problems=present.problems(wrong),
    )
