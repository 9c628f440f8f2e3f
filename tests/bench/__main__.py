# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Prints each figure of the project beside its target, measured on a lab of its own. It fails on no figure.

Usage: python -m tests.bench [PAIRS]

The floor is `floor.sh`, a shell script with the same image, files and objects. The playbooks and the floor run in turn,
PAIRS times (3), each until four replicas are Ready under the same load. The inputs of the figures of the last run of
the playbooks, task_times.jsonl and verdict.json, stay in build/bench/demo.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.shkatara.keda_demo.tests.support import cores
from ansible_collections.shkatara.keda_demo.tests.support.render import render

from tests.bench.phases import TaskTimes, phase_ends, read_task_times

ROOT = Path(__file__).parents[2]
LAB, NETWORK = "keda-demo-bench", "10.89.50"
VARIABLES = [f"--extra-vars=lab_name={LAB}", f"--extra-vars=lab_network={NETWORK}"]
PROOFS = ROOT / "build" / LAB / "proof"
PROOF = [f"--extra-vars=verify_proof_dir={PROOFS}"]
LATEST = PROOFS / "latest" / "verdict.json"
KEPT = ROOT / "build" / "bench"
URL = f"http://{NETWORK}.21:30115/"
RATE, REPLICAS = 36.0, 4
LOAD = "ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load"
USER_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
CACHE = Path(os.environ.get("KEDA_DEMO_CACHE") or USER_CACHE / "keda_demo")
BUNDLE = CACHE / "bundles" / "seed-amd64"
# The files of a host that the collection wrote, without podman's and Debian's.
ETC = (
    "etc/cni/net.d etc/containerd etc/crictl.yaml etc/hosts etc/kubernetes/kubeadm-config.yaml "
    "etc/kubernetes/kubelet-config.yaml etc/sysctl.d/99-zz-keda-demo.conf etc/systemd/system/containerd.service "
    "etc/systemd/system/keda-demo-pod-routes.service etc/systemd/system/keda-demo-service-route.service "
    "etc/systemd/system/kubelet.service"
)
# The objects that the floor applies, in this order, by role and the role's variable.
OBJECTS = {
    "crds": [("kube_prometheus", "__kube_prometheus_crds")],
    "keda": [("keda", "__keda_objects")],
    "rest": [("kube_prometheus", "__kube_prometheus_templated"), ("demo_app", "__demo_app_objects")],
}
# The kernel settings that the floor script and the role lab change.
SYSCTLS = {
    "fs.inotify.max_user_instances": "8192",
    "fs.inotify.max_user_watches": "524288",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
    "vm.overcommit_memory": "1",
}


def playbook(*arguments: str) -> tuple[float, TaskTimes]:
    """Run ansible-playbook on the bench's lab; return the seconds that it took, and the times of its tasks."""
    KEPT.mkdir(parents=True, exist_ok=True)
    task_times = KEPT / "task_times.jsonl"
    task_times.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "task_times",
        "BENCH_TASK_TIMES": str(task_times),
    }
    start = time.monotonic()
    command = ["ansible-playbook", *arguments, *VARIABLES, *PROOF]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    seconds = time.monotonic() - start
    if done.returncode != 0:
        raise SystemExit("\n".join(done.stdout.splitlines()[-40:]))
    return seconds, read_task_times(task_times.read_text())


@contextlib.contextmanager
def own_lab() -> Iterator[None]:
    """Remove the bench's lab before and after, even if the bench fails or is ended by SIGTERM."""
    # By default SIGTERM ends Python without `finally`.
    before = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        playbook("playbooks/lab.yml", "--extra-vars=lab_state=absent")
        yield
    finally:
        playbook("playbooks/lab.yml", "--extra-vars=lab_state=absent")
        signal.signal(signal.SIGTERM, before)


def ours() -> dict[str, float]:
    """Run the playbooks for lab, cluster and proof; return the seconds at which each phase ended."""
    start = time.time()
    seconds, task_times = playbook("playbooks/lab.yml", "site.yml")
    demo = KEPT / "demo"
    demo.mkdir(exist_ok=True)
    shutil.copy(LATEST, demo)
    shutil.copy(KEPT / "task_times.jsonl", demo)
    return {**phase_ends(task_times, json.loads(LATEST.read_text()), start, REPLICAS), "all": seconds}


def floor(files: Path) -> dict[str, float]:
    """Run the floor script and send the load; return the seconds at which each phase ended."""
    image = podman("images", "--format={{.Repository}}:{{.Tag}}", "--filter=reference=localhost/keda-demo-lab-host")
    phases: dict[str, float] = {}
    start = time.monotonic()
    command = [str(ROOT / "tests/bench/floor.sh"), LAB, NETWORK, image.split()[0], str(BUNDLE), str(files)]
    for line in subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
        seconds, _, name = line.partition(" ")
        phases[name] = float(seconds)
    kubeconfig = files / "kubeconfig"
    for name, ready in (
        ("monitoring ready", monitoring_is_ready),
        ("KEDA available", keda_is_available),
        ("HPA with a metric", hpa_has_metric),
    ):
        while not ready(kubeconfig):
            pass
        phases[name] = time.monotonic() - start
    send_until(lambda: has_replicas(kubeconfig))
    phases["four replicas Ready"] = time.monotonic() - start
    return phases


