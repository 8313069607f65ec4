"""The whole answer page: the sentence that sums it up, its steps, routes and gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import url_for

from collab.questions.rules import handover_topic, topic_of
from collab.web import answers
from collab.web import present as rows
from collab.web.answers import region_name, said
from collab.web.session import language, vocabulary
from collab.web.translated import _, ngettext

KINDS = ("fastest", "fewest", "nearest", "surest", "pareto")
MORE = 6


def kind_label(kind: str) -> str:
    """What a route is best at, in words."""
    words = {
        "fastest": _("最快"), "fewest": _("交接最少"), "nearest": _("最近"),
        "surest": _("最有把握"), "pareto": _("折中"),
    }  # fmt: skip
    return words.get(kind, kind)


def _kilometres(value: float | None) -> str:
    return f"{value:,.0f} km" if isinstance(value, int | float) else ""


def _money(one: Mapping[str, Any]) -> str:
    return f"{one['currency']} {one['amount']:,.0f}"


def price(entry: Mapping[str, Any] | None, legs: int) -> str:
    """The sum of what is known of the price, for how many steps it is not, and what is too much."""
    entry = entry or {}
    known, missing, over = entry.get("known"), entry.get("missing", 0), entry.get("over")
    if not known:
        return _("价格待询")
    text = " + ".join(map(_money, known))
    if missing:
        text = _("已知价格 %(sum)s（另 %(n)s 步待询）", sum=text, n=min(missing, legs))
    return _("%(price)s，超出预算 %(over)s", price=text, over=_money(over)) if over else text


def rule_questions(
    found: Iterable[Mapping[str, Any]], rules: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Open hand-over rules as questions, with who can settle them."""
    return [
        {"text": rules.get(q.get("rule", "")) or said(q), "own": q.get("to") == "member",
         "topic": handover_topic(q.get("rule", ""))}
        for q in found
    ]  # fmt: skip


def leg(entry: Mapping[str, Any], seen: set[str]) -> dict[str, Any]:
    """A leg for templates; a question asked before is not asked again."""
    rules = {r["rule"]: said(r["reason"]) for r in entry.get("rules") or ()}
    found = [
        {"text": said(q), "own": False, "topic": topic_of(entry.get("step"), q["criterion"])}
        for q in entry.get("asks") or () if q is not None
    ]  # fmt: skip
    found += rule_questions(entry.get("questions") or (), rules)
    marks = [("" if q["own"] else entry["capability"]) + str(q["text"]) for q in found]
    fresh = [q for q, mark in zip(found, marks, strict=True) if mark not in seen]
    seen.update(marks)
    technique = vocabulary().techniques.get(entry.get("technique") or "")
    weeks = entry.get("weeks") or (None, None)
    return {
        "key": entry["capability"],
        "house": entry.get("organisation", ""),
        "step": said(entry.get("label")),
        "category": technique.category if technique else "",
        "organisation": said(entry.get("organisation_name")) or entry.get("organisation", ""),
        "href": url_for("capabilities.show", key=entry["capability"]),
        "capability": said(entry.get("capability_name")),
        "place": region_name(entry.get("region") or ""),
        "weeks": rows.weeks(weeks[0], weeks[1]),
        "estimated": not entry.get("weeks_stated"),
        "remedy": bool(entry.get("remedy")),
        "move": "",
        "open": answers.open_questions(len(fresh)) if fresh else "",
        "asks": fresh,
        "minds": [said(r["reason"]) for r in entry.get("rules") or ()
                  if r["verdict"] in ("warn", "info", "fix")],
    }  # fmt: skip


