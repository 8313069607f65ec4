"""Questions in the browser: from an answer to the provider and back, and nobody else learns."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from collab.storage.database import Database
from tests.conftest import Counted
from tests.site import EVERYBODY, HOUSES, Site
from tests.web.test_waiting import waiting

SECRET = "鸮鹘之问"
WORDS = "需要在8英寸SOI晶圆上做电子束光刻，线宽100nm，10片，8周内"


def of_beta(site: Site, name: str = "乙的直写") -> str:
    """A capability of beta that answers WORDS and leaves things open; its key."""
    form = {"organisation": site.organisations["beta"], "category": "process", "name_zh": name,
            "techniques": ["lithography.ebl", "packaging.flip-chip"]}  # fmt: skip
    answer = site.post("/capabilities/new", "other", form)
    assert answer.status_code == 302, answer.text
    return str(answer.location.rsplit("/", 1)[1])


def asked_of_beta(site: Site, need: str) -> tuple[str, str, str]:
    """A question of alpha to beta about its capability: keys of capability, thread, question."""
    capability = of_beta(site)
    sent = site.post(f"/needs/{need}/ask/{capability}", "owner", {"own": SECRET})
    assert sent.status_code == 302, sent.text
    thread = sent.location.rsplit("/", 1)[1]
    found = re.search(r'id="(qst-\w+)"', site.get(f"/questions/{thread}", "owner").text)
    assert found
    return capability, thread, found[1]


def version(page: str) -> str:
    """The version that the page's form carries."""
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def test_an_open_criterion_is_asked_answered_and_shown_beside_it(bare: Site) -> None:
    capability = of_beta(bare)
    need = bare.published("members", text=WORDS, title="要问的需求")
    page = bare.get(f"/needs/{need}", "owner").text
    address = f"/needs/{need}/ask/{capability}"
    assert address in page
    form = bare.get(f"{address}?lang=zh", "owner").text
    topics = re.findall(r'name="topic" value="([^"]+)" id="[\w-]+" checked', form)
    assert ":min-feature" in topics
    words = re.search(r'name="words.:min-feature"[^>]*>([^<]+)<', form)
    assert words
    wrong = bare.post(address, "owner", {"topic": ":min-feature", "words.:min-feature": " "})
    assert wrong.status_code == 422
    sent = bare.post(
        address, "owner", {"topic": ":min-feature", "words.:min-feature": words[1].strip()}
    )
    assert sent.status_code == 302
    thread = sent.location
    assert "已提问，等待答复" in bare.get(f"/needs/{need}?lang=zh", "owner").text
    assert "没有重复发送" in bare.post(
        address, "owner", {"topic": ":min-feature", "words.:min-feature": words[1].strip()},
        follow_redirects=True,
    ).text  # fmt: skip
    bare.settle()
    assert "1 个问题等您答复" in waiting(bare, "other")
    english = bare.get(f"{thread}?lang=en", "other").text
    assert "Can you meet" in english, "left as it was, it reads in the provider's language"
    bare.get("/?lang=zh", "other")
    question = re.search(r'id="(qst-\w+)"', english)
    assert question
    answer = {"text": "稳定量产", "value.high": "80", "value.unit": "nm", "version": "1",
              "sent": "1"}  # fmt: skip
    bad = bare.post(f"{thread}/{question[1]}/answer", "other", answer | {"value.unit": "kg"})
    assert bad.status_code == 422
    assert "稳定量产" in bad.text, "what was typed stays"
    bad = bare.post(f"{thread}/{question[1]}/answer", "other", answer | {"value.high": "多"})
    assert bad.status_code == 422
    done = bare.post(f"{thread}/{question[1]}/answer", "other", answer)
    assert done.status_code == 302
    bare.settle()
    assert "问题等您答复" not in waiting(bare, "other")
    shown = bare.get(f"/needs/{need}?lang=zh", "owner").text
    assert "声明于答复" in shown
    assert "稳定量产" in shown
    assert HOUSES["beta"][0] in bare.get("/notices?lang=zh", "owner").text
    assert "稳定量产" not in bare.get(f"/capabilities/{capability}", "visitor").text
    assert "80 nm" not in bare.get(f"/capabilities/{capability}", "visitor").text
    again = bare.get(f"{thread}?answer={question[1]}&lang=zh", "other").text
    take = answer | {"version": version(again), "take_over": "1", "capability": "1"}
    assert bare.post(f"{thread}/{question[1]}/answer", "other", take).status_code == 302
    assert "80 nm" in bare.get(f"/capabilities/{capability}?lang=zh", "visitor").text


