# Two commands matter: `make run` and `make test`. Each installs what it needs, once.

ifndef PYTHON
PYTHON := $(shell for python in python3.11 python3.12 python3; do \
    $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null \
    && echo $$python && break; done || echo python3)
endif
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Three workers, whatever the machine: half of what the tests do is wait for something.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help run sample test faults privileges fuzz slow conformance browser pictures bench bench-quick bench-console lint audit simulate format lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED)  ## Fashion-MNIST through the whole pipeline, from upload to registered model
	@$(BIN)/retrain demo $(ARGS)

sample: $(INSTALLED)  ## the same path on scikit-learn's digits, in well under a minute
	@$(BIN)/retrain demo --sample $(ARGS)

test: $(INSTALLED)  ## every test but those of `make slow` and `make browser`
	@$(PYTEST) $(ARGS)

faults: $(INSTALLED)  ## every fault 20 times, each with other seeds (FAULT_ROUNDS=n for n times)
	@FAULT_ROUNDS=$(or $(FAULT_ROUNDS),20) $(PYTEST) tests/faults $(ARGS)

privileges: $(INSTALLED)  ## take every right away in turn, and see that something then fails
	@$(BIN)/python -m pytest tests/privileges $(ARGS)

fuzz: $(INSTALLED)  ## hostile input for every reader, 10,000 cases each (FUZZ_CASES=n for n)
	@FUZZ_CASES=$(or $(FUZZ_CASES),10000) $(BIN)/python -m pytest -n 3 --timeout 7200 tests/fuzz $(ARGS)

slow: $(INSTALLED)  ## the gate and the registry on a dozen trainings, two hosts, docs/deploy.md, the template
	@$(PYTEST) -m slow $(ARGS)

conformance: $(INSTALLED)  ## what AWS answered, by recordings in ../shared/conformance or in CONFORMANCE
	@$(BIN)/python -m pytest tests/conformance $(ARGS)

browser: $(INSTALLED)  ## the report and the console in headless Chromium, which has to be installed
	@$(BIN)/python -m pytest tests/browser $(ARGS)

pictures: $(INSTALLED)  ## the README's pictures of the console, from two real runs, in headless Chromium
	@$(BIN)/python docs/images/make_console_pictures.py

bench: $(INSTALLED)  ## the single script against the pipeline, and its parts: benchmarks/results.md
	@$(BIN)/python -m benchmarks.bench $(ARGS)

bench-quick: $(INSTALLED)  ## the same on scikit-learn's digits in two minutes, into .retrain/bench
	@$(BIN)/python -m benchmarks.bench --quick --output .retrain/bench $(ARGS)

bench-console: $(INSTALLED)  ## how soon the console shows 1,000 executions, and one of 25,000 events, in Chromium
	@$(BIN)/python -m benchmarks.console $(ARGS)

lint: $(INSTALLED)  ## ruff, mypy and the layers of the design
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd ml_scripts && ../$(BIN)/mypy --config-file ../pyproject.toml --explicit-package-bases .
	$(BIN)/lint-imports
	PYTHONPATH=ml_scripts $(BIN)/lint-imports --config .importlinter-ml_scripts.toml

audit: $(INSTALLED)  ## known vulnerabilities of everything that is locked; 3 if nobody could be asked
	@$(BIN)/python .ci/audit.py $(ARGS)

simulate: $(INSTALLED)  ## the tables of docs/scale.md, from a simulation (ARGS=--write to write them there)
	@$(BIN)/python -m benchmarks.simulation $(ARGS)

format: $(INSTALLED)  ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## write every locked list of packages anew from the .in files (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	    --no-emit-index-url --custom-compile-command 'make lock' requirements/lambda.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	    --no-emit-index-url --custom-compile-command 'make lock' requirements/dev.in -o requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	    --no-emit-index-url --custom-compile-command 'make lock' requirements/build.in -o requirements/build.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	    --no-emit-index-url --custom-compile-command 'make lock' requirements/jobs.in -o ml_scripts/requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	    --no-emit-index-url --custom-compile-command 'make lock' requirements/tracking.in -o ml_scripts/requirements-tracking.txt

clean:  ## remove the virtual environment and everything that runs left behind
	rm -rf $(VENV) .retrain

$(INSTALLED): requirements/dev.txt requirements/build.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' || \
	    { echo "Python 3.11 or 3.12 is needed, found $$($(PYTHON) --version 2>&1). Name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@command -v cc >/dev/null || command -v gcc >/dev/null || \
	    { echo "A C compiler is needed: sagemaker-training builds a small extension. Install one, on Debian or Ubuntu: apt-get install gcc python3-dev"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	    { echo "Python's venv module is needed. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing into $(VENV) (about 2 GB, two to four minutes, once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/build.txt
	@$(PIP) install --require-hashes --no-build-isolation -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $(INSTALLED)
