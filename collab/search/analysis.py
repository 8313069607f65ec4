"""The one analyser of index and query: text to words, pairs of characters and vocabulary keys."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add

import rjieba
import snowballstemmer

from collab.search.measures import Measure, measures
from collab.vocabulary.catalog import load_vocabulary
from collab.vocabulary.normalize import fold_case, normalize_text

ANALYSER_VERSION = "5"
MAX_TOKEN = 64
BARRIER = "|"

_HAN = (
    r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    r"\U00020000-\U0003ffff]"
)
_LATIN = (
    r"[^\W_\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_PIECES = re.compile(
    rf"(?P<han>{_HAN}+)|(?P<code>{_LATIN}+(?:[-_.'/+]{_LATIN}+)*)".replace(r"/+", "+")
)
_PARTS = re.compile(rf"{_LATIN}+")
_DIGIT = re.compile(r"\d")
_POSSESSIVE = re.compile(r"'s?$")
_HAN_ONLY = re.compile(rf"{_HAN}+\Z")
_DECIMAL = re.compile(r"\d+(?:\.\d+)+\Z")


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


def is_han(text: str) -> bool:
    """True when the text is nothing but Chinese characters."""
    return bool(_HAN_ONLY.match(text))


def pieces(folded: str) -> Iterator[Piece]:
    """Runs of Chinese characters and Latin words or codes, in order."""
    for match in _PIECES.finditer(folded):
        yield Piece(match[0][:512], match.start(), match.lastgroup == "han")


@lru_cache(maxsize=1)
def _segmenter() -> rjieba.Jieba:
    jieba = rjieba.Jieba()
    vocabulary = load_vocabulary()
    for terms in (vocabulary.techniques, vocabulary.materials, vocabulary.parameters):
        for term in terms.values():
            for spelling in term.spellings():
                word = fold(spelling)
                if 2 <= len(word) <= 8 and is_han(word):
                    jieba.add_word(word, None, None)
    return jieba


@lru_cache(maxsize=1)
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The Snowball stem of an English word; codes, numbers and short words stay as they are."""
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word[:MAX_TOKEN]
    stemmed: str = _stemmer().stemWord(word)
    return stemmed[:MAX_TOKEN]


@lru_cache(maxsize=200_000)
def code_words(code: str) -> tuple[str, ...]:
    """The words of one Latin piece: gr-468 gives gr, 468 and gr468; 0.18 stays whole."""
    if code.isalnum():
        return (stem(code),)
    if _DECIMAL.match(code):
        return (code[:MAX_TOKEN],)
    whole = _POSSESSIVE.sub("", code)
    parts = _PARTS.findall(whole)
    if len(parts) == 1:
        return (stem(parts[0]),)
    joined = "".join(parts)
    words = tuple(stem(part) for part in parts)
    return (*words, stem(joined)) if len(joined) <= 24 and len(parts) <= 3 else words


def cut(run: str) -> list[tuple[str, int, int]]:
    """Words of a run of Chinese characters with their places, long words also by their parts."""
    found: list[tuple[str, int, int]] = _segmenter().tokenize(run, mode="search")
    return found


def is_known_word(word: str) -> bool:
    """True for words of the dictionary and of the vocabulary, false for made-up ones."""
    return bool(_segmenter().has_word(word))


def words_of(folded: str) -> list[str]:
    """The words of folded text as the index stores them, in order, without places."""
    found = [m.token for m in measures(folded)] if _DIGIT.search(folded) else []
    segment = _segmenter().cut_for_search
    for match in _PIECES.finditer(folded):
        if match.lastgroup == "han":
            found.extend(segment(match[0]))
        else:
            found.extend(code_words(match[0]))
    return found


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
            position += max(1, len(_PARTS.findall(piece.text)))
    for measure in measures(folded):
        at = unit_at.get(measure.start, 0)
        found.append(Token(measure.token, at, measure.start, measure.end))
    return sorted(found, key=lambda t: (t.start, t.end, t.text))


def grams_of(folded: str) -> list[str]:
    """One entry a unit: a Chinese character with its neighbour, or a Latin word as written.

    The last character of a run stands alone, so any piece of two characters and any single
    character can be found, and a phrase is a run of neighbouring entries.
    """
    found: list[str] = []
    for match in _PIECES.finditer(folded):
        run = match[0]
        if match.lastgroup == "han":
            found.extend(map(add, run, run[1:]))
            found.append(run[-1])
        elif run.isalnum():
            found.append(run[:MAX_TOKEN])
        else:
            found.extend(part[:MAX_TOKEN] for part in _PARTS.findall(run))
    return found


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
            for part in _PARTS.findall(piece.text):
                found.append((position, part[:MAX_TOKEN]))
                position += 1
    return found


class Line:
    """Text in the form in which vocabulary terms are looked up, and the way back.

    Chinese characters stand bare, Latin words as stems between blanks: hyphen equals blank,
    plurals meet, and a Latin term never matches inside a word. Punctuation is a barrier.
    """

    __slots__ = ("_ends", "_froms", "_length", "_starts", "text")

    def __init__(self, folded: str) -> None:
        out: list[str] = []
        self._starts: list[int] = []  # where a stretch begins in the line
        self._froms: list[int] = []  # and in the text
        self._ends: list[int] = []  # and where it ends in the text; 0 for Chinese
        self._length = len(folded)
        at = before = 0
        for match in _PIECES.finditer(folded):
            start, end = match.span()
            if at and folded[before:start].strip():
                self._stretch(at, before, before)
                out.append(BARRIER)
                at += 1
            before = end
            if match.lastgroup == "han":
                self._stretch(at, start, 0)
                out.append(match[0])
                at += end - start
                continue
            code = match[0]
            for i, j in _part_places(code):
                word = f" {stem(code[i:j])} "
                self._stretch(at, start + i, start + j)
                out.append(word)
                at += len(word)
        self.text = "".join(out)

    def _stretch(self, at: int, start: int, end: int) -> None:
        self._starts.append(at)
        self._froms.append(start)
        self._ends.append(end)

    def place(self, at: int) -> int:
        """Where a character of the line stands in the text."""
        if at >= len(self.text):
            return self._length
        stretch = bisect_right(self._starts, at) - 1
        first, end = self._starts[stretch], self._ends[stretch]
        if not end:
            return self._froms[stretch] + at - first
        last = self._starts[stretch + 1] if stretch + 1 < len(self._starts) else len(self.text)
        return end if at == last - 1 and self.text[at] == " " else self._froms[stretch]


def _part_places(code: str) -> Sequence[tuple[int, int]]:
    return ((0, len(code)),) if code.isalnum() else [m.span() for m in _PARTS.finditer(code)]


def canonical(folded: str) -> tuple[str, list[int]]:
    """The line of a text with the place of each of its characters in the text."""
    line = Line(folded)
    return line.text, [line.place(at) for at in range(len(line.text) + 1)]


@lru_cache(maxsize=50_000)
def term_key(spelling: str) -> str:
    """The canonical form of one vocabulary spelling."""
    return Line(fold(spelling)).text


def quantities(folded: str) -> list[Measure]:
    """Numbers with units of folded text."""
    return list(measures(folded))


__all__ = [
    "ANALYSER_VERSION", "Line", "Piece", "Token", "canonical", "code_words", "cut", "fold",
    "fold_case", "grams", "grams_of", "is_han", "phrase_grams", "pieces", "quantities", "stem",
    "term_key", "tokens", "words", "words_of",
]  # fmt: skip
