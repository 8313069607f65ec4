"""Use cases of curation: propose, preview the effect, accept or decline, lay over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from collab.curation import store
from collab.curation.access import must_curate, must_propose
from collab.curation.forms import ProposalIn
from collab.curation.models import VocabularyProposal
from collab.curation.rules import ProposalState, can_decide
from collab.kernel import clock
from collab.kernel.errors import Conflict, Rejected
from collab.kernel.happened import VocabularyChanged
from collab.kernel.identity import Actor
from collab.needs import store as needs
from collab.needs.corrections import Difference, differences
from collab.needs.extraction import extract
from collab.needs.models import Correction, Need
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork
from collab.vocabulary.additions import Addition, addition_problems, laid_over, with_additions
from collab.vocabulary.catalog import Vocabulary, build
from collab.vocabulary.normalize import Normaliser

PREVIEWED = 200  # needs read again for one preview


@dataclass(frozen=True)
class Effect:
    """How the reading of one stored need would change."""

    need: Need
    changes: tuple[Difference, ...]


def addition_of(row: VocabularyProposal) -> Addition:
    """The addition of a stored proposal."""
    said = dict(row.addition)
    for name in ("words_zh", "words_en"):
        said[name] = tuple(said.get(name) or ())
    return Addition(**said)


def current(uow: UnitOfWork, shipped: Vocabulary) -> Vocabulary:
    """The shipped vocabulary with everything accepted so far."""
    return laid_over(shipped, [addition_of(r) for r in store.accepted(uow)])


def in_force(database: Database, shipped: Vocabulary) -> Vocabulary:
    """The vocabulary a process starts with; the shipped one while there are no tables yet."""
    with database.reading() as uow:
        return current(uow, shipped) if store.has_table(uow) else shipped


def propose(
    uow: UnitOfWork, actor: Actor, form: ProposalIn, shipped: Vocabulary
) -> VocabularyProposal:
    """Store a proposal; Rejected names every conflict with the vocabulary."""
    must_propose(actor)
    _refuse(current(uow, shipped), form.addition)
    row = VocabularyProposal(
        person_id=actor.person_id, addition=asdict(form.addition), reason=form.reason
    )
    uow.session.add(row)
    uow.flush()
    uow.note(actor, "proposed", "vocabulary", row.public_id, after=asdict(form.addition))
    return row


def _refuse(words: Vocabulary, addition: Addition) -> None:
    wrong = list(addition_problems(words, addition))
    if wrong:
        raise Rejected(wrong)


def accept(
    uow: UnitOfWork, actor: Actor, key: str, version: int | None, answer: str, shipped: Vocabulary
) -> VocabularyProposal:
    """Lay a proposal over the vocabulary; Conflict when decided or edited, Rejected when unfit."""
    row = _decide(uow, actor, key, version, answer)
    words = current(uow, shipped)
    _refuse(words, addition_of(row))
    row.state = ProposalState.ACCEPTED
    row.place = store.next_place(uow)
    uow.flush()
    row.vocabulary_version = current(uow, shipped).version
    uow.session.add(row)
    uow.record(VocabularyChanged(row.vocabulary_version))
    uow.note(
        actor, "accepted", "vocabulary", row.public_id,
        {"version": words.version}, {"version": row.vocabulary_version},
    )  # fmt: skip
    return row


def decline(
    uow: UnitOfWork, actor: Actor, key: str, version: int | None, answer: str
) -> VocabularyProposal:
    """Turn a proposal down; it stays on record."""
    row = _decide(uow, actor, key, version, answer)
    row.state = ProposalState.DECLINED
    uow.session.add(row)
    uow.note(actor, "declined", "vocabulary", row.public_id)
    return row


def _decide(
    uow: UnitOfWork, actor: Actor, key: str, version: int | None, answer: str
) -> VocabularyProposal:
    must_curate(actor)
    row = store.open_proposal(uow, actor, key)
    uow.expect(row, version)
    if not can_decide(row.state):
        raise Conflict("stale", version=row.version)
    row.decided_by, row.decided_at, row.answer = actor.person_id, clock.now(), answer[:1000]
    return row


def proposals(uow: UnitOfWork, actor: Actor) -> Sequence[VocabularyProposal]:
    """Proposals the actor may read: all for the secretariat, the own ones for a member."""
    must_propose(actor)
    return store.proposals(uow, actor)


def open_proposal(uow: UnitOfWork, actor: Actor, key: str) -> VocabularyProposal:
    """One proposal."""
    must_propose(actor)
    return store.open_proposal(uow, actor, key)


def evidence(uow: UnitOfWork, actor: Actor) -> Sequence[tuple[Correction, Need]]:
    """Corrections made on confirm pages, for the curator; only of needs that he may read."""
    must_curate(actor)
    return store.corrections(uow, actor)


def preview(
    uow: UnitOfWork, actor: Actor, addition: Addition, shipped: Vocabulary
) -> tuple[Effect, ...]:
    """What the addition would change in the reading of open needs that the actor may read."""
    must_curate(actor)
    words = current(uow, shipped)
    if any(addition_problems(words, addition)):
        return ()
    after = build(with_additions(words.raw, [addition]), f"{words.version[:18]}?")
    found = []
    for need in _speaking_of(needs.open_needs(uow, actor), addition, words):
        changes = tuple(
            differences(
                extract(need.text, words, need.posted_on), extract(need.text, after, need.posted_on)
            )
        )
        if changes:
            found.append(Effect(need, changes))
    return tuple(found)


def _speaking_of(rows: Iterable[Need], addition: Addition, words: Vocabulary) -> list[Need]:
    """Needs whose text holds one of the new spellings; no other reading can change."""
    normaliser = Normaliser(words.raw["normalisation"])
    keys = [normaliser.key(w) for w in addition.words()]
    speaking: list[Need] = []
    for row in rows:
        text = normaliser.key(row.text)
        if any(k in text for k in keys):
            speaking.append(row)
            if len(speaking) == PREVIEWED:
                break
    return speaking


def shown_addition(row: VocabularyProposal) -> dict[str, Any]:
    """The addition of a proposal for pages."""
    return asdict(addition_of(row))
