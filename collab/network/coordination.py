"""The coordinator's view put together: scope, needs the viewer may read, figures of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collab.kernel.identity import Actor
from collab.matching.snapshot import Snapshot
from collab.members import catalogue as members
from collab.network import access, advice, store
from collab.network import morning as mornings
from collab.network.advice import Question
from collab.network.demand import Seen
from collab.network.morning import Morning, Scope
from collab.network.service import Kept, NetworkService
from collab.network.wanted import Wanted
from collab.storage.uow import UnitOfWork
from graph.tables import pair_rows

PAIRS = 8
_ADVICE = Kept(50)


def scope(uow: UnitOfWork, actor: Actor, network: NetworkService) -> Scope:
    """Where the actor looks."""
    ties = network.picture(uow, Wanted()).ties
    occupied = [code for _, code in ties.nodes(data="region") if code]
    return mornings.scope_of(uow, actor, occupied)


def evaluated(
    uow: UnitOfWork, actor: Actor, network: NetworkService, snapshot: Snapshot, *, wide: bool
) -> tuple[Scope, Seen, Morning]:
    """The needs of the scope that the actor may read, evaluated, and the page made of them.

    With `wide` the board holds every readable need, for questions about the whole alliance.
    Raises NotAllowed for everybody but coordinators and the secretariat.
    """
    access.must_coordinate(actor)
    where = scope(uow, actor, network)
    readable = store.open_needs(uow, actor)
    placed = mornings.placed(uow, readable, where)
    needs = [p.need for p in placed]
    if wide:
        here = {n.id for n in needs}
        needs += [n for n in readable if n.id not in here]
    seen = network.demand.seen(uow, actor, snapshot, needs)
    return where, seen, mornings.morning(uow, seen, where, placed)


def overlaps(
    uow: UnitOfWork, network: NetworkService, where: Scope, language: str
) -> list[dict[str, Any]]:
    """Who duplicates whom in the region: pairs of organisations that offer much the same."""
    picture = network.picture(uow, Wanted())
    rows = pair_rows(picture.ties, picture.measure("overlap"), language=language)
    held = picture.scene.holdings
    return [
        {
            **row,
            "shared": sorted(t[2:] for t in set(held[row["source"]]) & set(held[row["target"]])),
        }
        for row in _of_region(uow, network, where, rows)
    ]


def introductions(
    uow: UnitOfWork, network: NetworkService, where: Scope, language: str
) -> list[dict[str, Any]]:
    """Who should meet whom, with reasons, at least one of them in the region."""
    picture = network.picture(uow, Wanted())
    rows = pair_rows(picture.ties, picture.measure("complementarity"), language=language)
    return _of_region(uow, network, where, rows)


def _of_region(
    uow: UnitOfWork, network: NetworkService, where: Scope, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    now = network.state(uow)
    inside = {c for code in where.own for c in now.regions.within(code)}
    home = now.graph.nodes

    def mine(key: str) -> bool:
        return where.everywhere or home[key].get("region", "") in inside

    return [r for r in rows if mine(r["source"]) or mine(r["target"])][:PAIRS]


def investments(uow: UnitOfWork, seen: Seen, where: Scope) -> Mapping[str, Any]:
    """The best lines to build; kept under exactly the needs and capabilities they depend on."""
    codes = (*where.own, *where.neighbours)
    regions = members.regions(uow)
    return _ADVICE.get((seen.key, codes), lambda: advice.investments(seen, codes, regions))


def what_if(uow: UnitOfWork, seen: Seen, question: Question) -> Mapping[str, Any] | None:
    """What the question would change; None where it asks nothing."""
    return advice.what_if(seen, question, members.regions(uow)) if question.asks else None
