"""Signing in by an organisation's own service, against a provider that really runs and can lie."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlmodel import col, select
from werkzeug.test import TestResponse

from collab import tables
from collab.kernel.identity import Role
from collab.members.models import (
    ExternalIdentity,
    IdentityProvider,
    Organisation,
    Person,
    RoleGrant,
    SignInSession,
)
from collab.members.rules import Membership
from collab.storage.models import Activity
from tests.authenticator import Authenticator
from tests.openid_provider import CLIENT, SECRET, Provider, served
from tests.site import Site, csrf, open_site, people
from tests.web.test_signing import post, told, with_passkey


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider on this machine."""
    with served() as running:
        yield running


@pytest.fixture
def hall(bare_template: Path, tmp_path: Path, provider: Provider) -> Iterator[Site]:
    """The site with the cast; beta's service is entered by the secretariat."""
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    site = open_site(tmp_path, oidc_trusted_hosts="127.0.0.1")
    people(site)
    assert entered(site, provider).status_code == 302
    yield site
    site.database.close()


def entered(
    site: Site, provider: Provider, who: str = "secretariat", house: str = "beta", **more: str
) -> TestResponse:
    """The form of an organisation's service."""
    form = {"scope": site.organisations[house], "issuer": provider.issuer, "client_id": CLIENT,
            "client_secret": SECRET, "domains": "beta.example example.net", "active": "1",
            **more}  # fmt: skip
    return site.post("/members/sign-in-service", who, form)


def leave(client: FlaskClient, email: str = "neu@beta.example") -> str:
    """The address at the provider to which the page leads."""
    page = post(client, "/sign-in/organisation", email=email, next="/needs/mine")
    assert page.status_code == 200, page.text
    found = re.search(r'href="(http://127\.0\.0\.1[^"]+)"', page.text)
    assert found
    return html.unescape(found[1])


def come_back(
    site: Site, client: FlaskClient, provider: Provider, email: str = "neu@beta.example",
    **claims: Any,
) -> TestResponse:  # fmt: skip
    """A whole round: to the provider and back."""
    said = {"email": email, "email_verified": True, "name": "新人", **claims}
    query = provider.consent(leave(client, email), **said)
    return client.get(way(site) + query)


def way(site: Site, house: str = "beta") -> str:
    return "/sign-in/openid/idp-" + site.organisations[house].removeprefix("org-")


def invite(site: Site, email: str = "neu@beta.example", house: str = "beta") -> None:
    form = {"scope": site.organisations[house], "email": email, "name": "新人", "role": "member"}
    assert site.post("/members/people/invite", "secretariat", form).status_code == 200


def rows(site: Site, table: Any) -> list[Any]:
    with site.database.reading() as uow:
        return list(uow.session.exec(select(table).order_by(col(table.id))).all())


def test_who_is_invited_comes_in_and_is_known_by_subject_afterwards(
    hall: Site, provider: Provider
) -> None:
    client = hall.app.test_client()
    assert come_back(hall, client, provider).status_code == 422, "not invited yet"
    invite(hall)
    done = come_back(hall, client, provider)
    assert (done.status_code, done.location) == (302, "/needs/mine")
    assert "乙鹭微纳" in client.get("/my-organisation").text
    made = rows(hall, Person)[-1]
    assert (made.email, made.name, made.password_hash) == ("neu@beta.example", "新人", "")
    assert made.verified_at is not None
    again = come_back(hall, hall.app.test_client(), provider, email="other@beta.example",
                      email_verified=False)  # fmt: skip
    assert again.status_code == 302, "the subject counts from now on, not the address"
    assert [i.subject for i in rows(hall, ExternalIdentity)] == ["s-1"]
    assert [s.method for s in rows(hall, SignInSession)][-2:] == ["openid", "openid"]
    refused = post(hall.app.test_client(), "/sign-in", email=made.email, password="")
    assert refused.status_code == 422, "no password, no way in by password"


