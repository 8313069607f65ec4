"""Passwords known from breaches, looked up without the network.

Two lists: the 30,000 most frequent passwords of public breaches that the strength estimator ships,
and, when the operator supplies one, a file in the form of the Pwned Passwords download: one
upper-case SHA-1 a line, sorted, with an optional ":count" behind it. Nothing is fetched.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from zxcvbn.frequency_lists import FREQUENCY_LISTS

LINE = 128  # no line is longer


class BreachList:
    """Says whether a password is known from a breach."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def knows(self, password: str) -> bool:
        """Whether the password stands in one of the lists. Raises OSError for a missing file."""
        if password.casefold() in _shipped():
            return True
        if self._path is None:
            return False
        # the list is keyed by SHA-1; nothing is kept or proved with it
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        with self._path.open("rb") as stream:
            return _holds(stream, wanted.encode())


@lru_cache(maxsize=1)
def _shipped() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])


def _holds(stream: BinaryIO, wanted: bytes) -> bool:
    """Binary search in a sorted file, a line at a time; the file is never read whole."""
    low, high = 0, stream.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        stream.seek(max(middle - 1, 0))
        if middle:
            stream.readline(LINE)  # to the start of the first line at or after the middle
        start = stream.tell()
        line = stream.readline(LINE)
        found = line[: len(wanted)].upper()
        if start >= high or not line:
            high = middle
        elif found == wanted:
            return True
        elif found < wanted:
            low = start + len(line)
        else:
            high = middle
    return False
