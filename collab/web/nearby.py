"""Whether a request was made on this machine, as far as anything about it says.

The settings may say that nobody else is served while a proxy that they know nothing of stands in
front, or the server was started by hand on another address: what comes that way is not near.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import request

PASSED_ON = (
    "Forwarded", "Via", "X-Real-Ip", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
    "X-Forwarded-Port", "X-Forwarded-Server", "X-Original-Host", "Cf-Connecting-Ip",
    "True-Client-Ip", "X-Client-Ip", "X-Cluster-Client-Ip",
)  # fmt: skip
OLD = "HTTP/1.0"  # spoken by proxies, not by browsers


def is_loopback(host: str) -> bool:
    """Whether a host is this machine under one of its own names.

    >>> [is_loopback(h) for h in ("127.0.0.1", "::1", "localhost", "10.0.0.7", "127.0.0.1.x.org")]
    [True, True, True, False, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_near() -> bool:
    """Whether this request came from this machine, to it, and through nobody."""
    if any(name in request.headers for name in PASSED_ON):
        return False
    if request.environ.get("SERVER_PROTOCOL") == OLD:
        return False
    ends = (request.remote_addr or "", request.environ.get("SERVER_NAME", ""))
    return all(is_loopback(end) for end in ends) and all(map(_names_us, _addresses()))


def _addresses() -> list[str]:
    """Where the browser says that it is, and that it came from."""
    said = (request.headers.get(name, "") for name in ("Origin", "Referer"))
    return [f"//{request.host}", *(address for address in said if address and address != "null")]


def _names_us(address: str) -> bool:
    try:
        return is_loopback(urlsplit(address).hostname or "")
    except ValueError:
        return False