def test_a_member_of_nothing_else_is_linked_and_told(hall: Site, provider: Provider) -> None:
    client = hall.app.test_client()
    assert come_back(hall, client, provider, email="other@example.net").status_code == 302
    assert client.get("/account").status_code == 200
    assert told(hall, "other") == ["account_service_linked"]


@pytest.mark.parametrize(("email", "why"), [
    ("nobody@beta.example", "nobody"), ("owner@example.net", "of another organisation"),
    ("expired@example.net", "role has ended"), ("secretariat@example.net", "no role there"),
])  # fmt: skip
def test_who_does_not_stand_there_is_refused_alike(
    hall: Site, provider: Provider, email: str, why: str
) -> None:
    client = hall.app.test_client()
    answer = come_back(hall, client, provider, email=email)
    assert answer.status_code == 422, why
    unknown = come_back(hall, hall.app.test_client(), provider, email="x@beta.example")
    plain = [re.sub(r'(content|value|href)="[^"]*"', "", a.text) for a in (answer, unknown)]
    assert plain[0] == plain[1]
    assert client.get("/account").status_code == 302
    assert rows(hall, ExternalIdentity) == []


def test_a_service_takes_over_nobody_who_stands_elsewhere_too(
    hall: Site, provider: Provider
) -> None:
    with hall.database.writing() as uow:
        beta = uow.session.exec(
            select(Organisation).where(Organisation.public_id == hall.organisations["beta"])
        ).one()
        uow.session.add(RoleGrant(person_id=hall.people["secretariat"], role=Role.MEMBER,
                                  organisation_id=beta.id))  # fmt: skip
    client = hall.app.test_client()
    mail = "secretariat@example.net"
    assert come_back(hall, client, provider, email=mail).status_code == 422
    own = hall.fresh_browser("secretariat")
    key = way(hall).rpartition("/")[2]
    page = post(own, f"/account/openid/{key}/connect")
    found = re.search(r'href="(http://127\.0\.0\.1[^"]+)"', page.text)
    assert found
    query = provider.consent(html.unescape(found[1]), email="", email_verified=False)
    assert own.get(way(hall) + query).location == "/account/security"
    assert come_back(hall, client, provider, email=mail).status_code == 302
    other = hall.fresh_browser("other")
    page = post(other, f"/account/openid/{key}/connect")
    found = re.search(r'href="(http://127\.0\.0\.1[^"]+)"', page.text)
    assert found
    query = provider.consent(html.unescape(found[1]))
    assert other.get(way(hall) + query).status_code == 422, "that subject is somebody else"
    assert hall.post(f"/account/openid/{key}/connect", "owner").status_code == 404
    (linked,) = rows(hall, ExternalIdentity)
    assert hall.post(f"/account/openid/{linked.id}/disconnect", "other").status_code == 404
    assert hall.post(f"/account/openid/{linked.id}/disconnect", "secretariat").status_code == 302
    assert rows(hall, ExternalIdentity) == []


def test_a_service_keeps_nobody_who_gained_a_role_elsewhere_unless_connected_by_hand(
    hall: Site, provider: Provider
) -> None:
    mail, client = "other@example.net", hall.app.test_client()
    assert come_back(hall, client, provider, email=mail).status_code == 302
    with hall.database.writing() as uow:
        uow.session.add(RoleGrant(person_id=hall.people["other"], role=Role.SECRETARIAT))
    thief = hall.app.test_client()
    refused = come_back(hall, thief, provider, email=mail)
    unknown = come_back(hall, hall.app.test_client(), provider, email="x@beta.example", sub="s-9")
    assert (refused.status_code, thief.get("/audit").status_code) == (422, 302)
    plain = [re.sub(r'(content|value|href)="[^"]*"', "", a.text) for a in (refused, unknown)]
    assert plain[0] == plain[1]
    own, key = hall.fresh_browser("other"), way(hall).rpartition("/")[2]
    assert f"/account/openid/{key}/connect" in own.get("/account/security").text
    page = post(own, f"/account/openid/{key}/connect")
    found = re.search(r'href="(http://127\.0\.0\.1[^"]+)"', page.text)
    assert found
    query = provider.consent(html.unescape(found[1]), email="", email_verified=False)
    assert own.get(way(hall) + query).location == "/account/security"
    assert [i.by_hand for i in rows(hall, ExternalIdentity)] == [True]
    assert f"/account/openid/{key}/connect" not in own.get("/account/security").text
    assert come_back(hall, thief, provider, email=mail).status_code == 302


