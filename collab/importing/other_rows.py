"""Organisations, shared runs and needs as rows of a list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from collab.facilities.forms import RunIn
from collab.facilities.models import MpwRun
from collab.facilities.rules import term_problems
from collab.importing import store
from collab.importing.subjects import Current, State, form_problems
from collab.kernel import clock
from collab.kernel.happened import CatalogueReplaced, NeedChanged, OrganisationChanged, RunChanged
from collab.kernel.identity import Actor
from collab.kernel.problems import Problem
from collab.members.forms import OrganisationIn
from collab.members.models import Organisation
from collab.members.rules import OrganisationKind
from collab.needs import service as needs
from collab.needs.forms import DraftIn
from collab.needs.rules import NeedState, draft_problems
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

PAGE = tuple(OrganisationIn.model_fields)
RUN = ("technology", "techniques", "materials", "turn_around", "price", "note", "seats")


class OrganisationRows:
    """A list of organisations; new ones are the secretariat's to add."""

    kind = "organisations"
    name_field = "name_zh"

    def owners(self, uow: UnitOfWork, actor: Actor) -> Sequence[Organisation]:
        """Organisations whose page the actor may change."""
        return store.editable_organisations(uow, actor)

    def current(self, uow: UnitOfWork, actor: Actor, owners: Collection[int]) -> Sequence[Current]:
        """The organisations themselves."""
        del actor
        regions = store.region_codes(uow)
        return [
            Current(
                o.public_id, o.id or 0, o.name_zh, o.version,
                {n: getattr(o, n) for n in PAGE}
                | {"kind": o.kind.value, "region": regions[o.region_id]},
                {"evidence": o.evidence}, o.slug or "",
            )
            for o in store.organisations(uow, owners)
        ]  # fmt: skip

    def checked(
        self, uow: UnitOfWork, state: State, vocabulary: Vocabulary, *, new: bool
    ) -> tuple[State, list[Problem]]:
        """Kind and region are needed for a new one; regions go by code or name."""
        del vocabulary
        wrong: list[Problem] = []
        region = store.region_code(uow, str(state.get("region") or ""))
        if not region:
            given = str(state.get("region") or "")
            code = "unknown_region" if given else "required"
            wrong.append(Problem("region", code, {"value": given}))
        if not state.get("kind"):
            wrong.append(Problem("kind", "required"))
        try:
            form = OrganisationIn.model_validate({n: state.get(n) or "" for n in PAGE})
        except ValidationError as error:
            return state, [*wrong, *form_problems(error)]
        return form.model_dump() | {"kind": state.get("kind"), "region": region}, wrong

    def create(
        self, uow: UnitOfWork, actor: Actor, owner_id: int, state: State, vocabulary: Vocabulary
    ) -> tuple[str, int]:
        """A listed organisation; NotAllowed for everybody but the secretariat."""
        del owner_id, vocabulary
        store.must_admit(actor)
        row = Organisation(
            name_zh=state["name_zh"], kind=OrganisationKind(state["kind"]), evidence="declared",
            region_id=store.region_id(uow, state["region"]), source_type="import",
        )  # fmt: skip
        _page(uow, row, state)
        return row.public_id, row.version

    def change(
        self, uow: UnitOfWork, actor: Actor, record: str, state: State, vocabulary: Vocabulary
    ) -> int:
        """New words for an organisation's page."""
        del actor, vocabulary
        row = store.organisation_named(uow, record)
        row.evidence = "declared"
        _page(uow, row, state)
        return row.version

    def restore(
        self, uow: UnitOfWork, actor: Actor, record: str, before: State, vocabulary: Vocabulary
    ) -> None:
        """Put the page back."""
        del actor, vocabulary
        row = store.organisation_named(uow, record)
        row.evidence = before["_meta"]["evidence"]
        _page(uow, row, before)

    def remove(self, uow: UnitOfWork, record: str) -> None:
        """Delete it; Conflict("in_use") when anything refers to it."""
        store.delete_row(uow, store.organisation_named(uow, record))

    def announce(self, uow: UnitOfWork, records: Collection[str]) -> None:
        """Organisations changed."""
        found = store.organisations_named(uow, records)
        if len(found) < len(set(records)):  # some are gone: what is derived is built anew
            uow.record(CatalogueReplaced("import"))
        for row in found:
            uow.record(OrganisationChanged(row.id or 0))


def _page(uow: UnitOfWork, row: Organisation, state: State) -> None:
    for name in PAGE:
        setattr(row, name, state.get(name) or "")
    row.kind = OrganisationKind(state["kind"])
    row.region_id = store.region_id(uow, state["region"])
    row.confirmed_at = clock.now()
    uow.session.add(row)
    uow.flush()


