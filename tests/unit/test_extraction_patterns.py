"""No pattern of the reader backtracks without bound: its shape, and its steps on hostile texts."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

from collab.needs import extraction
from collab.needs.extraction.grammar import grammar_of
from collab.vocabulary import normalize
from collab.vocabulary.catalog import load_vocabulary
from tests.unit.backtracking import Counter, TooManySteps, letters, lures, nested

SHORT, LONG, MOST = 16, 32, 150_000


def compiled(value: Any, depth: int = 4) -> Iterator[re.Pattern[str]]:
    """Every pattern in a value, in what it contains and in its attributes."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        for item in value.values():
            yield from compiled(item, depth - 1)
    elif depth and isinstance(value, list | tuple):
        for item in value:
            yield from compiled(item, depth - 1)
    elif depth and type(value).__module__.startswith("collab."):
        yield from compiled(getattr(value, "__dict__", {}), depth - 1)


def patterns() -> dict[str, re.Pattern[str]]:
    """All patterns of the reader: of its modules, of the normaliser, and those made of words."""
    found: dict[str, re.Pattern[str]] = {}
    names = [m.name for m in pkgutil.iter_modules(extraction.__path__)]
    modules = [importlib.import_module(f"{extraction.__name__}.{n}") for n in names]
    for module in (*modules, normalize):
        for name, value in vars(module).items():
            if name.startswith("__") or isinstance(value, type):
                continue
            for place, pattern in enumerate(compiled(value)):
                found[f"{module.__name__.rsplit('.', 1)[-1]}.{name}.{place}"] = pattern
    grammar = grammar_of(load_vocabulary())
    for name, value in vars(grammar).items():
        if name not in ("vocabulary", "tables"):
            for place, pattern in enumerate(compiled(value)):
                found[f"grammar.{name}.{place}"] = pattern
    unique = {(p.pattern, p.flags): name for name, p in found.items()}
    return {name: found[name] for name in unique.values()}


PATTERNS = patterns()


def hostile(pattern: re.Pattern[str], size: int) -> Iterator[str]:
    """Runs and alternations of what the pattern speaks of, ended by what it cannot match."""
    said = list(dict.fromkeys([*letters(pattern), "1", " ", "a", "光", ",", "("]))
    for first in said:
        yield first * size + "\x00"
    for first, second in itertools.pairwise(said):
        yield (first + second) * (size // 2) + "\x00"


def test_the_walk_finds_the_patterns() -> None:
    assert len(PATTERNS) > 150
    assert any(name.startswith("grammar.operators") for name in PATTERNS)
    assert any(name.startswith("grammar.forms") for name in PATTERNS)


def test_the_counter_knows_a_bad_pattern_when_it_sees_one() -> None:
    bad = re.compile(r"(?:a+)+b")
    assert nested(bad)
    with pytest.raises(TooManySteps):
        Counter(bad, MOST).count("a" * 40)
    good = re.compile(r"a+b")
    assert not nested(good)
    assert Counter(good, MOST).count("a" * 40) < 400


def test_the_counter_knows_a_pattern_that_is_bad_only_for_a_whole_text() -> None:
    bad = re.compile(r"(?:[a-z-]+ ){0,3}[a-z-]+ or (?:[a-z-]+ ?){1,4}|or (?:[a-z-]+ ?){1,4}")
    good = re.compile(r"(?:[a-z-]+(?: [a-z-]+){0,3} )?or [a-z-]+(?: [a-z-]+){0,3}")
    assert _grows(bad)
    assert not _grows(good)


def _grows(pattern: re.Pattern[str]) -> str:
    """The text on which the steps of a whole match grow faster than its square; empty if none."""
    counter = Counter(pattern, MOST)
    for short, long in zip(lures(pattern, SHORT), lures(pattern, LONG), strict=True):
        try:
            few = counter.count(short, whole=True)
            if counter.count(long, whole=True) > 8 * few + 3000:
                return long
        except TooManySteps:
            return long
    return ""


@pytest.mark.parametrize("name", PATTERNS)
def test_no_endless_repeat_holds_another(name: str) -> None:
    assert nested(PATTERNS[name]) == []


@pytest.mark.parametrize("name", PATTERNS)
def test_steps_stay_bounded_on_hostile_texts(name: str) -> None:
    pattern = PATTERNS[name]
    counter = Counter(pattern, MOST)
    for short, long in zip(hostile(pattern, SHORT), hostile(pattern, LONG), strict=True):
        few = counter.count(short)
        assert counter.count(long) <= 8 * few + 3000, repr(long[:4])


@pytest.mark.parametrize("name", PATTERNS)
def test_steps_stay_bounded_where_a_text_leads_to_a_repeat_and_fails_it(name: str) -> None:
    assert _grows(PATTERNS[name]) == ""
