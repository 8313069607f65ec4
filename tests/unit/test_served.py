"""What the server's request becomes for the application, and bodies on their way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.logging import default_handler
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Request

from collab.kernel.patience import Patience
from collab.web.inflow import Inflow, Refused
from collab.web.served import Served, called, environ_of


class Head(list[tuple[str, str]]):
    """Headers as the server hands them on."""

    def items(self) -> list[tuple[str, str]]:
        """Each as it came."""
        return self


def scope(path: str = "/a", **more: Any) -> Any:
    """A request of one's own machine."""
    facts = {"http_version": "1.1", "client": "127.0.0.1:5", "server": "127.0.0.1:8000",
             "scheme": "http", "method": "GET", "path": path, "query_string": "",
             "headers": Head([("host", "oe.example")])}  # fmt: skip
    return SimpleNamespace(**facts | more)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30), st.text(max_size=9))
def test_paths_and_queries_arrive_as_they_were_written(path: str, value: str) -> None:
    query = "q=" + quote(value, errors="surrogatepass")
    request = Request(environ_of(scope("/" + path, query_string=query)))
    assert request.path == "/" + path.lstrip("/") if not path.startswith("/") else request.path
    assert request.args["q"] == value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def test_what_is_logged_while_a_page_is_made_is_written_once_and_the_page_stands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app, log = Flask("of_a_test"), logging.getLogger("collab")
    log.addHandler(default_handler)  # as web/errors.py does

    @app.get("/a")
    def page() -> str:
        log.warning("a word of warning")
        return "stands"

    try:
        answer = called(app.wsgi_app, environ_of(scope()))
    finally:
        log.removeHandler(default_handler)
    assert (answer.status, answer.body) == (200, b"stands")
    assert capsys.readouterr().err.count("a word of warning") == 1


def test_headers_keep_their_meaning() -> None:
    head = Head([("host", "oe.example"), ("cookie", "a=1"), ("cookie", "b=2"), ("accept", "x"),
                 ("accept", "y"), ("content-type", "text/plain"), ("content-length", "3"),
                 ("x_forwarded_for", "10.0.0.1"), ("x-forwarded-for", "10.0.0.2")])  # fmt: skip
    found = environ_of(scope(headers=head, client="[::1]:9", method="POST"))
    request = Request(found)
    assert request.cookies.to_dict() == {"a": "1", "b": "2"}
    assert found["HTTP_ACCEPT"] == "x,y"
    assert found["HTTP_X_FORWARDED_FOR"] == "10.0.0.2", "an underscore passes for no hyphen"
    assert (found["CONTENT_LENGTH"], found["CONTENT_TYPE"]) == ("3", "text/plain")
    assert found["REMOTE_ADDR"] == "::1"
    assert not any(name.startswith(("PATH=", "HOME", "SMTP")) for name in found)


@pytest.mark.parametrize("headers", [
    [], [("host", "a"), ("host", "b")], [("host", "a"), ("content-length", "-1")],
    [("host", "a"), ("content-length", "3"), ("content-length", "4")],
    [("host", "a"), ("content-length", "\u00b2")],
])  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(Refused) as refusal:
        environ_of(scope(headers=Head(headers)))
    assert refusal.value.status == 400


def test_the_address_is_that_before_the_trusted_proxies() -> None:
    served = Served.__new__(Served)
    found = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 203.0.113.9, 10.0.0.5"}
    for proxies, address in ((0, "10.0.0.1"), (1, "10.0.0.5"), (2, "203.0.113.9"), (9, "10.0.0.1")):
        served._proxies = proxies
        assert served._address(found) == address
    served._proxies = 1  # a request that came by no proxy, such as one of the machine itself
    assert served._address({"REMOTE_ADDR": "10.0.0.1"}) == "10.0.0.1"


@pytest.mark.parametrize("kind", ["", "Application/X-WWW-Form-Urlencoded; charset=utf-8"])
def test_a_form_in_parts_is_refused_however_its_kind_is_written(kind: str) -> None:
    found = {"HTTP_TRANSFER_ENCODING": "chunked",
             "CONTENT_TYPE": kind or "application/x-www-form-urlencoded"}  # fmt: skip
    with pytest.raises(Refused) as refusal:
        asyncio.run(Served.__new__(Served)._body(found, None))  # type: ignore[arg-type]
    assert refusal.value.status == 411


async def parts(*some: bytes | float) -> AsyncIterator[bytes]:
    """A body that comes in parts, with pauses of so many seconds between."""
    for one in some:
        if isinstance(one, bytes):
            yield one
        else:
            await asyncio.sleep(one)


Taken = Callable[..., tuple[int, bytes]]


@pytest.fixture
def taken() -> Taken:
    """Takes one body in: 200 and its bytes, or the status of the refusal."""
    inflow = Inflow(Patience(seconds=0.2, bytes_per_second=1000, bodies=3, per_address=2))

    def take(*some: bytes | float, length: int | None, most: int = 100) -> tuple[int, bytes]:
        try:
            body = asyncio.run(inflow.body(parts(*some), "10.0.0.1", length, most))
        except Refused as refusal:
            return refusal.status, b""
        finally:
            assert not inflow.under_way, "a place is free again whatever happened"
        with body:
            return 200, body.read()

    return take


def test_a_body_is_taken_whole_or_not_at_all(taken: Taken) -> None:
    assert taken(b"ab", b"c", length=3) == (200, b"abc")
    assert taken(b"ab", length=3) == (400, b"")
    assert taken(b"ab", b"cd", length=None) == (200, b"abcd")
    assert taken(length=0) == (200, b"")
    # more than is taken: the application sees that, by the length or by one byte too many
    assert taken(b"a" * 200, length=200) == (200, b"")
    assert len(taken(*[b"a" * 60] * 9, length=None)[1]) == 120
    assert taken(b"a", 9.0, b"b", length=2) == (408, b"")
    assert taken(*[b"a", 0.15] * 9, length=9) == (408, b""), "each soon, all of them too slow"


def test_there_are_as_many_at_once_as_there_are_places() -> None:
    inflow = Inflow(Patience(seconds=9, bodies=3, per_address=2))

    async def all_at_once() -> list[int]:
        gate = asyncio.Event()

        async def held() -> AsyncIterator[bytes]:
            await gate.wait()
            yield b"a"

        async def one(address: str) -> int:
            try:
                (await inflow.body(held(), address, 1, 100)).close()
            except Refused as refusal:
                return refusal.status
            return 200

        tasks = [asyncio.create_task(one(a)) for a in ("x", "x", "x", "y", "z")]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(all_at_once()) == [200, 200, 503, 200, 503]
    assert not inflow.under_way
