"""What a need does to those who may not read it: nothing, on every page, count and file."""

from __future__ import annotations

import difflib
import io
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from collab.facilities.models import Capability
from collab.kernel import clock
from collab.notices.mail import Letter, Mailer
from collab.notices.models import Notice
from tests import sendings
from tests.site import CAST, Site, copied, csrf, open_site
from tests.surfaces import said
from tests.unit.test_files_rules import CONTENTS
from tests.web.test_agreements import words as words_of_agreement
from tests.web.test_disclosure_in_time import accepted
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
Hidden = dict[str, list[str]]  # ids of what belongs to the needs, by kind
Opened = Callable[[tuple[str, ...]], tuple[Site, Hidden]]
LETTERS: dict[Path, list[Letter]] = {}  # what left each site by mail


@pytest.fixture(scope="module", autouse=True)
def mail() -> Iterator[None]:
    """Letters are kept instead of sent."""

    def keep(self: Mailer, letter: Letter) -> None:
        LETTERS.setdefault(self._settings.data_dir, []).append(letter)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mailer, "send", keep)
        yield


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
    sites: dict[tuple[str, ...], tuple[Site, Hidden]] = {}

    def open_one(kinds: tuple[str, ...]) -> tuple[Site, Hidden]:
        if kinds not in sites:
            own = tmp_path_factory.mktemp("with")
            shutil.copytree(folder, own, dirs_exist_ok=True)
            site = open_site(own, smtp_host="mail.example.org")
            site.people, site.emails = first.people, first.emails
            site.organisations = first.organisations
            hidden = post(site, kinds)
            settle_all(site)
            sites[kinds] = site, hidden
        return sites[kinds]

    yield open_one
    for site, _ in sites.values():
        site.database.close()


def settle_all(site: Site) -> None:
    """Let everything catch up, what waits for a while included: saved searches tell later."""
    site.settle()
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        site.settle()


def post(site: Site, kinds: tuple[str, ...]) -> Hidden:
    """One need of alpha for each kind, as invented as canaries are, and what belongs to them."""
    hidden: Hidden = {"needs": [], "interest": [], "files": [], "agreements": []}
    for kind in kinds:
        title = f"{CANARIES[kind][1]} {CANARIES[kind][0]}"
        if kind == "draft":
            key = site.draft(text=canary_text(kind), title=title)
        else:
            disclosure = "public" if kind == "withdrawn" else kind
            key = site.published(disclosure, text=canary_text(kind), title=title)
        hidden["needs"].append(key)
        hidden["files"].append(with_file(site, key))
        if kind == "withdrawn":
            done = site.post(f"/needs/{key}/move", "owner", {"state": "withdrawn"})
            assert done.status_code == 302
        if kind == "invited":
            talked_about(site, key, hidden)
    return hidden


def with_file(site: Site, key: str) -> str:
    """A file beside a need; its id."""
    client = site.browser("owner")
    sent = {"file": (io.BytesIO(CONTENTS["pdf"][0]), "鹮附件.pdf"), "csrf_token": csrf(client)}
    assert client.post(f"/needs/{key}/files", data=sent).status_code == 302
    found = re.findall(r"/files/(file-\w+|\w+-\w+)\"", site.get(f"/needs/{key}", "owner").text)
    return str(found[0])


def talked_about(site: Site, key: str, hidden: Hidden) -> None:
    """An invited need leads on: an interest, a file for the other side, an agreement's draft."""
    interest = accepted(site, key, "invited", "gamma").rpartition("/")[2]
    release = {"organisation": site.organisations["gamma"], "on": "1"}
    done = site.post(f"/files/{hidden['files'][-1]}/release", "owner", release)
    assert done.status_code == 302
    drawn = site.post(f"/agreements/new/{interest}", "owner", words_of_agreement())
    assert drawn.status_code == 302
    hidden["interest"].append(interest)
    hidden["agreements"].append(drawn.location.split("/")[-1])


