"""The shipped dataset as plain records: regions, organisations, capabilities, ties and MPW runs."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from collab.importing.dataset_values import (
    SeedRate,
    lead_weeks,
    rates,
    split_published,
    table_values,
    words,
)
from collab.matching.records import Evidence, Offered, Status
from collab.vocabulary.catalog import Vocabulary, load_vocabulary

SEED_DIR = Path(__file__).resolve().parents[2] / "data" / "seed"
UNMAPPED = frozenset({"service", "design", "compute", "equipment", "test"})
_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")


class DatasetError(ValueError):
    """The shipped files contradict themselves; the message names file and row."""


@dataclass(frozen=True, slots=True)
class SeedRegion:
    """A country, province, city, cluster or park. `parent` is a code, `iso` an ISO 3166 code.

    `full_zh` is the official Chinese name where it differs (湖北省). Degrees are of the city.
    """

    code: str
    zh: str
    en: str
    parent: str
    kind: str
    lat: float | None
    lon: float | None
    iso: str
    source: str
    full_zh: str = ""


@dataclass(frozen=True, slots=True)
class SeedOrganisation:
    """An organisation as public sources show it. `founded` is a year; `region` a region code.

    `region_basis` is "general knowledge" where the source did not name the city.
    """

    slug: str
    name_zh: str
    name_en: str
    kind: str
    region: str
    website: str
    founded: int | None
    description_zh: str
    description_en: str
    confidence: str
    source_type: str
    region_basis: str
    source: str


@dataclass(frozen=True, slots=True)
class SeedCapability:
    """What a public source says an organisation offers: documented, never declared.

    `techniques` and `materials` are vocabulary ids from the reviewed mapping (empty: unmapped);
    `values` stand in canonical units; `lead_weeks` is [least, most] calendar weeks, most None when
    the source gives no upper end; `price` is a whole-job price (amount, currency), `rates` are unit
    rates; `access` is the reviewed class of the printed `access_mode`; `other` is kept verbatim.
    """

    slug: str
    organisation: str
    category: str
    techniques: tuple[str, ...]
    materials: tuple[str, ...]
    values: Mapping[str, Offered]
    lead_weeks: tuple[float, float | None] | None
    access: str
    access_mode: str
    price: tuple[float, str] | None
    rates: tuple[SeedRate, ...]
    status: Status
    name_zh: str
    name_en: str
    technique_text: str
    technique_text_zh: str
    throughput: str
    lead_time_text: str
    confidence: str
    source_type: str
    source: str
    note: str = ""
    other: Mapping[str, Any] = field(default_factory=dict)
    evidence: Evidence = Evidence.DOCUMENTED


@dataclass(frozen=True, slots=True)
class SeedRelation:
    """A directed tie between two listed organisations, e.g. `A spun_off B`: A came out of B."""

    from_slug: str
    to_slug: str
    kind: str
    year: int | None
    source_type: str
    confidence: str
    source: str


@dataclass(frozen=True, slots=True)
class SeedRun:
    """A multi-project-wafer run as published.

    `tape_in` is the design deadline where the text states a day; `historical` is what the source
    itself shows (archive page, ended service, past year). Ids of the vocabulary are reviewed.
    """

    slug: str
    provider: str
    technology: str
    techniques: tuple[str, ...]
    materials: tuple[str, ...]
    tape_in: date | None
    tape_in_text: str
    turn_around: str
    lead_weeks: tuple[float, float | None] | None
    price_text: str
    note: str
    historical: bool
    confidence: str
    source_type: str
    source: str

    def is_past(self, today: date) -> bool:
        """Whether nobody can join any more: historical, or the deadline lies before `today`."""
        return self.historical or (self.tape_in is not None and self.tape_in < today)


@dataclass(frozen=True, slots=True)
class SeedData:
    """The whole shipped dataset, in the order of its files."""

    regions: tuple[SeedRegion, ...]
    organisations: tuple[SeedOrganisation, ...]
    capabilities: tuple[SeedCapability, ...]
    relations: tuple[SeedRelation, ...]
    runs: tuple[SeedRun, ...]


def _rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream, strict=True):
            yield {key: (value or "").strip() for key, value in row.items()}


def _float(text: str) -> float | None:
    return float(text) if text else None


def _year(text: str) -> int | None:
    return int(text) if text else None


def load_regions(folder: Path = SEED_DIR) -> tuple[SeedRegion, ...]:
    """All regions, parents before children, the dataset's first and then the added provinces."""
    codes = {row["code"]: row for row in _rows(folder, "region_codes.csv")}
    found = []
    for name in ("regions.csv", "regions_added.csv"):
        for row in _rows(folder, name):
            official = codes.get(row["code"], {})
            found.append(
                SeedRegion(
                    code=row["code"], zh=row["name_zh"], en=row["name_en"], parent=row["parent"],
                    kind=row["kind"], lat=_float(row["lat"]), lon=_float(row["lon"]),
                    iso=official.get("iso", ""), source=row["source"],
                    full_zh=official.get("full_zh", ""),
                )
            )  # fmt: skip
    return _parents_first(found)


def _parents_first(regions: list[SeedRegion]) -> tuple[SeedRegion, ...]:
    placed: dict[str, SeedRegion] = {}
    waiting = regions
    while waiting:
        ready = [r for r in waiting if not r.parent or r.parent in placed]
        if not ready:
            raise DatasetError(f"region {waiting[0].code} has no parent {waiting[0].parent}")
        placed.update((r.code, r) for r in ready)
        waiting = [r for r in waiting if r.code not in placed]
    return tuple(placed.values())


