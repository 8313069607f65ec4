"""Does the same thing in many threads at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from collab.kernel.errors import Conflict


def together(count: int, work: Callable[[int], object]) -> list[object]:
    """The answers of `work(0)` to `work(count - 1)`; the code of a conflict counts as answer."""
    barrier = threading.Barrier(count)

    def start(number: int) -> object:
        barrier.wait()
        try:
            return work(number)
        except Conflict as conflict:
            return conflict.code

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count)))
