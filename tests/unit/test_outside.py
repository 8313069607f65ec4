"""Which addresses the platform asks: public ones by https, each at the address that was judged."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from collab.storage import outside
from collab.storage.outside import Refused, judged

INNER = ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
         "100.64.0.0/10", "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "198.18.0.0/15")  # fmt: skip


@given(st.sampled_from(INNER), st.integers(min_value=0))
def test_inner_addresses_are_known_in_every_spelling(network: str, number: int) -> None:
    space = ipaddress.IPv4Network(network)
    inner = space[number % space.num_addresses]
    nat = ipaddress.IPv6Address(int(outside.NAT64.network_address) | int(inner))
    six = ipaddress.IPv6Address(0x2002 << 112 | int(inner) << 80)
    mapped = ipaddress.IPv6Address(0xFFFF << 32 | int(inner))
    for address in (inner, nat, six, mapped):
        assert not outside.is_public(address), address


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_public(address: str) -> None:
    assert outside.is_public(ipaddress.ip_address(address))


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """The name server gives these answers; the names it was asked for."""
    asked: list[str] = []

    def looked_up(host: str, port: int, **_more: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(outside.socket, "getaddrinfo", looked_up)
    return asked


def test_one_inner_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names(monkeypatch, "1.1.1.1", "10.0.0.1")
    with pytest.raises(Refused):
        judged("https://both.example/")
    names(monkeypatch, "1.1.1.1")
    assert judged("https://both.example/") == "1.1.1.1"
    for bad in ("http://both.example/", "ftp://both.example/", "https:///x", "https://a:b@c.d/",
                "https://both.example:x/", "//both.example", "", "javascript:1"):  # fmt: skip
        with pytest.raises(Refused):
            judged(bad)


def test_the_connection_goes_to_the_judged_address_under_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = names(monkeypatch, "1.1.1.1")
    went: list[Any] = []

    def connect(address: tuple[str, int], *_rest: Any, **_more: Any) -> socket.socket:
        went.append(address)
        raise OSError("far enough")

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    with requests.Session() as session:
        outside.guard(session)
        pools = session.get_adapter("https://x").poolmanager  # type: ignore[attr-defined]
        with pytest.raises(requests.ConnectionError):
            session.get("https://public.example/path")
        assert went == [("1.1.1.1", 443)]
        assert asked == ["public.example"], "the name is looked up once"
        (key,) = pools.pools.keys()
        assert (key.key_server_hostname, key.key_assert_hostname) == ("public.example",) * 2
        names(monkeypatch, "127.0.0.1")
        with pytest.raises(Refused):
            session.get("https://public.example/path")
    assert len(went) == 1


@contextmanager
def dripping(start: bytes, drop: bytes, pause: float) -> Iterator[str]:
    """A server that says `start` and then `drop` for ever; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = threading.Event()

        def serve() -> None:
            with suppress(OSError):
                while not done.is_set():
                    asked, _ = listening.accept()
                    with asked, suppress(OSError):
                        asked.recv(4096)
                        asked.sendall(start)
                        while not done.wait(pause):
                            asked.sendall(drop)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            done.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def ask(url: str) -> requests.Response:
    with requests.Session() as session:
        outside.guard(session, {"127.0.0.1"})
        return session.get(url)


LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
OPEN = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize("start", [LONG, OPEN, b"HTTP/1.1 200 OK\r\nX: ", b""])
def test_a_server_that_drips_is_left_whether_in_headers_or_in_the_body(
    monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(outside, "WHOLE", 0.3)
    monkeypatch.setattr(outside, "READ", 60)  # the pauses are never too long, only the whole is
    with dripping(start, b"x", 0.02) as url, pytest.raises(Refused, match="too long"):
        ask(url)
    short = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with dripping(short, b"", 0.02) as url:
        assert ask(url).text == "ok", "and the next one is asked"


def test_an_answer_without_end_is_left() -> None:
    with dripping(OPEN, b"x" * 65_536, 0.0001) as url, pytest.raises(Refused, match="answer is"):
        ask(url)
    most = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % outside.MOST_BYTES
    with dripping(most + b"x" * outside.MOST_BYTES, b"", 0.02) as url:
        assert len(ask(url).content) == outside.MOST_BYTES


def test_a_process_asks_one_thing_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "WHOLE", 1.0)
    with dripping(LONG, b"x", 0.02) as url, ThreadPoolExecutor(2) as threads:
        both = [threads.submit(ask, url) for _ in range(2)]
        said = sorted(str(one.exception()) for one in both)
    assert said == ["another request is under way", "it took too long"]
