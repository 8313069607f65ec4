"""What holds when nobody has set anything: strict for people, open for the demo on one machine."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from collab import wiring
from collab.config import Settings
from collab.members.models import Person
from tests.site import open_site, people
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
