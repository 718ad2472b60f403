# Portico. Needs make and Python 3.11 or newer; everything else is installed into .venv, each file checked by its hash.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST_WORKERS ?= 2
# Compiled code is kept, whatever the shell says: tests and trials start Python hundreds of times.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test check fmt bench docs soak lock clean

help: ## What can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Portico needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

# Whoever develops has everything that the demo needs: the smaller set is installed only where nothing is yet.
$(VENV)/.demo: requirements.lock pyproject.toml | $(BIN)/python
	@if [ ! -f $(VENV)/.dev ]; then $(PIP) install --require-hashes -r requirements.lock; fi
	$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q core plugins demo
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q core plugins demo
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo ## Start everything with two example portals; Ctrl-C stops it
	@$(BIN)/portico up --demo

test: $(VENV)/.dev ## Run all tests but the slow trials
	$(BIN)/pytest -n $(PYTEST_WORKERS) --dist loadfile -q -m "not faults"

check: $(VENV)/.dev ## Format, lint, types, layers, and everything that is generated
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.rules_table check
	$(BIN)/python -m tools.hooks_manual check
	$(BIN)/python -m tools.i18n check

fmt: $(VENV)/.dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev ## Write the generated pages: docs/rules.md, docs/hooks.md
	$(BIN)/python -m tools.rules_table write
	$(BIN)/python -m tools.hooks_manual write

bench: $(VENV)/.dev ## Measure, and write docs/performance.md
	$(BIN)/python -m tests.bench

soak: $(VENV)/.dev ## Slow trials: kills, races, new environments; prints how long all took to be ready again
	$(BIN)/pytest -m faults -q -rfEP

lock: $(VENV)/.dev ## Renew the lock files
	$(BIN)/uv pip compile pyproject.toml --extra embedded --extra dev --generate-hashes --universal --no-header --no-annotate --upgrade --quiet -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --extra embedded --constraint requirements-dev.lock --generate-hashes --universal --no-header --no-annotate --quiet -o requirements.lock

clean: ## Remove what was installed and generated; data in var/ stay
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
