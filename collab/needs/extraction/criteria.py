"""Numbers bound to the parameters they state, with operator and canonical unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from collab.needs.extraction.cues import Cue, Form, accepted_unit
from collab.needs.extraction.findings import ByPlace, Reading, Taken
from collab.needs.extraction.grammar import Grammar
from collab.needs.extraction.measures import Measure
from collab.needs.extraction.operators import REACH, UP_TO, Found
from collab.needs.extraction.scales import band_value, named_heat, wafer_class
from collab.needs.extraction.scene import Scene
from collab.needs.extraction.shifts import CONTEXT_SHIFT, DERIVED, MADE_BY
from collab.needs.extraction.unaided import Unaided
from collab.needs.extraction.units import convert, tidy
from collab.vocabulary.catalog import Parameter

_POSITIVE_LEVELS = frozenset({"return-loss", "isolation", "extinction-ratio", "smsr"})
_FLIP = {"le": "ge", "lt": "ge", "ge": "le", "gt": "le"}
_AND_BOUND = re.compile(
    r"\s?[，,]?\s?(?:并且|同时|且|并|而|又|但|及|和|and|but|yet)?\s?(?:也|亦|应|须)?\s?", re.I
)
_BRACKETED = re.compile(r"\([^()]{0,40}\)")
_CONDITION = re.compile(r"(?:@\s?)?-?\d+(?:\.\d+)?\s?°C\b,?")
_FILLER = re.compile(
    r"[\s:=|/(满足为是在应须需要的约值约~≈≤≥<>±可能达到至]|要求|指标|典型值?"
    r"|目标值?|标称|之间|范围|一般|大概|大约|通常|整体|单边|单侧|平均|总|最终"
    r"|均|都|分别|每通道"
    r"|不大于|不小于|不低于|不高于|不超过|不少于|小于|大于|低于|高于"
    r"|优于|好于|至少|至多|最大|最小|最高|最低|控制"
    r"|\b(?:of|is|are|be|should|must|shall|to|a|an|the|with|value|target|at|typ"
    r"|typical|around|about|below|above|under|over|less|more|than|up|least|most"
    r"|better|no|not|within|from|between|for|RMS|Ra|rms|max|min)\b"
)
_AFTER_CUE = re.compile(
    r"\s?(?:的|厚的?|长的?|宽的?|高的?|\bof (?:the )?(?:\w+ )?|-)?\s?", re.IGNORECASE
)
_GENERAL_CUES = frozenset({"diameter", "直径"})  # a word glued before says of what


class Criteria:
    """Reads the criteria of one text."""

    def __init__(self, grammar: Grammar, scene: Scene, taken: Taken) -> None:
        self._grammar = grammar
        self._scene = scene
        self._taken = taken
        self._parameters = grammar.vocabulary.parameters
        self._unaided = Unaided(grammar, scene)

    # ------------------------------------------------------------------ forms without a cue
    def from_forms(self, numbers: Sequence[Measure]) -> list[Reading]:
        """Criteria found by the patterns of the vocabulary."""
        spread = ByPlace(m for m in numbers if m.shape in ("tolerance", "range"))
        found = []
        for form in self._grammar.forms.find(self._scene.text):
            if self._taken.overlaps(form.start, form.end):
                continue
            light = form.parameter == "wavelength" and "v" in form.groups
            if light and self._unaided.is_dimension(form.start, form.end):
                continue
            near = spread.between(form.start - 40, form.end)
            if any(m.end > form.end > m.start for m in near):
                continue  # 1310nm±5nm is read as one measure
            reading = self._form(form)
            if reading is not None:
                self._taken.add(form.start, form.end, form=True)
                found.append(reading)
        return found

    def _form(self, form: Form) -> Reading | None:
        parameter = self._parameters[form.parameter]
        groups = form.groups
        if "band" in groups:
            band = band_value(groups["band"], self._grammar.tables["wavelength_bands_nm"])
            return self._named(parameter, band, form, 0.8)
        if "kw" in groups:
            return self._named(parameter, named_heat(groups["kw"]), form, 0.9)
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
            parameter.id, value[0], value[1], parameter.unit, form.start, form.end,
            "named-value", sure,
        )  # fmt: skip

    def _valued(self, parameter: Parameter, value: float, form: Form) -> Reading | None:
        groups = form.groups
        value *= self._grammar.multiplier(groups.get("m", ""))
        if parameter.id == "pixel-count":
            value *= float(groups["v2"])
        unit = self._form_unit(parameter, groups.get("u", ""))
        if parameter.id == "wafer-diameter":
            converted: float | None = self._converted(parameter, value, "mm")
        else:
            converted = convert(value, unit, parameter.unit) if unit else value
        if converted is None:
            return None
        begin = form.start + self._scene.text[form.start : form.end].find(groups["v"])
        before = self._grammar.operators.before(self._scene.text, begin)
        after = self._grammar.operators.after(self._scene.text, form.end)
        op = self._op(parameter, before, after, form.start, form.end)
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

    def second_bound(self, first: Reading, measure: Measure) -> Reading | None:
        """不超过350℃且不低于300℃: the other bound of the property just read."""
        before = self._grammar.operators.before(self._scene.text, measure.start)
        if before is None or before.op not in _FLIP or before.op[0] == first.op[0]:
            return None
        behind = (first.end, before.start), (measure.end, first.start)
        if not _AND_BOUND.fullmatch(self._scene.text, *behind[measure.start < first.start]):
            return None
        parameter = self._parameters[first.parameter]
        return self._read(parameter, measure, before, None, first.rule, 0.85)

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
            spaced = self._spaced(cue, measure)
            if spaced is not None and cue is not None:
                claims += [(self._parameters[n], cue, rule, at) for n, at in spaced]
            elif cue is not None:
                claims += [(p, cue, rule, sure) for p in self._fitting(cue.parameters, measure)]
        claims += self._uncued(measure, preceding)
        return claims

    def _spaced(self, cue: Cue | None, measure: Measure) -> list[tuple[str, float]] | None:
        """A bare pitch means bumps or pads where these are bonded."""
        if cue is None or self._scene.text[cue.start : cue.end].lower() != "pitch":
            return None
        return self._unaided.bare_pitch(measure)

    def _fitting(self, names: Sequence[str], measure: Measure) -> list[Parameter]:
        fitting = [self._parameters[n] for n in names if self._fits(self._parameters[n], measure)]
        if len(fitting) > 1:
            fitting.sort(key=lambda p: self._preference(p.id))
        return fitting

    def _preference(self, name: str) -> int:
        if name == "spatial-resolution":
            return 0 if self._scene.imaging else 2
        if name == "test-temperature":
            return 0 if self._scene.test_only else 2
        return 1

    def _fits(self, parameter: Parameter, measure: Measure) -> bool:
        if parameter.id == "pixel-count" and measure.shape == "size":
            return not measure.units
        if (parameter.kind == "dims2") != (measure.shape == "size"):
            return False
        if parameter.id == "fiber-pitch" and not measure.units:
            return measure.values[0] in (127.0, 250.0, 165.0, 82.0)
        if parameter.dimension == "none" and measure.units:
            return parameter.id in ("pixel-count",)
        return accepted_unit(parameter, measure.units) is not None

    def _preceding(self, measure: Measure, before: Found | None) -> Cue | None:
        """The nearest cue in front of the number with nothing but fillers between."""
        edge = before.start if before else measure.start
        for cue in reversed(self._scene.cues_between(edge - 70, edge + 1)):
            if cue.end > measure.start or self._hidden(cue):
                continue
            gap = self._taken.masked(self._scene.text, cue.end, measure.start)
            if measure.unit_in("temperature") is None:
                gap = _CONDITION.sub("", gap)
            if len(gap) > 44:
                return None
            return self._joined(cue, measure) if self._bridges(gap, before is not None) else None
        return None

    def _joined(self, cue: Cue, measure: Measure) -> Cue:
        """When the nearer cue (均匀性) cannot take the unit, the one glued to it (片内波长) may."""
        said = self._scene.text[cue.start : cue.end].lower()
        if said not in _GENERAL_CUES and self._fitting(cue.parameters, measure):
            return cue
        for other in self._scene.cues_between(cue.start - 12, cue.start):
            if cue.start - other.end <= 1 and self._fitting(other.parameters, measure):
                return other
        return cue

    def _hidden(self, cue: Cue) -> bool:
        """A cue inside a form already read; 双85 still announces a duration."""
        return self._taken.in_form(cue.start) and "test-duration" not in cue.parameters

    @staticmethod
    def _bridges(gap: str, has_operator: bool) -> bool:
        bare = _BRACKETED.sub("", gap)
        if DERIVED.match(bare):
            return False
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
        for cue in self._scene.cues_between(start, reach + 1):
            return cue
        return None

    def _uncued(
        self, measure: Measure, preceding: Cue | None
    ) -> list[tuple[Parameter, Cue | None, str, float]]:
        names = self._unaided.names(measure, preceding is not None)
        return [(self._parameters[n], None, "unit", sure) for n, sure in names]

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
        if target.id == "monthly-capacity" and self._other_rate(measure):
            return None
        values = self._values(target, measure)
        if values is None:
            return None
        if target.id == "pixel-count" and measure.shape == "size":
            values = [values[0] * values[-1]]
        start = before.start if before else measure.start
        end = after.end if after else measure.end
        op, value = self._shape(
            target, measure, values, self._op(target, before, after, measure.start, measure.end)
        )
        if op in ("ne", ""):
            return None
        if target.id in _POSITIVE_LEVELS and min(measure.values) < 0:
            op = _FLIP.get(op, op)
        others = (parameter.id,) if target.id != parameter.id else ()
        sure = sure if self._plausible(target, value) else 0.4
        return Reading(
            target.id, op, value, target.unit, start, end, rule, sure, alternatives=others
        )

    def _of_something_else(self, name: str, measure: Measure) -> bool:
        """A thickness where nothing is thinned, a depth where nothing is etched, another heat."""
        text = self._scene.text
        if name == "process-temperature":
            return self._unaided.other_heat(measure)
        made = MADE_BY.get(name)
        return made is not None and not made.search(text)

    def _shifted(self, parameter: Parameter, measure: Measure) -> Parameter | None:
        name = parameter.id
        if self._of_something_else(name, measure):
            return None
        if name == "eo-bandwidth" and self._scene.test_only:
            return self._parameters["test-frequency"]
        if name == "insertion-loss" and self._scene.coupling and self._plain_loss(measure):
            return self._parameters["coupling-loss"]
        for source, pattern, target, reach in CONTEXT_SHIFT:
            if name == source and re.search(pattern, self._near(measure, reach)):
                if not target:
                    return None
                shifted = self._parameters[target]
                return shifted if accepted_unit(shifted, measure.units) is not None else parameter
        return parameter

    def _other_rate(self, measure: Measure) -> bool:
        """A capacity by the day, week or year is not one by the month."""
        after = self._scene.text[measure.end : measure.end + 8]
        return bool(re.match(r"\s?(?:/|每|per )\s?(?:天|日|周|年|小时|day|week|year|hour)", after))

    def _plain_loss(self, measure: Measure) -> bool:
        """损耗 alone, in a need that only asks for coupling."""
        before = self._scene.text[max(0, measure.start - 12) : measure.start]
        return bool(
            re.search(r"(?<![入传播总插])损耗|(?<!insertion )(?<!propagation )\bloss", before)
        )

    def _near(self, measure: Measure, reach: int) -> str:
        low = self._scene.layout.sentence(measure.start)[0]
        close = self._scene.cues_between(measure.start - 40, measure.start)
        cue = max((c.start for c in close if c.end <= measure.start), default=measure.start)
        edge = cue if measure.start - cue < 24 else measure.start
        return self._scene.text[max(low, edge - reach) : measure.start]

    def _values(self, parameter: Parameter, measure: Measure) -> list[float] | None:
        found = []
        for index, value in enumerate(measure.values):
            meanings = measure.value_units[index] if measure.value_units else measure.units
            unit = accepted_unit(parameter, meanings)
            if parameter.id == "fiber-pitch" and not meanings:
                unit = "um"
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
        elif parameter.id in _POSITIVE_LEVELS:
            value = abs(value)
        return convert(value, unit or parameter.unit, parameter.unit)

    def _shape(
        self, parameter: Parameter, measure: Measure, values: list[float], op: str
    ) -> tuple[str, object]:
        if parameter.kind == "dims2":
            return op, values if len(values) == 2 else values * 2
        if measure.shape in ("range", "tolerance"):
            return "between", sorted(values)
        pair = measure.shape == "list" and len(values) == 2
        if pair and parameter.dimension == "temperature" and values[0] < 0:
            return "between", [min(values), max(values)]
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
    def _plausible(parameter: Parameter, value: Any) -> bool:
        if parameter.hard is None:
            return True
        figures = value if isinstance(value, list) else [value]
        return all(parameter.hard[0] <= v <= parameter.hard[1] for v in figures)
