"""The answer to a need as templates show it: one language, addresses, words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import g, url_for

from collab.agreements.models import Agreement
from collab.deals.service import InterestView
from collab.matching.words import full_width
from collab.members import catalogue as members
from collab.members.models import Organisation, Person
from collab.needs.models import NeedRead
from collab.web import labels
from collab.web import present as rows
from collab.web.session import language, reading, vocabulary
from collab.web.translated import _, ngettext


@dataclass(frozen=True, slots=True)
class Reason:
    """One criterion with its verdict in words, and what to ask where it is unknown."""

    verdict: str
    label: str
    text: str
    preferred: bool
    question: str = ""
    criterion: str = ""
    wanted: Any = None
    beside: Any = None


@dataclass(frozen=True, slots=True)
class CandidateItem:
    """One capability offered for a step."""

    key: str
    name: str
    href: str
    organisation: str
    place: str
    klass: str
    score: float
    evidence: str
    status: str
    reasons: list[Reason]
    tally: dict[str, int]
    questions: list[str]
    would_fit_if: list[str]
    parts: list[dict[str, Any]] = field(default_factory=list)
    house: str = ""
    ask: str = ""
    cannot: str = ""
    thread: str = ""


@dataclass(frozen=True, slots=True)
class StepItem:
    """One step with what fits, what might, and what nearly does."""

    key: str
    label: str
    category: str
    state: str
    note: str
    href: str
    optional: bool
    fits: list[CandidateItem]
    near: list[CandidateItem]


def said(entry: Any) -> str:
    """The sentence of a {zh, en} pair in the asker's language; a plain text as it is.

    Half-width commas between Chinese characters become full-width ones.
    """
    if not isinstance(entry, Mapping):
        return str(entry or "")
    text = str(entry.get(language()) or entry.get("zh") or entry.get("en") or "")
    if language() == "zh":
        return full_width(text)
    return text[:1].upper() + text[1:]


def joined(texts: Iterable[str]) -> str:
    """Clauses as one sentence in the asker's language."""
    return (", " if language() == "en" else "、").join(texts)


def region_name(code: str) -> str:
    """A region's name with its province or country; the regions are read once a page."""
    if "regions" not in g:
        with reading() as uow:
            g.regions = {r.code: r for r in members.regions(uow).values()}
    region = g.regions.get(code)
    if region is None:
        return ""
    above = [g.regions.get(part) for part in reversed(region.path.split("/")) if part]
    return rows.place(region, [r for r in above if r is not None])


def criterion_label(criterion: str) -> str:
    """The name of a criterion: a parameter's label, or the word for what is not a parameter."""
    name = vocabulary().label(criterion, language())
    if name != criterion:
        return name
    words = {
        "technique": _("技术"), "material": _("材料"), "materials": _("材料"),
        "material-excluded": _("排除的材料"), "status": _("运行状态"), "region": _("地区"),
        "deadline": _("交期"), "budget": _("预算"), "category": _("类别"), "trl": "TRL",
    }  # fmt: skip
    return words.get(criterion.partition(":")[0], criterion)


def _relaxation(entry: Mapping[str, Any]) -> str:
    if entry.get("criterion") == "region":
        names = joined(region_name(code) or code for code in entry.get("value") or ())
        return _("接受地区 %(names)s", names=names)
    return said(entry)


def relaxed(entry: Mapping[str, Any]) -> str:
    """A set of changes that lets something fit, as one clause."""
    accept = entry.get("accept")
    if not accept:
        return said(entry)
    return (" + " if language() == "en" else "，并").join(_relaxation(one) for one in accept)


def candidate(entry: Mapping[str, Any]) -> CandidateItem:
    """A candidate for templates."""
    asked = {q["criterion"]: said(q) for q in entry.get("questions") or ()}
    reasons = [
        Reason(
            c["verdict"], criterion_label(c["id"]), said(c["reason"]), not c.get("hard", True),
            asked.get(c["id"], "") if c["verdict"] == "unknown" else "", c["id"], c["asked"],
        )
        for c in entry["criteria"]
    ]  # fmt: skip
    tally = {"meets": 0, "unknown": 0, "near": 0, "misses": 0}
    for reason in reasons:
        tally[reason.verdict] = tally.get(reason.verdict, 0) + 1
    return CandidateItem(
        key=entry["capability"],
        name=said(entry.get("capability_name")) or entry["capability"],
        href=url_for("capabilities.show", key=entry["capability"]),
        organisation=said(entry.get("organisation_name")) or entry["organisation"],
        house=entry["organisation"],
        place=region_name(entry.get("region") or ""),
        klass=entry["class"],
        score=entry["score"],
        evidence=entry.get("evidence", ""),
        status=entry.get("status", "operating"),
        reasons=reasons,
        tally=tally,
        questions=[said(q) for q in entry.get("questions") or ()],
        would_fit_if=[relaxed(w) for w in entry.get("would_fit_if") or ()],
        parts=[
            {
                "label": said(p),
                "points": p["points"],
                "weight": p["weight"],
                "known": p.get("known", True),
            }
            for p in entry.get("parts") or ()
        ],
    )


