# Every target works from a bare checkout: it first builds $(VENV) with what it needs, from a package index.
#   make test PYTHON=python3.12 VENV=.venv-312     another interpreter, beside the usual one
#   make test ARGS="tests/unit -x"                 further arguments for pytest

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=

BIN     := $(VENV)/bin
# The build of the package runs in an environment of its own; these pin that one too.
PIP     := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
           $(BIN)/python -m pip install --quiet --constraint constraints.txt
PYTHONS ?= python3.11 python3.12 python3.13

# Each worker of pytest, and each program that a test starts, would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE
# SQLite waits for the disk at every commit, and the files of these tests need not outlive the machine.
MEMORY := $(shell test -w /dev/shm && echo TMPDIR=/dev/shm)
# These tests wait for programs and for time to pass, half of the time: two workers for each processor.
TWICE   = $$($(BIN)/python -c 'import os; print(2 * (os.cpu_count() or 1))')
# Those with servers wait for them a third of the time.
MORE    = $$($(BIN)/python -c 'import os; print(3 * (os.cpu_count() or 1) // 2)')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL: # two pips must not work in one environment
.PHONY: help demo test test-fast lint twins matrix bench bench-durable docs dist constraints clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# Servers and their drivers are for BROKER=kafka|rabbitmq DB=postgresql|mariadb only.
demo: $(VENV)/$(if $(BROKER)$(DB),.dev,.demo) ## Orders on their way to a warehouse, then a shop over HTTP; ONESHOT=1 ends it
	BROKER=$(BROKER) DB=$(DB) $(BIN)/python -m examples.delivery.demo
	$(BIN)/python -m examples.shop.demo

test: $(VENV)/.dev ## All tests, in parallel and in random order, with real servers where they can be had
	$(BIN)/python -m pytest -n $(MORE) --dist worksteal $(ARGS)

test-fast: $(VENV)/.dev ## The tests that need no server, no Node.js, no type checker and no patience, without those of make lint; a minute and a half
	$(MEMORY) $(BIN)/python -m pytest -n $(TWICE) --dist worksteal -m "not server and not node and not typing and not slow" --ignore=tests/architecture $(ARGS)

lint: $(VENV)/.dev ## Style, types, import contracts, sizes
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python --warnings
	@mkdir -p .cache
	$(BIN)/python -m tests.architecture.contracts > .cache/importlinter.ini
	$(BIN)/lint-imports --no-logo --cache-dir .cache/import-linter --config .cache/importlinter.ini
	$(BIN)/python -m tests.architecture.sizes
	$(BIN)/python -m pytest -q tests/architecture

twins: $(VENV)/.dev ## Take guards of the source out, one at a time: a test must notice each; those a change touched, ALL=1 or ARGS="inbox" others
	$(BIN)/python -m tests.twins $(if $(ALL)$(ARGS),,--changed) $(ARGS)

matrix: $(VENV)/.dev ## What each way to wire a service does with each habit of its code, as a page; ALL=1 tries all, for an hour
	$(BIN)/python -W ignore -m tests.natural.matrix $(ARGS)
	$(if $(ALL),$(MEMORY) ALL=1 $(BIN)/python -m pytest -n auto --dist worksteal tests/natural $(ARGS))

bench: $(VENV)/.dev ## The peer, this package and the limit side by side; only ratios of one run count
	$(BIN)/python -m benchmarks $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m benchmarks.durable)

bench-durable: $(VENV)/.dev ## The second half of it: outbox, relay and inbox on real servers
	$(BIN)/python -m benchmarks.durable $(ARGS)

docs: $(VENV)/.docs ## The documentation, into site/; a broken link fails
	rm -rf site
	@# A page that has not changed would not be checked again; our downloads lie in folders beside these files.
	@find .cache -maxdepth 1 -type f -delete 2>/dev/null || true
	$(BIN)/zensical build --strict

dist: $(BIN)/python ## The wheel and the source archive, into dist/; the wheel is tried in a fresh environment
	rm -rf dist
	$(PIP) hatchling
	$(BIN)/python -m hatchling build
	@set -eu; work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; root=$$(pwd); $(PYTHON) -m venv "$$work/venv"; \
	export PIP_DISABLE_PIP_VERSION_CHECK=1; unset PYTHONPATH; \
	"$$work/venv/bin/python" -m pip install --quiet --constraint constraints.txt "$$(ls dist/*.whl)[sqlite]"; \
	cd "$$work"; PYTHONPATH="$$root" "$$work/venv/bin/python" -W error -m tests.docs.run_page "$$root/README.md"; \
	"$$work/venv/bin/python" -c 'import cqrs; print("tried", cqrs.__file__)'

constraints: ## Pin the newest versions that work on every interpreter of PYTHONS
	@set -eu; work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; : > "$$work/pins"; \
	for python in $(PYTHONS); do \
		rm -rf "$$work/venv"; $$python -m venv "$$work/venv"; \
		"$$work/venv/bin/python" -m pip install --quiet --constraint "$$work/pins" hatchling editables --editable ".[dev,docs]"; \
		"$$work/venv/bin/python" -m pip freeze --exclude-editable >> "$$work/pins"; \
		LC_ALL=C sort --unique --ignore-case -o "$$work/pins" "$$work/pins"; \
		echo "$$python: $$(wc -l < "$$work/pins") pins"; \
	done; \
	! grep --invert-match --extended-regexp '^[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+$$' "$$work/pins"; \
	sed --in-place --regexp-extended 's/^(aiokafka|fast-depends|faststream)==.*/&; python_version < "3.14"/' "$$work/pins"; \
	cp "$$work/pins" constraints.txt

clean: ## Back to a bare checkout
	rm -rf $(VENV) .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist site
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(VENV)/.NAME: the package is installed with its extra NAME.
$(VENV)/.%: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable ".[$*]"
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	echo '*' > $(VENV)/.gitignore
