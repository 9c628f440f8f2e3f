# SPDX-License-Identifier: MIT
"""Proofs that end early: signals, deleted objects, a broken watch, a sender that dies, an error of this program."""

from __future__ import annotations

import json

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import (
    LoadFailure,
    Unwatched,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import verdict_messages
from ansible_collections.shkatara.keda_demo.tests.support.objects import SCALEDOBJECT, deployed, scaled
from ansible_collections.shkatara.keda_demo.tests.support.observations import failed, recovered, seen
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, scale_out
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run, counts_of_all


def test_a_signal_stops_the_load_and_completes_the_files(tmp_path):
    def interrupt(run):
        run.interrupt.name = "SIGINT"

    run = Run(tmp_path, [*ready_chain(), *scale_out()], at=[(15.0, interrupt)])
    assert run.verdict == ("aborted", "interrupted")
    assert run.load.orders == ["start", "stop"]
    assert run.seconds < 16
    assert run.written()["verdict"] == "aborted"


def test_a_scaledobject_that_is_deleted_during_the_load(tmp_path):
    run = Run(tmp_path, [*ready_chain(), seen(20, "scaledobjects", SCALEDOBJECT, "DELETED")])
    assert run.verdict == ("aborted", "scaledobject_deleted")
    assert run.load.orders == ["start", "stop"]


def test_an_application_that_answers_nothing_ends_early(tmp_path):
    run = Run(tmp_path, ready_chain(), share=0.0)
    assert run.verdict == ("aborted", "load_not_answered")
    assert run.seconds < 25


def test_an_application_that_answers_half_of_the_requests_is_watched_to_the_end(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()], share=0.5)
    assert run.verdict == ("aborted", "load_not_answered")
    assert run.seconds == pytest.approx(0.3 + 33.1 + 15, abs=0.5)
    # A request without an answer may have been counted or not.
    assert run.result["end_to_end"]["most"] == run.load.stats.sent > run.result["end_to_end"]["answered"]


def test_a_hold_continues_only_when_its_watch_has_recovered(tmp_path):
    broken = failed(36, "horizontalpodautoscalers")
    mended = recovered(80, "horizontalpodautoscalers")
    calm = [item for item in scale_out() if item.at < 40]
    run = Run(tmp_path, [*ready_chain(), *calm, broken, mended])
    assert run.verdict == ("scaled", "as_predicted")
    # Nothing changed in the gap; events from it would arrive within a second.
    assert run.seconds == pytest.approx(81, abs=0.3)
    # Counts that arrive late may be as old as the gap, which began 3 s after the replicas were Ready.
    late = seen(80.05, "horizontalpodautoscalers", scaled(5, "7528m", current=4))
    again = seen(80.06, "horizontalpodautoscalers", scaled(4, "7528m", current=4))
    run = Run(tmp_path, [*ready_chain(), *calm, broken, mended, late, again])
    assert run.verdict == ("flapped", "left_during_hold")


@pytest.mark.parametrize("source", ["horizontalpodautoscalers", "deployments"])
def test_an_object_that_is_deleted_during_the_hold(tmp_path, source):
    obj = {"horizontalpodautoscalers": scaled(4, "15478m", current=4), "deployments": deployed(4, 4, 4)}[source]
    events = [item for item in scale_out() if item.at < 40]
    run = Run(tmp_path, [*ready_chain(), *events, seen(40, source, obj, "DELETED")])
    assert run.verdict == ("flapped", "left_during_hold")
    assert run.passed == [("scale_out", True), ("hold", False)]


def test_a_pod_that_fails_a_probe_during_the_hold(tmp_path):
    flap = [seen(40, "deployments", deployed(4, 4, 3)), seen(43, "deployments", deployed(4, 4, 4))]
    run = Run(tmp_path, [*ready_chain(), *scale_out(), *flap])
    assert run.verdict == ("flapped", "left_during_hold")
    assert run.passed == [("scale_out", True), ("hold", False)]
    assert run.seconds == pytest.approx(43 + 15, abs=0.5)


def test_a_load_that_ends_unwatched_proves_nothing(tmp_path):
    broken = failed(36, "deployments", "the connection broke")
    run = Run(tmp_path, [*ready_chain(), *(item for item in scale_out() if item.at < 36), broken])
    assert run.verdict == ("aborted", "not_observed")
    assert run.facts == Unwatched((("deployments", "the connection broke"),))


def die(run):
    run.load.died_at = run.time.now


@pytest.mark.parametrize(("rate", "at"), [(34.5, 10.0), (34.5, 40.0), (5.0, 50.0)])
def test_a_sender_that_dies_proves_nothing(tmp_path, rate, at):
    observations = scale_out() if rate == 34.5 else []
    run = Run(tmp_path, [*ready_chain(), *observations], load={"rate": rate}, at=[(at, die)])
    assert run.verdict == ("aborted", "load_not_sent")
    assert isinstance(run.facts, LoadFailure)
    assert "signal 9 (Killed)" in run.facts.load.died
    assert run.result["load"]["died"]
    assert run.seconds == pytest.approx(at, abs=0.5)


def test_a_sender_that_dies_before_its_first_request(tmp_path):
    run = Run(tmp_path, ready_chain(), at=[(0.0, die)])
    assert run.verdict == ("aborted", "load_not_sent")
    assert isinstance(run.facts, LoadFailure)
    assert "signal 9 (Killed)" in run.facts.load.died


def test_a_load_that_is_not_answered_proves_no_rest(tmp_path):
    assert Run(tmp_path, ready_chain(), load={"rate": 5.0}, share=0.5).verdict == ("aborted", "load_not_answered")


def test_an_unexpected_error_is_in_the_file_and_is_raised(tmp_path):
    def fail(run):
        run.load.poll = None

    with pytest.raises(TypeError, match="not callable"):
        Run(tmp_path, [*ready_chain(), *scale_out()], at=[(15.0, fail)])
    written = json.loads((tmp_path / "latest" / "verdict.json").read_text())
    assert (written["verdict"], written["reason"]) == ("aborted", "internal_error")
    assert "TypeError" in written["message"]
    assert written["predicted"]["replicas"] == 4


def test_an_error_of_the_last_sentence_is_in_the_file_and_is_raised(tmp_path, monkeypatch):
    sentence = verdict_messages.verdict

    def fail_on_success(verdict):
        if verdict.outcome == "scaled":
            raise KeyError(verdict.reason)
        return sentence(verdict)

    monkeypatch.setattr(verdict_messages, "verdict", fail_on_success)
    with pytest.raises(KeyError):
        Run(tmp_path, [*ready_chain(), *scale_out()], phases=("scale_out",))
    written = json.loads((tmp_path / "latest" / "verdict.json").read_text())
    assert (written["verdict"], written["reason"]) == ("aborted", "internal_error")


def test_a_signal_while_the_last_answers_come_keeps_the_early_end(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()])
    assert run.result["load"]["ended_early"] is True

    def interrupt(run, targets):
        if "drain" in run.load.orders:
            run.interrupt.name = "SIGINT"
        return counts_of_all(run, targets)

    run = Run(tmp_path / "again", [*ready_chain(), *scale_out()], counted=interrupt)
    assert run.verdict == ("aborted", "interrupted")
    assert run.result["load"]["ended_early"] is True
