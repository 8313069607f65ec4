"""Lists taken out: what the actor may read, as CSV, XLSX or JSON, in the columns of the import."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from sqlmodel import col, select

from collab.facilities import catalogue as capabilities
from collab.facilities.access import POLICY as FACILITIES
from collab.facilities.catalogue import CapabilityView
from collab.facilities.models import Capability, CapabilityValue, MpwRun
from collab.facilities.rules import Category
from collab.importing import cells, workbook
from collab.importing.columns import EXTRA, KINDS, Column, kind_label, template_columns
from collab.importing.workbook import Sheet
from collab.kernel.errors import NotFound
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.members import catalogue as members
from collab.members.access import POLICY as MEMBERS
from collab.members.models import Organisation
from collab.needs import catalogue as needs
from collab.needs.access import POLICY as NEEDS
from collab.needs.models import Need
from collab.needs.service import log_read, must_log_read
from collab.needs.store import needs_by_key
from collab.search.documents import Document
from collab.storage import grants
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary, load_vocabulary

Format = Literal["csv", "xlsx", "json"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "json")
MEDIA: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def export(
    uow: UnitOfWork, actor: Actor, kind: str, wanted: Format = "json", organisation: str = ""
) -> bytes:
    """The list in bytes of the format; NotFound for an unknown kind, format or organisation.

    `organisation` (public id or slug) narrows it to one owner.
    """
    if kind not in KINDS or wanted not in FORMATS:
        raise NotFound("list", kind)
    objects = records(uow, actor, kind, organisation)
    if wanted == "json":
        return (json.dumps(objects, ensure_ascii=False, indent=1, sort_keys=False) + "\n").encode()
    columns = template_columns(kind, load_vocabulary())
    extra = EXTRA["capabilities" if kind == "equipment" else kind]
    header = [*(c.header for c in columns), *(title for _, title in extra)]
    rows = [
        [*(_cell(c, one, columns) for c in columns), *(one.get(name) for name, _ in extra)]
        for one in objects
    ]
    if wanted == "csv":
        return workbook.to_csv(header, rows)
    widths = [_width(c) for c in columns] + [18] * len(extra)
    return workbook.to_xlsx([Sheet(kind_label(kind, "zh"), header, rows, widths)])


def records(
    uow: UnitOfWork, actor: Actor, kind: str, organisation: str = ""
) -> list[dict[str, Any]]:
    """The list as objects: what the actor may read, in the order of the database."""
    owner = None
    if organisation:
        owner = members.one(uow, actor, organisation).view.row.id
    return MAKERS[kind](uow, actor, owner)


def _organisations(uow: UnitOfWork, actor: Actor, owner: int | None) -> list[dict[str, Any]]:
    query = select(Organisation).where(grants.where(MEMBERS[Permission.ORGANISATION_READ], actor))
    if owner is not None:
        query = query.where(col(Organisation.id) == owner)
    known = members.regions(uow)
    return [
        {
            "id": o.public_id, "slug": o.slug, "name_zh": o.name_zh, "name_en": o.name_en,
            "kind": o.kind.value, "region": known[o.region_id].code, "website": o.website,
            "description_zh": o.description_zh, "description_en": o.description_en,
            "contact": o.contact if _may_contact(actor, o) else "",
            "membership": o.membership.value, "evidence": o.evidence,
            "source": o.source, "source_type": o.source_type, "confidence": o.confidence,
            "demo": o.demo,
        }
        for o in uow.session.exec(query.order_by(col(Organisation.id))).all()
    ]  # fmt: skip


def _may_contact(actor: Actor, row: Organisation) -> bool:
    """Contact details are a stage of their own: a list shows them to the organisation itself."""
    return row.id in actor.organisation_ids or actor.secretariat or actor.system


def _capabilities(
    uow: UnitOfWork, actor: Actor, owner: int | None, category: Category | None = None
) -> list[dict[str, Any]]:
    query = select(Capability).where(grants.where(FACILITIES[Permission.CAPABILITY_READ], actor))
    if owner is not None:
        query = query.where(col(Capability.organisation_id) == owner)
    if category is not None:
        query = query.where(col(Capability.category) == category)
    found: list[dict[str, Any]] = []
    rows = uow.session.exec(query.order_by(col(Capability.id))).all()
    for start in range(0, len(rows), 500):  # a bound on what one statement names
        found += map(_capability, capabilities.views(uow, rows[start : start + 500]))
    return found


def _equipment(uow: UnitOfWork, actor: Actor, owner: int | None) -> list[dict[str, Any]]:
    return _capabilities(uow, actor, owner, Category.EQUIPMENT)


def _capability(view: CapabilityView) -> dict[str, Any]:
    row, owner = view.row, view.owner.row
    return {
        "id": row.public_id, "slug": row.slug, "organisation": owner.public_id,
        "organisation_slug": owner.slug, "organisation_zh": owner.name_zh,
        "organisation_en": owner.name_en, "region": view.owner.region.code, "code": row.code,
        "name_zh": row.name_zh, "name_en": row.name_en, "category": row.category.value,
        "techniques": list(view.techniques), "materials": list(view.materials),
        "parameters": {p: _value(v) for p, v in view.values.items()},
        "description": row.description, "technique_text": row.technique_text,
        "access": row.access, "access_mode": row.access_mode, "status": row.status.value,
        "lead_weeks_min": row.lead_weeks_min, "lead_weeks_max": row.lead_weeks_max,
        "price": None if row.price_minor is None else row.price_minor / 100,
        "price_currency": row.price_currency, "price_note": row.price_note, "load": row.load,
        "evidence": row.evidence.value,
        "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else None,
        "source": row.source, "source_type": row.source_type, "confidence": row.confidence,
        "demo": row.demo,
    }  # fmt: skip


def _value(value: CapabilityValue) -> dict[str, Any]:
    unit = load_vocabulary().parameters[value.parameter].unit if (
        value.parameter in load_vocabulary().parameters) else ""  # fmt: skip
    return {"low": value.low, "high": value.high, "choices": list(value.choices), "unit": unit}


def _runs(uow: UnitOfWork, actor: Actor, owner: int | None) -> list[dict[str, Any]]:
    query = select(MpwRun).where(grants.where(FACILITIES[Permission.RUN_READ], actor))
    if owner is not None:
        query = query.where(col(MpwRun.organisation_id) == owner)
    rows = uow.session.exec(query.order_by(col(MpwRun.id))).all()
    ids = {r.organisation_id for r in rows}
    owners = {o.id: o for o in uow.session.exec(select(Organisation)).all() if o.id in ids}
    return [
        {
            "id": r.public_id, "slug": r.slug, "organisation": owners[r.organisation_id].public_id,
            "organisation_slug": owners[r.organisation_id].slug,
            "organisation_zh": owners[r.organisation_id].name_zh,
            "organisation_en": owners[r.organisation_id].name_en, "technology": r.technology,
            "techniques": r.techniques, "materials": r.materials,
            "tape_in": r.tape_in.isoformat() if r.tape_in else None,
            "tape_in_text": r.tape_in_text, "turn_around": r.turn_around, "price": r.price,
            "seats": r.seats, "seats_taken": r.seats_taken, "note": r.note,
            "historical": r.historical, "source": r.source, "confidence": r.confidence,
            "demo": r.demo,
        }
        for r in rows
    ]  # fmt: skip


def _needs(uow: UnitOfWork, actor: Actor, owner: int | None) -> list[dict[str, Any]]:
    """Needs that the actor may read; an anonymous one names no owner, nor answers for one.

    Taking out an invited need of somebody else is a read and goes on the record.
    """
    query = select(Need).where(grants.where(NEEDS[Permission.NEED_READ], actor))
    rows = uow.session.exec(query.order_by(col(Need.id))).all()
    _log_invited(uow, actor, rows)
    found: list[dict[str, Any]] = []
    for start in range(0, len(rows), 500):
        for view in needs.views(uow, actor, rows[start : start + 500]):
            shown = view.owner
            if owner is not None and (shown is None or shown.id != owner):
                continue
            n = view.row
            found.append({
                "id": n.public_id, "organisation": shown.public_id if shown else None,
                "organisation_zh": shown.name_zh if shown else None,
                "organisation_en": shown.name_en if shown else None,
                "region": view.region.code if view.region else None, "title": n.title,
                "text": n.text, "techniques": list(view.techniques), "chain": n.chain,
                "state": n.state.value, "disclosure": n.disclosure.value,
                "posted_on": n.posted_on.isoformat(),
                "expires_on": n.expires_on.isoformat() if n.expires_on else None,
                "demo": n.demo,
            })  # fmt: skip
    return found


def _log_invited(uow: UnitOfWork, actor: Actor, rows: Iterable[Need]) -> None:
    """Put reads of invited needs of others on record; needs a writing unit of work if any are."""
    logged = [n for n in rows if must_log_read(n, actor)]
    if logged:
        for need in logged:
            uow.note(actor, "exported", "need", need.public_id)
            log_read(uow, actor, need, "export")


HIT_HEADER = (
    "类型 / Kind", "编号 / ID", "中文名称 / Chinese name", "英文名称 / English name",
    "机构 / Organisation", "机构（英文） / Organisation (English)", "技术 / Techniques",
    "材料 / Materials", "类别 / Category", "地区 / Region", "证据 / Evidence", "状态 / Status",
    "更新日期 / Updated",
)  # fmt: skip


def export_hits(
    uow: UnitOfWork, actor: Actor, documents: Sequence[Document], wanted: Format
) -> bytes:
    """Search hits, already checked against what the actor may read, as CSV or XLSX."""
    if wanted == "json":
        raise NotFound("list", wanted)
    keys = [d.key for d in documents if d.kind == "need"]
    _log_invited(uow, actor, needs_by_key(uow, actor, keys).values())
    label = load_vocabulary().label
    rows = [
        (
            d.kind, d.key, d.title_zh, d.title_en, d.organisation_zh, d.organisation_en,
            "; ".join(label(t) for t in d.techniques), "; ".join(label(m) for m in d.materials),
            d.category, d.regions[0] if d.regions else "", d.evidence, d.status,
            d.updated_at.date().isoformat() if d.updated_at else "",
        )
        for d in documents
    ]  # fmt: skip
    if wanted == "csv":
        return workbook.to_csv(HIT_HEADER, rows)
    widths = (14, 18, 34, 34, 28, 28, 34, 20, 14, 14, 12, 14, 14)
    return workbook.to_xlsx([Sheet("搜索结果 Hits", HIT_HEADER, rows, widths)])


MAKERS: Mapping[str, Callable[[UnitOfWork, Actor, int | None], list[dict[str, Any]]]] = {
    "organisations": _organisations, "capabilities": _capabilities, "equipment": _equipment,
    "runs": _runs, "needs": _needs,
}  # fmt: skip


def _cell(column: Column, one: Mapping[str, Any], columns: Sequence[Column]) -> Any:
    """What the import reads back as the same thing."""
    if column.field == "organisation":
        return one.get("organisation_zh") or one.get("organisation_en")
    if column.field.startswith("values."):
        return cells.written(one["parameters"].get(column.field.removeprefix("values."), {}))
    if column.field == "parameters":
        return _others(one["parameters"], columns)
    value = one.get(column.field)
    if column.choices:
        return column.choices.get(str(value), (str(value or ""),))[0]
    if column.kind in ("techniques", "materials"):
        return "; ".join(value or ())
    if column.kind == "share":
        return None if value is None else f"{value * 100:.12g}%"
    return value


def _others(stated: Mapping[str, Any], columns: Iterable[Column]) -> str:
    own = {c.field.removeprefix("values.") for c in columns if c.field.startswith("values.")}
    return "; ".join(f"{p}: {cells.written(v)}" for p, v in stated.items() if p not in own)


def _width(column: Column) -> int:
    wide = {"name_zh": 30, "name_en": 30, "techniques": 34, "description": 40, "text": 60}
    return wide.get(column.field, 34 if column.kind in ("parameters", "text") else 16)


def template(kind: str, vocabulary: Vocabulary) -> bytes:
    """An XLSX file to fill in: an empty list, what the columns mean, the vocabulary."""
    if kind not in KINDS:
        raise NotFound("list", kind)
    columns = template_columns(kind, vocabulary)
    sheets = [
        Sheet(
            kind_label(kind, "zh"), [c.header for c in columns], [], [_width(c) for c in columns]
        ),
        Sheet(
            "说明 Columns",
            ("列 / Column", "必填 / Required", "填写说明", "How to fill it in", "示例 / Example",
             "可选值 / Choices"),
            [
                (c.header, "是 / yes" if c.required else "", c.note_zh, c.note_en, c.example,
                 "; ".join(f"{w[0]} ({w[1]})" for w in c.choices.values()))
                for c in columns
            ],
            (34, 10, 50, 50, 24, 50),
        ),
    ]  # fmt: skip
    if any(c.kind == "techniques" for c in columns):
        sheets.append(
            _vocabulary_sheet(vocabulary, parameters=kind in ("capabilities", "equipment"))
        )
    return workbook.to_xlsx(sheets)


def _vocabulary_sheet(vocabulary: Vocabulary, *, parameters: bool) -> Sheet:
    rows: list[tuple[str, ...]] = []
    for label, terms in (
        ("技术 / Technique", vocabulary.techniques.values()),
        ("材料 / Material", vocabulary.materials.values()),
    ):
        rows += [
            (label, t.id, t.zh, t.en, "; ".join((*t.alt_zh, *t.alt_en, *t.abbr)[:6]), "")
            for t in terms
            if not t.deprecated
        ]
    for p in vocabulary.parameters.values() if parameters else ():
        choices = "; ".join(f"{c.zh} ({c.id})" for c in p.values[:30])
        rows.append(("参数 / Parameter", p.id, p.zh, p.en, choices, p.unit))
    header = (
        "种类 / Kind",
        "编号 / ID",
        "中文",
        "English",
        "也可写作 / Also written",
        "单位 / Unit",
    )
    return Sheet("词表 Vocabulary", header, rows, (18, 34, 28, 34, 60, 14))


def file_name(kind: str, wanted: str) -> str:
    """The name under which a browser saves the list."""
    return f"oe-collab-{kind}.{wanted}"
