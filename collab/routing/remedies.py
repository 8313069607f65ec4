"""Capabilities that mend a broken hand-over: the remedy of a rule as a step of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from collab.matching.compare import WAFER
from collab.matching.engine import explain, find
from collab.matching.prepare import StepAsk, fits_of, prepare_step
from collab.matching.records import NeedProfile, Offer, Step
from collab.matching.rules import Class
from collab.matching.score import chord_km, unit_vector
from collab.matching.snapshot import Snapshot
from collab.matching.verdicts import Verdict
from collab.routing.pieces import held
from collab.routing.rules import Checked, rule_book
from collab.vocabulary.catalog import Vocabulary

Remedy = tuple[str, Verdict]
Finder = Callable[[Checked, Offer | None, Offer], list[Remedy]]
CONSIDERED = 40


@dataclass
class Remedies:
    """Looks remedies up in a snapshot, keeping what it found for the next route."""

    vocabulary: Vocabulary
    snapshot: Snapshot
    need: NeedProfile
    _found: dict[str, list[Remedy]] = field(default_factory=dict)

    def __call__(self, checked: Checked, before: Offer | None, after: Offer) -> list[Remedy]:
        """The capabilities that offer a remedy of a broken rule, the nearest first: those at one
        of the two organisations, then by the way to them."""
        usable = [r for r in self._offered(checked) if self._helps(checked, r[1].offer, after)]
        return sorted(usable, key=lambda r: _way(r[1].offer, before, after))

    def _offered(self, checked: Checked) -> list[Remedy]:
        found = self._found.get(checked.rule.id)
        if found is None:
            found = [r for t in checked.rule.remedies for r in self._of_technique(t)]
            self._found[checked.rule.id] = found
        return found

    def _of_technique(self, technique: str) -> list[Remedy]:
        ask = self._ask(technique)
        ranked = find(self.vocabulary, self.snapshot, ask, CONSIDERED, 0)
        verdicts = (explain(self.vocabulary, self.snapshot, ask, f) for f in ranked)
        return [(v.done, v) for v in verdicts if v is not None and v.klass is not Class.NEAR]

    def _ask(self, technique: str) -> StepAsk:
        """Only hard limits on who may be asked hold for a remedy; the step's figures do not."""
        need = replace(self.need, steps=(Step("remedy", (technique,)),), criteria=(), trl=None)
        ask = prepare_step(self.vocabulary, need, 0)
        exact = {t: f for t, f in fits_of(self.vocabulary, (technique,)).items() if f[0] >= 2}
        return replace(ask, fits=exact)

    def _helps(self, checked: Checked, remedy: Offer, after: Offer) -> bool:
        """A change of diameter must end at one that the next step holds, where both say theirs."""
        if checked.rule.id != "wafer-diameter-match":
            return True
        made, taken = remedy.values.get(WAFER), after.values.get(WAFER)
        if made is None or taken is None:
            return True
        terms = rule_book(self.vocabulary).terms
        here, there = held(terms, made), held(terms, taken)
        return here is None or there is None or bool(here & there)


def _way(remedy: Offer, before: Offer | None, after: Offer) -> tuple[int, float, str]:
    moves = int(remedy.organisation_id != after.organisation_id)
    moves += int(before is not None and remedy.organisation_id != before.organisation_id)
    there = unit_vector(remedy.place.lat, remedy.place.lon)
    km = 0.0
    for other in (before, after):
        here = unit_vector(other.place.lat, other.place.lon) if other else None
        km += 20_000.0 if here is None or there is None else chord_km(here, there)
    return moves, km, remedy.key
