"""One machine of several: a process that keeps an index of its own in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

from sqlmodel import col, select

from collab.kernel.happened import NeedChanged
from collab.members.models import Organisation, Region
from collab.members.rules import Membership, OrganisationKind
from collab.needs.models import Need
from collab.needs.rules import Disclosure, NeedState
from collab.search.service import SearchService
from collab.storage.database import Database
from collab.vocabulary.catalog import load_vocabulary

ROOT = Path(__file__).resolve().parents[2]


def service(database: Database, folder: Path, engine: str) -> SearchService:
    """The search of the machine whose index stands in `folder`."""
    return SearchService(database, load_vocabulary(), folder, engine)


def start(url: str, folder: Path, engine: str) -> subprocess.Popen[bytes]:
    """Another process that follows until it is killed."""
    command = [sys.executable, "-m", "tests.service.machine", url, str(folder), engine]
    return subprocess.Popen(command, cwd=ROOT)


def run(url: str, folder: Path, engine: str) -> None:
    """What the search part of `flask worker` does."""
    found = service(Database(url), folder, engine)
    stop = threading.Event()
    found.ensure()
    found.follow_soon(stop)
    found.keep_soon(stop)
    stop.wait()


def settle_in(database: Database) -> int:
    """One region and one member house; its key."""
    with database.writing() as uow:
        region = Region(code="wuhan", zh="武汉", en="Wuhan", kind="city", path="/wuhan/",
                        lat=30.6, lon=114.3)  # fmt: skip
        uow.session.add(region)
        uow.flush()
        house = Organisation(
            name_zh="甲", name_en="Alpha", kind=OrganisationKind.FIRM, region_id=region.id or 0,
            membership=Membership.ADMITTED, contact="a@example.org",
        )  # fmt: skip
        uow.session.add(house)
        uow.flush()
        return house.id or 0


def post(database: Database, house: int, title: str) -> str:
    """A public need; its public id."""
    with database.writing() as uow:
        need = Need(
            organisation_id=house, region_id=1, title=title, text=title, posted_on=date(2026, 1, 1),
            state=NeedState.PUBLISHED, disclosure=Disclosure.PUBLIC,
        )  # fmt: skip
        uow.session.add(need)
        uow.flush()
        uow.record(NeedChanged(need.id or 0))
        return need.public_id


def change(database: Database, key: str, **facts: object) -> None:
    """Change a need, its disclosure for example, and say so."""
    with database.writing() as uow:
        need = uow.session.exec(select(Need).where(col(Need.public_id) == key)).one()
        for name, value in facts.items():
            setattr(need, name, value)
        uow.session.add(need)
        uow.record(NeedChanged(need.id or 0))


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
