"""The coordinator's view put together: scope, needs the viewer may read, figures of the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from collab.kernel.identity import Actor
from collab.matching.records import Offer
from collab.matching.snapshot import Snapshot
from collab.members import catalogue as members
from collab.network import access, advice, store, visits
from collab.network import morning as mornings
from collab.network.advice import Question
from collab.network.demand import Seen
from collab.network.morning import Morning, Scope
from collab.network.overlay import Effect, overlaid
from collab.network.service import Filter, Kept, NetworkService
from collab.network.standings import related
from collab.network.wanted import ORGANISATIONS, Wanted
from collab.storage.uow import UnitOfWork
from graph.tables import pair_rows

PAIRS = 8
_ADVICE = Kept(50)


@dataclass(frozen=True)
class Desk:
    """Who looks, at which capabilities, where; every readable need, and the page of the scope."""

    actor: Actor
    snapshot: Snapshot
    where: Scope
    seen: Seen
    page: Morning


def scope(uow: UnitOfWork, actor: Actor, network: NetworkService) -> Scope:
    """Where the actor looks."""
    ties = network.picture(uow, Wanted()).ties
    occupied = [code for _, code in ties.nodes(data="region") if code]
    return mornings.scope_of(uow, actor, occupied)


def evaluated(uow: UnitOfWork, actor: Actor, network: NetworkService, snapshot: Snapshot) -> Desk:
    """The needs that the actor may read, as they stand, and the page made of those in scope.

    Raises NotAllowed for everybody but coordinators and the secretariat.
    """
    access.must_coordinate(actor)
    where = scope(uow, actor, network)
    readable = store.open_needs(uow, actor)
    placed = mornings.placed(uow, readable, where)
    here = {p.need.id for p in placed}
    # what is in scope comes first, should a page have to evaluate needs itself
    ordered = [p.need for p in placed] + [n for n in readable if n.id not in here]
    seen = network.demand.seen(uow, actor, snapshot, ordered)
    made = mornings.morning(uow, seen, snapshot, where, placed, visits.since(uow, actor))
    made.coverage = network.coverage(uow, snapshot, where, mornings.demanded(placed))
    return Desk(actor, snapshot, where, seen, made)


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


def investments(uow: UnitOfWork, network: NetworkService, desk: Desk) -> Mapping[str, Any]:
    """The best lines to build; kept under exactly the needs and standings they depend on."""
    codes = (*desk.where.own, *desk.where.neighbours)
    lacking = [
        n
        for n, o in zip(desk.seen.needs, desk.seen.outlooks, strict=True)
        if not o.route and o.lacking
    ]

    def work() -> Mapping[str, Any]:
        board, part = network.demand.board(uow, desk.actor, desk.snapshot, lacking)
        return advice.investments(board, part, codes, members.regions(uow))

    return _ADVICE.get((desk.seen.key, codes), work)


def what_if(
    uow: UnitOfWork, network: NetworkService, desk: Desk, question: Question
) -> Mapping[str, Any] | None:
    """What the question would change for the needs that the actor may read; None where it asks
    nothing. Only needs on which the change may bear are looked at."""
    if not question.asks:
        return None
    removed = leaving(desk.snapshot, question)
    question = replace(question, remove=tuple(o.key for o in removed))
    touched = [*removed, *(o for o in [desk.snapshot.get(question.change)] if o is not None)]
    names = {t for o in touched for t in o.techniques} | {question.technique} - {""}
    known = network.vocabulary.techniques
    asking = store.asking(uow, related(network.vocabulary, names & known.keys()))
    needs = [n for n in desk.seen.needs if n.id in asking]
    board, part = network.demand.board(uow, desk.actor, desk.snapshot, needs)
    return advice.what_if(board, part, question, members.regions(uow))


def leaving(snapshot: Snapshot, question: Question) -> list[Offer]:
    """The capabilities that the question takes away: single ones, and all of an organisation."""
    gone = frozenset(question.remove)
    if not gone:
        return []
    return [o for o in snapshot.offers() if o.key in gone or o.organisation in gone]


def pictured(
    uow: UnitOfWork,
    network: NetworkService,
    desk: Desk,
    question: Question,
    label: str,
    language: str,
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The network of the scope with the answer to the question drawn on it, and that answer."""
    outcome = what_if(uow, network, desk, question) or {"gained": [], "lost": [], "touched": []}
    wanted = picture_of(desk.where)
    removed = leaving(desk.snapshot, question)
    effect = Effect(
        outcome["gained"],
        outcome["lost"],
        mornings.shown_regions(uow, [*outcome["gained"], *outcome["lost"]]),
        question.region if question.technique and not question.change else "",
        label if question.technique and not question.change else "",
        tuple(dict.fromkeys(o.organisation for o in removed)),
    )
    view = network.view(uow, wanted, language)
    return overlaid(view, network.picture(uow, wanted), effect), outcome


def picture_of(where: Scope) -> Wanted:
    """What of the network the desk shows: the scope's organisations, or all regions."""
    if where.everywhere:
        return Wanted()
    inside = frozenset((*where.own, *where.neighbours))
    return Wanted(Filter(regions=inside), view=ORGANISATIONS)
