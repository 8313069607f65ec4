"""The whole answer to a need: candidates, routes under every objective, and gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from collab.matching.answer import NEAR, Answer, Planned, StepResult, judge_steps
from collab.matching.answer import answer as match_answer
from collab.matching.gaps import find_gaps
from collab.matching.records import NeedProfile
from collab.matching.snapshot import Snapshot
from collab.matching.words import both
from collab.routing.checklist import route_view, rule_view
from collab.routing.existence import route_exists
from collab.routing.front import pareto
from collab.routing.opening import Opening, openings
from collab.routing.plan import Plan, make_plan
from collab.routing.planner import OBJECTIVES, Search
from collab.routing.remedies import Remedies
from collab.routing.route import Route, Workshop, build_route, plain_route
from collab.routing.rules import rule_book
from collab.routing.walker import Walker
from collab.routing.widening import widening_view, widenings
from collab.vocabulary.catalog import Vocabulary

PER_KIND = 3
WIDEST = 100
"""Routes looked at for one objective where remedies stand in the way of the exact order."""
CONSIDERED = 5
"""Routes worked out in full per objective; three are shown, the rest feeds the Pareto view."""


@dataclass(frozen=True)
class Routes:
    """The best routes of a need by objective, best first; `complete` is False when the search was
    cut short, `broken` True when all steps have candidates and yet no route holds."""

    plan: Plan
    by_kind: dict[str, list[Route]]
    complete: bool = True
    broken: bool = False

    def all(self) -> list[Route]:
        """Every different route once."""
        seen: dict[tuple[str, ...], Route] = {}
        for routes in self.by_kind.values():
            for route in routes:
                seen.setdefault(route.key, route)
        return list(seen.values())


def routable(results: Sequence[StepResult]) -> bool:
    """True when every step that must be done has a candidate that fits."""
    must = [r for r in results if not r.ask.step.optional]
    return bool(results) and all(r.fits for r in must) and any(r.fits for r in results)


class _Finder:
    """Finds and builds the best routes over one plan."""

    def __init__(self, vocabulary: Vocabulary, plan: Plan, finder: Remedies) -> None:
        book = rule_book(vocabulary)
        self.shop = Workshop(vocabulary, book, plan, finder)
        walker = Walker(plan, book)
        self.search = None
        if route_exists(vocabulary, plan, walker):
            self.search = Search(plan, book, walker)
            self.search.look_ahead()  # the surest need it, so the others may as well
        self.built: dict[tuple[int, ...], Route] = {}

    def best(self, kind: str, count: int) -> list[Route]:
        """The `count` best routes of a kind. A remedy put in makes a route longer than the search
        knew: then more are looked at, until none that needs no remedy can be better."""
        if self.search is None:
            return []
        wanted = count
        while True:
            paths = self.search.best(kind, wanted)
            found = [self._build(p) for p in paths]
            ranked = sorted(found, key=lambda r: (*r.order(kind), *r.key))[:count]
            if len(paths) < wanted or wanted >= WIDEST or not any(map(_mended, found)):
                return ranked
            last = plain_route(self.shop, paths[-1])
            if ranked[-1].order(kind)[0] <= last.order(kind)[0]:
                return ranked
            wanted = min(4 * wanted, WIDEST)

    def _build(self, path: tuple[int, ...]) -> Route:
        if path not in self.built:
            self.built[path] = build_route(self.shop, path)
        return self.built[path]


def _mended(route: Route) -> bool:
    return any(leg.remedy for leg in route.legs)


def plan_routes(
    vocabulary: Vocabulary,
    snapshot: Snapshot,
    need: NeedProfile,
    results: Sequence[StepResult],
    *,
    count: int = CONSIDERED,
) -> Routes:
    """The best routes over the candidates of all steps; optional steps are left out when the
    piece cannot pass through them."""
    plan = make_plan(vocabulary, need, results)
    if not routable(results):
        return Routes(plan, {})
    mends = Remedies(vocabulary, snapshot, need)
    finder = _Finder(vocabulary, plan, mends)
    if finder.search is None and any(s.step.optional for s in plan.steps):
        plan = make_plan(vocabulary, need, results, optional=False)
        if plan.steps:
            finder = _Finder(vocabulary, plan, mends)
    by_kind = {kind: finder.best(kind, count) for kind in OBJECTIVES}
    complete = finder.search is None or finder.search.complete
    return Routes(plan, by_kind, complete, broken=not any(by_kind.values()))


def routes_view(
    vocabulary: Vocabulary, routes: Routes, per_kind: int = PER_KIND
) -> list[dict[str, Any]]:
    """The best few of every kind, then those of the Pareto view that are not among them."""
    front = {r.key for r in pareto(routes.all())}
    views, shown = [], set()
    for kind, found in routes.by_kind.items():
        for place, route in enumerate(found[:per_kind], start=1):
            shown.add(route.key)
            views.append(
                route_view(vocabulary, routes.plan, route, kind, place, route.key in front)
            )
    left = [r for r in routes.all() if r.key in front and r.key not in shown]
    for place, route in enumerate(left[:per_kind], start=1):
        views.append(route_view(vocabulary, routes.plan, route, "pareto", place, True))
    return views


_BROKEN = (
    "各步骤都有候选，但没有一条路线的交接全部成立或能按期完成",
    "Every step has candidates, but on no route do all hand-overs hold within the deadline",
)


def _opening_view(vocabulary: Vocabulary, opening: Opening) -> dict[str, Any]:
    if opening.code == "deadline":
        return {
            "code": "deadline",
            **both("若期限可以放宽，则有路线", "a route exists if the deadline may slip"),
        }
    zh, en = (vocabulary.label(opening.technique, lang) for lang in ("zh", "en"))
    return {
        "code": "missing_step",
        "rule": opening.rule,
        "technique": opening.technique,
        "before": opening.before,
        **both(f"若增加一步“{zh}”，则有路线", f"a route exists with a step of {en.lower()} put in"),
    }


def route_gap(
    vocabulary: Vocabulary,
    snapshot: Snapshot,
    need: NeedProfile,
    results: Sequence[StepResult],
    routes: Routes,
) -> dict[str, Any]:
    """The gap of a need whose steps all have candidates: the rules that stop every route, and the
    single changes that open one, with the best route of the first."""
    stopping, found = openings(vocabulary, snapshot, need, results, routes.plan)
    at = routes.plan.steps[stopping[0].place].step if stopping else None
    opened: list[dict[str, Any]] = []
    if found and found[0].need is not None:
        changed = found[0].need
        again = judge_steps(vocabulary, snapshot, changed, top=50, near=0)
        opened = routes_view(vocabulary, plan_routes(vocabulary, snapshot, changed, again), 1)
    return {
        "step": at.key if at else None,
        "technique": at.techniques[0] if at and at.techniques else None,
        "code": "no_route",
        "killer": stopping[0].checked.rule.id if stopping else "deadline",
        "reason": both(*_BROKEN),
        "rules": [rule_view(vocabulary, b.checked) for b in stopping],
        "relaxations": [_opening_view(vocabulary, o) for o in found],
        "routes": opened,
        "complete": routes.complete,
    }


def _planner(
    vocabulary: Vocabulary, snapshot: Snapshot, need: NeedProfile, results: Sequence[StepResult]
) -> Planned:
    routes = plan_routes(vocabulary, snapshot, need, results)
    broken, opening = [], None
    if routes.broken and routes.plan.steps:
        broken.append(route_gap(vocabulary, snapshot, need, results, routes))
    if not any(routes.by_kind.values()) and need.steps:
        opening = widenings(vocabulary, snapshot, need, results)
    return Planned(
        routes_view(vocabulary, routes), broken, widening_view(vocabulary, need, opening)
    )


def answer(
    profile: NeedProfile,
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    *,
    today: date,
    top: int = 50,
    near: int = NEAR,
) -> Answer:
    """Candidates with reasons, routes and gaps of a need, in the shape of INTERFACES `match`.

    Every text is there in Chinese and English. `today` only dates the deadline.
    """
    return match_answer(
        profile,
        snapshot,
        vocabulary,
        today=today,
        top=top,
        near=near,
        planner=partial(_planner, vocabulary, snapshot),
        gap_finder=partial(find_gaps, vocabulary, snapshot),
    )
