"""Rows of whatever table that name one person: to be shown to that person, or to go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from collab.storage.uow import UnitOfWork


def rows_of(
    uow: UnitOfWork, table: type[SQLModel], column: str, person_id: int, shown: Sequence[str]
) -> list[dict[str, Any]]:
    """The shown fields of every row whose column names the person, oldest first."""
    whole = sa.inspect(table).local_table
    wanted = [whole.c[name] for name in shown]
    query = sa.select(*wanted).where(whole.c[column] == person_id).order_by(*whole.primary_key)
    found = uow.session.connection().execute(query)
    names = [name.removeprefix("public_") for name in shown]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in found]


def remove_rows(uow: UnitOfWork, table: type[SQLModel], column: str, person_id: int) -> None:
    """Delete every row whose column names the person."""
    whole = sa.inspect(table).local_table
    uow.session.connection().execute(sa.delete(whole).where(whole.c[column] == person_id))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
