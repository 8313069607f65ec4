"""The OpenAPI document and its page, served without leaving the machine."""

from __future__ import annotations

import json

from flask import Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from collab.web.api import openapi
from collab.web.api.asking import by_cookie
from collab.web.api.layer import Operation
from collab.web.api.serving import api
from collab.web.session import language

VERSION = "1.0.0"


@api.blueprint.get("/v1/openapi.json")
def openapi_json() -> Response:
    """The document in the asker's language."""
    made = openapi.document(tuple(api.operations), language(), VERSION)
    served = made | {"servers": [{"url": request.script_root + "/api"}]}
    response = Response(json.dumps(served, ensure_ascii=False), content_type="application/json")
    response.add_etag()
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept-Language")
    response.make_conditional(request.environ)
    return response


@api.blueprint.get("/docs")
def docs() -> str:
    """The documentation page."""
    g.actor = by_cookie()
    place = 1 if language() == "en" else 0
    groups = [
        (words[place], [_line(o, place) for o in api.operations if o.tag == tag])
        for tag, words in openapi.TAGS.items()
    ]
    return render_template(
        "api/docs.html",
        document_url=url_for("api.openapi_json", lang=language()),
        groups=groups,
    )


def _line(operation: Operation, place: int) -> dict[str, str]:
    return {
        "method": operation.method,
        "path": "/api" + operation.address,
        "summary": operation.summary[place],
    }


@api.blueprint.get("/v1/docs")
def docs_v1() -> AnyResponse:
    """The same page under the version's address."""
    return redirect(url_for("api.docs"), 308)
