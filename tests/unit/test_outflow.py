"""Who does not read an answer is cut off; who reads it, however slowly by nature, is not."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.kernel.patience import Patience
from collab.web.outflow import Outflow, Unread, end_late

SHORT = Patience(unread_seconds=10, read_per_second=100, unread_per_address=3)


@given(taken=st.lists(st.integers(0, 2000), min_size=1, max_size=30))
def test_an_answer_ends_exactly_when_its_reader_is_behind(taken: list[int]) -> None:
    outflow, total = Outflow(SHORT), 0
    assert not outflow.late([Unread(1, "a", 0)], 0.0)
    for second, more in enumerate(taken, start=1):
        total += more
        behind = second > 10 + total / 100
        assert outflow.late([Unread(1, "a", total)], float(second)) == ({1} if behind else set())
        if behind:
            return


def test_waiting_begins_anew_when_everything_was_read() -> None:
    outflow = Outflow(SHORT)
    outflow.late([Unread(1, "a", 50)], 0.0)
    outflow.late([], 9.0)  # read to the end; the next answer on the same connection
    assert not outflow.late([Unread(1, "a", 60)], 18.0)
    assert not outflow.late([Unread(1, "a", 60)], 28.0)
    assert outflow.late([Unread(1, "a", 60)], 28.5) == {1}


def test_one_address_keeps_few_unread_answers_and_its_oldest_go_first() -> None:
    first = [Unread(key, "a", 0) for key in (7, 5)]
    later = [Unread(key, "a", 0) for key in (1, 2, 3)]
    others = [Unread(key, "b", 0) for key in (11, 12, 13)]
    outflow = Outflow(SHORT)
    assert not outflow.late(first, 0.0)
    assert not outflow.late([*first, *later, *others], 1.0)
    assert not outflow.late([*first, *later, *others], 3.5), "they may be under way"
    assert outflow.late([*first, *later, *others], 4.0) == {5, 7}
    behind_a_proxy = Outflow(SHORT, shared=True)  # everybody has the proxy's address
    assert not behind_a_proxy.late([*first, *later, *others], 1.0)
    assert not behind_a_proxy.late([*first, *later, *others], 4.0)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection made to a port on which this process listens."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        reader = stack.enter_context(socket.create_connection(listener.getsockname()))
        sender = stack.enter_context(listener.accept()[0])
        reader.settimeout(20)
        yield reader, sender


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what was read")
def test_a_connection_whose_answer_is_not_read_ends_at_once(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    reader, sender = pair
    sender.setblocking(False)
    sent = 0
    while True:  # as much as both ends hold
        try:
            sent += sender.send(b"x" * 65536)
        except BlockingIOError:
            break
    assert end_late(Outflow(Patience())) == 0  # its time has only begun
    assert end_late(Outflow(Patience(unread_seconds=-1.0))) == 1
    with pytest.raises(OSError):
        sender.send(b"more")
    sender.close()  # as the server does when it meets the end
    got = 0
    try:
        while part := reader.recv(1 << 20):
            got += len(part)
    except ConnectionResetError:
        pass
    assert got < sent
