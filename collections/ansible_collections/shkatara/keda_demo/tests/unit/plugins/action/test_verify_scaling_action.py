# SPDX-License-Identifier: MIT
"""The action plugin verify_scaling: which of the module's progress lines it shows."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.action.verify_scaling import ActionModule
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils.progress import ProgressActionBase

WAIT = "    5 s  scale_out   sent 34.3/s, answered 30.0/s; metric 0.0 of 10"
WARNING = "    6 s  scale_out   the verdict: of others"


@pytest.fixture
def run(monkeypatch):
    """Return a function: the shown lines of a proof with these progress lines and this result."""

    def run_with(lines, result):
        def run_module(self, _tmp=None, _task_vars=None):
            for line in lines:
                self.show(line)
            return result

        shown = []
        monkeypatch.setattr(ProgressActionBase, "run", run_module)
        monkeypatch.setattr(ProgressActionBase, "show", lambda _self, message: shown.append(message))
        assert ActionModule.__new__(ActionModule).run() == result
        return shown

    return run_with


@pytest.mark.parametrize("phase", ["hold      ", "connect   ", "activation", "          "])
def test_the_verdict_is_shown_last(run, phase):
    verdict = f"   59 s  {phase}  verdict: scaled (as_predicted). 4 replicas Ready. See /proof."
    assert run([WAIT, WARNING, verdict], {"changed": False}) == [WAIT, WARNING, verdict]


def test_a_failure_says_the_verdict_itself(run):
    verdict = "   59 s  scale_out   verdict: not_scaled (metric_missing). See /proof."
    assert run([WAIT, verdict], {"failed": True, "msg": "The verdict is ..."}) == [WAIT]


def test_the_verdict_of_an_interrupted_proof_is_shown_at_once(run):
    verdict = "  159 s  scale_out   verdict: aborted (interrupted). See /proof."
    assert run([WAIT, verdict], {"failed": True}) == [WAIT, verdict]
