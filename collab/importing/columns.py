"""Which column of a list means what: headers in two languages, aliases, parameters with units."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from functools import lru_cache
from typing import Any

import yaml

from collab.importing.workbook import letter
from collab.kernel.problems import Problem
from collab.needs.extraction.grammar import grammar_of
from collab.vocabulary.catalog import VOCAB_DIR, Parameter, Vocabulary, load_vocabulary
from collab.vocabulary.normalize import key

KINDS = ("organisations", "capabilities", "equipment", "runs", "needs")
EXTRA: Mapping[str, tuple[tuple[str, str], ...]] = {
    "organisations": (("membership", "成员状态 / Membership"), ("evidence", "证据等级 / Evidence"),
                      ("source", "来源 / Source")),
    "capabilities": (("evidence", "证据等级 / Evidence"), ("confirmed_at", "确认日期 / Confirmed"),
                     ("source", "来源 / Source")),
    "runs": (("tape_in_text", "截止日期原文 / Tape-in as published"), ("source", "来源 / Source")),
    "needs": (("state", "进展 / State"), ("disclosure", "公开范围 / Disclosure"),
              ("posted_on", "发布日期 / Posted"), ("expires_on", "有效期至 / Expires")),
}  # fmt: skip
"""Columns that only an export has: what a list cannot set."""
READ_ONLY = frozenset(title for row in EXTRA.values() for _, title in row)
_UNIT = re.compile(r"^(?P<name>.*?)\s*[(\[]\s*(?P<unit>[^()\[\]]{1,20})\s*[)\]]\s*$")
_PARTS = re.compile(r"\s*[/|\n]\s*")
UNIT_WORDS: Mapping[str, str] = {
    "um": "μm", "percent": "%", "degC": "℃", "degree": "°", "count": "", "dimensionless": "",
    "week": "周 weeks", "gram_force": "gf", "ohm*cm**2": "Ω·cm2", "1/cm**2": "cm-2",
    "1/cm**3": "cm-3",
}  # fmt: skip


@lru_cache(maxsize=65536)
def folded(word: str) -> str:
    """The form in which written words are compared; a list repeats the same few."""
    return key(word)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a kind of list; `unit` is what a bare number in it is measured in."""

    field: str
    kind: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    note_zh: str = ""
    note_en: str = ""
    example: str = ""
    choices: Mapping[str, tuple[str, ...]] = default(default_factory=dict)
    unit: str = ""

    @property
    def header(self) -> str:
        """What stands in the first row of the template."""
        return f"{self.zh} / {self.en}" + ("*" if self.required else "")

    def label(self, language: str) -> str:
        """The name in one language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one file: `places` by index, headers nobody knows, what is wrong."""

    places: Mapping[int, Column]
    unknown: tuple[str, ...]
    problems: tuple[Problem, ...]


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    with (VOCAB_DIR / "import_columns.yaml").open(encoding="utf-8") as stream:
        found: dict[str, Any] = yaml.safe_load(stream)
    return found


def kind_label(kind: str, language: str) -> str:
    """The name of a kind of list."""
    return str(_file()["kinds"][kind]["en" if language == "en" else "zh"])


def _column(entry: Mapping[str, Any]) -> Column:
    return Column(
        field=entry["field"], kind=entry["kind"], zh=entry["zh"], en=entry["en"],
        aliases=tuple(map(str, entry.get("aliases", ()))), required=entry.get("required", False),
        note_zh=entry.get("note_zh", ""), note_en=entry.get("note_en", ""),
        example=str(entry.get("example", "")),
        choices={k: tuple(v) for k, v in entry.get("choices", {}).items()},
    )  # fmt: skip


@lru_cache(maxsize=8)
def fixed_columns(kind: str) -> tuple[Column, ...]:
    """The columns of a kind of list without those of single parameters."""
    family = _file()["kinds"][kind]["columns"]
    return tuple(map(_column, _file()["columns"][family]))


def parameter_column(parameter: Parameter, unit: str = "") -> Column:
    """The column that states one parameter, in its canonical unit unless another is given."""
    shown = UNIT_WORDS.get(parameter.unit, parameter.unit)
    tail = f" ({shown})" if shown else ""
    return Column(
        field=f"values.{parameter.id}",
        kind="value",
        zh=f"{parameter.zh}{tail}",
        en=parameter.en,
        note_zh="数值、范围（100-300）、不大于（≤）、不小于（≥）或几个值；可以带单位。",
        note_en="A figure, a range (100-300), at most (≤), at least (≥), or several; with a unit.",
        unit=unit or parameter.unit,
    )


