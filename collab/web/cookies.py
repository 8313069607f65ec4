"""The session cookie: signed, HttpOnly, and bound to this host as soon as the visit is by HTTPS."""

from __future__ import annotations

from flask import Flask, has_request_context, request
from flask.sessions import SecureCookieSessionInterface

BOUND = "__Host-"  # browsers keep such a cookie only when it is Secure, of Path=/ and no Domain


class HostBoundCookies(SecureCookieSessionInterface):
    """Secure where SECURE_COOKIES says so, and for every answer that leaves by HTTPS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the cookie must never travel by plain HTTP."""
        by_https = has_request_context() and request.is_secure
        return bool(app.config["SESSION_COOKIE_SECURE"]) or by_https

    def get_cookie_name(self, app: Flask) -> str:
        """A secure cookie has the prefix that other hosts of the domain cannot set."""
        name = str(app.config["SESSION_COOKIE_NAME"])
        return BOUND + name if self.get_cookie_secure(app) else name

    def get_cookie_path(self, app: Flask) -> str:
        """The whole host: the prefix asks for it."""
        return "/"

    def get_cookie_domain(self, app: Flask) -> None:
        """No domain: this host alone."""
        return
