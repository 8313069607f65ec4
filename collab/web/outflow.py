"""Ends connections on which an answer stands unread: a process holds only so many at once.

Nobody waits for a reader here (answers are handed over in one piece), but each unread answer keeps
its connection. The kernel knows how much of it was taken; whoever takes nothing, or next to
nothing, is cut off. Elsewhere than on Linux nothing is watched and the proxy has to.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import stat
import struct
import sys
import termios
import threading
from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from collab.kernel.patience import Patience

log = logging.getLogger(__name__)
EVERY = 1.0  # seconds between two looks
UNDER_WAY = 3.0  # seconds in which any answer may simply be on its way
OPEN_FILES = Path("/proc/self/fd")
INFO_BYTES, ACKED = 136, 120  # of struct tcp_info, to which fields are only ever added
AT_ONCE = struct.pack("ii", 1, 0)  # what nobody reads is thrown away with the connection


@dataclass(frozen=True, slots=True)
class Unread:
    """A connection with something sent that its reader has not taken yet."""

    key: int  # of the socket, not of its number in the process, which is given out again
    address: str
    taken: int  # bytes since the connection was made


@dataclass(slots=True)
class Outflow:
    """Since when each connection has been waiting for its reader."""

    patience: Patience
    shared: bool = False  # everybody comes through a proxy, from one address
    waiting: dict[int, tuple[float, int]] = field(default_factory=dict)

    def late(self, seen: Iterable[Unread], now: float) -> set[int]:
        """Which connections are to end: those read too slowly, the longest of one address."""
        here = {one.key: one for one in seen}
        self.waiting = {k: self.waiting.get(k, (now, one.taken)) for k, one in here.items()}
        ended = {k for k, one in here.items() if self._is_late(one, now)}
        return ended if self.shared else ended | self._too_many(here, now)

    def _is_late(self, one: Unread, now: float) -> bool:
        since, taken = self.waiting[one.key]
        return now - since > self.patience.readable(one.taken - taken)

    def _too_many(self, here: dict[int, Unread], now: float) -> set[int]:
        of_address: dict[str, list[int]] = defaultdict(list)
        standing = [k for k in here if now - self.waiting[k][0] >= UNDER_WAY]
        for key in sorted(standing, key=lambda k: self.waiting[k]):
            of_address[here[key].address].append(key)
        most = self.patience.unread_per_address
        return {key for keys in of_address.values() for key in keys[: max(0, len(keys) - most)]}


class Watch:
    """Looks at the connections of this process now and then, in a thread of its own."""

    def __init__(self, outflow: Outflow) -> None:
        self._outflow = outflow
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin, where the system says what was read."""
        if sys.platform == "linux" and OPEN_FILES.is_dir():
            threading.Thread(target=self._run, name="outflow", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            try:
                end_late(self._outflow)
            except OSError:  # too many open files for a moment: the next look comes
                log.exception("connections could not be looked at")


def end_late(outflow: Outflow) -> int:
    """End the connections that stand unread too long; how many."""
    with ExitStack() as stack:
        every = _sockets(stack)
        ports = {one.getsockname()[1] for one in every.values() if _listens(one)}
        theirs = {k: one for k, one in every.items() if one.getsockname()[1] in ports}
        seen = [unread for k, one in theirs.items() if (unread := _unread(k, one))]
        late = outflow.late(seen, monotonic())
        for key in late:
            with suppress(OSError):
                theirs[key].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                theirs[key].shutdown(socket.SHUT_RDWR)
    if late:
        log.warning("%s connections ended: their answers stood unread", len(late))
    return len(late)


def _sockets(stack: ExitStack) -> dict[int, socket.socket]:
    """Every internet socket of this process; duplicates, so that the stack closes none of its."""
    found = {}
    for name in os.listdir(OPEN_FILES):
        with suppress(OSError):  # closed meanwhile
            status = os.fstat(int(name))
            if not stat.S_ISSOCK(status.st_mode):
                continue
            one = stack.enter_context(socket.socket(fileno=os.dup(int(name))))
            if one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM:
                found[status.st_ino] = one
    return found


def _listens(one: socket.socket) -> bool:
    return bool(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def _unread(key: int, one: socket.socket) -> Unread | None:
    """What stands unread on a connection; None when nothing does or it has ended."""
    if _listens(one):
        return None
    try:
        waiting = struct.unpack("i", fcntl.ioctl(one, termios.TIOCOUTQ, b"\0" * 4))[0]
        if not waiting:
            return None
        info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES)
        return Unread(key, one.getpeername()[0], struct.unpack_from("Q", info, ACKED)[0])
    except OSError:
        return None
