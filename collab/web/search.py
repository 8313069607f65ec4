"""One box over everything the reader may see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode

import numpy as np
from flask import Blueprint, jsonify, render_template, request, url_for
from flask import Response as FileResponse
from werkzeug.wrappers import Response

from collab.importing import exports
from collab.kernel.errors import NotFound
from collab.kernel.paging import Page
from collab.members import catalogue as members
from collab.search.documents import Document
from collab.search.facets import FACETS, SORTS
from collab.search.query import SearchQuery
from collab.search.results import Hit
from collab.search.service import Found
from collab.search.whoosh_score import kilometres
from collab.storage.uow import UnitOfWork
from collab.web import labels, params, present, search_terms
from collab.web.context import toggled, with_args
from collab.web.session import (
    current_actor,
    language,
    platform,
    public,
    reading,
    vocabulary,
    writing,
)
from collab.web.translated import _

blueprint = Blueprint("search", __name__, url_prefix="/search")
KINDS = {
    "capability": ("能力", "Capabilities"),
    "organisation": ("机构", "Organisations"),
    "need": ("需求", "Needs"),
    "run": ("流片批次", "MPW runs"),
    "help": ("帮助", "Help"),
}
LIMIT = 20
MOST_ROWS = 5_000  # of an exported file
FACET_ORDER = (
    "category", "technique", "material", "wafer", "region", "organisation_kind", "access_mode",
    "evidence", "status",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HitItem:
    """One hit for the template; title and snippet are (text, marked) pieces."""

    kind: str
    kind_label: str
    href: str
    title: list[tuple[str, bool]]
    snippet: list[tuple[str, bool]]
    organisation: str
    place: str
    why: list[str]
    category: str
    evidence: str
    status: str
    away: str


def wanted() -> SearchQuery:
    """The query in the address."""
    number = params.whole("page", 1)
    filters = {
        name: params.chosen(name) for name in FACETS if name != "kind" and request.args.get(name)
    }
    return SearchQuery(
        text=params.text("q"),
        kinds=params.chosen("kind", KINDS),
        filters=filters,
        sort=params.one("sort", SORTS, "relevance"),
        origin=_origin(),
        offset=(number - 1) * LIMIT,
        limit=LIMIT,
        expand=request.args.get("expand") != "0",
        correct=request.args.get("exact") != "1",
        mentions=request.args.get("mentions") == "1",
        places=request.args.get("places") != "0",
    )


def _origin() -> tuple[float, float] | None:
    """Where the reader's first organisation stands, for sorting by distance."""
    if request.args.get("sort") != "distance":
        return None
    with reading() as uow:
        own = members.own(uow, current_actor())
    place = next((v.region for v in own if v.region.lat is not None), None)
    return (place.lat or 0.0, place.lon or 0.0) if place else None


@blueprint.get("")
@public
def index() -> str:
    """Results with facets, or what to try when there is nothing."""
    with reading() as uow:
        query, found = _found(uow)
        regions = present.region_names(members.regions(uow).values())
    return render_template(
        "search/index.html",
        q=query.text,
        found=found,
        facet_rows=_facets(found, regions),
        kinds=_kinds(found, query),
        groups=_groups(found, query, regions),
        sorts=_sorts(query),
        sort=query.sort,
        placeless=query.sort == "distance" and query.origin is None,
        chips=search_terms.chosen(_chosen(regions)),
        unfiltered=search_terms.without_choices([*FACETS]),
        terms=search_terms,
        regions=regions,
        active=sum(len(values) for values in query.filters.values()),
        page=_page(found, query),
        href=lambda n: with_args(page=n),
        export_links=_export_addresses(),
        save_address=_save_address(),
        suggested_title=(query.text or next(iter(query.kinds), ""))[:120],
    )


