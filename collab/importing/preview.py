"""What a person reads of a checked list: cells, fields and values in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collab.importing import cells
from collab.importing.columns import fixed_columns
from collab.importing.models import ImportChange, RowProblem
from collab.importing.rules import differences
from collab.kernel.messages import say
from collab.vocabulary.catalog import Vocabulary

EFFECTS: Mapping[str, tuple[str, str]] = {
    "new": ("新增", "New"),
    "changed": ("修改", "Changed"),
    "unchanged": ("不变", "Unchanged"),
    "refused": ("未通过", "Refused"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary and the language ("zh" or "en") of the reader."""

    vocabulary: Vocabulary
    language: str

    def pick(self, pair: tuple[str, str]) -> str:
        """The word in the reader's language."""
        return pair[1] if self.language == "en" else pair[0]


def fault(problem: RowProblem, words: Words) -> dict[str, Any]:
    """A problem with its place: line, column letter and header, sentence."""
    return {
        "line": problem.line,
        "column": problem.place,
        "header": problem.header,
        "text": say(problem.code, words.language, problem.facts),
    }


def row(change: ImportChange, kind: str, words: Words) -> dict[str, Any]:
    """A row with what it does, field by field."""
    fields: list[dict[str, str]] = []
    if change.effect == "changed" and change.before is not None and change.after is not None:
        for name, old, new in differences(change.before, change.after):
            fields.append(
                {
                    "label": label(name, kind, words),
                    "before": shown(name, old, kind, words),
                    "after": shown(name, new, kind, words),
                }
            )
    return {
        "line": change.line,
        "title": change.title,
        "record": change.record,
        "effect": change.effect.value,
        "effect_label": words.pick(EFFECTS[change.effect.value]),
        "fields": fields,
        "undone": change.undone,
    }


def label(name: str, kind: str, words: Words) -> str:
    """A field in words."""
    if name.startswith("values."):
        return words.vocabulary.label(name.removeprefix("values."), words.language)
    wanted = "price" if name == "price_minor" else name
    column = next((c for c in fixed_columns(kind) if c.field == wanted), None)
    return column.label(words.language) if column else name


def shown(name: str, value: Any, kind: str, words: Words) -> str:
    """A value in words; a dash where there is none."""
    if value is None or value in ("", [], {}):
        return "–"
    if name.startswith("values."):
        parameter = words.vocabulary.parameters.get(name.removeprefix("values."))
        unit = parameter.unit if parameter and not parameter.values else ""
        return f"{cells.written(value)} {unit}".strip()
    if isinstance(value, list):
        return "、".join(words.vocabulary.label(str(v), words.language) for v in value)
    if name == "price_minor":
        return f"{value / 100:,.2f}".removesuffix(".00")
    if name == "load":
        return f"{value * 100:g}%"
    column = next((c for c in fixed_columns(kind) if c.field == name), None)
    if column and str(value) in column.choices:
        return column.choices[str(value)][1 if words.language == "en" else 0]
    return str(value)[:300]
