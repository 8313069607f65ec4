"""What a capability is and what is wrong with one; categories, evidence and states of supply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from collab.kernel.problems import Problem
from collab.vocabulary.catalog import Parameter, Vocabulary

FIGURES = frozenset({"quantity", "dims2", "money"})  # kinds of parameter that figures state


class Category(StrEnum):
    """The seven categories a capability can have."""

    PROCESS = "process"
    PACKAGING = "packaging"
    TEST = "test"
    DESIGN = "design"
    EQUIPMENT = "equipment"
    COMPUTE = "compute"
    SERVICE = "service"


class Evidence(StrEnum):
    """How sure a capability record is; verified > declared > documented."""

    VERIFIED = "verified"
    DECLARED = "declared"
    DOCUMENTED = "documented"


class Status(StrEnum):
    """Whether a capability is supply today; only `operating` is."""

    OPERATING = "operating"
    PLANNED = "planned"
    CLOSED = "closed"
    RND_ONLY = "rnd_only"


def term_problems(
    vocabulary: Vocabulary, techniques: Iterable[str], materials: Iterable[str]
) -> Iterator[Problem]:
    """Identifiers that the vocabulary does not know."""
    for technique in techniques:
        if technique not in vocabulary.techniques:
            yield Problem("techniques", "unknown_term", {"term": technique})
    for material in materials:
        if material not in vocabulary.materials:
            yield Problem("materials", "unknown_term", {"term": material})


def value_problems(
    vocabulary: Vocabulary, values: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    """What is wrong with stated values: unknown parameter, swapped interval, bad choice."""
    for parameter_id, value in values.items():
        parameter = vocabulary.parameters.get(parameter_id)
        if parameter is None:
            yield Problem(f"values.{parameter_id}", "unknown_term", {"term": parameter_id})
        else:
            yield from _one_value(parameter, value)


def _one_value(parameter: Parameter, value: Mapping[str, Any]) -> Iterator[Problem]:
    field = f"values.{parameter.id}"
    low, high, choices = value.get("low"), value.get("high"), value.get("choices") or ()
    if low is None and high is None and not choices:
        yield Problem(field, "required")
    if low is not None and high is not None and low > high:
        yield Problem(field, "low_above_high", {"low": low, "high": high})
    allowed = {choice.id for choice in parameter.values}
    for choice in choices:
        if allowed and choice not in allowed:
            yield Problem(field, "unknown_choice", {"choice": choice})
        elif parameter.kind in FIGURES and not allowed and not isinstance(choice, int | float):
            yield Problem(field, "invalid", {"value": choice})
    figures = [v for v in (low, high, *choices) if isinstance(v, int | float)]
    yield from _plausible(parameter, field, figures)


def _plausible(parameter: Parameter, field: str, figures: list[float]) -> Iterator[Problem]:
    if parameter.hard is None:
        return
    least, most = parameter.hard
    for figure in figures:
        if not least <= figure <= most:
            yield Problem(
                field,
                "implausible",
                {"value": figure, "least": least, "most": most, "unit": parameter.unit},
            )
