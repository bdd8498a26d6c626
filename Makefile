# `make help` lists the targets. Everything is installed into $(VENV); nothing outside this folder
# is touched, apart from the download cache that SUFFICE_CACHE names.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# The interpreter to build the environment with. Left empty, the first of python3, python3.13,
# python3.12 and python3.11 that runs and is at least 3.11 is taken.
PYTHON ?=
VENV ?= .venv
BIN := $(VENV)/bin
LOCK := requirements.lock
# Processes that share the tests. Each computes with one thread.
PROCESSES ?= 2
# Tests start hundreds of processes: modules are compiled once, whatever the caller has set.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
# Compiling all bytecode in advance would double the time: Python compiles what is imported.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
    --constraint $(LOCK)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

# --- What a user runs -------------------------------------------------------------------------

.PHONY: demo
demo: $(VENV)/.core ## install the core and run the example study
	$(BIN)/suffice run

.PHONY: test
test: $(VENV)/.dev ## run all tests but the slow ones, in two processes
	$(PYTEST) -m "not slow" --numprocesses $(PROCESSES) --dist loadfile

# --- What a contributor and CI run ------------------------------------------------------------

.PHONY: check lint format-check types imports length constants links weaknesses
check: lint format-check types imports length constants links weaknesses ## lint, format, types, imports, lengths, constants, links, known weaknesses

lint: $(VENV)/.dev
	$(BIN)/ruff check .

format-check: $(VENV)/.dev
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports --no-logo

length: $(VENV)/.dev
	$(BIN)/python tools/check_length.py

constants: $(VENV)/.dev
	$(BIN)/python tools/check_constants.py

links: $(VENV)/.dev
	$(BIN)/python tools/check_links.py

weaknesses: $(VENV)/.dev
	$(BIN)/python tools/check_packages.py $(LOCK)

.PHONY: sbom
sbom: $(VENV)/.dev ## list everything installed, and all packaged data, as CycloneDX: build/sbom.json
	$(BIN)/python tools/sbom.py build/sbom.json

.PHONY: format
format: $(VENV)/.dev ## format the code and mend what the linter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: slow
slow: $(VENV)/.dev ## run the slow tests
	$(PYTEST) -m slow

.PHONY: torch
torch: $(VENV)/.torch ## install the torch extra and run the tests that need it
	$(PYTEST) -m torch

.PHONY: ray
ray: $(VENV)/.ray ## install the ray extra and run the tests that need it
	$(PYTEST) -m ray

.PHONY: trackers
trackers: $(VENV)/.trackers ## install trackers and harnesses apart and read the logs that they write
	PYTHONDONTWRITEBYTECODE= $(VENV)/trackers/bin/python -m pytest -m trackers

.PHONY: bench
bench: $(VENV)/.peers ## time this build beside an earlier one, each stage, and audits beside crowd-kit and cleanlab
	$(BIN)/python tools/bench_before.py $(if $(BEFORE),--commit $(BEFORE))
	$(BIN)/python tools/bench.py
	$(BIN)/python tools/bench_audit_scale.py
	OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python tools/bench_bradley_terry.py

.PHONY: bench-monte-carlo
bench-monte-carlo: $(VENV)/.dev ## how far P moves with other random numbers, for each number of draws
	$(BIN)/python tools/bench_monte_carlo.py

.PHONY: bench-plans
bench-plans: $(VENV)/.dev ## plan under random prices and train plans and simple rules side by side
	$(BIN)/python tools/bench_plans.py

.PHONY: bench-audit
bench-audit: $(VENV)/.peers ## hold the audit against gold and peers (DATA=FOLDER)
	$(BIN)/python tools/bench_audit.py $(or $(DATA),../shared/data/crowd) --seeds 20
	$(BIN)/python tools/bench_audit_gold.py $(or $(DATA),../shared/data/crowd)
	$(BIN)/python tools/bench_audit_suspects.py $(or $(DATA),../shared/data/crowd)

.PHONY: bench-crowds
bench-crowds: $(VENV)/.peers ## audit each public crowd with what the others teach, beside peers (DATA=FOLDER)
	$(BIN)/python tools/bench_crowds.py $(or $(DATA),../shared/data/crowd) --write docs/results/crowds.md

.PHONY: faults
faults: $(VENV)/.dev ## kill, fill, damage and remove at random moments, and hold the answers against undisturbed ones
	OMP_NUM_THREADS=1 $(BIN)/python tools/faults.py --write

.PHONY: bench-growth
bench-growth: $(VENV)/.peers ## audit tables of up to 100 million labels beside crowd-kit: time a label, memory
	OMP_NUM_THREADS=1 POLARS_MAX_THREADS=2 $(BIN)/python tools/bench_audit_growth.py

.PHONY: board
board: $(VENV)/.dev ## freeze the board of public runs, forecast and score it, and renew docs/results/board.md (DATA=FOLDER)
	$(BIN)/python tools/bench_board.py $(or $(DATA),../shared/data) --write

.PHONY: bench-sbc
bench-sbc: $(VENV)/.dev ## draw hundreds of truths from every model's prior and rank them among its draws
	$(BIN)/python tools/bench_sbc --simulations 500

