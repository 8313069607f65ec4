"""Holds and reports on the whole site: what is held shows to nobody else, anywhere, at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlmodel import select

from collab.moderation.models import Report
from collab.storage.database import Database
from tests.conftest import Counted
from tests.site import EVERYBODY, Site
from tests.surfaces import said
from tests.web.test_disclosure_in_time import accepted, tell_tales
from tests.web.test_leaks import CANARIES, canary_text
from tests.web.test_questions import WORDS, asked_of_beta
from tests.web.test_waiting import waiting

Counting = Callable[[Database], AbstractContextManager[Counted]]
MODERATORS = {"coordinator", "secretariat"}
OUTSIDE = ("visitor", "other", "invited", "suspended", "expired", "coordinator-elsewhere")
REASON, WANTED = "鹮理由：价格像是写错了", "鹮要求：请写清楚价格"


def version(site: Site, kind: str, key: str, who: str = "coordinator") -> str:
    """The version that a moderator's page carries."""
    page = site.get(f"/moderation/{kind}/{key}", who).text
    found = re.search(rf'/moderation/{kind}/{key}/(?:hold|return)".*?name="version" value="(\d+)"',
                      page, re.S)  # fmt: skip
    assert found, page
    return found[1]


def decide(site: Site, kind: str, key: str, act: str, who: str = "coordinator", **more: str) -> Any:
    """A decision of a moderator who just looked."""
    form = {"reason": REASON, "version": version(site, kind, key, who), **more}
    return site.post(f"/moderation/{kind}/{key}/{act}", who, form)


def line(site: Site, name: str) -> str:
    """A capability of alpha; its public id."""
    form = {"organisation": site.organisations["alpha"], "category": "process", "name_zh": name,
            "techniques": "lithography.ebl"}  # fmt: skip
    done = site.post("/capabilities/new", "owner", form)
    return str(done.location.rpartition("/")[2])


def test_a_held_need_leaves_every_page_count_file_and_notice_at_once(bare: Site) -> None:
    line(bare, "甲的光刻")
    form = {"organisation": bare.organisations["beta"], "category": "process",
            "name_zh": "乙的光刻", "techniques": "lithography.ebl"}  # fmt: skip
    assert bare.post("/capabilities/new", "other", form).status_code == 302
    word = CANARIES["public"][0]
    key = bare.published("public", text=canary_text("public"), title=word)
    bare.published("public", title="另一条", who="other", house="beta")
    bare.settle()
    shown = {"/needs", "/search?kind=need&sort=fresh", "/notices"}
    assert shown <= tell_tales(bare, "other", word)
    assert decide(bare, "needs", key, "hold").status_code == 302
    for settled in (False, True):  # at once, and when everything derived has caught up
        if settled:
            bare.settle()
        who = "other" if settled else "coordinator-elsewhere"
        assert tell_tales(bare, who, word) == set(), settled
        for who in OUTSIDE:
            for path in ("/needs", "/", "/search?kind=need&sort=fresh"):
                assert word not in bare.get(path, who).text, (who, path)
            for path in (f"/needs/{key}", f"/api/v1/needs/{key}", f"/api/v1/needs/{key}/matches"):
                assert bare.get(path, who).status_code in (401, 404), (who, path)
        assert bare.get(f"/search/suggest?q={word}", "other").text.count(word) == 0
        total = bare.get("/api/v1/needs", "other").json["total"]
        assert total == 1
        for who in ("owner", "member", "coordinator", "secretariat"):
            assert word in bare.get(f"/needs/{key}", who).text, who
    mine = bare.get(f"/needs/{key}?lang=zh", "owner").text
    assert REASON in mine
    assert "区域协调员" in mine.split("决定方", 1)[1][:80]
    assert "coordinator 某" not in mine
    hold = bare.get(f"/api/v1/needs/{key}", "owner").json["hold"]
    assert (hold["state"], hold["role"], hold["reason"]) == ("held", "regional_coordinator", REASON)
    assert bare.get(f"/api/v1/needs/{key}", "coordinator").json["hold"] is None
    assert decide(bare, "needs", key, "release").status_code == 302
    bare.settle()
    for who in OUTSIDE:
        for path in ("/needs", "/search?kind=need&sort=fresh", f"/needs/{key}"):
            assert word in bare.get(path, who).text, (who, path)


