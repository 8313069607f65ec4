"""The work piece as it walks along the steps: what is known of it after each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from collab.matching.compare import WAFER, WAFER_CLASSES, figures, nominal_wafer
from collab.matching.records import Criterion, NeedProfile, Offer, Offered
from collab.routing.tables import (
    _III_V,
    COUPLER_MADE,
    EITHER_FORM,
    FIGURES,
    FLAGS_CLEARED,
    FLAGS_SET,
    FRONT_END,
    LAYOUT,
    MASK_MADE,
    MAY_TAKE,
    METALS_ADDED,
    NO_LIMIT,
    REMELT_BY_METAL,
    REMELT_DEGC,
    RENEWS,
    STATE_AFTER,
    TAKES,
    Span,
    any_form,
    flags_of,
    handles_piece,
    limit_of,
    lookup,
    lowest,
)
from collab.vocabulary.catalog import Vocabulary

Figures = tuple[float, float, tuple[float, ...]]


class Piece(NamedTuple):
    """What is known of the work piece. None and absent figures are unknown.

    `max_temperature` is what it still stands and `remelt` where its lowest joint melts, as [low,
    high] degC where only the table's rule of thumb is known.
    `diameters` are the sizes (mm) every step so far could hold; `carried` are ids of
    excluded-materials; `open_metals` is True when a metal of unknown kind was added. `history` has
    the bit of every rule whose `from` an earlier step matched, `remedied` of every rule one of
    whose remedies was done. `asked` are things of the piece already asked for.
    """

    state: str = ""
    diameters: frozenset[float] | None = None
    figures: tuple[tuple[str, Span], ...] = ()
    pad_metal: frozenset[str] | None = None
    mask_scale: frozenset[str] | None = None
    coupler: frozenset[str] | None = None
    carried: frozenset[str] = frozenset()
    open_metals: bool = False
    max_temperature: Span = NO_LIMIT
    remelt: Span = NO_LIMIT
    flags: frozenset[str] = frozenset()
    history: int = 0
    remedied: int = 0
    asked: frozenset[str] = frozenset()
    steps: int = 0

    def figure(self, name: str) -> Span | None:
        """A figure of the piece as [low, high], None when unknown."""
        for known, span in self.figures:
            if known == name:
                return span
        return None


@dataclass(frozen=True, slots=True)
class Effects:
    """What a technique does to a piece and takes in, looked up once in the tables. `takes` is the
    order of the furthest state it takes, infinite for any; `takes_below` that of its kinds and of
    what some lines take."""

    target: str
    any_form: bool
    either: str
    handles: bool
    onto_wafer: bool
    fresh: bool
    metal: bool
    thins: bool
    limit: Span
    melts: Span | None
    sets: frozenset[str]
    clears: frozenset[str]
    mask: frozenset[str] | None
    coupler: frozenset[str] | None
    listed: frozenset[str]
    renews: frozenset[str]
    takes: float
    takes_below: float
    loose_pieces: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """The vocabulary's tables as the walk needs them."""

    vocabulary: Vocabulary
    orders: Mapping[str, int]
    limits: Mapping[str, float]
    effects: dict[str, Effects] = field(default_factory=dict)
    read: dict[tuple[str, float | None, float | None, tuple[str | float, ...]], Figures] = field(
        default_factory=dict
    )

    def figures(self, name: str, offered: Offered) -> Figures:
        """What is offered as comparable numbers (see compare.figures), read once."""
        key = (name, offered.low, offered.high, offered.choices)
        found = self.read.get(key)
        if found is None:
            if len(self.read) > 50_000:
                self.read.clear()
            found = self.read[key] = figures(self.vocabulary.parameters[name], offered)
        return found

    def order(self, state: str) -> int:
        """How far along a state is; -1 for none."""
        return self.orders.get(state, -1)


def terms_of(vocabulary: Vocabulary) -> Terms:
    """Orders of states and temperature limits from the vocabulary's chain file."""
    raw: Mapping[str, Any] = vocabulary.raw["chains"]
    orders = {name: int(entry["order"]) for name, entry in raw["states"].items()}
    limits = {name: float(v) for name, v in raw["temperature_limits_degC"].items()}
    return Terms(vocabulary, orders, limits)


def carried_by(vocabulary: Vocabulary, materials: tuple[str, ...]) -> frozenset[str]:
    """Ids of excluded-materials that these material platforms bring into a line."""
    found: set[str] = set()
    for name in materials:
        material = vocabulary.materials.get(name)
        if material is None or material.cmos_line == "ok":
            continue  # a silicon line admits it: nothing to keep out
        found.update("iii-v" if c in _III_V else c.lower() for c in material.contaminants)
    return frozenset(found)


def _asked_span(criterion: Criterion) -> Span | None:
    values = criterion.value if isinstance(criterion.value, tuple) else (criterion.value,)
    numbers = [float(v) for v in values if isinstance(v, int | float)]
    if not numbers or criterion.op not in ("eq", "approx", "between"):
        return None
    return min(numbers), max(numbers)


