"""Which addresses the platform asks: public ones by https, each at the address that was judged."""

from __future__ import annotations

import ipaddress
import socket
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
