"""The right to do a thing alone for a while, given up by itself when its holder dies."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlmodel import col

from collab.kernel import clock
from collab.kernel.errors import Conflict
from collab.storage.models import Lease
from collab.storage.uow import UnitOfWork

if TYPE_CHECKING:
    from collab.storage.database import Database

SECONDS = 20.0


@dataclass
class Held:
    """A lease in hand; `lost` is set when somebody else has it now.

    `inherited` says that the holder before never gave it back: it died at work.
    """

    name: str
    holder: str
    inherited: bool = False
    lost: threading.Event = field(default_factory=threading.Event)

    def confirm(self, uow: UnitOfWork) -> bool:
        """Whether the lease is still ours, kept so until this transaction ends."""
        query = sa.select(Lease.holder).where(col(Lease.name) == self.name).with_for_update()  # type: ignore[call-overload]
        mine = uow.session.connection().execute(query).scalar() == self.holder
        if not mine:
            self.lost.set()
        return mine


def take(database: Database, name: str, seconds: float = SECONDS) -> Held | None:
    """The lease if it is free, run out, or its holder on this machine is dead; else None."""
    holder = f"{_process(os.getpid())}/{secrets.token_hex(4)}"
    with database.writing() as uow:
        found = uow.session.get(Lease, name, with_for_update=True)
        now = clock.now()
        if found is not None and found.expires_at > now and not _is_dead(found.holder):
            return None
        until = now + timedelta(seconds=seconds)
        if found is None:
            uow.session.add(Lease(name=name, holder=holder, expires_at=until))
        else:
            found.holder, found.expires_at = holder, until
    return Held(name, holder, inherited=found is not None)


def renew(database: Database, held: Held, seconds: float = SECONDS) -> bool:
    """Push the end of the lease to `seconds` from now; False when it is lost."""
    with database.writing() as uow:
        kept = uow.session.connection().execute(
            sa.update(Lease)
            .where(col(Lease.name) == held.name, col(Lease.holder) == held.holder)
            .values(expires_at=clock.now() + timedelta(seconds=seconds))
        )
    if kept.rowcount == 0:
        held.lost.set()
    return kept.rowcount > 0


def give_back(database: Database, held: Held) -> None:
    """End the lease at once, if it is still ours."""
    with database.writing() as uow:
        uow.session.connection().execute(
            sa.delete(Lease).where(col(Lease.name) == held.name, col(Lease.holder) == held.holder)
        )


@contextmanager
def held(database: Database, name: str, seconds: float = SECONDS) -> Iterator[Held | None]:
    """Hold the lease inside the block, renewed in the background; None when another has it."""
    try:
        lease = take(database, name, seconds)
    except Conflict:  # another took it in the same instant
        lease = None
    if lease is None:
        yield None
        return
    done = threading.Event()
    beat = threading.Thread(target=_keep, args=(database, lease, seconds, done), daemon=True)
    beat.start()
    try:
        yield lease
    finally:
        done.set()
        beat.join()
        give_back(database, lease)


def _keep(database: Database, lease: Held, seconds: float, done: threading.Event) -> None:
    while not done.wait(seconds / 3):
        try:
            if not renew(database, lease, seconds):
                return
        except Conflict:  # the lock was not to be had; the next beat tries again
            continue


def _process(pid: int) -> str:
    """A name for a process that no later process will bear: machine, process space, pid, start."""
    return f"{_place()}/{pid}/{_started(pid)}"


def _place() -> str:
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return f"{socket.gethostname()}:{space}"


def _started(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def _is_dead(holder: str) -> bool:
    """Surely dead: same machine and process space, and no process of that start. Else unknown."""
    parts = holder.split("/")
    if len(parts) != 4 or parts[0] != _place() or not parts[2]:
        return False
    return _started(int(parts[1])) != parts[2]
