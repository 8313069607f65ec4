"""The checklist names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_test_that_the_checklists_name_exists() -> None:
    lost = []
    for name in ("asvs.md", "security.md"):
        for line in (ROOT / "docs" / name).read_text("utf-8").splitlines():
            path = ""
            for entry in re.findall(r"`((?:tests|bench)/[\w/]+\.py(?:::\w+)?|…::\w+)`", line):
                place, _, test = entry.partition("::")
                path = path if place == "…" else place  # "…" is the file named before
                file = ROOT / path
                text = file.read_text("utf-8") if file.is_file() else ""
                if not text or (test and f"def {test}(" not in text):
                    lost.append(entry)
    assert lost == []
