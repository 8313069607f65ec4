"""From the lines of a file to what each would do: new, changed, unchanged or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collab.importing import cells
from collab.importing.columns import Column, Layout, fixed_columns, folded, layout, missing
from collab.importing.rules import CellProblem, Effect, effect
from collab.importing.subjects import Current, State, Subject
from collab.importing.workbook import Line, letter
from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.members.models import Organisation
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

HEADER_LINES = 10  # a title above the header does not disturb
ORGANISATIONS = "organisations"
LOST = frozenset({"unknown_record", "ambiguous_name"})
SHOWN_IN = {"price_minor": "price"}  # fields whose column has another name


@dataclass(slots=True)
class Planned:
    """What one line does; `version` is that of the record it is based on."""

    line: int
    effect: Effect
    owner_id: int | None = None
    record: str = ""
    title: str = ""
    version: int | None = None
    before: State | None = None
    after: State | None = None


@dataclass(slots=True)
class Plan:
    """What a list would do, and everything wrong with it."""

    rows: list[Planned] = field(default_factory=list)
    problems: list[CellProblem] = field(default_factory=list)
    unknown: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many rows of each effect."""
        return {e.value: sum(1 for r in self.rows if r.effect is e) for e in Effect}


@dataclass(slots=True)
class _Row:
    line: Line
    fields: State
    problems: list[CellProblem]


def header_of(kind: str, lines: Sequence[Line], vocabulary: Vocabulary) -> tuple[int, Layout]:
    """The position of the header line: the one of the first lines with most known columns.

    Raises Rejected when no column is known or a required one is missing.
    """
    best = (0, Layout({}, (), ()))
    for at, line in enumerate(lines[:HEADER_LINES]):
        found = layout(kind, [cell.text for cell in line.cells], vocabulary)
        if len(found.places) > len(best[1].places):
            best = (at, found)
    if not best[1].places:
        raise Rejected([Problem("file", "no_known_column")])
    wrong = [
        *best[1].problems,
        *(Problem("file", "missing_column", {"header": c.header}) for c in missing(kind, best[1])),
    ]
    if wrong:
        raise Rejected(wrong)
    if len(lines) == best[0] + 1:
        raise Rejected([Problem("file", "no_rows")])
    return best


def make_plan(
    uow: UnitOfWork,
    subject: Subject,
    lines: Sequence[Line],
    owners: Sequence[Organisation],
    chosen: Organisation | None,
    currents: Sequence[Current],
    vocabulary: Vocabulary,
) -> Plan:
    """Judge every line against the records that are there; nothing is written."""
    at, found = header_of(subject.kind, lines, vocabulary)
    maker = _Maker(uow, subject, owners, chosen, currents, found, vocabulary)
    plan = Plan(unknown=found.unknown)
    for line in lines[at + 1 :]:
        row = _read(line, found.places, vocabulary)
        planned = maker.planned(row)
        plan.rows.append(planned)
        plan.problems += row.problems
    return plan


def _read(line: Line, places: Mapping[int, Column], vocabulary: Vocabulary) -> _Row:
    fields: State = {}
    problems: list[CellProblem] = []
    for index, column in places.items():
        cell = line.cell(index)
        try:
            if cell.formula:
                raise cells.Unreadable("formula")
            read = cells.read(column, cell.text, vocabulary)
        except cells.Unreadable as wrong:
            problems.append(
                CellProblem(line.number, letter(index), column.header, wrong.code, wrong.facts)
            )
            continue
        for name, value in read.items():  # an empty cell never undoes what another one said
            if cell.text or name not in fields:
                fields[name] = value
    return _Row(line, fields, problems)


