"""Questions to providers on both databases: who may ask whom, once, and what an answer does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlmodel import col, select

from collab.facilities.models import Capability, CapabilityTechnique, CapabilityValue
from collab.facilities.rules import Category, Evidence
from collab.kernel import clock
from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected, TooMany
from collab.kernel.happened import NeedChanged, QuestionAnswered, QuestionsAsked
from collab.kernel.identity import VISITOR, Actor, Role
from collab.matching.models import BlockedPair
from collab.members.models import Organisation, Person, Region, RoleGrant
from collab.members.rules import Membership, OrganisationKind
from collab.needs import service as needs
from collab.needs.models import Need, NeedInvitation
from collab.needs.rules import Disclosure, NeedState
from collab.notices import questions as telling
from collab.notices import store as notice_store
from collab.notices.models import Notice
from collab.questions import rules, service
from collab.questions.forms import AnswerIn, QuestionIn
from collab.questions.models import Question
from collab.questions.rules import MOST_IN_A_WINDOW, MOST_OPEN, QuestionState, Stance
from collab.storage.database import Database
from collab.storage.models import Activity
from collab.vocabulary.catalog import load_vocabulary
from tests.service.together import together

VOCABULARY = load_vocabulary()
LOSS = QuestionIn(
    ":propagation-loss", "s1", "propagation-loss", "损耗能否低于 0.3 dB/cm？", "Loss?"
)
OWN = QuestionIn("own:1", "own", "", "下月有空档吗？", "下月有空档吗？")


@dataclass
class World:
    """A need of one house, a provider's capability, people on both sides and strangers."""

    asker: Actor
    provider: Actor
    clerk: Actor
    stranger: Actor
    need: str
    need_id: int
    capability: str
    documented: str
    houses: dict[str, int]


def person(uow: Any, name: str, house: int, role: Role) -> int:
    """Somebody with a role in a house."""
    row = Person(email=f"{name}@example.org", name=name, password_hash="x")
    uow.session.add(row)
    uow.flush()
    uow.session.add(RoleGrant(person_id=row.id or 0, role=role, organisation_id=house))
    return row.id or 0


def line(uow: Any, house: int, name: str) -> str:
    """A capability of a house; its public id."""
    row = Capability(organisation_id=house, category=Category.PROCESS, name_zh=name,
                     evidence=Evidence.DOCUMENTED)  # fmt: skip
    uow.session.add(row)
    uow.flush()
    uow.session.add(CapabilityTechnique(capability_id=row.id or 0, technique="lithography.ebl"))
    uow.session.add(CapabilityValue(capability_id=row.id or 0, parameter="min-feature", low=50.0))
    return row.public_id


@pytest.fixture
def world(database: Database) -> World:
    """The world before anything is asked."""
    with database.writing() as uow:
        region = Region(code="here", zh="h", en="h", kind="province", path="/here/")
        uow.session.add(region)
        uow.flush()
        kept = {}
        for name in ("asker", "provider", "stranger", "listed"):
            state = Membership.LISTED if name == "listed" else Membership.ADMITTED
            row = Organisation(name_zh=name, name_en=name, kind=OrganisationKind.FIRM,
                               region_id=region.id or 0, membership=state)  # fmt: skip
            uow.session.add(row)
            uow.flush()
            kept[name] = row.id or 0
        need = Need(organisation_id=kept["asker"], region_id=region.id or 0, title="低损耗波导",
                    text="x", state=NeedState.PUBLISHED, disclosure=Disclosure.MEMBERS,
                    posted_on=clock.today())  # fmt: skip
        uow.session.add(need)
        uow.flush()
        people = {
            name: person(uow, name, kept[house], role)
            for name, house, role in (
                ("asker", "asker", Role.MEMBER), ("editor", "provider", Role.FACILITY_OWNER),
                ("clerk", "provider", Role.MEMBER), ("stranger", "stranger", Role.MEMBER),
            )
        }  # fmt: skip

        def actor(name: str, house: str, *, edits: bool = False) -> Actor:
            ids = frozenset({kept[house]})
            editing = ids if edits else frozenset()
            return Actor(
                person_id=people[name], organisation_ids=ids, editor_organisation_ids=editing
            )

        return World(
            actor("asker", "asker"), actor("editor", "provider", edits=True),
            actor("clerk", "provider"), actor("stranger", "stranger"),
            need.public_id, need.id or 0, line(uow, kept["provider"], "波导"),
            line(uow, kept["listed"], "公开的线"), kept,
        )  # fmt: skip


