#!/usr/bin/env bash
# Every check, fast ones first; stops at the first layer that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=.venv/bin
step() { printf '\n== %s\n' "$1"; }

step "format";           $BIN/ruff format --check .
step "lint";             $BIN/ruff check .
step "types";            $BIN/mypy
step "import contracts"; $BIN/lint-imports
step "translations";     $BIN/python scripts/translations.py --check
step "tests"
if ! $BIN/python -m tests.browser_found; then
  printf '\n!!!! NO BROWSER FOUND: the browser tests are SKIPPED. Install Chromium to run them. !!!!\n\n'
  [ "${CI:-}" = "true" ] && exit 1
fi
$BIN/pytest -n 2 --dist loadgroup -m "not browser"
$BIN/pytest -m browser || [ $? -eq 5 ]
