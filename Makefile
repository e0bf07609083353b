# Two commands matter: `make run` and `make test`. `make help` lists the others.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SPEED ?= 60
PREFIX ?= /usr/local
LIB := $(PREFIX)/lib/batcher
PIP := -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.installed: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) install --require-hashes -r requirements-dev.lock
	$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.installed  ## build .venv with batcher in it, from hashes

run: setup  ## the whole floor on SQLite with virtual stations; SECONDS=60 ends by itself, SPEED=60 sets the pace
	@$(BIN)/batcher demo --speed $(SPEED) $(if $(SECONDS),--seconds $(SECONDS))

test: setup  ## all tests but the proofs, both cores
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not proof"

proofs: setup  ## floors of real processes that are killed, paused and cut off, and three shops: a few minutes
	$(BIN)/python -m pytest -n 2 --dist worksteal -m proof

test-planner: setup  ## the planner on PROBLEMS=2000 random problems of every kind, judged twice
	PROBLEMS=$(or $(PROBLEMS),2000) $(BIN)/python -m pytest -n 2 --dist worksteal --hypothesis-profile planner \
	  tests/unit/planning/test_random_plans.py tests/unit/planning/test_optimum.py tests/unit/planning/test_relations.py \
	  tests/unit/planning/test_bounds_over_time.py

pictures: setup  ## the board's pictures in docs, written by its browser tests
	PICTURES=docs/pictures $(BIN)/python -m pytest tests/browser

promises: setup  ## a quote asked right before every order of the peak week: how many are kept
	$(BIN)/python -m benchmarks.promises

board-speed: setup  ## the board with 60 stations and 20,000 open orders: looks, first paint, updates
	$(BIN)/python -m benchmarks.board

board-replay: setup  ## recorded orders through the real daemon up to a moment, and pictures of every view in build/; ORDERS= CATALOGUE= AT="2 14:40"
	$(BIN)/python -m benchmarks.board_replay $(ORDERS) --catalogue $(CATALOGUE) $(if $(AT),--at "$(AT)")

fuzz: setup  ## REQUESTS=2000 random requests over the published schema, and as many by schemathesis; none may make batcher fail
	REQUESTS=$(or $(REQUESTS),2000) $(BIN)/python -m pytest -s tests/fuzz --hypothesis-profile planner --timeout 3600
	$(BIN)/python -m tests.fuzz.run --requests $(or $(REQUESTS),2000)

test-crash: setup  ## floors whose daemon dies, or meets a broken disk, at any call, until N=1000 have died; SEED=1
	$(BIN)/python -m tests.crash --kills $(or $(N),1000) --seed $(or $(SEED),1)

chaos: setup  ## two daemons on PostgreSQL, stations and clients all being killed and paused for MINUTES=30; SEED=1
	$(BIN)/python -m tests.chaos.run --minutes $(or $(MINUTES),30) --seed $(or $(SEED),1)

soak: setup  ## a day of the floor in MINUTES=30 at twice its load: memory, threads, files and log stay bounded
	$(BIN)/python -m benchmarks.load.soak --minutes $(or $(MINUTES),30)

load: setup  ## orders, reports and tickets a second that a daemon bears, on SQLite and PostgreSQL
	$(BIN)/python -m benchmarks.load

test-floors: setup  ## N=2000 short floors on a clock that is set, faults drawn from SEED=1; LIVES=200 of tickets, orders, reports
	$(BIN)/python -m tests.floors.run --floors $(or $(N),2000) --seed $(or $(SEED),1)
	LIVES=$(or $(LIVES),200) $(BIN)/python -m pytest -q tests/unit/lives --hypothesis-profile planner --timeout 3600

test-again: setup  ## N=40 times over the tests of promises that try one fault each
	for time in $$(seq $(or $(N),40)); do $(BIN)/python -m pytest -q -m again tests/unit tests/acceptance tests/integration || exit 1; done

fmt: setup  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: setup  ## style, spelling, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/lint-imports

types: setup  ## mypy, strict
	$(BIN)/mypy

install: setup  ## into PREFIX, with unit, user and settings file; DESTDIR= for packagers
	rm -f dist/batcher-*.whl
	$(BIN)/python $(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .
	$(PYTHON) -m venv $(DESTDIR)$(LIB)
	$(DESTDIR)$(LIB)/bin/python $(PIP) install --require-hashes -r requirements.lock
	$(DESTDIR)$(LIB)/bin/python $(PIP) install --no-deps --force-reinstall dist/batcher-*.whl
	sed -i '1s|.*|#!$(LIB)/bin/python|' $(DESTDIR)$(LIB)/bin/batcher
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system
	ln -sfn $(LIB)/bin/batcher $(DESTDIR)$(PREFIX)/bin/batcher
	sed 's|/usr/local/bin/|$(PREFIX)/bin/|' systemd/batcher.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/batcher.service
	install -D -m 644 systemd/batcher.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/batcher.conf
	test -e $(DESTDIR)/etc/batcher/batcher.env || install -D -m 640 systemd/batcher.env $(DESTDIR)/etc/batcher/batcher.env

replay: setup  ## three recorded days through the real daemon; ORDERS= CATALOGUE= KILLS=
	$(BIN)/python -m benchmarks.replay $(ORDERS) --catalogue $(CATALOGUE) --kills-a-day $(or $(KILLS),0)

alerts-proof: setup  ## real Prometheus and Alertmanager over a floor: what goes wrong is told, and what is over
	$(BIN)/python -m tests.proofs.alerts

shops-proof: setup  ## the peak week sold by three shops, one of them faulty: every order, event and promise accounted for
	$(BIN)/python -m tests.proofs.shops

dashboards: setup  ## write config/grafana/dashboards anew from tests/dashboards
	$(BIN)/python -m tests.dashboards

lock:  ## renew the lock files (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra dev pyproject.toml -o requirements-dev.lock

clean:  ## remove what make built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.PHONY: help setup run test dashboards pictures board-speed board-replay test-crash test-floors test-planner fuzz install replay fmt lint types lock clean alerts-proof shops-proof promises chaos soak load
