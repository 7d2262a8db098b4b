# `make` alone lists what there is. Everything is set up on first use, into .venv, from requirements.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
# Only what is imported gets compiled, on its first import: installing takes two thirds of the time.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
UV_COMPILE := uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: setup demo check test bench fuzz cluster kind image lock clean tools help

setup: $(VENV)/.ready ## make .venv, with .venv/bin/farthing and everything that development needs

demo: $(VENV)/.installed ## cost and asset reports of a made-up cluster; no Kubernetes needed (under two minutes the first time)
	$(BIN)/farthing demo

check: setup ## linters, types, layers, and the quick tests that need no server (under a minute)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m farthing.resources.crd --check crds
	$(BIN)/pytest -n auto --dist loadfile -m "not cluster and not prometheus and not s3 and not slow"

test: tools ## every test, against a real kube-apiserver, Prometheus and S3 server (built on first use, 15 to 20 minutes)
	FARTHING_REQUIRE_TOOLS=1 $(BIN)/pytest -n auto --dist loadfile -m "not cluster"
	FARTHING_REQUIRE_TOOLS=1 $(BIN)/pytest -m cluster

bench: tools ## time and memory of collect and report, for 60 nodes and a week
	$(BIN)/python -m tests.benchmarks.bench

fuzz: setup ## 20,000 made-up requests to the HTTP APIs, by their OpenAPI document (about ten minutes)
	$(BIN)/python -m tests.api.fuzz

cluster: tools ## a control plane and a Prometheus to try things on, until Ctrl-C
	$(BIN)/python -m tests.support.person

kind: tools ## the end-to-end tests in a kind cluster (needs Docker and kind)
	@docker info >/dev/null 2>&1 || { echo "make kind needs Docker, which does not answer; make test needs none" >&2; exit 1; }; \
	command -v kind >/dev/null || { echo "make kind needs kind on the PATH" >&2; exit 1; }; \
	folder=$$(mktemp -d); \
	trap 'kind delete cluster --name farthing --kubeconfig $$folder/kubeconfig; rm -rf $$folder' EXIT; trap 'exit 130' INT TERM; \
	kind create cluster --config tests/kind/kind.yaml --kubeconfig $$folder/kubeconfig --wait 120s && \
	$(BIN)/pytest -m cluster --kubeconfig $$folder/kubeconfig --kube-context kind-farthing

tools: setup
	$(BIN)/python -m tests.support.tools

image: ## the container image, farthing:VERSION (needs Docker)
	docker build --tag farthing:$(VERSION) .

lock: ## resolve the dependencies anew where pyproject.toml asks for it (needs uv; LOCK_FLAGS=--upgrade for all)
	@folder=$$(mktemp -d); trap 'rm -rf $$folder' EXIT; set -e; \
	for part in runtime build development; do cp requirements.lock $$folder/$$part; done; \
	$(UV_COMPILE) $(LOCK_FLAGS) pyproject.toml -o $$folder/runtime >/dev/null; \
	$(UV_COMPILE) $(LOCK_FLAGS) --group build -c $$folder/runtime pyproject.toml -o $$folder/build >/dev/null; \
	$(UV_COMPILE) $(LOCK_FLAGS) --group dev -c $$folder/build pyproject.toml -o $$folder/development >/dev/null; \
	beyond() { awk 'NR == FNR { known[$$0]; next } /^[^ ]/ { wanted = !($$0 in known) } wanted' "$$1" "$$2"; }; \
	{ echo "# runtime"; cat $$folder/runtime; \
	  echo "# build"; beyond $$folder/runtime $$folder/build; \
	  echo "# development"; beyond $$folder/build $$folder/development; } > requirements.lock

clean: ## remove .venv and what the tools left in this folder
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Farthing needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1 || true): name another with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "making $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The development section is a third of the packages and half of the bytes: the demo does without.
$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/.made
	@echo "installing Farthing" >&2
	@sed '/^# development/,$$d' requirements.lock > $(VENV)/requirements.lock
	@$(PIP_INSTALL) --require-hashes -r $(VENV)/requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready: $(VENV)/.installed
	@echo "installing what development needs" >&2
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@touch $@
