"""Where Chinese words begin and end around a spelling, and whether a text speaks of testing."""

from __future__ import annotations

import re
from functools import lru_cache

from collab.search.analysis import cut, is_han
from collab.search.cutting import HAN, dictionary

_REACH = 12
_RUN = re.compile(f"{HAN}*")
_TEST_VERBS = "测检验评析"
_MEASURES = re.compile(
    r"[测检验评析]|表征|查看|看|\b(?:test|measur|charact|inspect|prob|analy|meter)"
)


def speaks_of_tests(text: str, *, query: bool) -> bool:
    """True when a verb of testing stands in the text; 封测 in a query is packaging."""
    plain = text.replace("探测", "")
    if query:
        plain = plain.replace("封测", "")
    return any(verb in plain for verb in _TEST_VERBS)


def speaks_of_measuring(folded: str) -> bool:
    """True when a query, in either language, wants something measured or looked at."""
    return bool(_MEASURES.search(folded))


def cuts_a_word(line: str, start: int, end: int) -> bool:
    """True for one or two Chinese characters that are no words of their own where they stand."""
    if end - start > 2 or not is_han(line[start:end]):
        return False
    before = _RUN.match(line[max(0, start - _REACH) : start][::-1])
    after = _RUN.match(line, end, end + _REACH)
    first = start - (before.end() if before else 0)
    run = line[first : after.end() if after else end]
    return _cuts(dictionary().version, run, start - first, end - first)


@lru_cache(maxsize=50_000)
def _cuts(_words: str, run: str, start: int, end: int) -> bool:
    """True when no word of the run begins at `start`, or none ends at `end`, under these words."""
    places = cut(run)
    return start not in {i for _, i, _ in places} or end not in {j for _, _, j in places}
