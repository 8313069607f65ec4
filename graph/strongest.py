"""Keeping the strongest pairs while walking over very many."""

from __future__ import annotations

import numpy as np

from graph.compiled import Floats, Ints


class Strongest:
    """The `limit` pairs with the largest values; among equals the first by row and column.

    Rows must come in ascending order, so that a later pair of equal value can be passed over.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._row = np.zeros(0, dtype=np.int64)
        self._column = np.zeros(0, dtype=np.int64)
        self._value = np.zeros(0)

    @property
    def bar(self) -> float:
        """What a further pair has to exceed."""
        return float(self._value[-1]) if len(self._value) == self._limit else 0.0

    def add(self, row: Ints, column: Ints, value: Floats) -> None:
        """Offer pairs; those that do not exceed the bar fall through."""
        good = value > self.bar
        row, column, value = row[good], column[good], value[good]
        if not len(value):
            return
        if len(value) > self._limit:
            least = np.partition(value, -self._limit)[-self._limit]
            row, column, value = row[value >= least], column[value >= least], value[value >= least]
        row, column, value = (
            np.concatenate([self._row, row]),
            np.concatenate([self._column, column]),
            np.concatenate([self._value, value]),
        )
        order = np.lexsort((column, row, -value))[: self._limit]
        self._row, self._column, self._value = row[order], column[order], value[order]

    def pairs(self) -> list[tuple[int, int, float]]:
        """(row, column, value), the largest value first."""
        return list(
            zip(self._row.tolist(), self._column.tolist(), self._value.tolist(), strict=True)
        )
