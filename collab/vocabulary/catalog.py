"""Techniques, materials, parameters and process chains from data/vocab, checked on load."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

VOCAB_DIR = Path(__file__).resolve().parents[2] / "data" / "vocab"
FILES = ("techniques", "materials", "parameters", "chains", "normalisation")


class VocabularyError(ValueError):
    """The vocabulary files contradict themselves; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Term:
    """Something with an identifier, a Chinese and an English label and further spellings."""

    id: str
    zh: str
    en: str
    broader: str | None = None
    alt_zh: tuple[str, ...] = ()
    alt_en: tuple[str, ...] = ()
    abbr: tuple[str, ...] = ()
    context_abbr: tuple[str, ...] = ()
    zh_hant: tuple[str, ...] = ()
    deprecated: bool = False
    replaced_by: str | None = None

    def label(self, language: str) -> str:
        """The preferred label in `language` ("zh" or "en")."""
        return self.en if language == "en" else self.zh

    def spellings(self) -> tuple[str, ...]:
        """Every written form, labels first."""
        return (self.zh, self.en, *self.alt_zh, *self.alt_en, *self.abbr, *self.zh_hant)


@dataclass(frozen=True, slots=True)
class Technique(Term):
    """Something done to a work piece, a design or data."""

    category: str = ""
    params: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Material(Term):
    """A material platform. Diameters in mm, wavelengths in nm."""

    kind: str = ""
    family: str = ""
    cmos_line: str = "restricted"
    contaminants: tuple[str, ...] = ()
    common_diameters: tuple[int, ...] = ()
    available_diameters: tuple[int, ...] = ()
    wavelengths: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a category parameter."""

    id: str
    zh: str
    en: str
    alt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter(Term):
    """A quantity or category that a need can ask for and a capability can state.

    `unit` is canonical; `compare` says how an offered value meets an asked one (see the head of
    data/vocab/parameters.yaml); `typical` and `hard` are plausibility ranges in `unit`.
    """

    group: str = ""
    kind: str = "quantity"
    unit: str = ""
    dimension: str = "none"
    compare: str = "equals"
    better: str = "none"
    bare_op: str = "eq"
    up_to_means: str | None = None
    tolerance: float | None = None
    typical: tuple[float, float] | None = None
    hard: tuple[float, float] | None = None
    cues_zh: tuple[str, ...] = ()
    cues_en: tuple[str, ...] = ()
    bare_units: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    values: tuple[Choice, ...] = ()
    written: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainStep:
    """One step of a process chain; `weeks` are rule-of-thumb calendar weeks at one organisation."""

    key: str
    techniques: tuple[str, ...]
    alternatives: tuple[str, ...]
    level: str
    after: tuple[str, ...]
    state: str
    weeks: tuple[float, float]
    passes: tuple[str, ...]
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """A process-chain template of a device family."""

    id: str
    zh: str
    en: str
    triggers: Mapping[str, tuple[str, ...]]
    materials: tuple[str, ...]
    output_state: str
    total_weeks: tuple[float, float]
    steps: tuple[ChainStep, ...]

    def label(self, language: str) -> str:
        """The label in `language` ("zh" or "en")."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True)
class InterfaceRule:
    """What one step must hand over for the next to accept it; `check` as in chains.yaml."""

    id: str
    severity: str
    from_techniques: tuple[str, ...]
    to_techniques: tuple[str, ...]
    check: Mapping[str, Any]
    evaluable: str
    remedies: tuple[str, ...]
    exceptions: tuple[str, ...]
    exempt_chains: tuple[str, ...]
    reason_zh: str
    reason_en: str

    def reason(self, language: str) -> str:
        """Why the rule exists, in `language`."""
        return self.reason_en if language == "en" else self.reason_zh


