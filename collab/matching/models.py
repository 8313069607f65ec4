"""The best capabilities of each step of a need, kept as ids, class and score only."""

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from collab.storage.models import Row


class Match(Row, table=True):
    """One stored candidate; reasons are made anew when they are read."""

    __table_args__ = (UniqueConstraint("need_id", "step", "capability_id", name="uq_match"),)

    need_id: int = Field(foreign_key="need.id", index=True, ondelete="CASCADE")
    step: str = Field(max_length=80)
    rank: int
    capability_id: int = Field(foreign_key="capability.id", index=True, ondelete="CASCADE")
    verdict: str = Field(max_length=10)
    score: float
    rule_version: str = Field(max_length=40)


class MatchSummary(Row, table=True):
    """What a need's last refresh found: how many steps are answered and whether a route exists."""

    need_id: int = Field(foreign_key="need.id", unique=True, index=True, ondelete="CASCADE")
    steps: int = 0
    answered: int = 0
    routes: int = 0
    rule_version: str = Field(max_length=40)


class BlockedPair(Row, table=True):
    """An organisation that never wants to be matched with another one, and need not say why."""

    __table_args__ = (UniqueConstraint("organisation_id", "blocked_id", name="uq_blocked_pair"),)

    organisation_id: int = Field(foreign_key="organisation.id", index=True, ondelete="CASCADE")
    blocked_id: int = Field(foreign_key="organisation.id", index=True, ondelete="CASCADE")
