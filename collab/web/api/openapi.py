"""The OpenAPI 3.1 document, made from the declared operations and their models."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from collab.files.rules import TYPES
from collab.web.api.layer import KEY, NO_CONTENT, Operation
from collab.web.api.reading import MayBeAbsent
from collab.web.session import COOKIE

Schema = dict[str, Any]
Known = dict[tuple[type[BaseModel], str], Schema]
REF = "#/components/schemas/{model}"
TAGS: dict[str, tuple[str, str]] = {
    "answers": ("理解、匹配与检索", "Understand, match, search"),
    "capabilities": ("能力", "Capabilities"),
    "needs": ("需求", "Needs"),
    "files": ("需求的文件", "Files of needs"),
    "agreements": ("协议", "Agreements"),
    "organisations": ("机构", "Organisations"),
    "runs": ("流片班次", "Multi-project-wafer runs"),
    "regions": ("地区", "Regions"),
    "vocabulary": ("词表", "Vocabulary"),
    "network": ("协作网络", "Network"),
    "account": ("账号与令牌", "Account and tokens"),
}
REFUSALS: dict[int, tuple[str, str]] = {
    400: ("请求体不是有效的 JSON，或缺少 CSRF 令牌", "Not valid JSON, or no CSRF token"),
    401: ("需要登录，或令牌无效", "Sign in, or the token is not valid"),
    403: ("没有权限，或令牌缺少所需范围", "Not allowed, or the token lacks the scope"),
    404: ("没有找到，或无权知道其存在", "Not found, or not yours to know of"),
    409: ("与其他修改冲突，或当前状态不允许", "Conflict with a change, or the state forbids it"),
    412: ("If-Match 的版本已过时", "The version in If-Match is out of date"),
    413: ("内容太大", "Too large"),
    415: ("请求体必须是 application/json", "The body must be application/json"),
    422: ("有字段不符合要求", "Some fields do not fit"),
    429: ("请求过于频繁", "Too many requests"),
}  # fmt: skip
ABOUT = (
    "光电子联盟协作平台的接口。用 `Authorization: Bearer <令牌>` 登录；令牌在“账号与令牌”页面创建。"
    "公开数据无需登录。错误以 application/problem+json 返回，语言由 Accept-Language 决定。",
    "The interface of OE+ Collab. Sign in with `Authorization: Bearer <token>`; tokens are made on "
    "the page “account and tokens”. Public data needs no sign-in. Errors are "
    "application/problem+json in the language of Accept-Language.",
)


class FieldProblem(BaseModel):
    """What is wrong with one field; `code` is stable, `message` is for people."""

    field: str
    code: str
    message: str


class ProblemOut(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(pattern="^urn:oe-collab:problem:")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    errors: list[FieldProblem]


@lru_cache(maxsize=4)
def document(operations: tuple[Operation, ...], language: str, version: str) -> dict[str, Any]:
    """The whole document in a language; made once a process."""
    schemas, known = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        entry = _operation(operation, language, known)
        paths.setdefault(operation.address, {})[operation.method.lower()] = entry
    place = 1 if language == "en" else 0
    return {
        "openapi": "3.1.0",
        "info": {"title": "OE+ Collab API", "version": version, "description": ABOUT[place]},
        "servers": [{"url": "/api"}],
        "tags": [{"name": name, "description": words[place]} for name, words in TAGS.items()],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _schemes(place)},
    }


def _schemes(place: int) -> dict[str, Any]:
    token = ("个人令牌", "A personal token")[place]
    cookie = (
        "浏览器会话；写操作还需要 X-CSRFToken",
        "A browser session; writes need X-CSRFToken too",
    )
    return {
        "token": {"type": "http", "scheme": "bearer", "description": token},
        "session": {
            "type": "apiKey", "in": "cookie", "name": COOKIE, "description": cookie[place],
        },
    }  # fmt: skip


def _schemas(operations: Iterable[Operation]) -> tuple[Schema, Known]:
    """The components, and the schema of each model in each use; a query's stands for itself."""
    bodies = [(o.body, "validation") for o in operations if o.body]
    answers = [(o.answer, "serialization") for o in operations if o.answer]
    wanted: Any = list(dict.fromkeys([*bodies, *answers, (ProblemOut, "serialization")]))
    found, made = models_json_schema(wanted, ref_template=REF)
    known: Known = dict(found)  # type: ignore[arg-type]
    schemas: Schema = made["$defs"]
    for query in dict.fromkeys(o.query for o in operations if o.query):
        schema = query.model_json_schema(ref_template=REF)
        schemas |= schema.pop("$defs", {})
        known[query, "query"] = schema
    return dict(sorted(schemas.items())), known


def _operation(operation: Operation, language: str, known: Known) -> Schema:
    place = 1 if language == "en" else 0
    signed: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
    entry: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary[place],
        "tags": [operation.tag],
        "parameters": [*_places(operation), *_query(operation, known), *_headers(operation)],
        "responses": _responses(operation, place, known),
        "security": [{}, *signed] if operation.public else signed,
    }
    if operation.body is not None:
        schema = known[operation.body, "validation"]
        entry["requestBody"] = {
            "required": not issubclass(operation.body, MayBeAbsent),
            "content": {"application/json": {"schema": schema}},
        }
    return entry


def _places(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True,
         "schema": {"type": "string", "pattern": KEY, "maxLength": 120}}
        for name in operation.keys
    ]  # fmt: skip


def _query(operation: Operation, known: Known) -> list[Schema]:
    if operation.query is None:
        return []
    found = []
    for name, schema in known[operation.query, "query"]["properties"].items():
        plain = {k: v for k, v in schema.items() if k not in ("title", "description")}
        entry = {"name": name, "in": "query", "required": False, "schema": plain}
        if "description" in schema:
            entry["description"] = schema["description"]
        found.append(entry)
    return found


def _headers(operation: Operation) -> list[dict[str, Any]]:
    if not operation.versioned or operation.method == "GET":
        return []
    tag = {"type": "string", "pattern": r'^(\*|"[0-9]{1,9}(-[0-9a-f]+)?")$'}
    return [{"name": "If-Match", "in": "header", "required": False, "schema": tag}]


def _responses(operation: Operation, place: int, known: Known) -> Schema:
    found: Schema = {str(operation.status): _success(operation, place, known)}
    for status in _statuses(operation):
        found[str(status)] = {
            "description": REFUSALS[status][place],
            "content": {"application/problem+json": {"schema": known[ProblemOut, "serialization"]}},
        }
    return found


def _success(operation: Operation, place: int, known: Known) -> Schema:
    if operation.binary:
        raw = {"schema": {"type": "string", "format": "binary"}}
        return {
            "description": ("文件内容", "The bytes of the file")[place],
            "content": dict.fromkeys(sorted({m for _, m in TYPES.values()}), raw),
        }
    if operation.answer is None or operation.status == NO_CONTENT:
        return {"description": ("已完成", "Done")[place]}
    schema = known[operation.answer, "serialization"]
    return {
        "description": (operation.answer.__doc__ or "").partition("\n")[0],
        "headers": {"ETag": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": schema}},
    }


def _statuses(operation: Operation) -> list[int]:
    """What this operation may be refused with."""
    found = {401, 403, 422, 429}  # every request counts against its token and its address
    if operation.keys or operation.query or operation.body:
        found.add(404)
    if operation.method != "GET":
        found |= {400, 409}
    if operation.body is not None:
        found |= {413, 415}
    if operation.versioned and operation.method != "GET":
        found.add(412)
    return sorted(found)