def template_columns(kind: str, vocabulary: Vocabulary) -> tuple[Column, ...]:
    """All columns of the template and of the export, in order."""
    family = _file()["kinds"][kind]["columns"]
    wanted = _file()["template_parameters"].get(family, ())
    stated = tuple(parameter_column(vocabulary.parameters[p]) for p in wanted)
    fixed = fixed_columns(kind)
    at = next((n for n, c in enumerate(fixed) if c.field == "parameters"), len(fixed))
    return (*fixed[:at], *stated, *fixed[at:])


@lru_cache(maxsize=8)
def _headers(kind: str) -> dict[str, Column]:
    found: dict[str, Column] = {}
    columns = fixed_columns(kind)
    for words in ("labels", "aliases"):
        for column in columns:
            names = (column.zh, column.en, column.field)
            for name in names if words == "labels" else column.aliases:
                found.setdefault(folded(name), column)
    return found


@lru_cache(maxsize=4)
def _parameters(version: str) -> dict[str, str]:
    del version
    found: dict[str, str] = {}
    for parameter in load_vocabulary().parameters.values():
        for name in (parameter.id, *parameter.spellings()):
            found.setdefault(folded(name), parameter.id)
    return found


def parameter_named(name: str, vocabulary: Vocabulary) -> Parameter | None:
    """The parameter with this id, label or synonym."""
    found = _parameters(vocabulary.version).get(folded(name))
    return vocabulary.parameters.get(found) if found else None


def _spellings(header: str) -> Iterator[str]:
    """The header as a whole, then its parts: "名称 / Name (Chinese)*"."""
    text = header.replace("*", "").replace("＊", "").strip()
    yield text
    for part in _PARTS.split(text):
        if part and part != text:
            yield part


def column_of(kind: str, header: str, vocabulary: Vocabulary) -> Column | None:
    """The column that a header means, None when nobody knows it."""
    known = _headers(kind)
    for text in _spellings(header):
        if folded(text) in known:
            return known[folded(text)]
    for text in _spellings(header):
        match = _UNIT.match(folded(text).replace("（", "(").replace("）", ")"))
        if match and match["name"] in known:
            return known[match["name"]]
    if kind in ("capabilities", "equipment"):
        return next(filter(None, (_stated(t, vocabulary) for t in _spellings(header))), None)
    return None


def _stated(text: str, vocabulary: Vocabulary) -> Column | None:
    parameter = parameter_named(text, vocabulary)
    if parameter is not None:
        return parameter_column(parameter)
    match = _UNIT.match(text.replace("（", "(").replace("）", ")"))
    parameter = parameter_named(match["name"], vocabulary) if match else None
    if match is None or parameter is None:
        return None
    return parameter_column(parameter, unit_named(match["unit"], parameter, vocabulary))


def unit_named(word: str, parameter: Parameter, vocabulary: Vocabulary) -> str:
    """The unit that a word means for a parameter, "" when it means none."""
    found = grammar_of(vocabulary).units.at(word.strip(), 0)
    if found is None or found[0] != len(word.strip()):
        return ""
    return next((u for d, u in found[1] if d == parameter.dimension), "")


def layout(kind: str, headers: Sequence[str], vocabulary: Vocabulary) -> Layout:
    """What each column of a file means; a column twice and a missing required one are problems."""
    places: dict[int, Column] = {}
    unknown: list[str] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for index, header in enumerate(headers):
        if not header.strip() or header.strip() in READ_ONLY:
            continue
        column = column_of(kind, header, vocabulary)
        if column is None:
            unknown.append(header.strip()[:120])
        elif column.field in seen:
            facts = {"header": header.strip()[:120], "other": letter(seen[column.field])}
            problems.append(Problem("file", "duplicate_column", facts))
        else:
            seen[column.field] = index
            places[index] = column
    return Layout(places, tuple(unknown), tuple(problems))


def missing(kind: str, found: Layout) -> list[Column]:
    """Required columns that a file lacks; with id or code it may be an update of a few columns."""
    have = {c.field for c in found.places.values()}
    if have & {"id", "code"}:
        return []
    return [c for c in fixed_columns(kind) if c.required and c.field not in have]
