"""The confirm page: findings are changed, what is open is settled, nothing is lost."""

from __future__ import annotations

import re
from typing import Any

from sqlmodel import select

from collab.needs.models import Correction, Need
from tests.journeys.test_need_to_answer import fields
from tests.site import Site

TEXT = (
    "在4英寸LNOI晶圆上做电子束光刻和干法刻蚀，长度3mm，需要抛光，损耗<0.3dB/cm，"
    "薄膜铌酸锂调制器，数量10-20片，预算50-80万，优先湖北省，签保密协议"
)


def structure(site: Site, key: str) -> dict[str, Any]:
    with site.database.reading() as uow:
        return uow.session.exec(select(Need).where(Need.public_id == key)).one().structure


def evidence(site: Site) -> set[tuple[str, str, str]]:
    with site.database.reading() as uow:
        rows = uow.session.exec(select(Correction)).all()
    return {(c.part, c.change, (c.after or c.before or {}).get("id", "")) for c in rows}


def sent(page: str) -> dict[str, Any]:
    """What a browser sends of the form, names that occur several times included."""
    form: dict[str, Any] = {**fields(page)}
    for wish in ("prefer", "require", "exclude"):
        boxes = re.findall(rf'<select[^>]*name="region.{wish}"[^>]*>(.*?)</select>', page, re.S)
        chosen = [re.search(r'value="([^"]*)" selected', box) for box in boxes]
        form[f"region.{wish}"] = [match[1] for match in chosen if match]
    return form


def save(site: Site, key: str, **changed: str) -> int:
    form = sent(site.get(f"/needs/{key}/confirm", "owner").text)
    return site.post(
        f"/needs/{key}/confirm", "owner", {**form, **changed, "go": "save"}
    ).status_code


def named(form: dict[str, str], prefix: str, value: str) -> str:
    """The row of a form whose id is `value`."""
    return next(
        k[:-3] for k, v in form.items() if k.startswith(prefix) and k.endswith(".id") and v == value
    )


def test_a_confirmed_page_changes_nothing_by_itself(bare: Site) -> None:
    key = bare.draft(text=TEXT)
    before = structure(bare, key)
    assert save(bare, key) == 302
    after = structure(bare, key)
    for part in ("techniques", "materials", "parameters"):
        assert [e["id"] for e in after[part]] == [e["id"] for e in before[part]]
    assert after["quantity"]["value"] == [10, 20]
    assert after["budget"]["value"] == [500000, 800000]
    assert after["budget"]["span"] == before["budget"]["span"]
    assert after["region"]["prefer"] == ["CN-HB"]
    assert after["region"]["spans"] == before["region"]["spans"]
    assert after["not_understood"] == before["not_understood"] != []
    assert after["questions"]
    assert evidence(bare) == set()
    assert "50-80万<span" in bare.get(f"/needs/{key}", "owner").text


def test_what_was_not_understood_becomes_a_finding_or_is_put_aside(bare: Site) -> None:
    key = bare.draft(text=TEXT)
    page = bare.get(f"/needs/{key}/confirm", "owner").text
    form = fields(page)
    assert form["unread.0.value"] == "3"
    assert form["unread.0.unit"] == "mm"
    assert "<q>抛光</q>" in page
    settled = {"unread.0.id": "final-thickness", "unread.0.op": "le", "unread.0.hard": "0",
               "unclear.0.id": "planarization.cmp", "unclear.0.mode": "optional"}  # fmt: skip
    assert save(bare, key, **settled) == 302
    found = structure(bare, key)
    thickness = next(p for p in found["parameters"] if p["id"] == "final-thickness")
    assert (thickness["op"], thickness["value"], thickness["unit"]) == ("le", 3000, "um")
    assert thickness["hard"] is False
    assert "planarization.cmp" in [t["id"] for t in found["optional_techniques"]]
    assert found["not_understood"] == []
    assert ("parameters", "added", "final-thickness") in evidence(bare)
    assert ("optional_techniques", "added", "planarization.cmp") in evidence(bare)
    shown = bare.get("/vocabulary/proposals", "secretariat").text
    assert "<q>抛光</q>" not in shown  # a draft is nobody's evidence but its owner's
    aside = bare.draft(text=TEXT)
    assert save(bare, aside, **{"unread.0.remove": "1", "unclear.0.remove": "1"}) == 302
    assert structure(bare, aside)["not_understood"] == []


def test_offered_steps_are_added_by_one_tick_and_never_by_themselves(bare: Site) -> None:
    key = bare.draft(text=TEXT)
    page = bare.get(f"/needs/{key}/confirm", "owner").text
    assert 'name="offer" value="deposition.metallization"' in page
    assert "checked" not in page.split('name="offer"', 1)[1].split(">", 1)[0]
    before = [t["id"] for t in structure(bare, key)["techniques"]]
    assert save(bare, key, offer="deposition.metallization") == 302
    after = structure(bare, key)
    assert {t["id"] for t in after["techniques"]} - set(before) == {"deposition.metallization"}
    assert all("deposition.metallization" not in q["techniques"] for q in after["questions"])
    again = bare.get(f"/needs/{key}/confirm", "owner").text
    assert 'name="offer" value="deposition.metallization"' not in again
    assert 'name="offer"' in again  # the others are still offered


