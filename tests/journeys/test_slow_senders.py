"""Who sends or reads slowly, breaks off or sends too much holds nobody else up."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.journeys.test_killed_server import ROOT, Visitor, free_port, kill
from tests.quick_server import CONNECTIONS, QUICK
from tests.site import Site, copied

FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def port(bare_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real server with one process and two places to work."""
    folder = tmp_path_factory.mktemp("slow")
    site: Site = copied(bare_template, folder)
    site.database.close()
    chosen = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.quick_server", str(chosen)], cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(folder), "SEED_DEMO": "0"}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        Visitor(f"http://127.0.0.1:{chosen}").wait()
        yield chosen
    finally:
        kill(server)


def sending(port: int, text: str, *, wait: float = 30) -> socket.socket:
    """A connection on which this was sent."""
    made = socket.create_connection(("127.0.0.1", port))
    made.settimeout(wait)
    made.sendall(text.encode())
    return made


def post(length: int | str, *more: str, path: str = "/sign-in") -> str:
    """The head of a form, and the first byte of its body."""
    lines = (f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", *more)
    return "\r\n".join(lines) + "\r\n\r\na"


def answered(connection: socket.socket) -> tuple[int, bytes]:
    """Status and the whole answer, until the server ends the connection."""
    data = b""
    with connection, suppress(ConnectionResetError):  # what was not read is thrown away by it
        while part := connection.recv(65536):
            data += part
    return int(data.split(b" ", 2)[1]), data


def test_bodies_that_trickle_hold_nobody_up_and_are_ended(port: int) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(sending(port, post(5000, FORM))) for _ in range(20)]
        quick = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert answered(sending(port, quick))[0] == 200
        seen = [answered(one) for one in slow]  # each ends by the server's will
    statuses = [status for status, _ in seen]
    assert statuses.count(408) == QUICK.per_address
    assert statuses.count(503) == 20 - QUICK.per_address
    assert all(b"Retry-After" in said or b"retry-after" in said for s, said in seen if s == 503)
    visitor, nobody = Visitor(f"http://127.0.0.1:{port}"), {"email": "x@y.org", "password": "x"}
    with pytest.raises(HTTPError) as refusal:  # there is room again: a form is read and answered
        visitor.post("/sign-in", "/sign-in", nobody)
    assert refusal.value.code == 422
    refusal.value.close()


def test_a_form_that_broke_off_is_not_taken_for_a_whole_one(port: int) -> None:
    broken = sending(port, post(100, FORM) + "email=x")
    broken.shutdown(socket.SHUT_WR)
    assert answered(broken)[0] == 400
    in_parts = f"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n{FORM}\r\n"
    in_parts += "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    assert answered(sending(port, in_parts))[0] == 411


def unread(port: int) -> socket.socket:
    """A connection on which the largest file was asked for and is not read."""
    vendor = ROOT / "collab" / "web" / "static" / "vendor"
    largest = max(vendor.rglob("*.*"), key=lambda p: p.stat().st_size).relative_to(vendor)
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    one.settimeout(30)
    one.connect(("127.0.0.1", port))
    one.sendall(f"GET /static/vendor/{largest.as_posix()} HTTP/1.1\r\n"
                "Host: localhost\r\n\r\n".encode())  # fmt: skip
    return one


QUICKLY = "GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def test_who_reads_slowly_holds_no_place(port: int) -> None:
    """The library of diagrams is sent in one piece: nobody waits until it was read."""
    with ExitStack() as stack:
        for _ in range(6):
            one = stack.enter_context(unread(port))
            assert one.recv(9) == b"HTTP/1.1 "
        assert answered(sending(port, QUICKLY))[0] == 200


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what was read")
def test_who_never_reads_is_cut_off_and_others_come_in(port: int) -> None:
    """As many as the process lets in at once and more, and none of them reads a byte."""
    with ExitStack() as stack:
        silent = [stack.enter_context(unread(port)) for _ in range(CONNECTIONS + 10)]
        assert answered(sending(port, QUICKLY))[0] == 200
        ended = select.poll()
        for one in silent[:CONNECTIONS]:
            ended.register(one, 0)  # an end alone: what stands unread is not asked for
        seen: set[int] = set()
        while len(seen) < CONNECTIONS:
            found = ended.poll(30_000)
            assert found, "nobody else was cut off"
            for descriptor, _event in found:
                ended.unregister(descriptor)
                seen.add(descriptor)


@pytest.mark.parametrize(("sent", "status"), [
    (post(5_000_000, FORM), 413),
    (post("1, 2", FORM), 400),
    (f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: {'a' * 300_000}\r\n\r\n", 431),
    ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
    ("GET /healthz HTTP/1.1\r\n\r\n", 400),
])  # fmt: skip
def test_heads_that_say_too_much_or_two_things_are_refused(
    port: int, sent: str, status: int
) -> None:
    assert answered(sending(port, sent))[0] == status


def test_a_newer_protocol_without_these_limits_is_not_spoken(port: int) -> None:
    with sending(port, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") as one:
        assert b"\x00\x04\x00" not in one.recv(100)  # no frame of settings
