"""The candidates of each step as columns, and what lies between those of two steps.

What a hand-over costs depends on where two capabilities stand and on nothing else, except that it
costs nothing inside an organisation. So it is worked out between spots, which are few.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collab.matching import score
from collab.routing.plan import FAR_KM, SAME_SITE_KM, Plan, PlanStep, centi, logistics_weeks

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_NOWHERE = (math.nan,) * 3


class Groups(NamedTuple):
    """Candidates sorted by what they share: `keys` once each, and where each one's run begins."""

    keys: Ints
    order: Ints
    starts: Ints

    def least(self, values: Ints) -> Ints:
        """The least value of every group, over the last axis."""
        found: Ints = np.minimum.reduceat(values.take(self.order, axis=-1), self.starts, axis=-1)
        return found


def _grouped(values: Ints) -> Groups:
    order = np.argsort(values, kind="stable")
    keys, starts = np.unique(values[order], return_index=True)
    return Groups(keys, order, starts)


class Spot(NamedTuple):
    """Where a capability stands: its country (empty: unknown) and a point of the unit sphere."""

    country: str
    point: tuple[float, float, float]


@dataclass(frozen=True)
class Lane:
    """The candidates of one step: organisation, place in `spots`, weeks (low + high, hundredths)
    and open questions."""

    organisation: Ints
    spot: Ints
    spots: Sequence[Spot]
    middle: Ints
    questions: Ints

    @cached_property
    def by_spot(self) -> Groups:
        """The candidates by where they stand."""
        return _grouped(self.spot)

    @cached_property
    def by_organisation(self) -> Groups:
        """The candidates by whose they are."""
        return _grouped(self.organisation)


def lane_of(step: PlanStep) -> Lane:
    """The columns of a step's candidates."""
    known: dict[Hashable, int] = {}
    spots: list[Spot] = []
    where: list[int] = []
    for candidate in step.candidates:
        place = candidate.offer.place
        spot = known.setdefault((place.country, place.lat, place.lon), len(spots))
        if spot == len(spots):
            point = score.unit_vector(place.lat, place.lon) or _NOWHERE
            spots.append(Spot(place.country, point))
        where.append(spot)
    weeks = np.array([c.weeks.low + c.weeks.high for c in step.candidates], dtype=np.float64)
    return Lane(
        np.array([c.offer.organisation_id for c in step.candidates], dtype=np.int64),
        np.array(where, dtype=np.int64),
        spots,
        np.floor(weeks * 100.0 + 0.5).astype(np.int64),
        np.array([c.open_questions for c in step.candidates], dtype=np.int64),
    )


@dataclass(frozen=True)
class Road:
    """What lies between two lanes, `one` handing over to `other`: hundredths of weeks (low + high)
    and km (FAR_KM where a place is unknown) from spot to spot of different organisations."""

    one: Lane
    other: Lane
    weeks: Ints
    km: Ints

    @cached_property
    def _own(self) -> tuple[Ints, NDArray[np.bool_]]:
        """Per sender the group of its own organisation among the receivers, and if there is one."""
        keys = self.other.by_organisation.keys
        at = np.minimum(np.searchsorted(keys, self.one.organisation), len(keys) - 1)
        return at, keys[at] == self.one.organisation

    def row(self, matrix: Ints, sender: int) -> Ints:
        """A cost from spot to spot as the cost from one sender to every receiver."""
        found: Ints = matrix[self.one.spot[sender]][self.other.spot]
        found[self.other.organisation == self.one.organisation[sender]] = 0
        return found

    def entry(self, matrix: Ints, sender: int, receiver: int) -> int:
        """A cost from spot to spot as the cost from one sender to one receiver."""
        if self.one.organisation[sender] == self.other.organisation[receiver]:
            return 0
        return int(matrix[self.one.spot[sender], self.other.spot[receiver]])

    def least(self, matrix: Ints, values: Ints) -> Ints:
        """Per sender the least of cost and value over the receivers, the last axis of `values`.

        No cost is below zero, so counting the way to one's own organisation as if it were another
        one does no harm: the free way there is looked at beside it.
        """
        there = self.other.by_spot.least(values)
        away = (matrix + there[..., None, :]).min(axis=-1).take(self.one.spot, axis=-1)
        group, has_own = self._own
        inside = self.other.by_organisation.least(values).take(group, axis=-1)
        found: Ints = np.where(has_own, np.minimum(away, inside), away)
        return found

    def smallest(self, matrix: Ints) -> int:
        """The least cost of any hand-over."""
        return 0 if self._own[1].any() else int(matrix.min())


def road_of(plan: Plan, one: Lane, other: Lane) -> Road:
    """The road between two lanes that both have candidates."""
    cost = {
        kind: centi(sum(logistics_weeks(plan, kind)))
        for kind in ("same_site", "same_country", "cross_border", "unknown")
    }
    here = np.array([s.point for s in one.spots])
    there = np.array([s.point for s in other.spots])
    cosine = here @ there.T
    country = np.array([s.country for s in one.spots])
    onward = np.array([s.country for s in other.spots])
    same = country[:, None] == onward[None, :]
    weeks = np.where(same, cost["same_country"], cost["cross_border"]).astype(np.int64)
    weeks[country == "", :] = cost["unknown"]
    weeks[:, onward == ""] = cost["unknown"]
    weeks[cosine >= math.cos(SAME_SITE_KM / score.EARTH_KM)] = cost["same_site"]
    arc = np.arccos(np.clip(cosine, -1.0, 1.0)) * score.EARTH_KM
    return Road(one, other, weeks, np.floor(np.nan_to_num(arc, nan=FAR_KM) + 0.5).astype(np.int64))
