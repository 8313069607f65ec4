"""The engine for large collections: tantivy scores, filters and counts in native code."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import Any

import tantivy
from tantivy import Occur, Query

from collab.search.entries import Entry
from collab.search.impact import LEVEL, USUAL_LENGTH
from collab.search.layout import write_safely
from collab.search.plan import GRAMS, Plan, Raw, RawHit, Want
from collab.search.tantivy_fields import (
    FACETS,
    HELD,
    PROFILE,
    SINGLE,
    TOKENS,
    number_fields,
    safe,
    values_of,
)
from collab.search.tantivy_order import best, in_order, nearest
from collab.search.tantivy_query import Builder
from collab.search.tantivy_view import Facets, View, Visible

HEAP = 64_000_000
MOST_VALUES = 60_000  # different values of a column that are counted
MOST_KEPT = 64  # pages without words whose counts are kept
_ORDERS = {"fresh": "updated", "evidence": "trust"}
_LEARNT_FROM, _LOOKED_AT = 1_000, 8_000  # public documents whose length tells what is usual
_FEW = 50  # below which nothing is learnt


def schema() -> Any:
    """Fields of the index; text fields hold terms that our analyser has already cut."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("stored", stored=True, indexed=False)
    builder.add_text_field("version", tokenizer_name="raw", index_option="basic")
    builder.add_json_field(HELD, tokenizer_name=TOKENS, index_option="basic")
    builder.add_text_field(GRAMS, tokenizer_name=TOKENS, index_option="position")
    builder.add_text_field("label", tokenizer_name="raw", index_option="basic")
    for name in (PROFILE, FACETS):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in SINGLE:
        builder.add_float_field(name, fast=True)
    for parameter in number_fields():
        builder.add_float_field(f"{safe(parameter)}_low", fast=True)
        builder.add_float_field(f"{safe(parameter)}_high", fast=True)
    return builder.build()


