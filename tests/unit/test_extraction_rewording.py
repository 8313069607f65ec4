"""A need reads the same after harmless rewording: script, width, units, synonyms,"
" order, manners."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opencc
import pytest
import yaml

from collab.needs.extraction import extract
from collab.vocabulary.catalog import load_vocabulary

DATA = Path(__file__).resolve().parents[1] / "data"
VOCABULARY = load_vocabulary()
CHINESE = [
    e
    for name in ("extraction_examples.yaml", "extraction_own_seen.yaml")
    for e in yaml.load((DATA / name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)[
        "examples"
    ]
    if any("\u3400" <= c <= "\u9fff" for c in e["text"])
]
FULL_WIDTH = {i: i + 0xFEE0 for i in range(0x21, 0x7F) if chr(i) not in "$\"'"}
BASE = (
    "需要在4英寸LNOI晶圆上做离子束刻蚀，传输损耗≤0.3dB/cm，然后激光隐切，10片，12"
    "周内交付，预算80万元"
)


def essence(text: str) -> dict[str, Any]:
    """What was read, without places, confidence and order."""
    result = extract(text, VOCABULARY)
    amount = lambda a, keys: None if a is None else tuple(str(a.get(k)) for k in keys)  # noqa: E731
    return {
        "techniques": {t["id"] for t in result["techniques"]},
        "any_of": {frozenset(t["id"] for t in g) for g in result["techniques_any_of"]},
        "optional": {t["id"] for t in result["optional_techniques"]},
        "excluded": {(t["id"], t["reason"]) for t in result["excluded_techniques"]},
        "materials": {m["id"] for m in result["materials"]},
        "parameters": {
            (p["id"], p["op"], str(p["value"]), p["hard"]) for p in result["parameters"]
        },
        "quantity": amount(result["quantity"], ("value", "unit")),
        "deadline": amount(result["deadline"], ("type", "value", "unit")),
        "budget": amount(result["budget"], ("op", "value", "currency")),
        "region": {k: sorted(result["region"][k]) for k in ("prefer", "require", "exclude")},
        "confidentiality": (
            result["confidentiality"]["level"],
            result["confidentiality"]["anonymous"],
        ),
        "chain": result["chain"],
    }


@pytest.mark.parametrize("example", CHINESE, ids=lambda e: e["id"])
def test_script_makes_no_difference(example: dict[str, Any]) -> None:
    traditional = opencc.OpenCC("s2t").convert(example["text"])
    assert essence(traditional) == essence(example["text"])


@pytest.mark.parametrize("example", CHINESE, ids=lambda e: e["id"])
def test_width_makes_no_difference(example: dict[str, Any]) -> None:
    assert essence(example["text"].translate(FULL_WIDTH)) == essence(example["text"])


@pytest.mark.parametrize("example", CHINESE, ids=lambda e: e["id"])
def test_manners_make_no_difference(example: dict[str, Any]) -> None:
    polite = "各位老师好，打扰了。\n" + example["text"].rstrip() + "\n谢谢，盼复！"
    assert essence(polite) == essence(example["text"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("4英寸", "4寸"),
        ("4英寸", "100mm "),
        ("4英寸", "四英寸"),
        ("4英寸", "4-inch "),
        ("4英寸", "4吋"),
        ("0.3dB/cm", "30dB/m"),
        ("≤0.3dB/cm", "不大于0.3dB/cm"),
        ("≤0.3dB/cm", "0.3 dB/cm以下"),
        ("≤", "<="),
        ("≤", "不超过"),
        ("80万元", "80w"),
        ("80万元", "800,000元"),
        ("80万元", "0.8百万元"),
        ("10片", "十片"),
        ("10片", "10 片"),
        ("10片", "数量：10片"),
        ("12周内交付", "交期12周"),
        ("12周内交付", "12个星期内交付"),
        ("12周内交付", "十二周之内交货"),
    ],
)
def test_units_and_operators_may_be_swapped(old: str, new: str) -> None:
    assert essence(BASE.replace(old, new)) == essence(BASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("离子束刻蚀", "IBE刻蚀"),
        ("离子束刻蚀", "离子铣"),
        ("LNOI", "薄膜铌酸锂"),
        ("LNOI", "TFLN"),
        ("激光隐切", "隐形切割"),
        ("传输损耗", "波导损耗"),
        ("传输损耗", "传播损耗"),
    ],
)
def test_synonyms_may_be_swapped(old: str, new: str) -> None:
    assert essence(BASE.replace(old, new)) == essence(BASE)


def test_clauses_may_change_places() -> None:
    clauses = [
        "数量10片",
        "预算80万元",
        "传输损耗≤0.3dB/cm",
        "需要在4英寸LNOI晶圆上做离子束刻蚀",
        "激光隐切",
        "12周内交付",
    ]
    assert essence("，".join(clauses)) == essence("，".join(reversed(clauses)))


@pytest.mark.parametrize("separator", ["，", "；", "。", "\n", ", ", "、\n"])
def test_clauses_may_be_parted_by_anything(separator: str) -> None:
    clauses = [
        "4英寸LNOI",
        "离子束刻蚀",
        "传输损耗≤0.3dB/cm",
        "激光隐切",
        "数量10片",
        "预算80万元",
        "交期12周",
    ]
    assert essence(separator.join(clauses)) == essence("，".join(clauses))