def test_nothing_differs_for_others_between_a_held_need_and_none(bare: Site) -> None:
    bare.published("public", title="另一条", who="other", house="beta")
    bare.settle()
    words = ("电子束光刻", "鹮")
    before = {who: said(bare, who, words=words) for who in ("visitor", "invited")}
    key = bare.published("public", text=canary_text("public"), title=CANARIES["public"][0])
    assert decide(bare, "needs", key, "hold").status_code == 302
    bare.settle()
    for who, then in before.items():
        now = said(bare, who, words=words)
        assert [p for p in then if then[p] != now[p]] == [], who
    assert key in bare.get("/moderation", "coordinator").text


def test_a_held_capability_leaves_catalogue_matches_network_and_files(bare: Site) -> None:
    word = "鹮暂停之线"
    key = line(bare, word)
    need = bare.published("public", text="需要电子束光刻，10片", title="光刻", who="other",
                          house="beta")  # fmt: skip
    bare.settle()
    places = {"/capabilities", "/search?q=电子束光刻"}
    assert places <= tell_tales(bare, "other", word)
    assert word in bare.get(f"/needs/{need}", "other").text
    coverage = bare.get("/api/v1/alliance/coverage", "visitor").json
    assert decide(bare, "capabilities", key, "hold", wanted=WANTED).status_code == 302
    for settled in (False, True):
        if settled:
            bare.settle()
        who = "visitor" if settled else "other"
        assert tell_tales(bare, who, word) == set(), settled
        for who in OUTSIDE:
            assert bare.get(f"/capabilities/{key}", who).status_code == 404
            assert bare.get(f"/api/v1/capabilities/{key}", who).status_code in (401, 404)
            assert word not in bare.get(f"/needs/{need}", who).text
        for who in ("owner", "other", "coordinator", "secretariat"):  # no supply for anybody
            assert word not in bare.get(f"/needs/{need}", who).text, who
        assert bare.get("/api/v1/capabilities", "other").json["total"] == 0
    assert bare.get("/api/v1/alliance/coverage", "visitor").json != coverage
    mine = bare.get(f"/capabilities/{key}?lang=zh", "owner").text
    assert REASON in mine
    assert WANTED in mine
    assert "申请复核" in mine
    assert "申请复核" not in bare.get(f"/capabilities/{key}?lang=zh", "coordinator").text


