# make book     set up .venv, regenerate the edition of the embedded corpus, print the page to open
# make pdf      print the published book as book/_build/book.pdf (needs a Chromium)
# make metadata codemeta.json, .zenodo.json and copies in book/, from the files of the top level
# make check-records  validate the RO-Crate beside the drawn pages (needs a network)
# make test     set up .venv, check style and types, run the tests
# make lint-js  check the scripts and styles of the pages (needs npm; says so where there is none)
PYTHON ?= python3
BIN := .venv/bin
EDITION ?= embedded

.PHONY: book pdf metadata check-records test lint-js setup clean

book: setup
	$(BIN)/genre-book build --edition $(EDITION)

pdf: setup
	$(BIN)/genre-book pdf

metadata: setup
	$(BIN)/python book/_extensions/citing.py

# The validator needs another version of a pinned package.
check-records: setup
	$(PYTHON) -m venv .venv/validator
	.venv/validator/bin/pip install roc-validator==0.13.0
	.venv/validator/bin/rocrate-validator -y validate --no-paging \
		--profile-identifier ro-crate-1.1 book/_build/html

test: setup lint-js
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -m "not slow" --numprocesses auto --maxprocesses 8 --dist worksteal

lint-js:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules/.ready && npx biome check; \
	else echo "The scripts of the pages are not checked: npm is not installed."; fi

node_modules/.ready: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

setup: .venv/.ready

# The marker is written last, so an interrupted installation is taken up again.
.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Say for example: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv node_modules data/stores runs editions
