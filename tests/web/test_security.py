"""Signing in and out, cookies, forged forms, redirects and hosts."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from flask import session as flask_session
from sqlmodel import select

from collab.members.models import Throttle
from tests.site import PASSWORD, Site, csrf, open_site, row_counts


def enter(site: Site, client, email: str, password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    """One try to sign in with a browser."""
    form = {"email": email, "password": password, "csrf_token": csrf(client), **more}
    return client.post("/sign-in", data=form)


def test_the_session_cookie_is_protected_and_replaced_at_sign_in(bare: Site) -> None:
    client = bare.app.test_client()
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    before = client.get_cookie("oe_session")
    assert before is not None
    answer = enter(bare, client, bare.emails["owner"])
    assert answer.status_code == 302
    header = answer.headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    after = client.get_cookie("oe_session")
    assert after is not None
    assert after.value != before.value
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["token"]
    assert client.get("/account").status_code == 200
    old = bare.app.test_client()
    old.set_cookie("oe_session", before.value)
    assert old.get("/account").status_code == 302


def test_behind_https_the_cookie_is_secure_and_the_site_insists_on_https(bare: Site) -> None:
    bare.app.config["SESSION_COOKIE_SECURE"] = True
    client = bare.app.test_client()
    answer = client.get("/sign-in", base_url="https://localhost")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers


def test_a_copied_cookie_is_dead_after_signing_out(bare: Site) -> None:
    client = bare.fresh_browser("owner")
    cookie = client.get_cookie("oe_session")
    assert cookie is not None
    copy = bare.app.test_client()
    copy.set_cookie("oe_session", cookie.value)
    assert copy.get("/account").status_code == 200
    left = client.post("/sign-out", data={"csrf_token": csrf(client)})
    assert (left.status_code, left.headers["Clear-Site-Data"]) == (302, '"cache"')
    copy.set_cookie("oe_session", cookie.value)
    assert copy.get("/account").status_code == 302
    assert client.get("/account").status_code == 302


def test_a_new_password_ends_every_other_session(bare: Site) -> None:
    here, there = bare.fresh_browser("owner"), bare.fresh_browser("owner")
    form = {"current": PASSWORD, "new": "seven quiet herons crossing", "csrf_token": csrf(here)}
    assert here.post("/account/password", data=form).status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302
    wrong = {**form, "new": "1234567890"}
    assert here.post("/account/password", data=wrong).status_code == 422


def test_wrong_password_and_unknown_person_get_the_same_answer(bare: Site) -> None:
    answers = []
    for email in (bare.emails["owner"], "nobody@example.net"):
        answer = enter(bare, bare.app.test_client(), email, "wrong words here")
        text = re.sub(r"[\w-]{20,}\.[\w-]{6}\.[\w-]{20,}", "", answer.text.replace(email, ""))
        answers.append((answer.status_code, text))
    assert answers[0] == answers[1]
    assert answers[0][0] == 422


def test_guessing_is_locked_out_alike_for_people_and_for_nobody(bare: Site) -> None:
    for email in (bare.emails["owner"], "nobody@example.net"):
        seen = [enter(bare, bare.app.test_client(), email, f"guess {n}") for n in range(10)]
        assert [a.status_code for a in seen[:8]] == [422] * 8
        assert {a.status_code for a in seen[8:]} == {429}
        assert int(seen[-1].headers["Retry-After"]) > 0
    locked = enter(bare, bare.app.test_client(), bare.emails["owner"])
    assert locked.status_code == 429
    assert enter(bare, bare.app.test_client(), bare.emails["other"]).status_code == 302


def test_signing_in_rightly_uses_up_no_tries(bare: Site) -> None:
    for _ in range(10):
        assert enter(bare, bare.app.test_client(), bare.emails["owner"]).status_code == 302
    with bare.database.reading() as uow:
        counts = [row.count for row in uow.session.exec(select(Throttle)).all()]
    assert sum(counts) == 0


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example",
     "javascript:1", "/%09//evil.example\t", "///evil.example", "http:evil.example",
     " //evil.example", "/\r\nX: y"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(bare: Site, target: str) -> None:
    client = bare.app.test_client()
    answer = enter(bare, client, bare.emails["owner"], next=target)
    assert answer.status_code == 302
    assert answer.location.startswith("/")
    assert not answer.location.startswith(("//", "/\\"))
    assert "X" not in answer.headers
    assert enter(bare, client, bare.emails["owner"], next="/needs?q=a").location == "/needs?q=a"


def test_every_post_without_its_token_is_refused(bare: Site) -> None:
    key = bare.published("members")
    before = row_counts(bare.database)
    client = bare.browser("owner")
    posts = [r for r in bare.app.url_map.iter_rules()
             if "POST" in (r.methods or ()) and not r.rule.startswith("/api/")]  # fmt: skip
    assert len(posts) >= 15
    for rule in posts:
        path = re.sub(r"<any[^>]*>", "retire", rule.rule)
        path = re.sub(r"<interest_key>", "int-0000000000", path)
        path = re.sub(r"<[^>]*>", key, path)
        for data in ({}, {"csrf_token": "forged"}, {"csrf_token": csrf(bare.browser("other"))}):
            answer = client.post(path, data={**data, "text": "x", "state": "withdrawn"})
            assert answer.status_code == 400, (path, answer.status_code)
    assert row_counts(bare.database) == before
    assert client.get("/account").status_code == 200


def test_a_forged_host_is_neither_believed_nor_repeated(bare: Site) -> None:
    for path in ("/", "/needs/new", "/account", "/sign-in"):
        answer = bare.get(
            path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        )
        assert "evil.example" not in answer.text
        assert "evil.example" not in answer.headers.get("Location", "")


def test_a_suspended_house_and_an_expired_role_have_no_standing(bare: Site) -> None:
    key = bare.published("members")
    for who in ("suspended", "expired"):
        assert bare.get(f"/needs/{key}", who).status_code == 404
        assert bare.get("/account", who).status_code == 200
        form = {"text": "x", "organisation": bare.organisations["delta"]}
        assert bare.post("/needs/new", who, form).status_code in (403, 404, 422)


def test_no_session_is_given_to_somebody_who_only_looks(bare: Site) -> None:
    with bare.app.test_request_context("/"):
        assert "token" not in flask_session
    answer = bare.app.test_client().get("/capabilities")
    assert "token" not in answer.headers.get("Set-Cookie", "")


def test_only_the_public_name_is_answered_and_only_known_proxies_are_believed(
    bare_template: Path, tmp_path: Path
) -> None:
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    site = open_site(tmp_path, public_url="https://oe.example.org", trusted_proxies=1)
    client = site.app.test_client()
    for host, status in (("oe.example.org", 200), ("localhost:8000", 200), ("evil.example", 400),
                         ("oe.example.org.evil.example", 400), ("[::1", 400)):  # fmt: skip
        assert client.get("/sign-in", headers={"Host": host}).status_code == status, host
    assert client.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200
    behind = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "oe.example.org"}
    assert "Strict-Transport-Security" in client.get("/sign-in", headers=behind).headers
    two = {"X-Forwarded-Host": "oe.example.org, evil.example"}
    assert client.get("/sign-in", headers=two).status_code == 400
    site.database.close()


def test_without_known_proxies_forwarded_headers_mean_nothing(bare: Site) -> None:
    for number in range(9):
        client = bare.app.test_client()
        form = {"email": bare.emails["owner"], "password": "x", "csrf_token": csrf(client)}
        headers = {"X-Forwarded-For": f"10.0.0.{number}", "X-Forwarded-Proto": "https"}
        answer = client.post("/sign-in", data=form, headers=headers)
        assert "Strict-Transport-Security" not in answer.headers
    assert answer.status_code == 429
