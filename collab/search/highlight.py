"""Where a text says what was asked: pieces of plain text, some marked, never markup."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

from collab.search.analysis import canonical, term_key
from collab.vocabulary.normalize import normalize

Span = tuple[str, bool]
SNIPPET = 160
READ = 1500
_BEFORE = 40


@dataclass(frozen=True, slots=True)
class Highlight:
    """Title and snippet of one result as (text, marked) pieces."""

    title_zh: list[Span]
    title_en: list[Span]
    snippet: list[Span]


@lru_cache(maxsize=4096)
def _prepared(text: str) -> tuple[str, array[int], array[int]]:
    """The canonical line of a text and, for each of its characters, where it came from.

    Kept because the same documents are shown again and again; nothing of a reader is in it.
    """
    normal = normalize(text)
    folded = normal.text.lower()
    if len(folded) != len(normal.text):
        folded = normal.text
    line, places = canonical(folded)
    top = len(normal.text) - 1
    firsts = array("I", (normal.starts[min(at, top)] for at in places[:-1]))
    lasts = array("I", (
        normal.ends[min(at, top)] if char != " " else normal.ends[max(0, at - 1)]
        for char, at in zip(line, places, strict=False)
    ))  # fmt: skip
    return line, firsts, lasts


class Marker:
    """Marks the given spellings in any text, whatever script, width or word ending they take."""

    def __init__(self, spellings: Iterable[str]) -> None:
        keys = {term_key(s) for s in spellings}
        keys = {k for k in keys if len(k.strip()) > 1 or (k and not k.isascii())}
        self._automaton = (
            AhoCorasick(sorted(keys), matchkind=MatchKind.LeftmostLongest) if keys else None
        )

    def places(self, text: str) -> list[tuple[int, int]]:
        """Marked spans of the original text, in order, never overlapping."""
        if self._automaton is None or not text:
            return []
        line, firsts, lasts = _prepared(text)
        found: list[tuple[int, int]] = []
        for _, i, j in self._automaton.find_matches_as_indexes(line):
            start, end = firsts[i + (line[i] == " ")], lasts[j - 1]
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((start, end))
        return found

    def mark(self, text: str) -> list[Span]:
        """The whole text in pieces."""
        return cut_at(text, self.places(text))

    def snippet(self, text: str) -> list[Span]:
        """The stretch of a long text with most marks, in pieces, with … where it was cut."""
        text = text[:READ]
        places = self.places(text)
        start = _best_start(places, len(text))
        end = min(len(text), start + SNIPPET)
        inside = [(i - start, j - start) for i, j in places if i >= start and j <= end]
        pieces = cut_at(text[start:end], inside)
        if start > 0:
            pieces.insert(0, ("…", False))
        if end < len(text):
            pieces.append(("…", False))
        return pieces


def _best_start(places: Sequence[tuple[int, int]], length: int) -> int:
    if length <= SNIPPET or not places:
        return 0
    best, most = 0, 0
    for at, (start, _) in enumerate(places[:200]):
        first = max(0, start - _BEFORE)
        marks = sum(1 for i, j in places[at : at + 40] if j <= first + SNIPPET)
        if marks > most:
            best, most = first, marks
    return min(best, length - SNIPPET)


def cut_at(text: str, places: Iterable[tuple[int, int]]) -> list[Span]:
    """Text cut into marked and unmarked pieces; joined they are the text again."""
    out: list[Span] = []
    at = 0
    for start, end in places:
        if start > at:
            out.append((text[at:start], False))
        if end > max(start, at):
            out.append((text[max(start, at) : end], True))
        at = max(at, end)
    if at < len(text):
        out.append((text[at:], False))
    return out
