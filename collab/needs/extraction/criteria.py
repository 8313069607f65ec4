"""Numbers bound to the parameters they state, with operator and canonical unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from collab.needs.extraction.context import Context
from collab.needs.extraction.cues import Cue, Form, accepted_unit
from collab.needs.extraction.findings import Reading, Taken
from collab.needs.extraction.grammar import Grammar
from collab.needs.extraction.layout import Layout
from collab.needs.extraction.measures import Measure
from collab.needs.extraction.operators import REACH, UP_TO, Found
from collab.needs.extraction.scales import (
    LASER_LINES,
    OPERATING_CLASSES,
    TEST_TEMPERATURES,
    band_value,
    wafer_class,
)
from collab.needs.extraction.units import convert, tidy
from collab.vocabulary.catalog import Parameter

_FLIP = {"le": "ge", "lt": "ge", "ge": "le", "gt": "le"}
_BRACKETED = re.compile(r"\([^()]{0,40}\)")
_FILLER = re.compile(
    r"[\s:=|/(为是在应须需要的约值约~≈≤≥<>±可能达到至]|要求|指标|典型值?|目标值?|标称|之间|范围|一般|大概|大约|通常|整体|单边|单侧|平均|总|最终|均|都|分别|每通道"
    r"|不大于|不小于|不低于|不高于|不超过|不少于|小于|大于|低于|高于|优于|好于|至少|至多|最大|最小|最高|最低|控制"
    r"|\b(?:of|is|are|be|should|must|shall|to|a|an|the|with|value|target|at|typ|typical|around|about|below|above|under|over|less|more|than|up|least|most|better|no|not|within|from|between|for|RMS|Ra|rms|max|min)\b"
)
_AFTER_CUE = re.compile(
    r"\s?(?:的|厚的?|长的?|宽的?|高的?|\bof (?:the )?(?:\w+ )?|-)?\s?", re.IGNORECASE
)
_WAFER_NEXT = re.compile(
    r"(?:的|直径|,|\s|-)*(?:[A-Za-z\-/]{1,20}[\s-]?){0,3}(?:[\u3400-\u9fff]{0,6}?)(?:晶圆|圆片|衬底|外延片|硅片|片子|产线|工艺线|wafers?\b|substrates?\b|line\b|fab\b|epi)",
    re.IGNORECASE,
)
_NOT_WAFER_NEXT = re.compile(r"\s?(?:屏|显示|液晶|面板|display|screen|panel|机柜|机架|rack)")
_NO_WAVELENGTH_NEXT = re.compile(
    r"\s?(?:以[上下内]|左右)?(?:的)?\s?(?:厚|宽|深|高|线宽|线条|工艺|节点|光刻|步进|pitch|thick|wide|deep|node|process|litho|gap|间距|间隙|周期|period|带宽|均匀|bandwidth|DUV|KrF|ArF|i线|stepper|scanner|layer|膜|层|氧化|SiN|氮化)"
)
_NO_WAVELENGTH_BEFORE = re.compile(
    r"(?:厚|宽|深|高|距|周期|间隙|径|层|度|尺寸|节点|线条|分辨率|差|精度|偏移|漂移|thick|thickness|feature|pitch|period|gap|resolution|width|depth|layer of)\s?(?:为|是|of|:|≤|<|约)?\s?$"
)
_CONTEXT_SHIFT: Sequence[tuple[str, str, str, int]] = (
    ("etch-depth", r"TSV|TGV|通孔|via", "via-depth", 24),
    ("film-thickness", r"减薄|磨|thinn|grind|lapp", "final-thickness", 14),
    ("film-thickness", r"埋氧|BOX|buried|下包层", "buried-oxide-thickness", 12),
    ("film-thickness", r"LNOI|LTOI|TFLN|铌酸锂|顶硅|顶层|器件层|SOI|氮化硅|SiN|nitride|波导层?|waveguide layer", "device-layer-thickness", 12),
    ("film-thickness", r"(?:衬底|晶圆|圆片|片子|来料|wafer|substrate)\s?(?:的)?\s?$", "wafer-thickness", 6),
    ("insertion-loss", r"耦合|端面|coupling|每端|单端", "coupling-loss", 10),
    ("operating-temperature", r"测试|试验|存储|test|storage", "test-temperature", 8),
    ("via-diameter", r"氧化", "", 8),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything about one text that reading its numbers needs."""

    text: str
    folded: str
    layout: Layout
    context: Context
    cues: Sequence[Cue]
    test_only: bool
    imaging: bool


