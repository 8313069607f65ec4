"""Asks other servers by HTTPS, and never this machine's neighbours: for addresses people typed in.

A name is looked up once; every address it has must be a public one, and the connection goes to the
address that was judged, so that a second answer of the name server changes nothing. Redirects are
refused, answers are bounded in size and time. A process asks one thing at a time, so that slow
servers hold one of its threads at most.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

MOST_BYTES = 256 * 1024
CONNECT, READ, WHOLE = (
    4,
    6,
    12,
)  # seconds: to connect, between two pieces, from asking to the whole answer
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(requests.RequestException):
    """The address is not one that may be asked, or the answer is not one that is taken."""


def is_public(address: Address) -> bool:
    """Whether an address is somebody's on the open network, not an inner or special one.

    >>> is_public(ipaddress.ip_address("1.1.1.1"))
    True
    >>> [is_public(ipaddress.ip_address(a)) for a in ("10.0.0.1", "::ffff:127.0.0.1", "fe80::1")]
    [False, False, False]
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def judged(url: str, trusted: Collection[str] = ()) -> str:
    """The address to connect to for `url`. Raises Refused.

    Hosts in `trusted` may be inner ones and may speak plain HTTP: the operator names them.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Refused("not an address") from error
    if parts.username is not None or parts.password is not None or not host:
        raise Refused("not an address")
    known = host in trusted
    if parts.scheme != "https" and not (known and parts.scheme == "http"):
        raise Refused("only https is asked")
    try:
        found = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refused("there is no such host") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not known and not all(is_public(ipaddress.ip_address(a)) for a in addresses):
        raise Refused("not a public host")
    return addresses[0]


class _Deadline:
    """Ends one request after WHOLE seconds, whatever it is waiting for: its socket is shut."""

    def __init__(self) -> None:
        self.over = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def hold(self, made: socket.socket) -> None:
        """A copy of the socket, which stays ours when TLS takes the socket over."""
        with self._lock:
            self._sockets.append(made.dup())
            if self.over:
                self._shut()

    def end(self) -> None:
        """The time is up."""
        with self._lock:
            self.over = True
            self._shut()

    def close(self) -> None:
        """The request is done; the copies are not needed any more."""
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    def _shut(self) -> None:
        for held in self._sockets:
            with suppress(OSError):  # the other side was faster
                held.shutdown(socket.SHUT_RDWR)


_running = threading.local()  # the deadline of the request that this thread makes
_only = threading.Lock()


@contextmanager
def _in_time() -> Iterator[None]:
    """One request of the process, and its time. Raises Refused when another is under way."""
    if not _only.acquire(blocking=False):
        raise Refused("another request is under way")
    deadline = _running.deadline = _Deadline()
    timer = threading.Timer(WHOLE, deadline.end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except requests.RequestException as error:
        raise (Refused("it took too long") if deadline.over else error) from error
    finally:
        timer.cancel()
        deadline.close()
        _only.release()
    if deadline.over:  # a body without a length looks whole when it is cut off
        raise Refused("it took too long")


class _Plain(HTTPConnection):
    """Tells the deadline of its socket."""

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        _running.deadline.hold(made)
        return made


class _Sealed(HTTPSConnection):
    """Tells the deadline of its socket."""

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        _running.deadline.hold(made)
        return made


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SealedPool(HTTPSConnectionPool):
    ConnectionCls = _Sealed


class _Guarded(HTTPAdapter):
    """Connects to the judged address under the name that was asked for."""

    def __init__(self, trusted: Collection[str]) -> None:
        super().__init__(max_retries=0)
        self._trusted = trusted
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SealedPool}

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The judged address to connect to; the name for the certificate."""
        where, how = super().build_connection_pool_key_attributes(request, verify, cert)
        name = where["host"]
        where["host"] = judged(str(request.url), self._trusted)
        if where.get("scheme") == "https":
            how |= {"server_hostname": name, "assert_hostname": name}
        return where, how

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        """One request, one whole answer, or Refused."""
        request.headers["Host"] = urlsplit(str(request.url)).netloc
        options |= {"stream": True, "timeout": (CONNECT, READ), "proxies": None}
        self.poolmanager.clear()  # a new connection each time: the deadline knows its socket
        with _in_time():
            return _whole(super().send(request, *args, **options))


def _whole(response: requests.Response) -> requests.Response:
    """The answer with its body. Raises Refused for one that leads elsewhere or has no end."""
    try:
        if response.is_redirect or 300 <= response.status_code < 400:
            raise Refused("redirects are not followed")
        body = bytearray()
        for piece in response.iter_content(16_384):
            body += piece
            if len(body) > MOST_BYTES:
                raise Refused("the answer is too long")
    finally:
        response.close()
    response._content = bytes(body)
    return response


def guard(session: requests.Session, trusted: Collection[str] = ()) -> None:
    """Let a session ask nothing but what is judged here; settings of the machine do not count."""
    session.trust_env = False
    session.max_redirects = 0
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Guarded(trusted))
