# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The program behind `make check`, `make test` and `make test-all`, and .ci/run around it."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tiers import table
from tests.tiers.counts import Counts, MoleculeLog, of_junit
from tests.tiers.record import Record
from tests.tiers.runner import Outcome, Runner
from tests.tiers.steps import ROOT, Kind, Step, can_run, scenarios, tiers

# Of molecule 26.10.0, without colours and with them.
PLAIN = """\
INFO     [default > discovery] scenario test matrix: create, converge, destroy
INFO     [default > create] Executing
PLAY [localhost] ****
INFO     [default > create] Executed: Successful
INFO     [default > cleanup] Executing
WARNING  [default > cleanup] Executed: Missing playbook (Remove from test_sequence to suppress)
INFO     [default > converge] Executing
ERROR    [default > converge] \x1b[31mExecuted: Failed\x1b[0m
INFO     Molecule executed 1 scenario (1 failed)
default > create: Executed: Successful
"""
# Of molecule 26.10.0 and ansible-core 2.19: a frame, colours, and long lines wrapped.
FAILING = """\
\x1b[36mINFO    \x1b[0m \x1b[32mvm\x1b[0m ➜ \x1b[33mconverge\x1b[0m: Executing
  \x1b[2m│\x1b[0m TASK [Try] ***
  \x1b[2m\x1b[31m│\x1b[0m \x1b[0;31mfailed: [control1] (item=a) => \x1b[0m
  \x1b[2m\x1b[31m│\x1b[0m \x1b[0;31m    msg: no matter\x1b[0m
  \x1b[2m\x1b[36m│\x1b[0m \x1b[0;36m...ignoring\x1b[0m
  \x1b[2m│\x1b[0m
  \x1b[2m│\x1b[0m TASK [shkatara.keda_demo.cluster : Fail if the address of a host outside
  \x1b[2m│\x1b[0m   this run's limit is not known] ***
  \x1b[2m│\x1b[0m Saturday 28 November 2026  00:51:31 +0000 (0:00:03.412)       0:00:11.384
  \x1b[2m│\x1b[0m   *****
  \x1b[2m\x1b[1;31m│\x1b[0m \x1b[1;31mfatal: [control1 -> worker1]: UNREACHABLE! => \x1b[0m
  \x1b[2m\x1b[1;31m│\x1b[0m \x1b[1;31m    changed: false\x1b[0m
  \x1b[2m\x1b[1;31m│\x1b[0m \x1b[1;31m    msg: 'Task failed: Data could not be sent to remote host "10.89.40.21".\x1b[0m
  \x1b[2m\x1b[1;31m│\x1b[0m \x1b[1;31m  Make sure\x1b[0m
  \x1b[2m│\x1b[0m
  \x1b[2m│\x1b[0m PLAY RECAP *******************
  \x1b[2m│\x1b[0m control1                   : ok=3    changed=0    unreachable=1    failed=0
\x1b[31mERROR   \x1b[0m \x1b[32mvm\x1b[0m ➜ \x1b[33mconverge\x1b[0m: \x1b[31mExecuted: Failed\x1b[0m
"""
COLOURED = """\
\x1b[36mINFO    \x1b[0m \x1b[32mdefault\x1b[0m ➜ \x1b[33mcreate\x1b[0m: Executing
\x1b[36mINFO    \x1b[0m \x1b[32mdefault\x1b[0m ➜ \x1b[33mcreate\x1b[0m: \x1b[32mExecuted: Successful\x1b[0m
"""
JUNIT = """\
<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2"
 skipped="3" tests="10" time="0.1"><testcase classname="a" name="b" time="0.1" /></testsuite></testsuites>
"""


def _shell(name, command, **options):
    return Step(name, ("sh", "-c", command), **options)


def _run(folder, *steps, done=lambda _step: False):
    handlers = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    kept = []
    try:
        outcomes = Runner(folder, done, kept.append).run(list(steps))
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert kept == outcomes
    return {outcome.step.name: outcome for outcome in outcomes}


def _results(outcomes):
    return {name: outcome.result for name, outcome in outcomes.items()}


