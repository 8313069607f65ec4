"""The vocabulary's interface rules over a piece and the capability that is to take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from collab.matching.records import NeedProfile
from collab.routing import pieces
from collab.routing.checks import (
    BAD,
    NONE,
    OK,
    UNKNOWN,
    Checker,
    Glance,
    Reads,
    Sight,
    asks,
    checker,
    glance,
    reads,
    silent_about,
)
from collab.routing.pieces import Memory, Piece, Terms
from collab.vocabulary.catalog import InterfaceRule, Vocabulary


class Checked(NamedTuple):
    """A rule at a step. `verdict` is ok, unknown, or the rule's severity when it is broken; `left`
    and `right` are what was compared; `asks` names the unknown side (piece.X or next.X)."""

    rule: InterfaceRule
    verdict: str
    left: Any = None
    right: Any = None
    asks: str = ""


@dataclass(frozen=True, eq=False)
class RuleBook:
    """The rules with the techniques they apply to worked out."""

    terms: Terms
    rules: tuple[InterfaceRule, ...]
    checkers: Mapping[int, Checker] = field(default_factory=dict, repr=False)
    reads: Mapping[int, Reads] = field(default_factory=dict, repr=False)
    glances: Mapping[int, Glance] = field(default_factory=dict, repr=False)
    _applying: dict[Any, tuple[int, ...]] = field(default_factory=dict, repr=False)
    _naming: dict[tuple[str, bool], int] = field(default_factory=dict, repr=False)

    def matches(self, prefixes: tuple[str, ...], technique: str) -> bool:
        """Technique ids match by prefix and by the hierarchy."""
        above = self.terms.vocabulary.ancestors(technique)
        return any(technique == p or technique.startswith(f"{p}.") or p in above for p in prefixes)

    def to_rules(self, technique: str, need: NeedProfile) -> tuple[int, ...]:
        """Places of the rules that look at a step doing this technique for this need."""
        asked = (technique, need.quantity is None, need.trl is None, need.level, need.chain)
        found = self._applying.get(asked)
        if found is None:
            if len(self._applying) > 10_000:
                self._applying.clear()
            found = self._applying[asked] = self._looking(technique, need)
        return found

    def _looking(self, technique: str, need: NeedProfile) -> tuple[int, ...]:
        return tuple(
            i
            for i, rule in enumerate(self.rules)
            if rule.evaluable != "plan"
            and (not rule.to_techniques or self.matches(rule.to_techniques, technique))
            and not self.matches(rule.exceptions, technique)
            and not silent_about(need, rule)
        )

    def from_bits(self, technique: str) -> int:
        """Bits of the rules whose `from` this technique matches."""
        return self._bits(technique, remedies=False)

    def remedy_bits(self, technique: str) -> int:
        """Bits of the rules that this technique remedies."""
        return self._bits(technique, remedies=True)

    def _bits(self, technique: str, remedies: bool) -> int:
        found = self._naming.get((technique, remedies))
        if found is None:
            named = (r.remedies if remedies else r.from_techniques for r in self.rules)
            marks = (1 << i for i, n in enumerate(named) if n and self.matches(n, technique))
            found = self._naming[technique, remedies] = sum(marks)
        return found


_BOOKS: dict[int, RuleBook] = {}


def rule_book(vocabulary: Vocabulary) -> RuleBook:
    """The rule book of a vocabulary, worked out once."""
    found = _BOOKS.get(id(vocabulary))
    if found is None or found.terms.vocabulary is not vocabulary:
        if len(_BOOKS) > 4:
            _BOOKS.clear()
        checkers = {
            i: checker(rule) for i, rule in enumerate(vocabulary.rules) if rule.evaluable != "plan"
        }
        looks = {i: reads(vocabulary.rules[i]) for i in checkers}
        glances = {i: glance(vocabulary.rules[i], 1 << i) for i in checkers}
        found = RuleBook(pieces.terms_of(vocabulary), vocabulary.rules, checkers, looks, glances)
        _BOOKS[id(vocabulary)] = found
    return found


def _outcome(book: RuleBook, sight: Sight, place: int) -> tuple[str, str]:
    """(verdict, side that leaves it open) of a rule that applies; verdict NONE: nothing to say."""
    rule = book.rules[place]
    found = book.checkers[place](sight)
    if found == UNKNOWN:
        # no hand-over before the first step: nothing to ask yet
        return (NONE, "") if sight.piece.steps == 0 else (UNKNOWN, asks(sight, rule))
    if found == BAD and rule.severity == "fix" and _mended(book, sight, rule, 1 << place):
        return OK, ""
    return (rule.severity if found == BAD else found), ""


def _verdict(book: RuleBook, sight: Sight, place: int) -> Checked | None:
    rule = book.rules[place]
    if rule.from_techniques and not sight.piece.history & (1 << place):
        return None
    verdict, asks = _outcome(book, sight, place)
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
    places = book.to_rules(sight.technique, sight.need)
    found = (_verdict(book, sight, place) for place in places)
    return [c for c in found if c is not None]


def walk(book: RuleBook, sight: Sight, checked: list[Checked], state: str = "") -> Piece:
    """The piece after the step, with what the rules need to remember of it. `state` is what a
    chain names after the step."""
    asks = frozenset(c.asks for c in checked if c.asks.startswith("piece."))
    return moved(book, sight, asks, state)


def moved(book: RuleBook, sight: Sight, asks: frozenset[str], state: str) -> Piece:
    """The piece after the step when `asks` of it were asked for."""
    piece = sight.piece
    memory = Memory(
        piece.history | book.from_bits(sight.technique),
        piece.remedied | book.remedy_bits(sight.technique),
        piece.asked | asks if asks else piece.asked,
    )
    return pieces.advance(
        sight.terms, sight.need, piece, sight.technique, sight.offer, memory, state
    )


class Said(NamedTuple):
    """What a rule says at a step, for searching: whether it refuses, the question it leaves open
    (empty: none that counts), and the thing of the piece it asks for."""

    blocked: bool = False
    question: str = ""
    asked: str = ""


SILENT = Said()
REFUSED = Said(blocked=True)


def says(book: RuleBook, sight: Sight, place: int) -> Said:
    """What `check_step` and `new_questions` make of one rule that applies."""
    rule = book.rules[place]
    verdict, asked = _outcome(book, sight, place)
    if verdict == "block":
        return REFUSED
    if verdict == "fix":
        return Said(question=rule.id)
    if verdict != UNKNOWN:
        return SILENT
    counts = rule.severity in ("block", "fix")
    return Said(False, asked if counts else "", asked if asked.startswith("piece.") else "")


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
