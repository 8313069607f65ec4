"""Kinds of organisation, membership states and moves, and what is wrong with a member's data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from collab.kernel.problems import Problem

MIN_PASSWORD = 10
MAX_PASSWORD = 200
EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")


class OrganisationKind(StrEnum):
    """What an organisation is; the shape it has in the network drawing."""

    FIRM = "firm"
    LAB = "lab"
    UNIVERSITY = "university"
    ALLIANCE = "alliance"
    SERVICE_PARTNER = "service_partner"
    PILOT_LINE = "pilot_line"
    PARK = "park"
    INVESTOR = "investor"
    TRANSFER_AGENCY = "transfer_agency"


class Membership(StrEnum):
    """Where an organisation stands; `listed` is a public record without an account."""

    LISTED = "listed"
    APPLIED = "applied"
    ADMITTED = "admitted"
    SUSPENDED = "suspended"


MOVES: dict[Membership, frozenset[Membership]] = {
    Membership.LISTED: frozenset({Membership.APPLIED}),
    Membership.APPLIED: frozenset({Membership.ADMITTED, Membership.LISTED}),
    Membership.ADMITTED: frozenset({Membership.SUSPENDED}),
    Membership.SUSPENDED: frozenset({Membership.ADMITTED}),
}


class RelationKind(StrEnum):
    """How one organisation is tied to another, as the sources state it."""

    MEMBER_OF = "member_of"
    AGREEMENT = "agreement"
    LOCATED_IN = "located_in"
    CO_BUILD = "co_build"
    HOSTS = "hosts"
    SPUN_OFF = "spun_off"
    SUPPLIES = "supplies"
    INVESTS = "invests"
    JOINT_LAB = "joint_lab"


def can_move(before: Membership, after: Membership) -> bool:
    """True when the membership table allows the move."""
    return after in MOVES[before]


def email_problems(email: str, field: str = "email") -> Iterator[Problem]:
    """What is wrong with an e-mail address."""
    if not email:
        yield Problem(field, "required")
    elif len(email) > 254 or not EMAIL.fullmatch(email):
        yield Problem(field, "email")


def password_problems(password: str, field: str = "password") -> Iterator[Problem]:
    """What is wrong with a new password's length; its strength is estimated by the service."""
    if len(password) < MIN_PASSWORD:
        yield Problem(field, "too_short", {"least": MIN_PASSWORD})
    elif len(password) > MAX_PASSWORD:
        yield Problem(field, "too_long", {"most": MAX_PASSWORD})
