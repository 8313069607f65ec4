"""The vocabulary's interface rules over a piece and the capability that is to take it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from collab.matching.compare import figures
from collab.matching.records import NeedProfile, Offer, Offered
from collab.routing import pieces
from collab.routing.pieces import Memory, Piece, Span, Terms, lookup
from collab.vocabulary.catalog import InterfaceRule, Vocabulary

OK, BAD, UNKNOWN, NONE = "ok", "bad", "unknown", "none"
LEVELS = ("public", "nda", "restricted")

TAKES: Mapping[str, str] = {
    "wafer": "thinned-wafer", "foundry": "thinned-wafer", "epitaxy": "thinned-wafer",
    "lithography": "thinned-wafer", "deposition": "thinned-wafer", "etching": "thinned-wafer",
    "deposition.optical-coating": "die", "deposition.spin-coating": "sub-assembly", "doping": "thinned-wafer", "thermal": "thinned-wafer",
    "planarization": "thinned-wafer", "passivation": "thinned-wafer", "bonding": "thinned-wafer",
    "bonding.eutectic": "die", "thinning": "thinned-wafer", "thinning.lapping": "sub-assembly",
    "etching.substrate-removal": "sub-assembly", "waveguide": "die", "facet": "die",
    "singulation": "die", "packaging.bumping": "thinned-wafer", "packaging.rdl": "thinned-wafer",
    "packaging.tsv": "thinned-wafer", "packaging.tgv": "thinned-wafer",
    "packaging.die-attach": "sub-assembly", "packaging.flip-chip": "sub-assembly",
    "packaging.tec": "packaged-device", "packaging.wire-bond": "packaged-device",
    "packaging.coupling": "packaged-device", "packaging.hermetic-seal": "packaged-device",
    "packaging.form": "packaged-device", "packaging.pluggable-module": "module",
    "packaging": "module", "biointerface": "packaged-device",
}  # fmt: skip
"""The furthest state a technique still takes in (nearest ancestor counts); absent = any."""
MASK_TAKEN: Mapping[str, frozenset[str]] = {
    "lithography.contact": frozenset({"1x plate"}),
    "lithography.stepper": frozenset({"4x reticle", "5x reticle"}),
    "lithography.duv": frozenset({"4x reticle", "5x reticle"}),
}  # fmt: skip
MASKLESS = ("lithography.ebl", "lithography.laser-direct-write", "lithography.two-photon",
            "lithography.holographic", "lithography.nil", "lithography.lift-off")  # fmt: skip
COUPLER_TAKEN: Mapping[str, frozenset[str]] = {
    "packaging.coupling.edge": frozenset({"edge"}),
    "packaging.coupling.grating": frozenset({"grating"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """A rule at a step. `verdict` is ok, unknown, or the rule's severity when it is broken; `left`
    and `right` are what was compared; `asks` names the unknown side (piece.X or next.X)."""

    rule: InterfaceRule
    verdict: str
    left: Any = None
    right: Any = None
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything a rule may look at: the piece, the next capability, what it does, the need."""

    terms: Terms
    piece: Piece
    offer: Offer | None
    technique: str
    need: NeedProfile
    crossing: bool | None = None


@dataclass(frozen=True)
class RuleBook:
    """The rules with the techniques they apply to worked out."""

    terms: Terms
    rules: tuple[InterfaceRule, ...]

    def matches(self, prefixes: tuple[str, ...], technique: str) -> bool:
        """Technique ids match by prefix and by the hierarchy."""
        above = self.terms.vocabulary.ancestors(technique)
        return any(technique == p or technique.startswith(f"{p}.") or p in above for p in prefixes)

    def to_rules(self, technique: str) -> tuple[int, ...]:
        """Places of the rules that look at a step doing this technique."""
        return _to_rules(self, technique)

    def from_bits(self, technique: str) -> int:
        """Bits of the rules whose `from` this technique matches."""
        return _bits(self, technique, 0)

    def remedy_bits(self, technique: str) -> int:
        """Bits of the rules that this technique remedies."""
        return _bits(self, technique, 1)

    def __hash__(self) -> int:
        return hash(self.terms.vocabulary.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuleBook) and other.terms.vocabulary.version == (
            self.terms.vocabulary.version
        )


@lru_cache(maxsize=4096)
def _to_rules(book: RuleBook, technique: str) -> tuple[int, ...]:
    return tuple(
        i
        for i, rule in enumerate(book.rules)
        if rule.evaluable != "plan"
        and (not rule.to_techniques or book.matches(rule.to_techniques, technique))
        and not book.matches(rule.exceptions, technique)
    )


@lru_cache(maxsize=4096)
def _bits(book: RuleBook, technique: str, remedies: int) -> int:
    found = 0
    for i, rule in enumerate(book.rules):
        named = rule.remedies if remedies else rule.from_techniques
        if named and book.matches(named, technique):
            found |= 1 << i
    return found


_BOOKS: dict[int, RuleBook] = {}


