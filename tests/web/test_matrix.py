"""Every route, every role, every disclosure: who gets in is what the table of access says."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from collab.files.models import Attachment
from collab.kernel.permissions import Scope
from collab.members import service as members
from collab.members.forms import TokenIn
from collab.members.models import Application, Person
from collab.moderation.models import Report
from collab.search.models import SavedSearch
from collab.storage.database import Database
from tests.access_table import TABLE, allowed
from tests.site import EVERYBODY, PASSWORD, SOI, Site, copied, csrf, row_counts
from tests.surfaces import rules
from tests.unit.test_files_rules import CONTENTS
from tests.web.test_agreements import words as words_of_agreement
from tests.web.test_disclosure_in_time import accepted
from tests.web.test_imports import GOOD, upload
from tests.web.test_questions import asked_of_beta
from tests.web.test_vocabulary import FORM

DISCLOSURES = ("public", "members", "anonymous", "invited", "draft")
OUT = frozenset({401, 403, 404})
RECORDS = ("moderation", "reports")  # whose addresses name a need or a capability
PDF = CONTENTS["pdf"][0]
API_BODIES: dict[str, dict[str, Any]] = {
    "draft_need": {"text": SOI}, "change_draft": {"text": SOI, "version": 999},
    "confirm_structure": {"structure": {}, "version": 999},
    "publish_need": {"version": 999}, "change_disclosure": {"version": 999},
    "withdraw_need": {"version": 999}, "understand": {"text": SOI}, "match_text": {"text": SOI},
    "ask_what_if": {}, "issue_token": {"name": "x", "days": 3, "scopes": ["read"]},
    "add_file": {"name": "a.pdf", "content": base64.b64encode(PDF).decode()},
    "change_organisation": {"name_zh": "甲鹮光电", "version": 999},
    "confirm_capability": {}, "retire_capability": {}, "restore_capability": {},
}  # fmt: skip
CAPABILITY = {"category": "process", "name_zh": "电子束直写", "techniques": ["lithography.ebl"]}


@dataclass
class Field:
    """The site with one of everything that a route can be about."""

    site: Site
    needs: dict[str, str] = field(default_factory=dict)
    reports: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def key_for(self, rule: Rule, disclosure: str) -> str:
        """What stands for <key> in a rule."""
        first = rule.rule.removeprefix("/api/v1").split("/")[1]
        if first == "needs" or first in RECORDS:
            return self.needs[disclosure]
        if first == "members":
            return self.keys["application" if "applications" in rule.rule
                             else "person" if "people" in rule.rule else "house"]  # fmt: skip
        if first == "account" or first == "tokens":
            return self.keys["token"]
        if first == "my-organisation":
            return self.keys["house"]
        return self.keys.get(first, "x-0000000000")

    def path(self, rule: Rule, disclosure: str) -> str:
        """The address of a rule with everything filled in."""
        known = {"key": self.key_for(rule, disclosure), "interest_key": self.keys["interest"],
                 "kind": "organisations", "format": "csv", "form": "json", "name": "privacy",
                 "code": "jilin", "term": "soi", "token": "x" * 43, "number": "1",
                 "act": "confirm", "other": self.site.organisations["beta"],
                 "capability": self.keys["asked"], "question": self.keys["question"],
                 "seal": "0" * 32,
                 "legs": "s1:cap-0000000000", "wanted": "csv"}  # fmt: skip
        if rule.rule.split("/")[1] in RECORDS:
            known |= {"kind": "needs", "act": "hold",
                      "report": self.reports.get(disclosure, "rep-0000000000")}  # fmt: skip
        if "/techniques/" in rule.rule or "/parameters/" in rule.rule or "/chains/" in rule.rule:
            known["term"] = self.keys[rule.rule.split("/")[4]]
        place = r"<(?:[^<>:]+(?:\([^)]*\))?:)?(\w+)>"
        return re.sub(place, lambda m: known[m[1]], rule.rule)


@pytest.fixture(scope="module")
def place(bare_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """One of everything: needs of every disclosure, an interest, a file, an import, a token."""
    site = copied(bare_template, tmp_path_factory.mktemp("matrix"))
    made = Field(site)
    alpha = site.organisations["alpha"]
    for disclosure in DISCLOSURES[:-1]:
        made.needs[disclosure] = site.published(disclosure)
    for disclosure, key in made.needs.items():
        who = "invited" if disclosure == "invited" else "other"
        sent = site.post(f"/reports/needs/{key}", who, {"reason": "outdated"})
        assert sent.status_code == 302
    with site.database.reading() as uow:
        for disclosure, row in zip(made.needs, uow.session.exec(select(Report)), strict=True):
            made.reports[disclosure] = row.public_id
    made.needs["draft"] = site.draft()
    deal = site.published("members", title="一桩")
    made.keys["interest"] = accepted(site, deal).rpartition("/")[2]
    _things(made, deal, alpha)
    site.settle()
    for who in EVERYBODY:
        site.get("/help", who)  # what an earlier act flashed is gone
        with site.browser(who).session_transaction() as session:
            made.sessions[who] = {k: v for k, v in session.items() if k != "_flashes"}
    yield made
    site.database.close()


def _things(made: Field, deal: str, alpha: str) -> None:
    site, keys = made.site, made.keys
    form = {"organisation": alpha, "category": "process", "name_zh": "甲的光刻",
            "techniques": "lithography.ebl"}  # fmt: skip
    keys["capabilities"] = site.post("/capabilities/new", "owner", form).location.split("/")[-1]
    keys["asked"], keys["questions"], keys["question"] = asked_of_beta(site, deal)
    client = site.browser("owner")
    sent = {"file": (io.BytesIO(PDF), "a.pdf"), "csrf_token": csrf(client)}
    assert client.post(f"/needs/{deal}/files", data=sent).status_code == 302
    keys["imports"] = upload(site, GOOD).location.split("/")[-1]
    keys["vocabulary"] = site.post("/vocabulary/proposals", "owner", FORM).location.split("/")[-1]
    site.post("/search/saved?q=光刻", "owner", {"title": "光刻"})
    drawn = site.post(f"/agreements/new/{keys['interest']}", "owner", words_of_agreement())
    keys["agreements"] = drawn.location.split("/")[-1]
    keys |= {"organisations": alpha, "house": alpha, "techniques": "lithography.ebl",
             "parameters": "min-feature", "chains": "tfln-modulator"}  # fmt: skip
    with site.database.writing() as uow:
        keys["files"] = uow.session.exec(select(Attachment)).one().public_id
        keys["search"] = uow.session.exec(select(SavedSearch)).one().public_id
        row = Application(name_zh="新来的", region_id=1, contact_name="x", contact_email="x@y.org")
        uow.session.add(row)
        keys["application"] = row.public_id
        person = uow.session.get(Person, site.people["other"])
        assert person is not None
        keys["person"] = person.public_id
        for name, scopes in (("read", [Scope.READ]), ("write", [Scope.READ, Scope.WRITE])):
            actor = members.actor_of(uow, uow.session.get(Person, site.people["owner"]))  # type: ignore[arg-type]
            token, made.tokens[name] = members.issue_token(
                uow, actor, TokenIn(name="t", scopes=scopes), fresh=True
            )
            keys["token"] = token.public_id
    release = {"organisation": site.organisations["beta"], "on": "1"}
    assert site.post(f"/files/{keys['files']}/release", "owner", release).status_code == 302
    made.tokens["none"] = "oe_" + "x" * 43


@contextmanager
def nothing_kept(
    database: Database, look: Callable[[Any], None] = lambda uow: None
) -> Iterator[None]:
    """Everything runs to its end and is then taken back: no request changes what comes after."""
    real = database.writing

    class Back(Exception):
        """Takes the transaction back."""

    @contextmanager
    def undone() -> Iterator[Any]:
        try:
            with real() as uow:
                look(None)
                yield uow
                uow.seal()
                look(uow)
                uow.session.expunge_all()  # what was read stays readable
                raise Back
        except Back:
            pass

    object.__setattr__(database, "writing", undone)
    try:
        yield
    finally:
        object.__delattr__(database, "writing")


def form_of(made: Field, endpoint: str) -> dict[str, Any]:
    """What a form of any page may hold; every page takes what it knows."""
    site = made.site
    alpha, beta = site.organisations["alpha"], site.organisations["beta"]
    form: dict[str, Any] = {
        "text": SOI, "title": "t", "organisation": alpha, "message": "能做", "state": "withdrawn",
        "reason": "理由", "version": "1", "name_zh": "甲鹮光电", "category": "process", "on": "1",
        "other": beta,
        "techniques": "lithography.ebl", "disclosure": "members", "email": "x@example.net",
        "role": "member", "name": "x", "act": "decline", "days": "9", "scopes": "read",
        "current": PASSWORD, "password": PASSWORD, "new": "seven quiet herons", "scope": beta,
        "kind": "capabilities", "person": made.keys["person"], "grant": "3", "id": "3",
        "leaver": made.keys["person"], "successor": made.keys["person"],
    }  # fmt: skip
    own = {
        "needs.interest": {"organisation": beta}, "needs.answer_interest": {"state": "accepted"},
        "members.move": {"state": "suspended"}, "files.release": {"organisation": beta},
        "files.upload": {"file": (io.BytesIO(PDF), "b.pdf")},
        "agreements.move": {"state": "withdrawn"}, "questions.ask": {"own": "下月有空档吗？"},
        "notices.choose": {"deals": "daily", "finds": "never"},
    }  # fmt: skip
    return form | own.get(endpoint, {})


def asked(
    made: Field, rule: Rule, method: str, who: str, disclosure: str, token: str = ""
) -> TestResponse:
    """One request of somebody, by session or by token."""
    site, path = made.site, made.path(rule, disclosure)
    client = site.app.test_client() if token else site.browser(who)
    headers = {"Authorization": f"Bearer {made.tokens[token]}"} if token else {}
    if method == "GET":
        extra = "?of=gaps" if rule.endpoint == "coordinator.listed" else ""
        if rule.rule.startswith("/members/"):
            extra = f"?scope={site.organisations['beta']}"
        return client.get(path + extra, headers=headers)
    if rule.rule.startswith("/api/"):
        name = rule.endpoint.removeprefix("api.")
        body = API_BODIES.get(name, {})
        if name in ("register_capability", "change_capability"):
            body = CAPABILITY | ({"version": 999} if name[0] == "c" else
                                 {"organisation": site.organisations["alpha"]})  # fmt: skip
        if name == "release_file":
            body = {"organisation": site.organisations["beta"]}
        headers |= {} if token else {"X-CSRFToken": csrf(client)}
        return client.open(path, method=method, json=body, headers=headers)
    form = form_of(made, rule.endpoint) | {"csrf_token": csrf(client)}
    return client.post(path, data=form)


def let_in(answer: TestResponse) -> bool:
    """Whether the guard let somebody pass, whatever was then wrong with what was sent."""
    to_sign_in = answer.status_code == 302 and answer.location.startswith("/sign-in?")
    return answer.status_code not in OUT and not to_sign_in


def test_every_route_stands_in_the_table_and_the_table_names_no_other(bare: Site) -> None:
    served = {rule.endpoint for method in ("GET", "POST", "PUT", "DELETE", "PATCH")
              for rule in rules(bare, method)}  # fmt: skip
    assert served - {name.rpartition(" ")[2] for name in TABLE} == set(), "say who may use these"
    assert {name.rpartition(" ")[2] for name in TABLE} - served == set()


@pytest.mark.parametrize("who", EVERYBODY)
def test_who_gets_in_is_what_the_table_says(place: Field, who: str) -> None:
    before = row_counts(place.site.database)
    wrong = []
    with nothing_kept(place.site.database):
        for rule in rules(place.site, "GET"):
            wrong += list(_differences(place, rule, "GET", who))
        for method in ("POST", "PUT", "DELETE"):
            for rule in rules(place.site, method):
                wrong += list(_differences(place, rule, method, who))
    assert wrong == [], "\n".join(wrong)
    assert row_counts(place.site.database) == before


def _differences(made: Field, rule: Rule, method: str, who: str) -> Iterator[str]:
    about_need = "/needs/<key>" in rule.rule or rule.rule.split("/")[1] in RECORDS
    for disclosure in DISCLOSURES if about_need else ("members",):
        with made.site.browser(who).session_transaction() as session:
            session.update(made.sessions[who])  # an earlier request may have signed out
        answer = asked(made, rule, method, who, disclosure)
        may = who in allowed(method, rule.endpoint, disclosure)
        if answer.status_code >= 500 or let_in(answer) != may:
            yield f"{method} {rule.rule} {disclosure}: {answer.status_code}, may is {may}"


@pytest.mark.parametrize("token", ["read", "write", "none"])
def test_a_token_does_no_more_than_its_owner_and_its_scopes(place: Field, token: str) -> None:
    wrong = []
    reading_posts = {"api.understand", "api.match_text", "api.ask_what_if"}
    with nothing_kept(place.site.database):
        for method in ("GET", "POST", "PUT", "DELETE"):
            for rule in rules(place.site, method):
                if not rule.rule.startswith("/api/v1/"):
                    continue
                for disclosure in DISCLOSURES if "/needs/<key>" in rule.rule else ("members",):
                    answer = asked(place, rule, method, "owner", disclosure, token)
                    writes = method != "GET" and rule.endpoint not in reading_posts
                    may = "owner" in allowed(method, rule.endpoint, disclosure)
                    may = may and (token == "write" or (token == "read" and not writes))
                    may = may and rule.endpoint != "api.issue_token"
                    if rule.endpoint in ("api.docs_v1", "api.openapi_json"):
                        may = True
                    if answer.status_code >= 500 or let_in(answer) != may:
                        wrong.append(f"{method} {rule.rule} {disclosure}: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)


def test_a_page_is_not_opened_by_a_token(place: Field) -> None:
    headers = {"Authorization": f"Bearer {place.tokens['write']}"}
    client = place.site.app.test_client()
    for path in ("/account", "/needs/mine", "/imports", "/notices"):
        assert client.get(path, headers=headers).status_code == 302, path


MUST_CHANGE = frozenset({
    "needs.new", "needs.interest", "files.upload", "files.remove", "members.move",
    "account.issue_token", "questions.ask", "questions.answer", "questions.withdraw",
})  # fmt: skip
# changes that are no decision: what one only looked at, passed by, keeps for oneself, or is derived
UNRECORDED = frozenset({
    "throttle", "needread", "notice", "savedsearch", "outbox_event", "activity", "activity_head",
    "correction", "onetimetoken", "needtechnique", "importbatch", "rowproblem", "signinchallenge",
    "desk_visit", "mailwish",
})  # fmt: skip
CHANGED = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) \"?(\w+)\"?", re.I)


def test_whatever_changes_something_says_so_on_the_record(place: Field) -> None:
    """Every form and operation as those who may: a changed table without an act is a hole."""
    database = place.site.database
    seen: list[str] = []
    silent: list[tuple[str, list[str]]] = []
    told: set[str] = set()
    now = {"who": "", "route": ""}

    def note(_c: Any, _u: Any, statement: str, *_rest: Any) -> None:
        seen.extend(CHANGED.findall(statement)[:1])

    def look(uow: Any) -> None:
        changed = {name.lower() for name in seen} - UNRECORDED
        seen.clear()
        if uow is not None and changed:
            told.add(now["route"])
            if not uow._notes:
                silent.append((now["route"], sorted(changed)))

    sa.event.listen(database._writer, "before_cursor_execute", note)
    try:
        for who in ("owner", "other", "secretariat", "visitor"):
            for method in ("POST", "PUT", "DELETE"):
                for rule in rules(place.site, method):
                    with place.site.browser(who).session_transaction() as session:
                        session.update(place.sessions[who])
                    now.update(who=who, route=rule.endpoint)
                    with nothing_kept(database, look):
                        asked(place, rule, method, who, "members")
                        if rule.endpoint in ("needs.confirm", "needs.edit", "needs.publish"):
                            asked(place, rule, method, who, "draft")
    finally:
        sa.event.remove(database._writer, "before_cursor_execute", note)
    assert silent == [], "\n".join(map(str, silent))
    assert told >= MUST_CHANGE, MUST_CHANGE - told


STRANGERS = ("other", "coordinator", "secretariat", "suspended")
# things that are hidden from somebody, by the start of their addresses
HIDDEN: dict[str, tuple[str, ...]] = {
    "/needs/<key>": STRANGERS, "/api/v1/needs/<key>": STRANGERS,
    "/files/<key>": ("invited", "coordinator", "secretariat", "suspended"),
    "/api/v1/files/<key>": ("invited", "coordinator", "secretariat", "suspended"),
    "/agreements/<key>": ("invited", "coordinator", "secretariat", "suspended"),
    "/questions/<key>": ("invited", "coordinator", "secretariat", "suspended"),
    "/api/v1/questions/<key>": ("invited", "coordinator", "secretariat", "suspended"),
    "/imports/<key>": ("other", "coordinator", "suspended"), "/search/saved/<key>": STRANGERS,
    "/vocabulary/proposals/<key>": ("other", "coordinator"),
    "/account/tokens/<key>": STRANGERS, "/api/v1/tokens/<key>": STRANGERS,
    "/moderation/<any(needs, capabilities):kind>/<key>": STRANGERS,
    "/reports/<any(needs, capabilities):kind>/<key>": STRANGERS,
}  # fmt: skip
UNKNOWN = {"questions": "inq-0000000000",
           "needs": "need-0000000000", "files": "file-0000000000", "agreements": "agr-0000000000",
           "imports": "imp-0000000000", "search": "sav-0000000000", "account": "tok-0000000000",
           "moderation": "need-0000000000", "reports": "need-0000000000",
           "vocabulary": "voc-0000000000", "tokens": "tok-0000000000"}  # fmt: skip


@pytest.mark.parametrize("start", HIDDEN)
def test_hidden_and_unknown_things_answer_alike(
    place: Field, start: str, count_queries: Callable[..., AbstractContextManager[Any]]
) -> None:
    kind = start.removeprefix("/api/v1").split("/")[1]
    asked_of = [(m, r) for m in ("GET", "POST", "PUT", "DELETE") for r in rules(place.site, m)
                if r.rule == start or r.rule.startswith(start + "/")]  # fmt: skip
    assert asked_of
    database = place.site.database
    for who in HIDDEN[start]:
        with place.site.browser(who).session_transaction() as session:
            session.update(place.sessions[who])
        place.site.get("/help", who)
        for method, rule in asked_of:
            seen: list[Any] = []
            queries: list[int] = []
            for key in (place.key_for(rule, "invited"), UNKNOWN[kind]):
                other = replace(place, needs={"invited": key}, keys={**place.keys, kind: key,
                                "token": key if kind in ("account", "tokens") else ""})  # fmt: skip
                with nothing_kept(database), count_queries(database) as counted:
                    answer = asked(other, rule, method, who, "invited")
                text = re.sub(r"[\w-]{20,}\.[\w-]{6}\.[\w-]{20,}", "", answer.text)
                headers = {k: v for k, v in answer.headers.items()
                           if k not in ("Content-Length", "Set-Cookie")}  # fmt: skip
                seen.append(
                    (answer.status_code, text.replace(key, "KEY"), str(headers).replace(key, "KEY"))
                )
                queries.append(counted.number)  # fmt: skip
            assert seen[0] == seen[1], (method, rule.rule, who)
            # every few minutes a request also notes that the session was used
            assert abs(queries[0] - queries[1]) <= 3, (method, rule.rule, who, queries)
            assert not let_in(answer), (method, rule.rule, who)
