"""Words are proposed, checked, previewed on stored needs, and laid over the shipped vocabulary."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import select

from collab.curation import service
from collab.curation.forms import proposal_from
from collab.curation.live import LiveVocabulary
from collab.curation.models import VocabularyProposal
from collab.curation.rules import ProposalState
from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected
from collab.kernel.identity import VISITOR, Actor
from collab.members.models import Organisation, Person, Region
from collab.members.rules import Membership, OrganisationKind
from collab.needs.extraction import extract
from collab.needs.models import Need
from collab.needs.rules import Disclosure, NeedState
from collab.storage.database import Database
from collab.storage.models import Activity, OutboxEvent
from collab.vocabulary.additions import Addition, addition_problems, laid_over, with_additions
from collab.vocabulary.catalog import Vocabulary, load_vocabulary

SHIPPED = load_vocabulary()
SYNONYM = {"term": "etching.icp", "words_zh": "蓝鲸刻蚀", "reason": "车间用语"}
TEXT = "需要蓝鲸刻蚀，深300nm，2片"


@pytest.fixture
def cast(database: Database) -> tuple[Actor, Actor]:
    """The secretariat and a member; with one members' need and one invited need."""
    with database.writing() as uow:
        region = Region(code="wuhan", zh="武汉", en="Wuhan", kind="city", path="/wuhan/",
                        lat=30, lon=114)  # fmt: skip
        people = [Person(email=f"{n}@example.org", name=n) for n in ("sec", "mem")]
        uow.session.add_all([region, *people])
        uow.flush()
        house = Organisation(name_zh="甲", name_en="A", kind=OrganisationKind.FIRM,
                             region_id=region.id or 0, membership=Membership.ADMITTED)  # fmt: skip
        uow.session.add(house)
        uow.flush()
        for disclosure in (Disclosure.MEMBERS, Disclosure.INVITED):
            uow.session.add(
                Need(organisation_id=house.id or 0, region_id=region.id or 0, title=disclosure,
                     text=TEXT, state=NeedState.PUBLISHED, disclosure=disclosure,
                     posted_on=date(2026, 3, 1))
            )  # fmt: skip
        sec, mem = (p.id for p in people)
    return (
        Actor(person_id=sec, secretariat=True),
        Actor(person_id=mem, organisation_ids=frozenset({10**6})),
    )


def proposed(database: Database, actor: Actor, **values: str) -> str:
    with database.writing() as uow:
        form = proposal_from({**SYNONYM, **values})
        return service.propose(uow, actor, form, SHIPPED).public_id


def codes(**values: str) -> set[str]:
    addition = proposal_from({**SYNONYM, **values}).addition
    return {p.code for p in addition_problems(SHIPPED, addition)}


def test_conflicts_are_refused_with_their_reason() -> None:
    assert codes() == set()
    assert codes(words_zh="电子束光刻") == {"word_owned"}
    assert codes(words_zh="電子束光刻") == {"word_owned"}
    assert codes(words_zh="光刻胶") == {"word_owned"}
    assert codes(words_zh="键合") == {"word_owned"}
    assert codes(term="etching.none") == {"unknown_term"}
    assert codes(words_zh="") == {"required"}
    assert codes(words_zh="深蚀\n深蚀") == {"vocabulary_word"}
    assert codes(family="chains") == {"unknown_choice"}
    new = {"term": "etching.blue", "broader": "etching", "zh": "蓝色刻蚀", "en": "Blue etching"}
    assert codes(**new) == set()
    assert codes(**{**new, "term": "etching.icp"}) == {"code_taken"}
    assert codes(**{**new, "broader": "etching.blue"}) == {"unknown_term"}
    assert codes(**{**new, "term": "Etching Blue!"}) == {"vocabulary_id"}
    assert codes(**{**new, "en": ""}) == {"required"}


def test_additions_leave_the_shipped_files_alone() -> None:
    before = len(SHIPPED.raw["techniques"]["techniques"])
    new = Addition("etching.blue", broader="etching", zh="蓝色刻蚀", en="Blue etching")
    words = laid_over(SHIPPED, [new, Addition("etching.blue", words_zh=("蓝鲸刻蚀",))])
    assert len(SHIPPED.raw["techniques"]["techniques"]) == before
    assert words.covers("etching.blue", "etching")
    assert words.techniques["etching.blue"].category == "process"
    assert [t["id"] for t in extract(TEXT, words)["techniques"]] == ["etching.blue"]
    assert words.version.startswith(SHIPPED.version + "+")
    assert len(words.version) <= 20
    assert laid_over(SHIPPED, []) is SHIPPED
    assert with_additions(SHIPPED.raw, [])["techniques"] == SHIPPED.raw["techniques"]


