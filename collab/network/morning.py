"""The coordinator's morning: what a region has, lacks and waits for, and what to do about it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from collab.kernel import clock
from collab.kernel.identity import Actor
from collab.matching.records import Offer, Status
from collab.matching.snapshot import Snapshot
from collab.members import catalogue as members
from collab.members.models import Region
from collab.needs.rules import NeedState
from collab.network import store
from collab.network.demand import Seen
from collab.network.outlook import Outlook
from collab.network.store import OpenNeed
from collab.routing.alliance import chain_coverage
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

NEIGHBOURS = 5
CHAINS = 3
IDLE = 0.5  # a line with at most this share taken has room
LONG = 14  # days after which an open need without a route or talks is stuck
Data = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """Where the viewer looks: own regions (provinces), their neighbours, and the keys of both.

    `everywhere` is the secretariat's scope: `own` then holds every region with members' offers.
    """

    own: tuple[str, ...]
    neighbours: tuple[str, ...]
    inside: frozenset[int]
    around: frozenset[int]
    everywhere: bool = False


def scope_of(uow: UnitOfWork, actor: Actor, occupied: Collection[str]) -> Scope:
    """The actor's regions and the nearest other provinces of the same country that are occupied.

    `occupied` are codes of regions in which organisations stand.
    """
    known = members.regions(uow)
    if actor.secretariat:
        busiest = Counter(_province(known, by_code(known)[c]).code for c in occupied)
        own = tuple(code for code, _ in busiest.most_common(NEIGHBOURS + 3))
        return Scope(own, (), frozenset(known), frozenset(), everywhere=True)
    mine = [known[i] for i in actor.region_ids if i in known]
    tops = [
        r for r in mine if not any(r.path != o.path and r.path.startswith(o.path) for o in mine)
    ]
    tops.sort(key=lambda r: r.code)
    near = _neighbours(known, tops, occupied)
    around = {i for i, r in known.items() if any(r.path.startswith(n.path) for n in near)}
    return Scope(
        tuple(r.code for r in tops), tuple(r.code for r in near),
        frozenset(i for i in actor.region_ids if i in known), frozenset(around),
    )  # fmt: skip


def by_code(known: Mapping[int, Region]) -> dict[str, Region]:
    """Regions by code."""
    return {r.code: r for r in known.values()}


def _province(known: Mapping[int, Region], region: Region) -> Region:
    line = (region, *members.above(region, known))
    return next((r for r in line if r.kind == "province"), line[-1])


def _neighbours(
    known: Mapping[int, Region], tops: Sequence[Region], occupied: Collection[str]
) -> list[Region]:
    codes = by_code(known)
    provinces = {p.code: p for c in occupied if c in codes for p in [_province(known, codes[c])]}
    country = {r.path.split("/")[1] for r in tops}
    others = [
        p
        for p in provinces.values()
        if p.path.split("/")[1] in country and not any(_overlap(p, r) for r in tops)
    ]
    others.sort(key=lambda p: (min((_far(p, r) for r in tops), default=0.0), p.code))
    return others[:NEIGHBOURS]


def _overlap(a: Region, b: Region) -> bool:
    return a.path.startswith(b.path) or b.path.startswith(a.path)


def _far(a: Region, b: Region) -> float:
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return math.inf
    shrink = math.cos(math.radians((a.lat + b.lat) / 2))
    return math.hypot(a.lat - b.lat, (a.lon - b.lon) * shrink)


@dataclass(frozen=True)
class Placed:
    """A readable need with the region it may be shown in; "" where that is not to be told."""

    need: OpenNeed
    region: str
    own: bool
    near: bool


def shown_regions(uow: UnitOfWork, needs: Iterable[OpenNeed]) -> dict[int, str]:
    """The region in which each need may be shown, by its key; needs without one are left out.

    An anonymous need shows its province where five or more members stand there, else nothing.
    """
    wanted = list(needs)
    known = members.regions(uow)
    hidden = {n.region_id for n in wanted if n.anonymous and n.region_id in known}
    shown = members.shown_provinces(uow, hidden, known)
    found = ((n.id, (shown if n.anonymous else known).get(n.region_id)) for n in wanted)
    return {key: region.code for key, region in found if region is not None}


def placed(uow: UnitOfWork, needs: Iterable[OpenNeed], scope: Scope) -> list[Placed]:
    """Needs of the scope. An anonymous need counts where its province may be shown, else nowhere
    but in the view of the whole alliance."""
    wanted = list(needs)
    codes = {r.code: key for key, r in members.regions(uow).items()}
    shown = shown_regions(uow, wanted)
    found = []
    for need in wanted:
        region = shown.get(need.id, "")
        key = codes.get(region, 0)
        own, near = scope.everywhere or key in scope.inside, key in scope.around
        if own or near:
            found.append(Placed(need, region, own, near))
    return found


Seat = tuple[Placed, Outlook]


@dataclass
class Morning:
    """Everything the page shows; needs are `Placed`, organisations and capabilities `Offer`s."""

    scope: Scope
    needs: list[Placed]
    waiting: int
    as_of: datetime
    current: bool
    since: datetime
    coverage: list[Data] = field(default_factory=list)
    gaps: list[Data] = field(default_factory=list)
    singles: list[Data] = field(default_factory=list)
    idle: list[Offer] = field(default_factory=list)
    stuck: list[Data] = field(default_factory=list)
    fresh: list[Placed] = field(default_factory=list)
    touched: list[tuple[str, str, date]] = field(default_factory=list)


def morning(
    uow: UnitOfWork,
    seen: Seen,
    snapshot: Snapshot,
    scope: Scope,
    needs: Sequence[Placed],
    since: datetime,
) -> Morning:
    """Put together from the evaluated needs of `seen`, all of which the viewer may read; changes
    count from `since` on."""
    at = {p.need.id: p for p in needs}
    made = Morning(scope, list(needs), seen.waiting, seen.as_of, seen.current, since)
    here = [(at[n.id], o) for n, o in zip(seen.needs, seen.outlooks, strict=True) if n.id in at]
    made.gaps = gaps(here)
    made.singles = singles(here)
    made.idle = _idle(snapshot.offers(), scope)
    made.stuck = _stuck(here, snapshot)
    made.fresh = [p for p in needs if p.need.published_at and p.need.published_at >= since]
    made.touched = [(kind, key, when.date()) for kind, key, when in store.touched(uow, since)]
    return made


def demanded(needs: Iterable[Placed]) -> list[str]:
    """Chains that open needs ask for, the most wanted first."""
    return [
        chain for chain, _ in Counter(p.need.chain for p in needs if p.need.chain).most_common()
    ]


def coverage(
    vocabulary: Vocabulary, snapshot: Snapshot, scope: Scope, chains: Sequence[str]
) -> list[Data]:
    """Per demanded chain (the first ones where none is) its steps with organisations by region."""
    columns = [*scope.own, *scope.neighbours]
    rows: dict[str, list[Data]] = defaultdict(list)
    for row in chain_coverage(vocabulary, snapshot, columns):
        rows[row["chain"]].append(row)
    wanted = [c for c in chains if c in rows] or list(rows)
    return [{"chain": c, "steps": rows[c], "columns": columns} for c in wanted[:CHAINS]]


def gaps(needs: Iterable[Seat]) -> list[Data]:
    """What nobody does of what these needs must have, the most wanted first."""
    found: dict[str, list[Placed]] = defaultdict(list)
    for place, outlook in needs:
        for technique in dict.fromkeys(outlook.lacking):
            found[technique].append(place)
    ordered = sorted(found, key=lambda t: (-sum(p.need.priority for p in found[t]), t))
    return [{"technique": t, "needs": found[t]} for t in ordered]


def singles(needs: Iterable[Seat]) -> list[Data]:
    """Organisations on which needs hang because nobody else fits one of their steps."""
    found: dict[tuple[str, str], list[Placed]] = defaultdict(list)
    for place, outlook in needs:
        hanging = {(s.sole, s.technique) for s in outlook.steps if s.sole and not s.optional}
        for pair in sorted(hanging):
            found[pair].append(place)
    ordered = sorted(found, key=lambda pair: (-len(found[pair]), *pair))
    return [{"organisation": o, "technique": t, "needs": found[o, t]} for o, t in ordered]


def _idle(offers: Iterable[Offer], scope: Scope) -> list[Offer]:
    own = frozenset(scope.own)
    room = [
        o
        for o in offers
        if o.load is not None
        and o.load <= IDLE
        and o.status is Status.OPERATING
        and (scope.everywhere or own & {o.place.region, *o.place.above})
    ]
    return sorted(room, key=lambda o: (o.load, o.key))


def _stuck(needs: Iterable[Seat], snapshot: Snapshot) -> list[Data]:
    """Needs of the viewer's own region that wait too long, with the next thing to do.

    Whether somebody showed interest is the owner's affair: only the state that every reader sees
    (published or in talks) counts.
    """
    today = clock.today()
    found = []
    for place, outlook in needs:
        need = place.need
        days = (today - (need.published_at.date() if need.published_at else need.posted_on)).days
        quiet = need.state is NeedState.PUBLISHED
        if not place.own or (outlook.route and not (quiet and days >= LONG)):
            continue
        act = "gap" if outlook.lacking else "invite" if outlook.route else "joint"
        found.append(
            {"place": place, "days": days, "act": act, "lacking": list(outlook.lacking),
             "ask": _best(outlook, snapshot)}
        )  # fmt: skip
    return sorted(found, key=lambda f: (f["act"] != "gap", -f["days"], f["place"].need.id))


def _best(outlook: Outlook, snapshot: Snapshot) -> list[Offer]:
    """The best capability of each answered step, one of each organisation."""
    found: dict[str, Offer] = {}
    for step in outlook.steps:
        offer = snapshot.get(step.best) if step.best else None
        if offer is not None:
            found.setdefault(offer.organisation, offer)
    return list(found.values())
