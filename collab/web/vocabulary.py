"""The vocabulary: browse it, propose words for it, review what was proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from collab.curation import service
from collab.curation.forms import proposal_from
from collab.curation.models import VocabularyProposal
from collab.curation.rules import ProposalState, can_move
from collab.kernel.errors import NotFound, Rejected
from collab.kernel.problems import Problem
from collab.needs.models import Correction, Need
from collab.vocabulary.additions import FAMILIES
from collab.vocabulary.catalog import Parameter, Term, load_vocabulary
from collab.web import params, present
from collab.web.capability_form import version as version_of
from collab.web.session import (
    current_actor,
    language,
    platform,
    public,
    reading,
    vocabulary,
    writing,
)

blueprint = Blueprint("vocabulary", __name__, url_prefix="/vocabulary")
KINDS = ("techniques", "materials", "parameters")
FIELDS = ("family", "term", "broader", "zh", "en", "words_zh", "words_en", "reason")
TONES = {"accepted": "good", "declined": "bad", "withdrawn": "bad"}
ACTS = {
    "accept": ProposalState.ACCEPTED,
    "decline": ProposalState.DECLINED,
    "withdraw": ProposalState.WITHDRAWN,
}


def _kind_label(kind: str) -> str:
    names = {"techniques": _("技术"), "materials": _("材料"), "parameters": _("参数")}
    return str(names[kind])


def _state_label(state: ProposalState) -> str:
    names = {
        ProposalState.PROPOSED: _("待审核"),
        ProposalState.ACCEPTED: _("已接受"),
        ProposalState.DECLINED: _("未采纳"),
        ProposalState.WITHDRAWN: _("已撤回"),
    }
    return str(names[state])


@blueprint.get("")
@public
def index() -> str:
    """Every term of one kind with its labels, synonyms and place in the hierarchy."""
    words = vocabulary()
    kind = params.one("kind", KINDS, "techniques")
    sought = params.text("q").strip().lower()
    terms: Mapping[str, Term] = getattr(words, kind)
    rows = [_row(t) for t in terms.values() if _fits(t, sought)]
    return render_template(
        "vocabulary/index.html",
        kind=kind,
        kinds=[(k, _kind_label(k), len(getattr(words, k))) for k in KINDS],
        q=sought,
        rows=rows,
        version=words.version,
        may_propose=current_actor().is_member,
    )


def _fits(term: Term, sought: str) -> bool:
    if not sought:
        return True
    return any(sought in w.lower() for w in (term.id, *term.spellings()))


def _row(term: Term) -> dict[str, Any]:
    words = vocabulary()
    depth = len(words.ancestors(term.id))
    shown: dict[str, Any] = {
        "id": term.id,
        "zh": term.zh,
        "en": term.en,
        "indent": "　" * depth,
        "synonyms": list(dict.fromkeys(term.spellings()[2:])),
        "narrower": len(words.descendants(term.id)) - 1,
        "detail": "",
    }
    if isinstance(term, Parameter):
        shown["detail"] = term.unit
    return shown


@blueprint.get("/proposals")
def proposals() -> str:
    """What was proposed; for the secretariat also what people corrected."""
    return _list((), request.args)


def _list(wrong: Sequence[Problem], values: Mapping[str, str]) -> str:
    actor = current_actor()
    with reading() as uow:
        rows = [_proposal(p) for p in service.proposals(uow, actor)]
        seen = service.evidence(uow, actor) if actor.secretariat else ()
        corrections = [
            {
                "need": n.public_id, "title": n.title, "part": c.part, "change": c.change,
                "before": _said(c.before), "after": _said(c.after), **_words_of(c, n),
            }
            for c, n in seen
        ]  # fmt: skip
    return render_template(
        "vocabulary/proposals.html",
        rows=rows,
        corrections=corrections,
        values={k: values.get(k, "") for k in FIELDS},
        families=[(f, _kind_label(f)) for f in FAMILIES],
        terms=_choices(),
        problems=present.problems(wrong),
        version=vocabulary().version,
        curates=actor.secretariat,
    )


def _words_of(change: Correction, need: Need) -> dict[str, str]:
    """The words of the text that a correction is about, and a form that proposes them."""
    entry = change.after or change.before or {}
    span = entry.get("span") or [0, 0]
    said = need.text[span[0] : span[1]].strip()
    term = str(entry.get("id", ""))
    family = next((f for f in FAMILIES if term in getattr(vocabulary(), f)), "")
    if not (said and family and change.after) or len(said) > 30:
        return {"words": said, "propose": ""}
    field = "words_en" if said.isascii() else "words_zh"
    asked = urlencode({"family": family, "term": term, field: said})
    return {"words": said, "propose": f"{url_for('vocabulary.proposals')}?{asked}"}


def _choices() -> list[tuple[str, str]]:
    words, lang = vocabulary(), language()
    return [
        (t.id, f"{t.label(lang)} · {t.id}")
        for family in (words.techniques, words.materials)
        for t in family.values()
    ]


def _said(entry: Mapping[str, Any] | None) -> str:
    """One side of a correction in words."""
    if not entry:
        return "–"
    name = vocabulary().label(str(entry["id"]), language()) if "id" in entry else ""
    facts = (entry.get(k) for k in ("op", "value", "unit"))
    return " ".join(str(f) for f in (name, *facts) if f not in (None, ""))


def _proposal(row: VocabularyProposal) -> dict[str, Any]:
    said = service.shown_addition(row)
    return {
        "key": row.public_id,
        "href": url_for("vocabulary.show", key=row.public_id),
        "addition": said,
        "term": vocabulary().label(said["term"], language()),
        "words": "、".join(w for w in (said["zh"], said["en"]) if w)
        or "、".join((*said["words_zh"], *said["words_en"])),
        "reason": row.reason,
        "state": row.state.value,
        "state_label": _state_label(row.state),
        "tone": TONES.get(row.state.value, ""),
        "answer": row.answer,
        "version": row.version,
        "vocabulary_version": row.vocabulary_version,
        "created": present.day(row.created_at),
    }


@blueprint.post("/proposals")
def propose() -> tuple[str, int] | Response:
    """Store a proposal; conflicts with the vocabulary are shown beside their fields."""
    try:
        with writing() as uow:
            row = service.propose(
                uow, current_actor(), proposal_from(request.form), load_vocabulary()
            )
    except Rejected as error:
        return _list(error.problems, request.form), 422
    flash(_("谢谢，秘书处会审核您的建议。"))
    return redirect(url_for("vocabulary.show", key=row.public_id))


@blueprint.get("/proposals/<key>")
def show(key: str) -> str:
    """One proposal; for the secretariat with its effect on stored needs."""
    return _show(key, ())


def _show(key: str, wrong: Sequence[Problem]) -> str:
    actor = current_actor()
    with reading() as uow:
        row = service.open_proposal(uow, actor, key)
        acts = _acts(row.state) if actor.secretariat else []
        found: tuple[service.Effect, ...] = ()
        if acts:
            found = service.preview(uow, actor, row, load_vocabulary())
        effects = [
            {
                "need": e.need.public_id,
                "title": e.need.title,
                "changes": [(p, verb, _said(old), _said(new)) for p, verb, old, new in e.changes],
            }
            for e in found
        ]
        item = _proposal(row)
    return render_template(
        "vocabulary/show.html", item=item, effects=effects, acts=acts,
        problems=present.problems(wrong),
    )  # fmt: skip


@blueprint.post("/proposals/<key>")
def decide(key: str) -> tuple[str, int] | Response:
    """Accept or decline a proposal, or withdraw what was accepted."""
    actor, act = current_actor(), request.form.get("act", "")
    version, answer = version_of(request.form), request.form.get("answer", "").strip()
    if act not in ACTS:
        raise NotFound("act", act[:20])
    try:
        with writing() as uow:
            if act == "accept":
                service.accept(uow, actor, key, version, answer, load_vocabulary())
            elif act == "withdraw":
                service.withdraw(uow, actor, key, version, answer, load_vocabulary())
            else:
                service.decline(uow, actor, key, version, answer)
    except Rejected as error:
        return _show(key, error.problems), 422
    if act != "decline":
        platform().words.refresh()
    flash(str(_said_of(act)))
    return redirect(url_for("vocabulary.show", key=key))


def _acts(state: ProposalState) -> list[str]:
    """What the secretariat may do with a proposal in this state."""
    return [act for act, to in ACTS.items() if can_move(state, to)]


def _said_of(act: str) -> str:
    said = {
        "accept": _("已接受，新的写法已生效，所有进程随即跟上。"),
        "decline": _("已标记为未采纳。"),
        "withdraw": _("已撤回，之后的文本不再按它理解；已确认的需求不变。"),
    }
    return str(said[act])
