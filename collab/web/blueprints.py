"""Every page family and the API, registered in one place."""

from __future__ import annotations

from flask import Flask

from collab.web import (
    account,
    agreements,
    allocation,
    api,
    audit,
    blocked,
    capabilities,
    coordinator,
    enrolment,
    files,
    home,
    imports,
    joining,
    moderation,
    needs,
    network,
    notices,
    openid,
    organisations,
    passkeys,
    people,
    questions,
    recovery,
    reports,
    routes,
    runs,
    saved,
    search,
    second_factor,
    vocabulary,
    wellknown,
)
from collab.web import help as help_pages

FAMILIES = (
    home, account, agreements, capabilities, organisations, needs, files, runs, search, saved,
    moderation, reports, blocked, network, imports, notices, help_pages, vocabulary, coordinator,
    joining, allocation, questions, routes, people, recovery, second_factor, passkeys, openid,
    enrolment,
    audit,
    wellknown,
)  # fmt: skip


def install(app: Flask) -> None:
    """Register all of them."""
    for family in FAMILIES:
        app.register_blueprint(family.blueprint)
    app.register_blueprint(api.blueprint)
