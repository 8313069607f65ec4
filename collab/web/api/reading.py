"""Query string and body to checked models: strict types, every fault named with its field."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn, TypeVar, get_origin

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError

from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.web.api import wording
from collab.web.api.asking import refuse

Model = TypeVar("Model", bound=BaseModel)
LONGEST_NUMBER = 320  # digits; more is no quantity and only costs time
ALWAYS = frozenset({"lang"})
NO_VERSION = -1
_TAG = re.compile(r'"(\d{1,9})(?:-[0-9a-f]+)?"')


class Query(BaseModel):
    """Base of every query: unknown names are refused, so that a typing error is noticed."""

    model_config = ConfigDict(extra="forbid")


class MayBeAbsent(BaseModel):
    """Base of bodies without which the operation makes sense: no body counts as an empty one."""


def query(model: type[BaseModel] | None) -> dict[str, BaseModel]:
    """The checked query as `{"query": ...}`; empty for an operation that takes none."""
    fields = model.model_fields if model is not None else {}
    raw: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, values in request.args.lists():
        many = name in fields and get_origin(fields[name].annotation) is list
        if name in ALWAYS:
            continue
        if len(values) > 1 and not many:
            problems.append(wording.problem(name, "repeated"))
        raw[name] = values if many else values[-1]
    problems += list(_unstorable(raw))
    if model is None:
        problems += [wording.problem(name, "extra_forbidden") for name in raw]
    if problems:
        raise Rejected(problems)
    if model is None:
        return {}
    try:
        return {"query": model.model_validate(raw)}
    except ValidationError as error:
        raise Rejected(wording.problems_of(error)) from None


def body(model: type[Model]) -> Model:
    """The checked body. 415 for another type, 400 for broken JSON, 422 for what does not fit."""
    raw = request.get_data(cache=False)
    if not raw and not request.mimetype and issubclass(model, MayBeAbsent):
        return model()
    if request.mimetype != "application/json":
        refuse(415, "not_json", {"Accept": "application/json"})
    parsed = _parsed(raw)
    problems = list(_unstorable(parsed))
    if problems:
        raise Rejected(problems)
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        if any(entry["type"] == "json_invalid" for entry in error.errors(include_url=False)):
            refuse(400, "bad_json")
        raise Rejected(wording.problems_of(error)) from None


def stated_version(stated: int | None) -> int | None:
    """The version a step is based on: If-Match, else `version`; None when it says none or any."""
    header = request.headers.get("If-Match")
    if header is None:
        return stated
    if header.strip() == "*":
        return None
    found = _TAG.fullmatch(header.strip())
    return int(found[1]) if found else NO_VERSION


def expected_version(stated: int | None) -> int | None:
    """The same for a change, which must say one: nobody overwrites what they have not seen."""
    if stated is None and "If-Match" not in request.headers:
        raise Rejected([Problem("version", "required")])
    return stated_version(stated)


def _parsed(raw: bytes) -> Any:
    """Plain JSON and nothing more: no NaN, no infinity, no number of a thousand digits."""
    try:
        return json.loads(
            raw.decode("utf-8"), parse_constant=_no, parse_int=_whole, parse_float=_finite
        )
    except (ValueError, RecursionError):
        refuse(400, "bad_json")


def _no(word: str) -> NoReturn:
    raise ValueError(word)


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError("too many digits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("too large")
    return number


def _unstorable(parsed: Any) -> Iterator[Problem]:
    """Every place with a NUL or half a surrogate pair, which no database holds."""
    waiting: list[tuple[str, Any]] = [("", parsed)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if "\0" in value or not _whole_characters(value):
                yield Problem(path, "unsupported_text")
        elif isinstance(value, dict):
            waiting += ((f"{path}.{_shown(k)}".lstrip("."), [k, v]) for k, v in value.items())
        elif isinstance(value, list):
            waiting += ((path, item) for item in value)


def _whole_characters(text: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _shown(name: str) -> str:
    return name.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")[:80]
