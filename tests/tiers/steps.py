# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The steps of each tier, in their order: `check` needs no bundle and no lab, `test` adds a lab, `all` every scenario.

`fuzz` and `release` are steps of `all`, and tiers of their own.

A step is one program. Its name is in the table of times, and its log is build/tests/NAME.log.
"""

from __future__ import annotations

import enum
import os
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "collections/ansible_collections/shkatara/keda_demo"
BUNDLE_TEST = "tests/test_bundle_versions.py"
RELEASE_TESTS = "tests/release"
# They need a bundle.
NOT_IN_CHECK = (f"--ignore={BUNDLE_TEST}", f"--ignore={RELEASE_TESTS}")


class Kind(enum.Enum):
    """What a step's program reports beside its exit status."""

    PROGRAM = "program"
    PYTEST = "pytest"
    MOLECULE = "molecule"


@dataclass(frozen=True)
class Step:
    """A program with its place in a tier.

    :ivar beside: may run at the same time as the steps next to it that have this, too
    :ivar needs_all: is left out when a step before it has failed
    :ivar clean_up: a program that runs before this step, and after it unless it has passed
    :ivar keep: whether there is no clean-up after it, for a developer who looks at what the failed step has left
    """

    name: str
    command: tuple[str, ...]
    kind: Kind = Kind.PROGRAM
    beside: bool = False
    needs_all: bool = False
    clean_up: tuple[str, ...] = ()
    keep: bool = False
    environment: dict[str, str] = field(default_factory=dict)


LINT = (
    Step("ansible-lint", ("ansible-lint", "--offline", "--strict"), beside=True),
    Step("mypy", ("mypy",), beside=True),
    Step(
        "documentation",
        (
            "antsibull-docs",
            "lint-collection-docs",
            "--plugin-docs",
            "--skip-rstcheck",
            "--validate-collection-refs=self",
            COLLECTION,
        ),
        beside=True,
    ),
    Step("yamllint", ("yamllint", "--strict", "."), beside=True),
    Step("ruff-check", ("ruff", "check", "."), beside=True),
    Step("ruff-format", ("ruff", "format", "--check", "."), beside=True),
)
# The tests of a file share what its fixtures have made, such as one run of ansible-playbook: one worker runs them all.
PARALLEL = ("-n", "2", "--dist=loadfile")
UNITS = ("app/tests", f"{COLLECTION}/tests/unit")
UNIT_TESTS = Step("unit-tests", ("pytest", *PARALLEL, *UNITS, "-m", "not core"), Kind.PYTEST)
# The repository as a whole: refusals by site.yml, the tarball, what has to agree between files.
REPOSITORY = Step("repository", ("pytest", *PARALLEL, "tests", *NOT_IN_CHECK, "-m", "not core"), Kind.PYTEST)
# Roles' rendering and site.yml under each version of ansible-core.
CORES = Step("cores", ("pytest", *PARALLEL, *NOT_IN_CHECK, "-m", "core"), Kind.PYTEST)
# Beside the environment's own.
PYTHONS = tuple(version for version in ("3.11", "3.12", "3.13") if not sys.version.startswith(f"{version}."))
# A scenario with hosts that only an older Ansible can manage, and that Ansible's environment.
OLD_PYTHONS, OLD_CORE = "py27", ".venv-core-2.16"
# `make test CORE=2.16` sets the environment whose Ansible runs the playbooks.
PLAYBOOK = ROOT / os.environ.get("KEDA_DEMO_VENV", ".venv") / "bin" / "ansible-playbook"
BUNDLE = (
    Step("bundle", (str(PLAYBOOK), "playbooks/bundle.yml"), needs_all=True),
    Step("bundle-versions", ("pytest", BUNDLE_TEST), Kind.PYTEST, needs_all=True),
)
# Official releases from origins on this machine, which serve the bundle's files: each fault, and the whole bundle.
RELEASE = Step("release", ("pytest", RELEASE_TESTS), Kind.PYTEST, needs_all=True)


def pythons(root: Path = ROOT) -> list[Step]:
    """Return the unit tests with each other Python that has its environment."""
    folders = {version: root / f".venv-{version}" / "bin" for version in PYTHONS}
    return [
        Step(
            f"python-{version}",
            (str(folder / "python"), "-m", "pytest", *PARALLEL, *UNITS, "-m", "not other_core"),
            Kind.PYTEST,
            environment={"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        )
        for version, folder in folders.items()
        if (folder / "python").is_file()
    ]


def _molecule(name: str, *scenarios: str, options: tuple[str, ...] = (), cases: str = "all") -> Step:
    names = tuple(f"--scenario-name={scenario}" for scenario in scenarios)
    keep = os.environ.get("KEDA_DEMO_KEEP_LAB") == "1"
    return Step(
        name,
        ("molecule", "test", *options, *(["--destroy=never"] if keep else []), *names),
        Kind.MOLECULE,
        needs_all=True,
        # Of scenarios with one lab the first one is the lab's owner.
        clean_up=("molecule", "destroy", names[0]),
        keep=keep,
        environment={"KEDA_DEMO_PROOF_CASES": cases},
    )


def fuzz() -> Step:
    """Return the step that compares predictions with simulated runs of many worlds; the unit tests have a few.

    It takes the options of tests.fuzz from KEDA_DEMO_FUZZ, such as `--seed 7`.
    """
    options = shlex.split(os.environ.get("KEDA_DEMO_FUZZ", ""))
    return Step("fuzz", ("python", "-m", "tests.fuzz", *options), environment={"PYTHONPATH": "collections"})


def lab() -> Step:
    """Return the step that has one lab for two scenarios: `default`, then `proof` on the same cluster.

    With --shared-state molecule makes the lab once and removes it at the end. It would take a lab that a killed run has
    left for its own, so the clean-up before the step counts.
    """
    return _molecule("lab", "default", "proof", options=("--shared-state",), cases="few")


def scenarios(root: Path = ROOT) -> list[str]:
    """Return the names of molecule's scenarios, in alphabetical order."""
    return sorted(path.parent.name for path in root.glob("molecule/*/molecule.yml"))


def can_run(scenario: str, root: Path = ROOT) -> bool:
    """Return whether a scenario has its environment, for which this machine may have no Python."""
    return scenario != OLD_PYTHONS or (root / OLD_CORE / "bin" / "ansible-playbook").is_file()


def tiers() -> dict[str, list[Step]]:
    """Return the steps of each tier.

    `all` has each scenario on a lab of its own, except `default`: the step `lab` begins with it.
    """
    check = [*LINT, UNIT_TESTS, REPOSITORY, CORES]
    alone = [_molecule(f"scenario-{name}", name) for name in scenarios() if name != "default" and can_run(name)]
    return {
        "check": check,
        "test": [*check, *BUNDLE, lab()],
        "pythons": pythons(),
        "fuzz": [fuzz()],
        # The scenario has the bundle that the step before it has made.
        "release": [BUNDLE[0], RELEASE, _molecule("scenario-release", "release")],
        "all": [*check, fuzz(), *pythons(), *BUNDLE, RELEASE, lab(), *alone],
    }