def _every_criterion(need: NeedProfile) -> list[Criterion]:
    return [*need.criteria, *(c for s in need.steps for c in s.criteria)]


def start(terms: Terms, need: NeedProfile) -> Piece:
    """The piece before the first step, as far as the need states it."""
    found: dict[str, Span] = {}
    diameters: frozenset[float] | None = None
    metals: frozenset[str] | None = None
    for criterion in _every_criterion(need):
        name, span = criterion.parameter, _asked_span(criterion)
        if name in FIGURES and span is not None:
            found[name] = span
        if name == "final-thickness" and isinstance(criterion.value, int | float):
            continue  # a target of a later step, not yet a property of the piece
        if name == WAFER and span is not None and span[0] == span[1]:
            diameters = frozenset({nominal_wafer(span[0])})
        if name == "pad-metal" and isinstance(criterion.value, str):
            metals = frozenset({criterion.value})
        for attribute, parameter in LAYOUT.items():
            if name == parameter and isinstance(criterion.value, int | float):
                value = float(criterion.value)
                found[attribute] = (value, value)
    found.pop("final-thickness", None)
    return Piece(
        diameters=diameters, figures=tuple(sorted(found.items())), pad_metal=metals,
        carried=carried_by(terms.vocabulary, need.materials),
    )  # fmt: skip


def _single(terms: Terms, name: str, offered: Offered) -> Span | None:
    low, high, choices = terms.figures(name, offered)
    if len(choices) == 1 or (not choices and low == high):
        return (low, low)
    return None


def effects_of(terms: Terms, technique: str) -> Effects:
    """What a technique does, from the tables and the vocabulary's limits."""
    found = terms.effects.get(technique)
    if found is None:
        vocabulary = terms.vocabulary
        limit = lookup(vocabulary, terms.limits, technique)
        takes = lookup(vocabulary, TAKES, technique)
        found = terms.effects[technique] = Effects(
            target=lookup(vocabulary, STATE_AFTER, technique) or "",
            any_form=any_form(vocabulary, technique),
            either=EITHER_FORM.get(technique, ""),
            handles=handles_piece(vocabulary, technique),
            onto_wafer=vocabulary.covers(technique, "epitaxy"),
            fresh=technique in ("wafer.resize", "wafer.carrier-mount"),
            metal=any(vocabulary.covers(technique, t) for t in METALS_ADDED),
            thins=vocabulary.covers(technique, "thinning"),
            limit=limit_of(vocabulary, technique, limit),
            melts=lookup(vocabulary, REMELT_DEGC, technique),
            sets=frozenset(flags_of(vocabulary, FLAGS_SET, technique)),
            clears=frozenset(flags_of(vocabulary, FLAGS_CLEARED, technique)),
            mask=lookup(vocabulary, MASK_MADE, technique),
            coupler=lookup(vocabulary, COUPLER_MADE, technique),
            listed=vocabulary.params_of(technique) & FIGURES - {"final-thickness"},
            renews=frozenset(flags_of(vocabulary, RENEWS, technique)),
            takes=_order(terms, takes),
            takes_below=max(
                _order(terms, lookup(vocabulary, table, t))
                for t in vocabulary.descendants(technique)
                for table in (TAKES, MAY_TAKE)
                if table is TAKES or lookup(vocabulary, table, t) is not None
            ),
            loose_pieces="piece-size" in vocabulary.params_of(technique),
        )
    return found


def _order(terms: Terms, state: str | None) -> float:
    return math.inf if state is None else float(terms.order(state))


def next_state(terms: Terms, piece: Piece, technique: str) -> str:
    """The state after a technique; it moves forward except where wafers are made anew."""
    effects = effects_of(terms, technique)
    target = effects.target
    if effects.any_form or _open_form(terms, piece.state, effects.either):
        return ""
    if target not in terms.orders:
        # whoever works on a piece after files alone has one: which, nobody has said
        return "" if effects.handles and terms.order(piece.state) == 0 else piece.state
    if technique == "singulation.cleaving" and piece.state == "bar":
        return "die"
    onto_wafer = target == "bonded-wafer" or effects.onto_wafer
    if terms.order(target) < terms.order(piece.state) and not onto_wafer:
        return piece.state
    if target in ("wafer", "wafer-done") and piece.state not in FRONT_END:
        return piece.state
    if target in ("design", "mask") and terms.order(piece.state) > 0:
        return piece.state
    return target


def _diameters(
    terms: Terms, piece: Piece, fresh: bool, offer: Offer | None
) -> frozenset[float] | None:
    offered = offer.values.get(WAFER) if offer else None
    if offered is None:
        return None if fresh else piece.diameters
    here = held(terms, offered)
    if here is None or fresh:
        return here
    if piece.diameters is None:
        return here
    return piece.diameters & here or here


@lru_cache(maxsize=4096)
def _held(low: float, high: float, classes: tuple[float, ...]) -> frozenset[float]:
    """The nominal classes inside [low, high], NaN being open."""
    inside = frozenset(c for c in classes if not c < low and not c > high)
    return inside or frozenset({high if math.isnan(low) else low})


