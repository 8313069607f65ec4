"""What a person proposes for the vocabulary."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from collab.vocabulary.additions import Addition


@dataclass(frozen=True, slots=True)
class ProposalIn:
    """A proposal as sent: the addition and why it is needed."""

    addition: Addition
    reason: str = ""


def proposal_from(values: Mapping[str, str]) -> ProposalIn:
    """A proposal from the fields of a form; words stand one a line."""
    addition = Addition(
        term=_line(values.get("term", "")),
        family=_line(values.get("family", "")) or "techniques",
        broader=_line(values.get("broader", "")),
        zh=_line(values.get("zh", "")),
        en=_line(values.get("en", "")),
        words_zh=_lines(values.get("words_zh", "")),
        words_en=_lines(values.get("words_en", "")),
    )
    return ProposalIn(addition, _clean(values.get("reason", "")).strip()[:1000])


def _clean(text: str) -> str:
    """Without control characters and lone surrogates."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))


def _line(text: str) -> str:
    return _clean(text).replace("\n", " ").strip()


def _lines(text: str) -> tuple[str, ...]:
    return tuple(w for w in (line.strip() for line in _clean(text).splitlines()) if w)
