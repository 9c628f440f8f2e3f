# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Prints how long the role kube_prometheus and kubectl take to apply the release's objects, on a lab of its own.

Usage: python -m tests.bench.full

Both apply the same objects to the same cluster by server-side apply, once where none of them is there, and once more.
The role's figure is that of its two tasks: they also find out what changed, and delete what is not wanted. kubectl's is
that of its processes: it can't apply the objects before their definitions are established.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from ansible_collections.shkatara.keda_demo.tests.support import cores
from ansible_collections.shkatara.keda_demo.tests.support.release import ARCHIVE, BUILT
from ansible_collections.shkatara.keda_demo.tests.support.render import render

from tests.bench.__main__ import BUNDLE, LAB, ROOT, own_lab, playbook, show

FULL = {
    "kube_prometheus_profile": "full",
    "kube_prometheus_components": BUILT,
    "kube_prometheus_archive": str(ARCHIVE),
}
APPLY = "kube_prometheus/tasks/apply.yml"
LABEL = "keda-demo/role=kube_prometheus"
# What lies in no namespace, or in another than `monitoring`, and goes with nothing else.
OTHERS = "clusterroles,clusterrolebindings,roles,rolebindings"


def kubectl(*arguments: str) -> None:
    """Run kubectl on the lab's cluster."""
    kubeconfig = ROOT / "build" / LAB / "kubeconfig"
    command = [str(BUNDLE / "bin" / "kubectl"), f"--kubeconfig={kubeconfig}", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def remove() -> None:
    """Remove the monitoring with its definitions."""
    kubectl("delete", "namespace", "monitoring", "--ignore-not-found")
    kubectl("delete", OTHERS, f"--selector={LABEL}", "--all-namespaces")
    kubectl("delete", "customresourcedefinitions", f"--selector={LABEL}")


def by_role() -> tuple[float, int]:
    """Apply by the role; return the seconds of its tasks, and how many of them changed something."""
    _seconds, times = playbook(
        "site.yml", "--tags=kube_prometheus_apply", "--skip-tags=verify", f"--extra-vars={json.dumps(FULL)}"
    )
    return times.end - times.files[APPLY], times.changed


def by_kubectl(first: Path, rest: Path) -> float:
    """Apply by kubectl; return its seconds."""
    start = time.monotonic()
    apply = ("apply", "--server-side", "--force-conflicts", "--field-manager=keda_demo")
    kubectl(*apply, f"--filename={first}")
    kubectl("wait", "--for=condition=Established", "customresourcedefinitions", f"--selector={LABEL}")
    kubectl(*apply, f"--filename={rest}")
    return time.monotonic() - start


def write(folder: Path) -> tuple[Path, Path]:
    """Write the role's objects: the definitions with the namespace, and the others."""
    place = folder / "role"
    place.mkdir()
    variables = {**FULL, "cluster_bundle_dir": str(BUNDLE)}
    made = render(cores.OWN, "kube_prometheus", {"full": variables}, "__kube_prometheus_objects", place, ())
    objects: list[dict[str, Any]] = made["full"]["value"]
    paths = folder / "first.json", folder / "rest.json"
    for path, is_first in zip(paths, (True, False), strict=True):
        items = [item for item in objects if (item["kind"] in ("CustomResourceDefinition", "Namespace")) is is_first]
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return paths


def main() -> None:
    """Measure and print."""
    with own_lab(), tempfile.TemporaryDirectory() as folder:
        playbook("playbooks/lab.yml", "site.yml", "--skip-tags=verify")
        first, rest = write(Path(folder))
        remove()
        kubectl_first, kubectl_again = by_kubectl(first, rest), by_kubectl(first, rest)
        remove()
        (role_first, _changed), (role_again, changed) = by_role(), by_role()
    name = "kube-prometheus full, the role"
    show(f"{name}: first apply (kubectl {kubectl_first:.1f} s)", role_first, round(1.5 * kubectl_first, 1))
    show(f"{name}: again (kubectl {kubectl_again:.1f} s)", role_again, round(kubectl_again, 1))
    show("  tasks that changed something", changed, 0, "")


if __name__ == "__main__":
    main()
