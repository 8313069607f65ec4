"""Rights of the secretariat wait for a second factor, and a stolen password cannot set one up."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlmodel import col, select

from collab.kernel import clock
from collab.kernel.identity import Role
from collab.members import links
from collab.members.models import OneTimeToken, Person, RoleGrant
from collab.storage import sealing
from collab.storage.models import Activity
from tests.authenticator import Authenticator
from tests.conftest import Freezer
from tests.site import PASSWORD, Site, open_site, people
from tests.web.test_commands import run
from tests.web.test_signing import post, told


@pytest.fixture
def strict(bare_template: Path, tmp_path: Path) -> Iterator[Site]:
    """As shipped: the secretariat needs a second factor, and letters leave."""
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    site = open_site(tmp_path, secretariat_second_factor=True, smtp_host="mail.example")
    people(site)
    yield site
    site.database.close()


def thief_of(site: Site, who: str) -> FlaskClient:
    """A browser of somebody who knows the password alone."""
    client = site.app.test_client()
    form = {"email": site.emails[who], "password": PASSWORD}
    assert post(client, "/sign-in", **form).status_code == 302
    return client


def with_app(client: FlaskClient) -> int:
    """Try to set up an authenticator app; the status of the answer."""
    page = client.get("/account/second-factor").text
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found
    now = pyotp.TOTP(found[1].replace(" ", "")).at(clock.now())
    return post(client, "/account/second-factor", code=now).status_code


def with_passkey(client: FlaskClient) -> tuple[int, int]:
    """Try to make a passkey; the statuses of its options and of the answer."""
    options = post(client, "/account/passkeys/options")
    made = Authenticator().make(options.get_json()) if options.status_code == 200 else "{}"
    done = post(client, "/account/passkeys", answer=made, passkey_name="x")
    return options.status_code, done.status_code


def last_link(site: Site) -> str:
    """The path in the letter that would leave last."""
    with site.database.reading() as uow:
        query = select(OneTimeToken).where(col(OneTimeToken.purpose) == "factor")
        row = uow.session.exec(query.order_by(col(OneTimeToken.id).desc())).first()
        assert row is not None
        secret = sealing.installation_keys(site.platform.settings.secret_path)[0]
        return links.path_of(row, secret)


def grant_secretariat(site: Site, who: str) -> None:
    """Somebody becomes a colleague."""
    with site.database.writing() as uow:
        uow.session.add(RoleGrant(person_id=site.people[who], role=Role.SECRETARIAT))


def acts(site: Site) -> list[str]:
    """What the record says of people, in order."""
    with site.database.reading() as uow:
        query = select(Activity.action).where(col(Activity.kind) == "person")
        return list(uow.session.exec(query.order_by(col(Activity.id))).all())


def test_a_password_alone_sets_up_no_first_factor_and_the_letter_does(strict: Site) -> None:
    grant_secretariat(strict, "member")
    thief = thief_of(strict, "secretariat")
    page = thief.get("/account/security").text
    assert "先用邮箱确认" in page
    assert 'data-passkey="create"' not in page
    assert with_passkey(thief) == (422, 422)
    assert with_app(thief) == 422
    assert thief.get("/audit").status_code == 403
    own = thief_of(strict, "secretariat")
    assert post(own, "/account/factor").status_code == 302
    path = last_link(strict)
    assert thief.get("/account/security").status_code == 200, "asking opens nothing for others"
    assert with_passkey(thief) == (422, 422), "the link is not in this browser"
    assert own.get(path).status_code == 302
    assert with_passkey(own) == (200, 200)
    assert own.get("/audit").status_code == 200
    assert thief.get("/audit").status_code == 302, "what the password had opened has ended"
    assert own.get(path).status_code == 422, "it works once"
    assert "rights_began" in told(strict, "member")
    assert "rights_began" not in told(strict, "secretariat")
    assert [a for a in acts(strict) if a in ("factor_link_asked", "rights_began")] == [
        "factor_link_asked", "rights_began",
    ]  # fmt: skip


def test_the_link_is_for_one_person_once_and_for_half_an_hour(
    strict: Site, freeze: Freezer
) -> None:
    freeze(clock.now())
    grant_secretariat(strict, "other")
    own, colleague = thief_of(strict, "secretariat"), thief_of(strict, "other")
    post(own, "/account/factor")
    path = last_link(strict)
    assert colleague.get(path).status_code == 422, "somebody else's"
    assert with_app(colleague) == 422
    assert strict.app.test_client().get(path).location.startswith("/sign-in"), "nobody's"
    invented = colleague.get("/account/factor/" + "0" * 64)
    assert invented.status_code == 422
    assert own.get(path).status_code == 302
    assert with_app(own) == 200
    later = colleague
    post(later, "/account/factor")
    freeze.forward(minutes=31)
    assert later.get(last_link(strict)).status_code == 422
    post(later, "/account/confirm", confirm_password=PASSWORD)
    assert with_app(later) == 422


def test_the_address_that_proves_it_cannot_be_moved_by_the_password(strict: Site) -> None:
    thief = thief_of(strict, "secretariat")
    form = {"new_email": "thief@example.net", "email_password": PASSWORD}
    refused = post(thief, "/account/address", **form)
    assert refused.status_code == 422
    assert "更改邮箱" in refused.text
    before = thief_of(strict, "member")  # asked while an ordinary member, opened as a secretary
    assert post(before, "/account/address", **form).status_code == 200
    grant_secretariat(strict, "member")
    with strict.database.reading() as uow:
        row = uow.session.exec(select(OneTimeToken).where(OneTimeToken.purpose == "email")).one()
        secret = sealing.installation_keys(strict.platform.settings.secret_path)[0]
        path = links.path_of(row, secret)
    assert post(strict.app.test_client(), path).status_code == 422
    with strict.database.reading() as uow:
        person = uow.session.get(Person, strict.people["member"])
        assert person is not None
        assert person.email == strict.emails["member"]


def test_asking_is_limited_and_nobody_else_has_to_ask(strict: Site) -> None:
    own = thief_of(strict, "secretariat")
    seen = [post(own, "/account/factor").status_code for _ in range(4)]
    assert seen == [302, 302, 302, 429]
    member = thief_of(strict, "member")
    assert post(member, "/account/factor").status_code == 302
    with strict.database.reading() as uow:
        query = select(OneTimeToken.person_id).where(OneTimeToken.purpose == "factor")
        assert set(uow.session.exec(query).all()) == {strict.people["secretariat"]}
    assert "先用邮箱确认" not in member.get("/account/security").text
    assert with_passkey(member) == (200, 200)


def test_without_mail_a_colleague_or_the_operator_makes_the_link_and_an_invitation_is_one(
    bare_template: Path, tmp_path: Path
) -> None:
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    site = open_site(tmp_path, secretariat_second_factor=True, seed_demo=False)
    people(site)
    link = run(site, "invite-secretariat", "wang@example.org", "--name", "王").stdout.strip()
    wang = site.app.test_client()
    post(wang, urlsplit(link).path, name="王", password="seven quiet herons crossing")
    assert with_app(wang) == 200, "the invitation itself came by another way than the password"
    assert wang.get("/audit").status_code == 200
    own = thief_of(site, "secretariat")
    assert "factor-link" in own.get("/account/security").text
    assert with_app(own) == 422
    with site.database.reading() as uow:
        person = uow.session.get(Person, site.people["secretariat"])
        assert person is not None
        key = person.public_id
    make = f"/members/people/{key}/factor-link"
    assert post(own, make).status_code == 403, "not for oneself"
    page = post(wang, make, scope="alliance").text
    found = re.search(r"<code class=\"oe-secret\">[^<]*(/account/factor/\w+)</code>", page)
    assert found
    assert run(site, "factor-link", "nobody@example.org").exit_code == 2
    assert run(site, "factor-link", site.emails["member"]).exit_code == 2
    again = urlsplit(run(site, "factor-link", site.emails["secretariat"]).stdout.strip()).path
    assert own.get(found[1]).status_code == 422, "a newer link ends an older one"
    assert own.get(again).status_code == 302
    assert with_app(own) == 200
    assert run(site, "factor-link", site.emails["secretariat"]).exit_code == 2, "has one"
    site.database.close()
