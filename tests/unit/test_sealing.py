"""Sealed secrets open with their key at their place and nowhere else; keys can be changed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.storage import sealing
from collab.storage.sealing import Sealer, Unsealable


@given(st.text(max_size=200).filter(lambda t: t.isprintable() or t == ""))
def test_what_is_sealed_opens_at_its_place_and_shows_nothing(text: str) -> None:
    sealer = Sealer(["k" * 64])
    sealed = sealer.seal(text, "a:1")
    assert sealer.open(sealed, "a:1") == text
    assert sealing.is_sealed(sealed)
    assert len(text) < 4 or text not in sealed
    assert sealer.seal(text, "a:1") != sealed, "never the same twice"
    for place in ("a:2", "b:1", ""):
        with pytest.raises(Unsealable):
            sealer.open(sealed, place)


def test_another_key_and_any_change_are_refused() -> None:
    sealer, other = Sealer(["one"]), Sealer(["two"])
    sealed = sealer.seal("secret", "a")
    with pytest.raises(Unsealable):
        other.open(sealed, "a")
    head, _, body = sealed.rpartition(":")
    for number in range(0, len(body) - 3, 5):
        letter = "A" if body[number] != "A" else "B"
        with pytest.raises(Unsealable):
            sealer.open(f"{head}:{body[:number]}{letter}{body[number + 1 :]}", "a")
    for broken in ("", "s1", "s1::", "s1:x:y", sealed[:-8], sealed.replace("s1", "s2"), "é"):
        with pytest.raises(Unsealable):
            sealer.open(broken, "a")


def test_a_new_key_opens_what_the_old_one_sealed_until_it_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret"
    first = sealing.installation_keys(path)
    assert sealing.installation_keys(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sealed = Sealer(first).seal("secret", "a")
    both = Sealer(sealing.add_key(path))
    assert both.open(sealed, "a") == "secret"
    assert not both.is_current(sealed)
    again = both.seal("secret", "a")
    assert both.is_current(again)
    alone = Sealer(sealing.forget_old_keys(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert alone.open(again, "a") == "secret"
    with pytest.raises(Unsealable):
        alone.open(sealed, "a")
    assert [p.name for p in path.parent.iterdir()] == ["secret"], "no draft is left"