class TantivyBackend:
    """One index folder; a searcher is an immutable snapshot, `refresh` takes the newest."""

    name = "tantivy"

    def __init__(self, folder: Path) -> None:
        self._schema = schema()
        self._index = tantivy.Index(self._schema, path=str(folder), sort_by_field="tie")
        blanks = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
        self._index.register_tokenizer(TOKENS, blanks.build())
        self._index.config_reader("manual")
        self._numbers = frozenset(number_fields())
        self._contents = folder / "meta.json"
        self._learnt = folder / "usual-length.json"
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
        fresh = self._index.searcher().num_docs == 0
        entries = iter(adds)
        first = _first(entries) if fresh else []
        usual = self._usual_length(first)
        writer = self._index.writer(HEAP, 1)
        count = 0
        try:
            # A writer that was killed leaves files that no commit names, and the next one would
            # choose the same names: segments are numbered by the operations since the commit.
            writer.garbage_collect_files()
            for key in deletes:
                writer.delete_documents_by_term("key", key)
            for entry in chain(first, entries):
                if not fresh:
                    writer.delete_documents_by_term("key", entry.key)
                writer.add_json(entry.json(usual))
                count += 1
        except BaseException:
            writer.rollback()
            raise
        writer.commit()
        writer.wait_merging_threads()
        return count

    def _usual_length(self, first: list[Entry]) -> float:
        """How many words documents of this index usually have, learnt when it is first filled.

        From public documents alone, and kept, so that nothing hidden ever moves a score.
        """
        with suppress(OSError, ValueError, TypeError):
            return float(json.loads(self._learnt.read_text(encoding="utf-8")))
        lengths = [entry.length for entry in first if entry.public]
        usual = max(1.0, fmean(lengths)) if len(lengths) >= _FEW else USUAL_LENGTH
        write_safely(self._learnt, json.dumps(usual))
        return usual

    # ---- reading

    def refresh(self) -> None:
        """Make the last commit visible; one look at the table of contents when nothing changed."""
        if self._written() == self._stamp:
            return
        with self._reading:  # nobody puts an older commit in the place of a newer one
            stamp = self._written()
            if stamp != self._stamp:
                self._index.reload()
                self._view = View(self._schema, self._index.searcher())
                self._stamp = stamp

    def _written(self) -> tuple[int, int, int]:
        found = self._contents.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size

    def execute(self, plan: Plan, labels: frozenset[str], want: Want) -> Raw:
        """The plan carried out on what the labels allow."""
        view = self._view  # once: what is kept of a commit must never pass for the next one's
        visible = view.visible(labels)
        if visible is None:
            return Raw((), 0, {})
        build = Builder(view, self._numbers)
        facets = self._known_facets(view, build, plan, labels, want)
        if not want.limit:
            query = build.matching(plan, visible, frozenset())
            return Raw((), view.count(query, []), facets)
        hits, total = self._hits(view, build, plan, visible, want)
        return Raw(tuple(hits), total, facets)

    @staticmethod
    def _hits(
        view: View, build: Builder, plan: Plan, visible: Visible, want: Want
    ) -> tuple[list[RawHit], int]:
        order = _ORDERS.get(want.sort)
        if order is not None:
            query = build.matching(plan, visible, frozenset())
            ranked = in_order(view, query, want, order)
        else:
            query = build.scored(plan, visible)
            near = want.sort == "distance" and want.origin is not None
            ranked = nearest(view, query, want) if near else best(view, query, want)
        rows = [(key, view.searcher.doc(address)) for key, address in ranked.hits]
        hits = [RawHit(d["key"][0], key, bytes(d["stored"][0])) for key, d in rows]
        return hits, ranked.total

    def _known_facets(
        self, view: View, build: Builder, plan: Plan, labels: frozenset[str], want: Want
    ) -> Facets:
        """Counts of a page without words are kept with their commit, for the same labels."""
        visible = view.visible(labels) or []
        if plan.must or plan.some or plan.exclude or plan.ranges or not want.facets:
            return self._facets(view, build, plan, visible, want) if want.facets else {}
        key = (labels, tuple(sorted(plan.filters.items())), want.facets)
        found = view.facets.get(key)
        if found is None:
            if len(view.facets) >= MOST_KEPT:
                view.facets.clear()
            found = view.facets[key] = self._facets(view, build, plan, visible, want)
        return found

    def _facets(
        self, view: View, build: Builder, plan: Plan, visible: Visible, want: Want
    ) -> Facets:
        """Counts of every facet under the choices made in the others."""
        wanted = set(want.facets)
        table = _counted(view.searcher, build.matching(plan, visible, frozenset()))
        out = {f: v for f, v in table.items() if f in wanted}
        for facet in wanted & set(plan.filters):
            query = build.matching(plan, visible, frozenset({facet}))
            out[facet] = _counted(view.searcher, query).get(facet, {})
        return {facet: counts for facet, counts in out.items() if counts}

    def counts(self, name: str, terms: Iterable[str], labels: frozenset[str]) -> dict[str, int]:
        """Visible documents that hold each of the terms."""
        view = self._view
        visible = view.visible(labels)
        found: dict[str, int] = dict.fromkeys(terms, 0)
        for term in found if visible is not None else ():
            found[term] = view.count(view.holds(name, term), visible or [])
        return found

    def prefixed(
        self, name: str, prefix: str, labels: frozenset[str], limit: int
    ) -> dict[str, int]:
        """Visible terms that begin like this, with visible documents."""
        view = self._view
        visible = view.visible(labels)
        if visible is None:
            return {}
        seen = Query.boolean_query([(Occur.Must, Query.all_query()), *visible])
        counts: dict[str, int] = {}
        for term, count in view.searcher.terms_with_prefix(name, prefix, seen, limit):
            if count:
                word = term.partition(LEVEL)[0]
                counts[word] = counts.get(word, 0) + int(count)
        return counts

    def versions(self) -> dict[str, str]:
        """The version of every living document by key."""
        found = self._view.searcher.terms_with_prefix("version", "", Query.all_query())
        pairs = (term.rpartition("\t") for term, count in found if count)
        return {key: version for key, _, version in pairs}

    def size(self) -> int:
        """How many documents are alive."""
        return int(self._view.searcher.num_docs)


def _first(entries: Iterator[Entry]) -> list[Entry]:
    """Entries taken off until enough are public."""
    taken: list[Entry] = []
    public = 0
    while public < _LEARNT_FROM and len(taken) < _LOOKED_AT:
        entry = next(entries, None)
        if entry is None:
            break
        taken.append(entry)
        public += entry.public
    return taken


def _counted(searcher: Any, query: Any) -> Facets:
    columns = {name: {"terms": {"field": name, "size": MOST_VALUES}} for name in (PROFILE, FACETS)}
    counts: dict[str, int] = {}
    for column in searcher.aggregate(query, columns).values():
        for bucket in column["buckets"]:
            count = int(bucket["doc_count"])
            for tag in values_of(bucket["key"]):
                counts[tag] = counts.get(tag, 0) + count
    out: Facets = {}
    for tag, count in counts.items():
        facet, _, value = tag.partition(":")
        out.setdefault(facet, {})[value] = count
    return out
