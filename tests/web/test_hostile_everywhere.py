"""Every route with every field full of harm: an answer, never a failure; new ones included."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.surfaces import rules
from tests.web.test_hostile_forms import STRINGS, encoded
from tests.web.test_matrix import Field, csrf, form_of, nothing_kept, place

__all__ = ["place"]
PLACE = re.compile(r"<(?:([^<>:]+)(?:\([^)]*\))?:)?(\w+)>")


@pytest.mark.parametrize("name", STRINGS)
def test_no_route_fails_whatever_it_is_sent(
    place: Field, name: str, request: pytest.FixtureRequest
) -> None:
    value, every = STRINGS[name], request.config.getoption("--run-soak")
    start = list(STRINGS).index(name)
    in_path = quote(value.encode("utf-8", "surrogatepass")[:300], safe="") or "x"
    site, failed = place.site, []
    with nothing_kept(site.database):
        for number, rule in enumerate(
            r for m in ("POST", "PUT", "DELETE", "GET") for r in rules(site, m)
        ):
            if not every and (number + start) % 6:
                continue
            for who in ("owner", "secretariat"):
                with site.browser(who).session_transaction() as session:
                    session.update(place.sessions[who])
                client = site.browser(who)
                real = place.path(rule, "members")
                bad = PLACE.sub(lambda m: "1" if m[1] == "int" else in_path, rule.rule)
                token = csrf(client)
                form = dict.fromkeys(form_of(place, rule.endpoint), value) | {"csrf_token": token}
                for path in {real, bad}:
                    if "POST" in (rule.methods or ()) and not path.startswith("/api/"):
                        answer = client.post(
                            path, data=encoded(form),
                            content_type="application/x-www-form-urlencoded",
                        )  # fmt: skip
                    elif "GET" in (rule.methods or ()):
                        answer = client.get(f"{path}?q={in_path}&page={in_path}&of={in_path}")
                    else:
                        body = dict.fromkeys(("name", "text", "title", "content", "version"), value)
                        plain = {k: v.encode("utf-8", "replace").decode() for k, v in body.items()}
                        way = sorted(rule.methods or ())[-1]
                        sent = {"X-CSRFToken": token}
                        answer = client.open(path, method=way, json=plain, headers=sent)
                    if answer.status_code >= 500 or b"<script>alert(1)" in answer.data:
                        failed.append((rule.rule, path[:80], answer.status_code))
    assert failed == []
