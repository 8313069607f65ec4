"""What knowing who asks costs: session look-up, permission checks, the password hash."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app import create_app
from collab.config import load_settings
from collab.importing import seeding
from collab.kernel.identity import VISITOR, Actor, Role
from collab.members import catalogue, passwords, sessions, store
from collab.members.models import Person, RoleGrant
from collab.platform import Platform
from collab.storage import migrate
from collab.storage.uow import UnitOfWork

ROUNDS = 201
GOAL_MS = 2.0


def measurements() -> Iterator[dict[str, Any]]:
    """Median milliseconds of processor time on the real set, for somebody with three roles."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder), database_url="", seed_demo=False)
        migrate.upgrade(settings.database)
        app = create_app(settings)
        found: Platform = app.extensions["collab"]
        with found.database.writing() as uow:
            seeding.seed(uow)
            token, key = _somebody(uow, found)
        yield from _requests(app, token)
        yield from _parts(found, token, key)
        found.database.close()
    yield from _hash()


def _somebody(uow: UnitOfWork, found: Platform) -> tuple[str, str]:
    """A member of the secretariat's kind: two organisations' roles and a region. Token, key."""
    person = Person(email="bench@example.net", name="bench")
    uow.session.add(person)
    uow.flush()
    houses = store.readable_organisations(uow, VISITOR, catalogue.OrganisationFilter(), 1, 2).items
    for house in houses:
        uow.session.add(RoleGrant(person_id=person.id or 0, role=Role.ORGANISATION_ADMIN,
                                  organisation_id=house.id))  # fmt: skip
        house.membership = "admitted"
    region = store.region_by_code(uow, "hubei")
    uow.session.add(RoleGrant(person_id=person.id or 0, role=Role.REGIONAL_COORDINATOR,
                              region_id=region.id))  # fmt: skip
    token = sessions.open_session(uow, person, "bench", "password", found.session_limits)
    return token, houses[0].public_id


def _requests(app: Any, token: str) -> Iterator[dict[str, Any]]:
    """The same small answer asked for with and without a session, turn by turn."""
    visitor, member = app.test_client(), app.test_client()
    with member.session_transaction() as session:
        session["token"] = token
    with visitor.session_transaction() as session:
        session["lang"] = "zh"
    without, with_one = [], []
    for _ in range(ROUNDS):
        without.append(_ms(lambda: visitor.get("/healthz")))
        with_one.append(_ms(lambda: member.get("/healthz")))
    low, high = statistics.median(without), statistics.median(with_one)
    yield _row("session look-up, added to a request", high - low, f"<= {GOAL_MS}")
    yield {**_row("request with a session", high / low), "unit": "ratio", "against": "without one"}


def _parts(found: Platform, token: str, key: str) -> Iterator[dict[str, Any]]:
    limits = found.session_limits

    def look_up() -> Actor:
        with found.database.reading() as uow:
            return sessions.found(uow, token, limits)[0]

    actor = look_up()
    if len(actor.organisation_ids) != 2 or not actor.region_ids:
        raise RuntimeError("the session does not stand for the person")

    def check() -> None:
        with found.database.reading() as uow:
            store.open_organisation(uow, actor, key)

    def plain() -> None:
        with found.database.reading() as uow:
            store.readable_keys(uow, VISITOR, [])
            store.organisations_by_id(uow, {1})

    checked = statistics.median(_ms(check) for _ in range(ROUNDS))
    fetched = statistics.median(_ms(plain) for _ in range(ROUNDS))
    whole = statistics.median(_ms(look_up) for _ in range(ROUNDS))
    yield _row("session look-up alone", whole)
    yield _row("permission check, added to a fetch", checked - fetched)
    yield _row("both together", whole + checked - fetched, f"<= {GOAL_MS}")


def _hash() -> Iterator[dict[str, Any]]:
    """The password hash is meant to be slow."""
    kept = passwords.hash_password("a lamp over quiet water")
    used = passwords.HASHER
    taken = [_ms(lambda: passwords.password_fits(kept, "wrong words here")) for _ in range(15)]
    said = f"Argon2id m={used.memory_cost} KiB t={used.time_cost} p={used.parallelism}"
    yield _row(f"password check, {said}", min(taken), "about 20")
    nobody = [_ms(lambda: passwords.password_fits("", "wrong words here")) for _ in range(15)]
    yield {**_row("password of nobody", min(nobody) / min(taken)), "unit": "ratio",
           "against": "of somebody", "goal": "1"}  # fmt: skip


def _ms(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def _row(name: str, value: float, goal: str = "") -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": "ms", "set": "real", "goal": goal}