class _Maker:
    """Finds the record of each row and judges what would become of it."""

    def __init__(
        self, uow: UnitOfWork, subject: Subject, owners: Sequence[Organisation],
        chosen: Organisation | None, currents: Sequence[Current], found: Layout,
        vocabulary: Vocabulary,
    ) -> None:  # fmt: skip
        self.uow, self.subject, self.vocabulary = uow, subject, vocabulary
        self.chosen, self.found = chosen, found
        self.may_add = subject.kind != ORGANISATIONS or chosen is None
        self.owners = {folded(w): o for o in owners for w in _names(o)}
        self.by_id = {w: c for c in currents for w in (c.record, c.slug) if w}
        self.by_code = {(c.owner_id, c.code): c for c in currents if c.code}
        self.by_name: dict[tuple[int, str], list[Current]] = {}
        for current in currents:
            owner = 0 if subject.kind == ORGANISATIONS else current.owner_id
            self.by_name.setdefault((owner, folded(current.name)), []).append(current)
        self.seen: dict[tuple[object, ...], int] = {}

    def planned(self, row: _Row) -> Planned:
        """The fate of a row; what is wrong is added to its problems."""
        owner = self._owner(row)
        current = None if row.problems and owner is None else self._current(row, owner)
        state = _merged(current.state if current else {}, row.fields)
        lost = any(p.code in LOST for p in row.problems)
        done = Planned(row.line.number, Effect.REFUSED, title=self._title(state))
        if lost or (owner is None and current is None and self.subject.kind != ORGANISATIONS):
            return done
        after, wrong = self.subject.checked(self.uow, state, self.vocabulary, new=current is None)
        for problem in wrong:
            self._refuse(row, problem.field, problem.code, problem.facts)
        self._only_once(row, owner, current, after)
        if (
            current is not None
            and current.locked
            and effect(current.state, after) is not Effect.UNCHANGED
        ):
            self._refuse(row, "id", current.locked, {})
        if row.problems:
            return done
        return self._done(done, owner, current, after)

    def _done(
        self, done: Planned, owner: Organisation | None, current: Current | None, after: State
    ) -> Planned:
        done.after = after
        done.owner_id = owner.id if owner else (current.owner_id if current else None)
        done.effect = effect(current.state if current else None, after)
        if current is not None:
            done.record, done.version = current.record, current.version
            done.before = {**current.state, "_meta": current.meta}
        return done

    def _owner(self, row: _Row) -> Organisation | None:
        if self.subject.kind == ORGANISATIONS:
            return None
        named = str(row.fields.pop("organisation", "") or "")
        found = self.owners.get(folded(named)) if named else self.chosen
        if named and found is None:
            self._refuse(row, "organisation", "not_your_organisation", {"value": named[:80]})
        elif found is None:
            self._refuse(row, "organisation", "which_organisation", {})
        elif self.chosen is not None and found.id != self.chosen.id:
            self._refuse(row, "organisation", "other_organisation", {"value": named[:80]})
            return None
        return found

    def _current(self, row: _Row, owner: Organisation | None) -> Current | None:
        """By platform id, else by code, else by name, within the owner."""
        owner_id = owner.id if owner else 0
        record = str(row.fields.pop("id", "") or "")
        if record:
            found = self.by_id.get(record)
            if found is None or (owner and found.owner_id != owner_id):
                self._refuse(row, "id", "unknown_record", {"value": record[:80]})
                return None
            return found
        code = str(row.fields.get("code") or "")
        if code:
            return self.by_code.get((owner_id or 0, code))
        name = str(row.fields.get(self.subject.name_field) or "")
        named = [c for c in self.by_name.get((owner_id or 0, folded(name)), ()) if name]
        if len(named) > 1:
            self._refuse(row, self.subject.name_field, "ambiguous_name", {"value": name[:80]})
        if not named and not self.may_add:
            self._refuse(row, self.subject.name_field, "only_secretariat", {})
        return named[0] if len(named) == 1 else None

    def _only_once(
        self, row: _Row, owner: Organisation | None, current: Current | None, state: State
    ) -> None:
        owner_id = owner.id if owner else 0
        name = (
            ("code", state["code"]) if state.get("code") else ("name", folded(self._title(state)))
        )
        mine = ("record", current.record) if current else (owner_id, *name)
        other = self.seen.setdefault(mine, row.line.number)
        if other != row.line.number:
            place = "code" if state.get("code") else self.subject.name_field
            self._refuse(row, place, "duplicate_row", {"other": other})

    def _title(self, state: State) -> str:
        return str(state.get(self.subject.name_field) or "")[:300]

    def _refuse(self, row: _Row, name: str, code: str, facts: Mapping[str, object]) -> None:
        """Put a problem at the cell that shows the field, once for each cell."""
        at, header = self._place(SHOWN_IN.get(name, name))
        place = letter(at) if at is not None else ""
        if place and any(p.place == place for p in row.problems):
            return  # the cell has been refused already, for its own reason
        row.problems.append(CellProblem(row.line.number, place, header, code, dict(facts)))

    def _place(self, name: str) -> tuple[int | None, str]:
        """The column of a field by index (None: not in this file) and its header."""
        wanted = (name, "parameters") if name.startswith("values.") else (name,)
        for one in wanted:
            for index, column in self.found.places.items():
                if column.field == one:
                    return index, column.header
        fixed = (c.header for c in fixed_columns(self.subject.kind) if c.field in wanted)
        return None, next(fixed, name)


def _names(o: Organisation) -> Iterator[str]:
    yield from (w for w in (o.public_id, o.slug, o.name_zh, o.name_en) if w)


def _merged(base: State, fields: State) -> State:
    """The record with the fields of the row; parameters one by one.

    The column "other parameters" stands for all that have no column of their own.
    """
    state = {**base, **{k: v for k, v in fields.items() if "." not in k and k != "parameters"}}
    own = {k.removeprefix("values."): v for k, v in fields.items() if k.startswith("values.")}
    if not own and "parameters" not in fields:
        return state
    values = {} if "parameters" in fields else dict(base.get("values") or {})
    for name, value in own.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
    for name, value in (fields.get("parameters") or {}).items():
        values.setdefault(name, value)
    state["values"] = values
    return state
