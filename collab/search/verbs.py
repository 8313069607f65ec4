"""What is asked for by words that only count beside others: 刻GaN, 镀200nm金, 光刻机厂家."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from collab.search.analysis import cut, is_han, pieces
from collab.search.asked_words import table
from collab.search.concepts import Concept

_METAL = re.compile(
    r"[金银铜铝钛镍铂铬钨]|(?:ti|au|ni|al|cu|cr|pt|ag|w)(?![a-z])(?:/(?:ti|au|ni|al|cu|cr|pt|ag))*"
)
_BETWEEN = re.compile(r"(?:一层|个)?\s*(?:\d[\d.]*\s*(?:nm|纳米|um|μm|微米)\s*厚?的?)?\s*")


@dataclass(frozen=True, slots=True)
class _Verb:
    ids: tuple[str, ...]
    signs: frozenset[str]
    materials: frozenset[str]  # empty: whatever the material is


@dataclass(frozen=True, slots=True)
class _Trade:
    ids: tuple[str, ...]
    words: re.Pattern[str]


@lru_cache(maxsize=1)
def _verbs() -> tuple[_Verb, ...]:
    plain = table()
    return tuple(
        _Verb(tuple(v["ids"]), frozenset(v["zh"]), frozenset(v.get("materials", ())))
        for v in plain["verbs"]
    )


@lru_cache(maxsize=1)
def _trades() -> tuple[_Trade, ...]:
    plain = table()
    return tuple(
        _Trade(tuple(t["ids"]), re.compile(f"(?<=[{''.join(t['after'])}])(?:{'|'.join(t['zh'])})"))
        for t in plain["trades"]
    )  # fmt: skip


def told_by_others(folded: str, concepts: Sequence[Concept]) -> list[Concept]:
    """What single verbs before a material or a metal ask for, and words of trade after a machine.

    Only where nothing else is read.
    """
    return [*_done_to(folded, concepts), *_traded(folded, concepts)]


def _traded(folded: str, concepts: Sequence[Concept]) -> list[Concept]:
    return [
        Concept(trade.ids, match.start(), match.end(), technique=True, act=True)
        for trade in _trades() for match in trade.words.finditer(folded)
        if not any(
            c.start < match.end() and match.start() < c.end and not c.plain for c in concepts
        )
    ]  # fmt: skip


def _done_to(folded: str, concepts: Sequence[Concept]) -> list[Concept]:
    signs = frozenset().union(*(verb.signs for verb in _verbs()))
    materials = {c.start: c.ids for c in concepts if not c.technique}
    found = []
    for at in _single(folded):
        if folded[at] not in signs or any(c.start <= at < c.end for c in concepts):
            continue
        thing = _BETWEEN.match(folded, at + 1)
        begins = thing.end() if thing else at + 1
        ids = materials.get(begins, () if _METAL.match(folded, begins) else None)
        verb = None if ids is None else _meant(folded[at], ids)
        if verb is not None:
            found.append(Concept(verb.ids, at, at + 1, technique=True, weak=True, plain=True))
    return found


def _meant(sign: str, ids: Iterable[str]) -> _Verb | None:
    known = (v for v in _verbs() if sign in v.signs)
    return next((v for v in known if not v.materials or not v.materials.isdisjoint(ids)), None)


def _single(folded: str) -> Iterable[int]:
    """Where single characters stand that are words of their own."""
    for piece in pieces(folded):
        if piece.han and is_han(piece.text):
            yield from (piece.start + i for _, i, j in cut(piece.text) if j - i == 1)
