"""Passkeys, recovery codes, sessions and the own address in pages."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlmodel import col, select

from collab.kernel import clock
from collab.members import service
from collab.members.models import OneTimeToken, Person, RoleGrant, SignInSession
from collab.notices.models import Notice
from tests.authenticator import Authenticator
from tests.conftest import Freezer
from tests.site import PASSWORD, Site, csrf, open_site, people
from tests.web.test_commands import run

NEW = "a kite above nine rivers"


def post(client: FlaskClient, path: str, **data: str):  # type: ignore[no-untyped-def]
    """A form of this browser."""
    return client.post(path, data={**data, "csrf_token": csrf(client)})


def with_passkey(site: Site, who: str, device: Authenticator) -> FlaskClient:
    """A browser whose person has made a passkey."""
    client = site.fresh_browser(who)
    options = post(client, "/account/passkeys/options").get_json()
    done = post(client, "/account/passkeys", answer=device.make(options), passkey_name="手机")
    assert done.status_code in (200, 302), done.text
    return client


def told(site: Site, who: str) -> list[str]:
    """What the person was told in the platform."""
    site.settle()
    with site.database.reading() as uow:
        query = select(Notice.code).where(col(Notice.person_id) == site.people[who])
        return list(uow.session.exec(query.order_by(col(Notice.id))).all())


def test_a_passkey_signs_in_without_address_and_password(bare: Site) -> None:
    device = Authenticator()
    with_passkey(bare, "owner", device)
    client = bare.app.test_client()
    assert "data-passkey" in client.get("/sign-in").text
    options = post(client, "/sign-in/passkey/options").get_json()
    assert "owner" not in json.dumps(options)
    answer = device.sign(options)
    other = bare.app.test_client()
    assert post(other, "/sign-in/passkey", answer=answer).status_code == 422, "another browser"
    done = post(client, "/sign-in/passkey", answer=answer, next="/needs/mine")
    assert (done.status_code, done.location) == (302, "/needs/mine")
    assert client.get("/account").status_code == 200
    again = bare.app.test_client()
    options = post(again, "/sign-in/passkey/options").get_json()
    page = post(again, "/sign-in/passkey", answer=answer)
    assert page.status_code == 422
    assert "owner" not in page.text
    assert told(bare, "owner") == ["account_passkey_added", "account_recovery_codes_made"]


def test_a_passkey_is_asked_for_after_the_password_and_opens_while_passwords_are_locked(
    bare: Site,
) -> None:
    device = Authenticator()
    with_passkey(bare, "owner", device)
    client = bare.app.test_client()
    form = {"email": bare.emails["owner"], "password": PASSWORD}
    assert post(client, "/sign-in", **form).location == "/sign-in/code"
    assert client.get("/account").status_code == 302, "a password alone opens nothing"
    options = post(client, "/sign-in/code/passkey/options").get_json()
    assert len(options["allowCredentials"]) == 1
    assert post(client, "/sign-in/code/passkey", answer=device.sign(options)).status_code == 302
    assert client.get("/account").status_code == 200
    locked = bare.app.test_client()
    for _ in range(9):
        last = post(locked, "/sign-in", email=form["email"], password="wrong words here")
    assert last.status_code == 429
    options = post(locked, "/sign-in/passkey/options").get_json()
    assert post(locked, "/sign-in/passkey", answer=device.sign(options)).status_code == 302


def test_the_first_factor_ends_what_a_password_alone_opened_and_no_token(bare: Site) -> None:
    other = bare.fresh_browser("owner")
    token = {"Authorization": f"Bearer {token_of(bare, 'owner')}"}
    refused = bare.fresh_browser("owner")
    post(refused, "/account/passkeys", answer="{}", passkey_name="x")
    assert other.get("/account").status_code == 200, "nothing was set up"
    client = with_passkey(bare, "owner", Authenticator())
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 302
    assert client.get("/api/v1/me", headers=token).status_code == 200


def test_signing_in_rightly_with_two_factors_uses_up_no_tries(bare: Site) -> None:
    device = Authenticator()
    with_passkey(bare, "owner", device)
    form = {"email": bare.emails["owner"], "password": PASSWORD}
    for _ in range(service.TRIES + 2):
        client = bare.app.test_client()
        assert post(client, "/sign-in", **form).status_code == 302
        options = post(client, "/sign-in/code/passkey/options").get_json()
        answer = device.sign(options)
        assert post(client, "/sign-in/code/passkey", answer=answer).status_code == 302
    for number in range(service.TRIES + 1):
        half = post(bare.app.test_client(), "/sign-in", **form)
        assert half.status_code == (302 if number < service.TRIES else 429), "half is no success"


def test_without_a_name_there_are_no_passkeys(bare: Site) -> None:
    client, at = bare.app.test_client(), "http://127.0.0.1:8000"
    page = client.get("/sign-in", base_url=at).text
    assert "data-passkey" not in page
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    form = {"csrf_token": found[1]}
    refused = client.post("/sign-in/passkey/options", data=form, base_url=at)
    assert refused.status_code == 422
    assert "通行密钥" in refused.get_json()["message"]


def test_with_a_public_address_only_it_is_the_origin(bare_template: Path, tmp_path: Path) -> None:
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    site = open_site(tmp_path, public_url="https://oe.example.org")
    client = site.app.test_client()
    options = post(client, "/sign-in/passkey/options").get_json()
    assert options["rpId"] == "oe.example.org"
    site.database.close()
    for number in ("https://192.0.2.7", "https://[2001:db8::7]:8443"):
        site = open_site(tmp_path, public_url=number)
        client = site.app.test_client()
        page = client.get("/sign-in", base_url=number)
        assert page.status_code == 200
        assert "data-passkey" not in page.text, "browsers make none for an address of numbers"
        site.database.close()


def test_weighty_changes_want_a_fresh_proof(bare: Site, freeze: Freezer) -> None:
    freeze(clock.now())
    device = Authenticator()
    client = with_passkey(bare, "owner", device)
    page = client.get("/account/security").text
    key = re.search(r"/account/passkeys/(pky-\w+)/remove", page)
    assert key
    freeze.forward(minutes=20)
    page = client.get("/account/security").text
    assert "confirm_password" in page
    assert "/remove" not in page
    assert post(client, f"/account/passkeys/{key[1]}/remove").status_code == 422
    refused = post(client, "/account/passkeys/options")
    assert refused.status_code == 422
    assert refused.get_json()["message"]
    assert post(client, "/account/recovery-codes").status_code == 422
    token = {"name": "t", "days": "9", "scopes": "read"}
    assert "/account/tokens" not in client.get("/account").text
    assert post(client, "/account/tokens", **token).status_code == 422
    assert post(client, "/account/confirm", confirm_password="no").status_code == 422
    assert post(client, "/account/confirm", confirm_password=PASSWORD).status_code == 302
    assert "oe_" in post(client, "/account/tokens", **token).text
    assert "account_token_issued" in told(bare, "owner")
    page = client.get("/account/security").text
    for weighty in (f"/account/passkeys/{key[1]}/remove", "/account/recovery-codes"):
        asked = re.search(
            rf'<summary[^>]*>[^<]*</summary><form method="post" action="{weighty}">', page
        )
        assert asked, "the first click asks, without JavaScript too"
    codes = post(client, "/account/recovery-codes")
    assert len(re.findall(r"<li><code>", codes.text)) == 10
    named = post(client, f"/account/passkeys/{key[1]}/name", passkey_name="<b>车间</b>")
    assert named.status_code == 302
    assert "&lt;b&gt;车间" in client.get("/account/security").text
    assert post(client, f"/account/passkeys/{key[1]}/remove").status_code == 302
    assert post(client, "/account/recovery-codes").status_code == 422, "nothing to stand in for"


def sessions(site: Site, who: str) -> list[str]:
    """The names by which the person's page ends other sessions."""
    page = site.get("/account", who).text
    return re.findall(r"/account/sessions/(\w+)/revoke", page)


