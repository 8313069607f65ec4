# ruff: noqa: E501 - one sentence a line is easier to check than a wrapped one
"""The sentences of the matching rules by code: Chinese and English with the facts to fill in."""

from __future__ import annotations

from collections.abc import Mapping

Pair = tuple[str, str]

PLAIN: Mapping[str, Pair] = {
    "technique_same": ("提供{offered}", "offers {offered}"),
    "technique_narrower": ("需要{asked}，提供更具体的{offered}", "needs {asked}, offers {offered}, a kind of it"),
    "technique_broader": ("需要{asked}，只说明了{offered}，未说明是否包括", "needs {asked}; only {offered} is stated, which may or may not include it"),
    "technique_excluded": ("{offered}已被排除", "{offered} is excluded"),
    "not_operating": ("该能力{status}，目前不是供给", "this capability is {status} and is no supply today"),
    "material_listed": ("需要{asked}，已列出{offered}", "needs {asked}, lists {offered}"),
    "material_not_stated": ("需要{asked}，未说明材料", "needs {asked}, no material stated"),
    "material_family": ("需要{asked}，只列出上级材料族{offered}", "needs {asked}, lists only the family {offered}"),
    "material_partly": ("需要{asked}，列出{offered}，其中{open}待确认", "needs {asked}, lists {offered}; {open} is open"),
    "material_other": ("需要{asked}，只列出{offered}", "needs {asked}, lists only {offered}"),
    "material_refused": ("不要{asked}，只列出{offered}", "refuses {asked}, lists only {offered}"),
    "material_not_refused": ("不要{asked}，另列出{offered}", "refuses {asked}, lists {offered}"),
    "region_inside": ("位于{offered}", "stands in {offered}"),
    "region_outside": ("需要位于{asked}，位于{offered}", "must stand in {asked}, stands in {offered}"),
    "region_excluded": ("位于被排除的地区{offered}", "stands in {offered}, which is excluded"),
    "region_unknown": ("地点未知", "place unknown"),
    "lead_meets": ("需要 {asked} 周内，声明 {offered} 周", "needed within {asked} weeks, states {offered} weeks"),
    "lead_misses": ("需要 {asked} 周内，声明 {offered} 周", "needed within {asked} weeks, states {offered} weeks"),
    "lead_between": ("需要 {asked} 周内，声明 {offered} 周，待确认", "needed within {asked} weeks, states {offered} weeks: to be confirmed"),
    "lead_not_stated": ("需要 {asked} 周内，未声明交期", "needed within {asked} weeks, no lead time stated"),
    "price_within": ("预算 {asked}，标价 {offered}", "budget {asked}, price {offered}"),
    "price_above": ("预算 {asked}，标价 {offered}", "budget {asked}, price {offered}"),
}  # fmt: skip


QUESTIONS: Mapping[str, Pair] = {
    "technique": ("贵方能否做{asked}？", "Do you offer {asked}?"),
    "material": ("贵方能否加工{asked}？", "Do you process {asked}?"),
    "material-excluded": ("贵方产线能否避开{asked}？", "Can your line keep clear of {asked}?"),
    "region": ("贵方的加工地点在哪里？", "Where would the work be done?"),
    "deadline": ("贵方能否在 {asked} 周内完成？", "Can you deliver within {asked} weeks?"),
}
