# SPDX-License-Identifier: MIT
"""The rounds of questions to Prometheus: values, targets and the counter, and what becomes of each failure."""

from __future__ import annotations

import queue
import threading
import time
from itertools import pairwise

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.addresses import PrometheusError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import (
    PollFailed,
    PrometheusPoller,
    Reading,
    TargetsReading,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.problems import Problem
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_errors import (
    QueryError,
)


class Answers:
    """A Prometheus with scripted answers to each query; a query after the last one ends the script."""

    offset = 0.25

    def __init__(self, no_targets=(), **values):
        self.values = {key: list(items) for key, items in values.items()}
        self.no_targets = list(no_targets)
        self.asked_feeds = []
        self.targets_read = 0
        self.windows = []
        self.done = threading.Event()

    def version(self):
        return "2.41.0"

    def targets(self):
        self.targets_read += 1
        error = self.no_targets.pop(0) if self.no_targets else None
        if error:
            raise error
        return ["target"]

    def feeds(self, selectors):
        self.asked_feeds.append(selectors)
        if selectors == ["refused"]:
            raise PrometheusError("HTTP 403", 403)
        return {("job", "instance")}

    def rules(self):
        return self._next("rules")

    def query(self, expression):
        return self._next(expression)

    def series(self, selector, seconds):
        self.windows.append(seconds)
        return self._next(selector)

    def _next(self, key):
        if not self.values[key]:
            self.done.set()
            threading.Event().wait()  # a daemon thread: it ends with the test run
        value = self.values[key].pop(0)
        if isinstance(value, Exception):
            raise value
        return value

    def close(self):
        pass


def poll(answers, queries, counter=None, interval=lambda: 0.01, settled=False, **options):
    """Return the observations until the script has ended."""
    sink = queue.Queue()
    poller = PrometheusPoller(answers, sink, queries, counter, interval, **options)
    if settled:
        poller.settle()
    poller.start()
    assert answers.done.wait(10)
    poller.stop()
    return [sink.get_nowait() for _ in range(sink.qsize())]


def reading(values, **fields):
    """A reading at 7 s by a server whose clock is known."""
    return Reading(7.0, values, **{"offset": 0.25, "version": "2.41.0", **fields})


TARGETS = TargetsReading(["target"])


def at_seven():
    return 7.0


def test_a_round_gives_values_and_targets_or_a_failure():
    answers = Answers(a=[1.0, PrometheusError("gone"), KeyError("data"), None])
    assert poll(answers, {"s0": "a"}, interval=lambda: 0.0, clock=at_seven) == [
        reading({"s0": 1.0}, targets=TARGETS),
        PollFailed(7.0, "gone"),
        PollFailed(7.0, "KeyError: 'data'"),
        reading({"s0": None}, targets=TARGETS),
    ]


def test_a_query_at_fault_is_an_error_of_its_trigger_alone():
    answers = Answers(a=[QueryError("two series", 200), 3.0], b=[2.0, 4.0])
    assert poll(answers, {"s0": "a", "s1": "b"}, settled=True, clock=at_seven) == [
        reading(
            {"s0": None, "s1": 2.0}, errors={"s0": "two series"}, targets=TARGETS, problems={"s0": Problem.QUERY_FAILED}
        ),
        reading({"s0": 3.0, "s1": 4.0}),
    ]


def test_rules_are_read_once():
    answers = Answers(a=[1.0, 2.0, 3.0], rules=[PrometheusError("timed out"), "the rules", "more"])
    failure, first, second = poll(answers, {"s0": "a"}, settled=True, reads_rules=True)
    assert (failure.message, first.rules, second.rules) == ("timed out", "the rules", None)


def test_no_answer_to_one_query_is_no_answer():
    assert poll(Answers(a=[1.0], b=[PrometheusError("gone")]), {"s0": "a", "s1": "b"}, clock=at_seven) == [
        PollFailed(7.0, "gone")
    ]


def test_a_refusal_is_reported_as_one():
    (failure,) = poll(Answers(a=[PrometheusError("refused /api/v1/query: HTTP 403", 403)]), {"s0": "a"}, clock=at_seven)
    assert failure == PollFailed(7.0, "refused /api/v1/query: HTTP 403", Problem.REFUSED)


def test_a_prometheus_without_a_list_of_targets_has_values():
    refusal = PrometheusError("refused /api/v1/targets: HTTP 404", 404)
    answers = Answers(no_targets=[refusal] * 2, a=[1.0, 2.0])
    first, second = poll(answers, {"s0": "a"})
    assert first.targets == TargetsReading(None, "refused /api/v1/targets: HTTP 404", unlisted=True)
    assert (second.values, second.targets) == ({"s0": 2.0}, None)
    assert answers.targets_read == 1  # the server will not list them a moment later either


def test_targets_that_come_too_late_once_stay_as_they_were():
    answers = Answers(no_targets=[None, PrometheusError("timed out")], a=[1.0, 2.0, 3.0])
    assert [item.targets for item in poll(answers, {"s0": "a"})] == [TARGETS, None, TARGETS]


def test_targets_that_never_came_are_reported_as_missing():
    answers = Answers(no_targets=[PrometheusError("timed out")], a=[1.0])
    assert poll(answers, {"s0": "a"})[0].targets == TargetsReading(None, "timed out")


@pytest.mark.parametrize(
    ("feeding", "asked", "expected"),
    [
        ("sum(rate(b{c='d'}[30s]))", [['b{c="d"}']], {("job", "instance")}),
        ("refused", [["refused"]], None),
        ("", [], None),
    ],
)
def test_feeding_targets_are_read_together_with_the_targets(feeding, asked, expected):
    answers = Answers(a=[1.0, 2.0])
    first, second = poll(answers, {"s0": "a"}, settled=True, feeding=feeding)
    assert answers.asked_feeds == asked
    assert first.targets.feeds == expected
    assert second.targets is None


def test_the_counter_is_read_over_three_intervals_and_over_a_gap():
    now = [100.0]

    def advance():
        now[0] += 2.0
        return 0.01

    answers = Answers(c=[["series"], PrometheusError("gone"), ["more"], QueryError("no selector", 400)])
    first, failure, third, fourth = poll(answers, {}, "c", advance, settled=True, clock=lambda: now[0])
    assert [item.counter for item in (first, third, fourth)] == [["series"], ["more"], []]
    assert failure.message == "gone"
    assert [round(window, 2) for window in answers.windows[:4]] == [2.03, 2.03, 4.03, 2.03]


def test_the_poller_asks_at_the_interval_of_the_moment():
    asked = []

    def interval():
        asked.append(time.monotonic())
        return 0.3 if len(asked) == 1 else 0.01

    poll(Answers(a=[1.0] * 4), {"s0": "a"}, interval=interval)
    first, *rest = [later - earlier for earlier, later in pairwise(asked)]
    assert first >= 0.3
    assert min(rest) < 0.3


def test_settled_targets_are_read_only_now_and_then():
    answers = Answers(a=[1.0] * 20)
    poll(answers, {"s0": "a"}, settled=True)
    assert answers.targets_read == 1
