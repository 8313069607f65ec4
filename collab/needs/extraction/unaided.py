"""Numbers whose unit or surroundings name the parameter although no cue word stands by."""

from __future__ import annotations

import re
from collections.abc import Sequence

from collab.needs.extraction.findings import ByPlace
from collab.needs.extraction.grammar import Grammar
from collab.needs.extraction.measures import Measure
from collab.needs.extraction.scales import LASER_LINES, wafer_class
from collab.needs.extraction.scene import Scene

_FIBRE_PITCHES = (82.0, 127.0, 165.0, 250.0)
_WAFER_NEXT = re.compile(
    r"(?:的|直径|,|\s|-)*(?:[A-Za-z/]{1,20}[\s-]){0,2}(?:[A-Za-z/]{1,20}[\s-]?)?[\u3400-\u9fff]{0,6}?"
    r"(?:晶圆|圆片|衬底|外延片|硅片|片子|产线|工艺线|wafers?\b|substrates?\b|line\b|fab\b|epi)",
    re.IGNORECASE,
)
_WAFER_BEFORE = re.compile(
    r"(?:晶圆|圆片|片子|wafers?)\s?(?:[,，:：(（]|of|直径|尺寸|diameter|size)?\s?$", re.IGNORECASE
)
_NOT_WAFER_NEXT = re.compile(
    r"\s?(?:屏|显示|液晶|面板|方形?掩模|石英铬版|铬版|掩模|display|screen|panel|机柜|机架|rack)",
    re.IGNORECASE,
)
_NO_WAVELENGTH_NEXT = re.compile(
    r"\s?(?:以[上下内]|左右)?(?:的)?\s?(?:厚|宽|深|高|线宽|线条|工艺"
    r"|节点|光刻|步进|pitch|thick|wide"
    r"|deep|node|process|litho|gap|间距|间隙|周期|period|带宽|均匀|bandwidth"
    r"|DUV|KrF|ArF|i线|stepper"
    r"|scanner|layer|膜|层|氧化|SiN|氮化|grating|feature|line|of )"
)
_NO_WAVELENGTH_BEFORE = re.compile(
    r"(?:厚|宽|深|高|距|周期|间隙|径|层|度|尺寸|节点|线条|分辨率|差|精度|偏移|漂移|thick|thickness"
    r"|feature|pitch|period|gap|resolution|width|depth|layer of)\s?(?:为|是|of|:|≤|<|约)?\s?$"
)
_LAYER_NEXT = re.compile(
    r"\s?(?:的|厚的?|of|thick)?\s?(?:(?:[A-Z]*CVD|ALD|thermal|sputtered"
    r"|热|干氧|湿氧|溅射的?|蒸发的?)\s?)?"
    r"(?:氧化硅|二氧化硅|氮化硅|氧化铝|SiO2|SiN\b|Si3N4|Al2O3|HfO2|TiO2"
    r"|ITO|a-Si|oxide|nitride|alumina"
    r"|Au\b|Cr\b|Ti\b|Ni\b|Al\b|Cu\b|Pt\b|gold|金膜|铬|镍|铝膜|铜膜|薄膜|膜层|介质膜)",
)
_FILM_BEFORE = re.compile(
    r"(?:氧化硅|二氧化硅|氮化硅|氧化铝|SiO2|SiN|Si3N4|Al2O3|HfO2|TiO2|ITO|a-Si|oxide|nitride"
    r"|alumina"
    r"|(?<![A-Za-z])(?:Au|Cr|Ti|Ni|Pt|Cu)|金膜|薄膜|膜层|介质膜)\s?[:：(（]?$"
)
_FACET_NEXT = re.compile(
    r"\s?(?:的|倾?斜)?(?:角|斜面|端面|研磨|抛光)|[ -]?(?:angled?|polish|facet)", re.IGNORECASE
)
_PIECE_BEFORE = re.compile(
    r"(?:samples?|pieces?|coupons?)(?: of)?[ :]*$|(?:样品|小片|碎片|方片)[^,，。;；]{0,4}$",
    re.IGNORECASE,
)
_THICK_NEXT = re.compile(r"\s?厚(?!度)")
_THICK_BEFORE = re.compile(r"(?<!减薄)(?<!板)(?<!片)(?:膜|层|[，,、;；])?厚(?:约|为|\s)*$")
_GUIDING = frozenset(
    {"sin", "sion", "tfln", "tflt", "bto", "alumina", "ta2o5", "aln", "soi", "ge", "sic"}
)
_LONGEST = 100
_HEAT_STEPS = ("thermal", "deposition", "epitaxy", "bonding", "doping")
_PITCHES: Sequence[tuple[str, str]] = (
    (r"GSG|探针|probe", "gsg-pitch"),
    (r"凸点|bump|铜柱|pillar|混合键合|hybrid bond|flip[- ]?chip|倒装", "bump-pitch"),
    (r"焊盘|\bpads?\b|wire[- ]?bond|引线键合|金丝|打线", "pad-pitch"),
    (r"像元|像素|pixel", "pixel-pitch"),
)  # fmt: skip
_PIXELS_NEXT = re.compile(
    r"[^，,。;；\n\d]{0,10}?(?:焦平面|像[元素]|面阵|阵列|探测器|FPA|focal plane|detectors?"
    r"|pixels?|array)",
    re.IGNORECASE,
)
_TESTED_UP_TO = re.compile(
    r"(?:测试|测量|表征|\b(?:tests?|testing|measure(?:d|ments?)?"
    r"|characteri[sz]ation))\s?[(:：,]?\s?"
    r"(?:频率|带宽|范围|frequency)?\s?(?:需?到|至|达|高达|覆盖|up to|to|≥)?\s?$",
    re.IGNORECASE,
)
_CUT_BETWEEN = re.compile(
    r"(?:平台|晶圆|薄膜|顶层|器件层|层|[XYZxyz]\s?-?(?:切|cut)|的|[\s:：(,，])*"
)
_HEATED = re.compile(
    r"(?:温度?|\btemp(?:erature)?s?\b|\bat)\s*(?:为|要求|控制在|别?不?得?(?:超过|高于|大于|低于"
    r"|小于)|≤|<|约|of|is|not|to|exceed(?:ing)?"
    r"|should|must|be|below|under|above|less|than|max(?:imum)?\.?|up|at most|within|:|：|\s)*$",
    re.IGNORECASE,
)
_OTHER_HEAT = re.compile(
    r"工作|使用温|环境温|运输|存放|储存|存储|贮存|测试|试验|老化|三温|高低温|温循|室温|水温|结温"
    r"|operat|storage|ambient|test|room|burn|junction|cycl",
    re.IGNORECASE,
)
_SPACED = re.compile(
    r"光纤|FAU?\b|fib(?:er|re)|V槽|V-groove|耦合|coupl|"
    + "|".join(pattern for pattern, _ in _PITCHES),
    re.IGNORECASE,
)
_DOWN_TO = re.compile(
    r"\s?(?:down\s)?(?:to|at|到|至|精度)?\s?(?:[≤<]|about|约|below|不超过)?\s?", re.IGNORECASE
)
_DEVICE_LAYER_NEXT = re.compile(
    r"\s?(?:厚?的?)?\s?(?:top[- ])?(?:SOI|LNOI|LTOI|TFLN|顶硅|顶层硅|器件层"
    r"|device layer)(?![A-Za-z]|\s?(?:工艺|流片平台|process))"
)
_IO_NEXT = re.compile(r"\s?(?:IO|I/O|I/Os|bond pads?|bonding pads?|焊盘|引脚)(?![A-Za-z])")
_ACCURACY = re.compile(
    r"(?:精度|accuracy)\s?(?:为|优于|不低于|要求|of|:|：|≤|<|better than|within|\s)*$"
)
_DEEP_BEFORE = re.compile(r"(?:深(?:度|为|约|至|到|\s)*|刻(?:透|深|掉|到|至)(?:约|到|至|\s)*)$")
_LITHO_LIGHT = frozenset({193.0, 248.0, 365.0, 405.0, 436.0, 13.5})
_FEATURE_NEXT = re.compile(
    r"\s?(?:的|DUV|级)?\s?(?:光刻|制程|工艺节点|节点|工艺线|(?:DUV |optical )?lithograph"
    r"|(?:technology )?nodes?\b|process node)",
    re.IGNORECASE,
)
_OPERATES = re.compile(
    r"(?:工作于|工作在|\boperat(?:ing|ion|es?))[^,，.。;；\d]{0,14}$", re.IGNORECASE
)
_LINE_NEXT = re.compile(
    r"\s?(?:的)?\s?(?:线|宽|孔|周期|光栅|节点|wide|lines?|pitch|period|hole|grating|feature)"
)
_PITCH_NEXT = re.compile(r"\s?(?:间距|节距|pitch)", re.IGNORECASE)
_PITCH_BEFORE = re.compile(r"(?:间距|节距|pitch)(?:为|是|:|of|\s|≤|约)*$", re.IGNORECASE)


