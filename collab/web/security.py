"""What guards every answer: known hosts, believed proxies, a content policy, no framing."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from collab.config import Settings
from collab.kernel import origin
from collab.platform import Platform

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
NOTHING = ", ".join(
    f"{what}=()" for what in (
        "camera", "microphone", "geolocation", "payment", "usb", "serial", "bluetooth", "midi",
        "display-capture", "clipboard-read", "browsing-topics",
    )
)  # fmt: skip
YEAR = 31_536_000
MORE = 64 * 1024  # what a form or document needs beside the file itself
PROBES = ("/healthz", "/readyz")  # asked by whatever address the prober knows


def hosts_of(settings: Settings) -> frozenset[str]:
    """Names under which the site may be asked; empty when no public address is set: any name."""
    public = urlsplit(settings.public_url).hostname if settings.public_url else None
    return frozenset({public, settings.host.lower(), "localhost", "127.0.0.1", "::1"}
                     if public else ())  # fmt: skip


def _asked_for() -> str:
    try:
        return urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return ""


def _say_origin(app: Flask) -> None:
    """What goes on record during a request came from its network."""

    @app.before_request
    def arrive() -> None:
        origin.say(origin.network_of(request.remote_addr))

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        origin.say("")


def largest_upload(settings: Settings) -> int:
    """The largest body that carries a file: base64 and the rest of the form included."""
    return settings.file_max_bytes * 4 // 3 + MORE


def _let_files_in(app: Flask, most: int) -> None:
    """Views that take files may be sent larger bodies than others, base64 and form included."""

    @app.before_request
    def widen() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if getattr(view, "takes_files", False):
            request.max_content_length = most


def install(app: Flask) -> None:
    """Set the headers; the style attribute stays open for the chart library's tooltips.

    With PUBLIC_URL set, a request for another host is refused, so that no link can be made to
    lead elsewhere; X-Forwarded headers count only as far as TRUSTED_PROXIES says.
    """
    found: Platform = app.extensions["collab"]
    proxies, hosts = found.settings.trusted_proxies, hosts_of(found.settings)
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )

    _say_origin(app)
    _let_files_in(app, largest_upload(found.settings))

    @app.before_request
    def known_host() -> Response | None:
        if hosts and _asked_for() not in hosts and request.path not in PROBES:
            return Response("unknown host\n", 400, content_type="text/plain")
        return None

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Origin-Agent-Cluster"] = "?1"
        headers["Permissions-Policy"] = NOTHING
        if request.is_secure:
            headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
        if request.endpoint != "static" and "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        return response
