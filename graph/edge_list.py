"""Tables of nodes and edges from CSV, every mistake named by line and column."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path

import networkx as nx

from graph.errors import GraphError

Source = str | bytes | Path
Row = tuple[int, dict[str, str]]


def read_edge_list(
    nodes: Source | None, edges: Source, *, directed: bool = False
) -> nx.MultiGraph | nx.MultiDiGraph:
    """The graph of two CSV tables: `id[,kind,region,…]` and `source,target[,weight,…]`.

    Text, bytes (UTF-8 or GB 18030) or a path; comma, semicolon or tab; headers in any case and
    order, blank lines skipped. Without a table of nodes the ends of the edges are the nodes.
    Raises GraphError for a missing column or id, an id given twice, an edge to an id that the table
    of nodes lacks, and a weight that is not a number above zero.
    """
    graph = nx.MultiDiGraph() if directed else nx.MultiGraph()
    if nodes is not None:
        _add_nodes(graph, nodes)
    for line, row in _rows(edges, "edges", ("source", "target")):
        ends = [_needed(row, name, "edges", line) for name in ("source", "target")]
        for name, end in zip(("source", "target"), ends, strict=True):
            if nodes is not None and end not in graph:
                raise GraphError(
                    f"no node {end}", f"节点表中没有 {end}", table="edges", line=line, column=name
                )
        graph.add_edge(*ends, weight=_weight(row.get("weight", ""), line))
    return graph


def _add_nodes(graph: nx.Graph, nodes: Source) -> None:
    for line, row in _rows(nodes, "nodes", ("id",)):
        key = _needed(row, "id", "nodes", line)
        if key in graph:
            raise GraphError(
                f"{key} is given twice", f"{key} 重复出现", table="nodes", line=line, column="id"
            )
        graph.add_node(key, **{name: cell for name, cell in row.items() if cell and name != "id"})


def _needed(row: dict[str, str], name: str, table: str, line: int) -> str:
    if not row.get(name):
        raise GraphError(f"{name} is blank", f"{name} 为空", table=table, line=line, column=name)
    return row[name]


def _weight(cell: str, line: int) -> float:
    if not cell:
        return 1.0
    try:
        weight = float(cell)
    except ValueError:
        weight = math.nan
    if math.isfinite(weight) and weight > 0:
        return weight
    raise GraphError(
        f"{cell} is not a number above zero",
        f"{cell} 不是大于零的数",
        table="edges",
        line=line,
        column="weight",
    )


def _read(path: Path, table: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise GraphError(f"cannot read {path}", f"无法读取 {path}", table=table) from problem


def _text(source: Source, table: str) -> str:
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    raw = _read(source, table) if isinstance(source, Path) else source
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise GraphError("is not UTF-8 text", "不是 UTF-8 文本", table=table)


def _rows(source: Source, table: str, wanted: tuple[str, ...]) -> Iterator[Row]:
    text = _text(source, table)
    head = text.partition("\n")[0]
    mark = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    header: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _header(cells, table, wanted)
                continue
            if len(cells) > len(header):
                raise GraphError(
                    f"{len(cells)} cells under {len(header)} columns",
                    f"有 {len(cells)} 个单元格，但只有 {len(header)} 列",
                    table=table,
                    line=reader.line_num,
                )
            yield reader.line_num, dict(zip(header, (c.strip() for c in cells), strict=False))
    except csv.Error as problem:
        raise GraphError(
            f"is not CSV ({problem})", "不是有效的 CSV", table=table, line=reader.line_num
        ) from problem
    if header is None:
        _header([], table, wanted)


def _header(cells: list[str], table: str, wanted: tuple[str, ...]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    for name in wanted:
        if name not in header:
            raise GraphError(
                "the column is missing", "缺少这一列", table=table, line=1, column=name
            )
    return header
