"""The coordinator's morning: what needs attention in the region today, and what-if."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from flask import Blueprint, abort, render_template, url_for

from collab.matching.records import Offer
from collab.matching.snapshot import Snapshot
from collab.members import catalogue as members
from collab.network import access, coordination
from collab.network.advice import Question
from collab.network.morning import Morning, Scope
from collab.storage.uow import UnitOfWork
from collab.web import labels, params, present
from collab.web.session import current_actor, language, platform, reading, vocabulary

blueprint = Blueprint("coordinator", __name__, url_prefix="/coordinator")
TODAY = 6
CHOICES = 400


def question() -> Question:
    """The what-if in the address; unknown terms ask nothing."""
    words = vocabulary()
    wafer = params.whole("wafer", 0, 0, 1000)
    removed = params.text("remove", 80)
    return Question(
        technique=params.one("technique", words.techniques),
        region=params.text("region", 64),
        wafer=float(wafer) if wafer else None,
        material=params.one("material", words.materials),
        remove=(removed,) if removed else (),
    )


@blueprint.get("")
def index() -> str:
    """One screen for the morning; only for those who coordinate."""
    actor = current_actor()
    if not access.may_coordinate(actor):
        abort(404)
    network, asked = platform().network, question()
    with reading() as uow:
        snapshot = platform().matching.snapshot(uow)
        where, seen, found = coordination.evaluated(uow, actor, network, snapshot, wide=True)
        regions = {r.code: present.pick(r.zh, r.en) for r in members.regions(uow).values()}
        nodes = network.state(uow).graph.nodes
        names = _names_in(nodes, [s["organisation"] for s in found.singles])
        values: dict[str, Any] = {
            "where": where,
            "found": found,
            "fresh": _fresh(uow, found, where),
            "overlaps": coordination.overlaps(uow, network, where, language()),
            "introductions": coordination.introductions(uow, network, where, language()),
            "advice": coordination.investments(uow, seen, where),
            "outcome": coordination.what_if(uow, seen, asked),
            "choices": _choices(snapshot, where),
        }
    return render_template(
        "coordinator/index.html",
        asked=asked,
        actions=_actions(found, values),
        region_names=regions,
        coverage_href=_coverage_href,
        chain_label=_chain_label,
        what=_what,
        offer_name=_offer_name,
        found_names=lambda key: names.get(key, key),
        cover_columns=lambda codes: [{"label": regions[c], "right": True} for c in codes],
        organisation_name=_organisation_name,
        techniques=_named(vocabulary().techniques),
        materials=_named(vocabulary().materials),
        **values,
    )


def _names_in(nodes: Any, keys: Collection[str]) -> dict[str, str]:
    """Names of the organisations that stand in the graph."""
    return {
        key: present.pick(nodes[key].get("label_zh", ""), nodes[key].get("label_en", ""))
        for key in keys
        if key in nodes
    }


def _named(terms: Collection[str]) -> list[tuple[str, str]]:
    return sorted(((t, vocabulary().label(t, language())) for t in terms), key=lambda p: p[1])


def _what(key: str) -> str:
    """A technique's or category's word."""
    if key in labels.CATEGORY:
        return labels.label("category", key)
    return vocabulary().label(key, language())


def _chain_label(chain: str) -> str:
    known = vocabulary().chains.get(chain)
    return known.label(language()) if known else chain


def _offer_name(offer: Offer) -> str:
    return present.pick(offer.name_zh, offer.name_en) or offer.key


def _organisation_name(offer: Offer) -> str:
    return present.pick(offer.organisation_zh, offer.organisation_en) or offer.organisation


def _coverage_href(step: dict[str, Any], region: str) -> str:
    """The organisations that a number of the matrix counts."""
    chain = vocabulary().chains[step["chain"]]
    whole = next(s for s in chain.steps if s.key == step["step"])
    techniques = list(dict.fromkeys((*whole.techniques, *whole.alternatives)))
    return url_for(
        "network.index", view="organisations", technique=techniques, region=region, _anchor="table"
    )


def _choices(snapshot: Snapshot, where: Scope) -> list[Offer]:
    """Capabilities that the region could lose, for the what-if."""
    own = frozenset(where.own)
    mine = [o for o in snapshot.offers() if own & {o.place.region, *o.place.above}]
    return sorted(mine, key=lambda o: (o.organisation, o.key))[:CHOICES]


def _fresh(uow: UnitOfWork, found: Morning, where: Scope) -> list[dict[str, str]]:
    """Public organisations and capabilities of the region that changed this week."""
    now = platform().network.state(uow)
    inside = {c for code in where.own for c in now.regions.within(code)}
    rows = []
    for kind, key, on in found.touched:
        if key not in now.graph:
            continue
        owner = key if kind == "organisation" else next(iter(now.graph.predecessors(key)), "")
        if owner and now.graph.nodes[owner].get("region") in inside:
            data = now.graph.nodes[key]
            name = present.pick(data.get("label_zh", ""), data.get("label_en", ""))
            endpoint = "organisations.show" if kind == "organisation" else "capabilities.show"
            rows.append({"name": name, "href": url_for(endpoint, key=key), "on": on.isoformat()})
    return rows


def _actions(found: Morning, values: dict[str, Any]) -> Sequence[dict[str, Any]]:
    """The few things to do first: stuck needs, gaps, what hangs on one, then introductions."""
    todo: list[dict[str, Any]] = [{"kind": "stuck", "item": s} for s in found.stuck[:3]]
    todo += [{"kind": "gap", "item": g} for g in found.gaps[:2]]
    todo += [{"kind": "single", "item": s} for s in found.singles[:2]]
    todo += [{"kind": "meet", "item": p} for p in values["introductions"][:2]]
    return todo[:TODAY]
