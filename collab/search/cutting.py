"""Folded text cut once: its words, its pairs of characters and the line terms are found in.

Texts of a catalogue repeat their pieces (a run of Chinese characters, a Latin word or code), so
what a piece gives is worked out once and kept; a text is then one split and a few joins.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from itertools import accumulate, chain
from operator import add, itemgetter
from typing import NamedTuple

import rjieba
import snowballstemmer

from collab.vocabulary.catalog import Vocabulary, load_vocabulary
from collab.vocabulary.normalize import normalize_text

MAX_TOKEN = 64
BARRIER = "|"
_LONGEST_KEPT, _MOST_KEPT = 40, 40_000

HAN = (
    r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    r"\U00020000-\U0003ffff]"
)
_LATIN = (
    r"[^\W_\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_CODE = rf"{_LATIN}+(?:[-_.'+]{_LATIN}+)*"
PIECE = re.compile(rf"(?P<han>{HAN}+)|(?P<code>{_CODE})")
PART = re.compile(rf"{_LATIN}+")
_SPLIT = re.compile(rf"({HAN}+|{_CODE})")
_HAN_ONLY = re.compile(rf"{HAN}+\Z")
_POSSESSIVE = re.compile(r"'s?$")
_DECIMAL = re.compile(r"\d+(?:\.\d+)+\Z")


def is_han(text: str) -> bool:
    """True when the text is nothing but Chinese characters."""
    return bool(_HAN_ONLY.match(text))


class Dictionary:
    """Cuts runs of Chinese characters into words; knows those of one vocabulary.

    What pieces give is kept here, because it depends on these words.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.version = vocabulary.version
        self.segmenter = rjieba.Jieba()
        self.pieces = _Pieces(self)
        for terms in (vocabulary.techniques, vocabulary.materials, vocabulary.parameters):
            for term in terms.values():
                for spelling in term.spellings():
                    word = normalize_text(spelling).lower()
                    if 2 <= len(word) <= 8 and is_han(word):
                        self.segmenter.add_word(word, None, None)


_made: dict[str, Dictionary] = {}
_making = threading.Lock()
_in_use: ContextVar[Dictionary | None] = ContextVar("dictionary", default=None)


def dictionary_of(vocabulary: Vocabulary) -> Dictionary:
    """The dictionary of a vocabulary; the last three are kept: in force, before and next."""
    with _making:
        found = _made.get(vocabulary.version)
        if found is None:
            found = Dictionary(vocabulary)
            for old in list(_made)[:-2]:
                _made.pop(old)
            _made[vocabulary.version] = found
        return found


def known_dictionary(version: str) -> Dictionary | None:
    """The dictionary of this version if this process still has it."""
    return _made.get(version)


def dictionary() -> Dictionary:
    """The dictionary in use here, that of the shipped vocabulary unless another was chosen."""
    return _in_use.get() or dictionary_of(load_vocabulary())


def chosen() -> bool:
    """Whether somebody further out has chosen a dictionary."""
    return _in_use.get() is not None


@contextmanager
def cutting_with(words: Dictionary) -> Iterator[None]:
    """Cut with this dictionary inside the block, in this thread."""
    token = _in_use.set(words)
    try:
        yield
    finally:
        _in_use.reset(token)


@contextmanager
def cutting_for(vocabulary: Vocabulary) -> Iterator[None]:
    """Cut with the vocabulary's dictionary unless somebody further out has chosen one."""
    if chosen():
        yield
        return
    with cutting_with(dictionary_of(vocabulary)):
        yield


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
    parts = PART.findall(whole)
    if len(parts) == 1:
        return (stem(parts[0]),)
    joined = "".join(parts)
    words = tuple(stem(part) for part in parts)
    return (*words, stem(joined)) if len(joined) <= 24 and len(parts) <= 3 else words


def cut_for_search(run: str, words: Dictionary | None = None) -> list[str]:
    """Words of a run of Chinese characters, long words also by their parts."""
    found: list[str] = (words or dictionary()).segmenter.cut_for_search(run)
    return found


