PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than there are cores: tests of processes wait for others much of their time.
PROCESSES = $(shell $(PYTHON) -c "import os; print(os.cpu_count() + 1)")
DISTRIBUTED = --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder
KERNELS = $(wildcard models/kernels/*.py)
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Tests start many processes; each would compile every module that it imports.
unexport PYTHONDONTWRITEBYTECODE
# Their threads are more than there are cores: one that waits must not spin.
test test-fast test-postgresql soak: export OMP_WAIT_POLICY = passive

.NOTPARALLEL:
.PHONY: help setup setup-dev run test test-fast coverage check format bench bench-k soak test-postgresql lock clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

setup: $(VENV)/.run $(VENV)/.compiled ## Install what the service needs into .venv
setup-dev: $(VENV)/.dev $(VENV)/client/.done $(VENV)/.compiled ## Install what its tests need, too

run: setup ## Start the service on http://127.0.0.1:8000, with a sample on the first start
	$(BIN)/python -m service serve --sample

test: setup-dev ## Run all tests, or those of one file or folder: make test T=tests/models
	$(BIN)/python -m pytest $(if $(T),$(T),$(DISTRIBUTED)) $(ARGS)

test-fast: setup-dev ## Run the quick tests: no processes, no damaged files, no browser, nothing slow
	$(BIN)/python -m pytest $(DISTRIBUTED) -m "not processes and not damage and not bytes and not slow" --ignore tests/browser $(ARGS)

coverage: setup-dev ## Run all tests and measure which lines and branches they reach
	$(MAKE) test ARGS="--cov --cov-report=term $(ARGS)"

check: setup-dev ## Format, lint, types, import rules, containers, tests: what must be green before a change lands
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/kubernetes-validate --quiet --strict docs/deploy/kubernetes/*.yaml
	$(MAKE) test

format: setup-dev ## Format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: setup-dev ## Measure speed and memory, and write it into docs/benchmarks.md
	$(BIN)/python -m bench $(ARGS)

bench-k: setup-dev ## Count how often the right number of segments is told, beside other ways to choose it
	$(BIN)/python -m bench.choosing $(ARGS)

test-postgresql: setup-dev ## Run the same tests, their metadata in PostgreSQL
	$(BIN)/python -m pytest $(DISTRIBUTED) --database postgresql $(ARGS)

soak: setup-dev test-postgresql ## Kill and damage everything, many times over, and print what it reached
	$(BIN)/python -m pytest tests -m "processes or damage or bytes or costly" --soak $(ARGS)

lock: $(VENV)/.uv ## Resolve the dependencies anew, with hashes and without addresses
	$(BIN)/uv pip compile $(LOCK) --group dev --output-file requirements-dev.lock pyproject.toml
	$(BIN)/uv pip compile $(LOCK) --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile $(filter-out --extra tracing,$(LOCK)) --group client --output-file requirements-client.lock

clean: ## Remove what the targets above made; your data in var/ stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage*

# A lock names every package there is to install, so nothing is resolved: new releases change nothing.
INSTALL := install --quiet --no-deps --require-hashes -r
LOCK := --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra tracing --upgrade

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock | $(VENV)/bin/python
	$(BIN)/python -m pip $(INSTALL) requirements.lock
	$(BIN)/python -m pip check
	touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/bin/python
	$(BIN)/python -m pip $(INSTALL) requirements-dev.lock
	$(BIN)/python -m pip check
	touch $@ $(VENV)/.run

# Compiled again when a module changes: numba's cache of an earlier tree may name modules that are gone.
$(VENV)/.compiled: $(KERNELS)
	find models -name '*.nb[ci]' -delete
	$(BIN)/python -m models.precompile
	touch $@

$(VENV)/client/.done: requirements-client.lock | $(VENV)/bin/python
	$(BIN)/python -m venv --without-pip $(VENV)/client
	$(BIN)/python -m pip --python $(VENV)/client/bin/python $(INSTALL) requirements-client.lock
	$(BIN)/python -m pip --python $(VENV)/client/bin/python check
	touch $@

$(VENV)/.uv: | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet uv
	touch $@
