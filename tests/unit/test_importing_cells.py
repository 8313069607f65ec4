"""What stands in cells, headers and files is read for what it means, or refused in words."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from collab.importing import cells, columns, workbook
from collab.importing.cells import Unreadable, stated, term, written
from collab.importing.rules import MAX_ROWS, differences, neutral, plain
from collab.importing.wording import WORDS
from collab.kernel.errors import Rejected
from collab.kernel.messages import say
from collab.vocabulary.catalog import load_vocabulary

V = load_vocabulary()
FIGURE = st.floats(0.001, 1e6).map(lambda x: float(f"{x:.6g}"))


def read(parameter: str, text: str) -> dict[str, Any]:
    found = V.parameters[parameter]
    return stated(found, text, found.unit, V)


@pytest.mark.parametrize(
    ("parameter", "text", "wanted"),
    [
        ("wafer-diameter", "8英寸", (None, None, [200])),
        ("wafer-diameter", "4/6/8吋", (None, None, [100, 150, 200])),
        ("wafer-diameter", "100, 150, 200", (None, None, [100, 150, 200])),
        ("min-feature", "≤0.13 um", (None, 130, [])),
        ("min-feature", "１３０ｎｍ", (130, 130, [])),
        ("min-feature", "优于100nm", (None, 100, [])),
        ("wavelength", "1.26–1.65 μm", (1260, 1650, [])),
        ("wavelength", "1310/1550 nm", (None, None, [1310, 1550])),
        ("test-temperature", "-40~85℃", (-40, 85, [])),
        ("monthly-capacity", "20,000", (20000, 20000, [])),
        ("data-rate", "3.2T", (3200, 3200, [])),
        ("hourly-rate", "1800元/小时", (1800, 1800, [])),
        ("cleanroom-class", "iso-5; ISO 6", (None, None, ["iso-5", "iso-6"])),
        ("trl", "≥7", (7, None, [])),
    ],
)
def test_a_stated_value_is_read_in_its_canonical_unit(
    parameter: str, text: str, wanted: tuple[Any, Any, list[Any]]
) -> None:
    found = read(parameter, text)
    assert (found["low"], found["high"], found["choices"]) == wanted


@pytest.mark.parametrize(
    ("parameter", "text", "code"),
    [
        ("min-feature", "130 kg", "bad_unit"), ("min-feature", "abc", "bad_number"),
        ("min-feature", "≥5 dB", "bad_unit"), ("cleanroom-class", "很干净", "not_a_choice"),
        ("hourly-rate", "USD 20", "bad_unit"), ("min-feature", "130nm或者更好吧", "bad_number"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused_with_its_reason(parameter: str, text: str, code: str) -> None:
    with pytest.raises(Unreadable) as wrong:
        read(parameter, text)
    assert wrong.value.code == code
    for language in ("zh", "en"):
        assert "{" not in say(code, language, wrong.value.facts)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["min-feature", "wavelength", "film-thickness"]), FIGURE, FIGURE)
def test_what_is_written_is_read_back(parameter: str, a: float, b: float) -> None:
    low, high = sorted((a, b))
    for value in (
        {"low": low, "high": high, "choices": []},
        {"low": None, "high": high, "choices": []},
        {"low": low, "high": None, "choices": []},
    ):
        assert not list(differences({"x": value}, {"x": read(parameter, written(value))}))


@settings(deadline=None, max_examples=60)
@given(FIGURE)
def test_a_length_means_the_same_in_every_unit(x: float) -> None:
    high = read("min-feature", f"≤{x:.6g} nm")["high"]
    assert read("min-feature", f"≤{x / 1000:.12g} um")["high"] == pytest.approx(high)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=40))
def test_no_cell_breaks_the_reader(text: str) -> None:
    for column in columns.template_columns("capabilities", V):
        try:
            cells.read(column, text, V)
        except Unreadable as wrong:
            assert say(wrong.code, "zh", wrong.facts) != wrong.code  # noqa: PT017
    columns.column_of("capabilities", text, V)


@pytest.mark.parametrize("written_as", ["电子束光刻", "EBL", "e-beam lithography", "電子束光刻"])
def test_terms_are_known_in_either_script_and_by_synonym(written_as: str) -> None:
    assert term(written_as, "techniques", V) == "lithography.ebl"


def test_a_word_of_several_meanings_names_them() -> None:
    with pytest.raises(Unreadable) as wrong:
        term("hpc", "techniques", V)
    assert wrong.value.code == "ambiguous_term"
    assert "compute.hpc" in wrong.value.facts["some"]


@pytest.mark.parametrize(
    ("header", "field", "unit"),
    [
        ("名称 / Name (Chinese)*", "name_zh", ""), ("設備名稱", "name_zh", ""),
        ("最小线宽（μm）", "values.min-feature", "um"),
        ("Wafer diameter [inch]", "values.wafer-diameter", "inch"),
        ("交期（周）", "lead_weeks_max", ""), ("价格", "price", ""),
    ],
)  # fmt: skip
def test_headers_are_known_in_both_languages_and_with_units(
    header: str, field: str, unit: str
) -> None:
    found = columns.column_of("capabilities", header, V)
    assert found is not None
    assert (found.field, found.unit) == (field, unit)


@pytest.mark.parametrize("kind", columns.KINDS)
def test_every_header_of_a_template_means_its_own_column(kind: str) -> None:
    for column in columns.template_columns(kind, V):
        for text in (column.header, column.zh, column.en):
            found = columns.column_of(kind, text, V)
            assert found is not None
            assert found.field == column.field
        if column.example:
            cells.read(column, column.example, V)


def test_every_refusal_has_words_in_both_languages() -> None:
    assert all(zh and en and zh != en for zh, en in WORDS.values())


@given(st.text(max_size=20).filter(lambda text: not text.startswith("'")))
def test_a_neutral_cell_is_no_formula_and_reads_back(text: str) -> None:
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert plain(neutral(text)) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_the_usual_encodings(encoding: str) -> None:
    (head, row) = workbook.read("编号;名称\n1;硅光\n".encode(encoding))
    assert [cell.text for cell in head.cells] == ["编号", "名称"]
    assert row.number == 2


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (60 * 1024 * 1024))
    assert len(out.getvalue()) < 100_000
    with pytest.raises(Rejected, match="file_too_large"):
        workbook.read(out.getvalue())


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def with_sheet(xml: str) -> bytes:
    """A workbook whose first sheet is written like this."""
    made, out = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active.append(["name"])
    book.save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            sheet = name == "xl/worksheets/sheet1.xml"
            target.writestr(name, xml if sheet else source.read(name))
    return out.getvalue()


def rows_of(*cells: str) -> str:
    """A sheet with these cells, one in each row."""
    return "".join(f'<row r="{n}">{c}</row>' for n, c in enumerate(cells, 1))


@pytest.mark.parametrize(("sheet", "code"), [
    ('<sheetData><row r="999999999999"><c r="A999999999999"><v>1</v></c></row></sheetData>',
     "too_many_rows"),
    (f"<sheetData>{rows_of(*('<c r=@XFD1@/>'.replace('@', chr(34)) for _ in range(400)))}"
     "</sheetData>", "too_many_columns"),
])  # fmt: skip
def test_a_few_far_cells_do_not_fill_in_everything_before_them(sheet: str, code: str) -> None:
    """Some kilobytes that would otherwise keep a processor for hours."""
    content = with_sheet(f"{SHEET}{sheet}</worksheet>")
    assert len(content) < 20_000
    with pytest.raises(Rejected, match=code):
        workbook.read(content)


def test_what_a_sheet_says_of_its_size_is_not_believed() -> None:
    told = '<dimension ref="A1:XFD1048576"/>'
    row = '<row r="90000"><c r="B90000" t="str"><v>硅光</v></c></row>'
    (line,) = workbook.read(with_sheet(f"{SHEET}{told}<sheetData>{row}</sheetData></worksheet>"))
    assert (line.number, [cell.text for cell in line.cells]) == (90000, ["", "硅光"])


@pytest.mark.parametrize("entity", [
    '<!ENTITY e SYSTEM "file:///etc/passwd">',
    '<!ENTITY a "ha"><!ENTITY e "&a;&a;&a;&a;&a;&a;&a;&a;">',
])  # fmt: skip
def test_entities_in_a_sheet_are_neither_fetched_nor_multiplied(entity: str) -> None:
    row = '<row r="1"><c r="A1" t="str"><v>&e;</v></c></row>'
    hostile = f"<!DOCTYPE x [{entity}]>{SHEET}<sheetData>{row}</sheetData></worksheet>"
    with pytest.raises(Rejected, match="bad_file"):
        workbook.read(with_sheet(hostile))
    assert openpyxl.DEFUSEDXML


def test_too_many_rows_are_refused_and_as_many_as_allowed_are_read() -> None:
    rows = "a,b\n" + "1,2\n" * MAX_ROWS
    assert len(workbook.read(rows.encode())) == MAX_ROWS + 1
    with pytest.raises(Rejected, match="too_many_rows"):
        workbook.read((rows + "1,2\n").encode())
