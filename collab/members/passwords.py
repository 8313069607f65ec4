"""Password hashing with Argon2id and a strength estimate; parameters in one place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from collab.kernel.problems import Problem
from collab.members.rules import MAX_PASSWORD, password_problems

# OWASP's second recommended set (19 MiB, t=2, p=1): about 20 ms and 19 MiB a sign-in
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
WEAK = 2
_DUMMY = HASHER.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    return HASHER.hash(password)


def password_fits(stored: str, password: str) -> bool:
    """Whether the password belongs to the hash; takes the same time when there is no hash."""
    if len(password) > MAX_PASSWORD:
        return False
    try:
        return HASHER.verify(stored or _DUMMY, password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with older parameters."""
    return HASHER.check_needs_rehash(stored)


def new_password_problems(
    password: str, known_words: Sequence[str], field: str = "password"
) -> Iterator[Problem]:
    """What is wrong with a new password: length, or guessable in the light of `known_words`."""
    wrong = list(password_problems(password, field))
    yield from wrong
    if not wrong and zxcvbn(password[:72], user_inputs=list(known_words))["score"] < WEAK:
        yield Problem(field, "weak_password")
