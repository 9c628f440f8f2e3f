# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Prints each figure of the project beside its target. It measures on a lab of its own, and prints: no test times.

Usage: python -m tests.bench [PAIRS]

The floor is `floor.sh`: the same image, files and objects by a shell script. Both are followed until four replicas are
Ready under the same load, in turn, PAIRS times (3).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.shkatara.keda_demo.tests.support import cores
from ansible_collections.shkatara.keda_demo.tests.support.render import render

ROOT = Path(__file__).parents[2]
LAB, NETWORK = "keda-demo-bench", "10.89.50"
VARIABLES = [f"--extra-vars=lab_name={LAB}", f"--extra-vars=lab_network={NETWORK}"]
PROOF = [f"--extra-vars=verify_proof_dir={ROOT}/build/{LAB}/proof"]
URL = f"http://{NETWORK}.21:30115/"
RATE, REPLICAS = 36.0, 4
USER_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
CACHE = Path(os.environ.get("KEDA_DEMO_CACHE") or USER_CACHE / "keda_demo")
BUNDLE = CACHE / "bundles" / "seed-amd64"
# Of a host's files those that the collection wrote; podman's and Debian's own are left out.
ETC = (
    "etc/cni/net.d etc/containerd etc/crictl.yaml etc/hosts etc/kubernetes/kubeadm-config.yaml "
    "etc/kubernetes/kubelet-config.yaml etc/sysctl.d/99-keda-demo.conf etc/systemd/system/containerd.service "
    "etc/systemd/system/keda-demo-pod-routes.service etc/systemd/system/keda-demo-service-route.service "
    "etc/systemd/system/kubelet.service"
)
# What the floor applies, in this order, by the roles' variables.
OBJECTS = {
    "crds": [("kube_prometheus", "__kube_prometheus_crds")],
    "keda": [("keda", "__keda_objects")],
    "rest": [("kube_prometheus", "__kube_prometheus_templated"), ("demo_app", "__demo_app_objects")],
}
# What the role lab sets, too.
SYSCTLS = {
    "fs.inotify.max_user_instances": "8192",
    "fs.inotify.max_user_watches": "524288",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
    "vm.overcommit_memory": "1",
}
# The lines of a run that end a phase, and what the phase is called.
ENDS = {
    r"TASK .*preflight : Connect to the host": "hosts up",
    r"TASK .*control_plane : Write kubeadm": "control plane prepared",
    r"TASK .*control_plane : Bring a changed": "kubeadm init",
    r"TASK .*Wait until the monitoring is ready": "applied and joined",
    r"TASK .*Wait until KEDA serves": "monitoring ready",
    r"TASK .*demo_app : Deliver a changed ServiceMonitor": "KEDA available",
    r" rest +predicted:": "HPA with a metric",
}


def playbook(*arguments: str, on_line: Callable[[str], None] = lambda _line: None) -> tuple[float, str]:
    """Run ansible-playbook on the bench's lab; return the seconds that it took and what it printed."""
    begun = time.monotonic()
    command = ["ansible-playbook", *arguments, *VARIABLES, *PROOF]
    printed = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or []:
            printed.append(line)
            on_line(line)
    if process.returncode != 0:
        raise SystemExit("".join(printed[-40:]))
    return time.monotonic() - begun, "".join(printed)


def ours() -> dict[str, float]:
    """Make lab, cluster and proof; return the seconds at which each phase had ended."""
    phases: dict[str, float] = {}
    begun = time.monotonic()

    def on_line(line: str) -> None:
        for pattern, name in ENDS.items():
            if re.search(pattern, line):
                phases.setdefault(name, time.monotonic() - begun)
        # The first pods are Ready some seconds after the first request, which the prediction comes right before.
        found = re.search(r"verdict: scaled .*? were Ready ([0-9.]+) s after", line)
        if found:
            phases["four replicas Ready"] = phases["HPA with a metric"] + float(found[1])
            phases["verdict"] = time.monotonic() - begun

    phases["all"], _ = playbook("playbooks/lab.yml", "site.yml", on_line=on_line)
    return phases


def floor(files: Path) -> dict[str, float]:
    """The same by the shell script, up to four replicas."""
    image = podman("images", "--format={{.Repository}}:{{.Tag}}", "--filter=reference=localhost/keda-demo-lab-host")
    phases: dict[str, float] = {}
    begun = time.monotonic()
    command = [ROOT / "tests/bench/floor.sh", LAB, NETWORK, image.split()[0], BUNDLE, files]
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
        phases[name] = time.monotonic() - begun
    send_until(lambda: has_replicas(kubeconfig))
    phases["four replicas Ready"] = time.monotonic() - begun
    return phases


