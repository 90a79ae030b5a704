# On a fresh machine this wants make and Python 3.11 or newer, and nothing else. Another Python: make PYTHON=python3.12
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help install demo test lint bench constraints clean

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
STAMP := .venv/.installed

help: ## Say what there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 14

install: $(STAMP) ## Set up .venv with pinned versions; quick and offline the second time

demo: $(STAMP) ## Start everything, run two versions of an example system, show what regressed
	@$(BIN)/python examples/demo.py

test: $(STAMP) ## Run every test against a real database and broker
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile

lint: $(STAMP) ## Run ruff, mypy and import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## Measure, and print the tables
	$(BIN)/python -m benchmarks

constraints: ## Write constraints.txt anew, from the newest versions that pyproject.toml allows
	@rm -rf .venv-constraints && $(PYTHON) -m venv .venv-constraints
	.venv-constraints/bin/pip install --quiet --upgrade pip
	.venv-constraints/bin/pip install --quiet -r requirements-dev.txt --group dev
	.venv-constraints/bin/pip freeze --all --exclude-editable --exclude setuptools > constraints.txt
	@rm -rf .venv-constraints

clean: ## Remove .venv and caches; the data in .evalyard stays
	rm -rf .venv .venv-constraints .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml $(wildcard plugins/*/pyproject.toml) requirements-dev.txt constraints.txt
	@test -n "$(PYTHON)" || { echo "Evalyard needs Python 3.11 or newer, and found none: install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Evalyard needs Python 3.11 or newer, and $(PYTHON) is older or missing: name another, make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) lacks the module venv: install it (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --upgrade pip
	$(BIN)/pip install --quiet --constraint constraints.txt --build-constraint constraints.txt -r requirements-dev.txt --group dev
	@touch $@
