# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Programs of a build: their output, their failures, and their end."""

import os
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import processes as processes_module
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, Interrupted


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def _until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def _runs(pid):
    """Whether the process is there; one that ended and was not waited for is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_output_is_returned_and_all_is_in_the_log(log):
    log.write_text("before\n")
    output = Processes().run(["sh", "-c", "echo out; echo error >&2"], log)
    assert output == "out\n"
    assert log.read_text() == "before\n$ sh -c 'echo out; echo error >&2'\nerror\nout\n"


def test_folder_and_environment(log, tmp_path, monkeypatch):
    monkeypatch.setenv("KEDA_DEMO_TEST_A", "ours")
    monkeypatch.setenv("KEDA_DEMO_TEST_B", "ours")
    output = Processes().run(
        ["sh", "-c", 'pwd; echo "$KEDA_DEMO_TEST_A $KEDA_DEMO_TEST_B"; cat'],
        log,
        cwd=tmp_path,
        env={"KEDA_DEMO_TEST_B": "given"},
    )
    assert output == f"{tmp_path.resolve()}\nours given\n"


def test_a_failure_shows_the_end_of_the_log(log):
    with pytest.raises(BundleError) as caught:
        Processes().run(["sh", "-c", "for i in $(seq 30); do echo line $i >&2; done; exit 3"], log)
    first, *lines = str(caught.value).splitlines()
    assert first == f"sh ended with 3; the end of {log}:"
    assert lines == [f"  line {number}" for number in range(16, 31)]
    assert not isinstance(caught.value, Interrupted)


def test_a_program_that_a_signal_ended_is_a_failure(log):
    with pytest.raises(BundleError, match="sh ended with -9"):
        Processes().run(["sh", "-c", "kill -9 $$"], log)


def test_output_that_is_no_text_is_no_failure(log):
    assert Processes().run(["printf", r"\377."], log) == "\N{REPLACEMENT CHARACTER}."


@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
def test_stop_ends_children_of_children(log, tmp_path, monkeypatch, trap):
    monkeypatch.setattr(processes_module, "GRACE_SECONDS", 0.5)
    processes = Processes()
    raised = []

    def run():
        try:
            # A shell, its child, and the child's child, which has the output open.
            script = f"{trap}sh -c 'sleep 300 & echo $! > {tmp_path}/pid.part; mv pid.part pid; wait' & wait"
            processes.run(["sh", "-c", script], log, cwd=tmp_path)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert _until((tmp_path / "pid").exists)
    pid = int((tmp_path / "pid").read_text())
    assert _runs(pid)
    processes.stop()
    thread.join(10)
    assert [type(error) for error in raised] == [Interrupted]
    assert _until(lambda: not _runs(pid))


def test_after_stop_nothing_is_started(log, tmp_path):
    processes = Processes()
    processes.stop()
    processes.stop()
    with pytest.raises(Interrupted):
        processes.run(["touch", tmp_path / "made"], log)
    assert not (tmp_path / "made").exists()


def test_children_are_in_a_session_of_their_own(log):
    # A terminal's Ctrl-C reaches us alone, and we end them.
    sid = Processes().run(["sh", "-c", "cut -d' ' -f6 /proc/$$/stat"], log)
    assert int(sid) != os.getsid(0)
