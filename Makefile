# Two commands matter: `make demo` and `make test`. Each does all of its own set-up and can be run again.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup bundle demo verify test lint unit molecule bench bench-proof lab-down

PYTHON ?= python3.11
export KEDA_DEMO_BUILD ?= $(CURDIR)/build
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export PATH := $(CURDIR)/.venv/bin:$(PATH)
playbook := ansible-playbook

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/%.installed: %.txt
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { [ $$(id -u) = 0 ] && apt-get update -q && \
	  apt-get install -qy python3-venv; } || { echo "Run: sudo apt-get install python3-venv (Python 3.11)"; exit 1; }
	@.venv/bin/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "Installing the Python packages of $< into .venv"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

setup: .venv/requirements.installed  ## Install what the controller needs (.venv, system packages)
	@$(playbook) playbooks/setup.yml

demo: setup  ## Lab hosts, cluster, Prometheus, KEDA, application, and the proof that it scales
	$(playbook) playbooks/lab.yml site.yml

bundle: setup  ## Build what is missing of the bundle, or check the one that is there
	$(playbook) playbooks/bundle.yml

verify: .venv/requirements.installed  ## Send the load again and prove the scale-out
	$(playbook) playbooks/verify.yml

test: setup .venv/requirements-dev.installed lint bundle unit molecule  ## Lint, unit tests and molecule on the lab

lint: .venv/requirements-dev.installed
	ruff check . && ruff format --check .
	mypy
	yamllint --strict .
	ansible-lint --offline --strict
	antsibull-docs lint-collection-docs --plugin-docs --skip-rstcheck --validate-collection-refs=self collections/ansible_collections/shkatara/keda_demo

unit: .venv/requirements-dev.installed
	pytest

molecule: .venv/requirements-dev.installed
	molecule test --scenario-name default
	molecule test --scenario-name proof

bench: setup .venv/requirements-dev.installed  ## Print each figure beside its target
	PYTHONPATH=collections python -m tests.bench.load
	PYTHONPATH=collections python -m tests.bench $(PAIRS)

bench-proof: setup .venv/requirements-dev.installed  ## Prove it again and again, and print each hop beside its prediction
	PYTHONPATH=collections python -m tests.bench.proof $(PROOFS)

lab-down: .venv/requirements.installed  ## Remove the lab's hosts, network, volumes and changed sysctls
	$(playbook) playbooks/lab.yml --extra-vars lab_state=absent
