"""What is written in a cell: terms, figures with units, intervals, choices, dates and money."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from collab.importing.columns import Column, folded, parameter_named
from collab.kernel import quantities
from collab.needs.extraction.grammar import grammar_of
from collab.needs.extraction.measures import Measure, measures
from collab.needs.extraction.scales import wafer_class
from collab.needs.extraction.units import convert
from collab.vocabulary.catalog import Parameter, Term, Vocabulary, load_vocabulary
from collab.vocabulary.normalize import normalize_text

WAFER = "wafer-diameter"
_LIST = re.compile(r"\s*[;；、|\n]\s*")
_LOOSE = re.compile(r"\s*[;；、|\n,，/]\s*")
_COMMA = re.compile(r"(?<!\d),|,(?!\d{3}(?!\d))|，")
_NAMED = re.compile(r"^(?P<name>[^:=：]{1,80}?)\s*[:=：]\s*(?P<value>.+)$", re.DOTALL)
_DATE = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$")
_PER = re.compile(r"^\s*(?:/|每|per )\s?(?:端|面|侧|个|通道|facet|side|channel|end)", re.IGNORECASE)
_NUMBER = re.compile(r"^[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?$", re.IGNORECASE)
_MONEY = re.compile(
    r"^(?P<sign>[A-Za-z]{2,3}|[¥$€£]|人民币|美元|欧元)?\s*(?P<number>\d[\d,]*(?:\.\d+)?)\s*"
    r"(?P<many>万|千|百万|k|million)?\s*(?P<unit>[A-Za-z]{3}|元|美元|欧元|人民币|[¥$€£])?"
    r"(?:\s*/.*|每.*|起)?$"
)
CURRENCIES: Mapping[str, str] = {
    "元": "CNY", "人民币": "CNY", "¥": "CNY", "rmb": "CNY", "美元": "USD", "$": "USD", "us": "USD",
    "欧元": "EUR", "€": "EUR", "£": "GBP", "英镑": "GBP", "日元": "JPY",
}  # fmt: skip
_MANY = {"万": 1e4, "千": 1e3, "百万": 1e6, "k": 1e3, "million": 1e6, None: 1.0}


class Unreadable(Exception):
    """The cell does not say what its column asks for."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def read(column: Column, text: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """The fields that a cell sets; raises Unreadable with a code and facts.

    An empty cell clears its field.
    """
    if not text:
        name = "price_minor" if column.kind == "money" else column.field
        return {name: EMPTY.get(column.kind)}
    return READERS[column.kind](column, text, vocabulary)


def _line(column: Column, text: str, _vocabulary: Vocabulary) -> dict[str, Any]:
    kept = text if column.kind == "text" else " ".join(text.split())
    if any(0xD800 <= ord(c) <= 0xDFFF for c in kept) or "\x00" in kept:
        raise Unreadable("unsupported_text")
    return {column.field: kept}


def _choice(column: Column, text: str, _vocabulary: Vocabulary) -> dict[str, Any]:
    wanted = folded(text)
    for choice, words in column.choices.items():
        if wanted in {folded(choice), folded(choice.replace("_", " ")), *map(folded, words)}:
            return {column.field: choice}
    some = "、".join(words[0] for words in column.choices.values())
    raise Unreadable("not_a_choice", choice=text[:60], some=some)


@lru_cache(maxsize=4)
def _names(version: str, family: str) -> dict[str, tuple[str, ...]]:
    del version
    terms: Iterable[Term] = getattr(load_vocabulary(), family).values()
    found: dict[str, dict[str, None]] = {}
    listed = list(terms)
    for term in listed:
        found[folded(term.id)] = {term.id: None}
    for spellings in ((lambda t: (t.zh, t.en)), (lambda t: t.spellings())):
        fresh: dict[str, dict[str, None]] = {}
        for term in listed:
            for word in spellings(term):
                if folded(word) not in found:
                    fresh.setdefault(folded(word), {})[term.id] = None
        found.update(fresh)
    return {word: tuple(ids) for word, ids in found.items()}


def term(text: str, family: str, vocabulary: Vocabulary) -> str:
    """The id of a technique or material by id, label or synonym in either script.

    Raises Unreadable when nobody knows the word or it means several things.
    """
    ids = _names(vocabulary.version, family).get(folded(text), ())
    if not ids:
        raise Unreadable("unknown_term", term=text[:80])
    if len(ids) > 1:
        some = "; ".join(f"{vocabulary.label(i)} ({i})" for i in ids)
        raise Unreadable("ambiguous_term", term=text[:80], some=some)
    known: Mapping[str, Term] = getattr(vocabulary, family)
    found = known[ids[0]]
    return found.replaced_by if found.deprecated and found.replaced_by else found.id


def _terms(column: Column, text: str, vocabulary: Vocabulary) -> dict[str, Any]:
    found: dict[str, None] = {}
    for part in filter(None, _LIST.split(text)):
        for one in _apart(part, column.kind, vocabulary):
            found[term(one, column.kind, vocabulary)] = None
    return {column.field: list(found)}


def _apart(part: str, family: str, vocabulary: Vocabulary) -> list[str]:
    """Commas and slashes separate too, except inside a term that is written with one."""
    if folded(part) in _names(vocabulary.version, family):
        return [part]
    return [p for p in _LOOSE.split(part) if p]


def stated(parameter: Parameter, text: str, unit: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """What a cell states for a parameter, in the canonical unit: {low, high, choices}.

    A bare number counts in `unit`. Raises Unreadable.
    """
    bounded = parameter.kind == "ordinal" and normalize_text(text)[:1] in ("≥", "≤", ">", "<")
    if parameter.values and not bounded:
        return _value(choices=_choices(parameter, text))
    found: list[dict[str, Any]] = []
    parts = [p for p in re.split(r"[;；、|\n]", text) for p in _COMMA.split(p) if p.strip()]
    units = [_unit_of(p, parameter, vocabulary) for p in parts]
    for index, part in enumerate(parts):
        borrowed = next((u for u in units[index:] if u), unit)  # 4, 6, 8 inch
        found.append(_interval(parameter, part.strip(), borrowed, vocabulary))
    if len(found) == 1:
        return found[0]
    single = [
        value for one in found for value in (one["choices"] or ([one["low"]] * _is_point(one)))
    ]
    if not found or any(not one["choices"] and not _is_point(one) for one in found):
        raise Unreadable("bad_number", value=text[:60])
    return _value(choices=list(dict.fromkeys(single)))


def _is_point(one: Mapping[str, Any]) -> bool:
    return one["low"] is not None and one["low"] == one["high"]


def _value(
    low: float | None = None, high: float | None = None, choices: list[Any] | None = None
) -> dict[str, Any]:
    return {"low": low, "high": high, "choices": choices or []}


def _choices(parameter: Parameter, text: str) -> list[str]:
    known = {
        folded(word): c.id for c in parameter.values for word in (c.id, c.zh, c.en, *c.alt) if word
    }
    found: dict[str, None] = {}
    parts = [text] if folded(text) in known else [p for p in _LOOSE.split(text) if p]
    for part in parts:
        choice = known.get(folded(part))
        if choice is None:
            some = "、".join(c.zh for c in parameter.values[:12])
            raise Unreadable("not_a_choice", choice=part[:60], some=some)
        found[choice] = None
    return list(found)


def _unit_of(text: str, parameter: Parameter, vocabulary: Vocabulary) -> str:
    for one in measures(normalize_text(text), grammar_of(vocabulary).units):
        found = one.unit_in(parameter.dimension)
        if found:
            return found
    return ""


def _interval(parameter: Parameter, text: str, unit: str, vocabulary: Vocabulary) -> dict[str, Any]:
    if parameter.kind == "money":
        amount, currency = money(text)
        if currency not in ("", "CNY"):
            raise Unreadable("bad_unit", value=text[:60], unit="CNY")
        return _value(amount, amount)
    plain = normalize_text(text)
    if _NUMBER.match(plain):
        figure = _canonical(parameter, float(plain), unit, text)
        return _shaped(parameter, [figure], "one", None)
    grammar = grammar_of(vocabulary)
    found = measures(plain, grammar.units)
    if len(found) != 1:
        raise Unreadable("bad_number", value=text[:60])
    measure = found[0]
    before = grammar.operators.before(plain, measure.start)
    after = grammar.operators.after(plain, measure.end)
    rest = plain[: before.start if before else measure.start]
    tail = plain[after.end if after else measure.end :]
    if rest.strip(" :=(") or _PER.sub("", tail).strip(" )."):
        raise Unreadable(
            "bad_unit" if not measure.units else "bad_number", value=text[:60], unit=parameter.unit
        )
    op = before or after
    figures = [
        _canonical(parameter, v, _unit_at(measure, i, parameter, unit, text), text)
        for i, v in enumerate(measure.values)
    ]
    return _shaped(parameter, figures, measure.shape, op.op if op else None)


def _unit_at(measure: Measure, index: int, parameter: Parameter, unit: str, text: str) -> str:
    if not measure.units:
        return unit
    found = measure.unit_in(parameter.dimension, index)
    if found is None:
        raise Unreadable("bad_unit", value=text[:60], unit=parameter.unit)
    return found


def _canonical(parameter: Parameter, value: float, unit: str, text: str) -> float:
    if parameter.id == WAFER:
        table = load_vocabulary().raw["parameters"]["wafer_diameter_nominal"]
        nominal = wafer_class(value, unit or "mm", table)
        if nominal is not None:
            return float(nominal)
    found = convert(value, unit or parameter.unit, parameter.unit)
    if found is None:
        raise Unreadable("bad_unit", value=text[:60], unit=parameter.unit)
    return float(found)


def _shaped(
    parameter: Parameter, figures: list[float], shape: str, op: str | None
) -> dict[str, Any]:
    many = parameter.compare == "cap_set_contains"
    if op in ("better", "approx"):
        op = {"lower": "le", "higher": "ge"}.get(parameter.better) if op == "better" else None
    if op in ("le", "lt") and shape == "one":
        return _value(high=figures[0])
    if op in ("ge", "gt") and shape == "one":
        return _value(low=figures[0])
    if shape == "list":
        return _value(choices=list(dict.fromkeys(figures)))
    if shape == "lone":
        low = figures[0] if parameter.better == "lower" else -figures[0]
        return _value(low, figures[0])
    if shape == "one":
        return _value(choices=figures) if many else _value(figures[0], figures[0])
    if shape == "size" and parameter.compare == "cap_ge_need":
        return _value(min(figures), min(figures))
    return _value(min(figures), max(figures)) if shape == "size" else _value(figures[0], figures[1])


def _stated_column(column: Column, text: str, vocabulary: Vocabulary) -> dict[str, Any]:
    parameter = vocabulary.parameters[column.field.removeprefix("values.")]
    return {column.field: stated(parameter, text, column.unit, vocabulary)}


def _parameters(column: Column, text: str, vocabulary: Vocabulary) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in filter(None, re.split(r"\s*[;；\n]\s*", text)):
        match = _NAMED.match(part)
        parameter = parameter_named(match["name"], vocabulary) if match else None
        if match is None:
            raise Unreadable("not_named", value=part[:60])
        if parameter is None:
            raise Unreadable("unknown_term", term=match["name"][:80])
        found[parameter.id] = stated(parameter, match["value"], parameter.unit, vocabulary)
    return {column.field: found}


def _weeks(column: Column, text: str, vocabulary: Vocabulary) -> dict[str, Any]:
    plain = normalize_text(text)
    if _NUMBER.match(plain):
        return {column.field: float(plain)}
    found = measures(plain, grammar_of(vocabulary).units)
    if len(found) != 1:
        raise Unreadable("bad_number", value=text[:60])
    weeks = []
    for index, value in enumerate(found[0].values):
        unit = found[0].unit_in("time", index) if found[0].units else "week"
        if unit not in quantities.WEEKS:
            raise Unreadable("bad_unit", value=text[:60], unit="week")
        weeks.append(round(float(quantities.converted(value, unit, "week")), 3))
    if len(weeks) == 2 and column.field == "lead_weeks_max":
        return {"lead_weeks_min": weeks[0], column.field: weeks[1]}
    return {column.field: weeks[-1]}


def money(text: str) -> tuple[float, str]:
    """Amount in base units and currency code ("" when none is named); raises Unreadable."""
    match = _MONEY.match(normalize_text(text).strip())
    if match is None:
        raise Unreadable("bad_money", value=text[:60])
    named = [_currency(word) for word in (match["sign"], match["unit"]) if word]
    if len(set(named)) > 1:
        raise Unreadable("bad_money", value=text[:60])
    amount = float(match["number"].replace(",", "")) * _MANY[match["many"]]
    return amount, named[0] if named else ""


def _currency(word: str) -> str:
    found = CURRENCIES.get(word) or CURRENCIES.get(word.lower())
    if found is None and not (len(word) == 3 and word.isascii() and word.isalpha()):
        raise Unreadable("bad_currency", value=word)
    return found or word.upper()


def _price(_column: Column, text: str, _vocabulary: Vocabulary) -> dict[str, Any]:
    amount, currency = money(text)
    found: dict[str, Any] = {"price_minor": round(amount * 100)}
    return found | ({"price_currency": currency} if currency else {})


def _code_of_currency(column: Column, text: str, _vocabulary: Vocabulary) -> dict[str, Any]:
    return {column.field: _currency(text.strip())}


def _share(column: Column, text: str, _vocabulary: Vocabulary) -> dict[str, Any]:
    plain = normalize_text(text).replace(" ", "")
    number = plain.rstrip("%")
    if not _NUMBER.match(number):
        raise Unreadable("bad_number", value=text[:60])
    value = float(number)
    share = value / 100 if plain.endswith("%") or value > 1 else value
    if not 0 <= share <= 1:
        raise Unreadable("bad_share", value=text[:60])
    return {column.field: round(share, 4)}


def _whole(column: Column, text: str, _vocabulary: Vocabulary) -> dict[str, Any]:
    plain = normalize_text(text).replace(",", "").strip()
    if not plain.isascii() or not plain.isdigit() or len(plain) > 9:
        raise Unreadable("bad_whole", value=text[:60])
    return {column.field: int(plain)}


def _date(column: Column, text: str, _vocabulary: Vocabulary) -> dict[str, Any]:
    match = _DATE.match(normalize_text(text).strip())
    try:
        day = date(*map(int, match.groups())) if match else datetime.fromisoformat(text).date()
    except ValueError:
        raise Unreadable("bad_date", value=text[:60]) from None
    return {column.field: day.isoformat()}


def written(value: Mapping[str, Any]) -> str:
    """What `stated` reads back as the same value: "≤130", "100~200", "iso-5 | iso-6".

    >>> written({"low": None, "high": 130.0}), written({"choices": [100.0, 150.0]})
    ('≤130', '100 | 150')
    """
    low, high, choices = value.get("low"), value.get("high"), value.get("choices")
    if choices:
        return " | ".join(c if isinstance(c, str) else f"{c:.12g}" for c in choices)
    if low is None and high is None:
        return ""
    if low is None:
        return f"≤{high:.12g}"
    if high is None:
        return f"≥{low:.12g}"
    return f"{low:.12g}" if low == high else f"{low:.12g}~{high:.12g}"


EMPTY: Mapping[str, Any] = {
    "line": "", "text": "", "techniques": [], "materials": [], "parameters": {}, "currency": "",
}  # fmt: skip
READERS: Mapping[str, Callable[[Column, str, Vocabulary], dict[str, Any]]] = {
    "line": _line, "text": _line, "organisation": _line, "region": _line, "choice": _choice,
    "techniques": _terms, "materials": _terms, "value": _stated_column,
    "parameters": _parameters, "weeks": _weeks, "money": _price, "currency": _code_of_currency,
    "share": _share, "whole": _whole, "date": _date,
}  # fmt: skip
