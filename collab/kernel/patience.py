"""How long a serving process waits for what people send and read, for how many at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """The limits of one process."""

    seconds: float = 10.0  # so long the body of any request may take
    bytes_per_second: int = 16 * 1024  # and longer, as long as this much has come since
    bodies: int = 100  # on their way at once
    per_address: int = 20
    unread_seconds: float = 20.0  # so long an answer may stand unread
    read_per_second: int = 4 * 1024  # and longer, as long as this much was taken since
    unread_per_address: int = 32  # answers that stand unread at once; the oldest go first
    working: int = 2  # requests that are worked on at once: more would only share the processor

    def allowed(self, received: int) -> float:
        """Within how many seconds after the head the next part of a body has to come.

        >>> Patience(seconds=10, bytes_per_second=100).allowed(500)
        15.0
        """
        return self.seconds + received / self.bytes_per_second

    def readable(self, taken: int) -> float:
        """Within how many seconds an answer has to be read of which this much was taken.

        >>> Patience(unread_seconds=10, read_per_second=100).readable(500)
        15.0
        """
        return self.unread_seconds + taken / self.read_per_second
