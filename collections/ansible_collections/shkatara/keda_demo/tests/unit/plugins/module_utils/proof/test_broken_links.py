# SPDX-License-Identifier: MIT
"""Proofs in which a link of the chain is broken and the replicas grow all the same: none says `scaled`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.tests.support import broken_links
from ansible_collections.shkatara.keda_demo.tests.support.broken_links import LINKS, Script
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, scale_out
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run

GUIDE = (Path(__file__).parents[5] / "docs" / "proof.md").read_text(encoding="utf-8")
RECORDED = [*ready_chain(), *scale_out()]


def verdict(folder, script):
    run = Run(folder, script.observations, counted=script.counters)
    return run.verdict


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """(verdict, reason) by link and by what else stands still."""
    table = {}
    for link in LINKS:
        for break_link in (broken_links.alone, broken_links.with_fed):
            folder = tmp_path_factory.mktemp("proof")
            table[link.name, break_link.__name__] = verdict(folder, break_link(link, RECORDED))
    return table


def test_the_whole_chain_is_scaled(tmp_path):
    assert verdict(tmp_path, Script(RECORDED)) == ("scaled", "as_predicted")


@pytest.mark.parametrize("variant", ["alone", "with_fed"])
@pytest.mark.parametrize("link", [link.name for link in LINKS])
def test_no_broken_link_is_scaled(verdicts, link, variant):
    assert not verdicts[link, variant][0].startswith("scaled")


def test_the_guide_has_the_verdict_of_each_broken_link(verdicts):
    rows = [
        "| {} | {} | {} |".format(
            link.name,
            *(" ".join(f"`{code}`" for code in verdicts[link.name, variant]) for variant in ("alone", "with_fed")),
        )
        for link in LINKS
    ]
    (section,) = re.findall(r"^## The cause\n(.*?)(?=^## )", GUIDE, re.MULTILINE | re.DOTALL)
    assert [line for line in section.splitlines() if line.startswith(tuple(f"| {link.name}" for link in LINKS))] == rows
