"""What holds when nobody has set anything: strict for people, open for the demo on one machine."""

from __future__ import annotations

import shutil
import stat
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from collab import wiring
from collab.config import Settings
from collab.members import passwords, rules
from collab.members.models import Person
from tests.site import copied, open_site, people
from tests.web.test_commands import run
from tests.web.test_signing import post


@pytest.mark.parametrize(("more", "open_to_demo"), [
    ({}, True), ({"public_url": "https://localhost"}, False), ({"trusted_proxies": 1}, False),
    ({"host": "0.0.0.0"}, False), ({"seed_demo": False}, False),
])  # fmt: skip
def test_demo_people_alone_do_without_a_second_factor_and_only_on_ones_own_machine(
    bare_template: Path, tmp_path: Path, more: dict[str, object], open_to_demo: bool
) -> None:
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    site = open_site(tmp_path, secretariat_second_factor=True, **more)
    people(site)
    assert site.get("/audit", "secretariat").status_code == 403, "a person of flesh and blood"
    with site.database.writing() as uow:
        person = uow.session.get(Person, site.people["secretariat"])
        assert person is not None
        person.demo = True
    assert site.get("/audit", "secretariat").status_code == (200 if open_to_demo else 403)
    site.database.close()


def test_a_fresh_installation_is_strict_and_its_first_secretary_comes_by_command(
    bare_template: Path, tmp_path: Path
) -> None:
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    limits = wiring.session_limits(Settings(data_dir=tmp_path))
    assert (limits.whole, limits.idle) == (timedelta(hours=12), timedelta(hours=2))
    assert limits.secretariat_second_factor
    site = open_site(tmp_path, seed_demo=False, secretariat_second_factor=True)
    assert run(site, "invite-secretariat", "nobody", "--name", "王").exit_code == 2
    link = run(site, "invite-secretariat", "wang@example.org", "--name", "王").stdout.strip()
    client = site.app.test_client()
    path = urlsplit(link).path
    post(client, path, name="王", password="seven quiet herons crossing")
    assert client.get("/account").status_code == 200
    assert client.get("/audit").status_code == 403, "not before the second factor"
    assert run(site, "invite-secretariat", "wang@example.org", "--name", "王").exit_code == 0
    site.database.close()


ELSEWHERE: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
    ({"X-Forwarded-For": "203.0.113.5"}, {}), ({"X-Forwarded-Proto": "https"}, {}),
    ({"Forwarded": "for=203.0.113.5"}, {}), ({"Via": "1.1 edge"}, {}),
    ({"X-Real-IP": "203.0.113.5"}, {}), ({"Host": "collab.example.org"}, {}),
    ({"Referer": "https://collab.example.org/"}, {}), ({"Host": "[::1"}, {}),
    ({"Origin": "https://collab.example.org"}, {}), ({}, {"REMOTE_ADDR": "203.0.113.5"}),
    ({}, {"SERVER_PROTOCOL": "HTTP/1.0"}), ({}, {"SERVER_NAME": "0.0.0.0"}),
)  # fmt: skip


def test_what_comes_from_elsewhere_is_no_request_of_ones_own_machine_whatever_the_settings_say(
    bare_template: Path, tmp_path: Path
) -> None:
    """By a proxy that nobody entered, or to a server that was started by hand for everybody."""
    shutil.copytree(bare_template, tmp_path, dirs_exist_ok=True)
    site = open_site(tmp_path, secretariat_second_factor=True)
    people(site)
    with site.database.writing() as uow:
        person = uow.session.get(Person, site.people["secretariat"])
        assert person is not None
        person.demo = True
    kept = site.browser("secretariat").get_cookie("oe_session")
    assert kept is not None
    cookie = {"Cookie": f"oe_session={kept.value}"}

    def seen(path: str, headers: dict[str, str], environ: dict[str, str]) -> TestResponse:
        client = site.app.test_client(use_cookies=False)
        return client.get(path, headers=headers | cookie, environ_overrides=environ)

    assert seen("/audit", {}, {}).status_code == 200
    assert seen("/api/v1/me", {}, {}).json["secretariat"] is True  # type: ignore[index]
    for headers, environ in ELSEWHERE:
        assert seen("/audit", headers, environ).status_code in (400, 403), (headers, environ)
        me = seen("/api/v1/me", headers, environ).get_json(silent=True) or {"secretariat": False}
        assert me["secretariat"] is False, (headers, environ)
    site.database.close()


@pytest.mark.parametrize("was", [None, 0o755])
def test_what_the_platform_writes_is_shut_to_other_accounts(
    tmp_path: Path, was: int | None
) -> None:
    """The index holds words of invited needs, beside a database of mode 0600."""
    folder, index = tmp_path / "data", tmp_path / "elsewhere"
    if was is not None:
        folder.mkdir(mode=was)
        index.mkdir(mode=was)
    site = open_site(folder, search_dir=index)
    assert [stat.S_IMODE(f.stat().st_mode) for f in (folder, index)] == [0o700, 0o700]
    secret = site.platform.settings.secret_path
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    site.database.close()


def test_no_answer_shows_how_a_failure_came_about(
    bare_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = copied(bare_template, tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("鹮 secret detail /srv/place")

    monkeypatch.setattr("collab.needs.catalogue.page", fail)
    for path in ("/needs", "/api/v1/needs", "/", "/search?q=x&kind=need"):
        answer = site.get(path, "owner")
        if answer.status_code == 200:
            continue
        assert answer.status_code == 500
        for trace in ("Traceback", "RuntimeError", "鹮", "/srv", ".py"):
            assert trace not in answer.text, path
        assert answer.headers["Content-Security-Policy"]
    assert site.get("/needs", "owner").status_code == 500
    site.database.close()


def test_passwords_have_at_most_128_characters_and_older_longer_ones_still_sign_in() -> None:
    assert [p.code for p in rules.password_problems("é" * 129)] == ["too_long"]
    assert "too_long" not in [p.code for p in rules.password_problems("é" * 128)]
    older = passwords.hash_password("é" * 150)
    assert passwords.password_fits(older, "é" * 150)
