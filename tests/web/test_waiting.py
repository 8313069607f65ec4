"""The front page says what waits for a person, and only to that person."""

from __future__ import annotations

import re

from tests.site import HOUSES, Site


def waiting(site: Site, who: str) -> str:
    """The part of the front page that lists what waits; empty when nothing does."""
    page = site.get("/?lang=zh", who).text
    found = re.search(r"<h2>等您处理</h2>.*?</section>", page, re.S)
    return found[0] if found else ""


def test_an_interest_waits_for_those_who_may_answer_it_until_they_do(bare: Site) -> None:
    key = bare.published("anonymous", title="匿名之需")
    assert "匿名之需" not in waiting(bare, "other")
    form = {"organisation": bare.organisations["beta"], "message": "我们能做"}
    assert bare.post(f"/needs/{key}/interest", "other", form).status_code == 302
    bare.settle()
    mine = waiting(bare, "owner")
    assert HOUSES["beta"][0] in mine
    assert f"/needs/{key}#interests" in mine
    for who in ("visitor", "other", "invited", "secretariat"):
        assert HOUSES["beta"][0] not in waiting(bare, who), who
        assert "表达了意向" not in waiting(bare, who), who
    interest = re.search(
        rf"/needs/{key}/interest/(int-\w+)", bare.get(f"/needs/{key}", "owner").text
    )
    assert interest
    answer = {"state": "declined", "reply": "谢谢", "version": "1"}
    path = f"/needs/{key}/interest/{interest[1]}"
    assert bare.post(path, "owner", answer).status_code == 302
    assert "表达了意向" not in waiting(bare, "owner")


def test_a_draft_and_a_need_without_candidates_wait_for_their_own_people(bare: Site) -> None:
    draft = bare.draft(title="未完之需")
    open_need = bare.published("members", title="没人能做之需")
    bare.settle()
    mine = waiting(bare, "owner")
    assert f"/needs/{draft}/confirm" in mine
    assert f"/needs/{open_need}" in mine
    for who in ("visitor", "other"):
        assert "未完之需" not in bare.get("/?lang=zh", who).text
        assert "没人能做之需" not in waiting(bare, who)
