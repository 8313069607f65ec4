"""Regions, organisations and runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from collab.facilities import catalogue as facilities
from collab.facilities.catalogue import RunView
from collab.kernel.errors import NotFound
from collab.members import catalogue, service
from collab.members.forms import OrganisationIn
from collab.members.models import Organisation
from collab.storage.uow import UnitOfWork
from collab.web.api import filters, paging, shapes
from collab.web.api.layer import Reply
from collab.web.api.reading import expected_version
from collab.web.api.serving import api
from collab.web.api.shapes_needs import Version
from collab.web.session import current_actor, reading, vocabulary, writing

REGIONS, ORGANISATIONS, RUNS = "regions", "organisations", "runs"


class OrganisationChange(OrganisationIn):
    """The organisation's page as it shall be."""

    version: Annotated[Version, Field()] = None


@api.get("/regions", summary=("列出地区", "List regions"), tag=REGIONS, public=True,
         query=filters.RegionQuery, answer=shapes.Regions)  # fmt: skip
def list_regions(query: filters.RegionQuery) -> shapes.Regions:
    """Countries, provinces, cities, clusters and parks."""
    with reading() as uow:
        rows = sorted(catalogue.regions(uow).values(), key=lambda r: r.path)
        inside = filters.region_path(uow, query.within, "within")
    found = [
        r for r in rows if r.path.startswith(inside) and (not query.kind or r.kind in query.kind)
    ]
    page = paging.slice_of(found, query)
    return shapes.Regions(
        items=[shapes.region(r) for r in page.items], total=page.total, next=paging.next_of(page)
    )


@api.get("/regions/<code>", summary=("查看一个地区", "One region"), tag=REGIONS, public=True,
         answer=shapes.RegionOut)  # fmt: skip
def show_region(code: str) -> shapes.RegionOut:
    """A region by its code."""
    with reading() as uow:
        found = next((r for r in catalogue.regions(uow).values() if r.code == code), None)
    if found is None:
        raise NotFound("region", code)
    return shapes.region(found)


@api.get("/organisations", summary=("列出机构", "List organisations"), tag=ORGANISATIONS,
         public=True, query=filters.OrganisationQuery, answer=shapes.Organisations)  # fmt: skip
def list_organisations(query: filters.OrganisationQuery) -> shapes.Organisations:
    """Organisations of the catalogue by name."""
    with reading() as uow:
        wanted = filters.organisations(uow, query)
        page = paging.fetched(
            query, lambda n, size: catalogue.page(uow, current_actor(), wanted, n, size)
        )
    return shapes.Organisations(
        items=[shapes.organisation(v) for v in page.items],
        total=page.total,
        next=paging.next_of(page),
    )


@api.get("/organisations/<key>", summary=("查看一家机构", "One organisation"), tag=ORGANISATIONS,
         public=True, versioned=True, answer=shapes.OrganisationFull)  # fmt: skip
def show_organisation(key: str) -> Reply:
    """An organisation by its id or the slug of the shipped dataset."""
    with reading() as uow:
        return _full(uow, key)


@api.put("/organisations/<key>", summary=("修改机构页面", "Change an organisation's page"),
         tag=ORGANISATIONS, versioned=True, body=OrganisationChange,
         answer=shapes.OrganisationFull)  # fmt: skip
def change_organisation(key: str, body: OrganisationChange) -> Reply:
    """Replace what the organisation says of itself."""
    version = expected_version(body.version)
    form = OrganisationIn.model_validate(body.model_dump(exclude={"version"}))
    actor = current_actor()
    with writing() as uow:
        catalogue.editable(uow, actor, key)
        now = catalogue.one(uow, actor, key).view.row.version
        service.change_organisation(uow, actor, key, form, now if version is None else version)
        uow.flush()
        return _full(uow, key)


def _full(uow: UnitOfWork, key: str) -> Reply:
    actor = current_actor()
    detail = catalogue.one(uow, actor, key)
    row = detail.view.row
    number = row.id or 0
    model = shapes.organisation_full(
        detail,
        facilities.counts(uow, [number]).get(number, 0),
        contact=number in actor.organisation_ids or actor.secretariat,
        may_edit=number in actor.editor_organisation_ids or actor.secretariat,
    )
    return Reply(model, version=row.version)


def opened(uow: UnitOfWork, key: str) -> Organisation | None:
    """The organisation of a filter; None for no filter, NotFound for one that is not there."""
    return catalogue.one(uow, current_actor(), key).view.row if key else None


@api.get("/runs", summary=("列出多项目晶圆班次", "List multi-project-wafer runs"), tag=RUNS,
         public=True, query=filters.RunQuery, answer=shapes.Runs)  # fmt: skip
def list_runs(query: filters.RunQuery) -> shapes.Runs:
    """Runs, upcoming ones first."""
    words = vocabulary()
    techniques = filters.expanded("technique", query.technique, words.techniques)
    materials = filters.expanded("material", query.material, words.materials)
    with reading() as uow:
        owner = opened(uow, query.organisation)
        found = facilities.runs(uow, current_actor(), owner.id if owner else None)

    def fits(run: RunView) -> bool:
        return (
            (not techniques or bool(techniques & set(run.row.techniques)))
            and (not materials or bool(materials & set(run.row.materials)))
            and not (query.upcoming and run.row.historical)
        )

    page = paging.slice_of([r for r in found if fits(r)], query)
    return shapes.Runs(
        items=[shapes.run(r) for r in page.items], total=page.total, next=paging.next_of(page)
    )