def test_sessions_end_one_by_one_and_only_ones_own(bare: Site) -> None:
    here, one, two = bare.browser("owner"), *(bare.fresh_browser("owner") for _ in range(2))
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/140.0"
    three = bare.app.test_client()
    form = {"email": bare.emails["owner"], "password": PASSWORD, "csrf_token": csrf(three)}
    three.post("/sign-in", data=form, headers={"User-Agent": agent})
    assert "Firefox · Windows" in here.get("/account").text
    names = [n for n in sessions(bare, "owner") if re.fullmatch("[0-9a-f]{16}", n)]
    assert len(names) == 3
    for name in names:
        assert bare.post(f"/account/sessions/{name}/revoke", "other").status_code == 404
    assert bare.post(f"/account/sessions/{names[0]}/revoke", "owner").status_code == 302
    assert bare.post(f"/account/sessions/{names[0]}/revoke", "owner").status_code == 404
    alive = [c.get("/account").status_code for c in (one, two, three)]
    assert sorted(alive) == [200, 200, 302]
    assert bare.post("/account/sessions/revoke", "owner").status_code == 302
    assert [c.get("/account").status_code for c in (here, one, two, three)] == [200, 302, 302, 302]
    assert told(bare, "owner") == ["account_sessions_ended"] * 2


