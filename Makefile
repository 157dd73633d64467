# Every target sets up what it needs: only Python 3.11+ and make are expected.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
export UV_PROJECT_ENVIRONMENT := .venv

.PHONY: setup demo test test-slow test-pyspark check lint types layers real real-forecast bench clean

setup: .venv/.ready

.venv/.ready: pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.8,<1"
	@# Compiled once here: where Python may not write bytecode, each start would pay three seconds.
	@$(UV) sync --quiet --frozen --inexact --all-extras --compile-bytecode
	@touch $@

demo: setup
	@$(BIN)/python examples/demo/run.py

test: setup
	@$(BIN)/pytest -n 2 -m "not slow and not pyspark"

test-slow: setup
	@$(BIN)/pytest -n 2 -m "slow and not pyspark"

# Apart: one process holds either Spark Connect or a JVM session. Needs Java 17.
test-pyspark: setup
	@$(BIN)/pytest -m pyspark

lint: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy

layers: setup
	@$(BIN)/lint-imports --no-cache

check: lint types layers test

real: setup
	@$(BIN)/python examples/real_market/run.py

real-forecast: setup
	@$(BIN)/python examples/real_forecast/run.py

bench: setup
	@$(UV) sync --quiet --frozen --inexact --all-extras --group bench
	@$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