def test_the_way_of_a_held_need_from_report_to_release(bare: Site) -> None:
    key = bare.published("members", title="鹮成员之需")
    page = bare.get(f"/needs/{key}", "other").text
    assert f"/reports/needs/{key}" in page
    assert f"/moderation/needs/{key}" not in page
    assert f"/reports/needs/{key}" not in bare.get(f"/needs/{key}", "owner").text
    wrong = bare.post(f"/reports/needs/{key}", "other", {"reason": "other"})
    assert wrong.status_code == 422
    words = {"reason": "other", "text": "鹮举报词：这是广告"}
    assert bare.post(f"/reports/needs/{key}", "other", words).location == "/reports"
    bare.settle()
    assert "1 条举报等您处理" in waiting(bare, "coordinator")
    for who in ("owner", "other", "invited", "coordinator-elsewhere"):
        assert "条举报等您处理" not in waiting(bare, who), who
    queue = bare.get("/moderation?lang=zh", "coordinator").text
    assert "鹮成员之需" in queue
    assert "鹮举报词" in queue
    for trace in ("other 某", "乙鹭微纳", "other@example.net"):  # not even moderators read who
        assert trace not in queue.split("<main", 1)[1]
        assert trace not in bare.get(f"/moderation/needs/{key}", "coordinator").text
    assert decide(bare, "needs", key, "hold", wanted=WANTED).status_code == 302
    bare.settle()
    assert "已暂停公开" in bare.get("/reports?lang=zh", "other").text
    assert "鹮成员之需" not in bare.get("/reports", "other").text
    assert "被退回，等您修改" in waiting(bare, "owner")
    everything = said(bare, "owner", words=("鹮",))
    everything[key] = bare.get(f"/needs/{key}", "owner").text
    for trace in ("鹮举报词", "other 某", "other@example.net"):
        assert [p for p, text in everything.items() if trace in text] == []
    stale = {"version": "1", "reply": "改好了"}
    assert bare.post(f"/moderation/needs/{key}/ask", "owner", stale).status_code == 409
    found = re.search(
        r'/ask".*?name="version" value="(\d+)"', bare.get(f"/needs/{key}", "owner").text, re.S
    )
    assert found
    assert bare.get(f"/needs/{key}/edit", "owner").status_code == 200
    edited = {
        "title": "鹮成员之需",
        "text": "需要电子束光刻，6英寸，价格12万元",
        "version": found[1],
    }
    assert bare.post(f"/needs/{key}/edit", "owner", edited).status_code == 302
    found = re.search(
        r'/ask".*?name="version" value="(\d+)"', bare.get(f"/needs/{key}", "owner").text, re.S
    )
    assert found
    asked = {"version": found[1], "reply": "改好了"}
    assert bare.post(f"/moderation/needs/{key}/ask", "owner", asked).status_code == 302
    bare.settle()
    assert "1 条暂停公开的记录等您决定" in waiting(bare, "coordinator")
    assert "改好了" in bare.get("/moderation", "coordinator").text
    assert decide(bare, "needs", key, "release").status_code == 302
    bare.settle()
    assert "12万元" in bare.get(f"/needs/{key}", "other").text
    assert "鹮成员之需" in bare.get("/reports", "other").text
    assert "恢复公开" in bare.get("/notices?lang=zh", "owner").text


def test_the_second_of_two_moderators_sees_what_the_first_decided(bare: Site) -> None:
    key = bare.published("members", title="鹮成员之需")
    then = version(bare, "needs", key)
    assert decide(bare, "needs", key, "hold", "secretariat").status_code == 302
    late = {"reason": "晚了一步", "version": then}
    answer = bare.post(f"/moderation/needs/{key}/hold?lang=zh", "coordinator", late)
    assert answer.status_code == 409
    assert "您查看之后这条记录已有变化" in answer.text
    assert REASON in answer.text  # what the first one wrote
    empty = decide(bare, "needs", key, "return", wanted=" ")
    assert empty.status_code == 422


def test_a_report_is_answered_and_the_record_stays(bare: Site) -> None:
    key = bare.published("anonymous", title="鹮匿名之需")
    assert bare.post(f"/reports/needs/{key}", "invited", {"reason": "outdated"}).status_code == 302
    with bare.database.reading() as uow:
        report = uow.session.exec(select(Report)).one()
    path = f"/moderation/needs/{key}/reports/{report.public_id}/dismiss"
    for who in ("coordinator", "coordinator-elsewhere", "other", "owner", "invited"):
        answer = bare.post(path, who, {"answer": "x", "version": "1"})  # four members stand there
        assert answer.status_code in (403, 404), who
        assert key not in bare.get("/moderation", who).text
    page = bare.get(f"/moderation/needs/{key}?lang=zh", "secretariat").text
    for trace in ("甲鹮光电", "jilin", "吉林", "owner 某"):
        assert trace not in page.split("<main", 1)[1].split("</main>", 1)[0]
    assert bare.post(path, "secretariat", {"answer": " ", "version": "1"}).status_code == 422
    done = bare.post(path, "secretariat", {"answer": "鹮答复：核对无误", "version": "1"})
    assert done.status_code == 302
    again = bare.post(path, "secretariat", {"answer": "再答", "version": "1"})
    assert again.status_code == 409
    bare.settle()
    assert "鹮答复" in bare.get("/reports", "invited").text
    assert "您的举报已有答复" in bare.get("/notices?lang=zh", "invited").text
    assert "鹮答复" not in bare.get("/reports", "other").text
    assert bare.get(f"/needs/{key}", "other").status_code == 200


