"""What the graph refuses, with the place and both languages."""

from __future__ import annotations


class GraphError(ValueError):
    """An input that cannot become a graph.

    `table` is "nodes" or "edges" for files, `line` counts from 1 with the header as line 1, and
    `column` is the header's name; each is empty or None where it does not apply.
    """

    def __init__(
        self, en: str, zh: str, *, table: str = "", line: int | None = None, column: str = ""
    ) -> None:
        self.en = en
        self.zh = zh
        self.table = table
        self.line = line
        self.column = column
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """The whole sentence with its place in `language` ("zh" or "en")."""
        return self._zh() if language == "zh" else self._en()

    def _en(self) -> str:
        place = [self.table] if self.table else []
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: {self.en}" if place else self.en

    def _zh(self) -> str:
        names = {"nodes": "节点表", "edges": "连接表"}
        place = names.get(self.table, self.table)
        if self.line is not None:
            place += f"第 {self.line} 行"
        if self.column:
            place += f" {self.column} 列"
        return f"{place}：{self.zh}" if place else self.zh
