# SPDX-License-Identifier: MIT
"""The status line, with a display, a clock and a terminal of the test's own."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils import status_line
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils.status_line import StatusLine


class Display:
    """What the status line uses of Ansible's Display."""

    def __init__(self):
        self._lock = threading.RLock()
        self.written = ""

    def display(self, text, newline=True, screen_only=False):
        del screen_only
        self.written += text + ("\n" if newline else "")


class Bench:
    """A status line that ticks when the test says so."""

    def __init__(self, monkeypatch, in_place):
        monkeypatch.setattr(StatusLine, "_run", lambda _self: None)
        monkeypatch.setenv("COLUMNS", "60")
        self.now = 0.0
        self.display = Display()
        self.line = StatusLine(self.display, in_place, clock=lambda: self.now)

    def wait(self, seconds):
        for _second in range(seconds):
            self.now += 1
            self.line.tick()

    @property
    def rows(self):
        """What a terminal shows in the end."""
        rows = []
        for text in self.display.written.split("\n"):
            row = ""
            for part in text.split("\r"):
                row = part + row[len(part) :]
            rows.append(row.rstrip())
        return rows


@pytest.fixture
def terminal(monkeypatch):
    return Bench(monkeypatch, in_place=True)


@pytest.fixture
def pipe(monkeypatch):
    return Bench(monkeypatch, in_place=False)


def test_a_short_step_has_no_line(terminal):
    terminal.line.begin("Step", None)
    terminal.wait(1)
    assert terminal.line.end() == 1.0
    assert terminal.display.written == ""


def test_the_line_is_written_over_and_removed(terminal):
    terminal.line.begin("Step", 72.4)
    terminal.wait(5)
    assert terminal.rows == ["  ... Step: 5 s, last time 1 min 12 s"]
    terminal.line.end()
    assert terminal.rows == [""]


def test_a_line_of_another_writer_takes_its_place(terminal):
    terminal.line.begin("A step with a long name", None)
    terminal.wait(3)
    terminal.display.display("short")
    assert terminal.rows == ["short", ""]
    terminal.wait(1)
    assert terminal.rows == ["short", "  ... A step with a long name: 4 s"]


def test_a_long_name_is_cut_and_the_time_is_not(terminal):
    terminal.line.begin("x" * 100, 10.0)
    terminal.wait(3)
    (row,) = terminal.rows
    assert len(row) == 59
    assert row.endswith("x: 3 s, last time 10 s")


def test_without_a_terminal_a_line_comes_every_30_seconds(pipe):
    pipe.line.begin("Step", None)
    pipe.wait(75)
    assert pipe.rows == ["  ... Step: 30 s", "  ... Step: 1 min 0 s", ""]


def test_without_a_terminal_lines_of_others_are_enough(pipe):
    pipe.line.begin("Step", None)
    for _minute in range(4):
        pipe.wait(20)
        pipe.display.display("other")
    assert pipe.rows == ["other"] * 4 + [""]


def test_nothing_is_shown_between_steps(pipe):
    pipe.line.begin("Step", None)
    pipe.line.end()
    pipe.wait(100)
    assert pipe.display.written == ""


def test_a_forked_worker_writes_as_before(terminal, monkeypatch):
    terminal.line.begin("Step", None)
    terminal.wait(3)
    before = terminal.display.written
    monkeypatch.setattr(status_line.os, "getpid", lambda: -1)
    terminal.display.display("from a worker")
    assert terminal.display.written == before + "from a worker\n"
    assert terminal.line.end() == 0.0
