"""Invented data sets of the sizes the platform must carry, the same for the same seed."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from collab.facilities.models import (
    Capability,
    CapabilityMaterial,
    CapabilityTechnique,
    CapabilityValue,
    CapabilityWafer,
)
from collab.importing import seeding
from collab.kernel import clock
from collab.kernel.happened import CatalogueReplaced
from collab.members.models import Organisation
from collab.members.rules import Membership, OrganisationKind
from collab.members.store import all_regions
from collab.needs.models import Need, NeedTechnique
from collab.needs.rules import Disclosure, NeedState
from collab.storage import migrate
from collab.storage.database import Database
from collab.storage.models import derived_public_id
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Parameter, Vocabulary, load_vocabulary

BATCH = 5_000
FIRST_DAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each a set holds. Bookings come with the booking slice, which is not built."""

    organisations: int
    capabilities: int
    needs: int


SETS = {"design": Size(600, 6_000, 10_000), "stress": Size(60_000, 100_000, 450_000)}
Rows = list[dict[str, Any]]
Stated = tuple[float | None, float | None, list[Any]]


class Maker:
    """Draws records from the vocabulary; two makers of one seed draw the same."""

    def __init__(self, vocabulary: Vocabulary, seed: int) -> None:
        self.draw = random.Random(seed)  # noqa: S311 - repeatable on purpose, nothing secret
        self.vocabulary = vocabulary
        parents = {t.broader for t in vocabulary.techniques.values()}
        self.leaves = sorted(t for t in vocabulary.techniques if t not in parents)
        self.materials = sorted(vocabulary.materials)
        self.chains = sorted(vocabulary.chains)
        self.now = clock.now()

    def organisation(self, number: int, region_ids: Sequence[int]) -> dict[str, Any]:
        """One organisation."""
        kind = self.draw.choice(("firm", "firm", "lab", "university", "pilot_line"))
        return {
            **self._row("org-", number),
            "name_zh": f"合成机构{number:05d}",
            "name_en": f"Synthetic organisation {number:05d}",
            "kind": OrganisationKind(kind),
            "region_id": self.draw.choice(region_ids),
            "membership": self.draw.choice((Membership.LISTED, Membership.ADMITTED)),
            "evidence": "declared",
            "source": "synthetic",
        }

    def _row(self, prefix: str, number: int) -> dict[str, Any]:
        return {
            "public_id": derived_public_id(prefix, f"synthetic:{number}"),
            "created_at": self.now,
            "updated_at": self.now,
            "version": 1,
            "demo": False,
        }

    def capability(self, number: int, owner: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """One capability and what hangs on it."""
        technique = self.draw.choice(self.leaves)
        term = self.vocabulary.techniques[technique]
        least = self.draw.randint(1, 12)
        row = {
            **self._row("cap-", number),
            "organisation_id": owner,
            "category": term.category,
            "name_zh": f"{term.zh}{number:06d}",
            "name_en": f"{term.en} {number:06d}",
            "technique_text": term.en,
            "access_mode": self.draw.choice(("开放", "合作", "MPW")),
            "status": "operating",
            "evidence": self.draw.choice(("declared", "declared", "documented", "verified")),
            "lead_weeks_min": float(least),
            "lead_weeks_max": float(least + self.draw.randint(1, 8)),
            "load": round(self.draw.random(), 2),
            "confirmed_at": self.now - timedelta(days=self.draw.randint(0, 700)),
            "other": {},
            "rates": [],
        }
        details = {
            "techniques": [technique, *self._second(technique)],
            "materials": self.draw.sample(self.materials, self.draw.randint(0, 3)),
            "values": self._values(technique),
        }
        return row, details

    def _second(self, technique: str) -> list[str]:
        return [self.draw.choice(self.leaves)] if self.draw.random() < 0.3 else []

    def _values(self, technique: str) -> dict[str, Stated]:
        params = sorted(self.vocabulary.params_of(technique))
        chosen = self.draw.sample(params, min(len(params), self.draw.randint(1, 5)))
        found: dict[str, Stated] = {}
        for name in chosen:
            parameter = self.vocabulary.parameters[name]
            if name == "wafer-diameter":
                sizes = self.draw.sample((50, 76, 100, 150, 200, 300), self.draw.randint(1, 3))
                found[name] = (None, None, sorted(float(s) for s in sizes))
            elif parameter.values:
                found[name] = (None, None, [self.draw.choice(parameter.values).id])
            elif parameter.typical and parameter.kind == "quantity":
                figure = self._figure(parameter)
                found[name] = (figure, figure, [])
        return found

    def _figure(self, parameter: Parameter) -> float:
        low, high = parameter.typical or (0.0, 1.0)
        return float(f"{self.draw.uniform(low, high):.4g}")

    def need(self, number: int, owner: int, region_id: int) -> tuple[dict[str, Any], list[str]]:
        """One need with its structure, and the techniques it asks for."""
        chain = self.vocabulary.chains[self.draw.choice(self.chains)]
        steps = self.draw.sample(chain.steps, min(len(chain.steps), self.draw.randint(1, 4)))
        wanted = list(dict.fromkeys(s.techniques[0] for s in steps if s.techniques))
        posted = FIRST_DAY + timedelta(days=self.draw.randint(0, 300))
        text = "需要" + "、".join(self.vocabulary.label(t) for t in wanted)
        row = {
            **self._row("need-", number),
            "organisation_id": owner,
            "region_id": region_id,
            "title": f"合成需求{number:06d}",
            "text": text,
            "structure": self._structure(wanted, chain.id, chain.materials),
            "chain": chain.id,
            "state": self._state(),
            "disclosure": self._disclosure(),
            "posted_on": posted,
            "published_at": self.now,
            "vocabulary_version": self.vocabulary.version,
            "priority": self.draw.randint(1, 3),
        }
        return row, wanted

    def _state(self) -> NeedState:
        return self.draw.choice((NeedState.PUBLISHED,) * 6 + (NeedState.IN_TALKS, NeedState.CLOSED))

    def _disclosure(self) -> Disclosure:
        return self.draw.choice((Disclosure.PUBLIC, Disclosure.MEMBERS, Disclosure.MEMBERS,
                                 Disclosure.ANONYMOUS))  # fmt: skip

    def _structure(self, wanted: list[str], chain: str, materials: Sequence[str]) -> dict[str, Any]:
        parameters = []
        for technique in wanted:
            for name, (low, _, choices) in list(self._values(technique).items())[:2]:
                parameter = self.vocabulary.parameters[name]
                value = choices[0] if choices else low
                op = "eq" if choices else parameter.bare_op
                parameters.append({"id": name, "op": op, "value": value, "unit": parameter.unit,
                                   "hard": self.draw.random() < 0.6})  # fmt: skip
        empty: dict[str, list[str]] = {"prefer": [], "require": [], "exclude": []}
        return {
            "techniques": [{"id": t, "hard": True} for t in wanted],
            "materials": [{"id": m} for m in materials[:1]] if self.draw.random() < 0.5 else [],
            "parameters": parameters, "chain": chain, "region": empty,
            "quantity": {"value": self.draw.randint(1, 50), "unit": "wafer"},
            "deadline": {"type": "duration", "op": "le", "unit": "week",
                         "value": self.draw.randint(8, 60)},
        }  # fmt: skip


def _insert(uow: UnitOfWork, table: type[SQLModel], rows: Rows) -> None:
    for start in range(0, len(rows), BATCH):
        uow.session.connection().execute(
            sa.insert(table.__table__),  # type: ignore[attr-defined]
            rows[start : start + BATCH],
        )


def _keys(uow: UnitOfWork, table: type[SQLModel], public: Sequence[str]) -> list[int]:
    columns = table.__table__.c  # type: ignore[attr-defined]
    found: dict[str, int] = {}
    for start in range(0, len(public), BATCH):
        part = public[start : start + BATCH]
        query = sa.select(columns.public_id, columns.id).where(columns.public_id.in_(part))
        found.update((key, number) for key, number in uow.session.connection().execute(query))
    return [found[key] for key in public]


def synthesize(url: str, size_name: str, seed: int) -> dict[str, Any]:
    """Make the set in the database at `url`, the shipped regions included; returns its counts."""
    size, started = SETS[size_name], time.monotonic()
    migrate.upgrade(url)
    database = Database(url)
    maker = Maker(load_vocabulary(), seed)
    with database.writing() as uow:
        if not seeding.is_seeded(uow):
            seeding.seed(uow)
        regions = sorted(k for k, r in all_regions(uow).items() if r.kind == "city")
        rows = [maker.organisation(n, regions) for n in range(size.organisations)]
        _insert(uow, Organisation, rows)
        owners = _keys(uow, Organisation, [r["public_id"] for r in rows])
        places = [r["region_id"] for r in rows]
    for start in range(0, size.capabilities, BATCH):
        with database.writing() as uow:
            _capabilities(uow, maker, owners, range(start, min(start + BATCH, size.capabilities)))
    for start in range(0, size.needs, BATCH):
        with database.writing() as uow:
            _needs(uow, maker, owners, places, range(start, min(start + BATCH, size.needs)))
    with database.writing() as uow:
        uow.record(CatalogueReplaced(f"synthetic {size_name}"))
    database.tidy()
    database.close()
    return {"set": size_name, "organisations": size.organisations, "needs": size.needs,
            "capabilities": size.capabilities, "seed": seed,
            "seconds": round(time.monotonic() - started, 1)}  # fmt: skip


def _capabilities(uow: UnitOfWork, maker: Maker, owners: Sequence[int], numbers: range) -> None:
    made = [maker.capability(n, maker.draw.choice(owners)) for n in numbers]
    _insert(uow, Capability, [row for row, _ in made])
    keys = _keys(uow, Capability, [row["public_id"] for row, _ in made])
    for table, rows in (
        (CapabilityTechnique, _linked(maker, keys, made, "techniques", "technique")),
        (CapabilityMaterial, _linked(maker, keys, made, "materials", "material")),
        (CapabilityValue, list(_stated(maker, keys, made))),
        (CapabilityWafer, list(_wafers(maker, keys, made))),
    ):
        if rows:
            _insert(uow, table, rows)


Made = Sequence[tuple[dict[str, Any], dict[str, Any]]]


def _stamp(maker: Maker) -> dict[str, Any]:
    return {"created_at": maker.now, "updated_at": maker.now}


def _linked(maker: Maker, keys: Sequence[int], made: Made, part: str, column: str) -> Rows:
    return [
        {**_stamp(maker), "capability_id": key, column: value}
        for key, (_, details) in zip(keys, made, strict=True)
        for value in dict.fromkeys(details[part])
    ]


def _stated(maker: Maker, keys: Sequence[int], made: Made) -> Iterator[dict[str, Any]]:
    for key, (_, details) in zip(keys, made, strict=True):
        for name, (low, high, choices) in details["values"].items():
            yield {**_stamp(maker), "capability_id": key, "parameter": name, "low": low,
                   "high": high, "choices": choices}  # fmt: skip


def _wafers(maker: Maker, keys: Sequence[int], made: Made) -> Iterator[dict[str, Any]]:
    for key, (_, details) in zip(keys, made, strict=True):
        for diameter in details["values"].get("wafer-diameter", (None, None, []))[2]:
            yield {**_stamp(maker), "capability_id": key, "diameter_mm": int(diameter)}


def _needs(
    uow: UnitOfWork, maker: Maker, owners: Sequence[int], places: Sequence[int], numbers: range
) -> None:
    made = []
    for number in numbers:
        at = maker.draw.randrange(len(owners))
        made.append(maker.need(number, owners[at], places[at]))
    _insert(uow, Need, [row for row, _ in made])
    keys = _keys(uow, Need, [row["public_id"] for row, _ in made])
    asked = [
        {**_stamp(maker), "need_id": key, "technique": technique}
        for key, (_, wanted) in zip(keys, made, strict=True)
        for technique in wanted
    ]
    _insert(uow, NeedTechnique, asked)
