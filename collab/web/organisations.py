"""Browse organisations; their people edit their page and see what is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from pydantic import ValidationError
from werkzeug.wrappers import Response

from collab.facilities import catalogue as capabilities
from collab.kernel.errors import Conflict, Rejected
from collab.kernel.problems import Problem
from collab.members import catalogue, service
from collab.members.filters import OrganisationFilter
from collab.members.forms import OrganisationIn
from collab.members.models import Person, RoleGrant
from collab.web import labels, params, present
from collab.web.capability_form import version as version_of
from collab.web.context import toggled, with_args
from collab.web.errors import problems_of
from collab.web.session import current_actor, public, reading, writing

blueprint = Blueprint("organisations", __name__)
FIELDS = ("name_zh", "name_en", "website", "description_zh", "description_en", "contact")


@blueprint.get("/organisations")
@public
def index() -> str:
    """The list of organisations with filters."""
    number, size = params.page()
    wanted = OrganisationFilter(
        text=params.text("q"),
        kinds=params.chosen("kind", labels.ORGANISATION_KIND),
        members_only=params.text("members") == "1",
    )
    with reading() as uow:
        regions = catalogue.regions(uow)
        paths = {r.code: r.path for r in regions.values()}
        wanted = replace(wanted, region_path=paths.get(params.text("region"), ""))
        page = catalogue.page(uow, current_actor(), wanted, number, size)
        facets = catalogue.facets(uow, current_actor(), wanted)
        counts = capabilities.counts(uow, [v.row.id or 0 for v in page.items])
    on = params.chosen("kind")
    return render_template(
        "organisations/index.html",
        page=page.map(lambda v: present.organisation(v, counts.get(v.row.id or 0, 0))),
        kinds=[
            present.Option(word, facets["kind"].get(key, 0), toggled("kind", key), key in on)
            for key, word in labels.pairs("organisation_kind")
            if facets["kind"].get(key) or key in on
        ],
        chips=_chips(on, present.region_names(regions.values())),
        regions=present.region_options(regions),
        href=lambda n: with_args(page=n),
    )


def _chips(kinds: tuple[str, ...], places: Mapping[str, str]) -> list[tuple[str, str]]:
    found = [(labels.label("organisation_kind", k), toggled("kind", k)) for k in kinds]
    if request.args.get("q"):
        found.append((params.text("q"), with_args(q=None)))
    if region := params.text("region"):
        found.append((places.get(region, region), with_args(region=None)))
    if params.text("members") == "1":
        found.append((_("仅联盟成员"), with_args(members=None)))
    return found


@blueprint.get("/organisations/<key>")
@public
def show(key: str) -> str:
    """An organisation with its capabilities, runs, ties, source and evidence."""
    actor = current_actor()
    with reading() as uow:
        detail = catalogue.one(uow, actor, key)
        owner_id = detail.view.row.id or 0
        offered = capabilities.of_organisation(uow, actor, owner_id)
        runs = capabilities.runs(uow, actor, owner_id)
    return render_template(
        "organisations/show.html",
        item=present.organisation(detail.view, len(offered)),
        capabilities=[present.capability(v) for v in offered],
        runs=[present.run(r) for r in runs],
        ties=[
            {
                "label": labels.label("relation_out" if t.outward else "relation_in", t.kind),
                "name": present.pick(t.other.name_zh, t.other.name_en),
                "href": url_for("organisations.show", key=present.org_key(t.other)),
                "year": t.year,
                "source": t.source,
            }
            for t in detail.ties
        ],
        agreements=[
            {"title": a.title, "signed": present.day(a.signed_on), "until": present.day(a.until)}
            for a in detail.agreements
        ],
        can_edit=owner_id in actor.editor_organisation_ids or actor.secretariat,
        may_block=actor.editor_organisation_ids and owner_id not in actor.organisation_ids,
    )


@blueprint.get("/my-organisation")
def mine() -> str | Response:
    """The organisations in which the person stands; straight to the page when it is one."""
    with reading() as uow:
        own = catalogue.own(uow, current_actor())
        people = {
            v.row.public_id: _people(catalogue.people(uow, current_actor(), v.row.id or 0))
            for v in own
        }
        offered = {
            v.row.public_id: [
                present.capability(c)
                for c in capabilities.of_organisation(uow, current_actor(), v.row.id or 0)
            ]
            for v in own
        }
    return render_template(
        "organisations/mine.html",
        items=[present.organisation(v) for v in own],
        people=people,
        capabilities=offered,
        editable={
            v.row.public_id for v in own if v.row.id in current_actor().editor_organisation_ids
        },
    )


def _people(stand: Sequence[tuple[Person, RoleGrant]]) -> list[tuple[str, list[str]]]:
    """Everybody once, with all roles."""
    by_person = groupby(stand, key=lambda pair: pair[0].id)
    rows = [list(pairs) for _key, pairs in by_person]
    return [(r[0][0].name, [labels.label("role", g.role) for _p, g in r]) for r in rows]


@blueprint.route("/organisations/<key>/edit", methods=["GET", "POST"])
def edit(key: str) -> str | tuple[str, int] | Response:
    """Edit an organisation's page."""
    if request.method == "GET":
        with reading() as uow:
            row = catalogue.editable(uow, current_actor(), key)
        values = {name: getattr(row, name) for name in FIELDS} | {"version": row.version}
        return _form(key, values, ())
    try:
        form = OrganisationIn.model_validate({n: request.form.get(n, "") for n in FIELDS})
        version = version_of(request.form)
        if version is None:
            raise Conflict("stale")
        with writing() as uow:
            service.change_organisation(uow, current_actor(), key, form, version)
    except (ValidationError, Rejected) as error:
        found = problems_of(error) if isinstance(error, ValidationError) else error.problems
        return _form(key, dict(request.form), tuple(found)), 422
    except Conflict as error:
        return _form(key, dict(request.form), (Problem("", error.code, dict(error.facts)),)), 409
    flash(_("机构页面已更新。"), "success")
    return redirect(url_for("organisations.show", key=key))


def _form(key: str, values: dict[str, object], wrong: tuple[Problem, ...]) -> str:
    return render_template(
        "organisations/edit.html", key=key, values=values, problems=present.problems(wrong)
    )
