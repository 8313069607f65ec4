"""The interface rules of the vocabulary, read one by one by the slow second opinion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from collab.matching.records import NeedProfile
from tests.unit.slow_routes import (
    CHAINS,
    EXCEPTIONS,
    MATERIALS,
    MAYBE,
    NAMED,
    NO,
    ORDER,
    TECHNIQUES,
    YES,
    Span,
    Stop,
    Thing,
    after,
    chain_states,
    contaminants,
    first,
    kilometres,
    level,
    line_up,
    meet,
    numbers,
    params,
    sizes_of,
    target,
    under,
)

RULES = [r for r in CHAINS["rules"] if r["evaluable"] != "plan"]
ROAD = CHAINS["logistics_weeks"]
LEVELS = ("public", "nda", "restricted")
FAR = 20_015


def fires(rule: dict[str, Any], thing: Thing, technique: str, need: NeedProfile) -> bool:
    """ANY earlier step matches `from` and the step under test matches `to`."""
    sources, goals = rule["applies"]["from"], rule["applies"]["to"]
    if (goals and not under(technique, goals)) or under(technique, rule.get("exceptions") or ()):
        return False
    if need.chain in (rule.get("exempt_chains") or ()):
        return False
    return not sources or any(under(t, sources) for t, _ in thing.done)


def ordered(low: float, high: float, limit: Span) -> str:
    """A chosen figure of [low, high] at most what [limit] says."""
    if low > -math.inf:
        return YES if low <= limit[0] else NO if low > limit[1] else MAYBE
    return YES if high <= limit[0] else MAYBE


def compared(rule: dict[str, Any], thing: Thing, stop: Stop, need: NeedProfile) -> str:
    """le, lt and ge."""
    left, op, right = rule["check"]["left"], rule["check"]["op"], rule["check"]["right"]
    if left.startswith("piece."):
        span = thing.figures.get(left[6:])
        if span is None:
            return MAYBE
        limit = right["value"]
        return YES if span[1] <= limit else NO if span[0] > limit else MAYBE
    name = left[5:]
    stated = numbers(stop.offer.values.get(name))
    if name == "final-thickness" and target(need, stop.offer) is not None:
        wanted = target(need, stop.offer) or (0.0, 0.0)
        stated = (*wanted, ())
    if op == "ge":
        if stated is None:
            return MAYBE
        limit = right["value"]
        return YES if stated[0] >= limit else NO if stated[1] < limit else MAYBE
    bound: Span | None
    if isinstance(right, dict):
        bound = (right["value"], right["value"])
    elif right == "piece.max-temperature":
        bound = thing.heat
    elif right == "piece.joint-remelt-temperature":
        bound = thing.melt
    else:
        bound = thing.figures.get(right[6:])
    if bound is not None and bound[0] == math.inf:
        return YES
    if stated is None or bound is None:
        return MAYBE
    found = ordered(stated[0], stated[1], bound)
    if op == "lt" and stated[0] in bound:
        return NO if stated[0] == bound[1] else MAYBE
    return found


def states(thing: Thing, good: set[str]) -> str:
    if not thing.states:
        return MAYBE
    return YES if thing.states <= good else MAYBE if thing.states & good else NO


def inside(rule: dict[str, Any], thing: Thing, stop: Stop) -> str:
    """in and not_in."""
    left, right = rule["check"]["left"], rule["check"]["right"]
    if left == "piece.state":
        named = set(right["value"])
        return states(thing, named if rule["check"]["op"] == "in" else set(ORDER) - named)
    if left == "piece.wafer-diameter":
        here = sizes_of(stop.offer)
        if here is None or thing.sizes is None:
            return MAYBE
        return YES if here & thing.sizes else NO
    if left == "piece.mask-scale":
        if under(stop.done, ("lithography.ebl", "lithography.laser-direct-write",
                             "lithography.two-photon", "lithography.holographic")):  # fmt: skip
            return YES
        taken = {"1x plate"} if under(stop.done, ("lithography.contact",)) else None
        if under(stop.done, ("lithography.stepper", "lithography.duv")):
            taken = {"4x reticle", "5x reticle"}
        if taken is None or not thing.masks:
            return MAYBE
        return YES if taken & thing.masks else NO
    if left == "piece.coupler-type":
        return YES if thing.edge and under(stop.done, ("packaging.coupling.edge",)) else MAYBE
    if left == "piece.pad-metal":
        stated = stop.offer.values.get("pad-metal")
        if stated is None or not stated.choices or thing.pad is None:
            return MAYBE
        return YES if set(stated.choices) & thing.pad else NO
    if left == "piece.delivery-format":
        return MAYBE
    return windowed(rule, thing, stop)


def windowed(rule: dict[str, Any], thing: Thing, stop: Stop) -> str:
    """A figure of the piece inside a window, or among a list, of the next capability."""
    name = rule["check"]["left"][6:]
    span, stated = thing.figures.get(name), numbers(stop.offer.values.get(name))
    if span is None or stated is None:
        return MAYBE
    room = rule["check"].get("tolerance") or {"value": 0, "unit": ""}
    slack = span[0] * room["value"] / 100 if room.get("unit") == "percent" else room["value"]
    slack += 1e-9 * max(1.0, abs(span[0]))
    low, high, listed = stated
    if listed and (span[0] == span[1] or rule["check"]["op"] == "in"):
        return YES if any(c - slack <= span[0] and span[1] <= c + slack for c in listed) else NO
    return YES if low - slack <= span[0] and span[1] <= high + slack else NO


def clean_line(thing: Thing, stop: Stop, need: NeedProfile) -> str:
    """contamination-list: what the line works on itself it admits, whatever the rule of thumb."""
    own = [
        m for m in stop.offer.materials if any(w in line_up(m) or m == w for w in need.materials)
    ]
    # a line for the family of what is wanted holds what the family brings
    own += [m for m in stop.offer.materials if any(m in line_up(w) for w in need.materials)]
    carried = thing.carried - contaminants(m for m in own if m in MATERIALS)
    if not carried and not thing.odd_metal:
        return YES
    stated = stop.offer.values.get("excluded-materials")
    if stated is None:
        return MAYBE
    refused = set(map(str, stated.choices))
    if carried & refused:
        return NO
    return MAYBE if thing.odd_metal and refused else YES


def reached(thing: Thing, stop: Stop) -> str:
    """The piece only moves forward; a line that states sizes of pieces takes loose ones."""
    if not thing.states or TECHNIQUES[stop.done]["category"] not in ("process", "packaging"):
        return MAYBE  # measuring and designing take what there is
    into, out, _ = chain_states(stop.done, None)
    highest = max((ORDER[s] for s in into if s != "report"), default=None)
    if highest is not None and all(ORDER[s] <= highest for s in thing.states):
        return YES if stop.done in NAMED else MAYBE
    limit = max((level(s) for s in into | out if s != "report"), default=None)
    backwards = limit is not None and all(level(s) > max(limit, 1) for s in thing.states)
    inside = TECHNIQUES[stop.done]["category"] == "packaging" and thing.states != {"module"}
    if (
        not backwards
        or inside
        or under(stop.done, ("mask", "cleaning"))
        or under(stop.done, EXCEPTIONS)
        or "piece-size" in params(stop.done)
    ):
        return MAYBE
    return NO


def aged(thing: Thing, stop: Stop, crossed: bool) -> str:
    """Shipping takes longer than a day: whatever crosses organisations after its last etch, or
    clean, needs a clean; one right before at the same place is what the rule asks for."""
    here = stop.offer.organisation_id
    if thing.done and under(thing.done[-1][0], ("cleaning",)) and thing.done[-1][1] == here:
        return YES
    for technique, organisation in reversed(thing.done):
        if organisation != here:
            return NO
        if under(technique, ("etching", "lithography", "cleaning")):
            break
    return NO if crossed else MAYBE


def of_need(rule: dict[str, Any], stop: Stop, need: NeedProfile) -> str | None:
    """Rules about what the need asks; None when it asks nothing."""
    values = stop.offer.values
    if rule["id"] == "moq-per-step":
        least = numbers(values.get("min-order-quantity"))
        if need.quantity is None:
            return None
        return MAYBE if least is None else ordered(*least[:2], (need.quantity[0],) * 2)
    if rule["id"] == "trl-minimum":
        have = values.get("trl")
        if need.trl is None:
            return None
        if have is None or not have.choices:
            return MAYBE
        return YES if max(int(c) for c in have.choices) >= need.trl[1] else NO
    if need.level in (None, "public"):
        return None
    kept = values.get("confidentiality")
    if kept is None or not kept.choices:
        return MAYBE
    best = max(LEVELS.index(str(c)) for c in kept.choices)
    return YES if best >= LEVELS.index(str(need.level)) else NO


def judged(rule: dict[str, Any], thing: Thing, stop: Stop, need: NeedProfile,
           crossed: bool, border: bool | None) -> str | None:  # fmt: skip
    """YES, NO or MAYBE of a rule that fires; None when it has nothing to say."""
    op, name = rule["check"]["op"], rule["id"]
    if name in ("moq-per-step", "trl-minimum", "confidentiality-highest"):
        return of_need(rule, stop, need)
    if name == "cross-border":
        return None if not thing.done else MAYBE if border is None else NO if border else YES
    if name == "regrowth-surface-age":
        return aged(thing, stop, crossed)
    if name in ("grating-crystal-orientation", "tsv-timing"):
        return MAYBE
    if name == "contamination-list":
        return clean_line(thing, stop, need)
    if op == "reaches":
        found = reached(thing, stop)
        # what a line takes in is for it to say: that it is asked is never wrong
        return stop.takes if MAYBE in (found, stop.takes) else found
    if op == "is":
        return (
            YES
            if thing.facts.get(rule["check"]["left"][6:], False) is rule["check"]["right"]["value"]
            else NO
        )
    if op in ("in", "not_in"):
        return inside(rule, thing, stop)
    if op == "within":
        return windowed(rule, thing, stop)
    return compared(rule, thing, stop, need)


def verdicts(
    thing: Thing, stop: Stop, need: NeedProfile, crossed: bool, border: bool | None
) -> dict[str, str]:
    """Rule -> ok, unknown, or its severity when it is broken."""
    found: dict[str, str] = {}
    for rule in RULES:
        if not fires(rule, thing, stop.done, need):
            continue
        verdict = judged(rule, thing, stop, need, crossed, border)
        if (
            verdict == NO
            and rule["severity"] == "fix"
            and rule["check"]["left"].startswith("next.")
        ):
            own = any(under(t, rule["remedies"]) for t in stop.offer.techniques)
            if own or any(under(t, rule["remedies"]) for t, _ in thing.done):
                verdict = YES  # what is asked of the next step stays; the remedy was what it takes
        if verdict is None or (verdict == MAYBE and not thing.done):
            continue
        found[rule["id"]] = rule["severity"] if verdict == NO else verdict
    return found


def open_side(rule: dict[str, Any], thing: Thing) -> str:
    """Whose answer is missing: a thing of the piece is asked once, else it is the next line."""
    for operand in (rule["check"]["left"], rule["check"]["right"]):
        if not isinstance(operand, str) or not operand.startswith("piece."):
            continue
        name = operand[6:]
        known = {
            "wafer-diameter": thing.sizes is not None, "carried-materials": True,
            "state": bool(thing.states), "pad-metal": thing.pad is not None,
            "mask-scale": bool(thing.masks), "max-temperature": True,
            "joint-remelt-temperature": True,
        }.get(name, name in thing.figures)  # fmt: skip
        if not known:
            return operand
    return f"next.{rule['id']}"


BY_ID = {r["id"]: r for r in RULES}


@dataclass(frozen=True)
class Walked:
    """A route walked to its end: the rules at every stop, and its totals."""

    rules: tuple[dict[str, str], ...]
    weeks: Span
    handovers: int
    km: int
    lost: int
    questions: int
    stated: float
    middle: float

    @property
    def broken(self) -> bool:
        """A hand-over on it is not possible."""
        return any(v == "block" for found in self.rules for v in found.values())

    @property
    def mendable(self) -> bool:
        return any(v == "fix" for found in self.rules for v in found.values())

    def rank(self, objective: str) -> tuple[float, ...]:
        """What an objective sorts by; a place nobody knows counts as the far side of the globe."""
        weeks, hands, asks = round(self.middle, 2), self.handovers, self.questions
        return {"fastest": (weeks, hands, asks), "fewest": (hands, weeks, asks),
                "nearest": (self.km + FAR * self.lost, hands, weeks),
                "surest": (asks, weeks, hands)}[objective]  # fmt: skip


def road(one: Stop, other: Stop) -> tuple[Span, float | None, bool | None]:
    """(weeks, km, whether a border is crossed) between two different organisations."""
    km = kilometres(one.offer.place, other.offer.place)
    if km is not None and km <= 2.0:
        return (0.0, 0.0), km, False
    countries = one.offer.place.country, other.offer.place.country
    if not all(countries):
        return (ROAD["same_country"][0], ROAD["cross_border"][1]), km, None
    crossed = countries[0] != countries[1]
    low, high = ROAD["cross_border" if crossed else "same_country"]
    return (float(low), float(high)), km, crossed


def walk_route(need: NeedProfile, stops: Sequence[Stop]) -> Walked:
    """Every rule at every stop, and what the whole costs."""
    things: list[Thing] = []
    rules: list[dict[str, str]] = []
    ends: list[Span] = []
    stated: list[float] = []
    middles: list[float] = []
    hands = lost = questions = km = 0
    for stop in stops:
        thing = meet([things[b] for b in stop.before] or [first(need)])
        crossed, border = False, False if stop.before else None
        low = high = late = middle = 0.0
        for b in stop.before:
            weeks, way, over = (0.0, 0.0), 0.0, False
            if stops[b].offer.organisation_id != stop.offer.organisation_id:
                weeks, way, over = road(stops[b], stop)
                hands, crossed = hands + 1, True
                km, lost = km + round(way or 0.0), lost + (way is None)
            border = None if over is None or border is None else border or over
            low, high = max(low, ends[b][0] + weeks[0]), max(high, ends[b][1] + weeks[1])
            late, middle = max(late, stated[b]), max(middle, middles[b] + sum(weeks))
        found = verdicts(thing, stop, need, crossed, border)
        fresh, piece = set(), set()
        for name, verdict in found.items():
            if verdict == "fix":
                fresh.add(name)
            elif verdict == MAYBE:
                side = open_side(BY_ID[name], thing)
                piece |= {side} if side.startswith("piece.") else set()
                if BY_ID[name]["severity"] in ("block", "fix"):
                    fresh.add(side)
        questions += len(fresh - thing.asked) + stop.asks
        rules.append(found)
        ends.append((low + stop.weeks[0], high + stop.weeks[1]))
        middles.append(middle + sum(stop.weeks))
        stated.append(late + (stop.weeks[0] if stop.stated else 0.0))
        things.append(replace(after(thing, need, stop), asked=thing.asked | piece))
    total = (max((e[0] for e in ends), default=0.0), max((e[1] for e in ends), default=0.0))
    return Walked(tuple(rules), total, hands, km, lost, questions, max(stated, default=0.0),
                  max(middles, default=0.0))  # fmt: skip
