# Two commands do all set-up: `make demo` runs the main job, `make test` passes the tests. Nothing else has to be installed first.
PYTHON ?= python3
# The torch to install for the built-in ranker, as pip understands it. For a small CPU build on Linux:
#   make demo TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu --extra-index-url https://pypi.org/simple"
TORCH ?= torch==2.13.0
WORKERS ?= 2
REA := .venv/bin/rea
PY := .venv/bin/python
RANKER := src/rea/workloads/ranking

.PHONY: demo test test-slow check lint types architecture constraints bench-quick bench-durability bench-seeds bench-statistics bench-wake bench-judge bench-store bench-scale bench-launch bench-frappe bench-training bench-quality bench-fidelities bench-planner bench-history bench-agent bench-verdicts bench-null bench-portfolio bench-rehearsal bench-anatomy clean

# ---- environments: one for rea, without torch; one for the training code ------------------------------------------------
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

.venv-ranking/ready: $(RANKER)/requirements.txt constraints-ranking.txt
	$(PYTHON) -m venv .venv-ranking
	.venv-ranking/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	.venv-ranking/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-ranking.txt -r $(RANKER)/requirements.txt hydra-core
	touch $@

.venv-peers/ready: benchmarks/training/requirements.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/training/requirements.txt
	touch $@

.venv-planner/ready: pyproject.toml constraints.txt $(RANKER)/requirements.txt constraints-ranking.txt
	$(PYTHON) -m venv .venv-planner
	.venv-planner/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	.venv-planner/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -c constraints-ranking.txt -r $(RANKER)/requirements.txt -e .
	touch $@

# ---- what people call ----------------------------------------------------------------------------------------------------
demo: .venv/ready .venv-ranking/ready  ## a whole campaign on the built-in ranker; NULL=1: on levers that do nothing
	$(PY) examples/demo.py $(if $(NULL),--null)

test: .venv/ready .venv-ranking/ready check
	$(PY) -m pytest -n $(WORKERS) tests
	cd $(RANKER) && OMP_NUM_THREADS=1 ../../../../.venv-ranking/bin/python -m pytest -q -p no:cacheprovider tests

test-slow: .venv/ready  ## what waits for minutes: whole campaigns on clusters of our own, in the sandbox, on a disk that fills up
	$(PY) -m pytest -m slow tests

check: lint types architecture

lint: .venv/ready
	.venv/bin/ruff check src tests benchmarks
	.venv/bin/ruff format --check src tests benchmarks

types: .venv/ready
	.venv/bin/mypy

architecture: .venv/ready
	.venv/bin/lint-imports --no-logo
	$(PY) -m pytest -q tests/test_sizes.py

constraints: .venv/ready .venv-ranking/ready
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,ray]'
	(echo "# What the tests run with, on Python 3.11, Ray included. Regenerate with: make constraints"; $(PY) -m pip freeze --exclude-editable) > constraints.txt
	(echo "# The training environment of the built-in ranker, torch aside. Regenerate with: make constraints"; \
	 .venv-ranking/bin/python -m pip freeze | grep -v '^torch') > constraints-ranking.txt

# ---- figures: each prints what it measured, with a ratio against a named peer or limit -------------------------------------
# figures that depend on how busy the machine is are printed and fail nothing (-); what must not be lost or launched twice does, and so does
# a claim that no longer holds: history helps, a dry run says what comes, a portfolio's rule beats equal shares
bench-quick: .venv/ready
	-QUICK=1 $(PY) benchmarks/error_control.py
	-$(PY) benchmarks/wake.py
	-$(PY) benchmarks/judge.py
	-$(PY) benchmarks/store.py
	-$(PY) benchmarks/launch.py
	QUICK=1 $(PY) benchmarks/durability.py
	TRAININGS=30 $(PY) benchmarks/history.py 6 2
	QUICK=1 $(PY) -m benchmarks.rehearsal
	QUICK=1 OPENBLAS_NUM_THREADS=1 $(PY) benchmarks/portfolio.py

bench-statistics: .venv/ready  ## whole simulated campaigns, 4,000 a setting (hours; goes on where it stopped); N=400 SETTINGS='null;dense' for less
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.honesty.bench

bench-verdicts: .venv/ready  ## the verdicts alone, without planning: false launches and power in minutes
	$(PY) benchmarks/error_control.py

bench-null: .venv/ready .venv-ranking/ready  ## 20 real campaigns on levers that do nothing; goes on where it stopped
	$(PY) benchmarks/honesty/null.py

bench-wake: .venv/ready
	$(PY) benchmarks/wake.py

bench-judge: .venv/ready
	$(PY) benchmarks/judge.py

bench-store: .venv/ready
	$(PY) benchmarks/store.py

bench-scale: .venv/ready  ## 1,000,000 events and 1,000 campaigns in one store; EXPERIMENTS=10000 EVENTS=1000000 CAMPAIGNS=1000
	$(PY) benchmarks/scale.py

bench-launch: .venv/ready  ## from the end of a real job to the next launch
	$(PY) benchmarks/launch.py

bench-durability: .venv/ready  ## kills, failing disks, power loss; at most an hour; QUICK=1: two minutes
	$(PY) benchmarks/durability.py

bench-seeds: .venv/ready  ## whole campaigns drawn from seeds on virtual time, and eight planted bugs; SEEDS=2000
	$(PY) benchmarks/seeds.py --plants

bench-frappe: .venv/ready .venv-ranking/ready  ## DeepFM and DCNv2 on Frappe (needs REA_DATA); BUDGET=900s each
	$(PY) benchmarks/frappe.py

bench-quality: .venv/ready .venv-ranking/ready  ## tuned models against the published AUC on Frappe (needs REA_DATA); SEEDS=3 MODELS=deepfm,dcnv2
	$(PY) benchmarks/quality.py

bench-fidelities: .venv-ranking/ready  ## how cheap runs of the built-in ranker rank, over three dozen configurations
	cd $(RANKER) && ../../../../.venv-ranking/bin/python bench/measure.py rungs --logs 12

bench-training: .venv/ready .venv-ranking/ready .venv-peers/ready  ## against third-party trainers and the machine (needs REA_DATA); EPOCHS=15 SEEDS=5 PEER_SEEDS=1 (0: ours alone)
	$(PY) benchmarks/training/bench.py

bench-planner: .venv-planner/ready  ## the planner against five other ways to spend 80 trainings (needs REA_DATA; QUICK=1 replays); SEARCHES=5 LEVELS=full,shared
	OMP_NUM_THREADS=1 .venv-planner/bin/python benchmarks/planner/bench.py $(DO)

bench-history: .venv/ready  ## history from elsewhere against none, and the harm of wrong history; 20 universes of 2 places
	$(PY) benchmarks/history.py 20 2

bench-portfolio: .venv/ready  ## eight simulated models under one budget, dealt by the rule and evenly; QUICK=1: 2 worlds
	OPENBLAS_NUM_THREADS=1 $(PY) benchmarks/portfolio.py

bench-rehearsal: .venv/ready  ## does a dry run's interval hold what happens?
	$(PY) -m benchmarks.rehearsal

bench-anatomy: .venv/ready  ## do the report's intervals on parts of a stack hold?
	$(PY) -m benchmarks.anatomy

bench-agent: .venv/ready  ## broken providers, injections, cheats, replay, five minutes; QUICK=1: half a minute
	$(PY) -m benchmarks.agent.bench

clean:
	rm -rf .venv .venv-ranking .venv-planner .venv-peers demo-run .mypy_cache .ruff_cache
