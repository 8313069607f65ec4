"""The one analyser of index and query: text to words, pairs of characters and vocabulary keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from collab.search.cutting import (
    BARRIER,
    MAX_TOKEN,
    PART,
    PIECE,
    CutText,
    code_words,
    cut_for_search,
    dictionary,
    is_han,
    stem,
)
from collab.search.measures import Measure, measure_tokens, measures
from collab.vocabulary.normalize import fold_case, normalize_text

ANALYSER_VERSION = "5"
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Token:
    """A token at character text[start:end] of the folded text; `position` counts units.

    A unit is one Chinese character, or one Latin word, code or number.
    """

    text: str
    position: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of Chinese characters, or one Latin word or code, of the folded text."""

    text: str
    start: int
    han: bool

    @property
    def end(self) -> int:
        """Where the piece ends in the folded text."""
        return self.start + len(self.text)


def fold(text: str) -> str:
    """One spelling of everything that only differs in width, script, case or regional words."""
    return normalize_text(text).lower()


def pieces(folded: str) -> Iterator[Piece]:
    """Runs of Chinese characters and Latin words or codes, in order."""
    for match in PIECE.finditer(folded):
        yield Piece(match[0][:512], match.start(), match.lastgroup == "han")


def cut(run: str) -> list[tuple[str, int, int]]:
    """Words of a run of Chinese characters with their places, long words also by their parts."""
    found: list[tuple[str, int, int]] = dictionary().segmenter.tokenize(run, mode="search")
    return found


def is_known_word(word: str) -> bool:
    """True for words of the dictionary and of the vocabulary, false for made-up ones."""
    return bool(dictionary().segmenter.has_word(word))


def measure_words(folded: str) -> list[str]:
    """The numbers with units of folded text, as words."""
    return measure_tokens(folded) if _DIGIT.search(folded) else []


def words_of(folded: str) -> list[str]:
    """The words of folded text as the index stores them, in order, without places."""
    return [*measure_words(folded), *CutText(folded).words()]


def words(text: str) -> list[str]:
    """The words of any text: the same for a document and for a query."""
    return words_of(fold(text))


def tokens(text: str) -> list[Token]:
    """Words with their places in `fold(text)`, numbers with units as one token beside them."""
    folded = fold(text)
    found: list[Token] = []
    unit_at: dict[int, int] = {}
    position = 0
    for piece in pieces(folded):
        unit_at[piece.start] = position
        if piece.han:
            found += (
                Token(w, position + i, piece.start + i, piece.start + j)
                for w, i, j in cut(piece.text)
            )
            position += len(piece.text)
        else:
            found += (Token(w, position, piece.start, piece.end) for w in code_words(piece.text))
            position += max(1, len(PART.findall(piece.text)))
    for measure in measures(folded):
        at = unit_at.get(measure.start, 0)
        found.append(Token(measure.token, at, measure.start, measure.end))
    return sorted(found, key=lambda t: (t.start, t.end, t.text))


def grams_of(folded: str) -> list[str]:
    """The neighbouring pairs of folded text, see `CutText.grams`."""
    return CutText(folded).grams()


def grams(text: str) -> list[str]:
    """The neighbouring pairs of any text, see `grams_of`."""
    return grams_of(fold(text))


def phrase_grams(text: str) -> list[tuple[int, str]]:
    """What must stand at which offset for a phrase to occur: pairs inside, no open end."""
    found: list[tuple[int, str]] = []
    position = 0
    for piece in pieces(fold(text)):
        if piece.han:
            run = piece.text
            found += ((position + i, run[i : i + 2]) for i in range(max(1, len(run) - 1)))
            position += len(run)
        else:
            for part in PART.findall(piece.text):
                found.append((position, part[:MAX_TOKEN]))
                position += 1
    return found


def canonical(folded: str) -> tuple[str, list[int]]:
    """The line of a text with the place of each of its characters in the text."""
    cut_text = CutText(folded)
    return cut_text.line, [cut_text.place(at) for at in range(len(cut_text.line) + 1)]


@lru_cache(maxsize=50_000)
def term_key(spelling: str) -> str:
    """The canonical form of one vocabulary spelling."""
    return CutText(fold(spelling)).line


def quantities(folded: str) -> list[Measure]:
    """Numbers with units of folded text."""
    return list(measures(folded))


__all__ = [
    "ANALYSER_VERSION",
    "BARRIER",
    "MAX_TOKEN",
    "Piece",
    "Token",
    "canonical",
    "code_words",
    "cut",
    "cut_for_search",
    "fold",
    "fold_case",
    "grams",
    "grams_of",
    "is_han",
    "measure_words",
    "phrase_grams",
    "pieces",
    "quantities",
    "stem",
    "term_key",
    "tokens",
    "words",
    "words_of",
]  # fmt: skip
