"""Use cases of the second factor: codes of an authenticator app (RFC 6238) and codes on paper."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection

import pyotp

from collab.kernel import clock
from collab.kernel.errors import Rejected
from collab.kernel.happened import AccountChanged
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import store_joining as joined
from collab.members import store_signing as store
from collab.members.confirming import own_person, prove, want_fresh
from collab.members.models import Person, RecoveryCode
from collab.storage.sealing import Sealer, Unsealable
from collab.storage.uow import UnitOfWork

STEP = 30  # seconds a code stands; one step before and after is taken for clocks that differ
ISSUER = "OE+ Collab"
CODES = 10
GROUPS, LETTERS = 4, "23456789abcdefghjkmnpqrstuvwxyz"  # 16 letters: 79 bits, none misread


def new_secret() -> str:
    """A fresh secret of 160 bits in base 32."""
    return pyotp.random_base32()


def address(secret: str, email: str) -> str:
    """The otpauth address that an authenticator app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def place(person: Person) -> str:
    """For which row a secret is sealed."""
    return f"person.second_factor:{person.public_id}"


def is_wanted(uow: UnitOfWork, person: Person) -> bool:
    """Whether a password alone does not let this person in: an app or a passkey is set up."""
    return bool(person.second_factor) or bool(store.passkeys_of(uow, person.id or 0))


def holders(uow: UnitOfWork, person_ids: Collection[int]) -> set[int]:
    """Those of these people whom a password alone does not let in."""
    return store.factor_holders(uow, person_ids)


def set_up(
    uow: UnitOfWork, actor: Actor, secret: str, code: str, sealer: Sealer, *, fresh: bool
) -> None:
    """Switch the app on, once a code shows that it has the secret."""
    person = own_person(uow, actor)
    want_fresh(fresh=fresh)
    step = _matching(secret, code, -1)
    if step is None or person.second_factor:
        raise Rejected([Problem("code", "second_factor_wrong")])
    person.second_factor = sealer.seal(secret, place(person))
    person.second_factor_step = step
    uow.session.add(person)
    uow.note(actor, "second_factor_on", "person", person.public_id)
    _tell(uow, person, "second_factor_on")


def switch_off(uow: UnitOfWork, actor: Actor, password: str, *, fresh: bool) -> None:
    """Switch the actor's own app off, with the password."""
    person = own_person(uow, actor)
    prove(person, password, fresh=fresh, field="factor_password")
    _forget_app(uow, person)
    _forget_codes_of_nobody(uow, person)
    uow.note(actor, "second_factor_off", "person", person.public_id)
    _tell(uow, person, "second_factor_off")


def reset(uow: UnitOfWork, actor: Actor, person_key: str) -> None:
    """The secretariat takes somebody's second factors, who lost them; sessions and tokens end."""
    joined.require(uow, actor, Permission.ORGANISATION_ADMIT)
    person = joined.person_by_key(uow, person_key)
    key = person.id or 0
    before = {
        "second_factor": bool(person.second_factor),
        "passkeys": len(store.passkeys_of(uow, key)),
    }
    _forget_app(uow, person)
    store.drop_passkeys(uow, key)
    store.drop_recovery_codes(uow, key)
    joined.drop_sessions(uow, key)
    joined.end_tokens(uow, key, clock.now())
    after = {"second_factor": False, "passkeys": 0}
    uow.note(actor, "second_factor_reset", "person", person_key, before, after)
    _tell(uow, person, "second_factor_reset")


def accepts(uow: UnitOfWork, person: Person, code: str, sealer: Sealer) -> bool:
    """Whether the code, of the app or on paper, is right and new; it is then used up."""
    if _accepts_app(person, code, sealer):
        uow.session.add(person)
        return True
    return _accepts_paper(uow, person, code)


def _accepts_app(person: Person, code: str, sealer: Sealer) -> bool:
    if not person.second_factor:
        return False
    try:
        secret = sealer.open(person.second_factor, place(person))
    except Unsealable:  # the key is gone: the secretariat resets the factor
        return False
    step = _matching(secret, code, person.second_factor_step)
    if step is None:
        return False
    person.second_factor_step = step
    return True


def _accepts_paper(uow: UnitOfWork, person: Person, code: str) -> bool:
    plain = "".join(c for c in code.casefold() if c.isalnum())
    if len(plain) != 4 * GROUPS:
        return False
    for row in store.recovery_codes_of(uow, person.id or 0):
        if hmac.compare_digest(row.code_hash, _hashed(row.salt, plain)):
            row.used_at = clock.now()
            uow.session.add(row)
            left = len(store.recovery_codes_of(uow, person.id or 0))
            actor = Actor(person_id=person.id)
            after = {"left": left}
            uow.note(actor, "recovery_code_used", "person", person.public_id, after=after)
            _tell(uow, person, "recovery_code_used")
            return True
    return False


def new_codes(uow: UnitOfWork, actor: Actor, *, fresh: bool) -> list[str]:
    """Ten codes that stand in once each for a lost factor; older ones end. Shown this once."""
    person = own_person(uow, actor)
    want_fresh(fresh=fresh)
    if not is_wanted(uow, person):
        raise Rejected([Problem("", "no_factor_yet")])
    store.drop_recovery_codes(uow, person.id or 0)
    made = ["".join(secrets.choice(LETTERS) for _ in range(4 * GROUPS)) for _ in range(CODES)]
    for plain in made:
        salt = secrets.token_hex(8)
        row = RecoveryCode(person_id=person.id or 0, salt=salt, code_hash=_hashed(salt, plain))
        uow.session.add(row)
    uow.note(actor, "recovery_codes_made", "person", person.public_id, after={"count": CODES})
    _tell(uow, person, "recovery_codes_made")
    return ["-".join(plain[i : i + 4] for i in range(0, len(plain), 4)) for plain in made]


def first_codes(uow: UnitOfWork, actor: Actor) -> list[str]:
    """Codes on paper for somebody who has just got a first factor; none where some are left."""
    return [] if codes_left(uow, actor) else new_codes(uow, actor, fresh=True)


def codes_left(uow: UnitOfWork, actor: Actor) -> int:
    """How many recovery codes of the actor are unused."""
    return len(store.recovery_codes_of(uow, actor.person_id or 0))


def reseal(uow: UnitOfWork, sealer: Sealer) -> int:
    """Seal with the newest key what an older one sealed; how many secrets."""
    changed = 0
    for person in store.sealed_people(uow):
        if not sealer.is_current(person.second_factor):
            secret = sealer.open(person.second_factor, place(person))
            person.second_factor = sealer.seal(secret, place(person))
            uow.session.add(person)
            changed += 1
    return changed


def _forget_codes_of_nobody(uow: UnitOfWork, person: Person) -> None:
    """Codes on paper stand in for something; without app and passkey they open nothing."""
    if not is_wanted(uow, person):
        store.drop_recovery_codes(uow, person.id or 0)


def _forget_app(uow: UnitOfWork, person: Person) -> None:
    person.second_factor, person.second_factor_step = "", -1
    uow.session.add(person)


def _tell(uow: UnitOfWork, person: Person, what: str) -> None:
    uow.record(AccountChanged(person.id or 0, what, clock.now()))


def _hashed(salt: str, plain: str) -> str:
    return hashlib.sha256(f"{salt}:{plain}".encode()).hexdigest()


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
