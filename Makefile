# The verbs of this project. `make run` on a fresh machine needs Python 3.11 or newer, and make.
.DEFAULT_GOAL := help
.PHONY: help setup run test smoke gallery pictures bench lint format lock clean

# The first of these that is new enough; `make run PYTHON=…` names another.
PYTHON ?= $(or $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done),python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# What pip says about its own version helps nobody here, and nothing may wait for an answer.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore

help:
	@echo "make run     set everything up and start the whole product on embedded parts"
	@echo "make smoke   the same without a person: one backup, checked; ends with smoke: PASS or FAIL"
	@echo "make test    every test, against real PostgreSQL, S3 and Slack's protocol (ARGS=... for pytest)"
	@echo "make gallery every message on one page, build/gallery.html; with pictures where chromium is there"
	@echo "make pictures the README's pictures anew, docs/pictures (needs chromium)"
	@echo "make lint    ruff, mypy, import-linter"
	@echo "make format  let ruff mend what it can"
	@echo "make bench   measure; writes bench/RESULTS.md"
	@echo "make lock    write requirements/*.txt anew from requirements/*.in (needs uv)"
	@echo "make clean   remove the virtual environment and caches; never .sparewheel, where data lies"

setup: $(READY)

# The stamp is written last: an installation that broke half-way is tried again.
$(READY): pyproject.toml requirements/dev.txt requirements/runtime.in requirements/embedded.in requirements/dev.in
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Sparewheel needs Python 3.11 or newer; this is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(or $(MAKECMDGOALS),run) PYTHON=python3.12" >&2; exit 1; }
	@test -w . || { echo "$(CURDIR) cannot be written to by $$(id -un); copy the project to a folder that can." >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { \
	  echo "The virtual environment could not be made (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@echo "Setting up $(VENV) (once; about a minute)"
	@$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY)
	@$(BIN)/sparewheel run

# The tests start the product again and again: compiled modules, kept, spare each start half a second.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(READY)
	$(BIN)/python -m pytest --cov $(ARGS)

smoke: $(READY)
	@$(BIN)/sparewheel smoke

gallery: $(READY)
	@$(BIN)/sparewheel messages gallery --out build/gallery.html
	@$(BIN)/python -m tests.support.pictures build/gallery.html build/pictures

pictures: $(READY)
	@$(BIN)/python -m tests.support.readme_pictures docs/pictures

bench: $(READY)
	$(BIN)/python -m bench

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# dev.txt is made first, from all three; the smaller two are held to its versions, so that what is
# tested is what runs. No address of an index is written into any of them.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock:
	$(LOCK) requirements/runtime.in requirements/embedded.in requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/runtime.in -c requirements/dev.txt -o requirements/runtime.txt
	$(LOCK) requirements/runtime.in requirements/embedded.in -c requirements/dev.txt -o requirements/embedded.txt

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
