# Every command works on a machine that has Python 3.11 with venv, make and a compiler.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: build test test-kill test-garbage test-duckdb2 audit-deps lint docs bench bench-full bench-sales sample lock \
    clean

build: .venv/installed
	@$(BIN)/archetype build

# ALL=1 adds what takes long, as CI does.
test: .venv/installed
	@scripts/test $(if $(ALL),,-m "not long")

# Two hundred builds killed anywhere; an hour.
test-kill: .venv/installed
	@ARCHETYPE_KILLS=$${ARCHETYPE_KILLS:-200} $(BIN)/pytest -rP tests/python/test_kill.py tests/python/test_readers.py

# Five thousand broken files, and what became of them by kind; ARCHETYPE_SEED draws others.
test-garbage: .venv/installed
	@ARCHETYPE_MUTATIONS=$${ARCHETYPE_MUTATIONS:-5000} $(BIN)/pytest -n 0 -rP tests/python/test_garbage.py

# The sample on DuckDB 2 in an environment of its own, compared cell by cell.
test-duckdb2: .venv/installed
	@scripts/test-duckdb2

# Known vulnerabilities of the locked packages, where somebody answers.
audit-deps: .venv/installed
	@$(BIN)/python scripts/audit-deps

lint: .venv/installed
	@scripts/lint

docs: .venv/installed
	@mkdir -p "$${ARCHETYPE_HOME:-warehouse}"
	@$(BIN)/dbt --quiet docs generate && echo "Read it: $(BIN)/dbt docs serve"

# Time and memory beside pandas, Polars and others, as benchmarks/RESULTS.md; in minutes, or in an hour.
bench: .venv/installed
	@benchmarks/install
	@$(BIN)/python benchmarks/run.py

bench-full: .venv/installed
	@benchmarks/install
	@$(BIN)/python benchmarks/run.py --full

# How well detection finds and names what was planted; fails where a bound is missed.
bench-sales: .venv/installed
	@$(BIN)/python benchmarks/sales_detection.py

# The committed sample, made again from its seed.
sample: .venv/installed
	@rm -rf sample/sessions sample/sales
	@$(BIN)/archetype simulate sessions --count 60 --seed 7 --out sample/sessions
	@$(BIN)/archetype simulate sales --stores 4 --skus 8 --days 63 --seed 7 --thin 0.4 --unknown 0.2 --out sample/sales

lock: .venv/installed
	@scripts/lock

clean:
	@rm -rf target logs .pytest_cache .ruff_cache .hypothesis
	@find warehouse -mindepth 1 -not -name .gitignore -delete
	@echo "Removed warehouse/, target/ and logs/; .venv stays (rm -rf .venv for a new one)."

.venv/installed: requirements.lock pyproject.toml
	@echo "Installing the locked packages into .venv (a minute or two, once) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Archetype needs Python 3.11: make PYTHON=python3.11 build")'
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
