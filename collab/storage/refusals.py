"""What the database refuses, turned into the typed errors of the domain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import SQLModel

from collab.kernel.errors import Conflict, DomainError, Rejected
from collab.kernel.problems import Problem

UNIQUE = "23505"
FOREIGN_KEY = "23503"
EXCLUDED = "23P01"
BUSY_STATES = frozenset({"40001", "40P01", "55P03"})
BUSY_WORDS = ("database is locked", "database table is locked", "database schema is locked")


@contextmanager
def translated() -> Iterator[None]:
    """Raise the domain's error in place of the driver's where there is one."""
    try:
        yield
    except IntegrityError as failure:
        refusal = _for_integrity(failure)
        if refusal is None:
            raise
        raise refusal from failure
    except OperationalError as failure:
        if not _is_busy(failure):
            raise
        raise Conflict("busy") from failure
    except PoolTimeout as failure:
        raise Conflict("busy") from failure


def for_value(failure: BaseException) -> DomainError | None:
    """The refusal of a value that cannot be stored or compared: NUL, half a surrogate, too big."""
    if isinstance(failure, psycopg.DataError | UnicodeEncodeError | OverflowError):
        return Rejected([Problem("", "not_storable")])
    return None


def _is_busy(failure: OperationalError) -> bool:
    if getattr(failure.orig, "sqlstate", None) in BUSY_STATES:
        return True
    return any(words in str(failure.orig) for words in BUSY_WORDS)


def _for_integrity(failure: IntegrityError) -> Conflict | None:
    if isinstance(failure.orig, psycopg.Error):
        return _for_postgres(failure.orig)
    return _for_sqlite(str(failure.orig))


def _for_postgres(failure: psycopg.Error) -> Conflict | None:
    table = failure.diag.table_name or ""
    constraint = failure.diag.constraint_name or ""
    if failure.sqlstate == UNIQUE:
        return Conflict("taken", table=table, fields=_columns_in(failure.diag.message_detail or ""))
    if failure.sqlstate == EXCLUDED:
        return Conflict("taken", table=table, constraint=constraint, fields=())
    if failure.sqlstate == FOREIGN_KEY:
        detail = failure.diag.message_detail or ""
        return Conflict("in_use" if "still referenced" in detail else "missing")
    return None


def _for_sqlite(text: str) -> Conflict | None:
    found = re.search(r"UNIQUE constraint failed: (.+)", text)
    if found and found[1].startswith("index "):
        index = found[1].removeprefix("index ").strip("'")
        table = _table_of_index(index)
        return Conflict("taken", table=table, fields=_columns_of(table, index))
    if found:
        places = [place.strip().partition(".") for place in found[1].split(",")]
        return Conflict("taken", table=places[0][0], fields=tuple(place[2] for place in places))
    if "FOREIGN KEY constraint failed" in text:
        return Conflict("in_use_or_missing")
    named = re.fullmatch(r"(ex_\w+)", text)
    return Conflict("taken", constraint=named[1], table="", fields=()) if named else None


def _columns_in(detail: str) -> tuple[str, ...]:
    """The columns in "Key (a, b)=(1, 2) already exists", whatever language the server speaks."""
    found = re.search(r"\((.+?)\)=\(", detail)
    return tuple(name.strip(' "') for name in found[1].split(",")) if found else ()


def _table_of_index(name: str) -> str:
    for table in SQLModel.metadata.tables.values():
        if any(index.name == name for index in table.indexes):
            return table.name
    return ""


def _columns_of(table: str, constraint: str) -> tuple[str, ...]:
    """The columns of a unique constraint or index by its name; empty for one we do not know."""
    known = SQLModel.metadata.tables.get(table)
    if known is None:
        return ()
    unique = [one for one in known.constraints if isinstance(one, sa.UniqueConstraint)]
    named: list[sa.Index | sa.UniqueConstraint] = [*known.indexes, *unique]
    found = (one for one in named if str(one.name) == constraint)
    return tuple(column.name for one in found for column in one.columns)
