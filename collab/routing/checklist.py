"""Routes as plain data and words, with the checklist: who ships what, in what, to whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from collab.matching.answer import asked_of
from collab.matching.words import both, figure, full_width
from collab.routing.checks import UNKNOWN
from collab.routing.plan import Plan
from collab.routing.route import Handover, Leg, Route
from collab.routing.rules import Checked
from collab.routing.sentences import CARRIERS, KINDS, OPERANDS, ROAD, VERDICTS
from collab.vocabulary.catalog import Vocabulary

Text = dict[str, str]
PIECES = both("样品（形态待确认）", "the pieces (form to be confirmed)")


def state_label(vocabulary: Vocabulary, state: str) -> Text:
    """The name of a state of the piece."""
    entry = vocabulary.raw["chains"]["states"].get(state)
    return both(entry["zh"], entry["en"]) if entry else both("待确认", "to be confirmed")


def _operand(vocabulary: Vocabulary, operand: Any, language: str) -> str:
    if isinstance(operand, dict):
        value = operand["value"]
        parts = [
            _value(vocabulary, part, language)
            for part in (value if isinstance(value, list) else [value])
        ]
        shown = (" / " if language == "en" else "、").join(parts)
        return f"{shown} {operand.get('unit', '')}".strip()
    name = str(operand).split(".", 1)[-1]
    if name in OPERANDS:
        return OPERANDS[name][language == "en"]
    found = vocabulary.label(name, language)
    return found if found != name else name.replace("-", " ")


def _value(vocabulary: Vocabulary, value: Any, language: str) -> str:
    if str(value) in vocabulary.raw["chains"]["states"]:
        name = state_label(vocabulary, str(value))[language]
        return name.lower() if language == "en" else name
    return str(value)


_SAID: dict[tuple[str, ...], dict[str, Any]] = {}
"""Views of verdicts and questions by vocabulary, rule and verdict: there are few of them."""


def rule_view(vocabulary: Vocabulary, checked: Checked) -> dict[str, Any]:
    """A rule's verdict at a hand-over with its reason in both languages; shared, not to be
    changed."""
    key = (vocabulary.version, checked.rule.id, checked.verdict)
    found = _SAID.get(key)
    if found is None:
        found = _SAID[key] = _rule_view(checked)
    return found


def _rule_view(checked: Checked) -> dict[str, Any]:
    rule = checked.rule
    zh, en = VERDICTS[checked.verdict]
    return {
        "rule": rule.id,
        "severity": rule.severity,
        "verdict": checked.verdict,
        "label": both(zh, en),
        "reason": both(rule.reason_zh, rule.reason_en),
        "remedies": list(rule.remedies) if checked.verdict == "fix" else [],
    }


def rule_question(vocabulary: Vocabulary, checked: Checked) -> dict[str, Any]:
    """The question that settles an unknown or a fix without remedy, and who should answer it;
    shared, not to be changed."""
    key = (vocabulary.version, checked.rule.id, checked.asks, "?")
    found = _SAID.get(key)
    if found is None:
        found = _SAID[key] = _rule_question(vocabulary, checked)
    return found


def _rule_question(vocabulary: Vocabulary, checked: Checked) -> dict[str, Any]:
    side = "member" if checked.asks.startswith("piece.") else "provider"
    said = full_width(checked.rule.reason_zh)
    if any(isinstance(v, bool) for v in _literals(checked)):  # nothing to compare but yes and no
        zh, en = f"请确认：{said}", f"Please confirm: {checked.rule.reason_en}"
        return {"rule": checked.rule.id, "to": side, **both(zh, en)}
    parts = {}
    for language in ("zh", "en"):
        left = _operand(vocabulary, checked.left, language)
        right = _operand(vocabulary, checked.right, language)
        parts[language] = (left, right)
    zh = f"请确认{parts['zh'][0]}与{parts['zh'][1]}是否相符：{said}"
    en = f"Please confirm {parts['en'][0]} against {parts['en'][1]}: {checked.rule.reason_en}"
    return {"rule": checked.rule.id, "to": side, **both(zh, en)}


def _literals(checked: Checked) -> Iterable[Any]:
    return (o["value"] for o in (checked.left, checked.right) if isinstance(o, dict))


def _shown(checked: Iterable[Checked]) -> list[Checked]:
    return [c for c in checked if c.verdict != "ok"]


def leg_view(vocabulary: Vocabulary, leg: Leg) -> dict[str, Any]:
    """A leg as data: where, what, how long, what is open."""
    offer, weeks = leg.offer, leg.candidate.weeks
    technique = leg.candidate.done
    return {
        "step": leg.key or None,
        "technique": technique,
        "label": both(vocabulary.label(technique), vocabulary.label(technique, "en")),
        "capability": offer.key,
        "organisation": offer.organisation,
        "capability_name": both(offer.name_zh, offer.name_en),
        "organisation_name": both(offer.organisation_zh, offer.organisation_en),
        "region": offer.place.region,
        "weeks": [weeks.low, weeks.high],
        "weeks_stated": weeks.stated,
        "remedy": leg.remedy or None,
        "class": leg.candidate.klass,
        "score": leg.candidate.score,
        "open_questions": leg.questions,
        "state_after": leg.state or None,
        "price": list(offer.price) if offer.price else None,
        "after": list(leg.before),
        "rules": [rule_view(vocabulary, c) for c in _shown(leg.checked)],
        "asks": [asked_of(vocabulary, j) for j in leg.candidate.asks],
        "questions": [
            rule_question(vocabulary, c) for c in leg.checked if c.verdict in (UNKNOWN, "fix")
        ],
    }


def handover_view(vocabulary: Vocabulary, route: Route, handover: Handover) -> dict[str, Any]:
    """One line of the checklist: who ships what in which form and carrier, and what to settle."""
    sender, receiver = route.legs[handover.sender], route.legs[handover.receiver]
    carrier, zh, en = CARRIERS.get(
        sender.state, ("to-agree", "载具待商定", "a carrier to be agreed")
    )
    known = sender.state in vocabulary.raw["chains"]["states"]
    form = state_label(vocabulary, sender.state) if known else PIECES
    road = ROAD[handover.kind]
    names = [
        (
            s.offer.organisation_zh or s.offer.organisation,
            s.offer.organisation_en or s.offer.organisation,
        )
        for s in (sender, receiver)
    ]
    return {
        "from": handover.sender,
        "to": handover.receiver,
        "sender": sender.offer.organisation,
        "receiver": receiver.offer.organisation,
        "form": sender.state or None,
        "carrier": carrier,
        "kind": handover.kind,
        "weeks": list(handover.weeks),
        "km": None if handover.km is None else round(handover.km),
        "text": both(
            f"{names[0][0]}将{form['zh']}交给{names[1][0]}（{zh}，{road[0]}）",
            f"{names[0][1]} ships {form['en'].lower()} in {_article(en)}{en} to "
            f"{names[1][1]} ({road[1]})",
        ),
        "checks": [rule_view(vocabulary, c) for c in _shown(receiver.checked)],
    }


def _article(carrier: str) -> str:
    return "" if carrier.startswith(("a ", "layout")) else "a "


def _price(route: Route, budget: tuple[float, str] | None) -> dict[str, Any]:
    """What is known of the price by currency; `over` is how far that alone is above the budget."""
    sums: dict[str, float] = {}
    for leg in route.legs:
        if leg.offer.price is not None:
            amount, currency = leg.offer.price
            sums[currency] = sums.get(currency, 0.0) + amount
    over = sums.get(budget[1], 0.0) - budget[0] if budget else 0.0
    return {
        "known": [{"amount": sums[c], "currency": c} for c in sorted(sums)],
        "missing": sum(leg.offer.price is None for leg in route.legs),
        "over": {"amount": over, "currency": budget[1]} if budget and over > 0 else None,
    }


def plan_rules(vocabulary: Vocabulary, plan: Plan, route: Route) -> list[dict[str, Any]]:
    """The rules over the whole plan: enough pieces started, and the critical path in time."""
    found = []
    for rule in vocabulary.rules:
        if rule.evaluable != "plan":
            continue
        verdict = UNKNOWN
        if rule.id == "lead-time-critical-path":
            if plan.need.deadline_weeks is None:
                continue
            verdict = "ok" if route.weeks[1] <= plan.need.deadline_weeks else rule.severity
        elif plan.need.quantity is None:
            continue
        found.append(rule_view(vocabulary, Checked(rule, verdict)))
    return found


def route_view(
    vocabulary: Vocabulary, plan: Plan, route: Route, kind: str, place: int, best: bool
) -> dict[str, Any]:
    """A route as the answer shows it. `pareto` is True when no other route beats it everywhere."""
    zh, en = KINDS[kind]
    low, high = route.weeks
    hands, km, asks = len(route.handovers), route.km, route.open_questions
    return {
        "kind": kind,
        "rank": place,
        "label": both(zh, en),
        "legs": [leg_view(vocabulary, leg) for leg in route.legs],
        "weeks": [low, high],
        "weeks_estimated": route.estimated,
        "handovers": len(route.handovers),
        "km": route.km,
        "km_unknown": route.unknown_places,
        "open_questions": route.open_questions,
        "price": _price(route, plan.need.budget),
        "pareto": best,
        "checklist": [handover_view(vocabulary, route, h) for h in route.handovers],
        "plan_rules": plan_rules(vocabulary, plan, route),
        "summary": both(
            f"{figure(low)}–{figure(high)} 周，交接 {hands} 次，{km} 公里，待确认 {asks} 项",
            f"{figure(low)}–{figure(high)} weeks, {hands} hand-overs, {km} km, "
            f"{asks} open questions",
        ),
    }
