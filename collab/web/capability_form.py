"""The capability form: what a browser sends, what is shown again, and the vocabulary's choices."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from werkzeug.datastructures import MultiDict

from collab.facilities.catalogue import CapabilityView
from collab.facilities.forms import CapabilityIn
from collab.vocabulary.catalog import Parameter, Vocabulary
from collab.web import labels, present

PLAIN = ("category", "name_zh", "name_en", "code", "description", "access_mode", "status",
         "price_currency", "price_note")  # fmt: skip
FIGURES = ("lead_weeks_min", "lead_weeks_max", "load_percent", "price")


def _split(text: str) -> list[str]:
    for mark in "，、;；/":
        text = text.replace(mark, ",")
    return [part.strip() for part in text.split(",") if part.strip()]


def _figure(text: str) -> float | str | None:
    """A number where the text is one; the text itself goes on to be refused by the form."""
    text = text.strip().replace(",", "")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _values(form: MultiDict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in form:
        if not name.startswith("value.") or not name.endswith((".low", ".high", ".choices")):
            continue
        parameter, part = name.removeprefix("value.").rsplit(".", 1)
        if part == "choices":
            given: Any = [
                _figure(v) if _figure(v) is not None else v
                for text in form.getlist(name)
                for v in _split(text)
            ]
        else:
            given = _figure(form.get(name, ""))
        if given not in (None, []):
            found.setdefault(parameter, {})[part] = given
    return found


def read(form: MultiDict[str, str]) -> CapabilityIn:
    """The validated input; raises pydantic's ValidationError naming the field."""
    price = _in_minor_units(_figure(form.get("price", "")))
    load = _figure(form.get("load_percent", ""))
    return CapabilityIn.model_validate(
        {
            **{name: form.get(name, "") for name in PLAIN},
            "code": form.get("code") or None,
            "status": form.get("status") or "operating",
            "techniques": list(dict.fromkeys(form.getlist("techniques"))),
            "materials": list(dict.fromkeys(form.getlist("materials"))),
            "values": _values(form),
            "lead_weeks_min": _figure(form.get("lead_weeks_min", "")),
            "lead_weeks_max": _figure(form.get("lead_weeks_max", "")),
            "price_minor": price,
            "load": load / 100 if isinstance(load, float) else load,
        }
    )


def _in_minor_units(price: float | str | None) -> int | float | str | None:
    """Fen or cents; what is no amount (infinity) goes on to be refused by the form."""
    return round(price * 100) if isinstance(price, float) and isfinite(price) else price


def version(form: MultiDict[str, str]) -> int | None:
    """The version that was edited."""
    text = form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """What the person typed, to be shown again with the problems."""
    return {
        **{name: form.get(name, "") for name in (*PLAIN, *FIGURES, "version")},
        "techniques": form.getlist("techniques"),
        "materials": form.getlist("materials"),
        "values": _values(form),
    }


def filled(view: CapabilityView) -> dict[str, Any]:
    """An existing capability as form values."""
    row = view.row
    return {
        **{name: getattr(row, name) or "" for name in PLAIN},
        "lead_weeks_min": _text(row.lead_weeks_min),
        "lead_weeks_max": _text(row.lead_weeks_max),
        "load_percent": _text(None if row.load is None else row.load * 100),
        "price": _text(None if row.price_minor is None else row.price_minor / 100),
        "version": row.version,
        "techniques": list(view.techniques),
        "materials": list(view.materials),
        "values": {
            p: {"low": v.low, "high": v.high, "choices": list(v.choices)}
            for p, v in view.values.items()
        },
    }


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _asked(values: Mapping[str, Any], vocabulary: Vocabulary) -> list[str]:
    """Parameters worth asking for: those of the chosen techniques, and those already stated."""
    known = [t for t in values.get("techniques", ()) if t in vocabulary.techniques]
    wanted = {p for t in known for p in vocabulary.params_of(t)}
    if not known:
        wanted = {"wafer-diameter", "min-feature", "wavelength"}
    wanted |= set(values.get("values", {}))
    return [
        p for p in vocabulary.parameters
        if p in wanted and vocabulary.parameters[p].group != "business"
    ]  # fmt: skip


def _row(parameter: Parameter, values: Mapping[str, Any], language: str) -> dict[str, Any]:
    stated = values.get("values", {}).get(parameter.id, {})
    return {
        "id": parameter.id,
        "label": parameter.label(language),
        "unit": present.unit_label(parameter),
        "choices": [(c.id, c.en if language == "en" else c.zh) for c in parameter.values],
        "many": parameter.compare == "cap_set_contains" and not parameter.values,
        "low": stated.get("low"),
        "high": stated.get("high"),
        "chosen": [str(c) if isinstance(c, str) else f"{c:g}" for c in stated.get("choices", ())],
    }


def choices(values: Mapping[str, Any], vocabulary: Vocabulary, language: str) -> dict[str, Any]:
    """What the form offers, from the vocabulary."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for technique in vocabulary.techniques.values():
        depth = "　" * len(vocabulary.ancestors(technique.id))
        groups.setdefault(labels.label("category", technique.category), []).append(
            (technique.id, depth + technique.label(language))
        )
    return {
        "technique_groups": list(groups.items()),
        "material_options": [(m.id, m.label(language)) for m in vocabulary.materials.values()],
        "parameters": [
            _row(vocabulary.parameters[p], values, language) for p in _asked(values, vocabulary)
        ],
        "categories": labels.pairs("category"),
        "statuses": labels.pairs("status"),
    }
