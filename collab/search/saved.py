"""Searches that a person keeps: saved, renamed, deleted, and what is new among their hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from collab.kernel import clock
from collab.kernel.errors import NotAllowed, Rejected
from collab.kernel.identity import Actor
from collab.kernel.problems import Problem
from collab.search import store
from collab.search.facets import FACETS, SORTS
from collab.search.models import SavedSearch
from collab.search.query import SearchQuery
from collab.search.service import SearchService
from collab.storage.uow import UnitOfWork

MOST_SAVED = 50
MOST_HITS = 5_000  # of a search, the freshest are followed
TITLE = 120


def to_json(query: SearchQuery) -> dict[str, Any]:
    """The query as it is stored: everything but the page and the place of the asker."""
    return {
        "text": query.text, "kinds": list(query.kinds), "sort": query.sort, "expand": query.expand,
        "filters": {name: list(values) for name, values in query.filters.items()},
        "correct": query.correct, **({"mentions": True} if query.mentions else {}),
        **({} if query.places else {"places": False}),
    }  # fmt: skip


def from_json(stored: dict[str, Any]) -> SearchQuery:
    """The query that `to_json` stored; filters that no longer exist are left out."""
    filters = {n: tuple(v) for n, v in dict(stored.get("filters") or {}).items() if n in FACETS}
    sort = str(stored.get("sort", ""))
    return SearchQuery(
        text=str(stored.get("text", "")), kinds=tuple(stored.get("kinds") or ()), filters=filters,
        sort=sort if sort in SORTS else "relevance", expand=bool(stored.get("expand", True)),
        correct=bool(stored.get("correct", True)), mentions=bool(stored.get("mentions", False)),
        places=bool(stored.get("places", True)),
    )  # fmt: skip


def address(query: SearchQuery) -> str:
    """The page of this query inside the site: its permanent link."""
    pairs = [("q", query.text)] if query.text else []
    pairs += [("kind", kind) for kind in query.kinds]
    pairs += [(name, value) for name, values in query.filters.items() for value in values]
    pairs += [("sort", query.sort)] if query.sort != "relevance" else []
    pairs += [] if query.expand else [("expand", "0")]
    pairs += [] if query.correct else [("exact", "1")]
    pairs += [("mentions", "1")] if query.mentions else []
    pairs += [] if query.places else [("places", "0")]
    return f"/search?{urlencode(pairs)}" if pairs else "/search"


def save(
    uow: UnitOfWork, actor: Actor, search: SearchService, title: str, query: SearchQuery
) -> SavedSearch:
    """Keep a search; only what is found later is new to the person.

    Raises NotAllowed for those who are no members, Rejected for a title that is empty or too
    long and for one search too many. The same query saved again keeps one entry.
    """
    if actor.person_id is None or not actor.is_member or actor.scopes is not None:
        raise NotAllowed("search:save")
    _check_title(title)
    asked = _as_searched(uow, actor, search, query)
    own = store.saved_of(uow, actor)
    row = next((r for r in own if r.query == to_json(asked)), None)
    if row is None:
        if len(own) >= MOST_SAVED:
            raise Rejected([Problem("title", "too_many_saved", {"most": MOST_SAVED})])
        row = SavedSearch(person_id=actor.person_id, query=to_json(asked), title="")
        row.seen = search.keys(uow, actor, asked, MOST_HITS)
        row.checked_at = clock.now()
    row.title = title
    uow.session.add(row)
    uow.flush()
    return row


def _as_searched(
    uow: UnitOfWork, actor: Actor, search: SearchService, query: SearchQuery
) -> SearchQuery:
    """The query without page and place, its typing errors mended as the page mended them."""
    plain = replace(query, offset=0, limit=1, origin=None)
    found = search.search(uow, actor, plain).result
    return replace(plain, text=found.corrected or plain.text, limit=20)


def _check_title(title: str) -> None:
    if not title:
        raise Rejected([Problem("title", "required")])
    if len(title) > TITLE:
        raise Rejected([Problem("title", "too_long", {"most": TITLE})])


def rename(uow: UnitOfWork, actor: Actor, key: str, title: str) -> None:
    """Give one of the actor's saved searches another name."""
    row = store.open_saved(uow, actor, key)
    _check_title(title)
    row.title = title
    uow.session.add(row)


def forget(uow: UnitOfWork, actor: Actor, key: str) -> None:
    """Delete one of the actor's saved searches."""
    uow.session.delete(store.open_saved(uow, actor, key))


def own(uow: UnitOfWork, actor: Actor) -> Sequence[SavedSearch]:
    """The actor's saved searches, newest first."""
    return store.saved_of(uow, actor)


def fresh_hits(
    uow: UnitOfWork, actor: Actor, search: SearchService, row: SavedSearch
) -> tuple[str, ...]:
    """Keys of hits the person was never told of and may read at this moment.

    Raises IndexUnavailable while there is no index.
    """
    seen = set(row.seen)
    found = search.keys(uow, actor, from_json(row.query), MOST_HITS)
    return tuple(key for key in found if key not in seen)


def new_hits(
    uow: UnitOfWork, actor: Actor, search: SearchService, row: SavedSearch
) -> tuple[str, ...]:
    """The fresh hits of a search, which from now on count as told."""
    fresh = fresh_hits(uow, actor, search, row)
    if fresh:
        row.seen = [*fresh, *row.seen][: 4 * MOST_HITS]
        row.checked_at = clock.now()
        uow.session.add(row)
    return fresh
