# Everything a fresh machine needs: `make run`, `make test`.
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# one lock a Python version; 3.11 is the oldest that is supported
PY_VERSION := $(shell $(PY) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
LOCK := requirements$(if $(filter 3.11,$(PY_VERSION)),,-$(PY_VERSION)).lock
export DAGSTER_DISABLE_TELEMETRY := 1
# empty, as some machines set it: every process would compile again what it imports (5 s of CPU each, measured 2026-11)
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup rehearsal run test test-slow test-spark mutants lint types docs bench dev dashboard clean lock wheel
setup: $(STAMP)
# --no-deps: the lock is whole; what it leaves out and why: excludes.txt
# --no-compile: what the rehearsal imports is compiled by it; compiling all costs half of the installation (51 of 98 s)
$(STAMP): $(LOCK) pyproject.toml
	@test -x $(BIN)/python || $(PY) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps -r $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m orchestration.prepare
	@$(MAKE) --no-print-directory rehearsal >$(VENV)/rehearsal.log 2>&1 || true
	@touch $@

# a small company in a folder of its own, run once and thrown away: compiles the kernels of ledger and planning (25 s of
# CPU, 2026-11), so that neither the first run nor the tests wait for them. It decides nothing: the log says how it went
rehearsal:
	@d=$$(mktemp -d) && cp -r config $$d/ && $(BIN)/python -m demo --out $$d/var/demo --items 40 --days 200 && \
	  $(BIN)/stockturn run --config $$d/config/demo.yml; code=$$?; rm -rf $$d; exit $$code

demo_data := var/demo/inbox/.written

run: setup                 ## simulate the demo company and run the whole pipeline on it (0 or 1: released)
	@test -f $(demo_data) || $(BIN)/python -m demo --out var/demo --seed 7
	@touch $(demo_data)
	@$(BIN)/stockturn run --config config/demo.yml; code=$$?; test $$code -le 1 && exit 0 || exit $$code

# in the order of the files: whole runs first, so that the short tests fill both workers to the end
test: setup                ## what CI runs
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint types docs
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" --durations 40 --durations-min 5

test-slow: setup
	@$(BIN)/python -m pytest -m slow

test-spark: setup
	@$(BIN)/python -m pytest -m slow tests/integration/test_spark_engine.py tests/integration/test_spark_landing.py tests/integration/test_spark_forecasts.py tests/dbt/test_dbt_unit_tests_on_spark.py

mutants: setup             ## faults in the code that the tests must find: make mutants TARGET=lots (docs/mutation.md)
	@$(BIN)/python -m benchmarks mutants $(TARGET)

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests

docs: setup                ## the documentation as a site in var/site; a link that leads nowhere fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

types: setup
	@$(BIN)/mypy

bench: setup               ## make bench NAME=pipeline
	@$(BIN)/python -m benchmarks $(or $(NAME),list)

dev: setup                 ## the same assets, checks and schedule in Dagster's web page
	@$(BIN)/stockturn dev --config $(or $(CONFIG),config/demo.yml)

dashboard: setup           ## the pages over the current release, on this machine only
	@$(BIN)/python -m dashboard --config config/demo.yml

# versions that a lock has are kept where they still fit; `make lock UPGRADE=--upgrade` takes the newest
lock: setup                ## the locks of all supported Python versions, from pyproject.toml, constraints.txt, excludes.txt
	@for v in 3.11 3.12 3.13; do lock=requirements-$$v.lock; test $$v = 3.11 && lock=requirements.lock; \
	  $(BIN)/uv pip compile --quiet $(UPGRADE) pyproject.toml --all-extras --python-version $$v --constraints constraints.txt \
	    --excludes excludes.txt --no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file $$lock || exit 1; done

wheel: setup               ## source distribution, and the wheel built from it, in dist/
	@$(BIN)/python -m build --no-isolation

clean:                     ## warehouse and releases of the demo; the next run rebuilds them
	@rm -rf var/demo
