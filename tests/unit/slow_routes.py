"""A slow second opinion on routes, read from the vocabulary's files and PRODUCT alone.

Nothing of `collab.routing` is used here. Where the vocabulary leaves room (what state a technique
leaves behind), every state that some chain template knows is kept, and an answer is only given when
all of them agree; otherwise the answer is MAYBE.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from collab.matching.records import NeedProfile, Offer, Offered, Place

VOCAB = Path(__file__).parents[2] / "data" / "vocab"
YES, NO, MAYBE = "ok", "broken", "unknown"
STATE_RULES = frozenset({
    "piece-not-wafer", "coat-on-bar", "dice-before-attach", "wafer-test-before-dicing",
    "bump-on-wafer", "state-progress",
})  # fmt: skip
FIGURES = ("wafer-thickness", "surface-roughness", "bow", "die-size", "pad-pitch", "bump-pitch",
           "fiber-pitch", "facet-angle", "mode-field-diameter", "gsg-pitch", "wavelength",
           "device-layer-thickness")  # fmt: skip
NOMINAL = (25, 50, 76, 100, 125, 150, 200, 300)
Span = tuple[float, float]


def _read(name: str) -> dict[str, Any]:
    return yaml.safe_load((VOCAB / name).read_text(encoding="utf-8"))


CHAINS = _read("chains.yaml")
TECHNIQUES = {t["id"]: t for t in _read("techniques.yaml")["techniques"]}
MATERIALS = {m["id"]: m for m in _read("materials.yaml")["materials"]}
PARAMETERS = {p["id"]: p for p in _read("parameters.yaml")["parameters"]}
ORDER = {name: entry["order"] for name, entry in CHAINS["states"].items()}
LIMITS = CHAINS["temperature_limits_degC"]
NAMED = {t for c in CHAINS["chains"] for s in c["steps"]
         for t in (*s["techniques"], *(s.get("alternatives") or ()))}  # fmt: skip
EXCEPTIONS = next(r for r in CHAINS["rules"] if r["id"] == "state-progress")["exceptions"]


@cache
def line_up(term: str) -> tuple[str, ...]:
    """The term and everything broader, nearest first."""
    tree = TECHNIQUES if term in TECHNIQUES else MATERIALS
    found = [term]
    while tree.get(found[-1], {}).get("broader"):
        found.append(tree[found[-1]]["broader"])
    return tuple(found)


def under(technique: str, names: Iterable[str]) -> bool:
    """Technique ids match by prefix or by the hierarchy."""
    return any(n in line_up(technique) or technique.startswith(n + ".") for n in names)


@cache
def params(technique: str) -> frozenset[str]:
    return frozenset(p for t in line_up(technique) for p in TECHNIQUES[t].get("params") or ())


@cache
def chain_states(technique: str, chain: str | None) -> tuple[frozenset[str], frozenset[str], bool]:
    """States some template has before and after this very technique, or one under or over it, and
    whether some template has it leave the piece as it came."""
    into: set[str] = set()
    out: set[str] = set()
    same = False
    for template in CHAINS["chains"]:
        if chain and template["id"] != chain:
            continue
        steps = {s["key"]: s for s in template["steps"]}
        for step in template["steps"]:
            names = [*step["techniques"], *(step.get("alternatives") or ())]
            if any(n in line_up(technique) or technique in line_up(n) for n in names):
                came = {steps[key]["state"] for key in step["after"]}
                into |= came
                same |= step["state"] in came
                out.add(step["state"])
    return frozenset(into), frozenset(out), same


@dataclass
class Thing:
    """The work piece; None is unknown. `states` are all it may be in; `done` is (technique,
    organisation) of everything behind it."""

    states: frozenset[str] | None = frozenset()
    sizes: frozenset[float] | None = None
    figures: dict[str, Span] = field(default_factory=dict)
    pad: frozenset[str] | None = None
    masks: frozenset[str] = frozenset()
    edge: bool = False
    carried: frozenset[str] = frozenset()
    odd_metal: bool = False
    heat: Span = (math.inf, math.inf)
    melt: Span = (math.inf, math.inf)
    facts: dict[str, bool] = field(default_factory=dict)
    done: tuple[tuple[str, int], ...] = ()
    asked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Stop:
    """A step of a route: who does which technique, and from which earlier stops it takes over.
    `state` is the state claimed of the piece afterwards, empty for unknown; a claim that no
    template allows is refused. `takes` is what is claimed of the step taking the piece in, which
    counts where the templates leave it open."""

    offer: Offer
    done: str
    before: tuple[int, ...]
    asks: int = 0
    weeks: Span = (0.0, 0.0)
    stated: bool = False
    state: str = ""
    takes: str = MAYBE


def numbers(offered: Offered | None) -> tuple[float, float, tuple[float, ...]] | None:
    """(low, high, listed) of what is stated, open ends infinite; None when nothing is."""
    if offered is None:
        return None
    if offered.choices:
        listed = tuple(float(c) for c in offered.choices)
        return min(listed), max(listed), listed
    if offered.low is None and offered.high is None:
        return None
    low = -math.inf if offered.low is None else float(offered.low)
    high = math.inf if offered.high is None else float(offered.high)
    return low, high, ()


def nominal(value: float) -> float:
    """50.8 mm is 50, 75 and 76.2 mm are 76, 101.6 mm is 100, 203 mm is 200."""
    inches = {203.2: 200, 203.0: 200, 304.8: 300, 152.4: 150, 127.0: 125}
    near = min(NOMINAL, key=lambda n: abs(n - value))
    return float(inches.get(value, near if abs(near - value) <= 2 else value))


def sizes_of(offer: Offer) -> frozenset[float] | None:
    stated = numbers(offer.values.get("wafer-diameter"))
    if stated is None:
        return None
    low, high, listed = stated
    if listed:
        return frozenset(map(nominal, listed))
    found = frozenset(float(n) for n in NOMINAL if nominal(low) <= n <= nominal(high))
    return found or frozenset({nominal(low if math.isfinite(low) else high)})


def contaminants(materials: Iterable[str]) -> frozenset[str]:
    """What platforms bring into a line, as values of excluded-materials; a platform that a CMOS
    line admits brings nothing."""
    found = set()
    for name in materials:
        entry = MATERIALS.get(name, {})
        if entry.get("cmos_line") != "ok":
            found |= {"iii-v" if c in ("In", "Ga", "As", "Sb") else c.lower()
                      for c in entry.get("contaminants") or ()}  # fmt: skip
    return frozenset(found)


def criteria(need: NeedProfile) -> list[Any]:
    return [*need.criteria, *(c for s in need.steps for c in s.criteria)]


def spread(value: Any) -> list[float]:
    return [float(v) for v in (value if isinstance(value, tuple) else (value,))
            if isinstance(v, int | float)]  # fmt: skip


def first(need: NeedProfile) -> Thing:
    """What the need says of its piece before anything is done."""
    thing = Thing(carried=contaminants(need.materials))
    for c in criteria(need):
        given = spread(c.value)
        if c.op in ("eq", "approx", "between") and given:
            if c.parameter in FIGURES:
                thing.figures[c.parameter] = (min(given), max(given))
            if c.parameter == "wafer-diameter" and min(given) == max(given):
                thing.sizes = frozenset({nominal(given[0])})
        if c.parameter == "pad-metal" and isinstance(c.value, str):
            thing.pad = frozenset({c.value})
        for drawn, name in (("layout-min-feature", "min-feature"),
                            ("layout-overlay-tolerance", "overlay")):  # fmt: skip
            if c.parameter == name and len(given) == 1:
                thing.figures[drawn] = (given[0], given[0])
    return thing


def target(need: NeedProfile, offer: Offer) -> Span | None:
    """How thin the piece will be: what the need asks, else the only figure the line states."""
    for c in criteria(need):
        if c.parameter == "final-thickness" and spread(c.value):
            return min(spread(c.value)), max(spread(c.value))
    return single(offer, "final-thickness")


def single(offer: Offer, name: str) -> Span | None:
    stated = numbers(offer.values.get(name))
    if stated is None or stated[0] != stated[1]:
        return None
    return stated[0], stated[1]


SETS = {
    "mounted-on-carrier": ("wafer.carrier-mount",), "backside-metal": ("thinning.backside-metal",),
    "known-good-die": ("test.wafer-level", "test.bar-chip"), "burned-in": ("test.burn-in",),
    "sealed": ("packaging.hermetic-seal",), "released-structures": ("etching.release",),
    "organics-inside": ("packaging.die-attach.epoxy", "packaging.encapsulation",
                        "packaging.coupling.fiber-array"),
    "shared-run": ("foundry.mpw",), "facet-clean": ("cleaning",),
}  # fmt: skip
CLEARS = {"facet-clean": ("singulation", "packaging.die-attach", "packaging.flip-chip"),
          "mounted-on-carrier": ("wafer.resize",)}  # fmt: skip
METAL = ("deposition.metallization", "deposition.electroplating", "packaging.bumping",
         "thinning.backside-metal")  # fmt: skip
MELTS = {"ausn": 280.0, "snag": 217.0, "in": 157.0}
SOLDERS = {"packaging.die-attach.eutectic": (280.0, 370.0), "packaging.flip-chip": (157.0, 280.0),
           "packaging.thermocompression-flip-chip": (217.0, math.inf),
           "packaging.smt": (138.0, 217.0)}  # fmt: skip
"""Gold-tin to gold-silicon; indium to gold-tin; tin-silver caps or gold on gold; BiSn to SAC."""
RENEWS = {
    "planarization.cmp": ("surface-roughness",), "bonding.temporary": ("wafer-thickness",),
    "wafer.carrier-mount": ("wafer-thickness",), "packaging.rdl": ("pad-pitch",),
}  # fmt: skip
"""What a remedy is there to change is not what it was."""


def lower(*spans: Span) -> Span:
    return min(s[0] for s in spans), min(s[1] for s in spans)


def after(thing: Thing, need: NeedProfile, stop: Stop) -> Thing:
    """The piece after a stop."""
    t, offer = stop.done, stop.offer
    figures = dict(thing.figures)
    for names in (v for k, v in RENEWS.items() if under(t, (k,))):
        for name in names:
            figures.pop(name, None)
    for name in params(t) & set(FIGURES):
        span = single(offer, name)
        if span is not None and name in offer.values:
            figures.setdefault(name, span)
    if under(t, ("thinning",)):
        figures.pop("wafer-thickness", None)
        span = target(need, offer)
        if span is not None:
            figures["final-thickness"] = figures["wafer-thickness"] = span
    facts = dict(thing.facts)
    facts |= {name: False for name, by in CLEARS.items() if under(t, by)}
    facts |= {name: True for name, by in SETS.items() if under(t, by)}
    if under(t, ("foundry",)):
        facts["shared-run"] = t == "foundry.mpw"
    sizes, here = thing.sizes, sizes_of(offer)
    if t in ("wafer.resize", "wafer.carrier-mount"):
        sizes = here
    elif here is not None:
        sizes = here if sizes is None else (sizes & here or here)
    stated = offer.values.get("pad-metal")
    metals = frozenset(map(str, stated.choices)) if stated and stated.choices else None
    pad, carried, odd = thing.pad, thing.carried, thing.odd_metal
    if under(t, METAL):
        pad = metals or (None if under(t, ("packaging.bumping",)) else pad)
        known = metals or thing.pad
        odd = odd or known is None
        parts = {"ausn": "au", "enepig": "au"}
        carried = carried | ({parts.get(m, m) for m in known or ()} & {"au", "cu", "pb"})
    limits = [(LIMITS[n], LIMITS[n]) for n in line_up(t) if n in LIMITS][:1]
    if under(t, ("bonding.temporary",)):  # its carrier comes off again: nobody says when
        limits = [(limits[0][0], math.inf)]
    melts = [SOLDERS[n] for n in line_up(t) if n in SOLDERS][:1]
    if melts:
        named = [MELTS[m] for m in metals or () if m in MELTS]
        melts = [(min(named), max(named))] if named else melts
    masks = {"mask.photomask": {"1x plate"}, "mask.reticle": {"4x reticle", "5x reticle"}}.get(t)
    return Thing(
        settled(moved(thing, t, need.chain), stop), sizes, figures, pad,
        thing.masks | frozenset(masks or ()),
        thing.edge or under(t, ("etching.facet", "facet.polishing")),
        carried, odd, lower(thing.heat, *limits), lower(thing.melt, *melts), facts,
        (*thing.done, (t, offer.organisation_id)), thing.asked,
    )  # fmt: skip


def level(state: str) -> int:
    """0 files and masks, 1 wafers, 2 bars and chips, 3 assemblies."""
    return sum(ORDER[state] >= ORDER[first] for first in ("blank-wafer", "bar", "carrier-assembly"))


def settled(possible: frozenset[str] | None, stop: Stop) -> frozenset[str] | None:
    """The state claimed, when the piece may be in it, or in one alike (wafers, chips, parts)."""
    if not stop.state:
        return None
    alike = {level(s) for s in possible or ()}
    assert possible is None or level(stop.state) in alike, (stop.done, stop.state, possible)
    return frozenset({stop.state})


def moved(thing: Thing, technique: str, chain: str | None) -> frozenset[str] | None:
    """All states the piece may be in after a technique."""
    if under(technique, ("foundry",)) and technique not in ("foundry.mpw", "foundry.short-loop"):
        return None  # wafers or chips, as ordered
    if TECHNIQUES[technique].get("category") == "test" or under(technique, ("cleaning",)):
        # a template may skip what it holds optional before a test
        skipped = chain_states(technique, chain)[1] if chain else frozenset()
        return thing.states | skipped if thing.states else None
    _, out, same = chain_states(technique, chain)
    if not out and not same:
        _, out, same = chain_states(technique, None)
    if technique == "foundry.mpw":
        out = frozenset({"die"}) | (out if chain else frozenset())
    now = thing.states
    if (
        now is None
        or not (out or same)
        or (same and not any(map(level, now)))
        or technique not in NAMED
    ):
        return None
    found = set(out) | (now if same else set())
    return frozenset(found | {s for s in now if any(ORDER[o] < ORDER[s] for o in out)})


def meet(things: Sequence[Thing]) -> Thing:
    """The piece where branches meet: the furthest leads, the others add what they bring."""
    if len(things) == 1:
        return things[0]
    rank = [max((ORDER[s] for s in t.states or ()), default=-1) for t in things]
    lead = things[rank.index(max(rank))]
    facts: dict[str, bool] = {}
    for t in things:
        for name, value in t.facts.items():
            facts[name] = facts.get(name, False) or value
    return Thing(
        lead.states,
        lead.sizes or next((t.sizes for t in things if t.sizes), None),
        {n: s for t in things for n, s in t.figures.items()} | lead.figures,
        lead.pad or next((t.pad for t in things if t.pad), None),
        frozenset().union(*(t.masks for t in things)), any(t.edge for t in things),
        frozenset().union(*(t.carried for t in things)), any(t.odd_metal for t in things),
        lower(*(t.heat for t in things)), lower(*(t.melt for t in things)), facts,
        tuple(d for t in things for d in t.done),
        frozenset().union(*(t.asked for t in things)),
    )  # fmt: skip


def kilometres(one: Place, other: Place) -> float | None:
    """Great-circle distance by the haversine formula."""
    if None in (one.lat, one.lon, other.lat, other.lon):
        return None
    a, b, c, d = (math.radians(float(x or 0.0)) for x in (one.lat, one.lon, other.lat, other.lon))
    h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * 6371.0 * math.asin(min(1.0, math.sqrt(h)))
