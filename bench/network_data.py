"""A database with many organisations and ties between them, for measuring the network page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from collab.importing.synthesis import synthesize
from collab.kernel import clock
from collab.kernel.happened import CatalogueReplaced
from collab.members.models import Organisation, Region, Relation
from collab.members.rules import Membership, OrganisationKind, RelationKind
from collab.storage.database import Database
from collab.storage.models import derived_public_id
from collab.storage.uow import UnitOfWork

SEED = 20260101
KINDS = (RelationKind.AGREEMENT, RelationKind.CO_BUILD, RelationKind.JOINT_LAB,
         RelationKind.SUPPLIES, RelationKind.MEMBER_OF)  # fmt: skip


def make(url: str, organisations: int, ties: int) -> None:
    """The design set with organisations up to that number and that many ties between them."""
    synthesize(url, "design", SEED)
    database = Database(url)
    with database.writing() as uow:
        chance = random.Random(SEED)
        homes = _add_organisations(uow, chance, organisations)
        rows = list(_ties(chance, homes, ties))
        uow.session.connection().execute(sa.insert(Relation), rows)
        uow.record(CatalogueReplaced("bench"))
    database.close()


def _add_organisations(uow: UnitOfWork, chance: random.Random, most: int) -> dict[int, int]:
    """Region by organisation; new ones crowd into a few regions, as real ones do."""
    regions = [key for key in uow.session.exec(select(Region.id)) if key is not None]
    chance.shuffle(regions)
    there = len(uow.session.exec(select(Organisation.id)).all())
    crowd = [1.0 / (place + 1) for place in range(len(regions))]
    homes = chance.choices(regions, crowd, k=max(0, most - there))
    rows = [_organisation(chance, i, home) for i, home in enumerate(homes)]
    if rows:
        uow.session.connection().execute(sa.insert(Organisation), rows)
    found = uow.session.exec(
        select(Organisation.id, Organisation.region_id).order_by(col(Organisation.id))
    )
    return {key: region for key, region in found if key is not None}


def _organisation(chance: random.Random, number: int, home: int) -> dict[str, Any]:
    now = clock.now()
    return {
        "public_id": derived_public_id("org-", f"bench/{number}"),
        "name_zh": f"某某光电研究所{number}",
        "name_en": f"Photonics institute {number}",
        "kind": chance.choice(list(OrganisationKind)),
        "region_id": home,
        "membership": Membership.LISTED,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def _ties(chance: random.Random, homes: dict[int, int], count: int) -> Iterator[dict[str, Any]]:
    """Ties with partners near by, and with partners that have many, from 2019 on."""
    keys, busy, known = list(homes), list(homes), set[tuple[int, int, str]]()
    now = clock.now()
    while len(known) < count:
        a, b, kind = chance.choice(busy), chance.choice(keys), chance.choice(KINDS)
        if a == b or (a, b, kind) in known or (homes[a] != homes[b] and chance.random() > 0.4):
            continue
        known.add((a, b, kind))
        busy += [a, b]
        day = date(2019, 1, 1) + timedelta(days=chance.randrange(2500))
        yield {"from_id": a, "to_id": b, "kind": kind, "valid_from": day, "valid_to": None,
               "created_at": now, "updated_at": now}  # fmt: skip
