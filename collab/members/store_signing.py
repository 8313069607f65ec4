"""Named queries over what people sign in with: passkeys, recovery codes, sign-in services."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import col, select

from collab.members.models import (
    ExternalIdentity,
    IdentityProvider,
    Organisation,
    Passkey,
    Person,
    RecoveryCode,
    SignInChallenge,
)
from collab.storage.uow import UnitOfWork

DOMAINS_LOCK = 7_262_021


def challenge_by_hash(uow: UnitOfWork, handle_hash: str) -> SignInChallenge | None:
    """The question of a handle; locked while writing, so that two cannot answer it at once."""
    query = select(SignInChallenge).where(col(SignInChallenge.handle_hash) == handle_hash)
    return uow.session.exec(query.with_for_update() if uow.writable else query).first()


def sweep_challenges(uow: UnitOfWork, at: datetime) -> None:
    """Forget questions that nobody answered in time."""
    uow.session.connection().execute(
        delete(SignInChallenge).where(col(SignInChallenge.expires_at) < at)
    )


def passkeys_of(uow: UnitOfWork, person_id: int) -> Sequence[Passkey]:
    """The passkeys of a person, oldest first."""
    return uow.session.exec(
        select(Passkey).where(col(Passkey.person_id) == person_id).order_by(col(Passkey.id))
    ).all()


def passkey_by_credential(uow: UnitOfWork, credential_id: str) -> Passkey | None:
    """The passkey of a credential; locked while writing, so that its counter loses nothing."""
    query = select(Passkey).where(col(Passkey.credential_id) == credential_id)
    return uow.session.exec(query.with_for_update() if uow.writable else query).first()


def recovery_codes_of(uow: UnitOfWork, person_id: int) -> Sequence[RecoveryCode]:
    """The unused recovery codes of a person; locked while writing."""
    query = select(RecoveryCode).where(
        col(RecoveryCode.person_id) == person_id, col(RecoveryCode.used_at).is_(None)
    )
    return uow.session.exec(query.with_for_update() if uow.writable else query).all()


def drop_recovery_codes(uow: UnitOfWork, person_id: int) -> None:
    """Forget every recovery code of a person."""
    uow.session.connection().execute(
        delete(RecoveryCode).where(col(RecoveryCode.person_id) == person_id)
    )


def drop_passkeys(uow: UnitOfWork, person_id: int) -> None:
    """Forget every passkey of a person."""
    uow.session.connection().execute(delete(Passkey).where(col(Passkey.person_id) == person_id))


def drop_identities(uow: UnitOfWork, person_id: int) -> None:
    """Forget who a person is at sign-in services, and every question put to them."""
    for table in (ExternalIdentity, SignInChallenge):
        uow.session.connection().execute(delete(table).where(col(table.person_id) == person_id))


def factor_holders(uow: UnitOfWork, person_ids: Collection[int]) -> set[int]:
    """Those of these people who have an app or a passkey."""
    if not person_ids:
        return set()
    with_key = select(Passkey.person_id).where(col(Passkey.person_id).in_(person_ids))
    with_app = select(Person.id).where(
        col(Person.id).in_(person_ids), col(Person.second_factor) != ""
    )
    found = [*uow.session.exec(with_key).all(), *uow.session.exec(with_app).all()]
    return {key for key in found if key is not None}


def sealed_people(uow: UnitOfWork) -> Sequence[Person]:
    """People with a sealed secret."""
    return uow.session.exec(select(Person).where(col(Person.second_factor) != "")).all()


def providers(uow: UnitOfWork) -> Sequence[IdentityProvider]:
    """Every sign-in service."""
    return uow.session.exec(select(IdentityProvider).order_by(col(IdentityProvider.id))).all()


def lock_domains(uow: UnitOfWork) -> None:
    """From here to the commit nobody else enters a sign-in service, so no domain is taken twice."""
    connection = uow.session.connection()
    if connection.dialect.name == "postgresql":  # a writer of SQLite is alone anyway
        connection.execute(select(func.pg_advisory_xact_lock(DOMAINS_LOCK)))


def working_providers(uow: UnitOfWork) -> Sequence[IdentityProvider]:
    """Services that are switched on, of organisations in good standing."""
    return uow.session.exec(
        select(IdentityProvider)
        .join(Organisation, col(Organisation.id) == col(IdentityProvider.organisation_id))
        .where(col(IdentityProvider.active), col(Organisation.membership) == "admitted")
        .order_by(col(IdentityProvider.id))
    ).all()


def provider_of(uow: UnitOfWork, organisation_id: int) -> IdentityProvider | None:
    """The sign-in service of an organisation."""
    return uow.session.exec(
        select(IdentityProvider).where(col(IdentityProvider.organisation_id) == organisation_id)
    ).first()


def identity(uow: UnitOfWork, issuer: str, subject: str) -> ExternalIdentity | None:
    """Whom an issuer means by a subject."""
    return uow.session.exec(
        select(ExternalIdentity).where(
            col(ExternalIdentity.issuer) == issuer, col(ExternalIdentity.subject) == subject
        )
    ).first()


def identities_of(uow: UnitOfWork, person_id: int) -> Sequence[ExternalIdentity]:
    """Who a person is at sign-in services."""
    return uow.session.exec(
        select(ExternalIdentity)
        .where(col(ExternalIdentity.person_id) == person_id)
        .order_by(col(ExternalIdentity.id))
    ).all()
