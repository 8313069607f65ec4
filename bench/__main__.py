"""make bench: every measurement of the project, one JSON object a line, and a table for people."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bench import browser, extraction, graph, matching, pages, search, signing

Row = Mapping[str, Any]
PARTS: dict[str, Callable[[], Iterable[Row]]] = {
    "extraction": extraction.measurements,
    "matching": matching.measurements,
    "search": search.run,
    "graph": graph.run,
    "pages": pages.measurements,
    "signing": signing.measurements,
    "browser": browser.run,
}


def chosen(names: list[str]) -> Iterator[Row]:
    """The measurements of the named parts, each printed as soon as it is there."""
    for name in names or PARTS:
        for row in PARTS[name]():
            print(json.dumps(dict(row), ensure_ascii=False), flush=True)
            yield row


def table(rows: Iterable[Row]) -> None:
    """A table for people, to standard error so that standard output stays JSON."""
    print(f"{'measurement':<52}{'value':>12} {'unit':<8}{'set':<10}goal", file=sys.stderr)
    for row in rows:
        value = f"{row['value']:,.3g}" if isinstance(row["value"], int | float) else row["value"]
        goal = row.get("goal") or ""
        print(
            f"{row['name']:<52}{value:>12} {row['unit']:<8}{row.get('set', ''):<10}{goal}",
            file=sys.stderr,
        )


def main() -> None:
    """Run all parts, or those named."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *PARTS])
    table(list(chosen(parser.parse_args().part)))


if __name__ == "__main__":
    main()
