"""Use cases of people and their roles: invite, accept, grant, revoke, leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from collab.kernel import clock
from collab.kernel.errors import NotFound, Rejected
from collab.kernel.identity import Actor, Role
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import links, passwords, rules, store
from collab.members import store_joining as joined
from collab.members.breached import BreachList
from collab.members.forms import InvitationIn, RoleIn
from collab.members.links import Purpose
from collab.members.models import OneTimeToken, Organisation, Person, Region, RoleGrant
from collab.storage.uow import UnitOfWork

OF_ORGANISATION = (Role.MEMBER, Role.FACILITY_OWNER, Role.ORGANISATION_ADMIN)
OF_ALLIANCE = (Role.SECRETARIAT, Role.REGIONAL_COORDINATOR)
ALLIANCE = "alliance"


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody's role in an organisation, a region or the alliance."""

    person: Person
    grant: RoleGrant
    region: Region | None
    granted_by: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Where roles are given: an organisation, or the alliance as a whole (None)."""

    organisation: Organisation | None

    @property
    def key(self) -> str:
        """The organisation's public id, or "alliance"."""
        return self.organisation.public_id if self.organisation else ALLIANCE

    @property
    def organisation_id(self) -> int | None:
        """The organisation's database key."""
        return self.organisation.id if self.organisation else None

    @property
    def looks_after(self) -> Role:
        """The role that looks after people here."""
        return Role.ORGANISATION_ADMIN if self.organisation else Role.SECRETARIAT

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that can be given here."""
        return OF_ORGANISATION if self.organisation else OF_ALLIANCE


def scopes(uow: UnitOfWork, actor: Actor) -> list[Organisation]:
    """Organisations whose people the actor looks after."""
    return list(joined.administered(uow, actor))


def scope(uow: UnitOfWork, actor: Actor, key: str) -> Scope:
    """An organisation or the alliance, for those who look after its people; NotFound otherwise."""
    if key == ALLIANCE:
        joined.require(uow, actor, Permission.ORGANISATION_ADMIT)
        return Scope(None)
    return Scope(joined.guarded(uow, actor, key, Permission.PEOPLE_ADMINISTER))


def standing(uow: UnitOfWork, where: Scope) -> list[Standing]:
    """Everybody with a role here, and who gave it."""
    rows = joined.standing_grants(uow, where.organisation_id, clock.now())
    names: dict[int, str] = {}
    for _, grant, _ in rows:
        if grant.granted_by is not None and grant.granted_by not in names:
            by = store.person_by_id(uow, grant.granted_by)
            names[grant.granted_by] = by.name if by else ""
    return [Standing(p, g, r, names.get(g.granted_by or 0, "")) for p, g, r in rows]


def invitations(uow: UnitOfWork, where: Scope) -> Sequence[OneTimeToken]:
    """Invitations to roles here that nobody has accepted yet."""
    waiting = joined.waiting_invitations(uow, clock.now())
    return [row for row in waiting if row.facts.get("scope") == where.key]


def invite(
    uow: UnitOfWork, actor: Actor, key: str, form: InvitationIn, secret: str, language: str = "zh"
) -> str:
    """Ask somebody in by e-mail; the link's path. It tells nothing about an account of theirs."""
    where = scope(uow, actor, key)
    region, wrong = _checked(uow, where, form)
    wrong = [*rules.email_problems(form.email), *wrong]
    if wrong:
        raise Rejected(wrong)
    email = form.email.lower()
    facts: dict[str, Any] = {
        "role": form.role.value, "organisation": where.organisation_id, "scope": where.key,
        "region": region, "by": actor.person_id, "name": form.name,
        "expires_on": form.expires_on.isoformat() if form.expires_on else None,
    }  # fmt: skip
    path = links.issue(uow, secret, Purpose.INVITE, email, facts=facts, language=language)
    # the address itself stays out of the record: it could never be erased from there
    uow.note(actor, "invited", _kind(where), where.key, after={"role": form.role})
    return path


