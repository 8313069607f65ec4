"""Cursor paging: an opaque place in one list under one filter, and the address of the next page."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from flask import current_app, request
from pydantic import Field, StringConstraints

from collab.kernel.errors import Rejected
from collab.kernel.paging import MAX_SIZE, Page
from collab.kernel.problems import Problem
from collab.web.api.reading import ALWAYS, Query

T = TypeVar("T")
Cursor = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_-]*$")]


class Paged(Query):
    """What every list takes: how many, and where the page before ended."""

    limit: Annotated[int, Field(ge=1, le=MAX_SIZE, description="Items a page.")] = 50
    cursor: Annotated[
        Cursor, Field(description="From `next` of the page before; empty for the first page.")
    ] = ""


def number_of(query: Paged) -> int:
    """The page that the cursor stands for; Rejected when it is not one of this very list."""
    if not query.cursor:
        return 1
    number, seal = _opened(query.cursor)
    if not hmac.compare_digest(seal.encode(), _seal(number, query.limit).encode()):
        raise Rejected([Problem("cursor", "bad_cursor")])
    return number


def next_of(page: Page[T]) -> str | None:
    """The address of the next page; None on the last one."""
    if page.number >= page.pages or not page.items:
        return None
    return next_address(page.number + 1, page.size)


def next_address(number: int, limit: int) -> str:
    """The address of page `number` of this list under this filter."""
    content = json.dumps([number, _seal(number, limit)], separators=(",", ":"))
    cursor = base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")
    return f"{request.script_root}{request.path}?{urlencode([*_filters(), ('cursor', cursor)])}"


def slice_of(items: Sequence[T], query: Paged) -> Page[T]:
    """A page of a list that is in memory."""
    number = number_of(query)
    start = (number - 1) * query.limit
    return Page(items[start : start + query.limit], len(items), number, query.limit)


def fetched(query: Paged, fetch: Callable[[int, int], Page[T]]) -> Page[T]:
    """A page of a list that `fetch(number, size)` reads."""
    return fetch(number_of(query), query.limit)


def _filters() -> list[tuple[str, str]]:
    return [(k, v) for k, v in request.args.items(multi=True) if k != "cursor"]


def _seal(number: int, limit: int) -> str:
    """Ties a cursor to its list, filter and page size, so that nobody can make one up."""
    kept = sorted(pair for pair in _filters() if pair[0] not in (*ALWAYS, "limit"))
    text = json.dumps([request.path, kept, limit, number])
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, text.encode(), "sha256").hexdigest()[:20]


def _opened(cursor: str) -> tuple[int, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        number, seal = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise Rejected([Problem("cursor", "bad_cursor")]) from None
    if type(number) is not int or not isinstance(seal, str):
        raise Rejected([Problem("cursor", "bad_cursor")])
    return number, seal
