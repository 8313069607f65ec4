"""Use cases of a need: draft, confirm what was understood, publish, restrict, withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from collab.kernel import clock
from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected
from collab.kernel.happened import NeedChanged, NeedPublished
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import store as members
from collab.needs import rules, store
from collab.needs.corrections import differences
from collab.needs.extraction import extract
from collab.needs.forms import DraftIn, PublicationIn, Structure
from collab.needs.models import Correction, Need, NeedRead
from collab.needs.profile import all_techniques
from collab.needs.rules import (
    OPEN_STATES,
    Disclosure,
    NeedState,
    can_move,
    draft_problems,
    publication_problems,
)
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

STANDS_FOR = timedelta(days=180)  # a published need expires after half a year unless renewed
TITLE_LENGTH = 40


def title_from(text: str) -> str:
    """A first title: what the text calls itself, or where it first asks, shortened."""
    first = rules.spoken_title(text)
    return first if len(first) <= TITLE_LENGTH else first[:TITLE_LENGTH] + "…"


def draft_need(
    uow: UnitOfWork, actor: Actor, organisation_key: str, form: DraftIn, vocabulary: Vocabulary
) -> Need:
    """Save a draft with what was understood of its text; nothing is published."""
    owner = members.open_organisation(uow, actor, organisation_key)
    if owner.id not in actor.organisation_ids and not actor.system:
        raise NotAllowed(Permission.NEED_EDIT)
    wrong = list(draft_problems(form.title, form.text))
    if wrong:
        raise Rejected(wrong)
    posted = form.posted or clock.today()
    need = Need(
        organisation_id=owner.id or 0,
        author_id=actor.person_id,
        region_id=owner.region_id,
        title=form.title or title_from(form.text),
        text=form.text,
        structure=understood(form.text, vocabulary, posted),
        posted_on=posted,
        vocabulary_version=vocabulary.version,
        demo=owner.demo,
    )
    _save(uow, need)
    uow.note(actor, "drafted", "need", need.public_id)
    return need


def understood(text: str, vocabulary: Vocabulary, posted: date | None = None) -> dict[str, Any]:
    """The proposal made of a text, in the documented shape."""
    return extract(text, vocabulary, posted or clock.today())


def change_draft(
    uow: UnitOfWork,
    actor: Actor,
    key: str,
    form: DraftIn,
    version: int | None,
    vocabulary: Vocabulary,
) -> Need:
    """New words: what was understood is made anew. A published need's words change only while a
    moderator holds it, and only to something that could be published."""
    need = store.open_need(uow, actor, key, Permission.NEED_EDIT)
    uow.expect(need, version)
    held = need.held_at is not None and need.state in OPEN_STATES
    if need.state is not NeedState.DRAFT and not held:
        raise Conflict("not_a_draft", state=need.state)
    structure = understood(form.text, vocabulary, need.posted_on)
    title = form.title or title_from(form.text)
    wrong = list(draft_problems(form.title, form.text))
    if held and not wrong:
        wrong = list(publication_problems(title, form.text, structure, need.disclosure, 1))
    if wrong:
        raise Rejected(wrong)
    need.title, need.text, need.structure = title, form.text, structure
    need.vocabulary_version = vocabulary.version
    _save(uow, need)
    uow.note(actor, "changed", "need", need.public_id)
    return need


def confirm_structure(
    uow: UnitOfWork,
    actor: Actor,
    key: str,
    structure: Structure,
    version: int | None,
    vocabulary: Vocabulary,
    title: str | None = None,
) -> Need:
    """Save what a person corrected; the corrections are kept as evidence for the vocabulary."""
    need = store.open_need(uow, actor, key, Permission.NEED_EDIT)
    uow.expect(need, version)
    wrong = list(_unknown_terms(structure, vocabulary))
    if wrong:
        raise Rejected(wrong)
    after = structure.model_dump(mode="json")
    for part, change, old, new in differences(need.structure, after):
        uow.session.add(
            Correction(
                need_id=need.id or 0,
                part=part,
                change=change,
                before=old,
                after=new,
                vocabulary_version=vocabulary.version,
            )
        )
    need.structure = after
    need.chain = structure.chain
    if title:
        need.title = title
    need.vocabulary_version = vocabulary.version
    _save(uow, need)
    uow.note(actor, "confirmed", "need", need.public_id)
    return need


def publish_need(
    uow: UnitOfWork, actor: Actor, key: str, form: PublicationIn, version: int | None
) -> Need:
    """Show the need to those its disclosure names; Rejected with everything that is missing."""
    need = store.open_need(uow, actor, key, Permission.NEED_EDIT)
    uow.expect(need, version)
    if not can_move(need.state, NeedState.PUBLISHED):
        raise Conflict("cannot_move", state=need.state, to=NeedState.PUBLISHED)
    _stays_in_sight(need, form)
    invited = _invited(uow, actor, form)
    wrong = list(
        publication_problems(need.title, need.text, need.structure, form.disclosure, len(invited))
    )
    if form.expires_on is not None and form.expires_on <= clock.today():
        wrong.append(Problem("expires_on", "past"))
    if wrong:
        raise Rejected(wrong)
    need.state = NeedState.PUBLISHED
    need.disclosure = form.disclosure
    need.published_at = clock.now()
    need.expires_on = form.expires_on or clock.today() + STANDS_FOR
    _save(uow, need)
    store.replace_invitations(uow, need.id or 0, invited)
    uow.note(actor, "published", "need", need.public_id, after={"disclosure": form.disclosure})
    uow.record(NeedPublished(need.id or 0))
    return need


def change_disclosure(
    uow: UnitOfWork, actor: Actor, key: str, form: PublicationIn, version: int | None
) -> Need:
    """Open or restrict a published need; takes effect with this commit."""
    need = store.open_need(uow, actor, key, Permission.NEED_EDIT)
    uow.expect(need, version)
    _stays_in_sight(need, form)
    invited = _invited(uow, actor, form)
    if form.disclosure is Disclosure.INVITED and not invited:
        raise Rejected([Problem("invited", "nobody_invited")])
    before = {"disclosure": need.disclosure}
    need.disclosure = form.disclosure
    _save(uow, need)
    store.replace_invitations(uow, need.id or 0, invited)
    uow.note(actor, "disclosure", "need", need.public_id, before, {"disclosure": form.disclosure})
    return need


def move_need(
    uow: UnitOfWork, actor: Actor, key: str, state: NeedState, version: int | None
) -> Need:
    """Withdraw a need, or move it on after an agreement, as the table of moves allows."""
    need = store.open_need(uow, actor, key, Permission.NEED_EDIT)
    uow.expect(need, version)
    if state in (NeedState.PUBLISHED, NeedState.IN_TALKS) or not can_move(need.state, state):
        raise Conflict("cannot_move", state=need.state, to=state)
    before = {"state": need.state}
    need.state = state
    _save(uow, need)
    uow.note(actor, "moved", "need", need.public_id, before, {"state": state})
    return need


def start_talks(uow: UnitOfWork, actor: Actor, need_id: int, organisation_id: int) -> None:
    """An interest was accepted: its organisation is a party now, a published need in talks."""
    need = store.need_by_id(uow, need_id)
    if need is None:
        return
    store.add_party(uow, need_id, organisation_id)
    if need.state is NeedState.PUBLISHED:
        need.state = NeedState.IN_TALKS
        after = {"state": NeedState.IN_TALKS}
        uow.note(actor, "moved", "need", need.public_id, {"state": NeedState.PUBLISHED}, after)
    _save(uow, need)


def carry(uow: UnitOfWork, actor: Actor, need_id: int, state: NeedState) -> None:
    """An agreement moved on and takes its need along, where the table of moves allows it.

    An agreement may be signed before the talks were put on record: then the need passes through.
    """
    need = store.need_by_id(uow, need_id)
    if need is None or need.state is state:
        return
    before = {"state": need.state}
    if state is NeedState.AGREED and need.state is NeedState.PUBLISHED:
        need.state = NeedState.IN_TALKS
    if can_move(need.state, state):
        need.state = state
        _save(uow, need)
        uow.note(actor, "moved", "need", need.public_id, before, {"state": state})


def leave_talks(uow: UnitOfWork, need_id: int, organisation_id: int) -> None:
    """A party took its interest back: what acceptance had shown it is closed again."""
    store.remove_party(uow, need_id, organisation_id)
    uow.record(NeedChanged(need_id))


def read_need(uow: UnitOfWork, actor: Actor, key: str, channel: str = "page") -> Need:
    """Open a need for reading; reads of invited needs from outside go on the record."""
    need = store.open_need(uow, actor, key)
    log_read(uow, actor, need, channel)
    return need


def log_read(uow: UnitOfWork, actor: Actor, need: Need, channel: str) -> None:
    """Put a read on its owner's record where it has to be: who, for whom, by which way."""
    if must_log_read(need, actor):
        need_id = need.id or 0
        uow.session.add(
            NeedRead(
                need_id=need_id,
                person_id=actor.person_id or 0,
                organisation_id=store.reading_for(uow, actor, need_id),
                channel=channel,
            )
        )


