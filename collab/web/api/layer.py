"""The thin layer between a view and HTTP: declared once, checked, answered and documented."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Blueprint, request
from pydantic import BaseModel
from werkzeug.wrappers import Response

from collab.kernel.errors import Conflict, NotFound
from collab.kernel.messages import say
from collab.kernel.permissions import Scope
from collab.web.api import asking, reading
from collab.web.errors import problem_response
from collab.web.session import language

View = TypeVar("View", bound=Callable[..., Any])
Words = tuple[str, str]
KEY = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$"
_KEY = re.compile(KEY.removesuffix("$") + r"\Z")
_PLACE = re.compile(r"<(\w+)>")
CREATED, NO_CONTENT, CONFLICT, STALE = 201, 204, 409, 412
PREFIX = "/v1"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with more than a body: status, address of what was made, version for the ETag."""

    model: BaseModel | None
    status: int = 200
    location: str = ""
    version: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, with everything the document and the dispatcher need."""

    method: str
    path: str
    view: Callable[..., Any]
    summary: Words
    tag: str
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    answer: type[BaseModel] | None
    scope: Scope
    public: bool
    status: int
    versioned: bool
    limit: str
    binary: bool = False

    @property
    def name(self) -> str:
        """The operation's identifier in the document."""
        return self.view.__name__

    @property
    def keys(self) -> list[str]:
        """The names of the path's places."""
        return _PLACE.findall(self.path)

    @property
    def address(self) -> str:
        """The path as OpenAPI writes it."""
        return PREFIX + _PLACE.sub(r"{\1}", self.path)


class Api:
    """Collects operations and serves them; `get`, `post`, `put` and `delete` declare one."""

    def __init__(self) -> None:
        self.blueprint = Blueprint("api", __name__, url_prefix="/api")
        self.operations: list[Operation] = []

    def get(self, path: str, **spec: Any) -> Callable[[View], View]:
        """A read; see `_declare` for what may be said of it."""
        return self._declare("GET", path, scope=Scope.READ, **spec)

    def post(self, path: str, *, scope: Scope = Scope.WRITE, **spec: Any) -> Callable[[View], View]:
        """A new thing, a step in its life, or a question with a body (scope READ)."""
        return self._declare("POST", path, scope=scope, **spec)

    def put(self, path: str, **spec: Any) -> Callable[[View], View]:
        """A change of a whole part."""
        return self._declare("PUT", path, scope=Scope.WRITE, **spec)

    def delete(self, path: str, **spec: Any) -> Callable[[View], View]:
        """An end."""
        return self._declare("DELETE", path, scope=Scope.WRITE, **spec)

    def _declare(
        self,
        method: str,
        path: str,
        *,
        summary: Words,
        tag: str,
        scope: Scope,
        query: type[BaseModel] | None = None,
        body: type[BaseModel] | None = None,
        answer: type[BaseModel] | None = None,
        public: bool = False,
        status: int = 200,
        versioned: bool = False,
        limit: str = "",
        binary: bool = False,
        takes_files: bool = False,
    ) -> Callable[[View], View]:
        limit = limit or ("" if method == "GET" else "writes")

        def register(view: View) -> View:
            operation = Operation(
                method, path, view, summary, tag, query, body, answer, scope, public, status,
                versioned, limit, binary,
            )  # fmt: skip
            self.operations.append(operation)

            def served(**keys: str) -> Response:
                return run(operation, keys)

            served.takes_files = takes_files  # type: ignore[attr-defined]
            self.blueprint.add_url_rule(
                PREFIX + path, endpoint=operation.name, view_func=served, methods=[method]
            )
            return view

        return register


def run(operation: Operation, keys: dict[str, str]) -> Response:
    """Admit, read, call and answer; refusals become problem documents in one place."""
    asking.admit(operation.scope, public=operation.public, limit=operation.limit)
    for key in keys.values():
        if not _KEY.match(key):
            raise NotFound("key")
    values: dict[str, Any] = dict(keys)
    if operation.query is not None or request.args:
        values |= reading.query(operation.query)
    if operation.body is not None:
        values["body"] = reading.body(operation.body)
    try:
        answered = operation.view(**values)
    except Conflict as conflict:
        return _conflict(conflict)
    reply = answered if isinstance(answered, Reply) else Reply(answered, operation.status)
    return _answer(reply)


def _conflict(conflict: Conflict) -> Response:
    """The conflict under its own code; 412 where the version came as If-Match."""
    code = conflict.code
    status = STALE if code == "stale" and "If-Match" in request.headers else CONFLICT
    return problem_response(status, code, say(code, language(), conflict.facts))


def _answer(reply: Reply) -> Response:
    if reply.content is not None:
        return Response(reply.content, reply.status, headers=reply.headers)
    if reply.model is None:
        return Response(b"", NO_CONTENT, headers=reply.headers)
    content = reply.model.model_dump_json(by_alias=True).encode()
    response = Response(content, reply.status, content_type="application/json")
    response.headers.extend(reply.headers)
    if reply.location:
        response.headers["Location"] = request.script_root + "/api" + PREFIX + reply.location
    mark = hashlib.sha256(content).hexdigest()[:16]
    response.set_etag(mark if reply.version is None else f"{reply.version}-{mark}")
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.vary.update(("Authorization", "Cookie"))
    if request.method in ("GET", "HEAD"):
        response.make_conditional(request.environ)
    return response
