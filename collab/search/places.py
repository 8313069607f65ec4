"""Names of places in a query, found by any spelling of the list it was made with."""

from __future__ import annotations

from collections.abc import Mapping

from ahocorasick_rs import AhoCorasick, MatchKind

from collab.search.analysis import canonical, fold, term_key
from collab.search.plan import TAG, Atom, Group

_KINDS = ("特别行政区", "自治区", "省", "市")


def _ways(name: str) -> list[str]:
    """A place's name as given, and without the word for what kind of place it is."""
    short = next((name.removesuffix(k) for k in _KINDS if name.endswith(k)), name)
    return [name, short] if len(short) > 1 else [name]


def _telling(key: str) -> bool:
    """Codes of two or three letters (IN, US) are places only where a place is asked for."""
    return len(key.strip()) > 3 if key.isascii() else len(key) > 1


class Gazetteer:
    """Region codes by name (Chinese, English, with or without 省 or 市)."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._codes: dict[str, str] = {}
        for name, code in names.items():
            for written in _ways(name):
                self._codes.setdefault(term_key(written), code)
        self._keys = [key for key in self._codes if _telling(key)]
        self._automaton = (
            AhoCorasick(self._keys, matchkind=MatchKind.LeftmostLongest) if self._keys else None
        )

    def code(self, name: str) -> str | None:
        """The code of a place by name, None when the list does not have it."""
        return self._codes.get(term_key(name))

    def found(self, folded: str) -> list[str]:
        """Codes of the places that a folded text names, in order."""
        if self._automaton is None:
            return []
        line, _ = canonical(fold(folded))
        matches = self._automaton.find_matches_as_indexes(line)
        return list(dict.fromkeys(self._codes[self._keys[m[0]]] for m in matches))

    def groups(self, folded: str, weight: float) -> list[Group]:
        """One group a place named in the text."""
        return [
            Group((Atom(TAG, f"region:{code}", weight, flat=True),)) for code in self.found(folded)
        ]
