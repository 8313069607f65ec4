"""The analyser as it is easiest to read: slow, one regular expression a question.

What the product does fast is compared with this on arbitrary texts.
"""

from __future__ import annotations

from operator import add

from collab.search.analysis import BARRIER, MAX_TOKEN, code_words, cut_for_search, stem
from collab.search.cutting import PART, PIECE
from collab.search.measures import measures


def words_of(folded: str) -> list[str]:
    """Words as the index stores them."""
    found = [m.token for m in measures(folded)]
    for match in PIECE.finditer(folded):
        if match.lastgroup == "han":
            found.extend(cut_for_search(match[0]))
        else:
            found.extend(code_words(match[0]))
    return found


def grams_of(folded: str) -> list[str]:
    """Neighbouring pairs."""
    found: list[str] = []
    for match in PIECE.finditer(folded):
        run = match[0]
        if match.lastgroup == "han":
            found.extend(map(add, run, run[1:]))
            found.append(run[-1])
        else:
            found.extend(part[:MAX_TOKEN] for part in PART.findall(run))
    return found


def line_of(folded: str) -> tuple[str, list[int]]:
    """The line in which terms are looked up, and where each of its characters stands."""
    out, places = "", []
    before = 0
    for match in PIECE.finditer(folded):
        start, end = match.span()
        if out and folded[before:start].strip():
            out += BARRIER
            places.append(before)
        before = end
        if match.lastgroup == "han":
            out += match[0]
            places += range(start, end)
            continue
        parts = (
            [(0, end - start)]
            if match[0].isalnum()
            else [m.span() for m in PART.finditer(match[0])]
        )
        for i, j in parts:
            word = f" {stem(match[0][i:j])} "
            out += word
            places += [start + i] * (len(word) - 1) + [start + j]
    return out, [*places, len(folded)]