def rule_book(vocabulary: Vocabulary) -> RuleBook:
    """The rule book of a vocabulary, worked out once."""
    found = _BOOKS.get(id(vocabulary))
    if found is None or found.terms.vocabulary is not vocabulary:
        if len(_BOOKS) > 4:
            _BOOKS.clear()
        found = _BOOKS[id(vocabulary)] = RuleBook(pieces.terms_of(vocabulary), vocabulary.rules)
    return found


def _stated(sight: Sight, name: str) -> Offered | None:
    return sight.offer.values.get(name) if sight.offer else None


def _best(sight: Sight, name: str) -> float | None:
    """The better end of what the next capability states (at most: low, at least: high)."""
    if name == "final-thickness":
        target = pieces.thinning_target(sight.terms.vocabulary, sight.need, sight.offer)
        if target is not None:
            return target[0]
    offered = _stated(sight, name)
    if offered is None:
        return None
    parameter = sight.terms.vocabulary.parameters[name]
    low, high, _ = figures(parameter, offered)
    ends = (low, high) if parameter.compare == "cap_le_need" else (high, low)
    return next((e for e in ends if not math.isnan(e)), None)


def _piece_span(sight: Sight, name: str) -> Span | None:
    if name == "max-temperature":
        return sight.piece.max_temperature, sight.piece.max_temperature
    if name == "joint-remelt-temperature":
        return sight.piece.remelt, sight.piece.remelt
    return sight.piece.figure(name)


def _literal(operand: Any) -> Any:
    return operand["value"] if isinstance(operand, Mapping) else None


def _number(sight: Sight, operand: Any) -> float | None:
    if isinstance(operand, Mapping):
        return float(operand["value"])
    side, name = operand.split(".", 1)
    if side == "next":
        return _best(sight, name)
    span = _piece_span(sight, name)
    return None if span is None else span[1]


_ORDERED: Mapping[str, Callable[[float, float], bool]] = {
    "le": lambda a, b: a <= b, "lt": lambda a, b: a < b, "ge": lambda a, b: a >= b,
}  # fmt: skip


def _compare(sight: Sight, check: Mapping[str, Any]) -> str:
    left, right = _number(sight, check["left"]), _number(sight, check["right"])
    if math.inf in (left, right) and check["op"] in ("le", "lt") and right == math.inf:
        return OK  # nothing done so far sets a limit
    if left is None or right is None:
        return UNKNOWN
    return OK if _ORDERED[check["op"]](left, right) else BAD


def _slack(check: Mapping[str, Any], value: float) -> float:
    tolerance = check.get("tolerance")
    if not tolerance:
        return 1e-9 * max(1.0, abs(value))
    amount = float(tolerance["value"])
    return abs(value) * amount / 100.0 if tolerance.get("unit") == "percent" else amount


def _diameter(sight: Sight) -> str:
    offered = _stated(sight, "wafer-diameter")
    here = pieces.held(sight.terms.vocabulary, offered) if offered else None
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
        free = any(vocabulary.covers(sight.technique, t) for t in MASKLESS)
        taken = piece.mask_scale if free else lookup(vocabulary, MASK_TAKEN, sight.technique)
        return piece.mask_scale, taken
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
    if name not in pieces.FIGURES:
        have, taken = _names(sight, name)
        return UNKNOWN if have is None or taken is None else OK if have & taken else BAD
    offered = _stated(sight, name)
    if span is None or offered is None:
        return UNKNOWN
    low, high, choices = figures(sight.terms.vocabulary.parameters[name], offered)
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
    low, high, choices = figures(sight.terms.vocabulary.parameters[name], offered)
    if math.isnan(low) and math.isnan(high):
        return UNKNOWN
    slack = _slack(check, span[0])
    if choices and span[0] == span[1]:
        return OK if any(abs(c - span[0]) <= slack for c in choices) else BAD
    return BAD if span[0] < low - slack or span[1] > high + slack else OK


def _is(sight: Sight, check: Mapping[str, Any]) -> str:
    name = check["left"].split(".", 1)[1]
    wanted = bool(_literal(check["right"]))
    if name == "tsv-flow-agreed" or (name == "facet-clean" and name not in sight.piece.flags):
        return UNKNOWN
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
    takes = lookup(terms.vocabulary, TAKES, sight.technique)
    if not piece.state or takes is None or terms.order(piece.state) <= terms.order(takes):
        return OK
    pieces_too = "piece-size" in terms.vocabulary.params_of(sight.technique)
    if pieces_too and piece.state in ("bar", "die"):
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
        least = _best(sight, "min-order-quantity")
        if need.quantity is None:
            return NONE
        return UNKNOWN if least is None else OK if need.quantity[0] >= least else BAD
    if name == "trl":
        have = _best(sight, "trl")
        if need.trl is None:
            return NONE
        return UNKNOWN if have is None else OK if have + 1 >= need.trl[1] else BAD
    if name == "confidentiality":
        if need.level in (None, "public"):
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
    "state": lambda _: True,
    "pad-metal": lambda p: p.pad_metal is not None,
    "mask-scale": lambda p: p.mask_scale is not None,
    "coupler-type": lambda p: p.coupler is not None,
}


