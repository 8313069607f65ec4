"""From a pasted text to an answer, and from a match to talks, in one sitting."""

from __future__ import annotations

import re

from tests.site import SOI, Site

LINE = "陕西光电子先导院"


def step_of(page: str, words: tuple[str, ...]) -> str:
    """The part of an answer page about the first step whose heading has one of the words."""
    parts = re.split(r'(?=id="step-)', page)
    for part in parts[1:]:
        heading = part[:600]
        if any(word in heading for word in words):
            return part
    raise AssertionError(f"no step of {words}")


def test_a_need_goes_from_text_to_answer(site: Site) -> None:
    pasted = site.post(
        "/needs/new", "owner", {"text": SOI, "organisation": site.organisations["alpha"]}
    )
    assert pasted.status_code == 302
    confirm = site.get(pasted.location, "owner")
    assert confirm.status_code == 200
    for understood in ("200", "130", "20", "12", "soi"):
        assert understood in confirm.text.lower()
    assert confirm.text.count("<mark") >= 5
    form = fields(confirm.text)
    saved = site.post(pasted.location, "owner", {**form, "go": "publish"})
    assert saved.status_code == 302, saved.text[-500:]
    assert saved.location.endswith("/publish")
    asked = fields(site.get(saved.location, "owner").text)
    done = site.post(saved.location, "owner", {**asked, "disclosure": "members"})
    assert done.status_code == 302
    page = site.get(done.location, "owner").text
    assert LINE in page
    assert page.count('id="step-') >= 3
    candidates = re.findall(LINE, page)
    assert candidates
    first = page.index(LINE)
    assert page[first : first + 4000].count("130") or page[:first].count("130")
    for who in ("other", "coordinator", "secretariat"):
        assert site.get(done.location, who).status_code == 200
    assert site.get(done.location, "visitor").status_code == 404


def fields(page: str) -> dict[str, str]:
    """What a browser without JavaScript would send of the page's last form."""
    main = page.split("<main", 1)[1]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", main):
        name = re.search(r'\bname="([^"]*)"', tag)
        value = re.search(r'\bvalue="([^"]*)"', tag)
        kind = re.search(r'\btype="([^"]*)"', tag)
        ticked = "checked" in tag
        if name and not (kind and kind[1] in ("checkbox", "radio") and not ticked):
            found[name[1]] = value[1] if value else ""
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', main, re.S):
        chosen = re.search(r'<option value="([^"]*)"[^>]*\bselected', inner)
        first = re.search(r'<option value="([^"]*)"', inner)
        found[name] = (chosen or first or ["", ""])[1]
    return {k: v for k, v in found.items() if k not in ("csrf_token", "q", "act")} | (
        {"act": "publish"} if 'name="act"' in main else {}
    )


def test_the_line_stands_among_the_first_with_a_reason_for_each_criterion(site: Site) -> None:
    _, answer = site.platform.matching.answer_text(site.actor("other"), SOI)
    at = [
        (place, candidate)
        for step in answer["steps"]
        for place, candidate in enumerate(step["candidates"])
        if LINE in candidate["organisation_name"]["zh"]
    ]
    assert at
    place, candidate = min(at, key=lambda found: found[0])
    assert place < 5
    assert candidate["criteria"]
    assert all(c["reason"]["zh"] and c["reason"]["en"] for c in candidate["criteria"])
    assert answer["routes"]
    assert any(route["open_questions"] for route in answer["routes"])
    assert any(len(route["legs"]) >= 2 for route in answer["routes"])


def test_all_names_of_a_technique_find_the_same_capabilities(site: Site) -> None:
    found = {}
    for words in ("电子束光刻", "EBL", "e-beam lithography", "電子束光刻"):
        keys: list[str] = []
        for number in (1, 2, 3):
            page = site.get("/search", query_string={"q": words, "kind": "capability",
                                                      "page": number}).text  # fmt: skip
            keys += re.findall(r'href="/capabilities/(cap-\w+)"', page)
        found[words] = set(keys)
    assert len(set(map(frozenset, found.values()))) == 1
    assert len(found["EBL"]) >= 5
    key = sorted(found["EBL"])[0]
    facility = site.get(f"/capabilities/{key}").text
    assert "电子束" in facility
    assert "来源" in facility


