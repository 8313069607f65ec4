"""Words are proposed, checked, previewed on stored needs, and laid over the shipped vocabulary."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import select

from collab.curation import service
from collab.curation.forms import proposal_from
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
from collab.storage.models import OutboxEvent
from collab.vocabulary.additions import Addition, addition_problems, laid_over, with_additions
from collab.vocabulary.catalog import load_vocabulary

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
        addition = service.addition_of(service.open_proposal(uow, secretariat, key))
        effects = service.preview(uow, secretariat, addition, SHIPPED)
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
            service.preview(uow, member, Addition("etching"), SHIPPED)


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
