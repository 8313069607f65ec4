"""Domain errors to HTTP answers: one table, pages for people and problem+json for programs."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Flask, Response, make_response, render_template, request
from flask.logging import default_handler
from flask_wtf.csrf import CSRFError
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from collab.kernel.errors import Conflict, DomainError, NotAllowed, NotFound, Rejected, TooMany
from collab.kernel.messages import say, sentence
from collab.kernel.problems import Problem
from collab.platform import Platform
from collab.web.session import language

log = logging.getLogger(__name__)
STATUS: dict[type[DomainError], tuple[int, str]] = {
    NotFound: (404, "not_found"),
    NotAllowed: (403, "not_allowed"),
    Rejected: (422, "invalid_input"),
    Conflict: (409, "conflict"),
    TooMany: (429, "too_many"),
}
TITLES: dict[int, tuple[str, str]] = {
    400: ("请求无法理解", "The request cannot be understood"),
    401: ("请先登录", "Please sign in"),
    403: ("没有权限", "Not allowed"),
    404: ("没有找到", "Not found"),
    405: ("不支持的方法", "Method not allowed"),
    412: ("版本已过时", "Out of date"),
    409: ("与其他修改冲突", "Conflict with another change"),
    413: ("内容太大", "Too large"),
    415: ("类型不支持", "Type not supported"),
    422: ("有些内容需要修改", "Some of this needs a change"),
    429: ("请稍后再试", "Please try again later"),
    500: ("系统出错了", "Something went wrong"),
    503: ("暂时不可用", "Not available for the moment"),
}
CODES = {400: "bad_request", 404: "not_found", 405: "method", 413: "body_too_large",
         415: "not_json", 500: "internal", 503: "unavailable"}  # fmt: skip


def problems_of(error: ValidationError) -> list[Problem]:
    """Pydantic's complaints as problems that name the field; the reason is kept as a fact."""
    found = []
    for entry in error.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in entry["loc"])
        found.append(Problem(field, *_code(entry)))
    return found


def _code(entry: Any) -> tuple[str, dict[str, Any]]:
    context = entry.get("ctx") or {}
    kind = entry["type"]
    if kind == "missing":
        return "required", {}
    if kind == "string_too_long" or kind == "too_long":
        return "too_long", {"most": context.get("max_length")}
    if kind == "string_too_short" or kind == "too_short":
        least = context.get("min_length")
        return ("required", {}) if least == 1 else ("too_short", {"least": least})
    return "bad_value", {"reason": entry["msg"]}


def wants_json() -> bool:
    """Whether the asker is a program: everything under /api."""
    return request.path.startswith("/api/")


def title(status: int) -> str:
    """The title of a status in the asker's language."""
    zh, en = TITLES.get(status, TITLES[500] if status >= 500 else TITLES[400])
    return en if language() == "en" else zh


def problem_response(
    status: int, code: str, detail: str, problems: tuple[Problem, ...] = ()
) -> Response:
    """A problem+json answer (RFC 9457) with every field that is wrong."""
    body = {
        "type": f"urn:oe-collab:problem:{code}",
        "title": title(status),
        "status": status,
        "detail": detail,
        "errors": [
            {"field": p.field, "code": p.code, "message": sentence(p, language())} for p in problems
        ],
    }
    return Response(
        json.dumps(body, ensure_ascii=False), status, content_type="application/problem+json"
    )


def answer(
    status: int, code: str, detail: str, problems: tuple[Problem, ...] = ()
) -> Response | tuple[str, int]:
    """The page or the problem document of an error."""
    if wants_json():
        return problem_response(status, code, detail, problems)
    lines = [(p.field, sentence(p, language())) for p in problems]
    return (
        render_template(
            "problem.html", status=status, title=title(status), detail=detail, problems=lines
        ),
        status,
    )


def _facts(error: DomainError) -> tuple[str, dict[str, Any]]:
    if isinstance(error, Conflict):
        return error.code, dict(error.facts)
    if isinstance(error, TooMany):
        return "too_many", {"retry_after": error.retry_after}
    return STATUS[type(error)][1], {}


def _domain(error: DomainError) -> Response:
    status, code = STATUS[type(error)]
    message, facts = _facts(error)
    problems = error.problems if isinstance(error, Rejected) else ()
    detail = title(status) if problems else say(message, language(), facts)
    response = make_response(answer(status, code, detail, problems))
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _invalid(error: ValidationError) -> Response:
    return make_response(answer(422, "invalid_input", title(422), tuple(problems_of(error))))


def _forged(_error: CSRFError) -> Response:
    return make_response(answer(400, "bad_csrf", say("bad_csrf", language())))


def _http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    code = CODES.get(status, "bad_request" if status < 500 else "internal")
    response = make_response(answer(status, code, say(code, language())))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers["Allow"] = value
    return response


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected error on %s", request.path, exc_info=error)
    return make_response(answer(500, "internal", say("internal", language())))


def install(app: Flask) -> None:
    """Register the table; what is logged goes to standard error from LOG_LEVEL on."""
    found: Platform = app.extensions["collab"]
    logger = logging.getLogger("collab")
    logger.setLevel(found.settings.log_level.upper())
    logger.addHandler(default_handler)
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
