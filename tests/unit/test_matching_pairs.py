"""Every labelled need-capability pair gets the class and the verdicts its label names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from collab.matching.records import Criterion, NeedProfile, Offer, Offered, Place, Status, Step
from collab.matching.verdicts import judge_pair
from collab.vocabulary.catalog import load_vocabulary

LABELS = yaml.safe_load(
    (Path(__file__).parents[1] / "data" / "matching_pairs.yaml").read_text(encoding="utf-8")
)
VOCABULARY = load_vocabulary()


def offered_of(parameter: str, stated: Any) -> Offered:
    """A label's short form of what is offered: a figure, a window, a list or an open end."""
    if isinstance(stated, dict):
        return Offered(low=stated.get("low"), high=stated.get("high"))
    if isinstance(stated, int | float):
        return Offered(low=stated, high=stated)
    if isinstance(stated, list):
        known = VOCABULARY.parameters[parameter]
        if known.compare == "cap_range_covers" and len(stated) == 2:
            return Offered(low=stated[0], high=stated[1])
        return Offered(choices=tuple(stated))
    return Offered(choices=(stated,))


def offer_of(key: str, row: dict[str, Any], organisations: dict[str, int]) -> Offer:
    region, *above = row.get("region", [""])
    return Offer(
        id=len(organisations) * 1000 + len(key), key=key,
        organisation_id=organisations.setdefault(row["org"], len(organisations) + 1),
        organisation=row["org"], techniques=tuple(row["techniques"]),
        materials=tuple(row.get("materials", ())),
        values={p: offered_of(p, v) for p, v in row.get("values", {}).items()},
        place=Place(region=region, above=tuple(above), country=(above or [region])[-1]),
        status=Status(row.get("status", "operating")),
        lead_weeks=tuple(row["lead"]) if "lead" in row else None,
    )  # fmt: skip


def criterion_of(row: list[Any]) -> Criterion:
    parameter, op, value, *soft = row
    return Criterion(parameter, op, tuple(value) if isinstance(value, list) else value,
                     hard=not soft)  # fmt: skip


def need_of(row: dict[str, Any], organisations: dict[str, int]) -> NeedProfile:
    step = Step("1", tuple(row["techniques"]), category=row.get("category", ""))
    return NeedProfile(
        organisation_id=organisations.get(row.get("owner", ""), 9999), steps=(step,),
        criteria=tuple(criterion_of(c) for c in row.get("criteria", ())),
        materials=tuple(row.get("materials", ())),
        excluded_materials=tuple(row.get("excluded_materials", ())),
        excluded_techniques=tuple(row.get("excluded_techniques", ())),
        deadline_weeks=row.get("deadline"), deadline_hard=row.get("deadline_hard", True),
        region_require=tuple(row.get("region_require", ())),
        region_exclude=tuple(row.get("region_exclude", ())),
        region_prefer=tuple(row.get("region_prefer", ())),
        blocked=frozenset(organisations[o] for o in row.get("blocked", ())),
    )  # fmt: skip


ORGANISATIONS: dict[str, int] = {}
OFFERS = {key: offer_of(key, row, ORGANISATIONS) for key, row in LABELS["offers"].items()}
PAIRS = [(need, key, label) for need in LABELS["needs"] for key, label in need["labels"].items()]


def test_the_suite_is_as_large_as_promised() -> None:
    assert len(PAIRS) >= 150


@pytest.mark.parametrize(
    ("need", "key", "label"), PAIRS, ids=[f"{n['id']}-{k}" for n, k, _ in PAIRS]
)
def test_labelled_pair(need: dict[str, Any], key: str, label: list[str]) -> None:
    verdict = judge_pair(VOCABULARY, need_of(need, ORGANISATIONS), OFFERS[key])
    if label[0] == "none":
        assert verdict is None
        return
    assert verdict is not None
    assert verdict.klass == label[0]
    judged = {(j.id, j.mark.value) for j in verdict.judged}
    for fact in label[1:]:
        assert tuple(fact.split("=")) in judged
