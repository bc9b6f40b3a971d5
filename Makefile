# Everything a newcomer needs: `make demo`, then `make test`. Only Python >= 3.11 and make are assumed.
PYTHON ?= python3
VENV   ?= .venv
LOCK   := test
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check fuzz perf bench test-latest test-lowest locks clean

demo: $(VENV)/.core
	$(BIN)/harlm demo

test: $(VENV)/.$(LOCK)
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/unit/test_public_surface.py tests/unit/test_schemas.py tests/unit/test_locks.py

fuzz: $(VENV)/.test
	HARLM_FUZZ=1 $(BIN)/python -m pytest -n auto tests/properties tests/unit/memory tests/unit/engine/test_transcript.py --timeout 3600
	HARLM_FUZZ=1 $(BIN)/python -m pytest -n 0 tests/abuse/host --timeout 7200

perf: $(VENV)/.test
	$(BIN)/python -m perf.run $(if $(PEER),--peer $(PEER))

bench: perf

# The suite on the newest and on the lowest versions that pyproject.toml admits.
test-latest:
	rm -rf $(VENV)-latest
	$(MAKE) test VENV=$(VENV)-latest LOCK=latest

test-lowest:
	$(MAKE) test VENV=$(VENV)-lowest LOCK=lowest

clean:
	rm -rf $(VENV) $(VENV)-* .mypy_cache .ruff_cache .hypothesis

# Installs what locks/%.txt names and resolves nothing. Then the project: editable, and compiled once, so that its
# start-up time is that of an installed wheel.
$(VENV)/.%: locks/%.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r $<
	$(PIP) install --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q src
	touch $@

$(VENV)/.latest: | $(BIN)/python
	$(PIP) install -e '.[test]'
	touch $@

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "HARLM needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

# Makes the locks from pyproject.toml. What is locked stays as it is while it fits; UPGRADE=--upgrade moves all to the newest.
COMPILE = $(VENV)-uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: \
	--emit-build-options --annotation-style line --custom-compile-command 'make locks' $(UPGRADE) --group build

locks:
	$(MAKE) $(VENV)-uv/.uv VENV=$(VENV)-uv
	$(COMPILE) --group uv -o locks/uv.txt
	$(COMPILE) pyproject.toml --all-extras -o locks/all.txt
	$(COMPILE) pyproject.toml -c locks/all.txt --extra test --extra check -o locks/check.txt
	$(COMPILE) pyproject.toml -c locks/all.txt --extra test -o locks/test.txt
	$(COMPILE) pyproject.toml -c locks/all.txt -o locks/core.txt
	$(COMPILE) pyproject.toml --extra test --resolution lowest-direct --upgrade -o locks/lowest.txt
	rm -rf $(VENV)-uv
