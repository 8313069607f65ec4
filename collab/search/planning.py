"""What a query was found to contain, made into the groups of a plan with their weights."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

from collab.search.analysis import (
    code_words,
    cut,
    phrase_grams,
    pieces,
    quantities,
    term_key,
    words_of,
)
from collab.search.asked_words import also, hints
from collab.search.concepts import Concept
from collab.search.cutting import CutText
from collab.search.documents import ONLY_SAID
from collab.search.function_words import FUNCTION_WORDS
from collab.search.numeric import Numeric
from collab.search.places import Gazetteer, Place
from collab.search.plan import GRAMS, MENTION, TAG, WORDS, Atom, Group, Part, Phrase, Plan, Within

GRAM_WEIGHT = 0.4
PHRASE_BONUS = 3.0
QUOTED = 8.0
TECHNIQUE, MATERIAL, PLACE, SIZE, NUMBER = 40.0, 24.0, 16.0, 12.0, 12.0
NARROWER, ALSO, MENTIONED, MENTIONED_NARROWER = 0.95, 0.6, 0.5, 0.45
HINT = 10.0
AS_WRITTEN, LONGER_BY = 30.0, 3
BROAD = 0.8  # of two techniques asked for, the one that names little counts less
WORDS_OF_CONCEPTS, WORDS_BESIDE = 0.5, 2.0
PRIORS = (
    ("kind:capability", 4.0), ("kind:run", 2.0), ("status:operating", 2.0),
    ("evidence:verified", 0.6), ("evidence:declared", 0.3),
)  # fmt: skip


@dataclass(slots=True)
class Found:
    """What one query's plain text contains; `taken` are the stretches that are understood."""

    folded: str
    concepts: list[Concept]
    numerics: list[Numeric]
    taken: list[tuple[int, int]]
    places: list[Place] = field(default_factory=list)
    refused: list[Concept] = field(default_factory=list)
    nowhere: list[Place] = field(default_factory=list)
    wished: list[Concept] = field(default_factory=list)  # of the concepts: only welcome

    def free(self, start: int, end: int) -> bool:
        """True where nothing is understood."""
        return not any(i < end and start < j for i, j in self.taken)


def refusals(found: Found) -> list[Part]:
    """What the words of a query do not want: what is carried, and where it stands."""
    parts: list[Part] = []
    for concept in found.refused:
        facet = "technique" if concept.technique else "material"
        parts += (Atom(TAG, f"{facet}:{term_id}", flat=True) for term_id in concept.ids)
    for place in found.nowhere:
        parts += (Atom(TAG, f"region:{code}", flat=True) for code in place.codes)
    return parts


def plan_of(found: Found, phrases: Iterable[str], places: Gazetteer, *, wide: bool) -> Plan:
    """The plan of a query's text.

    What must match: acts, else techniques, else materials, else enough of the words. `wide` is
    content with documents that only speak of a term while they carry others.
    """
    asked = _asked([c for c in found.concepts if c not in found.wished])
    words = [*word_groups(found), *_soft_numbers(found), *_named(found, places)]
    must = tuple(
        Group((Phrase(tuple(terms), QUOTED),)) for text in phrases if (terms := phrase_grams(text))
    )
    beside = [_concept(c, found, wide=True) for c in found.concepts if c not in asked]
    there = [places.group(place, PLACE) for place in found.places]
    beside += [*there, *_sizes(found)]
    extra = [*beside, *_hints(found), *_all_words(found)]
    some, minimum = tuple(_concept(c, found, wide=wide) for c in asked), 1
    if asked:
        some += tuple(_as_written(found))
        extra += [*_soft_numbers(found), *([] if wide else _said(asked))]
    elif words:
        some, minimum = tuple(words), _enough(len(words))
        extra = [*beside, Group(tuple(loose_parts(found)), best=False)]
    elif not must:
        some, extra = tuple(beside), []
    extra += [Group((Atom(TAG, tag, weight, flat=True),)) for tag, weight in PRIORS]
    return Plan(must=must, some=some, minimum=minimum, extra=tuple(extra))


