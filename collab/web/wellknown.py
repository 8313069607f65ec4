"""Where somebody who found a weakness can turn to (RFC 9116)."""

from __future__ import annotations

from datetime import UTC as Z
from datetime import datetime, time, timedelta

from flask import Blueprint, Response

from collab.kernel import clock
from collab.web.session import platform, public

blueprint = Blueprint("wellknown", __name__)
STANDS = timedelta(days=180)


@blueprint.get("/.well-known/security.txt")
@public
def security_txt() -> Response:
    """Contact, expiry and languages."""
    settings = platform().settings
    # never the Host header: whoever asks could write any address into the answer
    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    sender = settings.smtp_from.rpartition("<")[2].rstrip("> ")
    contact = f"mailto:{sender}" if "@" in sender else f"{base}/help/privacy"
    expires = datetime.combine(clock.today() + STANDS, time(), Z).isoformat().replace("+00:00", "Z")
    lines = (
        f"Contact: {contact}",
        f"Expires: {expires}",
        "Preferred-Languages: zh, en",
        f"Canonical: {base}/.well-known/security.txt",
    )
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
