"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

ENUM_LENGTH = 40
CENT = Decimal("0.01")
MOST_YUAN = Decimal(2**63 - 1).scaleb(-2)


class Money(sa.types.TypeDecorator[Decimal]):
    """An amount with two decimals, kept as whole fen: SQLite would make a rounded REAL of it.

    Takes Decimal or int (in yuan, or the unit of whatever currency stands beside it). Raises
    ValueError for a float, for more than two decimals, and beyond 64 bits.
    """

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        """Yuan to fen."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise ValueError(f"money is Decimal or int, not {type(value).__name__}")
        amount = Decimal(value)
        if not amount.is_finite() or abs(amount) > MOST_YUAN or amount != amount.quantize(CENT):
            raise ValueError("money has at most two decimals and fits 64 bits of fen")
        return int(amount.quantize(CENT).scaleb(2))

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Fen to yuan."""
        return None if value is None else Decimal(value).scaleb(-2)


def enum_column(kind: type[Enum]) -> Any:
    """The column type for an enum; use as `Field(sa_type=enum_column(Kind))`.

    Stores the member's value as text of fixed room, so that a new member needs no migration, and
    refuses unknown text when it is written.
    """
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        validate_strings=True,
        length=ENUM_LENGTH,
        values_callable=lambda members: [str(member.value) for member in members],
    )


def json_column() -> Any:
    """The column type for JSON; use as `Field(sa_type=json_column())`.

    Assign a new value to change it: a change inside the old value is not noticed.
    """
    return sa.JSON(none_as_null=True)


def big_key() -> Any:
    """The key type of tables that grow without end: 64 bits, and SQLite still numbers it."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
