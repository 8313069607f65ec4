"""Use cases of joining: apply, claim a shipped record, admit, reject, suspend, readmit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collab.kernel import clock
from collab.kernel.errors import Conflict, NotFound, Rejected
from collab.kernel.happened import ApplicationChanged, OrganisationChanged
from collab.kernel.identity import VISITOR, Actor, Role
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import links, rules, store
from collab.members import store_joining as joined
from collab.members.forms import AdmissionIn, ClaimIn, JoinIn
from collab.members.links import Purpose
from collab.members.models import Application, CoBuildAgreement, Organisation, Region
from collab.members.rules import Membership, OrganisationKind
from collab.storage.uow import UnitOfWork

SUBMITTED, ADMITTED, REJECTED = "submitted", "admitted", "rejected"
EVIDENCE = 20  # characters; less cannot say how a claim is to be verified


def apply(uow: UnitOfWork, form: JoinIn) -> Application:
    """Somebody applies for an organisation; Rejected with everything that is wrong."""
    wrong = list(_claim_problems(uow, form))
    region = _region(uow, form.region)
    if region is None:
        wrong.append(Problem("region", "unknown_choice", {"choice": form.region}))
    twin = None if form.another else same_name(uow, form.name_zh, form.name_en)
    if twin is not None:
        wrong.append(Problem("name_zh", "name_known", {"name": twin.name_zh}))
    if wrong or region is None:
        raise Rejected(wrong)
    row = Application(
        name_zh=form.name_zh,
        name_en=form.name_en,
        credit_code=rules.identifier(form.country, form.identifier),
        kind=form.kind,
        region_id=region.id or 0,
        website=form.website,
        evidence=form.evidence,
        contact_name=form.contact_name,
        contact_email=form.contact_email.lower(),
    )
    return _submit(uow, row, "applied")


def claimable(uow: UnitOfWork, key: str) -> Organisation:
    """A record of the shipped dataset that belongs to nobody yet; NotFound otherwise."""
    row = store.open_organisation(uow, VISITOR, key)
    if row.membership is not Membership.LISTED or row.demo:
        raise NotFound("organisation", key)
    return row


def claim(uow: UnitOfWork, key: str, form: ClaimIn) -> Application:
    """Somebody says that a shipped record is theirs; nothing changes until it is decided."""
    owner = claimable(uow, key)
    wrong = list(_claim_problems(uow, form, owner))
    if len(form.evidence) < EVIDENCE:
        wrong.append(Problem("evidence", "evidence_short", {"least": EVIDENCE}))
    email = form.contact_email.lower()
    if any(
        a.organisation_id == owner.id and a.contact_email == email
        for a in joined.open_applications(uow)
    ):
        wrong.append(Problem("", "already_claimed"))
    if wrong:
        raise Rejected(wrong)
    row = Application(
        organisation_id=owner.id,
        name_zh=owner.name_zh,
        name_en=owner.name_en,
        credit_code=rules.identifier(form.country, form.identifier),
        kind=owner.kind,
        region_id=owner.region_id,
        website=owner.website,
        evidence=form.evidence,
        contact_name=form.contact_name,
        contact_email=email,
    )
    return _submit(uow, row, "claimed")


def _submit(uow: UnitOfWork, row: Application, action: str) -> Application:
    uow.session.add(row)
    uow.flush()
    uow.note(VISITOR, action, "application", row.public_id, after={"code": row.credit_code})
    uow.record(ApplicationChanged(row.id or 0))
    return row


def _claim_problems(
    uow: UnitOfWork, form: ClaimIn, claimed: Organisation | None = None
) -> Iterator[Problem]:
    code = rules.identifier(form.country, form.identifier)
    plain = code.split(":", 1)[-1]
    bad = list(rules.identifier_problems(form.country, plain))
    yield from bad
    yield from rules.email_problems(form.contact_email, "contact_email")
    if bad:
        return
    known = joined.organisation_by_code(uow, code)
    taken = known is not None and (claimed is None or known.id != claimed.id)
    # several people may claim one record; two applications for one code are one too many
    waiting = claimed is None and any(a.credit_code == code for a in joined.open_applications(uow))
    if taken or waiting:
        yield Problem("identifier", "code_known")


def _region(uow: UnitOfWork, code: str) -> Region | None:
    try:
        return store.region_by_code(uow, code)
    except NotFound:
        return None


def same_name(uow: UnitOfWork, zh: str, en: str) -> Organisation | None:
    """A public organisation whose name agrees, written in whatever way."""
    keys = _name_keys(zh, en)
    found = [key for key, *names in joined.organisation_names(uow) if keys & _name_keys(*names)]
    readable = store.readable_by_id(uow, VISITOR, found)
    return readable[min(readable)] if readable else None


def _name_keys(*names: str) -> set[str]:
    return {key for name in names if (key := rules.name_key(name))}


def page(uow: UnitOfWork, actor: Actor, state: str, number: int, size: int) -> Page[Application]:
    """Applications, those that wait first."""
    joined.require(uow, actor, Permission.APPLICATION_DECIDE)
    return joined.applications(uow, actor, state, number, size)


def one(uow: UnitOfWork, actor: Actor, key: str) -> Application:
    """An application for those who decide it."""
    joined.require(uow, actor, Permission.APPLICATION_DECIDE)
    return joined.application_by_key(uow, actor, key)


def doubles(uow: UnitOfWork, row: Application) -> list[str]:
    """Names of other organisations and open applications that may be the same body."""
    keys = _name_keys(row.name_zh, row.name_en)
    found = [
        zh
        for key, zh, en in joined.organisation_names(uow)
        if key != row.organisation_id and keys & _name_keys(zh, en)
    ]
    others = [a for a in joined.open_applications(uow) if a.id != row.id]
    return found + [
        a.name_zh
        for a in others
        if a.credit_code == row.credit_code or keys & _name_keys(a.name_zh, a.name_en)
    ]


def admit(
    uow: UnitOfWork, actor: Actor, key: str, form: AdmissionIn, version: int | None, secret: str
) -> str:
    """The applicant becomes a member; the path of the invitation for its contact person."""
    row = _undecided(uow, actor, key, version)
    wrong = list(_agreement_problems(form))
    holder = joined.organisation_by_code(uow, row.credit_code)
    if holder is not None and holder.id != row.organisation_id:
        wrong.append(Problem("", "code_known"))
    if wrong:
        raise Rejected(wrong)
    organisation = _organisation_for(uow, row)
    before = {"membership": organisation.membership, "evidence": organisation.evidence}
    if not rules.move_to(organisation.membership, Membership.ADMITTED):
        raise Conflict("cannot_move", state=organisation.membership)
    organisation.membership = Membership.ADMITTED
    organisation.evidence = "declared"
    organisation.credit_code = row.credit_code
    organisation.confirmed_at = clock.now()
    uow.session.add(organisation)
    uow.flush()
    agreement(uow, actor, organisation, form)
    after = {"membership": "admitted", "evidence": "declared", "application": row.public_id}
    uow.note(actor, "admitted", "organisation", organisation.public_id, before, after)
    uow.record(OrganisationChanged(organisation.id or 0))
    row.organisation_id = organisation.id
    _decide(uow, actor, row, ADMITTED, form.reason)
    facts = {
        "role": Role.ORGANISATION_ADMIN.value, "organisation": organisation.id,
        "scope": organisation.public_id, "by": actor.person_id, "name": row.contact_name,
    }  # fmt: skip
    return links.issue(uow, secret, Purpose.INVITE, row.contact_email, facts=facts)


def reject(
    uow: UnitOfWork, actor: Actor, key: str, reason: str, version: int | None
) -> Application:
    """The application is turned down, with the reason that the contact is told."""
    row = _undecided(uow, actor, key, version)
    if not reason.strip():
        raise Rejected([Problem("reason", "reason_needed")])
    _decide(uow, actor, row, REJECTED, reason)
    return row


def _undecided(uow: UnitOfWork, actor: Actor, key: str, version: int | None) -> Application:
    row = one(uow, actor, key)
    uow.expect(row, version)
    if row.state != SUBMITTED:
        raise Conflict("cannot_move", state=row.state)
    return row


def _decide(uow: UnitOfWork, actor: Actor, row: Application, state: str, reason: str) -> None:
    before = {"state": row.state}
    row.state, row.decision, row.decided_by = state, reason.strip()[:2000], actor.person_id
    uow.session.add(row)
    uow.flush()
    after = {"state": state, "reason": row.decision}
    uow.note(actor, state, "application", row.public_id, before, after)
    uow.record(ApplicationChanged(row.id or 0))


def _organisation_for(uow: UnitOfWork, row: Application) -> Organisation:
    if row.organisation_id is not None:
        return store.organisations_by_id(uow, {row.organisation_id})[row.organisation_id]
    return Organisation(
        name_zh=row.name_zh,
        name_en=row.name_en,
        kind=OrganisationKind(row.kind),
        region_id=row.region_id,
        region_basis="declared",
        website=row.website,
        membership=Membership.APPLIED,
        evidence="declared",
        source_type="application",
    )


def _agreement_problems(form: AdmissionIn) -> Iterator[Problem]:
    if form.until is not None and form.signed_on is None:
        yield Problem("signed_on", "required")
    elif form.until is not None and form.signed_on is not None and form.until < form.signed_on:
        yield Problem("until", "until_before")


def agreement(uow: UnitOfWork, actor: Actor, organisation: Organisation, form: AdmissionIn) -> None:
    """Record a co-build agreement when the form has a day of signing."""
    wrong = list(_agreement_problems(form))
    if wrong:
        raise Rejected(wrong)
    if form.signed_on is None:
        return
    uow.session.add(
        CoBuildAgreement(
            organisation_id=organisation.id or 0,
            signed_on=form.signed_on,
            until=form.until,
            title=form.title,
        )
    )
    facts = {"signed_on": form.signed_on, "until": form.until, "title": form.title}
    uow.note(actor, "agreement", "organisation", organisation.public_id, after=facts)


def record_agreement(uow: UnitOfWork, actor: Actor, key: str, form: AdmissionIn) -> None:
    """A member signs another co-build agreement."""
    joined.require(uow, actor, Permission.ORGANISATION_ADMIT)
    row = joined.guarded(uow, actor, key, Permission.ORGANISATION_ADMIT)
    if form.signed_on is None:
        raise Rejected([Problem("signed_on", "required")])
    agreement(uow, actor, row, form)
    uow.record(OrganisationChanged(row.id or 0))


def move(
    uow: UnitOfWork, actor: Actor, key: str, after: Membership, reason: str, version: int | None
) -> Organisation:
    """Suspend a member or take it back; its people's roles stop and go on with it."""
    joined.require(uow, actor, Permission.ORGANISATION_ADMIT)
    row = joined.guarded(uow, actor, key, Permission.ORGANISATION_ADMIT)
    uow.expect(row, version)
    standing = {Membership.ADMITTED, Membership.SUSPENDED}
    if {row.membership, after} != standing or not rules.can_move(row.membership, after):
        raise Conflict("cannot_move", state=row.membership)
    if not reason.strip():
        raise Rejected([Problem("reason", "reason_needed")])
    before = {"membership": row.membership}
    row.membership = after
    uow.session.add(row)
    uow.flush()
    facts = {"membership": after, "reason": reason.strip()[:2000]}
    uow.note(actor, str(after), "organisation", row.public_id, before, facts)
    uow.record(OrganisationChanged(row.id or 0))
    return row


def members(uow: UnitOfWork, actor: Actor, number: int, size: int) -> Page[Organisation]:
    """Admitted and suspended organisations."""
    joined.require(uow, actor, Permission.ORGANISATION_ADMIT)
    return joined.members(uow, actor, number, size)


def member(
    uow: UnitOfWork, actor: Actor, key: str
) -> tuple[Organisation, Sequence[CoBuildAgreement]]:
    """A member in any standing with its agreements, for those who admit."""
    joined.require(uow, actor, Permission.ORGANISATION_ADMIT)
    row = joined.guarded(uow, actor, key, Permission.ORGANISATION_ADMIT)
    if row.membership not in (Membership.ADMITTED, Membership.SUSPENDED):
        raise NotFound("member", key)
    return row, store.agreements_of(uow, row.id or 0)
