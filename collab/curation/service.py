"""Use cases of curation: propose, preview the effect, accept or decline, lay over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from collab.curation import store
from collab.curation.access import must_curate, must_propose
from collab.curation.forms import ProposalIn
from collab.curation.models import VocabularyProposal
from collab.curation.rules import ProposalState, can_move
from collab.kernel import clock
from collab.kernel.errors import Conflict, Rejected
from collab.kernel.happened import VocabularyChanged
from collab.kernel.identity import Actor
from collab.kernel.problems import Problem
from collab.needs import store as needs
from collab.needs.corrections import Difference, differences
from collab.needs.extraction import extract
from collab.needs.models import Correction, Need
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork
from collab.vocabulary.additions import (
    Addition,
    addition_problems,
    fitting,
    laid_over,
    with_additions,
)
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


def has_tables(uow: UnitOfWork) -> bool:
    """False while the database has never been prepared."""
    return store.has_table(uow)


def in_force(database: Database, shipped: Vocabulary) -> Vocabulary:
    """The vocabulary as accepted by now; the shipped one while there are no tables yet."""
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
    row = _decide(uow, actor, key, version, answer, ProposalState.ACCEPTED)
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
    row = _decide(uow, actor, key, version, answer, ProposalState.DECLINED)
    row.state = ProposalState.DECLINED
    uow.session.add(row)
    uow.note(actor, "declined", "vocabulary", row.public_id)
    return row


def withdraw(
    uow: UnitOfWork, actor: Actor, key: str, version: int | None, answer: str, shipped: Vocabulary
) -> VocabularyProposal:
    """Take accepted words back; Rejected while a need, a capability or another word needs them.

    What was read with them stays as it was confirmed: only later texts are read without.
    """
    row = _decide(uow, actor, key, version, answer, ProposalState.WITHDRAWN)
    before = current(uow, shipped).version
    wrong = list(_ties(uow, row, shipped))
    if wrong:
        raise Rejected(wrong)
    row.state = ProposalState.WITHDRAWN
    uow.flush()
    after = current(uow, shipped).version
    uow.session.add(row)
    uow.record(VocabularyChanged(after))
    uow.note(actor, "withdrawn", "vocabulary", row.public_id, {"version": before},
             {"version": after})  # fmt: skip
    return row


def _ties(uow: UnitOfWork, row: VocabularyProposal, shipped: Vocabulary) -> Iterator[Problem]:
    """What holds on to the words of an accepted proposal.

    In the order of acceptance, as they are laid over: a term below a term below mine counts too.
    """
    mine = addition_of(row)
    accepted = store.accepted(uow)
    _, with_it = fitting(shipped, map(addition_of, accepted))
    _, without = fitting(shipped, [addition_of(r) for r in accepted if r.id != row.id])
    lost = [a.words()[0] for a in with_it if a != mine and a not in without]
    if lost:
        yield Problem("term", "word_needed", {"term": mine.term, "words": " / ".join(lost)})
    if mine.broader and store.in_use(uow, mine.term):
        yield Problem("term", "term_in_use", {"term": mine.term})


def _decide(
    uow: UnitOfWork, actor: Actor, key: str, version: int | None, answer: str, to: ProposalState
) -> VocabularyProposal:
    must_curate(actor)
    row = store.open_proposal(uow, actor, key)
    uow.expect(row, version)
    if not can_move(row.state, to):
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
    uow: UnitOfWork, actor: Actor, row: VocabularyProposal, shipped: Vocabulary
) -> tuple[Effect, ...]:
    """What deciding would change in the reading of open needs that the actor may read.

    For a proposal that is accepting it, for accepted words withdrawing them.
    """
    must_curate(actor)
    addition = addition_of(row)
    accepted = [r for r in store.accepted(uow) if r.id != row.id]
    without = laid_over(shipped, map(addition_of, accepted))
    if any(addition_problems(without, addition)):
        return ()
    having = build(with_additions(without.raw, [addition]), f"{without.version[:18]}?")
    taking_back = row.state is ProposalState.ACCEPTED
    before, after = (having, without) if taking_back else (without, having)
    found = []
    for need in _speaking_of(needs.open_needs(uow, actor), addition, without):
        changes = tuple(
            differences(
                extract(need.text, before, need.posted_on),
                extract(need.text, after, need.posted_on),
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
