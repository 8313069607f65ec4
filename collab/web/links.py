"""One-time links in pages: the key they are made with, and whether e-mail carries them."""

from __future__ import annotations

from flask import current_app, request

from collab.members import service
from collab.web.session import platform, writing


def secret() -> str:
    """The installation's key."""
    return str(current_app.secret_key)


def shown(path: str) -> str:
    """The whole link for the one who made it; nothing where e-mail carries it."""
    settings = platform().settings
    if settings.smtp_host:
        return ""
    return (settings.public_url.rstrip("/") or request.host_url.rstrip("/")) + path


def count(*tries: tuple[str, int]) -> None:
    """Count attempts in a transaction of their own, so that they stay counted when refused."""
    with writing() as uow:
        for key, limit in tries:
            service.count_try(uow, key, limit)


def from_here(what: str) -> str:
    """The key under which attempts from this network address are counted."""
    return f"{what}-from:{request.remote_addr}"
