"""The application as the server calls it: bodies taken in whole, then worked on in a few threads.

Served as plain WSGI, every request would hold a thread from its first byte on, and an answer in
parts for as long as its reader likes: two slow readers would stop a process.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, NamedTuple, Protocol

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_list_header, parse_options_header

from collab.kernel.patience import Patience
from collab.web.inflow import Inflow, Refused
from collab.web.outflow import Outflow, Watch
from collab.web.security import largest_upload

log = logging.getLogger(__name__)
Environ = dict[str, Any]
Headers = list[tuple[str, str]]
SAID = {
    400: "The request broke off or cannot be understood. 请求没有传完或无法理解。",
    408: "The request came too slowly, please try again. 请求传输过慢，请重试。",
    411: "A form has to say its length. 表单须注明长度。",
    500: "Something went wrong. 系统出错了。",
    503: "Too much is being sent at once, please try again. 同时上传过多，请稍后再试。",
}


class Scope(Protocol):
    """What the server says of a request."""

    http_version: str
    client: str
    server: str
    scheme: str
    method: str
    path: str
    query_string: str

    @property
    def headers(self) -> Any:
        """Names in small letters, each as often as it came."""


class Wire(Protocol):
    """Where a request's body comes from and its answer goes."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The parts of the body."""

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer."""


class Answer(NamedTuple):
    """An answer in one piece."""

    status: int
    headers: Headers
    body: bytes


class Served:
    """One serving process (RSGI)."""

    def __init__(self, app: Flask, patience: Patience | None = None) -> None:
        settings = app.extensions["collab"].settings
        self._app, self._proxies = app, settings.trusted_proxies
        self._most: int = settings.max_body
        self._most_files = largest_upload(settings)
        patience = patience or Patience()
        self._inflow = Inflow(patience)
        self._watch = Watch(Outflow(patience, shared=bool(self._proxies)))
        self._threads = ThreadPoolExecutor(patience.working, thread_name_prefix="work")

    def __rsgi_init__(self, _loop: asyncio.AbstractEventLoop) -> None:
        """The process begins to serve."""
        self._watch.start()

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        """The process has served."""
        self._watch.stop()

    async def __rsgi__(self, scope: Scope, wire: Wire) -> None:
        """Answer one request."""
        try:
            environ = environ_of(scope)
            environ["wsgi.input"] = await self._body(environ, wire)
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, self._worked, environ)
        except Refused as refusal:
            answer = plain(refusal.status)
        wire.response_bytes(*answer)

    async def _body(self, environ: Environ, wire: Wire) -> IO[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        in_parts = "HTTP_TRANSFER_ENCODING" in environ
        if in_parts and _is_plain_form(environ):
            raise Refused(411)  # one that broke off could not be told from a whole one
        size = None if in_parts else int(length)
        address = self._address(environ)
        return await self._inflow.body(aiter(wire), address, size, self._most_for(environ, size))

    def _address(self, environ: Environ) -> str:
        """Who sends: the address before the trusted proxies, as the application sees it later."""
        through = parse_list_header(environ.get("HTTP_X_FORWARDED_FOR", ""))
        if self._proxies and len(through) >= self._proxies:
            return str(through[-self._proxies])
        return str(environ["REMOTE_ADDR"])

    def _most_for(self, environ: Environ, size: int | None) -> int:
        """How large a body may be; only views that take files are sent larger ones than others."""
        if size is not None and size <= self._most:
            return self._most
        try:
            endpoint, _ = self._app.url_map.bind_to_environ(environ).match()
        except HTTPException:
            return self._most
        view = self._app.view_functions.get(str(endpoint))
        return self._most_files if getattr(view, "takes_files", False) else self._most

    def _worked(self, environ: Environ) -> Answer:
        try:
            return called(self._app.wsgi_app, environ)
        except Exception:
            log.exception("unexpected error on %s", environ["PATH_INFO"])
            return plain(500)
        finally:
            environ["wsgi.input"].close()


def environ_of(scope: Scope) -> Environ:
    """A request as WSGI wants it. Raises Refused for one without a single host.

    Names with an underscore would look like those with a hyphen: they are left out.
    """
    host, _, port = scope.server.rpartition(":")
    found: Environ = {
        "REQUEST_METHOD": scope.method, "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string, "SERVER_NAME": host.strip("[]"), "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0), "wsgi.url_scheme": scope.scheme, "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }  # fmt: skip
    hosts = 0
    for name, value in scope.headers.items():
        hosts += name == "host"
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        joint = "; " if name == "cookie" else ","
        found[key] = f"{found[key]}{joint}{value}" if key in found else value
    length = found.get("CONTENT_LENGTH", "0")
    if hosts != 1 or not (length.isascii() and length.isdigit()):
        raise Refused(400)
    return found


def called(app: Callable[[Environ, Any], Iterable[bytes]], environ: Environ) -> Answer:
    """Run a WSGI application and join what it answers."""
    said: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, _failed: object = None) -> None:
        said.append((status, headers))

    parts = app(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    status, headers = said[-1]
    return Answer(int(status.split(" ", 1)[0]), headers, body)


def _is_plain_form(environ: Environ) -> bool:
    kind, _ = parse_options_header(environ.get("CONTENT_TYPE"))
    return kind.lower() == "application/x-www-form-urlencoded"


def plain(status: int) -> Answer:
    """A refusal before the application is asked, in both languages; the connection ends with it."""
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"),
               ("Cache-Control", "no-store"), ("Connection", "close")]  # fmt: skip
    headers += [("Retry-After", "5")] if status == 503 else []
    return Answer(status, headers, f"{SAID[status]}\n".encode())