def test_a_session_ends_when_nobody_uses_it_and_in_the_end_anyway(
    bare: Site, freeze: Freezer
) -> None:
    freeze(clock.now())
    client, idle = bare.app.test_client(), bare.app.test_client()
    for browser in (client, idle):
        post(browser, "/sign-in", email=bare.emails["owner"], password=PASSWORD)
    for _ in range(6):
        freeze.forward(hours=55)
        assert client.get("/account").status_code == 200, "in use"
    assert idle.get("/account").status_code == 302, "72 hours without use"
    freeze.forward(hours=7)
    assert client.get("/account").status_code == 302, "14 days"


def test_the_use_of_a_session_is_written_seldom(bare: Site, freeze: Freezer) -> None:
    freeze(clock.now())
    client = bare.fresh_browser("owner")

    def seen() -> str:
        client.get("/needs")
        with bare.database.reading() as uow:
            return str(uow.session.exec(select(SignInSession.seen_at)).all())

    first = seen()
    freeze.forward(minutes=4)
    assert seen() == first
    freeze.forward(minutes=2)
    assert seen() != first


def test_another_address_is_proved_first_and_the_old_one_is_told(bare: Site) -> None:
    ask = {"new_email": "New@lab.example", "email_password": PASSWORD}
    assert bare.post("/account/address", "owner", {**ask, "email_password": "x"}).status_code == 422
    for bad in ("nonsense", bare.emails["owner"], ""):
        assert bare.post("/account/address", "owner", {**ask, "new_email": bad}).status_code == 422
    pages = [bare.post("/account/address", "owner", {**ask, "new_email": e}).text
             for e in (bare.emails["other"], "New@lab.example")]  # fmt: skip
    plain = [re.sub(r'(content|value)="[^"]*"', "", page) for page in pages]
    assert plain[0] == plain[1]
    with bare.database.reading() as uow:
        rows = {r.email: r for r in uow.session.exec(select(OneTimeToken)).all()}
    from collab.members import links

    paths = {e: links.path_of(r, str(bare.app.secret_key)) for e, r in rows.items()}
    assert bare.post(paths[bare.emails["other"]]).status_code == 422, "taken"
    assert bare.get(paths["new@lab.example"]).status_code == 200
    assert bare.post(paths["new@lab.example"]).status_code == 302
    assert bare.post(paths["new@lab.example"]).status_code == 422
    with bare.database.reading() as uow:
        person = uow.session.get(Person, bare.people["owner"])
    assert person is not None
    assert person.email == "new@lab.example"
    assert person.verified_at is not None
    assert bare.get("/account", "owner").status_code == 302, "every device signs in anew"
    assert told(bare, "owner") == ["account_address_changed"]


@pytest.mark.parametrize(("password", "word"), [
    ("short words", "12"), ("passwordpassword", "猜到"), ("owner-owner-owner", "猜到"),
    ("111111111111", "猜到"), ("qwertyuiop123456", "猜到"), ("1qaz2wsx3edc", "泄露"),
])  # fmt: skip
def test_weak_and_known_passwords_are_refused(bare: Site, password: str, word: str) -> None:
    form = {"current": PASSWORD, "new": password}
    answer = bare.post("/account/password", "owner", form)
    assert answer.status_code == 422
    assert word in answer.text
    assert bare.post("/account/password", "owner", {**form, "new": NEW}).status_code == 302
    assert told(bare, "owner")[-1] == "account_password_changed"


