"""Sentences about regions say names; codes elsewhere stay codes."""

from __future__ import annotations

from collab.routing.places import with_names

NAMES = {"hubei": ("湖北", "Hubei"), "wuhan-optics-valley": ("武汉光谷", "Wuhan Optics Valley")}


def test_only_sentences_of_region_criteria_change() -> None:
    answer = {
        "region": "hubei",
        "criteria": [
            {"id": "region-preferred", "offered": "hubei",
             "reason": {"zh": "位于wuhan-optics-valley", "en": "stands in hubei"}},
            {"id": "material", "reason": {"zh": "hubei", "en": "hubei"}},
        ],
        "relax": {
            "criterion": "region", "zh": "接受hubei", "en": "accept hubei", "value": ["hubei"],
        },
    }  # fmt: skip
    named = with_names(answer, NAMES)
    assert named["region"] == "hubei"
    assert named["criteria"][0]["offered"] == "hubei"
    assert named["criteria"][0]["reason"] == {"zh": "位于武汉光谷", "en": "stands in Hubei"}
    assert named["criteria"][1]["reason"] == {"zh": "hubei", "en": "hubei"}
    assert named["relax"] == {
        "criterion": "region", "zh": "接受湖北", "en": "accept Hubei", "value": ["hubei"],
    }  # fmt: skip
