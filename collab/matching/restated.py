"""What a criterion would be judged as if its provider's answer stood on the capability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collab.matching import words
from collab.matching.compare import Mark, ask_of, compare
from collab.matching.records import Criterion, Offered
from collab.matching.rules import Judged
from collab.vocabulary.catalog import Vocabulary

_CODE = {Mark.MEETS: "value_meets", Mark.UNKNOWN: "value_not_comparable",
         Mark.MISSES: "value_misses"}  # fmt: skip


def judged(
    vocabulary: Vocabulary, parameter_id: str, asked: Mapping[str, Any], value: Mapping[str, Any]
) -> tuple[str, dict[str, str]]:
    """The verdict and its reason in both languages; `asked` as in an answer's criterion, `value`
    an interval or choices in the canonical unit. The same comparison as for stated values."""
    parameter = vocabulary.parameters[parameter_id]
    wanted = asked["value"]
    criterion = Criterion(
        parameter_id,
        asked["op"],
        tuple(wanted) if isinstance(wanted, list) else wanted,
        asked.get("unit") or "",
    )
    offered = Offered(value.get("low"), value.get("high"), tuple(value.get("choices") or ()))
    outcome = compare(parameter, ask_of(vocabulary, criterion), offered)
    found = Judged(
        parameter_id, outcome, _CODE[outcome.mark], {"offered": offered}, criterion=criterion
    )
    return outcome.mark.value, words.reason(vocabulary, found)
