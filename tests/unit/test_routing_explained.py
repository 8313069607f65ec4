"""The page that explains the rules is the one their tables make."""

from __future__ import annotations

from pathlib import Path

from collab.matching.rules import RULES
from collab.matching.score import WEIGHTS
from collab.routing.explained import explanation
from collab.routing.grounds import GROUNDS, TABLES, rows_of
from collab.vocabulary.catalog import load_vocabulary

PAGE = Path(__file__).parents[2] / "docs" / "matching-rules.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == explanation(load_vocabulary())


def test_every_rule_and_weight_is_on_the_page_in_both_languages() -> None:
    page = explanation(load_vocabulary())
    for rule in RULES:
        assert rule.zh in page
        assert rule.en in page
    for weight in WEIGHTS.values():
        assert weight.reads_zh in page
    assert "提供至 100 mm" in page
    assert "needs 150 mm, offers up to 100 mm" in page
    for rule in load_vocabulary().rules:
        assert rule.reason_en in page


def test_every_row_of_every_table_has_one_reason_in_both_languages() -> None:
    named = [(table, row) for g in GROUNDS for table, rows in g.rows.items() for row in rows]
    assert len(named) == len(set(named))
    assert set(named) == {(table, row) for table in TABLES for row in rows_of(table)}
    page = explanation(load_vocabulary())
    for ground in GROUNDS:
        assert ground.zh in page
        assert ground.en in page
    terms = load_vocabulary().techniques
    assert all(row in terms for table, row in named if table != "REMELT_BY_METAL")


def test_the_templates_say_nothing_that_the_tables_refuse() -> None:
    """Whatever a template of the vocabulary puts before a step, the step takes or is asked for."""
    from collab.routing import pieces

    words = load_vocabulary()
    terms = pieces.terms_of(words)
    excepted = next(r for r in words.rules if r.id == "state-progress").exceptions
    for chain in words.chains.values():
        by = {s.key: s for s in chain.steps}
        for step in chain.steps:
            for technique in (*step.techniques, *step.alternatives):
                if technique in excepted:
                    continue
                effects = pieces.effects_of(terms, technique)
                for before in step.after:
                    order = terms.order(by[before].state)
                    loose = effects.loose_pieces and by[before].state in ("bar", "die")
                    assert order <= max(effects.takes, effects.takes_below) or loose, technique
