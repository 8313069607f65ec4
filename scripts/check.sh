#!/usr/bin/env bash
# Every check, fast ones first; stops at the first layer that fails. The last line is pytest's own.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=.venv/bin
began=$SECONDS
step() { printf '\n== %s (after %s s)\n' "$1" "$((SECONDS - began))"; }

step "format";           $BIN/ruff format --check .
step "lint";             $BIN/ruff check .
step "types";            $BIN/mypy
step "import contracts"; $BIN/lint-imports
step "translations";     $BIN/python scripts/translations.py --check
step "known weaknesses of dependencies"; $BIN/python scripts/audit_dependencies.py

browser=yes
if ! $BIN/python -m tests.browser_found; then
  browser=no
  if [ "${CI:-}" = "true" ]; then
    printf '\n!!!! NO BROWSER FOUND: with CI=true that is a failure. Install Chromium. !!!!\n\n' >&2
    exit 1
  fi
fi

# layers: no database, then databases, then pages, then whole journeys; two cores
step "units and house rules"
$BIN/pytest -n 2 --dist loadgroup tests/unit tests/house graph
step "services on SQLite and PostgreSQL"
$BIN/pytest -n 2 --dist loadgroup tests/service
step "pages and API"
$BIN/pytest -n 2 --dist loadfile -m "not browser" tests/web
if [ "$browser" = yes ]; then
  step "journeys, with a browser"
  $BIN/pytest tests/browser tests/journeys
else
  step "journeys, WITHOUT a browser"
  printf '\n!!!! NO BROWSER FOUND: the browser tests are SKIPPED. Install Chromium to run them. !!!!\n\n'
  $BIN/pytest -m "not browser" tests/journeys
fi
