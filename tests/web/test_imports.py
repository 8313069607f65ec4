"""Bringing a list in with a browser: template, upload, preview, confirm, undo, export."""

# ruff: noqa: E501 - files in one line read best
from __future__ import annotations

import io
import json
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlmodel import col, select

from collab.facilities.models import Capability
from tests.site import Site

HEADER = "编号,名称,技术,最小线宽 (μm),负荷"
GOOD = f"{HEADER},心情\nA-1,电子束光刻,EBL,≤0.13,60%,好\nA-2,倒装焊,flip chip,,,\n"


def upload(site: Site, text: str | bytes, who: str = "owner", **more: str) -> Any:
    content = text.encode("utf-8-sig") if isinstance(text, str) else text
    data = {
        "kind": "capabilities", "organisation": site.organisations["alpha"],
        "file": (io.BytesIO(content), "清单.csv"), **more,
    }  # fmt: skip
    return site.post("/imports", who, data, content_type="multipart/form-data")


def names(site: Site) -> set[str]:
    with site.database.reading() as uow:
        return set(uow.session.exec(select(Capability.name_zh)).all())


def test_a_list_is_uploaded_looked_at_confirmed_and_taken_back(bare: Site) -> None:
    sent = upload(bare, GOOD)
    assert sent.status_code == 302
    assert names(bare) == set()
    page = bare.get(sent.location, "owner").text
    assert "心情" in page  # the column that nobody knows
    assert "确认导入" in page
    done = bare.post(f"{sent.location}/confirm", "owner")
    assert done.status_code == 302
    assert names(bare) == {"电子束光刻", "倒装焊"}
    page = bare.get(done.location, "owner").text
    assert "撤销整批导入" in page
    again = bare.post(f"{sent.location}/confirm", "owner")
    assert again.status_code == 409
    assert "已经处理过" in again.text
    back = bare.post(f"{sent.location}/undo", "owner")
    assert back.status_code == 302
    assert names(bare) == set()
    assert "已撤销" in bare.get("/imports", "owner").text


def test_a_change_is_shown_field_by_field_and_a_second_upload_has_nothing_to_do(bare: Site) -> None:
    bare.post(upload(bare, GOOD).location + "/confirm", "owner")
    again = bare.get(upload(bare, GOOD).location, "owner").text
    assert "完全一致" in again
    assert "确认导入" not in again
    changed = upload(bare, GOOD.replace("≤0.13", "100 nm").replace("60%", "70%"))
    page = bare.get(changed.location, "owner").text
    assert "<del>≤130 nm</del>" in page
    assert "<ins>100 nm</ins>" in page
    assert "<del>60%</del>" in page


@pytest.mark.parametrize(("language", "words"), [("zh", "词表里没有"), ("en", "not in the vocab")])
def test_what_is_wrong_stands_by_row_and_column_in_the_readers_language(
    bare: Site, language: str, words: str
) -> None:
    sent = upload(bare, f"{HEADER}\nA-1,<script>alert(1)</script>,巫术,abc,300%\n")
    page = bare.get(f"{sent.location}?lang={language}", "owner").text
    assert words in page
    assert "<script>alert" not in page
    assert ">C</td>" in page
    refused = bare.post(f"{sent.location}/confirm", "owner")
    assert refused.status_code == 422
    assert names(bare) == set()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"   \n", b"\x00\x01\x02\xff\xfe", b"PK\x03\x04broken", b"\x89PNG\r\n\x1a\n" * 50,
        b'a,"b\nc', "心情,天气\n好,晴\n".encode(), HEADER.encode(), b"{{7*7}},../../etc/passwd\n1,2\n",
        "编号,编号\n1,2\n".encode(), ("编号,名称\n" + "x,y\n" * 5002).encode(),
        (",".join(f"c{n}" for n in range(90)) + "\n").encode(),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_in_words(bare: Site, content: bytes) -> None:
    answer = upload(bare, content)
    assert answer.status_code == 422, answer.text[-300:]
    assert "oe-field-error" in answer.text
    assert names(bare) == set()


def test_a_file_without_end_is_refused(bare: Site) -> None:
    answer = bare.browser("owner").post(
        "/imports", data=b"x" * (3 * 1024 * 1024), content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 413


def test_nobody_brings_in_for_others_or_opens_their_imports(bare: Site) -> None:
    assert upload(bare, GOOD, "other").status_code == 422
    assert upload(bare, GOOD, "member").status_code == 422
    assert upload(bare, GOOD, "visitor").status_code == 302
    assert upload(bare, GOOD, kind="wishes").status_code == 404
    key = upload(bare, GOOD).location
    for who in ("other", "member", "invited", "coordinator"):
        assert bare.get(key, who).status_code == 404
        assert bare.post(f"{key}/confirm", who).status_code == 404
        assert bare.post(f"{key}/undo", who).status_code == 404
    assert names(bare) == set()
    assert bare.get(key, "secretariat").status_code == 200


def test_templates_and_exports_are_files_that_read_back(bare: Site) -> None:
    bare.post(upload(bare, GOOD).location + "/confirm", "owner")
    answer = bare.get("/imports/template/equipment", "owner")
    assert answer.status_code == 200
    assert load_workbook(io.BytesIO(answer.data)).sheetnames[0] == "设备"
    assert bare.get("/imports/template/people", "owner").status_code == 404
    taken = bare.get("/imports/export/capabilities.csv", "owner")
    assert "attachment" in taken.headers["Content-Disposition"]
    back = bare.get(upload(bare, taken.data).location, "owner").text
    assert "完全一致" in back
    found = json.loads(bare.get("/imports/export/capabilities.json", "owner").data)
    assert {one["code"] for one in found} == {"A-1", "A-2"}
    assert bare.get("/imports/export/capabilities.exe", "owner").status_code == 404


def test_an_export_of_needs_leaves_out_what_the_person_may_not_read(bare: Site) -> None:
    keys = {name: bare.published(name) for name in ("members", "anonymous", "invited")}
    for who, seen in (
        ("other", {"members", "anonymous"}), ("invited", {"members", "anonymous", "invited"}),
        ("owner", {"members", "anonymous", "invited"}),
    ):  # fmt: skip
        content = bare.get("/imports/export/needs.json", who)
        found = {one["id"]: one for one in json.loads(content.data)}
        assert set(found) == {keys[name] for name in seen}
        if who != "owner":
            assert found[keys["anonymous"]]["organisation"] is None


def test_a_forged_form_changes_nothing(bare: Site) -> None:
    key = upload(bare, GOOD).location
    client = bare.browser("owner")
    assert client.post(f"{key}/confirm").status_code == 400
    with bare.database.reading() as uow:
        assert uow.session.exec(select(Capability).where(col(Capability.id) > 0)).all() == []
