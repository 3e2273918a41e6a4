# Two commands matter: `make demo` and `make test`. Both make what they need by themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TARGETS := .venv-targets
PACKAGES := packages/zu-core packages/zu-backends packages/zu-redteam packages/zu-providers packages/zu-cli

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench lock wheels clean

help:  ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(VENV)/.ready $(TARGETS)/.ready  ## Gate one good server and two bad ones; ends with the reports
	@sh examples/demo.sh $(BIN)/zu $(TARGETS)/bin .zu/demo

test: $(VENV)/.ready $(TARGETS)/.ready  ## Run all tests
	$(BIN)/pytest $(ARGS)

lint: $(VENV)/.ready  ## Check style, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.ready $(TARGETS)/.ready  ## Measure, with floors and peers in the same run
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/.uv  ## Resolve the locks again: hashes, no index addresses
	$(BIN)/uv export --quiet --all-packages --all-groups --all-extras --no-emit-workspace --no-header \
		--format requirements-txt --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --output-file examples/servers/requirements.lock examples/servers/requirements.in

wheels: $(VENV)/.ready  ## Build the five distributions into dist/
	for package in $(PACKAGES); do \
		$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist $$package || exit; \
	done

clean:  ## Remove what was made here, environments included
	rm -rf $(VENV) $(TARGETS) .zu dist

# The environment without pip inside is the fallback for systems that ship venv without ensurepip.
$(VENV)/.uv: bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Zu needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV) 2>/dev/null || $(PYTHON) -m venv --without-pip --clear $(VENV)
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --require-hashes -r bootstrap.lock
	@touch $@

# Siblings come from the workspace only: --no-deps keeps a resolver from asking an index for them.
$(VENV)/.ready: $(VENV)/.uv requirements.lock $(PACKAGES:%=%/pyproject.toml)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --no-index \
		$(PACKAGES:%=--editable %)
	@touch $@

$(TARGETS)/.ready: $(VENV)/.uv examples/servers/requirements.lock
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(TARGETS)
	$(BIN)/uv pip install --quiet --python $(TARGETS)/bin/python --require-hashes -r examples/servers/requirements.lock
	@touch $@