def send_until(done: Callable[[], bool]) -> None:
    """Send the load from a process of its own until `done` returns true."""
    code = (
        "import asyncio, sys\n"
        f"from {LOAD}.schedule import LoadSpec, Stage\n"
        f"from {LOAD}.sender import Sender\n"
        "async def send():\n"
        "    await Sender(LoadSpec(sys.argv[1], (Stage(float(sys.argv[2]), 300.0),))).run()\n"
        "asyncio.run(send())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "collections")}
    with subprocess.Popen([sys.executable, "-c", code, URL, str(RATE)], env=environment) as sender:
        while not done():
            if sender.poll() is not None:
                raise SystemExit("the load ended before four replicas were Ready")
        sender.kill()


def get(kubeconfig: Path, *resource: str) -> dict[str, Any]:
    """Return an object, empty if it does not exist yet."""
    command = [str(BUNDLE / "bin/kubectl"), f"--kubeconfig={kubeconfig}", "get", "--output=json", *resource]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def has_condition(thing: Mapping[str, Any], name: str) -> bool:
    """Whether a condition of an object is true."""
    conditions = thing.get("status", {}).get("conditions", [])
    return any(condition["type"] == name and condition["status"] == "True" for condition in conditions)


def monitoring_is_ready(kubeconfig: Path) -> bool:
    """The role kube_prometheus waits for this."""
    workloads = get(kubeconfig, "--namespace=monitoring", "deployment,statefulset").get("items", [])
    ready = {workload["metadata"]["name"]: workload["status"].get("readyReplicas", 0) for workload in workloads}
    return all(ready.get(name) for name in ("prometheus-operator", "kube-state-metrics", "prometheus-k8s"))


def keda_is_available(kubeconfig: Path) -> bool:
    """The role keda waits for this."""
    return has_condition(get(kubeconfig, "apiservice", "v1beta1.external.metrics.k8s.io"), "Available")


def hpa_has_metric(kubeconfig: Path) -> bool:
    """A proof waits for this before its first request."""
    hpa = get(kubeconfig, "--namespace=test", "hpa.v2.autoscaling", "keda-hpa-scaledobject-py")
    return has_condition(hpa, "ScalingActive")


def has_replicas(kubeconfig: Path) -> bool:
    """Whether the Deployment has the replicas that the load needs."""
    status = get(kubeconfig, "--namespace=test", "deployment", "test").get("status", {})
    return int(status.get("readyReplicas", 0)) >= REPLICAS


def podman(*arguments: str) -> str:
    """Run podman; return its output."""
    return subprocess.run(["podman", *arguments], check=True, capture_output=True, text=True).stdout


def write_files(files: Path) -> None:
    """Write the files for the floor script, from the running lab."""
    for host in ("control1", "worker1"):
        with (files / f"{host}.tar").open("wb") as archive:
            command = [
                "podman",
                "exec",
                f"{LAB}-{host}",
                "sh",
                "-c",
                f"tar -C / -cf - $(cd / && ls -d {ETC} 2>/dev/null)",
            ]
            subprocess.run(command, check=True, stdout=archive)
    for name, parts in OBJECTS.items():
        objects = []
        for role, variable in parts:
            folder = files / f"{name}-{role}"
            folder.mkdir()
            objects += render(cores.OWN, role, {"all": {}}, variable, folder)["all"]["value"]
        (files / f"{name}.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


@contextlib.contextmanager
def kept_sysctls() -> Iterator[None]:
    """Restore the machine's kernel settings, of which the floor script changes some."""
    command = ["sysctl", *SYSCTLS]
    before = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    subprocess.run(["sysctl", "--quiet", "--write", *(f"{key}={value}" for key, value in SYSCTLS.items())], check=True)
    try:
        yield
    finally:
        settings = [line.replace(" = ", "=") for line in before.splitlines()]
        subprocess.run(["sysctl", "--quiet", "--write", *settings], check=True)


def show(name: str, value: float, target: float, unit: str = "s") -> None:
    """Print a figure beside its target."""
    print(f"{name:<60} {value:8.1f} {unit:<3} target {target:g} {'' if value <= target else '  MISSED'}", flush=True)


def show_pairs(pairs: list[tuple[dict[str, float], dict[str, float]]]) -> None:
    """Print the medians of both for each phase, and the ratio at the end."""
    print(f"\n{'seconds from the start, median of ' + str(len(pairs)) + ' pairs':<60} {'ours':>8} {'floor':>8}")
    for name in pairs[0][1]:
        print(f"{name:<60} {median(pairs, 0, name):8.1f} {median(pairs, 1, name):8.1f}")
    last = "four replicas Ready"
    show("ours / floor", median(pairs, 0, last) / median(pairs, 1, last), 1.4, "")


def median(pairs: list[tuple[dict[str, float], dict[str, float]]], side: int, name: str) -> float:
    """Return the median of a phase's end: of ours for side 0, of the floor's for side 1."""
    return statistics.median(pair[side][name] for pair in pairs)


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    pairs = []
    with own_lab(), tempfile.TemporaryDirectory() as folder, kept_sysctls():
        seconds, _ = playbook("playbooks/bundle.yml")
        show("playbooks/bundle.yml with a finished bundle", seconds, 3)
        for number in range(count):
            mine = ours()
            show("make demo up to the verdict, no lab hosts", mine["verdict"], 200)
            if number == 0:
                seconds, task_times = playbook("site.yml", "--skip-tags=verify")
                show("site.yml again, without the proof", seconds, 40)
                show("  tasks that changed something", task_times.changed, 0, "")
                print(f"{'  tasks':<60} {task_times.tasks:8d}")
                write_files(Path(folder))
            playbook("playbooks/lab.yml", "--extra-vars=lab_state=absent")
            theirs = floor(Path(folder))
            playbook("playbooks/lab.yml", "--extra-vars=lab_state=absent")
            pairs.append((mine, theirs))
    show_pairs(pairs)


if __name__ == "__main__":
    main()
