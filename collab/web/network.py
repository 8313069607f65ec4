"""The network of the alliance: drawing, tables, filters, paths, comparison and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, jsonify, render_template, request, url_for

from collab.members import catalogue as members
from collab.network import exports
from collab.network.measured import METRICS
from collab.network.service import Filter
from collab.network.wanted import MOST_STEPS, ORGANISATIONS, REGIONS, VIEWS, Wanted, metric_names
from collab.storage.uow import UnitOfWork
from collab.web import labels, params, present
from collab.web.session import language, platform, public, reading, vocabulary

blueprint = Blueprint("network", __name__, url_prefix="/network")
TABLE_ROWS = 400
DRAWN = ("regions", "nodes", "links", "path", "sentence", "bounds", "spacing", "counts",
         "pending")  # fmt: skip


def day(name: str) -> date | None:
    """A date in the query; None for none or nonsense."""
    try:
        return date.fromisoformat(params.text(name, 10))
    except ValueError:
        return None


def filter_of() -> Filter:
    """The filter in the address; a term stands for everything narrower, unknown ones go."""
    words = vocabulary()
    techniques = params.chosen("technique", words.techniques)
    materials = params.chosen("material", words.materials)
    on = day("on")
    return Filter(
        kinds=frozenset(params.chosen("kind", labels.ORGANISATION_KIND)),
        techniques=frozenset(f"t:{n}" for t in techniques for n in words.descendants(t)),
        materials=frozenset(n for m in materials for n in words.descendants(m)),
        relations=frozenset(params.chosen("relation", labels.RELATION_OUT)),
        evidence=frozenset(params.chosen("evidence", labels.EVIDENCE)),
        regions=frozenset(params.chosen("region")),
        since=on or day("since"),
        until=on or day("until"),
    )


def wanted(uow: UnitOfWork) -> Wanted:
    """The view in the address. Narrowing to a region opens it; organisations go by id or slug."""
    network = platform().network
    narrowed = filter_of()
    view = params.one("view", VIEWS, ORGANISATIONS if narrowed.regions else REGIONS)
    ends = {name: network.key_of(uow, params.text(name, 80)) for name in ("focus", "from", "to")}
    return Wanted(
        filter=narrowed,
        view=view,
        focus=ends["focus"],
        steps=params.whole("steps", 1, 1, MOST_STEPS),
        source=ends["from"],
        target=ends["to"],
        size=params.one("size", METRICS, "degree"),
        colour=params.one("colour", METRICS, "betweenness"),
    )


def address(endpoint: str, form: str | None = None, *, _anchor: str = "", **changes: Any) -> str:
    """Another view with this page's query, some of it replaced; None removes one."""
    args: dict[str, Any] = {k: v for k, v in request.args.lists() if k != "lang"}
    args = {k: v for k, v in {**args, **changes}.items() if v not in (None, "", [], [""])}
    path = url_for(endpoint, form=form) if form else url_for(endpoint)
    query = f"?{urlencode(args, doseq=True)}" if args else ""
    return f"{path}{query}{'#' if _anchor else ''}{_anchor}"


def linked(view: Mapping[str, Any]) -> dict[str, Any]:
    """What the script draws, with addresses: regions open in place, organisations have a page."""
    data = {name: view[name] for name in DRAWN}
    data["regions"] = [
        {**r, "src": address("network.data", region=r["key"], view=ORGANISATIONS),
         "url": address("network.index", region=r["key"], view=ORGANISATIONS)}
        if r["key"] and not view["nodes"] else r
        for r in view["regions"]
    ]  # fmt: skip
    data["nodes"] = [{**n, "url": organisation_address(n["slug"] or n["key"])}
                     for n in view["nodes"]]  # fmt: skip
    return data


def organisation_address(key: str) -> str:
    """The page of an organisation; written out because url_for is slow a thousand times over."""
    return f"{request.script_root}/organisations/{key}"


def metric_options() -> list[tuple[str, str]]:
    """Metrics to choose from, by title."""
    return [(name, METRICS[name].title(language())) for name in metric_names()]