def log_file_read(uow: UnitOfWork, actor: Actor, need: Need) -> None:
    """Somebody let in opened a file of the need: in its read log, whatever its disclosure."""
    need_id = need.id or 0
    house = store.reading_for(uow, actor, need_id)
    uow.session.add(
        NeedRead(
            need_id=need_id, person_id=actor.person_id or 0, organisation_id=house, channel="file"
        )
    )


def must_log_read(need: Need, actor: Actor) -> bool:
    """Whether a read of this need by the actor has to be put on record."""
    return (
        need.disclosure is Disclosure.INVITED
        and need.organisation_id not in actor.organisation_ids
        and actor.person_id is not None
    )


def shows_owner(need: Need, actor: Actor) -> bool:
    """Whether the actor may learn which organisation posted the need."""
    own = need.organisation_id in actor.organisation_ids
    return own or actor.system or need.disclosure is not Disclosure.ANONYMOUS


def may_edit(need: Need, actor: Actor) -> bool:
    """Whether the actor may change the need, for showing buttons; the guard asks again."""
    return need.organisation_id in actor.organisation_ids


def set_held(uow: UnitOfWork, need: Need, at: datetime | None) -> None:
    """Close a need to others, or open it again (None), whatever its state; a moderator decided."""
    need.held_at = at
    need.updated_at = clock.now()  # every decision is another version: who looked before, sees it
    _save(uow, need)


