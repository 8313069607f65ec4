"""The help pages as documents that can be found: their text in both languages."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from collab.search.documents import Document

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "help"
PREFIX = "help-"
TITLES = {
    "start": ("开始使用", "Getting started"),
    "matching": ("匹配规则", "Matching rules"),
    "search": ("搜索", "Search"),
    "sources": ("数据来源", "Data sources"),
    "privacy": ("保密与可见范围", "Confidentiality and who sees what"),
    "import": ("导入与导出", "Import and export"),
    "network": ("网络与指标", "Network and metrics"),
}
_CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)
_BREAKS = re.compile(r"</(?:p|h\d|li|tr|table|ul|ol)>")
_TAG = re.compile(r"<[^>]*>")


def plain_text(template: str) -> str:
    """What a person reads of a template, a line for each paragraph."""
    text = _BREAKS.sub("\n", _CODE.sub(" ", template))
    lines = html.unescape(_TAG.sub(" ", text)).splitlines()
    return "\n".join(line for line in (" ".join(one.split()) for one in lines) if line)


def names(folder: Path = FOLDER) -> list[str]:
    """Pages that are there in both languages."""
    found = sorted(path.name.removesuffix(".zh.html") for path in folder.glob("*.zh.html"))
    return [name for name in found if (folder / f"{name}.en.html").is_file()]


@lru_cache(maxsize=4)
def keys(folder: Path = FOLDER) -> frozenset[str]:
    """The keys of all help documents; everybody may read every one."""
    return frozenset(PREFIX + name for name in names(folder))


def documents(folder: Path = FOLDER) -> Iterator[Document]:
    """Every help page; its version follows its text."""
    for name in names(folder):
        texts = [plain_text((folder / f"{name}.{lang}.html").read_text("utf-8"))
                 for lang in ("zh", "en")]  # fmt: skip
        body = "\n".join(texts)
        zh, en = TITLES.get(name, (name, name))
        yield Document(
            key=PREFIX + name, kind="help", labels=("public",), title_zh=zh, title_en=en, body=body,
            version=hashlib.sha256(f"{zh}\n{en}\n{body}".encode()).hexdigest()[:12],
        )  # fmt: skip
