"""What results can be narrowed and ordered by: one row a facet or sort order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow results; `names` are how a query may write it before a colon."""

    id: str
    zh: str
    en: str
    names: tuple[str, ...]
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Sort:
    """One order of results."""

    id: str
    zh: str
    en: str


FACETS: dict[str, Facet] = {
    f.id: f
    for f in (
        Facet("kind", "类型", "Kind", ("kind", "类型", "种类")),
        Facet("category", "类别", "Category", ("category", "类别", "分类")),
        Facet("technique", "技术", "Technique", ("technique", "tech", "技术", "工艺")),
        Facet("material", "材料", "Material", ("material", "材料", "平台")),
        Facet("wafer", "晶圆尺寸", "Wafer size", ("wafer", "晶圆", "晶圆尺寸", "尺寸")),
        Facet("region", "地区", "Region", ("region", "place", "地区", "区域", "城市")),
        Facet("organisation_kind", "机构类型", "Organisation kind",
              ("organisation_kind", "orgkind", "机构类型")),
        Facet("access_mode", "开放方式", "Access", ("access", "access_mode", "开放方式", "开放")),
        Facet("evidence", "证据", "Evidence", ("evidence", "证据", "可信度")),
        Facet("status", "状态", "Status", ("status", "状态")),
        Facet("organisation", "机构", "Organisation", ("organisation", "org", "机构", "单位"),
              counted=False),
    )
}  # fmt: skip

SORTS: dict[str, Sort] = {
    s.id: s
    for s in (
        Sort("relevance", "相关度", "Relevance"),
        Sort("distance", "距离", "Distance"),
        Sort("fresh", "最近更新", "Freshness"),
        Sort("evidence", "证据等级", "Evidence"),
    )
}

COUNTED = tuple(f.id for f in FACETS.values() if f.counted)
BY_NAME: dict[str, str] = {name: f.id for f in FACETS.values() for name in f.names}
