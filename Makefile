# Every target sets up what it needs and no more: only Python 3.11+ and make are expected.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
export UV_PROJECT_ENVIRONMENT := .venv
# uv trusts the certificates of this machine, so that set-up works behind a proxy that inspects TLS.
export UV_SYSTEM_CERTS ?= true
# Compiled once here: where Python may not write bytecode, each start would pay three seconds.
SYNC := $(UV) sync --quiet --frozen --inexact --compile-bytecode

.PHONY: setup serve demo test test-slow test-pyspark check lint types layers reference real real-forecast bench clean

setup: .venv/.ready

$(UV):
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.13,<1"

# What runs the product: no Spark, no test tools.
.venv/.product: pyproject.toml uv.lock | $(UV)
	@$(SYNC) --no-dev --extra charts
	@touch $@

# What develops it: every extra and the tools of the tests.
.venv/.ready: pyproject.toml uv.lock | $(UV)
	@$(SYNC) --all-extras
	@touch $@

# The product and its service.
.venv/.service: .venv/.product
	@$(SYNC) --no-dev --extra charts --extra service --extra cleanroom
	@touch $@

serve: .venv/.service
	@$(BIN)/python examples/serve/run.py

# `make demo ARGS=--no-serve` ends without serving the house, and installs nothing that serves; CI=1 ends, too.
demo: $(if $(findstring --no-serve,$(ARGS)),.venv/.product,.venv/.service)
	@$(BIN)/python examples/demo/run.py $(ARGS)

# Commands under test start hundreds of times: compiled once, also where Python writes no bytecode.
test: setup
	@$(BIN)/python -m compileall -q src
	@$(BIN)/pytest -n 2 --dist loadfile -m "not slow and not pyspark"

test-slow: setup
	@$(BIN)/pytest -n 2 --dist loadfile -m "slow and not pyspark"

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

reference: .venv/.product
	@$(BIN)/python docs/reference.py

real: .venv/.product
	@$(BIN)/python examples/real_market/run.py

real-forecast: .venv/.product
	@$(BIN)/python examples/real_forecast/run.py

bench: setup
	@$(SYNC) --all-extras --group bench
	@$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
