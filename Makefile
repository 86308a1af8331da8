# Enroll: every task a developer has. `make help` lists them. Nothing here needs root.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
BEGAN := $(shell date +%s)
TRANSLATED := $(wildcard translations/*/LC_MESSAGES/*.po)
STATIC := $(shell find enroll/static -type f ! -name '*.gz' ! -name '*.br' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help install install-dev checker run test storm million bench lighthouse states catalogue screenshots lint lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.installed .venv/.compressed .venv/.translated ## Build .venv with what the product needs

install-dev: install .venv/.installed-dev ## Add what tests and linters need to .venv

run: export MAKE_BEGAN_AT = $(BEGAN)
# honcho gives every kind of process another PORT; these two stay the same for all of them.
run: export ENROLL_LOCAL_PORT = $(PORT)
run: export BIND = 127.0.0.1:$(PORT)
run: install ## Serve web pages and worker on 127.0.0.1:8000 (PORT=… for another); Ctrl-C ends both
	@$(BIN)/python -c 'import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int("$(PORT)")))' 2>/dev/null \
	  || { echo "Port $(PORT) cannot be used, perhaps another program has it. Try: make run PORT=8001"; exit 1; }
	@$(BIN)/flask --app wsgi db upgrade
	@$(BIN)/flask --app wsgi demo --if-empty
# exec: a signal to make reaches honcho itself. /dev/null: the application reads .env, and
# unlike honcho lets the settings above win over it.
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/honcho --env /dev/null start --port $(PORT) web worker

test: install-dev checker ## Run all tests: the quick ones side by side, then browsers, then storms alone
	PYTEST_XDIST_AUTO_NUM_WORKERS=$$(( $$(nproc) + 1 )) $(BIN)/python -m pytest -m "not storm and not browser" --numprocesses auto --dist loadfile
	$(BIN)/python -m pytest -m "browser and not storm" --numprocesses 2 --dist loadfile
	$(BIN)/python -m pytest -m storm

checker: install-dev ## Fetch the Nu HTML checker that a test runs (30 MB, once; it needs Java)
	@$(BIN)/python -m tests.nu

storm: install-dev ## Run the tests of races, the model and the random walks at full size
	STORM=full $(BIN)/python -m pytest -rP -m storm
	STORM=full $(BIN)/python -m pytest --numprocesses auto tests/registrations/test_machine.py tests/registrations/test_walks.py

million: install-dev ## Audit a million registrations on both databases; takes minutes and some GB
	$(BIN)/python -m tests.audit_million

lighthouse: install-dev ## Print what Lighthouse says of five pages, and how soon a form is usable on 3G
	@$(BIN)/python -m tests.lighthouse

states: install-dev ## Draw docs/states.md anew from the tables of moves
	$(BIN)/python -m tests.drawing

catalogue: install-dev ## Collect every sentence people read into translations/messages.pot
	$(BIN)/python -m tests.catalogue

bench: install-dev ## Measure registrations and pages per second
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench_pages
	$(BIN)/python -m tests.bench_map 2>/dev/null
	$(BIN)/python -m tests.bench_comments 2>/dev/null
	$(BIN)/python -m tests.bench_roster 2>/dev/null

screenshots: install-dev ## Take pictures of the pages
	$(BIN)/python -m tests.screenshots

lint: install-dev ## Check style (ruff) and types (mypy)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check enroll
	$(BIN)/mypy

lock: ## Resolve requirements*.in anew into the hash-pinned requirements*.txt (needs uv)
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --custom-compile-command 'make lock' --no-emit-index-url --no-emit-find-links --output-file requirements.txt requirements.in
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --custom-compile-command 'make lock' --no-emit-index-url --no-emit-find-links --output-file requirements-dev.txt requirements-dev.in

clean: ## Delete .venv and everything generated; your data in instance/ stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find enroll migrations tests -name __pycache__ -type d -prune -exec rm -rf {} +
	find enroll/static -name '*.gz' -delete
	find translations -name '*.mo' -delete

.venv/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Enroll needs Python 3.11 or newer, and $(PYTHON) is not. Try: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "This Python cannot build environments. Run this once, then try again: sudo apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

# Browsers are served the compressed copy: an old one beside a new style sheet would win.
.venv/.compressed: .venv/.installed $(STATIC)
	@find enroll/static -name '*.gz' -delete
	$(BIN)/python -m whitenoise.compress -q enroll/static
	@touch $@

.venv/.translated: .venv/.installed $(TRANSLATED)
	$(if $(TRANSLATED),$(BIN)/pybabel --quiet compile --directory translations)
	@touch $@