def test_rows_are_corrected_deleted_added_hardened_and_softened(bare: Site) -> None:
    key = bare.draft(text=TEXT)
    form = fields(bare.get(f"/needs/{key}/confirm", "owner").text)
    ebl, dry = (named(form, "technique.", i) for i in ("lithography.ebl", "etching.dry"))
    loss = named(form, "parameter.", "propagation-loss")
    changed = {
        f"{ebl}.id": "lithography.duv", f"{dry}.mode": "own", f"{loss}.hard": "0",
        f"{loss}.value": "0.1~0.2", "region.exclude": "CN-GD", "budget.op": "approx",
        "budget.value": "600000", "quantity.value": "12",
    }  # fmt: skip
    assert save(bare, key, **changed) == 302
    found = structure(bare, key)
    assert "lithography.duv" in [t["id"] for t in found["techniques"]]
    assert [(t["id"], t["reason"]) for t in found["excluded_techniques"]] == [
        ("etching.dry", "own")
    ]
    criterion = next(p for p in found["parameters"] if p["id"] == "propagation-loss")
    assert (criterion["op"], criterion["value"], criterion["hard"]) == (
        "between",
        [0.1, 0.2],
        False,
    )
    assert (found["budget"]["op"], found["budget"]["value"]) == ("approx", 600000)
    told = evidence(bare)
    assert ("techniques", "removed", "lithography.ebl") in told
    assert ("excluded_techniques", "added", "etching.dry") in told
    assert ("region.exclude", "added", "CN-GD") in told
    gone = fields(bare.get(f"/needs/{key}/confirm", "owner").text)
    material = named(gone, "material.", "tfln")
    assert save(bare, key, **{f"{material}.remove": "1"}) == 302
    assert structure(bare, key)["materials"] == []


def test_a_refused_form_keeps_every_word_that_was_typed(bare: Site) -> None:
    key = bare.draft(text=TEXT)
    form = fields(bare.get(f"/needs/{key}/confirm", "owner").text)
    loss = named(form, "parameter.", "propagation-loss")
    before = structure(bare, key)
    typed = {**form, f"{loss}.unit": "kg", f"{loss}.value": "0.17", "title": "新的标题",
             "quantity.value": "37", "go": "save", "offer": "deposition.metallization"}  # fmt: skip
    answer = bare.post(f"/needs/{key}/confirm", "owner", typed)
    assert answer.status_code == 422
    for kept in ('value="kg"', 'value="0.17"', 'value="新的标题"', 'value="37"'):
        assert kept in answer.text
    assert 'value="deposition.metallization" checked' in answer.text
    assert structure(bare, key) == before


def test_others_neither_see_nor_change_the_page(bare: Site) -> None:
    key = bare.draft(text=TEXT)
    for who in ("other", "secretariat", "coordinator"):
        assert bare.get(f"/needs/{key}/confirm", who).status_code == 404
        assert bare.post(f"/needs/{key}/confirm", who, {"title": "x"}).status_code == 404
    assert bare.get(f"/needs/{key}/confirm", "owner").status_code == 200


def test_the_words_of_a_correction_can_be_proposed_as_a_spelling(bare: Site) -> None:
    key = bare.published("members", text=TEXT)
    assert save(bare, key, **{"unclear.0.id": "planarization.cmp"}) == 302
    page = bare.get("/vocabulary/proposals", "secretariat").text
    assert "<q>抛光</q>" in page
    assert "term=planarization.cmp" in page
    filled = bare.get(
        "/vocabulary/proposals?family=techniques&term=planarization.cmp&words_zh=抛光机加工",
        "member",
    )
    assert 'value="planarization.cmp"' in filled.text
    assert "抛光机加工" in filled.text
    assert "<q>抛光</q>" not in bare.get("/vocabulary/proposals", "member").text


def test_a_readiness_level_keeps_the_comparison_that_was_chosen(bare: Site) -> None:
    key = bare.draft(text="需要光刻，TRL不低于5")
    assert save(bare, key) == 302
    assert structure(bare, key)["trl"]["op"] == "ge"
    assert save(bare, key, **{"trl.op": "eq"}) == 302
    assert structure(bare, key)["trl"] == {"op": "eq", "value": 5, "spans": []}
    assert save(bare, key) == 302  # the page offers what is kept, and sends it back
    assert structure(bare, key)["trl"]["op"] == "eq"
    assert save(bare, key, trl="5~7") == 302
    assert structure(bare, key)["trl"]["op"] == "between"
    assert save(bare, key, trl="6") == 302
    assert structure(bare, key)["trl"]["op"] == "ge"
    assert save(bare, key, **{"trl.op": "nonsense"}) == 422
    assert structure(bare, key)["trl"]["value"] == 6
