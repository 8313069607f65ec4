"""Every address of the site, asked by everybody: an answer, never a failure, nothing betrayed."""

from __future__ import annotations

import re

import pytest
from werkzeug.routing import Rule

from tests.site import EVERYBODY, Site, csrf

OPEN_TO_VISITORS = {
    "account.sign_in", "account.sign_out", "capabilities.index", "capabilities.show",
    "help.index", "help.page", "home.healthy", "home.index", "home.ready", "home.robots",
    "members.claim", "members.join", "members.received", "needs.index", "needs.new", "needs.show",
    "network.data", "network.export", "network.index", "network.poster", "notices.stop",
    "openid.back", "openid.find", "organisations.index", "organisations.show", "passkeys.ask",
    "passkeys.sign_in", "people.invitation", "recovery.ask", "recovery.change_address",
    "recovery.reset", "recovery.verify", "routes.export", "routes.show",
    "runs.index", "search.index", "search.suggest",
    "second_factor.code", "second_factor.passkey", "second_factor.passkey_options",
    "vocabulary.index", "wellknown.security_txt",
}  # fmt: skip
UNKNOWN = {"key": "need-0000000000", "interest_key": "int-0000000000", "name": "nothing",
           "kind": "needs", "format": "csv", "code": "nowhere", "term": "nothing",
           "filename": "nothing.js", "act": "confirm", "number": "1"}  # fmt: skip

SIGNED = re.compile(r"[\w-]{20,}\.[\w-]{6}\.[\w-]{20,}")  # a form's token holds the time


def pages(site: Site) -> list[Rule]:
    """Every rule of the pages; the API has tests of its own."""
    return [r for r in site.app.url_map.iter_rules()
            if not r.rule.startswith("/api/") and r.endpoint != "static"]  # fmt: skip


def address(rule: Rule, **known: str) -> str:
    """The rule with every variable filled in, one of several words with the first of them."""
    return re.sub(r"<(?:any\((\w+)[^)]*\):|[^<>:]+:)?(\w+)>",
                  lambda m: m[1] or known.get(m[2], UNKNOWN.get(m[2], "x")), rule.rule)  # fmt: skip


def test_only_the_listed_pages_are_open_to_visitors(bare: Site) -> None:
    found = set()
    for rule in pages(bare):
        view = bare.app.view_functions[rule.endpoint]
        if getattr(view, "is_public", False):
            found.add(rule.endpoint)
    assert found == OPEN_TO_VISITORS


@pytest.mark.parametrize("who", EVERYBODY)
def test_every_address_answers_everybody(bare: Site, who: str) -> None:
    key = bare.published("members")
    for rule in pages(bare):
        view = bare.app.view_functions[rule.endpoint]
        for path in (address(rule), address(rule, key=key)):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                client = bare.browser(who)
                data = {"csrf_token": csrf(client)} if method == "POST" else None
                answer = client.open(path, method=method, data=data)
                assert answer.status_code < 500, (method, path, answer.text[-400:])
                closed = not getattr(view, "is_public", False)
                if who == "visitor" and closed:
                    assert answer.status_code == 302, path
                    assert answer.location.startswith("/sign-in"), path
        if rule.endpoint == "account.sign_out":
            bare._clients.pop(who)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_hidden_thing_answers_like_one_that_does_not_exist(bare: Site, language: str) -> None:
    hidden = bare.published("invited")
    for who in ("other", "coordinator", "secretariat", "suspended"):
        for rule in pages(bare):
            if "<key>" not in rule.rule or not rule.rule.startswith("/needs/"):
                continue
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                client = bare.browser(who)
                seen = []
                for key in (hidden, "need-0000000000"):
                    path = address(rule, key=key) + f"?lang={language}"
                    data = {"csrf_token": csrf(client), "state": "withdrawn"}
                    answer = client.open(path, method=method,
                                         data=data if method == "POST" else None)  # fmt: skip
                    text = SIGNED.sub("", answer.text.replace(key, "KEY"))
                    seen.append((answer.status_code, text))
                assert seen[0] == seen[1], (method, rule.rule, who)
                assert seen[0][0] in (403, 404, 409, 422), (method, rule.rule, who)
    assert bare.get(f"/needs/{hidden}", "invited").status_code == 200
    assert bare.get(f"/needs/{hidden}", "member").status_code == 200


def test_no_page_is_cached_and_every_answer_has_the_protecting_headers(bare: Site) -> None:
    for path in ("/", "/sign-in", "/nothing", "/needs/new", "/search?q=x", "/network/data"):
        headers = bare.get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"], path
        assert "unsafe-eval" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers
