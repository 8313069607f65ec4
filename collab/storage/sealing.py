"""Seals secrets that the platform must read again: AES-256-GCM under a key of the installation.

Sealed is what stands in the database; the key stands in a file beside it. Whoever has a copy of the
database alone opens nothing, and a sealed text put into another row does not open there either.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MARK = "s1"  # the form of sealed text; another form would get another mark
NONCE = 12


class Unsealable(Exception):
    """The text was not sealed for this row, or with a key that is no longer there."""


class Sealer:
    """Seals with the first key and opens with any of them, so that keys can be changed."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = {_mark(key): _derived(key) for key in keys}
        self._first = _mark(keys[0])

    def seal(self, text: str, place: str) -> str:
        """The text sealed for `place`, such as "person.second_factor:per-0000000000"."""
        nonce = os.urandom(NONCE)
        body = AESGCM(self._keys[self._first]).encrypt(nonce, text.encode(), place.encode())
        return f"{MARK}:{self._first}:{base64.urlsafe_b64encode(nonce + body).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """The text sealed for `place`. Raises Unsealable."""
        form, _, rest = sealed.partition(":")
        name, _, body = rest.partition(":")
        key = self._keys.get(name)
        if form != MARK or key is None:
            raise Unsealable("no key for this")
        try:
            raw = base64.urlsafe_b64decode(body)
            return AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Unsealable("changed, or of another row") from error

    def is_current(self, sealed: str) -> bool:
        """Whether the text was sealed with the first key."""
        return sealed.startswith(f"{MARK}:{self._first}:")


def is_sealed(text: str) -> bool:
    """Whether a text has the form of a sealed one."""
    return text.startswith(f"{MARK}:")


def _derived(key: str) -> bytes:
    derive = HKDF(hashes.SHA256(), length=32, salt=None, info=b"oe-collab sealed columns")
    return derive.derive(key.encode())


def _mark(key: str) -> str:
    """A short name of a key that tells nothing about it."""
    return hashlib.sha256(b"name" + _derived(key)).hexdigest()[:8]


def installation_keys(path: Path) -> list[str]:
    """The keys in the installation's file, newest first; made at the first start, mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = _draft(path, [secrets.token_urlsafe(48)])
        with suppress(FileExistsError):  # two processes that start at once agree on one
            os.link(draft, path)
        draft.unlink()
    return path.read_text("ascii").split()


def add_key(path: Path) -> list[str]:
    """Put a new key in front of those in the file; all of them, newest first."""
    return _replace(path, [secrets.token_urlsafe(48), *installation_keys(path)])


def forget_old_keys(path: Path) -> list[str]:
    """Keep the newest key alone, once nothing is sealed with the others."""
    return _replace(path, installation_keys(path)[:1])


def _replace(path: Path, keys: list[str]) -> list[str]:
    _draft(path, keys).replace(path)
    return keys


def _draft(path: Path, keys: Sequence[str]) -> Path:
    """The keys in a file beside `path` that only its owner reads."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write("\n".join(keys))
        stream.flush()
        os.fsync(stream.fileno())
    return draft
