"""A route under its own address, asked of all its providers at once, and the answer as a file."""

from __future__ import annotations

import csv
import io
import re

import openpyxl
import pytest
from sqlmodel import select

from collab.members.models import Person
from collab.questions.models import Question
from tests.site import EVERYBODY, HOUSES, Site
from tests.web.test_leaks import READERS

WORDS = "需要在8英寸SOI晶圆上做电子束光刻，然后做倒装焊，10片"


def line(site: Site, who: str, house: str, technique: str) -> str:
    """A capability of a house; its key."""
    form = {"organisation": site.organisations[house], "category": "process",
            "name_zh": f"{house}的线", "techniques": technique}  # fmt: skip
    answer = site.post("/capabilities/new", who, form)
    assert answer.status_code == 302, answer.text
    return str(answer.location.rsplit("/", 1)[1])


def route_of(site: Site, disclosure: str = "members") -> tuple[str, str]:
    """A need of alpha with a route over beta and gamma: its key and the route's address."""
    line(site, "other", "beta", "lithography.ebl")
    line(site, "invited", "gamma", "packaging.flip-chip")
    need = site.published(disclosure, text=WORDS, title="两步的需求")
    found = re.search(
        rf'href="(/needs/{need}/routes/[^"]+)"', site.get(f"/needs/{need}", "owner").text
    )
    assert found
    return need, found[1]


def asked(site: Site) -> list[Question]:
    """Every question there is."""
    with site.database.reading() as uow:
        return list(uow.session.exec(select(Question)).all())


def test_a_routes_address_lasts_and_says_when_it_no_longer_holds(bare: Site) -> None:
    need, address = route_of(bare)
    page = bare.get(f"{address}?lang=zh", "owner").text
    for name in (HOUSES["beta"][0], HOUSES["gamma"][0], "问全部承接方"):
        assert name in page
    assert "问全部承接方" not in bare.get(f"{address}?lang=zh", "invited").text
    capability = re.search(r"cap-\w+", address)
    assert capability
    assert bare.post(f"/capabilities/{capability[0]}/retire", "other").status_code == 302
    gone = bare.get(f"{address}?lang=zh", "owner")
    assert gone.status_code == 200
    assert "现在不成立" in gone.text
    assert bare.post(f"{address}/ask", "owner").status_code == 409
    assert bare.post(f"/capabilities/{capability[0]}/restore", "other").status_code == 302
    assert "问全部承接方" in bare.get(f"{address}?lang=zh", "owner").text
    for odd in ("x", "s1:,", "s1:cap-1,s9:cap-2", "s1:" + capability[0], "," * 500):
        assert "现在不成立" in bare.get(f"/needs/{need}/routes/{odd}?lang=zh", "owner").text


def nobody_left(site: Site, *who: str, active: bool = False) -> None:
    """The people may not sign in any more, or may again."""
    with site.database.writing() as uow:
        for person in uow.session.exec(select(Person)):
            if person.id in [site.people[w] for w in who]:
                person.active = active
                uow.session.add(person)


def test_who_cannot_be_asked_here_is_named_and_the_others_are_asked(bare: Site) -> None:
    _need, address = route_of(bare)
    nobody_left(bare, "invited", "expired")
    page = bare.get(f"{address}?lang=zh", "owner").text
    assert "该机构还没有平台账号" in page
    assert "向其中 1 项能力的提供方提问" in page
    assert f'href="/organisations/{bare.organisations["gamma"]}"' in page
    told = bare.post(f"{address}/ask?lang=zh", "owner", {"open": "1"}, follow_redirects=True).text
    assert f"未能在平台上提问：{HOUSES['gamma'][0]}" in told
    assert "已同时发送" in told
    assert {q.topic for q in asked(bare) if q.topic.startswith("route:")} == {"route:s1"}
    count = len(asked(bare))
    again = bare.post(f"{address}/ask?lang=en", "owner", {"open": "1"}, follow_redirects=True).text
    assert "could not be asked through the platform" in again
    assert len(asked(bare)) == count
    nobody_left(bare, "invited", "expired", active=True)
    assert bare.post(f"{address}/ask", "owner", {"open": "1"}).status_code == 302
    topics = {q.topic for q in asked(bare) if q.topic.startswith("route:")}
    assert topics == {"route:s1", "route:s2"}, "whoever came since is asked the next time"


def test_where_nobody_of_a_route_can_be_asked_nothing_is_sent(bare: Site) -> None:
    _need, address = route_of(bare)
    nobody_left(bare, "other", "invited", "expired")
    page = bare.get(f"{address}?lang=zh", "owner").text
    assert "这条路线的各方都不能在平台上提问" in page
    assert f'action="{address}/ask"' not in page
    told = bare.post(f"{address}/ask?lang=zh", "owner", follow_redirects=True).text
    assert f"未能在平台上提问：{HOUSES['beta'][0]}、{HOUSES['gamma'][0]}" in told
    assert asked(bare) == []


