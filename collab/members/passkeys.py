"""Use cases of passkeys (WebAuthn): register, list, remove; sign in, alone or as second."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json,
    parse_authenticator_data,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from collab.kernel import clock
from collab.kernel.errors import NotFound, Rejected
from collab.kernel.happened import AccountChanged
from collab.kernel.identity import Actor
from collab.kernel.problems import Problem
from collab.members import challenges, store
from collab.members import store_signing as signing
from collab.members.challenges import Purpose
from collab.members.confirming import keep_a_way_in, own_person, want_fresh
from collab.members.models import Passkey, Person, SignInChallenge
from collab.storage.uow import UnitOfWork

NAME = "OE+ Collab"
MOST = 12  # of one person
LONGEST = 20_000  # characters of an answer; a real one has two thousand
PLAIN = re.compile(r"[A-Za-z0-9_-]+")
WRONG = (WebAuthnException, ValueError, KeyError, TypeError, IndexError)


@dataclass(frozen=True, slots=True)
class Party:
    """For whom credentials are made: the host name, and where the pages come from."""

    host: str
    origin: str


class Copied(Exception):
    """The counter of a passkey went back: there may be a second one like it."""

    def __init__(self, person_id: int, passkey: str) -> None:
        super().__init__(passkey)
        self.person_id, self.passkey = person_id, passkey


def own(uow: UnitOfWork, actor: Actor) -> list[Passkey]:
    """The actor's passkeys, oldest first."""
    return list(signing.passkeys_of(uow, actor.person_id)) if actor.person_id else []


def of_person(uow: UnitOfWork, person_id: int) -> list[Passkey]:
    """The passkeys of somebody who proved a first factor."""
    return list(signing.passkeys_of(uow, person_id))


