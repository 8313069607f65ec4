"""A query string taken apart: phrases, exclusions, fields, numeric conditions, plain text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from collab.search.facets import BY_NAME
from collab.vocabulary.normalize import normalize_text

MAX_QUERY = 400
MAX_PIECES = 24

_PHRASE = re.compile(r'(?<!\S)(-?)"([^"]{1,200})"')
_PHRASE_ANYWHERE = re.compile(r'(-?)"([^"]{2,200})"')
_QUOTES = str.maketrans("「」『』“”„", '"""""""')
_FIELD = re.compile(
    r"(?<!\S)(-?)([A-Za-z_]{2,24}|[\u4e00-\u9fff]{1,6})\s?:\s?(\"[^\"]{1,80}\"|[^\s:]{1,80})"
)
_MINUS = re.compile(r"(?<!\S)-([^\s\"-][^\s\"]{0,60})")
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
OPERATORS = {
    "<=": "le", "=<": "le", "≤": "le", "不超过": "le", "不大于": "le", "不高于": "le",
    "at most": "le", "up to": "le", "<": "lt", "小于": "lt", "低于": "lt", "less than": "lt",
    "below": "lt",
    "under": "lt", ">=": "ge", "=>": "ge", "≥": "ge", "不低于": "ge", "不小于": "ge",
    "不少于": "ge",
    "至少": "ge", "at least": "ge", ">": "gt", "大于": "gt", "高于": "gt", "超过": "gt",
    "more than": "gt", "above": "gt", "over": "gt", "=": "eq", "": "eq",
}  # fmt: skip
_OPERATOR = "|".join(re.escape(op) for op in sorted(OPERATORS, key=len, reverse=True) if op)
_CONDITION = re.compile(
    r"(?P<name>[^\s:<>=≤≥\d,，;；。]{1,24}?(?: [A-Za-z]{2,16}){0,2}?)"
    rf"\s*(?P<op>{_OPERATOR})?\s*"
    rf"(?P<low>{_NUMBER})(?:\s*(?:~|至|到|\.\.)\s*(?P<high>{_NUMBER}))?"
    r"\s*(?P<unit>[A-Za-zμ°%Ω\"][A-Za-zμ°%Ω/\"0-9^²]{0,11}|[\u4e00-\u9fff/]{1,5})?"
)


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """`field:value` of a query; `name` is the facet's identifier."""

    name: str
    value: str
    excluded: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """A number with an operator, and the words before it; the unit may be empty."""

    name: str
    op: str
    low: float
    high: float | None
    unit: str
    start: int
    end: int


@dataclass(slots=True)
class Syntax:
    """The parts of one query. `text` is what is left as plain words, normalised."""

    text: str
    phrases: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    fields: list[FieldTerm] = field(default_factory=list)


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def _take_phrases(syntax: Syntax) -> None:
    for pattern in (_PHRASE, _PHRASE_ANYWHERE):
        for match in list(pattern.finditer(syntax.text)):
            inner = match[2].strip()
            if not inner:
                continue
            (syntax.excluded if match[1] else syntax.phrases).append(inner)
            syntax.text = _blank(syntax.text, match.start(), match.end())


def _take_fields(syntax: Syntax) -> None:
    for match in list(_FIELD.finditer(syntax.text)):
        name = BY_NAME.get(match[2].lower())
        if name is not None:
            syntax.fields.append(FieldTerm(name, match[3].strip('"'), bool(match[1])))
            syntax.text = _blank(syntax.text, match.start(), match.end())


def _take_excluded(syntax: Syntax) -> None:
    for match in list(_MINUS.finditer(syntax.text)):
        if not match[1][0].isdigit():
            syntax.excluded.append(match[1])
            syntax.text = _blank(syntax.text, match.start(), match.end())


def take_apart(query: str) -> Syntax:
    """The parts of a query; whatever is not understood stays plain text. Never raises."""
    clean = "".join(c if c.isprintable() else " " for c in query[:MAX_QUERY])
    syntax = Syntax(unicodedata.normalize("NFKC", clean).translate(_QUOTES))
    _take_fields(syntax)
    _take_phrases(syntax)
    _take_fields(syntax)
    _take_excluded(syntax)
    for parts in (syntax.phrases, syntax.excluded, syntax.fields):
        del parts[MAX_PIECES:]
    syntax.text = normalize_text(syntax.text)
    return syntax


def conditions(text: str) -> list[Condition]:
    """Numbers of the text with the words and the operator before them."""
    found = []
    for match in _CONDITION.finditer(text):
        found.append(Condition(
            match["name"].strip(), OPERATORS[(match["op"] or "").lower()] if match["op"] else "",
            float(match["low"]), float(match["high"]) if match["high"] else None,
            (match["unit"] or "").strip(), match.start(), match.end(),
        ))  # fmt: skip
    return found[:MAX_PIECES]