@lru_cache(maxsize=1)
def _parents() -> dict[str, str]:
    return {region.code: region.parent for region in load_regions()}


def ancestors(code: str) -> tuple[str, ...]:
    """The regions above `code`, nearest first; empty for a country and for an unknown code."""
    parents = _parents()
    above: list[str] = []
    while parents.get(code):
        code = parents[code]
        above.append(code)
    return tuple(above)


def country_of(code: str) -> str:
    """The topmost region of `code` (itself for a country), "" for an unknown code."""
    if code not in _parents():
        return ""
    return ancestors(code)[-1] if ancestors(code) else code


@lru_cache(maxsize=1)
def _region_values() -> dict[str, tuple[str, ...]]:
    return {row["value"]: words(row["codes"]) for row in _rows(SEED_DIR, "region_values.csv")}


def regions_for(value_id: str) -> tuple[str, ...]:
    """Region codes meant by a value of the parameter `region` (CN-HB, CN, EU, cluster-gba ...).

    A region code or an ISO code is taken as well; empty only for what nobody knows.
    """
    known = _region_values().get(value_id)
    if known is not None:
        return known
    if value_id in _parents():
        return (value_id,)
    return tuple(region.code for region in load_regions() if value_id and region.iso == value_id)


def load_organisations(folder: Path = SEED_DIR) -> tuple[SeedOrganisation, ...]:
    """All organisations in file order."""
    return tuple(
        SeedOrganisation(**{**row, "founded": _year(row["founded"])})  # type: ignore[arg-type]
        for row in _rows(folder, "organisations.csv")
    )


def load_relations(folder: Path = SEED_DIR) -> tuple[SeedRelation, ...]:
    """All ties in file order."""
    return tuple(
        SeedRelation(**{**row, "year": _year(row["year"])})  # type: ignore[arg-type]
        for row in _rows(folder, "relations.csv")
    )


def load_capabilities(
    folder: Path = SEED_DIR, vocabulary: Vocabulary | None = None
) -> tuple[SeedCapability, ...]:
    """All capabilities in file order, joined with the reviewed mapping.

    Raises DatasetError when a row has no mapping or a mapping has no row.
    """
    vocabulary = vocabulary or load_vocabulary()
    mapping = {
        (row["org_slug"], row["technique"]): row
        for row in _rows(folder, "capability_techniques.csv")
    }
    regions = {row["slug"]: row["region"] for row in _rows(folder, "organisations.csv")}
    found = []
    for row in _rows(folder, "capabilities.csv"):
        mapped = mapping.pop((row["org_slug"], row["technique"]), None)
        if mapped is None:
            raise DatasetError(
                f"capabilities.csv: no mapping of {row['org_slug']}: {row['technique']}"
            )
        found.append(_capability(row, mapped, country_of(regions[row["org_slug"]]), vocabulary))
    if mapping:
        raise DatasetError(f"capability_techniques.csv: no capability for {next(iter(mapping))}")
    return tuple(found)


def _capability(
    row: Mapping[str, str], mapped: Mapping[str, str], country: str, vocabulary: Vocabulary
) -> SeedCapability:
    published = json.loads(row["other_params"]) if row["other_params"] else {}
    values, other = split_published(published)
    return SeedCapability(
        slug=mapped["slug"], organisation=row["org_slug"], category=row["category"],
        techniques=words(mapped["techniques"]), materials=words(mapped["materials"]),
        values={**values, **table_values(row, vocabulary)},
        lead_weeks=lead_weeks(row["lead_time"]), access=mapped["access"],
        access_mode=row["access_mode"], price=None, rates=rates(published, country),
        status=Status(mapped["status"]), name_zh=row["name_zh"], name_en=row["name_en"],
        technique_text=row["technique"], technique_text_zh=row["technique_zh"],
        throughput=row["throughput"], lead_time_text=row["lead_time"],
        confidence=row["confidence"], source_type=row["source_type"], source=row["source"],
        note=mapped["note"], other=other,
    )  # fmt: skip


def load_runs(folder: Path = SEED_DIR) -> tuple[SeedRun, ...]:
    """All MPW runs in file order, joined with the reviewed run terms."""
    terms = list(_rows(folder, "run_terms.csv"))
    rows = list(_rows(folder, "mpw_runs.csv"))
    if [(t["provider_slug"], t["technology"]) for t in terms] != [
        (r["provider_slug"], r["technology"]) for r in rows
    ]:
        raise DatasetError("run_terms.csv and mpw_runs.csv do not list the same runs")
    return tuple(_run(row, term) for row, term in zip(rows, terms, strict=True))


def _run(row: Mapping[str, str], term: Mapping[str, str]) -> SeedRun:
    day = _DAY.search(row["tape_in_dates"])
    return SeedRun(
        slug=term["slug"], provider=row["provider_slug"], technology=row["technology"],
        techniques=words(term["techniques"]), materials=words(term["materials"]),
        tape_in=date(*map(int, day.groups())) if day else None,
        tape_in_text=row["tape_in_dates"], turn_around=row["turn_around"],
        lead_weeks=lead_weeks(row["turn_around"]), price_text=row["price"], note=row["note"],
        historical=term["historical"] == "yes", confidence=row["confidence"],
        source_type=row["source_type"], source=row["source"],
    )  # fmt: skip


def load_dataset(folder: Path = SEED_DIR) -> SeedData:
    """The whole shipped dataset."""
    return SeedData(
        regions=load_regions(folder), organisations=load_organisations(folder),
        capabilities=load_capabilities(folder), relations=load_relations(folder),
        runs=load_runs(folder),
    )  # fmt: skip
