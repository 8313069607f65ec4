"""Parameters that become another one through the words around them: 膜厚 of an SOI device layer."""

from __future__ import annotations

import re
from collections.abc import Sequence

# (parameter, words before it, what it becomes or nothing, how far to look)
CONTEXT_SHIFT: Sequence[tuple[str, str, str, int]] = (
    ("etch-depth", r"TSV|TGV|通孔|via", "via-depth", 24),
    ("wafer-diameter", r"TSV|TGV|通孔|\bvia", "via-diameter", 24),
    ("film-thickness", r"减薄|磨|thinn|grind|lapp", "final-thickness", 14),
    ("film-thickness", r"埋氧|BOX|buried|下包层", "buried-oxide-thickness", 12),
    (
        "film-thickness",
        r"LNOI|LTOI|TFLN|铌酸锂|顶硅|顶层|器件层|SOI|氮化硅|SiN|nitride|波导层?(?=[^，,]*$)"
        r"|waveguide layer",
        "device-layer-thickness",
        12,
    ),
    (
        "film-thickness",
        r"(?:衬底|晶圆|圆片|片子|来料|wafer|substrate)\s?(?:的)?\s?$",
        "wafer-thickness",
        6,
    ),
    ("film-thickness", r"wafers?,?\s*$", "wafer-thickness", 8),
    ("insertion-loss", r"耦合|端面|coupling|每端|单端", "coupling-loss", 10),
    ("operating-temperature", r"测试|试验|存储|test|storage", "test-temperature", 8),
    ("via-diameter", r"氧化", "", 8),
)

# insertion loss repeatability is another property than the insertion loss
DERIVED = re.compile(
    r"\s?的?(?:测[试量])?(?:重复性|复现性|稳定性|一致性|不确定度|漂移|波动|分辨率)"
    r"|\s?(?:measurement )?(?:repeatability|reproducibility|stability|consistency|uncertainty|drift"
    r"|fluctuation|ripple)\b",
    re.IGNORECASE,
)

# a figure of this kind needs a step that makes it
MADE_BY = {
    "final-thickness": re.compile(r"薄|磨|抛|厚|thin|grind|lapp|polish|thick", re.IGNORECASE),
    "etch-depth": re.compile(
        r"刻|蚀|槽|台阶|台面|脊|etch|groove|trench|mesa|ridge|recess|RIE|ICP|IBE|孔|via|TSV",
        re.IGNORECASE,
    ),
}
