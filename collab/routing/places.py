"""Region names for region codes in the sentences of an answer; pure, names come from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Names = Mapping[str, tuple[str, str]]


def with_names(answer: Any, names: Names) -> Any:
    """The answer with every code in a sentence about a region put as its name (zh, en).

    Only sentences of region criteria change; identifiers and values stay codes.
    """
    if isinstance(answer, list):
        return [with_names(part, names) for part in answer]
    if not isinstance(answer, dict):
        return answer
    about = str(answer.get("id") or answer.get("criterion") or "").startswith("region")
    return {key: _part(key, value, about, names) for key, value in answer.items()}


def _part(key: str, value: Any, about: bool, names: Names) -> Any:
    if about and isinstance(value, str) and key in ("zh", "en"):
        return _named(value, names, key)
    if about and isinstance(value, dict) and set(value) == {"zh", "en"}:
        return {language: _named(text, names, language) for language, text in value.items()}
    return with_names(value, names)


_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def _named(text: str, names: Names, language: str) -> str:
    at = 1 if language == "en" else 0

    def name(found: re.Match[str]) -> str:
        both = names.get(found.group())
        return both[at] if both else found.group()

    return _CODE.sub(name, text)
