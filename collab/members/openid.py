"""Use cases of organisations' own sign-in services: configure one, sign in by it, connect it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from collab.kernel import clock
from collab.kernel.errors import NotFound, Rejected
from collab.kernel.happened import AccountChanged
from collab.kernel.identity import Actor
from collab.kernel.problems import Problem
from collab.members import challenges, people, store
from collab.members import store_joining as joined
from collab.members import store_signing as signing
from collab.members.challenges import Purpose
from collab.members.confirming import keep_a_way_in, own_person, want_fresh
from collab.members.forms import ProviderIn
from collab.members.models import (
    ExternalIdentity,
    IdentityProvider,
    Organisation,
    Person,
    SignInChallenge,
)
from collab.members.openid_client import Claims, Registered, Secrets
from collab.storage.sealing import Sealer, Unsealable
from collab.storage.uow import UnitOfWork

# everybody can have an address there, so having one proves nothing about an organisation
PUBLIC_MAIL = frozenset({
    "126.com", "139.com", "163.com", "189.cn", "aliyun.com", "foxmail.com", "gmail.com", "gmx.de",
    "gmx.net", "googlemail.com", "hotmail.com", "icloud.com", "live.com", "mail.ru", "me.com",
    "msn.com", "naver.com", "outlook.com", "proton.me", "protonmail.com", "qq.com", "sina.cn",
    "sina.com", "sohu.com", "vip.163.com", "vip.qq.com", "vip.sina.com", "web.de", "yahoo.com",
    "yandex.ru", "yeah.net",
})  # fmt: skip


def place(row: IdentityProvider) -> str:
    """For which row a client secret is sealed."""
    return f"identityprovider.client_secret:{row.public_id}"


def key_of(house: Organisation) -> str:
    """The public id of an organisation's service, known before there is one: it is registered."""
    return IdentityProvider.PREFIX + house.public_id.removeprefix(Organisation.PREFIX)


def way_back(base: str, key: str) -> str:
    """Where a service sends the browser back to; each has one of its own (no mix-up)."""
    return f"{base}/sign-in/openid/{key}"


def configured(
    uow: UnitOfWork, actor: Actor, key: str
) -> tuple[Organisation, IdentityProvider | None]:
    """An organisation and its service, for those who look after its people."""
    house = people.scope(uow, actor, key).organisation
    if house is None:
        raise NotFound("organisation", key)
    return house, signing.provider_of(uow, house.id or 0)


def configure(
    uow: UnitOfWork, actor: Actor, key: str, form: ProviderIn, sealer: Sealer, *, fresh: bool
) -> IdentityProvider:
    """Enter or change an organisation's service. The caller has asked the service before."""
    house, row = configured(uow, actor, key)
    want_fresh(fresh=fresh)
    signing.lock_domains(uow)
    domains = list(dict.fromkeys(form.domains))
    wrong = list(_domain_problems(uow, actor, domains, row))
    if wrong:
        raise Rejected(wrong)
    before = _facts(row) if row is not None else None
    row = row or IdentityProvider(
        organisation_id=house.id or 0, public_id=key_of(house), issuer="", client_id=""
    )
    if row.issuer != form.issuer and not form.client_secret:
        row.client_secret = ""  # what was meant for one service is not sent to another
    row.issuer, row.client_id = form.issuer, form.client_id
    row.domains, row.active = domains, form.active
    if form.client_secret:
        row.client_secret = sealer.seal(form.client_secret, place(row))
    uow.session.add(row)
    uow.flush()
    after = {**_facts(row), "secret_changed": bool(form.client_secret)}
    uow.note(actor, "sign_in_service_changed", "organisation", house.public_id, before, after)
    return row


def remove(uow: UnitOfWork, actor: Actor, key: str, *, fresh: bool) -> None:
    """An organisation's service lets nobody in any more."""
    house, row = configured(uow, actor, key)
    want_fresh(fresh=fresh)
    if row is None:
        raise NotFound("provider", key)
    uow.session.delete(row)
    uow.note(actor, "sign_in_service_removed", "organisation", house.public_id, _facts(row), {})


