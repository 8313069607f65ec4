"""Takes in the body of a request: whole, at a pace, and from few at once for each address.

It waits in the event loop, where a body that trickles holds no thread. Once all of it is here the
request takes one of the few places where work is done.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from tempfile import SpooledTemporaryFile
from time import monotonic
from typing import IO

from collab.kernel.patience import Patience

IN_MEMORY = 256 * 1024  # what is larger waits in a file without a name


class Refused(Exception):
    """The request is not handed on; the message is the number of the status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class Inflow:
    """The bodies on their way to one process."""

    patience: Patience
    under_way: Counter[str] = field(default_factory=Counter)

    async def body(
        self, parts: AsyncIterator[bytes], address: str, length: int | None, most: int
    ) -> IO[bytes]:
        """All of a body of `length` bytes, at most one byte more than `most` of an unknown one.

        Raises Refused for one that comes too slowly or breaks off, or when there are too many.
        """
        if length == 0 or (length is not None and length > most):
            return BytesIO()  # what is too long the application refuses by its length alone
        with self._place(address), ExitStack() as undone:
            into: IO[bytes] = undone.enter_context(SpooledTemporaryFile(IN_MEMORY))
            received = await self._take(parts, into, most)
            if length is not None and received != length:
                raise Refused(400)
            into.seek(0)
            undone.pop_all()  # whoever works on it closes it
        return into

    async def _take(self, parts: AsyncIterator[bytes], into: IO[bytes], most: int) -> int:
        began, received = monotonic(), 0
        try:
            while received <= most:
                left = began + self.patience.allowed(received) - monotonic()
                part = await asyncio.wait_for(_next(parts), max(left, 0.0))
                if part is None:
                    break
                into.write(part)
                received += len(part)
        except TimeoutError:
            raise Refused(408) from None
        return received

    @contextmanager
    def _place(self, address: str) -> Iterator[None]:
        """A place for a body; everything here runs in one thread, the event loop's."""
        if self.under_way.total() >= self.patience.bodies:
            raise Refused(503)
        if self.under_way[address] >= self.patience.per_address:
            raise Refused(503)
        self.under_way[address] += 1
        try:
            yield
        finally:
            self.under_way[address] -= 1
            if not self.under_way[address]:
                del self.under_way[address]


async def _next(parts: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(parts)
    except StopAsyncIteration:
        return None
