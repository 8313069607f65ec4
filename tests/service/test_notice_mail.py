"""Who is told of a new need, and what of it goes out by e-mail: when, once, in which language."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from collab import personal
from collab.config import Settings
from collab.facilities.models import Capability
from collab.kernel import clock
from collab.kernel.errors import NotFound
from collab.kernel.happened import DayBegan, MatchesRefreshed, QuestionsAsked
from collab.matching.models import Match
from collab.members.models import Organisation, Person, RoleGrant
from collab.members.rules import Membership
from collab.needs.models import Need
from collab.needs.rules import Disclosure, NeedState
from collab.notices import fitting, wishes
from collab.notices import questions as question_notices
from collab.notices.events import NoticesDue
from collab.notices.letters import NoticeMail
from collab.notices.mail import Letter, Mailer
from collab.notices.models import MailPace, MailWish, Notice
from collab.storage.database import Database
from collab.storage.models import OutboxEvent
from tests.service.test_questions import LOSS, World, ask, disclose, world
from tests.service.together import together

__all__ = ["world"]
SECRET = "the installation's"


class Post(Mailer):
    """A mailer whose letters are kept; `down` makes the server refuse."""

    def __init__(self, host: str = "mail.example") -> None:
        super().__init__(Settings(smtp_host=host, public_url="https://collab.example/"), SECRET)
        self.sent: list[Letter] = []
        self.down = False

    def send(self, letter: Letter) -> None:
        """Keep it, or refuse."""
        if self.down:
            raise smtplib.SMTPServerDisconnected("down")
        self.sent.append(letter)


@pytest.fixture
def matched(database: Database, world: World) -> World:
    """The provider's capability stands high among the stored matches of the need."""
    with database.writing() as uow:
        capability = uow.session.exec(
            select(Capability).where(col(Capability.public_id) == world.capability)
        ).one()
        need = uow.session.get(Need, world.need_id)
        assert need is not None
        need.published_at = clock.now()
        uow.session.add(need)
        uow.session.add(Match(need_id=world.need_id, capability_id=capability.id or 0, step="s1",
                              rank=1, verdict="meets", score=90.0, rule_version="1"))  # fmt: skip
        for row in uow.session.exec(select(Person)):
            row.language = "en" if row.name == "clerk" else "zh"
            uow.session.add(row)
    return world


def refreshed(database: Database, world: World) -> list[Notice]:
    """Everybody who was told, after the need's matches were made anew."""
    fitting.follow(database, [MatchesRefreshed(world.need_id)])
    with database.reading() as uow:
        return list(uow.session.exec(select(Notice).order_by(col(Notice.id))).all())


def sends(database: Database, post: Post) -> list[Letter]:
    """What goes out of all that waits in the outbox, each event given twice."""
    post.sent.clear()
    with database.reading() as uow:
        rows = uow.session.exec(select(OutboxEvent).where(col(OutboxEvent.name) == "NoticesDue"))
        due = [NoticesDue(**row.payload) for row in rows]
    for _ in range(2):
        NoticeMail(post, SECRET).follow(database, due)
    return post.sent


@pytest.mark.parametrize("disclosure", list(Disclosure))
def test_providers_hear_of_a_need_if_they_may_read_it_once(
    database: Database, matched: World, disclosure: Disclosure
) -> None:
    disclose(database, matched, disclosure)
    told = refreshed(database, matched)
    both = {matched.provider.person_id, matched.clerk.person_id}
    assert {n.person_id for n in told} == (set() if disclosure is Disclosure.INVITED else both)
    if disclosure is Disclosure.INVITED:
        disclose(database, matched, disclosure, "provider")
        told = refreshed(database, matched)
        assert {n.person_id for n in told} == both
    assert all("asker" not in str(n.facts) for n in told), "the owner is not named"
    # a refresh, another process and the same event again tell nobody a second time
    assert len(refreshed(database, matched)) == len(told) == 2
    fitting.follow(database, [MatchesRefreshed(matched.need_id)] * 2)
    assert len(refreshed(database, matched)) == 2


def test_nobody_hears_of_drafts_of_suspended_owners_or_of_own_needs(
    database: Database, matched: World
) -> None:
    with database.writing() as uow:
        house = uow.session.get(Organisation, matched.houses["asker"])
        assert house is not None
        house.membership = Membership.SUSPENDED
        uow.session.add(house)
    assert refreshed(database, matched) == []
    with database.writing() as uow:
        house = uow.session.get(Organisation, matched.houses["asker"])
        need = uow.session.get(Need, matched.need_id)
        assert house is not None
        assert need is not None
        house.membership, need.state = Membership.ADMITTED, NeedState.WITHDRAWN
        uow.session.add_all([house, need])
    assert refreshed(database, matched) == []
    with database.writing() as uow:
        need = uow.session.get(Need, matched.need_id)
        assert need is not None
        need.state, need.organisation_id = NeedState.PUBLISHED, matched.houses["provider"]
        uow.session.add(need)
    assert refreshed(database, matched) == []


