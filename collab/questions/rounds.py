"""Questions to the providers of several capabilities at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collab.kernel.errors import Conflict, Rejected
from collab.kernel.identity import Actor
from collab.questions import service
from collab.questions.forms import QuestionIn
from collab.storage.uow import UnitOfWork

NOT_HERE = frozenset({"nobody_to_ask", "not_invited"})
"""Why a provider cannot be asked through the platform though everything else is in order."""


@dataclass(frozen=True, slots=True)
class Round:
    """Questions to several providers at once: how many were new, the capabilities whose providers
    were asked, and those that cannot be asked here, with why."""

    sent: int
    asked: tuple[str, ...]
    unasked: Mapping[str, str]


def ask_round(
    uow: UnitOfWork, actor: Actor, need_key: str, sent: Mapping[str, Sequence[QuestionIn]]
) -> Round:
    """Send questions to the providers of several capabilities, all in one unit of work. Who cannot
    be asked here is left out and named; anything else that is wrong with one stops the whole."""
    count, asked = 0, []
    unasked: dict[str, str] = {}
    for capability, several in sent.items():
        try:
            count += service.ask(uow, actor, need_key, capability, several)[1]
            asked.append(capability)
        except Conflict as refused:
            if refused.code not in NOT_HERE:
                raise NotAsked(capability, refused.code) from None
            unasked[capability] = refused.code
        except Rejected as refused:
            raise NotAsked(capability, refused.problems[0].code) from None
    return Round(count, tuple(asked), unasked)


class NotAsked(Exception):
    """What stops a round, and at whose capability."""

    def __init__(self, capability: str, code: str) -> None:
        super().__init__(code)
        self.capability, self.code = capability, code
