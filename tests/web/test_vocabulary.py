"""The vocabulary pages: browsing for all, proposing for members, deciding for the secretariat."""

from __future__ import annotations

import re

from tests.site import Site

FORM = {"family": "techniques", "term": "etching.icp", "words_zh": "蓝鲸刻蚀", "reason": "车间用语"}


def proposed(bare: Site) -> str:
    answer = bare.post("/vocabulary/proposals", "member", FORM)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def version_in(text: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', text)
    assert found
    return found[1]


def test_everybody_browses_and_searches_the_vocabulary(bare: Site) -> None:
    page = bare.get("/vocabulary")
    assert page.status_code == 200
    assert "电子束光刻" in page.text
    found = bare.get("/vocabulary?q=EBL&lang=en").text
    assert "lithography.ebl" in found
    assert 'id="etching.wet"' not in found
    assert "insertion-loss" in bare.get("/vocabulary?kind=parameters").text
    assert bare.get("/vocabulary?q=zzzznothing").status_code == 200
    assert bare.get("/vocabulary?kind=nonsense").status_code == 200


def test_visitors_cannot_see_or_make_proposals(bare: Site) -> None:
    assert bare.get("/vocabulary/proposals").status_code in (302, 401)
    assert bare.post("/vocabulary/proposals", "visitor", FORM).status_code in (302, 401, 403)


def test_a_member_proposes_and_the_secretariat_decides(bare: Site) -> None:
    need = bare.published(text="需要蓝鲸刻蚀和电子束光刻，2片", title="蓝鲸")
    place = proposed(bare)
    assert "蓝鲸刻蚀" in bare.get("/vocabulary/proposals", "member").text
    assert 'value="accept"' not in bare.get(place, "member").text
    assert bare.get(place, "other").status_code == 404
    page = bare.get(place, "secretariat").text
    assert 'value="accept"' in page
    assert need in page  # the effect on a stored need
    form = {"act": "accept", "version": version_in(page), "answer": "好"}
    assert bare.post(place, "member", form).status_code in (403, 404)
    assert bare.post(place, "secretariat", form).status_code == 302
    assert bare.post(place, "secretariat", form).status_code == 409
    assert "蓝鲸刻蚀" in bare.get("/vocabulary?q=蓝鲸").text  # in force without a restart
    key = bare.draft(text="请做蓝鲸刻蚀，2片")
    assert 'value="etching.icp" selected' in bare.get(f"/needs/{key}/confirm", "owner").text
    page = bare.get(place, "secretariat").text
    assert need in page  # the effect of withdrawing, too
    form = {"act": "withdraw", "version": version_in(page), "answer": "误收"}
    assert bare.post(place, "member", form).status_code in (403, 404)
    assert bare.post(place, "secretariat", form).status_code == 302
    assert "蓝鲸刻蚀" not in bare.get("/vocabulary?q=蓝鲸").text
    assert "已撤回" in bare.get(place, "member").text


def test_a_conflict_is_shown_beside_its_field_and_input_is_kept(bare: Site) -> None:
    answer = bare.post("/vocabulary/proposals", "member", {**FORM, "words_zh": "电子束曝光"})
    assert answer.status_code == 422
    assert "已属于" in answer.text
    assert "车间用语" in answer.text


def test_pages_exist_in_english(bare: Site) -> None:
    place = proposed(bare)
    client = bare.browser("secretariat")
    for path in ("/vocabulary", "/vocabulary/proposals", place):
        page = client.get(path, headers={"Accept-Language": "en"}, query_string={"lang": "en"})
        assert page.status_code == 200
