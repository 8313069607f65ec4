"""What every template may use: assets, language, labels of the vocabulary, the actor."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, g, request, url_for
from flask_babel import Babel, get_locale, get_translations
from flask_wtf.csrf import CSRFProtect

from collab.notices import service as notices
from collab.web.session import current_actor, language, platform, reading, vocabulary

STATIC = Path(__file__).resolve().parent / "static"
TRANSLATIONS = Path(__file__).resolve().parents[2] / "translations"
LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
csrf = CSRFProtect()


@lru_cache(maxsize=256)
def _digest(name: str) -> str:
    path = STATIC / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else "0"


@lru_cache(maxsize=1)
def _manifest() -> dict[str, str]:
    path = STATIC / "vendor" / "manifest.json"
    found: dict[str, str] = json.loads(path.read_text("utf-8"))["files"] if path.is_file() else {}
    return found


def asset(name: str) -> str:
    """The address of a file of ours, changed whenever its content changes."""
    return url_for("static", filename=name, v=_digest(name))


def vendor(name: str) -> str:
    """The address of a library file, by the short name in the manifest."""
    return url_for("static", filename=f"vendor/{_manifest().get(name, name)}")


def switch_language_url(wanted: str) -> str:
    """This page in the other language."""
    args = {k: v for k, v in request.args.lists() if k != "lang"}
    return f"{request.path}?{urlencode({**args, 'lang': [wanted]}, doseq=True)}"


def with_args(**changes: Any) -> str:
    """This page with some query values replaced; None removes one. The page number starts anew."""
    args: dict[str, Any] = {k: v for k, v in request.args.lists() if k != "page"}
    for name, value in changes.items():
        args[name] = value
    kept = {k: v for k, v in args.items() if v not in (None, "", [])}
    return f"{request.path}?{urlencode(kept, doseq=True)}" if kept else request.path


def toggled(name: str, value: str) -> str:
    """This page with one value of a repeated field switched on or off."""
    values = request.args.getlist(name)
    now = [v for v in values if v != value] if value in values else [*values, value]
    return with_args(**{name: now})


def term(term_id: str) -> str:
    """The label of a vocabulary id in the asker's language."""
    return vocabulary().label(term_id, language())


def pick(zh: str, en: str) -> str:
    """The text in the asker's language, the other one where it is missing."""
    return (en or zh) if language() == "en" else (zh or en)


def _locale() -> str:
    return LOCALES[language()] if request else LOCALES["zh"]


def _catalogue() -> Any:
    """The translations of this request, looked up once: a page asks for thousands of texts."""
    if "catalogue" not in g:
        g.catalogue = get_translations()
    return g.catalogue


def _unread() -> int:
    actor = current_actor()
    if actor.is_visitor or request.path.startswith("/api/"):
        return 0
    with reading() as uow:
        return notices.unread(uow, actor)


def attr_pair(tag: Any) -> tuple[str, str]:
    """A tag as the (label, address) pair that the tags component takes."""
    return (tag.label, tag.href)


def install(app: Flask) -> None:
    """Register translations, CSRF and the template globals."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    app.config["BABEL_DEFAULT_LOCALE"] = LOCALES["zh"]
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    Babel(app, locale_selector=_locale)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _catalogue().ugettext(text),
        ngettext=lambda one, many, num: _catalogue().ungettext(one, many, num),
        newstyle=True,
    )
    csrf.init_app(app)
    app.add_template_filter(attr_pair)

    @app.before_request
    def guard() -> None:
        if request.method not in ("GET", "HEAD", "OPTIONS") and not request.path.startswith(
            "/api/"
        ):
            csrf.protect()

    app.jinja_env.globals.update(
        asset=asset, vendor=vendor, switch_language_url=switch_language_url, with_args=with_args,
        toggled=toggled, term=term, pick=pick, get_locale=get_locale,
    )  # fmt: skip

    @app.context_processor
    def every_page() -> dict[str, Any]:
        return {
            "lang": language(),
            "html_lang": "en" if language() == "en" else "zh-CN",
            "current_actor": current_actor(),
            "demo_shipped": platform().settings.seed_demo,
            "nav_active": (request.blueprint or "").split(".")[0],
            "unread_notices": _unread(),
        }
