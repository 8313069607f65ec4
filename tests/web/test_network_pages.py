"""The network and the coordinator's morning: what they show, to whom, and what they never tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site import EVERYBODY, Site, copied, need_rows, row_counts

CANARIES = {d: f"鹮网{d}词" for d in ("public", "members", "anonymous", "invited")}
READS = {"public", "members", "anonymous"}  # what any coordinator may read
TEXT = "{word}：需要在8英寸SOI晶圆上做电子束光刻，线宽100nm，10片，8周内"


@pytest.fixture(scope="module")
def told(
    bare_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, dict[str, str]]]:
    """A site with one need of alpha (in Jilin) of each disclosure."""
    site = copied(bare_template, tmp_path_factory.mktemp("net"))
    keys = {
        d: site.published(d, text=TEXT.format(word=word), title=word)
        for d, word in CANARIES.items()
    }
    site.settle()
    yield site, keys
    site.database.close()


@pytest.fixture(scope="module")
def shipped(shipped_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The shipped data, for tests that change nothing."""
    site = copied(shipped_template, tmp_path_factory.mktemp("shipped-net"))
    yield site
    site.database.close()


@pytest.mark.parametrize("who", EVERYBODY)
def test_only_those_who_coordinate_open_the_morning(
    told: tuple[Site, dict[str, str]], who: str
) -> None:
    site, _ = told
    allowed = who in ("coordinator", "coordinator-elsewhere", "secretariat")
    expected = 200 if allowed else 302 if who == "visitor" else 404
    assert site.get("/coordinator", who).status_code == expected
    gaps = site.get("/api/v1/alliance/gaps", who).status_code
    assert gaps == (200 if allowed else 401 if who == "visitor" else 403)


def test_the_morning_counts_only_needs_that_its_viewer_may_read(
    told: tuple[Site, dict[str, str]],
) -> None:
    site, keys = told
    page = site.get("/coordinator?technique=lithography.ebl&region=jilin", "coordinator").text
    assert CANARIES["public"] in page
    assert CANARIES["members"] in page
    for trace in (CANARIES["invited"], keys["invited"], CANARIES["anonymous"]):
        # fewer than five members stand in Jilin: the anonymous need has no place to show
        assert trace not in page.split('id="what-if"')[0], trace
    assert CANARIES["invited"] not in page
    found = site.get("/api/v1/alliance/gaps", "coordinator").json
    assert [len(g["needs"]) for g in found["gaps"]] == [2]
    assert [(g["weight"], g["regions"]) for g in found["gaps"]] == [(2, {"jilin": 2})]
    whole = site.get("/api/v1/alliance/gaps", "secretariat").json
    assert {n["id"] for g in whole["gaps"] for n in g["needs"]} == {keys[d] for d in READS}
    elsewhere = site.get("/coordinator", "coordinator-elsewhere").text
    assert CANARIES["anonymous"] not in elsewhere.split('id="what-if"')[0]


def test_the_network_and_its_files_hold_no_trace_of_any_need(
    told: tuple[Site, dict[str, str]],
) -> None:
    site, keys = told
    paths = ["/network", "/network/data", "/network/data?view=organisations", "/network/poster.svg",
             "/api/v1/network", *(f"/network/export/{f}" for f in
             ("graphml", "gexf", "json", "nodes", "links"))]  # fmt: skip
    for who in ("visitor", "owner", "secretariat"):
        for path in paths:
            answer = site.get(path, who)
            assert answer.status_code == 200, path
            for d, word in CANARIES.items():
                assert not [t for t in (word, keys[d]) if t in answer.text], (who, path)


def test_asking_what_if_changes_nothing_but_the_answer(told: tuple[Site, dict[str, str]]) -> None:
    site, _ = told
    before = row_counts(site.database), need_rows(site.database)
    page = site.get("/coordinator?technique=lithography.ebl&region=jilin&lang=zh", "coordinator")
    outcome = page.text.split('id="outcome"')[1]
    assert CANARIES["members"] in outcome
    silent = site.get("/coordinator?technique=nothing&region=mars&remove=x", "coordinator")
    assert silent.status_code == 200
    assert (row_counts(site.database), need_rows(site.database)) == before