def _facts(row: IdentityProvider) -> dict[str, object]:
    return {"issuer": row.issuer, "client_id": row.client_id, "domains": row.domains,
            "active": row.active}  # fmt: skip


def _domain_problems(
    uow: UnitOfWork, actor: Actor, domains: list[str], own: IdentityProvider | None
) -> Iterator[Problem]:
    person = store.person_by_id(uow, actor.person_id or 0)
    proved = _domain(person.email) if person is not None and person.verified_at else ""
    kept = set(own.domains) if own is not None else set()
    taken = {d for row in signing.providers(uow) if own is None or row.id != own.id
             for d in row.domains}  # fmt: skip
    for domain in domains:
        if domain in PUBLIC_MAIL:
            yield Problem("domains", "public_mail_domain", {"domain": domain})
        elif domain in taken:
            yield Problem("domains", "domain_taken", {"domain": domain})
        elif not actor.secretariat and domain not in kept and domain != proved:
            yield Problem("domains", "domain_not_yours", {"domain": domain})


def _domain(email: str) -> str:
    return email.rpartition("@")[2].lower()


def for_address(uow: UnitOfWork, email: str) -> IdentityProvider | None:
    """The service for an address, by its domain alone: nothing is told about accounts."""
    domain = _domain(email.strip()) if "@" in email else ""
    rows = signing.working_providers(uow)
    return next((row for row in rows if domain and domain in row.domains), None)


def for_member(uow: UnitOfWork, actor: Actor) -> list[IdentityProvider]:
    """Services of the organisations in which the actor stands."""
    rows = signing.working_providers(uow)
    return [row for row in rows if row.organisation_id in actor.organisation_ids]


def registered(row: IdentityProvider, sealer: Sealer, base: str) -> Registered:
    """How the platform is known at a service; each has a way back of its own."""
    try:
        secret = sealer.open(row.client_secret, place(row)) if row.client_secret else ""
    except Unsealable as error:
        raise Rejected([Problem("", "openid_refused")]) from error
    return Registered(row.issuer, row.client_id, secret, way_back(base, row.public_id))


