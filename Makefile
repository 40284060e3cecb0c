# The commands of this project. `make` alone lists them.
# Everything is installed into .venv, once, from lock files with hashes; a second run starts at once.

PY := .venv/bin/python
READY := .venv/.ready
READY_DEV := .venv/.ready-dev
READY_RIVALS := .venv-rivals/.ready
# How many test files run side by side; many of them start servers of their own.
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev packages demo serve test test-long tests check check-style check-types check-imports check-budget conformance bench docs clean

help: ## List the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

$(READY): requirements.txt pyproject.toml tools/venv
	@tools/venv requirements.txt
	@touch $@

$(READY_DEV): requirements-dev.txt pyproject.toml tools/venv
	@tools/venv requirements-dev.txt
	@touch $@ $(READY)

$(READY_RIVALS): benchmarks/rivals/requirements.txt tools/venv
	@tools/venv benchmarks/rivals/requirements.txt .venv-rivals
	@touch $@

setup: $(READY) ## Install Hanse and what the demo needs into .venv

setup-dev: $(READY_DEV) ## The same, and what the tests and checks need

packages: # the programs that the tests drive (PostgreSQL, nginx, Java, Maven), where they may be installed
	@tools/system_packages

demo: setup ## Start a space, exchange real data, verify it, stop
	@$(PY) -m hanse.cli demo

serve: setup ## The same space, left running until Ctrl-C
	@$(PY) -m hanse.cli demo --keep

test: check packages tests conformance ## Checks, tests and conformance

# Tests that compare two ways to one answer (see tests/thorough.py) try 500 examples in `make test`; HANSE_EXAMPLES says how many.
test-long: setup-dev ## The policy engine against its reference evaluator, 10,000 examples each
	HANSE_EXAMPLES=10000 $(PY) -m pytest tests/unit/odrl tests/unit/connector/test_preferences.py tests/unit/ledger/test_corruption.py tests/unit/evidence/test_tiles.py

tests: setup-dev # the tests alone, files side by side
	$(PY) -m pytest -n $(JOBS) --dist loadfile --ignore=tests/conformance --ignore=tests/scenarios/kill
	$(PY) -m pytest tests/scenarios/kill # against the clock, with two servers: alone on the machine

check: check-style check-types check-imports check-budget ## Style, types, import rules and the style budget

check-style: setup-dev # `make -k check` goes on after a check that fails
	$(PY) -m ruff check --quiet
	$(PY) -m ruff format --check --quiet

check-types: setup-dev
	$(PY) -m mypy --strict src

check-imports: setup-dev
	.venv/bin/lint-imports --no-cache

check-budget: setup-dev
	$(PY) tools/style_budget.py

conformance: setup-dev packages ## The official compatibility kits, and our own replay of their cases
	$(PY) -m pytest --capture=no tests/conformance

bench: setup-dev $(READY_RIVALS) packages ## Measure, and write benchmarks/RESULTS.md
	$(PY) -m benchmarks

docs: setup-dev ## Make the reference documents anew
	$(PY) tools/docs.py

clean: ## Remove what the commands above made, but no space and no data
	rm -rf .venv .venv-rivals .cache build dist .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
