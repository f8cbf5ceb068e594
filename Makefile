SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV_VERSION := 0.13.9
SAM_VERSION := 1.170.0
UV := .tools/uv/bin/uv
SAM := .tools/sam/bin/sam
BIN := .venv/bin
ARCHITECTURE := arm64
ANSWERS := .deploy-answers
# Account, Region and stack that `make deploy` deploys to; STACK names another stack than samconfig.toml.
PLACE = $(BIN)/python -m finding_router_cli.place
STACK :=
# Half of their time tests wait, so that two cores have work for four.
WORKERS := 4
BLANK := $(subst x,,x x)
OVERRIDES = $(if $(filter-out arm64,$(ARCHITECTURE)),--parameter-overrides Architecture=$(ARCHITECTURE))
export SAM_CLI_TELEMETRY := 0
LOCK_FLAGS := --quiet --python-version 3.13 --universal --generate-hashes --no-emit-index-url --no-header

.PHONY: help
help: ## List every target in a line.
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# uv lives in a folder of its own and is called by path, whatever Python is first on PATH.
$(UV):
	python3 -m venv .tools/uv
	.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# Bytecode is compiled here, since Python compiles none where PYTHONDONTWRITEBYTECODE is set.
.venv/.ready: requirements/dev.txt pyproject.toml | $(UV)
	test -x $(BIN)/python || $(UV) venv --quiet --python 3.13 .venv
	$(UV) pip sync --quiet --python .venv --compile-bytecode requirements/dev.txt
	$(UV) pip install --quiet --python .venv --no-deps --editable .
	touch $@

# The SAM CLI pins its dependencies, so it has an environment of its own.
$(SAM): | $(UV)
	$(UV) venv --quiet --python 3.13 .tools/sam
	$(UV) pip install --quiet --python .tools/sam --compile-bytecode aws-sam-cli==$(SAM_VERSION)

.PHONY: setup
setup: .venv/.ready ## Install everything that the other targets need, from the lock files.

.PHONY: lock
lock: | $(UV) ## Resolve the dependencies anew and write requirements/*.txt, with hashes.
	$(UV) pip compile $(LOCK_FLAGS) --upgrade --group dev --extra local pyproject.toml -o requirements/dev.txt
	$(UV) pip compile $(LOCK_FLAGS) -c requirements/dev.txt pyproject.toml -o requirements/runtime.txt

.PHONY: demo
demo: .venv/.ready ## Try the router on this machine with sample events; SERVE=1 keeps it up.
	$(BIN)/finding-router local demo $(if $(SERVE),--serve)

.PHONY: local
local: .venv/.ready ## Keep the whole router running on this machine until Ctrl-C; HOST=0.0.0.0 for containers.
	$(BIN)/finding-router local up $(if $(HOST),--host $(HOST))

.PHONY: explain
explain: .venv/.ready ## Tell where EVENT=file goes, and why; ROUTES=file, EXPECT='#channel' to test it.
	$(if $(EVENT),,$(error give it a file: make explain EVENT=events/imported-two-findings.json))
	@$(BIN)/finding-router explain '$(EVENT)' $(if $(ROUTES),--routes '$(ROUTES)') $(EXPECT:%=--expect '%')

# pytest rewrites the asserts of every test, and compiles them: 8 s for each process, unless it may
# keep the result where PYTHONDONTWRITEBYTECODE is set as well.
.PHONY: test
test: .venv/.ready | $(SAM) ## Run every test, in WORKERS=4 processes.
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: faults
faults: .venv/.ready ## Try histories with fresh seeds, and every trouble at every step of the router.
	HYPOTHESIS_PROFILE=fresh EXAMPLES_FACTOR=$(or $(EXAMPLES_FACTOR),25) $(BIN)/pytest -q \
	  --numprocesses $(WORKERS) --timeout 3600 tests/unit/test_advance.py tests/unit/test_histories.py \
	  tests/unit/test_fault_interleavings.py tests/unit/test_bursts.py \
	  tests/unit/test_fuzz_rows.py tests/unit/test_fuzz_input.py tests/unit/test_fuzz_answers.py \
	  tests/unit/test_press_interleavings.py tests/integration/test_press_faults.py
	PYTHONPATH=tests $(BIN)/python -m faults.matrix --jobs 2