def ask(database: Database, world: World, *sent: QuestionIn, key: str = "") -> tuple[str, int]:
    """Send questions; the thread's key and how many were new."""
    with database.writing() as uow:
        row, count = service.ask(uow, world.asker, world.need, key or world.capability, sent)
        return row.public_id, count


def questions(database: Database) -> list[Question]:
    """Every question as it is stored."""
    with database.reading() as uow:
        return list(uow.session.exec(select(Question).order_by(col(Question.id))).all())


def answer(database: Database, who: Actor, thread: str, row: Question, **form: Any) -> Question:
    """An answer to the question as it was read."""
    with database.writing() as uow:
        words = AnswerIn.model_validate(form)
        return service.answer(uow, who, thread, row.public_id, words, row.version, VOCABULARY)


def disclose(database: Database, world: World, disclosure: Disclosure, *invited: str) -> None:
    """The need is shown so from now on."""
    with database.writing() as uow:
        need = uow.session.get(Need, world.need_id)
        assert need is not None
        need.disclosure = disclosure
        uow.session.add(need)
        for name in invited:
            uow.session.add(
                NeedInvitation(need_id=world.need_id, organisation_id=world.houses[name])
            )


def move(database: Database, world: World, state: NeedState) -> None:
    """The need's people move it, and the listener follows."""
    with database.writing() as uow:
        needs.move_need(uow, world.asker, world.need, state, None)
    service.follow(database, [NeedChanged(world.need_id)])


def test_questions_go_out_once_and_only_to_the_provider(database: Database, world: World) -> None:
    thread, count = ask(database, world, LOSS, OWN)
    assert count == 2
    assert ask(database, world, LOSS, OWN) == (thread, 0), "a double send sends nothing"
    other = QuestionIn(LOSS.topic, "s1", LOSS.criterion, "换一种说法", "换一种说法")
    assert ask(database, world, other) == (thread, 0), "what waits is not asked twice"
    with database.reading() as uow:
        for who in (world.asker, world.provider, world.clerk):
            assert len(service.one(uow, who, thread).questions) == 2
        for who in (world.stranger, VISITOR, Actor(person_id=9, secretariat=True)):
            with pytest.raises(NotFound):
                service.one(uow, who, thread)
            assert service.page(uow, who, 1, 10).total == 0
        assert [w.count for w in service.unanswered(uow, world.clerk, 5)] == [2]
        assert not service.unanswered(uow, world.asker, 5)
        assert not service.unanswered(uow, world.stranger, 5)


def test_who_cannot_be_asked(database: Database, world: World) -> None:
    for who in (world.provider, world.stranger, VISITOR):
        with pytest.raises((NotFound, NotAllowed)), database.writing() as uow:
            service.ask(uow, who, world.need, world.capability, [LOSS])
    with pytest.raises(Conflict, match="nobody_to_ask"):
        ask(database, world, LOSS, key=world.documented)
    with pytest.raises(NotFound):
        ask(database, world, LOSS, key="cap-0000000000")
    with database.writing() as uow:
        own = line(uow, world.houses["asker"], "自己的线")
    with pytest.raises(NotFound):
        ask(database, world, LOSS, key=own)
    for empty in ((), (QuestionIn("own:2", "own", "", " ", " "),),
                  (QuestionIn("own:2", "own", "", "长" * 1001, "长"),)):  # fmt: skip
        with pytest.raises(Rejected):
            ask(database, world, *empty)
    assert not questions(database)


@pytest.mark.parametrize("blocker", ["asker", "provider"])
def test_a_pair_kept_apart_looks_like_a_capability_that_is_not_there(
    database: Database, world: World, blocker: str
) -> None:
    other = "provider" if blocker == "asker" else "asker"
    with database.writing() as uow:
        uow.session.add(BlockedPair(organisation_id=world.houses[blocker],
                                    blocked_id=world.houses[other]))  # fmt: skip
    errors = []
    for key in (world.capability, "cap-0000000000"):
        with pytest.raises(NotFound) as refused:
            ask(database, world, LOSS, key=key)
        errors.append((refused.value.kind, str(refused.value).replace(key, "…")))
    assert errors[0] == errors[1]
    with database.writing() as uow:
        uow.session.delete(uow.session.exec(select(BlockedPair)).one())
    assert ask(database, world, LOSS)[1] == 1


