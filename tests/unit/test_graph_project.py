"""Projections say who is tied to whom and why; filters leave out exactly what was asked."""

from __future__ import annotations

from datetime import date

import networkx as nx
import pytest

from graph.errors import GraphError
from graph.filters import Filter, narrow
from graph.project import PROJECTIONS, compare_regions, project, roll_up, surroundings
from tests.unit.graph_cases import small, tree

ORGANISATIONS = ["firm", "imec", "lab", "line", "lone"]


def ties(graph: nx.Graph) -> dict[tuple[str, str], float]:
    """Weight by sorted pair."""
    return {tuple(sorted((u, v))): data["weight"] for u, v, data in graph.edges(data=True)}


def test_relations_add_up_parallel_links_and_leave_self_links_out() -> None:
    found = project(small(), "relation")
    assert list(found) == ORGANISATIONS
    assert ties(found) == {("lab", "line"): 3.0, ("firm", "line"): 1.0, ("firm", "imec"): 3.0}
    assert found["lab"]["line"]["links"] == 2
    assert found["lab"]["line"]["kinds"] == ("agreement",)


def test_needs_tie_those_around_them_and_demand_those_who_ask_the_same() -> None:
    around = {("firm", "lab"): 1.0, ("firm", "imec"): 1.0, ("imec", "lab"): 1.0}
    assert ties(project(small(), "need")) == around
    assert ties(project(small(), "demand")) == {("firm", "lone"): 1.0}


def test_a_chain_ties_those_whose_steps_follow_and_who_lack_the_others() -> None:
    found = ties(project(small(), "chain"))
    # imec packages after etching too, but it etches itself and does not need line for that
    assert found == {("lab", "line"): 1.0, ("imec", "lab"): 1.0}


def test_techniques_are_reached_directly_and_through_capabilities() -> None:
    found = project(small(), "technique")
    assert set(map(frozenset, found.edges)) == {
        frozenset(pair)
        for pair in [("lab", "ebl"), ("line", "etch"), ("imec", "etch"), ("imec", "pack")]
    }
    assert found["lab"]["ebl"]["evidence"] == ("verified",)
    with pytest.raises(GraphError, match="unknown projection"):
        project(small(), "friendship")


def test_every_projection_takes_an_empty_graph() -> None:
    for name in PROJECTIONS:
        assert len(project(nx.MultiDiGraph(), name)) == 0


def test_roll_up_counts_members_inside_and_between_at_every_level() -> None:
    found = project(small(), "relation")
    country = roll_up(found, tree(), "country")
    assert ties(country) == {("be", "cn"): 3.0}
    assert country.nodes["cn"]["members"] == 3
    assert country.nodes["cn"]["inside"] == 3
    assert country.nodes["cn"]["kinds"] == {"firm": 1, "lab": 1, "pilot_line": 1}
    assert country.nodes[""]["label_zh"] == "未注明区域"
    city = roll_up(found, tree(), "city")
    assert city.nodes["wuhan"]["members"] == 2
    assert ties(city) == {("shanghai", "wuhan"): 1.0, ("leuven", "shanghai"): 3.0}
    for level in ("country", "province", "city", "park"):
        rolled = roll_up(found, tree(), level)
        inside = sum(count for _, count in rolled.nodes(data="inside"))
        between = sum(count for _, _, count in rolled.edges(data="links"))
        assert inside + between == 4


def test_a_filter_keeps_what_it_names_and_nothing_else() -> None:
    graph, regions = small(), tree()
    assert not set(narrow(graph, Filter(kinds=frozenset({"lab"})))) & {"line", "firm", "lone"}
    inside = narrow(graph, Filter(regions=frozenset({"hubei"})), regions)
    assert {k for k, d in inside.nodes(data=True) if d.get("region")} == {"lab", "line"}
    etching = narrow(graph, Filter(techniques=frozenset({"etch"})))
    assert set(etching) == {"line", "imec", "cap2", "etch"}
    sin = narrow(graph, Filter(materials=frozenset({"sin"})))
    assert set(sin) & set(ORGANISATIONS) == {"lab", "imec"}
    assert "cap2" not in sin
    supplied = narrow(graph, Filter(relations=frozenset({"supplies"})))
    assert ties(project(supplied, "relation")) == {("firm", "line"): 1.0}
    sure = narrow(graph, Filter(evidence=frozenset({"verified"})))
    assert "cap2" not in sure
    assert ties(project(sure, "relation")) == {("firm", "line"): 1.0}
    assert nx.utils.graphs_equal(narrow(graph, Filter()), graph)


def test_the_time_slider_includes_the_first_and_the_last_day() -> None:
    def on(*day: int) -> float:
        found = project(narrow(small(), Filter.on(date(*day))), "relation")
        return ties(found).get(("lab", "line"), 0.0)

    assert [on(2023, 12, 31), on(2024, 1, 1), on(2024, 12, 31), on(2025, 1, 1)] == [0, 2, 2, 1]
    both = Filter(since=date(2024, 6, 1), until=date(2025, 6, 1))
    assert ties(project(narrow(small(), both), "relation"))[("lab", "line")] == 3.0


def test_surroundings_and_two_regions_side_by_side() -> None:
    found = project(small(), "relation")
    assert set(surroundings(found, "lab")) == {"lab", "line"}
    assert set(surroundings(found, "lab", 2)) == {"lab", "line", "firm"}
    with pytest.raises(GraphError, match="nobody"):
        surroundings(found, "nobody")
    two = compare_regions(small(), tree(), "hubei", "be")
    assert two["members"] == [["lab", "line"], ["imec"]]
    assert two["techniques_both"] == ["etch"]
    assert two["techniques_only"] == [["ebl"], ["pack"]]
    assert two["across"] == []
    assert compare_regions(small(), tree(), "shanghai", "be")["across"] == [["firm", "imec"]]