def test_molecule_s_actions_are_counted_and_timed():
    log = MoleculeLog()
    for now, line in enumerate(PLAIN.splitlines()):
        log.read(line, now)
    assert [(part.name, part.result, part.seconds) for part in log.parts] == [
        ("default create", "passed", 2),
        ("default cleanup", "left out", 1),
        ("default converge", "failed", 1),
    ]
    assert log.counts() == Counts(passed=1, failed=1)


def test_the_reason_of_a_failure_is_the_last_task_that_failed():
    log = MoleculeLog()
    for line in FAILING.splitlines():
        log.read(line, 0)
    assert log.failures() == [
        "vm converge",
        "  shkatara.keda_demo.cluster : Fail if the address of a host outside",
        "  fatal: [control1 -> worker1]: UNREACHABLE! =>",
        "      changed: false",
        '      msg: \'Task failed: Data could not be sent to remote host "10.89.40.21".',
        "    Make sure",
    ]


def test_an_ignored_failure_is_no_reason():
    log = MoleculeLog()
    for line in FAILING.splitlines()[:5]:
        log.read(line, 0)
    assert log.failures() == ["vm converge"]


def test_an_action_that_passes_has_no_reason():
    log = MoleculeLog()
    for line in FAILING.replace("ERROR", "INFO").replace("Failed", "Successful").splitlines():
        log.read(line, 0)
    assert log.failures() == []


def test_molecule_s_colours_do_not_matter():
    log = MoleculeLog()
    for line in COLOURED.splitlines():
        log.read(line, 0)
    assert log.counts() == Counts(passed=1)


def test_an_action_of_molecule_that_never_ended_has_not_passed():
    log = MoleculeLog()
    log.read("INFO     [proof > verify] Executing", 0)
    assert log.counts() == Counts(failed=1)


def test_errors_of_a_junit_report_are_failures(tmp_path):
    (tmp_path / "report.xml").write_text(JUNIT)
    assert of_junit(tmp_path / "report.xml") == Counts(passed=4, failed=3, skipped=3)
    assert of_junit(tmp_path / "none.xml") == Counts()


def test_a_step_that_needs_all_is_left_out_after_a_failure(tmp_path):
    outcomes = _run(
        tmp_path,
        _shell("good", "echo said"),
        _shell("bad", "exit 3"),
        _shell("next", "true"),
        _shell("lab", f"touch {tmp_path}/lab", needs_all=True),
    )
    assert _results(outcomes) == {"good": "passed", "bad": "failed", "next": "passed", "lab": "not run"}
    assert outcomes["bad"].counts == Counts(failed=1)
    assert (tmp_path / "good.log").read_text() == "said\n"
    assert not (tmp_path / "lab").exists()


def test_steps_that_may_run_beside_each_other_do(tmp_path):
    # Each waits for what only the other one makes.
    def meet(mine, other):
        wait = f"for i in $(seq 100); do [ -e {tmp_path}/{other} ] && exit 0; sleep 0.1; done; exit 1"
        return _shell(mine, f"touch {tmp_path}/{mine}; {wait}", beside=True)

    assert _results(_run(tmp_path, meet("a", "b"), meet("b", "a"))) == {"a": "passed", "b": "passed"}


def test_pytest_s_own_report_is_counted(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 0\n"
        "@pytest.mark.skip(reason='no need')\n"
        "def test_skipped(): pass\n"
    )
    command = (sys.executable, "-m", "pytest", "-q", f"--rootdir={tmp_path}", str(tmp_path / "test_it.py"))
    outcomes = _run(tmp_path, Step("tests", command, Kind.PYTEST))
    assert outcomes["tests"].counts == Counts(passed=1, failed=1, skipped=1)
    assert outcomes["tests"].result == "failed"
    assert outcomes["tests"].failures == ["test_it::test_bad"]


def test_the_clean_up_runs_before_a_step_and_after_its_failure(tmp_path):
    clean_up = ("sh", "-c", f"echo clean >> {tmp_path}/order")
    _run(
        tmp_path,
        _shell("good", f"echo good >> {tmp_path}/order", clean_up=clean_up),
        _shell("kept", f"echo kept >> {tmp_path}/order; exit 1", clean_up=clean_up, keep=True),
        _shell("bad", f"echo bad >> {tmp_path}/order; exit 1", clean_up=clean_up),
    )
    assert (tmp_path / "order").read_text().split() == ["clean", "good", "clean", "kept", "clean", "bad", "clean"]


