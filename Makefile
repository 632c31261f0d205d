# make book   set up .venv, regenerate the edition of the embedded corpus, print the page to open
# make pdf    print the published book as book/_build/book.pdf (needs a Chromium)
# make test   set up .venv, check style and types, run the tests
PYTHON ?= python3
BIN := .venv/bin
EDITION ?= embedded

.PHONY: book pdf test setup clean

book: setup
	$(BIN)/genre-book build --edition $(EDITION)

pdf: setup
	$(BIN)/genre-book pdf

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -m "not slow"

setup: .venv/.ready

# The marker is written last, so an interrupted installation is taken up again.
.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Say for example: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv data/stores runs editions