def test_a_connection_made_for_one_person_is_not_finished_by_another(
    hall: Site, provider: Provider
) -> None:
    client = hall.fresh_browser("other")
    key = way(hall).rpartition("/")[2]
    page = post(client, f"/account/openid/{key}/connect")
    found = re.search(r'href="(http://127\.0\.0\.1[^"]+)"', page.text)
    assert found
    query = provider.consent(html.unescape(found[1]))
    with client.session_transaction() as session:
        session.pop("token")
    assert client.get(way(hall) + query).status_code == 422
    assert rows(hall, ExternalIdentity) == []


@pytest.mark.parametrize("claims", [
    {"email_verified": False}, {"email_verified": "true"}, {"email_verified": None},
    {"email": "neu@beta.example.evil.example"}, {"email": "neu@gamma.example"},
    {"email": "neu@beta.example@x"}, {"email": ["neu@beta.example"]},
])  # fmt: skip
def test_the_first_time_a_verified_address_of_the_domain_counts(
    hall: Site, provider: Provider, claims: dict[str, Any]
) -> None:
    invite(hall)
    client = hall.app.test_client()
    query = provider.consent(leave(client), **{"email": "neu@beta.example",
                                               "email_verified": True, **claims})  # fmt: skip
    assert client.get(way(hall) + query).status_code == 422
    assert come_back(hall, client, provider).status_code == 302


@pytest.mark.parametrize("bend", [
    {"claims": {"iss": "https://evil.example"}}, {"claims": {"aud": "another"}},
    {"claims": {"aud": [CLIENT, "another"]}}, {"claims": {"azp": "another"}},
    {"claims": {"nonce": "stale"}}, {"claims": {"nonce": None}}, {"claims": {"sub": None}},
    {"claims": {"sub": ""}}, {"claims": {"sub": "x" * 300}}, {"claims": {"exp": 1}},
    {"claims": {"exp": None}}, {"claims": {"iat": 9_999_999_999}}, {"claims": {"iat": None}},
    {"claims": {"at_hash": "wrong"}}, {"none": True}, {"shared": True}, {"stranger": True},
])  # fmt: skip
def test_an_id_token_that_does_not_hold_opens_nothing(
    hall: Site, provider: Provider, bend: dict[str, Any]
) -> None:
    invite(hall)
    client = hall.app.test_client()
    provider.bend = bend
    assert come_back(hall, client, provider).status_code == 422
    assert client.get("/account").status_code == 302
    provider.bend = {}
    assert come_back(hall, client, provider).status_code == 302


def test_an_answer_fits_one_question_of_one_browser_and_one_service(
    hall: Site, provider: Provider
) -> None:
    invite(hall)
    client, other = hall.app.test_client(), hall.app.test_client()
    said = {"email": "neu@beta.example", "email_verified": True}
    query = provider.consent(leave(client), **said)
    assert other.get(way(hall) + query).status_code == 422, "another browser"
    stale = query.replace("state=", "state=x")
    assert client.get(way(hall) + stale).status_code == 422, "another state"
    assert client.get(way(hall) + query).status_code == 422, "the question is used up"
    query = provider.consent(leave(client), **said)
    assert client.get(way(hall, "gamma") + query).status_code == 422, "another way back"
    query = provider.consent(leave(client), **said)
    mixed = query + "&iss=https://evil.example"
    assert client.get(way(hall) + mixed).status_code == 422, "another issuer (RFC 9207)"
    leave(client)
    assert client.get(way(hall) + "?error=access_denied").status_code == 422
    code = provider.consent(leave(client), **said)
    leave(other)
    with other.session_transaction() as session:
        state = session["openid"]
    swapped = re.sub(r"state=.*", f"state={state}", code)
    assert other.get(way(hall) + swapped).status_code == 422, "a code for another verifier"
    query = provider.consent(leave(client), **said)
    assert client.get(way(hall) + query).status_code == 302
    assert client.get(way(hall) + query).status_code == 422, "twice"