def test_a_yes_says_nothing_about_what_a_later_text_asks_for(bare: Site) -> None:
    capability = of_beta(bare)
    need = bare.published("members", text=WORDS, title="要问的需求")
    address = f"/needs/{need}/ask/{capability}"
    words = {":material": "能做 SOI 吗", ":min-feature": "能做 100 nm 吗"}
    form = {"topic": list(words)} | {f"words.{topic}": said for topic, said in words.items()}
    thread = bare.post(address, "owner", form).location
    first, second = re.findall(r'id="(qst-\w+)"', bare.get(thread, "owner").text)
    yes = {"stance": "yes", "version": "1"}
    for key, more in ((first, {}), (second, {"value.high": "80", "value.unit": "nm"})):
        answer = bare.post(f"{thread}/{key}/answer", "other", yes | more | {"sent": "1"})
        assert answer.status_code == 302
    bare.settle()

    def beside() -> tuple[str, str]:
        page = bare.get(f"/needs/{need}?lang=zh", "owner").text
        found = re.findall(r'<li class="oe-reason">(.*?)</li>', page, re.S)
        said = {w: next(one for one in found if w in one and "oe-beside" in one)
                for w in ("材料平台", "最小线宽")}  # fmt: skip
        material, feature = (one.partition("oe-beside")[2] for one in said.values())
        return material, feature

    material, feature = beside()
    for one in (material, feature):
        assert "oe-verdict-meets" in one
        assert "问的是" not in one
    for state in ("withdrawn", "draft"):
        assert bare.post(f"/needs/{need}/move", "owner", {"state": state}).status_code == 302
    changed = {"text": WORDS.replace("SOI", "铌酸锂").replace("100nm", "50nm"), "title": "改了",
               "version": version(bare.get(f"/needs/{need}/edit", "owner").text)}  # fmt: skip
    assert bare.post(f"/needs/{need}/edit", "owner", changed).status_code == 302
    again = {"disclosure": "members", "act": "publish"}
    assert bare.post(f"/needs/{need}/publish", "owner", again).status_code == 302
    bare.settle()
    material, feature = beside()
    assert "oe-verdict" not in material, "the yes was to another material"
    assert words[":material"] in material
    assert "oe-verdict-meets" not in feature, "a value is compared with what is asked now"
    assert "80 nm" in feature
    form = bare.get(f"{address}?lang=zh", "owner").text
    assert re.search(r'value=":material" id="[\w-]+" checked', form), "it can be asked anew"