def withdraw_invitation(uow: UnitOfWork, actor: Actor, key: str, link_id: int) -> None:
    """An invitation opens nothing more."""
    where = scope(uow, actor, key)
    row = next((r for r in invitations(uow, where) if r.id == link_id), None)
    if row is None:
        raise NotFound("invitation", link_id)
    _withdraw(uow, actor, where, row)


def _withdraw(uow: UnitOfWork, actor: Actor, where: Scope, row: OneTimeToken) -> None:
    links.use(uow, row)
    before = {"role": row.facts.get("role")}
    uow.note(actor, "invitation_withdrawn", _kind(where), where.key, before)


def invitation(uow: UnitOfWork, token: str) -> tuple[OneTimeToken, Person | None]:
    """A live invitation and the account its address has already."""
    row = links.opened(uow, Purpose.INVITE, token)
    return row, store.person_by_email(uow, row.email)


def accept(
    uow: UnitOfWork, actor: Actor, token: str, name: str, password: str, language: str,
    breached: BreachList,
) -> Person:  # fmt: skip
    """Accept an invitation: a new person sets a password, a known one must be signed in."""
    row, person = invitation(uow, token)
    if person is None:
        hashed = _checked_password(row.email, name, password, breached)
        person = new_person(uow, row.email, name, hashed, language)
    elif person.id != actor.person_id or not person.active:
        raise Rejected([Problem("", "link_other")])
    if row.facts.get("mailed"):  # a link that was shown on a page proves no address
        person.verified_at = person.verified_at or clock.now()
    uow.session.add(person)
    uow.flush()
    take_up(uow, row, person)
    return person


def take_up(uow: UnitOfWork, row: OneTimeToken, person: Person) -> RoleGrant:
    """The person has the role that the invitation names; the invitation is used up."""
    links.use(uow, row)
    until = row.facts.get("expires_on")
    form = RoleIn(
        role=Role(row.facts["role"]), expires_on=date.fromisoformat(until) if until else None
    )
    by = Actor(person_id=row.facts.get("by"), name="invitation")
    return _give(uow, by, person, form, row.facts.get("organisation"), row.facts.get("region"))


def _checked_password(email: str, name: str, password: str, breached: BreachList) -> str:
    """The hash of a new person's password. Rejected with what is wrong with it or the name."""
    known = (email, name, "oecollab", "collab")
    wrong = [*passwords.new_password_problems(password, known, breached), *_name_problems(name)]
    if wrong:
        raise Rejected(wrong)
    return passwords.hash_password(password)


def _plain_name(name: str) -> str:
    return " ".join("".join(c for c in name if c.isprintable()).split())


def _name_problems(name: str) -> list[Problem]:
    name = _plain_name(name)
    if not name:
        return [Problem("name", "required")]
    return [Problem("name", "too_long", {"most": 100})] if len(name) > 100 else []


def new_person(uow: UnitOfWork, email: str, name: str, hashed: str, language: str) -> Person:
    """A new account, without a password when `hashed` is empty."""
    wrong = _name_problems(name)
    if wrong:
        raise Rejected(wrong)
    person = Person(email=email, name=_plain_name(name), language=language, password_hash=hashed)
    uow.session.add(person)
    uow.flush()
    uow.note(Actor(person_id=person.id), "created", "person", person.public_id)
    return person


def grant(uow: UnitOfWork, actor: Actor, key: str, person_key: str, form: RoleIn) -> RoleGrant:
    """Give another role to somebody who already stands here."""
    where = scope(uow, actor, key)
    person = _here(uow, where, person_key)
    region, wrong = _checked(uow, where, form)
    if wrong:
        raise Rejected(wrong)
    return _give(uow, actor, person, form, where.organisation_id, region)


def revoke(uow: UnitOfWork, actor: Actor, key: str, grant_id: int) -> None:
    """Take a role back; the last administrator and the last of the secretariat stay."""
    where = scope(uow, actor, key)
    row = joined.grant_by_id(uow, grant_id)
    if row is None or row.organisation_id != where.organisation_id or row.revoked_at is not None:
        raise NotFound("grant", grant_id)
    _revoke(uow, actor, where, row)


