"""How one row is opened by its key: through the same rule by which lists are filtered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from collab.kernel.errors import NotAllowed, NotFound
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.storage import grants
from collab.storage.uow import UnitOfWork

Row = TypeVar("Row", bound=SQLModel)


@dataclass(frozen=True, slots=True)
class Door(Generic[Row]):
    """The way to the rows of one table: what they are called, who may what, and their keys.

    `waits`: in a writing unit of work the row is kept from others, so that of two who act at once
    the second one sees what the first one did.
    """

    table: type[Row]
    kind: str
    policy: Mapping[Permission, tuple[grants.Rule, ...]]
    read: Permission
    keys: tuple[str, ...] = ("public_id",)
    waits: bool = False


def open_row(
    door: Door[Row], uow: UnitOfWork, actor: Actor, key: str, permission: Permission
) -> Row:
    """The row with this key; NotFound when it may not be known, NotAllowed when it may be known
    but not for `permission`."""
    by_key = sa.or_(*(col(getattr(door.table, name)) == key for name in door.keys))
    found = select(door.table).where(by_key, grants.where(door.policy[door.read], actor))
    row = uow.session.exec(
        found.with_for_update() if door.waits and uow.writable else found
    ).first()
    if row is None:
        raise NotFound(door.kind, key)
    must(door, uow, actor, row, permission)
    return row


def must(
    door: Door[Any], uow: UnitOfWork, actor: Actor, row: SQLModel, permission: Permission
) -> None:
    """NotAllowed unless the actor, who may read the row, has this permission for it too."""
    if permission is door.read:
        return
    table: Any = door.table
    same: Any = row
    allowed = select(table.id).where(
        table.id == same.id, grants.where(door.policy[permission], actor)
    )
    if uow.session.exec(allowed).first() is None:
        raise NotAllowed(permission)
