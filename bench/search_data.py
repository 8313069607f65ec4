"""Seeded documents and queries to measure search with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from collab.search.documents import Document
from collab.vocabulary.catalog import load_vocabulary

Record = dict[str, Any]
LABELS = ("public", "members", "org:7", "need:3")

QUERIES = (
    "电子束光刻", "EBL", "谁能做8英寸硅光流片？", "薄膜铌酸锂 ICP刻蚀", "金丝键合",
    "wafer bonding InP",
    "低损耗氮化硅波导 LPCVD", "光纤阵列耦合封装", "线宽<=200nm 光刻",
    "wafer:200 流片", "可靠性测试",
    "封装", "测试", '"低损耗波导" 工艺', "MOCVD 外延 -GaN", "高速调制器带宽测试", "激光器老化",
    "region:R12 光刻", "lithograhpy", "电子数光刻", "需要6英寸 SiN 晶圆 800nm 厚 低损耗", "硅光",
    "开放共享 洁净室", "",
)  # fmt: skip
_NOUNS = ("平台", "产线", "中心", "实验室", "服务", "工艺", "能力", "设备", "示范线", "验证平台")
_LINES = (
    "面向全国开放，提供{t}与后续测试，支持小批量流片和工艺开发，交付周期 {n} 周",
    "配备{n}英寸{m}产线，最小线宽 {k} nm，低损耗波导，良率稳定，接受外协委托",
    "Open access {t} line for {m} wafers, {k} nm features, {n} week lead time",
    "拥有洁净室 {k} 平方米，工程师 {n} 人，可承接高速调制器与探测器的研发和中试",
)


def documents(organisations: int, capabilities: int, needs: int) -> Iterator[Document]:
    """A seeded set whose texts, techniques and labels are spread like those of real records."""
    chance = random.Random(organisations * 7 + capabilities)
    vocabulary = load_vocabulary()
    techniques, materials = list(vocabulary.techniques), list(vocabulary.materials)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    plan = [("organisation", organisations), ("capability", capabilities), ("need", needs)]
    for kind, count in plan:
        for number in range(count):
            does = chance.sample(techniques, chance.choice((1, 1, 2, 3)))
            on = chance.sample(materials, chance.choice((0, 1, 1, 2)))
            term = vocabulary.techniques[does[0]]
            platform = vocabulary.materials[on[0] if on else "silicon"]
            facts = {"t": term.zh, "m": platform.zh, "n": chance.randint(2, 40),
                     "k": chance.randint(10, 900)}  # fmt: skip
            lines = [line.format(**facts) for line in chance.sample(_LINES, chance.randint(1, 3))]
            common: dict[str, Any] = {
                "key": f"{kind}:{number}", "kind": kind, "version": "1",
                "title_zh": f"{platform.zh}{term.zh}{chance.choice(_NOUNS)}", "title_en": term.en,
                "body": "。".join(lines), "organisation": f"o{number % 600}",
                "organisation_zh": f"第{number % 600}光电研究所",
                "regions": (f"R{number % 40}", f"P{number % 9}", "CN"),
                "lat": 20 + chance.random() * 20, "lon": 100 + chance.random() * 20,
                "updated_at": start + timedelta(hours=chance.randint(0, 8000)),
            }  # fmt: skip
            carried = {"techniques": tuple(does), "materials": tuple(on)}
            yield Document(**common, **_of_kind(kind, chance, number, carried, term, facts))


def _of_kind(
    kind: str, chance: random.Random, number: int, carried: Record, term: Any, facts: Record
) -> Record:
    """What only documents of this kind have, as the platform's own feed gives it."""
    if kind == "need":
        states = ("published", "in_talks", "agreed")
        return {**carried, "labels": _labels(chance, number), "status": chance.choice(states)}
    owner = {
        "labels": ("public",), "organisation_kind": chance.choice(("lab", "firm", "university")),
        "evidence": chance.choice(("documented", "declared", "verified")),
    }  # fmt: skip
    if kind == "organisation":
        return owner
    return {
        **owner, **carried, "category": term.category, "status": "operating",
        "access_mode": chance.choice(("open", "members", "contract")),
        "wafer_sizes": tuple(chance.sample((50.0, 100.0, 150.0, 200.0, 300.0), 2)),
        "values": {"min-feature": (float(facts["k"]), None)},
    }  # fmt: skip


def _labels(chance: random.Random, number: int) -> tuple[str, ...]:
    return chance.choice((("public",), ("members",), ("members",), (f"need:{number}",)))
