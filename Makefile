# Each target does all of its own set-up and can be run again. tests/tiers has the steps of the tests.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.SECONDEXPANSION:
.PHONY: help setup bundle demo verify manifests check check-pythons test test-all test-release fuzz bench bench-proof lab-down clean-cache

# The first of these Pythons that is 3.11, 3.12 or 3.13 and has venv, else the first that lacks only venv. A program of
# pyenv runs only if its version is named.
fits := import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit(1); print(sys._base_executable)
usable := import ensurepip, venv; $(fits)
found = $(firstword $(foreach name,$(2),$(shell PYENV_VERSION=$(name:python%=%) $(name) -c '$(1)' 2> /dev/null)))
first = $(call found,$(usable),$(1))
names := python3.11 python3.12 python3.13 python3
PYTHON ?= $(or $(call first,$(names)),$(call found,$(fits),$(names)),python3)
wanted := Python 3.11, 3.12 or 3.13 with its module venv. Install python3-venv (Debian 12 and 13, Ubuntu 24.04), \
python3.11-venv (Ubuntu 22.04), python3.12 (EL 8 and 9) or python3.13 (Fedora), or name a Python: PYTHON=/path/to/python3.12
version_of = $(1) is: $$($(1) --version 2>&1 | head -n 1)
# An environment that exists would hide a wrong PYTHON of the command line.
$(if $(filter command,$(firstword $(origin PYTHON))),$(if $(call found,$(fits),$(PYTHON)),,$(error This needs $(wanted). \
$(shell echo "$(call version_of,$(PYTHON))"))))
# The environments: .venv has requirements.txt, and .venv-core-2.16 the controller with an older ansible-core (CORE=2.16),
# for hosts with Python 2.7 or 3.6. Tests run both, and more: other versions of ansible-core and of Python (.venv-3.12).
own := $(shell sed -n 's/^ansible-core==\([0-9]*\.[0-9]*\)\..*/\1/p' requirements.txt)
CORE ?= $(own)
known := $(own) $(patsubst requirements-core-%.in,%,$(shell grep -l '^ansible==' requirements-core-*.in))
$(if $(filter $(CORE),$(known)),,$(error CORE is `$(CORE)`, a version of ansible-core: give one of $(known)))
venv := .venv$(if $(filter-out $(own),$(CORE)),-core-$(CORE))
ready := $(venv)/$(if $(filter $(own),$(CORE)),requirements.)installed
play = $(venv)/bin/ansible-playbook
pythons = $(if $(filter core-2.16,$(1)),python3.11 python3.12,$(if $(filter core-%,$(1)),python3.12 python3.13,python$(1)))
possible = $(foreach name,$(1),$(if $(call first,$(call pythons,$(name))),.venv-$(name)/installed))
cores = $(call possible,$(patsubst requirements-%.txt,%,$(wildcard requirements-core-*.txt)))
others = $(call possible,$(filter-out $(patsubst python%,%,$(notdir $(PYTHON))),3.11 3.12 3.13))
export KEDA_DEMO_BUILD ?= $(CURDIR)/build
export KEDA_DEMO_VENV := $(venv)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
tools = check test test-all test-release check-pythons fuzz bench bench-proof
export PATH := $(CURDIR)/$(if $(filter $(tools),$(MAKECMDGOALS)),.venv,$(venv))/bin:$(PATH)
pip := -m pip --quiet --disable-pip-version-check install --require-hashes

