"""Numbers whose unit or surroundings name the parameter although no cue word stands by."""

from __future__ import annotations

import re

from collab.needs.extraction import surroundings as nearby
from collab.needs.extraction.findings import ByPlace
from collab.needs.extraction.grammar import Grammar
from collab.needs.extraction.measures import Measure
from collab.needs.extraction.scales import LASER_LINES, wafer_class
from collab.needs.extraction.scene import Scene


class Unaided:
    """Finds the parameter of a number from its unit and what stands around it."""

    def __init__(self, grammar: Grammar, scene: Scene) -> None:
        self._grammar = grammar
        self._scene = scene
        self._text = scene.text
        self._techniques = ByPlace(scene.techniques)
        self._etchings = ByPlace(m for m in scene.techniques if m.id.startswith("etching"))
        self._heats = any(m.id.split(".")[0] in nearby.HEAT_STEPS for m in scene.techniques)
        self._guiding = {m.end for m in scene.materials if m.id in nearby.GUIDING}

    def names(self, measure: Measure, has_cue: bool) -> list[tuple[str, float]]:
        """Parameters the number may state, the surest first, with a confidence."""
        found: list[tuple[str, float]] = []
        word = self._unit_word(measure)
        if word in self._grammar.bare_units and not self._foreign_noise(measure):
            found.append((self._grammar.bare_units[word], 0.85))
        for name, sure, holds in (
            ("wafer-diameter", 0.95, self._is_wafer),
            ("wavelength", 0.75, self._is_wavelength),
            ("piece-size", 0.8, self._is_piece),
            ("die-size", 0.8, self._is_die),
            ("cycle-count", 0.85, self._is_cycling),
            ("facet-angle", 0.8, self._is_facet),
            ("film-thickness", 0.75, self._is_layer),
            ("etch-depth", 0.75, self._is_deep),
            ("pixel-count", 0.8, self._is_pixels),
            ("device-layer-thickness", 0.8, self._is_device_layer),
            ("final-thickness", 0.8, self._is_thinned),
            ("io-count", 0.85, self._is_io),
            ("placement-accuracy", 0.8, self._is_placed),
            ("min-feature", 0.75, self._is_feature),
            ("operating-temperature", 0.75, self._is_operating),
            ("process-temperature", 0.75, self._is_heating),
            ("test-temperature", 0.75, self._is_test_heat),
            ("test-frequency", 0.7, self._is_instrument_range),
        ):
            if not (has_cue and name == "wavelength") and holds(measure):
                found.append((name, sure))
        return found + self._pitch(measure)

    def _before(self, measure: Measure, reach: int) -> str:
        return self._text[max(0, measure.start - reach) : measure.start]

    def _clause(self, measure: Measure, reach: int = 60) -> str:
        low, high = self._scene.layout.clause(measure.start)
        return self._text[max(low, measure.start - reach) : min(high, measure.end + reach)]

    def _unit_word(self, measure: Measure) -> str:
        match = re.search(r"[^\d\s.+-][^\s]*$", self._text[measure.start : measure.end])
        return match.group() if match else ""

    def _foreign_noise(self, measure: Measure) -> bool:
        return bool(re.search(r"相位噪声|相噪|phase noise|频率噪声", self._before(measure, 12)))

    def _is_wafer(self, measure: Measure) -> bool:
        unit = measure.unit_in("length")
        if unit == "inch":
            return not nearby.NOT_WAFER_NEXT.match(self._text, measure.end)
        if unit not in ("mm", "cm") or measure.shape == "size":
            return False
        table = self._grammar.tables["wafer_diameter_nominal"]
        known = all(wafer_class(v, unit, table) for v in measure.values)
        beside = nearby.WAFER_NEXT.match(self._text, measure.end) or (
            measure.values[0] >= 50 and nearby.WAFER_BEFORE.search(self._before(measure, 16))
        )
        return known and bool(beside)

    def _is_wavelength(self, measure: Measure) -> bool:
        unit = measure.unit_in("length")
        if unit not in ("nm", "um") or measure.shape == "size":
            return False
        centre = sum(measure.values) / len(measure.values)
        nanometres = centre if unit == "nm" else centre * 1000
        known = round(nanometres) in LASER_LINES and (
            unit == "nm" or (0.7 < centre < 11 and not float(centre).is_integer())
        )  # a round 2 um is rather a layer
        if measure.shape == "range":
            known = unit == "nm" and measure.values[0] >= 400 and measure.values[1] <= 2500
        return known and not (
            nearby.NO_WAVELENGTH_NEXT.match(self._text, measure.end)
            or nearby.NO_WAVELENGTH_BEFORE.search(self._before(measure, 14))
        )

    def is_dimension(self, start: int, end: int) -> bool:
        """宽度450nm is no wavelength, whatever laser has it."""
        unit = re.compile(r"\s?(?:nm|纳米)?").match(self._text, end)
        after = unit.end() if unit else end
        return bool(
            nearby.NO_WAVELENGTH_BEFORE.search(self._text, max(0, start - 14), start)
            or nearby.EXTENT_NEXT.match(self._text, after)
        )

    def other_heat(self, measure: Measure) -> bool:
        """运输温度, storage temperature: not the heat of a step."""
        low = self._scene.layout.clause(measure.start)[0]
        return bool(
            nearby.OTHER_HEAT.search(self._text, max(low, measure.start - 34), measure.start)
        )

    def _is_piece(self, measure: Measure) -> bool:
        return measure.shape == "size" and bool(
            nearby.PIECE_BEFORE.search(self._before(measure, 16))
        )

    def _is_die(self, measure: Measure) -> bool:
        if measure.shape != "size":
            return False
        return bool(
            re.search(r"芯片|管芯|裸片|\bdies?\b|\bchips?\b", self._clause(measure), re.IGNORECASE)
        )

    def _is_cycling(self, measure: Measure) -> bool:
        if measure.unit_in("count") is None:
            return False
        if not re.search(r"次|循环|cycles?\b", self._text[measure.start : measure.end + 6]):
            return False
        return bool(re.search(r"温循|温度循环|高低温|循环|冲击|cycl", self._clause(measure, 30)))

    def _is_facet(self, measure: Measure) -> bool:
        if measure.unit_in("angle") != "degree" or not 0 < measure.values[0] <= 45:
            return False
        return bool(nearby.FACET_NEXT.match(self._text, measure.end))

    def _is_layer(self, measure: Measure) -> bool:
        """2.5 um of oxide, 20 nm 厚, SiN 400 nm: the thickness of a layer."""
        if measure.unit_in("length") not in ("nm", "um", "angstrom") or measure.shape == "size":
            return False
        if nearby.FEATURE_NEXT.match(self._text, measure.end):
            return False
        if measure.unit_in("length") == "um" and measure.values[-1] >= nearby.NO_FILM:
            return False
        if any(self._right_after(b, measure, nearby.OF) for b in ("deposition", "thermal")):
            return True
        if nearby.LAYER_NEXT.match(self._text, measure.end) or nearby.THICK_NEXT.match(
            self._text, measure.end
        ):
            return True
        before = self._before(measure, 12)
        if nearby.THICK_BEFORE.search(before[-6:]) or nearby.FILM_BEFORE.search(before):
            return True
        return self._layer_before(measure) and not self._is_wavelength(measure)

    def _is_deep(self, measure: Measure) -> bool:
        """深300nm in a sentence that etches; ICP刻蚀6um."""
        if measure.unit_in("length") not in ("nm", "um") or measure.shape == "size":
            return False
        close = self._etchings.between(measure.start - 40, measure.start)
        if any(not self._text[m.end : measure.start].strip(" :：") for m in close):
            return not nearby.LINE_NEXT.match(self._text, measure.end)
        low = self._scene.layout.sentence(measure.start)[0]
        etched = bool(self._etchings.between(low, measure.start))
        return etched and bool(nearby.DEEP_BEFORE.search(self._before(measure, 6)))

    def _layer_before(self, measure: Measure) -> bool:
        """A guiding material stands right before the number, or only its cut between them."""
        return any(
            end in self._guiding and nearby.CUT_BETWEEN.fullmatch(self._text, end, measure.start)
            for end in range(measure.start - 8, measure.start + 1)
        )

    def _is_heating(self, measure: Measure) -> bool:
        """RTA 1050 °C: a temperature right behind the step it belongs to."""
        if measure.unit_in("temperature") is None or measure.values[0] < 60:
            return False
        before = self._text[
            max(self._scene.layout.clause(measure.start)[0], measure.start - 34) : measure.start
        ]
        said = nearby.HEATED.search(before)
        if nearby.OTHER_HEAT.search(before):
            return False
        worded = said is not None and re.search(r"温|temp", said.group(), re.IGNORECASE)
        if worded and self._heats and not self._scene.test_only:
            return True
        low = max(self._scene.layout.sentence(measure.start)[0], measure.start - 40)
        for mention in self._techniques.between(measure.start - nearby.LONGEST, measure.start + 1):
            close = 0 <= measure.start - mention.end <= 4 or (said and low <= mention.start)
            if close and mention.id.split(".")[0] in nearby.HEAT_STEPS:
                return True
        return False

    def _is_test_heat(self, measure: Measure) -> bool:
        if measure.unit_in("temperature") is None:
            return False
        if re.search(r"高低温|温循|三温|变温|温度循环", self._clause(measure, 24)):
            return True
        return self._scene.test_only and bool(
            re.search(r"温度?[^,，。;]{0,4}$", self._before(measure, 8))
        )

    def _is_instrument_range(self, measure: Measure) -> bool:
        """A frequency behind a test, or in a need of tests only: what the instrument reaches."""
        if "Hz" not in self._text[measure.start : measure.end]:
            return False
        return self._scene.test_only or bool(nearby.TESTED_UP_TO.search(self._before(measure, 24)))

    def _is_feature(self, measure: Measure) -> bool:
        """180nm光刻, 90 nm node; 248nm光刻 names the light, not the line."""
        if measure.unit_in("length") != "nm" or measure.shape == "size":
            return False
        if any(v in nearby.LITHO_LIGHT for v in measure.values):
            return False
        if nearby.FEATURE_NEXT.match(self._text, measure.end):
            return True
        return self._right_after("lithography", measure, nearby.DOWN_TO)

    def _right_after(self, branch: str, measure: Measure, gap: re.Pattern[str]) -> bool:
        """A step of this branch ends right before the number, with only `gap` between."""
        near = self._techniques.between(measure.start - nearby.LONGEST, measure.start)
        return any(
            m.id.split(".")[0] == branch
            and m.end <= measure.start
            and gap.fullmatch(self._text, m.end, measure.start)
            for m in near
        )

    def _is_thinned(self, measure: Measure) -> bool:
        """wafer thinning到50um, thinned down to 50 um."""
        if measure.unit_in("length") != "um" or measure.shape == "size":
            return False
        return self._right_after("thinning", measure, nearby.DOWN_TO)

    def _is_io(self, measure: Measure) -> bool:
        """1180个IO, 300 bond pads."""
        if measure.units and measure.unit_in("count") is None:
            return False
        return bool(nearby.IO_NEXT.match(self._text, measure.end))

    def _is_placed(self, measure: Measure) -> bool:
        """贴片(精度±5um)."""
        if measure.unit_in("length") not in ("um", "nm") or measure.shape == "size":
            return False
        if not nearby.ACCURACY.search(self._before(measure, 14)):
            return False
        near = self._techniques.between(measure.start - 30, measure.start)
        placing = [m for m in near if m.id.startswith(("packaging.die-attach", "packaging.flip"))]
        return bool(placing) and "," not in self._text[placing[-1].end : measure.start]

    def _is_device_layer(self, measure: Measure) -> bool:
        """220 nm SOI."""
        if measure.unit_in("length") != "nm" or measure.shape == "size":
            return False
        return bool(nearby.DEVICE_LAYER_NEXT.match(self._text, measure.end))

    def _is_operating(self, measure: Measure) -> bool:
        """Operating from -40 to 85 °C."""
        if measure.unit_in("temperature") is None or measure.shape != "range":
            return False
        return bool(nearby.OPERATES.search(self._before(measure, 24)))

    def _is_pixels(self, measure: Measure) -> bool:
        """640×512 before the name of a detector."""
        if measure.shape != "size" or measure.units or min(measure.values) < 4:
            return False
        return bool(nearby.PIXELS_NEXT.match(self._text, measure.end))

    def bare_pitch(self, measure: Measure) -> list[tuple[str, float]] | None:
        """What a mere "pitch" spaces in a text about bonding; None when fibres may be meant."""
        low, high = self._scene.layout.sentence(measure.start)
        around = self._text[max(low, measure.start - 80) : min(high, measure.end + 30)]
        if not nearby.SPACED.search(around):  # the sentence does not say what is spaced
            around = self._text[max(0, measure.start - 160) : measure.end + 30]
        if re.search(r"光纤|\bFAU?\b|fib(?:er|re)|V槽|V-groove|耦合|coupl", around, re.IGNORECASE):
            return None
        for pattern, name in nearby.PITCHES:
            if re.search(pattern, around, re.IGNORECASE):
                return [(name, 0.8)]
        return None if measure.values[0] in nearby.FIBRE_PITCHES else []

    def _pitch(self, measure: Measure) -> list[tuple[str, float]]:
        """A bare 间距 or pitch takes its meaning from what is spaced."""
        said = nearby.PITCH_NEXT.match(self._text, measure.end) or nearby.PITCH_BEFORE.search(
            self._before(measure, 10)
        )
        if not said:
            return []
        around = self._clause(measure, 40)
        for pattern, name in nearby.PITCHES:
            if re.search(pattern, around, re.IGNORECASE):
                return [(name, 0.8)]
        low = self._scene.layout.sentence(measure.start)[0]
        near = self._text[max(low, measure.start - 50) : measure.end + 20]
        fibres = re.search(r"光纤|阵列|芯|通道|FA|fiber|V槽|耦合|channel", near)
        if fibres and measure.values[0] in nearby.FIBRE_PITCHES:
            return [("fiber-pitch", 0.85)]
        return []
