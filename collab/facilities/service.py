"""Use cases of a facility owner: register, change, confirm and retire capabilities."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from collab.facilities import store
from collab.facilities.forms import CapabilityIn, ValueIn
from collab.facilities.models import Capability, CapabilityValue
from collab.facilities.rules import Evidence, term_problems, value_problems
from collab.kernel import clock
from collab.kernel.errors import Conflict, NotFound, Rejected
from collab.kernel.happened import CapabilityChanged
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.members import store as members
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

PLAIN = (
    "category", "name_zh", "name_en", "code", "description", "access_mode", "status",
    "lead_weeks_min", "lead_weeks_max", "price_minor", "price_currency", "price_note", "load",
)  # fmt: skip


def check(form: CapabilityIn, vocabulary: Vocabulary) -> None:
    """Raise Rejected with every problem that only the vocabulary can see."""
    values = {k: v.model_dump() for k, v in form.values.items()}
    problems = [
        *term_problems(vocabulary, form.techniques, form.materials),
        *value_problems(vocabulary, values),
    ]
    if problems:
        raise Rejected(problems)


def register_capability(
    uow: UnitOfWork, actor: Actor, organisation_key: str, form: CapabilityIn, vocabulary: Vocabulary
) -> Capability:
    """A new declared capability of an organisation; Conflict when its register code is taken."""
    owner = members.open_organisation(uow, actor, organisation_key, Permission.ORGANISATION_EDIT)
    check(form, vocabulary)
    owner_id = owner.id or 0
    code = form.code or None
    if code and store.capability_by_code(uow, owner_id, code) is not None:
        raise Conflict("code_taken", field="code", value=code)
    row = Capability(
        organisation_id=owner_id,
        category=form.category,
        name_zh=form.name_zh,
        evidence=Evidence.DECLARED,
        confirmed_at=clock.now(),
        demo=owner.demo,
    )
    _fill(uow, row, form)
    uow.note(actor, "registered", "capability", row.public_id, after=form.model_dump(mode="json"))
    return row


def _declared(row: Capability) -> None:
    """Its owner says so now; what was verified stays so."""
    row.evidence = Evidence.VERIFIED if row.evidence is Evidence.VERIFIED else Evidence.DECLARED
    row.confirmed_at = clock.now()


def change_capability(
    uow: UnitOfWork,
    actor: Actor,
    key: str,
    form: CapabilityIn,
    version: int | None,
    vocabulary: Vocabulary,
) -> Capability:
    """Edit a capability; Conflict when somebody changed it since `version`."""
    row = store.open_capability(uow, actor, key, Permission.CAPABILITY_EDIT)
    uow.expect(row, version)
    check(form, vocabulary)
    before = {name: str(getattr(row, name)) for name in PLAIN}
    _declared(row)
    _fill(uow, row, form)
    uow.note(actor, "changed", "capability", row.public_id, before, form.model_dump(mode="json"))
    return row


def declare_value(
    uow: UnitOfWork,
    actor: Actor,
    key: str,
    parameter: str,
    value: ValueIn,
    version: int | None,
    vocabulary: Vocabulary,
) -> Capability:
    """State one value and leave the rest as it is; the same guards and marks as editing all."""
    row = store.open_capability(uow, actor, key, Permission.CAPABILITY_EDIT)
    uow.expect(row, version)
    problems = list(value_problems(vocabulary, {parameter: value.model_dump()}))
    if problems:
        raise Rejected(problems)
    stated = _restated(uow, _key(row), parameter, value)
    _declared(row)
    uow.session.add(row)
    uow.flush()
    after = {parameter: value.model_dump(mode="json")}
    uow.note(actor, "changed", "capability", row.public_id, stated, after)
    uow.record(CapabilityChanged(_key(row)))
    return row


def confirm_capability(uow: UnitOfWork, actor: Actor, key: str) -> Capability:
    """The owner says that the record still holds today."""
    return _touch(uow, actor, key, "confirmed", lambda _row: None)


def retire_capability(uow: UnitOfWork, actor: Actor, key: str) -> Capability:
    """Take a capability out of the catalogue; it can be brought back."""

    def retire(row: Capability) -> None:
        row.retired_at = clock.now()

    return _touch(uow, actor, key, "retired", retire)


def restore_capability(uow: UnitOfWork, actor: Actor, key: str) -> Capability:
    """Bring a retired capability back into the catalogue."""

    def restore(row: Capability) -> None:
        row.retired_at = None

    return _touch(uow, actor, key, "restored", restore)


def set_held(uow: UnitOfWork, row: Capability, at: datetime | None) -> None:
    """Take a capability out of the catalogue, or put it back (None); a moderator decided."""
    row.held_at = at
    row.updated_at = clock.now()  # every decision is another version: who looked before, sees it
    uow.session.add(row)
    uow.flush()
    uow.record(CapabilityChanged(_key(row)))


def _touch(
    uow: UnitOfWork, actor: Actor, key: str, action: str, change: Callable[[Capability], None]
) -> Capability:
    row = store.open_capability(uow, actor, key, Permission.CAPABILITY_EDIT)
    row.confirmed_at = clock.now()
    change(row)
    uow.session.add(row)
    uow.flush()
    uow.note(actor, action, "capability", row.public_id)
    uow.record(CapabilityChanged(_key(row)))
    return row


def _fill(uow: UnitOfWork, row: Capability, form: CapabilityIn) -> None:
    for name in PLAIN:
        setattr(row, name, getattr(form, name))
    row.code = form.code or None
    uow.session.add(row)
    uow.flush()
    key = _key(row)
    values = [
        CapabilityValue(
            capability_id=key, parameter=p, low=v.low, high=v.high, choices=list(v.choices)
        )
        for p, v in form.values.items()
    ]
    store.replace_details(uow, key, form.techniques, form.materials, values)
    uow.flush()
    uow.record(CapabilityChanged(key))


def _restated(uow: UnitOfWork, key: int, parameter: str, value: ValueIn) -> dict[str, Any]:
    """Put one value in place of the old one; gives what was stated before."""
    details = store.details_of(uow, [key])
    stated = {
        p: {"low": v.low, "high": v.high, "choices": list(v.choices)}
        for p, v in details.values.get(key, {}).items()
    }
    rows = [
        CapabilityValue(capability_id=key, parameter=p, **facts)
        for p, facts in {**stated, parameter: value.model_dump()}.items()
    ]
    store.replace_details(
        uow, key, details.techniques.get(key, ()), details.materials.get(key, ()), rows
    )
    return {parameter: stated.get(parameter)}


def _key(row: Capability) -> int:
    if row.id is None:
        raise NotFound("capability", row.public_id)
    return row.id


def may_edit(actor: Actor, row: Capability) -> bool:
    """Whether the actor may change this capability, for showing buttons; the guard asks again."""
    return row.organisation_id in actor.editor_organisation_ids or actor.secretariat
