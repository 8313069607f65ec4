"""Everything a process works with, made once by wiring and handed to pages and commands."""

from __future__ import annotations

from dataclasses import dataclass

from collab.config import Settings
from collab.curation.live import LiveVocabulary
from collab.files.service import FileRoom
from collab.members.breached import BreachList
from collab.members.openid_client import OpenIdClient
from collab.members.rules import SessionLimits
from collab.network.service import NetworkService
from collab.routing.service import MatchingService
from collab.search.service import SearchService
from collab.storage import migrate
from collab.storage.database import Database
from collab.storage.outbox import Worker
from collab.storage.sealing import Sealer
from collab.vocabulary.catalog import Vocabulary


@dataclass(frozen=True)
class Platform:
    """One process's settings, database, vocabulary, services and worker."""

    settings: Settings
    database: Database
    words: LiveVocabulary
    search: SearchService
    matching: MatchingService
    network: NetworkService
    files: FileRoom
    sealer: Sealer
    breached: BreachList
    session_limits: SessionLimits
    openid: OpenIdClient
    worker: Worker

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary in force now; a use case takes it once and keeps to it."""
        return self.words.current

    def problems(self) -> list[str]:
        """Why this process should not serve: old tables, missing triggers."""
        return migrate.problems(self.database)
