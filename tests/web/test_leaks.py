"""A need is where its disclosure says, and nowhere else: pages, search, counts, API, exports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from sqlmodel import col, select

from collab.needs.models import Need
from tests.site import EVERYBODY, HOUSES, Site, copied

# words that stand nowhere else in the data, one pair for each disclosure
CANARIES = {
    "public": ("鹮公开词", "Zorblepublic"),
    "members": ("鹮成员词", "Zorblemembers"),
    "anonymous": ("鹮匿名词", "Zorbleanonymous"),
    "invited": ("鹮定向词", "Zorbleinvited"),
    "draft": ("鹮草稿词", "Zorbledraft"),
    "withdrawn": ("鹮撤回词", "Zorblewithdrawn"),
}
MEMBERS = {"owner", "member", "other", "invited", "coordinator", "coordinator-elsewhere",
           "secretariat"}  # fmt: skip
OWN = {"owner", "member"}
READERS = {
    "public": set(EVERYBODY),
    "members": MEMBERS,
    "anonymous": MEMBERS,
    "invited": OWN | {"invited"},
    "draft": OWN,
    "withdrawn": OWN,
}
PAGES = (
    "/", "/needs", "/needs?size=200", "/needs?state=published", "/needs/mine", "/search?q={word}",
    "/search?q={word}&kind=need", "/search?q=Zorble*", "/search?q=%E9%B9%AE", "/search",
    "/search/suggest?q={part}", "/network", "/network/data", "/network/data?view=organisations",
    "/network/poster.svg", "/network/export/json", "/coordinator", "/capabilities",
    "/organisations",
    "/organisations/{alpha}", "/runs", "/my-organisation", "/notices", "/account",
    "/imports/export/needs.csv", "/imports/export/needs.xlsx", "/imports/export/needs.json",
    "/api/v1/needs", "/api/v1/needs?limit=100", "/api/v1/search?q={word}", "/api/v1/network",
    "/api/v1/organisations/{alpha}", "/api/v1/me", "/robots.txt",
)  # fmt: skip


def canary_text(kind: str) -> str:
    zh, en = CANARIES[kind]
    return f"{en} {zh}：需要在8英寸SOI晶圆上做电子束光刻，线宽100nm，10片，8周内"


def posted(site: Site) -> dict[str, str]:
    """One need of alpha for each kind of canary."""
    keys = {}
    for kind in CANARIES:
        title = f"{CANARIES[kind][1]} {CANARIES[kind][0]}"
        if kind == "draft":
            keys[kind] = site.draft(text=canary_text(kind), title=title)
            continue
        disclosure = kind if kind in READERS and kind != "withdrawn" else "public"
        keys[kind] = site.published(disclosure, text=canary_text(kind), title=title)
        if kind == "withdrawn":
            done = site.post(f"/needs/{keys[kind]}/move", "owner", {"state": "withdrawn"})
            assert done.status_code == 302
    return keys


@pytest.fixture(scope="module")
def told(
    bare_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, dict[str, str]]]:
    """One site for all readers, with every canary posted and everything derived caught up."""
    site = copied(bare_template, tmp_path_factory.mktemp("told"))
    keys = posted(site)
    site.settle()
    yield site, keys
    site.database.close()


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_page_tells_of_a_need_that_its_reader_may_not_read(
    told: tuple[Site, dict[str, str]], who: str
) -> None:
    site, keys = told
    hidden = [kind for kind in CANARIES if who not in READERS[kind]]
    for page in PAGES:
        path = page.format(word="电子束光刻", part="Zor", alpha=site.organisations["alpha"])
        answer = site.get(path, who)
        assert answer.status_code < 500, path
        body = answer.get_data().decode("utf-8", "replace").casefold()
        for kind in hidden:
            for trace in (*CANARIES[kind], keys[kind]):
                assert trace.casefold() not in body, (who, kind, path)
    for kind, key in keys.items():
        single = site.get(f"/needs/{key}", who)
        assert single.status_code == (404 if kind in hidden else 200), (who, kind)


@pytest.mark.parametrize("who", EVERYBODY)
def test_counts_hold_only_what_the_reader_may_read(
    told: tuple[Site, dict[str, str]], who: str
) -> None:
    site, _ = told
    shown = [k for k in CANARIES if who in READERS[k] and k not in ("draft", "withdrawn")]
    listed = site.get("/needs?lang=en", who).text
    assert len(set(re.findall(r'href="/needs/(need-\w+)"', listed))) == len(shown)
    by_word = 0
    for kind, (_zh, en) in CANARIES.items():
        page = site.get(f"/search?q={en}&exact=1&expand=0&kind=need", who).text
        hits = set(re.findall(r'href="/needs/(need-\w+)"', page))
        assert bool(hits) == (who in READERS[kind]), (who, kind)
        by_word += len(hits)
    assert by_word == len([k for k in CANARIES if who in READERS[k]])


def test_a_restriction_holds_at_once_before_anything_derived_follows(bare: Site) -> None:
    zh, en = CANARIES["public"]
    key = bare.published("public", text=canary_text("public"), title=f"{en} {zh}")
    bare.settle()
    before = bare.get(f"/search?q={en}&exact=1", "visitor").text
    assert key in before
    form = {"disclosure": "invited", "invited": bare.organisations["gamma"], "act": "disclosure"}
    done = bare.post(f"/needs/{key}/publish", "owner", form)
    assert done.status_code == 302
    for who in ("visitor", "other", "secretariat"):
        for path in (f"/search?q={en}&exact=1", "/needs", "/", "/search?kind=need"):
            text = bare.get(path, who).text
            assert key not in text, path
            assert zh not in text, path
        answer = bare.get(f"/api/v1/search?q={en}&limit=5", who)
        assert answer.status_code in (200, 401)
        if answer.status_code == 200:
            assert answer.json.get("total", 0) == 0, "counted although it may not be read"
        suggested = bare.get(f"/search/suggest?q={en[:8]}", who).text
        assert en.lower() not in suggested.lower()


TRACES = (
    *HOUSES["alpha"][:2],
    "Alphaibis",
    "甲鹮",
    "owner 某",
    "alpha-contact",
    "jilin",
    "吉林",
    "Jilin",
)


def test_an_anonymous_need_never_shows_whose_it_is(site: Site) -> None:
    key = site.published(
        "anonymous", text="需要电子束光刻，线宽100nm，硅光芯片，10片", title="匿名之需"
    )
    site.settle()
    organisation = site.organisations["alpha"]
    readers = ("other", "invited", "coordinator-elsewhere", "secretariat")
    for who, language in product(readers, ("zh", "en")):
        for path in (f"/needs/{key}", "/search?q=匿名之需&exact=1&kind=need"):
            separator = "&" if "?" in path else "?"
            text = site.get(f"{path}{separator}lang={language}", who).text
            assert key in text, path
            main = text.split("<main", 1)[1].split("</main>", 1)[0]
            plain = re.sub(r"<select.*?</select>", "", main, flags=re.S)
            if "search" in path:
                plain = plain.split("facet", 1)[0]
            for trace in (*TRACES, organisation):
                assert trace not in plain, (path, trace)
    one = site.get(f"/needs/{key}", "owner").text
    assert HOUSES["alpha"][0] in one


def test_accepting_an_interest_shows_the_parties_to_each_other_and_to_nobody_else(
    bare: Site,
) -> None:
    key = bare.published("anonymous", text=canary_text("anonymous"), title="匿名之需")
    for who, house in (("other", "beta"), ("invited", "gamma")):
        form = {"organisation": bare.organisations[house], "message": f"{house} 能做"}
        assert bare.post(f"/needs/{key}/interest", who, form).status_code == 302
    bare.settle()
    alpha = HOUSES["alpha"][0]
    page = bare.get(f"/needs/{key}", "owner").text
    assert HOUSES["beta"][0] in page
    assert HOUSES["gamma"][0] in page
    for who in ("other", "invited"):
        assert alpha not in bare.get(f"/needs/{key}", who).text
        assert alpha not in bare.get("/notices", who).text
    assert HOUSES["gamma"][0] not in bare.get(f"/needs/{key}", "other").text
    interest = re.search(rf"/needs/{key}/interest/(int-\w+)", page)
    assert interest
    first = {"state": "accepted", "reply": "好", "version": "1"}
    path = f"/needs/{key}/interest/{interest[1]}"
    assert bare.post(path, "other", first).status_code in (403, 404)
    assert bare.post(path, "invited", first).status_code in (403, 404)
    assert bare.post(path, "owner", first).status_code == 302
    bare.settle()
    assert alpha in bare.get(f"/needs/{key}", "other").text
    assert "alpha-contact@example.org" in bare.get(f"/needs/{key}", "other").text
    assert alpha not in bare.get(f"/needs/{key}", "invited").text
    assert alpha not in bare.get(f"/needs/{key}", "secretariat").text
    assert "alpha-contact" not in bare.get(f"/needs/{key}", "secretariat").text


def test_a_read_of_an_invited_need_is_on_its_owners_record(bare: Site) -> None:
    key = bare.published("invited")
    assert "invited 某" not in bare.get(f"/needs/{key}", "owner").text
    bare.get(f"/needs/{key}", "invited")
    bare.get(f"/needs/{key}", "secretariat")
    assert "invited 某" in bare.get(f"/needs/{key}", "owner").text
    assert "secretariat 某" not in bare.get(f"/needs/{key}", "owner").text


def test_the_answer_to_an_anonymous_need_does_not_depend_on_whose_it_is(bare: Site) -> None:
    """Distances and missing capabilities would tell; the owner alone gets the exact answer."""
    for who, house, name in (("owner", "alpha", "甲的光刻"), ("other", "beta", "乙的光刻")):
        form = {"organisation": bare.organisations[house], "category": "process", "name_zh": name,
                "techniques": "lithography.ebl"}  # fmt: skip
        assert bare.post("/capabilities/new", who, form).status_code == 302
    bare.settle()
    key = bare.published("anonymous", text="需要电子束光刻，10片", title="匿名之需")
    answers = {
        who: bare.get(f"/needs/{key}?lang=zh", who).text.split('id="step', 1)[1]
        for who in ("owner", "invited", "secretariat")
    }
    assert "甲的光刻" not in answers["owner"]
    assert "甲的光刻" in answers["invited"]
    assert "甲的光刻" in answers["secretariat"]
    actor = bare.actor("invited")
    with bare.database.reading() as uow:
        need = uow.session.exec(select(Need).where(col(Need.public_id) == key)).one()
        blind = bare.platform.matching.answer_need(uow, need, reader=actor)
        need.region_id = 1 if need.region_id != 1 else 2
        elsewhere = bare.platform.matching.answer_need(uow, need, reader=actor)
    assert blind == elsewhere


def test_a_withdrawn_interest_takes_back_what_was_disclosed(bare: Site) -> None:
    key = bare.published("anonymous", text="需要电子束光刻，10片", title="匿名之需")
    offer = {"organisation": bare.organisations["beta"], "message": "能做"}
    assert bare.post(f"/needs/{key}/interest", "other", offer).status_code == 302
    interest = re.search(
        rf"/needs/{key}/interest/(int-\w+)", bare.get(f"/needs/{key}", "owner").text
    )
    assert interest
    path = f"/needs/{key}/interest/{interest[1]}"
    assert bare.post(path, "owner", {"state": "accepted", "version": "1"}).status_code == 302
    assert HOUSES["alpha"][0] in bare.get(f"/needs/{key}", "other").text
    assert bare.post(path, "other", {"state": "withdrawn"}).status_code == 302
    assert HOUSES["alpha"][0] not in bare.get(f"/needs/{key}", "other").text