def handover(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One line of the checklist."""
    weeks = entry.get("weeks") or (None, None)
    return {
        "text": said(entry["text"]),
        "facts": " · ".join(x for x in (_kilometres(entry.get("km")), rows.weeks(*weeks)) if x),
        "checks": [
            {"verdict": "unknown" if c["verdict"] == "unknown" else "near",
             "word": said(c["label"]), "text": said(c["reason"])}
            for c in entry.get("checks") or ()
        ],
    }  # fmt: skip


def route(entry: Mapping[str, Any], titles: Sequence[str] = ()) -> dict[str, Any]:
    """A process route for templates; see templates/components/route.html."""
    seen: set[str] = set()
    legs = [leg(one, seen) for one in entry["legs"]]
    checklist = entry.get("checklist") or ()
    for one in checklist:
        sender, receiver = entry["legs"][one["from"]], entry["legs"][one["to"]]
        where = region_name(receiver.get("region") or "") or said(receiver.get("organisation_name"))
        if sender is not receiver:
            parts = [f"→ {where}", _kilometres(one.get("km"))]
            legs[one["from"]]["move"] = " · ".join(p for p in parts if p)
    weeks = entry.get("weeks") or (None, None)
    open_count = sum(len(one["asks"]) for one in legs)
    return {
        "title": " · ".join(titles) or kind_label(entry["kind"]),
        "weeks": rows.weeks(weeks[0], weeks[1]),
        "estimated": bool(entry.get("weeks_estimated")),
        "handovers": entry.get("handovers", 0),
        "km": _kilometres(entry.get("km")) if entry.get("handovers") else "",
        "open": open_count,
        "price": price(entry.get("price"), len(legs)),
        "pareto": bool(entry.get("pareto")),
        "who": " → ".join(dict.fromkeys(one["organisation"] for one in legs)),
        "href": "",
        "address": ",".join(f"{one['step']}:{one['capability']}" for one in entry["legs"]
                            if one.get("step")),
        "legs": legs,
        "houses": _houses(legs),
        "checklist": [handover(one) for one in checklist],
        "plan": [
            {"verdict": "unknown" if r["verdict"] == "unknown" else "near",
             "word": said(r["label"]), "text": said(r["reason"])}
            for r in entry.get("plan_rules") or () if r["verdict"] != "ok"
        ],
    }  # fmt: skip


def _houses(legs: Sequence[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Who has something to confirm, with the legs it is about, in the order of the route."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in legs:
        if any(not q["own"] for q in one["asks"]):
            found.setdefault(one["organisation"], []).append(one)
    return list(found.items())


def merged(found: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], list[str], int]]:
    """Every different route once: (route, what it is best at, its best rank), best first."""
    kept: dict[tuple[Any, ...], tuple[Mapping[str, Any], list[str], int]] = {}
    for entry in found:
        key = tuple((one["capability"], one.get("step")) for one in entry["legs"])
        rank = entry.get("rank", 1)
        first, titles, best = kept.get(key, (entry, [], rank))
        if rank == 1 and entry["kind"] != "pareto":
            titles = [*titles, kind_label(entry["kind"])]
        kept[key] = (first, titles, min(best, rank))
    return sorted(kept.values(), key=lambda k: (not k[1], k[2]))


def routes(found: Sequence[Mapping[str, Any]]) -> tuple[list[Any], list[Any]]:
    """(the best route of every kind, a few others)."""
    best: list[Any] = []
    more: list[Any] = []
    for entry, titles, _rank in merged(found):
        if titles:
            best.append(route(entry, titles))
        elif len(more) < MORE:
            more.append(route(entry, [kind_label("pareto") if entry.get("pareto") else _("备选")]))
    return best, more


def _deadline(answer: Mapping[str, Any], first: Mapping[str, Any] | None) -> str:
    """Whether the fastest route keeps the deadline, where both are known."""
    limit = (answer["need"].get("deadline") or {}).get("weeks")
    weeks = (first or {}).get("weeks")
    if not limit or not weeks or weeks[0] is None:
        return ""
    asked = rows.weeks(limit, limit)
    if weeks[1] is not None and weeks[1] <= limit:
        return _("在 %(weeks)s的期限之内", weeks=asked)
    if weeks[0] > limit:
        return _("按估算会超过 %(weeks)s的期限", weeks=asked)
    return _("能否赶上 %(weeks)s的期限要看各家排期", weeks=asked)


def _fastest(found: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((r for r in found if r["kind"] == "fastest"), found[0] if found else None)


def _way(
    best: Sequence[Mapping[str, Any]],
    gaps: Sequence[Mapping[str, Any]],
    openings: Sequence[Mapping[str, Any]],
) -> str:
    if best:
        first = best[0]
        hands = ngettext("交接 %(num)s 次", "交接 %(num)s 次", first["handovers"])
        parts = [_("最快路线 %(weeks)s", weeks=first["weeks"]), hands,
                 answers.open_questions(first["open"])]  # fmt: skip
        return (", " if language() == "en" else "，").join(parts)
    if any(g["routes"] or g["rules"] for g in gaps):
        if openings or any(g["relaxations"] for g in gaps):
            return _("但没有一条路线能直接走通，原因和最小的调整见下")
        return _("但没有一条路线能直接走通，原因见下")
    return ""


def headline(
    answer: Mapping[str, Any],
    steps: Sequence[answers.StepItem],
    best: Sequence[Mapping[str, Any]],
    gaps: Sequence[Mapping[str, Any]],
    openings: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """The answer in one sentence, with what to mind."""
    if not steps:
        return {"text": "", "mind": "", "state": "misses"}
    sure = best and all(s.state == "meets" or s.optional for s in steps)
    state = "meets" if sure else "unknown" if any(s.fits for s in steps) else "near"
    parts = [answers.coverage(steps), _way(best, gaps, openings)]
    mark = "; " if language() == "en" else "；"
    end = "." if language() == "en" else "。"
    mind = _deadline(answer, _fastest(answer["routes"])) if best else ""
    if best and best[0]["estimated"]:
        mind = (mind + mark if mind else "") + _("周期含估算，只用于排序")
    if not best and openings and openings[0]["route"]:
        mind = _("最小的调整：%(change)s，就有完整路线", change=openings[0]["text"])
    mind = mind[:1].upper() + mind[1:]
    return {"text": mark.join(p for p in parts if p) + end, "mind": mind, "state": state}


def present(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The whole answer for templates."""
    steps = [answers.step(s) for s in answer["steps"]]
    best, more = routes(answer["routes"])
    gaps = []
    for entry in answer["gaps"]:
        shown = answers.gap(entry)
        shown["routes"] = routes(entry.get("routes") or ())[0][:2]
        shown["label"] = next((s.label for s in steps if s.key == shown["step"]), "")
        gaps.append(shown)
    openings = [answers.opening(one) for one in answer.get("openings") or ()]
    return {
        "headline": headline(answer, steps, best, gaps, openings),
        "steps": steps,
        "routes": best,
        "more_routes": more,
        "gaps": gaps,
        "openings": openings,
        "notes": [said(n) for n in answer.get("notes") or ()],
    }


def addressed(page: dict[str, Any], need: str) -> dict[str, Any]:
    """The presented answer of a stored need: every route with the address under which it lasts."""
    for one in (*page["routes"], *page["more_routes"]):
        one["href"] = url_for("routes.show", key=need, legs=one["address"])
    return page
