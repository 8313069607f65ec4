"""The application factory: settings, platform, pages, API, commands."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from collab import cli, wiring
from collab.config import Settings, load_settings
from collab.storage.database import Database
from collab.web import blueprints, context, cookies, errors, pace, security, served, session

ROOT = Path(__file__).resolve().parent


def create_served_app() -> Flask:
    """The application of a serving process: search and network are made ready in the background."""
    app = create_app()
    app.extensions["collab"].search.warm_soon()
    app.extensions["collab"].network.warm_soon()
    app.extensions["collab"].words.follow_soon()
    return app


def create_server() -> served.Served:
    """What the server calls in a serving process."""
    return served.Served(create_served_app())


def create_app(settings: Settings | None = None, database: Database | None = None) -> Flask:
    """A configured application; `settings` and `database` replace the environment's in tests."""
    settings = settings or load_settings()
    app = Flask(
        "collab",
        root_path=str(ROOT),
        template_folder="templates",
        static_folder=str(ROOT / "collab" / "web" / "static"),
    )
    app.config.update(
        SECRET_KEY=wiring.secret_key(settings),
        MAX_CONTENT_LENGTH=settings.max_body,
        MAX_FORM_MEMORY_SIZE=settings.max_body,
        SESSION_COOKIE_NAME=session.COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        # an answer that changed nothing must not bring back an older cookie, its language included
        SESSION_REFRESH_EACH_REQUEST=False,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    app.session_interface = cookies.HostBoundCookies()
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["collab"] = wiring.build(settings, database)
    app.extensions["collab_pace"] = pace.Pace(app.extensions["collab"].database)
    security.install(app)
    errors.install(app)
    session.install(app)
    context.install(app)
    blueprints.install(app)
    cli.install(app)
    return app
