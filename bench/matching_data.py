"""Invented capabilities and needs for tests and measurements; the same seed gives the same ones."""

from __future__ import annotations

import random
from typing import Any

from collab.matching.records import (
    Criterion,
    Evidence,
    NeedProfile,
    Offer,
    Offered,
    Place,
    Status,
    Step,
)
from collab.vocabulary.catalog import Vocabulary

PLACES = [
    Place("wuhan", ("hubei", "china"), "china", 30.59, 114.31),
    Place("shanghai", ("china",), "china", 31.23, 121.47),
    Place("beijing", ("china",), "china", 39.9, 116.41),
    Place("shenzhen", ("guangdong", "china"), "china", 22.54, 114.06),
    Place("xian", ("shaanxi", "china"), "china", 34.34, 108.94),
    Place("leuven", ("belgium",), "belgium", 50.88, 4.7),
    Place("eindhoven", ("netherlands",), "netherlands", 51.44, 5.48),
    Place(),
]
DIAMETERS = (50, 76, 100, 150, 200, 300)


def _wafer(rng: random.Random) -> Offered:
    start = rng.randrange(len(DIAMETERS))
    return Offered(choices=tuple(float(d) for d in DIAMETERS[start : start + rng.randint(1, 3)]))


def _figure(vocabulary: Vocabulary, name: str, rng: random.Random) -> Offered:
    parameter = vocabulary.parameters[name]
    if name == "wafer-diameter":
        return _wafer(rng)
    if parameter.kind in ("category", "ordinal"):
        ids = [c.id for c in parameter.values] or ["x"]
        return Offered(choices=tuple(rng.sample(ids, min(len(ids), rng.randint(1, 2)))))
    low, high = parameter.typical or (1.0, 100.0)
    if parameter.compare == "cap_set_contains" and rng.random() < 0.6:
        return Offered(choices=tuple(round(rng.uniform(low, high), 1) for _ in range(2)))
    a, b = sorted(round(rng.uniform(low, high), 3) for _ in range(2))
    form = rng.random()
    return Offered(a, b) if form < 0.5 else Offered(low=a) if form < 0.75 else Offered(high=b)


def make_offers(
    vocabulary: Vocabulary,
    count: int,
    *,
    seed: int = 7,
    technique: str | None = None,
    prefix: str = "cap",
    fill: float = 0.4,
) -> list[Offer]:
    """`count` capabilities of about count/10 organisations; `fill` of the parameters are stated."""
    rng = random.Random(seed)
    pool = sorted(vocabulary.techniques)
    materials = sorted(vocabulary.materials)
    params = {t: sorted(vocabulary.params_of(t) & vocabulary.parameters.keys()) for t in pool}
    offers = []
    for number in range(count):
        own = technique or pool[rng.randrange(len(pool))]
        listed = [own, pool[rng.randrange(len(pool))]] if rng.random() < 0.2 else [own]
        names = [p for p in params[own] if rng.random() < fill]
        organisation = rng.randrange(max(2, count // 10))
        lead = rng.choice([None, 1.0, 2.0, 4.0, 8.0])
        offers.append(
            Offer(
                id=number, key=f"{prefix}-{seed}-{number:06d}", organisation_id=organisation,
                organisation=f"org-{organisation:05d}", techniques=tuple(listed),
                category=vocabulary.techniques[own].category,
                materials=tuple(rng.sample(materials, rng.choice([0, 1, 1, 2, 3]))),
                values={n: _figure(vocabulary, n, rng) for n in names},
                place=PLACES[organisation % len(PLACES)],
                evidence=rng.choice(list(Evidence)),
                status=Status.OPERATING if rng.random() < 0.95 else Status.PLANNED,
                lead_weeks=None if lead is None else (lead, lead + rng.choice([0.0, 2.0])),
                load=rng.choice([None, 0.2, 0.9]), age_days=rng.choice([None, 0, 90, 800]),
                price=rng.choice([None, None, (1000.0, "CNY"), (900.0, "EUR")]),
                blocked=frozenset({3}) if rng.random() < 0.02 else frozenset(),
            )
        )  # fmt: skip
    return offers


def _criterion(vocabulary: Vocabulary, name: str, rng: random.Random) -> Criterion:
    parameter = vocabulary.parameters[name]
    hard = rng.random() < 0.7
    if name == "wafer-diameter":
        return Criterion(name, rng.choice(["eq", "ge"]), float(rng.choice(DIAMETERS)), hard=hard)
    if parameter.kind in ("category", "ordinal"):
        ids = [c.id for c in parameter.values] or ["x"]
        return Criterion(name, parameter.bare_op, rng.choice(ids), hard=hard)
    low, high = parameter.typical or (1.0, 100.0)
    return Criterion(
        name, parameter.bare_op, round(rng.uniform(low, high), 2), parameter.unit, hard
    )


def make_need(
    vocabulary: Vocabulary,
    seed: int,
    *,
    steps: int | None = None,
    techniques: tuple[str, ...] | None = None,
    criteria: int = 3,
) -> NeedProfile:
    """A need of one to three steps with a few criteria of the kind members post."""
    rng = random.Random(seed)
    pool = sorted(vocabulary.techniques)
    count = steps or rng.randint(1, 3)
    chosen = techniques or tuple(rng.choice(pool) for _ in range(count))
    known = sorted(
        {p for t in chosen for p in vocabulary.params_of(t)}
        - {"budget", "lead-time", "region", "deadline"}
    )
    names = rng.sample(known, min(len(known), criteria))
    extra: dict[str, Any] = {}
    if rng.random() < 0.3:
        extra["region_require"] = ("china",)
    if rng.random() < 0.3:
        extra["region_prefer"] = ("hubei",)
    if rng.random() < 0.3:
        extra["deadline_weeks"] = float(rng.choice([3, 6, 12]))
        extra["deadline_hard"] = rng.random() < 0.5
    if rng.random() < 0.3:
        extra["budget"] = (950.0, "EUR")
    if rng.random() < 0.2:
        extra["excluded_materials"] = ("iii-v",)
    return NeedProfile(
        id=seed, organisation_id=rng.randrange(5),
        steps=tuple(Step(str(i + 1), (t,)) for i, t in enumerate(chosen)),
        criteria=tuple(_criterion(vocabulary, n, rng) for n in names if n != "material"),
        materials=tuple(rng.sample(sorted(vocabulary.materials), rng.choice([0, 1, 1, 2]))),
        place=rng.choice(PLACES), blocked=frozenset({1}) if rng.random() < 0.2 else frozenset(),
        **extra,
    )  # fmt: skip
