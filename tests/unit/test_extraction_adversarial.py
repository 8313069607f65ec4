"""Sentences on which a reader stumbles: what must be read of each, and nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from collab.needs.extraction import extract
from collab.vocabulary.catalog import load_vocabulary

FILE = Path(__file__).resolve().parents[1] / "data" / "adversarial_sentences.yaml"
CASES: list[Mapping[str, Any]] = yaml.safe_load(FILE.read_text("utf-8"))["cases"]
POSTED = date(2026, 5, 6)


def _ids(result: Mapping[str, Any], part: str) -> list[str]:
    return sorted(entry["id"] for entry in result[part])


def _amount(entry: Mapping[str, Any] | None) -> str:
    kept = ("op", "value", "unit", "currency")
    return " ".join(str(entry[k]) for k in kept if k in entry) if entry else ""


def reading_of(text: str) -> dict[str, Any]:
    """The reading of a text in the short form of the file."""
    result = extract(text, load_vocabulary(), POSTED)
    return {
        "techniques": _ids(result, "techniques"),
        "any_of": [[m["id"] for m in group] for group in result["techniques_any_of"]],
        "optional": _ids(result, "optional_techniques"),
        "materials": _ids(result, "materials"),
        "excluded": sorted(f"{e['id']} {e['reason']}" for e in result["excluded_techniques"]),
        "parameters": sorted(
            f"{p['id']} {p['op']} {p['value']} {p['unit']}".strip() for p in result["parameters"]
        ),
        **{k: _amount(result[k]) for k in ("quantity", "deadline", "budget", "trl")},
    }


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["text"][:24])
def test_nothing_is_read_but_what_is_asked_for(case: Mapping[str, Any]) -> None:
    read = reading_of(case["text"])
    for part, found in read.items():
        empty: Any = "" if isinstance(found, str) else []
        wanted = case.get(part, empty)
        assert found == (sorted(wanted) if isinstance(wanted, list) else wanted), part


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("Ohmic contact resistance < 5e-6", "contact resistance < 5e-6"),
        (
            "insertion loss repeatability better than 0.2 dB",
            "loss repeatability better than 0.2 dB",
        ),
        ("需要划片，農曆年前交貨", "農曆年前交貨"),
        ("需要光刻，优先华中地区", "优先华中地区"),
        ("需要光刻，优先湖北，2027年6月前交货", ""),
    ],
)
def test_what_is_left_open_is_shown_in_whole_words(text: str, piece: str) -> None:
    open_pieces = extract(text, load_vocabulary(), POSTED)["not_understood"]
    assert [p["text"] for p in open_pieces] == ([piece] if piece else [])


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
