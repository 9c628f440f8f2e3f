# SPDX-License-Identifier: MIT
"""The program behind `make fuzz`: its counts, its seed, and what it prints of a difference."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from ansible_collections.shkatara.keda_demo.tests.support import fuzz_checks
from ansible_collections.shkatara.keda_demo.tests.support.fuzz_checks import Kind, Result

from tests.fuzz import __main__ as fuzz
from tests.tiers.steps import ROOT, tiers


def test_a_seed_determines_the_worlds():
    shares = [fuzz.run_share(seed, 40) for seed in (7, 7, 8)]
    assert shares[0].worlds == shares[1].worlds != shares[2].worlds
    assert [share.failure for share in shares] == ["", "", ""]
    assert sum(shares[0].worlds.values()) == 40


def test_a_difference_is_shrunk_and_ends_the_count(monkeypatch):
    def check(case):
        return Result(Kind.OUT, ["too many"] if case.world.maximum > 20 else [])

    monkeypatch.setattr(fuzz_checks, "check", check)
    share = fuzz.run_share(7, 100)
    # The smallest world that differs has one replica more than those that don't.
    assert re.search(r"maximum=21\b.*\n  too many", share.failure)
    assert set(share.worlds) <= {Kind.OUT}
    assert sum(share.worlds.values()) < 100


def test_the_table_names_the_refused():
    share = fuzz.Share()
    share.worlds.update({Kind.OUT: 3, Kind.WINDOW: 2, Kind.NEVER_SHRINKS: 1})
    share.seconds.update({Kind.OUT: 1.0, Kind.WINDOW: 0.5, Kind.NEVER_SHRINKS: 0.0})
    assert re.search(r"^ +6 +1\.5  all; 3 of them refused", fuzz.table(share), re.MULTILINE)


def test_the_program_prints_its_seed():
    printed = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--worlds", "20", "--seed", "12"],
        cwd=ROOT,
        env={"PYTHONPATH": "collections"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.search(r"^20 worlds on \d+ core\(s\), seed 12$", printed, re.MULTILINE)
    assert "--worlds 20 --seed 12" in printed


@pytest.mark.parametrize(
    ("options", "expected"), [("", ()), ("--worlds 500 --seed 7", ("--worlds", "500", "--seed", "7"))]
)
def test_the_step_takes_its_options_from_make(monkeypatch, options, expected):
    monkeypatch.setenv("KEDA_DEMO_FUZZ", options)
    (step,) = tiers()["fuzz"]
    assert step.command == ("python", "-m", "tests.fuzz", *expected)
    assert step in tiers()["all"]
