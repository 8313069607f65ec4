"""Typing errors in queries: what a word nobody wrote was probably meant to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from collab.search.analysis import cut, fold, is_han, is_known_word, pieces, stem
from collab.search.asked_words import asked_words
from collab.search.concepts import Recogniser
from collab.search.function_words import FUNCTION_WORDS, PLAIN_ENGLISH
from collab.search.sounds import sound_alike
from collab.vocabulary.catalog import Vocabulary
from collab.vocabulary.normalize import normalize_text

Known = Callable[[str], bool]
SeenWords = Callable[[str], Iterable[str]]
_MIN_LATIN, _MIN_HAN = 3, 4
_MAX_PIECES, _MAX_RUN = 8, 40
_MIN_SEEN, _FEW = 6, 3  # letters of a word, and words of a query
_PART = re.compile(r"[^\W_]+")
_LONG = 8  # letters of a word that is hardly one edit away from another by chance
_MIN_PLAIN = 6  # below this, a run of ordinary words is never taken for an error
_TAILS = ("服务", "平台", "加工", "代工")
_GAP = "\x00"
_MIN_ALIKE = 2  # characters of a term of which one may be written as another that sounds alike


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
    """The word with one character replaced, as patterns."""
    return {word[:i] + _GAP + word[i + 1 :] for i in range(len(word))}


def _swapped(word: str) -> set[str]:
    """The word with two neighbours swapped."""
    return {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}


def _words(folded: str) -> Iterator[tuple[int, str]]:
    """Runs of Chinese characters and Latin words, the parts of a code apart, with their places."""
    for piece in list(pieces(folded))[:_MAX_PIECES]:
        if piece.han:
            yield piece.start, piece.text
        else:
            yield from ((piece.start + m.start(), m[0]) for m in _PART.finditer(piece.text))


def _shortened(word: str) -> set[str]:
    """The word without one of its inner characters."""
    return {word[:i] + word[i + 1 :] for i in range(1, len(word) - 1)}


def _without_double(word: str) -> set[str]:
    """The word without a character that repeats its neighbour, or sounds like it."""
    return {
        word[:i] + word[i + 1 :]
        for i in range(1, len(word) - 1)
        if any(word[i] == word[j] or sound_alike(word[i], word[j]) for j in (i - 1, i + 1))
    }


def _without_tail(term: str) -> str:
    """A term without the word that any service may end in: 外延服务 is 外延."""
    return next((term.removesuffix(t) for t in _TAILS if term.endswith(t)), term)


def _suspicious(word: str) -> bool:
    """A left-over character, or a word that no dictionary has."""
    return (len(word) == 1 and word not in FUNCTION_WORDS) or not is_known_word(word)


def _windows(length: int, least: int) -> Iterator[tuple[int, int]]:
    """Stretches of a run, long ones first."""
    for size in range(min(length, 12), least - 1, -1):
        yield from ((start, start + size) for start in range(length - size + 1))


def _crosses(taken: tuple[int, int], start: int, end: int) -> bool:
    """True when the window cuts a stretch that is understood in two."""
    i, j = taken
    return (i < start < j or i < end < j) and not (i <= start and end <= j)


def _only_one(options: list[tuple[int, int, str]]) -> str | None:
    """The word that is one edit away, when just one stem is: no other long word can be meant."""
    near = [word for edits, _, word in options if edits == 1]
    return near[0] if near and len({stem(word) for word in near}) == 1 else None


def _stems_of(word: str) -> set[str]:
    """The stem, also of the word that somebody who does it is named after: writer, cutters."""
    plain = word.removesuffix("s")
    return {stem(word), *(stem(plain[:-n]) for n in (1, 2) if plain.endswith(("er", "or")))}


class Speller:
    """Knows every word and Chinese term of the vocabulary."""

    def __init__(self, vocabulary: Vocabulary, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._words: dict[str, int] = {}
        self._terms: set[str] = set()
        self._patterns: dict[str, list[str]] = {}
        self._short: dict[str, list[str]] = {}
        self._sounding: dict[str, dict[str, int]] = {}
        for terms in (vocabulary.techniques, vocabulary.materials):
            for term in terms.values():
                for spelling in term.spellings():
                    self._learn(fold(spelling))
        for word in asked_words(vocabulary):
            if is_han(spelling := fold(word.spelling)):
                self._learn_sound(spelling)
        self._stems = {stem(word) for word in self._words}

    def _learn(self, spelling: str) -> None:
        listed = list(pieces(spelling))
        for piece in listed:
            if not piece.han:
                for word in _PART.findall(piece.text):
                    if word.isalpha():
                        self._words[word] = self._words.get(word, 0) + 1
            elif len(listed) == 1:
                self._learn_han(_without_tail(piece.text))

    def _learn_sound(self, term: str) -> None:
        """How often a term is a term of its own or the rest of a longer one, by its patterns."""
        if len(term) >= _MIN_ALIKE:
            for pattern in _holes(term):
                known = self._sounding.setdefault(pattern, {})
                known[term] = known.get(term, 0) + 1

    def _learn_han(self, term: str) -> None:
        self._learn_sound(term)
        if len(term) < _MIN_HAN or term in self._terms:
            return
        self._terms.add(term)
        for pattern in _holes(term):
            self._patterns.setdefault(pattern, []).append(term)
        for short in _shortened(term):
            self._short.setdefault(short, []).append(term)

    def correct(
        self, query: str, known_word: Known, known_pair: Known, seen: SeenWords
    ) -> str | None:
        """The query with its unknown words replaced, None when nothing sensible offers itself."""
        written = normalize_text(query)
        folded = written.lower()
        written = written if len(written) == len(folded) else folded
        out: list[str] = []
        at, changed = 0, False
        for start, word in _words(folded):
            out.append(written[at:start])
            at = start + len(word)
            better = (
                self._han(word, known_word, known_pair) if is_han(word)
                else self._latin(word, folded, known_word, seen)
            )  # fmt: skip
            changed = changed or better is not None
            out.append(better or written[start:at])
        return "".join([*out, written[at:]]) if changed else None

    def _latin(self, word: str, query: str, known: Known, seen: SeenWords) -> str | None:
        if len(word) < _MIN_LATIN or not (word.isascii() and word.isalpha()):
            return None
        if (
            word in FUNCTION_WORDS
            or word in PLAIN_ENGLISH
            or known(word)
            or self._stems & _stems_of(word)
        ):
            return None
        limit = 1 if len(word) < 8 else 2
        options = [(distance(word, w, limit), -self._words[w], w) for w in self._near(word)]
        near = [o for o in options if o[0] <= limit and (o[0] < 2 or o[2][0] == word[0])]
        best = self._best(near, word, query)
        if best is None and len(word) >= _LONG:
            best = _only_one(near)
        if best is not None or len(word) < _MIN_SEEN or len(query.split()) > _FEW:
            return best
        if near:
            return min(near)[2]
        others = [(distance(word, w, 1), w) for w in seen(word[0]) if w.isalpha()]
        other = min((o for o in others if o[0] <= 1), default=None)
        return other[1] if other else None

    def _near(self, word: str) -> list[str]:
        return [w for w in self._words if abs(len(w) - len(word)) <= 2]

    def _best(self, options: list[tuple[int, int, str]], word: str, query: str) -> str | None:
        """The option that makes the query name a term of the vocabulary, the longest if several.

        A short word is only taken for an error when the term has another word beside it, or the
        query hardly more than this one: plain English is full of words the vocabulary lacks.
        """
        merits = []
        alone = len(word) >= _MIN_SEEN or (len(word) > _MIN_LATIN and len(query.split()) <= 2)
        for option in sorted(options)[:12]:
            gain = self._gain(option[2], word, query)
            if gain > (0 if alone else len(option[2])):
                merits.append((-gain, *option))
        return min(merits)[3] if merits else None

    def _gain(self, better: str, word: str, query: str) -> int:
        """How long the term is of which `better` becomes a part; 0 when of none."""
        at = query.find(word)
        changed = query[:at] + better + query[at + len(word) :]
        found = self._recogniser.find(changed, query=True)
        spans = (
            c.end - c.start for c in found
            if not c.plain and c.start < at + len(better) and at < c.end
        )  # fmt: skip
        return max(spans, default=0)

    def _han(self, run: str, known_word: Known, known_pair: Known) -> str | None:
        """One term put right where the run differs from it in one unheard-of place.

        Only where some character is left over: what the vocabulary explains is no error.
        """
        taken = self._explained(run) if len(run) <= _MAX_RUN else [(0, len(run))]
        whole = [(i, j) for word, i, j in cut(run) if j - i > 1 and is_known_word(word)]
        open_ = [at for at in range(len(run)) if not any(i <= at < j for i, j in taken)]
        looks: tuple[tuple[int, Callable[[str], str | None]], ...] = (
            (_MIN_ALIKE, lambda window: self._sounds_like(window, known_word, known_pair)),
            (_MIN_HAN - 1, lambda window: self._term_for(window, known_pair)),
        )
        for least, look in looks:
            for start, end in _windows(len(run), least):
                if not any(start <= at < end for at in open_):
                    continue
                if any(_crosses(one, start, end) for one in (*taken, *whole)):
                    continue
                if (better := look(run[start:end])) is not None:
                    rest = self._han(run[end:], known_word, known_pair) or run[end:]
                    return run[:start] + better + rest
        return None

    def _sounds_like(self, window: str, known_word: Known, known_run: Known) -> str | None:
        """The term that sounds like the window, the commonest if several.

        What stands in a document as a word, or as a run of more characters, is no error.
        """
        found: list[tuple[int, str]] = []
        for at, written in enumerate(window):
            options = self._sounding.get(window[:at] + _GAP + window[at + 1 :], {})
            found += ((-n, t) for t, n in options.items() if sound_alike(written, t[at]))
        if not found or is_known_word(window) or known_word(window):
            return None
        return None if len(window) > 2 and known_run(window) else min(found)[1]

    def _explained(self, run: str) -> list[tuple[int, int]]:
        """Stretches that are terms of the vocabulary, or words that ask or name no technique."""
        taken = [(c.start, c.end) for c in self._recogniser.find(run, query=True)]
        plain = (*FUNCTION_WORDS, *_TAILS)
        return taken + [(i, j) for word, i, j in cut(run) if word in plain]

    def _term_for(self, window: str, known_pair: Known) -> str | None:
        if all(known_pair(window[i : i + 2]) for i in range(len(window) - 1)):
            return None
        odd = any(_suspicious(word) for word, _, _ in cut(window))
        found = _swapped(window) & self._terms
        if odd or len(window) >= _MIN_PLAIN:
            found |= self._one_other(window)
        if odd:
            found |= _without_double(window) & self._terms
            found |= set(self._short.get(window, ()))
        return min((t for t in found if t != window and self._inside(window, t)), default=None)

    def _one_other(self, window: str) -> set[str]:
        """Terms that differ in one character, which is no word that only binds others, nor part
        of a longer word that is right (激光器片 is no error for 激光划片).
        """
        right = {
            at for word, i, j in cut(window) if j - i > 2 and is_known_word(word)
            for at in range(i, j)
        }  # fmt: skip
        return {
            term
            for at, written in enumerate(window)
            if written not in FUNCTION_WORDS and at not in right
            for term in self._patterns.get(window[:at] + _GAP + window[at + 1 :], ())
        }  # fmt: skip

    def _inside(self, window: str, term: str) -> bool:
        """False when only the first or last character differs and the rest is a term itself.

        Then that character rather belongs to the words around it (有人做过光纤阵列).
        """
        for rest, of_term in ((window[1:], term[1:]), (window[:-1], term[:-1])):
            if rest == of_term and len(rest) >= _MIN_HAN - 1:
                found = self._recogniser.find(rest, query=True)
                return not any(c.end - c.start == len(rest) for c in found)
        return True
