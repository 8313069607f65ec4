"""Every annotated need and search query in tests/data speaks the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from collab.vocabulary.catalog import load_vocabulary

DATA = Path(__file__).resolve().parents[1] / "data"
NEEDS = sorted(path.name for path in DATA.glob("extraction_*.yaml"))
QUERIES = sorted(path.name for path in DATA.glob("search_*.yaml"))
VOCABULARY = load_vocabulary()
OPERATORS = frozenset(
    {"eq", "le", "lt", "ge", "gt", "between", "approx", "in", "all_of", "ne", "not_in"}
)
UNITS = frozenset({"wafer", "die", "device", "module", "set", "sample", "lot", "mask", "person"})
REGIONS = frozenset(choice.id for choice in VOCABULARY.parameters["region"].values)
LEVELS = frozenset(choice.id for choice in VOCABULARY.parameters["confidentiality"].values)


def entries(name: str, key: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load((DATA / name).read_text(encoding="utf-8"))[key])


def as_set(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def unknown_words(gold: dict[str, Any]) -> Iterator[str]:
    """Ids of techniques, materials, parameters and chains that the vocabulary does not hold."""
    tolerated, must_not = gold.get("tolerated") or {}, gold.get("must_not") or {}
    techniques = [*gold.get("techniques", []), *gold.get("optional_techniques", [])]
    techniques += [one for group in gold.get("techniques_any_of", []) for one in group]
    techniques += [one["id"] for one in gold.get("excluded_techniques", [])]
    techniques += [
        *tolerated.get("techniques", []),
        *tolerated.get("excluded", []),
        *must_not.get("techniques", []),
    ]
    yield from (one for one in techniques if one not in VOCABULARY.techniques)
    materials = [*gold.get("materials", []), *gold.get("excluded_materials", [])]
    materials += [*tolerated.get("materials", []), *must_not.get("materials", [])]
    yield from (one for one in materials if one not in VOCABULARY.materials)
    parameters = [one["id"] for one in gold.get("parameters", [])]
    parameters += [*tolerated.get("parameters", []), *must_not.get("parameters", [])]
    yield from (one for one in parameters if one not in VOCABULARY.parameters)
    if gold.get("chain") and gold["chain"] not in VOCABULARY.chains:
        yield gold["chain"]


def wrong_criteria(gold: dict[str, Any]) -> Iterator[str]:
    """Criteria with an operator, a unit or a choice that their parameter does not have."""
    for one in gold.get("parameters", []):
        known = VOCABULARY.parameters[one["id"]]
        if one["op"] not in OPERATORS:
            yield f"{one['id']}: {one['op']}"
        if one["unit"] != known.unit:
            yield f"{one['id']}: {one['unit']} is not {known.unit}"
        if known.values and not set(as_set(one["value"])) <= {choice.id for choice in known.values}:
            yield f"{one['id']}: {one['value']}"
        if one["op"] == "between" and not one["value"][0] < one["value"][1]:
            yield f"{one['id']}: {one['value']}"


def wrong_terms(gold: dict[str, Any]) -> Iterator[str]:
    """Quantity, deadline, region and confidentiality outside the words of the guide."""
    quantity = gold.get("quantity") or {}
    yield from {quantity["unit"], *quantity.get("unit_alt", [])} - UNITS if quantity else ()
    region = gold.get("region") or {}
    yield from (
        one
        for kind in ("prefer", "require", "exclude")
        for one in region.get(kind, [])
        if one not in REGIONS
    )
    level = (gold.get("confidentiality") or {}).get("level")
    if level and level not in LEVELS:
        yield level
    due = gold.get("deadline") or {}
    if due and due["type"] == "date" and not isinstance(due["value"], date):
        yield str(due)


@pytest.mark.parametrize("name", NEEDS)
def test_an_annotated_need_speaks_the_vocabulary(name: str) -> None:
    needs = entries(name, "examples")
    assert len({need["id"] for need in needs}) == len(needs)
    for need in needs:
        gold = need["gold"]
        assert not [*unknown_words(gold)], need["id"]
        assert not [*wrong_criteria(gold), *wrong_terms(gold)], need["id"]


@pytest.mark.parametrize("name", NEEDS)
def test_what_is_wanted_is_not_also_refused(name: str) -> None:
    for need in entries(name, "examples"):
        gold = need["gold"]
        refused = {one["id"] for one in gold.get("excluded_techniques", [])}
        refused |= set((gold.get("must_not") or {}).get("techniques", []))
        assert not refused & set(gold.get("techniques", [])), need["id"]
        assert not set(gold.get("excluded_materials", [])) & set(gold.get("materials", [])), need[
            "id"
        ]


@pytest.mark.parametrize("name", QUERIES)
def test_a_labelled_query_speaks_the_vocabulary(name: str) -> None:
    queries = entries(name, "queries")
    assert len({query["id"] for query in queries}) == len(queries)
    for query in queries:
        techniques = [
            *query["techniques"]["any_of"],
            *query["techniques"]["all_of"],
            *query.get("not", ()),
        ]
        materials = [*query["materials"]["any_of"], *query["materials"]["all_of"]]
        assert techniques or materials, query["id"]
        assert all(one in VOCABULARY.techniques for one in techniques), query["id"]
        assert all(one in VOCABULARY.materials for one in materials), query["id"]


def test_the_check_itself_refuses_what_is_not_in_the_vocabulary() -> None:
    gold = {"techniques": ["lithography.ebl", "lithography.magic"], "chain": "no-chain",
            "parameters": [{"id": "min-feature", "op": "about", "value": 80, "unit": "um"}],
            "quantity": {"value": 1, "unit": "bucket"},
            "region": {"require": ["CN", "MOON"]}}  # fmt: skip
    assert [*unknown_words(gold)] == ["lithography.magic", "no-chain"]
    assert len([*wrong_criteria(gold)]) == 2
    assert [*wrong_terms(gold)] == ["bucket", "MOON"]
