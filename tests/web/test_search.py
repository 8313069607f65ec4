"""The search page: permalinks, saved searches, files of hits, completions, help among hits."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from openpyxl import load_workbook

from tests.site import Site, bare, bare_template, shipped_template, site

__all__ = ["bare", "bare_template", "shipped_template", "site"]


def lines(site: Site, path: str, who: str) -> list[list[str]]:
    answer = site.get(path, who)
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_hits_are_taken_out_as_files_only_as_far_as_they_may_be_read(bare: Site) -> None:
    secret = bare.published("invited", title="=HYPERLINK(1)")
    open_one = bare.published("members", title="硅光 需求")
    bare.settle()
    path = "/search/export.csv?q=硅光&kind=need"
    found = {who: {row[1] for row in lines(bare, path, who)[1:]} for who in
             ("owner", "invited", "other", "suspended")}  # fmt: skip
    assert found["owner"] == found["invited"] == {secret, open_one}
    assert found["other"] == {open_one}
    assert found["suspended"] == set()
    titles = {row[2] for row in lines(bare, path, "invited")}
    assert "=HYPERLINK(1)" not in titles, "a formula went out as a formula"
    answer = bare.get(path.replace("csv", "xlsx"), "invited")
    sheet = load_workbook(io.BytesIO(answer.data)).worksheets[0]
    assert {c.data_type for row in sheet.iter_rows(min_row=2) for c in row if c.value} == {"s"}
    assert bare.get(path).status_code == 302, "visitors sign in first"
    assert bare.get("/search/export.json?q=x", "owner").status_code == 404


def test_a_file_of_an_invited_need_is_a_read_on_record(bare: Site) -> None:
    bare.published("invited")
    bare.settle()
    path = "/search/export.csv?kind=need"
    for who, more in (("owner", 0), ("invited", 1)):
        before = _reads(bare)
        lines(bare, path, who)
        assert _reads(bare) - before == more


def _reads(site: Site) -> int:
    with site.database.reading() as uow:
        run = uow.session.connection().exec_driver_sql
        return int(run("SELECT count(*) FROM needread").scalar_one())


def test_a_search_is_saved_renamed_and_deleted_from_the_pages(bare: Site) -> None:
    page = bare.get("/search?q=EBL&kind=capability&region=hubei&_anchor=x&key=y", "member").text
    assert 'action="/search/saved?' in page
    assert bare.post("/search/saved?q=EBL&kind=capability&page=3", "member").status_code == 302
    listed = bare.get("/search/saved", "member").text
    address = re.search(r'<a href="(/search\?[^"]+)">EBL</a>', listed)
    key = re.search(r"/search/saved/(sea-\w+)/rename", listed)
    assert address
    assert key
    query = parse_qs(urlsplit(address[1].replace("&amp;", "&")).query)
    assert query == {"q": ["EBL"], "kind": ["capability"]}
    for who, wanted in (("other", 404), ("member", 302)):
        answer = bare.post(f"/search/saved/{key[1]}/rename", who, {"title": "直写"})
        assert answer.status_code == wanted
    assert "直写" in bare.get("/search/saved", "member").text
    assert bare.post(f"/search/saved/{key[1]}/rename", "member").status_code == 422
    assert bare.post(f"/search/saved/{key[1]}/delete", "other").status_code == 404
    assert bare.post(f"/search/saved/{key[1]}/delete", "member").status_code == 302
    assert "直写" not in bare.get("/search/saved", "member").text
    assert bare.post("/search/saved?q=", "member").status_code == 422, "a name is needed"
    assert "/search/saved" not in bare.get("/search?q=EBL").text
    assert bare.post("/search/saved?q=EBL", "suspended").status_code == 403


@pytest.mark.parametrize("path", [
    "/search?q=硅光&kind=capability&sort=fresh&expand=0&exact=1&page=2",
    "/search?q=封装&region=hubei&category=packaging",
])  # fmt: skip
def test_the_address_holds_the_whole_state(site: Site, path: str) -> None:
    first = site.get(path, "member")
    assert first.status_code == 200
    again = site.fresh_browser("member").get(path)
    pick = re.compile(r'<article class="oe-card">.*?</article>', re.S)
    assert pick.findall(first.text) == pick.findall(again.text)
    for href in re.findall(r'href="(/search\?[^"]*)"', first.text)[:12]:
        assert "page=" in href or "q=" in href


def test_completions_are_offered_and_know_only_what_the_asker_may_read(bare: Site) -> None:
    bare.published("invited", title="翡翠绿波导研究")
    bare.settle()
    for who, seen in (("owner", True), ("invited", True), ("other", False), ("visitor", False)):
        found = bare.get("/search/suggest?q=翡翠绿", who).json
        assert any("翡翠绿" in one["text"] for one in found or []) is seen
    page = bare.get("/search?q=x").text
    assert page.count("data-suggest=") == 2
    assert "js/suggest.js" in page


def test_help_is_found_in_both_languages_and_leads_to_its_page(site: Site) -> None:
    for words, language, page in (
        ("保密 可见范围", "zh", "privacy"), ("how to write a query", "en", "search"),
    ):  # fmt: skip
        text = site.get(f"/search?q={words}&kind=help&lang={language}").text
        assert f'href="/help/{page}"' in text
    top = site.get("/search?q=电子束光刻&lang=zh").text
    assert top.index("/capabilities/") < (top.find('href="/help/search"') + 1 or len(top))
