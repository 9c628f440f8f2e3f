# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The bench reads its figures from the runs that it measures: the times of tasks, and verdict.json.

A folder in recorded/bench holds one real run: `demo` is lab.yml and site.yml by `make bench`, with the folder of the
proof made relative, and `unreachable` is site.yml against hosts that don't answer. `make bench` leaves the files of its
last whole run in build/bench/demo.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from tests.bench import __main__ as bench
from tests.bench.phases import FILES, HOPS, phase_ends, read_task_times

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
RECORDED = Path(__file__).parent / "recorded" / "bench"
START = 1_790_000_000.0
VERDICT = {
    "verdict": "scaled",
    "reason": "as_predicted",
    "observed": {"replicas": 4},
    "hops": {
        "first_request": {"seconds": 0.0, "time": "2026-09-21T14:16:00.250Z"},
        "replicas_ready": {"seconds": 33.1, "time": "2026-09-21T14:16:33.350Z"},
    },
    "proof": "proof/latest",
}


def task_files(file):
    """Yield the files of a role's tasks in the order of their first tasks, with those that a file imports."""
    yield file.relative_to(COLLECTION / "roles").as_posix()
    for task in yaml.safe_load(file.read_text()):
        if "ansible.builtin.import_tasks" in task:
            yield from task_files(file.parent / task["ansible.builtin.import_tasks"])


def site_files():
    """Yield the files of all tasks in the order in which site.yml runs them."""
    for play in yaml.safe_load((COLLECTION / "playbooks" / "site.yml").read_text()):
        for task in play.get("tasks", []):
            role = task["ansible.builtin.import_role"]
            folder = COLLECTION / "roles" / role["name"].rpartition(".")[2] / "tasks"
            yield from task_files((folder / role.get("tasks_from", "main")).with_suffix(".yml"))


def lines(files):
    """What the callback writes for one task in each file, 10 s apart."""
    tasks = [{"time": START + 10 * number, "task": f"{file}:2"} for number, file in enumerate(files)]
    return "".join(json.dumps(line) + "\n" for line in [*tasks, {"time": START + 1000, "changed": 3}])


def test_phases_end_in_the_order_of_site_yml():
    files = list(site_files())
    assert [file for file in files if file in FILES] == list(FILES)


def test_the_floor_has_the_same_phases():
    script = (ROOT / "tests" / "bench" / "floor.sh").read_text()
    names = [*FILES.values(), *HOPS.values()]
    assert [name for name in names if f'phase "{name}"' in script] == names[:4]


def test_phases_are_read_from_task_times_and_the_verdict():
    times = read_task_times(lines(["lab/tasks/main.yml", *FILES, *FILES]))
    assert (times.tasks, times.changed) == (13, 3)
    ends = phase_ends(times, VERDICT, START, 4)
    assert list(ends) == [*FILES.values(), *HOPS.values(), "verdict"]
    assert [ends[name] for name in FILES.values()] == [10, 20, 30, 40, 50, 60]
    assert ends["four replicas Ready"] - ends["HPA with a metric"] == pytest.approx(33.1)
    assert ends["verdict"] == 1000


def test_the_end_of_the_last_playbook_counts():
    first = lines(["lab/tasks/main.yml"]).replace('"changed": 3', '"changed": 1')
    times = read_task_times(first + lines(FILES))
    assert (times.tasks, times.changed) == (1 + len(FILES), 3)


@pytest.mark.parametrize(
    ("verdict", "files", "message"),
    [
        ({**VERDICT, "verdict": "not_scaled"}, FILES, "the proof says not_scaled"),
        ({**VERDICT, "observed": {"replicas": 3}}, FILES, "4 replicas and the verdict scaled were expected"),
        ({**VERDICT, "hops": {}}, FILES, "HPA with a metric, four replicas Ready"),
        (VERDICT, list(FILES)[1:], "without an end: hosts up$"),
    ],
)
def test_another_outcome_is_no_figure(verdict, files, message):
    with pytest.raises(ValueError, match=message):
        phase_ends(read_task_times(lines(files)), verdict, START, 4)


@pytest.mark.parametrize("text", ["", '{"time": 1.0, "task": "lab/tasks/main.yml:2"}\n'])
def test_a_run_without_an_end_has_no_times(text):
    with pytest.raises(ValueError, match="no end"):
        read_task_times(text)


@pytest.mark.parametrize("folder", sorted(RECORDED.iterdir()), ids=lambda folder: folder.name)
def test_a_recorded_run(folder):
    times = read_task_times((folder / "task_times.jsonl").read_text())
    assert times.tasks > len(times.files) > 3
    assert all(first <= second for first, second in pairwise(times.files.values()))
    verdict_file = folder / "verdict.json"
    if not verdict_file.exists():  # it ended before its proof
        with pytest.raises(ValueError, match="phases without an end: control plane prepared, "):
            phase_ends(times, VERDICT, 0.0, 4)
        return
    verdict = json.loads(verdict_file.read_text())
    ends = phase_ends(times, verdict, min(times.files.values()), 4)
    assert list(ends.values()) == sorted(ends.values())
    hop = verdict["hops"]["replicas_ready"]["seconds"]
    assert ends["four replicas Ready"] - ends["HPA with a metric"] == pytest.approx(hop, abs=0.01)


def test_the_callback_writes_tasks_by_their_files(tmp_path):
    tasks = tmp_path / "roles" / "lab" / "tasks" / "main.yml"
    tasks.parent.mkdir(parents=True)
    debug = {"ansible.builtin.debug": {"msg": "x"}}
    tasks.write_text(yaml.safe_dump([{"name": "One", **debug, "changed_when": True}, {"name": "Two", **debug}]))
    play = {"hosts": "localhost", "gather_facts": False, "roles": ["lab"], "post_tasks": [{"name": "Three", **debug}]}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    environment = {
        **os.environ,
        "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests" / "bench" / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "task_times",
        "BENCH_TASK_TIMES": str(tmp_path / "task_times.jsonl"),
    }
    options = ["--inventory", "localhost,", "--connection=local"]
    command = [sys.executable, "-m", "ansible", "playbook", *options, "play.yml"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    written = [json.loads(line) for line in (tmp_path / "task_times.jsonl").read_text().splitlines()]
    assert [line.get("task") for line in written] == ["lab/tasks/main.yml:1", "lab/tasks/main.yml:5", "", None]
    assert written[-1]["changed"] == 1


def test_a_bench_that_is_ended_removes_its_lab(monkeypatch):
    calls = []
    monkeypatch.setattr(bench, "playbook", lambda *arguments: calls.append(arguments))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit, match="143"), bench.own_lab():
        os.kill(os.getpid(), signal.SIGTERM)
    assert calls == [("playbooks/lab.yml", "--extra-vars=lab_state=absent")] * 2
    assert signal.getsignal(signal.SIGTERM) == before
