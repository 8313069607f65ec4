"""Page, sort and choices from the query string, never trusted."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import request

from collab.kernel.paging import MAX_SIZE

LONGEST_TEXT = 200


def text(name: str, most: int = LONGEST_TEXT) -> str:
    """A line of text, cut to `most` characters and freed of control characters."""
    value = request.args.get(name, "")[:most].strip()
    return "".join(c for c in value if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF)


def whole(name: str, default: int, least: int = 1, most: int = 10**6) -> int:
    """A whole number inside [least, most]; the default when it is none."""
    value = request.args.get(name, "")
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        return default
    return min(max(int(value), least), most)


def page() -> tuple[int, int]:
    """Page number from 1 and page size."""
    return whole("page", 1), whole("size", 24, 1, MAX_SIZE)


def chosen(name: str, allowed: Collection[str] | None = None) -> tuple[str, ...]:
    """Values of a repeated field, unknown ones left out, once each."""
    values = dict.fromkeys(v[:LONGEST_TEXT] for v in request.args.getlist(name)[:50] if v)
    return tuple(v for v in values if allowed is None or v in allowed)


def one(name: str, allowed: Collection[str], default: str = "") -> str:
    """One of the allowed values, or the default."""
    value = request.args.get(name, "")
    return value if value in allowed else default


def safe_next(target: str, fallback: str = "/") -> str:
    """A path on this site to go back to; anything else gives the fallback."""
    parts = urlsplit(target)
    local = target.startswith("/") and not target.startswith("//") and "\\" not in target
    printable = all(c.isprintable() for c in target)
    return target if local and printable and not parts.netloc and not parts.scheme else fallback