class _Known(NamedTuple):
    """What one piece gives. `places` are the parts of a code: where each begins in the line,
    begins and ends in the piece, and ends in the line; None for Chinese characters."""

    words: tuple[str, ...]
    grams: tuple[str, ...]
    line: str
    places: tuple[tuple[int, int, int, int], ...] | None


def _known(piece: str, words: Dictionary) -> _Known:
    if is_han(piece[0]):
        pairs = (*map(add, piece, piece[1:]), piece[-1])
        return _Known(tuple(cut_for_search(piece, words)), pairs, piece, None)
    spans = [(0, len(piece))] if piece.isalnum() else [m.span() for m in PART.finditer(piece)]
    line = ""
    places = []
    for i, j in spans:
        at = len(line)
        line += f" {stem(piece[i:j])} "
        places.append((at, i, j, len(line)))
    grams = tuple(piece[i:j][:MAX_TOKEN] for i, j in spans)
    return _Known(code_words(piece), grams, line, tuple(places))


class _Pieces(dict[str, _Known]):
    """What pieces give, worked out once for short ones; starts over when it is full."""

    def __init__(self, words: Dictionary) -> None:
        super().__init__()
        self._dictionary = words

    def __missing__(self, piece: str) -> _Known:
        found = _known(piece, self._dictionary)
        if len(piece) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[piece] = found
        return found


class _Gaps(dict[str, str]):
    """What stands in the line for the text between two pieces: blanks are nothing."""

    def __missing__(self, gap: str) -> str:
        found = BARRIER if gap.strip() else ""
        if len(gap) <= 4 and len(self) < _MOST_KEPT:
            self[gap] = found
        return found


_GAPS = _Gaps()
_WORDS, _GRAMS, _LINE = itemgetter(0), itemgetter(1), itemgetter(2)


class CutText:
    """One folded text. `line` holds it in the form in which vocabulary terms are looked up.

    There Chinese characters stand bare, Latin words as stems between blanks: hyphen equals blank,
    plurals meet, and a Latin term never matches inside a word. Punctuation is a barrier.
    """

    __slots__ = ("_known", "_line_at", "_parts", "_pieces", "_text_at", "line")

    def __init__(self, folded: str) -> None:
        self._parts = parts = _SPLIT.split(folded)  # gap, piece, gap, … piece, gap
        kept = dictionary().pieces
        self._known = known = [kept[piece] for piece in parts[1::2]]
        self._pieces: list[str] = [""] * max(0, 2 * len(known) - 1)  # of the line
        if known:
            self._pieces[::2] = map(_LINE, known)
            self._pieces[1::2] = [_GAPS[gap] for gap in parts[2:-1:2]]
        self.line = "".join(self._pieces)
        self._line_at: list[int] | None = None
        self._text_at: list[int] = []

    def pieces_before(self, mark: str) -> int:
        """How many pieces stand before the first `mark`, which no piece can hold."""
        for number, gap in enumerate(self._parts[::2]):
            if mark in gap:
                return number
        return len(self._known)

    def words(self, first: int = 0, last: int | None = None) -> list[str]:
        """The words of some pieces as the index stores them, in order."""
        return list(chain.from_iterable(map(_WORDS, self._known[first:last])))

    def grams(self, first: int = 0, last: int | None = None) -> list[str]:
        """One entry a unit: a Chinese character with its neighbour, or a Latin word as written.

        The last character of a run stands alone, so any piece of two characters and any single
        character can be found, and a phrase is a run of neighbouring entries.
        """
        return list(chain.from_iterable(map(_GRAMS, self._known[first:last])))

    def place(self, at: int) -> int:
        """Where a character of the line stands in the text."""
        if self._line_at is None:
            self._line_at = [0, *accumulate(map(len, self._pieces))]
            self._text_at = list(accumulate(map(len, self._parts)))
        if at >= len(self.line):
            return self._text_at[-1]
        found = bisect_right(self._line_at, at) - 1
        start = self._text_at[found]  # of the piece, or of the gap
        if found % 2:
            return start
        places, inside = self._known[found // 2].places, at - self._line_at[found]
        if places is None:
            return start + inside
        i, j, end = next((i, j, end) for _, i, j, end in places if inside < end)
        return start + (j if inside == end - 1 else i)
