"""Plain words of queries that mean a technique, kept beside the vocabulary for asking only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from collab.vocabulary.catalog import Vocabulary

FILE = Path(__file__).resolve().parents[2] / "data" / "vocab" / "search_words.yaml"


@dataclass(frozen=True, slots=True)
class AskedWord:
    """A spelling and what it may mean; an `act` is what is asked for, never only the topic.

    `cues` are words near it that tell which of several meanings is meant.
    """

    spelling: str
    ids: tuple[str, ...]
    act: bool
    cues: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@lru_cache(maxsize=1)
def table() -> Mapping[str, Any]:
    """The file as it stands, read once."""
    plain: Mapping[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return plain


@lru_cache(maxsize=1)
def _file() -> tuple[AskedWord, ...]:
    plain = table()
    return tuple(
        AskedWord(
            str(spelling), tuple(entry["ids"]), part == "acts",
            {i: tuple(map(str, cues)) for i, cues in entry.get("cues", {}).items()},
        )
        for part in ("acts", "words", "tools")
        for entry in plain[part]
        for spelling in (*entry.get("zh", ()), *entry.get("en", ()))
    )  # fmt: skip


@lru_cache(maxsize=1)
def hints() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Names of devices, and the materials they are usually made in."""
    plain = table()
    return tuple(
        (str(spelling), tuple(entry["ids"]))
        for entry in plain["hints"]
        for spelling in (*entry["zh"], *entry["en"])
    )


@lru_cache(maxsize=1)
def also() -> Mapping[str, tuple[str, ...]]:
    """For a term those that answer it too, though less; never what is only broader."""
    plain = table()
    return {entry["of"]: tuple(entry["ids"]) for entry in plain["also"]}


def asked_words(vocabulary: Vocabulary) -> list[AskedWord]:
    """The words whose meanings the vocabulary has."""
    return [word for word in _file() if all(i in vocabulary.techniques for i in word.ids)]