def test_a_provider_that_is_not_invited_is_left_out_with_the_way_to_invite_it(bare: Site) -> None:
    need, address = route_of(bare, "invited")
    page = bare.get(f"{address}?lang=zh", "owner").text
    assert "未受邀" in page
    assert f'href="/needs/{need}/publish"' in page
    assert bare.post(f"{address}/ask", "owner").status_code == 302
    assert {q.topic for q in asked(bare)} == {"route:s2"}, "gamma is invited, beta is not"


def test_anything_else_that_is_wrong_with_one_stops_the_whole(bare: Site) -> None:
    need, address = route_of(bare)
    _first, last = re.findall(r"cap-\w+", address)
    for n in range(2):  # gamma has as many open questions of the need as it may
        assert (
            bare.post(f"/needs/{need}/ask/{last}", "owner", {"own": f"问题{n}"}).status_code == 302
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("collab.questions.service.MOST_OPEN", 2)
        refused = bare.post(f"{address}/ask?lang=zh", "owner")
    assert refused.status_code == 409
    assert "没有发送给任何一方" in refused.text
    assert HOUSES["gamma"][0] in refused.text
    assert len(asked(bare)) == 2, "beta was not asked either"


def test_all_providers_of_a_route_are_asked_by_the_owner_alone_and_once(bare: Site) -> None:
    _need, address = route_of(bare)
    for who in ("other", "invited", "secretariat", "visitor"):
        assert bare.post(f"{address}/ask", who).status_code in (302, 403, 404), who
    assert asked(bare) == []
    assert bare.post(f"{address}/ask", "owner", {"open": "1"}).status_code == 302
    topics = {q.topic for q in asked(bare)}
    assert {t for t in topics if t.startswith("route:")} == {"route:s1", "route:s2"}
    count = len(asked(bare))
    assert count > 2, "what is open goes with it"
    again = bare.post(f"{address}/ask?lang=zh", "owner", {"open": "1"}, follow_redirects=True)
    assert "没有重复发送" in again.text
    assert len(asked(bare)) == count
    bare.settle()
    for who in ("other", "invited"):
        assert "等您答复" in bare.get("/?lang=zh", who).text


@pytest.mark.parametrize("disclosure", ["members", "anonymous", "invited"])
def test_route_and_file_are_for_the_readers_of_the_need(bare: Site, disclosure: str) -> None:
    need, address = route_of(bare, disclosure)
    for who in EVERYBODY:
        for path in (address, f"/needs/{need}/answer.csv", f"/needs/{need}/answer.xlsx"):
            got = bare.get(path, who)
            assert got.status_code == (200 if who in READERS[disclosure] else 404), (who, path)
            if disclosure == "anonymous" and who in ("other", "invited"):
                assert HOUSES["alpha"][0] not in got.get_data().decode("utf-8", "replace")
    reads = bare.get(f"/needs/{need}?lang=zh", "owner").text
    assert ("· 导出" in reads) == (disclosure == "invited")


@pytest.mark.parametrize(("language", "head"), [("zh", "理由"), ("en", "Reason")])
def test_the_answer_as_a_file_has_every_reason(bare: Site, language: str, head: str) -> None:
    need, _ = route_of(bare)
    sent = bare.get(f"/needs/{need}/answer.csv?lang={language}", "owner")
    rows = list(csv.DictReader(io.StringIO(sent.data.decode("utf-8-sig"))))
    assert rows
    assert all(row[head] for row in rows)
    houses = {list(row.values())[3] for row in rows}
    at = 0 if language == "zh" else 1
    assert houses >= {HOUSES["beta"][at], HOUSES["gamma"][at]}
    book = openpyxl.load_workbook(
        io.BytesIO(bare.get(f"/needs/{need}/answer.xlsx?lang={language}", "owner").data)
    )
    candidates, routes = book.worksheets
    assert candidates.max_row == len(rows) + 1
    assert routes.max_row > 2
    assert bare.get(f"/needs/{need}/answer.pdf", "owner").status_code == 404


def test_questions_of_a_route_stand_under_who_is_asked_and_interests_lead_the_page(
    bare: Site,
) -> None:
    need, address = route_of(bare)
    page = bare.get(f"{address}?lang=zh", "owner").text
    asked_of = re.findall(r'<p class="oe-ask-house"><b>([^<]+)</b>', page)
    assert sorted(asked_of) == sorted({HOUSES["beta"][0], HOUSES["gamma"][0]})
    assert f'<a href="{address}">' in bare.get(f"/needs/{need}", "owner").text  # of the table
    lead = 'class="btn btn-primary" href="#interests"'
    assert lead in bare.get(f"/needs/{need}", "other").text
    assert lead not in bare.get(f"/needs/{need}", "owner").text
    form = {"organisation": bare.organisations["beta"], "message": "可以做"}
    assert bare.post(f"/needs/{need}/interest", "other", form).status_code == 302
    assert "1 项意向待答复" in bare.get(f"/needs/{need}?lang=zh", "owner").text
    assert lead not in bare.get(f"/needs/{need}", "other").text
