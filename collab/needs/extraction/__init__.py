"""Free text to a proposed need: steps, materials, criteria, each tied to its words."""

from __future__ import annotations

from datetime import date
from typing import Any

from collab.needs.extraction.assemble import MAX_CHARS, Extraction
from collab.needs.extraction.grammar import grammar_of
from collab.vocabulary.catalog import Vocabulary

__all__ = ["MAX_CHARS", "extract"]


def extract(text: str, vocabulary: Vocabulary, posted: date | None = None) -> dict[str, Any]:
    """The structured need proposed for `text`; `posted` resolves dates such as 年底.

    Only the first MAX_CHARS characters are read; a longer text carries the question
    `text-too-long`. Spans count characters of `text`, half-open.
    """
    return Extraction(grammar_of(vocabulary), text, posted).result()
