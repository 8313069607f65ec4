"""The columns find what judging one by one finds, and a snapshot survives disk and changes."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.matching_data import make_need, make_offers
from collab.matching import snapshot as snapshots
from collab.matching.engine import explain, find
from collab.matching.kept import SnapshotFile
from collab.matching.prepare import prepare, prepare_step
from collab.matching.records import Criterion, NeedProfile, Offered, Step
from collab.matching.rules import Class
from collab.matching.verdicts import rank
from collab.vocabulary.catalog import load_vocabulary

VOCABULARY = load_vocabulary()


def both_ways(seed: int, top: int, near: int) -> None:
    offers = make_offers(VOCABULARY, 300, seed=seed)
    snap = snapshots.build(VOCABULARY, offers)
    for number in range(4):
        need = make_need(VOCABULARY, seed * 10 + number)
        for ask in prepare(VOCABULARY, need):
            slow = rank(VOCABULARY, ask, offers)
            fits = [v for v in slow if v.klass is not Class.NEAR][:top]
            misses = [v for v in slow if v.klass is Class.NEAR][:near] if len(fits) < top else []
            found = find(VOCABULARY, snap, ask, top, near)
            assert [(f.key, f.klass, f.score) for f in found] == [
                (v.offer.key, v.klass, v.score) for v in [*fits, *misses]
            ]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 3, 50]), st.sampled_from([0, 2, 10]))
def test_columns_equal_the_plain_path(seed: int, top: int, near: int) -> None:
    both_ways(seed, top, near)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 8), st.sampled_from([0, 10]))
def test_dropping_along_the_way_loses_nobody(seed: int, criteria: int, near: int) -> None:
    offers = make_offers(VOCABULARY, 200, seed=seed, technique="lithography.ebl")
    snap = snapshots.build(VOCABULARY, offers)
    need = make_need(VOCABULARY, seed, techniques=("lithography.ebl",), criteria=criteria)
    for wished in (need, replace(need, materials=(), organisation_id=None)):
        ask = prepare_step(VOCABULARY, wished, 0)
        slow = rank(VOCABULARY, ask, offers)
        fits = [v for v in slow if v.klass is not Class.NEAR][:50]
        misses = [v for v in slow if v.klass is Class.NEAR][:near] if len(fits) < 50 else []
        found = find(VOCABULARY, snap, ask, 50, near)
        assert [(f.key, f.klass, f.score) for f in found] == [
            (v.offer.key, v.klass, v.score) for v in [*fits, *misses]
        ]


NUMBERS = st.sampled_from([0.0, 1.0, 50.0, 76.2, 100.0, 127.0, 150.0, 180.0, 220.0, 1310.0, 1550.0])
OPS = st.sampled_from(["le", "lt", "ge", "gt", "eq", "approx", "between", "in", "all_of", "ne"])
PARAMETERS = st.sampled_from(
    ["wafer-diameter", "min-feature", "wavelength", "final-thickness", "channel-count", "trl",
     "device-layer-thickness", "certification", "process-temperature", "die-size"]
)  # fmt: skip


@st.composite
def offered(draw: st.DrawFn, parameter: str) -> Offered:
    known = VOCABULARY.parameters[parameter]
    if known.kind in ("category", "ordinal"):
        names = [c.id for c in known.values]
        return Offered(choices=tuple(draw(st.lists(st.sampled_from(names), max_size=3))))
    if draw(st.booleans()):
        return Offered(choices=tuple(draw(st.lists(NUMBERS, max_size=3))))
    low, high = draw(st.none() | NUMBERS), draw(st.none() | NUMBERS)
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Offered(low, high)


@st.composite
def criterion(draw: st.DrawFn, parameter: str) -> Criterion:
    known = VOCABULARY.parameters[parameter]
    op = draw(OPS)
    value: object
    if known.kind in ("category", "ordinal"):
        ids = st.sampled_from([c.id for c in known.values])
        value = tuple(draw(st.lists(ids, min_size=1, max_size=2)))
    else:
        value = tuple(draw(st.lists(NUMBERS, min_size=1, max_size=2)))
    if op not in ("between", "in", "all_of"):
        value = value[0]
    return Criterion(parameter, op, value, hard=draw(st.booleans()))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_comparison_is_the_same_over_columns(data: st.DataObject) -> None:
    parameters = data.draw(st.lists(PARAMETERS, min_size=1, max_size=3, unique=True))
    base = make_offers(VOCABULARY, 12, seed=1, technique="foundry.mpw")
    offers = []
    for offer in base:
        values = {p: data.draw(offered(p)) for p in parameters}
        offers.append(snapshots.replace(offer, values=values))
    criteria = tuple(data.draw(criterion(p)) for p in parameters)
    need = NeedProfile(steps=(Step("1", ("foundry.mpw",), criteria=criteria),))
    ask = prepare_step(VOCABULARY, need, 0)
    slow = rank(VOCABULARY, ask, offers)
    found = find(VOCABULARY, snapshots.build(VOCABULARY, offers), ask, 20, 20)
    assert [(f.key, f.klass, f.score) for f in found] == [
        (v.offer.key, v.klass, v.score) for v in slow
    ]


def test_a_snapshot_survives_disk_and_refuses_a_strange_file(tmp_path: Path) -> None:
    offers = make_offers(VOCABULARY, 200, seed=3)
    snap = snapshots.build(VOCABULARY, offers)
    path = tmp_path / "capabilities.snapshot"
    assert snapshots.load(path) is None
    snapshots.save(snap, path)
    again = snapshots.load(path, VOCABULARY.version)
    assert again is not None
    assert again.offers() == sorted(offers, key=lambda o: o.key)
    for ask in prepare(VOCABULARY, make_need(VOCABULARY, 5)):
        assert find(VOCABULARY, again, ask) == find(VOCABULARY, snap, ask)
    assert snapshots.load(path, "another vocabulary") is None
    path.write_bytes(b"something else entirely")
    assert snapshots.load(path) is None


def flipped(content: bytes, place: int, bit: int = 0) -> bytes:
    return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


def test_a_byte_changed_anywhere_in_a_kept_file_is_noticed(tmp_path: Path) -> None:
    snap = snapshots.build(VOCABULARY, make_offers(VOCABULARY, 60, seed=3))
    kept = SnapshotFile(tmp_path, VOCABULARY.version)
    kept.save(snap, 41, "here")
    columns, note = tmp_path / "snapshot.columns", tmp_path / "snapshot.json"
    good, said = columns.read_bytes(), note.read_bytes()
    rng = random.Random(5)
    places = {*range(40), *rng.sample(range(len(good)), 150), len(good) - 1}
    arrays = [snapshots.load(columns).arrays[n] for n in snap.arrays]  # type: ignore[union-attr]
    starts = [good.find(a.tobytes()[:64]) for a in arrays if a.nbytes]
    for place in sorted({*places, *starts}):
        columns.write_bytes(flipped(good, place, rng.randrange(8)))
        assert kept.load("here") is None, place
    columns.write_bytes(good)
    for place in range(len(said)):
        for bit in range(8):
            note.write_bytes(flipped(said, place, bit))
            assert kept.load("here") is None, (place, bit)
    note.write_bytes(said)
    found = kept.load("here")
    assert found is not None
    assert found[0].offers() == snap.offers()
    assert found[1] == 41
    assert kept.load("elsewhere") is None


def test_a_whole_file_of_an_earlier_format_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.columns"
    snap = snapshots.build(VOCABULARY, make_offers(VOCABULARY, 5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshots, "FORMAT", 2)
        snapshots.save(snap, path)
        assert snapshots.load(path) is not None
    assert snapshots.load(path) is None


CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "change", "remove"]), st.integers(0, 79)), max_size=40
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), CHANGES)
def test_following_any_changes_equals_a_rebuild(seed: int, changes: list[tuple[str, int]]) -> None:
    """Capabilities come, change, go and come back, in any order, one or several at a time."""
    pool = make_offers(VOCABULARY, 80, seed=seed, technique="lithography.ebl")
    other = make_offers(VOCABULARY, 80, seed=seed + 1)
    kept = {o.key: o for o in pool[:50]}
    followed = snapshots.build(VOCABULARY, kept.values())
    for act, number in changes:
        key = pool[number].key
        if act == "remove":
            kept.pop(key, None)
            followed = followed.changed(deletes=[key])
            continue
        kept[key] = pool[number] if act == "add" else replace(other[number], key=key)
        followed = followed.changed(upserts=[kept[key]])
    fresh = snapshots.build(VOCABULARY, kept.values())
    assert followed.offers() == fresh.offers()
    assert len(followed) == len(fresh)
    needs = [make_need(VOCABULARY, seed + n, techniques=("lithography.ebl",)) for n in range(2)]
    for need in [*needs, make_need(VOCABULARY, seed)]:
        for ask in prepare(VOCABULARY, need):
            for near in (0, 10):
                a = find(VOCABULARY, followed, ask, 10, near)
                b = find(VOCABULARY, fresh, ask, 10, near)
                assert [f[:3] for f in a] == [f[:3] for f in b]


def test_a_vanished_capability_has_no_reasons() -> None:
    offers = make_offers(VOCABULARY, 50, seed=4, technique="lithography.ebl")
    snap = snapshots.build(VOCABULARY, offers)
    ask = prepare_step(VOCABULARY, NeedProfile(steps=(Step("1", ("lithography",)),)), 0)
    found = find(VOCABULARY, snap, ask)[0]
    assert explain(VOCABULARY, snap, ask, found) is not None
    later = snap.changed(deletes=[found.key])
    assert later.get(found.key) is None
    assert found.key not in {f.key for f in find(VOCABULARY, later, ask)}
    with pytest.raises(ValueError, match="rebuilt"):
        snapshots.save(later, Path("nowhere"))
