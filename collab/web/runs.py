"""Multi-project-wafer runs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from collab.facilities import catalogue
from collab.web import present
from collab.web.session import current_actor, public, reading

blueprint = Blueprint("runs", __name__, url_prefix="/runs")


def _soonest(run: dict[str, Any]) -> tuple[bool, str]:
    return not run["tape_in"], run["tape_in"]


@blueprint.get("")
@public
def index() -> str:
    """All runs, upcoming ones first."""
    with reading() as uow:
        found = [present.run(r) for r in catalogue.runs(uow, current_actor())]
    return render_template(
        "runs/index.html",
        upcoming=sorted((r for r in found if not r["historical"]), key=_soonest),
        historical=[r for r in found if r["historical"]],
    )
