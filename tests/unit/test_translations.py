"""Every text of the pages has its English, and none stays behind."""

from __future__ import annotations

from babel.messages.catalog import Catalog

from scripts import translations


def test_every_text_of_the_pages_has_its_english_and_none_is_stale() -> None:
    assert translations.faults(translations.extracted(), translations.kept()) == []


def test_a_missing_an_empty_a_chinese_and_a_stale_text_are_each_named() -> None:
    wanted, now = Catalog(locale="en"), Catalog(locale="en")
    for text in ("甲", "乙", "丙", "共 %(n)s 条"):
        wanted.add(text)
    now.add("乙", "")
    now.add("丙", "丙 still")
    now.add("共 %(n)s 条", "%(m)s in all")
    now.add("丁", "gone")
    found = translations.faults(wanted, now)
    assert [f.split(":")[0] for f in found] == [
        "missing", "empty or fuzzy", "still Chinese", "unknown fact", "stale",
    ]  # fmt: skip
