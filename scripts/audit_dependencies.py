"""Known weaknesses of the locked dependencies: fails on one that is not on the list with a reason.

The advisory service may be out of reach, as on a build machine without the internet: then nothing
was audited, which is said loudly and is no failure, unless AUDIT_MUST_REACH=1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")
IGNORED = ROOT / "scripts" / "audit-ignored.toml"
SERVICES = ("pypi", "osv")
SECONDS = 120


def ignored(text: str, today: date) -> tuple[dict[str, str], list[str]]:
    """Advisories that are accepted until a day, with the reason; what is wrong with the list."""
    known, wrong = {}, []
    for entry in tomllib.loads(text).get("ignored", []):
        name, reason, until = entry.get("id"), entry.get("reason", ""), entry.get("until")
        if not name or len(reason) < 20 or not isinstance(until, date):
            wrong.append(f"{name}: needs id, until (a date) and a reason in a sentence")
        elif until < today:
            wrong.append(f"{name}: was accepted until {until}; look at it again")
        else:
            known[name] = reason
    return known, wrong


def findings(report: dict[str, Any], known: dict[str, str]) -> tuple[int, list[str]]:
    """How many packages were really looked at, and every weakness that is not accepted."""
    audited, found = 0, []
    for package in report.get("dependencies", []):
        if "skip_reason" in package:
            continue
        audited += 1
        for one in package.get("vulns", []):
            if not {one["id"], *one.get("aliases", [])} & set(known):
                fixed = ", ".join(one.get("fix_versions", [])) or "nothing yet"
                found.append(
                    f"{package['name']} {package['version']}: {one['id']}, mended in {fixed}"
                )
    return audited, found


def asked(lock: str) -> Iterator[dict[str, Any]]:
    """The reports of the services that answered."""
    for service in SERVICES:
        plain = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "-f", "json")
        command = [sys.executable, "-m", "pip_audit", "-r", lock, *plain, "-s", service]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True,
                                  timeout=SECONDS, check=False)  # fmt: skip
            yield json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            continue


def main() -> int:
    """Audit both locks; 1 for a weakness, 0 when there is none or nobody could be asked."""
    known, wrong = ignored(IGNORED.read_text("utf-8"), datetime.now(UTC).date())
    reached = True
    for lock in LOCKS:
        audited = 0
        for report in asked(lock):
            audited, found = findings(report, known)
            if audited:
                wrong += found
                break
        print(f"{lock}: {audited} packages audited")
        reached = reached and audited > 0
        if not reached:  # the next lock would wait for the same silence
            break
    for line in dict.fromkeys(wrong):
        print(f"!! {line}", file=sys.stderr)
    if not reached:
        print("\n!!!! NO ADVISORY SERVICE COULD BE REACHED: DEPENDENCIES WERE NOT AUDITED. !!!!\n",
              file=sys.stderr)  # fmt: skip
    must = os.environ.get("AUDIT_MUST_REACH") == "1"
    return 1 if wrong or (must and not reached) else 0


if __name__ == "__main__":
    sys.exit(main())
