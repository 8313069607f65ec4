"""Lists come in whole or not at all, update instead of doubling, and can be taken back."""

# ruff: noqa: E501 - rows of lists read best on one line
from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import Workbook
from sqlmodel import col, select

from collab.deals.models import Interest
from collab.facilities import service as facilities
from collab.facilities.models import Capability, CapabilityTechnique, CapabilityValue, MpwRun
from collab.facilities.rules import Category, Evidence
from collab.importing import service
from collab.importing.models import ImportBatch, ImportChange
from collab.importing.reports import changed_fields
from collab.importing.rules import BatchState
from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected
from collab.kernel.identity import SYSTEM, Actor
from collab.members.models import Organisation, Person, Region
from collab.members.rules import Membership, OrganisationKind
from collab.needs.models import Need
from collab.needs.rules import NeedState
from collab.storage.database import Database
from collab.vocabulary.catalog import load_vocabulary

VOCABULARY = load_vocabulary()
HEADER = ("编号", "名称", "技术", "材料", "晶圆直径 (mm)", "最小线宽（μm）", "交期", "价格", "负荷")
ROWS = (
    ("E-1", "电子束光刻", "電子束光刻", "SOI；氮化硅", "4/6/8英寸", "≤0.13", "4-6周", "3.5万元", "60%"),
    ("E-2", "倒装焊", "flip chip", "", "", "", "2", "", ""),
)  # fmt: skip


