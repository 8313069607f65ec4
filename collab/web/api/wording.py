"""Faults of input in the words of the platform's languages, by the kind that pydantic reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from collab.kernel.problems import Problem
from collab.web.session import language

REASONS: dict[str, tuple[str, str]] = {
    "string": ("应为文本", "text is expected"),
    "int": ("应为整数", "a whole number is expected"),
    "float": ("应为数字", "a number is expected"),
    "bool": ("应为 true 或 false", "true or false is expected"),
    "list": ("应为列表", "a list is expected"),
    "dict": ("应为对象", "an object is expected"),
    "model": ("应为对象", "an object is expected"),
    "date": ("应为日期，如 2026-11-24", "a date such as 2026-11-24 is expected"),
    "datetime": ("应为带时区的时间", "a time with its zone is expected"),
    "enum": ("应为以下之一：{expected}", "one of these is expected: {expected}"),
    "literal_error": ("应为以下之一：{expected}", "one of these is expected: {expected}"),
    "too_long": ("最多 {max_length} 项", "at most {max_length} entries are allowed"),
    "too_short": ("至少 {min_length} 项", "at least {min_length} entries are needed"),
    "extra_forbidden": ("没有这个字段", "there is no such field"),
    "repeated": ("只能出现一次", "it may be given once"),
    "greater_than_equal": ("不能小于 {ge}", "it may not be less than {ge}"),
    "less_than_equal": ("不能大于 {le}", "it may not be more than {le}"),
    "greater_than": ("必须大于 {gt}", "it must be more than {gt}"),
    "less_than": ("必须小于 {lt}", "it must be less than {lt}"),
    "finite_number": ("应为有限的数字", "a finite number is expected"),
    "string_pattern_mismatch": ("含有不允许的字符", "it has characters that are not allowed"),
    "string_unicode": ("含有无效字符", "it has invalid characters"),
    "text_or_structure": ("text 和 structure 二选一", "give either text or structure"),
    "weeks_swapped": (
        "lead_weeks_min 大于 lead_weeks_max", "lead_weeks_min is above lead_weeks_max",
    ),
    "only_own": ("只能与 mine=true 同用", "this works with mine=true only"),
    "unknown_region": ("没有这个地区代码", "there is no region with this code"),
}  # fmt: skip
OTHER = ("格式不符", "it does not fit")


def reason(kind: str, facts: Mapping[str, Any] | None = None) -> str:
    """Why a value is refused, in the asker's language."""
    words = REASONS.get(kind) or REASONS.get(kind.partition("_")[0], OTHER)
    text = words[1] if language() == "en" else words[0]
    return text.format_map({"expected": "", **(facts or {})})


def problem(field: str, kind: str, **facts: Any) -> Problem:
    """A fault of one field."""
    return Problem(field, "bad_value", {"reason": reason(kind, facts)})


def problems_of(error: ValidationError) -> list[Problem]:
    """Pydantic's complaints, each with the path of its field."""
    entries = error.errors(include_url=False, include_input=False)
    return [_problem(entry) for entry in entries]


def _problem(entry: Any) -> Problem:
    field = ".".join(str(part)[:80] for part in entry["loc"])
    facts, kind = entry.get("ctx") or {}, entry["type"]
    if kind == "missing":
        return Problem(field, "required")
    if kind == "string_too_long":
        return Problem(field, "too_long", {"most": facts["max_length"]})
    if kind == "string_too_short":
        return Problem(field, "too_short", {"least": facts["min_length"]})
    if kind == "value_error" and "lead_weeks_min" in entry["msg"]:
        kind = "weeks_swapped"
    return problem(field, kind, **facts)