def test_parties_are_told_that_the_need_rests_and_their_agreement_stands(bare: Site) -> None:
    from tests.web.test_agreements import words

    key = bare.published("members", title="鹮成员之需")
    interest = accepted(bare, key).rpartition("/")[2]
    drawn = bare.post(f"/agreements/new/{interest}", "other", words())
    assert decide(bare, "needs", key, "hold").status_code == 302
    bare.settle()
    assert bare.get(f"/needs/{key}", "other").status_code == 404
    page = bare.get(f"{drawn.location}?lang=zh", "other").text
    assert "协议继续有效" in page
    assert "鹮成员之需" not in page
    assert "代表本机构签署" not in page
    assert bare.post(f"{drawn.location}/sign", "other", {"version": "1"}).status_code == 409
    assert "意向与协议都保留" in bare.get("/notices?lang=zh", "other").text
    assert "需求核查中" in bare.get("/agreements?lang=zh", "other").text


def test_threads_of_questions_rest_with_what_they_are_about(bare: Site) -> None:
    key = bare.published("members", text=WORDS, title="鹮成员之需")
    capability, thread, question = asked_of_beta(bare, key)
    answer = {"text": "能做", "version": "1", "sent": "1"}
    assert decide(bare, "needs", key, "hold").status_code == 302
    assert bare.get(f"/questions/{thread}", "other").status_code == 404
    sent = bare.post(f"/questions/{thread}/{question}/answer", "other", answer)
    assert sent.status_code == 404
    more = bare.post(f"/needs/{key}/ask/{capability}", "owner", {"own": "再问一个"})
    assert more.status_code == 409
    assert decide(bare, "needs", key, "release").status_code == 302
    sent = bare.post(f"/questions/{thread}/{question}/answer", "other", answer)
    assert sent.status_code == 302
    assert "乙的直写" in bare.get(f"/questions/{thread}", "owner").text
    done = decide(bare, "capabilities", capability, "hold", "secretariat")
    assert done.status_code == 302
    for path in (f"/questions/{thread}", "/questions", f"/needs/{key}"):
        page = bare.get(f"{path}?lang=zh", "owner").text
        assert "乙的直写" not in page, path
    assert "一项暂停公开的能力" in bare.get(f"/questions/{thread}?lang=zh", "owner").text
    assert "能做" in bare.get(f"/questions/{thread}", "owner").text
    assert "乙的直写" in bare.get(f"/questions/{thread}", "other").text


# ── the record of acts ───────────────────────────────────────────────────────


def test_the_record_shows_decisions_and_reports_to_moderators_but_not_of_their_own_house(
    bare: Site,
) -> None:
    key = bare.published("members", title="鹮成员之需")
    assert bare.post(f"/reports/needs/{key}", "other", {"reason": "outdated"}).status_code == 302
    assert decide(bare, "needs", key, "hold").status_code == 302
    page = bare.get("/audit", "secretariat").text
    for trace in (REASON, "coordinator 某", "reported", "other 某"):
        assert trace in page
    from collab.kernel.identity import Role
    from collab.members.models import Organisation, RoleGrant

    with bare.database.writing() as uow:  # somebody of the secretariat joins the owner
        alpha = uow.session.exec(
            select(Organisation).where(Organisation.public_id == bare.organisations["alpha"])
        ).one()
        uow.session.add(RoleGrant(person_id=bare.people["secretariat"], role=Role.MEMBER,
                                  organisation_id=alpha.id))  # fmt: skip
    for path in ("/audit", "/audit/export.csv", "/audit?kind=report", "/audit?kind=hold"):
        text = bare.get(path, "secretariat").text
        for trace in (REASON, "coordinator 某", "other 某", "reported"):
            assert trace not in text.split("<main")[-1], (path, trace)
    assert bare.get("/moderation", "secretariat").text.count(key) == 0


