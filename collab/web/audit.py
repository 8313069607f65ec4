"""The record of who did what, for the secretariat: filters, pages, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from collab.members import recorded
from collab.moderation import access
from collab.storage.audit_reading import AuditFilter
from collab.storage.models import Activity
from collab.storage.uow import UnitOfWork
from collab.web import params
from collab.web.context import with_args
from collab.web.session import current_actor, reading, writing

blueprint = Blueprint("audit", __name__, url_prefix="/audit")
HEAD = (
    "sequence",
    "at",
    "person",
    "person_name",
    "action",
    "kind",
    "key",
    "address",
    "before",
    "after",
    "hash",
)


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(params.text(name, 10))
    except ValueError:
        return None


def _wanted(uow: UnitOfWork) -> AuditFilter:
    return recorded.wanted(
        uow,
        params.text("kind", 80),
        params.text("action", 80),
        params.text("key", 80),
        params.text("person", 254),
        _day("since"),
        _day("until"),
    )


@blueprint.get("")
def index() -> str:
    """The record, latest first."""
    number, size = params.page()
    with reading() as uow:
        things = access.recorded(current_actor())
        page = recorded.page(uow, current_actor(), _wanted(uow), things, number, size)
        names = recorded.names(uow, page.items)
        kinds = recorded.kinds(uow, things)
    return render_template(
        "audit/index.html",
        page=page.map(lambda row: _item(row, names)),
        kinds=[(k, k) for k in kinds],
        values={n: params.text(n) for n in ("kind", "action", "key", "person", "since", "until")},
        href=lambda n: with_args(page=n),
    )


def _item(row: Activity, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "sequence": row.sequence, "at": row.at.strftime("%Y-%m-%d %H:%M:%S"),
        "person": row.person_id if row.person_id is not None else row.actor,
        "person_name": names.get(row.person_id or 0, ""), "action": row.action, "kind": row.kind,
        "key": row.key, "address": row.address,
        "before": _facts(row.before), "after": _facts(row.after),
        "hash": row.hash,
    }  # fmt: skip


def _facts(values: dict[str, Any] | None) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""


@blueprint.get("/export.csv")
def export() -> Response:
    """The filtered record as CSV."""
    with writing() as uow:
        things = access.recorded(current_actor())
        rows = recorded.export(uow, current_actor(), _wanted(uow), things)
        names = recorded.names(uow, rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, HEAD)
    writer.writeheader()
    for row in rows:
        writer.writerow({k: _harmless(v) for k, v in _item(row, names).items()})
    response = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


def _harmless(value: Any) -> Any:
    """A spreadsheet must not take a text for a formula."""
    return (
        f"'{value}"
        if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") and value
        else value
    )
