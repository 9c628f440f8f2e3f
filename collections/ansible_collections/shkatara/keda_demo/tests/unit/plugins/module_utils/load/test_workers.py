# SPDX-License-Identifier: MIT
"""The sender's processes, against a test server on loopback."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.worker import Worker
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.workers import LoadWorkers
from ansible_collections.shkatara.keda_demo.tests.support.load_server import ServerProcess


@pytest.fixture(scope="module")
def server():
    process = ServerProcess()
    yield process
    process.close()


@pytest.fixture
def make():
    """A function that makes LoadWorkers, which are closed after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda workers=1: stack.enter_context(contextlib.closing(LoadWorkers(workers)))


def spec(url, rate, duration, workers=1, timeout=10.0):
    return LoadSpec(url, (Stage(rate, duration),), timeout, workers)


def wait_for(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


@pytest.mark.parametrize("workers", [1, 3])
def test_processes_send_and_report(make, server, workers):
    load, before = make(workers), server.arrived()
    assert load.poll().sent == 0, "it began before its order"
    load.start(spec(server.url(), rate=100, duration=1, workers=workers))
    begun = time.monotonic()
    counts = load.wait(20)
    assert (counts.ended, counts.scheduled, counts.answered) == (True, 100, 100)
    assert server.arrived() - before == 100
    # The workers share one schedule, which begins at one time.
    assert counts.last_sent - counts.first_sent == pytest.approx(0.99, abs=0.5)
    assert counts.first_sent == pytest.approx(begun, abs=0.5)


def test_another_load_can_be_sent_when_the_first_has_ended(make, server):
    load, before = make(2), server.arrived()
    load.start(spec(server.url(), rate=100, duration=0.2, workers=2))
    with pytest.raises(RuntimeError, match="has not ended"):
        load.start(spec(server.url(), rate=100, duration=0.2, workers=2))
    assert load.wait(10).answered == 20
    load.start(spec(server.url("/error"), rate=50, duration=0.2, workers=2))
    assert not load.stats.ended
    counts = load.wait(10)
    assert (counts.scheduled, counts.statuses) == (10, {"503": 10})
    load.start(spec(server.url("/slow"), rate=50, duration=60, workers=2))
    wait_for(lambda: load.poll().in_flight > 5)
    load.stop()
    assert load.wait(5).ended
    load.start(spec(server.url(), rate=50, duration=0.2, workers=2))
    assert load.wait(10).statuses == {"200": 10}
    assert server.arrived() - before > 40


def test_the_workers_are_those_of_the_load(make):
    with pytest.raises(RuntimeError, match="a load for 1 workers was given to 2"):
        make(2).start(spec("http://host/", rate=1, duration=1))


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_stop_at_once(make, server, workers):
    load = make(workers)
    load.start(spec(server.url("/slow"), rate=100, duration=600, workers=workers))
    wait_for(lambda: load.poll().in_flight > 5)
    begun = time.monotonic()
    load.stop()
    counts = load.wait(5)
    # A second is promised, which a loaded machine may double; the answers would take 10 s to be given up.
    assert time.monotonic() - begun < 2
    assert counts.ended
    assert (counts.in_flight, counts.errors) == (0, {"given_up": counts.sent})
    time.sleep(0.5)  # for requests that were sent before
    arrived = server.arrived()
    time.sleep(0.3)  # in which 30 more would come
    assert server.arrived() == arrived


def test_a_drained_load_waits_for_what_was_sent(make, server):
    load = make()
    load.start(spec(server.url("/slow"), rate=100, duration=600, timeout=1))
    wait_for(lambda: load.poll().in_flight > 5)
    load.drain()
    counts = load.wait(5)
    assert (counts.ended, counts.errors) == (True, {"timeout": counts.sent})


def test_a_module_that_does_not_read_does_not_stop_the_sender(make, server):
    load, before = make(), server.arrived()
    load.start(spec(server.url(), rate=50, duration=1))
    # A process that waits for a reader would stop at some of them.
    wait_for(lambda: server.arrived() - before == 50)
    assert load.wait(5).answered == 50


def test_processes_ignore_the_terminals_signals_and_end_with_their_parent(make, server):
    load = make(2)
    load.start(spec(server.url(), rate=50, duration=600, workers=2))
    wait_for(lambda: load.poll().sent > 0)
    before = load.stats.sent
    for member in load._members:
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(member.process.pid, number)
    wait_for(lambda: load.poll().sent > before + 50)
    assert not load.stats.ended
    for member in load._members:
        member.connection.close()  # what the kernel does when the module is killed
    for member in load._members:
        member.process.join(timeout=5)
        assert member.process.exitcode == 0
    time.sleep(0.5)  # for requests that were sent before
    arrived = server.arrived()
    time.sleep(0.3)  # in which 15 more would come
    assert server.arrived() == arrived


@pytest.mark.parametrize(("workers", "name"), [(1, "The sender's process"), (2, "The sender's process 2 of 2")])
def test_a_process_that_died_says_so_and_ends_the_load(make, server, workers, name):
    load = make(workers)
    load.start(spec(server.url(), rate=50, duration=600, workers=workers))
    wait_for(lambda: load.poll().sent > 10)
    os.kill(load._members[-1].process.pid, signal.SIGKILL)
    counts = load.wait(5)
    assert counts.ended
    assert counts.died == f"{name} was ended by signal 9 (Killed)"
    assert counts.sent > 0, "the counts before the death are lost"
    # A later load does not go on without it.
    load.start(spec(server.url(), rate=50, duration=600, workers=workers))
    assert load.wait(5).died == f"{name} was ended by signal 9 (Killed)"


@pytest.mark.parametrize("workers", [1, 2])
def test_counts_that_a_reader_keeps_do_not_change(make, server, workers):
    load = make(workers)
    load.start(spec(server.url(), rate=100, duration=600, workers=workers))
    wait_for(lambda: load.poll().finished > 5)
    kept = [load.stats]
    before = [kept[0].as_dict()]
    wait_for(lambda: load.poll().finished > kept[0].finished)
    kept.append(load.stats)
    before.append(kept[1].as_dict())
    os.kill(load._members[-1].process.pid, signal.SIGKILL)
    assert load.wait(5).died
    assert [counts.as_dict() for counts in kept] == before
    assert [counts.ended for counts in kept] == [False, False]


@pytest.mark.parametrize("orders", [["start", "stop"], ["start", "drain"], ["stop"]])
def test_a_process_that_was_ordered_to_end_did_not_die(make, server, orders):
    load = make()
    for order in orders:
        if order == "start":
            load.start(spec(server.url(), rate=50, duration=600))
        else:
            getattr(load, order)()
    counts = load.wait(5)
    assert (counts.ended, counts.died) == (True, "")


def test_a_host_without_an_address_is_named(make):
    load = make()
    load.start(spec("http://no-such-host.invalid/", rate=50, duration=600))
    counts = load.wait(30)
    assert (counts.ended, counts.sent) == (True, 0)
    assert counts.died.startswith("Nothing could be sent to http://no-such-host.invalid/: ")


def test_a_process_that_fails_says_so(make, monkeypatch):
    async def fail(*_args):
        raise SystemExit(3)

    monkeypatch.setattr(Worker, "run", fail)
    counts = make().wait(5)
    assert counts.died == "The sender's process ended with exit code 3"
