"""The front page: one box, post a need, what waits for the person, what is here."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from collab.facilities import catalogue as capabilities
from collab.facilities.filters import CapabilityFilter
from collab.members import catalogue as members
from collab.members.filters import OrganisationFilter
from collab.needs import catalogue as needs
from collab.needs.filters import NeedFilter
from collab.web import labels, present, waiting
from collab.web.session import current_actor, language, platform, public, reading

blueprint = Blueprint("home", __name__)
SAMPLE = (
    "需要在8英寸SOI晶圆上做硅光芯片流片，最小线宽130nm，"
    "然后做倒装焊和光纤阵列耦合封装，20片，12周内交付"
)
SAMPLE_EN = (
    "Silicon photonics foundry run on 8 inch SOI, minimum feature size 130 nm, "
    "then flip chip and fibre array attach, 20 wafers, within 12 weeks"
)


@blueprint.get("/")
@public
def index() -> str:
    """One search box, one way to post a need, and what the platform holds."""
    actor = current_actor()
    with reading() as uow:
        categories = capabilities.facets(uow, actor, CapabilityFilter())["category"]
        kinds = members.facets(uow, actor, OrganisationFilter())
        latest = needs.page(uow, actor, NeedFilter(states=("published", "in_talks")), 1, 4)
        to_do = waiting.for_person(uow, actor)
    return render_template(
        "home/index.html",
        categories=[(k, w, categories.get(k, 0)) for k, w in labels.pairs("category")],
        capability_count=sum(categories.values()),
        organisation_count=sum(kinds["kind"].values()),
        region_count=len(kinds["region"]),
        needs=[present.need(v) for v in latest.items],
        need_count=latest.total,
        waiting=to_do,
        sample=SAMPLE_EN if language() == "en" else SAMPLE,
    )


@blueprint.get("/healthz")
@public
def healthy() -> Response:
    """The process answers."""
    return Response("ok\n", content_type="text/plain")


@blueprint.get("/readyz")
@public
def ready() -> Response:
    """The database answers and has the tables that the code needs."""
    found = platform().problems()
    return Response("\n".join(found or ["ok"]) + "\n", 503 if found else 200,
                    content_type="text/plain; charset=utf-8")  # fmt: skip


@blueprint.get("/robots.txt")
@public
def robots() -> Response:
    """Crawlers may read the public catalogue, nothing else."""
    lines = "User-agent: *\nDisallow: /account\nDisallow: /needs\nDisallow: /api\n"
    return Response(lines, content_type="text/plain")