@dataclass(frozen=True)
class Vocabulary:
    """The whole vocabulary, immutable. `raw` keeps the parsed files for the extraction grammar."""

    version: str
    techniques: Mapping[str, Technique]
    materials: Mapping[str, Material]
    parameters: Mapping[str, Parameter]
    chains: Mapping[str, Chain]
    rules: tuple[InterfaceRule, ...]
    categories: Mapping[str, Mapping[str, str]]
    raw: Mapping[str, Any] = field(repr=False)
    _up: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)
    _down: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)
    _params: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    def term(self, term_id: str) -> Technique | Material | Parameter | None:
        """The technique, material or parameter with this identifier, or None."""
        return (
            self.techniques.get(term_id)
            or self.materials.get(term_id)
            or self.parameters.get(term_id)
        )

    def label(self, term_id: str, language: str = "zh") -> str:
        """The label of any identifier; the identifier itself when unknown."""
        found = self.term(term_id)
        return found.label(language) if found else term_id

    def ancestors(self, term_id: str) -> tuple[str, ...]:
        """Everything broader, nearest first, without the term itself."""
        return self._up.get(term_id, ())

    def descendants(self, term_id: str) -> frozenset[str]:
        """The term itself and everything narrower."""
        return self._down.get(term_id, frozenset({term_id}))

    def covers(self, offered: str, wanted: str) -> bool:
        """True when offering `offered` answers a request for `wanted` (same or narrower)."""
        return offered == wanted or wanted in self._up.get(offered, ())

    def params_of(self, technique_id: str) -> frozenset[str]:
        """Parameters meaningful for a technique, its ancestors' included."""
        found = self._params.get(technique_id)
        if found is None:
            above = (technique_id, *self.ancestors(technique_id))
            known = [self.techniques[i] for i in above if i in self.techniques]
            found = frozenset(p for technique in known for p in technique.params)
            self._params[technique_id] = found
        return found


def _strings(value: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(str(v) for v in value or ())


def _pair(value: Any) -> tuple[float, float] | None:
    return (float(value[0]), float(value[1])) if value else None


def _term_fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": entry["id"], "zh": entry["zh"], "en": entry["en"], "broader": entry.get("broader"),
        "alt_zh": _strings(entry.get("alt_zh")), "alt_en": _strings(entry.get("alt_en")),
        "abbr": _strings(entry.get("abbr")), "context_abbr": _strings(entry.get("context_abbr")),
        "zh_hant": _strings(entry.get("zh_hant")), "deprecated": bool(entry.get("deprecated")),
        "replaced_by": entry.get("replaced_by"),
    }  # fmt: skip


def _technique(entry: Mapping[str, Any]) -> Technique:
    return Technique(
        **_term_fields(entry), category=entry["category"], params=_strings(entry.get("params"))
    )


def _material(entry: Mapping[str, Any]) -> Material:
    diameters = entry.get("typical_diameters_mm") or {}
    return Material(
        **_term_fields(entry),
        kind=entry.get("kind", ""),
        family=entry.get("family", ""),
        cmos_line=str(entry.get("cmos_line", "restricted")),
        contaminants=_strings(entry.get("contaminants")),
        common_diameters=tuple(diameters.get("common", ())),
        available_diameters=tuple(diameters.get("available", ())),
        wavelengths=_pair(entry.get("wavelengths_nm")),
    )


_BARE_OP = {"cap_le_need": "le", "cap_ge_need": "ge"}


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    compare = entry.get("compare", "equals")
    tolerance = entry.get("tolerance")
    return Parameter(
        **_term_fields(entry),
        group=entry.get("group", ""), kind=entry.get("kind", "quantity"),
        unit=entry.get("unit") or "", dimension=entry.get("dimension", "none"),
        compare=compare, better=entry.get("better", "none"),
        bare_op=entry.get("bare_op") or _BARE_OP.get(compare, "eq"),
        up_to_means=entry.get("up_to_means"),
        tolerance=None if tolerance is None else float(tolerance),
        typical=_pair(entry.get("typical")), hard=_pair(entry.get("hard")),
        cues_zh=_strings(entry.get("cues_zh")), cues_en=_strings(entry.get("cues_en")),
        bare_units=_strings(entry.get("bare_units")), patterns=_strings(entry.get("patterns")),
        values=tuple(
            Choice(str(v["id"]), str(v["zh"]), str(v["en"]), _strings(v.get("alt")))
            for v in entry.get("values", ())
        ),
        written=tuple(entry.get("written", ())),
    )  # fmt: skip