def test_what_a_step_leaves_running_is_ended(tmp_path):
    outcomes = _run(tmp_path, _shell("leaves", f"setsid sleep 300 & echo $! > {tmp_path}/pid"))
    assert outcomes["leaves"].result == "passed"
    assert not _is_alive(int((tmp_path / "pid").read_text()))


def _is_alive(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def _wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "never came true"
        time.sleep(0.05)


RUN_UNTIL_SIGNAL = """
import sys
from pathlib import Path
from tests.tiers.runner import Runner
from tests.tiers.steps import Step
folder = Path(sys.argv[1])
steps = [
    Step("long", ("sh", "-c", "trap '' TERM; setsid sleep 300 & echo $! > pid; wait; sleep 300"),
         clean_up=("sh", "-c", "echo clean >> order")),
    Step("next", ("touch", "next")),
]
outcomes = Runner(folder, lambda step: False, lambda outcome: None).run(steps)
print([(outcome.step.name, outcome.result) for outcome in outcomes])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_the_step_and_its_children_and_cleans_up(tmp_path, number):
    code = f"from tests.tiers import processes; processes.GRACE_SECONDS = 1.0\n{RUN_UNTIL_SIGNAL}"
    program = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = tmp_path / "pid"
    _wait_for(lambda: pid.exists() and pid.read_text().strip())
    program.send_signal(number)
    printed, _ = program.communicate(timeout=60)
    assert printed.splitlines()[-1] == "[('long', 'interrupted'), ('next', 'not run')]"
    assert not _is_alive(int(pid.read_text()))
    assert (tmp_path / "order").read_text().split() == ["clean", "clean"]
    assert not (tmp_path / "next").exists()


def test_the_table_counts_tests_apart_from_molecule_s_steps():
    log = MoleculeLog()
    for now, line in enumerate(PLAIN.splitlines()):
        log.read(line, now)
    outcomes = [
        Outcome(Step("ruff", ("ruff",)), "passed", 1.25, Counts(1)),
        Outcome(Step("unit-tests", ("pytest",), Kind.PYTEST), "passed", 61.0, Counts(1200, 0, 2)),
        Outcome(Step("lab", ("molecule",), Kind.MOLECULE), "failed", 600.0, Counts(1, 1), log.parts, log.failures()),
        Outcome(Step("later", ("molecule",), Kind.MOLECULE), "not run"),
        Outcome(Step("bundle", ("true",)), "passed before"),
    ]
    lines = table.render(outcomes, 662.5).splitlines()
    assert [line.split() for line in lines if line.startswith(("ruff", "  default converge  ", "all"))] == [
        ["ruff", "passed", "1.2"],
        ["default", "converge", "failed", "1.0"],
        ["all", "662.5"],
    ]
    assert lines[-7:] == [
        "lab:",
        "  default converge",
        "",
        "tests: 1200 passed, 0 failed, 2 skipped; molecule's steps: 1 passed, 1 failed; "
        "other steps: 1 passed, 0 failed",
        "not run: later",
        "passed before, for the same files: bundle",
        "1202 passed, 1 failed, 2 skipped",
    ]


@pytest.fixture
def tree(tmp_path):
    """Return a repository of git with a tracked file and an ignored folder."""
    root = tmp_path / "tree"
    (root / "build").mkdir(parents=True)
    (root / "tracked").write_text("one")
    (root / ".gitignore").write_text("/build/\n")
    for command in ("git init --quiet", "git add ."):
        subprocess.run(shlex.split(command), cwd=root, check=True)
    return root


def test_a_step_that_has_passed_is_not_run_again_until_a_file_changes(tree):
    file = tree / "build" / "passed.json"
    record = Record(file, tree)
    assert not record.has_passed("lab")
    record.add("lab")
    assert Record(file, tree).has_passed("lab")
    assert not Record(file, tree).has_passed("other")
    (tree / "build" / "any").write_text("ignored")
    assert Record(file, tree).has_passed("lab")


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "tracked").write_text("two"),
        lambda root: (root / "tracked").chmod(0o755),
        lambda root: (root / "tracked").unlink(),
        lambda root: (root / "tracked").rename(root / "renamed"),
        lambda root: (root / "untracked").write_text("new"),
        lambda root: (root / "link").symlink_to("tracked"),
    ],
    ids=["content", "mode", "removed", "renamed", "untracked", "link"],
)
def test_any_change_of_a_file_makes_every_step_run_again(tree, change):
    file = tree / "build" / "passed.json"
    record = Record(file, tree)
    record.add("lab")
    change(tree)
    assert not Record(file, tree).has_passed("lab")
    # What passes now was begun with other files.
    record.add("scenario")
    change_kept = Record(file, tree)
    assert not change_kept.has_passed("scenario")


def test_a_resumed_run_leaves_out_what_has_passed(tmp_path):
    outcomes = _run(
        tmp_path,
        _shell("passed", "exit 1"),
        _shell("open", "true", needs_all=True),
        done=lambda step: step.name == "passed",
    )
    assert _results(outcomes) == {"passed": "passed before", "open": "passed"}


def test_every_scenario_is_part_of_all():
    # `default` and `proof` share the step `lab`; each other scenario has a step of its own.
    named = {name for name in scenarios() if (ROOT / "molecule" / name / "molecule.yml").is_file()}
    assert {"default", "proof"} <= named
    run = [argument for step in tiers()["all"] for argument in step.command if argument.startswith("--scenario-name=")]
    assert {argument.partition("=")[2] for argument in run} == {name for name in named if can_run(name)}


def test_a_scenario_without_its_ansible_is_left_out(tmp_path):
    assert can_run("hosts", tmp_path)
    assert not can_run("py27", tmp_path)
    program = tmp_path / ".venv-core-2.16" / "bin" / "ansible-playbook"
    program.parent.mkdir(parents=True)
    program.touch()
    assert can_run("py27", tmp_path)


def test_a_scenario_is_found_by_its_file(tmp_path):
    for name in ("two_subnets", "hosts"):
        (tmp_path / "molecule" / name).mkdir(parents=True)
        (tmp_path / "molecule" / name / "molecule.yml").touch()
    (tmp_path / "molecule" / "shared").mkdir()
    assert scenarios(tmp_path) == ["hosts", "two_subnets"]


@pytest.mark.parametrize("tier", tiers())
def test_the_names_of_a_tier_s_steps_are_distinct_and_can_be_typed(tier):
    names = [step.name for step in tiers()[tier]]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z0-9._-]+", name)] == []


def test_make_help_names_every_target():
    makefile = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert sorted(line.split()[1] for line in shown.splitlines()) == sorted(phony.split())


@pytest.fixture
def ci(tmp_path):
    """Return a folder with .ci/run, whose Makefile the test writes."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    return tmp_path


def _ci(folder, recipe):
    (folder / "Makefile").write_text(f"test:\n\t{recipe}\n")
    environment = {name: value for name, value in os.environ.items() if name != "KEDA_DEMO_BUILD"}
    return subprocess.Popen(
        ["bash", ".ci/run"], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_ci_ends_with_the_closing_line_and_make_s_status(ci):
    run = _ci(ci, "mkdir -p build/tests && printf 'table\\n3 passed, 1 failed\\n' > build/tests/summary; exit 1")
    printed, _ = run.communicate(timeout=30)
    assert printed.splitlines()[-1] == "3 passed, 1 failed"
    assert run.returncode == 2


def test_ci_says_that_it_has_failed_if_make_ends_before_the_tests(ci):
    (ci / "build" / "tests").mkdir(parents=True)
    (ci / "build" / "tests" / "summary").write_text("9 passed, 0 failed\n")
    run = _ci(ci, "exit 1")
    printed, _ = run.communicate(timeout=30)
    assert printed.splitlines()[-1] == "0 passed, 1 failed"
    assert run.returncode == 2


def test_a_signal_to_ci_reaches_the_tests_and_is_waited_for(ci):
    program = "trap 'sleep 1; mkdir -p build/tests; echo 1 passed, 1 failed > build/tests/summary; exit 1' TERM"
    run = _ci(ci, f'@bash -c "{program}; touch began; sleep 300 & wait"')
    _wait_for((ci / "began").exists)
    run.terminate()
    printed, _ = run.communicate(timeout=30)
    assert printed.splitlines()[-1] == "1 passed, 1 failed"
    assert run.returncode not in (0, None)
