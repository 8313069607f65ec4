"""Tables in and out of CSV and XLSX bytes; nothing in a file is ever evaluated."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from collab.importing.rules import (
    MAX_BYTES,
    MAX_CELL,
    MAX_COLUMNS,
    MAX_PLACES,
    MAX_ROWS,
    MAX_UNPACKED,
    neutral,
    plain,
)
from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem

ENCODINGS = ("utf-8-sig", "gb18030")
HEAD = PatternFill("solid", fgColor="E7EDF3")


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell; `formula` cells carry no text."""

    text: str = ""
    formula: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a sheet with its number as spreadsheets count, from 1."""

    number: int
    cells: tuple[Cell, ...]

    def cell(self, index: int) -> Cell:
        """The cell in column `index` from 0; empty beyond the end."""
        return self.cells[index] if index < len(self.cells) else Cell()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet to write: name, header, rows; `widths` in characters."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]
    widths: Sequence[int] = ()


def read(content: bytes) -> list[Line]:
    """The rows of a CSV file or of the first sheet that are not empty.

    Raises Rejected when it is neither, too large, has too many rows or columns, or is damaged.
    """
    if len(content) > MAX_BYTES:
        raise Rejected([Problem("file", "file_too_large", {"most": MAX_BYTES // 1024 // 1024})])
    if not content.strip():
        raise Rejected([Problem("file", "empty_file")])
    rows = _xlsx(content) if content[:4] == b"PK\x03\x04" else _csv(content)
    return list(_limited(rows))


def _limited(rows: Iterator[Line]) -> Iterator[Line]:
    count = 0
    for line in rows:
        if not any(cell.text or cell.formula for cell in line.cells):
            continue
        count += 1
        if count > MAX_ROWS + 1:  # and the header
            raise Rejected([Problem("file", "too_many_rows", {"most": MAX_ROWS})])
        used = max(n for n, c in enumerate(line.cells, 1) if c.text or c.formula)
        if used > MAX_COLUMNS:
            raise Rejected([Problem("file", "too_many_columns", {"most": MAX_COLUMNS})])
        yield line


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ENCODINGS
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Rejected([Problem("file", "bad_file")])


def _csv(content: bytes) -> Iterator[Line]:
    text = _decoded(content)
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=lambda mark: (first.count(mark), mark == ","))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(reader, 1):
            yield Line(number, tuple(Cell(plain(value.strip())[:MAX_CELL]) for value in row))
    except csv.Error:
        raise Rejected([Problem("file", "bad_csv", {"line": reader.line_num})]) from None


def _xlsx(content: bytes) -> Iterator[Line]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
        if sum(part.file_size for part in parts) > MAX_UNPACKED or len(parts) > 500:
            raise Rejected(
                [Problem("file", "file_too_large", {"most": MAX_UNPACKED // 1024 // 1024})]
            )
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        rows = _sheet_rows(book)
        yield from rows
        book.close()
    except Rejected:
        raise
    except Exception as damage:
        # openpyxl lets errors of every kind through for files that are damaged or hostile
        raise Rejected([Problem("file", "bad_file")]) from damage


def _sheet_rows(book: Any) -> Iterator[Line]:
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # what a file says of its size would fill in every place up to there
    looked = 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        looked += 1 + len(row)
        if looked > MAX_PLACES:
            wide = len(row) > MAX_COLUMNS
            raise Rejected([
                Problem("file", "too_many_columns", {"most": MAX_COLUMNS}) if wide
                else Problem("file", "too_many_rows", {"most": MAX_ROWS})
            ])  # fmt: skip
        cells = [_cell(one) for one in row]
        while cells and not (cells[-1].text or cells[-1].formula):
            cells.pop()
        yield Line(number, tuple(cells))


def _cell(one: Any) -> Cell:
    value = one.value
    if value is None:
        return Cell()
    if getattr(one, "data_type", "") == "f":
        return Cell(formula=True)
    if isinstance(value, datetime):
        return Cell(value.date().isoformat() if not value.time() else value.isoformat(" "))
    if isinstance(value, date):
        return Cell(value.isoformat())
    if isinstance(value, bool):
        return Cell("true" if value else "false")
    if isinstance(value, int | float):
        percent = "%" in str(getattr(one, "number_format", ""))
        return Cell(f"{value * 100:.12g}%" if percent else f"{value:.15g}")
    return Cell(str(value).strip()[:MAX_CELL])


def to_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A CSV file with a byte order mark, so that spreadsheets read it as UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_text(value) for value in header])
    writer.writerows([_text(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _text(value: Any) -> str:
    return "" if value is None else neutral(str(value))


def to_xlsx(sheets: Iterable[Sheet]) -> bytes:
    """An XLSX file; every text is written as text, never as a formula."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        page.freeze_panes = "A2"
        for index, width in enumerate(sheet.widths, 1):
            page.column_dimensions[get_column_letter(index)].width = width
        page.append([_written(page, text, head=True) for text in sheet.header])
        for row in sheet.rows:
            page.append([_written(page, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _written(page: Any, value: Any, *, head: bool = False) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return WriteOnlyCell(page, value)
    cell = WriteOnlyCell(page, ILLEGAL_CHARACTERS_RE.sub("", str(value))[:32_000])
    cell.data_type = "s"
    cell.number_format = "@"
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if head:
        cell.font = Font(bold=True)
        cell.fill = HEAD
    return cell


def letter(index: int) -> str:
    """The letter of column `index` from 0."""
    return str(get_column_letter(index + 1))
