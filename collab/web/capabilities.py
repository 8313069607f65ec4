"""Browse the catalogue; register, change, confirm and retire capabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from pydantic import ValidationError
from werkzeug.wrappers import Response

from collab.facilities import catalogue, service
from collab.facilities.filters import CapabilityFilter
from collab.facilities.forms import CapabilityIn
from collab.kernel.errors import Conflict, Rejected
from collab.kernel.problems import Problem
from collab.members import catalogue as members
from collab.web import capability_form, holds, labels, params, present
from collab.web.context import toggled, with_args
from collab.web.errors import problems_of
from collab.web.session import current_actor, language, public, reading, vocabulary, writing

blueprint = Blueprint("capabilities", __name__, url_prefix="/capabilities")
SORTS = ("name", "fresh", "organisation")
WAFERS = ("50", "76", "100", "125", "150", "200", "300")


def wanted() -> CapabilityFilter:
    """The filter in the address; a technique stands for everything narrower too."""
    words = vocabulary()
    techniques: frozenset[str] = frozenset()
    for technique in params.chosen("technique", words.techniques):
        techniques |= words.descendants(technique)
    materials: frozenset[str] = frozenset()
    for material in params.chosen("material", words.materials):
        materials |= words.descendants(material)
    wafer = params.one("wafer", WAFERS)
    return CapabilityFilter(
        text=params.text("q"),
        categories=params.chosen("category", labels.CATEGORY),
        techniques=techniques,
        materials=materials,
        evidence=params.chosen("evidence", labels.EVIDENCE),
        statuses=params.chosen("status", labels.STATUS),
        wafer=int(wafer) if wafer else None,
        sort=params.one("sort", SORTS, "name"),
    )


def options(name: str, counts: dict[str, int]) -> list[present.Option]:
    """The choices of a facet with their counts."""
    on = params.chosen(name)
    return [
        present.Option(
            word, counts.get(key, 0), toggled(name, key), key in on,
            key if name == "category" else "",
        )
        for key, word in labels.pairs(name)
        if counts.get(key) or key in on
    ]  # fmt: skip


def chips(places: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is switched on, each with the address without it."""
    words = vocabulary()
    found = []
    for name in ("technique", "material"):
        for value in params.chosen(name):
            found.append((words.label(value, language()), toggled(name, value)))
    for name in ("category", "evidence", "status"):
        for value in params.chosen(name, labels.TABLES[name]):
            found.append((labels.label(name, value), toggled(name, value)))
    for name in ("q", "region", "wafer"):
        if text := params.text(name):
            shown = {"region": places.get(text, text), "wafer": f"{text} mm"}.get(name, text)
            found.append((shown, with_args(**{name: None})))
    return found


@blueprint.get("")
@public
def index() -> str:
    """The catalogue with filters."""
    number, size = params.page()
    with reading() as uow:
        regions = members.regions(uow)
        narrowed = _in_region(wanted(), {r.code: r.path for r in regions.values()})
        page = catalogue.page(uow, current_actor(), narrowed, number, size)
        counts = catalogue.facets(uow, current_actor(), narrowed)
    words = vocabulary()
    return render_template(
        "capabilities/index.html",
        page=page.map(present.capability),
        facet_rows={name: options(name, counts[name]) for name in counts},
        chips=chips(present.region_names(regions.values())),
        href=lambda n: with_args(page=n),
        techniques=[(t.id, t.label(language())) for t in words.techniques.values()],
        materials=[(m.id, m.label(language())) for m in words.materials.values()],
        regions=present.region_options(regions),
        wafers=[(w, f"{w} mm") for w in WAFERS],
        sort=narrowed.sort,
    )


def _in_region(narrowed: CapabilityFilter, paths: dict[str, str]) -> CapabilityFilter:
    path = paths.get(params.text("region"), "")
    return replace(narrowed, region_path=path)


@blueprint.get("/<key>")
@public
def show(key: str) -> str:
    """One capability with source, evidence and freshness."""
    with reading() as uow:
        view = catalogue.one(uow, current_actor(), key)
        beside = holds.beside(uow, current_actor(), view.row)
    return render_template(
        "capabilities/show.html",
        **beside,
        item=present.capability(view),
        owner=present.organisation(view.owner),
        can_edit=service.may_edit(current_actor(), view.row),
    )


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> str | tuple[str, int] | Response:
    """Register a capability of one's own organisation."""
    organisation = params.text("organisation") or request.form.get("organisation", "")
    if request.method == "GET":
        return _form({"category": "process"}, (), organisation)
    try:
        form = capability_form.read(request.form)
        with writing() as uow:
            row = service.register_capability(
                uow, current_actor(), organisation, form, vocabulary()
            )
    except (ValidationError, Rejected, Conflict) as error:
        return _refused(error, organisation)
    flash(_("能力已登记。"), "success")
    return redirect(url_for("capabilities.show", key=row.public_id))


@blueprint.route("/<key>/edit", methods=["GET", "POST"])
def edit(key: str) -> str | tuple[str, int] | Response:
    """Change a capability."""
    if request.method == "GET":
        with reading() as uow:
            view = catalogue.editable(uow, current_actor(), key)
        return _form(capability_form.filled(view), (), present.org_key(view.owner.row), key)
    try:
        form: CapabilityIn = capability_form.read(request.form)
        with writing() as uow:
            service.change_capability(
                uow, current_actor(), key, form, capability_form.version(request.form),
                vocabulary(),
            )  # fmt: skip
    except (ValidationError, Rejected, Conflict) as error:
        return _refused(error, "", key)
    flash(_("修改已保存。"), "success")
    return redirect(url_for("capabilities.show", key=key))


@blueprint.post("/<key>/<any(confirm, retire, restore):act>")
def touch(key: str, act: str) -> Response:
    """Confirm that a record still holds, take it out of the catalogue, or bring it back."""
    use_case = {
        "confirm": service.confirm_capability,
        "retire": service.retire_capability,
        "restore": service.restore_capability,
    }[act]
    with writing() as uow:
        use_case(uow, current_actor(), key)
    flash({"confirm": _("已确认仍然有效。"), "retire": _("已从目录撤下，可随时恢复。"),
           "restore": _("已恢复到目录。")}[act], "success")  # fmt: skip
    return redirect(url_for("capabilities.show", key=key))


Refusal = ValidationError | Rejected | Conflict


def _refused(error: Refusal, organisation: str, key: str = "") -> tuple[str, int]:
    """The form again with what was typed and what is wrong with it."""
    page = _form(capability_form.typed(request.form), _wrong(error), organisation, key)
    return page, 409 if isinstance(error, Conflict) else 422


def _wrong(error: Refusal) -> tuple[Problem, ...]:
    if isinstance(error, ValidationError):
        return tuple(problems_of(error))
    if isinstance(error, Rejected):
        return error.problems
    field = str(error.facts.get("field", ""))
    return (Problem(field, error.code, dict(error.facts)),)


def _form(
    values: dict[str, Any], wrong: tuple[Problem, ...], organisation: str, key: str = ""
) -> str:
    return render_template(
        "capabilities/edit.html",
        values=values,
        problems=present.problems(wrong),
        organisation=organisation,
        key=key,
        **capability_form.choices(values, vocabulary(), language()),
    )
