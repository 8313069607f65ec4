"""Says whether a Chromium is there for the browser tests: `python -m tests.browser_found`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of a Chromium: CHROMIUM when that is set, else the first one that is installed."""
    wanted = os.environ.get("CHROMIUM", "")
    if wanted:
        return wanted if Path(wanted).is_file() else None
    return next((found for name in NAMES if (found := shutil.which(name))), None)


if __name__ == "__main__":
    sys.exit(0 if chromium() else 1)