class RunRows:
    """A list of multi-project-wafer runs."""

    kind = "runs"
    name_field = "technology"

    def owners(self, uow: UnitOfWork, actor: Actor) -> Sequence[Organisation]:
        """Organisations whose runs the actor may change."""
        return store.editable_organisations(uow, actor)

    def current(self, uow: UnitOfWork, actor: Actor, owners: Collection[int]) -> Sequence[Current]:
        """All runs of the owners."""
        del actor
        return [
            Current(
                r.public_id, r.organisation_id, r.technology, r.version,
                {n: getattr(r, n) for n in RUN}
                | {"tape_in": r.tape_in.isoformat() if r.tape_in else None,
                   "seats_taken": r.seats_taken},
                {"tape_in_text": r.tape_in_text}, r.slug or "",
            )
            for r in store.runs_of(uow, owners)
        ]  # fmt: skip

    def checked(
        self, uow: UnitOfWork, state: State, vocabulary: Vocabulary, *, new: bool
    ) -> tuple[State, list[Problem]]:
        """As the form of a run, with techniques and seats taken."""
        del uow, new
        taken, seats = state.get("seats_taken") or 0, state.get("seats")
        given = {k: v for k, v in state.items() if k in RunIn.model_fields and v is not None}
        try:
            form = RunIn.model_validate(given)
        except ValidationError as error:
            return state, form_problems(error)
        techniques = list(state.get("techniques") or ())
        wrong = list(term_problems(vocabulary, techniques, form.materials))
        if seats is not None and taken > seats:
            wrong.append(Problem("seats_taken", "above_seats", {"seats": seats}))
        kept = form.model_dump(mode="json") | {"techniques": techniques, "seats_taken": taken}
        return kept, wrong

    def create(
        self, uow: UnitOfWork, actor: Actor, owner_id: int, state: State, vocabulary: Vocabulary
    ) -> tuple[str, int]:
        """A run announced by its organiser."""
        del actor, vocabulary
        row = MpwRun(
            organisation_id=owner_id, technology=state["technology"], source_type="declared",
            demo=store.organisation(uow, owner_id).demo,
        )  # fmt: skip
        _run(uow, row, state)
        return row.public_id, row.version

    def change(
        self, uow: UnitOfWork, actor: Actor, record: str, state: State, vocabulary: Vocabulary
    ) -> int:
        """New figures of a run."""
        del actor, vocabulary
        row = store.run(uow, record)
        _run(uow, row, state)
        return row.version

    def restore(
        self, uow: UnitOfWork, actor: Actor, record: str, before: State, vocabulary: Vocabulary
    ) -> None:
        """Put the run back."""
        del actor, vocabulary
        row = store.run(uow, record)
        _run(uow, row, before)
        row.tape_in_text = before["_meta"]["tape_in_text"]
        uow.flush()

    def remove(self, uow: UnitOfWork, record: str) -> None:
        """Delete it."""
        store.delete_row(uow, store.run(uow, record))

    def announce(self, uow: UnitOfWork, records: Collection[str]) -> None:
        """Runs changed."""
        keys = store.run_keys(uow, records)
        if len(keys) < len(set(records)):
            uow.record(CatalogueReplaced("import"))
        for key in keys:
            uow.record(RunChanged(key))


def _run(uow: UnitOfWork, row: MpwRun, state: State) -> None:
    for name in RUN:
        setattr(row, name, state.get(name))
    row.seats_taken = state.get("seats_taken") or 0
    day = date.fromisoformat(state["tape_in"]) if state.get("tape_in") else None
    if day != row.tape_in:
        row.tape_in_text = state.get("tape_in") or ""
    row.tape_in = day
    uow.session.add(row)
    uow.flush()


class NeedRows:
    """A list of needs: every row becomes a draft that its people confirm and publish."""

    kind = "needs"
    name_field = "title"

    def owners(self, uow: UnitOfWork, actor: Actor) -> Sequence[Organisation]:
        """Organisations in whose name the actor may post."""
        return store.own_organisations(uow, actor)

    def current(self, uow: UnitOfWork, actor: Actor, owners: Collection[int]) -> Sequence[Current]:
        """All needs of the owners; only drafts may be changed."""
        del actor
        return [
            Current(
                n.public_id, n.organisation_id, n.title, n.version,
                {"title": n.title, "text": n.text},
                locked="" if n.state is NeedState.DRAFT else "not_a_draft",
            )
            for n in store.needs_of(uow, owners)
        ]  # fmt: skip

    def checked(
        self, uow: UnitOfWork, state: State, vocabulary: Vocabulary, *, new: bool
    ) -> tuple[State, list[Problem]]:
        """A title and a text."""
        del uow, vocabulary, new
        given = {name: str(state.get(name) or "") for name in ("title", "text")}
        wrong = list(draft_problems(given["title"], given["text"]))
        if not given["title"]:
            wrong.append(Problem("title", "required"))
        if not wrong:
            try:
                DraftIn.model_validate(given)
            except ValidationError as error:
                wrong = form_problems(error)
        return given, wrong

    def create(
        self, uow: UnitOfWork, actor: Actor, owner_id: int, state: State, vocabulary: Vocabulary
    ) -> tuple[str, int]:
        """A draft with what was understood of its text."""
        owner = store.organisation(uow, owner_id)
        row = needs.draft_need(uow, actor, owner.public_id, DraftIn(**state), vocabulary)
        return row.public_id, row.version

    def change(
        self, uow: UnitOfWork, actor: Actor, record: str, state: State, vocabulary: Vocabulary
    ) -> int:
        """New words of a draft."""
        return needs.change_draft(uow, actor, record, DraftIn(**state), None, vocabulary).version

    def restore(
        self, uow: UnitOfWork, actor: Actor, record: str, before: State, vocabulary: Vocabulary
    ) -> None:
        """The old words again."""
        words: dict[str, Any] = {name: before[name] for name in ("title", "text")}
        needs.change_draft(uow, actor, record, DraftIn(**words), None, vocabulary)

    def remove(self, uow: UnitOfWork, record: str) -> None:
        """Delete the draft."""
        store.delete_row(uow, store.need(uow, record))

    def announce(self, uow: UnitOfWork, records: Collection[str]) -> None:
        """The use cases of needs have told already; what was removed is told here."""
        for key in store.need_keys(uow, records):
            uow.record(NeedChanged(key))
