"""Every place where a person is named: what the person can take away, what goes with the account.

A table that names people and stands neither here nor in `ELSEWHERE` fails a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import SQLModel

from collab.agreements.models import Agreement
from collab.curation.models import VocabularyProposal
from collab.deals.models import Interest
from collab.files.models import Attachment
from collab.importing.models import ImportBatch
from collab.kernel.identity import Actor
from collab.members.confirming import own_person
from collab.members.models import ApiToken, Application, RoleGrant, SignInChallenge
from collab.moderation.models import Report
from collab.needs.models import Need, NeedRead
from collab.network.models import DeskVisit
from collab.notices.models import MailWish, Notice
from collab.questions.models import Question
from collab.search.models import SavedSearch
from collab.storage import own_rows
from collab.storage.uow import UnitOfWork

GOES = ""
SHOWN_BY_SLICE: tuple[str, ...] = ()  # only as far as it may still be read


@dataclass(frozen=True, slots=True)
class Place:
    """A column that names a person: what of the row the person sees, and why it stays.

    Shown are only words and acts of the person's own, never what somebody else answered: that
    may be closed to the person by now.
    """

    section: str
    table: type[SQLModel]
    column: str
    shown: tuple[str, ...]
    stays: str = GOES


OF_HOUSE = "belongs to the organisation, under the person's number"
ON_RECORD = "a decision, under the person's number"
PLACES = (
    Place("needs", Need, "author_id", SHOWN_BY_SLICE, OF_HOUSE),
    Place("reads_of_invited_needs", NeedRead, "person_id", ("created_at", "channel"),
          "the owner of the need may know who read it"),
    Place("interests", Interest, "person_id", ("public_id", "message", "created_at"), OF_HOUSE),
    Place("files", Attachment, "person_id", ("public_id", "name", "created_at"), OF_HOUSE),
    Place("questions_asked", Question, "asked_by",
          ("public_id", "words_zh", "words_en", "created_at"), OF_HOUSE),
    Place("questions_answered", Question, "answered_by",
          ("public_id", "answer", "stance", "value", "answered_at"), OF_HOUSE),
    Place("signatures", Agreement, "owner_signed_by", ("public_id", "owner_signed_at"), OF_HOUSE),
    Place("signatures_as_provider", Agreement, "provider_signed_by",
          ("public_id", "provider_signed_at"), OF_HOUSE),
    Place("imports", ImportBatch, "person_id", ("public_id", "file_name", "kind", "created_at"),
          OF_HOUSE),
    Place("reports", Report, "person_id",
          ("public_id", "reason", "text", "state", "answer", "created_at"),
          "moderators may answer it, under the person's number"),
    Place("vocabulary_proposals", VocabularyProposal, "person_id",
          ("public_id", "addition", "reason", "state", "created_at"),
          "belongs to the vocabulary, under the person's number"),
    Place("vocabulary_decisions", VocabularyProposal, "decided_by",
          ("public_id", "answer", "decided_at"), ON_RECORD),
    Place("application_decisions", Application, "decided_by", ("public_id", "decision"),
          ON_RECORD),
    Place("roles_given", RoleGrant, "granted_by", ("role", "created_at"), ON_RECORD),
    Place("notices", Notice, "person_id", SHOWN_BY_SLICE),
    Place("mail_choices", MailWish, "person_id", ("deals", "finds")),
    Place("saved_searches", SavedSearch, "person_id", ("title", "query", "created_at")),
    Place("desk_visits", DeskVisit, "person_id", ("seen_at",)),
    Place("api_tokens_made", ApiToken, "person_id", ("public_id", "name", "created_at")),
    Place("sign_ins_under_way", SignInChallenge, "person_id", ("purpose", "created_at")),
)  # fmt: skip
# shown by members.recovery.own_data under other names, and handled by members.recovery.erase
ELSEWHERE = {
    "onetimetoken.person_id", "rolegrant.person_id", "signinsession.person_id",
    "passkey.person_id", "recoverycode.person_id", "externalidentity.person_id",
}  # fmt: skip


def export(uow: UnitOfWork, actor: Actor) -> dict[str, list[dict[str, Any]]]:
    """What the actor wrote, did and chose, by section."""
    key = own_person(uow, actor).id or 0
    return {
        p.section: own_rows.rows_of(uow, p.table, p.column, key, p.shown) for p in PLACES if p.shown
    }


def remove(uow: UnitOfWork, person_id: int) -> None:
    """What goes with an account; the rest stays under the person's number."""
    uow.flush()  # what was changed before must not be written to rows that are gone
    for place in PLACES:
        if place.stays == GOES:
            own_rows.remove_rows(uow, place.table, place.column, person_id)
