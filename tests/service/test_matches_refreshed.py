"""Stored matches follow needs, capabilities and rules; only what is affected is made anew."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from collab import wiring
from collab.config import load_settings
from collab.facilities.models import Capability, CapabilityTechnique
from collab.facilities.rules import Status
from collab.importing import demo_seeding, seeding
from collab.kernel import clock
from collab.kernel.happened import CapabilityChanged, NeedChanged, VocabularyChanged
from collab.kernel.identity import SYSTEM
from collab.matching import feed, snapshot, store
from collab.matching.models import Match, MatchSummary
from collab.matching.prepare import prepare_step
from collab.matching.rules import Class
from collab.matching.verdicts import rank
from collab.members import store as members
from collab.needs import store as needs
from collab.needs.models import Need, NeedTechnique
from collab.needs.rules import NeedState
from collab.platform import Platform
from collab.routing import refreshing
from collab.routing.answer import answer
from collab.routing.scenario import LIMIT, Board
from collab.storage.database import Database
from collab.storage.models import OutboxEvent
from collab.vocabulary import catalog as vocabularies
from collab.vocabulary.catalog import Vocabulary


@pytest.fixture
def platform(database: Database, tmp_path: Path) -> Platform:
    with database.writing() as uow:
        seeding.seed(uow)
        demo_seeding.seed_demo(uow, clock.today(), tmp_path)
    found = wiring.build(load_settings(data_dir=tmp_path), database)
    found.worker.settle()
    return found


def stored(platform: Platform) -> dict[int, store.Stood]:
    with platform.database.reading() as uow:
        return store.standing_of(uow, [n.id or 0 for n in needs.open_needs(uow, SYSTEM)])


def announced(platform: Platform) -> list[str]:
    with platform.database.reading() as uow:
        wanted = select(OutboxEvent.payload).where(col(OutboxEvent.name) == "MatchesRefreshed")
        return [str(payload) for payload in uow.session.exec(wanted)]


def test_what_is_stored_is_what_the_answer_says_without_a_word_of_reason(
    platform: Platform,
) -> None:
    with platform.database.reading() as uow:
        snapshot = platform.matching.snapshot(uow)
        open_needs = needs.open_needs(uow, SYSTEM)
        kept = store.standing_of(uow, [n.id or 0 for n in open_needs])
        assert set(kept) == {n.id for n in open_needs}
        for need in open_needs:
            profile = feed.profile_of(need, members.all_regions(uow), platform.vocabulary)
            found = answer(profile, snapshot, platform.vocabulary, today=clock.today())
            offers = {o.key: o.id for o in snapshot.offers()}
            said = [
                (step["key"], rank, offers[c["capability"]], c["class"], c["score"])
                for step in found["steps"]
                for rank, c in enumerate(step["candidates"], 1)
            ]
            steps, answered, routes, version = kept[need.id or 0].summary
            assert kept[need.id or 0].matches == tuple(sorted(said))
            assert steps == len(found["steps"])
            assert answered == sum(bool(s["candidates"]) for s in found["steps"])
            assert bool(routes) is bool(found["routes"])
            assert version == refreshing.version_of(platform.vocabulary)


def a_changed_capability_refreshes_the_needs_it_bears_on_and_no_other(platform: Platform) -> None:
    before, told = stored(platform), announced(platform)
    with platform.database.reading() as uow:
        match = uow.session.exec(select(Match).where(col(Match.rank) == 1)).first()
        assert match is not None
        key = match.capability_id
        listing = {m for m, s in before.items() if any(e[2] == key for e in s.matches)}
    with platform.database.writing() as uow:
        row = uow.session.get(Capability, key)
        assert row is not None
        row.status = Status.PLANNED
        uow.record(CapabilityChanged(key))
    platform.worker.settle()
    after = stored(platform)
    moved = {n for n in after if after[n] != before[n]}
    assert moved == listing
    assert not any(e[2] == key for s in after.values() for e in s.matches)
    assert len(announced(platform)) == len(told) + len(moved)
    with platform.database.writing() as uow:  # nothing differs: nothing is said
        uow.record(CapabilityChanged(key))
    platform.worker.settle()
    assert stored(platform) == after
    assert len(announced(platform)) == len(told) + len(moved)


def a_need_that_no_longer_waits_is_forgotten(platform: Platform) -> None:
    before = stored(platform)
    gone = min(before)
    with platform.database.writing() as uow:
        need = uow.session.get(Need, gone)
        assert need is not None
        need.state = NeedState.WITHDRAWN
        uow.record(NeedChanged(gone))
    platform.worker.settle()
    assert gone not in stored(platform)
    with platform.database.reading() as uow:
        assert not store.summaries(uow, [gone])
        left = uow.session.exec(select(Match.id).where(col(Match.need_id) == gone)).all()
    assert left == []


def other_rules_refresh_what_was_stored_under_the_old_ones(platform: Platform) -> None:
    current = refreshing.version_of(platform.vocabulary)
    before = stored(platform)
    platform.matching.announce_version(platform.database)
    platform.worker.settle()
    assert stored(platform) == before  # all current: nothing was announced
    old = sorted(before)[:2]
    with platform.database.writing() as uow:
        for table in (Match, MatchSummary):
            uow.session.exec(
                sa.update(table).where(col(table.need_id).in_(old)).values(rule_version="0/old")
            )
    platform.matching.announce_version(platform.database)
    platform.worker.settle()
    with platform.database.reading() as uow:
        assert store.outdated(uow, current) == set()
        versions = set(uow.session.exec(select(Match.rule_version)))
    assert versions == {current}
    assert stored(platform) == before


def test_only_what_is_affected_is_made_anew(platform: Platform) -> None:
    a_changed_capability_refreshes_the_needs_it_bears_on_and_no_other(platform)
    a_need_that_no_longer_waits_is_forgotten(platform)
    other_rules_refresh_what_was_stored_under_the_old_ones(platform)


def expected(platform: Platform, words: Vocabulary) -> dict[int, tuple[object, ...]]:
    """What should be stored, everything judged one by one with these words and nothing kept."""
    found: dict[int, tuple[object, ...]] = {}
    with platform.database.reading() as uow:
        offers = feed.offers(uow)
        whole = snapshot.build(words, offers)
        for need in needs.open_needs(uow, SYSTEM):
            profile = feed.profile_of(need, members.all_regions(uow), words)
            matches = []
            for place, step in enumerate(profile.steps):
                ask = prepare_step(words, profile, place)
                fits = [v for v in rank(words, ask, offers) if v.klass is not Class.NEAR][:LIMIT]
                matches += [
                    (step.key, at, v.offer.id, v.klass.value, v.score)
                    for at, v in enumerate(fits if ask.answerable else (), 1)
                ]
            standing = Board(words, whole, [profile]).standings[0]
            summary = (len(profile.steps), sum(map(bool, standing.fits)), int(standing.route))
            version = refreshing.version_of(words)
            found[need.id or 0] = (tuple(sorted(matches)), (*summary, version))
    return found


def edited(rng: random.Random, words: Vocabulary, used: set[str], number: int) -> Vocabulary:
    """The vocabulary with a term added, one removed, one renamed and some hung elsewhere; of those
    in use where that can be."""
    raw = words.raw
    terms = {t["id"]: dict(t) for t in raw["techniques"]["techniques"]}
    named = {t for c in words.chains.values() for s in c.steps
             for t in (*s.techniques, *s.alternatives)}  # fmt: skip
    leaves = sorted(t for t in used & terms.keys() if words.descendants(t) == {t})
    free = [t for t in leaves if t not in named]
    gone, renamed = rng.sample(free, 2)
    del terms[gone]
    terms[f"{renamed}.edit{number}"] = {**terms.pop(renamed), "id": f"{renamed}.edit{number}"}
    for moved in rng.sample([t for t in leaves if t in terms], 3):
        tops = [t for t in terms if words.techniques.get(t) and t != moved
                and moved not in words.ancestors(t) and terms[t]["category"] ==
                terms[moved]["category"]]  # fmt: skip
        terms[moved]["broader"] = rng.choice(tops)
    parent = rng.choice([t for t in leaves if t in terms])
    terms[f"new{number}"] = {**terms[parent], "id": f"new{number}", "broader": parent}
    techniques = {**raw["techniques"], "techniques": list(terms.values())}
    return vocabularies.build({**raw, "techniques": techniques}, f"edit-{number}")


def test_another_vocabulary_leaves_what_a_whole_recomputation_with_it_would(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the index would be built anew each time, which says nothing here
    monkeypatch.setattr(platform.words, "_takers", [platform.matching.take_vocabulary])
    rng = random.Random(11)
    shipped = platform.vocabulary
    moved_at_all = 0
    for number in range(3):
        with platform.database.writing() as uow:
            rows = list(uow.session.exec(select(CapabilityTechnique)))
            asked = set(uow.session.exec(select(NeedTechnique.technique)))
            words = edited(rng, shipped, asked | {r.technique for r in rows}, number)
            before, told = stored(platform), announced(platform)
            for row in rng.sample(rows, 5):  # meanwhile some say that they do what is new
                known = [r.technique for r in rows if r.capability_id == row.capability_id]
                if f"new{number}" not in known:
                    uow.session.add(CapabilityTechnique(
                        capability_id=row.capability_id, technique=f"new{number}"))  # fmt: skip
                    rows.append(row.model_copy(update={"technique": f"new{number}"}))
                    uow.record(CapabilityChanged(row.capability_id))
            uow.record(VocabularyChanged(words.version))
        platform.words.shipped = words
        platform.worker.settle()
        assert platform.vocabulary is words
        after = stored(platform)
        assert {n: (s.matches, s.summary) for n, s in after.items()} == expected(platform, words)
        moved = {n for n, s in after.items() if s.matches != before[n].matches
                 or s.summary[:3] != before[n].summary[:3]}  # fmt: skip
        assert 0 < len(moved) < len(after), "some find others now, and some the same"
        assert len(announced(platform)) - len(told) == len(moved)
        moved_at_all += len(moved)
    platform.words.shipped = shipped
    with platform.database.writing() as uow:
        uow.record(VocabularyChanged(shipped.version))
    platform.worker.settle()
    back = {n: (s.matches, s.summary) for n, s in stored(platform).items()}
    assert back == expected(platform, shipped)
    assert moved_at_all
