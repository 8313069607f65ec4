"""The answer to a need as templates show it: one language, addresses, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import url_for

from collab.deals.service import InterestView
from collab.web import labels
from collab.web import present as rows
from collab.web.session import language, vocabulary

KINDS = {
    "fastest": ("最快", "Fastest"),
    "fewest": ("交接最少", "Fewest hand-overs"),
    "nearest": ("最近", "Nearest"),
    "surest": ("最稳妥", "Surest"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One criterion with its verdict in words."""

    verdict: str
    label: str
    text: str
    preferred: bool


@dataclass(frozen=True, slots=True)
class CandidateItem:
    """One capability offered for a step."""

    name: str
    href: str
    organisation: str
    klass: str
    score: float
    evidence: str
    status: str
    reasons: list[Reason]
    tally: dict[str, int]
    questions: list[str]
    would_fit_if: list[str]
    parts: list[dict[str, Any]] = field(default_factory=list)


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
    """The sentence of a {zh, en} pair in the asker's language; a plain text as it is."""
    if isinstance(entry, Mapping):
        return str(entry.get(language()) or entry.get("zh") or entry.get("en") or "")
    return str(entry or "")


def _criterion_label(entry: Mapping[str, Any]) -> str:
    name = vocabulary().label(entry["id"], language())
    if name != entry["id"]:
        return name
    words = {"technique": ("技术", "Technique"), "material": ("材料", "Material"),
             "materials": ("材料", "Material"), "status": ("状态", "Status"),
             "region": ("地区", "Region"), "deadline": ("交期", "Deadline"),
             "budget": ("预算", "Budget"), "category": ("类别", "Category")}  # fmt: skip
    zh, en = words.get(entry["id"].partition(":")[0], (entry["id"], entry["id"]))
    return en if language() == "en" else zh


def candidate(entry: Mapping[str, Any]) -> CandidateItem:
    """A candidate for templates."""
    reasons = [
        Reason(c["verdict"], _criterion_label(c), said(c["reason"]), not c.get("hard", True))
        for c in entry["criteria"]
    ]
    tally = {"meets": 0, "unknown": 0, "misses": 0}
    for reason in reasons:
        tally[reason.verdict] = tally.get(reason.verdict, 0) + 1
    return CandidateItem(
        name=said(entry.get("capability_name")) or entry["capability"],
        href=url_for("capabilities.show", key=entry["capability"]),
        organisation=said(entry.get("organisation_name")) or entry["organisation"],
        klass=entry["class"],
        score=entry["score"],
        evidence=entry.get("evidence", ""),
        status=entry.get("status", "operating"),
        reasons=reasons,
        tally=tally,
        questions=[said(q) for q in entry.get("questions") or ()],
        would_fit_if=[said(w) for w in entry.get("would_fit_if") or ()],
        parts=[
            {"label": said(p), "points": p["points"], "weight": p["weight"]}
            for p in entry.get("parts") or ()
        ],
    )


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
        label=said(entry.get("label")) or entry["key"],
        category=entry.get("category") or "",
        state=state,
        note=str(len(fits)),
        href=f"#step-{entry['key']}",
        optional=bool(entry.get("optional")),
        fits=fits,
        near=near,
    )


def _weeks(pair: Sequence[float | None] | None) -> str:
    if not pair:
        return ""
    return rows.weeks(pair[0], pair[1])


def route(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A process route for templates; see templates/components/route.html."""
    zh, en = KINDS.get(entry["kind"], (entry["kind"], entry["kind"]))
    price = entry.get("price")
    km = entry.get("km")
    return {
        "title": en if language() == "en" else zh,
        "weeks": _weeks(entry.get("weeks")),
        "handovers": entry.get("handovers", 0),
        "km": f"{km:,.0f} km" if isinstance(km, int | float) else "",
        "open": len(entry.get("open_questions") or ()),
        "price": said(price) if price else "",
        "href": "",
        "legs": [_leg(leg) for leg in entry["legs"]],
        "questions": [said(q) for q in entry.get("open_questions") or ()],
        "checklist": [said(c) for c in entry.get("checklist") or entry.get("handover") or ()],
    }


def _leg(leg: Mapping[str, Any]) -> dict[str, Any]:
    technique = leg.get("technique") or ""
    term = vocabulary().techniques.get(technique)
    return {
        "step": said(leg.get("label")) or vocabulary().label(technique, language()),
        "category": term.category if term else "",
        "organisation": said(leg.get("organisation_name")) or leg.get("organisation", ""),
        "href": url_for("capabilities.show", key=leg["capability"])
        if leg.get("capability")
        else "",
        "place": said(leg.get("place")),
        "weeks": _weeks(leg.get("weeks")),
        "move": said(leg.get("move")),
        "questions": [said(q) for q in leg.get("questions") or ()],
    }


def gap(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A gap for templates: what kills the step and the smallest change that opens it."""
    return {
        "text": said(entry.get("text") or entry.get("reason") or entry),
        "step": entry.get("step", ""),
        "relaxations": [said(r) for r in entry.get("relaxations") or ()],
        "nearest": [said(n.get("text") or n) for n in entry.get("nearest") or ()],
    }


def questions(found: Sequence[Any]) -> list[str]:
    """Questions to the member in the asker's language."""
    return [said(q) for q in found]


def present(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The whole answer for templates."""
    return {
        "steps": [step(s) for s in answer["steps"]],
        "routes": [route(r) for r in answer["routes"]],
        "gaps": [gap(g) for g in answer["gaps"]],
        "notes": [said(n) for n in answer.get("notes") or ()],
    }


def interest(view: InterestView) -> dict[str, Any]:
    """An interest for templates."""
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
    }
