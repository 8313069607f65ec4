# Two commands are enough: make run and make test. Everything is installed inside this folder.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export FLASK_APP := app

.PHONY: help install install-dev run test bench soak lock format clean browser

help: ## show what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed"'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

collab/web/static/vendor/manifest.json: package-lock.json scripts/assets.mjs
	node scripts/assets.mjs
	@touch $@

$(VENV)/.translations: $(wildcard translations/*/LC_MESSAGES/*.po) $(VENV)/.installed
	@if [ -d translations ]; then $(BIN)/pybabel -q compile -d translations; fi
	@touch $@

install: $(VENV)/.installed collab/web/static/vendor/manifest.json $(VENV)/.translations ## install everything the rest needs, inside this folder

install-dev: install $(VENV)/.installed-dev

run: install ## install, prepare the database once, serve with worker (PORT, HOST)
	@exec $(BIN)/flask serve

test: install-dev ## install and run every check
	@bash scripts/check.sh

bench: install-dev ## print measured ratios, one JSON object a line, and a table
	@$(BIN)/python -m bench

soak: install-dev ## the long fuzz, kill and concurrency loops
	$(BIN)/pytest -c pyproject.toml tests/soak tests/web/test_hostile_everywhere.py --run-soak

lock: install-dev ## renew the locked dependencies
	$(BIN)/uv pip compile -q --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header --no-annotate requirements.in -o requirements.lock
	$(BIN)/uv pip compile -q --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header --no-annotate requirements-dev.in -o requirements-dev.lock

format: install-dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what was installed and made, keep the data
	rm -rf $(VENV) node_modules collab/web/static/vendor
