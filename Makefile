# `make demo` and `make test` are all a newcomer needs; both set up .venv first.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
# By the environment, so that the isolated build of a wheel is pinned too.
INSTALL := PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet

.PHONY: demo digits guideline results test coverage test-fast test-crash test-hosts test-experiments test-fuzz soak agree bench bench-train bench-rules bench-start lint format wheel clean

demo: $(VENV)/.demo
	$(BIN)/python launch.py --config=experiments/credit/config.py --workdir=runs/credit

digits: $(VENV)/.demo
	$(BIN)/python launch.py --config=experiments/digits/config.py --workdir=runs/digits

# The cholesterol guideline against its CLIPS original.
guideline: $(VENV)/.demo
	$(INSTALL) -e ".[oracles]"
	$(BIN)/python -m experiments.cholesterol.compare --patients 5000

# Every experiment over its seeds, as far as it isn't recorded yet: hours the first time.
results: $(VENV)/.demo
	$(BIN)/python -m experiments.results

# All but the rules' tests mostly wait for XLA's compiler: without LLVM's optimizations, half as long.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile
QUICK_COMPILES := XLA_FLAGS=--xla_backend_optimization_level=0
COMPILED := tests/research tests/experiments tests/benchmarks tests/test_docs.py
COVERAGE := --cov=research --cov=rules

test: $(VENV)/.dev
	$(PYTEST) $(COMPILED:%=--ignore=%)
	$(QUICK_COMPILES) $(PYTEST) $(COMPILED)

# The same with the lines that no test reaches: twice as long.
coverage: $(VENV)/.dev
	$(PYTEST) $(COMPILED:%=--ignore=%) $(COVERAGE) --cov-report=
	$(QUICK_COMPILES) $(PYTEST) $(COMPILED) $(COVERAGE) --cov-append --cov-report=term:skip-covered --cov-fail-under=90

test-fast: $(VENV)/.dev
	$(PYTEST) $(COMPILED:%=--ignore=%) -m "not slow"
	$(QUICK_COMPILES) $(PYTEST) $(COMPILED) -m "not slow"

# At length: thirty kills; twenty times as many random rule sets, texts and files.
test-crash: $(VENV)/.dev
	RULAX_KILLS=30 $(BIN)/python -m pytest tests/research/training/crash
	RULAX_KILLS=30 $(BIN)/python -m pytest tests/rules/audit -k killed

# Every family of networks under every executor, in one process and in two.
test-hosts: $(VENV)/.dev
	RULAX_HOSTS=1 $(BIN)/python -m pytest tests/research/training/hosts tests/research/training/test_executors.py

# Every experiment's fast preset to the end, and what tests of them train at length.
test-experiments: $(VENV)/.dev
	RULAX_EXPERIMENTS=1 $(BIN)/python -m pytest tests/experiments

test-fuzz: $(VENV)/.dev
	RULAX_FUZZ=20 $(BIN)/python -m pytest -n 2 tests/rules tests/research

# A million cases through durable_rules, compared with NumPy: about twenty minutes.
soak: $(VENV)/.dev
	$(BIN)/python -m rules.engines.rete.soak --cases 1000000

# All engines on 50,000 random rule sets, oracles on 5,000, all cases of 200 tiny ones: hours.
# Ended early, it tells what there is, and goes on from there when called again.
AGREE := $(BIN)/python -m rules agree --jobs 2
agree: $(VENV)/.dev
	mkdir -p runs
	$(AGREE) --programs 50000 --engines all --log runs/agree.jsonl
	$(AGREE) --programs 5000 --seed 1000000 --engines none --oracles all --log runs/oracles.jsonl
	$(AGREE) --programs 200 --exhaustive --engines all --oracles clingo --log runs/exhaustive.jsonl

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Side by side with the peers, who have an environment of their own; see benchmarks/README.md.
PEERS ?= .venv-peers
BENCH := $(BIN)/python -m benchmarks --peers $(PEERS)/bin/python

bench: $(VENV)/.demo $(PEERS)/.ready
	$(BENCH)

bench-train: $(VENV)/.demo $(PEERS)/.ready
	$(BENCH) training curves accuracy ops classical loop

bench-rules: $(VENV)/.demo $(PEERS)/.ready
	$(BENCH) deciding one graph proving compiling

bench-start: $(VENV)/.demo $(PEERS)/.ready
	$(BENCH) start

$(PEERS)/.ready: benchmarks/requirements-peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements-peers.txt
	@touch $@

wheel: $(VENV)/.dev
	$(BIN)/python -m build --wheel

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Rulax needs Python 3.11 or newer: install it, or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A stamp is written when its install has succeeded; an interrupted one is repeated.
# durable-rules comes as source only, so a machine without a C compiler goes on without.
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e ".[demo]"
	@$(INSTALL) -e ".[rete]" > $(VENV)/rete.log 2>&1 \
		|| echo "durable-rules could not be built (see $(VENV)/rete.log): the rete engine will be absent"
	@touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(INSTALL) -e ".[dev]"
	@touch $@