def test_a_withdrawn_need_leaves_the_morning_at_once(bare: Site) -> None:
    key = bare.published("members", text=TEXT.format(word="鹮短"), title="鹮短")
    assert key in bare.get("/coordinator", "coordinator").text
    bare.post(f"/needs/{key}/move", "owner", {"state": "withdrawn"})
    assert key not in bare.get("/coordinator", "coordinator").text


def test_regions_come_first_and_open_into_their_organisations(shipped: Site) -> None:
    whole = shipped.get("/network/data").json
    assert whole["nodes"] == []
    assert whole["links"]
    region = next(r for r in whole["regions"] if r["key"] == "hubei")
    opened = shipped.get(region["src"]).json
    assert len(opened["nodes"]) == region["count"]
    key = opened["nodes"][0]["key"]
    near = shipped.get(f"/network/data?focus={key}").json
    assert key in {n["key"] for n in near["nodes"]}
    assert shipped.get(region["url"]).status_code == 200


def test_every_number_of_the_coverage_leads_to_as_many_organisations(shipped: Site) -> None:
    page = shipped.get("/coordinator?lang=zh", "coordinator-elsewhere").text
    part = page.split('id="coverage"')[1].split("</section>")[0]
    cells = re.findall(r'href="(/network\?[^"#]+)#table">(\d+)</a>', part)
    assert len(cells) > 10
    for href, number in cells[:25]:
        data = shipped.get(href.replace("&amp;", "&").replace("/network?", "/network/data?")).json
        assert data["counts"]["nodes"] == int(number), href


def test_a_path_a_comparison_and_metrics_stand_in_the_address(shipped: Site) -> None:
    data = shipped.get("/network/data?view=organisations&colour=pagerank&size=k_core").json
    tie = data["links"][0]
    path = shipped.get(f"/network/data?from={tie['source']}&to={tie['target']}").json
    assert path["path"] == [tie["source"], tie["target"]]
    for lang in ("zh", "en"):
        page = shipped.get(
            f"/network?from={tie['source']}&to={tie['target']}&compare=hubei&with=shaanxi&lang={lang}"
        )
        assert page.status_code == 200
    rows = shipped.get("/api/v1/network?colour=pagerank&technique=lithography.ebl").json["rows"]
    assert rows
    assert all("pagerank" in r for r in rows)
    assert shipped.get("/api/v1/network?colour=beauty").status_code == 422
    assert shipped.get("/network/export/pdf").status_code == 404
    exported = json.loads(shipped.get("/network/export/json").text)
    assert {n["kind"] for n in exported["nodes"]} >= {"firm", "technique", "capability"}


def test_coverage_is_open_and_what_if_checks_its_words(shipped: Site) -> None:
    steps = shipped.get("/api/v1/alliance/coverage?region=hubei").json["steps"]
    assert any(s["regions"].get("hubei") for s in steps)
    assert shipped.get("/api/v1/alliance/coverage?region=mars").status_code == 422


NUMBERS = ("stuck", "gaps", "singles", "idle", "fresh", "gap", "single")


@pytest.mark.parametrize("who", EVERYBODY)
def test_lists_picture_and_advice_are_for_those_who_coordinate(
    told: tuple[Site, dict[str, str]], who: str
) -> None:
    site, _ = told
    allowed = who in ("coordinator", "coordinator-elsewhere", "secretariat")
    expected = 200 if allowed else 302 if who == "visitor" else 404
    for path in ("/coordinator/picture?technique=lithography.ebl",
                 *(f"/coordinator/list?of={of}" for of in NUMBERS)):  # fmt: skip
        assert site.get(path, who).status_code == expected, path
    part = site.get("/coordinator/investments", who, headers={"HX-Request": "true"})
    assert part.status_code == expected
    whole = site.get("/coordinator/investments", who)
    assert whole.status_code == (302 if allowed else expected)
    assert not allowed or whole.location.endswith("/coordinator?advice=1#investments")
    assert site.get("/coordinator/list?of=needs", "secretariat").status_code == 404
    seen = site.post("/coordinator/seen", who).status_code
    assert seen == (303 if allowed else 302 if who == "visitor" else 404)