def test_by_https_the_cookie_is_bound_to_the_host_without_any_setting(bare: Site) -> None:
    client = bare.app.test_client()
    secure = client.get("/sign-in", base_url="https://localhost").headers["Set-Cookie"]
    assert secure.startswith("__Host-oe_session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(secure.split("; "))
    assert "Domain" not in secure
    plain = client.get("/sign-in").headers["Set-Cookie"]
    assert plain.startswith("oe_session=")


def token_of(site: Site, who: str) -> str:
    """A personal API token."""
    page = site.post("/account/tokens", who, {"name": "t", "days": "9", "scopes": "read"})
    found = re.search(r"<code class=\"oe-secret\">(oe_[\w-]+)</code>", page.text)
    assert found
    return found[1]


def test_the_api_is_limited_by_token_and_by_address_in_all_processes(
    bare_template: Path, tmp_path: Path, freeze: Freezer
) -> None:
    freeze(clock.now())
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    one, two = (open_site(tmp_path, api_per_token=6, api_per_address=20) for _ in range(2))
    people(one)
    first, second = token_of(one, "owner"), token_of(one, "other")

    def ask(site: Site, token: str = "", address: str = "10.0.0.1") -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = site.app.test_client().get(
            "/api/v1/organisations", headers=headers, environ_base={"REMOTE_ADDR": address}
        )
        if answer.status_code == 429:
            assert 0 < int(answer.headers["Retry-After"]) <= 901
            assert answer.get_json()["type"].endswith("too_many")
        return answer.status_code

    seen = [ask((one, two)[n % 2], first, f"10.1.0.{n}") for n in range(8)]
    assert seen == [200] * 6 + [429] * 2, "one token, two processes, many addresses"
    assert ask(one, second) == 200, "another token"
    seen = [ask((one, two)[n % 2]) for n in range(22)]
    assert seen == [200] * 19 + [429] * 3, "one address, without a token"
    assert ask(two, second) == 429
    assert ask(two, second, "10.0.0.2") == 200, "another address"
    freeze.forward(minutes=16)
    assert ask(one, first) == 200
    for site in (one, two):
        site.database.close()


def test_tokens_are_not_tried_without_end(bare: Site) -> None:
    client = bare.app.test_client()
    seen = [client.get("/api/v1/me", headers={"Authorization": f"Bearer oe_{n}"}).status_code
            for n in range(302)]  # fmt: skip
    assert seen == [401] * 300 + [429] * 2


def test_a_role_that_ends_ends_at_once(bare: Site, freeze: Freezer) -> None:
    freeze(clock.now())
    client = bare.fresh_browser("member")
    assert "甲鹮光电" in client.get("/my-organisation").text
    with bare.database.writing() as uow:
        query = select(RoleGrant).where(col(RoleGrant.person_id) == bare.people["member"])
        grant = uow.session.exec(query).one()
        grant.expires_at = clock.now() + timedelta(hours=1)
        uow.session.add(grant)
    token = {"Authorization": f"Bearer {token_of(bare, 'member')}"}
    assert client.get("/api/v1/me", headers=token).get_json()["organisations"]
    freeze.forward(minutes=61)
    assert "甲鹮光电" not in client.get("/my-organisation").text
    assert client.get("/api/v1/me", headers=token).get_json()["organisations"] == []


def test_where_it_is_wanted_the_secretariat_has_rights_only_with_a_second_factor(
    bare_template: Path, tmp_path: Path
) -> None:
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    site = open_site(tmp_path, secretariat_second_factor=True)
    people(site)
    client = site.fresh_browser("secretariat")
    token = {"Authorization": f"Bearer {token_of(site, 'secretariat')}"}
    assert client.get("/audit").status_code == 403
    for page in ("/", "/account/security"):
        assert "秘书处权限" in client.get(page).text, "how to mend it is said where one lands"
    assert not client.get("/api/v1/me", headers=token).get_json()["secretariat"]
    device, thief = Authenticator(), client
    link = run(site, "factor-link", site.emails["secretariat"]).stdout.strip()
    client = site.fresh_browser("secretariat")
    assert client.get(urlsplit(link).path).status_code == 302
    made = device.make(post(client, "/account/passkeys/options").get_json())
    assert post(client, "/account/passkeys", answer=made, passkey_name="一").status_code == 200
    assert client.get("/audit").status_code == 200
    assert "秘书处权限" not in client.get("/account/security").text
    assert thief.get("/audit").status_code == 302, "what a password alone opened has ended"
    assert client.get("/api/v1/me", headers=token).status_code == 401, "and what it made"
    page = post(client, "/account/tokens", name="t", days="9", scopes="read").text
    found = re.search(r"<code class=\"oe-secret\">(oe_[\w-]+)</code>", page)
    assert found
    token = {"Authorization": f"Bearer {found[1]}"}
    assert client.get("/api/v1/me", headers=token).get_json()["secretariat"]
    also = site.app.test_client()
    form = {"email": site.emails["secretariat"], "password": PASSWORD}
    assert post(also, "/sign-in", **form).status_code == 302
    options = post(also, "/sign-in/code/passkey/options").get_json()
    post(also, "/sign-in/code/passkey", answer=device.sign(options))
    options = post(client, "/account/passkeys/options").get_json()
    post(client, "/account/passkeys", answer=Authenticator().make(options), passkey_name="二")
    assert also.get("/audit").status_code == 200, "a further factor ends nothing"
    assert site.fresh_browser("owner").get("/my-organisation").status_code == 200
    assert "秘书处权限" not in site.get("/", "owner").text
    site.database.close()