def test_an_addition_that_no_longer_fits_is_left_out() -> None:
    stale = Addition("etching.icp", words_zh=("电子束光刻",))
    assert laid_over(SHIPPED, [stale]) is SHIPPED


def test_a_synonym_goes_from_proposal_to_reading(
    database: Database, cast: tuple[Actor, Actor]
) -> None:
    secretariat, member = cast
    key = proposed(database, member)
    with database.reading() as uow:
        assert service.current(uow, SHIPPED) is SHIPPED
        row = service.open_proposal(uow, secretariat, key)
        effects = service.preview(uow, secretariat, row, SHIPPED)
    assert [e.need.title for e in effects] == ["members"]  # never the invited one
    changed = {(part, verb, (new or {}).get("id")) for part, verb, _, new in effects[0].changes}
    assert ("techniques", "added", "etching.icp") in changed
    with database.writing() as uow:
        service.accept(uow, secretariat, key, 1, "好", SHIPPED)
    with database.reading() as uow:
        row = service.open_proposal(uow, member, key)
        names = [e.name for e in uow.session.exec(select(OutboxEvent)).all()]
    words = service.in_force(database, SHIPPED)
    assert words.version == row.vocabulary_version != SHIPPED.version
    assert "VocabularyChanged" in names
    assert [t["id"] for t in extract(TEXT, words)["techniques"]] == ["etching.icp"]


def test_who_may_do_what(database: Database, cast: tuple[Actor, Actor]) -> None:
    secretariat, member = cast
    with pytest.raises(NotAllowed):
        proposed(database, VISITOR)
    key = proposed(database, member)
    other = Actor(person_id=secretariat.person_id, organisation_ids=frozenset({1}))
    with database.writing() as uow:
        with pytest.raises(NotAllowed):
            service.accept(uow, member, key, 1, "", SHIPPED)
        with pytest.raises(NotFound):
            service.open_proposal(uow, other, key)
        with pytest.raises(NotAllowed):
            service.evidence(uow, member)
        with pytest.raises(NotAllowed):
            service.preview(uow, member, service.open_proposal(uow, member, key), SHIPPED)


def test_a_proposal_is_decided_once_and_on_its_latest_version(
    database: Database, cast: tuple[Actor, Actor]
) -> None:
    secretariat, member = cast
    key = proposed(database, member)
    with database.writing() as uow, pytest.raises(Conflict):
        service.accept(uow, secretariat, key, 7, "", SHIPPED)
    with database.writing() as uow:
        service.decline(uow, secretariat, key, 1, "已有")
    with database.writing() as uow, pytest.raises(Conflict):
        service.accept(uow, secretariat, key, None, "", SHIPPED)
    with database.reading() as uow:
        rows = uow.session.exec(select(VocabularyProposal)).all()
        assert [(r.state, r.answer) for r in rows] == [(ProposalState.DECLINED, "已有")]


def test_of_two_proposals_for_one_word_only_the_first_is_accepted(
    database: Database, cast: tuple[Actor, Actor]
) -> None:
    secretariat, member = cast
    first, second = proposed(database, member), proposed(database, member, term="etching.ibe")
    with database.writing() as uow:
        service.accept(uow, secretariat, first, 1, "", SHIPPED)
    with database.writing() as uow, pytest.raises(Rejected) as refused:
        service.accept(uow, secretariat, second, 1, "", SHIPPED)
    assert [p.code for p in refused.value.problems] == ["word_owned"]


def accepted(database: Database, cast: tuple[Actor, Actor], **values: str) -> str:
    key = proposed(database, cast[1], **values)
    with database.writing() as uow:
        service.accept(uow, cast[0], key, 1, "好", SHIPPED)
    return key


NEW_TERM = {"term": "etching.blue", "broader": "etching", "zh": "蓝色刻蚀", "en": "Blue etching",
            "words_zh": "蓝鲸刻蚀"}  # fmt: skip


def test_accepted_words_are_withdrawn_with_their_effect_shown_and_recorded(
    database: Database, cast: tuple[Actor, Actor]
) -> None:
    secretariat, member = cast
    key = accepted(database, cast)
    with database.reading() as uow:
        row = service.open_proposal(uow, secretariat, key)
        effects = service.preview(uow, secretariat, row, SHIPPED)
    changed = {(part, verb, (old or {}).get("id")) for part, verb, old, _ in effects[0].changes}
    assert ("techniques", "removed", "etching.icp") in changed
    assert [e.need.title for e in effects] == ["members"]  # never the invited one
    with database.writing() as uow:
        with pytest.raises(NotAllowed):
            service.withdraw(uow, member, key, row.version, "", SHIPPED)
        with pytest.raises(Conflict):
            service.withdraw(uow, secretariat, key, row.version + 7, "", SHIPPED)
    with database.writing() as uow:
        service.withdraw(uow, secretariat, key, row.version, "误收", SHIPPED)
    assert service.in_force(database, SHIPPED) is SHIPPED
    with database.reading() as uow:
        row = service.open_proposal(uow, member, key)
        events = [e.name for e in uow.session.exec(select(OutboxEvent)).all()]
        acts = [a.action for a in uow.session.exec(select(Activity)).all()]
    assert (row.state, row.answer) == (ProposalState.WITHDRAWN, "误收")
    assert events.count("VocabularyChanged") == 2
    assert "withdrawn" in acts
    with database.writing() as uow, pytest.raises(Conflict):
        service.accept(uow, secretariat, key, None, "", SHIPPED)
    assert codes() == set()  # the words are free again