def held(terms: Terms, offered: Offered) -> frozenset[float] | None:
    """The nominal wafer diameters a capability takes; None when it states none."""
    low, high, choices = terms.figures(WAFER, offered)
    if choices:
        return frozenset(choices)
    if math.isnan(low) and math.isnan(high):
        return None
    return _held(low, high, WAFER_CLASSES)


def _open_form(terms: Terms, state: str, either: str) -> bool:
    """Whether what came in leaves open if a wafer or single parts go out (see EITHER_FORM)."""
    if either in ("", "any"):
        return bool(either)
    loose = terms.order(state) >= terms.orders["bar"]
    return not loose if either == "wafer" else loose or not state


Metals = tuple[frozenset[str] | None, frozenset[str], bool]
_PARTS = {"ausn": frozenset({"au"}), "enepig": frozenset({"au"})}


def _metals(piece: Piece, renewed: bool, offer: Offer | None) -> Metals:
    """(pad metal, materials carried, whether a metal of unknown kind is on it) after metal;
    `renewed` when the pads are new ones."""
    stated = offer.values.get("pad-metal") if offer else None
    said = frozenset(str(c) for c in stated.choices) if stated and stated.choices else None
    metals = said or piece.pad_metal
    if metals is None:
        return None, piece.carried, True
    added = frozenset(p for m in metals for p in _PARTS.get(m, {m})) & {"au", "cu", "pb"}
    return said if renewed else metals, piece.carried | added, piece.open_metals


def _remelt(piece: Piece, melts: Span | None, offer: Offer | None) -> Span:
    if melts is None:
        return piece.remelt
    stated = offer.values.get("pad-metal") if offer else None
    by_metal = [REMELT_BY_METAL[str(c)] for c in (stated.choices if stated else ())
                if str(c) in REMELT_BY_METAL]  # fmt: skip
    joint = (min(by_metal), max(by_metal)) if by_metal else melts
    return lowest([piece.remelt, joint])


def _figures(
    terms: Terms, piece: Piece, effects: Effects, offer: Offer | None, need: NeedProfile
) -> tuple[tuple[str, Span], ...]:
    stated = offer.values if offer else {}
    fresh = [n for n in effects.listed if n in stated]
    if not fresh and not effects.thins and not effects.renews:
        return piece.figures
    known = {n: span for n, span in piece.figures if n not in effects.renews}
    for name in fresh:
        span = _single(terms, name, stated[name])
        if span is not None:
            known.setdefault(name, span)
    if effects.thins:
        known.pop("wafer-thickness", None)
        target = thinning_target(terms, need, offer)
        if target is not None:
            known["final-thickness"] = known["wafer-thickness"] = target
    return tuple(sorted(known.items()))


def thinning_target(terms: Terms, need: NeedProfile, offer: Offer | None) -> Span | None:
    """How thin the piece gets (um): what the need asks, else the one figure the line states."""
    for criterion in _every_criterion(need):
        values = criterion.value if isinstance(criterion.value, tuple) else (criterion.value,)
        numbers = [float(v) for v in values if isinstance(v, int | float)]
        if criterion.parameter == "final-thickness" and numbers:
            return min(numbers), max(numbers)
    offered = offer.values.get("final-thickness") if offer else None
    return _single(terms, "final-thickness", offered) if offered else None


class Memory(NamedTuple):
    """What the rules need to remember after a step (see Piece)."""

    history: int
    remedied: int
    asked: frozenset[str]


def left_by(terms: Terms, technique: str) -> frozenset[str]:
    """Parameters of a capability that `advance` looks at when it does this technique."""
    effects = effects_of(terms, technique)
    found = effects.listed | {WAFER}
    if effects.metal or effects.melts is not None:
        found |= {"pad-metal"}
    return found | {"final-thickness"} if effects.thins else found


def advance(
    terms: Terms, need: NeedProfile, piece: Piece, technique: str, offer: Offer | None,
    memory: Memory | None = None, state: str = "",
) -> Piece:  # fmt: skip
    """The piece after a technique was done by a capability (None: by somebody unknown). `state`
    is what a chain names after the step and counts when given."""
    effects = effects_of(terms, technique)
    pad_metal, carried, open_metals = piece.pad_metal, piece.carried, piece.open_metals
    if effects.metal:
        pad_metal, carried, open_metals = _metals(piece, "pad-metal" in effects.renews, offer)
    mask = piece.mask_scale
    if effects.mask is not None:
        mask = effects.mask | (mask or frozenset())
    known = state not in ("", "report") and state in terms.orders
    kept = memory or Memory(piece.history, piece.remedied, piece.asked)
    return Piece(
        state if known else next_state(terms, piece, technique),
        _diameters(terms, piece, effects.fresh, offer),
        _figures(terms, piece, effects, offer, need),
        pad_metal, mask, effects.coupler or piece.coupler, carried, open_metals,
        lowest([piece.max_temperature, effects.limit]), _remelt(piece, effects.melts, offer),
        (piece.flags - effects.clears) | effects.sets,
        kept.history, kept.remedied, kept.asked, piece.steps + 1,
    )  # fmt: skip