def _named(found: Found, places: Gazetteer) -> list[Group]:
    """Where no term is asked for: it stands in the place, or at least says its name."""
    out = []
    for place in found.places:
        said = words_of(found.folded[place.start : place.end])
        parts = (*places.here(place, PLACE), *(Atom(WORDS, word) for word in said))
        out.append(Group(parts))
    return out


def _asked(concepts: Iterable[Concept]) -> list[Concept]:
    """Any one of these has to match; the rest of the query is their topic."""
    techniques = [c for c in concepts if c.technique]
    sure = [c for c in techniques if not c.weak]
    vague = all(c.broad for c in sure)  # then a plain word says more
    for kind in (
        [c for c in techniques if c.act],
        sure and [c for c in techniques if not c.weak or (vague and c.plain and not c.broad)],
        [c for c in techniques if not c.plain],
        [c for c in techniques if not c.broad],
        [c for c in concepts if not c.technique],
    ):
        if kind:
            return kind
    return techniques


@lru_cache(maxsize=1)
def _hinted() -> tuple[list[tuple[str, ...]], AhoCorasick]:
    listed = [(term_key(spelling), ids) for spelling, ids in hints()]
    keys = [key for key, _ in listed]
    return [ids for _, ids in listed], AhoCorasick(keys, matchkind=MatchKind.LeftmostLongest)


def _hints(found: Found) -> list[Group]:
    """A little for the platform in which a device of the query is usually made."""
    meant, automaton = _hinted()
    matches = automaton.find_matches_as_indexes(CutText(found.folded).line)
    return [
        Group(tuple(Atom(TAG, f"material:{term_id}", HINT, flat=True) for term_id in meant[at]))
        for at in dict.fromkeys(match[0] for match in matches)
    ]


def _as_written(found: Found) -> list[Group]:
    """Longer Chinese words around a term (晶圆测试机): what says just that fits too."""
    out = []
    for piece in pieces(found.folded):
        inside = [c for c in found.concepts if piece.start <= c.start and c.end <= piece.end]
        rest = [at for at in range(piece.start, piece.end) if found.free(at, at + 1)]
        if piece.han and len(inside) == 1 and 0 < len(rest) <= LONGER_BY:
            out.append(Group((Phrase(tuple(phrase_grams(piece.text)), AS_WRITTEN),)))
    return out


def _enough(count: int) -> int:
    return count if count <= 2 else math.ceil(count * 0.6)


# ---- terms of the vocabulary


def _weight(concept: Concept) -> float:
    if not concept.technique:
        return MATERIAL
    lesser = concept.broad and not (concept.act or concept.plain)
    return TECHNIQUE * (BROAD if lesser else 1.0)


def _concept(concept: Concept, found: Found, *, wide: bool) -> Group:
    """Carried, or spoken of where nothing is said to be carried (`wide`: anywhere)."""
    weight = _weight(concept)
    facet = "technique" if concept.technique else "material"
    parts: list[Part] = []
    for term_id in concept.ids:
        parts += (
            Atom(TAG, f"exact:{term_id}", weight, flat=True),
            Atom(TAG, f"{facet}:{term_id}", weight * NARROWER, flat=True),
            *_mentioned(term_id, weight, ""),
            *(_mentioned(term_id, weight, ONLY_SAID) if wide else ()),
            *(
                Atom(TAG, f"technique:{other}", weight * ALSO, flat=True)
                for other in also().get(term_id, ())
            ),
        )
    if concept.weak:
        written = found.folded[concept.start : concept.end]
        said = list(dict.fromkeys(words_of(written)))
        whole = len(said) > 1  # 抛光 alone is not 抛光硅片
        parts.append(
            Phrase(tuple(phrase_grams(written)), PHRASE_BONUS) if whole else Atom(WORDS, said[0])
        )
    return Group(tuple(parts))


def _said(concepts: Iterable[Concept]) -> list[Group]:
    """A bonus for what is only spoken of, where something else of the query is carried."""
    return [
        Group(tuple(p for term in c.ids for p in _mentioned(term, _weight(c), ONLY_SAID)))
        for c in concepts
    ]


def _mentioned(term_id: str, weight: float, only: str) -> tuple[Part, Part]:
    return (
        Atom(MENTION, f"{only}={term_id}", weight * MENTIONED, flat=True),
        Atom(MENTION, only + term_id, weight * MENTIONED_NARROWER, flat=True),
    )