class Criteria:
    """Reads the criteria of one text."""

    def __init__(self, grammar: Grammar, scene: Scene, taken: Taken) -> None:
        self._grammar = grammar
        self._scene = scene
        self._taken = taken
        self._parameters = grammar.vocabulary.parameters

    # ------------------------------------------------------------------ forms without a cue
    def from_forms(self) -> list[Reading]:
        """Criteria found by the patterns of the vocabulary."""
        found = []
        for form in self._grammar.forms.find(self._scene.text):
            if self._taken.overlaps(form.start, form.end):
                continue
            reading = self._form(form)
            if reading is not None:
                self._taken.add(form.start, form.end)
                found.append(reading)
        return found

    def _form(self, form: Form) -> Reading | None:
        parameter = self._parameters[form.parameter]
        groups = form.groups
        if "band" in groups:
            band = band_value(groups["band"], self._grammar.tables["wavelength_bands_nm"])
            return self._named(parameter, band, form, 0.8)
        if "kw" in groups:
            return self._named(parameter, _keyword(form), form, 0.9)
        value = self._grammar.figure(groups["v"])
        if value is None:
            return None
        return self._valued(parameter, value, form)

    def _named(
        self, parameter: Parameter, value: tuple[str, object] | None, form: Form, sure: float
    ) -> Reading | None:
        if value is None:
            return None
        return Reading(
            parameter.id,
            value[0],
            value[1],
            parameter.unit,
            form.start,
            form.end,
            "named-value",
            sure,
        )

    def _valued(self, parameter: Parameter, value: float, form: Form) -> Reading | None:
        groups = form.groups
        value *= self._grammar.multiplier(groups.get("m", ""))
        if parameter.id == "pixel-count":
            value *= float(groups["v2"])
        unit = self._form_unit(parameter, groups.get("u", ""))
        converted = convert(value, unit, parameter.unit) if unit else value
        if converted is None:
            return None
        begin = form.start + self._scene.text[form.start : form.end].find(groups["v"])
        op = self._op(parameter, self._grammar.operators.before(self._scene.text, begin),
                      self._grammar.operators.after(self._scene.text, form.end), form.start, form.end)  # fmt: skip
        return Reading(
            parameter.id, op, tidy(converted), parameter.unit, form.start, form.end, "form", 0.9
        )

    def _form_unit(self, parameter: Parameter, word: str) -> str:
        wide = {"G": "Gbit/s", "T": "Tbit/s"} if parameter.id == "data-rate" else {}
        if word in wide:
            return wide[word]
        return accepted_unit(parameter, self._grammar.units.meanings(word)) or "" if word else ""

    # ------------------------------------------------------------------ numbers
    def from_measure(self, measure: Measure) -> Reading | None:
        """The criterion a number states, or None when no parameter claims it."""
        before = self._grammar.operators.before(self._scene.text, measure.start)
        after = self._grammar.operators.after(self._scene.text, measure.end)
        for parameter, cue, rule, sure in self._claims(measure, before, after):
            reading = self._read(parameter, measure, before, after, rule, sure)
            if reading is not None:
                if cue is not None:
                    reading.start = min(reading.start, cue.start)
                    reading.end = max(reading.end, cue.end)
                return reading
        return None

    def _claims(
        self, measure: Measure, before: Found | None, after: Found | None
    ) -> list[tuple[Parameter, Cue | None, str, float]]:
        claims: list[tuple[Parameter, Cue | None, str, float]] = []
        preceding = self._preceding(measure, before)
        following = self._following(measure, after)
        pair = [(preceding, "cue-before", 0.95), (following, "cue-after", 0.9)]
        if preceding and following and measure.start - preceding.end > 6 and not before:
            pair.reverse()
        for cue, rule, sure in pair:
            if cue is not None:
                claims += [(p, cue, rule, sure) for p in self._fitting(cue.parameters, measure)]
        claims += self._uncued(measure, preceding)
        return claims

    def _fitting(self, names: Sequence[str], measure: Measure) -> list[Parameter]:
        fitting = [self._parameters[n] for n in names if self._fits(self._parameters[n], measure)]
        if len(fitting) > 1:
            fitting.sort(key=lambda p: self._preference(p.id))
        return fitting

    def _preference(self, name: str) -> int:
        if name == "spatial-resolution":
            return 0 if self._scene.imaging else 2
        return 1

    def _fits(self, parameter: Parameter, measure: Measure) -> bool:
        if (parameter.kind == "dims2") != (measure.shape == "size"):
            return (
                parameter.kind == "dims2"
                and parameter.id == "piece-size"
                and measure.shape == "one"
            )
        if parameter.id == "fiber-pitch" and not measure.units:
            return measure.values[0] in (127.0, 250.0, 165.0, 82.0)
        if parameter.dimension == "none" and measure.units:
            return parameter.id in ("pixel-count",)
        return accepted_unit(parameter, measure.units) is not None

    def _preceding(self, measure: Measure, before: Found | None) -> Cue | None:
        """The nearest cue in front of the number with nothing but fillers between."""
        edge = before.start if before else measure.start
        for cue in reversed(self._cues_before(edge + 1)):
            gap = self._scene.text[cue.end : measure.start]
            if len(gap) > 44:
                return None
            return cue if self._bridges(gap, before is not None) else None
        return None

    def _cues_before(self, edge: int) -> list[Cue]:
        return [c for c in self._scene.cues if edge - 48 < c.end <= edge]

    @staticmethod
    def _bridges(gap: str, has_operator: bool) -> bool:
        bare = _BRACKETED.sub("", gap)
        if re.search(r"\d", bare) or re.search(r"[。;；!?\n]", bare):
            return False
        rest = _FILLER.sub("", bare)
        if "," in rest or "，" in rest or "、" in rest:
            return has_operator and len(rest) <= 5
        return len(rest) <= (8 if has_operator else 6) or bool(
            re.fullmatch(r"[A-Za-z\- ]{0,16}", rest)
        )

    def _following(self, measure: Measure, after: Found | None) -> Cue | None:
        start = after.end if after else measure.end
        match = _AFTER_CUE.match(self._scene.text, start)
        reach = match.end() if match else start
        for cue in self._scene.cues:
            if start <= cue.start <= reach:
                return cue
        return None

    def _uncued(
        self, measure: Measure, preceding: Cue | None
    ) -> list[tuple[Parameter, Cue | None, str, float]]:
        names: list[tuple[str, float]] = []
        word = self._unit_word(measure)
        if word in self._grammar.bare_units and not self._foreign_noise(measure):
            names.append((self._grammar.bare_units[word], 0.85))
        if self._is_wafer(measure):
            names.append(("wafer-diameter", 0.95))
        if preceding is None and self._is_wavelength(measure):
            names.append(("wavelength", 0.75))
        if measure.shape == "size" and self._is_die(measure):
            names.append(("die-size", 0.8))
        if measure.unit_in("count") and self._is_cycling(measure):
            names.append(("cycle-count", 0.85))
        return [(self._parameters[n], None, "unit", sure) for n, sure in names]

    def _unit_word(self, measure: Measure) -> str:
        tail = self._scene.text[measure.start : measure.end]
        match = re.search(r"[^\d\s.+-][^\s]*$", tail)
        return match.group() if match else ""

    def _foreign_noise(self, measure: Measure) -> bool:
        before = self._scene.text[max(0, measure.start - 12) : measure.start]
        return bool(re.search(r"相位噪声|相噪|phase noise|频率噪声", before))

    def _is_wafer(self, measure: Measure) -> bool:
        unit = measure.unit_in("length")
        if unit == "inch":
            return not _NOT_WAFER_NEXT.match(self._scene.text, measure.end)
        if unit in ("mm", "cm") and measure.shape != "size":
            known = all(
                wafer_class(v, unit, self._grammar.tables["wafer_diameter_nominal"])
                for v in measure.values
            )
            return known and bool(_WAFER_NEXT.match(self._scene.text, measure.end))
        return False

    def _is_wavelength(self, measure: Measure) -> bool:
        unit = measure.unit_in("length")
        if unit not in ("nm", "um") or measure.shape == "size":
            return False
        centre = sum(measure.values) / len(measure.values)
        nanometres = centre if unit == "nm" else centre * 1000
        known = round(nanometres) in LASER_LINES and (unit == "nm" or 0.7 < centre < 11)
        if measure.shape == "range":
            known = unit == "nm" and measure.values[0] >= 400 and measure.values[1] <= 2500
        text = self._scene.text
        return known and not (
            _NO_WAVELENGTH_NEXT.match(text, measure.end)
            or _NO_WAVELENGTH_BEFORE.search(text[max(0, measure.start - 14) : measure.start])
        )

    def _is_die(self, measure: Measure) -> bool:
        low, high = self._scene.layout.clause(measure.start)
        return bool(
            re.search(
                r"芯片|管芯|裸片|\bdies?\b|\bchips?\b", self._scene.text[low:high], re.IGNORECASE
            )
        )

    def _is_cycling(self, measure: Measure) -> bool:
        if not re.search(r"次|循环|cycles?$", self._scene.text[measure.start : measure.end + 4]):
            return False
        low, high = self._scene.layout.sentence(measure.start)
        around = self._scene.text[max(low, measure.start - 30) : min(high, measure.end + 12)]
        return bool(re.search(r"温循|温度循环|高低温|循环|冲击|cycl", around))

    # ------------------------------------------------------------------ value and operator
    def _read(
        self,
        parameter: Parameter,
        measure: Measure,
        before: Found | None,
        after: Found | None,
        rule: str,
        sure: float,
    ) -> Reading | None:
        target = self._shifted(parameter, measure)
        if target is None or not self._fits(target, measure):
            return None
        values = self._values(target, measure)
        if values is None:
            return None
        start = before.start if before else measure.start
        end = after.end if after else measure.end
        op, value = self._shape(
            target, measure, values, self._op(target, before, after, measure.start, measure.end)
        )
        if op in ("ne", ""):
            return None
        others = (parameter.id,) if target.id != parameter.id else ()
        return Reading(
            target.id,
            op,
            value,
            target.unit,
            start,
            end,
            rule,
            sure if self._plausible(target, value) else 0.4,
            alternatives=others,
        )

    def _shifted(self, parameter: Parameter, measure: Measure) -> Parameter | None:
        name = parameter.id
        if name == "eo-bandwidth" and self._scene.test_only:
            return self._parameters["test-frequency"]
        for source, pattern, target, reach in _CONTEXT_SHIFT:
            if name == source and re.search(pattern, self._near(measure, reach)):
                if not target:
                    return None
                shifted = self._parameters[target]
                return shifted if accepted_unit(shifted, measure.units) is not None else parameter
        return parameter

    def _near(self, measure: Measure, reach: int) -> str:
        low = self._scene.layout.sentence(measure.start)[0]
        cue = max(
            (c.start for c in self._scene.cues if c.end <= measure.start), default=measure.start
        )
        edge = cue if measure.start - cue < 24 else measure.start
        return self._scene.text[max(low, edge - reach) : measure.start]

    def _values(self, parameter: Parameter, measure: Measure) -> list[float] | None:
        found = []
        for index, value in enumerate(measure.values):
            meanings = measure.value_units[index] if measure.value_units else measure.units
            unit = accepted_unit(parameter, meanings)
            if unit is None:
                return None
            converted = self._converted(parameter, value, unit)
            if converted is None:
                return None
            found.append(tidy(converted))
        return found

    def _converted(self, parameter: Parameter, value: float, unit: str) -> float | None:
        if parameter.id == "wafer-diameter":
            return wafer_class(value, unit, self._grammar.tables["wafer_diameter_nominal"])
        if parameter.id == "crosstalk":
            value = -abs(value)
        return convert(value, unit or parameter.unit, parameter.unit)

    def _shape(
        self, parameter: Parameter, measure: Measure, values: list[float], op: str
    ) -> tuple[str, object]:
        if parameter.kind == "dims2":
            return op, values if len(values) == 2 else values * 2
        if measure.shape in ("range", "tolerance"):
            return "between", sorted(values)
        if measure.shape == "list" and len(set(values)) > 1:
            return "in", values
        if measure.shape == "lone":
            return "le", values[0]
        return op, values[0]

    def _op(
        self, parameter: Parameter, before: Found | None, after: Found | None, start: int, end: int
    ) -> str:
        op = self._worded_op(parameter, before, after)
        if self._scene.context.rejected(start, end):
            return _FLIP.get(op, "ne") if before or after else "ne"
        return op

    @staticmethod
    def _worded_op(parameter: Parameter, before: Found | None, after: Found | None) -> str:
        found = before
        if after and (
            before is None or before.op == "approx" or before.word in REACH or before.word in UP_TO
        ):
            found = after
        if found is None:
            return parameter.bare_op
        if found.op == "better":
            return {"lower": "le", "higher": "ge"}.get(parameter.better, "eq")
        if found.word in REACH and found is before:
            return {"cap_le_need": "le", "cap_ge_need": "ge"}.get(parameter.compare, "eq")
        if found.word in UP_TO or found.word in ("max.", "maximum"):
            return parameter.up_to_means or ("ge" if parameter.compare == "cap_ge_need" else "le")
        return found.op

    @staticmethod
    def _plausible(parameter: Parameter, value: object) -> bool:
        if parameter.hard is None:
            return True
        figures = value if isinstance(value, list) else [value]
        return all(parameter.hard[0] <= v <= parameter.hard[1] for v in figures)


def _keyword(form: Form) -> tuple[str, object] | None:
    word = form.groups["kw"]
    if word in OPERATING_CLASSES:
        return "between", OPERATING_CLASSES[word]
    return TEST_TEMPERATURES.get(word)
