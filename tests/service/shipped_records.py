"""Documents made straight from the shipped records and their reviewed techniques."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from collab.search.documents import Document

SEED = Path(__file__).resolve().parents[2] / "data" / "seed"


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one file of the dataset."""
    with (SEED / name).open(encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


def _region_rows() -> dict[str, dict[str, str]]:
    return {r["code"]: r for name in ("regions.csv", "regions_added.csv") for r in rows(name)}


def regions() -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Codes by name, and what every region lies in, nearest first."""
    listed = _region_rows()
    names: dict[str, str] = {}
    for code, row in listed.items():
        for name in (row["name_zh"], row["name_en"], code):
            names.setdefault(name, code)
    return names, {code: _above(code, listed) for code in listed}


def _above(code: str, listed: dict[str, dict[str, str]]) -> tuple[str, ...]:
    parent = listed[code]["parent"]
    return (parent, *_above(parent, listed)) if parent in listed else ()


def shipped_documents() -> list[Document]:
    """One document a capability."""
    organisations = {r["slug"]: r for r in rows("organisations.csv")}
    listed = _region_rows()
    out = []
    pairs = zip(rows("capabilities.csv"), rows("capability_techniques.csv"), strict=True)
    for number, (row, terms) in enumerate(pairs):
        owner = organisations[row["org_slug"]]
        text = (row["technique"], row["technique_zh"], row["materials"], row["other_params"])
        out.append(Document(
            key=f"capability:{number}", kind="capability", labels=("public",), version="1",
            title_zh=row["name_zh"], title_en=row["name_en"], body=" ".join(text),
            organisation_zh=owner["name_zh"], organisation_en=owner["name_en"],
            techniques=tuple(filter(None, terms["techniques"].split(";"))),
            materials=tuple(filter(None, terms["materials"].split(";"))),
            category=row["category"], status=terms["status"] or "operating",
            evidence="documented",
            regions=(owner["region"], *_above(owner["region"], listed)),
            wafer_sizes=tuple(float(s) for s in row["wafer_sizes_mm"].split(";") if s),
        ))  # fmt: skip
    return out