@pytest.mark.parametrize("who", HIDDEN)
def test_nothing_that_somebody_can_open_differs_by_a_hidden_need(opened: Opened, who: str) -> None:
    language = "en" if who in ("other", "expired", "visitor") else "zh"
    without = said(opened(())[0], who, language=language)
    with_them = said(opened(HIDDEN[who])[0], who, language=language)
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
    without, with_them = said(opened(())[0], "invited"), said(opened(TO_MEMBERS)[0], "invited")
    differing = {path for path in without if without[path] != with_them[path]}
    assert {"/", "/needs", "/api/v1/needs", "/search", "/api/v1/search?kind=need"} <= differing


def sent(site: Site, who: str, hidden: Hidden, there: set[str]) -> dict[str, str]:
    """What is answered to everything that somebody sends."""
    with site.database.reading() as uow:
        line = uow.session.exec(
            select(Capability).where(col(Capability.name_zh) == "乙的光刻")
        ).one()
    month = (clock.today() + timedelta(days=40)).isoformat()[:7]
    return sendings.answers(site, who, hidden, there, capability=line.public_id, month=month)


@pytest.mark.parametrize("who", HIDDEN)
def test_nothing_that_somebody_sends_is_answered_otherwise_for_a_hidden_need(
    opened: Opened, who: str
) -> None:
    """Forms, questions to the API, previews and errors; about the hidden things, too."""
    plain, full = opened(()), opened(HIDDEN[who])
    there = sendings.keys_of(plain[0])
    without, with_them = sent(plain[0], who, full[1], there), sent(full[0], who, full[1], there)
    assert set(without) == set(with_them)
    assert len(without) > 130
    found = []
    for name, before in without.items():
        changes = difflib.unified_diff(
            before.splitlines(), with_them[name].splitlines(), lineterm="", n=0
        )
        found += [(name, list(changes)[:12])] if before != with_them[name] else []
    assert found == [], who


def test_what_is_answered_would_tell_of_a_need_that_shows(opened: Opened) -> None:
    plain, full = opened(()), opened(TO_MEMBERS)
    there = sendings.keys_of(plain[0])
    without, with_them = (sent(s, "invited", full[1], there) for s, _ in (plain, full))
    differing = {name for name in without if without[name] != with_them[name]}
    about = {"needs": "/needs/<key>", "files": "/files/<key>", "agreements": "/agreements/<key>"}
    seen = {f"GET {path} {kind} 0" for kind, path in about.items()}
    assert {"POST /needs/<key>/interest needs 0", *seen} <= differing
    asked = sent(plain[0], "coordinator", full[1], there)
    assert {text[:3] for name, text in asked.items() if name.startswith("/api/")} == {"200"}


@pytest.mark.parametrize("who", [who for who in HIDDEN if who != "visitor"])
def test_nobody_is_told_of_a_hidden_need_by_letter_or_notice(opened: Opened, who: str) -> None:
    told, written = [], []
    for site, _ in (opened(()), opened(HIDDEN[who])):
        with site.database.reading() as uow:
            query = select(Notice).where(col(Notice.person_id) == site.people[who])
            rows = uow.session.exec(query.order_by(col(Notice.id))).all()
            told.append([(row.code, str(row.facts), row.url) for row in rows])
        letters = LETTERS.get(site.platform.settings.data_dir, [])
        written.append([(o.subject, o.text) for o in letters if o.to == site.emails[who]])
    assert told[0] == told[1]
    assert written[0] == written[1]
    with_them = opened(HIDDEN[who])[0]
    by_address = {with_them.emails[reader]: reader for reader in HIDDEN if reader != "visitor"}
    for letter in LETTERS.get(with_them.platform.settings.data_dir, []):
        reader = by_address.get(letter.to, "")  # everybody else here may read all of them
        words = [word for kind in HIDDEN.get(reader, ()) for word in CANARIES[kind]]
        assert not any(word in letter.text + letter.subject for word in words), letter.to
