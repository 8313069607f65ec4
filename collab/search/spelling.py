"""Typing errors in queries: what a word nobody wrote was probably meant to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from collab.search.analysis import cut, fold, is_known_word, pieces, stem
from collab.search.concepts import Recogniser
from collab.search.function_words import FUNCTION_WORDS
from collab.vocabulary.catalog import Vocabulary

Known = Callable[[str], bool]
SeenWords = Callable[[str], Iterable[str]]
_MIN_LATIN, _MIN_HAN = 4, 4
_MAX_PIECES, _MAX_RUN = 8, 40
_MIN_PLAIN = 6  # below this, a run of ordinary words is never taken for an error
_GAP = "\x00"


def distance(a: str, b: str, limit: int) -> int:
    """Edits from a to b (swapped neighbours count once); limit + 1 when there are more."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, before_last = row, before
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
        before = last
    return row[-1]


def _holes(word: str) -> set[str]:
    """The word with one character replaced, left out or two neighbours swapped, as patterns."""
    found = {word[:i] + _GAP + word[i + 1 :] for i in range(len(word))}
    found |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    return found


def _shortened(word: str) -> set[str]:
    """The word without one of its inner characters."""
    return {word[:i] + word[i + 1 :] for i in range(1, len(word) - 1)}


def _suspicious(word: str) -> bool:
    """A left-over character, or a word that no dictionary has."""
    return (len(word) == 1 and word not in FUNCTION_WORDS) or not is_known_word(word)


class Speller:
    """Knows every word and Chinese term of the vocabulary."""

    def __init__(self, vocabulary: Vocabulary, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._words: dict[str, int] = {}
        self._terms: set[str] = set()
        self._patterns: dict[str, list[str]] = {}
        self._short: dict[str, list[str]] = {}
        for terms in (vocabulary.techniques, vocabulary.materials):
            for term in terms.values():
                for spelling in term.spellings():
                    self._learn(fold(spelling))
        self._stems = {stem(word) for word in self._words}

    def _learn(self, spelling: str) -> None:
        for piece in pieces(spelling):
            if not piece.han:
                if piece.text.isalpha():
                    self._words[piece.text] = self._words.get(piece.text, 0) + 1
            elif len(piece.text) >= _MIN_HAN and piece.text not in self._terms:
                self._terms.add(piece.text)
                for pattern in _holes(piece.text):
                    self._patterns.setdefault(pattern, []).append(piece.text)
                for short in _shortened(piece.text):
                    self._short.setdefault(short, []).append(piece.text)

    def correct(
        self, query: str, known_word: Known, known_pair: Known, seen: SeenWords
    ) -> str | None:
        """The query with its unknown words replaced, None when nothing sensible offers itself."""
        folded = fold(query)
        out: list[str] = []
        at, changed = 0, False
        for piece in list(pieces(folded))[:_MAX_PIECES]:
            out.append(folded[at : piece.start])
            at = piece.end
            better = (
                self._han(piece.text, known_pair) if piece.han
                else self._latin(piece.text, folded, known_word, seen)
            )  # fmt: skip
            changed = changed or better is not None
            out.append(better or piece.text)
        return "".join([*out, folded[at:]]) if changed else None

    def _latin(self, word: str, query: str, known: Known, seen: SeenWords) -> str | None:
        if len(word) < _MIN_LATIN or not (word.isascii() and word.isalpha()):
            return None
        if word in FUNCTION_WORDS or stem(word) in self._stems or known(word):
            return None
        limit = 1 if len(word) < 8 else 2
        options: list[tuple[float, int, str]] = [
            (distance(word, w, limit), -self._words[w], w) for w in self._near(word)
        ]
        options += [(0.5, -n, w) for w, n in self._words.items() if w.startswith(word)]
        best = self._best([o for o in options if o[0] <= limit], word, query)
        if best is not None:
            return best
        others = [(distance(word, w, limit), w) for w in seen(word[0]) if w.isalpha()]
        near = min((o for o in others if o[0] <= limit), default=None)
        return near[1] if near else None

    def _near(self, word: str) -> list[str]:
        return [w for w in self._words if abs(len(w) - len(word)) <= 2]

    def _best(self, options: list[tuple[float, int, str]], word: str, query: str) -> str | None:
        """The option with which the whole query names most of the vocabulary."""
        if not options:
            return None

        def merit(option: tuple[float, int, str]) -> tuple[int, float, int, str]:
            changed = query.replace(word, option[2])
            found = self._recogniser.find(changed, query=True)
            return (-sum(c.end - c.start for c in found), *option)

        return min(sorted(options)[:12], key=merit)[2]

    def _han(self, run: str, known_pair: Known) -> str | None:
        """One term put right where the run differs from it in one unheard-of place.

        Only where some character is left over: what the vocabulary explains is no error.
        """
        open_ = self._unexplained(run) if len(run) <= _MAX_RUN else []
        for size in range(min(len(run), 12), _MIN_HAN - 1, -1):
            for start in range(len(run) - size + 1):
                if not any(start <= at < start + size for at in open_):
                    continue
                better = self._term_for(run[start : start + size], known_pair)
                if better is not None:
                    rest = run[start + size :]
                    return run[:start] + better + (self._han(rest, known_pair) or rest)
        return None

    def _unexplained(self, run: str) -> list[int]:
        taken = [(c.start, c.end) for c in self._recogniser.find(run, query=True)]
        taken += [(i, j) for word, i, j in cut(run) if word in FUNCTION_WORDS]
        return [at for at in range(len(run)) if not any(i <= at < j for i, j in taken)]

    def _term_for(self, window: str, known_pair: Known) -> str | None:
        if all(known_pair(window[i : i + 2]) for i in range(len(window) - 1)):
            return None
        odd = any(_suspicious(word) for word, _, _ in cut(window))
        if not odd and len(window) < _MIN_PLAIN:
            return None
        found = {t for p in _holes(window) for t in self._patterns.get(p, ())}
        found |= set(self._patterns.get(window, ()))
        if odd:
            found |= _shortened(window) & self._terms
            found |= set(self._short.get(window, ()))
        return min(found - {window}, default=None)
