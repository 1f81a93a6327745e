# Two commands matter: `make demo` and `make test`. Both make their own environment.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
REPEAT ?= 1

.PHONY: demo test test-lab check format clean

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[test]'
	touch $@

check: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy keepalived_py tests
	$(BIN)/pytest -q tests/architecture tests/unit tests/transitions tests/property tests/config

format: $(VENV)/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: $(VENV)/.ready
	$(BIN)/pytest -q

clean:
	rm -rf $(VENV) build dist *.egg-info