def begin(
    uow: UnitOfWork, row: IdentityProvider, target: str, linking: int | None = None
) -> Secrets:
    """A question for one browser; its handle is the state that comes back."""
    nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    facts = {"provider": row.public_id, "verifier": verifier, "next": target}
    handle = challenges.put(
        uow, Purpose.OPENID, person_id=linking, challenge=nonce, facts=facts
    )  # fmt: skip
    return Secrets(handle, nonce, verifier)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a service was asked: with which secrets, for whom to connect, and where to go then."""

    secrets: Secrets
    person_id: int | None
    target: str


def asked_of(
    uow: UnitOfWork, question: SignInChallenge | None, key: str, state: str
) -> tuple[IdentityProvider, Asked]:
    """The service that was asked, and with what. Rejected for an answer nobody waits for."""
    row = next((r for r in signing.working_providers(uow) if r.public_id == key), None)
    if question is None or row is None or question.facts["provider"] != key:
        raise Rejected([Problem("", "openid_refused")])
    bound = Secrets(state, question.challenge, str(question.facts["verifier"]))
    return row, Asked(bound, question.person_id, str(question.facts["next"]))


def enter(uow: UnitOfWork, row: IdentityProvider, claims: Claims, language: str) -> Person:
    """Whom the service has let in. Rejected, always alike, when that is nobody here.

    Known are people by issuer and subject. For the first time an address counts: verified by the
    service, of a domain of the organisation, and invited by it or of somebody who stands in it
    and nowhere else; who stands elsewhere too connects the service when signed in. The same holds
    later: a service that was not connected by hand loses whoever gains a role elsewhere.
    """
    known = signing.identity(uow, claims.issuer, claims.subject)
    if known is not None:
        person = store.person_by_id(uow, known.person_id)
        if person is None or not _stands_there(uow, person, row, only=not known.by_hand):
            raise Rejected([Problem("", "openid_refused")])
        known.last_used_at = clock.now()
        uow.session.add(known)
        return person
    if not claims.email_verified or _domain(claims.email) not in row.domains:
        raise Rejected([Problem("", "openid_refused")])
    person = store.person_by_email(uow, claims.email)
    if person is None:
        person = _invited(uow, row, claims, language)
    elif not _stands_there(uow, person, row, only=True):
        raise Rejected([Problem("", "openid_refused")])
    _link(uow, person, row, claims)
    return person


def _invited(uow: UnitOfWork, row: IdentityProvider, claims: Claims, language: str) -> Person:
    """A new person by an invitation of this organisation; the service stands for a password."""
    waiting = joined.open_links(uow, "invite", claims.email, clock.now())
    found = next((i for i in waiting if i.facts.get("organisation") == row.organisation_id), None)
    if found is None:
        raise Rejected([Problem("", "openid_refused")])
    name = claims.name or str(found.facts.get("name", "")) or claims.email.partition("@")[0]
    person = people.new_person(uow, claims.email, name, "", language)
    person.verified_at = clock.now()
    uow.session.add(person)
    people.take_up(uow, found, person)
    return person


def connect(uow: UnitOfWork, actor: Actor, row: IdentityProvider, claims: Claims) -> None:
    """The actor, signed in otherwise, signs in by this service from now on."""
    person = own_person(uow, actor)
    known = signing.identity(uow, claims.issuer, claims.subject)
    # what the service linked by itself may be taken over by hand, by the same person
    taken = known is not None and (known.by_hand or known.person_id != person.id)
    if taken or not _stands_there(uow, person, row):
        raise Rejected([Problem("", "openid_refused")])
    if known is not None:
        uow.session.delete(known)
        uow.flush()
    _link(uow, person, row, claims, by_hand=True)


def disconnect(uow: UnitOfWork, actor: Actor, key: int, *, fresh: bool) -> None:
    """One of the actor's connections ends; the last way in stays."""
    want_fresh(fresh=fresh)
    person = own_person(uow, actor)
    mine = signing.identities_of(uow, person.id or 0)
    row = next((i for i in mine if i.id == key), None)
    if row is None:
        raise NotFound("identity", key)
    keep_a_way_in(uow, person)
    uow.session.delete(row)
    uow.note(actor, "service_unlinked", "person", person.public_id, {"issuer": row.issuer}, {})
    uow.record(AccountChanged(person.id or 0, "service_unlinked", clock.now()))


def connections(uow: UnitOfWork, actor: Actor) -> list[ExternalIdentity]:
    """Services by which the actor signs in."""
    return list(signing.identities_of(uow, actor.person_id or 0))


def _link(
    uow: UnitOfWork, person: Person, row: IdentityProvider, claims: Claims, *, by_hand: bool = False
) -> None:
    uow.session.add(
        ExternalIdentity(
            person_id=person.id or 0,
            issuer=claims.issuer,
            subject=claims.subject,
            by_hand=by_hand,
            last_used_at=clock.now(),
        )
    )
    uow.flush()
    after = {"issuer": row.issuer, "provider": row.public_id, "by_hand": by_hand}
    uow.note(Actor(person_id=person.id), "service_linked", "person", person.public_id, after=after)
    uow.record(AccountChanged(person.id or 0, "service_linked", clock.now()))


def _stands_there(
    uow: UnitOfWork, person: Person, row: IdentityProvider, *, only: bool = False
) -> bool:
    """Whether the person has a standing role in the service's organisation, `only` there."""
    if not person.active:
        return False
    standing = store.standing_roles(uow, person.id or 0, clock.now())
    houses = {grant.organisation_id for grant, _, _ in standing}
    return houses == {row.organisation_id} if only else row.organisation_id in houses


def reseal(uow: UnitOfWork, sealer: Sealer) -> int:
    """Seal with the newest key what an older one sealed; how many client secrets."""
    changed = 0
    for row in signing.providers(uow):
        if row.client_secret and not sealer.is_current(row.client_secret):
            row.client_secret = sealer.seal(sealer.open(row.client_secret, place(row)), place(row))
            uow.session.add(row)
            changed += 1
    return changed
