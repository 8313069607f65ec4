"""Looks at files with the operator's scanner before anybody may open them."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence

from collab.files import service, store
from collab.files.rules import FileState
from collab.kernel import clock
from collab.kernel.events import Event
from collab.kernel.happened import FileStored
from collab.kernel.identity import SYSTEM
from collab.storage import deliveries
from collab.storage.blobs import Blobs
from collab.storage.database import Database

LISTENER = "file-scan"
CLEAN, FOUND = 0, 1  # exit statuses, as virus scanners have them


class ScanFailed(Exception):
    """The scanner could not say; the file stays closed and is looked at again later."""


class Scanner:
    """Runs a command on a content: exit status 0 is clean, 1 found something, all else failed."""

    def __init__(self, blobs: Blobs, command: str, seconds: int) -> None:
        self._blobs = blobs
        self._words = shlex.split(command)
        self._seconds = seconds

    def follow(self, database: Database, events: Sequence[Event]) -> None:
        """Listener: one verdict for each new file; raises ScanFailed to be asked again."""
        for event in events:
            if isinstance(event, FileStored):
                self._look_at(database, event.attachment_id)

    def sweep(self, database: Database, _events: Sequence[Event]) -> None:
        """Listener: once a day what nobody has any more goes, and given up scans begin again."""
        deliveries.revive(database, LISTENER)
        service.sweep(database, self._blobs)

    def _look_at(self, database: Database, attachment_id: int) -> None:
        with database.reading() as uow:
            found = store.file_by_id(uow, attachment_id)
        if found is None or found[0].state is not FileState.WAITING:
            return
        clean, finding = self._verdict(found[1].sha256)
        with database.writing() as uow:
            again = store.file_by_id(uow, attachment_id)
            if again is None or again[0].state is not FileState.WAITING:
                return
            row = again[0]
            row.state = FileState.CLEAN if clean else FileState.REFUSED
            row.scanned_at, row.finding = clock.now(), finding
            uow.session.add(row)
            facts = {"verdict": row.state, "finding": finding}
            uow.note(SYSTEM, "scanned", "file", row.public_id, {"verdict": "waiting"}, facts)

    def _verdict(self, sha256: str) -> tuple[bool, str]:
        """Clean or not and what was found; without a command everything is clean, unseen."""
        if not self._words:
            return True, ""
        path = self._blobs.path(sha256).resolve()
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "HOME", "TMPDIR")}
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
                [*self._words, str(path)], stdin=subprocess.DEVNULL, capture_output=True,
                timeout=self._seconds, env=kept, cwd="/", check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ScanFailed(type(error).__name__) from error
        if done.returncode not in (CLEAN, FOUND):
            raise ScanFailed(f"exit status {done.returncode}")
        said = done.stdout.decode("utf-8", "replace").replace(str(path), "").strip(": \n")
        words = "".join(c for c in said.partition("\n")[0] if c.isprintable())[:200]
        return done.returncode == CLEAN, words if done.returncode == FOUND else ""
