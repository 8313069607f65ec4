"""What a need does to those who may not read it: nothing, on every page, count and file."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collab.kernel import clock
from tests.site import CAST, Site, copied, open_site
from tests.surfaces import said
from tests.web.test_leaks import CANARIES, OWN, READERS, canary_text

TO_INVITED = ("draft", "withdrawn")
TO_MEMBERS = ("invited", "draft", "withdrawn")
TO_STRANGERS = ("members", "anonymous", "invited", "draft", "withdrawn")
# who must notice nothing of which needs, all of them posted together
HIDDEN = {
    "visitor": TO_STRANGERS, "suspended": TO_STRANGERS, "expired": TO_STRANGERS,
    "other": TO_MEMBERS, "coordinator": TO_MEMBERS, "coordinator-elsewhere": TO_MEMBERS,
    "secretariat": TO_MEMBERS, "invited": TO_INVITED,
}  # fmt: skip
Opened = Callable[[tuple[str, ...]], Site]


def test_the_table_of_who_must_notice_nothing_is_that_of_the_readers() -> None:
    everybody = {"visitor", *(entry[0] for entry in CAST)}
    assert set(HIDDEN) == everybody - OWN
    for who, kinds in HIDDEN.items():
        assert set(kinds) == {k for k in CANARIES if who not in READERS[k]}


@pytest.fixture(scope="module")
def opened(bare_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """The same alliance, once without canaries and once for each set of them."""
    folder = tmp_path_factory.mktemp("plain")
    first = copied(bare_template, folder)
    for who, house, name in (("other", "beta", "乙的光刻"), ("owner", "alpha", "甲的光刻")):
        form = {"organisation": first.organisations[house], "category": "process",
                "name_zh": name, "techniques": "lithography.ebl"}  # fmt: skip
        assert first.post("/capabilities/new", who, form).status_code == 302
    first.published("public", who="other", house="beta", title="人人可见")
    first.published("members", who="other", house="beta", title="成员可见")
    search = {"title": "我的搜索"}
    for who in HIDDEN:
        first.post("/search/saved?q=电子束光刻", who, search)
    settle_all(first)
    with first.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    first.database.close()
    sites: dict[tuple[str, ...], Site] = {}

    def open_one(kinds: tuple[str, ...]) -> Site:
        if kinds not in sites:
            own = tmp_path_factory.mktemp("with")
            shutil.copytree(folder, own, dirs_exist_ok=True)
            site = open_site(own)
            site.people, site.emails = first.people, first.emails
            site.organisations = first.organisations
            post(site, kinds)
            settle_all(site)
            sites[kinds] = site
        return sites[kinds]

    yield open_one
    for site in sites.values():
        site.database.close()


def settle_all(site: Site) -> None:
    """Let everything catch up, what waits for a while included: saved searches tell later."""
    site.settle()
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        site.settle()


def post(site: Site, kinds: tuple[str, ...]) -> None:
    """One need of alpha for each kind, as invented as canaries are."""
    for kind in kinds:
        title = f"{CANARIES[kind][1]} {CANARIES[kind][0]}"
        if kind == "draft":
            site.draft(text=canary_text(kind), title=title)
            continue
        disclosure = "public" if kind == "withdrawn" else kind
        key = site.published(disclosure, text=canary_text(kind), title=title)
        if kind == "withdrawn":
            done = site.post(f"/needs/{key}/move", "owner", {"state": "withdrawn"})
            assert done.status_code == 302


@pytest.mark.parametrize("who", HIDDEN)
def test_nothing_that_somebody_can_open_differs_by_a_hidden_need(opened: Opened, who: str) -> None:
    language = "en" if who in ("other", "expired", "visitor") else "zh"
    without = said(opened(()), who, language=language)
    with_them = said(opened(HIDDEN[who]), who, language=language)
    assert set(without) == set(with_them)
    found = []
    for path, before in without.items():
        after = with_them[path]
        if path.startswith("/audit"):  # numbers of the chain run on; what stands there does not
            before, after = unnumbered(before), unnumbered(after)
        changes = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
        found += [(path, list(changes)[:12])] if before != after else []
    assert found == [], who


def unnumbered(text: str) -> str:
    """A page or file of the record without sequence numbers and hashes."""
    text = re.sub(r"\b[0-9a-f]{64}\b", "HASH", text)
    text = re.sub(r'<td class="oe-r">\d+</td>', "", text)
    return re.sub(r"^\d+,", "", text, flags=re.M)


def test_the_comparison_would_notice_a_need_that_shows(opened: Opened) -> None:
    without, with_them = said(opened(()), "invited"), said(opened(TO_MEMBERS), "invited")
    differing = {path for path in without if without[path] != with_them[path]}
    assert {"/", "/needs", "/api/v1/needs", "/search", "/api/v1/search?kind=need"} <= differing