def _revoke(uow: UnitOfWork, actor: Actor, where: Scope, row: RoleGrant) -> None:
    _keep_one(uow, actor, where, row)
    row.revoked_at = clock.now()
    uow.session.add(row)
    uow.flush()
    person = store.person_by_id(uow, row.person_id)
    key = person.public_id if person else ""
    uow.note(actor, "revoked", "person", key, {"role": row.role, "in": where.key}, {})
    if row.person_id not in joined.holders(
        uow, where.looks_after, row.organisation_id, clock.now()
    ):
        for waiting in invitations(uow, where):  # who may invite no more has nobody coming in
            if waiting.facts.get("by") == row.person_id:
                _withdraw(uow, actor, where, waiting)


def _keep_one(uow: UnitOfWork, actor: Actor, where: Scope, row: RoleGrant) -> None:
    """The secretariat can always mend an organisation; nobody could mend an empty secretariat."""
    last = where.looks_after
    if row.role is not last or (where.organisation is not None and actor.secretariat):
        return
    if not joined.holders(uow, last, where.organisation_id, clock.now()) - {row.person_id}:
        raise Rejected([Problem("", "last_administrator")])


def leave(
    uow: UnitOfWork, actor: Actor, key: str, person_key: str, successor_key: str
) -> tuple[int, int, int]:
    """Somebody leaves an organisation: roles end, and the account when nothing else is left.

    Returns the keys of organisation, person and successor, for handing over what was theirs.
    """
    where = scope(uow, actor, key)
    person = _here(uow, where, person_key)
    successor = _here(uow, where, successor_key)
    if where.organisation_id is None or person.id == successor.id:
        raise Rejected([Problem("successor", "required")])
    for row in joined.grants_of(uow, person.id or 0):
        if row.organisation_id == where.organisation_id and row.revoked_at is None:
            _revoke(uow, actor, where, row)
    left = [g for g in joined.grants_of(uow, person.id or 0) if _stands(g)]
    if not left:
        person.active = False
        uow.session.add(person)
        joined.end_access(uow, person.id or 0, clock.now())
        uow.note(actor, "deactivated", "person", person.public_id, {"active": True},
                 {"active": False})  # fmt: skip
    return where.organisation_id, person.id or 0, successor.id or 0


def _stands(row: RoleGrant) -> bool:
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > clock.now())


def _here(uow: UnitOfWork, where: Scope, person_key: str) -> Person:
    for person, _, _ in joined.standing_grants(uow, where.organisation_id, clock.now()):
        if person.public_id == person_key:
            return person
    raise NotFound("person", person_key)


def _checked(uow: UnitOfWork, where: Scope, form: RoleIn) -> tuple[int | None, list[Problem]]:
    """The region's key, and what is wrong with a role here."""
    wrong = []
    region: Region | None = None
    if form.role not in where.roles:
        wrong.append(Problem("role", "role_scope"))
    if form.role is Role.REGIONAL_COORDINATOR:
        try:
            region = store.region_by_code(uow, form.region)
        except NotFound:
            wrong.append(Problem("region", "region_needed"))
    if form.expires_on is not None and form.expires_on <= clock.today():
        wrong.append(Problem("expires_on", "past"))
    return (region.id if region else None), wrong


def _give(
    uow: UnitOfWork,
    actor: Actor,
    person: Person,
    form: RoleIn,
    organisation_id: int | None,
    region_id: int | None,
) -> RoleGrant:
    ends = form.expires_on + timedelta(days=1) if form.expires_on else None
    row = RoleGrant(
        person_id=person.id or 0,
        role=form.role,
        organisation_id=organisation_id,
        region_id=region_id,
        granted_by=actor.person_id,
        expires_at=datetime.combine(ends, time(), UTC) if ends else None,
    )
    before = [g.role for g in joined.grants_of(uow, person.id or 0) if _stands(g)]
    uow.session.add(row)
    uow.flush()
    uow.note(actor, "granted", "person", person.public_id, {"roles": before},
             {"role": form.role, "organisation": organisation_id, "region": region_id,
              "until": form.expires_on})  # fmt: skip
    return row


def _kind(where: Scope) -> str:
    return "organisation" if where.organisation else "alliance"
