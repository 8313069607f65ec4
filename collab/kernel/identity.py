"""Who acts: a person in roles, a token no stronger than its owner, a visitor, or the system."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may be, each role scoped to an organisation, a region or the alliance."""

    MEMBER = "member"
    FACILITY_OWNER = "facility_owner"
    ORGANISATION_ADMIN = "organisation_admin"
    REGIONAL_COORDINATOR = "regional_coordinator"
    SECRETARIAT = "secretariat"


@dataclass(frozen=True, slots=True)
class Actor:
    """The one on whose behalf a use case runs.

    `organisation_ids` are those in which the person holds a member role; `editor_organisation_ids`
    those whose page and capabilities the person may change, `admin_organisation_ids` those whose
    people the person looks after; `region_ids` the coordinated regions
    with everything below them; `scopes` is None for a session and the token's scopes otherwise;
    `held_back` says that rights of the secretariat wait for a second factor.
    """

    person_id: int | None = None
    name: str = ""
    organisation_ids: frozenset[int] = frozenset()
    editor_organisation_ids: frozenset[int] = frozenset()
    admin_organisation_ids: frozenset[int] = frozenset()
    region_ids: frozenset[int] = frozenset()
    secretariat: bool = False
    system: bool = False
    scopes: frozenset[str] | None = None
    held_back: bool = False

    @property
    def is_visitor(self) -> bool:
        """Nobody is signed in."""
        return self.person_id is None and not self.system

    @property
    def is_member(self) -> bool:
        """Signed in with standing in the alliance: reads what members read."""
        return bool(self.organisation_ids or self.region_ids or self.secretariat or self.system)


VISITOR = Actor()
SYSTEM = Actor(name="system", system=True)
