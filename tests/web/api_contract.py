"""Schemathesis over the whole document, in process; short in the suite, long in the soak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import schemathesis
from schemathesis.config import (
    ChecksConfig,
    FuzzingPhaseConfig,
    GenerationConfig,
    PhasesConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    SimpleCheckConfig,
    StatefulPhaseConfig,
)
from schemathesis.engine import events, from_schema

from tests.web.api_world import World

# a well-formed request may name what is not there, a term not in the vocabulary, an old version
ACCEPTED = ["2xx", "401", "403", "404", "409", "412", "422"]


@dataclass
class Outcome:
    """How many requests were made, and what was wrong, one line each."""

    requests: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class Unhurried:
    """No limit of requests: the checks ask more than any program may."""

    def count(self, key: str, most: int) -> None:
        """Let it pass."""


def settings(examples: int, seed: int, token: str, seconds: int) -> SchemathesisConfig:
    """The checks, with `examples` random requests an operation; the token's person asks."""
    checks = ChecksConfig(
        positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=ACCEPTED),
        # its second request breaks on a WSGI application; test_api.py asks without a token instead
        ignored_auth=SimpleCheckConfig(enabled=False),
    )
    project = ProjectConfig(
        headers={"Authorization": f"Bearer {token}"},
        checks=checks,
        generation=GenerationConfig(max_examples=examples, with_security_parameters=False),
        phases=PhasesConfig(
            fuzzing=FuzzingPhaseConfig(enabled=examples > 0),
            stateful=StatefulPhaseConfig(enabled=False),
        ),
    )
    return SchemathesisConfig(seed=seed, max_time=seconds, projects=ProjectsConfig(default=project))


def check(
    world: World, *, examples: int, seconds: int, seed: int = 7, leave_out: str = "(?!)"
) -> Outcome:
    """Send what the document allows and what it forbids; every answer must be as documented.

    Stops after `seconds`; leaves out the paths that the pattern `leave_out` finds.
    """
    world.client.application.extensions["collab_pace"] = Unhurried()
    world.client.application.config["API_LIMITS"] = {"writes": 10**9, "answers": 10**9}
    config = settings(examples, seed, world.tokens["alpha"], seconds)
    schema = schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json", world.client.application, config=config
    )
    outcome = Outcome()
    for event in from_schema(schema.exclude(path_regex=leave_out)).execute():
        if isinstance(event, events.ScenarioFinished):
            _count(outcome, event)
        elif isinstance(event, events.NonFatalError):
            outcome.faults.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            outcome.faults.append(repr(event.exception))
    return outcome


def _count(outcome: Outcome, event: events.ScenarioFinished) -> None:
    for interaction in event.recorder.interactions.values():
        outcome.requests += 1
        status = interaction.response.status_code if interaction.response else 0
        outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
    outcome.faults += _faults(event)


def _faults(event: events.ScenarioFinished) -> Iterator[str]:
    for checks in event.recorder.checks.values():
        for one in checks:
            if one.failure_info is not None:
                failure = one.failure_info.failure
                yield (
                    f"{event.label} {one.name}: {failure.title} {failure.message}\n"
                    + (one.failure_info.code_sample[:600])
                )
