# SPDX-License-Identifier: MIT
"""Signals to a process of its own that has installed the flag."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common import interrupt
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.interrupt import SIGNALS, SignalFlag

# Each line on stdin asks for the name; signals are handled before the answer, since the main thread runs then.
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from interrupt import SignalFlag
flag = SignalFlag()
flag.install()
print("installed", flush=True)
for _line in sys.stdin:
    print(flag.name or "none", flush=True)
"""


@pytest.fixture
def process():
    folder = str(Path(interrupt.__file__).parent)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout.readline() == "installed\n"
        yield running
        running.stdin.close()
        assert running.wait(10) == 0


def name_in(process):
    process.stdin.write("?\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_named_and_ends_nothing(process, number):
    assert name_in(process) == "none"
    process.send_signal(number)
    assert name_in(process) == number.name


def test_the_first_of_two_signals_is_named(process):
    process.send_signal(signal.SIGINT)
    assert name_in(process) == "SIGINT"
    process.send_signal(signal.SIGTERM)
    assert name_in(process) == "SIGINT"


def test_handlers_belong_to_the_main_thread():
    errors = []

    def install():
        try:
            SignalFlag().install()
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=install)
    thread.start()
    thread.join()
    assert len(errors) == 1
