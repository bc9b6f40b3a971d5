# Everything a newcomer needs: `make demo`, then `make test`. Only Python >= 3.11 and make are assumed.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check fuzz perf bench clean

demo: $(VENV)/.installed
	$(BIN)/harlm demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/unit/test_public_surface.py

fuzz: $(VENV)/.test
	HARLM_FUZZ=1 $(BIN)/python -m pytest -n auto tests/properties tests/unit/memory tests/unit/engine/test_transcript.py --timeout 3600

perf: $(VENV)/.test
	$(BIN)/python -m perf.run

bench: perf

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis

# Installed editable, then compiled once, so that start-up time is that of an installed wheel.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "HARLM needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -e .
	$(BIN)/python -m compileall -q src
	touch $@

$(VENV)/.test: $(VENV)/.installed
	$(PIP) install -e '.[test]'
	touch $@

$(VENV)/.check: $(VENV)/.test
	$(PIP) install -e '.[check]'
	touch $@
