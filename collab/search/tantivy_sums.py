"""Tantivy queries put together from others: sums, and enough of several."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import combinations
from typing import Any, NamedTuple

from tantivy import Occur, Query

from collab.search.plan import GRAMS
from collab.search.tantivy_view import Held

MOST_TOGETHER = 10  # ways to choose enough of several that are looked up one by one


class Listed(NamedTuple):
    """Documents of one score; `swift` ones are added up fast, when among themselves."""

    held_by: int
    query: Any
    swift: bool = False


def listed(held: Held, name: str, weight: float) -> Listed:
    """The documents that hold a term of a field, scoring this weight."""
    return Listed(held.held_by, held.scoring(weight), swift=name != GRAMS)


def any_of(queries: list[Any]) -> Any:
    """What any of them matches, with the sum of their scores."""
    if len(queries) == 1:
        return queries[0]
    if not queries:
        return Query.empty_query()
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def all_of(queries: Iterable[Any]) -> Any:
    """What all of them match, with the sum of their scores."""
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def adding(query: Any, more: list[Any]) -> Any:
    """What a query matches, with what these add to its score."""
    if not more:
        return query
    return Query.boolean_query([(Occur.Must, query), *((Occur.Should, q) for q in more)])


def enough(queries: list[Any], least: int, *, together: bool) -> Any:
    """What at least so many of these match; `together` where none of them scores.

    Tantivy finds what two things have in common much faster than it counts how many things match.
    """
    least = min(least, len(queries))
    if least == 1:
        return any_of(queries)
    if least < len(queries) and together and math.comb(len(queries), least) <= MOST_TOGETHER:
        return any_of([all_of(chosen) for chosen in combinations(queries, least)])
    return Query.boolean_query([(Occur.Should, query) for query in queries], least)
