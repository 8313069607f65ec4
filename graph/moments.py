"""The days at which the network is worth looking at: what the time slider stops at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import networkx as nx
import numpy as np

from graph.records import RELATIONS

MOST = 40  # stops; a longer history is told in years instead of quarters
ALWAYS, NEVER = date.min.toordinal(), date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Moment:
    """A day and how many links between organisations stood on it."""

    day: date
    links: int


def moments(graph: nx.MultiDiGraph, today: date) -> tuple[Moment, ...]:
    """Stops from the first dated link to `today`, oldest first; none where nothing is dated.

    A link without a first or last day counts as always begun or never ended.
    """
    periods = np.array(
        [
            (
                begins.toordinal() if (begins := data.get("valid_from")) else ALWAYS,
                ends.toordinal() if (ends := data.get("valid_to")) else NEVER,
            )
            for _, _, data in graph.edges(data=True)
            if data["kind"] in RELATIONS
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    known = periods[(periods != ALWAYS) & (periods != NEVER)]
    if not len(known):
        return ()
    return tuple(
        Moment(day, int(((periods[:, 0] <= at) & (at <= periods[:, 1])).sum()))
        for day in _stops(date.fromordinal(int(known.min())), today)
        for at in [day.toordinal()]
    )


def _stops(first: date, today: date) -> list[date]:
    quarters = (today.year - first.year + 1) * 4
    months = (1, 4, 7, 10) if quarters <= MOST else (1,)
    years = range(max(first.year, today.year - MOST + 1), today.year + 1)
    days = [date(year, month, 1) for year in years for month in months]
    days = [d for d in days if first - timedelta(days=92) < d < today]
    if days and days[0] < first:
        days[0] = first
    return [*(d for d in days if d >= first), today] if first <= today else [today]
