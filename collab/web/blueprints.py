"""Every page family and the API, registered in one place."""

from __future__ import annotations

from flask import Flask

from collab.web import (
    account,
    api,
    capabilities,
    home,
    imports,
    needs,
    network,
    notices,
    organisations,
    runs,
    search,
)
from collab.web import help as help_pages

FAMILIES = (
    home, account, capabilities, organisations, needs, runs, search, network, imports, notices,
    help_pages,
)  # fmt: skip


def install(app: Flask) -> None:
    """Register all of them."""
    for family in FAMILIES:
        app.register_blueprint(family.blueprint)
    app.register_blueprint(api.blueprint)
