"""One interface rule over a piece and the capability that is to take it."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

from collab.matching.records import NeedProfile, Offer, Offered
from collab.routing import pieces
from collab.routing.pieces import Piece, Terms
from collab.routing.tables import COUPLER_TAKEN, FIGURES, MASK_TAKEN, MASKLESS, Span, lookup
from collab.vocabulary.catalog import InterfaceRule

OK, BAD, UNKNOWN, NONE = "ok", "bad", "unknown", "none"
NO_MASK = frozenset({"none"})
LEVELS = ("public", "nda", "restricted")


class Sight(NamedTuple):
    """Everything a rule may look at: the piece, the next capability, what it does, the need."""

    terms: Terms
    piece: Piece
    offer: Offer | None
    technique: str
    need: NeedProfile
    crossing: bool | None = None


Checker = Callable[[Sight], str]


def _stated(sight: Sight, name: str) -> Offered | None:
    return sight.offer.values.get(name) if sight.offer else None


def _best(sight: Sight, name: str) -> float | None:
    """The better end of what the next capability states (at most: low, at least: high)."""
    offered = _stated(sight, name)
    if offered is None:
        return None
    low, high, _ = sight.terms.figures(name, offered)
    parameter = sight.terms.vocabulary.parameters[name]
    ends = (low, high) if parameter.compare == "cap_le_need" else (high, low)
    return next((e for e in ends if not math.isnan(e)), None)


def _next_span(sight: Sight, name: str) -> Span | None:
    """What the next capability can do of `name`, an end it does not state being open."""
    if name == "final-thickness":
        target = pieces.thinning_target(sight.terms, sight.need, sight.offer)
        if target is not None:
            return target
    offered = _stated(sight, name)
    if offered is None:
        return None
    low, high, _ = sight.terms.figures(name, offered)
    if math.isnan(low) and math.isnan(high):
        return None
    return -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high


def _piece_span(sight: Sight, name: str) -> Span | None:
    if name == "max-temperature":
        return sight.piece.max_temperature
    if name == "joint-remelt-temperature":
        return sight.piece.remelt
    return sight.piece.figure(name)


def _literal(operand: Any) -> Any:
    return operand["value"] if isinstance(operand, Mapping) else None


def _span_of(sight: Sight, operand: Any) -> Span | None:
    if isinstance(operand, Mapping):
        return float(operand["value"]), float(operand["value"])
    side, name = operand.split(".", 1)
    return _next_span(sight, name) if side == "next" else _piece_span(sight, name)


_ORDERED: Mapping[str, Callable[[float, float], bool]] = {
    "le": lambda a, b: a <= b, "lt": lambda a, b: a < b, "ge": lambda a, b: a >= b,
}  # fmt: skip


def _compare(sight: Sight, check: Mapping[str, Any]) -> str:
    """A figure against a bound. The next line chooses what it does within what it states, so its
    lowest figure counts; one that states only its highest may go lower, which is a question."""
    have, limit = _span_of(sight, check["left"]), _span_of(sight, check["right"])
    if limit is not None and limit[0] == math.inf:
        return OK  # nothing done so far sets a limit
    if have is None or limit is None:
        return UNKNOWN
    low, high = have
    holds = _ORDERED[check["op"]]
    if check["op"] == "ge":
        return _both(holds(low, limit[1]), holds(high, limit[0]))
    if check["left"].startswith("next.") and low > -math.inf:
        high = low
    return _both(holds(high, limit[0]), holds(low, limit[1]))


def _both(surely: bool, perhaps: bool) -> str:
    return OK if surely else UNKNOWN if perhaps else BAD


def _slack(check: Mapping[str, Any], value: float) -> float:
    tolerance = check.get("tolerance")
    if not tolerance:
        return 1e-9 * max(1.0, abs(value))
    amount = float(tolerance["value"])
    return abs(value) * amount / 100.0 if tolerance.get("unit") == "percent" else amount


def _diameter(sight: Sight) -> str:
    offered = _stated(sight, "wafer-diameter")
    here = pieces.held(sight.terms, offered) if offered else None
    if here is None or sight.piece.diameters is None:
        return UNKNOWN
    return OK if here & sight.piece.diameters else BAD


def _names(sight: Sight, name: str) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    piece, vocabulary = sight.piece, sight.terms.vocabulary
    if name == "pad-metal":
        offered = _stated(sight, name)
        taken = frozenset(map(str, offered.choices)) if offered and offered.choices else None
        return piece.pad_metal, taken
    if name == "mask-scale":
        if any(vocabulary.covers(sight.technique, t) for t in MASKLESS):
            return NO_MASK, NO_MASK
        return piece.mask_scale, lookup(vocabulary, MASK_TAKEN, sight.technique)
    if name == "coupler-type":
        return piece.coupler, lookup(vocabulary, COUPLER_TAKEN, sight.technique)
    return None, None  # delivery format: nobody states it yet


def _in(sight: Sight, check: Mapping[str, Any]) -> str:
    left, right = check["left"], check["right"]
    name = left.split(".", 1)[1]
    if name == "state":
        inside = sight.piece.state in _literal(right)
        return UNKNOWN if not sight.piece.state else OK if inside else BAD
    if name == "wafer-diameter":
        return _diameter(sight)
    span = sight.piece.figure(name)
    if name not in FIGURES:
        have, taken = _names(sight, name)
        if have is None or taken is None:
            return UNKNOWN
        # an etched facet does not say that the chip has no grating coupler beside it
        return OK if have & taken else UNKNOWN if name == "coupler-type" else BAD
    offered = _stated(sight, name)
    if span is None or offered is None:
        return UNKNOWN
    low, high, choices = sight.terms.figures(name, offered)
    slack = _slack(check, span[0])
    for a, b in [(c, c) for c in choices] or [(low, high)]:
        if not span[0] < a - slack and not span[1] > b + slack:
            return OK
    return BAD if choices or not (math.isnan(low) and math.isnan(high)) else UNKNOWN


def _not_in(sight: Sight, check: Mapping[str, Any]) -> str:
    if not sight.piece.state:
        return UNKNOWN
    return BAD if sight.piece.state in _literal(check["right"]) else OK


def _within(sight: Sight, check: Mapping[str, Any]) -> str:
    name = check["left"].split(".", 1)[1]
    span, offered = sight.piece.figure(name), _stated(sight, name)
    if span is None or offered is None:
        return UNKNOWN
    low, high, choices = sight.terms.figures(name, offered)
    if math.isnan(low) and math.isnan(high):
        return UNKNOWN
    slack = _slack(check, span[0])
    if choices and span[0] == span[1]:
        return OK if any(abs(c - span[0]) <= slack for c in choices) else BAD
    return BAD if span[0] < low - slack or span[1] > high + slack else OK


def _is(sight: Sight, check: Mapping[str, Any]) -> str:
    name = check["left"].split(".", 1)[1]
    wanted = bool(_literal(check["right"]))
    if name == "tsv-flow-agreed":
        return UNKNOWN  # nobody but the two lines knows
    return OK if (name in sight.piece.flags) is wanted else BAD


def _disjoint(sight: Sight, _check: Mapping[str, Any]) -> str:
    """Materials the next line processes itself are admitted, whatever the rule of thumb says."""
    vocabulary, offer = sight.terms.vocabulary, sight.offer
    own = [m for m in (offer.materials if offer else ())
           if any(vocabulary.covers(w, m) for w in sight.need.materials)]  # fmt: skip
    admitted = pieces.carried_by(vocabulary, (*own, *_admitted(sight)))
    carried = sight.piece.carried - admitted
    if not carried and not sight.piece.open_metals:
        return OK
    offered = _stated(sight, "excluded-materials")
    if offered is None:
        return UNKNOWN
    refused = frozenset(map(str, offered.choices))
    if carried & refused:
        return BAD
    return UNKNOWN if sight.piece.open_metals and refused else OK


def _admitted(sight: Sight) -> tuple[str, ...]:
    """The need's materials that a listed narrower or equal material stands for."""
    vocabulary = sight.terms.vocabulary
    listed = sight.offer.materials if sight.offer else ()
    return tuple(w for w in sight.need.materials if any(vocabulary.covers(m, w) for m in listed))