.PHONY: soak
soak: .venv/.ready ## Send a flood with random faults through the local stack; FINDINGS=10000, CHANNELS=4, FORMS=both.
	PYTHONPATH=tests/support:tests $(BIN)/python -m faults.soak --findings $(or $(FINDINGS),10000) --channels $(or $(CHANNELS),4) $(FORMS:%=--forms %)

.PHONY: flood
flood: .venv/.ready ## Measure how soon an urgent finding is said behind FINDINGS=2000; UNTIL=urgent ends there; FORMS=both.
	PYTHONPATH=tests $(BIN)/python -m faults.urgency --findings $(or $(FINDINGS),2000) $(UNTIL:%=--until-%) $(FORMS:%=--forms %)

.PHONY: lint
lint: .venv/.ready ## Check style, spelling and the direction of imports.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell src tests bench docs README.md CHANGELOG.md template.yaml Makefile
	$(BIN)/lint-imports

.PHONY: format
format: .venv/.ready ## Bring the code into the house style.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: type
type: .venv/.ready ## Check the types.
	$(BIN)/mypy

.PHONY: validate
validate: | $(SAM) ## Check template.yaml as SAM and CloudFormation would.
	$(SAM) validate --lint

.PHONY: build
build: .venv/.ready | $(SAM) ## Build function and layer; ARCHITECTURE=x86_64 for such a machine.
	$(if $(findstring $(BLANK),$(CURDIR)),$(error sam builds with make, which knows no paths with blanks: move the project))
	$(SAM) build $(OVERRIDES)

# The answers of the first time are kept in ANSWERS, with the account, Region and stack that they are for. CloudFormation keeps
# every other parameter as it was. On a terminal, SAM shows the change set and asks before it executes it.
.PHONY: deploy
deploy: build ## Build, and deploy; asks for token and channel the first time. SET='LogLevel=DEBUG' sets others, YES=1 does not ask.
	@place=$$($(PLACE) $(STACK)); \
	kept=$$(grep -E '^(Account|Region|Stack)=' '$(ANSWERS)' 2>/dev/null || true); \
	if test -s '$(ANSWERS)' && test "$$kept" = "$$place"; then \
	  answered=$$(grep -Ev '^(Account|Region|Stack)=' '$(ANSWERS)'); \
	else \
	  if test -s '$(ANSWERS)'; then \
	    echo "The answers in $(ANSWERS) are for" $${kept:-another place}, "and this is" $$place. "Answer for this one:" >&2; \
	  fi; \
	  read -r -p 'ARN of the Slack token (a parameter or a secret): ' token || true; \
	  read -r -p 'Default channel (#security or C0123456789): ' channel || true; \
	  if test -z "$$token" || test -z "$$channel"; then echo 'Both are needed.' >&2; exit 1; fi; \
	  answered=$$(printf '%s\n' "SlackTokenArn=$$token" "DefaultChannel=$$channel"); \
	fi; \
	overrides=(); \
	while IFS= read -r line; do overrides+=("$$line"); done <<< "$$answered"; \
	confirm=--confirm-changeset; \
	if ! test -t 0 || test -n '$(YES)'; then confirm=--no-confirm-changeset; fi; \
	region=$$(sed -n 's/^Region=//p' <<< "$$place"); \
	$(SAM) deploy "$$confirm" --region "$$region" $(STACK:%=--stack-name %) \
	  --parameter-overrides Architecture=$(ARCHITECTURE) "$${overrides[@]}" $(SET); \
	printf '%s\n' "$$place" "$$answered" > '$(ANSWERS)'

.PHONY: bench
bench: .venv/.ready | $(SAM) ## Measure the pattern index, the cold start, the cost of a month and a burst, and the cards.
	$(BIN)/python bench/patterns.py
	PYTHONPATH=tests/support $(BIN)/python bench/cold_start.py
	PYTHONPATH=tests/support $(BIN)/python bench/cost.py
	$(BIN)/python bench/cards.py
	PYTHONPATH=tests/support:tests $(BIN)/python bench/burst.py

.PHONY: pictures
pictures: .venv/.ready ## Draw the pictures of the documentation anew; needs a Chromium.
	$(BIN)/python bench/pictures.py
