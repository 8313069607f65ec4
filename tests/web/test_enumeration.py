"""Whoever guesses learns nothing: known and unknown get the same answer, work and mail, and the
same number of tries, whichever process answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from collab.kernel import clock
from collab.members import passwords
from collab.members import service as members
from collab.members.forms import TokenIn
from collab.members.models import OneTimeToken, Person
from collab.notices.mail import Letter, Mailer
from tests.authenticator import Authenticator
from tests.site import PASSWORD, Site, copied, csrf, open_site
from tests.surfaces import plain

TOKEN = "f" * 64


@dataclass
class Heard:
    """What a guesser can see or measure of one request."""

    status: int
    body: str
    location: str
    hashes: int
    statements: int


@dataclass
class Listener:
    """Counts the slow work of a site and keeps its letters."""

    site: Site
    letters: list[Letter] = field(default_factory=list)
    hashes: int = 0
    statements: int = 0

    def hear(self, answer: Callable[[], TestResponse], *echoed: str) -> Heard:
        """One request, what was typed into it left out of the answer."""
        self.hashes = self.statements = 0
        got = answer()
        text = plain(got)
        for word in echoed:
            text = text.replace(word, "TYPED")
        return Heard(got.status_code, text, got.headers.get("Location", ""), self.hashes,
                     self.statements)  # fmt: skip


@pytest.fixture
def listener(bare_template: Path, tmp_path: Path) -> Iterator[Listener]:
    """The cast with a mail server; somebody without a password, somebody who left."""
    site = copied(bare_template, tmp_path)
    site.database.close()
    again = open_site(tmp_path, smtp_host="mail.example.org")
    again.people, again.emails, again.organisations = site.people, site.emails, site.organisations
    with again.database.writing() as uow:
        uow.session.add(Person(email="keyless@example.net", name="k", password_hash=""))
        uow.session.add(Person(email="gone@example.net", name="g", active=False,
                               password_hash=passwords.hash_password(PASSWORD)))  # fmt: skip
    made, really = Listener(again), passwords.HASHER

    class Counting:
        """The hasher, counted."""

        def __getattr__(self, name: str) -> Any:
            made.hashes += name in ("hash", "verify")
            return getattr(really, name)

    def count(*_: object) -> None:
        made.statements += 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", Counting())
        patch.setattr(Mailer, "send", lambda _self, letter: made.letters.append(letter))
        sa.event.listen(again.database.engine, "before_cursor_execute", count)
        yield made
        sa.event.remove(again.database.engine, "before_cursor_execute", count)
    again.database.close()


def asking(client: FlaskClient, path: str, **data: str) -> Callable[[], TestResponse]:
    """A form that waits to be sent."""
    return partial(form, client, path, **data)


def form(client: FlaskClient, path: str, **data: str) -> TestResponse:
    """A form of a browser."""
    return client.post(path, data={**data, "csrf_token": csrf(client)})


ADDRESSES = ("owner@example.net", "nobody@example.net", "keyless@example.net", "gone@example.net")


@pytest.mark.parametrize(("path", "hashes"), [("/sign-in", 1), ("/reset", 0)])
def test_an_address_tells_nothing(listener: Listener, path: str, hashes: int) -> None:
    heard = []
    for email in ADDRESSES:
        client = listener.site.app.test_client()
        client.get("/help")
        ask = asking(client, path, email=email, password="wrong words")
        heard.append(listener.hear(ask, email))
    assert all(one == heard[0] for one in heard), heard
    assert heard[0].hashes == hashes
    listener.site.settle()
    sent = [letter.to for letter in listener.letters]
    assert sent == (["owner@example.net", "keyless@example.net"] if path == "/reset" else [])


def test_a_password_that_is_too_long_is_refused_alike(listener: Listener) -> None:
    heard = []
    for email in ADDRESSES:
        ask = asking(listener.site.app.test_client(), "/sign-in", email=email, password="x" * 5000)
        heard.append(listener.hear(ask, email))
    assert all(one == heard[0] for one in heard), heard


LINKS = ("reset", "invitation", "verify", "address")


@pytest.mark.parametrize("kind", LINKS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_dead_link_looks_like_one_that_never_was(
    listener: Listener, kind: str, method: str
) -> None:
    site, purpose = listener.site, {"invitation": "invite", "address": "email"}.get(kind, kind)
    other = "reset" if purpose != "reset" else "verify"
    tokens = {"never": TOKEN, "used": "1" * 64, "old": "2" * 64, "another purpose": "3" * 64}
    with site.database.writing() as uow:
        for name, token in tokens.items():
            if name != "never":
                uow.session.add(OneTimeToken(
                    token_hash=members.digest(token), email=site.emails["owner"],
                    purpose=other if name == "another purpose" else purpose,
                    person_id=site.people["owner"], facts={"role": "member", "scope": "alliance"},
                    used_at=clock.now() if name == "used" else None,
                    expires_at=clock.now() if name == "old" else clock.now().replace(year=2999),
                ))  # fmt: skip
    heard = {}
    for name, token in tokens.items():
        client = site.app.test_client()
        path = f"/{kind}/{token}"
        ask: Callable[[], TestResponse] = partial(client.get, path)
        if method == "post":
            ask = asking(client, path, password="seven quiet herons", name="x")
        heard[name] = listener.hear(ask, token)
    first = heard["never"]
    assert first.hashes == 0, "a dead link costs no hash"
    for name, one in heard.items():
        assert (one.status, one.body, one.location) == (first.status, first.body, first.location)
        assert one.hashes == 0, name


def test_another_address_is_answered_alike_whether_somebody_has_it(listener: Listener) -> None:
    site, heard = listener.site, []
    for email in ("warm@example.net", site.emails["other"], "free@example.net"):
        client = site.fresh_browser("owner")
        ask = asking(client, "/account/address", new_email=email, email_password=PASSWORD)
        heard.append(listener.hear(ask, email))
    assert heard[1].status == 200
    assert heard[1] == heard[2]


def test_an_invitation_does_not_tell_whether_somebody_is_here(listener: Listener) -> None:
    site, scope = listener.site, listener.site.organisations["beta"]
    for email in (site.emails["owner"], "stranger@example.net"):
        sent = {"email": email, "name": "某某", "role": "member", "scope": scope}
        ask = asking(site.fresh_browser("other"), "/members/people/invite", **sent)
        heard = listener.hear(ask)
        # the page lists the addresses that were asked in, each alike
        assert (heard.status, heard.hashes, heard.body.count(email)) == (200, 0, 1)
    site.settle()
    assert sorted(x.to for x in listener.letters) == [site.emails["owner"], "stranger@example.net"]
    assert len({x.subject for x in listener.letters}) == 1


def test_tokens_that_are_wrong_ended_or_revoked_are_refused_alike(listener: Listener) -> None:
    site, secrets = listener.site, {}
    with site.database.writing() as uow:
        actor = members.actor_of(uow, uow.session.get(Person, site.people["owner"]))  # type: ignore[arg-type]
        for name in ("ended", "revoked", "right"):
            row, secrets[name] = members.issue_token(uow, actor, TokenIn(name=name), fresh=True)
            row.expires_at = clock.now() if name == "ended" else row.expires_at
            row.revoked_at = clock.now() if name == "revoked" else None
    heard: dict[str, Heard] = {}
    warm = {"warm": "oe_b", "warmer": "oe_c"}  # the first ones make rows that others count in
    unknown = {"never": "oe_" + "a" * 43, "other": "oe_" + "b" * 43}
    for name, token in {"right": secrets.pop("right"), **warm, **secrets, **unknown}.items():
        head = {"Authorization": f"Bearer {token}"}
        client = site.app.test_client()
        heard[name] = listener.hear(partial(client.get, "/api/v1/me", headers=head))
    assert [heard.pop(name).status for name in ("right", *warm)] == [200, 401, 401]
    assert {(one.status, one.body, one.statements) for one in heard.values()} == {
        (401, heard["never"].body, heard["never"].statements)
    }


Ask = Callable[[Site, int], TestResponse]
JOIN = {
    "name_zh": "庚鸢硅光有限公司", "kind": "firm", "region": "wuhan", "country": "CN",
    "identifier": "91110000600037341L", "contact_name": "李工", "contact_email": "li@gengyuan.net",
}  # fmt: skip
# how often each may be tried in a quarter of an hour, all processes together
LIMITED: dict[str, tuple[int, Ask]] = {
    "sign-in": (8, lambda site, n: form(site.app.test_client(), "/sign-in",
                                        email="nobody@example.net", password=f"p{n}")),
    "sign-in of one address": (60, lambda site, n: form(
        site.app.test_client(), "/sign-in", email=f"n{n}@example.net", password="p")),
    "reset": (3, lambda site, n: form(site.app.test_client(), "/reset", email="o@example.net")),
    "reset of one address": (20, lambda site, n: form(
        site.app.test_client(), "/reset", email=f"o{n}@example.net")),
    "links": (60, lambda site, n: site.app.test_client().get(f"/invitation/{n:064d}")),
    "join": (10, lambda site, n: form(site.app.test_client(), "/join", **JOIN)),
    "claim": (10, lambda site, n: form(
        site.app.test_client(), f"/organisations/{site.organisations['alpha']}/claim", **JOIN)),
    "own password": (8, lambda site, n: form(
        site.fresh_browser("owner"), "/account/password", current=f"p{n}", new="x")),
    "proof": (8, lambda site, n: form(
        site.fresh_browser("owner"), "/account/confirm", confirm_password=f"p{n}")),
    "invitations": (40, lambda site, n: form(
        site.fresh_browser("other"),
        f"/members/people/invite?scope={site.organisations['beta']}", email="bad")),
    "sign-in services": (60, lambda site, n: form(
        site.app.test_client(), "/sign-in/organisation", email=f"a@d{n}.example")),
    "tokens": (300, lambda site, n: site.app.test_client().get(
        "/api/v1/me", headers={"Authorization": f"Bearer oe_{n:043d}"})),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITED)
def test_limits_hold_for_all_processes_together(
    bare_template: Path, tmp_path: Path, name: str
) -> None:
    first = copied(bare_template, tmp_path)
    second = open_site(tmp_path)
    second.people, second.emails, second.organisations = (
        first.people, first.emails, first.organisations
    )  # fmt: skip
    most, ask = LIMITED[name]
    answers = [ask((first, second)[n % 2], n).status_code for n in range(most + 4)]
    assert 429 not in answers[:most], answers
    assert set(answers[most:]) == {429}, answers[most - 2 :]
    first.database.close()
    second.database.close()


def with_codes(site: Site, who: str) -> tuple[str, str, list[str]]:
    """An authenticator app for somebody: its secret, the code used up by it, codes on paper."""
    client = site.fresh_browser(who)
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", client.get("/account/second-factor").text)
    assert found
    secret = found[1].replace(" ", "")
    used = pyotp.TOTP(secret).at(clock.now())
    done = form(client, "/account/second-factor", code=used)
    return secret, used, re.findall(r"<code>([2-9a-z]{4}(?:-[2-9a-z]{4}){3})</code>", done.text)


def after_password(site: Site, who: str) -> FlaskClient:
    """A browser in which the password was right and a second factor is asked for."""
    client = site.app.test_client()
    client.get("/help")
    half = form(client, "/sign-in", email=site.emails[who], password=PASSWORD)
    assert half.location == "/sign-in/code"
    return client


def test_codes_that_are_wrong_used_or_somebody_elses_are_refused_alike(listener: Listener) -> None:
    site = listener.site
    secret, used, papers = with_codes(site, "owner")
    _, _, of_other = with_codes(site, "other")
    now = int(clock.now().timestamp())
    near = {pyotp.TOTP(secret).at(now + 30 * step) for step in range(-3, 8)}
    wrong = next(f"{n:06d}" for n in range(100) if f"{n:06d}" not in near)
    assert form(after_password(site, "owner"), "/sign-in/code", code=papers[0]).status_code == 302
    for alike in ((wrong, used), ("2222-2222-2222-2222", papers[0], of_other[0])):
        heard = []
        for code in alike:
            ask = asking(after_password(site, "owner"), "/sign-in/code", code=code)
            heard.append(listener.hear(ask, code))
        assert {one.status for one in heard} == {422}
        assert all(one == heard[0] for one in heard), heard
    short = form(after_password(site, "owner"), "/sign-in/code", code="1")
    assert plain(short) == heard[0].body, "nor does the form of a code tell which there are"


def test_passkeys_that_are_unknown_taken_away_or_forged_are_refused_alike(
    listener: Listener,
) -> None:
    site, known, gone = listener.site, Authenticator(), Authenticator()
    client = site.fresh_browser("owner")
    for device in (known, gone):
        options = form(client, "/account/passkeys/options").get_json()
        form(client, "/account/passkeys", answer=device.make(options), passkey_name="x")
    page = client.get("/account/security").text
    last = re.findall(r"/account/passkeys/(pky-\w+)/remove", page)[-1]
    assert form(client, f"/account/passkeys/{last}/remove").status_code == 302
    unknown = Authenticator()
    unknown.make(options)

    def forged(device: Authenticator, asked: dict[str, Any], *, spoilt: bool) -> str:
        answer = json.loads(device.sign(asked))
        if spoilt:
            answer["response"]["signature"] = answer["response"]["signature"][:-8] + "AAAAAAAA"
        return json.dumps(answer)

    heard = []
    for device, spoilt in ((known, True), (gone, False), (unknown, False)):
        browser = site.app.test_client()
        browser.get("/help")
        asked = form(browser, "/sign-in/passkey/options").get_json()
        assert "allowCredentials" not in asked or asked["allowCredentials"] == []
        got = form(browser, "/sign-in/passkey", answer=forged(device, asked, spoilt=spoilt))
        heard.append((got.status_code, plain(got), got.headers.get("Location", "")))
    assert {status for status, _, _ in heard} == {422}
    assert heard[0] == heard[1] == heard[2]
