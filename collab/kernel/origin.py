"""Where the present act comes from, for the record: a network, a command, the worker."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar[str] = ContextVar("origin", default="")


def current() -> str:
    """Where the present act comes from; empty when nobody said."""
    return _CURRENT.get()


def say(origin: str) -> None:
    """From now on, in this thread, acts come from there."""
    _CURRENT.set(origin)


@contextmanager
def coming(origin: str) -> Iterator[None]:
    """Acts inside the block come from there."""
    token = _CURRENT.set(origin)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def network_of(address: str | None) -> str:
    """The network of an address: enough to tell places apart, too little to name a household.

    The record can never be erased, so it must not hold what points at one person.

    >>> network_of("203.0.113.77"), network_of("2001:db8:1:2::9"), network_of("nonsense")
    ('203.0.113.0/24', '2001:db8:1::/48', '')
    """
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    length = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network((found, length), strict=False))