def test_a_suspended_provider_is_not_there_and_a_suspended_owner_asks_nothing(
    database: Database, world: World
) -> None:
    thread, _ = ask(database, world, LOSS)
    with database.writing() as uow:
        house = uow.session.get(Organisation, world.houses["provider"])
        assert house is not None
        house.membership = Membership.SUSPENDED
        uow.session.add(house)
    with pytest.raises(NotFound):
        ask(database, world, OWN)
    with database.writing() as uow:
        for name, state in (("provider", Membership.ADMITTED), ("asker", Membership.SUSPENDED)):
            house = uow.session.get(Organisation, world.houses[name])
            assert house is not None
            house.membership = state
            uow.session.add(house)
    with database.reading() as uow, pytest.raises(NotFound):
        service.one(uow, world.provider, thread)  # the needs of a suspended owner are closed
    with database.reading() as uow:
        assert not service.unanswered(uow, world.provider, 5)


def test_an_invited_need_is_asked_about_among_the_invited_alone(
    database: Database, world: World
) -> None:
    disclose(database, world, Disclosure.INVITED, "stranger")
    with pytest.raises(Conflict, match="not_invited"):
        ask(database, world, LOSS)
    disclose(database, world, Disclosure.INVITED, "provider")
    thread, count = ask(database, world, LOSS)
    assert count == 1
    with database.reading() as uow:
        view = service.one(uow, world.provider, thread)
        assert service.is_logged(view, world.provider)
        assert not service.is_logged(view, world.asker)
    with database.writing() as uow:
        for row in uow.session.exec(select(NeedInvitation)):
            uow.session.delete(row)
    with database.reading() as uow:
        with pytest.raises(NotFound):
            service.one(uow, world.provider, thread)
        assert service.one(uow, world.asker, thread).open == 1


def test_an_anonymous_owner_stays_unknown_to_the_one_who_is_asked(
    database: Database, world: World
) -> None:
    disclose(database, world, Disclosure.ANONYMOUS)
    thread, _ = ask(database, world, LOSS)
    with database.reading() as uow:
        view = service.one(uow, world.provider, thread)
        assert (view.asker, view.own_need) == (None, False)
        shown = service.one(uow, world.asker, thread)
        assert shown.asker is not None
    telling.follow(database, [QuestionsAsked(1, 1, 1)])
    with database.reading() as uow:
        told = uow.session.exec(select(Notice)).all()
        assert {n.code for n in told} == {"question_asked"}
        assert all("asker" not in str(n.facts) for n in told)


def test_an_answer_is_told_counted_and_corrected_under_the_words_that_were_read(
    database: Database, world: World
) -> None:
    thread, _ = ask(database, world, LOSS)
    row = questions(database)[0]
    for wrong in ({}, {"text": "  "}, {"take_over": True, "text": "x"}):
        with pytest.raises(Rejected):
            answer(database, world.clerk, thread, row, **wrong)
    with pytest.raises(NotAllowed):
        answer(database, world.asker, thread, row, text="自问自答")
    with pytest.raises(NotFound):
        answer(database, world.stranger, thread, row, text="x")
    with pytest.raises(Conflict, match="stale"), database.writing() as uow:
        service.answer(uow, world.clerk, thread, row.public_id, AnswerIn(text="x"), None,
                       VOCABULARY)  # fmt: skip
    done = answer(database, world.clerk, thread, row, text="可以", stance="yes",
                  value={"high": 0.2})  # fmt: skip
    assert (done.state, done.stance, done.taken_over_at) == (QuestionState.ANSWERED, Stance.YES,
                                                             None)  # fmt: skip
    with pytest.raises(Conflict, match="stale"):
        answer(database, world.provider, thread, row, text="同时")
    again = answer(database, world.provider, thread, questions(database)[0], text="更正")
    assert (again.answer, again.value, again.answered_by) == ("更正", None,
                                                              world.provider.person_id)  # fmt: skip
    for serial in (2, 3, 3):
        telling.follow(database, [QuestionAnswered(row.id or 0, serial)])
    with database.reading() as uow:
        assert len(notice_store.notices_of(uow, world.asker)) == 2
        assert not notice_store.notices_of(uow, world.provider)
    assert ask(database, world, LOSS)[1] == 0, "the same words were answered"


