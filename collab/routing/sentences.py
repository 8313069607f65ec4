# ruff: noqa: E501 - one sentence a line is easier to check than a wrapped one
"""The words of routes and hand-overs: carriers, kinds of route, kinds of way, verdicts."""

from __future__ import annotations

from collections.abc import Mapping

CARRIERS: Mapping[str, tuple[str, str, str]] = {
    "design": ("layout-file", "加密传输的版图文件", "layout files over an encrypted channel"),
    "mask": ("mask-box", "掩模盒", "mask box"),
    "blank-wafer": ("wafer-box", "晶圆盒", "wafer box"), "epi-wafer": ("wafer-box", "晶圆盒", "wafer box"),
    "wafer": ("wafer-box", "晶圆盒", "wafer box"), "wafer-done": ("wafer-box", "晶圆盒", "wafer box"),
    "bonded-wafer": ("wafer-box", "晶圆盒", "wafer box"),
    "thinned-wafer": ("film-frame", "带绷膜的晶圆环", "film frame"),
    "bar": ("bar-cassette", "巴条盒", "bar cassette"), "die": ("gel-pack", "凝胶盒或华夫盘", "gel pack or waffle tray"),
    "carrier-assembly": ("waffle-tray", "华夫盘", "waffle tray"),
    "sub-assembly": ("device-tray", "器件托盘", "device tray"),
    "packaged-device": ("device-tray", "器件托盘", "device tray"), "module": ("device-tray", "器件托盘", "device tray"),
}  # fmt: skip
KINDS: Mapping[str, tuple[str, str]] = {
    "fastest": ("最快", "fastest"), "fewest": ("交接最少", "fewest hand-overs"),
    "nearest": ("最近", "nearest"), "surest": ("最有把握", "surest"), "pareto": ("折中", "balanced"),
}  # fmt: skip
ROAD: Mapping[str, tuple[str, str]] = {
    "same_site": ("同一园区内", "on one site"), "same_country": ("国内运输", "within the country"),
    "cross_border": ("跨境运输，确认出口管制与清关", "across a border: settle export control and customs"),
    "unknown": ("地点未知", "place unknown"),
}  # fmt: skip
VERDICTS: Mapping[str, tuple[str, str]] = {
    "block": ("不可行", "not possible"), "fix": ("需要补救", "needs a remedy"), "warn": ("注意", "mind"),
    "info": ("说明", "note"), "unknown": ("待确认", "to be confirmed"), "ok": ("符合", "fits"),
}  # fmt: skip
OPERANDS: Mapping[str, tuple[str, str]] = {
    "state": ("交付形态", "the form of the piece"), "required-state": ("可接收的形态", "the forms taken in"),
    "quantity-over-yields": ("考虑良率后的投片数量", "the quantity started, yields considered"),
    "carried-materials": ("片上带有的材料", "the materials on the piece"),
    "cleave-angle-error": ("解理角度误差", "the error of the cleaving angle"),
    "coupler-type": ("耦合方式", "the kind of coupler"), "delivery-format": ("上料方式", "the way pieces are delivered"),
    "hours-since-surface-prep": ("表面处理后的小时数", "the hours since the surface was prepared"),
    "joint-remelt-temperature": ("已有焊点的重熔温度", "the remelting temperature of the joints"),
    "layout-min-feature": ("版图最小线宽", "the smallest drawn feature"),
    "layout-overlay-tolerance": ("版图套刻留量", "the overlay the layout allows"), "mask-scale": ("掩模比例", "the scale of the mask"),
    "start-quantity": ("投片数量", "the quantity started"),
    "excluded-materials": ("不接收的材料", "the materials not taken in"),
    "max-temperature": ("可承受的最高温度", "the highest temperature borne"),
}  # fmt: skip
