"""Use cases of the second factor: six digits of an authenticator app (RFC 6238), each used once."""

from __future__ import annotations

import pyotp

from collab.kernel import clock
from collab.kernel.errors import NotAllowed, Rejected
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import passwords, store
from collab.members import store_joining as joined
from collab.members.models import Person
from collab.storage.uow import UnitOfWork

STEP = 30  # seconds a code stands; one step before and after is taken for clocks that differ
ISSUER = "OE+ Collab"


def new_secret() -> str:
    """A fresh secret of 160 bits in base 32."""
    return pyotp.random_base32()


def address(secret: str, email: str) -> str:
    """The otpauth address that an authenticator app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def set_up(uow: UnitOfWork, actor: Actor, secret: str, code: str) -> None:
    """Switch the second factor on, once a code shows that the app has the secret."""
    person = _own(uow, actor)
    step = _matching(secret, code, -1)
    if step is None or person.second_factor:
        raise Rejected([Problem("code", "second_factor_wrong")])
    person.second_factor = f"{secret}:{step}"
    uow.session.add(person)
    uow.note(actor, "second_factor_on", "person", person.public_id)


def switch_off(uow: UnitOfWork, actor: Actor, password: str) -> None:
    """Switch the actor's own second factor off, with the password."""
    person = _own(uow, actor)
    if not passwords.password_fits(person.password_hash, password):
        raise Rejected([Problem("factor_password", "wrong_password")])
    person.second_factor = ""
    uow.session.add(person)
    uow.note(actor, "second_factor_off", "person", person.public_id)


def reset(uow: UnitOfWork, actor: Actor, person_key: str) -> None:
    """The secretariat takes the second factor of somebody who lost it; every session ends."""
    joined.require(uow, actor, Permission.ORGANISATION_ADMIT)
    person = joined.person_by_key(uow, person_key)
    before = {"second_factor": bool(person.second_factor)}
    person.second_factor = ""
    uow.session.add(person)
    joined.drop_sessions(uow, person.id or 0)
    uow.note(actor, "second_factor_reset", "person", person_key, before, {"second_factor": False})


def accepts(uow: UnitOfWork, person: Person, code: str) -> bool:
    """Whether the code is right and new; it is then used up."""
    secret, _, last = person.second_factor.partition(":")
    step = _matching(secret, code, int(last or -1)) if secret else None
    if step is None:
        return False
    person.second_factor = f"{secret}:{step}"
    uow.session.add(person)
    return True


def _matching(secret: str, code: str, after: int) -> int | None:
    """The time step whose code this is, later than the last one used."""
    code = "".join(code.split())
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        return None
    totp = pyotp.TOTP(secret, interval=STEP)
    now = int(clock.now().timestamp()) // STEP
    for step in (now - 1, now, now + 1):
        if step > after and pyotp.utils.strings_equal(totp.generate_otp(step), code):
            return step
    return None


def _own(uow: UnitOfWork, actor: Actor) -> Person:
    person = store.person_by_id(uow, actor.person_id or 0)
    if person is None or actor.scopes is not None:
        raise NotAllowed("account:own")
    return person
