"""Capabilities, and equipment among them, as rows of a list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm.attributes import flag_modified

from collab.facilities import store as facilities
from collab.facilities.forms import CapabilityIn
from collab.facilities.models import Capability, CapabilityValue
from collab.facilities.rules import Category, Evidence, Status, term_problems, value_problems
from collab.facilities.service import PLAIN
from collab.importing import store
from collab.importing.subjects import Current, State, form_problems
from collab.kernel import clock
from collab.kernel.happened import CapabilityChanged, CatalogueReplaced
from collab.kernel.identity import Actor
from collab.kernel.problems import Problem
from collab.members.models import Organisation
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

MANY = 200  # from here on everything derived is built anew instead of piece by piece


class CapabilityRows:
    """A list of capabilities; with `category` only those, and new ones get it."""

    name_field = "name_zh"

    def __init__(self, kind: str, category: Category | None = None) -> None:
        self.kind = kind
        self.category = category

    def owners(self, uow: UnitOfWork, actor: Actor) -> Sequence[Organisation]:
        """Organisations whose capabilities the actor may change."""
        return store.editable_organisations(uow, actor)

    def current(self, uow: UnitOfWork, actor: Actor, owners: Collection[int]) -> Sequence[Current]:
        """Everything the owners have, retired ones included."""
        del actor
        rows = store.capabilities_of(uow, owners)
        details = facilities.details_of(uow, [r.id for r in rows if r.id is not None])
        return [_current(row, details) for row in rows]

    def checked(
        self, uow: UnitOfWork, state: State, vocabulary: Vocabulary, *, new: bool
    ) -> tuple[State, list[Problem]]:
        """Category from the technique and CNY as currency where the list says nothing."""
        del uow, new
        state = {**state, "status": state.get("status") or "operating"}
        if self.category is not None and not state.get("category"):
            state["category"] = self.category.value
        first = next((t for t in state.get("techniques") or () if t in vocabulary.techniques), "")
        if not state.get("category") and first:
            state["category"] = vocabulary.techniques[first].category
        if state.get("price_minor") is not None and not state.get("price_currency"):
            state["price_currency"] = "CNY"
        try:
            form = CapabilityIn.model_validate({k: v for k, v in state.items() if v is not None})
        except ValidationError as error:
            wrong = form_problems(error)
            if not state.get("techniques"):  # the category would have come from the technique
                wrong = [p for p in wrong if p.field != "category"]
            return state, wrong
        values = {k: v.model_dump() for k, v in form.values.items()}
        wrong = [
            *term_problems(vocabulary, form.techniques, form.materials),
            *value_problems(vocabulary, values),
        ]
        if self.category is not None and form.category is not self.category:
            wrong.append(Problem("category", "other_category", {"wanted": self.category.value}))
        return form.model_dump(mode="json"), wrong

    def create(
        self, uow: UnitOfWork, actor: Actor, owner_id: int, state: State, vocabulary: Vocabulary
    ) -> tuple[str, int]:
        """A new declared capability."""
        del actor, vocabulary
        row = Capability(
            organisation_id=owner_id, category=Category(state["category"]),
            name_zh=state["name_zh"], evidence=Evidence.DECLARED,
            demo=store.organisation(uow, owner_id).demo,
        )  # fmt: skip
        _fill(uow, row, state)
        return row.public_id, row.version

    def change(
        self, uow: UnitOfWork, actor: Actor, record: str, state: State, vocabulary: Vocabulary
    ) -> int:
        """The owner's list makes a documented record a declared one."""
        del actor, vocabulary
        row = store.capability(uow, record)
        if row.evidence is not Evidence.VERIFIED:
            row.evidence = Evidence.DECLARED
        _fill(uow, row, state)
        return row.version

    def restore(
        self, uow: UnitOfWork, actor: Actor, record: str, before: State, vocabulary: Vocabulary
    ) -> None:
        """Put everything back, evidence and date of confirmation too."""
        del actor, vocabulary
        row = store.capability(uow, record)
        meta = before["_meta"]
        _fill(uow, row, before)
        row.evidence = Evidence(meta["evidence"])
        stamp = meta["confirmed_at"]
        row.confirmed_at = datetime.fromisoformat(stamp) if stamp else None
        uow.session.add(row)
        uow.flush()

    def remove(self, uow: UnitOfWork, record: str) -> None:
        """Delete it; Conflict("in_use") when an interest refers to it."""
        store.delete_row(uow, store.capability(uow, record))

    def announce(self, uow: UnitOfWork, records: Collection[str]) -> None:
        """One event for each, or one for all of a long list."""
        keys = store.capability_keys(uow, records)
        if len(records) > MANY or len(keys) < len(set(records)):
            uow.record(CatalogueReplaced("import"))
            return
        for key in keys:
            uow.record(CapabilityChanged(key))


def _current(row: Capability, details: facilities.Details) -> Current:
    key = row.id or 0
    state: dict[str, Any] = {name: getattr(row, name) for name in PLAIN}
    state |= {
        "category": row.category.value, "status": row.status.value,
        "techniques": list(details.techniques.get(key, ())),
        "materials": list(details.materials.get(key, ())),
        "values": {
            p: {"low": v.low, "high": v.high, "choices": list(v.choices)}
            for p, v in details.values.get(key, {}).items()
        },
    }  # fmt: skip
    meta = {
        "evidence": row.evidence.value,
        "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else None,
    }
    return Current(
        row.public_id, row.organisation_id, row.name_zh, row.version, state, meta,
        row.slug or "", row.code or "",
    )  # fmt: skip


def _fill(uow: UnitOfWork, row: Capability, state: State) -> None:
    for name in PLAIN:
        setattr(row, name, state.get(name, getattr(row, name)))
    row.category = Category(row.category)
    row.status = Status(row.status)
    row.code = state.get("code") or None
    row.confirmed_at = clock.now()
    flag_modified(row, "confirmed_at")  # a change of details alone is a new version too
    uow.session.add(row)
    uow.flush()
    key = row.id or 0
    values = [
        CapabilityValue(capability_id=key, parameter=p, low=v.get("low"), high=v.get("high"),
                        choices=list(v.get("choices") or ()))
        for p, v in (state.get("values") or {}).items()
    ]  # fmt: skip
    with uow.session.no_autoflush:
        facilities.replace_details(uow, key, state["techniques"], state["materials"], values)
