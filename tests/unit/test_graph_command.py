"""`graph-metrics` takes tables as people have them and refuses in one plain line with status 2."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import pytest
from click.testing import CliRunner, Result

from collab.cli import graph_metrics_command
from graph.metrics import METRICS


def run(folder: Path, edges: bytes, nodes: bytes | None = None, *more: str) -> Result:
    """The command on these tables."""
    (folder / "edges.csv").write_bytes(edges)
    arguments = ["--edges", str(folder / "edges.csv"), *more]
    if nodes is not None:
        (folder / "nodes.csv").write_bytes(nodes)
        arguments += ["--nodes", str(folder / "nodes.csv")]
    return CliRunner().invoke(graph_metrics_command, arguments)


def metrics(result: Result) -> dict[str, dict[str, object]]:
    assert result.exit_code == 0, result.output
    found: dict[str, dict[str, object]] = json.loads(result.stdout)["metrics"]
    assert set(found) == set(METRICS)
    return found


def test_florentine_families_from_tables(tmp_path: Path) -> None:
    families = nx.florentine_families_graph()
    edges = "source,target\n" + "".join(f"{u},{v}\n" for u, v in families.edges)
    nodes = "id\n" + "".join(f"{n}\n" for n in families) + "Pucci\n"
    found = metrics(run(tmp_path, edges.encode(), nodes.encode(), "--json"))
    medici = found["betweenness"]["nodes"]["Medici"]  # type: ignore[index]
    expected = nx.betweenness_centrality(families)["Medici"] * (14 * 13) / (15 * 14)
    assert medici == pytest.approx(expected, abs=1e-9), "the sixteenth family stands alone"
    alone = metrics(run(tmp_path, edges.encode(), None, "--json"))
    assert alone["betweenness"]["nodes"]["Medici"] == pytest.approx(0.521978021978022)  # type: ignore[index]


@pytest.mark.parametrize(
    "edges",
    [
        "source,target,weight\n武汉,上海,2\n上海,西安,\n",
        "\ufeffsource,target,weight\r\n武汉,上海,2\r\n上海,西安,\r\n",
        "target;source;weight\n上海;武汉;2\n西安;上海;1\n",
        "source,target,weight\n武汉,上海,1\n上海,武汉,1\n上海,西安,1\n西安,西安,9\n",
    ],
    ids=["plain", "byte order mark and CRLF", "other order and mark", "parallel and self links"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_the_same_network_in_any_dress(tmp_path: Path, edges: str, encoding: str) -> None:
    found = metrics(run(tmp_path, edges.encode(encoding), None, "--json"))
    assert found["weighted_degree"]["nodes"] == {"上海": 3.0, "武汉": 2.0, "西安": 1.0}
    assert found["degree"]["nodes"] == {"上海": 2.0, "武汉": 1.0, "西安": 1.0}


def test_direction_islands_and_nothing(tmp_path: Path) -> None:
    arrows = b"source,target\na,b\nb,c\nc,a\n"
    there = metrics(run(tmp_path, arrows, b"id\na\nb\nc\nd\n", "--json", "--directed"))
    assert there["betweenness"]["nodes"]["a"] == pytest.approx(1 / 6)  # type: ignore[index]
    assert there["components"]["value"] == 2.0
    empty = metrics(run(tmp_path, b"source,target\n", b"id\n", "--json"))
    assert empty["density"]["value"] in (0, None)
    assert "betweenness" in run(tmp_path, arrows).stdout, "without --json a line for each metric"


def test_a_hub_of_ten_thousand(tmp_path: Path) -> None:
    edges = "source,target\n" + "".join(f"hub,n{i}\n" for i in range(10_000))
    found = metrics(run(tmp_path, edges.encode(), None, "--json"))
    assert found["betweenness"]["nodes"]["hub"] == pytest.approx(1.0)  # type: ignore[index]
    assert found["articulation_points"]["value"] == 1.0


@pytest.mark.parametrize(
    ("edges", "nodes", "words"),
    [
        (b"source,target,weight\na,b,0\n", None, "line 2, column weight"),
        (b"source,target,weight\na,b,-1\n", None, "above zero"),
        (b"source,target,weight\na,b,nan\n", None, "above zero"),
        (b"source,target,weight\na,b,inf\n", None, "above zero"),
        (b"source,target,weight\na,b,1e999\n", None, "above zero"),
        (b"source,target,weight\na,b,heavy\n", None, "heavy"),
        (b"a,b\nb,c\n", None, "column is missing"),
        (b"", None, "column is missing"),
        (b"source,target\na,b\n", b"id\na\n", "no node b"),
        (b'source,target\n"a\nb",\n', None, "target"),
        (b"\x00\xff\xfe\xff", None, "edges"),
        (b"source,target\na,b\n", b"name\na\n", "id"),
    ],
)
def test_refusals_are_one_line_with_status_two(
    tmp_path: Path, edges: bytes, nodes: bytes | None, words: str
) -> None:
    refused = run(tmp_path, edges, nodes, "--json")
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert words in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    gone = CliRunner().invoke(
        graph_metrics_command, ["--edges", str(tmp_path / "gone.csv"), "--json"]
    )
    assert gone.exit_code == 2
    assert "gone.csv" in gone.stderr
    folder = CliRunner().invoke(graph_metrics_command, ["--edges", str(tmp_path), "--json"])
    assert folder.exit_code == 2
    assert folder.stderr.count("\n") == 1