class Unaided:
    """Finds the parameter of a number from its unit and what stands around it."""

    def __init__(self, grammar: Grammar, scene: Scene) -> None:
        self._grammar = grammar
        self._scene = scene
        self._text = scene.text
        self._techniques = ByPlace(scene.techniques)
        self._etchings = ByPlace(m for m in scene.techniques if m.id.startswith("etching"))
        self._heats = any(m.id.split(".")[0] in _HEAT_STEPS for m in scene.techniques)
        self._guiding = {m.end for m in scene.materials if m.id in _GUIDING}

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
            return not _NOT_WAFER_NEXT.match(self._text, measure.end)
        if unit not in ("mm", "cm") or measure.shape == "size":
            return False
        table = self._grammar.tables["wafer_diameter_nominal"]
        known = all(wafer_class(v, unit, table) for v in measure.values)
        beside = _WAFER_NEXT.match(self._text, measure.end) or (
            measure.values[0] >= 50 and _WAFER_BEFORE.search(self._before(measure, 16))
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
            _NO_WAVELENGTH_NEXT.match(self._text, measure.end)
            or _NO_WAVELENGTH_BEFORE.search(self._before(measure, 14))
        )

    def other_heat(self, measure: Measure) -> bool:
        """运输温度, storage temperature: not the heat of a step."""
        low = self._scene.layout.clause(measure.start)[0]
        return bool(_OTHER_HEAT.search(self._text, max(low, measure.start - 34), measure.start))

    def _is_piece(self, measure: Measure) -> bool:
        return measure.shape == "size" and bool(_PIECE_BEFORE.search(self._before(measure, 16)))

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
        return bool(_FACET_NEXT.match(self._text, measure.end))

    def _is_layer(self, measure: Measure) -> bool:
        """2.5 um of oxide, 20 nm 厚, SiN 400 nm: the thickness of a layer."""
        if measure.unit_in("length") not in ("nm", "um", "angstrom") or measure.shape == "size":
            return False
        if _FEATURE_NEXT.match(self._text, measure.end):
            return False
        if _LAYER_NEXT.match(self._text, measure.end) or _THICK_NEXT.match(self._text, measure.end):
            return True
        before = self._before(measure, 12)
        if _THICK_BEFORE.search(before[-6:]) or _FILM_BEFORE.search(before):
            return True
        return self._layer_before(measure) and not self._is_wavelength(measure)

    def _is_deep(self, measure: Measure) -> bool:
        """深300nm in a sentence that etches; ICP刻蚀6um."""
        if measure.unit_in("length") not in ("nm", "um") or measure.shape == "size":
            return False
        close = self._etchings.between(measure.start - 40, measure.start)
        if any(not self._text[m.end : measure.start].strip(" :：") for m in close):
            return not _LINE_NEXT.match(self._text, measure.end)
        low = self._scene.layout.sentence(measure.start)[0]
        etched = bool(self._etchings.between(low, measure.start))
        return etched and bool(_DEEP_BEFORE.search(self._before(measure, 6)))

    def _layer_before(self, measure: Measure) -> bool:
        """A guiding material stands right before the number, or only its cut between them."""
        return any(
            end in self._guiding and _CUT_BETWEEN.fullmatch(self._text, end, measure.start)
            for end in range(measure.start - 8, measure.start + 1)
        )

    def _is_heating(self, measure: Measure) -> bool:
        """RTA 1050 °C: a temperature right behind the step it belongs to."""
        if measure.unit_in("temperature") is None or measure.values[0] < 60:
            return False
        before = self._text[
            max(self._scene.layout.clause(measure.start)[0], measure.start - 34) : measure.start
        ]
        said = _HEATED.search(before)
        if _OTHER_HEAT.search(before):
            return False
        worded = said is not None and re.search(r"温|temp", said.group(), re.IGNORECASE)
        if worded and self._heats and not self._scene.test_only:
            return True
        low = max(self._scene.layout.sentence(measure.start)[0], measure.start - 40)
        for mention in self._techniques.between(measure.start - _LONGEST, measure.start + 1):
            close = 0 <= measure.start - mention.end <= 4 or (said and low <= mention.start)
            if close and mention.id.split(".")[0] in _HEAT_STEPS:
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
        return self._scene.test_only or bool(_TESTED_UP_TO.search(self._before(measure, 24)))

    def _is_feature(self, measure: Measure) -> bool:
        """180nm光刻, 90 nm node; 248nm光刻 names the light, not the line."""
        if measure.unit_in("length") != "nm" or measure.shape == "size":
            return False
        if any(v in _LITHO_LIGHT for v in measure.values):
            return False
        if _FEATURE_NEXT.match(self._text, measure.end):
            return True
        return self._right_after("lithography", measure, _DOWN_TO)

    def _right_after(self, branch: str, measure: Measure, gap: re.Pattern[str]) -> bool:
        """A step of this branch ends right before the number, with only `gap` between."""
        near = self._techniques.between(measure.start - _LONGEST, measure.start)
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
        return self._right_after("thinning", measure, _DOWN_TO)

    def _is_io(self, measure: Measure) -> bool:
        """1180个IO, 300 bond pads."""
        if measure.units and measure.unit_in("count") is None:
            return False
        return bool(_IO_NEXT.match(self._text, measure.end))

    def _is_placed(self, measure: Measure) -> bool:
        """贴片(精度±5um)."""
        if measure.unit_in("length") not in ("um", "nm") or measure.shape == "size":
            return False
        if not _ACCURACY.search(self._before(measure, 14)):
            return False
        near = self._techniques.between(measure.start - 30, measure.start)
        placing = [m for m in near if m.id.startswith(("packaging.die-attach", "packaging.flip"))]
        return bool(placing) and "," not in self._text[placing[-1].end : measure.start]

    def _is_device_layer(self, measure: Measure) -> bool:
        """220 nm SOI."""
        if measure.unit_in("length") != "nm" or measure.shape == "size":
            return False
        return bool(_DEVICE_LAYER_NEXT.match(self._text, measure.end))

    def _is_operating(self, measure: Measure) -> bool:
        """Operating from -40 to 85 °C."""
        if measure.unit_in("temperature") is None or measure.shape != "range":
            return False
        return bool(_OPERATES.search(self._before(measure, 24)))

    def _is_pixels(self, measure: Measure) -> bool:
        """640×512 before the name of a detector."""
        if measure.shape != "size" or measure.units or min(measure.values) < 4:
            return False
        return bool(_PIXELS_NEXT.match(self._text, measure.end))

    def bare_pitch(self, measure: Measure) -> list[tuple[str, float]] | None:
        """What a mere "pitch" spaces in a text about bonding; None when fibres may be meant."""
        low, high = self._scene.layout.sentence(measure.start)
        around = self._text[max(low, measure.start - 80) : min(high, measure.end + 30)]
        if not _SPACED.search(around):  # the sentence does not say what is spaced
            around = self._text[max(0, measure.start - 160) : measure.end + 30]
        if re.search(r"光纤|\bFAU?\b|fib(?:er|re)|V槽|V-groove|耦合|coupl", around, re.IGNORECASE):
            return None
        for pattern, name in _PITCHES:
            if re.search(pattern, around, re.IGNORECASE):
                return [(name, 0.8)]
        return None if measure.values[0] in _FIBRE_PITCHES else []

    def _pitch(self, measure: Measure) -> list[tuple[str, float]]:
        """A bare 间距 or pitch takes its meaning from what is spaced."""
        said = _PITCH_NEXT.match(self._text, measure.end) or _PITCH_BEFORE.search(
            self._before(measure, 10)
        )
        if not said:
            return []
        around = self._clause(measure, 40)
        for pattern, name in _PITCHES:
            if re.search(pattern, around, re.IGNORECASE):
                return [(name, 0.8)]
        low = self._scene.layout.sentence(measure.start)[0]
        near = self._text[max(low, measure.start - 50) : measure.end + 20]
        fibres = re.search(r"光纤|阵列|芯|通道|FA|fiber|V槽|耦合|channel", near)
        if fibres and measure.values[0] in _FIBRE_PITCHES:
            return [("fiber-pitch", 0.85)]
        return []