@blueprint.get("")
@public
def index() -> str:
    """The picture with the tables beside it."""
    with reading() as uow:
        asked = wanted(uow)
        view = platform().network.view(uow, asked, language())
        regions = members.regions(uow)
        more = {**_beside(uow, asked), **_times(uow)}
    tied = params.text("tied", 80)
    ties = [t for t in view["tie_rows"] if tied and tied in (t["source"], t["target"])]
    names = present.region_names(regions.values())
    return render_template(
        "network/index.html",
        view=view,
        asked=asked,
        tied=tied if ties else "",
        tie_rows=ties or view["tie_rows"],
        data_url=address("network.data"),
        pending=[METRICS[name].title(language()) for name in view["pending"]],
        kinds=labels.pairs("organisation_kind"),
        relations=labels.pairs("relation_out"),
        evidence=labels.pairs("evidence"),
        relation_names={k: labels.label("relation_out", k) for k in labels.RELATION_OUT},
        kind_names=dict(labels.pairs("organisation_kind")),
        techniques=_terms(vocabulary().techniques),
        materials=_terms(vocabulary().materials),
        regions=present.region_options(regions),
        region_names=names,
        metrics=metric_options(),
        colour=METRICS[asked.colour],
        size=METRICS[asked.size],
        address=address,
        organisation_address=organisation_address,
        forms=tuple(exports.FORMS),
        most=TABLE_ROWS,
        **more,
    )


def _terms(terms: Iterable[str]) -> list[tuple[str, str]]:
    named = [(t, vocabulary().label(t, language())) for t in terms]
    return sorted(named, key=lambda pair: pair[1])


def _beside(uow: UnitOfWork, asked: Wanted) -> dict[str, Any]:
    """What stands below the picture: the organisation in focus, a path, two regions compared."""
    network = platform().network
    graph = network.state(uow).graph
    known = {r.code for r in members.regions(uow).values()}
    pair = [params.text(n, 64) for n in ("compare", "with")]
    both = all(code in known for code in pair)

    def name(key: str) -> str:
        data = graph.nodes.get(key, {})
        return present.pick(data.get("label_zh", ""), data.get("label_en", "")) or key

    return {
        "name": name,
        "slug": lambda key: graph.nodes[key].get("slug") or key if key in graph else key,
        "without": network.without(uow, asked.focus) if asked.focus else None,
        "compared": network.compared(uow, *pair) if both else None,
        "compare_pair": pair,
        "choices": network.names(uow, language(), TABLE_ROWS),
        "unknown": [
            words
            for name in ("focus", "from", "to")
            if (words := params.text(name, 80)) and not network.key_of(uow, words)
        ],
    }


def _times(uow: UnitOfWork) -> dict[str, Any]:
    """Stops of the time slider, each with the drawing of that day, and what the form carries on."""
    kept = [(k, v) for k, values in request.args.lists() for v in values
            if k not in ("on", "since", "until", "lang") and v]  # fmt: skip
    none: dict[str, Any] = {"since": None, "until": None}
    return {
        "moments": [
            {"day": m.day.isoformat(), "links": m.links,
             "src": address("network.data", on=m.day.isoformat(), **none)}
            for m in platform().network.moments(uow)
        ],
        "always_src": address("network.data", on=None, **none),
        "kept": kept,
    }  # fmt: skip


@blueprint.get("/data")
@public
def data() -> Response:
    """What the drawing script draws."""
    with reading() as uow:
        view = platform().network.view(uow, wanted(uow), language())
    return jsonify(linked(view))


@blueprint.get("/poster.svg")
@public
def poster() -> Response:
    """The picture as a file for a slide."""
    with reading() as uow:
        text = platform().network.poster(uow, wanted(uow), language())
    return _file(text, "image/svg+xml", "network.svg", inline=True)


@blueprint.get("/export/<form>")
@public
def export(form: str) -> Response:
    """The narrowed network for other tools; public facts only."""
    if form not in exports.FORMS:
        abort(404)
    ending, kind = exports.FORMS[form]
    with reading() as uow:
        text = platform().network.exported(uow, wanted(uow), form)
    stem = "network" if ending == form else f"network-{form}"
    return _file(text, kind, f"{stem}.{ending}")


def _file(text: str, kind: str, name: str, *, inline: bool = False) -> Response:
    answer = Response(text, content_type=kind)
    answer.headers["Content-Disposition"] = (
        f"{'inline' if inline else 'attachment'}; filename={name}"
    )
    return answer