def begin(uow: UnitOfWork, actor: Actor, party: Party, *, fresh: bool) -> tuple[str, str]:
    """Options for the browser to make a passkey, as JSON, and the handle of the question."""
    person = own_person(uow, actor)
    want_fresh(fresh=fresh)
    known = signing.passkeys_of(uow, person.id or 0)
    if len(known) >= MOST:
        raise Rejected([Problem("passkey_name", "too_many_passkeys", {"most": MOST})])
    options = webauthn.generate_registration_options(
        rp_id=party.host,
        rp_name=NAME,
        user_name=person.email,
        user_id=person.public_id.encode(),
        user_display_name=person.name,
        exclude_credentials=[_described(k) for k in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    asked = bytes_to_base64url(options.challenge)
    handle = challenges.put(uow, Purpose.PASSKEY_NEW, person_id=person.id, challenge=asked)
    return options_to_json(options), handle


def register(
    uow: UnitOfWork,
    actor: Actor,
    question: SignInChallenge | None,
    party: Party,
    answer: str,
    name: str,
) -> Passkey:
    """Keep the passkey that the browser made. Rejected for anything that does not prove itself."""
    person = own_person(uow, actor)
    if question is None or question.person_id != person.id:
        raise _refused()
    try:
        made = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=base64url_to_bytes(question.challenge),
            expected_rp_id=party.host,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except WRONG as error:
        raise _refused() from error
    credential = bytes_to_base64url(made.credential_id)
    if signing.passkey_by_credential(uow, credential) is not None:
        raise _refused()
    row = Passkey(
        person_id=person.id or 0,
        name=_named(name),
        credential_id=credential,
        public_key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
        transports=_transports(answer),
        backed_up=made.credential_backed_up,
    )
    uow.session.add(row)
    uow.flush()
    uow.note(actor, "passkey_added", "person", person.public_id, after={"passkey": row.public_id})
    uow.record(AccountChanged(person.id or 0, "passkey_added", clock.now()))
    return row


def rename(uow: UnitOfWork, actor: Actor, key: str, name: str) -> None:
    """Give one of the actor's passkeys another name."""
    row = _one(uow, actor, key)
    row.name = _named(name)
    uow.session.add(row)


def remove(uow: UnitOfWork, actor: Actor, key: str, *, fresh: bool) -> None:
    """One of the actor's passkeys opens nothing more; the last way in stays."""
    want_fresh(fresh=fresh)
    row = _one(uow, actor, key)
    person = own_person(uow, actor)
    keep_a_way_in(uow, person)
    uow.session.delete(row)
    uow.flush()
    uow.note(actor, "passkey_removed", "person", person.public_id, {"passkey": key}, {})
    uow.record(AccountChanged(person.id or 0, "passkey_removed", clock.now()))
    if not person.second_factor and not signing.passkeys_of(uow, person.id or 0):
        signing.drop_recovery_codes(uow, person.id or 0)


def ask(uow: UnitOfWork, party: Party) -> tuple[str, str]:
    """Options for signing in with any passkey of this host, as JSON, and the question's handle."""
    options = webauthn.generate_authentication_options(
        rp_id=party.host, user_verification=UserVerificationRequirement.REQUIRED
    )
    asked = bytes_to_base64url(options.challenge)
    return options_to_json(options), challenges.put(uow, Purpose.PASSKEY, challenge=asked)


def ask_second(uow: UnitOfWork, question: SignInChallenge, party: Party) -> str:
    """Options for one of the person's own passkeys after the password, as JSON."""
    known = signing.passkeys_of(uow, question.person_id or 0)
    options = webauthn.generate_authentication_options(
        rp_id=party.host,
        allow_credentials=[_described(k) for k in known],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    question.challenge = bytes_to_base64url(options.challenge)
    uow.session.add(question)
    return options_to_json(options)


def answered(
    uow: UnitOfWork, question: SignInChallenge | None, party: Party, answer: str
) -> Person | None:
    """The active person whose passkey answers the question, None otherwise. Raises Copied.

    A question that names a person (the second factor) takes that person's passkeys only; one that
    names nobody wants the authenticator to have verified who holds it.
    """
    if question is None or not question.challenge:
        return None
    try:
        read = _read(answer)
        row = signing.passkey_by_credential(uow, read["id"])
    except WRONG:
        return None
    person = store.person_by_id(uow, row.person_id) if row is not None else None
    if row is None or person is None or not _theirs(read, question, person):
        return None
    return person if _verified(row, read, question, party) else None


def _theirs(read: dict[str, Any], question: SignInChallenge, person: Person) -> bool:
    """Whether the credential's owner is the one asked, and the one the authenticator names."""
    if not person.active or question.person_id not in (None, person.id):
        return False
    handle = (read.get("response") or {}).get("userHandle") or ""
    named = base64url_to_bytes(handle) if isinstance(handle, str) and handle else b""
    if question.person_id is None:
        return named == person.public_id.encode()
    return named in (b"", person.public_id.encode())


def _verified(row: Passkey, read: dict[str, Any], question: SignInChallenge, party: Party) -> bool:
    """Whether the signature is right; the counter moves on. Raises Copied when it went back."""
    try:
        raw = base64url_to_bytes(read["response"]["authenticatorData"])
        count = parse_authenticator_data(raw).sign_count
        went_back = (count or row.sign_count) and count <= row.sign_count
        done = webauthn.verify_authentication_response(
            credential=read,
            expected_challenge=base64url_to_bytes(question.challenge),
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(row.public_key),
            # judged below, after the signature: only a signed counter can accuse anybody
            credential_current_sign_count=count - 1 if count else 0,
            require_user_verification=question.person_id is None,
        )
    except WRONG:
        return False
    if went_back:
        raise Copied(row.person_id, row.public_id)
    row.sign_count, row.backed_up = done.new_sign_count, done.credential_backed_up
    row.last_used_at = clock.now()
    return True


def accuse(uow: UnitOfWork, copied: Copied) -> None:
    """A passkey that may have been copied is taken away, and its owner is told."""
    for row in signing.passkeys_of(uow, copied.person_id):
        if row.public_id == copied.passkey:
            uow.session.delete(row)
    person = store.person_by_id(uow, copied.person_id)
    key = person.public_id if person else ""
    before = {"passkey": copied.passkey}
    uow.note(Actor(person_id=copied.person_id), "passkey_copied", "person", key, before, {})
    uow.record(AccountChanged(copied.person_id, "passkey_copied", clock.now()))


def _one(uow: UnitOfWork, actor: Actor, key: str) -> Passkey:
    person = own_person(uow, actor)
    for row in signing.passkeys_of(uow, person.id or 0):
        if row.public_id == key:
            return row
    raise NotFound("passkey", key)


def _named(name: str) -> str:
    plain = " ".join("".join(c for c in name if c.isprintable()).split())
    if not plain:
        raise Rejected([Problem("passkey_name", "required")])
    if len(plain) > 60:
        raise Rejected([Problem("passkey_name", "too_long", {"most": 60})])
    return plain


def _read(answer: str) -> dict[str, Any]:
    """The browser's answer. Raises ValueError for anything that is none."""
    if len(answer) > LONGEST:
        raise ValueError("too long")
    read = json.loads(answer)
    if not isinstance(read, dict) or not isinstance(read.get("id"), str):
        raise ValueError("not a credential")
    if not PLAIN.fullmatch(read["id"]):
        raise ValueError("not a credential id")
    return read


def _transports(answer: str) -> list[str]:
    known = {t.value for t in AuthenticatorTransport}
    said = (_read(answer).get("response") or {}).get("transports") or []
    return sorted({t for t in said if isinstance(t, str)} & known)


def _described(row: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(
        id=base64url_to_bytes(row.credential_id),
        transports=[AuthenticatorTransport(t) for t in row.transports] or None,
    )


def _refused() -> Rejected:
    return Rejected([Problem("", "passkey_refused")])
