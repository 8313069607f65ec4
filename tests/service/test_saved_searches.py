"""Saved searches tell of new hits once, and only of what the person may read at that moment."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from collab.kernel.errors import NotAllowed, NotFound, Rejected
from collab.kernel.events import Event
from collab.members.models import Organisation
from collab.members.rules import Membership
from collab.needs.models import Need
from collab.needs.rules import Disclosure
from collab.notices import new_hits
from collab.notices import service as notices
from collab.notices.models import Notice
from collab.search import saved
from collab.search.models import SavedSearch
from collab.search.query import SearchQuery
from collab.storage.models import OutboxEvent
from tests.site import Site, bare, bare_template

__all__ = ["bare", "bare_template"]
WANTED = SearchQuery("倒装焊 硅光", kinds=("need",))


@pytest.fixture
def watched(bare: Site) -> Site:
    """Everybody of the cast who may keeps the same search, saved before any need is there."""
    for who in ("owner", "other", "invited", "coordinator", "secretariat"):
        with bare.database.writing() as uow:
            saved.save(uow, bare.actor(who), bare.platform.search, "硅光封装", WANTED)
    return bare


def check(site: Site, who: str) -> int:
    return new_hits.check(site.database, site.platform.search, site.people[who])


def told(site: Site, who: str) -> list[Notice]:
    with site.database.reading() as uow:
        found = uow.session.exec(
            select(Notice).where(
                col(Notice.person_id) == site.people[who], col(Notice.code).startswith("saved_")
            )
        )
        return list(found)


def test_a_new_hit_is_told_once_and_the_notice_leads_to_it(watched: Site) -> None:
    assert check(watched, "other") == 0
    key = watched.published("members")
    watched.settle()
    assert check(watched, "other") == 1
    assert check(watched, "other") == 0
    (notice,) = told(watched, "other")
    assert notice.url == f"/needs/{key}"
    for language, word in (("zh", "有一条新结果"), ("en", "has a new hit")):
        sentence = notices.worded(notice, language)
        assert word in sentence
        assert "硅光封装" in sentence
    assert told(watched, "owner") == []


@pytest.mark.parametrize(
    ("disclosure", "informed"),
    [
        ("public", {"owner", "other", "invited", "coordinator", "secretariat"}),
        ("invited", {"owner", "invited"}),
    ],
)
def test_only_those_who_may_read_the_hit_hear_of_it(
    watched: Site, disclosure: str, informed: set[str]
) -> None:
    watched.published(disclosure)
    watched.settle()
    everybody = ("owner", "other", "invited", "coordinator", "secretariat")
    heard = {who for who in everybody if check(watched, who)}
    assert heard - {"secretariat"} == informed - {"secretariat"}
    assert {who for who in everybody if told(watched, who)} == heard
    with watched.database.reading() as uow:
        keys = list(uow.session.exec(select(Need.public_id)))
        for who in everybody:
            shown = watched.platform.search.keys(uow, watched.actor(who), WANTED, 100)
            assert (set(keys) <= set(shown)) == (who in heard)


def test_a_hit_restricted_before_the_check_is_never_told(watched: Site) -> None:
    key = watched.published("members")
    watched.settle()
    with watched.database.writing() as uow:  # the index still thinks that members may see it
        need = uow.session.exec(select(Need).where(col(Need.public_id) == key)).one()
        need.disclosure = Disclosure.INVITED
        uow.session.add(need)
    assert check(watched, "other") == 0
    assert told(watched, "other") == []
    with watched.database.reading() as uow:
        rows = saved.own(uow, watched.actor("other"))
        assert [key in row.seen for row in rows] == [False]


def test_a_hit_restricted_after_the_check_leaves_nothing_of_itself_behind(watched: Site) -> None:
    watched.published("members", title="极秘的标题")
    watched.settle()
    assert check(watched, "other") == 1
    (notice,) = told(watched, "other")
    assert "极秘" not in notices.worded(notice, "zh") + str(notice.facts)


def test_nobody_without_standing_is_told(watched: Site) -> None:
    with watched.database.writing() as uow:
        house = uow.session.exec(
            select(Organisation).where(col(Organisation.name_en).startswith("Betaheron"))
        ).one()
        house.membership = Membership.SUSPENDED
        uow.session.add(house)
    watched.published("public")
    watched.settle()
    assert check(watched, "other") == 0
    assert check(watched, "coordinator") == 1
    with watched.database.writing() as uow, pytest.raises(NotAllowed):
        saved.save(uow, watched.actor("suspended"), watched.platform.search, "x", WANTED)
    with watched.database.writing() as uow, pytest.raises(NotAllowed):
        saved.save(uow, watched.actor("visitor"), watched.platform.search, "x", WANTED)


def test_many_new_hits_at_once_are_one_notice(watched: Site) -> None:
    for number in range(new_hits.ONE_BY_ONE + 1):
        watched.published("members", title=f"硅光倒装焊 {number}")
    watched.settle()
    assert check(watched, "other") == new_hits.ONE_BY_ONE + 1
    (notice,) = told(watched, "other")
    assert notice.code == "saved_search_hits"
    assert "sort=fresh" in notice.url
    assert watched.get(notice.url, "other").status_code == 200


def test_what_was_there_when_the_search_was_saved_is_not_new(bare: Site) -> None:
    bare.published("members")
    bare.settle()
    with bare.database.writing() as uow:
        row = saved.save(uow, bare.actor("other"), bare.platform.search, "a", WANTED)
        assert len(row.seen) == 1
    assert check(bare, "other") == 0


def test_the_same_search_is_kept_once_and_there_is_a_limit(
    bare: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MOST_SAVED", 2)
    actor, search = bare.actor("member"), bare.platform.search
    with bare.database.writing() as uow:
        first = saved.save(uow, actor, search, "一", WANTED)
        again = saved.save(uow, actor, search, "二", WANTED)
        assert first.id == again.id
        assert again.title == "二"
        saved.save(uow, actor, search, "三", SearchQuery("EBL"))
        with pytest.raises(Rejected, match="too_many_saved"):
            saved.save(uow, actor, search, "四", SearchQuery("SOI"))
        for title, code in (("", "required"), ("长" * 121, "too_long")):
            with pytest.raises(Rejected, match=code):
                saved.save(uow, actor, search, title, SearchQuery("SOI"))


def test_a_saved_search_belongs_to_its_person_alone(watched: Site) -> None:
    with watched.database.writing() as uow:
        (row,) = saved.own(uow, watched.actor("other"))
        for act in (saved.forget, lambda *a: saved.rename(*a, "mine now")):
            with pytest.raises(NotFound):
                act(uow, watched.actor("owner"), row.public_id)
        saved.rename(uow, watched.actor("other"), row.public_id, "新名字")
        assert saved.own(uow, watched.actor("other"))[0].title == "新名字"
        saved.forget(uow, watched.actor("other"), row.public_id)
    with watched.database.reading() as uow:
        assert saved.own(uow, watched.actor("other")) == []
        assert len(uow.session.exec(select(SavedSearch)).all()) == 4


def test_a_change_wakes_the_check_once_for_all_changes_of_a_minute(watched: Site) -> None:
    watched.published("members")
    watched.published("members")
    watched.settle()
    with watched.database.reading() as uow:
        rows = uow.session.exec(
            select(OutboxEvent).where(col(OutboxEvent.name) == "SavedSearchesDue")
        ).all()
    assert 1 <= len(rows) <= 2  # the minute may have ended between the two
    assert all(row.due_at > row.recorded_at for row in rows)
    nothing: list[Event] = []
    new_hits.follower(watched.platform.search)(watched.database, nothing)
    assert len(told(watched, "other")) == 2


def test_a_query_comes_back_from_storage_and_as_an_address() -> None:
    query = SearchQuery("电子束 <=200nm", kinds=("need", "run"), filters={"region": ("hubei",)},
                        sort="fresh", expand=False, correct=False)  # fmt: skip
    assert saved.from_json(saved.to_json(query)) == query
    assert "kind=need&kind=run&region=hubei&sort=fresh&expand=0&exact=1" in saved.address(query)
    assert saved.from_json({"filters": {"gone": ["x"]}, "sort": "odd"}) == SearchQuery()
