"""Which of the materials named in a text are worked on, and which are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from collab.needs.extraction.context import Context
from collab.needs.extraction.findings import ByPlace
from collab.needs.extraction.grammar import Grammar
from collab.needs.extraction.terms import Mention, dropped_parents

_SUBSTRATE_NEXT = re.compile(
    r"[\s-]?(?:衬底|基片|晶圆|圆片|substrates?\b|wafers?\b)", re.IGNORECASE
)
_CAPABLE = re.compile(r"具备|掌握|拥有|能力|capab")
_OTHERS_OWN = re.compile(
    r"国外|国内|国际|竞品|友商|同行|业[界内]|市[场面]|文献|论文|进口|海外|产线|平台"
    r"|competitor|literature|commercial|state[- ]of",
    re.IGNORECASE,
)
_LONGEST_NAME = 100
_CARRIER = ("packaging", "mask", "singulation", "planarization", "bonding", "metrology")


class WorkPieces:
    """Sorts the materials of one text."""

    def __init__(self, grammar: Grammar, text: str, folded: str, context: Context) -> None:
        self._grammar = grammar
        self._vocabulary = grammar.vocabulary
        self._text = text
        self._folded = folded
        self._context = context

    def sort(
        self,
        steps: Sequence[Mention],
        named: Sequence[Mention],
        idle: Callable[[Mention], bool],
        told: Callable[[int], bool],
    ) -> tuple[list[Mention], list[Mention]]:
        """Materials asked for, and materials refused."""
        refused: list[Mention] = []
        live: list[Mention] = []
        spare: list[Mention] = []
        passing: list[Mention] = []
        carriers = ByPlace(m for m in steps if m.id.split(".")[0] in _CARRIER)
        for mention in [*named, *self._hidden(steps, named)]:
            if _is_dopant(self._text, mention):
                continue
            if self._context.rejected(mention.start, mention.end):
                refused.append(mention)
            elif _carried(mention, carriers):
                continue
            elif idle(mention):
                spare.append(mention)
            elif told(mention.start):
                passing.append(mention)
            else:
                live.append(mention)
        chosen = live or self._capable(spare) or self._held(passing)
        kept = dropped_parents(chosen, self._vocabulary)
        ids = {m.id for m in kept}
        worked = {m.id: m for m in chosen if m.id not in ids and self._is_work_piece(m)}
        asked = sorted([*kept, *worked.values()], key=lambda m: m.start)
        return asked, self._widened(refused)

    def _is_work_piece(self, mention: Mention) -> bool:
        """InP衬底上长InGaAs: the broader material is the substrate, not a hint at the narrower."""
        return bool(_SUBSTRATE_NEXT.match(self._text, mention.end))

    def _hidden(self, steps: Sequence[Mention], named: Sequence[Mention]) -> list[Mention]:
        """A wafer named as an object names its material (LNOI晶圆)."""
        found = []
        materials = ByPlace(named)
        for mention in steps:
            low, high = mention.start, mention.end
            if mention.id.startswith("wafer.") and not materials.between(low, high):
                inner = self._grammar.terms.materials.find(
                    self._text[low:high], self._folded[low:high]
                )
                found += [
                    Mention("material", e.id, low + i, low + j, "term", 0.9)
                    for i, j, entries in inner
                    for e in entries[:1]
                    if e.kind == "material"
                ]
        return found

    def _capable(self, spare: list[Mention]) -> list[Mention]:
        """From the background only what a partner must be capable of."""
        return [
            m for m in spare
            if _CAPABLE.search(self._text[max(0, m.start - 14) : m.end + 14])
        ]  # fmt: skip

    def _held(self, passing: list[Mention]) -> list[Mention]:
        """Where nothing else is named, the wafers that the asker tells of are worked on."""
        return [
            m for m in passing
            if not _OTHERS_OWN.search(self._text[max(0, m.start - 24) : m.end + 6])
        ]  # fmt: skip

    def _widened(self, mentions: list[Mention]) -> list[Mention]:
        """Refusing a ferroelectric crystal refuses its thin film too."""
        found = {m.id: m for m in mentions}
        for mention in mentions:
            if self._vocabulary.materials[mention.id].kind != "ferroelectric":
                continue
            for child in sorted(self._vocabulary.descendants(mention.id)):
                found.setdefault(
                    child, Mention("material", child, mention.start, mention.end, "narrower", 0.8)
                )
        return list(found.values())


def _carried(mention: Mention, carriers: ByPlace[Mention]) -> bool:
    """A material inside the name of a package part or a tool is not the work piece."""
    around = carriers.between(mention.start - _LONGEST_NAME, mention.start + 1)
    return any(mention.end <= m.end for m in around)


def _is_dopant(text: str, mention: Mention) -> bool:
    """Si in SIMS (Zn, Si): an element looked for, not the work piece."""
    if mention.end - mention.start > 2:
        return False
    opened = text.rfind("(", max(0, mention.start - 20), mention.start)
    return opened >= 0 and bool(_ELEMENTS.match(text, opened))


_ELEMENTS = re.compile(r"\(\s?[A-Z][a-z]?(?:\s?[,/、，]\s?[A-Z][a-z]?){1,6}\s?\)")
