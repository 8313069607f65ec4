"""An answer as a table: one line for each criterion of each candidate, and one for each leg."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collab.importing.workbook import Sheet, to_csv, to_xlsx
from collab.web.answers import CandidateItem
from collab.web.translated import _

Row = list[Any]


def written(page: Mapping[str, Any], wanted: str) -> bytes:
    """The presented answer as CSV (candidates) or XLSX (candidates, routes)."""
    header, rows = _candidate_header(), list(_candidates(page))
    if wanted == "csv":
        return to_csv(header, rows)
    return to_xlsx([
        Sheet(_("候选"), header, rows, (5, 24, 6, 28, 32, 20, 10, 8, 18, 10, 60, 44)),
        Sheet(_("路线"), _route_header(), list(_routes(page)), (16, 6, 24, 28, 32, 20, 14, 60)),
    ])  # fmt: skip


def _candidate_header() -> list[str]:
    return [_("步骤"), _("要做什么"), _("名次"), _("机构"), _("能力"), _("地区"), _("档次"),
            _("得分"), _("条件"), _("判定"), _("理由"), _("可以这样问")]  # fmt: skip


def _route_header() -> list[str]:
    return [
        _("路线"),
        _("序号"),
        _("步骤"),
        _("机构"),
        _("能力"),
        _("地区"),
        _("周数"),
        _("待确认"),
    ]


def _words() -> dict[str, str]:
    return {"meets": _("满足"), "unknown": _("待确认"), "near": _("接近"), "misses": _("不满足")}


def _candidates(page: Mapping[str, Any]) -> Iterator[Row]:
    for number, step in enumerate(page["steps"], 1):
        for place, item in enumerate((*step.fits, *step.near), 1):
            head = [number, step.label, place, item.organisation, item.name, item.place]
            yield from ([*head, *row] for row in _reasons(item))


def _reasons(item: CandidateItem) -> Iterator[Row]:
    words = _words()
    for reason in item.reasons:
        label = reason.label + (f"（{_('优先项')}）" if reason.preferred else "")
        yield [words.get(item.klass, item.klass), round(item.score, 1), label,
               words.get(reason.verdict, reason.verdict), reason.text, reason.question]  # fmt: skip


def _routes(page: Mapping[str, Any]) -> Iterator[Row]:
    for route in (*page["routes"], *page["more_routes"]):
        for number, leg in enumerate(route["legs"], 1):
            asks = "\n".join(one["text"] for one in leg["asks"])
            yield [route["title"], number, leg["step"], leg["organisation"], leg["capability"],
                   leg["place"], leg["weeks"], asks]  # fmt: skip
