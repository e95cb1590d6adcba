# make run: set up and run the 渠县 plan.  make test: set up and pass the tests.  make app: open the app.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run app test test-slow test-all lint bench bench-app bench-load clean

run: $(VENV)/run.stamp
	@$(BIN)/python -m simulator run scenarios/quxian.yaml

app: $(VENV)/run.stamp
	@$(BIN)/streamlit run app.py

test: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -m "not slow and not browser"

test-slow: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -m "slow or browser"

test-all: test test-slow

bench: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.kernel

bench-app: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.app

bench-load: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks.load

lint: $(VENV)/dev.stamp
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

$(VENV)/run.stamp: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	@$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

clean:
	@rm -rf $(VENV)
