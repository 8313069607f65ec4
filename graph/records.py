"""What the graph is made of: nodes, links and regions, the only input it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

Scalar = str | int | float | bool


class NodeKind(StrEnum):
    """What a node stands for: a kind of organisation, or something organisations have."""

    LAB = "lab"
    PILOT_LINE = "pilot_line"
    FIRM = "firm"
    UNIVERSITY = "university"
    PARK = "park"
    ALLIANCE = "alliance"
    SERVICE_PARTNER = "service_partner"
    INVESTOR = "investor"
    TRANSFER_AGENCY = "transfer_agency"
    REGION = "region"
    TECHNIQUE = "technique"
    CAPABILITY = "capability"
    NEED = "need"


THINGS = frozenset({NodeKind.REGION, NodeKind.TECHNIQUE, NodeKind.CAPABILITY, NodeKind.NEED})
ORGANISATIONS = frozenset(kind for kind in NodeKind if kind not in THINGS)


class LinkKind(StrEnum):
    """What ties two nodes.

    From `AGREEMENT` to `MATCH` two organisations are tied. `OFFERS` leads from an organisation to
    a capability or technique, `APPLIES` from a capability to a technique, `POSTS` from an
    organisation to its need, `ASKS` from a need to a technique, `FITS` from a need to a capability
    or organisation that can answer it, and `PRECEDES` from a technique to the one that follows it
    in a process chain.
    """

    AGREEMENT = "agreement"
    CO_BUILD = "co_build"
    JOINT_LAB = "joint_lab"
    MEMBER_OF = "member_of"
    HOSTS = "hosts"
    INVESTS = "invests"
    SUPPLIES = "supplies"
    SPUN_OFF = "spun_off"
    LOCATED_IN = "located_in"
    REFERRAL = "referral"
    INTEREST = "interest"
    BOOKING = "booking"
    MATCH = "match"
    OFFERS = "offers"
    APPLIES = "applies"
    POSTS = "posts"
    ASKS = "asks"
    FITS = "fits"
    PRECEDES = "precedes"


SUPPLY_LINKS = frozenset(
    {
        LinkKind.OFFERS,
        LinkKind.APPLIES,
        LinkKind.POSTS,
        LinkKind.ASKS,
        LinkKind.FITS,
        LinkKind.PRECEDES,
    }
)
RELATIONS = frozenset(kind for kind in LinkKind if kind not in SUPPLY_LINKS)


@dataclass(frozen=True, slots=True)
class Node:
    """One node. `key` is unique over all kinds; `region` a region code; `lat`, `lon` degrees."""

    key: str
    kind: NodeKind
    label_zh: str = ""
    label_en: str = ""
    region: str = ""
    lat: float | None = None
    lon: float | None = None
    evidence: str = ""
    materials: tuple[str, ...] = ()
    attrs: Mapping[str, Scalar] = field(default_factory=dict)

    def label(self, language: str) -> str:
        """The label in `language`, the other language's or the key where there is none."""
        first, second = self.label_zh, self.label_en
        if language == "en":
            first, second = second, first
        return first or second or self.key


@dataclass(frozen=True, slots=True)
class Link:
    """One link. Valid from the first to the last day, both included; None means open.

    `weight` is above zero: how strong the tie is. `id` tells parallel links of one kind apart.
    """

    source: str
    target: str
    kind: LinkKind
    weight: float = 1.0
    valid_from: date | None = None
    valid_to: date | None = None
    id: str = ""
    evidence: str = ""
    materials: tuple[str, ...] = ()
    attrs: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells this link from others between the same two nodes."""
        return f"{self.kind.value}:{self.id}" if self.id else self.kind.value


@dataclass(frozen=True, slots=True)
class Region:
    """A park, city, province or country; `parent` is the code above it, "" at the top."""

    code: str
    kind: str = ""
    label_zh: str = ""
    label_en: str = ""
    parent: str = ""
    lat: float | None = None
    lon: float | None = None

    def label(self, language: str) -> str:
        """The label in `language`, the other language's or the code where there is none."""
        first, second = self.label_zh, self.label_en
        if language == "en":
            first, second = second, first
        return first or second or self.code
