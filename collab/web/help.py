"""Help: how to use the platform, what the words mean, where the data comes from."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from werkzeug.exceptions import NotFound

from collab.matching.score import WEIGHTS
from collab.web.session import language, public

blueprint = Blueprint("help", __name__, url_prefix="/help")
PAGES = ("start", "matching", "search", "sources", "privacy", "import", "network")


def _weights() -> list[dict[str, Any]]:
    """The parts of the score with their points, so that the page says what the code does."""
    return [
        {
            "points": f"{w.points:g}",
            "zh": w.zh,
            "en": w.en,
            "how_zh": w.reads_zh,
            "how_en": w.reads_en,
        }
        for w in WEIGHTS.values()
    ]


@blueprint.get("")
@public
def index() -> str:
    """The first help page."""
    return page("start")


@blueprint.get("/<name>")
@public
def page(name: str) -> str:
    """One help page in the asker's language."""
    if name not in PAGES:
        raise NotFound
    return render_template(
        f"help/{name}.{language()}.html", pages=PAGES, name=name, weights=_weights()
    )
