"""Hits in a total order: equal ones by `tie`, whatever segments of the index they stand in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from tantivy import Occur, Query

from collab.search.plan import Want
from collab.search.tantivy_view import GRAIN, View, grained
from collab.search.whoosh_score import kilometres

DISTANCE_LIMIT = 20_000
MARGIN = 200  # hits looked at behind the page, because equals come in no order
_ALL = 1_500  # hits that are read one and all rather than looked for by their ties
_WIDER = 8  # how much wider the next look is

Hit = tuple[float, Any]  # what it is ordered by, where it stands


@dataclass(frozen=True, slots=True)
class Ranked:
    """A stretch of the hits in their order, and how many there are."""

    hits: list[Hit]
    total: int


def best(view: View, query: Any, want: Want) -> Ranked:
    """The wanted stretch by score, of equals the lowest `tie` first.

    Tantivy orders equals by segment. Where so many are equal that the page ends among them, only
    those of low `tie` are looked at: the same documents, whatever else lies in the index.
    """
    end = want.offset + want.limit
    found = view.searcher.search(query, limit=end + MARGIN)
    hits = found.hits
    last = grained(hits[end - 1][0]) if len(hits) > end else -math.inf
    past = next((n for n in range(end, len(hits)) if grained(hits[n][0]) < last), len(hits))
    hits = [(grained(score), address) for score, address in hits[:past]]
    if past < len(found.hits) or past == found.count:
        hits = _ordered(view, hits)
    else:
        above = sum(score > last for score, _ in hits)
        equals = _lowest(view, query, last, end - above, found.count)
        hits = [*_ordered(view, hits[:above]), *equals]
    return Ranked(hits[want.offset : end], found.count)


def _ordered(view: View, hits: list[Hit]) -> list[Hit]:
    if len({score for score, _ in hits}) == len(hits):
        return sorted(hits, key=itemgetter(0), reverse=True)
    ties = view.searcher.fast_field_values("tie", [address for _, address in hits])
    scores = [-score for score, _ in hits]
    return [hits[n] for n in np.lexsort((ties, scores)).tolist()]


def _lowest(view: View, query: Any, score: float, wanted: int, total: int) -> list[Hit]:
    """The `wanted` hits of this score with the lowest ties, out of more than there is room for."""
    share = min(1.0, 2 * (wanted + MARGIN) / total) if total > _ALL else 1.0
    limit = 4 * (wanted + MARGIN) if total > _ALL else total
    while True:
        low = [] if share == 1 else [view.lowest(share)]
        part = Query.boolean_query([(Occur.Must, query), *low])
        found = view.searcher.search(part, limit=limit)
        near = score - 0.5 / GRAIN, score + 0.5 / GRAIN
        equals = [(score, address) for told, address in found.hits if near[0] < told < near[1]]
        if len(found.hits) < found.count and found.hits[-1][0] > near[0]:
            limit = found.count
        elif len(equals) < wanted and share < 1:
            share = min(1.0, _WIDER * share)
        else:
            return _ordered(view, equals)[:wanted]


def in_order(view: View, query: Any, want: Want, column: str) -> Ranked:
    """The wanted stretch by a column, highest first; most of the tie is in its numbers."""
    end = want.offset + want.limit
    found = view.searcher.search(query, limit=end + MARGIN, order_by_field=column)
    hits = [(float(key or 0.0), address) for key, address in found.hits]
    return Ranked(_ordered(view, hits)[want.offset : end], found.count)


def nearest(view: View, query: Any, want: Want) -> Ranked:
    """The wanted stretch by distance, then score, then `tie`; of very many hits the best ones."""
    searcher = view.searcher
    found = searcher.search(query, limit=DISTANCE_LIMIT)
    addresses = [address for _, address in found.hits]
    if not addresses or want.origin is None:
        return Ranked([], found.count)
    columns = [searcher.fast_field_values(name, addresses) for name in ("lat", "lon", "tie")]
    rows = np.array([[math.nan if v is None else v for v in c] for c in columns]).T
    away = np.nan_to_num(kilometres(want.origin, rows[:, :2]), nan=np.inf)
    scores = np.array([-grained(score) for score, _ in found.hits])
    order = np.lexsort((rows[:, 2], scores, away))[want.offset : want.offset + want.limit]
    return Ranked([(-float(scores[n]), addresses[n]) for n in order.tolist()], found.count)