def send_until(done: Callable[[], bool]) -> None:
    """Send the load, from a process of its own, until `done` says so."""
    code = (
        "import asyncio, sys\n"
        "from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage\n"
        "from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.sender import Sender\n"
        "async def send():\n"
        "    await Sender(LoadSpec(sys.argv[1], (Stage(float(sys.argv[2]), 300.0),))).run()\n"
        "asyncio.run(send())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "collections")}
    with subprocess.Popen([sys.executable, "-c", code, URL, str(RATE)], env=environment) as sender:
        while not done():
            if sender.poll() is not None:
                raise SystemExit("the load ended by itself")
        sender.kill()


def get(kubeconfig: Path, *what: str) -> dict[str, Any]:
    """Return an object, or an empty one where there is none yet."""
    command = [BUNDLE / "bin/kubectl", f"--kubeconfig={kubeconfig}", "get", "--output=json", *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def condition(found: dict[str, Any], name: str) -> bool:
    """Whether an object has a condition that is true."""
    conditions = found.get("status", {}).get("conditions", [])
    return any(one["type"] == name and one["status"] == "True" for one in conditions)


def monitoring_is_ready(kubeconfig: Path) -> bool:
    """What the role kube_prometheus waits for."""
    found = get(kubeconfig, "--namespace=monitoring", "deployment,statefulset")
    ready = {one["metadata"]["name"]: one["status"].get("readyReplicas", 0) for one in found.get("items", [])}
    return all(ready.get(name) for name in ("prometheus-operator", "kube-state-metrics", "prometheus-k8s"))


def keda_is_available(kubeconfig: Path) -> bool:
    """What the role keda waits for."""
    return condition(get(kubeconfig, "apiservice", "v1beta1.external.metrics.k8s.io"), "Available")


def hpa_has_metric(kubeconfig: Path) -> bool:
    """What a proof waits for before it sends anything."""
    hpa = get(kubeconfig, "--namespace=test", "hpa.v2.autoscaling", "keda-hpa-scaledobject-py")
    return condition(hpa, "ScalingActive")


def has_replicas(kubeconfig: Path) -> bool:
    """Whether the load has its pods."""
    status = get(kubeconfig, "--namespace=test", "deployment", "test").get("status", {})
    return int(status.get("readyReplicas", 0)) >= REPLICAS


def podman(*arguments: str) -> str:
    """Return what podman printed."""
    return subprocess.run(["podman", *arguments], check=True, capture_output=True, text=True).stdout


def write_files(files: Path) -> None:
    """Keep what the floor script is given, of the lab that stands."""
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
            place = files / f"{name}-{role}"
            place.mkdir()
            objects += render(cores.OWN, role, {"all": {}}, variable, place)["all"]["value"]
        (files / f"{name}.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


@contextlib.contextmanager
def kept_sysctls() -> Iterator[None]:
    """A context after which the machine's kernel settings are as before; the floor script changes some."""
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
    """Print the medians of both by phase, and the ratio."""
    print(f"\n{'seconds from the start, median of ' + str(len(pairs)) + ' pairs':<60} {'ours':>8} {'floor':>8}")
    for name in pairs[0][1]:
        mine = statistics.median(one[name] for one, _ in pairs)
        theirs = statistics.median(one[name] for _, one in pairs)
        print(f"{name:<60} {mine:8.1f} {theirs:8.1f}")
    last = "four replicas Ready"
    ratio = statistics.median(one[last] for one, _ in pairs) / statistics.median(one[last] for _, one in pairs)
    show("ours / floor", ratio, 1.4, "")


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    playbook("playbooks/lab.yml", "--extra-vars=lab_state=absent")
    seconds, _ = playbook("playbooks/bundle.yml")
    show("a bundle that is there", seconds, 3)
    pairs = []
    with tempfile.TemporaryDirectory() as folder, kept_sysctls():
        for number in range(count):
            mine = ours()
            show("make demo up to the verdict, no lab hosts", mine["verdict"], 200)
            if number == 0:
                seconds, printed = playbook("site.yml", "--skip-tags=verify")
                show("site.yml again, without the proof", seconds, 40)
                changed = sum(int(one) for one in re.findall(r"changed=([0-9]+)", printed))
                show("  tasks that changed something", changed, 0, "")
                print(f"{'  tasks':<60} {printed.count('TASK ['):8d}")
                write_files(Path(folder))
            playbook("playbooks/lab.yml", "--extra-vars=lab_state=absent")
            theirs = floor(Path(folder))
            playbook("playbooks/lab.yml", "--extra-vars=lab_state=absent")
            pairs.append((mine, theirs))
    show_pairs(pairs)


if __name__ == "__main__":
    main()
