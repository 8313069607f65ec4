"""The coordinator's morning: what needs attention in the region today, and what-if."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime
from flask_babel import gettext as _

from collab.kernel.paging import Page
from collab.matching.records import Offer
from collab.matching.snapshot import Snapshot
from collab.members import catalogue as members
from collab.network import access, coordination, visits
from collab.network.advice import Question
from collab.network.coordination import Desk
from collab.network.measured import METRICS
from collab.network.morning import Morning, Placed, Scope
from collab.network.wanted import ORGANISATIONS, REGIONS, Wanted
from collab.storage.uow import UnitOfWork
from collab.web import labels, params, present
from collab.web.network import linked
from collab.web.session import current_actor, language, platform, reading, vocabulary, writing

blueprint = Blueprint("coordinator", __name__, url_prefix="/coordinator")
TODAY = 6
ROWS = 12  # of a table on the desk; the rest has a list of its own
LISTS = {"stuck": "stuck", "gaps": "gaps", "singles": "singles", "idle": "idle",
         "fresh": "needs", "gap": "needs", "single": "needs"}  # fmt: skip
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
        change=params.text("change", 80),
    )


@blueprint.get("")
def index() -> str:
    """One screen for the morning; only for those who coordinate."""
    if not access.may_coordinate(current_actor()):
        abort(404)
    asked = question()
    with reading() as uow:
        desk = _desk(uow)
        regions = present.region_names(members.regions(uow).values())
        nodes = platform().network.state(uow).graph.nodes
        found, where = desk.page, desk.where
        names = _names_in(nodes, [s["organisation"] for s in found.singles])
        values: dict[str, Any] = {
            "found": found,
            "fresh": _fresh(uow, found, where),
            "overlaps": coordination.overlaps(uow, platform().network, where, language()),
            "introductions": coordination.introductions(uow, platform().network, where, language()),
            "outcome": coordination.what_if(uow, platform().network, desk, asked),
            "choices": _choices(desk.snapshot, where, asked, params.text("find", 80)),
            "advice": _advice(uow, desk) if "advice" in request.args else None,
        }
    return render_template(
        "coordinator/index.html",
        asked=asked,
        actions=_actions(found, values),
        coverage_href=_coverage_href,
        chain_label=_chain_label,
        cover_columns=lambda codes: [{"label": regions[c], "right": True} for c in codes],
        techniques=_named(vocabulary().techniques),
        materials=_named(vocabulary().materials),
        rows=ROWS,
        since=_moment(found.since),
        colour=METRICS[Wanted().colour].title(language()),
        **_addresses(where, asked),
        **_words(desk, regions, names),
        **values,
    )


def _words(desk: Desk, regions: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """What the macros of the desk and of its lists call things."""
    return {
        "region_names": regions,
        "what": _what,
        "offer_name": _offer_name,
        "organisation_name": _organisation_name,
        "found_names": lambda key: names.get(key, key),
        "as_of": _moment(desk.page.as_of),
        "where": desk.where,
        "regions_of": _regions_of,
    }


def _regions_of(needs: Sequence[Placed]) -> list[tuple[str, int]]:
    """How many of these needs stand in each region that may be told, the most first."""
    counted = Counter(p.region for p in needs if p.region)
    return sorted(counted.items(), key=lambda c: (-c[1], c[0]))


def _addresses(where: Scope, asked: Question) -> dict[str, str]:
    """Where the picture of the desk comes from, and the page whose table says the same."""
    scope: dict[str, Any] = {} if where.everywhere else {"region": [*where.own, *where.neighbours]}
    view = REGIONS if where.everywhere else ORGANISATIONS
    plain = url_for("network.data", view=view, **scope)
    drawn = url_for("coordinator.picture", **dict[str, Any](request.args)) if asked.asks else plain
    return {
        "picture_url": drawn,
        "table_url": url_for("network.index", view=view, _anchor="table", **scope),
    }


def _moment(when: datetime) -> str:
    """A moment as people in the alliance read it."""
    return str(format_datetime(when, "yyyy-MM-dd HH:mm"))


@blueprint.get("/list")
def listed() -> str:
    """Everything that one number of the desk counts."""
    if not access.may_coordinate(current_actor()):
        abort(404)
    of = params.one("of", LISTS)
    if not of:
        abort(404)
    with reading() as uow:
        desk = _desk(uow)
        regions = present.region_names(members.regions(uow).values())
        nodes = platform().network.state(uow).graph.nodes
    items = _counted(desk.page, of)
    number, size = params.whole("page", 1), 50
    page = Page(items[(number - 1) * size : number * size], len(items), number, size)
    names = _names_in(nodes, [s["organisation"] for s in desk.page.singles])
    args = {k: v for k, v in request.args.items() if k not in ("page", "lang")}
    return render_template(
        "coordinator/list.html",
        of=LISTS[of],
        page=page,
        title=_title(of, names),
        href=lambda n: url_for("coordinator.listed", **{**args, "page": n}),
        **_words(desk, regions, names),
    )


def _counted(found: Morning, of: str) -> list[Any]:
    """What stands in a list; a gap or single point is named by its technique and organisation."""
    if of in ("gap", "single"):
        technique, owner = params.text("technique", 80), params.text("organisation", 80)
        groups = found.gaps if of == "gap" else found.singles
        return [
            place
            for g in groups
            if g["technique"] == technique and g.get("organisation", owner) == owner
            for place in g["needs"]
        ]
    listed: list[Any] = getattr(found, of)
    return listed


def _title(of: str, names: Mapping[str, str]) -> str:
    """The heading of a list."""
    owner = params.text("organisation", 80)
    words = {
        "stuck": _("停滞的需求"),
        "gaps": _("缺口"),
        "singles": _("单点依赖"),
        "idle": _("空闲产能"),
        "fresh": _("新需求"),
        "gap": _("等待%(what)s的需求", what=_what_of("technique")),
        "single": _(
            "在%(what)s上只靠%(who)s的需求", what=_what_of("technique"), who=names.get(owner, "")
        ),
    }
    return str(words[of])


def _what_of(name: str) -> str:
    """The word of a technique or category named in the address; "" for an unknown one."""
    key = params.text(name, 80)
    known = key in labels.CATEGORY or key in vocabulary().techniques
    return _what(key) if known else ""


@blueprint.post("/seen")
def seen() -> ResponseReturnValue:
    """The desk has been looked at: the next visit is told what changed since now."""
    actor = current_actor()
    if not access.may_coordinate(actor):
        abort(404)
    with writing() as uow:
        visits.seen(uow, actor)
    if request.headers.get("HX-Request"):
        return "", 204
    return redirect(url_for("coordinator.index"), 303)


@blueprint.get("/picture")
def picture() -> Response:
    """The network of the scope with the what-if drawn on it, for the drawing script."""
    if not access.may_coordinate(current_actor()):
        abort(404)
    asked = question()
    name = _what(asked.technique) if asked.technique else ""
    with reading() as uow:
        desk = _desk(uow)
        drawn, outcome = coordination.pictured(
            uow, platform().network, desk, asked, _("拟建：%(what)s", what=name), language()
        )
    sentence = _(
        "推演：%(gained)s 条需求得到路线，%(lost)s 条失去路线；不宜标注地区的不画在图上。",
        gained=len(outcome["gained"]),
        lost=len(outcome["lost"]),
    )
    return jsonify({**linked(drawn), "sentence": sentence})


def _desk(uow: UnitOfWork) -> Desk:
    network = platform().network
    return coordination.evaluated(uow, current_actor(), network, platform().matching.snapshot(uow))


def _advice(uow: UnitOfWork, desk: Desk) -> Mapping[str, Any]:
    return coordination.investments(uow, platform().network, desk)


@blueprint.get("/investments")
def investments() -> ResponseReturnValue:
    """The lines most worth building: a question over all needs, asked after the page stands; who
    comes without a script finds them on the desk."""
    if not access.may_coordinate(current_actor()):
        abort(404)
    if not request.headers.get("HX-Request"):
        return redirect(url_for("coordinator.index", advice=1, _anchor="investments"))
    with reading() as uow:
        advice = _advice(uow, _desk(uow))
        regions = present.region_names(members.regions(uow).values())
    return render_template(
        "coordinator/investments.html", advice=advice, region_names=regions, what=_what
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


def _choices(snapshot: Snapshot, where: Scope, asked: Question, find: str) -> dict[str, Any]:
    """What the what-if may take away or change: organisations of the scope (one offer of each) and
    single capabilities; of very many only those that hold `find`, and the one that was chosen."""
    own = frozenset(where.own)
    offers = sorted(snapshot.offers(), key=lambda o: (_organisation_name(o), o.key))
    mine = [o for o in offers if where.everywhere or own & {o.place.region, *o.place.above}]
    owners = {o.organisation: o for o in reversed(mine)}
    many = len(mine) > CHOICES
    chosen = {asked.change, *asked.remove}
    singles = [o for o in mine if _holds(o, find) or o.key in chosen] if many else mine
    return {"houses": [*reversed(owners.values())], "singles": singles[:CHOICES], "many": many,
            "find": find, "found": len(singles)}  # fmt: skip


def _holds(offer: Offer, find: str) -> bool:
    names = (offer.name_zh, offer.name_en, offer.organisation_zh, offer.organisation_en)
    return bool(find) and any(find.casefold() in name.casefold() for name in names)


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
