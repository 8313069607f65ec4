"""Every event of the platform, in the past tense; wiring.py says who listens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from collab.kernel.events import Event


@dataclass(frozen=True)
class CapabilityChanged(Event):
    """A capability was registered, changed, confirmed or retired."""

    capability_id: int


@dataclass(frozen=True)
class CatalogueReplaced(Event):
    """Many records changed at once (seeding, bulk import): rebuild what is derived."""

    reason: str = ""


@dataclass(frozen=True)
class NeedChanged(Event):
    """A need was drafted, changed, restricted, moved or withdrawn."""

    need_id: int


@dataclass(frozen=True)
class NeedPublished(Event):
    """A need became visible to those its disclosure names."""

    need_id: int


@dataclass(frozen=True)
class OrganisationChanged(Event):
    """An organisation's page, membership or ties changed."""

    organisation_id: int


@dataclass(frozen=True)
class RunChanged(Event):
    """A multi-project-wafer run was announced or changed."""

    run_id: int


@dataclass(frozen=True)
class ApplicationChanged(Event):
    """An application to join was made or decided."""

    application_id: int


@dataclass(frozen=True)
class LinkIssued(Event):
    """A one-time link waits to be sent; the link itself is made anew when it is."""

    token_id: int
    language: str = "zh"


@dataclass(frozen=True)
class AccountChanged(Event):
    """Something about how a person signs in changed; the person is told, `link_id` for an address.

    `what` is a key of the words in notices/account.py.
    """

    person_id: int
    what: str
    at: datetime
    link_id: int | None = None


@dataclass(frozen=True)
class RightsBegan(Event):
    """Somebody's rights of the secretariat began with a first factor; the others are told."""

    person_id: int
    at: datetime


@dataclass(frozen=True)
class DayBegan(Event):
    """A new day (UTC): the record is anchored."""

    day: date


@dataclass(frozen=True)
class InterestChanged(Event):
    """An interest was expressed, accepted, declined or withdrawn."""

    interest_id: int


@dataclass(frozen=True)
class QuestionsAsked(Event):
    """Questions were sent to a provider, `count` at once, `last_id` the last of them."""

    inquiry_id: int
    last_id: int
    count: int


@dataclass(frozen=True)
class QuestionAnswered(Event):
    """A question was answered, or its answer corrected; `serial` tells one from the next."""

    question_id: int
    serial: int


@dataclass(frozen=True)
class AgreementChanged(Event):
    """An agreement was proposed, changed, signed, moved on, or a milestone of it was marked.

    `act` says what happened, `side` which party did it, `serial` tells one such act from the next.
    """

    agreement_id: int
    act: str
    side: str
    serial: str


@dataclass(frozen=True)
class HoldChanged(Event):
    """A record was held, returned to its owner, released, or its owner asked for another look.

    `act` says which; `serial` tells one such act on a hold from the next.
    """

    hold_id: int
    act: str
    serial: str


@dataclass(frozen=True)
class ReportChanged(Event):
    """A member reported a record, or a moderator answered the report."""

    report_id: int


@dataclass(frozen=True)
class FileStored(Event):
    """A file was put beside a need and waits to be looked at."""

    attachment_id: int


@dataclass(frozen=True)
class VocabularyChanged(Event):
    """A term or synonym was accepted or withdrawn; every process takes this version."""

    version: str


@dataclass(frozen=True)
class RulesInForce(Event):
    """A process started with other rules or words than stored matches were made with."""

    version: str


@dataclass(frozen=True)
class MatchesRefreshed(Event):
    """The stored matches of a need were made anew."""

    need_id: int


@dataclass(frozen=True)
class StandingsDue(Event):
    """Open needs without a standing are to be evaluated (after an upgrade)."""