def test_a_value_goes_into_the_capability_only_by_choice_and_under_its_guards(
    database: Database, world: World
) -> None:
    thread, _ = ask(database, world, LOSS)
    row = questions(database)[0]

    def stated() -> dict[str, float | None]:
        with database.reading() as uow:
            found = uow.session.exec(
                select(CapabilityValue)
                .join(Capability, col(Capability.id) == col(CapabilityValue.capability_id))
                .where(col(Capability.public_id) == world.capability)
            )
            return {v.parameter: v.high if v.high is not None else v.low for v in found}

    value = {"high": 0.2}
    with pytest.raises(NotAllowed):
        answer(database, world.clerk, thread, row, value=value, take_over=True,
               capability_version=1)  # fmt: skip
    with pytest.raises(Conflict, match="stale"):
        answer(database, world.provider, thread, row, value=value, take_over=True,
               capability_version=7)  # fmt: skip
    with pytest.raises(Conflict, match="stale"):
        answer(database, world.provider, thread, row, value=value, take_over=True)
    with pytest.raises(Rejected, match="value:implausible"):
        answer(database, world.provider, thread, row, value={"high": 1e6})
    assert questions(database)[0].state is QuestionState.OPEN, "a refusal leaves nothing behind"
    answer(database, world.clerk, thread, row, value=value)
    assert stated() == {"min-feature": 50.0}
    row = questions(database)[0]
    answer(database, world.provider, thread, row, value=value, take_over=True,
           capability_version=1)  # fmt: skip
    assert stated() == {"min-feature": 50.0, "propagation-loss": 0.2}
    with database.reading() as uow:
        capability = uow.session.exec(
            select(Capability).where(col(Capability.public_id) == world.capability)
        ).one()
        assert capability.evidence is Evidence.DECLARED
        note = uow.session.exec(select(Activity).where(col(Activity.kind) == "capability")).one()
        assert note.before == {"propagation-loss": None}
        assert world.need not in str(note.after)
    again = answer(database, world.clerk, thread, questions(database)[0], value=value, text="是")
    assert again.taken_over_at is not None, "the capability still says so"
    other = answer(database, world.clerk, thread, questions(database)[0], value={"high": 5.0})
    assert other.taken_over_at is None, "what the answer says now stands on no capability"
    assert stated()["propagation-loss"] == 0.2


def test_questions_end_with_their_need_and_wait_no_longer(database: Database, world: World) -> None:
    thread, _ = ask(database, world, LOSS, OWN)
    first, second = questions(database)
    answer(database, world.clerk, thread, first, text="可以")
    with database.writing() as uow:
        need = uow.session.get(Need, world.need_id)
        assert need is not None
        need.state = NeedState.CLOSED
        uow.session.add(need)
    with pytest.raises(Conflict, match="question_over"):  # before any listener ran
        answer(database, world.clerk, thread, second, text="晚了")
    with pytest.raises(Conflict, match="cannot_ask_now"):
        ask(database, world, LOSS)
    with database.reading() as uow:
        assert not service.unanswered(uow, world.clerk, 5)
    service.follow(database, [NeedChanged(world.need_id)])
    assert [q.state for q in questions(database)] == [QuestionState.ANSWERED, QuestionState.ENDED]


def test_a_withdrawn_need_takes_its_questions_from_the_provider(
    database: Database, world: World
) -> None:
    thread, _ = ask(database, world, LOSS)
    move(database, world, NeedState.WITHDRAWN)
    assert questions(database)[0].state is QuestionState.ENDED
    with database.reading() as uow:
        with pytest.raises(NotFound):
            service.one(uow, world.provider, thread)
        assert service.one(uow, world.asker, thread).open == 0
    move(database, world, NeedState.DRAFT)
    with database.writing() as uow:
        need = uow.session.get(Need, world.need_id)
        assert need is not None
        need.state = NeedState.PUBLISHED
        uow.session.add(need)
    assert ask(database, world, LOSS) == (thread, 1), "it ended unanswered and may be sent anew"


def test_a_question_is_taken_back_until_it_is_answered(database: Database, world: World) -> None:
    thread, _ = ask(database, world, LOSS)
    row = questions(database)[0]
    with pytest.raises(NotAllowed), database.writing() as uow:
        service.withdraw(uow, world.provider, thread, row.public_id, row.version)
    with database.writing() as uow:
        service.withdraw(uow, world.asker, thread, row.public_id, row.version)
    with pytest.raises(Conflict, match="question_over"):
        answer(database, world.clerk, thread, questions(database)[0], text="x")
    assert ask(database, world, LOSS)[1] == 1, "taken back, it can be asked anew"
    answer(database, world.clerk, thread, questions(database)[1], text="x")
    with pytest.raises(Conflict, match="question_over"), database.writing() as uow:
        service.withdraw(uow, world.asker, thread, questions(database)[1].public_id, None)