def test_the_secretariat_may_ask_what_a_changed_capability_would_do(
    bare: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.published("members", text=TEXT.format(word="x"), title="一条需求")
    bare.settle()
    form = {"organisation": bare.organisations["gamma"], "category": "process",
            "name_zh": "丙的旧线", "techniques": "etching.icp"}  # fmt: skip
    made = bare.post("/capabilities/new", "invited", form)
    assert made.status_code == 302, made.text
    option = f'<option value="{made.location.rsplit("/", 1)[1]}"'
    page = bare.get("/coordinator?lang=zh", "secretariat").text
    assert page.count(option) == 2, "to take away and to change"
    assert "查找单项能力" not in page, "few enough to be listed"
    asked = f"change={option.split(chr(34))[1]}&technique=lithography.ebl&region=jilin"
    assert "1 条需求得到路线" in bare.get(f"/coordinator?lang=zh&{asked}", "secretariat").text
    monkeypatch.setattr("collab.web.coordinator.CHOICES", 0)
    many = bare.get("/coordinator?lang=zh", "secretariat").text
    assert option not in many
    assert "查找单项能力" in many
    assert "找到 1 项" in bare.get("/coordinator?lang=zh&find=旧线", "secretariat").text
    assert "没有名称含" in bare.get("/coordinator?lang=zh&find=鹮鹮", "secretariat").text


def test_lists_and_picture_hold_no_trace_of_what_their_viewer_may_not_read(
    told: tuple[Site, dict[str, str]],
) -> None:
    site, keys = told
    asked = "technique=lithography.ebl&region=jilin"
    drawn = site.get(f"/coordinator/picture?{asked}&lang=zh", "coordinator").json
    jilin = next((r for r in drawn["regions"] if r["key"] == "jilin"), {"gained": 0})
    # alpha's need for members and its public one; the anonymous one has no place to show
    assert jilin["gained"] == 2
    assert "3 条需求得到路线" in drawn["sentence"], "the anonymous one counts, without a place"
    assert any(n["key"] == "what-if" and n["mark"] == "gain" for n in drawn["nodes"])
    pages = [site.get(f"/coordinator/list?of={of}&technique=lithography.ebl", "coordinator").text
             for of in NUMBERS]  # fmt: skip
    assert any(CANARIES["members"] in page for page in pages)
    for text in (*pages, json.dumps(drawn, ensure_ascii=False)):
        for d in ("invited", "anonymous"):
            assert not [t for t in (CANARIES[d], keys[d]) if t in text], d
    owner = site.get("/network/data").json
    assert "gained" not in json.dumps(owner), "the public picture knows nothing of needs"


def test_every_number_of_the_desk_leads_to_a_list_as_long(shipped: Site) -> None:
    page = shipped.get("/coordinator?lang=zh", "secretariat").text
    stats = re.findall(r'oe-stat" href="(/coordinator/list[^"]+)"[^>]*><b>(\d+)', page)
    assert len(stats) == 4
    counted = re.findall(r'href="(/coordinator/list\?of=(?:gap|single)[^"]+)">(\d+)</a>', page)
    assert counted
    for href, number in stats + counted[:10]:
        rows = shipped.get(href.replace("&amp;", "&"), "secretariat").text
        total = re.search(r"共 (\d+) 条", rows)
        assert (int(total[1]) if total else 0) == int(number), href


def test_every_number_of_the_tables_leads_to_as_many(shipped: Site) -> None:
    """Members, ties inside, ties across and partners: each number counts what its link lists."""

    def rows_of(part: str, page: str) -> list[list[str]]:
        body = page.split(f'id="{part}"')[1].split("</table>")[0].split("<tbody>")[1]
        return [
            re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in body.split("</tr>")[:-1]
        ]

    def follow(cell: str) -> tuple[int, str]:
        found = re.search(r'href="([^"]+)">(\d+)</a>', cell)
        if found is None:
            return int(cell.strip()), ""
        href = found[1].replace("&amp;", "&").partition("#")[0]
        return int(found[2]), shipped.get(href).text

    checked = 0
    for name, members, inside, across, partners in rows_of("table", shipped.get("/network").text)[
        :6
    ]:
        assert "/network?region=" in name
        count, page = follow(members)
        assert len(rows_of("table", page)) == count
        for cell, rows_counted in ((inside, False), (across, False), (partners, True)):
            count, page = follow(cell)
            listed = rows_of("ties", page) if page else []
            links = [re.sub(r"<[^>]+>", "", row[-1]) for row in listed]
            assert (len(listed) if rows_counted else sum(map(int, links))) == count
            checked += bool(page)
    assert checked > 8
    row = rows_of("table", shipped.get("/network?view=organisations&colour=degree").text)[0]
    count, page = follow(row[3])
    assert count == len(rows_of("ties", page)) > 3


def test_organisations_are_found_by_name_and_unknown_ones_said_so(shipped: Site) -> None:
    tie = shipped.get("/network/data?view=organisations").json["links"][0]
    nodes = {n["key"]: n for n in shipped.get("/network/data?view=organisations").json["nodes"]}
    ends = {end: nodes[tie[side]]["label"] for end, side in (("from", "source"), ("to", "target"))}
    page = shipped.get("/network", query_string={**ends, "view": "organisations", "lang": "zh"})
    assert "恰好叫" not in page.text
    path = shipped.get("/network/data", query_string=ends).json["path"]
    assert path == [tie["source"], tie["target"]]
    near = shipped.get("/network/data", query_string={"focus": ends["to"]}).json
    assert tie["target"] in {n["key"] for n in near["nodes"]}
    for words in ("不存在的研究所", "公司"):  # nobody, and many
        page = shipped.get("/network", query_string={"focus": words, "lang": "zh"}).text
        assert f"恰好叫“{words}”" in page
    assert "<option value=" in page.split('id="organisation-names"')[1][:200]


def test_an_organisation_that_leaves_takes_its_needs_routes_along_on_the_picture(
    shipped: Site,
) -> None:
    page = shipped.get("/coordinator/list?of=singles", "secretariat").text
    owners = dict.fromkeys(re.findall(r"/coordinator\?remove=(org-\w+)#picture", page))
    lost = 0
    for owner in owners:
        drawn = shipped.get(f"/coordinator/picture?remove={owner}", "secretariat").json
        leaver = next(n for n in drawn["nodes"] if n["key"] == owner)
        assert leaver["mark"] == "loss"
        rays = [link for link in drawn["links"] if link.get("mark") == "loss"]
        assert sum(link["weight"] for link in rays) == sum(r["lost"] for r in drawn["regions"])
        lost += len(rays)
    assert owners
    assert lost, "needs hang on the only provider of a step"


@pytest.mark.parametrize("path", ["investments", "single-providers"])
def test_programs_read_what_the_desk_shows_and_nothing_of_invited_needs(
    told: tuple[Site, dict[str, str]], path: str
) -> None:
    site, keys = told
    address = f"/api/v1/alliance/{path}"
    for who in ("coordinator", "secretariat"):
        answer = site.get(address, who)
        assert answer.status_code == 200
        assert keys["invited"] not in answer.text
        assert CANARIES["invited"] not in answer.text
    assert site.get(address, "visitor").status_code == 401
    assert site.get(address, "member").status_code == 403
    if path == "investments":
        lines = site.get(address, "secretariat").json
        assert lines["proven"]
        assert {n["id"] for n in lines["needs"]} <= {keys[d] for d in READS}
        assert [i["technique"] for i in lines["lines"]] == ["lithography.ebl"]
