"""Holds and reports in words, and what a record's own page says of them to whom."""

from __future__ import annotations

from typing import Any

from flask import url_for

from collab.kernel.identity import Actor
from collab.moderation import catalogue, service
from collab.moderation.catalogue import Item
from collab.moderation.models import Hold, Record, Report, kind_of
from collab.moderation.rules import HoldState, Kind, can_move
from collab.needs.models import Need
from collab.needs.rules import OPEN_STATES, NeedState
from collab.storage.uow import UnitOfWork
from collab.web import present
from collab.web.labels import label

KINDS = {"needs": Kind.NEED, "capabilities": Kind.CAPABILITY}
NAMES = {kind: name for name, kind in KINDS.items()}
TONES = {"held": "stop", "returned": "wait", "asked": "strong", "released": "good"}


def address(kind: Kind, key: str) -> dict[str, Any]:
    """A record in the addresses of these pages."""
    return {"kind": NAMES[kind], "key": key}


def beside(uow: UnitOfWork, actor: Actor, row: Record) -> dict[str, Any]:
    """For a record's own page: its hold for its people, the way to the queue for moderators, the
    form of a report for everybody else who may read it."""
    place = address(kind_of(row), row.public_id)
    hold = catalogue.hold_of(uow, actor, row)
    moderates = catalogue.moderates(uow, actor, row)
    return {
        "hold": None if hold is None else {
            **told(hold), **place, "version": row.version, "edit_href": _edit_href(row),
            "may_ask": can_move(hold.state, HoldState.ASKED),
        },
        "moderate_href": url_for("moderation.show", **place) if moderates else "",
        "report_href": url_for("reports.new", **place) if service.may_report(actor, row) else "",
    }  # fmt: skip


def _edit_href(row: Record) -> str:
    if not isinstance(row, Need):
        return url_for("capabilities.edit", key=row.public_id)
    words = row.state in OPEN_STATES or row.state is NeedState.DRAFT
    return url_for("needs.edit" if words else "needs.confirm", key=row.public_id)


def told(hold: Hold) -> dict[str, Any]:
    """A hold in words; whose role decided, never who."""
    return {
        "state": hold.state, "state_label": label("hold_state", hold.state),
        "tone": TONES[hold.state], "role": label("role", hold.role), "reason": hold.reason,
        "wanted": hold.wanted, "reply": hold.reply, "on": present.day(hold.created_at),
        "since": present.day(hold.updated_at),
    }  # fmt: skip


def item(found: Item) -> dict[str, Any]:
    """A record in a line of these pages."""
    return {
        **address(found.kind, found.row.public_id), "name": present.pick(*found.names),
        "kind_label": label("record_kind", found.kind), "place": present.place(found.region),
        "owner": present.pick(found.owner.name_zh, found.owner.name_en) if found.owner else "",
        "href": present.record_href(found.kind is Kind.NEED, found.row.public_id),
        "held": found.row.held_at is not None, "version": found.row.version,
        "text": found.row.text if isinstance(found.row, Need) else found.row.description,
        "demo": found.row.demo,
    }  # fmt: skip


def report(row: Report) -> dict[str, Any]:
    """A report in words, without whoever made it."""
    return {
        "key": row.public_id, "reason": label("report_reason", row.reason), "text": row.text,
        "state": row.state, "state_label": label("report_state", row.state),
        "answer": row.answer, "on": present.day(row.created_at), "version": row.version,
    }  # fmt: skip
