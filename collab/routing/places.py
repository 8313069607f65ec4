"""Region names for region codes in the sentences of an answer; pure, names come from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Names = Mapping[str, tuple[str, str]]
_WITHOUT = frozenset({
    "need", "versions", "routes", "parts", "capability", "organisation", "capability_name",
    "organisation_name", "class", "score", "technique", "status", "evidence", "verdict", "code",
    "scope", "hard", "asked", "offered",
})  # fmt: skip
"""Parts of an answer that hold no sentence about a region."""


def with_names(answer: Any, names: Names) -> Any:
    """The answer with every code in a sentence about a region put as its name (zh, en).

    Only sentences of region criteria change; identifiers and values stay codes. Parts in which
    nothing changes are taken over as they are.
    """
    return _named_part(answer, names, {})


def _named_part(part: Any, names: Names, seen: dict[int, Any]) -> Any:
    if part.__class__ is not list and part.__class__ is not dict:
        return part
    known = seen.get(id(part))
    if known is not None:
        return known
    if isinstance(part, list):
        made: Any = [_named_part(inner, names, seen) for inner in part]
        same = all(a is b for a, b in zip(made, part, strict=True))
    else:
        about = _about_region(part)
        made = {
            k: v if k in _WITHOUT else _entry(k, v, about, names, seen) for k, v in part.items()
        }
        same = all(made[k] is v for k, v in part.items())
    found = seen[id(part)] = part if same else made
    return found


def _about_region(part: dict[str, Any]) -> bool:
    """A judged region, a question or relaxation about one, or a sentence over several of those."""
    if str(part.get("id") or part.get("criterion") or "").startswith("region"):
        return True
    accepted = part.get("accept")
    return isinstance(accepted, list) and any(_about_region(one) for one in accepted)


def _entry(key: str, value: Any, about: bool, names: Names, seen: dict[int, Any]) -> Any:
    if about and isinstance(value, str) and key in ("zh", "en"):
        return _named(value, names, key)
    if about and isinstance(value, dict) and set(value) == {"zh", "en"}:
        return {language: _named(text, names, language) for language, text in value.items()}
    return _named_part(value, names, seen)


_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def _named(text: str, names: Names, language: str) -> str:
    at = 1 if language == "en" else 0

    def name(found: re.Match[str]) -> str:
        both = names.get(found.group())
        return both[at] if both else found.group()

    return _CODE.sub(name, text)