def _reaches(sight: Sight, _check: Mapping[str, Any]) -> str:
    terms, piece = sight.terms, sight.piece
    effects = pieces.effects_of(terms, sight.technique)
    if not piece.state:
        return OK if piece.steps == 0 or effects.takes == math.inf else UNKNOWN
    order = terms.order(piece.state)
    if order <= effects.takes:
        return OK
    if order <= effects.takes_below:
        return UNKNOWN  # a kind of what is named takes such a piece, or some lines do
    if effects.loose_pieces and piece.state in ("bar", "die"):
        return OK if _stated(sight, "piece-size") is not None else UNKNOWN
    return BAD


_OPS: Mapping[str, Callable[[Sight, Mapping[str, Any]], str]] = {
    "le": _compare, "lt": _compare, "ge": _compare, "in": _in, "not_in": _not_in,
    "within": _within, "is": _is, "disjoint": _disjoint, "reaches": _reaches,
}  # fmt: skip


def _of_need(sight: Sight, rule: InterfaceRule) -> str:
    """Rules that compare the next capability with the need; NONE when the need asks nothing."""
    name = rule.check["left"].split(".", 1)[1]
    need = sight.need
    if rule.id == "moq-per-step":
        if need.quantity is None:
            return NONE
        least = _next_span(sight, "min-order-quantity") or (-math.inf, math.inf)
        low, high = least if least[0] == -math.inf else (least[0], least[0])
        return _both(high <= need.quantity[0], low <= need.quantity[0])
    if name == "trl":
        if need.trl is None:
            return NONE
        have = _best(sight, "trl")
        return UNKNOWN if have is None else OK if have + 1 >= need.trl[1] else BAD
    if name == "confidentiality":
        if _guarded(need) is None:
            return NONE
        offered = _stated(sight, name)
        ranks = [LEVELS.index(str(c)) for c in (offered.choices if offered else ()) if c in LEVELS]
        return UNKNOWN if not ranks else OK if max(ranks) >= LEVELS.index(str(need.level)) else BAD
    if sight.crossing is None:
        return NONE if sight.piece.steps == 0 else UNKNOWN
    return BAD if sight.crossing else OK