def test_a_term_that_is_used_or_built_on_is_not_withdrawn(
    database: Database, cast: tuple[Actor, Actor]
) -> None:
    secretariat, _ = cast
    term = accepted(database, cast, **NEW_TERM)
    word = accepted(database, cast, term="etching.blue", words_zh="天蓝刻蚀")

    def withdraw(key: str) -> set[str]:
        try:
            with database.writing() as uow:
                service.withdraw(uow, secretariat, key, None, "", SHIPPED)
        except Rejected as refused:
            return {p.code for p in refused.problems}
        return set()

    assert withdraw(term) == {"word_needed"}
    with database.writing() as uow:
        need = uow.session.exec(select(Need).where(Need.title == "invited")).one()
        need.structure = {"techniques": [{"id": "etching.blue", "span": None}]}
        uow.session.add(need)
    assert withdraw(word) == set()
    assert withdraw(term) == {"term_in_use"}
    with database.writing() as uow:
        need = uow.session.exec(select(Need).where(Need.title == "invited")).one()
        need.structure = {}
        uow.session.add(need)
    assert withdraw(term) == set()
    assert service.in_force(database, SHIPPED) is SHIPPED


def test_a_term_between_two_others_is_not_withdrawn(
    database: Database, cast: tuple[Actor, Actor]
) -> None:
    """The middle one does not fit without the first; what is below it must hold it all the same."""
    secretariat, _ = cast
    chain = [
        accepted(database, cast, term=f"{above}.{own}", broader=above, zh=f"{word}刻蚀",
                 en=f"{own} etching", words_zh=f"{word}蚀法")
        for above, own, word in (
            ("etching", "blue", "蔚蓝"), ("etching.blue", "deep", "深蓝"),
            ("etching.blue.deep", "night", "夜蓝"),
        )
    ]  # fmt: skip
    before = service.in_force(database, SHIPPED).version
    for key, names in ((chain[0], "深蓝刻蚀 / 夜蓝刻蚀"), (chain[1], "夜蓝刻蚀")):
        with database.writing() as uow, pytest.raises(Rejected) as refused:
            service.withdraw(uow, secretariat, key, None, "", SHIPPED)
        [problem] = refused.value.problems
        assert (problem.code, problem.facts["words"]) == ("word_needed", names)
    assert service.in_force(database, SHIPPED).version == before
    for key in reversed(chain):
        with database.writing() as uow:
            service.withdraw(uow, secretariat, key, None, "", SHIPPED)
    assert service.in_force(database, SHIPPED) is SHIPPED


def test_two_processes_follow_what_is_accepted_and_withdrawn(
    database: Database, cast: tuple[Actor, Actor]
) -> None:
    told: list[str] = []
    here, there = (LiveVocabulary(database, SHIPPED) for _ in range(2))
    there.tell(lambda words: told.append(words.version))
    assert (here.refresh(), there.refresh()) == (False, False)
    key = accepted(database, cast)
    assert there.current is SHIPPED  # nothing changes in the middle of a use case
    assert (here.refresh(), there.refresh(), there.refresh()) == (True, True, False)
    assert here.current.version == there.current.version == told[0] != SHIPPED.version
    assert [t["id"] for t in extract(TEXT, there.current)["techniques"]] == ["etching.icp"]
    with database.writing() as uow:
        service.withdraw(uow, cast[0], key, None, "", SHIPPED)
    assert there.refresh()
    assert told == [told[0], SHIPPED.version]
    assert extract(TEXT, there.current)["techniques"][0]["id"] == "etching"


def test_a_change_that_could_not_be_taken_is_taken_later(
    database: Database, cast: tuple[Actor, Actor]
) -> None:
    live = LiveVocabulary(database, SHIPPED)
    live.refresh()
    failing = [True]

    def take(_words: Vocabulary) -> None:
        if failing[0]:
            raise OSError("no room")

    live.tell(take)
    accepted(database, cast)
    with pytest.raises(OSError, match="no room"):
        live.refresh()
    failing[0] = False
    live.refresh()
    assert live.current.version != SHIPPED.version
