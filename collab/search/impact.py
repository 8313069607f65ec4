"""What a word weighs in one document, in steps: BM25's second half, fixed when it is indexed.

A score is the rarity of a word times its impact. The impact depends on the document alone (how
often the word stands in it, how long it is), so it can be stored with the word; the rarity is
counted among public documents at the time of the search. Nothing hidden goes into either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

K1, B = 1.2, 0.75
USUAL_LENGTH = 100.0  # words of a document, where nothing better is known
LEVEL = "\x7f"  # stands between a word and the letter of its level
MOST_COUNTED = 32  # further occurrences add next to nothing
_STEP = math.log(1.15)
_LOWEST, _HIGHEST = -16, 6  # levels; their impacts reach from a tenth to K1 + 1
_LETTERS = {level: chr(ord("A") + level - _LOWEST) for level in range(_LOWEST, _HIGHEST + 1)}
IMPACTS = {letter: math.exp(level * _STEP) for level, letter in _LETTERS.items()}


def rarity(size: int, known: int) -> float:
    """BM25's first half: of `size` documents `known` hold the word."""
    return math.log(1 + (size - known + 0.5) / (known + 0.5))


@lru_cache(maxsize=4096)
def endings(length: int, usual: float) -> tuple[str, ...]:
    """What is put behind a word that stands 0, 1, 2… times in a document of `length` words."""
    norm = K1 * (1 - B + B * length / usual)
    found = [""]
    for count in range(1, MOST_COUNTED + 1):
        level = round(math.log(count * (K1 + 1) / (count + norm)) / _STEP)
        found.append(LEVEL + _LETTERS[min(_HIGHEST, max(_LOWEST, level))])
    return tuple(found)


def levelled(rows: Sequence[str], length: int, usual: float) -> str:
    """The words of a document of `length` words, each with its level behind it.

    `rows` are those that stand once, with blanks between, those that stand twice, and so on.
    """
    ends = endings(length, usual)
    found = []
    for count, row in enumerate(rows, 1):
        if row:
            end = ends[count] if count < MOST_COUNTED else ends[MOST_COUNTED]
            found.append(row.replace(" ", f"{end} ") + end)
    return " ".join(found)
