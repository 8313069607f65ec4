"""Lists brought in and taken out."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.exceptions import NotFound

blueprint = Blueprint("imports", __name__, url_prefix="/imports")


@blueprint.get("")
def index() -> str:
    """Where lists are uploaded."""
    raise NotFound


@blueprint.get("/export/<kind>.<format>")
def export(kind: str, format: str) -> str:  # noqa: A002
    """A list in a file."""
    raise NotFound(f"{kind}.{format}")