def _asks(sight: Sight, rule: InterfaceRule) -> str:
    """Which side left the question open: the piece first, since one answer serves all steps."""
    for operand in (rule.check["left"], rule.check["right"]):
        if isinstance(operand, str) and operand.startswith("piece."):
            name = operand.split(".", 1)[1]
            known = _KNOWN.get(name)
            if not (known(sight.piece) if known else _piece_span(sight, name) is not None):
                return operand
    return f"next.{rule.id}"


def check_rule(sight: Sight, rule: InterfaceRule) -> str:
    """OK, BAD, UNKNOWN or NONE of one rule that applies at this step."""
    left, right = rule.check["left"], rule.check["right"]
    if (isinstance(right, str) and right.startswith("need.")) or left.startswith("need."):
        return _of_need(sight, rule)
    return _OPS[rule.check["op"]](sight, rule.check)


def _outcome(book: RuleBook, sight: Sight, rule: InterfaceRule, bit: int) -> tuple[str, str]:
    """(verdict, side that leaves it open) of a rule that applies; verdict NONE: nothing to say."""
    if rule.exempt_chains and sight.need.chain in rule.exempt_chains:
        return NONE, ""
    found = check_rule(sight, rule)
    if found == UNKNOWN:
        # no hand-over before the first step: nothing to ask yet
        return (NONE, "") if sight.piece.steps == 0 else (UNKNOWN, _asks(sight, rule))
    if found == BAD and rule.severity == "fix" and _mended(book, sight, rule, bit):
        return OK, ""
    return (rule.severity if found == BAD else found), ""


def _verdict(book: RuleBook, sight: Sight, place: int) -> Checked | None:
    rule = book.rules[place]
    if rule.from_techniques and not sight.piece.history & (1 << place):
        return None
    verdict, asks = _outcome(book, sight, rule, 1 << place)
    if verdict == NONE:
        return None
    return Checked(rule, verdict, rule.check["left"], rule.check["right"], asks)


def _mended(book: RuleBook, sight: Sight, rule: InterfaceRule, bit: int) -> bool:
    """A rule about what the next step does is met when a remedy was done before or is done by
    the same capability (a lapping house that bonds its own carriers)."""
    if not str(rule.check["left"]).startswith("next."):
        return False
    own = sight.offer.techniques if sight.offer else ()
    return bool(sight.piece.remedied & bit) or any(book.matches(rule.remedies, t) for t in own)


def check_step(book: RuleBook, sight: Sight) -> list[Checked]:
    """Every rule that applies at this step with its verdict."""
    found = (_verdict(book, sight, place) for place in book.to_rules(sight.technique))
    return [c for c in found if c is not None]


def walk(book: RuleBook, sight: Sight, checked: list[Checked], state: str = "") -> Piece:
    """The piece after the step, with what the rules need to remember of it. `state` is what a
    chain names after the step."""
    asks = frozenset(c.asks for c in checked if c.asks.startswith("piece."))
    return _moved(book, sight, asks, state)


def _moved(book: RuleBook, sight: Sight, asks: frozenset[str], state: str) -> Piece:
    piece = sight.piece
    memory = Memory(
        piece.history | book.from_bits(sight.technique),
        piece.remedied | book.remedy_bits(sight.technique),
        piece.asked | asks if asks else piece.asked,
    )
    return pieces.advance(
        sight.terms, sight.need, piece, sight.technique, sight.offer, memory, state
    )


def step_over(book: RuleBook, sight: Sight, state: str = "") -> tuple[int, Piece] | None:
    """New questions and the piece after the step, None when a rule blocks it: what `check_step`,
    `new_questions` and `walk` say together, for searching."""
    piece = sight.piece
    fresh: set[str] = set()
    asks: set[str] = set()
    for place in book.to_rules(sight.technique):
        rule = book.rules[place]
        if rule.from_techniques and not piece.history & (1 << place):
            continue
        verdict, asked = _outcome(book, sight, rule, 1 << place)
        if verdict == "block":
            return None
        if verdict == "fix":
            fresh.add(rule.id)
        elif verdict == UNKNOWN:
            if asked.startswith("piece."):
                asks.add(asked)
            if rule.severity in ("block", "fix"):
                fresh.add(asked)
    return len(fresh - piece.asked), _moved(book, sight, frozenset(asks), state)


def new_questions(piece: Piece, checked: list[Checked]) -> int:
    """Open questions this step adds: a thing of the piece counts once in a route, and what only
    would warn or inform does not count; a fix counts as one."""
    fresh = set()
    for entry in checked:
        if entry.verdict == "fix":
            fresh.add(entry.rule.id)
        elif entry.verdict == UNKNOWN and entry.rule.severity in ("block", "fix"):
            fresh.add(entry.asks)
    return len(fresh - piece.asked)
