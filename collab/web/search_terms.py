"""What a search understood, why a thing was found and where to go on, in words for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from collab.search.numeric import WAFER
from collab.search.results import Hit, Relaxation, Result
from collab.search.syntax import take_apart
from collab.web import present
from collab.web.context import toggled, with_args
from collab.web.session import language, vocabulary

MOST_SYNONYMS = 8


def understood(result: Result) -> list[dict[str, Any]]:
    """Each term the query was taken to mean, with what is searched along with it."""
    words = vocabulary()
    return [
        {
            "written": e.written,
            "means": [words.label(i, language()) for i in e.ids],
            "synonyms": list(e.synonyms[:MOST_SYNONYMS]),
            "narrower": [words.label(i, language()) for i in e.narrower[:MOST_SYNONYMS]],
        }
        for e in result.expansions
    ]


def conditions(result: Result) -> list[str]:
    """Figures and wafer sizes as they were read: 最小线宽 ≤ 200 nm."""
    sizes = [_interval(WAFER, (float(s), float(s))) for s in result.parsed.sizes]
    return [*(_interval(c.parameter, (c.low, c.high)) for c in result.parsed.conditions), *sizes]


def places(result: Result, regions: Mapping[str, str]) -> list[dict[str, Any]]:
    """Places that the query names: how much is there, and the way to that alone."""
    chosen_already = "region" in request.args
    return [
        {
            "name": regions.get(p.ids[0], p.written) if len(p.ids) == 1
            else _typed(result, p.written),
            "count": count,
            "only": "" if chosen_already or not count else with_args(region=list(p.ids)),
        }
        for p, count in zip(result.parsed.places, result.there, strict=True)
    ]  # fmt: skip


def refused(result: Result, regions: Mapping[str, str]) -> list[str]:
    """What the query does not want, in the words of the vocabulary."""
    words = vocabulary()
    return [
        _typed(result, one.written) if len(one.ids) > 2 else
        _("或").join(regions.get(i) or words.label(i, language()) for i in one.ids)
        for one in result.parsed.refused
    ]  # fmt: skip


def struck(result: Result) -> list[str]:
    """What the query strikes out with a minus sign, as it was written."""
    written = take_apart(result.query.text)
    fields = [f"{one.name}:{one.value}" for one in written.fields if one.excluded]
    return [*written.excluded, *fields]


def _typed(result: Result, written: str) -> str:
    """A piece of the query with the capitals in which it was typed."""
    text = result.query.text
    at = text.lower().find(written)
    return text[at : at + len(written)] if at >= 0 else written


def unknown_fields(result: Result) -> list[str]:
    """What was written like a filter and is none."""
    return list(result.parsed.unknown_fields)


def _interval(parameter: str, ends: tuple[float | None, float | None]) -> str:
    low, high = ends
    label = vocabulary().label(parameter, language())
    shown = present.unit_label(vocabulary().parameters.get(parameter))
    unit = f" {shown}" if shown else ""
    if low is None and high is None:
        return label
    if low is None:
        return f"{label} ≤ {present.number(high or 0.0)}{unit}"
    if high is None:
        return f"{label} ≥ {present.number(low)}{unit}"
    if abs(high - low) <= abs(low) * 1e-5:
        return f"{label} {present.number(low)}{unit}"
    return f"{label} {present.number(low)}–{present.number(high)}{unit}"


def reasons(hit: Hit) -> list[str]:
    """The facts that made it match; a stated figure with its value."""
    values = hit.document.values
    return [
        _interval(w.value, values[w.value]) if w.kind == "parameter" and w.value in values
        else vocabulary().label(w.value, language())
        for w in hit.why
    ]  # fmt: skip


def ways_on(result: Result) -> list[dict[str, Any]]:
    """Weaker queries that find something, each once, most first."""
    found: dict[str, dict[str, Any]] = {}
    for one in sorted(result.relaxations, key=lambda r: -r.total):
        label = _way(one)
        found.setdefault(label, {"label": label, "total": one.total, "href": _address(one)})
    return list(found.values())


def _address(one: Relaxation) -> str:
    return url_for("search.index", q=one.query.text)


def _way(one: Relaxation) -> Any:
    kind, _colon, term_id = one.left_out.partition(":")
    if kind == "filters":
        return _("不加筛选条件")
    if kind == "conditions":
        return _("不限数值与排除条件，只找“%(text)s”", text=one.query.text)
    if kind == "broader":
        return _("放宽到“%(term)s”", term=vocabulary().label(term_id, language()))
    return _("只找“%(text)s”", text=one.query.text)


def chosen(names: dict[str, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Chips of what is clicked: (label, address without it)."""
    return [
        (label, toggled(name, value)) for name, values in names.items() for value, label in values
    ]


def without_choices(names: list[str]) -> str:
    """This page without any clicked filter."""
    return with_args(**dict.fromkeys(names))


def grouped(items: list[Any]) -> list[tuple[str, list[Any]]]:
    """Hits by kind, the kind of the best hit first; inside a kind in their order."""
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(item.kind, []).append(item)
    return list(found.items())
