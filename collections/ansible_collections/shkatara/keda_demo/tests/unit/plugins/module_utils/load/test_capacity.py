# SPDX-License-Identifier: MIT
"""The needs of a load, and the refusal if the machine lacks one of them."""

from __future__ import annotations

import dataclasses
import multiprocessing
import re
import resource

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.capacity import (
    Limits,
    allow_in_flight,
    limits_here,
    refusal,
    required_resources,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage

MACHINE = Limits(soft_files=1024, hard_files=20000, first_port=32768, last_port=60999, memory=1_000_000_000)


def load(rate, timeout=10.0, workers=1, duration=600.0, url="http://host/", **options):
    return LoadSpec(url, (Stage(rate, duration),), timeout, workers, **options)


@pytest.mark.parametrize(
    ("spec", "in_flight", "files", "megabytes"),
    [
        (load(37), 370, 434 + 19, 32.2),  # connections that are answered and not closed yet come on top
        (load(1500), 15000, 15064 + 750, 120),
        (load(2000, workers=2), 20000, 10064 + 500, 180),
        (load(2000, duration=3), 6000, 6064 + 1000, 66),  # all requests of the load
        (load(37, keep_alive=True), 370, 434, 35.9),
        (load(37, url="HTTPS://host/"), 370, 434, 148.4),
        (LoadSpec("http://host/", (Stage(50, 60, ramp=True), Stage(10, 60))), 500, 564 + 25, 33),
    ],
)
def test_needs(spec, in_flight, files, megabytes):
    resources = required_resources(spec)
    assert (resources.in_flight, resources.worker_files) == (in_flight, files)
    assert resources.memory / 1e6 == pytest.approx(megabytes, abs=0.1)


@pytest.mark.parametrize("spec", [load(1898), load(2000, workers=2), load(2823, workers=2), load(5000, timeout=2)])
def test_a_load_that_can_be_sent(spec):
    assert refusal(spec, MACHINE) is None


@pytest.mark.parametrize(
    ("spec", "limits", "expected"),
    [
        (
            load(2000),
            MACHINE,
            "open files: 21000 connections and 64 other files for each of 1 load.http.workers are 21064, and the hard "
            "limit is 20000 (ulimit -Hn): set load.http.workers to 2",
        ),
        (
            load(3000, workers=4),
            MACHINE,
            "ports: 30000 connections to one address need as many, and there are 28232, 32768 to 60999 "
            "(net.ipv4.ip_local_port_range): lower load.http.rate to 2823.2 or load.http.timeout to 9.4",
        ),
        (
            load(1500),
            dataclasses.replace(MACHINE, memory=90_000_000),
            "memory: 1 load.http.workers of 30 MB and 15000 connections of 6 kB are 120 MB, and 90 MB are free: lower "
            "load.http.rate to 1000 or load.http.timeout to 6.6",
        ),
        (load(10, workers=9), dataclasses.replace(MACHINE, memory=90_000_000), "lower load.http.workers, or free some"),
    ],
)
def test_a_refusal_has_the_arithmetic_and_settings_that_fit(spec, limits, expected):
    assert expected in refusal(spec, limits)


def test_a_refusal_names_everything_at_once():
    message = refusal(load(3000), dataclasses.replace(MACHINE, memory=90_000_000))
    assert message.startswith("This machine can't send the load: up to 30000 requests are open at a time")
    assert "(load.http.rate 3000/s x load.http.timeout 10 s, at most the 1800000 that there are)" in message
    assert [name for name in ("open files:", "ports:", "memory:") if name in message] == [
        "open files:",
        "ports:",
        "memory:",
    ]


def test_stages_are_named():
    spec = LoadSpec("http://host/", (Stage(10, 60), Stage(3000, 60)), workers=2)
    assert "lower the highest rate of load.http.stages to 2823.2" in refusal(spec, MACHINE)


@pytest.mark.parametrize("spec", [load(3000, workers=4), load(2999.9, timeout=11.3, workers=4)])
def test_the_settings_in_a_refusal_are_enough(spec):
    rate, timeout = re.search(
        r"load\.http\.rate to ([0-9.]+) or load\.http\.timeout to ([0-9.]+[0-9])", refusal(spec, MACHINE)
    ).groups()
    assert refusal(load(float(rate), spec.timeout, 4), MACHINE) is None
    assert refusal(load(spec.stages[0].rate, float(timeout), 4), MACHINE) is None


def test_limits_of_this_machine():
    limits = limits_here()
    assert (limits.soft_files, limits.hard_files) == resource.getrlimit(resource.RLIMIT_NOFILE)
    assert 1024 < limits.first_port < limits.last_port < 65536
    assert limits.memory > 10_000_000


@pytest.mark.parametrize(("most", "memory"), [("max", 8_000_000_000), ("500000000", 400_000_000)])
def test_a_container_has_less_memory_than_its_machine(tmp_path, most, memory):
    files = {
        "proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
        "proc/meminfo": "MemTotal:       16000000 kB\nMemAvailable:    7812500 kB\n",
        "cgroup/memory.max": f"{most}\n",
        "cgroup/memory.current": "100000000\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    limits = limits_here(tmp_path / "proc", tmp_path / "cgroup")
    assert (limits.memory, limits.ports) == (memory, 28232)


def limited(connection, soft, hard, spec):
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    connection.send((allow_in_flight(spec), resource.getrlimit(resource.RLIMIT_NOFILE)))


@pytest.mark.parametrize(
    ("rate", "most", "files"),
    [
        (5, 114, (256, 500)),  # enough already
        (30, 364, (443, 500)),
        (100, 436, (500, 500)),
    ],
)
def test_the_soft_limit_of_files_is_raised_within_the_hard_one(rate, most, files):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=limited, args=(theirs, 256, 500, load(rate)))
    process.start()
    assert ours.poll(10)
    assert ours.recv() == (most, files)
    process.join()