def _found(uow: UnitOfWork) -> tuple[SearchQuery, Found]:
    """The hits of the query in the address; a page beyond the end is the last one."""
    query = wanted()
    found = platform().search.search(uow, current_actor(), query)
    if found.hits or not query.offset or not found.total:
        return query, found
    last = replace(query, offset=(found.total - 1) // LIMIT * LIMIT)
    return last, platform().search.search(uow, current_actor(), last)


def _groups(found: Found, query: SearchQuery, regions: dict[str, str]) -> list[dict[str, Any]]:
    """Hits under headings of kinds while all are shown by relevance, else one list."""
    items = [hit(h, regions, query.origin) for h in found.hits]
    if query.kinds or query.sort != "relevance" or not items:
        return [{"label": "", "href": "", "count": 0, "hits": items}] if items else []
    counts = found.result.kinds
    return [
        {"label": hits[0].kind_label, "href": with_args(kind=kind),
         "count": counts.get(kind, len(hits)), "hits": hits}
        for kind, hits in search_terms.grouped(items)
    ]  # fmt: skip


def _sorts(query: SearchQuery) -> list[dict[str, Any]]:
    """Orders as links; by distance only for those who have a place."""
    offered = [s for s in SORTS.values() if s.id != "distance" or current_actor().is_member]
    return [
        {"label": s.en if language() == "en" else s.zh, "on": s.id == query.sort,
         "href": with_args(sort=None if s.id == "relevance" else s.id)}
        for s in offered
    ]  # fmt: skip


def _chosen(regions: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    return {
        name: [(value, _facet_label(name, value, regions)) for value in params.chosen(name)]
        for name in FACETS if name != "kind"
    }  # fmt: skip


def _page(found: Found, query: SearchQuery) -> Page[HitItem]:
    return Page([], found.total, query.offset // LIMIT + 1, LIMIT)


def hit(found: Hit, regions: dict[str, str], origin: tuple[float, float] | None = None) -> HitItem:
    """A hit for the template; how far from `origin` where hits are in that order."""
    document = found.document
    title = found.highlight.title_en if language() == "en" else found.highlight.title_zh
    zh, en = KINDS.get(document.kind, (document.kind, document.kind))
    return HitItem(
        kind=document.kind,
        kind_label=en if language() == "en" else zh,
        href=_address(document.kind, document.key),
        title=title or found.highlight.title_zh or found.highlight.title_en,
        snippet=found.highlight.snippet,
        organisation=present.pick(document.organisation_zh, document.organisation_en)
        if document.kind != "organisation"
        else "",
        place=next((regions[code] for code in document.regions if code in regions), ""),
        why=search_terms.reasons(found),
        category=document.category,
        evidence=document.evidence,
        status=document.status if document.kind == "capability" else "",
        away=_away(origin, document),
    )


def _away(origin: tuple[float, float] | None, document: Document) -> str:
    """The distance in words, to ten kilometres: places are those of regions."""
    if origin is None or document.lat is None or document.lon is None:
        return ""
    found = float(kilometres(origin, np.array([[document.lat, document.lon]]))[0])
    return _("约 %(n)s km", n=f"{round(found, -1):,.0f}")


def _address(kind: str, key: str) -> str:
    if kind == "run":
        return url_for("runs.index") + f"#{key}"
    if kind == "help":
        return url_for("help.page", name=key.removeprefix("help-"))
    family = {"capability": "capabilities", "organisation": "organisations", "need": "needs"}
    return url_for(f"{family[kind]}.show", key=key)


def _facet_label(facet: str, value: str, regions: dict[str, str]) -> str:
    tables = {"category": "category", "evidence": "evidence",
              "organisation_kind": "organisation_kind", "access_mode": "access_mode"}  # fmt: skip
    if facet in tables:
        return labels.label(tables[facet], value)
    if facet == "status":
        words = {**labels.NEED_STATE, **labels.STATUS}
        zh, en = words.get(value, (value, value))
        return en if language() == "en" else zh
    if facet == "region":
        return regions.get(value, value)
    if facet == "wafer":
        return f"{value} mm"
    return vocabulary().label(value, language())


def _facets(found: Found, regions: dict[str, str]) -> list[tuple[str, list[present.Option]]]:
    rows = []
    for name in FACET_ORDER:
        counts = found.result.facets.get(name) or ()
        on = params.chosen(name)
        options = [
            present.Option(
                _facet_label(name, value, regions), count, toggled(name, value), value in on,
                value if name == "category" else "",
            )
            for value, count in counts
            if value
        ]  # fmt: skip
        facet = FACETS[name]
        if options:
            rows.append((facet.en if language() == "en" else facet.zh, options))
    return rows


def _kinds(found: Found, query: SearchQuery) -> list[dict[str, Any]]:
    counts = found.result.kinds
    everything = "全部" if language() == "zh" else "All"
    tabs: list[dict[str, Any]] = [
        {"label": everything, "href": with_args(kind=None), "on": not query.kinds, "count": None}
    ]
    for key, (zh, en) in KINDS.items():
        if counts.get(key) or key in query.kinds:
            tabs.append(
                {"label": en if language() == "en" else zh, "href": with_args(kind=key),
                 "on": key in query.kinds, "count": counts.get(key, 0)}
            )  # fmt: skip
    return tabs


@blueprint.get("/export.<format>")
def export(format: str) -> FileResponse:  # noqa: A002 - the word in the address
    """The hits of the query in the address as a file, at most MOST_ROWS of them."""
    wanted_format: Literal["csv", "xlsx"] = "csv" if format == "csv" else "xlsx"
    if format != wanted_format:
        raise NotFound("list", format[:20])
    query = wanted()
    with writing() as uow:  # taking out an invited need is a read and is written down
        found = platform().search.everything(uow, current_actor(), query, MOST_ROWS)
        content = exports.export_hits(uow, current_actor(), found, wanted_format)
    answer = FileResponse(content, content_type=exports.MEDIA[wanted_format])
    name = exports.file_name("search", wanted_format)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _export_addresses() -> list[tuple[str, str]]:
    """Links to the files of this query; none for visitors."""
    if current_actor().is_visitor:
        return []
    return [(f.upper(), _with_query(url_for("search.export", format=f))) for f in ("csv", "xlsx")]


def _save_address() -> str:
    """Where the save form posts to; empty for those who cannot be told."""
    if not current_actor().is_member:
        return ""
    return _with_query(url_for("saved.save"))


def _with_query(path: str) -> str:
    """The path with the conditions of this page."""
    args = {k: v for k, v in request.args.lists() if k not in ("page", "lang")}
    return f"{path}?{urlencode(args, doseq=True)}"


@blueprint.get("/suggest")
@public
def suggest() -> Response:
    """Completions while typing."""
    found = platform().search.suggest(current_actor(), params.text("q", 60))
    return jsonify([{"text": s.text, "kind": s.kind, "count": s.count} for s in found])