def test_an_interest_becomes_talks_and_both_sides_are_told(bare: Site) -> None:
    key = bare.published("members")
    offer = {"organisation": bare.organisations["beta"], "message": "我们有产线，可以谈"}
    assert bare.post(f"/needs/{key}/interest", "other", offer).status_code == 302
    assert bare.post(f"/needs/{key}/interest", "other", offer).status_code in (409, 422)
    bare.settle()
    assert "乙鹭微纳" in bare.get("/notices", "owner").text
    page = bare.get(f"/needs/{key}", "owner").text
    interest = re.search(rf"/needs/{key}/interest/(int-\w+)", page)
    assert interest
    answer = {"state": "accepted", "reply": "欢迎", "version": "1"}
    assert bare.post(f"/needs/{key}/interest/{interest[1]}", "owner", answer).status_code == 302
    bare.settle()
    assert "接受" in bare.get("/notices", "other").text
    again = bare.post(f"/needs/{key}/interest/{interest[1]}", "owner", answer)
    assert again.status_code == 409
    for state, status in (("agreed", 302), ("draft", 409), ("delivered", 302), ("closed", 302)):
        assert bare.post(f"/needs/{key}/move", "owner", {"state": state}).status_code == status


def test_a_coordinator_opens_the_network(site: Site) -> None:
    for language in ("zh", "en"):
        page = site.get(f"/network?lang={language}", "coordinator")
        assert page.status_code == 200
        assert "<table" in page.text
    whole = site.get("/network/data", "coordinator").json
    assert whole["counts"]["nodes"] >= 200
    assert whole["counts"]["links"] >= 50
    narrow = site.get("/network/data?region=hubei", "coordinator").json
    assert 0 < narrow["counts"]["nodes"] < whole["counts"]["nodes"]


def test_a_conflict_shows_what_was_typed(bare: Site) -> None:
    key = bare.draft()
    stale = {"text": "我后来写的话：需要电子束光刻", "title": "后来的标题", "version": "1"}
    first = {"text": "先写的话：需要电子束光刻", "title": "先来的标题", "version": "1"}
    assert bare.post(f"/needs/{key}/edit", "owner", first).status_code == 302
    refused = bare.post(f"/needs/{key}/edit", "member", stale)
    assert refused.status_code == 409
    assert "我后来写的话" in refused.text
    assert "先来的标题" in bare.get(f"/needs/{key}", "owner").text


def test_the_sentence_of_the_first_journey_has_routes_and_names_what_stops_the_others(
    site: Site,
) -> None:
    text = (
        "需要在6英寸SiN晶圆上做 800nm 厚低损耗波导，损耗<0.1dB/cm，"
        "再做光纤阵列耦合封装，20 片，8 周内"
    )
    _, answer = site.platform.matching.answer_text(site.actor("other"), text)
    waveguide, coupling = answer["steps"]
    assert (waveguide["technique"], coupling["technique"]) == (
        "waveguide",
        "packaging.coupling.fiber-array",
    )
    lines = {c["organisation"]: c for c in waveguide["candidates"]}
    assert lines
    assert all(c["class"] == "unknown" and c["questions"] for c in lines.values())
    wider = [c for c in waveguide["near"] if "Leti" in c["organisation_name"]["en"]]
    assert wider, "lines for 200 and 300 mm only are no match, and say so"
    assert all(c["would_fit_if"] for c in wider)
    assert answer["routes"]
    used = {leg["capability"] for route in answer["routes"] for leg in route["legs"]}
    assert not used & {c["capability"] for c in waveguide["near"]}