def test_many_who_send_the_same_at_once_send_it_once(database: Database, world: World) -> None:
    def send(_number: int) -> object:
        return ask(database, world, LOSS)[1]

    assert sorted(map(str, together(4, send))) == ["0", "0", "0", "1"]
    thread, _ = ask(database, world, LOSS)
    row = questions(database)[0]

    def reply(number: int) -> object:
        return answer(database, world.clerk, thread, row, text=f"答 {number}").answer

    said = together(3, reply)
    assert said.count("stale") == 2, said
    assert questions(database)[0].answer in said


def test_an_answer_and_the_end_of_the_need_at_once_leave_one_of_the_two(
    database: Database, world: World
) -> None:
    thread, _ = ask(database, world, LOSS)
    row = questions(database)[0]

    def act(number: int) -> object:
        if number:
            try:
                return answer(database, world.clerk, thread, row, text="来得及").state
            except NotFound:  # withdrawn before it was opened: the need is closed to the provider
                return "gone"
        move(database, world, NeedState.WITHDRAWN)
        return "moved"

    said = together(2, act)
    kept = questions(database)[0]
    if QuestionState.ANSWERED in said:
        assert kept.state is QuestionState.ANSWERED
    else:
        assert kept.state is QuestionState.ENDED, said


def test_there_is_a_most_of_everything(database: Database, world: World) -> None:
    def some(start: int, count: int) -> list[QuestionIn]:
        words = [f"问 {n}" for n in range(start, start + count)]
        return [QuestionIn(rules.own_topic(w), "own", "", w, w) for w in words]

    with pytest.raises(Rejected, match="too_many_questions"):
        ask(database, world, *some(0, 21))
    with pytest.raises(Rejected, match="not_storable"):
        ask(database, world, QuestionIn(rules.own_topic("线"), "own", "", "线\0", "线\0"))
    for start in range(0, MOST_OPEN, 20):
        ask(database, world, *some(start, 20))
    with pytest.raises(Rejected, match="too_many_open"):
        ask(database, world, *some(500, 1))
    with database.writing() as uow:
        others = [line(uow, world.houses["provider"], f"线 {n}") for n in range(8)]
    left = (MOST_IN_A_WINDOW - MOST_OPEN) // 20
    for number, key in enumerate(others[:left]):
        assert ask(database, world, *some(1000 * (number + 1), 20), key=key)[1] == 20
    with pytest.raises(TooMany):
        ask(database, world, *some(99_000, 1), key=others[left])
    assert ask(database, world, *some(0, 20))[1] == 0, "what was sent counts no second time"


def test_the_acts_are_on_record_and_the_secretariat_does_not_read_them(
    database: Database, world: World
) -> None:
    thread, _ = ask(database, world, LOSS)
    answer(database, world.clerk, thread, questions(database)[0], text="可以")
    with database.reading() as uow:
        acts = uow.session.exec(select(Activity).where(col(Activity.kind) == "question")).all()
        assert [(a.action, a.key) for a in acts] == [("asked", thread), ("answered", thread)]


def test_an_answer_offers_its_open_points_for_a_capability_once() -> None:
    def words(text: str) -> dict[str, str]:
        return {"zh": text, "en": text}

    asked = {"criterion": "min-feature", **words("线宽？")}
    rule = {"rule": "moq-per-step", "to": "provider", **words("起订量？")}
    own = {"rule": "trl-minimum", "to": "member", **words("您的？")}
    found: dict[str, Any] = {
        "steps": [
            {"key": "s1", "candidates": [{"capability": "a", "questions": [asked]}], "near": []},
            {"key": "s2", "candidates": [{"capability": "a", "questions": [asked]}],
             "near": [{"capability": "b", "questions": []}]},
        ],
        "routes": [{"legs": [{"capability": "a", "step": "s1", "asks": [asked, None],
                              "questions": [rule, own]}]}],
        "gaps": [{"step": "s2", "nearest": [{"capability": "c", "questions": [asked]}],
                  "routes": []}],
    }  # fmt: skip
    of_a = rules.proposals(found, "a")
    assert of_a is not None
    assert [(p.topic, p.step) for p in of_a] == [
        (":min-feature", "s1"), ("handover:moq-per-step", "handover"),
    ]  # fmt: skip
    assert rules.proposals(found, "b") == []
    assert [p.step for p in rules.proposals(found, "c") or ()] == ["s2"]
    assert rules.proposals(found, "d") is None
