"""What techniques do to a piece and what they take in: rules of thumb, one table each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

from collab.vocabulary.catalog import Vocabulary

Span = tuple[float, float]
NO_LIMIT: Span = (math.inf, math.inf)
FIGURES = frozenset({
    "wafer-thickness", "final-thickness", "surface-roughness", "bow", "die-size", "pad-pitch",
    "bump-pitch", "fiber-pitch", "facet-angle", "mode-field-diameter", "gsg-pitch", "wavelength",
    "device-layer-thickness",
})  # fmt: skip
"""Parameters of the piece itself; a step that states one single figure hands it over."""
LAYOUT = {"layout-min-feature": "min-feature", "layout-overlay-tolerance": "overlay"}
FRONT_END = frozenset({"", "design", "mask", "blank-wafer", "epi-wafer", "wafer"})

STATE_AFTER: Mapping[str, str] = {
    "design": "design", "mask": "mask", "wafer": "blank-wafer", "wafer.epiwafer": "epi-wafer",
    "wafer.resize": "", "wafer.carrier-mount": "", "foundry": "wafer-done", "foundry.mpw": "die",
    "foundry.short-loop": "",
    "epitaxy": "epi-wafer", "lithography": "wafer", "deposition": "wafer", "etching": "wafer",
    "deposition.metallization": "wafer-done", "deposition.electroplating": "wafer-done",
    "doping": "wafer",
    "planarization": "wafer", "passivation": "wafer", "waveguide": "wafer",
    "bonding": "bonded-wafer", "bonding.temporary": "", "transfer": "bonded-wafer",
    "transfer.laser-lift-off": "thinned-wafer", "transfer.mass-transfer": "sub-assembly",
    "thinning": "thinned-wafer", "singulation": "die", "singulation.cleaving": "bar",
    "packaging": "packaged-device", "packaging.die-attach": "carrier-assembly",
    "packaging.flip-chip": "sub-assembly", "packaging.wire-bond": "sub-assembly",
    "packaging.coupling": "sub-assembly", "packaging.coupling.microlens": "",
    "packaging.coupling.laser-welding": "packaged-device", "packaging.tec": "sub-assembly",
    "packaging.heatsink": "sub-assembly", "packaging.advanced": "sub-assembly",
    "packaging.bumping": "wafer-done", "packaging.rdl": "wafer-done", "packaging.tsv": "wafer-done",
    "packaging.tgv": "wafer-done", "packaging.substrate": "",
    "packaging.encapsulation": "sub-assembly",
    "packaging.electrical-interconnect": "sub-assembly",
    "packaging.pluggable-module": "module", "packaging.smt": "module", "packaging.cpo": "module",
}  # fmt: skip
"""State after a technique (nearest ancestor counts); '' and absent leave it as it is."""

EITHER_FORM: Mapping[str, str] = {
    "etching.facet": "wafer", "facet.polishing": "wafer", "packaging.flip-chip": "wafer",
    "bonding.die-to-wafer": "chip", "bonding.hybrid": "chip",
    "transfer.micro-transfer-printing": "any", "packaging.fan-out": "any",
    "packaging.encapsulation": "wafer", "singulation.sorting": "wafer",
    "packaging.advanced": "any",
}  # fmt: skip
"""Techniques after which nobody knows before asking whether the piece is a wafer or single parts,
and what has to come in for that: a wafer, chips, or anything. The very technique, not its kinds."""
RENEWS: Mapping[str, tuple[str, ...]] = {
    "planarization.cmp": ("surface-roughness",), "bonding.temporary": ("wafer-thickness",),
    "wafer.carrier-mount": ("wafer-thickness",), "packaging.rdl": ("pad-pitch",),
    "packaging.bumping": ("pad-metal",),
}  # fmt: skip
"""What a technique is there to change: afterwards it is no longer what it was."""

FLAGS_SET: Mapping[str, tuple[str, ...]] = {
    "wafer.carrier-mount": ("mounted-on-carrier",), "thinning.backside-metal": ("backside-metal",),
    "test.wafer-level": ("known-good-die",), "test.bar-chip": ("known-good-die",),
    "test.burn-in": ("burned-in",), "packaging.hermetic-seal": ("sealed",),
    "packaging.die-attach.epoxy": ("organics-inside",),
    "packaging.encapsulation": ("organics-inside",),
    "packaging.coupling.fiber-array": ("organics-inside",),
    "etching.release": ("released-structures",), "foundry.mpw": ("shared-run",),
    "cleaning": ("facet-clean",),
}  # fmt: skip
FLAGS_CLEARED: Mapping[str, tuple[str, ...]] = {
    "wafer.resize": ("mounted-on-carrier",), "foundry": ("shared-run",),
    "singulation": ("facet-clean",), "packaging.die-attach": ("facet-clean",),
    "packaging.flip-chip": ("facet-clean",),
}  # fmt: skip
PASSING = frozenset({"bonding.temporary"})
"""Techniques whose temperature limit ends with what they put on: nobody says when it comes off."""
REMELT_DEGC: Mapping[str, Span] = {
    "packaging.die-attach.eutectic": (280.0, 370.0), "packaging.flip-chip": (157.0, 280.0),
    "packaging.thermocompression-flip-chip": (217.0, math.inf), "packaging.smt": (138.0, 217.0),
}  # fmt: skip
"""Where the joints of a technique melt (degC), by the solders in use; a metal that a line states
settles it."""
REMELT_BY_METAL = {"ausn": 280.0, "snag": 217.0, "in": 157.0}
MASK_MADE: Mapping[str, frozenset[str]] = {
    "mask.photomask": frozenset({"1x plate"}),
    "mask.reticle": frozenset({"4x reticle", "5x reticle"}),
}  # fmt: skip
COUPLER_MADE: Mapping[str, frozenset[str]] = {
    "etching.facet": frozenset({"edge"}), "facet.polishing": frozenset({"edge"}),
}  # fmt: skip
METALS_ADDED = ("deposition.metallization", "deposition.electroplating", "packaging.bumping",
                "thinning.backside-metal")  # fmt: skip
_III_V = frozenset({"In", "Ga", "As", "Sb"})

TAKES: Mapping[str, str] = {
    "wafer": "thinned-wafer", "foundry": "thinned-wafer", "epitaxy": "thinned-wafer",
    "lithography": "thinned-wafer", "lithography.laser-direct-write": "sub-assembly",
    "deposition": "thinned-wafer", "etching": "thinned-wafer",
    "deposition.optical-coating": "die", "deposition.spin-coating": "sub-assembly",
    "doping": "thinned-wafer", "thermal": "thinned-wafer",
    "planarization": "thinned-wafer", "passivation": "thinned-wafer", "bonding": "thinned-wafer",
    "bonding.eutectic": "die", "bonding.hybrid": "die", "thinning": "thinned-wafer",
    "thinning.lapping": "sub-assembly",
    "etching.substrate-removal": "sub-assembly", "waveguide": "thinned-wafer",
    "waveguide.fs-writing": "die", "waveguide.trimming": "die", "facet": "die",
    "singulation": "die", "packaging.bumping": "thinned-wafer", "packaging.rdl": "thinned-wafer",
    "packaging.tsv": "thinned-wafer", "packaging.tgv": "thinned-wafer",
    "packaging.die-attach": "sub-assembly", "packaging.flip-chip": "sub-assembly",
    "packaging.tec": "packaged-device", "packaging.wire-bond": "packaged-device",
    "packaging.coupling": "packaged-device", "packaging.hermetic-seal": "packaged-device",
    "packaging.form": "packaged-device", "packaging.pluggable-module": "module",
    "packaging": "module", "biointerface": "packaged-device", "transfer": "die",
    "transfer.laser-lift-off": "thinned-wafer",
}  # fmt: skip
"""The furthest state a technique still takes in (nearest ancestor counts); absent = any."""
MAY_TAKE: Mapping[str, str] = {
    "waveguide": "die", "doping": "die", "planarization": "die", "passivation": "die",
    "facet": "sub-assembly", "singulation": "sub-assembly",
    "waveguide.trimming": "packaged-device", "transfer.laser-lift-off": "die",
}  # fmt: skip
"""What some lines take beyond that (laboratories work on chips): asked for, neither taken nor
refused."""
MASK_TAKEN: Mapping[str, frozenset[str]] = {
    "lithography.contact": frozenset({"1x plate"}),
    "lithography.stepper": frozenset({"4x reticle", "5x reticle"}),
    "lithography.duv": frozenset({"4x reticle", "5x reticle"}),
}  # fmt: skip
MASKLESS = ("lithography.ebl", "lithography.laser-direct-write", "lithography.two-photon",
            "lithography.holographic")  # fmt: skip
COUPLER_TAKEN: Mapping[str, frozenset[str]] = {
    "packaging.coupling.edge": frozenset({"edge"}),
    "packaging.coupling.grating": frozenset({"grating"}),
}  # fmt: skip


T = TypeVar("T")


def lookup(vocabulary: Vocabulary, table: Mapping[str, T], technique: str) -> T | None:
    """The entry of a technique or of its nearest ancestor."""
    for name in (technique, *vocabulary.ancestors(technique)):
        if name in table:
            return table[name]
    return None


def any_form(vocabulary: Vocabulary, technique: str) -> bool:
    """Whether a step may hand over wafers or diced chips alike: a foundry does either on order.

    Neither is known before somebody asks, so the hand-over is a question and not a refusal.
    """
    settled = technique in ("foundry.mpw", "foundry.short-loop")
    return vocabulary.covers(technique, "foundry") and not settled


def handles_piece(vocabulary: Vocabulary, technique: str) -> bool:
    """Whether a technique works on a piece, and not on its files or masks."""
    term = vocabulary.techniques.get(technique)
    physical = term is not None and term.category in ("process", "packaging", "test")
    return physical and not vocabulary.covers(technique, "mask")


def flags_of(
    vocabulary: Vocabulary, table: Mapping[str, tuple[str, ...]], technique: str
) -> set[str]:
    """The entries of a technique and of everything broader together."""
    names = (technique, *vocabulary.ancestors(technique))
    return {flag for name in names for flag in table.get(name, ())}


def limit_of(vocabulary: Vocabulary, technique: str, limit: float | None) -> Span:
    """The temperature limit a technique leaves, as [low, high] of what is known of it."""
    if limit is None:
        return NO_LIMIT
    passing = any(vocabulary.covers(technique, t) for t in PASSING)
    return limit, math.inf if passing else limit


def lowest(spans: Sequence[Span]) -> Span:
    """The lowest of several limits, each known to lie in [low, high]."""
    return min(low for low, _ in spans), min(high for _, high in spans)
