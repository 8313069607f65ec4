"""Folders that hold what members keep confidential: open to the platform's own account alone."""

from __future__ import annotations

import os
from pathlib import Path

OTHERS = 0o077


def keep_private(folder: Path) -> None:
    """Make the folder if it is not there, and shut it to other accounts if it is ours.

    Index and matches hold words of needs that few may read; the files in them are as readable as
    the system makes new files, so the folder around them has to be shut.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = folder.stat()
    if there.st_uid == os.geteuid() and there.st_mode & OTHERS:
        folder.chmod(there.st_mode & 0o7700)
