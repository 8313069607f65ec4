"""The engine for large collections: tantivy scores, filters and counts in native code."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tantivy
from tantivy import FieldType, Occur, Query

from collab.search.documents import Entry
from collab.search.plan import (
    GRAMS,
    TAG,
    Group,
    Part,
    Phrase,
    Plan,
    Range,
    Raw,
    RawHit,
    Want,
    Within,
)
from collab.search.whoosh_score import kilometres
from collab.vocabulary.catalog import load_vocabulary

HEAP = 64_000_000
TOKENS = "terms"
PREFIX_LIMIT = 64
MOST_KEPT = 64  # pages without words whose counts are kept
DISTANCE_LIMIT = 20_000
_SINGLE = ("updated", "trust", "lat", "lon", "tie")
_ORDERS = {"fresh": "updated", "evidence": "trust"}
PUBLIC, RESTRICTED = "public", "~restricted"
_SEPARATOR = "\x1f"
_INFINITE = 1e300


Visible = list[tuple[Any, Any]]
Facets = dict[str, dict[str, int]]
View = tuple[Any, dict[Any, Facets]]  # a searcher, and what was counted with it


def _number_fields() -> list[str]:
    return [p.id for p in load_vocabulary().parameters.values() if p.kind == "quantity"]


def _safe(parameter: str) -> str:
    return "n_" + parameter.replace("-", "_")


def schema() -> Any:
    """Fields of the index; text fields hold terms that our analyser has already cut."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("stored", stored=True, indexed=False)
    builder.add_text_field("version", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name=TOKENS, index_option="freq")
    builder.add_text_field("grams", tokenizer_name=TOKENS, index_option="position")
    for name in ("mention", "label"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("tag", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("facet", fast=True, tokenizer_name="raw", index_option="basic")
    for name in _SINGLE:
        builder.add_float_field(name, fast=True)
    for parameter in _number_fields():
        builder.add_float_field(f"{_safe(parameter)}_low", fast=True)
        builder.add_float_field(f"{_safe(parameter)}_high", fast=True)
    return builder.build()


def _finite(value: float) -> float:
    return max(-_INFINITE, min(_INFINITE, value))


class TantivyBackend:
    """One index folder; a searcher is an immutable snapshot, `refresh` takes the newest."""

    name = "tantivy"

    def __init__(self, folder: Path) -> None:
        self._schema = schema()
        self._index = tantivy.Index(self._schema, path=str(folder), sort_by_field="tie")
        blanks = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(f"[^{_SEPARATOR}]+"))
        self._index.register_tokenizer(TOKENS, blanks.build())
        self._index.config_reader("manual")
        self._numbers = frozenset(_number_fields())
        self._contents = folder / "meta.json"
        self._stamp: tuple[int, int, int] | None = None
        self._view: View
        self._reading = threading.Lock()
        self.refresh()

    @staticmethod
    def create(folder: Path) -> TantivyBackend:
        """An empty index in an empty folder."""
        return TantivyBackend(folder)

    def close(self) -> None:
        """Nothing to let go of: files close with the last searcher."""

    # ---- writing

    def write(self, adds: Iterable[Entry], deletes: Iterable[str] = ()) -> int:
        """Replace and remove documents in one commit; returns how many were added."""
        writer = self._index.writer(HEAP, 1)
        fresh = self._index.searcher().num_docs == 0
        count = 0
        try:
            for key in deletes:
                writer.delete_documents_by_term("key", key)
            for entry in adds:
                if not fresh:
                    writer.delete_documents_by_term("key", entry.key)
                writer.add_document(self._document(entry))
                count += 1
        except BaseException:
            writer.rollback()
            raise
        writer.commit()
        writer.wait_merging_threads()
        return count

    def _document(self, entry: Entry) -> Any:
        document = tantivy.Document()
        document.add_text("key", entry.key)
        document.add_bytes("stored", entry.stored)
        document.add_text("version", f"{entry.key}\t{entry.version}")
        document.add_text("words", _SEPARATOR.join(entry.words))
        document.add_text("grams", _SEPARATOR.join(entry.grams))
        for name, terms in (("mention", entry.mentions), ("label", _labels(entry))):
            for term in terms:
                document.add_text(name, term)
        for tag in entry.tags:
            document.add_text("tag", tag)
            if not tag.startswith("exact:"):
                document.add_text("facet", tag)
        self._add_numbers(document, entry)
        return document

    def _add_numbers(self, document: Any, entry: Entry) -> None:
        for name, (low, high) in entry.numbers.items():
            if name == "place":
                document.add_float("lat", low)
                document.add_float("lon", high)
            elif name in _SINGLE:
                document.add_float(name, low)
            elif name in self._numbers:
                document.add_float(f"{_safe(name)}_low", _finite(low))
                document.add_float(f"{_safe(name)}_high", _finite(high))

    # ---- reading

    def refresh(self) -> None:
        """Make the last commit visible; one look at the table of contents when nothing changed."""
        if self._written() == self._stamp:
            return
        with self._reading:  # nobody puts an older commit in the place of a newer one
            stamp = self._written()
            if stamp != self._stamp:
                self._index.reload()
                self._view = (self._index.searcher(), {})
                self._stamp = stamp

    def _written(self) -> tuple[int, int, int]:
        found = self._contents.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size

    def execute(self, plan: Plan, labels: frozenset[str], want: Want) -> Raw:
        """The plan carried out on what the labels allow."""
        view = self._view  # once: what is kept of a commit must never pass for the next one's
        searcher = view[0]
        build = _Builder(self._schema, searcher, self._numbers)
        visible = build.visible(labels)
        if visible is None:
            return Raw((), 0, {})
        query = build.query(plan, visible, frozenset(), scored=bool(want.limit))
        facets = self._known_facets(view, build, plan, labels, want)
        hits, total = self._hits(searcher, query, want)
        return Raw(tuple(hits), total, facets)

    def _hits(self, searcher: Any, query: Any, want: Want) -> tuple[list[RawHit], int]:
        if not want.limit:
            return [], searcher.search(query, limit=1).count
        if want.sort == "distance" and want.origin is not None:
            return self._nearest(searcher, query, want)
        order = _ORDERS.get(want.sort)
        found = searcher.search(query, limit=want.limit, offset=want.offset, order_by_field=order)
        rows = [(float(key or 0.0), searcher.doc(address)) for key, address in found.hits]
        hits = [RawHit(d["key"][0], key, bytes(d["stored"][0])) for key, d in rows]
        return hits, found.count

    @staticmethod
    def _nearest(searcher: Any, query: Any, want: Want) -> tuple[list[RawHit], int]:
        found = searcher.search(query, limit=DISTANCE_LIMIT)
        addresses = [address for _, address in found.hits]
        if not addresses or want.origin is None:
            return [], found.count
        columns = [searcher.fast_field_values(name, addresses) for name in ("lat", "lon")]
        rows = np.array([[math.nan if v is None else v for v in c] for c in columns]).T
        away = np.nan_to_num(kilometres(want.origin, rows), nan=np.inf)
        order = np.argsort(away, kind="stable")[want.offset : want.offset + want.limit]
        hits = []
        for at in order.tolist():
            document = searcher.doc(addresses[at])
            score = float(found.hits[at][0])
            hits.append(RawHit(document["key"][0], score, bytes(document["stored"][0])))
        return hits, found.count

    def _known_facets(
        self, view: View, build: _Builder, plan: Plan, labels: frozenset[str], want: Want
    ) -> Facets:
        """Counts of a page without words are kept with their commit, for the same labels."""
        searcher, kept = view
        visible = build.visible(labels) or []
        if plan.must or plan.some or plan.exclude or plan.ranges or not want.facets:
            return self._facets(searcher, build, plan, visible, want) if want.facets else {}
        key = (labels, tuple(sorted(plan.filters.items())), want.facets)
        found = kept.get(key)
        if found is None:
            if len(kept) >= MOST_KEPT:
                kept.clear()
            found = kept[key] = self._facets(searcher, build, plan, visible, want)
        return found

    def _facets(
        self, searcher: Any, build: _Builder, plan: Plan, visible: Visible, want: Want
    ) -> Facets:
        """Counts of every facet under the choices made in the others."""
        wanted = set(want.facets)
        table = _counted(searcher, build.query(plan, visible, frozenset(), scored=False))
        out = {f: v for f, v in table.items() if f in wanted}
        for facet in wanted & set(plan.filters):
            query = build.query(plan, visible, frozenset({facet}), scored=False)
            out[facet] = _counted(searcher, query).get(facet, {})
        return {facet: counts for facet, counts in out.items() if counts}

    def counts(self, name: str, terms: Iterable[str], labels: frozenset[str]) -> dict[str, int]:
        """Visible documents that hold each of the terms."""
        searcher = self._view[0]
        build = _Builder(self._schema, searcher, self._numbers)
        visible = build.visible(labels)
        found: dict[str, int] = dict.fromkeys(terms, 0)
        for term in found if visible is not None else ():
            holds = Query.term_query(self._schema, name, term, "basic")
            query = Query.boolean_query([(Occur.Must, holds), *(visible or ())])
            result: Any = searcher.search(query, limit=1)
            found[term] = int(result.count)
        return found

    def prefixed(
        self, name: str, prefix: str, labels: frozenset[str], limit: int
    ) -> dict[str, int]:
        """Visible terms that begin like this, with visible documents."""
        searcher = self._view[0]
        visible = _Builder(self._schema, searcher, self._numbers).visible(labels)
        if visible is None:
            return {}
        seen = Query.boolean_query([(Occur.Must, Query.all_query()), *visible])
        found = searcher.terms_with_prefix(name, prefix, seen, limit)
        return {term: int(count) for term, count in found if count}

    def versions(self) -> dict[str, str]:
        """The version of every living document by key."""
        found = self._view[0].terms_with_prefix("version", "", Query.all_query())
        pairs = (term.rpartition("\t") for term, count in found if count)
        return {key: version for key, _, version in pairs}

    def size(self) -> int:
        """How many documents are alive."""
        return int(self._view[0].num_docs)


def _labels(entry: Entry) -> list[str]:
    """The labels, and a mark where the public is not among them."""
    return entry.labels if PUBLIC in entry.labels else [*entry.labels, RESTRICTED]


def _counted(searcher: Any, query: Any) -> dict[str, dict[str, int]]:
    terms = {"values": {"terms": {"field": "facet", "size": 5000}}}
    out: dict[str, dict[str, int]] = {}
    for bucket in searcher.aggregate(query, terms)["values"]["buckets"]:
        facet, _, value = str(bucket["key"]).partition(":")
        out.setdefault(facet, {})[value] = int(bucket["doc_count"])
    return out


class _Builder:
    """Turns plans into tantivy queries for one snapshot."""

    def __init__(self, made: Any, searcher: Any, numbers: frozenset[str]) -> None:
        self._schema = made
        self._searcher = searcher
        self._numbers = numbers

    def visible(self, labels: frozenset[str]) -> Visible | None:
        """Clauses for what the labels allow, scoring nothing; None when there are no labels.

        Whoever sees the public leaves out what is restricted and not theirs: little work, because
        only documents that match are looked at. Others are given the sum of their labels.
        """
        if not labels:
            return None
        held = [(Occur.Should, self._label(label)) for label in sorted(labels)]
        if PUBLIC not in labels:
            return [(Occur.Must, self._flat(Query.boolean_query(held), 0.0))]
        own = [(Occur.MustNot, query) for _, query in held]
        return [(Occur.MustNot, Query.boolean_query([(Occur.Must, self._label(RESTRICTED)), *own]))]

    def _label(self, label: str) -> Any:
        return Query.term_query(self._schema, "label", label, "basic")

    @staticmethod
    def both(*queries: Any) -> Any:
        """Documents that match every query."""
        return Query.boolean_query([(Occur.Must, query) for query in queries])

    def query(
        self, plan: Plan, visible: Visible, without: frozenset[str], *, scored: bool = True
    ) -> Any:
        """The plan as one query, leaving out the choices of some facets."""
        clauses = [(Occur.Must, self._group(group)) for group in plan.must]
        if plan.some:
            some = [(Occur.Should, self._group(group)) for group in plan.some]
            least = min(plan.minimum, len(some))
            clauses.append((Occur.Must, Query.boolean_query(some, least)))
        for facet, values in plan.filters.items():
            if facet not in without:
                tags = [f"{facet}:{value}" for value in values]
                clauses.append((Occur.Must, self._flat(self._set(tags), 0.0)))
        clauses += [(Occur.Must, self._flat(self._range(r), 0.0)) for r in plan.ranges]
        if not clauses:
            clauses.append((Occur.Must, self._flat(Query.all_query(), 0.0)))
        clauses += visible
        clauses += [(Occur.MustNot, self._part(part)) for part in plan.exclude]
        if scored:
            clauses += [(Occur.Should, self._group(group)) for group in plan.extra]
        return Query.boolean_query(clauses)

    def _set(self, tags: list[str]) -> Any:
        return Query.term_set_query(self._schema, TAG, tags)

    @staticmethod
    def _flat(query: Any, weight: float) -> Any:
        return Query.const_score_query(query, weight)

    def _group(self, group: Group) -> Any:
        parts = [self._part(part) for part in group.parts]
        if len(parts) == 1:
            return parts[0]
        if group.best:
            return Query.disjunction_max_query(parts)
        return Query.boolean_query([(Occur.Should, part) for part in parts])

    def _part(self, part: Part) -> Any:
        if isinstance(part, Phrase):
            return self._flat(self._phrase(part), part.weight)
        if isinstance(part, Within):
            return self._flat(self._range(part.range), part.weight)
        if part.prefix:
            return self._flat(self._prefixed(part.field, part.term), part.weight)
        if part.field in ("words", "grams") and not part.flat:
            query = Query.term_query(self._schema, part.field, part.term, "freq")
            return query if part.weight == 1.0 else Query.boost_query(query, part.weight)
        return self._flat(Query.term_query(self._schema, part.field, part.term), part.weight)

    def _prefixed(self, name: str, prefix: str) -> Any:
        terms = [t for t, _ in self._searcher.terms_with_prefix(name, prefix, None, PREFIX_LIMIT)]
        return Query.term_set_query(self._schema, name, terms) if terms else Query.empty_query()

    def _phrase(self, phrase: Phrase) -> Any:
        if len(phrase.terms) == 1:
            term = phrase.terms[0][1]
            if len(term) == 1:
                return self._prefixed(GRAMS, term)
            return Query.term_query(self._schema, GRAMS, term)
        return Query.phrase_query(self._schema, GRAMS, list(phrase.terms))

    def _range(self, wanted: Range) -> Any:
        named = [p for p in (wanted.parameter, *wanted.also) if p in self._numbers]
        parts = [(Occur.Should, self._one_range(p, wanted)) for p in named]
        return Query.boolean_query(parts) if parts else Query.empty_query()

    def _one_range(self, parameter: str, wanted: Range) -> Any:
        """The stated interval meets the wanted one: low end not above, high end not below."""
        low = -_INFINITE if wanted.low is None else wanted.low
        high = _INFINITE if wanted.high is None else wanted.high
        name, schema_, kind = _safe(parameter), self._schema, FieldType.Float
        return self.both(
            Query.range_query(schema_, f"{name}_low", kind, -2 * _INFINITE, high),
            Query.range_query(schema_, f"{name}_high", kind, low, 2 * _INFINITE),
        )
