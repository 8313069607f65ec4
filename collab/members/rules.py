"""Kinds of organisation, membership states and moves, and what is wrong with a member's data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from stdnum.cn import uscc

from collab.kernel.problems import Problem
from collab.vocabulary.normalize import simplified

MIN_PASSWORD = 12
MAX_PASSWORD = 128
ANONYMITY = 5  # a province is named only where at least this many members stand
EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")

FOREIGN = re.compile(r"[A-Z0-9./]{4,30}")
LEGAL_FORM = re.compile(
    r"(?:(?:股份)?(?:有限)?(?:责任)?公司|\s(?:(?:co|pte|pty)\s*ltd|ltd|limited|inc|incorporated|corp"
    r"|corporation|company|gmbh|mbh|ag|kg|kgaa|llc|llp|bv|nv|sas|sarl|sa|spa|srl|plc|pte|pty|co"
    r"|oy|ab|as|aps|kk|sdn\s*bhd))+$"
)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a sign-in lasts at the most and without being used; what the secretariat needs."""

    whole: timedelta = timedelta(hours=12)
    idle: timedelta = timedelta(hours=2)
    secretariat_second_factor: bool = True
    demo_without: bool = False  # people of the demo alliance need no second factor


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


def move_to(before: Membership, after: Membership) -> bool:
    """True when `after` can be reached by one admission: a record applies and is admitted."""
    applied = can_move(before, Membership.APPLIED) and can_move(Membership.APPLIED, after)
    return can_move(before, after) or (after is Membership.ADMITTED and applied)


def name_key(name: str) -> str:
    """A name in the spelling in which two registrations of the same body agree.

    >>> name_key("武汉（光电）集团有限公司") == name_key("武汉光电 集团有限责任公司")
    True
    >>> name_key("Alpha Photonics Co., Ltd.") == name_key("ALPHA PHOTONICS")
    True
    >>> name_key("武漢光電股份有限公司") == name_key("武汉光电有限公司")
    True
    """
    text = simplified(unicodedata.normalize("NFKC", name)).casefold().replace(".", "")
    text = " ".join("".join(c if c.isalnum() else " " for c in text).split())
    return LEGAL_FORM.sub("", text).replace(" ", "")


def identifier_problems(country: str, number: str, field: str = "identifier") -> Iterator[Problem]:
    """What is wrong with the number under which an organisation is registered in a country."""
    if not number:
        yield Problem(field, "required")
    elif country == "CN" and not uscc.is_valid(number):
        yield Problem(field, "credit_code")
    elif country != "CN" and not FOREIGN.fullmatch(number):
        yield Problem(field, "foreign_identifier")


def identifier(country: str, number: str) -> str:
    """How a registration number is kept: the credit code itself, others after their country."""
    plain, before = number, ""
    while plain != before:  # a capital or a gap taken out may leave what can be composed again
        before = plain
        plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", plain)).upper()
    return plain if country == "CN" or not plain else f"{country}:{plain}"


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
