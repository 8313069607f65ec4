"""The process chain a need resembles most, the order of its steps and what it leaves unsaid."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from graphlib import TopologicalSorter

from collab.vocabulary.catalog import Chain, ChainStep, Vocabulary

_MAKING = frozenset({"process", "packaging"})
_ENOUGH_STEPS = 3


def resembled(
    vocabulary: Vocabulary, techniques: Collection[str], materials: Collection[str],
    triggers: Mapping[str, int],
) -> str | None:  # fmt: skip
    """The chain named by a device word, or met by several of its steps; None without a making step."""
    making = [t for t in techniques if vocabulary.techniques[t].category in _MAKING]
    if not making:
        return None
    best: tuple[float, str] | None = None
    for chain in vocabulary.chains.values():
        score = _score(vocabulary, chain, making, materials, triggers.get(chain.id, 0))
        if score > 0 and (best is None or score > best[0]):
            best = (score, chain.id)
    return best[1] if best else None


def _score(
    vocabulary: Vocabulary,
    chain: Chain,
    making: Sequence[str],
    materials: Collection[str],
    named: int,
) -> float:
    met = sum(1 for t in making if any(step_meets(vocabulary, s, t) for s in chain.steps))
    fitting = _material_fit(vocabulary, chain, materials)
    if named:
        return 10 * named + met + 2 * fitting
    if _joins_two_kinds(vocabulary, chain, making, materials):
        return 5 + met
    shaping = [t for t in making if vocabulary.techniques[t].category == "process"]
    if met < _ENOUGH_STEPS or len(shaping) < _ENOUGH_STEPS or fitting <= 0 or met < 0.6 * len(making):
        return 0
    return met / len(making) + fitting + met / (10 * len(chain.steps))


def _joins_two_kinds(
    vocabulary: Vocabulary, chain: Chain, making: Sequence[str], materials: Collection[str]
) -> bool:
    """A III-V material bonded or printed onto a silicon one makes the heterogeneous chain."""
    if "iii-v-on-si" not in chain.materials:
        return False
    families = {vocabulary.materials[m].family for m in materials}
    joined = any(t.startswith(("bonding", "transfer")) for t in making)
    return joined and "iii-v" in families and "silicon" in families


def _material_fit(vocabulary: Vocabulary, chain: Chain, materials: Collection[str]) -> float:
    """Share of the chain's materials that the text names; negative when it names only others."""
    if not materials:
        return 0
    wanted = set(chain.materials)
    met = {m for m in materials if m in wanted or wanted & {*vocabulary.ancestors(m)}}
    return len(met) / max(len(wanted), len(set(materials))) if met else -1


def step_meets(vocabulary: Vocabulary, step: ChainStep, technique: str) -> bool:
    """True when the technique is one of the step's, or narrower or broader than one of them."""
    return any(
        vocabulary.covers(technique, t) or vocabulary.covers(t, technique)
        for t in (*step.techniques, *step.alternatives)
    )


def ordered(vocabulary: Vocabulary, chain_id: str | None, techniques: Sequence[str]) -> list[str]:
    """Text order corrected by the chain: steps the chain knows take the chain's order."""
    if chain_id is None:
        return list(techniques)
    rank = _ranks(vocabulary.chains[chain_id])
    known: list[tuple[int, int, str]] = []
    for position, technique in enumerate(techniques):
        at = _position(vocabulary, vocabulary.chains[chain_id], rank, technique)
        if at is not None:
            known.append((at, position, technique))
    queue = [t for _, _, t in sorted(known)]
    chosen = {t for _, _, t in known}
    return [queue.pop(0) if t in chosen else t for t in techniques]


def _ranks(chain: Chain) -> dict[str, int]:
    order = TopologicalSorter({s.key: s.after for s in chain.steps})
    given = {s.key: i for i, s in enumerate(chain.steps)}
    level: dict[str, int] = {}
    after = {s.key: s.after for s in chain.steps}
    for key in order.static_order():
        level[key] = 1 + max((level[a] for a in after.get(key, ()) if a in level), default=0)
    return {k: level[k] * 100 + given.get(k, 0) for k in level}


def _position(
    vocabulary: Vocabulary, chain: Chain, rank: Mapping[str, int], technique: str
) -> int | None:
    exact = [rank[s.key] for s in chain.steps if technique in (*s.techniques, *s.alternatives)]
    near = exact or [rank[s.key] for s in chain.steps if step_meets(vocabulary, s, technique)]
    return min(near) if len(near) == 1 or exact else None


def unsaid(
    vocabulary: Vocabulary, chain_id: str | None, mentioned: Collection[str]
) -> list[ChainStep]:
    """Mandatory steps of the chain that none of the mentioned techniques covers."""
    if chain_id is None:
        return []
    return [
        step
        for step in vocabulary.chains[chain_id].steps
        if step.level == "mandatory" and not any(step_meets(vocabulary, step, t) for t in mentioned)
    ]
