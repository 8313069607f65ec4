"""The snapshot on disk, with the position in the change feed and the day it stands for."""

from __future__ import annotations

import json
import logging
import os
import zlib
from collections.abc import Mapping
from pathlib import Path

from collab.kernel import clock
from collab.matching import snapshot
from collab.matching.rules import RULES_VERSION
from collab.matching.snapshot import Snapshot

log = logging.getLogger(__name__)


class SnapshotFile:
    """One snapshot in a folder. Freshness counts in days, so a kept one is good for its day."""

    def __init__(self, folder: Path, vocabulary_version: str) -> None:
        self._columns = folder / "snapshot.columns"
        self._note = folder / "snapshot.json"
        self._version = vocabulary_version

    def _key(self, identity: str) -> str:
        return f"{RULES_VERSION}/{self._version}/{clock.today().isoformat()}/{identity}"

    def load(self, identity: str) -> tuple[Snapshot, int] | None:
        """The kept snapshot and its position in the feed; None when there is none that fits, and
        the log says why, since the one made in its place takes seconds."""
        if not self._note.exists():
            return None
        try:
            note = json.loads(self._note.read_text("utf-8"))
            if note.pop("check") != _check(note):
                log.warning("the note beside the kept snapshot is broken; it is made anew")
                return None
            if note["key"] != self._key(identity):
                log.info("the kept snapshot is of %s and not used", note["key"])
                return None
            found = snapshot.load(self._columns, self._version)
            if found is not None and note["rows"] == len(found):
                return found, int(note["position"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("the kept snapshot cannot be read and is made anew: %s", error)
            return None
        log.warning("the kept snapshot is broken or of another format and is made anew")
        return None

    def save(self, current: Snapshot, position: int, identity: str) -> None:
        """Keep a freshly built snapshot; a full disk costs only speed at the next start."""
        note = {"key": self._key(identity), "position": position, "rows": len(current)}
        scratch = self._note.with_suffix(f".{os.getpid()}.part")
        try:
            self._columns.parent.mkdir(parents=True, exist_ok=True)
            self._note.unlink(missing_ok=True)
            snapshot.save(current, self._columns)
            scratch.write_text(json.dumps({**note, "check": _check(note)}), "utf-8")
            scratch.replace(self._note)
        except OSError as error:
            log.warning("the snapshot was not kept: %s", error)


def _check(note: Mapping[str, object]) -> int:
    """Checksum of what a note says: a wrong position in the feed would lose changes unseen."""
    return zlib.crc32(json.dumps(note, sort_keys=True).encode())