def test_who_keeps_away_from_whom_is_for_the_organisation_itself_alone(bare: Site) -> None:
    alpha, beta = bare.organisations["alpha"], bare.organisations["beta"]
    bare.settle()
    desk = bare.get("/coordinator", "secretariat").text
    blocked = bare.post(f"/my-organisation/{alpha}/blocked", "owner", {"other": beta})
    assert blocked.status_code == 302
    bare.settle()
    assert beta in bare.get("/my-organisation/blocked", "owner").text
    paths = ("/audit", "/audit/export.csv", "/audit?kind=organisation", "/audit?action=blocked",
             f"/audit?key={alpha}")  # fmt: skip
    for path in paths:
        text = bare.get(path, "secretariat").text
        assert "blocked" not in text.replace("action=blocked", "").replace('value="blocked"', "")
        assert beta not in text
    assert alpha not in bare.get("/coordinator", "secretariat").text.split('id="changes"')[1]
    assert alpha not in desk.split('id="changes"')[1]
    edited = {"name_zh": "甲鹮光电", "version": "1"}
    assert bare.post(f"/organisations/{alpha}/edit", "owner", edited).status_code == 302
    assert alpha in bare.get("/audit", "secretariat").text  # other acts are there
    from collab.storage.audit_reading import broken

    assert broken(bare.database) == []  # and the chain holds every act


def test_who_acted_on_an_anonymous_need_is_not_read_on_the_record(bare: Site) -> None:
    key = bare.published("anonymous", title="鹮匿名之需")
    members = bare.published("members", title="鹮成员之需")
    for path in ("/audit", "/audit?kind=need", "/audit/export.csv", f"/audit?key={key}"):
        text = bare.get(path, "secretariat").text
        assert key not in text.replace(f"key={key}", "").replace(f'value="{key}"', ""), path
    assert members in bare.get("/audit?kind=need", "secretariat").text


# ── budget and hostile input ─────────────────────────────────────────────────


def test_the_queue_costs_no_more_queries_for_more_cases(
    bare: Site, count_queries: Counting
) -> None:
    def visit(path: str) -> int:
        with count_queries(bare.database) as counted:
            assert bare.get(path, "coordinator").status_code == 200
        return counted.number

    def more() -> None:
        key, held = bare.published("members"), line(bare, "甲的光刻")
        for who in ("other", "invited"):
            sent = bare.post(f"/reports/needs/{key}", who, {"reason": "outdated"})
            assert sent.status_code == 302
        assert decide(bare, "capabilities", held, "hold").status_code == 302

    more()
    for path in ("/moderation", "/"):
        visit(path)
    few = {path: visit(path) for path in ("/moderation", "/")}
    for _ in range(3):
        more()
    for path, number in few.items():
        assert visit(path) == number, path
    assert few["/moderation"] <= 26, few


@pytest.mark.parametrize("text", ["<script>x</script>", "{{7*7}}", "'; DROP TABLE hold;--", "\x00",
                                  "长" * 1001])  # fmt: skip
def test_hostile_words_are_shown_as_words_or_refused(bare: Site, text: str) -> None:
    key = bare.published("members", title="鹮成员之需")
    sent = bare.post(f"/reports/needs/{key}", "other", {"reason": "other", "text": text})
    assert sent.status_code in (302, 422)
    done = decide(bare, "needs", key, "hold", reason=text, wanted=text)
    assert done.status_code in (302, 422)
    for who, path in (("owner", f"/needs/{key}"), ("coordinator", f"/moderation/needs/{key}"),
                      ("coordinator", "/moderation"), ("other", "/reports")):  # fmt: skip
        page = bare.get(path, who)
        assert page.status_code == 200, path
        assert "<script>x" not in page.text
        assert "49" not in re.sub(r"\d{3,}|value=\"[^\"]*\"", "", page.text) or "{{" not in text


def test_pages_of_moderation_are_for_those_who_coordinate(bare: Site) -> None:
    for who in EVERYBODY:
        answer = bare.get("/moderation", who)
        may = who in MODERATORS | {"coordinator-elsewhere"}
        assert (answer.status_code == 200) == may, who
        linked = 'href="/moderation"' in bare.get("/help", who).text
        assert linked == may, who
        if may:  # whose queue it is
            everywhere, own = "全联盟 · 待审" in answer.text, "我的地区 · 待审" in answer.text
            assert (everywhere, own) == (who == "secretariat", who != "secretariat"), who