def test_finds_go_out_once_a_day_in_the_persons_language(
    database: Database, matched: World
) -> None:
    refreshed(database, matched)
    post = Post()
    assert sends(database, post) == [], "a find waits for the day"
    day = DayBegan(clock.today())
    for _ in range(2):
        NoticeMail(post, SECRET).follow(database, [day])
    letters = {letter.to: letter for letter in sends(database, post)}
    assert set(letters) == {"editor@example.org", "clerk@example.org"}
    assert len(post.sent) == 2, "one each, however often the day begins"
    zh, en = letters["editor@example.org"], letters["clerk@example.org"]
    assert zh.subject == "OE+ Collab：1 条通知"
    assert "可能适合贵单位：“低损耗波导”" in zh.text
    assert "may fit" not in zh.text
    assert en.subject == "OE+ Collab: 1 notice"
    assert "may fit what you offer" in en.text
    assert f"https://collab.example/needs/{matched.need}" in en.text
    later = DayBegan(clock.today() + timedelta(days=1))
    NoticeMail(post, SECRET).follow(database, [later])
    assert sends(database, post) == [], "told is told"


def test_questions_go_out_at_once_and_a_wish_changes_that(
    database: Database, matched: World
) -> None:
    with database.writing() as uow:
        wishes.set_wish(uow, matched.clerk, MailPace.NEVER, MailPace.AT_ONCE)
    ask(database, matched, LOSS)
    question_notices.follow(database, [QuestionsAsked(1, 1, 1)])
    refreshed(database, matched)
    letters = {letter.to: letter.text for letter in sends(database, Post())}
    assert set(letters) == {"editor@example.org", "clerk@example.org"}
    assert "1 个问题等您答复" in letters["editor@example.org"]
    assert "可能适合" not in letters["editor@example.org"]
    assert "may fit" in letters["clerk@example.org"]
    assert "wait for your answer" not in letters["clerk@example.org"]


def test_the_link_of_a_letter_ends_them_and_no_other_link_does(
    database: Database, matched: World
) -> None:
    ask(database, matched, LOSS)
    question_notices.follow(database, [QuestionsAsked(1, 1, 1)])
    (letter,) = [one for one in sends(database, Post()) if one.to.startswith("editor")]
    path = letter.stop.removeprefix("https://collab.example/notices/stop/")
    assert letter.stop in letter.text
    key, seal = path.split("/")
    for wrong in ((key, "0" * 32), ("per-0000000000", seal), (key, "不"), (key, "")):
        with pytest.raises(NotFound), database.writing() as uow:
            wishes.stop(uow, *wrong, SECRET)
    with database.writing() as uow:
        wishes.stop(uow, key, seal, SECRET)
    other = type(LOSS)("own:9", "own", "", "再问一次？", "再问一次？")
    ask(database, matched, other)
    question_notices.follow(database, [QuestionsAsked(1, 2, 1)])
    refreshed(database, matched)
    NoticeMail(Post(), SECRET).follow(database, [DayBegan(clock.today())])
    assert [one.to for one in sends(database, Post())] == ["clerk@example.org"] * 2, (
        "the question at once and the find with the day, for the other one alone"
    )
    with database.writing() as uow:
        personal.remove(uow, matched.provider.person_id or 0)
        assert not uow.session.exec(select(MailWish)).all()


def test_a_letter_holds_only_what_may_be_read_when_it_leaves(
    database: Database, matched: World
) -> None:
    refreshed(database, matched)
    with database.writing() as uow:
        need = uow.session.get(Need, matched.need_id)
        assert need is not None
        need.disclosure = Disclosure.INVITED
        uow.session.add(need)
    post = Post()
    NoticeMail(post, SECRET).follow(database, [DayBegan(clock.today())])
    assert sends(database, post) == []
    with database.writing() as uow:
        need = uow.session.get(Need, matched.need_id)
        assert need is not None
        need.disclosure = Disclosure.MEMBERS
        uow.session.add(need)
    assert len(sends(database, post)) == 2


def test_a_server_that_is_down_loses_nothing_and_none_sends_nothing(
    database: Database, matched: World
) -> None:
    ask(database, matched, LOSS)
    question_notices.follow(database, [QuestionsAsked(1, 1, 1)])
    silent = Post(host="")
    assert sends(database, silent) == []
    post = Post()
    post.down = True
    with pytest.raises(smtplib.SMTPServerDisconnected):
        sends(database, post)
    post.down = False
    assert len(sends(database, post)) == 2


def test_several_workers_at_once_send_one_letter(database: Database, matched: World) -> None:
    ask(database, matched, LOSS)
    question_notices.follow(database, [QuestionsAsked(1, 1, 1)])
    post = Post()

    def work(_number: int) -> Any:
        return NoticeMail(post, SECRET).follow(database, [NoticesDue(matched.clerk.person_id or 0)])

    together(4, work)
    assert [one.to for one in post.sent] == ["clerk@example.org"]


def test_people_who_left_and_demo_people_get_no_letters(database: Database, matched: World) -> None:
    ask(database, matched, LOSS)
    question_notices.follow(database, [QuestionsAsked(1, 1, 1)])
    with database.writing() as uow:
        for person_id in (matched.clerk.person_id, matched.provider.person_id):
            row = uow.session.get(Person, person_id)
            assert row is not None
            row.active, row.demo = row.name != "clerk", row.name == "editor"
            uow.session.add(row)
    assert sends(database, Post()) == []
    with database.writing() as uow:
        for row in uow.session.exec(select(Person)):
            row.active, row.demo = True, False
            uow.session.add(row)
        for grant in uow.session.exec(
            select(RoleGrant).where(col(RoleGrant.person_id) == matched.clerk.person_id)
        ):
            grant.revoked_at = clock.now()
            uow.session.add(grant)
    letters = sends(database, Post())
    assert [one.to for one in letters] == ["editor@example.org"], "who may not read is not written"