_KNOWN: Mapping[str, Callable[[Piece], bool]] = {
    "wafer-diameter": lambda p: p.diameters is not None,
    "carried-materials": lambda _: True,
    "state": lambda p: p.state != "",
    "pad-metal": lambda p: p.pad_metal is not None,
    "mask-scale": lambda p: p.mask_scale is not None,
    "coupler-type": lambda p: p.coupler is not None,
}


def asks(sight: Sight, rule: InterfaceRule) -> str:
    """Which side left the question open: the piece first, since one answer serves all steps."""
    for operand in (rule.check["left"], rule.check["right"]):
        if isinstance(operand, str) and operand.startswith("piece."):
            name = operand.split(".", 1)[1]
            known = _KNOWN.get(name)
            if not (known(sight.piece) if known else _piece_span(sight, name) is not None):
                return operand
    return f"next.{rule.id}"


class Reads(NamedTuple):
    """All that a rule looks at of the next capability: parameters, and whether its materials and
    its further techniques matter."""

    names: frozenset[str]
    materials: bool
    techniques: bool


def reads(rule: InterfaceRule) -> Reads:
    """What a rule reads: two capabilities alike in it get the same verdict on the same piece."""
    names = {o.split(".", 1)[1] for o in (rule.check["left"], rule.check["right"])
             if isinstance(o, str) and o.split(".", 1)[0] in ("piece", "next")}  # fmt: skip
    operation = rule.check["op"]
    if operation == "reaches":
        names.add("piece-size")
    return Reads(frozenset(names), operation == "disjoint", rule.severity == "fix")


Glance = Callable[[Piece], Hashable]
_SEEN: Mapping[str, Glance] = {
    "wafer-diameter": lambda p: p.diameters,
    "carried-materials": lambda p: (p.carried, p.open_metals),
    "state": lambda p: p.state,
    "pad-metal": lambda p: p.pad_metal,
    "mask-scale": lambda p: p.mask_scale,
    "coupler-type": lambda p: p.coupler,
    "max-temperature": lambda p: p.max_temperature,
    "joint-remelt-temperature": lambda p: p.remelt,
}


def glance(rule: InterfaceRule, bit: int) -> Glance:
    """What a rule (`bit`: of its remedies) reads of the piece: two pieces alike in it get the same
    verdict from the same capability."""
    names = [o.split(".", 1)[1] for o in (rule.check["left"], rule.check["right"])
             if isinstance(o, str) and o.startswith("piece.")]  # fmt: skip
    seen = [_SEEN.get(name) or _figure_or_flag(name) for name in names]
    mends = bit if rule.severity == "fix" else 0
    return lambda p: (p.steps == 0, p.remedied & mends, *[see(p) for see in seen])


def _figure_or_flag(name: str) -> Glance:
    return lambda p: (p.figure(name), name in p.flags)


def checker(rule: InterfaceRule) -> Checker:
    """What gives OK, BAD, UNKNOWN or NONE of a rule that applies at a step."""
    left, right = rule.check["left"], rule.check["right"]
    if (isinstance(right, str) and right.startswith("need.")) or left.startswith("need."):
        return lambda sight: _of_need(sight, rule)
    operation, check = _OPS[rule.check["op"]], rule.check
    return lambda sight: operation(sight, check)


def silent_about(need: NeedProfile, rule: InterfaceRule) -> bool:
    """True for a rule that has nothing to say to this need at any step."""
    if need.chain in rule.exempt_chains:
        return True
    if rule.id == "moq-per-step":
        return need.quantity is None
    wanted = {"next.trl": need.trl, "next.confidentiality": _guarded(need)}
    return rule.check["left"] in wanted and wanted[rule.check["left"]] is None


def _guarded(need: NeedProfile) -> str | None:
    return None if need.level in (None, "public") else need.level


def rule_operands(rule: InterfaceRule) -> str:
    """A rule's comparison as one readable line."""
    shown = []
    for operand in (rule.check["left"], rule.check["right"]):
        if isinstance(operand, Mapping):
            shown.append(f"{operand['value']} {operand.get('unit', '')}".strip())
        else:
            shown.append(str(operand))
    return f"{shown[0]} {rule.check['op']} {shown[1]}"
