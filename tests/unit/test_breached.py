"""Known passwords are found in the shipped list and in a sorted file, however long."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.members.breached import BreachList
from collab.members.passwords import new_password_problems


def listed(path: Path, words: set[str], ending: str = "\n", count: bool = True) -> BreachList:
    """A file as Pwned Passwords are downloaded."""
    hashes = sorted(hashlib.sha1(w.encode()).hexdigest().upper() for w in words)
    lines = [f"{h}:{n}" if count else h for n, h in enumerate(hashes, 1)]
    path.write_bytes(ending.join(lines).encode())
    return BreachList(path)


@settings(max_examples=60)
@given(st.sets(st.text(min_size=1, max_size=20), min_size=0, max_size=60), st.booleans())
def test_exactly_the_listed_words_are_known(words: set[str], windows: bool) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        known = listed(Path(folder) / "list", words, "\r\n" if windows else "\n", not windows)
        for word in words:
            assert known.knows(word)
        for number in range(40):
            assert not known.knows(f"unlisted lantern {number}")


def test_the_shipped_list_is_compared_without_case() -> None:
    assert BreachList().knows("1QAZ2wsx3edc")
    assert not BreachList().knows("seven quiet herons crossing")
    codes = [p.code for p in new_password_problems("1qaz2wsx3edc", (), BreachList())]
    assert codes == ["breached_password"]


def test_a_missing_file_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        BreachList(tmp_path / "nowhere").knows("seven quiet herons crossing")


@pytest.mark.parametrize(("password", "known"), [
    ("zhangwei.alpha", ("zhangwei@alpha.example", "张伟")),
    ("alphaibisalphaibis", ("x@alphaibis.example", "李")),
    ("collabcollabcollab", ("oecollab", "collab")),
])  # fmt: skip
def test_what_is_known_of_the_person_makes_no_password(password: str, known: tuple[str]) -> None:
    codes = [p.code for p in new_password_problems(password, known, BreachList())]
    assert codes == ["weak_password"]