def _stays_in_sight(need: Need, form: PublicationIn) -> None:
    """A held need cannot be moved to where no moderator could look at it again."""
    if need.held_at is not None and form.disclosure is Disclosure.INVITED:
        raise Conflict("held_not_invited")


def _invited(uow: UnitOfWork, actor: Actor, form: PublicationIn) -> list[int]:
    if form.disclosure is not Disclosure.INVITED:
        return []
    found: list[int] = []
    unknown: list[Problem] = []
    for key in form.invited:
        try:
            row = members.open_organisation(uow, actor, key)
        except NotFound:
            unknown.append(Problem("invited", "unknown_organisation", {"key": key}))
            continue
        found.append(row.id or 0)
    if unknown:
        raise Rejected(unknown)
    return found


def _unknown_terms(structure: Structure, vocabulary: Vocabulary) -> list[Problem]:
    groups: list[tuple[str, list[str], Mapping[str, Any]]] = [
        ("techniques", [f.id for f in structure.techniques], vocabulary.techniques),
        (
            "techniques_any_of",
            [f.id for g in structure.techniques_any_of for f in g],
            vocabulary.techniques,
        ),
        ("optional_techniques", [f.id for f in structure.optional_techniques],
         vocabulary.techniques),
        ("materials", [f.id for f in structure.materials], vocabulary.materials),
        ("parameters", [f.id for f in structure.parameters], vocabulary.parameters),
        ("chain", [structure.chain] if structure.chain else [], vocabulary.chains),
    ]  # fmt: skip
    return [
        Problem(field, "unknown_term", {"term": term})
        for field, terms, known in groups
        for term in terms
        if term not in known
    ]


def _save(uow: UnitOfWork, need: Need) -> None:
    uow.session.add(need)
    uow.flush()
    store.replace_techniques(uow, need.id or 0, all_techniques(need.structure))
    uow.flush()
    uow.record(NeedChanged(need.id or 0))
