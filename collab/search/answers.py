"""A search from query to page: corrections, weaker queries, reasons, highlights, suggestions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from collab.search.analysis import code_words, fold, is_han, phrase_grams, pieces
from collab.search.documents import Document
from collab.search.facets import COUNTED
from collab.search.highlight import Highlight, Marker
from collab.search.plan import GRAMS, TAG, WORDS, Atom, Group, Phrase, Plan, Raw, RawHit, Want
from collab.search.query import Parsed, QueryParser, SearchQuery
from collab.search.results import Hit, Relaxation, Result, Suggestion, Way, Why
from collab.search.spelling import Speller

if TYPE_CHECKING:
    from collab.search.backend import Backend

MAX_LIMIT = 200
FACET_VALUES = 60
LOOSE_SHARE = 0.4
MAX_CORRECTED = 80
MAX_SEEN = 5_000
MAX_COMPLETIONS = 60


class _Seen:
    """Which words and pairs stand in what one reader may see; asked only where a doubt arises."""

    def __init__(self, backend: Backend, labels: frozenset[str]) -> None:
        self._backend, self._labels = backend, labels

    def word(self, word: str) -> bool:
        """True when the word, in whatever form, is seen."""
        return any(self._backend.counts(WORDS, code_words(word), self._labels).values())

    @cache  # noqa: B019 - lives as long as one query
    def run(self, run: str) -> bool:
        """True when the characters, two or more, are seen side by side."""
        if len(run) == 2:
            return any(self._backend.counts(GRAMS, (run,), self._labels).values())
        plan = Plan(must=(Group((Phrase(tuple(phrase_grams(run))),)),))
        return self._backend.execute(plan, self._labels, Want(limit=0)).total > 0

    def beginning(self, first: str) -> list[str]:
        """Words that are seen and begin like this."""
        return list(self._backend.prefixed(GRAMS, first, self._labels, MAX_SEEN))


class Answers:
    """Answers queries with any engine; keeps nothing of a reader between searches."""

    def __init__(self, parser: QueryParser) -> None:
        self._parser = parser
        self._vocabulary = parser.vocabulary
        self._speller = Speller(parser.vocabulary, parser.recogniser)
        self._completions = _completions(parser)

    def search(self, backend: Backend, query: SearchQuery, labels: frozenset[str]) -> Result:
        """The wanted page."""
        better = self._correction(backend, query, labels)
        asked = replace(query, text=better) if better and query.correct else query
        parsed = self._parser.parse(asked)
        raw, way = self._raw(backend, parsed, labels, self._want(asked, parsed.plan))
        return Result(
            hits=tuple(self._hits(raw.hits, parsed)), total=raw.total,
            facets=_sorted_facets(raw.facets), query=query, parsed=parsed,
            did_you_mean=(better,) if better and asked is query else (),
            corrected=better if asked is not query else None, way=way,
            mentioned=self._mentioned(backend, parsed, labels, raw.total, way),
            relaxations=() if raw.total else self._relaxations(backend, asked, parsed, labels),
            there=tuple(_there(raw, place.ids) for place in parsed.places),
        )  # fmt: skip

    def everything(
        self,
        backend: Backend,
        query: SearchQuery,
        labels: frozenset[str],
        most: int,
        *,
        strict: bool = False,
    ) -> tuple[RawHit, ...]:
        """At most `most` hits in the order of the page, without counts and marks.

        `strict` keeps to the text as typed and to all of its words.
        """
        better = None if strict else self._correction(backend, query, labels)
        asked = replace(query, text=better) if better and query.correct else query
        parsed = self._parser.parse(asked)
        want = replace(self._want(asked, parsed.plan), offset=0, limit=most, facets=())
        if strict:
            return backend.execute(parsed.plan, labels, want).hits
        return self._raw(backend, parsed, labels, want)[0].hits

    @staticmethod
    def _raw(
        backend: Backend, parsed: Parsed, labels: frozenset[str], want: Want
    ) -> tuple[Raw, Way]:
        """What is found, and in which way: as asked, only mentioned, or fewer words."""
        raw = backend.execute(parsed.plan, labels, want)
        if raw.total:
            return raw, "asked"
        if parsed.wide is not None:
            return backend.execute(parsed.wide, labels, want), "mentioned"
        if not parsed.loose or not parsed.plan.some:
            return raw, "asked"
        least = max(1, math.ceil(len(parsed.loose) * LOOSE_SHARE))
        weaker = replace(parsed.plan, some=parsed.loose, minimum=least)
        return backend.execute(weaker, labels, want), "fewer"

    @staticmethod
    def _mentioned(
        backend: Backend, parsed: Parsed, labels: frozenset[str], total: int, way: Way
    ) -> int:
        """How many more only speak of what was asked."""
        if parsed.wide is None or parsed.wide == parsed.plan or way != "asked":
            return 0
        return max(0, backend.execute(parsed.wide, labels, Want(limit=0)).total - total)

    @staticmethod
    def _want(query: SearchQuery, plan: Plan) -> Want:
        """Without words there is no relevance: the newest come first."""
        browsing = query.sort == "relevance" and not (plan.must or plan.some)
        return Want(
            offset=max(0, query.offset), limit=max(0, min(query.limit, MAX_LIMIT)),
            sort="fresh" if browsing else query.sort, origin=query.origin, facets=COUNTED,
        )  # fmt: skip

    # ---- corrections and weaker queries

    def _correction(
        self, backend: Backend, query: SearchQuery, labels: frozenset[str]
    ) -> str | None:
        """The query without its obvious typing errors; words a reader can see are never errors."""
        if any(c in query.text for c in ':"<>=') or len(query.text) > MAX_CORRECTED:
            return None
        seen = _Seen(backend, labels)
        return self._speller.correct(query.text, seen.word, seen.run, seen.beginning)

    def _relaxations(
        self, backend: Backend, query: SearchQuery, parsed: Parsed, labels: frozenset[str]
    ) -> tuple[Relaxation, ...]:
        out = []
        for left_out, weaker in self._weaker(query, parsed):
            total = backend.execute(
                self._parser.parse(weaker).plan, labels, Want(limit=0)
            ).total  # fmt: skip
            if total:
                out.append(Relaxation(left_out, weaker, total))
        return tuple(out[:4])

    def _weaker(self, query: SearchQuery, parsed: Parsed) -> list[tuple[str, SearchQuery]]:
        """The query without filters, without conditions, and one level up in the vocabulary."""
        out = []
        if query.filters or query.kinds:
            out.append(("filters", replace(query, filters={}, kinds=())))
        plan = parsed.plan
        words = " ".join(e.written for e in parsed.expansions) or " ".join(parsed.plain)
        if (plan.ranges or plan.filters or plan.exclude) and words not in ("", query.text):
            out.append(("conditions", SearchQuery(text=words, sort=query.sort)))
        ids = [i for e in parsed.expansions for i in e.ids]
        for above in (self._vocabulary.ancestors(i)[:1] for i in ids):
            out += [
                (f"broader:{a}", SearchQuery(text=self._vocabulary.label(a), sort=query.sort))
                for a in above
            ]
        if len(parsed.expansions) > 1:
            out += [("part", SearchQuery(text=e.written)) for e in parsed.expansions]
        return out[:6]

    # ---- hits

    def _hits(self, raw: tuple[RawHit, ...], parsed: Parsed) -> list[Hit]:
        marker = Marker(parsed.marks)
        out = []
        for hit in raw:
            document = Document.from_json(hit.stored)
            highlight = Highlight(
                marker.mark(document.title_zh), marker.mark(document.title_en),
                marker.snippet(document.body),
            )  # fmt: skip
            why = self._why(document, parsed, highlight)
            out.append(Hit(hit.key, hit.score, document, highlight, why))
        return out

    def _why(self, document: Document, parsed: Parsed, highlight: Highlight) -> tuple[Why, ...]:
        wanted = [i for e in parsed.expansions for i in e.ids]
        found: dict[Why, None] = {}
        for kind, ids in (("technique", document.techniques), ("material", document.materials)):
            found |= {
                Why(kind, carried): None
                for carried in ids if any(self._vocabulary.covers(carried, w) for w in wanted)
            }  # fmt: skip
        stated = (c.parameter for c in parsed.conditions if c.parameter in document.values)
        found |= {Why("parameter", parameter): None for parameter in stated}
        if not found:
            pieces_ = (*highlight.title_zh, *highlight.title_en, *highlight.snippet)
            found |= {Why("words", text): None for text, marked in pieces_ if marked}
        return tuple(found)[:6]

    # ---- suggestions

    def suggest(
        self, backend: Backend, text: str, labels: frozenset[str], limit: int
    ) -> list[Suggestion]:
        """Vocabulary terms that contain what was typed, then titles of visible documents."""
        typed = fold(text).strip()[:60]
        if not typed:
            return []
        fits = [c for c in self._completions if typed in c[0]][:MAX_COMPLETIONS]
        fits.sort(key=lambda c: not c[0].startswith(typed))
        counts = backend.counts(TAG, [f"{facet}:{i}" for _, _, facet, i in fits], labels)
        out: dict[str, Suggestion] = {}
        for _, label, facet, term_id in fits:
            seen = counts.get(f"{facet}:{term_id}", 0)
            if seen and term_id not in out and len(out) < limit:
                out[term_id] = Suggestion(label, facet, term_id, seen)
        return [*out.values(), *self._titles(backend, typed, labels, limit - len(out))]

    def _titles(
        self, backend: Backend, typed: str, labels: frozenset[str], limit: int
    ) -> list[Suggestion]:
        last = list(pieces(typed))[-4:]
        groups = tuple(
            Group((Atom(GRAMS, p.text[:2] if p.han else p.text, prefix=True),)) for p in last
        )
        if not groups or limit <= 0:
            return []
        raw: Raw = backend.execute(Plan(must=groups), labels, Want(limit=limit * 4))
        out = []
        for hit in raw.hits:
            document = Document.from_json(hit.stored)
            title = document.title_zh or document.title_en
            if typed in fold(document.title):
                out.append(Suggestion(title, document.kind, document.key, 1))
        return out[:limit]


def _completions(parser: QueryParser) -> list[tuple[str, str, str, str]]:
    """(folded spelling, label to show, facet, id) of every vocabulary term, short ones first."""
    out = []
    for facet, terms in (
        ("technique", parser.vocabulary.techniques),
        ("material", parser.vocabulary.materials),
    ):
        for term in terms.values():
            for spelling in term.spellings():
                label = term.zh if not spelling.isascii() or is_han(spelling) else term.en
                out.append((fold(spelling), label, facet, term.id))
    return sorted(out, key=lambda c: (len(c[0]), c[0], c[3]))


def _there(raw: Raw, codes: tuple[str, ...]) -> int:
    """How many hits stand in any of these regions, none of which lies in another."""
    counts = raw.facets.get("region", {})
    return sum(counts.get(code, 0) for code in codes)


def _sorted_facets(
    facets: Mapping[str, Mapping[str, int]],
) -> dict[str, tuple[tuple[str, int], ...]]:
    return {
        facet: tuple(sorted(counts.items(), key=lambda c: (-c[1], c[0]))[:FACET_VALUES])
        for facet, counts in facets.items()
    }