@pytest.mark.parametrize("disclosure", ["public", "members", "anonymous", "invited"])
def test_nobody_but_the_two_sides_learns_of_a_question(bare: Site, disclosure: str) -> None:
    need = bare.published(disclosure, text=WORDS, title="要问的需求")
    if disclosure == "invited":
        form = {"disclosure": "invited", "invited": bare.organisations["beta"],
                "act": "disclosure"}  # fmt: skip
        assert bare.post(f"/needs/{need}/publish", "owner", form).status_code == 302
    capability, thread, question = asked_of_beta(bare, need)
    bare.settle()
    said = bare.post(f"/questions/{thread}/{question}/answer", "other",
                     {"text": f"{SECRET}之答", "version": "1"})  # fmt: skip
    assert said.status_code == 302
    bare.settle()
    for who in set(EVERYBODY) - {"owner", "member", "other"}:
        for path in ("/", "/questions", "/notices", f"/needs/{need}", "/search?q=鸮鹘",
                     f"/capabilities/{capability}", "/api/v1/questions", "/audit",
                     f"/api/v1/needs/{need}/questions", "/audit?kind=question",
                     f"/organisations/{bare.organisations['beta']}"):  # fmt: skip
            text = bare.get(path, who).text
            assert SECRET not in text, (who, path)
            assert thread not in text, (who, path)
        for method, path in (("GET", f"/questions/{thread}"),
                             ("GET", f"/needs/{need}/ask/{capability}"),
                             ("POST", f"/questions/{thread}/{question}/answer"),
                             ("POST", f"/questions/{thread}/{question}/withdraw")):  # fmt: skip
            answer = bare.get(path, who) if method == "GET" else bare.post(path, who, {})
            outside = answer.status_code == 302 and "/sign-in" in answer.location
            assert outside or answer.status_code in (403, 404), (who, path)
    paths = (f"/questions/{thread}", "/questions", "/notices", "/", "/api/v1/questions")
    shown = {path: bare.get(path, "other").text for path in paths}
    assert SECRET in shown[f"/questions/{thread}"]
    for path, text in shown.items():
        for name in HOUSES["alpha"]:
            assert (name in text) <= (disclosure != "anonymous"), path
    reads = bare.get(f"/needs/{need}?lang=zh", "owner").text
    assert ("提问</small>" in reads) == (disclosure == "invited"), "reads of invited needs"


def test_a_question_is_sent_only_to_a_capability_of_the_answer(bare: Site) -> None:
    need = bare.published("members", text=WORDS)
    form = {"organisation": bare.organisations["beta"], "category": "test", "name_zh": "别的",
            "techniques": "test.sem"}  # fmt: skip
    elsewhere = bare.post("/capabilities/new", "other", form)
    assert elsewhere.status_code in (302, 422)
    mine = of_beta(bare)
    other = elsewhere.location.rsplit("/", 1)[1] if elsewhere.status_code == 302 else "cap-x"
    pages = {}
    assert bare.post(f"/needs/{need}/ask/{mine}", "owner", {"own": "能做吗？"}).status_code == 302
    kept = {"other": bare.organisations["alpha"]}
    house = bare.organisations["beta"]
    assert bare.post(f"/my-organisation/{house}/blocked", "other", kept).status_code == 302
    bare.get("/help", "owner")  # what was flashed is gone
    for key in (mine, other, "cap-0000000000"):
        refused = bare.post(f"/needs/{need}/ask/{key}", "owner", {"own": "还能做吗？"})
        pages[key] = refused
        assert refused.status_code == 404
    texts = {re.sub(r"[\w-]{20,}\.[\w-]{6}\.[\w-]{20,}", "", p.text).replace(k, "KEY")
             for k, p in pages.items()}  # fmt: skip
    assert len(texts) == 1, "kept apart, no candidate and unknown say the same"


def test_a_longer_list_and_a_longer_thread_cost_no_more_queries(
    bare: Site, count_queries: Callable[[Database], AbstractContextManager[Counted]]
) -> None:
    needs = [bare.published("anonymous", text=WORDS, title=f"需求 {n}") for n in range(4)]
    capability = of_beta(bare)

    def visit(path: str, who: str) -> int:
        bare.get(path, who)
        with count_queries(bare.database) as counted:
            assert bare.get(path, who).status_code == 200
        return counted.number

    def send(need: str, words: str) -> str:
        sent = bare.post(f"/needs/{need}/ask/{capability}", "owner", {"own": words})
        assert sent.status_code == 302
        return str(sent.location)

    thread = send(needs[0], "一")
    paths = (("/questions", "other"), ("/questions", "owner"), (thread, "other"), (thread, "owner"),
             (f"/needs/{needs[0]}", "owner"), ("/api/v1/questions", "owner"))  # fmt: skip
    few = {p: visit(*p) for p in paths}
    for number, need in enumerate(needs):
        for more in range(3):
            send(need, f"再问 {number} {more}")
    many = {p: visit(*p) for p in paths}
    for path, count in few.items():
        assert many[path] <= count + 1, (path, few, many)
    assert max(many.values()) <= 48, many
