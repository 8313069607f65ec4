# ruff: noqa: E501 - one sentence a line is easier to check than a wrapped one
"""Why each row of the tables stands as it does: the reason in both languages, and a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from collab.routing import tables

CHAINS = "data/vocab/chains.yaml"
LNF = "https://lnf-wiki.eecs.umich.edu/wiki/In/Au_bonding/Processes"
FANOUT = "http://www.suss.com/en/products-solutions/markets/wafer-level-packaging/fan-out-wafer-level-package.html"
CARRIER = "https://doi.org/10.3390/electronics12071666"
ETCHED = "https://www.kerrfrequencycombs.org/?p=169"
PRINTING = "https://doi.org/10.1109/JLT.2026.3689409"
PIECES = "http://doe.carleton.ca/photolithography"
IMPRINT = "https://doi.org/10.1186/s40580-016-0081-y"
BARS = "https://www.tomosemi.com/wiki/creating-the-laser-diode-facets/"


class Ground(NamedTuple):
    """Rows that stand for one reason; `source` is a file of the vocabulary, an address, or empty
    where it is what the words of the techniques mean."""

    rows: Mapping[str, tuple[str, ...]]
    zh: str
    en: str
    source: str = ""


GROUNDS: tuple[Ground, ...] = (
    Ground({"STATE_AFTER": ("design", "mask")}, "产出是文件或掩模版，不是工件", "what comes out is files or a mask set, not a piece", CHAINS),
    Ground({"STATE_AFTER": ("wafer", "wafer.epiwafer", "epitaxy")}, "衬底出来是空白片，生长之后是外延片", "a substrate is a blank wafer; after growth it is an epitaxial one", CHAINS),
    Ground({"STATE_AFTER": ("wafer.resize", "wafer.carrier-mount", "bonding.temporary", "packaging.substrate"), "RENEWS": ("wafer.carrier-mount", "bonding.temporary"), "PASSING": ("bonding.temporary",)},
           "只改变尺寸或支撑，不改变工件所处阶段；厚度随载片变化，载片的耐温只在它还在时有效", "changes size or support, not how far the piece has come; the thickness is that of the stack, and the glue's limit holds while the carrier is on", CARRIER),
    Ground({"STATE_AFTER": ("foundry",), "TAKES": ("foundry", "wafer", "epitaxy")}, "前道线以整片为单位；交付晶圆还是裸片按订单，故交接时先问", "front-end lines work on whole wafers; whether wafers or chips are handed over is as ordered, so it is asked", CHAINS),
    Ground({"STATE_AFTER": ("foundry.mpw",), "FLAGS_SET": ("foundry.mpw",), "FLAGS_CLEARED": ("foundry",)}, "拼片流片通常交付裸片，层数固定；独立流片不再共享", "a shuttle run usually delivers dies and has fixed layers; a run of one's own is not shared", CHAINS),
    Ground({"STATE_AFTER": ("foundry.short-loop",)}, "短流程送来什么就还回什么", "a short loop gives back what it was given", CHAINS),
    Ground({"STATE_AFTER": ("lithography", "deposition", "etching", "doping", "planarization", "passivation", "waveguide")}, "前道工艺之后仍是工艺中的晶圆", "after a front-end step the wafer is still in process", CHAINS),
    Ground({"STATE_AFTER": ("deposition.metallization", "deposition.electroplating")}, "电极和焊盘通常是最后的前道步骤；之后仍可继续前道加工", "electrodes and pads are usually the last front-end step; more may still follow", CHAINS),
    Ground({"STATE_AFTER": ("bonding", "transfer", "transfer.laser-lift-off", "transfer.mass-transfer"), "TAKES": ("transfer",)}, "键合与转移之后是键合片；激光剥离后是薄片，巨量转移后是组件", "bonding and transfer leave a bonded wafer, laser lift-off a thin one, mass transfer an assembly", CHAINS),
    Ground({"EITHER_FORM": ("bonding.die-to-wafer", "bonding.hybrid", "transfer.micro-transfer-printing")}, "芯片可以落到晶圆上，也可以落到另一颗芯片上，必须先问", "chips may land on a wafer or on another chip: it has to be asked", PRINTING),
    Ground({"STATE_AFTER": ("thinning", "singulation", "singulation.cleaving"), "TAKES": ("thinning", "thinning.lapping", "singulation")}, "减薄得薄片，解理得巴条，划片得芯片；研磨抛光也用于组件背面去衬底", "thinning leaves a thin wafer, cleaving bars, dicing chips; lapping also takes the substrate off an assembly", CHAINS),
    Ground({"EITHER_FORM": ("singulation.sorting",), "MAY_TAKE": ("singulation", "facet")}, "分选前是否已划片、组件能否再切或再镀膜，各家不同", "whether what is sorted was diced before, and whether assemblies are cut or coated, differs between houses"),
    Ground({"EITHER_FORM": ("etching.facet", "facet.polishing"), "COUPLER_MADE": ("etching.facet", "facet.polishing")}, "刻蚀端面可以留在晶圆上，也可以刻穿后分片；抛光前往往已切开。端面使端面耦合成为可能，但不排除芯片上另有光栅", "etched facets may stay on the wafer or end in chips, and polishing often starts from cut pieces; a facet makes edge coupling possible and does not rule out gratings beside it", ETCHED),
    Ground({"STATE_AFTER": ("packaging", "packaging.die-attach", "packaging.flip-chip", "packaging.wire-bond", "packaging.coupling", "packaging.tec", "packaging.heatsink", "packaging.electrical-interconnect", "packaging.encapsulation")}, "贴片得载体组件，互连、耦合与温控得组件，封装得器件", "attach leaves a chip on carrier; interconnect, coupling and cooling an assembly; a package a device", CHAINS),
    Ground({"STATE_AFTER": ("packaging.coupling.laser-welding", "packaging.pluggable-module", "packaging.smt", "packaging.cpo")}, "激光焊接封住器件；上板与共封装得模块", "laser welding closes the device; board assembly and co-packaging make a module", CHAINS),
    Ground({"STATE_AFTER": ("packaging.coupling.microlens",)}, "微透镜可在晶圆级做，不改变形态", "micro-lenses are also made on the wafer and leave its form as it is", CHAINS),
    Ground({"STATE_AFTER": ("packaging.bumping", "packaging.rdl", "packaging.tsv", "packaging.tgv"), "TAKES": ("packaging.bumping", "packaging.rdl", "packaging.tsv", "packaging.tgv"), "RENEWS": ("packaging.bumping", "packaging.rdl")}, "凸点、重布线与通孔是晶圆级工艺；凸点换掉焊盘金属，重布线换掉焊盘间距", "bumps, redistribution and vias are wafer-level steps; bumps renew the pad metal, redistribution the pad pitch", CHAINS),
    Ground({"STATE_AFTER": ("packaging.advanced",), "EITHER_FORM": ("packaging.advanced", "packaging.fan-out", "packaging.flip-chip", "packaging.encapsulation")}, "扇出把切开的芯片重构成晶圆再切；倒装与塑封可在晶圆级或单颗上做", "fan-out puts diced chips into an artificial wafer and cuts it again; flip chip and moulding are done on wafers or on single chips", FANOUT),
    Ground({"RENEWS": ("planarization.cmp",)}, "化学机械抛光就是为了改变粗糙度", "polishing is there to change the roughness"),
    Ground({"FLAGS_SET": ("wafer.carrier-mount", "thinning.backside-metal", "test.wafer-level", "test.bar-chip", "test.burn-in", "packaging.hermetic-seal", "packaging.die-attach.epoxy", "packaging.encapsulation", "packaging.coupling.fiber-array", "etching.release"), "FLAGS_CLEARED": ("wafer.resize",)},
           "词表 piece_attributes 的 update 一栏", "the `update` column of the vocabulary's piece_attributes", CHAINS),
    Ground({"FLAGS_SET": ("cleaning",), "FLAGS_CLEARED": ("singulation", "packaging.die-attach", "packaging.flip-chip")}, "划片与助焊剂弄脏端面，清洗之后才干净", "dicing and flux soil the facet, a clean makes it clean", CHAINS),
    Ground({"REMELT_DEGC": ("packaging.die-attach.eutectic", "packaging.flip-chip", "packaging.smt"), "REMELT_BY_METAL": ("ausn", "snag", "in")}, "金锡 280、金硅 370、铟 157、锡银铜 217、锡铋 138 ℃；线没有说明焊料时按可能的最低与最高判断", "AuSn 280, AuSi 370, In 157, SAC 217, BiSn 138 degC; where a line names no solder the lowest and the highest in use count", LNF),
    Ground({"REMELT_DEGC": ("packaging.thermocompression-flip-chip",)}, "锡帽 217 ℃ 重熔，金对金不重熔", "a tin cap melts at 217 degC, gold on gold does not"),
    Ground({"METALS_ADDED": ("deposition.metallization", "deposition.electroplating", "packaging.bumping", "thinning.backside-metal")}, "这些步骤把金属带到工件上；没有说明种类时接收方要问", "these steps bring metal onto the piece; which one is asked where it is not stated", CHAINS),
    Ground({"MASK_MADE": ("mask.photomask", "mask.reticle"), "MASK_TAKEN": ("lithography.contact", "lithography.stepper", "lithography.duv")}, "接触式用 1:1 版，步进与扫描用 4 倍或 5 倍母版", "contact tools use 1x plates, steppers and scanners 4x or 5x reticles", CHAINS),
    Ground({"MASKLESS": ("lithography.ebl", "lithography.laser-direct-write", "lithography.two-photon", "lithography.holographic")}, "直写与干涉不需要掩模；压印要自己的模板，剥离可配任何曝光，故不在此列而要问", "writing and interference need no mask; imprint needs a stamp of its own and lift-off goes with any exposure, so they are asked", IMPRINT),
    Ground({"COUPLER_TAKEN": ("packaging.coupling.edge", "packaging.coupling.grating")}, "名称即耦合方式", "the name is the kind of coupler", CHAINS),
    Ground({"TAKES": ("lithography", "deposition", "etching", "thermal", "bonding", "doping", "planarization", "passivation", "waveguide")}, "前道设备以整片为准；给出样片尺寸的线也接收小片", "front-end tools take whole wafers; a line that states sizes of pieces takes loose ones", PIECES),
    Ground({"MAY_TAKE": ("doping", "planarization", "passivation", "waveguide")}, "实验室线常在芯片上做，没有说明就问", "laboratories often do it on chips: asked where it is not stated", PIECES),
    Ground({"TAKES": ("lithography.laser-direct-write", "deposition.spin-coating", "etching.substrate-removal", "deposition.optical-coating", "bonding.eutectic", "bonding.hybrid", "waveguide.fs-writing")}, "这些工艺也在芯片、组件或封好的器件上做", "these are also done on chips, assemblies or packaged devices", CHAINS),
    Ground({"MAY_TAKE": ("waveguide.trimming", "transfer.laser-lift-off"), "TAKES": ("transfer.laser-lift-off", "waveguide.trimming")}, "模板里激光剥离用整片、修调用芯片；用芯片剥离、在组件或封好的器件上修调要先问", "the templates lift off whole wafers and trim chips; lifting off chips, and trimming assemblies or packaged devices, is asked", CHAINS),
    Ground({"TAKES": ("facet",)}, "端面处理用巴条或芯片", "facets are treated on bars or chips", BARS),
    Ground({"TAKES": ("packaging", "packaging.die-attach", "packaging.flip-chip", "packaging.tec", "packaging.wire-bond", "packaging.coupling", "packaging.hermetic-seal", "packaging.form", "packaging.pluggable-module", "biointerface")}, "封装步骤接收组件，耦合与打线也在管壳内做，模块在最后", "packaging takes assemblies; coupling and bonding are also done inside a housing; the module comes last", CHAINS),
)  # fmt: skip

TABLES = ("STATE_AFTER", "EITHER_FORM", "RENEWS", "FLAGS_SET", "FLAGS_CLEARED", "PASSING",
          "REMELT_DEGC", "REMELT_BY_METAL", "MASK_MADE", "COUPLER_MADE", "METALS_ADDED", "TAKES",
          "MAY_TAKE", "MASK_TAKEN", "MASKLESS", "COUPLER_TAKEN")  # fmt: skip
"""Every table of rules of thumb by its name."""


def rows_of(table: str) -> set[str]:
    """The rows of a table by its name."""
    found: Iterable[str] = getattr(tables, table)
    return set(found)