def test_new_keys_of_the_service_are_found_and_old_ones_are_forgotten(
    hall: Site, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from collab.members import openid_client

    invite(hall)
    client = hall.app.test_client()
    assert come_back(hall, client, provider).status_code == 302
    before = provider.asked.count("/jwks")
    assert come_back(hall, client, provider).status_code == 302
    assert provider.asked.count("/jwks") == before, "kept for an hour"
    provider.rotate()
    assert come_back(hall, client, provider).status_code == 422, "asked a moment ago"
    monkeypatch.setattr(openid_client, "ASK_AGAIN", 0.0)
    assert come_back(hall, client, provider).status_code == 302
    assert provider.asked.count("/jwks") == before + 1


def test_userinfo_must_speak_of_the_same_person(hall: Site, provider: Provider) -> None:
    invite(hall)
    client = hall.app.test_client()
    for said, status in (({"sub": "s-2"}, 422), ({}, 422), ({"sub": "s-1"}, 302)):
        more = {"email": "neu@beta.example", "email_verified": True, **said}
        provider.bend = {"userinfo": more}
        query = provider.consent(leave(client))
        assert client.get(way(hall) + query).status_code == status, said


def test_the_second_factor_stays_and_a_suspended_house_lets_nobody_in(
    hall: Site, provider: Provider
) -> None:
    with_passkey(hall, "other", Authenticator())
    client = hall.app.test_client()
    done = come_back(hall, client, provider, email="other@example.net")
    assert done.location == "/sign-in/code"
    assert client.get("/account").status_code == 302
    query = provider.consent(leave(client))
    with hall.database.writing() as uow:
        beta = uow.session.exec(
            select(Organisation).where(Organisation.public_id == hall.organisations["beta"])
        ).one()
        beta.membership = Membership.SUSPENDED
        uow.session.add(beta)
    assert client.get(way(hall) + query).status_code == 422
    page = post(client, "/sign-in/organisation", email="neu@beta.example")
    assert page.status_code == 422


def test_who_has_left_does_not_come_in_by_the_service(hall: Site, provider: Provider) -> None:
    client = hall.app.test_client()
    assert come_back(hall, client, provider, email="other@example.net").status_code == 302
    with hall.database.writing() as uow:
        query = select(RoleGrant).where(col(RoleGrant.person_id) == hall.people["other"])
        for grant in uow.session.exec(query).all():
            grant.revoked_at = grant.created_at
            uow.session.add(grant)
    assert come_back(hall, client, provider, email="other@example.net").status_code == 422


def test_only_those_who_look_after_people_enter_a_service(hall: Site, provider: Provider) -> None:
    for who in ("owner", "member", "invited", "coordinator", "suspended", "expired"):
        before = len(provider.asked)
        assert entered(hall, provider, who).status_code == 404, who
        assert len(provider.asked) == before, "and nobody else makes the platform ask"
        key = hall.organisations["beta"]
        assert hall.get(f"/members/sign-in-service?scope={key}", who).status_code == 404
        gone = hall.post("/members/sign-in-service/remove", who, {"scope": key})
        assert gone.status_code == 404
    page = hall.get(f"/members/sign-in-service?scope={hall.organisations['beta']}", "other").text
    assert way(hall) in page
    assert SECRET not in html.unescape(page)
    with hall.database.reading() as uow:
        run = uow.session.connection().exec_driver_sql
        held = [run(f'SELECT * FROM "{t.name}"').all() for t in tables.metadata.sorted_tables]
    assert SECRET not in str(held)
    noted = [a for a in rows(hall, Activity) if a.action == "sign_in_service_changed"]
    assert noted[0].after["secret_changed"] is True


@pytest.mark.parametrize(("who", "house", "domains", "status"), [
    ("other", "beta", "beta.example example.net", 302), ("other", "beta", "alpha.example", 422),
    ("secretariat", "gamma", "beta.example", 422), ("secretariat", "gamma", "qq.com", 422),
    ("invited", "gamma", "gamma.example", 422), ("secretariat", "gamma", "g.example", 302),
    ("secretariat", "gamma", "", 422), ("secretariat", "gamma", "a b", 422),
])  # fmt: skip
def test_domains_are_ones_own_and_nobody_elses(
    hall: Site, provider: Provider, who: str, house: str, domains: str, status: int
) -> None:
    answer = entered(hall, provider, who, house, domains=domains)
    assert answer.status_code == status, answer.text[-300:]


def test_an_administrator_enters_the_domain_of_the_own_verified_address(
    hall: Site, provider: Provider
) -> None:
    assert entered(hall, provider, "secretariat", domains="beta.example").status_code == 302
    assert entered(hall, provider, "invited", "gamma", domains="example.net").status_code == 422
    with hall.database.writing() as uow:
        person = uow.session.get(Person, hall.people["invited"])
        assert person is not None
        person.verified_at = person.created_at
        uow.session.add(person)
    assert entered(hall, provider, "invited", "gamma", domains="example.net").status_code == 302


def test_a_kept_secret_goes_to_no_other_service(hall: Site, provider: Provider) -> None:
    first = rows(hall, IdentityProvider)[0].client_secret
    assert entered(hall, provider, client_secret="").status_code == 302
    assert rows(hall, IdentityProvider)[0].client_secret == first
    with served() as another:
        assert entered(hall, another, client_secret="").status_code == 302
    assert rows(hall, IdentityProvider)[0].client_secret == ""


@pytest.mark.parametrize("bend", [
    {"metadata": {"issuer": "https://evil.example"}}, {"metadata": {"jwks_uri": "https://10.0.0.1/"}},
    {"metadata": {"token_endpoint": "file:///etc/passwd"}}, {"metadata": {"token_endpoint": None}},
    {"metadata": {"authorization_endpoint": "javascript:alert(1)"}}, {"redirect": True},
    {"flood": True},
])  # fmt: skip
def test_a_service_that_is_not_itself_is_not_entered(
    bare_template: Path, tmp_path: Path, provider: Provider, bend: dict[str, Any]
) -> None:
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    site = open_site(tmp_path, oidc_trusted_hosts="127.0.0.1")
    people(site)
    provider.bend = bend
    assert entered(site, provider).status_code == 422
    provider.bend = {}
    assert entered(site, provider).status_code == 302
    site.database.close()


def test_inner_addresses_are_not_asked_unless_the_operator_names_them(
    bare: Site, provider: Provider
) -> None:
    inner = (provider.issuer, provider.issuer.replace("http:", "https:"), "https://localhost",
             "https://169.254.169.254", "https://[::1]", "https://[::ffff:10.0.0.1]",
             "https://2130706433", "https://user:pass@example.org",
             "http://example.org")  # fmt: skip
    for issuer in inner:
        assert entered(bare, provider, issuer=issuer).status_code == 422, issuer
    assert provider.asked == []


def test_the_domain_and_not_the_person_decides_the_answer(hall: Site, provider: Provider) -> None:
    client = hall.app.test_client()
    known, unknown = (
        post(client, "/sign-in/organisation", email=e)
        for e in ("other@example.net", "nobody@example.net")
    )
    blank = [re.sub(r'(content|value|href)="[^"]*"', "", a.text) for a in (known, unknown)]
    assert blank[0] == blank[1]
    for email in ("x@nowhere.example", "", "nonsense", "owner@alpha.example"):
        assert post(client, "/sign-in/organisation", email=email).status_code == 422
    token = {"csrf_token": csrf(client), "email": "x@beta.example"}
    seen = [client.post("/sign-in/organisation", data=token).status_code for _ in range(70)]
    assert seen[-1] == 429
