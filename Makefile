# Needs Python 3.11 or newer and make; uses uv when it is on PATH. `make help` lists what there is.

PYTHON ?= python3
UV     := $(shell command -v uv 2>/dev/null)
VENV   := .venv
STAMP  := $(VENV)/.made
LOCKS  := requirements-build.lock requirements.lock
PYTEST := $(VENV)/bin/python -m pytest -n 2 --dist loadfile

# Every package is pinned and hashed, so nothing is resolved; what comes as source is built with the pinned tools, not with
# the newest ones (--no-build-isolation), and so is winnow itself.
ifneq ($(UV),)
CREATE  := $(UV) venv --quiet --no-python-downloads --clear --python "$$(command -v $(PYTHON))" $(VENV)
INSTALL := $(UV) pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation
INSPECT := $(UV) pip check --quiet --python $(VENV)/bin/python
else
CREATE  := $(PYTHON) -m venv --clear $(VENV)
INSTALL := $(VENV)/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-deps --no-build-isolation
INSPECT := $(VENV)/bin/python -m pip -q check --disable-pip-version-check
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env run test test-all heavy check fuzz lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do printf '%-14s %s\n' "$$name" "$$what"; done

env: $(STAMP) ## .venv with winnow and the development tools, as the lock files say; made again when they change

$(STAMP): pyproject.toml $(LOCKS)
	@command -v $(PYTHON) >/dev/null || { echo "make: there is no $(PYTHON). Install Python 3.11 or newer, or say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is $$($(PYTHON) --version 2>&1), and winnow needs 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "making $(VENV) with $(if $(UV),uv,pip) …"
	@$(CREATE)
	@$(INSTALL) --require-hashes -r requirements-build.lock
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --editable .
	@$(INSPECT)
	@touch $@

run: env ## raw/ → processed/
	@$(VENV)/bin/winnow run --allow-rejects

test: env ## the suite, without what is long
	@$(PYTEST) -m "not long"

test-all: env ## the whole suite, with the reasons of what was skipped
	@$(PYTEST) -rs

heavy: env ## Spark, Hugging Face datasets, Ray and the fuzzer, which test-all uses where they are installed
	@$(INSTALL) --require-hashes -r requirements-heavy.lock

check: env ## linters, types and the suite
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy
	@$(MAKE) --no-print-directory test

TARGET  ?= process
SECONDS ?= 1800
fuzz: heavy ## looks for bytes that break a promise: make fuzz TARGET=blocks.html SECONDS=600 (Linux; what is found: .winnow/fuzz)
	@mkdir -p .winnow/fuzz/$(TARGET)
	@cd .winnow/fuzz && "$(CURDIR)/$(VENV)/bin/python" "$(CURDIR)/tests/fuzz" $(TARGET) $(SECONDS) $(TARGET)

lock: ## newest versions that pyproject.toml allows (needs uv)
	@test -n "$(UV)" || { echo "make: locking needs uv" >&2; exit 1; }
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --group build -o requirements-build.lock
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --group dev -o requirements.lock pyproject.toml
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --group heavy -c requirements.lock -o requirements-heavy.lock

clean: ## removes what was made, but not the dataset
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