# ---- numbers


def _soft_numbers(found: Found) -> list[Group]:
    """Numbers without an operator: known to hold, or at least written in the text."""
    out = []
    for numeric in found.numerics:
        if not numeric.strict:
            written = quantities(found.folded[numeric.start : numeric.end])
            parts = [Atom(WORDS, m.token, NUMBER / 2, flat=True) for m in written]
            out.append(Group((Within(numeric.range, NUMBER), *parts)))
    return out


def sizes_of(found: Found) -> tuple[int, ...]:
    """Wafer sizes written without an operator, in millimetres."""
    return tuple(dict.fromkeys(
        m.wafer_mm for m in quantities(found.folded)
        if m.wafer_mm and not any(n.start < m.end and m.start < n.end for n in found.numerics)
    ))  # fmt: skip


def _sizes(found: Found) -> list[Group]:
    return [
        Group((
            Atom(TAG, f"wafer:{m.wafer_mm}", SIZE, flat=True),
            Atom(WORDS, m.token, SIZE / 2, flat=True),
        ))
        for m in quantities(found.folded) if m.wafer_mm
    ]  # fmt: skip


# ---- words


def word_groups(found: Found) -> list[Group]:
    """One group a plain word outside concepts; function words only when nothing else is."""
    groups: list[tuple[str, Group]] = []
    for piece in pieces(found.folded):
        if not piece.han:
            if found.free(piece.start, piece.end):
                parts = tuple(Atom(WORDS, w) for w in dict.fromkeys(code_words(piece.text)))
                groups.append((piece.text, Group((*parts, *_measure(piece.text)), best=False)))
            continue
        groups += _han_groups(piece.text, piece.start, found)
    content = [group for word, group in groups if word not in FUNCTION_WORDS]
    return (content or [group for _, group in groups if not found.places])[:32]


def _measure(word: str) -> list[Part]:
    return [Atom(WORDS, m.token) for m in quantities(word)]


def _han_groups(run: str, start: int, found: Found) -> list[tuple[str, Group]]:
    places = [p for p in cut(run) if found.free(start + p[1], start + p[2])]
    out = []
    for word, i, j in places:
        if any(a <= i and j <= b and (a, b) != (i, j) for _, a, b in places):
            continue
        parts: list[Part] = [Atom(WORDS, word)]
        if len(word) == 1:
            parts.append(Atom(GRAMS, word, GRAM_WEIGHT, prefix=True))
        elif len(word) == 2:
            parts.append(Atom(GRAMS, word, GRAM_WEIGHT))
        else:
            parts.append(Phrase(tuple(phrase_grams(word)), PHRASE_BONUS))
        out.append((word, Group(tuple(parts), best=False)))
    return out


def loose_parts(found: Found) -> list[Part]:
    """Every word and pair outside concepts, for when too few of the words stand together."""
    parts: dict[Part, None] = {}
    for piece in pieces(found.folded):
        if not piece.han:
            if found.free(piece.start, piece.end) and piece.text not in FUNCTION_WORDS:
                parts |= {Atom(WORDS, w): None for w in code_words(piece.text)}
            continue
        places = [p for p in cut(piece.text) if p[0] not in FUNCTION_WORDS]
        free = [p for p in places if found.free(piece.start + p[1], piece.start + p[2])]
        parts |= {Atom(WORDS, word): None for word, _, _ in free}
        for word, _, _ in free:
            pairs = (word[k : k + 2] for k in range(len(word) - 1))
            parts |= {Atom(GRAMS, pair, GRAM_WEIGHT): None for pair in pairs}
    return list(parts)[:96]


def _all_words(found: Found) -> list[Group]:
    words = [w for w in dict.fromkeys(words_of(found.folded)) if w not in FUNCTION_WORDS]
    rest = "".join(char if found.free(at, at + 1) else " " for at, char in enumerate(found.folded))
    beside = set(words_of(rest))
    parts: list[Part] = [
        Atom(WORDS, w, WORDS_BESIDE if w in beside else WORDS_OF_CONCEPTS) for w in words[:48]
    ]
    return [Group(tuple(parts), best=False)] if parts else []
