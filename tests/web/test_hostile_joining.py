"""Harmful texts in the forms of joining, people and recovery are refused or kept as text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from collab.members import service
from tests.site import Site, copied, csrf
from tests.web.test_hostile_forms import STRINGS, encoded
from tests.web.test_joining import CODE, FORM


@pytest.fixture(scope="module")
def shared(bare_template, tmp_path_factory) -> Iterator[Site]:  # type: ignore[no-untyped-def]
    """One site for all of this."""
    site = copied(bare_template, tmp_path_factory.mktemp("hostile-joining"))
    yield site
    site.database.close()


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here is the forms, not the limits."""
    monkeypatch.setattr(service, "count_try", lambda *_a, **_k: None)


def sent(site: Site, path: str, form: dict[str, str], who: str = "visitor") -> int:
    client = site.browser(who)
    answer = client.post(path, data=encoded({**form, "csrf_token": csrf(client)}),
                         content_type="application/x-www-form-urlencoded")  # fmt: skip
    assert answer.status_code < 500, (path, answer.text[-300:])
    assert "<script>alert(1)" not in answer.text
    assert "onerror=alert(1)>" not in answer.text.replace("&gt;", "")
    assert ">49<" not in answer.text
    return answer.status_code


@pytest.mark.parametrize("name", STRINGS)
def test_a_hostile_application_is_refused_or_kept_as_text(shared: Site, name: str) -> None:
    for field in (*FORM, "name_en", "website", "evidence", "another"):
        form = {**FORM, "identifier": CODE, "name_zh": f"试{name}", field: STRINGS[name]}
        assert sent(shared, "/join", form) in (302, 413, 422), field
    assert shared.get("/members/applications", "secretariat").status_code == 200
    assert "<script>alert(1)" not in shared.get("/members/applications", "secretariat").text


@pytest.mark.parametrize("name", STRINGS)
def test_hostile_words_about_people_are_refused(shared: Site, name: str) -> None:
    value = STRINGS[name]
    beta = shared.organisations["beta"]
    known = {"scope": beta, "email": "a@b.example", "name": "某", "role": "member"}
    for field in (*known, "region", "expires_on"):
        answer = sent(shared, "/members/people/invite", {**known, field: value}, "other")
        assert answer in (200, 403, 404, 413, 422), field
    for act in ("grant", "revoke", "leave", "withdraw"):
        form = dict.fromkeys(("id", "person", "grant_role", "leaver", "successor"), value)
        for scope in (beta, value):
            path = f"/members/people/{act}"
            assert sent(shared, path, {**form, "scope": scope}, "other") in (404, 413, 422)
    for path, field in (("/reset", "email"), ("/reset/x", "password"), ("/invitation/x", "name"),
                        ("/verify/x", "y"), ("/sign-in/code", "code")):  # fmt: skip
        assert sent(shared, path, {field: value}) in (200, 302, 413, 422), path
    for path, field in (("/account/erase", "erase_password"), ("/account/second-factor", "code"),
                        ("/account/second-factor/off", "factor_password")):  # fmt: skip
        assert sent(shared, path, {field: value}, "owner") in (200, 413, 422), path
    house = f"/members/{shared.organisations['gamma']}"
    for field in ("title", "signed_on", "until", "reason", "version", "state"):
        form = {"signed_on": "2026-01-01", "state": "suspended", "version": "0", field: value}
        for act in ("agreement", "move"):
            assert sent(shared, f"{house}/{act}", form, "secretariat") in (302, 404, 409, 413, 422)


@pytest.mark.parametrize("name", STRINGS)
def test_hostile_filters_of_the_record_find_nothing(shared: Site, name: str) -> None:
    value = STRINGS[name][:3000].encode("utf-8", "replace").decode()
    for field in ("kind", "key", "action", "person", "since", "until", "page"):
        for path in ("/audit", "/audit/export.csv"):
            answer = shared.get(path, "secretariat", query_string={field: value})
            assert answer.status_code == 200, field
    for path in ("/members/people", "/members/applications"):
        answer = shared.get(path, "secretariat", query_string={"scope": value, "state": value})
        assert answer.status_code in (200, 404)
