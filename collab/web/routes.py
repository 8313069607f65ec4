"""One route of a need under an address that lasts, for all its providers; an answer as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as FileResponse
from werkzeug.wrappers import Response

from collab.importing import exports
from collab.kernel.errors import Conflict
from collab.kernel.messages import say
from collab.needs import catalogue
from collab.needs import service as needs
from collab.needs.models import Need
from collab.questions import rounds, service
from collab.questions.forms import QuestionIn
from collab.questions.rules import proposals, route_topic
from collab.storage.uow import UnitOfWork
from collab.web import answer_export, answer_page, beside, questions_form
from collab.web.session import current_actor, language, platform, public, reading, writing
from collab.web.translated import _, ngettext

blueprint = Blueprint("routes", __name__, url_prefix="/needs/<key>")
CONSIDERED = 50
MOST_LEGS = 20
INVITATION = (
    "我们考虑由贵方承担“{step}”这一步（整条路线 {count} 步，预计 {weeks} 周）。"
    "贵方能否承接，最早何时可以开始？",
    "We consider you for the step “{step}” (a route of {count} steps, about {weeks} weeks). "
    "Would you take it, and when could you start at the earliest?",
)


def legs_of(text: str) -> dict[str, str]:
    """The capability at each step in an address: "s1:cap-x,s2:cap-y"."""
    pairs = [part.partition(":") for part in text.split(",")[:MOST_LEGS]]
    return {step: capability for step, mark, capability in pairs if mark and step and capability}


@blueprint.get("/routes/<legs>")
@public
def show(key: str, legs: str) -> str:
    """A route as it stands now, with everything that is open about it, to read or print."""
    actor = current_actor()
    with reading() as uow:
        view = catalogue.one(uow, actor, key)
        found = platform().matching.route_of(uow, view.row, legs_of(legs), actor)
        threads = service.of_need(uow, actor, view.row)
        whole = _as_answer(found)
        asked = beside.asking(uow, actor, view.row, whole, threads)
    _log(key, view.row, "page")
    route = answer_page.route(found, [_("所选路线")]) if found else None
    if route is not None:
        beside.lay({"steps": [], "gaps": [], "routes": [route], "more_routes": []}, asked)
    return render_template(
        "needs/route.html",
        need={"key": key, "title": view.row.title, "own": asked is not None},
        route=route,
        legs=legs,
        providers=_providers(route, asked) if route and asked else [],
    )


def _as_answer(route: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"steps": [], "gaps": [], "routes": [route] if route else []}


def _providers(route: Mapping[str, Any], asked: beside.Asking) -> list[dict[str, Any]]:
    """Who would be asked, each with why not where it cannot be."""
    seen: dict[str, dict[str, Any]] = {}
    for leg in route["legs"]:
        one = seen.setdefault(leg["key"], {"organisation": leg["organisation"], "steps": []})
        code = asked.refused.get(leg["house"], "")
        one |= {"why": say(code, language()) if code else "", "thread": leg["thread"],
                "house": leg["house"], "code": code}  # fmt: skip
        one["steps"].append(leg["step"])
    return list(seen.values()) if asked.open else []


@blueprint.post("/routes/<legs>/ask")
def ask(key: str, legs: str) -> Response:
    """Ask every provider of the route that can be asked here whether it would take its steps; who
    cannot is named, with another way."""
    actor = current_actor()
    with reading() as uow:
        need = service.askable(uow, actor, key)
        route = platform().matching.route_of(uow, need, legs_of(legs), actor)
    if route is None:
        raise Conflict("route_gone")
    with writing() as uow:
        done = _ask_all(uow, key, route, open_points=request.form.get("open") == "1")
    if done.sent:
        said = ngettext("已同时发送 %(num)s 个问题。", "已同时发送 %(num)s 个问题。", done.sent)
        flash(said, "success")
    elif done.asked:
        flash(_("这些问题此前已经发送，没有重复发送。"), "info")
    if not done.unasked:
        return redirect(url_for("needs.show", key=key, _anchor="questions"))
    who = _("、").join(dict.fromkeys(_name_of(route, c)[language()] for c in done.unasked))
    flash(_("未能在平台上提问：%(who)s。办法见本页末尾。", who=who), "warning")
    return redirect(url_for("routes.show", key=key, legs=legs))


def _ask_all(
    uow: UnitOfWork, key: str, route: Mapping[str, Any], *, open_points: bool
) -> rounds.Round:
    """One commit for all that can be asked; where anything else is wrong nothing is sent."""
    sent = {}
    for capability in dict.fromkeys(leg["capability"] for leg in route["legs"]):
        sent[capability] = _invitations(route, capability)
        if open_points:
            found = proposals(_as_answer(route), capability) or ()
            sent[capability] += [questions_form.as_proposed(one) for one in found]
    try:
        return rounds.ask_round(uow, current_actor(), key, sent)
    except rounds.NotAsked as stop:
        who = _name_of(route, stop.capability)
        raise Conflict("not_all_asked", who=who["zh"], who_en=who["en"],
                       why=say(stop.code, "zh"), why_en=say(stop.code, "en")) from None  # fmt: skip


def _name_of(route: Mapping[str, Any], capability: str) -> dict[str, str]:
    """The provider of a capability of the route."""
    leg = next(x for x in route["legs"] if x["capability"] == capability)
    name = leg["organisation_name"]
    return {"zh": name["zh"], "en": name["en"] or name["zh"]}


def _invitations(route: Mapping[str, Any], capability: str) -> list[QuestionIn]:
    weeks = "{:g}–{:g}".format(*route["weeks"])
    count = len(route["legs"])
    several = []
    for leg in route["legs"]:
        if leg["capability"] == capability:
            facts = {"count": count, "weeks": weeks}
            zh = INVITATION[0].format(step=leg["label"]["zh"], **facts)
            en = INVITATION[1].format(step=leg["label"]["en"], **facts)
            step = leg.get("step") or ""
            several.append(QuestionIn(route_topic(step or leg["technique"]), step, "", zh, en))
    return several


@blueprint.get("/answer.<any(csv,xlsx):wanted>")
@public
def export(key: str, wanted: str) -> FileResponse:
    """The answer with every verdict and its reason as a file, headers in the reader's language."""
    actor = current_actor()
    with reading() as uow:
        view = catalogue.one(uow, actor, key)
        found = platform().matching.answer_need(uow, view.row, CONSIDERED, reader=actor)
    _log(key, view.row, "export")
    content = answer_export.written(answer_page.present(found), wanted)
    answer = FileResponse(content, content_type=exports.MEDIA[wanted])
    answer.headers["Content-Disposition"] = f'attachment; filename="answer-{key}.{wanted}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _log(key: str, need: Need, channel: str) -> None:
    """Reads of invited needs from outside are on their owner's record."""
    if needs.must_log_read(need, current_actor()):
        with writing() as uow:
            needs.read_need(uow, current_actor(), key, channel)
