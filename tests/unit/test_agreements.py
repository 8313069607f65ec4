"""The moves of an agreement, walked at random."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from collab.agreements.rules import (
    LIVE,
    MOVERS,
    MOVES,
    AgreementState,
    Outcome,
    Side,
    can_move,
    move_problems,
    moves,
    term_problems,
)

DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(st.lists(st.tuples(st.sampled_from(AgreementState), st.sampled_from(Side)), max_size=12))
def test_a_walk_by_hand_never_signs_and_never_leaves_an_end(
    steps: list[tuple[AgreementState, Side]],
) -> None:
    for start in AgreementState:
        state = start
        for wanted, side in steps:
            if can_move(state, wanted, side):
                assert wanted is not AgreementState.SIGNED
                assert side in MOVERS[wanted]
                assert state in LIVE
                state = wanted
            else:
                assert wanted not in moves(state, side)
        assert state in LIVE or not MOVES[state]


@given(DAYS, DAYS, st.lists(DAYS, max_size=4))
def test_milestones_lie_inside_the_term(first: date, last: date, due: list[date]) -> None:
    found = list(term_problems(first, last, [("m", d) for d in due]))
    outside = [d for d in due if d < first or d > last]
    assert [p.code for p in found if p.field == "milestones"] == ["milestone_outside"] * len(
        outside
    )
    assert any(p.field == "ends_on" for p in found) == (last < first)
    whole = list(term_problems(first, first + timedelta(days=1000), [("m", first)]))
    assert not whole


def test_an_end_needs_its_words() -> None:
    for state in AgreementState:
        asked = {p.field for p in move_problems(state, " ", "nonsense")}
        reasoned = state in (AgreementState.WITHDRAWN, AgreementState.TERMINATED)
        assert ("remark" in asked) == reasoned
        assert ("outcome" in asked) == (state is AgreementState.CLOSED)
        assert not list(move_problems(state, "因为", Outcome.PARTLY))
