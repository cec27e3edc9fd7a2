# Two commands do all the set-up on a fresh machine: `make serve` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
KERNEL := setup.py $(wildcard geogrid/network/kernel*.[ch])

.PHONY: serve test test-newest test-oldest lint bench clean

serve: $(VENV)/.installed
	$(BIN)/geogrid serve

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest --numprocesses=auto $(PYTEST_ARGS)

# The fast suite with the newest release of every dependency, and with the oldest that pyproject.toml allows,
# each in an environment of its own that is made anew.
test-newest test-oldest: test-%: $(VENV)/bin/python
	rm -rf $(VENV)-$*
	$(PYTHON) -m venv $(VENV)-$*
	$(BIN)/python tests/support/bounds.py $* > $(VENV)-$*/bounds.txt
	$(VENV)-$*/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --upgrade-strategy eager \
	  --constraint $(VENV)-$*/bounds.txt --editable '.[test]'
	$(VENV)-$*/bin/python -m pytest --numprocesses=auto -m 'not slow and not browser' $(PYTEST_ARGS)

lint: $(VENV)/.installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-bench
	$(BIN)/python benchmarks/county.py
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/surface.py
	$(BIN)/python benchmarks/imports.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python -m benchmarks.crash
	$(BIN)/python -m benchmarks.doubt
	$(BIN)/python -m benchmarks.threads
	$(BIN)/python benchmarks/siting.py
	$(BIN)/python benchmarks/search.py
	$(BIN)/python benchmarks/lookup.py

clean:
	rm -rf $(VENV) $(VENV)-newest $(VENV)-oldest build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "geogrid 需要 Python 3.11 至 3.13；可用 make PYTHON=python3.12 指定。 / geogrid needs Python 3.11 to 3.13; name one with make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt $(KERNEL)
	$(INSTALL) --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/bin/python pyproject.toml constraints.txt $(KERNEL)
	$(INSTALL) --editable '.[test]'
	touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: $(VENV)/bin/python pyproject.toml constraints.txt $(KERNEL)
	$(INSTALL) --editable '.[bench,test]'
	touch $@ $(VENV)/.installed $(VENV)/.installed-test

$(VENV)/.installed-lint: $(VENV)/bin/python pyproject.toml constraints.txt $(KERNEL)
	$(INSTALL) --editable '.[lint,test]'
	touch $@ $(VENV)/.installed $(VENV)/.installed-test
