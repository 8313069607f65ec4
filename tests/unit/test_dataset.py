"""The shipped dataset loads whole, and its reviewed mapping says only what the sources say."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from pathlib import Path

import pytest

from collab.importing.dataset import (
    SEED_DIR,
    UNMAPPED,
    DatasetError,
    SeedCapability,
    SeedData,
    ancestors,
    country_of,
    load_capabilities,
    load_dataset,
    load_regions,
    load_runs,
    regions_for,
)
from collab.importing.dataset_values import ACCESS_LABELS
from collab.matching.records import Evidence, Offered, Status
from collab.vocabulary.catalog import Vocabulary, load_vocabulary


@pytest.fixture(scope="module")
def data() -> SeedData:
    return load_dataset()


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


def capability(data: SeedData, slug: str) -> SeedCapability:
    return next(c for c in data.capabilities if c.slug == slug)


def seed_copy(folder: Path) -> Path:
    for source in SEED_DIR.glob("*.csv"):
        (folder / source.name).write_bytes(source.read_bytes())
    return folder


def test_every_row_of_every_file_becomes_a_record(data: SeedData) -> None:
    assert len(data.organisations) == 222
    assert len(data.capabilities) == 352
    assert len(data.relations) == 137
    assert len(data.runs) == 23
    shipped = [r for r in data.regions if "added" not in r.source]
    assert len(shipped) == 149


def test_slugs_are_unique_and_begin_with_their_organisation(data: SeedData) -> None:
    slugs = [c.slug for c in data.capabilities]
    assert len(set(slugs)) == len(slugs)
    assert all(c.slug.startswith(f"{c.organisation}/") for c in data.capabilities)
    assert all(s.isascii() and " " not in s for s in slugs)
    runs = [r.slug for r in data.runs]
    assert len(set(runs)) == len(runs)


def test_every_technique_and_material_is_a_vocabulary_term(
    data: SeedData, vocabulary: Vocabulary
) -> None:
    for record in (*data.capabilities, *data.runs):
        assert set(record.techniques) <= set(vocabulary.techniques), record.slug
        assert set(record.materials) <= set(vocabulary.materials), record.slug
        assert not any(vocabulary.techniques[t].deprecated for t in record.techniques)


def test_at_most_one_in_twenty_is_unmapped_and_each_is_listed_with_its_reason(
    data: SeedData,
) -> None:
    unmapped = [c for c in data.capabilities if not set(c.techniques) - UNMAPPED]
    assert len(unmapped) <= 0.05 * len(data.capabilities)
    listed = (SEED_DIR.parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
    for c in unmapped:
        assert c.slug in listed
        assert c.note.startswith("UNMAPPED: ")


def test_categories_agree_with_the_techniques_or_the_note_says_why(
    data: SeedData, vocabulary: Vocabulary
) -> None:
    for c in data.capabilities:
        kinds = {vocabulary.techniques[t].category for t in c.techniques}
        assert not kinds or c.category in kinds or c.note, c.slug


def test_materials_of_the_source_are_all_mapped_except_film_metals(data: SeedData) -> None:
    with (SEED_DIR / "capabilities.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row, c in zip(rows, data.capabilities, strict=True):
        named = set(row["materials"].split(";")) - {"", "Au", "TiW"}
        assert len(c.materials) >= len(named), c.slug


def test_the_xian_line_is_found_for_a_foundry_step_on_200_mm_soi_at_130_nm(
    data: SeedData, vocabulary: Vocabulary
) -> None:
    line = capability(data, "sxoei/silicon-photonics-integrated-process-130-nm-active")
    assert any(vocabulary.covers(t, "foundry") for t in line.techniques)
    assert "foundry.mpw" not in line.techniques
    assert line.materials == ("soi",)
    assert line.values["wafer-diameter"] == Offered(choices=(200.0,))
    assert line.values["min-feature"] == Offered(low=130.0, high=130.0)
    assert line.status is Status.OPERATING
    assert line.lead_weeks is None  # "30% shorter run cycle" is no lead time


@pytest.mark.parametrize(
    ("slug", "status"),
    [
        ("starry-photonics/silicon-photonics-volume-process-90-nm", Status.PLANNED),
        ("taihu-photonics-centre/silicon-photonics-integration-process-platform", Status.PLANNED),
        ("tno/6-inch-inp-photonic-ic-pilot-line", Status.PLANNED),
        ("qunfa/silicon-opa-pilot-line", Status.PLANNED),
        ("opsis/silicon-photonics-shuttle-service-closed", Status.CLOSED),
        ("lionix/lnoi-on-triplex-integration", Status.RND_ONLY),
        ("cumec/silicon-photonics-process-180-nm", Status.OPERATING),
    ],
)
def test_the_status_is_read_from_the_source(data: SeedData, slug: str, status: Status) -> None:
    assert capability(data, slug).status is status


def test_the_notes_on_the_data_count_what_is_there(data: SeedData) -> None:
    notes = (SEED_DIR.parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
    for status, number in Counter(c.status for c in data.capabilities).items():
        assert f"| {status} | {number} |" in notes
    for access in ACCESS_LABELS:
        assert access in notes


def test_every_record_is_documented_and_cannot_be_changed(data: SeedData) -> None:
    assert {c.evidence for c in data.capabilities} == {Evidence.DOCUMENTED}
    assert all(c.source and c.confidence in {"high", "medium"} for c in data.capabilities)
    assert {c.access for c in data.capabilities} <= {"", *ACCESS_LABELS}
    with pytest.raises(FrozenInstanceError):
        data.capabilities[0].evidence = Evidence.DECLARED  # type: ignore[misc]


def test_values_stand_in_known_parameters_within_their_hard_range(
    data: SeedData, vocabulary: Vocabulary
) -> None:
    classes = vocabulary.raw["parameters"]["wafer_diameter_nominal"]["classes"]
    for c in data.capabilities:
        for name, offered in c.values.items():
            parameter = vocabulary.parameters[name]
            figures = [offered.low, offered.high, *offered.choices]
            for figure in (f for f in figures if isinstance(f, float)):
                assert not parameter.hard or parameter.hard[0] <= figure <= parameter.hard[1]
            if offered.low is not None and offered.high is not None:
                assert offered.low <= offered.high
        sizes = c.values.get("wafer-diameter", Offered()).choices
        assert all(size in classes for size in sizes)


def test_regions_have_their_parents_codes_and_coordinates(data: SeedData) -> None:
    seen: set[str] = set()
    for region in data.regions:
        assert not region.parent or region.parent in seen
        seen.add(region.code)
    assert {o.region for o in data.organisations} <= seen
    codes = [r.iso for r in data.regions if r.iso]
    assert len(set(codes)) == len(codes)
    countries = [r for r in data.regions if r.kind == "country"]
    assert all(len(r.iso) == 2 for r in countries)
    provinces = [r for r in data.regions if r.kind == "province"]
    assert all(r.iso.startswith("CN-") and r.full_zh.startswith(r.zh) for r in provinces)


def test_ancestors_lead_from_a_park_to_its_country() -> None:
    assert ancestors("wuhan-optics-valley") == ("wuhan", "hubei", "china")
    assert country_of("wuhan-optics-valley") == "china"
    assert (ancestors("china"), country_of("china")) == ((), "china")
    assert (ancestors("atlantis"), country_of("atlantis")) == ((), "")


def test_every_value_of_the_region_parameter_means_existing_regions(
    data: SeedData, vocabulary: Vocabulary
) -> None:
    known = {r.code for r in data.regions}
    for value in vocabulary.parameters["region"].values:
        codes = regions_for(value.id)
        assert codes, value.id
        assert set(codes) <= known
    assert regions_for("CN-HB") == ("hubei",)
    assert regions_for("hubei") == ("hubei",)
    assert regions_for("CN-GX") == ("guangxi",)
    assert regions_for("shanghai-zhangjiang") == ("shanghai-zhangjiang",)
    assert regions_for("XX-NO") == regions_for("") == ()


def test_ties_and_runs_name_listed_organisations(data: SeedData) -> None:
    slugs = {o.slug for o in data.organisations}
    assert {r.from_slug for r in data.relations} | {r.to_slug for r in data.relations} <= slugs
    assert {r.provider for r in data.runs} <= slugs


def test_a_run_is_past_after_its_deadline_or_when_the_source_is_history() -> None:
    runs = {r.slug: r for r in load_runs()}
    run = runs["cornerstone/soi-220-nm-mpw-run-50-2026-11-11"]
    assert run.tape_in == date(2026, 11, 11)
    assert not run.is_past(run.tape_in)
    assert run.is_past(run.tape_in + timedelta(days=1))
    ended = runs["opsis/bae-systems-silicon-photonics-opsis"]
    assert ended.tape_in is None
    assert ended.is_past(date(1990, 1, 1))


def test_a_capability_without_mapping_or_a_mapping_without_capability_is_named(
    tmp_path: Path,
) -> None:
    folder = seed_copy(tmp_path)
    mapping = folder / "capability_techniques.csv"
    lines = mapping.read_text(encoding="utf-8").splitlines(keepends=True)
    mapping.write_text("".join(lines[:1] + lines[2:]), encoding="utf-8")
    with pytest.raises(DatasetError, match="actmost"):
        load_capabilities(folder)
    mapping.write_text("".join([*lines, "x/y,x,y,foundry,,operating,,\n"]), encoding="utf-8")
    with pytest.raises(DatasetError, match="no capability"):
        load_capabilities(folder)


def test_a_region_without_its_parent_is_refused(tmp_path: Path) -> None:
    folder = seed_copy(tmp_path)
    assert load_regions(folder) == load_regions()
    with (folder / "regions.csv").open("a", encoding="utf-8") as stream:
        stream.write("nowhere,无处,Nowhere,atlantis,city,0,0,test\n")
    with pytest.raises(DatasetError, match="atlantis"):
        load_regions(folder)


def test_runs_and_their_terms_must_list_the_same(tmp_path: Path) -> None:
    folder = seed_copy(tmp_path)
    terms = folder / "run_terms.csv"
    lines = terms.read_text(encoding="utf-8").splitlines(keepends=True)
    terms.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(DatasetError, match="same runs"):
        load_runs(folder)