.PHONY: bench-runs
bench-runs: $(VENV)/.dev ## forecast public training runs of language models, and renew docs/results/runs.md (DATA=FOLDER)
	OMP_NUM_THREADS=1 $(BIN)/python tools/bench_runs $(or $(DATA),../shared/data) --write

.PHONY: bench-preferences
bench-preferences: $(VENV)/.dev ## audit public preference data, and renew docs/preferences.md (PREFERENCES=FOLDER)
	$(BIN)/python tools/bench_preferences.py $(or $(PREFERENCES),../shared/data/preferences) --write

.PHONY: bench-pairs
bench-pairs: $(VENV)/.peers ## time Bradley-Terry on a million comparisons beside crowd-kit
	OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python tools/bench_bradley_terry.py

.PHONY: bench-read
bench-read: $(VENV)/.peers ## read a million labels of each layout beside pandas and, where installed, datasets
	OMP_NUM_THREADS=1 $(BIN)/python tools/bench_read.py

.PHONY: bench-curves
bench-curves: $(VENV)/.dev ## extrapolate public learning curves beside baselines and published laws
	$(BIN)/python tools/bench_curves.py ../shared/data/curves

.PHONY: bench-collect
bench-collect: $(VENV)/.dev ## collect until a target is met, beside Learn-Optimize-Collect (CURVES=FOLDER)
	$(BIN)/python tools/bench_collect $(or $(CURVES),../shared/data/curves)

.PHONY: bench-operators
bench-operators: $(VENV)/.dev ## hold what quality control promises against real crowds (DATA=FOLDER)
	$(BIN)/python tools/bench_operators.py $(or $(DATA),../shared/data/crowd)

.PHONY: bench-calibration
bench-calibration: $(VENV)/.dev ## forecast unseen cells of the example and of public data, and train each 100 times
	$(BIN)/python tools/bench_calibration
	$(BIN)/python tools/bench_calibration --set unseen-models
	$(BIN)/python tools/bench_calibration --set xstest
	$(BIN)/python tools/bench_calibration --set hh-rlhf-harmless

.PHONY: bench-firstfile
bench-firstfile: $(VENV)/.dev ## public sets through the commands as a new user would (PREFERENCES=FOLDER)
	$(BIN)/python tools/bench_firstfile.py $(or $(PREFERENCES),../shared/data/preferences) \
	    --write docs/results/firstfile.md

.PHONY: bench-mixtures
CURVES ?= ../shared/data/curves
bench-mixtures: $(VENV)/.dev ## hold the two-source law against other laws (CURVES=FOLDER)
	$(BIN)/python tools/bench_mixtures.py $(CURVES)

.PHONY: pythons
pythons: ## install and start suffice on every Python 3.11+ found
	sh tools/pythons.sh $(LOCK)

.PHONY: lock
lock: ## renew requirements.lock (with the oldest supported Python)
	$(or $(PYTHON),python3.11) tools/lock.py $(LOCK)

.PHONY: clean
clean: ## delete the environment and what tools leave behind (results stay)
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache \
	    .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The environment --------------------------------------------------------------------------

$(VENV)/.made:
	@PYTHON="$(PYTHON)" sh tools/venv.sh $(VENV)
	@$(INSTALL) pip
	@touch $@

.PHONY: same-python
same-python: $(VENV)/.made
	@$(if $(PYTHON),PYTHON="$(PYTHON)" sh tools/same_python.sh $(VENV))

$(VENV)/.core: pyproject.toml $(LOCK) | same-python
	@echo "Installing suffice into $(VENV) ..."
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml $(LOCK) | same-python
	@echo "Installing suffice and the development tools into $(VENV) ..."
	@$(INSTALL) --editable ".[dev]"
	@touch $(VENV)/.core $@

$(VENV)/.torch: $(VENV)/.dev
	@echo "Installing the torch extra into $(VENV) (about a gigabyte) ..."
	@$(INSTALL) --editable ".[dev,oracles,torch]"
	@touch $@

$(VENV)/.peers: $(VENV)/.dev
	@echo "Installing the peers extra into $(VENV) ..."
	@$(INSTALL) --editable ".[dev,peers]"
	@touch $@

# Of tinker-cookbook and verl the loggers alone are wanted, not the gigabytes that training needs.
$(VENV)/.trackers: pyproject.toml | $(VENV)/.made
	@echo "Installing trackers and harnesses into $(VENV)/trackers ..."
	@$(BIN)/python -m venv --clear $(VENV)/trackers
	@$(VENV)/trackers/bin/python -m pip install --quiet --disable-pip-version-check \
	    --editable ".[trackers]" "pytest>=9.0" hypothesis pytest-benchmark pytest-xdist
	@$(VENV)/trackers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	    tinker-cookbook==0.6.1 chz==0.4.0 verl==0.9.1
	@touch $@

$(VENV)/.ray: $(VENV)/.dev
	@echo "Installing the ray extra into $(VENV) ..."
	@$(INSTALL) --editable ".[dev,ray]"
	@touch $@
