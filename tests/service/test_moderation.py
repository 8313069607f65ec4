"""Moderation on both databases: who may, what closes, what two do at once, who learns what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from collab.agreements import service as agreements
from collab.agreements.forms import AgreementIn
from collab.config import Settings
from collab.deals import service as deals
from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.facilities import store as facilities
from collab.facilities.filters import CapabilityFilter
from collab.importing.demo_removal import remove_demo
from collab.kernel import clock
from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected, TooMany
from collab.kernel.happened import HoldChanged, ReportChanged
from collab.kernel.identity import SYSTEM, VISITOR, Actor
from collab.kernel.permissions import Permission
from collab.matching import feed as offers
from collab.members.models import Organisation, Person, RoleGrant
from collab.members.rules import Membership
from collab.moderation import catalogue, service, store
from collab.moderation.rules import HoldState, Kind, ReportState
from collab.needs import service as need_service
from collab.needs import store as needs
from collab.needs.filters import NeedFilter
from collab.needs.forms import DraftIn, PublicationIn
from collab.needs.models import NeedInvitation, NeedParty
from collab.needs.rules import SHOWN_STATES, Disclosure, NeedState
from collab.network import store as network
from collab.notices import moderation as told
from collab.notices.events import NoticesDue
from collab.notices.letters import NoticeMail
from collab.notices.mail import Mailer
from collab.notices.models import Notice
from collab.search import feed
from collab.storage.audit_reading import broken
from collab.storage.database import Database
from collab.storage.models import Activity
from collab.vocabulary.catalog import load_vocabulary
from tests.service.moderated import Alliance, alliance, kind_of, record
from tests.service.together import together

WORDS = load_vocabulary()


def hold(a: Alliance, key: str, who: str = "here", wanted: str = "", **more: Any) -> None:
    """Somebody who just read a record holds it."""
    version = more.get("version", a.version(key))
    with a.database.writing() as uow:
        service.hold_record(
            uow, a.actors[who], kind_of(key), key, more.get("reason", "价格有误"), wanted, version
        )


def release(a: Alliance, key: str, who: str = "here") -> None:
    """Somebody who just read a record releases it."""
    version = a.version(key)
    with a.database.writing() as uow:
        service.release_record(uow, a.actors[who], kind_of(key), key, version)


def report(a: Alliance, key: str, who: str = "reporter", reason: str = "outdated") -> str:
    """Somebody reports a record."""
    with a.database.writing() as uow:
        made = service.report_record(uow, a.actors[who], kind_of(key), key, reason, "")
        return made.public_id


def refused(work: Callable[[], object]) -> str:
    """How something was refused; "" when it was not."""
    try:
        work()
    except (NotFound, NotAllowed) as error:
        return type(error).__name__
    except Conflict as error:
        return error.code
    return ""


# ── who may ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("members", [4, 5])
def test_who_may_moderate_is_a_matter_of_region_disclosure_and_how_many_stand_there(
    database: Database, members: int
) -> None:
    a = alliance(database, members)
    shown = {"city", "here", "here too", "secretariat"}
    province = {"here", "here too", "secretariat"} if members >= 5 else {"secretariat"}
    expected = {Disclosure.PUBLIC: shown, Disclosure.MEMBERS: shown, Disclosure.INVITED: set(),
                Disclosure.ANONYMOUS: province}  # fmt: skip
    for disclosure, state in [(d, s) for d in Disclosure for s in NeedState]:
        key = a.need(disclosure, state)
        may = expected[disclosure] if state in SHOWN_STATES else set()
        for who, actor in {**a.actors, "visitor": VISITOR}.items():
            with database.reading() as uow:
                opens = not refused(
                    lambda: needs.open_need(uow, actor, key, Permission.NEED_MODERATE)  # noqa: B023
                )
                asked = store.may_moderate(uow, actor, record(uow, key))
            assert opens == asked == (who in may), (who, disclosure, state)
    for who, actor in {**a.actors, "visitor": VISITOR}.items():
        with database.reading() as uow:
            asked = store.may_moderate(uow, actor, record(uow, a.capability))
        assert asked == (who in shown), who


def test_nobody_moderates_the_own_organisations_records_and_an_ended_role_ends_it(
    database: Database,
) -> None:
    a = alliance(database)
    both = Actor(person_id=a.people["here"], region_ids=a.actors["here"].region_ids,
                 organisation_ids=frozenset({a.houses["own"]}))  # fmt: skip
    for key in (a.need(), a.capability):
        with database.reading() as uow:
            assert not store.may_moderate(uow, both, record(uow, key))
            assert store.may_moderate(uow, a.actors["here"], record(uow, key))
    with database.writing() as uow:
        grant = uow.session.exec(
            select(RoleGrant).where(col(RoleGrant.person_id) == a.people["here"])
        ).one()
        grant.expires_at = clock.now() - timedelta(seconds=1)
        uow.session.add(grant)
    with database.writing() as uow:
        list(told._moderators(uow, record(uow, a.capability)))
    report(a, a.capability)
    follow(database, ReportChanged(a.reports()[0].id or 0))
    assert set(notices(database, "report_open")) == {
        a.people[who] for who in ("here too", "city", "secretariat")
    }


def test_an_invited_need_is_moderated_only_by_an_invited_moderator(database: Database) -> None:
    a = alliance(database)
    key = a.need(Disclosure.INVITED)
    with database.writing() as uow:
        need = record(uow, key)
        uow.session.add(NeedInvitation(need_id=need.id or 0, organisation_id=a.houses["third"]))
    invited = Actor(person_id=a.people["here"], region_ids=a.actors["here"].region_ids,
                    organisation_ids=frozenset({a.houses["third"]}))  # fmt: skip
    a.actors["invited here"] = invited
    for who in ("here", "secretariat"):
        assert refused(lambda: hold(a, key, who)) == "NotFound"  # noqa: B023
    hold(a, key, "invited here")
    for who in ("here", "secretariat", "reporter"):
        with database.reading() as uow:
            assert needs.needs_by_key(uow, a.actors[who], [key]) == {}, who
    with database.reading() as uow:
        assert set(needs.needs_by_key(uow, invited, [key])) == {key}


# ── what closes ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("disclosure", [d for d in Disclosure if d is not Disclosure.INVITED])
def test_a_held_need_is_there_for_its_owner_and_its_moderators_and_counts_for_nobody(
    database: Database, disclosure: Disclosure
) -> None:
    a = alliance(database)
    key, plain = a.need(disclosure), a.need(disclosure)
    with database.writing() as uow:
        need_id = record(uow, key).id or 0
        uow.session.add(NeedParty(need_id=need_id, organisation_id=a.houses["other"]))
        uow.session.add(
            Interest(need_id=need_id, organisation_id=a.houses["other"], message="m",
                     state=InterestState.ACCEPTED)
        )  # fmt: skip
    hold(a, key)
    stay = {"owner", "here", "here too", "secretariat"}
    stay |= set() if disclosure is Disclosure.ANONYMOUS else {"city"}
    for who, actor in {**a.actors, "visitor": VISITOR}.items():
        with database.reading() as uow:
            page = needs.readable_needs(uow, actor, NeedFilter(), 1, 50)
            listed = {n.public_id for n in page.items}
            assert page.total == len(listed)
            opened = not refused(lambda: needs.open_need(uow, actor, key))  # noqa: B023
            assert opened == (key in listed) == (who in stay), (who, disclosure)
            assert key not in {n.public_id for n in needs.open_needs(uow, actor)}, who
            assert key not in {n.key for n in network.open_needs(uow, actor)}, who
            labels = feed.labels_of(actor)
            carried = feed.need_labels(record(uow, key), (), (a.houses["other"],))  # type: ignore[arg-type]
            assert bool(labels & set(carried)) == (who == "owner"), who
    with database.reading() as uow:
        assert {n.public_id for n in needs.open_needs(uow, SYSTEM)} == {plain}
        assert need_id not in needs.open_needs_asking(uow, ["lithography.ebl"])
        assert need_id not in needs.waiting_among(uow, [need_id])
    release(a, key)
    with database.reading() as uow:
        assert set(needs.needs_by_key(uow, a.actors["member"], [key])) == {key}
        assert {n.public_id for n in needs.open_needs(uow, SYSTEM)} == {plain, key}


def test_a_held_capability_is_out_of_the_catalogue_and_of_everything_made_from_it(
    database: Database,
) -> None:
    a = alliance(database)
    hold(a, a.capability)
    for who, actor in {**a.actors, "visitor": VISITOR}.items():
        with database.reading() as uow:
            page = facilities.readable_capabilities(uow, actor, CapabilityFilter(), 1, 50)
            facets = facilities.capability_facets(uow, actor, CapabilityFilter())
            stays = who in ("owner", "city", "here", "here too", "secretariat")
            assert page.total == sum(facets["category"].values()) == int(stays), who
            opened = not refused(lambda: facilities.open_capability(uow, actor, a.capability))  # noqa: B023
            assert opened == stays, who
    with database.reading() as uow:
        assert offers.offers(uow) == []
        assert list(feed.capability_documents(uow)) == []
        assert facilities.counts_by_organisation(uow, [a.houses["own"]]) == {}
    release(a, a.capability)
    with database.reading() as uow:
        assert [o.key for o in offers.offers(uow)] == [a.capability]
        assert facilities.counts_by_organisation(uow, [a.houses["own"]]) == {a.houses["own"]: 1}


def test_a_coordinator_does_not_learn_whose_an_anonymous_need_is_by_moderating_it(
    database: Database,
) -> None:
    a = alliance(database)
    key = a.need(Disclosure.ANONYMOUS)
    report(a, key)
    for who in ("here", "secretariat"):
        with database.reading() as uow:
            found = catalogue.queue(uow, a.actors[who]).reported[0].item
            assert (found.owner, found.region.code if found.region else "") == (None, "here")
    hold(a, key)
    with database.reading() as uow:
        found = catalogue.case(uow, a.actors["here"], Kind.NEED, key).item
        assert (found.owner, found.region.code if found.region else "") == (None, "here")
        assert catalogue.hold_of(uow, a.actors["here"], record(uow, key)) is None
        assert catalogue.queue(uow, a.actors["city"]).hold_count == 0


# ── what runs on a held need ─────────────────────────────────────────────────


def test_what_runs_on_a_held_need_stands_and_nothing_new_begins(database: Database) -> None:
    a = alliance(database)
    key = a.need()
    with database.writing() as uow:
        need_id = record(uow, key).id or 0
        made = [
            Interest(need_id=need_id, organisation_id=a.houses[h], message="m", state=s)
            for h, s in (("other", InterestState.EXPRESSED), ("third", InterestState.ACCEPTED))
        ]
        uow.session.add_all(made)
    provider = Actor(organisation_ids=frozenset({a.houses["third"]}),
                     admin_organisation_ids=frozenset({a.houses["third"]}))  # fmt: skip
    form = AgreementIn.model_validate({
        "title": "流片", "kind": "processing", "starts_on": clock.today(),
        "ends_on": clock.today() + timedelta(days=99),
    })  # fmt: skip
    with database.writing() as uow:
        agreement = agreements.propose(uow, provider, made[1].public_id, form).public_id
    hold(a, key)
    owner = a.actors["owner"]

    def accept() -> None:
        with database.writing() as uow:
            deals.answer_interest(uow, owner, made[0].public_id, InterestState.ACCEPTED, "", None)

    def sign() -> None:
        with database.writing() as uow:
            version = agreements.one(uow, owner, agreement).row.version
            agreements.sign(uow, owner, agreement, version, False)

    assert refused(accept) == refused(sign) == "held"
    with database.reading() as uow:
        view = agreements.one(uow, provider, agreement)
        assert view.held
        assert (view.need, view.row.state, view.may_sign) == (None, "proposed", False)
    release(a, key)
    accept()
    sign()
    with database.reading() as uow:
        assert not agreements.one(uow, provider, agreement).held


def test_a_hold_outlasts_what_the_owner_does_with_the_need(database: Database) -> None:
    a = alliance(database)
    key, owner = a.need(), a.actors["owner"]

    def edit(text: str) -> None:
        with database.writing() as uow:
            need_service.change_draft(uow, owner, key, DraftIn(text=text), None, WORDS)

    assert refused(lambda: edit("改过的电子束光刻")) == "not_a_draft"  # published: words are fixed
    hold(a, key, wanted="写清尺寸")
    edit("需要电子束光刻，6英寸")
    with pytest.raises(Rejected):  # not to something that could not be published
        edit("什么都不要")
    invited = PublicationIn(disclosure=Disclosure.INVITED, invited=["x"])
    with database.writing() as uow, pytest.raises(Conflict, match="held_not_invited"):
        need_service.change_disclosure(uow, owner, key, invited, None)
    with database.writing() as uow:
        need_service.move_need(uow, owner, key, NeedState.WITHDRAWN, None)
    with database.reading() as uow:
        assert catalogue.queue(uow, a.actors["here"]).with_owners == []
    with database.writing() as uow:
        need_service.move_need(uow, owner, key, NeedState.DRAFT, None)
    members = PublicationIn(disclosure=Disclosure.MEMBERS)
    with database.writing() as uow:
        need_service.publish_need(uow, owner, key, members, None)
    with database.reading() as uow:
        assert needs.needs_by_key(uow, a.actors["member"], [key]) == {}
        assert len(catalogue.queue(uow, a.actors["here"]).with_owners) == 1
    release(a, key)
    with database.reading() as uow:
        assert set(needs.needs_by_key(uow, a.actors["member"], [key])) == {key}


# ── the moves, compared with a model ─────────────────────────────────────────

ACTS = ("hold", "hold and return", "return", "release", "ask", "edit", "stale hold",
        "stale release")  # fmt: skip
AFTER = {
    ("shown", "hold"): "held", ("shown", "hold and return"): "returned",
    ("held", "return"): "returned", ("held", "release"): "shown", ("held", "ask"): "asked",
    ("returned", "release"): "shown", ("returned", "ask"): "asked",
    ("asked", "return"): "returned", ("asked", "release"): "shown",
    ("held", "edit"): "held", ("returned", "edit"): "returned", ("asked", "edit"): "asked",
}  # fmt: skip


def act_on(a: Alliance, key: str, act: str) -> None:
    """One act as those who may do it."""
    kind, here, owner = Kind.NEED, a.actors["here"], a.actors["owner"]
    version = a.version(key) - (1 if act.startswith("stale") else 0)
    with a.database.writing() as uow:
        if act.endswith("hold"):
            service.hold_record(uow, here, kind, key, "理由", "", version)
        elif act == "hold and return":
            service.hold_record(uow, here, kind, key, "理由", "请改", version)
        elif act == "return":
            service.return_record(uow, here, kind, key, "请改", version)
        elif act.endswith("release"):
            service.release_record(uow, here, kind, key, version)
        elif act == "ask":
            service.ask_again(uow, owner, kind, key, "已改", version)
        else:
            form = DraftIn(text="需要电子束光刻，20片")
            need_service.change_draft(uow, owner, key, form, version, WORDS)


@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(acts=st.lists(st.sampled_from(ACTS), max_size=9))
def test_any_sequence_of_acts_leaves_what_the_table_of_moves_says(
    holding: Alliance, acts: list[str]
) -> None:
    a, state, announced = holding, "shown", 0
    key = a.need()
    for act in acts:
        after = AFTER.get((state, act))
        assert (refused(lambda: act_on(a, key, act)) == "") == (after is not None), (state, act)  # noqa: B023
        announced += after is not None and act != "edit"
        state = after or state
        found = a.hold(key)
        assert (found.state if found else "shown") == state
        with a.database.reading() as uow:
            row = record(uow, key)
            assert (row.held_at is not None) == (state != "shown")
            seen = bool(needs.needs_by_key(uow, a.actors["member"], [key]))
            assert seen == (state == "shown")
            assert needs.needs_by_key(uow, a.actors["owner"], [key])
            assert needs.needs_by_key(uow, a.actors["here"], [key])
    with a.database.reading() as uow:
        holds = uow.session.exec(select(Activity).where(col(Activity.kind) == "hold")).all()
        about = [n for n in holds if (n.after or {}).get("record") == key]
        asks = uow.session.exec(
            select(Activity).where(col(Activity.action) == "asked_again", col(Activity.key) == key)
        ).all()
        assert len(about) + len(asks) == announced
        assert all(n.person_id and n.before and n.after for n in about)


@pytest.fixture
def holding(database: Database) -> Alliance:
    """The small alliance."""
    return alliance(database)


def test_the_acts_are_sealed_into_the_record(database: Database) -> None:
    a = alliance(database)
    key = a.need()
    report(a, key)
    hold(a, key, wanted="请改")
    release(a, key)
    assert broken(database) == []


# ── two at once ──────────────────────────────────────────────────────────────


def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(database: Database) -> None:
    a = alliance(database)
    for key in (a.need(), a.capability):
        version = a.version(key)
        answers = together(2, lambda n: hold(a, key, ("here", "here too")[n], version=version))  # noqa: B023
        assert sorted(map(str, answers)) == ["None", "seen_changed"]
        version = a.version(key)

        def decide(number: int) -> None:
            with database.writing() as uow:
                who, kind = a.actors[("here", "here too")[number]], kind_of(key)  # noqa: B023
                if number:
                    service.release_record(uow, who, kind, key, version)  # noqa: B023
                else:
                    service.return_record(uow, who, kind, key, "请改", version)  # noqa: B023

        assert sorted(map(str, together(2, decide))) == ["None", "seen_changed"]


def test_a_release_never_opens_words_that_nobody_looked_at(database: Database) -> None:
    a = alliance(database)
    key = a.need()
    hold(a, key)
    version = a.version(key)

    def work(number: int) -> None:
        with database.writing() as uow:
            if number:
                form = DraftIn(text="换成别的：电子束光刻，加微信")
                need_service.change_draft(uow, a.actors["owner"], key, form, None, WORDS)
            else:
                service.release_record(uow, a.actors["here"], Kind.NEED, key, version)

    together(2, work)
    with database.reading() as uow:
        row = record(uow, key)
        assert row.held_at is not None or "微信" not in row.text  # type: ignore[union-attr]


def test_two_who_answer_one_report_at_once_and_one_who_reports_twice(database: Database) -> None:
    a = alliance(database)
    key = a.need()

    def once_more(_number: int) -> str:
        try:
            return report(a, key)
        except Rejected as error:
            return error.problems[0].code

    answers = sorted(map(str, together(3, once_more)))
    assert [x.startswith("rep-") for x in answers] == [False, False, True]
    assert answers[0] == "already_reported"
    made = a.reports()[0]

    def dismiss(number: int) -> None:
        with database.writing() as uow:
            who = a.actors[("here", "here too")[number]]
            service.dismiss_report(uow, who, made.public_id, f"无误 {number}", made.version)

    assert sorted(map(str, together(2, dismiss))) == ["None", "report_answered"]
    assert a.reports()[0].state is ReportState.DISMISSED


# ── reports ──────────────────────────────────────────────────────────────────


def test_who_may_report_what_and_how_often(database: Database) -> None:
    a = alliance(database)
    key = a.need()
    a.actors["visitor"] = VISITOR
    with pytest.raises(NotAllowed):
        report(a, key, "visitor")
    for who, reason, code in (
        ("owner", "outdated", "own_record"),
        ("member", "", "required"),
        ("member", "nonsense", "invalid"),
        ("member", "other", "required"),
    ):
        with pytest.raises(Rejected) as wrong:
            report(a, key, who, reason)
        assert [p.code for p in wrong.value.problems] == [code]  # fmt: skip
    first = report(a, key)
    with pytest.raises(Rejected, match="already_reported"):
        report(a, key)
    with database.writing() as uow:
        service.dismiss_report(uow, a.actors["city"], first, "核对过，无误。", None)
    report(a, key)  # answered: something new may be wrong
    report(a, key, "member")
    hold(a, key)
    assert [r.state for r in a.reports()] == ["dismissed", "upheld", "upheld"]
    assert refused(lambda: report(a, key, "member")) == "NotFound"
    for _ in range(service.REPORTS - 2):
        report(a, a.need())
    with pytest.raises(TooMany):
        report(a, a.need())


def test_a_report_is_read_by_its_moderators_and_its_maker_alone(database: Database) -> None:
    a = alliance(database)
    key = report(a, a.need())
    for who, actor in {**a.actors, "visitor": VISITOR}.items():
        with database.reading() as uow:
            opened = not refused(lambda: store.open_report(uow, actor, key))  # noqa: B023
            answers = not refused(
                lambda: store.open_report(uow, actor, key, Permission.REPORT_ANSWER)  # noqa: B023
            )
            queued = {r.public_id for r in store.reports_waiting(uow, actor, 9)}
        moderates = who in ("city", "here", "here too", "secretariat")
        assert opened == (moderates or who == "reporter"), who
        assert answers == (key in queued) == moderates, who


# ── who is told ──────────────────────────────────────────────────────────────


def notices(database: Database, code: str) -> dict[int, Notice]:
    """Notices of one kind, by person."""
    with database.reading() as uow:
        rows = uow.session.exec(select(Notice).where(col(Notice.code) == code)).all()
        assert len({n.person_id for n in rows}) == len(rows)
        return {n.person_id: n for n in rows}


def follow(database: Database, *events: Any) -> None:
    """The listener hears of it, and hears of it again."""
    for _ in range(2):
        told.follow(database, events)


def test_everybody_whom_it_concerns_is_told_once_and_only_what_they_may_know(
    database: Database,
) -> None:
    a = alliance(database)
    key = a.need()
    with database.writing() as uow:
        uow.session.add(
            Interest(need_id=record(uow, key).id or 0, organisation_id=a.houses["other"],
                     message="m")
        )  # fmt: skip
    report(a, key)
    made = a.reports()[0]
    follow(database, ReportChanged(made.id or 0))
    moderators = {a.people[w] for w in ("city", "here", "here too", "secretariat")}
    assert set(notices(database, "report_open")) == moderators
    hold(a, key, "city", wanted="写清尺寸")
    found = a.hold(key)
    assert found is not None
    follow(database, HoldChanged(found.id or 0, "returned", "1"), ReportChanged(made.id or 0))
    mine = notices(database, "hold_returned")
    assert set(mine) == {a.people["owner"]}
    said = mine[a.people["owner"]]
    assert (said.facts["role_zh"], said.url) == ("区域协调员", f"/needs/{key}")
    assert "reporter" not in str(said.facts)
    rest = {**notices(database, "hold_on_interest"), **notices(database, "report_upheld"),
            **notices(database, "report_open")}  # fmt: skip
    assert {a.people["member"], a.people["reporter"]} <= set(rest)
    for notice in rest.values():  # nobody else is told of which record
        assert "流片" not in str(notice.facts)
        assert key not in notice.url
    with database.writing() as uow:
        service.ask_again(uow, a.actors["owner"], Kind.NEED, key, "已改", record(uow, key).version)
    follow(database, HoldChanged(found.id or 0, "asked", "2"))
    assert set(notices(database, "hold_asked")) == moderators
    release(a, key)
    follow(database, HoldChanged(found.id or 0, "released", "3"))
    assert set(notices(database, "hold_released")) == {a.people["owner"]}
    assert set(notices(database, "hold_off_interest")) == {a.people["member"]}


@pytest.mark.parametrize(("language", "words"), [
    ("zh", ("已由区域协调员退回并暂停公开", "原因：价格有误", "请修改：写清{0}尺寸")),
    ("en", ("was returned by the regional coordinator", "Reason: 价格有误", "change: 写清{0}尺寸")),
])  # fmt: skip
def test_the_owner_is_written_to_in_the_own_language(
    database: Database, language: str, words: tuple[str, ...]
) -> None:
    a = alliance(database)
    key = a.need()
    with database.writing() as uow:
        person = uow.session.get(Person, a.people["owner"])
        assert person is not None
        person.language = language
        uow.session.add(person)
    hold(a, key, wanted="写清{0}尺寸\n")
    found = a.hold(key)
    assert found is not None
    follow(database, HoldChanged(found.id or 0, "returned", "1"))
    sender = NoticeMail(Mailer(Settings(smtp_host="mail.example"), "secret"), "secret")
    with database.writing() as uow:
        bundle = sender.bundle(uow, NoticesDue(a.people["owner"]))
        assert sender.bundle(uow, NoticesDue(a.people["member"])) is None
    assert bundle is not None
    assert (bundle.letter.to, f"/needs/{key}" in bundle.letter.text) == ("p0@example.net", True)
    for word in words:
        assert word in bundle.letter.text
    with database.writing() as uow:  # who left the owner is no longer written to
        grant = uow.session.exec(
            select(RoleGrant).where(col(RoleGrant.person_id) == a.people["owner"])
        ).one()
        grant.revoked_at = clock.now()
        uow.session.add(grant)
    with database.writing() as uow:
        assert sender.bundle(uow, NoticesDue(a.people["owner"])) is None


def test_holds_and_reports_go_with_the_demo_records_they_are_about(database: Database) -> None:
    a = alliance(database)
    gone, stays = a.need(), a.need()
    for key in (gone, stays):
        report(a, key)
        hold(a, key)
    report(a, a.capability)
    with database.writing() as uow:
        for key in (gone, a.capability):
            row = record(uow, key)
            row.demo = True
            uow.session.add(row)
    with database.writing() as uow:
        removed = remove_demo(uow)
    assert (removed["hold"], removed["report"]) == (1, 2)
    assert a.hold(stays) is not None
    assert [r.need_id is not None for r in a.reports()] == [True]


def test_a_suspended_owners_need_is_not_moderated(database: Database) -> None:
    a = alliance(database)
    key = a.need()
    hold(a, key)
    with database.writing() as uow:
        house = uow.session.get(Organisation, a.houses["own"])
        assert house is not None
        house.membership = Membership.SUSPENDED
        uow.session.add(house)
    assert refused(lambda: release(a, key)) == "NotFound"
    assert a.hold(key) is not None
    assert a.hold(key).state is HoldState.HELD  # type: ignore[union-attr]
