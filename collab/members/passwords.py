"""Password hashing with Argon2id and a strength estimate; parameters in one place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from collab.kernel.problems import Problem
from collab.members.breached import BreachList
from collab.members.rules import password_problems

# OWASP's second recommended set (19 MiB, t=2, p=1): about 20 ms and 19 MiB a sign-in
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
LONGEST = 200  # what is compared at all; passwords of earlier days may be longer than new ones
WEAK = 3  # the estimator's “safely unguessable”: at least 10^8 guesses
OWN_LETTERS = 8  # that must remain without names and addresses
_DUMMY = HASHER.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    return HASHER.hash(password)


def password_fits(stored: str, password: str) -> bool:
    """Whether the password belongs to the hash; takes the same time when there is no hash."""
    if len(password) > LONGEST:
        return False
    try:
        return HASHER.verify(stored or _DUMMY, password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with older parameters."""
    return HASHER.check_needs_rehash(stored)


def new_password_problems(
    password: str, known_words: Sequence[str], breached: BreachList, field: str = "password"
) -> Iterator[Problem]:
    """What is wrong with a new password: short, breached, or guessable from `known_words`."""
    wrong = list(password_problems(password, field))
    yield from wrong
    if wrong:
        return
    if breached.knows(password):
        yield Problem(field, "breached_password")
    elif _is_guessable(password, words_of(known_words)):
        yield Problem(field, "weak_password")


def _is_guessable(password: str, known: Sequence[str]) -> bool:
    """Guessable as it stands, or little more than what is known of the person."""
    left = password.casefold()
    for word in sorted(known, key=len, reverse=True):
        left = left.replace(word.casefold(), "") if len(word) > 2 else left
    return len(left) < OWN_LETTERS or zxcvbn(password[:72], user_inputs=list(known))["score"] < WEAK


def words_of(known: Sequence[str]) -> list[str]:
    """What is known of a person whole and in parts: zhang.wei@alpha.example gives zhang, wei."""
    parts = [part for text in known for part in re.split(r"[\W_]+", text) if len(part) > 2]
    return [*known, *parts]
