# Paths are relative to this file, so a checkout in a folder with blanks in its name works too.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
# The tests start the program hundreds of times: half a second each is compiling, where no bytecode is kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up embeddings test check schemas format bench chaos fuzz lock clean

help: ## list the verbs
	@sed -nE 's/^([a-z]+):.*## (.*)/\1	\2/p' Makefile | expand -t 10

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -m ops.setup.install

demo: $(INSTALLED) ## one goal through plan, policy, approval, calls, review and replay, on real parts
	@$(BIN)/reprise demo

up: $(INSTALLED) ## serve everything on this machine; data is kept in DATA=... or .reprise
	@$(BIN)/reprise up $(if $(DATA),--data "$(DATA)")

embeddings: $(INSTALLED) embeddings.lock ## install the embedding model, by which tools are found by their meaning too
	@$(BIN)/python -m ops.setup.embeddings

test: $(INSTALLED) ## everything that must pass, then what was skipped and why, and the ten slowest
	@$(BIN)/python -m ops.setup.browser
	@$(BIN)/python -m ops.setup.embeddings
	@$(BIN)/python -m pytest -ra --durations=10 --numprocesses 3 --dist loadscope --no-loadscope-reorder --ignore tests/chaos
	@$(BIN)/python -m pytest -ra --durations=10 tests/chaos

check: $(INSTALLED) ## format, lint, types, import contracts, published schemas, dependency audit
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python -m ops.setup.schemas --check
	$(BIN)/python -m ops.setup.audit

schemas: $(INSTALLED) ## write the JSON Schemas of events and payloads and the GraphQL schema, where nothing breaks
	@$(BIN)/python -m ops.setup.schemas

format: $(INSTALLED) ## format the code and repair what the linter can
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

bench: $(INSTALLED) ## measure writing, steps, replay, rebuilding, live streams and verdicts on this machine
	@for part in write steps replay rebuild streams policy; do $(BIN)/reprise bench $$part || exit 1; done

chaos: $(INSTALLED) ## 200 faults at random points, each time at others
	@REPRISE_CHAOS_SEED=$${REPRISE_CHAOS_SEED:-$$RANDOM} REPRISE_CHAOS_FAULTS=200 $(BIN)/python -m pytest -ra tests/chaos

fuzz: $(INSTALLED) ## the tests with drawn cases again and again, each time with new ones; ROUNDS=5
	@for round in $$(seq $(or $(ROUNDS),5)); do \
		$(BIN)/python -m pytest -q --numprocesses 3 -m hypothesis --hypothesis-profile new-cases || exit 1; done

lock: $(INSTALLED) ## resolve pyproject.toml again into requirements.lock, for every platform
	@$(BIN)/uv pip compile pyproject.toml --group dev --output-file requirements.lock --quiet --no-config \
		--universal --python-version 3.11 --generate-hashes --only-binary :all: \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
	@$(BIN)/uv pip compile --group pyproject.toml:embeddings --no-deps --output-file embeddings.lock --quiet --no-config \
		--universal --python-version 3.11 --generate-hashes --only-binary :all: \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

clean: ## remove the environment and the caches; data stays
	@rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
