"""The process chain a need resembles most, the order of its steps and what it leaves unsaid."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from graphlib import TopologicalSorter

from collab.vocabulary.catalog import Chain, ChainStep, Vocabulary

_MAKING = frozenset({"process", "packaging"})
_ENOUGH_STEPS = 3
_TWO_KINDS = "iii-v-on-si"


class ChainIndex:
    """The process chains of a vocabulary with the techniques that meet each step."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._meets: dict[tuple[str, str], frozenset[str]] = {}
        self._rank: dict[str, dict[str, int]] = {}
        for chain in vocabulary.chains.values():
            self._rank[chain.id] = _ranks(chain)
            for step in chain.steps:
                self._meets[chain.id, step.key] = self._meeting(step)
        self._any = {
            c.id: frozenset().union(*(self._meets[c.id, s.key] for s in c.steps))
            for c in vocabulary.chains.values()
        }

    def _meeting(self, step: ChainStep) -> frozenset[str]:
        """Techniques that are one of the step's, or narrower or broader than one of them."""
        found: set[str] = set()
        for technique in (*step.techniques, *step.alternatives):
            found |= self._vocabulary.descendants(technique)
            found |= set(self._vocabulary.ancestors(technique))
        return frozenset(found)

    def resembled(
        self, techniques: Collection[str], materials: Collection[str], named: Mapping[str, int]
    ) -> str | None:
        """The chain of a device named in the text, or one met by several steps and materials.

        None when nothing is to be made or assembled.
        """
        kinds = self._vocabulary.techniques
        making = [t for t in techniques if kinds[t].category in _MAKING]
        best: tuple[float, str] | None = None
        for chain in self._vocabulary.chains.values() if making else ():
            score = self._score(chain, making, materials, named.get(chain.id, 0))
            if score > 0 and (best is None or score > best[0]):
                best = (score, chain.id)
        return best[1] if best else None

    def _score(
        self, chain: Chain, making: Sequence[str], materials: Collection[str], named: int
    ) -> float:
        met = [t for t in making if t in self._any[chain.id]]
        fitting = self._material_fit(chain, materials)
        if named:
            return 10 * named + len(met) + 2 * fitting
        if self._joins_two_kinds(chain, making, materials):
            return 5 + len(met)
        shaping = [t for t in met if self._vocabulary.techniques[t].category == "process"]
        if len(shaping) < _ENOUGH_STEPS or fitting <= 0 or len(met) < 0.6 * len(making):
            return 0
        return len(met) / len(making) + fitting + len(met) / (10 * len(chain.steps))

    def _joins_two_kinds(
        self, chain: Chain, making: Sequence[str], materials: Collection[str]
    ) -> bool:
        """A III-V material bonded or printed onto a silicon one makes the heterogeneous chain."""
        if _TWO_KINDS not in chain.materials:
            return False
        families = {self._vocabulary.materials[m].family for m in materials}
        joined = any(t.startswith(("bonding", "transfer")) for t in making)
        return joined and "iii-v" in families and "silicon" in families

    def _material_fit(self, chain: Chain, materials: Collection[str]) -> float:
        """Share of the chain's materials the text names; negative when it names only others."""
        if not materials:
            return 0
        wanted = set(chain.materials)
        met = {m for m in materials if m in wanted or wanted & {*self._vocabulary.ancestors(m)}}
        return len(met) / max(len(wanted), len(set(materials))) if met else -1

    def ordered(self, chain_id: str | None, techniques: Sequence[str]) -> list[str]:
        """Text order corrected by the chain: steps the chain knows take the chain's order."""
        if chain_id is None:
            return list(techniques)
        known = []
        for position, technique in enumerate(techniques):
            at = self._position(self._vocabulary.chains[chain_id], technique)
            if at is not None:
                known.append((at, position, technique))
        queue = [t for _, _, t in sorted(known)]
        chosen = set(queue)
        return [queue.pop(0) if t in chosen else t for t in techniques]

    def _position(self, chain: Chain, technique: str) -> int | None:
        rank = self._rank[chain.id]
        exact = [rank[s.key] for s in chain.steps if technique in (*s.techniques, *s.alternatives)]
        near = exact or [
            rank[s.key] for s in chain.steps if technique in self._meets[chain.id, s.key]
        ]
        return min(near) if exact or len(near) == 1 else None

    def unsaid(self, chain_id: str | None, mentioned: Collection[str]) -> list[ChainStep]:
        """Mandatory steps of the chain that none of the mentioned techniques covers."""
        if chain_id is None:
            return []
        return [
            step
            for step in self._vocabulary.chains[chain_id].steps
            if step.level == "mandatory"
            and not self._meets[chain_id, step.key].intersection(mentioned)
        ]


def _ranks(chain: Chain) -> dict[str, int]:
    """Position of each step along the chain's graph; steps of one depth keep their order."""
    order = TopologicalSorter({s.key: s.after for s in chain.steps})
    given = {s.key: i for i, s in enumerate(chain.steps)}
    after = {s.key: s.after for s in chain.steps}
    depth: dict[str, int] = {}
    for key in order.static_order():
        depth[key] = 1 + max((depth[a] for a in after.get(key, ()) if a in depth), default=0)
    return {k: depth[k] * 100 + given.get(k, 0) for k in depth}
