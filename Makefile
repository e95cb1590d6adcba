# make run: set up and run the 渠县 plan.  make test: set up and pass the tests.  make app: open the app.
VENV ?= .venv
PYTHON ?= python3
# Tools that make and check the locks, not part of the program.
UV := 0.13.9
PIP_AUDIT := 2.10.1
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run app test test-slow test-all lint bench bench-scale bench-app bench-load lock audit clean

run: $(VENV)/run.stamp
	@$(BIN)/python -m simulator run scenarios/quxian.yaml

app: $(VENV)/run.stamp
	@$(BIN)/streamlit run app.py

test: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -n auto -m "not slow and not browser"

# Browsers are given the machine to themselves.
test-slow: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -n auto -m "slow and not browser"
	@$(BIN)/python -m pytest -m browser

test-all: test test-slow

bench: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.kernel

bench-scale: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.scale --census $(CENSUS)

bench-app: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.app

bench-load: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.load

lint: $(VENV)/dev.stamp
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

$(VENV)/run.stamp: requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

# Both locks anew from the pins, for every platform and Python from 3.11: review the difference.
lock:
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet "uv==$(UV)"
	@$(BIN)/python -m tools.lock

# Known weaknesses of everything that is locked; asks the advisory database, so it needs a network.
audit:
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet "pip-audit==$(PIP_AUDIT)"
	@$(BIN)/pip-audit --disable-pip --no-deps --strict -r requirements.lock

clean:
	@rm -rf $(VENV)
