"""The network of the alliance: drawing, table, filters."""

from __future__ import annotations

from flask import Blueprint, jsonify, render_template, request, url_for
from werkzeug.wrappers import Response

from collab.members import catalogue as members
from collab.network.service import Filter
from collab.web import labels, params, present
from collab.web.session import current_actor, language, platform, public, reading

blueprint = Blueprint("network", __name__, url_prefix="/network")


def wanted() -> Filter:
    """The filter in the address."""
    kinds = params.chosen("kind", labels.ORGANISATION_KIND)
    relations = params.chosen("relation", labels.RELATION_OUT)
    region = params.text("region")
    return Filter(
        kinds=frozenset(kinds),
        relations=frozenset(relations),
        regions=frozenset([region]) if region else frozenset(),
    )


@blueprint.get("")
@public
def index() -> str:
    """The picture with the table beside it."""
    with reading() as uow:
        view = platform().network.view(uow, current_actor(), wanted(), language=language())
        regions = members.regions(uow)
    return render_template(
        "network/index.html",
        view=view,
        data_url=f"{url_for('network.data')}?{request.query_string.decode()}",
        kinds=labels.pairs("organisation_kind"),
        relations=labels.pairs("relation_out"),
        regions=present.region_options(regions),
        region_names={r.code: present.pick(r.zh, r.en) for r in regions.values()},
    )


@blueprint.get("/data")
@public
def data() -> Response:
    """What the drawing script draws."""
    with reading() as uow:
        view = platform().network.view(uow, current_actor(), wanted(), language=language())
    return jsonify({k: view[k] for k in ("regions", "nodes", "links", "bounds", "counts")})