def _chain(entry: Mapping[str, Any]) -> Chain:
    steps = tuple(
        ChainStep(
            key=s["key"], techniques=_strings(s["techniques"]),
            alternatives=_strings(s.get("alternatives")), level=s["level"],
            after=_strings(s.get("after")), state=s["state"],
            weeks=_pair(s["weeks"]) or (0.0, 0.0), passes=_strings(s.get("passes")),
            condition=s.get("condition", ""),
        )
        for s in entry["steps"]
    )  # fmt: skip
    return Chain(
        id=entry["id"], zh=entry["zh"], en=entry["en"],
        triggers={k: _strings(v) for k, v in entry["triggers"].items()},
        materials=_strings(entry["materials"]), output_state=entry["output_state"],
        total_weeks=_pair(entry["typical_total_weeks"]) or (0.0, 0.0), steps=steps,
    )  # fmt: skip


def _rule(entry: Mapping[str, Any]) -> InterfaceRule:
    return InterfaceRule(
        id=entry["id"], severity=entry["severity"],
        from_techniques=_strings(entry["applies"].get("from")),
        to_techniques=_strings(entry["applies"].get("to")),
        check=entry["check"], evaluable=entry["evaluable"],
        remedies=_strings(entry.get("remedies")), exceptions=_strings(entry.get("exceptions")),
        exempt_chains=_strings(entry.get("exempt_chains")),
        reason_zh=entry["reason_zh"], reason_en=entry["reason_en"],
    )  # fmt: skip


def _by_id(terms: Iterable[Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for term in terms:
        if term.id in found:
            raise VocabularyError(f"{kind} {term.id} is defined twice")
        found[term.id] = term
    return found


def _hierarchy(
    *families: Mapping[str, Term],
) -> tuple[dict[str, tuple[str, ...]], dict[str, frozenset[str]]]:
    up: dict[str, tuple[str, ...]] = {}
    down: dict[str, set[str]] = {}
    for terms in families:
        for term_id in terms:
            path: list[str] = []
            broader = terms[term_id].broader
            while broader is not None:
                if broader not in terms:
                    raise VocabularyError(f"{term_id} has an unknown broader term {broader}")
                if broader in path or broader == term_id:
                    raise VocabularyError(f"{term_id} is broader than itself")
                path.append(broader)
                broader = terms[broader].broader
            up[term_id] = tuple(path)
            for node in (term_id, *path):
                down.setdefault(node, set()).add(term_id)
    return up, {k: frozenset(v) for k, v in down.items()}


def read_files(folder: Path = VOCAB_DIR) -> tuple[dict[str, Any], str]:
    """The parsed files and the version: a digest of their bytes."""
    digest = hashlib.sha256()
    raw: dict[str, Any] = {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for name in FILES:
        content = (folder / f"{name}.yaml").read_bytes()
        digest.update(content)
        raw[name] = yaml.load(content, Loader=loader)  # noqa: S506 - both loaders are safe ones
    return raw, digest.hexdigest()[:12]


def build(raw: Mapping[str, Any], version: str) -> Vocabulary:
    """A checked vocabulary from parsed files; raises VocabularyError naming the entry at fault."""
    techniques = _by_id(map(_technique, raw["techniques"]["techniques"]), "technique")
    materials = _by_id(map(_material, raw["materials"]["materials"]), "material")
    parameters = _by_id(map(_parameter, raw["parameters"]["parameters"]), "parameter")
    chains = _by_id(map(_chain, raw["chains"]["chains"]), "chain")
    up, down = _hierarchy(techniques, materials)
    for technique in techniques.values():
        for param in technique.params:
            if param not in parameters:
                raise VocabularyError(f"{technique.id} names an unknown parameter {param}")
    for chain in chains.values():
        for step in chain.steps:
            for technique_id in (*step.techniques, *step.alternatives):
                if technique_id not in techniques:
                    raise VocabularyError(f"{chain.id}/{step.key}: unknown {technique_id}")
    return Vocabulary(
        version=version, techniques=techniques, materials=materials, parameters=parameters,
        chains=chains, rules=tuple(map(_rule, raw["chains"]["rules"])),
        categories=raw["techniques"]["categories"], raw=raw, _up=up, _down=down,
    )  # fmt: skip


@lru_cache(maxsize=1)
def load_vocabulary() -> Vocabulary:
    """The vocabulary the platform ships with, read once."""
    return build(*read_files())
