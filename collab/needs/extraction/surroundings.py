"""Words around a number that say what it measures although no cue stands by."""

from __future__ import annotations

import re
from collections.abc import Sequence

FIBRE_PITCHES = (82.0, 127.0, 165.0, 250.0)
WAFER_NEXT = re.compile(
    r"(?:的|直径|,|\s"
    r"|-)*(?:[A-Za-z/]{1,20}[\s-]){0,2}(?:[A-Za-z/]{1,20}[\s-]?)?[\u3400-\u9fff]{0,6}?"
    r"(?:晶圆|圆片|衬底|外延片|硅片|片子|产线|工艺线|wafers?\b|substrates?\b|line\b|fab\b|epi)",
    re.IGNORECASE,
)
WAFER_BEFORE = re.compile(
    r"(?:晶圆|圆片|片子|wafers?)\s?(?:[,，:：(（]|of|直径|尺寸|diameter|size)?\s?$", re.IGNORECASE
)
NOT_WAFER_NEXT = re.compile(
    r"\s?(?:屏|显示|液晶|面板|方形?掩模|石英铬版|铬版|掩模|display|screen|panel|机柜|机架|rack)",
    re.IGNORECASE,
)
NO_WAVELENGTH_NEXT = re.compile(
    r"\s?(?:以[上下内]|左右)?(?:的)?\s?(?:厚|宽|深|高|线宽|线条|工艺"
    r"|节点|光刻|步进|pitch|thick|wide"
    r"|deep|node|process|litho|gap|间距|间隙|周期|period|带宽|均匀|bandwidth"
    r"|DUV|KrF|ArF|i线|stepper"
    r"|scanner|layer|膜|层|氧化|SiN|氮化|grating|feature|line|of )"
)
NO_WAVELENGTH_BEFORE = re.compile(
    r"(?:厚|宽|深|高|距|周期|间隙|径|层|度|尺寸|节点|线条|分辨率|差|精度|偏移|漂移|thick|thickness"
    r"|feature|pitch|period|gap|resolution|width|depth|layer of)\s?(?:为|是|of|:|≤|<|约)?\s?$"
)
EXTENT_NEXT = re.compile(r"\s?(?:的)?(?:厚|宽|深|间距|周期|线宽|thick|wide|deep|pitch|period)")
LAYER_NEXT = re.compile(
    r"\s?(?:的|厚的?|of|thick)?\s?(?:(?:[A-Z]*CVD|ALD|thermal|sputtered"
    r"|热|干氧|湿氧|溅射的?|蒸发的?)\s?)?"
    r"(?:氧化硅|二氧化硅|氮化硅|氧化铝|SiO2|SiN\b|Si3N4|Al2O3|HfO2|TiO2"
    r"|ITO|a-Si|oxide|nitride|alumina"
    r"|Au\b|Cr\b|Ti\b|Ni\b|Al\b|Cu\b|Pt\b|gold|金膜|铬|镍|铝膜|铜膜|薄膜|膜层|介质膜)",
)
FILM_BEFORE = re.compile(
    r"(?:氧化硅|二氧化硅|氮化硅|氧化铝|SiO2|SiN|Si3N4|Al2O3|HfO2|TiO2|ITO|a-Si|oxide|nitride"
    r"|alumina"
    r"|(?<![A-Za-z])(?:Au|Cr|Ti|Ni|Pt|Cu)|金膜|薄膜|膜层|介质膜)\s?[:：(（]?$"
)
FACET_NEXT = re.compile(
    r"\s?(?:的|倾?斜)?(?:角|斜面|端面|研磨|抛光)|[ -]?(?:angled?|polish|facet)", re.IGNORECASE
)
PIECE_BEFORE = re.compile(
    r"(?:samples?|pieces?|coupons?)(?: of)?[ :]*$|(?:样品|小片|碎片|方片)[^,，。;；]{0,4}$",
    re.IGNORECASE,
)
THICK_NEXT = re.compile(r"\s?厚(?!度)")
THICK_BEFORE = re.compile(r"(?<!减薄)(?<!板)(?<!片)(?:膜|层|[，,、;；])?厚(?:约|为|\s)*$")
GUIDING = frozenset(
    {"sin", "sion", "tfln", "tflt", "bto", "alumina", "ta2o5", "aln", "soi", "ge", "sic"}
)
LONGEST = 100
HEAT_STEPS = ("thermal", "deposition", "epitaxy", "bonding", "doping")
PITCHES: Sequence[tuple[str, str]] = (
    (r"GSG|探针|probe", "gsg-pitch"),
    (r"凸点|bump|铜柱|pillar|混合键合|hybrid bond|flip[- ]?chip|倒装", "bump-pitch"),
    (r"焊盘|\bpads?\b|wire[- ]?bond|引线键合|金丝|打线", "pad-pitch"),
    (r"像元|像素|pixel", "pixel-pitch"),
)  # fmt: skip
PIXELS_NEXT = re.compile(
    r"[^，,。;；\n\d]{0,10}?(?:焦平面|像[元素]|面阵|阵列|探测器|FPA|focal plane|detectors?"
    r"|pixels?|array)",
    re.IGNORECASE,
)
TESTED_UP_TO = re.compile(
    r"(?:测试|测量|表征|\b(?:tests?|testing|measure(?:d|ments?)?"
    r"|characteri[sz]ation))\s?[(:：,]?\s?"
    r"(?:频率|带宽|范围|frequency)?\s?(?:需?到|至|达|高达|覆盖|up to|to|≥)?\s?$",
    re.IGNORECASE,
)
CUT_BETWEEN = re.compile(
    r"(?:平台|晶圆|薄膜|顶层|器件层|层|[XYZxyz]\s?-?(?:切|cut)|的|[\s:：(,，])*"
)
HEATED = re.compile(
    r"(?:温度?|\btemp(?:erature)?s?\b|\bat)\s*(?:为|要求|控制在|别?不?得?(?:超过|高于|大于|低于"
    r"|小于)|≤|<|约|of|is|not|to|exceed(?:ing)?"
    r"|should|must|be|below|under|above|less|than|max(?:imum)?\.?|up|at most|within|:|：|\s)*$",
    re.IGNORECASE,
)
OTHER_HEAT = re.compile(
    r"工作|使用温|环境温|运输|存放|储存|存储|贮存|测试|试验|老化|三温|高低温|温循|室温|水温|结温"
    r"|operat|storage|ambient|test|room|burn|junction|cycl",
    re.IGNORECASE,
)
SPACED = re.compile(
    r"光纤|FAU?\b|fib(?:er|re)|V槽|V-groove|耦合|coupl|"
    + "|".join(pattern for pattern, _ in PITCHES),
    re.IGNORECASE,
)
NO_FILM = 100  # micrometres: such a thickness is one of a wafer
OF = re.compile(r"\s?(?:of|约|about)?\s?", re.IGNORECASE)
DOWN_TO = re.compile(
    r"\s?(?:down\s)?(?:to|at|到|至|精度)?\s?(?:[≤<]|about|约|below|不超过)?\s?", re.IGNORECASE
)
DEVICE_LAYER_NEXT = re.compile(
    r"\s?(?:厚?的?)?\s?(?:top[- ])?(?:SOI|LNOI|LTOI|TFLN|顶硅|顶层硅|器件层"
    r"|device layer)(?![A-Za-z]|\s?(?:工艺|流片平台|process))"
)
IO_NEXT = re.compile(r"\s?(?:IO|I/O|I/Os|bond pads?|bonding pads?|焊盘|引脚)(?![A-Za-z])")
ACCURACY = re.compile(
    r"(?:精度|accuracy)\s?(?:为|优于|不低于|要求|of|:|：|≤|<|better than|within|\s)*$"
)
DEEP_BEFORE = re.compile(r"(?:深(?:度|为|约|至|到|\s)*|刻(?:透|深|掉|到|至)(?:约|到|至|\s)*)$")
LITHO_LIGHT = frozenset({193.0, 248.0, 365.0, 405.0, 436.0, 13.5})
FEATURE_NEXT = re.compile(
    r"\s?(?:的|DUV|级)?\s?(?:光刻|制程|工艺节点|节点|工艺线|(?:DUV |optical )?lithograph"
    r"|(?:technology )?nodes?\b|process node)",
    re.IGNORECASE,
)
OPERATES = re.compile(
    r"(?:工作于|工作在|\boperat(?:ing|ion|es?))[^,，.。;；\d]{0,14}$", re.IGNORECASE
)
LINE_NEXT = re.compile(
    r"\s?(?:的)?\s?(?:线|宽|孔|周期|光栅|节点|wide|lines?|pitch|period|hole|grating|feature)"
)
PITCH_NEXT = re.compile(r"\s?(?:间距|节距|pitch)", re.IGNORECASE)
PITCH_BEFORE = re.compile(r"(?:间距|节距|pitch)(?:为|是|:|of|\s|≤|约)*$", re.IGNORECASE)
