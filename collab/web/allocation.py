"""Which waiting needs could go to which announced or assumed capacity; for those who coordinate."""

from __future__ import annotations

import re

from flask import Blueprint, abort, render_template

from collab.matching.records import Offer
from collab.network import access, allotment, coordination
from collab.network.allotment import Assumed, Place
from collab.network.coordination import Desk
from collab.web import params, present
from collab.web.session import current_actor, platform, reading

blueprint = Blueprint("allocation", __name__, url_prefix="/coordinator/allocation")
MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
CHOICES = 400


def assumed() -> list[Assumed]:
    """The capacity in the address; what is not a month or a number asks nothing."""
    month, free = params.text("month", 7), params.whole("free", 0, 0, 999)
    capability = params.text("capability", 80)
    return (
        [Assumed(capability, month, free)] if capability and free and MONTH.fullmatch(month) else []
    )


@blueprint.get("")
def index() -> str:
    """The proven best assignment over the needs that the viewer may read."""
    if not access.may_coordinate(current_actor()):
        abort(404)
    wanted, network = assumed(), platform().network
    with reading() as uow:
        snapshot = platform().matching.snapshot(uow)
        desk = coordination.evaluated(uow, current_actor(), network, snapshot)
        found = allotment.allot(uow, network, desk, wanted)
    return render_template(
        "coordinator/allocation.html",
        found=found,
        asked=wanted[0] if wanted else None,
        used={id(p): sum(q is p for _, q in found.chosen) for p in found.places},
        choices=_choices(desk),
        place_name=lambda p: present.pick(p.name_zh, p.name_en),
        owner_name=_owner_name,
        offer_label=_offer_label,
        identity=id,
    )


def _choices(desk: Desk) -> list[Offer]:
    """Lines whose capacity may be assumed: those of the viewer's regions."""
    own = frozenset(desk.where.own)
    mine = [o for o in desk.snapshot.offers() if own & {o.place.region, *o.place.above}]
    return sorted(mine, key=lambda o: (o.organisation, o.key))[:CHOICES]


def _owner_name(place: Place) -> str:
    return present.pick(place.organisation_zh, place.organisation_en)


def _offer_label(offer: Offer) -> str:
    owner = present.pick(offer.organisation_zh, offer.organisation_en)
    return f"{owner} · {present.pick(offer.name_zh, offer.name_en) or offer.key}"
