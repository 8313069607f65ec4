"""Words that tie a number to a parameter, and the number forms written down as patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from collab.needs.extraction.terms import bounded
from collab.vocabulary.catalog import Parameter, Vocabulary
from collab.vocabulary.normalize import Normaliser

QUANTITY_KINDS = frozenset({"quantity", "dims2"})
NOT_CRITERIA = frozenset(
    {"quantity", "lead-time", "deadline", "budget", "trl", "region", "confidentiality", "material"}
)
_PATTERNED = (
    "wafer-diameter", "wavelength", "min-feature", "aspect-ratio",
    "channel-count", "data-rate", "pixel-count",
    "rdl-line-space", "operating-temperature", "test-temperature", "humidity", "core-hours",
    "gpu-hours", "monthly-capacity", "hourly-rate",
)  # fmt: skip
_UNSURE_BARE = frozenset({"ps", "皮秒", "inch", "inches", "芯", "路", "通道"})


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue found in the text and the parameters it may announce."""

    start: int
    end: int
    parameters: tuple[str, ...]


class CueIndex:
    """All cue words in one automaton."""

    def __init__(self, vocabulary: Vocabulary, normaliser: Normaliser) -> None:
        self._words: dict[str, list[str]] = {}
        self._codes: dict[str, str] = {}
        for parameter in vocabulary.parameters.values():
            if parameter.kind in QUANTITY_KINDS and parameter.id not in NOT_CRITERIA:
                for word in (parameter.zh, re.sub(r"\s*\(.*\)$", "", parameter.en)):
                    self._add(word, parameter.id, normaliser)
                for word in (*parameter.cues_zh, *parameter.cues_en):
                    if "(" not in word:
                        self._add(word, parameter.id, normaliser)
        self._patterns = list(self._words)
        self._automaton = AhoCorasick(self._patterns, matchkind=MatchKind.LeftmostLongest)

    def _add(self, word: str, parameter: str, normaliser: Normaliser) -> None:
        key = normaliser.key(word)
        if len(key) < 2:
            return
        found = self._words.setdefault(key, [])
        if parameter not in found:
            found.append(parameter)
        if word.isascii() and len(word) <= 3 and word != word.lower():
            self._codes[key] = word

    def find(self, text: str, folded: str) -> list[Cue]:
        """Every cue of the text, longest first where they overlap."""
        found = []
        for index, i, j in self._automaton.find_matches_as_indexes(folded):
            word = self._patterns[index]
            if not bounded(folded, i, j):
                continue
            if word in self._codes and not _same_capitals(self._codes[word], text[i:j]):
                continue
            found.append(Cue(i, j, tuple(self._words[word])))
        return found


def _same_capitals(code: str, written: str) -> bool:
    """Two letters keep their capitals; three may stand in lower case (pdl, fsr)."""
    return written == code or (len(code) == 3 and written == code.lower())


@dataclass(frozen=True, slots=True)
class Form:
    """A form found by a pattern of the vocabulary."""

    parameter: str
    start: int
    end: int
    groups: Mapping[str, str]


class Forms:
    """The patterns of parameters.yaml that need no cue."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._compiled: list[tuple[str, re.Pattern[str]]] = []
        for name in _PATTERNED:
            parameter = vocabulary.parameters.get(name)
            for pattern in parameter.patterns if parameter else ():
                if name != "wafer-diameter" or "Φ" in pattern:
                    self._compiled.append((name, re.compile(pattern)))

    def find(self, text: str) -> Iterator[Form]:
        """Every form of the text, in the order of the parameters."""
        for name, pattern in self._compiled:
            for match in pattern.finditer(text):
                before = text[match.start() - 1 : match.start()]
                if (
                    match[0][0].isdigit()
                    and before
                    and ((before.isascii() and before.isalnum()) or before == ".")
                ):
                    continue
                groups = {k: v for k, v in match.groupdict().items() if v is not None}
                yield Form(name, match.start(), match.end(), groups)


def bare_units(vocabulary: Vocabulary) -> dict[str, str]:
    """Unit words that name their parameter without any cue."""
    found: dict[str, str] = {}
    for parameter in vocabulary.parameters.values():
        for word in parameter.bare_units:
            if word not in _UNSURE_BARE and parameter.id not in NOT_CRITERIA:
                found.setdefault(word.replace("℃", "°C"), parameter.id)
    return found


def accepted_unit(parameter: Parameter, meanings: tuple[tuple[str, str], ...]) -> str | None:
    """The canonical unit in which the parameter reads these unit meanings, or None."""
    if not meanings:
        return "" if parameter.dimension in ("none", "count", "limit") else None
    wanted = _SHARED.get(parameter.dimension, (parameter.dimension,))
    for dimension, unit in meanings:
        if dimension in wanted:
            return unit
    return None


_SHARED: Mapping[str, tuple[str, ...]] = {
    "level": ("level", "level_signed"),
    "level_signed": ("level_signed", "level"),
    "none": ("none", "count"),
    "areal_density": ("areal_density", "dose"),
}


def parameter_tables(vocabulary: Vocabulary) -> Mapping[str, Any]:
    """The grammar part of parameters.yaml."""
    tables: Mapping[str, Any] = vocabulary.raw["parameters"]
    return tables
