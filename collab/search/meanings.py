"""Which of the terms found in a query it asks for, where one says more than another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from collab.search.concepts import Concept
from collab.vocabulary.catalog import Vocabulary

_NO_STEPS = {"wafer", "foundry", "material-growth", "service", "design", "equipment", "compute"}
_VAGUE = {"foundry", "packaging", "test", "metrology", "design", "equipment", "service"}


class Meanings:
    """Weighs terms of one query against each other."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._objects = set(vocabulary.raw["techniques"]["supply_cue_required"]["ids"])

    def most_specific(self, concepts: Iterable[Concept]) -> list[Concept]:
        """Without those whose meaning is broader than another concept's of the same text.

        An abbreviation that is hardly known for its term gives way to terms of another kind. A
        plain word that says more than a term it belongs to takes its place.
        """
        listed = list(concepts)
        sure = {root for c in listed if c.technique and not c.weak for root in self._roots(c)}
        if sure or any(c.act for c in listed):
            listed = [
                c for c in listed
                if c.act or c.plain or not (c.weak and c.technique) or self._roots(c) & sure
            ]  # fmt: skip
        listed = [replace(c, ids=self._told_apart(c, listed)) for c in listed]
        listed = self._without_vague(self._without_objects(listed), sure)
        above = {up for c in listed for up in self._above(c)}
        told = {i for c in listed if not c.plain for i in c.ids}
        return [
            replace(c, plain=False, weak=False, broad=False)
            if c.plain and told & self._above(c) else c
            for c in listed if not above.issuperset(c.ids)
        ]  # fmt: skip

    def contradicts(self, refused: Concept, wanted: Iterable[Concept]) -> bool:
        """True when what is refused is asked for as well, itself or something below it."""
        return any({*c.ids, *self._above(c)} & {*refused.ids} for c in wanted)

    def without(self, wanted: Iterable[Concept], refused: Iterable[Concept]) -> list[Concept]:
        """Of several meanings not the one that is refused: bonding except wire bonding."""
        unwanted = {i for c in refused for i in c.ids}
        out = []
        for concept in wanted:
            left = tuple(i for i in concept.ids if i not in unwanted)
            out.append(replace(concept, ids=left) if left and len(concept.ids) > 1 else concept)
        return out

    def _without_objects(self, listed: list[Concept]) -> list[Concept]:
        """Wafers are what is worked on where the text names a step for them (外延片检测)."""
        named = {root for c in listed if c.technique for root in self._roots(c)}
        if not named - _NO_STEPS:
            return listed
        return [c for c in listed if not (c.technique and self._objects.issuperset(c.ids))]

    def _without_vague(self, listed: list[Concept], sure: set[str]) -> list[Concept]:
        """Plain words count beside terms that say little, and say more than they do.

        Beside other terms they only tell which of several meanings is meant.
        """
        terms = [c for c in listed if c.technique and not c.plain]
        if not terms:
            return listed
        vague = all(_VAGUE.issuperset(c.ids) for c in terms)
        return [
            c for c in listed
            if not c.plain or self._roots(c) & sure
            or (vague and not c.broad)
        ]  # fmt: skip

    def _told_apart(self, concept: Concept, others: Iterable[Concept]) -> tuple[str, ...]:
        """Of several meanings those that another term of the text has too, or stands above.

        So polish means something else beside facets, and 键合机 beside the name of its maker.
        """
        named = {i for other in others if other is not concept for i in other.ids}
        shared = tuple(i for i in concept.ids if named & {i, *self._vocabulary.ancestors(i)})
        return shared or concept.ids

    def _above(self, concept: Concept) -> set[str]:
        return {up for i in concept.ids for up in self._vocabulary.ancestors(i)}

    def _roots(self, concept: Concept) -> set[str]:
        return {(i, *self._vocabulary.ancestors(i))[-1] for i in concept.ids}