def _step_note(fits: Sequence[CandidateItem], sure: int, near: int) -> str:
    if sure:
        return _("%(n)s 项候选，%(sure)s 项全部满足", n=len(fits), sure=sure)
    if fits:
        return _("%(n)s 项候选，都有待确认", n=len(fits))
    return _("没有候选，%(n)s 项接近", n=near) if near else _("无人提供")


def step(entry: Mapping[str, Any]) -> StepItem:
    """A step for templates."""
    fits = [candidate(c) for c in entry["candidates"]]
    near = [candidate(c) for c in entry.get("near") or ()]
    sure = sum(1 for c in fits if c.klass == "meets")
    if sure:
        state = "meets"
    elif fits:
        state = "unknown"
    else:
        state = "near" if near else "misses"
    return StepItem(
        key=entry["key"],
        label=said(entry.get("label")) or labels.label("category", entry.get("category") or ""),
        category=entry.get("category") or "",
        state=state,
        note=_step_note(fits, sure, len(near)),
        href=f"#step-{entry['key']}",
        optional=bool(entry.get("optional")),
        fits=fits,
        near=near,
    )


def gap(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A gap for templates: what kills the step, who comes close, what would open it."""
    technique = entry.get("technique") or ""
    return {
        "text": said(entry.get("reason")),
        "step": entry.get("step") or "",
        "optional": bool(entry.get("optional")),
        "criteria": [
            {"label": criterion_label(c["criterion"]), "alone": c["alone"], "all": c["excluded"]}
            for c in (entry.get("criteria") or ())[:4]
        ],
        "rules": [said(r["reason"]) for r in entry.get("rules") or ()],
        "relaxations": [
            {"text": relaxed(r), "opens": r.get("opens", 0)} for r in entry.get("relaxations") or ()
        ],
        "instead": [_instead(one) for one in entry.get("instead") or ()],
        "regions": [
            {"name": region_name(r["region"]) or r["region"], "count": r["candidates"],
             "href": url_for("capabilities.index", technique=technique, region=r["region"])}
            for r in entry.get("regions") or ()
        ],
        "nearest": [candidate(n) for n in entry.get("nearest") or ()],
        "routes": [],
    }  # fmt: skip


def opening(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A set of changes over the steps, and whether it opens a whole route."""
    return {"text": relaxed(entry), "route": entry.get("opens") == "route",
            "count": len(entry.get("accept") or ())}  # fmt: skip


def _instead(entry: Mapping[str, Any]) -> dict[str, Any]:
    ids = [i for one in entry.get("accept") or () for i in one.get("value") or ()]
    return {
        "name": joined(vocabulary().label(i, language()) for i in ids) or said(entry),
        "count": entry.get("opens", 0),
        "href": url_for("capabilities.index", technique=ids[0]) if ids else "",
    }


def questions(found: Sequence[Any]) -> list[str]:
    """Questions to the member in the asker's language."""
    return [said(q) for q in found]


def coverage(steps: Sequence[StepItem]) -> str:
    """How many steps are answered, in words."""
    answered = sum(1 for s in steps if s.fits)
    if not answered:
        return _("目前没有能力满足全部硬性条件")
    if answered < len(steps):
        left = len(steps) - answered
        return _("%(n)s 步中 %(a)s 步有候选，%(g)s 步有缺口", n=len(steps), a=answered, g=left)
    if answered == 1:
        return _("找到 %(n)s 项候选能力", n=len(steps[0].fits))
    return _("%(n)s 步都有候选", n=answered)


def open_questions(count: int) -> str:
    """The number of open questions in words."""
    if not count:
        return _("无待确认问题")
    return ngettext("%(num)s 个问题待确认", "%(num)s 个问题待确认", count)


def agreement(row: Agreement) -> dict[str, Any]:
    """An agreement in one line."""
    return {
        "title": row.title,
        "href": url_for("agreements.show", key=row.public_id),
        "state": row.state,
        "state_label": labels.label("agreement_state", row.state),
    }


def read(entry: NeedRead, person: Person, house: Organisation | None) -> dict[str, str]:
    """One entry of the read log of an invited need, for its owner."""
    return {
        "name": person.name,
        "organisation": rows.pick(house.name_zh, house.name_en) if house else "",
        "on": rows.moment(entry.created_at),
        "channel": labels.label("channel", entry.channel),
    }


def interest(view: InterestView, agreed: Agreement | None = None) -> dict[str, Any]:
    """An interest for templates, with the agreement that came of it."""
    row = view.row
    return {
        "key": row.public_id,
        "organisation": rows.pick(view.organisation.name_zh, view.organisation.name_en),
        "href": url_for("organisations.show", key=rows.org_key(view.organisation)),
        "owner": rows.pick(view.owner.name_zh, view.owner.name_en) if view.owner else "",
        "contact": view.owner.contact if view.owner and row.state == "accepted" else "",
        "message": row.message,
        "reply": row.reply,
        "state": row.state,
        "state_label": labels.label("interest_state", row.state),
        "own_need": view.own_need,
        "version": row.version,
        "on": rows.day(row.created_at),
        "agreement": agreement(agreed) if agreed is not None else None,
    }
