"""Which files are taken, what they really are, and under which names they are kept."""

from __future__ import annotations

import io
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

import puremagic

from collab.kernel.problems import Problem

MAX_NAME = 120
MOST_ENTRIES = 10_000  # of a packed file; more is no document
MOST_TYPES = 1024 * 1024  # bytes of the list of an Office document's parts
ENTRY = b"PK\x01\x02"  # before each entry in the list of a packed file
RUNS = (b"macroenabled", b"vbaproject", b"activex")  # kinds of parts that a program may be in
# the extension of a name, what the content then has to be, and the media type it is sent with
TYPES: dict[str, tuple[str, str]] = {
    "pdf": ("pdf", "application/pdf"),
    "png": ("png", "image/png"),
    "jpg": ("jpeg", "image/jpeg"),
    "jpeg": ("jpeg", "image/jpeg"),
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "docx": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pptx": ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    "csv": ("text", "text/plain; charset=utf-8"),
    "txt": ("text", "text/plain; charset=utf-8"),
    "gds": ("gds", "application/octet-stream"),
    "oas": ("oas", "application/octet-stream"),
    "zip": ("zip", "application/zip"),
}
TYPES_PART = "[Content_Types].xml"
UNREADABLE = (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, RuntimeError, EOFError,
              zlib.error)  # fmt: skip
MARKUP = (b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script", b"#!")
PARTS = {"xl/": "xlsx", "word/": "docx", "ppt/": "pptx"}
PORTS = (f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))
RESERVED = frozenset(("con", "prn", "aux", "nul", *PORTS))


class FileState(StrEnum):
    """Whether a file may be read: not before it was looked at, never when something was found."""

    WAITING = "waiting"
    CLEAN = "clean"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large, how many, how much for an organisation, and which extensions."""

    most_bytes: int
    most_files: int
    quota: int
    extensions: frozenset[str]


def extension(name: str) -> str:
    """The last extension of a name in lower case.

    >>> extension("版图.v2.GDS"), extension("none")
    ('gds', '')
    """
    stem, dot, last = name.rpartition(".")
    return last.lower() if dot and stem else ""


def clean_name(name: str) -> str:
    r"""A name that is harmless in a header, on a page and in any file system.

    >>> clean_name("..\\..\\etc/pass\u202ewd\r\n.pdf"), clean_name(" con.txt "), clean_name("/")
    ('passwd.pdf', '_con.txt', 'file')
    """
    text = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = (c for c in text if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*;')
    text = " ".join("".join(kept).split()).strip(". ")
    if not text:
        return "file"
    stem, dot, last = text.rpartition(".")
    if len(text) > MAX_NAME:
        text = f"{stem[: MAX_NAME - len(last) - 1]}.{last}"[:MAX_NAME] if dot else text[:MAX_NAME]
    return f"_{text}" if text.partition(".")[0].lower() in RESERVED else text


def content_kind(data: bytes) -> str:
    """What the bytes are, whatever the name says; empty when it is nothing we take."""
    if data.startswith(b"%SEMI-OASIS\r\n"):
        return "oas"
    if data.startswith(b"\x00\x06\x00\x02"):
        return "gds"
    if data.startswith(b"PK\x03\x04"):
        return _packed_kind(data)
    return _known_kind(data) or ("text" if _is_text(data) else "")


def _known_kind(data: bytes) -> str:
    try:
        found = {m.mime_type for m in puremagic.magic_string(data[:4096])}
    except (puremagic.PureError, ValueError):
        return ""
    for media, kind in (("image/png", "png"), ("image/jpeg", "jpeg")):
        if media in found:
            return kind
    return "pdf" if "application/pdf" in found and data.startswith(b"%PDF-") else ""


def _packed_kind(data: bytes) -> str:
    """An Office document without macros, or a plain archive; of the content only the list of
    an Office document's parts is unpacked, as far as that may be long."""
    if data.count(ENTRY) > MOST_ENTRIES:
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = packed.namelist()
            types = _types_of(packed) if TYPES_PART in names else b""
    except UNREADABLE:
        return ""
    if any("vbaproject" in n.lower() for n in names) or any(kind in types for kind in RUNS):
        return ""
    if TYPES_PART not in names:
        return "zip"
    kinds = {kind for part, kind in PARTS.items() if any(n.startswith(part) for n in names)}
    return kinds.pop() if len(kinds) == 1 else ""


def _types_of(packed: zipfile.ZipFile) -> bytes:
    """What an Office document says its parts are, in whatever encoding of wide characters.

    A program can have any name; only here it has to say what it is.
    """
    with packed.open(TYPES_PART) as part:
        found = part.read(MOST_TYPES + 1)
    if len(found) > MOST_TYPES:
        raise ValueError("no document has so many parts")
    return found.replace(b"\0", b"").lower()


def _is_text(data: bytes) -> bool:
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        return False
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return all(c.isprintable() or c in "\t\n\r\f" or c > "\x9f" for c in text)
    return False


def file_problems(name: str, data: bytes, limits: Limits) -> Iterator[Problem]:
    """What keeps a file from being taken by itself: empty, too large, or not what it says."""
    ending = extension(name)
    if not data:
        yield Problem("file", "file_empty")
    elif len(data) > limits.most_bytes:
        yield Problem("file", "file_too_large", {"most": megabytes(limits.most_bytes)})
    elif ending not in limits.extensions or ending not in TYPES:
        yield Problem("file", "file_kind", {"kinds": ", ".join(sorted(limits.extensions))})
    elif content_kind(data) != TYPES[ending][0]:
        yield Problem("file", "file_not_what_it_says", {"extension": ending})


def room_problems(count: int, used: int, size: int, limits: Limits) -> Iterator[Problem]:
    """What keeps one more file from being taken beside those there are."""
    if count >= limits.most_files:
        yield Problem("file", "file_too_many", {"most": limits.most_files})
    if used + size > limits.quota:
        yield Problem("file", "file_quota", {"most": megabytes(limits.quota)})


def megabytes(size: int) -> str:
    """A size for people, in MiB.

    >>> megabytes(10 * 1024 * 1024), megabytes(1536 * 1024)
    ('10', '1.5')
    """
    return f"{size / 2**20:.1f}".removesuffix(".0")


def known_extensions(words: str) -> Collection[str]:
    """The extensions of a setting, those that nobody knows how to recognise left out."""
    return frozenset(words.lower().replace(",", " ").split()) & frozenset(TYPES)
