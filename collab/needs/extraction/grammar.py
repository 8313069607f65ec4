"""Everything of a vocabulary that reading a text needs, compiled once for each version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from collab.needs.extraction.chains import ChainIndex
from collab.needs.extraction.cues import CueIndex, Forms, bare_units, parameter_tables
from collab.needs.extraction.numerals import ENGLISH, chinese_value
from collab.needs.extraction.operators import Operators
from collab.needs.extraction.products import product_nouns
from collab.needs.extraction.terms import Resolver, build_indexes, stems
from collab.needs.extraction.units import UnitWords
from collab.needs.extraction.values import ValueIndex
from collab.needs.extraction.wishes import Regions
from collab.vocabulary.catalog import Vocabulary
from collab.vocabulary.normalize import Normaliser

_KEPT = 4
_compiled: dict[tuple[str, int], Grammar] = {}


class Grammar:
    """The compiled form of one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.tables: Mapping[str, Any] = parameter_tables(vocabulary)
        self.normaliser = Normaliser(vocabulary.raw["normalisation"])
        self.terms = build_indexes(vocabulary, self.normaliser)
        self.resolver = Resolver(vocabulary, self.normaliser)
        found = stems(vocabulary, self.normaliser)
        patterns = list(found)
        self.stems = (AhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest), patterns, found)
        self.products = product_nouns(vocabulary, self.normaliser)
        self.cues = CueIndex(vocabulary, self.normaliser)
        self.forms = Forms(vocabulary)
        self.values = ValueIndex(vocabulary, self.normaliser)
        self.regions = Regions(vocabulary, self.normaliser)
        self.chains = ChainIndex(vocabulary)
        self.operators = Operators(self.tables["operators_text"])
        self.units = UnitWords(self.tables["units"])
        self.bare_units = bare_units(vocabulary)
        self._multipliers = self.tables["units"]["money_multipliers"]

    def multiplier(self, word: str) -> float:
        """The factor of 万, 亿, k and so on; 1 for anything else."""
        return float(self._multipliers.get(word, 1))

    @staticmethod
    def figure(text: str) -> float | None:
        """A number in digits or Chinese numerals."""
        word = text.strip().lower()
        if word in ENGLISH:
            return float(ENGLISH[word])
        try:
            return float(word.replace(",", ""))
        except ValueError:
            return chinese_value(word)


def grammar_of(vocabulary: Vocabulary) -> Grammar:
    """The compiled vocabulary, kept for the last few versions."""
    key = (vocabulary.version, id(vocabulary))
    found = _compiled.get(key)
    if found is None:
        found = Grammar(vocabulary)
        for old in list(_compiled)[: 1 - _KEPT]:
            _compiled.pop(old, None)  # another thread may have let it go meanwhile
        _compiled[key] = found
    return found