# Only of make's command line: many have the variable in their environment, and want a lab all the same.
given = $(if $(filter command,$(firstword $(origin KUBECONFIG))),$(or $(KUBECONFIG),$(error KUBECONFIG is empty: \
give the path of a kubeconfig, such as KUBECONFIG=$(HOME)/.kube/config, or leave it out for a lab)))
begins = $(filter $(1),$(firstword $(given)))
# ~ is replaced here, since the path may have spaces and is in quotes. | marks its beginning.
path = $(if $(call begins,~/%),$(subst |~/,$(HOME)/,|$(given)),$(if $(call begins,/% ~%),,$(CURDIR)/)$(given))
# Said before anything is installed. `make test STEPS=lint` needs no lab.
lab := $(if $(STEPS)$(given),,$(filter demo test test-all test-release bench bench-proof lab-down,$(MAKECMDGOALS)))
comma := ,
own_instead = $(if $(filter demo,$(lab)),$(comma) or use a cluster that you have: make demo KUBECONFIG=$(HOME)/.kube/config)
refuse = $(error `make $(lab)` $(if $(filter lab-down,$(lab)),removes,creates) hosts that are containers, which needs \
$(1)$(own_instead))
$(if $(lab),$(if $(filter-out Linux,$(shell uname)),$(call refuse,Linux. Take a Linux machine)))
$(if $(lab),$(if $(filter-out 0,$(shell id -u)),$(call refuse,root. Run `sudo make $(lab)`)))
# It would create a lab for somebody who wants to remove the demo.
$(if $(filter demo,$(MAKECMDGOALS)),$(if $(DEMO_STATE),$(if $(given),,$(error DEMO_STATE is for a cluster of your own: \
give KUBECONFIG=PATH as well, or remove a lab with `make lab-down`))))

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/%.installed: %.txt
	@$(PYTHON) -c '$(usable)' > /dev/null 2>&1 || { [ $$(id -u) = 0 ] && \
	  command -v apt-get > /dev/null && apt-get update -q && \
	  apt-get install -qy $(notdir $(PYTHON))-venv && $(PYTHON) -c '$(usable)' > /dev/null; } || \
	  { echo "This needs $(wanted). $(call version_of,$(PYTHON))" >&2; exit 1; }
	@.venv/bin/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "Installing the Python packages of $< into .venv" && .venv/bin/python $(pip) -r $< && touch $@

.venv-%/installed: $$(if $$(findstring core,$$*),requirements-$$*.txt,requirements-dev.txt)
	@: $(or $(call first,$(call pythons,$*)),$(error $(@D) needs one of $(call pythons,$*), with its package venv))
	@$(call first,$(call pythons,$*)) -m venv --clear $(@D)
	@echo "Installing the Python packages of $< into $(@D)" && $(@D)/bin/python $(pip) --no-deps -r $< && touch $@

setup: $(ready)  ## Install what the controller needs; CORE=2.16, here and below, is for hosts with Python 2.7 or 3.6
	@$(play) playbooks/setup.yml
on_own = --inventory localhost, playbooks/demo.yml --extra-vars "cluster_kubeconfig='$(path)'" \
  --extra-vars demo_state=$(or $(DEMO_STATE),present)
demo: $(if $(given),$(ready),setup)  ## Lab hosts, cluster, application and proof; KUBECONFIG=... takes your own cluster
	$(play) $(if $(given),$(on_own),playbooks/lab.yml site.yml)
bundle: setup  ## Build what is missing of the bundle, or check the one that is there
	$(play) playbooks/bundle.yml
verify: $(ready)  ## Send the load again and prove the scale-out
	$(play) playbooks/verify.yml
manifests: $(ready)  ## Write the objects of the application and the permissions of a proof to files for kubectl
	$(play) playbooks/manifests.yml
check test test-all: export KEDA_DEMO_CORES = $(cores:.venv-core-%/installed=%)
check: .venv/requirements-dev.installed $$(cores)  ## Lint, types, unit tests: all that needs neither bundle nor lab
	@exec python -m tests.tiers check $(STEPS)
test: setup .venv/requirements-dev.installed $$(cores)  ## check, then the bundle and one lab: what CI runs
	@exec python -m tests.tiers test $(STEPS)
check-pythons: .venv/requirements-dev.installed $$(others)  ## Unit tests with each Python from 3.11 to 3.13 that is here
	@exec python -m tests.tiers pythons $(STEPS)
test-all: setup .venv/requirements-dev.installed $$(cores) $$(others)  ## Every scenario, and fuzz; goes on where it was ended
	@exec python -m tests.tiers all $(STEPS)
test-release: setup .venv/requirements-dev.installed  ## Official releases from origins on this machine, with their faults
	@exec python -m tests.tiers release $(STEPS)
fuzz: export KEDA_DEMO_FUZZ = $(FUZZ)
fuzz: .venv/requirements-dev.installed  ## Predictions against simulated runs of 10,000 random worlds, on all cores
	@exec python -m tests.tiers fuzz
bench: setup .venv/requirements-dev.installed  ## Print each figure beside its target
	PYTHONPATH=collections python -m tests.bench.load
	PYTHONPATH=collections python -m tests.bench $(PAIRS)
	PYTHONPATH=collections python -m tests.bench.full
bench-proof: setup .venv/requirements-dev.installed  ## Prove it again and again, each hop beside its prediction
	PYTHONPATH=collections python -m tests.bench.proof $(PROOFS)
lab-down: $(ready)  ## Remove the lab's hosts, network, volumes and changed sysctls
	$(play) playbooks/lab.yml --extra-vars lab_state=absent
clean-cache: $(ready)  ## Remove what the cache has and no bundle needs any more, such as Go's caches after a build
	$(play) playbooks/clean_cache.yml
