"""Keeps the English texts in step with the pages: finds every text, and fails on a missing one."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PO = ROOT / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
FACT = re.compile(r"%\((\w+)\)")
CHINESE = re.compile("[\u4e00-\u9fff]")


def extracted() -> Catalog:
    """Every text of the templates and the code, in the order of the files."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    catalog = Catalog(locale="en", charset="utf-8", fuzzy=False)
    found = extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS, directory_filter=lambda path: _wanted(Path(path))
    )
    for _file, _line, message, _comments, context in found:
        catalog.add(message, context=context)
    return catalog


def _wanted(path: Path) -> bool:
    """Only folders that can hold texts of pages."""
    if path == ROOT:
        return True
    parts = path.relative_to(ROOT).parts
    return parts[0] in ("collab", "templates") and parts[-1] not in ("static", "__pycache__")


def kept() -> Catalog:
    """The English texts as they are."""
    if not PO.is_file():
        return Catalog(locale="en")
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def _texts(message: object) -> tuple[str, ...]:
    return tuple(message) if isinstance(message, list | tuple) else (str(message or ""),)


def faults(wanted: Catalog, now: Catalog) -> list[str]:
    """What is missing, empty, stale, still Chinese, or names other facts than the page gives."""
    found = []
    for message in wanted:
        if not message.id:
            continue
        one = _texts(message.id)[0]
        held = now.get(message.id, message.context) or now.get(one, message.context)
        texts = _texts(held.string) if held else ("",)
        if held is None:
            found.append(f"missing: {one}")
        elif not all(texts) or held.fuzzy:
            found.append(f"empty or fuzzy: {one}")
        elif any(CHINESE.search(t.replace("中文", "")) for t in texts):
            found.append(f"still Chinese: {one} -> {texts[0]}")
        elif any(set(FACT.findall(t)) - set(FACT.findall(one)) for t in texts):
            found.append(f"unknown fact: {one} -> {texts[0]}")
    ids = {_texts(m.id)[0] for m in wanted}
    found += [f"stale: {_texts(m.id)[0]}" for m in now if m.id and _texts(m.id)[0] not in ids]
    return found


def update(wanted: Catalog, now: Catalog) -> Catalog:
    """The wanted texts with the English they have; texts no page uses any more go."""
    for message in wanted:
        held = now.get(_texts(message.id)[0], message.context) if message.id else None
        if held is not None and held.string:
            message.string = held.string
    return wanted


def main() -> int:
    """0 when every text of every page has its English."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail on any fault")
    options = parser.parse_args()
    wanted = extracted()
    catalog = kept() if options.check else update(wanted, kept())
    if not options.check:
        PO.parent.mkdir(parents=True, exist_ok=True)
        with PO.open("wb") as file:
            write_po(file, catalog, width=0, no_location=True, omit_header=False, sort_output=True)
    found = faults(extracted(), catalog)
    print("\n".join(found) if found else f"{len(catalog)} texts, all in English too")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
