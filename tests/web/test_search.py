"""The search page: permalinks, saved searches, files of hits, completions, help among hits."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from openpyxl import load_workbook
from sqlmodel import col, select

from collab.needs.models import Need
from collab.needs.rules import Disclosure
from tests.service.test_search_index import odd_queries
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


def test_a_page_says_what_was_understood_and_groups_by_kind(site: Site) -> None:
    text = site.get("/search?q=谁能在6寸片上做氮化硅低损耗波导？&lang=zh").text
    assert "理解为：" in text
    assert re.search(r"理解为：氮化硅、[^<]*150 mm", text)
    headings = re.findall(r'<div class="oe-search-kind"><h2>(\S+) <small>(\d+)', text)
    assert "能力" in [kind for kind, _ in headings]
    assert len(headings) > 1
    tabs = dict(re.findall(r'kind=\w+"[^>]*>([^<]+)<small>(\d+)</small>', text))
    assert all(tabs[kind] == count for kind, count in headings)
    assert "oe-search-kind" not in site.get("/search?q=氮化硅&sort=fresh").text
    assert "oe-search-kind" not in site.get("/search?q=氮化硅&kind=capability").text
    figure = site.get("/search?q=线宽<=20nm&lang=zh").text
    assert "理解为：最小线宽 ≤ 20 nm" in figure
    assert re.search(r"命中：最小线宽 (≥ )?[\d.]+ nm", figure)
    unknown = site.get("/search?q=电子束光刻 colour:red&lang=zh").text
    assert "colour" in unknown


def test_what_is_struck_out_is_said_and_can_be_left(site: Site) -> None:
    text = site.get("/search?q=光刻 -电子束 -evidence:verified&lang=zh").text
    assert "已排除：电子束" in text
    assert "已排除：evidence:verified" in text
    assert "places=0" not in text  # nothing here was guessed
    plain = site.get("/search?q=光刻&lang=zh").text
    assert "已排除" not in plain


def test_a_page_beyond_the_end_is_the_last_page(site: Site) -> None:
    first = site.get("/search?q=光刻&lang=zh").text
    last = re.findall(r'page=(\d+)"[^>]*>\d+</a>', first)[-1]
    beyond = site.get("/search?q=光刻&lang=zh&page=99999").text
    here = re.search(r'aria-current="page">(\d+)<', beyond)
    assert here
    assert here[1] == last
    assert "没有找到" not in beyond
    assert "oe-card" in beyond
    assert "没有找到" in site.get("/search?q=qqzzxx&page=7&lang=zh").text


def test_chosen_facets_stand_as_chips_that_take_themselves_off(site: Site) -> None:
    path = "/search?q=光刻&category=process&technique=lithography.ebl&lang=zh"
    text = site.get(path).text
    chips = re.findall(r'<a class="oe-chip" href="([^"]+)"[^>]*>([^<]+)</a>', text)
    assert [label for _, label in chips] == ["工艺", "电子束光刻"]
    assert "category" not in chips[0][0]
    assert "technique=" in chips[0][0]


def test_nothing_found_leads_on_and_carries_the_text_into_a_need(site: Site) -> None:
    text = site.get("/search?q=TSV硅通孔&lang=zh").text
    assert "没有找到" in text
    carried = re.search(r'href="(/needs/new\?text=[^"]+)"', text)
    assert carried
    assert "TSV硅通孔" in site.get(carried[1], "member").text
    wider = re.search(r'<a href="(/search\?q=[^"]+)">放宽到“先进封装”</a>', text)
    assert wider
    assert "没有找到" not in site.get(wider[1]).text
    narrow = site.get("/search?q=电子束光刻&region=hubei&wafer=50&lang=zh").text
    assert "不加筛选条件" in narrow


def test_what_only_mentions_a_term_is_one_click_away(site: Site) -> None:
    text = site.get("/search?q=引线键合&lang=zh").text
    more = re.search(r'href="([^"]*mentions=1[^"]*)"', text)
    assert more
    wide = site.get(more[1].replace("&amp;", "&")).text
    first, second = (int(re.findall(r"共 (\d+) 条结果", one)[0]) for one in (text, wide))
    assert second > first
    assert "mentions=1" in site.get("/search?q=引线键合&mentions=1").text or second <= 20


def test_distance_is_offered_to_those_who_have_a_place(site: Site) -> None:
    assert "sort=distance" not in site.get("/search?q=光刻").text
    assert "sort=distance" in site.get("/search?q=光刻", "member").text
    nowhere = site.get("/search?q=光刻&sort=distance&lang=zh")
    assert nowhere.status_code == 200
    assert "不知道您的位置" in nowhere.text
    near = site.get("/search?q=光刻&sort=distance&kind=capability&lang=zh", "member").text
    assert "不知道您的位置" not in near
    away = [int(n.replace(",", "")) for n in re.findall(r"约 ([\d,]+) km", near)]
    assert len(away) == near.count("<article")
    assert away == sorted(away)
    assert not re.search(r"约 [\d,]+ km", site.get("/search?q=光刻&lang=zh", "member").text)


def test_a_stale_index_suggests_nothing_that_the_database_refuses(bare: Site) -> None:
    key = bare.published("members", title="翡翠绿波导研究")
    bare.settle()
    assert bare.get("/search/suggest?q=翡翠绿", "other").json
    with bare.database.writing() as uow:  # the index is not told
        need = uow.session.exec(select(Need).where(col(Need.public_id) == key)).one()
        need.disclosure = Disclosure.INVITED
        uow.session.add(need)
    assert bare.get("/search/suggest?q=翡翠绿", "other").json == []
    assert key not in bare.get("/search?q=翡翠绿", "other").text
    assert bare.get("/search/suggest?q=翡翠绿", "owner").json


def test_a_changed_disclosure_is_in_force_at_once_everywhere(bare: Site) -> None:
    key = bare.published("members", title="琥珀色zyxwv波导")
    bare.settle()
    before = bare.get("/search?q=琥珀色&kind=need", "other").text
    assert key in before
    change_disclosure(bare, key)
    for path in ("/search?q=琥珀色", "/search?q=zyxwv", "/search?q=zyxvw", "/search?kind=need",
                 "/search/export.csv?q=琥珀色"):  # fmt: skip
        text = bare.get(path, "other").text
        assert key not in text
        assert "琥珀色z" not in text
    counted = bare.get("/search?kind=need&lang=zh", "other").text
    assert not re.search(r"需求<small>[1-9]", counted)
    assert bare.get("/search/suggest?q=琥珀", "other").json == []
    assert key in bare.get("/search?q=琥珀色&kind=need", "owner").text


def change_disclosure(site: Site, key: str) -> None:
    """As the owner's page does it, without waiting for the worker."""
    with site.database.reading() as uow:
        version = uow.session.exec(select(Need.version).where(col(Need.public_id) == key)).one()
    form = {"act": "disclosure", "disclosure": "invited", "version": str(version),
            "invited": site.organisations["gamma"]}  # fmt: skip
    assert site.post(f"/needs/{key}/publish", "owner", form).status_code == 302


@pytest.mark.parametrize("who", ["visitor", "member"])
def test_no_query_string_breaks_the_page(bare: Site, who: str) -> None:
    bare.settle()
    for number, text in enumerate(odd_queries(60)):
        path = ("/search", "/search/suggest", "/search")[number % 3]
        more = {"sort": text[:9], "kind": text[:5], "page": text[:4], "technique": text[:7]}
        asked = {"q": text, **(more if number % 2 else {})}
        query = urlencode(asked, errors="surrogatepass")
        answer = bare.browser(who).get(path, query_string=query)
        assert answer.status_code < 500, text
