"""What a file is decides its content, what it is called its cleaned name."""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.files.rules import (
    ENTRY,
    MAX_NAME,
    TYPES,
    Limits,
    clean_name,
    content_kind,
    extension,
    file_problems,
)

LIMITS = Limits(1 << 20, 3, 1 << 20, frozenset(TYPES))


def packed(*names: str) -> bytes:
    """A zip file with these names in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return stream.getvalue()


OFFICE = "[Content_Types].xml"


def typed(types: bytes, *names: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An Office document whose list of parts says this."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(OFFICE, types)
        for name in names:
            archive.writestr(name, "<x/>")
    return stream.getvalue()


def many_entries(number: int) -> bytes:
    """A list of entries of a packed file, far longer than what is packed."""
    entry = ENTRY + b"\0" * 24 + struct.pack("<HHHHHLL", 1, 0, 0, 0, 0, 0, 0) + b"a"
    end = struct.pack("<HHHHLLH", 0, 0, number & 0xFFFF, number & 0xFFFF, number * len(entry), 4, 0)
    return b"PK\x03\x04" + entry * number + b"PK\x05\x06" + end


MACROS = "application/vnd.ms-office.vbaProject"
WORKBOOK = "xl/workbook.xml"
CONTENTS: dict[str, tuple[bytes, str]] = {
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "pdf"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1", "png"),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\1", "jpeg"),
    "xlsx": (packed(OFFICE, "xl/workbook.xml"), "xlsx"),
    "docx": (packed(OFFICE, "word/document.xml"), "docx"),
    "pptx": (packed(OFFICE, "ppt/presentation.xml"), "pptx"),
    "zip": (packed("a.txt"), "zip"),
    "gds": (bytes.fromhex("000600020258001c0102"), "gds"),
    "oasis": (b"%SEMI-OASIS\r\n\x01", "oas"),
    "text": ("线宽,100 nm\n".encode(), "text"),
    "gbk text": ("线宽，损耗小于零点一".encode("gb18030"), "text"),
    "macros": (packed(OFFICE, "xl/workbook.xml", "xl/vbaProject.bin"), ""),
    "two kinds in one": (packed(OFFICE, "xl/workbook.xml", "word/document.xml"), ""),
    "macros under another name": (typed(MACROS.encode(), WORKBOOK, "xl/notes.bin"), ""),
    "macros in wide characters": (typed(MACROS.encode("utf-16"), WORKBOOK, "xl/n.bin"), ""),
    "a document for macros": (typed(b"sheet.macroEnabled.main+xml", WORKBOOK), ""),
    "controls": (typed(b"application/vnd.ms-office.activeX+xml", WORKBOOK), ""),
    "a list of parts that swells": (typed(b" " * (50 << 20), WORKBOOK), ""),
    "too many entries": (many_entries(20_000), ""),
    "a picture with a page behind it": (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1<script>alert(1)</script>",
        "png",
    ),
    "a packed page before a document": (b"<html>" + packed(OFFICE, WORKBOOK), ""),
    "a drawing with a page in it": (bytes.fromhex("00060002") + b"<html><script>", "gds"),
    "a cut zip": (packed("a.txt")[:20], ""),
    "program": (b"MZ\x90\0\3\0\0\0" + b"\0" * 64, ""),
    "elf": (b"\x7fELF\2\1\1" + b"\0" * 64, ""),
    "html": (b"<!DOCTYPE html><script>alert(1)</script>", ""),
    "html after blanks": (b"\xef\xbb\xbf \n<html>", ""),
    "svg": (b'<?xml version="1.0"?><svg xmlns="x" onload="alert(1)"/>', ""),
    "script": (b"#!/bin/sh\nrm -rf /\n", ""),
    "gif": (b"GIF89a;\1\2\3", ""),
    "pdf not at the start": (b"MZ\x90\0\n%PDF-1.7\n", ""),
    "nothing": (b"", "text"),
    "control characters": (b"a\x1b[31mb", ""),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_the_content_says_what_a_file_is(name: str) -> None:
    data, kind = CONTENTS[name]
    assert content_kind(data) == kind


@pytest.mark.parametrize("ending", [*TYPES, "exe", "html", "svg", "js", "xlsm", ""])
def test_a_name_that_promises_something_else_is_refused(ending: str) -> None:
    for data, kind in CONTENTS.values():
        wrong = [p.code for p in file_problems(f"x.{ending}", data, LIMITS)]
        fits = bool(data) and ending in TYPES and TYPES[ending][0] == kind
        assert (wrong == []) == fits, (ending, kind)


def test_size_and_the_operators_list_are_kept() -> None:
    pdf = CONTENTS["pdf"][0]
    assert [p.code for p in file_problems("a.pdf", b"", LIMITS)] == ["file_empty"]
    large = pdf + b"\0" * (1 << 20)
    assert [p.code for p in file_problems("a.pdf", large, LIMITS)] == ["file_too_large"]
    fewer = Limits(1 << 20, 3, 1 << 20, frozenset({"txt"}))
    assert [p.code for p in file_problems("a.pdf", pdf, fewer)] == ["file_kind"]


@given(st.text(max_size=300))
def test_a_cleaned_name_is_harmless_and_stays_as_it_is(name: str) -> None:
    clean = clean_name(name)
    assert 0 < len(clean) <= MAX_NAME + 1
    assert not set(clean) & set('/\\<>:"|?*;\r\n\0')
    assert not any(unicodedata.category(c)[0] == "C" for c in clean)
    assert clean == clean.strip(". ") or clean.endswith("…") or len(clean) >= MAX_NAME
    assert clean_name(clean)[:MAX_NAME] == clean[:MAX_NAME]


def test_a_long_name_keeps_its_extension() -> None:
    assert extension(clean_name("长" * 400 + ".pdf")) == "pdf"
    assert extension(clean_name("a.pdf" + "\u202e" + "exe")) == "pdfexe"


@given(st.binary(max_size=400))
def test_whatever_the_bytes_are_they_get_an_answer(data: bytes) -> None:
    assert content_kind(data) in {"", "text", "zip", "gds", *(k for k, _ in TYPES.values())}