def table(header: tuple[str, ...] = HEADER, rows: Any = ROWS, encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode(encoding)


class World:
    """Two organisations with an owner each."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.writing() as uow:
            region = Region(code="wuhan", zh="武汉", en="Wuhan", kind="city", path="/wuhan/")
            person = Person(email="a@example.com", name="甲")
            uow.session.add_all([region, person])
            uow.flush()
            self.ours, self.theirs = (
                Organisation(
                    slug=slug, name_zh=name, kind=OrganisationKind.LAB, region_id=region.id or 0,
                    membership=Membership.ADMITTED,
                )
                for slug, name in (("ours", "我们的实验室"), ("theirs", "他们的公司"))
            )  # fmt: skip
            uow.session.add_all([self.ours, self.theirs])
            uow.flush()
            ours = frozenset({self.ours.id or 0})
            self.owner = Actor(
                person_id=person.id, name="甲", organisation_ids=ours, editor_organisation_ids=ours
            )
            self.member = Actor(person_id=person.id, organisation_ids=ours)

    def check(self, content: bytes, kind: str = "capabilities", organisation: str = "ours") -> str:
        with self.database.writing() as uow:
            batch = service.check_import(
                uow, self.owner, kind, "list.csv", content, VOCABULARY, organisation
            )
            return batch.public_id

    def apply(self, key: str) -> ImportBatch:
        with self.database.writing() as uow:
            return service.apply_import(uow, self.owner, key, VOCABULARY)

    def bring(self, content: bytes, kind: str = "capabilities", organisation: str = "ours") -> str:
        key = self.check(content, kind, organisation)
        self.apply(key)
        return key

    def undo(self, key: str) -> service.Undone:
        with self.database.writing() as uow:
            return service.undo_import(uow, self.owner, key, VOCABULARY)

    def counts(self, key: str) -> dict[str, int]:
        with self.database.reading() as uow:
            batch = uow.session.exec(
                select(ImportBatch).where(col(ImportBatch.public_id) == key)
            ).one()
            return dict(batch.counts)

    def rows(self) -> dict[str, Capability]:
        with self.database.reading() as uow:
            return {c.code or c.name_zh: c for c in uow.session.exec(select(Capability)).all()}

    def problems(self, content: bytes, kind: str = "capabilities") -> set[tuple[int, str, str]]:
        with self.database.reading() as uow:
            plan = service.plan_import(uow, self.owner, kind, content, VOCABULARY, "ours")
            return {(p.line, p.place, p.code) for p in plan.problems}


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return World(sqlite_database)


def test_a_list_is_checked_confirmed_and_then_there_with_its_details(database: Database) -> None:
    world = World(database)
    key = world.check(table())
    assert world.rows() == {}
    assert world.counts(key) == {"new": 2, "changed": 0, "unchanged": 0, "refused": 0}
    assert world.apply(key).state is BatchState.APPLIED
    row = world.rows()["E-1"]
    assert (row.category, row.evidence) == (Category.PROCESS, Evidence.DECLARED)
    assert (row.lead_weeks_min, row.lead_weeks_max) == (4, 6)
    assert (row.price_minor, row.price_currency, row.load) == (3_500_000, "CNY", 0.6)
    assert row.confirmed_at is not None
    with database.reading() as uow:
        assert set(uow.session.exec(select(CapabilityTechnique.technique)).all()) == {
            "lithography.ebl", "packaging.flip-chip",
        }  # fmt: skip
        values = {v.parameter: v for v in uow.session.exec(select(CapabilityValue)).all()}
    assert values["wafer-diameter"].choices == [100, 150, 200]
    assert (values["min-feature"].low, values["min-feature"].high) == (None, 130)
    with pytest.raises(Conflict, match="import_not_open"):
        world.apply(key)


def test_the_same_file_twice_changes_nothing_the_second_time(database: Database) -> None:
    world = World(database)
    world.bring(table())
    before = {k: (r.version, r.updated_at, r.confirmed_at) for k, r in world.rows().items()}
    key = world.check(table())
    assert world.counts(key) == {"new": 0, "changed": 0, "unchanged": 2, "refused": 0}
    with pytest.raises(Rejected, match="nothing_to_do"):
        world.apply(key)
    assert {k: (r.version, r.updated_at, r.confirmed_at) for k, r in world.rows().items()} == before


def test_a_later_upload_updates_field_by_field_instead_of_doubling(world: World) -> None:
    world.bring(table())
    later = table(
        ("编号", "名称", "最小线宽 (nm)"), [("E-1", "电子束光刻", "100"), ("E-3", "新的", "")]
    )
    assert world.problems(later) == {(3, "", "required")}  # E-3 is new and names no technique
    key = world.check(table(("编号", "名称", "最小线宽 (nm)"), [("E-1", "电子束直写", "100")]))
    with world.database.reading() as uow:
        change = uow.session.exec(select(ImportChange).where(col(ImportChange.line) == 2)).all()[-1]
        fields = {c["field"]: c["after"] for c in changed_fields(change.before, change.after)}
    assert fields["name_zh"] == "电子束直写"
    assert set(fields) == {"name_zh", "values.min-feature"}
    world.apply(key)
    assert len(world.rows()) == 2
    row = world.rows()["E-1"]
    assert (row.name_zh, row.price_minor) == ("电子束直写", 3_500_000)  # columns not there stay


def test_an_empty_cell_of_a_column_that_is_there_clears_the_field(world: World) -> None:
    world.bring(table())
    world.bring(table(("编号", "名称", "价格", "材料"), [("E-1", "电子束光刻", "", "")]))
    row = world.rows()["E-1"]
    assert row.price_minor is None
    assert row.load == 0.6


def test_problems_name_row_and_column_and_nothing_is_imported(world: World) -> None:
    bad = table(
        HEADER,
        [
            ROWS[0],
            ("E-1", "又一个", "倒装焊", "", "", "", "", "", ""),
            ("E-4", "", "巫术", "", "", "", "", "", ""),
            ("E-5", "名字", "EBL", "", "8 kg", "abc", "九天", "很贵", "300%"),
            ("E-6", "名字六", "EBL", "", "", "9999999", "", "", ""),
        ],
    )
    assert world.problems(bad) == {
        (3, "A", "duplicate_row"), (4, "C", "unknown_term"), (4, "B", "required"),
        (4, "C", "unknown_term"), (5, "E", "bad_unit"), (5, "F", "bad_number"),
        (5, "H", "bad_money"), (5, "I", "bad_share"), (6, "F", "implausible"),
    }  # fmt: skip
    key = world.check(bad)
    with pytest.raises(Rejected, match="import_has_problems"):
        world.apply(key)
    assert world.rows() == {}


def test_rows_without_code_are_known_by_their_name_and_by_the_platform_id(world: World) -> None:
    header = ("名称", "技术", "负荷")
    world.bring(table(header, [("刻蚀", "ICP刻蚀", "10%")]))
    world.bring(table(header, [("刻蚀", "ICP刻蚀", "20%")]))
    row = world.rows()["刻蚀"]
    assert row.load == 0.2
    world.bring(table(("平台编号", "名称"), [(row.public_id, "干法刻蚀")]))
    assert set(world.rows()) == {"干法刻蚀"}
    assert world.problems(table(("平台编号", "名称"), [("cap-nobody", "x1")])) == {
        (2, "A", "unknown_record")
    }


def test_undo_takes_back_what_was_new_and_restores_what_was_changed(database: Database) -> None:
    world = World(database)
    first = world.bring(table())
    before = world.rows()["E-1"]
    second = world.bring(
        table(("编号", "名称", "技术", "最小线宽 (nm)"),
              [("E-1", "改名", "ICP刻蚀", ""), ("E-9", "新增", "EBL", "")])
    )  # fmt: skip
    assert world.rows()["E-1"].name_zh == "改名"
    done = world.undo(second)
    assert (done.restored, done.kept) == (2, ())
    row = world.rows()["E-1"]
    assert set(world.rows()) == {"E-1", "E-2"}
    assert (row.name_zh, row.confirmed_at) == (before.name_zh, before.confirmed_at)
    with database.reading() as uow:
        techniques = uow.session.exec(
            select(CapabilityTechnique.technique).where(
                col(CapabilityTechnique.capability_id) == row.id
            )
        ).all()
        stated = uow.session.exec(select(CapabilityValue.parameter)).all()
    assert techniques == ["lithography.ebl"]
    assert sorted(stated) == ["min-feature", "wafer-diameter"]
    with pytest.raises(Conflict, match="import_not_open"):
        world.undo(second)
    kept = {c.title for c in world.undo(first).kept}
    assert kept == {"电子束光刻"}  # its version moved on with the second import and its undo


def test_undo_leaves_what_somebody_changed_meanwhile_and_what_is_in_use(world: World) -> None:
    key = world.bring(table())
    row, used = world.rows()["E-1"], world.rows()["E-2"]
    with world.database.writing() as uow:
        facilities.confirm_capability(uow, world.owner, row.public_id)
        need = Need(
            organisation_id=world.theirs.id or 0, region_id=world.theirs.region_id, title="需求",
            text="倒装焊", posted_on=row.created_at.date(),
        )  # fmt: skip
        uow.session.add(need)
        uow.flush()
        uow.session.add(
            Interest(need_id=need.id or 0, organisation_id=world.ours.id or 0,
                     capability_id=used.id)
        )  # fmt: skip
    done = world.undo(key)
    assert done.restored == 0
    assert {r.title for r in done.kept} == {"电子束光刻", "倒装焊"}
    assert set(world.rows()) == {"E-1", "E-2"}


def test_a_record_that_moved_on_since_the_check_stops_the_whole_import(world: World) -> None:
    world.bring(table())
    key = world.check(table(("编号", "名称"), [("E-1", "甲改名"), ("E-2", "乙改名")]))
    with world.database.writing() as uow:
        facilities.retire_capability(uow, world.owner, world.rows()["E-2"].public_id)
    with pytest.raises(Conflict, match="stale"):
        world.apply(key)
    assert world.rows()["E-1"].name_zh == "电子束光刻"


def test_a_documented_record_becomes_declared_and_documented_again_by_undo(world: World) -> None:
    with world.database.writing() as uow:
        uow.session.add(
            Capability(slug="ours/x", organisation_id=world.ours.id or 0, category=Category.TEST,
                       name_zh="公开记录")
        )  # fmt: skip
    key = world.bring(table(("平台编号", "名称", "技术"), [("ours/x", "公开记录", "可靠性试验")]))
    assert world.rows()["公开记录"].evidence is Evidence.DECLARED
    world.undo(key)
    row = world.rows()["公开记录"]
    assert (row.evidence, row.confirmed_at) == (Evidence.DOCUMENTED, None)


def test_nobody_brings_lists_in_for_others(world: World) -> None:
    with world.database.writing() as uow:
        with pytest.raises(NotAllowed):
            service.check_import(
                uow, world.owner, "capabilities", "x", table(), VOCABULARY, "theirs"
            )
        with pytest.raises(NotAllowed):
            service.check_import(uow, world.member, "capabilities", "x", table(), VOCABULARY)
        with pytest.raises(NotFound):
            service.check_import(uow, world.owner, "wishes", "x", table(), VOCABULARY)
    key = world.bring(table())
    stranger = Actor(person_id=999, editor_organisation_ids=frozenset({world.theirs.id or 0}))
    with world.database.writing() as uow, pytest.raises(NotFound):
        service.undo_import(uow, stranger, key, VOCABULARY)
    left = Actor(person_id=world.owner.person_id)  # has lost the role since
    with world.database.writing() as uow, pytest.raises(NotAllowed):
        service.undo_import(uow, left, key, VOCABULARY)


def test_a_row_of_another_organisation_is_refused(world: World) -> None:
    header = ("机构", "名称", "技术")
    content = table(header, [("他们的公司", "甲乙", "EBL"), ("我们的实验室", "丙丁", "EBL")])
    assert world.problems(content) == {(2, "A", "not_your_organisation")}
    with world.database.reading() as uow:
        plan = service.plan_import(uow, SYSTEM, "capabilities", content, VOCABULARY)
    assert plan.counts()["new"] == 2
    with world.database.reading() as uow:
        plan = service.plan_import(uow, SYSTEM, "capabilities", table(), VOCABULARY)
    assert {p.code for p in plan.problems} == {"which_organisation"}


def test_equipment_is_equipment(world: World) -> None:
    header = ("设备编号", "设备名称", "技术", "类别")
    assert world.problems(
        table(header, [("Z", "光刻机", "equipment.tool-time", "工艺")]), "equipment"
    ) == {(2, "D", "other_category")}
    world.bring(table(header, [("Z", "光刻机", "equipment.tool-time", "")]), "equipment")
    assert world.rows()["Z"].category is Category.EQUIPMENT


def test_excel_files_are_read_and_formulas_are_not_evaluated(world: World) -> None:
    book = Workbook()
    page = book.active
    assert page is not None
    page.append(["某实验室能力清单"])
    page.append(["编号", "名称", "技术", "负荷", "备注"])
    page.append([101, "刻蚀", "ICP", 0.5, "=1+1"])
    page["D3"].number_format = "0%"
    out = io.BytesIO()
    book.save(out)
    assert world.problems(out.getvalue()) == {(3, "E", "formula")}
    page["E3"] = "=cmd|' /C calc'!A0"
    page["E3"].data_type = "s"
    out = io.BytesIO()
    book.save(out)
    world.bring(out.getvalue())
    row = world.rows()["101"]
    assert (row.load, row.description) == (0.5, "=cmd|' /C calc'!A0")


def test_runs_are_brought_in_changed_and_taken_back(world: World) -> None:
    header = ("工艺平台", "材料", "数据截止日期", "名额", "已占名额")
    assert world.problems(table(header, [("硅光", "SOI", "明天", "4", "9")]), "runs") == {
        (2, "C", "bad_date"), (2, "E", "above_seats"),
    }  # fmt: skip
    first = world.bring(table(header, [("硅光8英寸", "SOI", "2027/3/5", "16", "2")]), "runs")
    second = world.bring(table(header, [("硅光8英寸", "SOI", "2027-03-05", "16", "5")]), "runs")
    with world.database.reading() as uow:
        run = uow.session.exec(select(MpwRun)).one()
    assert (str(run.tape_in), run.seats_taken) == ("2027-03-05", 5)
    assert world.undo(second).restored == 1
    assert world.undo(first).kept
    with world.database.reading() as uow:
        assert uow.session.exec(select(MpwRun)).one().seats_taken == 2


def test_needs_come_in_as_drafts_and_published_ones_are_left_alone(world: World) -> None:
    header = ("标题", "需求内容")
    rows = [("硅光流片", "需要8英寸SOI流片，线宽130nm，20片"), ("封装", "倒装焊")]
    key = world.bring(table(header, rows), "needs")
    with world.database.writing() as uow:
        found = {n.title: n for n in uow.session.exec(select(Need)).all()}
        assert {n.state for n in found.values()} == {NeedState.DRAFT}
        assert found["硅光流片"].structure["techniques"]
        found["封装"].state = NeedState.PUBLISHED
    changed = [rows[0], ("封装", "引线键合")]
    assert {c for _, _, c in world.problems(table(header, changed), "needs")} == {"not_a_draft"}
    done = world.undo(key)
    assert (done.restored, [c.title for c in done.kept]) == (1, ["封装"])


def test_organisations_are_changed_by_their_people_and_added_by_the_secretariat(
    world: World,
) -> None:
    header = ("名称", "英文名称", "类型", "地区", "网址")
    mine = [("我们的实验室", "Our lab", "实验室", "武汉市", "https://example.org")]
    content = table(header, [*mine, ("新公司", "", "企业", "武汉", "")])
    with world.database.reading() as uow:
        plan = service.plan_import(uow, world.owner, "organisations", content, VOCABULARY)
    assert [r.effect.value for r in plan.rows] == ["changed", "refused"]
    world.bring(table(header, mine), "organisations", "")
    with world.database.writing() as uow:
        report = service.import_list(uow, SYSTEM, "organisations", "o.csv", content, VOCABULARY)
        assert report["applied"]
        assert report["counts"] == {"new": 1, "changed": 0, "unchanged": 1, "refused": 0}
        made = uow.session.exec(
            select(Organisation).where(col(Organisation.name_zh) == "新公司")
        ).one()
        assert (made.kind, made.membership) == (OrganisationKind.FIRM, Membership.LISTED)
    with world.database.writing() as uow:
        assert service.undo_import(uow, SYSTEM, report["import"], VOCABULARY).restored == 1
        assert uow.session.exec(sa.select(sa.func.count(col(Organisation.id)))).scalar_one() == 2
    bad = table(header, [("无处公司", "", "企业", "火星", "ftp://x")])
    with world.database.reading() as uow:
        plan = service.plan_import(uow, SYSTEM, "organisations", bad, VOCABULARY)
    assert {(p.place, p.code) for p in plan.problems} == {
        ("D", "unknown_region"),
        ("E", "bad_value"),
    }


def test_the_command_reports_and_a_dry_run_writes_nothing(world: World) -> None:
    with world.database.reading() as uow:
        report = service.import_list(
            uow, SYSTEM, "capabilities", "x.csv", table(), VOCABULARY, organisation="ours",
            dry_run=True,
        )  # fmt: skip
    assert report["counts"]["new"] == 2
    assert not report["applied"]
    assert world.rows() == {}
    with world.database.writing() as uow:
        report = service.import_list(
            uow, SYSTEM, "capabilities", "x.csv", table(rows=[("E", "", "EBL", *[""] * 6)]),
            VOCABULARY, organisation="ours",
        )  # fmt: skip
    (problem,) = report["problems"]
    assert (problem["line"], problem["column"], problem["code"]) == (2, "B", "required")
    assert problem["message"]["zh"] != problem["message"]["en"]
    assert world.rows() == {}


def test_a_command_tells_in_words_what_a_file_or_an_organisation_lacks(world: World) -> None:
    bad = service.import_file(world.database, SYSTEM, "runs", b"", "x.csv", organisation="ours")
    assert bad["problems"][0]["code"] == "empty_file"
    lost = service.import_file(
        world.database, SYSTEM, "capabilities", table(), "x.csv", organisation="nobody"
    )
    assert (lost["refused"], lost["problems"][0]["code"]) == (1, "unknown_organisation")
    done = service.import_file(
        world.database, SYSTEM, "capabilities", table(), "x.csv", organisation="ours"
    )
    assert (done["refused"], done["applied"]) == (0, True)
    assert "new 2" in done["lines"][-1]
