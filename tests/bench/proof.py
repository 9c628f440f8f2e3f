# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Prints how often a proof comes as it was predicted, and when, as Markdown for the documentation.

Usage: python -m tests.bench.proof [N]

On a lab of its own: N proofs (10) of the demo with a tuned timing, out and back in; N with the default timing, of
which the last one goes back in, too; and 3 with the tuned timing and an HPA that looks every 2 s. It only prints, and
goes on after a verdict that is not the right one. Every verdict.json stays in build/<lab>/proof.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.hop_bounds import outside
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.verdicts import VERDICTS

from tests.bench.__main__ import BUNDLE, LAB, ROOT, get, playbook

KUBECONFIG = ROOT / "build" / LAB / "kubeconfig"
LATEST = ROOT / "build" / LAB / "proof" / "latest" / "verdict.json"
NAMESPACE, NAME = "--namespace=test", "scaledobject-py"
OUT, BACK = ["scale_out", "hold"], ["scale_in"]
QUICK_SYNC_SECONDS = 2
# Longer than a new pod may take until it is counted (10 s for its start, 1 s for its probe, 21 s for discovery, scrape
# and window, 15 s for the HPA): a shorter one lets the HPA shrink on its way.
STABILIZATION_SECONDS = 50
TUNED = {
    "demo_app_scrape_interval_seconds": 1,
    "demo_app_query_window_seconds": 10,
    "demo_app_behavior": {"scaleDown": {"stabilizationWindowSeconds": STABILIZATION_SECONDS}},
}
TUNED_POD_START_SECONDS = 10
HOLD_SECONDS = 5


@dataclass(frozen=True)
class Proofs:
    """The results of one timing, as verdict.json has them.

    `target` is the seconds in which the first new pod is to be Ready, None where there is no target.
    """

    title: str
    target: float | None = None
    results: list[dict[str, Any]] = field(default_factory=list)

    def prove(self, phases: list[str], **variables: Any) -> None:
        """Run one proof, of which any verdict is a result.

        :raises SystemExit: it could not be run
        """
        always = {"verify_phases": phases, "verify_expect": list(VERDICTS), "verify_hold_seconds": HOLD_SECONDS}
        variables = {**always, **variables}
        playbook("playbooks/verify.yml", f"--extra-vars={json.dumps(variables)}")
        result = json.loads(LATEST.read_text())
        self.results.append(result)
        print(f"{self.title} {len(self.results)}: {result['message']}", file=sys.stderr, flush=True)


def site(**variables: Any) -> None:
    """Bring the lab's cluster to these settings, without a proof."""
    playbook("playbooks/lab.yml", "site.yml", "--skip-tags=verify", f"--extra-vars={json.dumps(variables)}")


def kubectl(*arguments: str, given: str | None = None) -> None:
    """Change something in the lab's cluster."""
    command = [str(BUNDLE / "bin/kubectl"), f"--kubeconfig={KUBECONFIG}", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, text=True, input=given)


def reset(sync_seconds: float) -> None:
    """Have one replica and a new HPA, where waiting for an old one's stabilization would take 300 s.

    An HPA's controller keeps the recommendations by its namespace and name, and drops them when it looks and finds the
    HPA gone. KEDA's annotation for a pause keeps the HPA, and an HPA that is deleted alone is there again before the
    controller looks. So the ScaledObject goes, for longer than a period.
    Source: Kubernetes 1.25, pkg/controller/podautoscaler/horizontal.go, reconcileKey; KEDA 2.10,
    controllers/keda/hpa.go, newHPAForScaledObject, and scaledobject_controller.go, SetupWithManager.
    """
    found = get(KUBECONFIG, NAMESPACE, "scaledobject", NAME)
    # KEDA's own label is left to KEDA.
    labels = {key: value for key, value in found["metadata"]["labels"].items() if "keda.sh/" not in key}
    metadata = {"name": NAME, "namespace": found["metadata"]["namespace"], "labels": labels}
    again = {"apiVersion": found["apiVersion"], "kind": found["kind"], "metadata": metadata, "spec": found["spec"]}
    # The HPA goes before it, so that it scales nothing any more.
    kubectl(NAMESPACE, "delete", "scaledobject", NAME, "--cascade=foreground", "--timeout=90s")
    kubectl(NAMESPACE, "scale", "deployment", "test", "--replicas=1")
    time.sleep(sync_seconds + 3)
    apply = ["apply", "--server-side", "--field-manager=keda_demo", "--force-conflicts", "--filename=-"]
    kubectl(*apply, given=json.dumps(again))


def leader() -> str:
    """Return which process is the controller manager that acts."""
    lease = get(KUBECONFIG, "--namespace=kube-system", "lease", "kube-controller-manager")
    return str(lease.get("spec", {}).get("holderIdentity", ""))


def change_sync(seconds: int, **variables: Any) -> None:
    """Have the HPA look every so many seconds: kubelet restarts the controller manager, which becomes leader again.

    :raises SystemExit: it does not
    """
    before = leader()
    site(control_plane_hpa_sync_period_seconds=seconds, **variables)
    end = time.monotonic() + 120
    while leader() in ("", before):
        if time.monotonic() > end:
            raise SystemExit("the controller manager was not started anew with another sync period")
        time.sleep(1)


def came_as_predicted(result: dict[str, Any]) -> bool:
    """Whether the replicas under load, and after it where that was proven, are the predicted ones."""
    predicted, observed = result["predicted"], result["observed"]
    if not predicted or observed["replicas"] not in (predicted.get("possible_replicas") or []):
        return False
    back = predicted["scale_in"]
    return back is None or observed["final_replicas"] == back["replicas"]


def bounds(result: dict[str, Any]) -> dict[str, tuple[list[float], float]]:
    """Return each hop's predicted bounds, and the seconds after the first request from which they are counted."""
    predicted, ended = result["predicted"] or {}, result["hops"].get("load_ended", {}).get("seconds", 0.0)
    found = {name: (given, 0.0) for name, given in predicted.get("hops", {}).items() if name != "first_request"}
    return found | {name: (given, ended) for name, given in predicted.get("hops_back", {}).items()}


def p95(values: list[float]) -> float:
    """Return the value that 95 of 100 don't exceed, between two measured ones."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def rows(results: list[dict[str, Any]]) -> list[str]:
    """Return the table's lines, one a hop, in the order of their causes."""
    predicted: dict[str, list[list[float]]] = {}
    observed: dict[str, list[float]] = {}
    after_load: set[str] = set()
    for result in results:
        for name, (given, begin) in bounds(result).items():
            predicted.setdefault(name, []).append(given)
            if name in result["predicted"]["hops_back"]:
                after_load.add(name)
            if name in result["hops"]:
                observed.setdefault(name, []).append(result["hops"][name]["seconds"] - begin)
    found = []
    for name, all_bounds in predicted.items():
        words = name.replace("_", " ") + (" (after the last request)" if name in after_load else "")
        widest = f"{min(one[0] for one in all_bounds):.1f} to {max(one[1] for one in all_bounds):.1f}"
        seen = observed.get(name, [])
        measured = [f"{of(seen):.1f}" if seen else "-" for of in (statistics.median, p95, max)]
        found.append(f"| {words} | {widest} | {' | '.join(measured)} | {len(seen)} |")
    return found


def report(proofs: Proofs) -> None:
    """Print what a timing's proofs have shown."""
    results = proofs.results
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in Counter(one["verdict"] for one in results).items())
    predicted = [name for one in results for name in bounds(one)]
    seen = [(name, one["hops"][name]) for one in results for name in bounds(one) if name in one["hops"]]
    out = [words for name, hop in seen if (words := outside(name, hop))]
    agree = sum(1 for one in results if (one["end_to_end"] or {}).get("agrees") is True)
    print(f"\n### {proofs.title}\n")
    print(
        f"{len(results)} proofs: {verdicts}. Predicted = observed: {sum(map(came_as_predicted, results))}. "
        f"Hops outside their bounds: {len(out)} of {len(seen)}; predicted and not seen: {len(predicted) - len(seen)}. "
        f"As many requests counted as answered: {agree}.\n"
    )
    print("| hop | predicted, s | p50 | p95 | max | seen |\n| --- | --- | --- | --- | --- | --- |")
    print("\n".join(rows(results)))
    wrong = [f"{one['verdict']}: {one['message']}" for one in results if one["verdict"] != "scaled"]
    deviations = [f"deviation: {words}" for one in results for words in one["deviations"]]
    if wrong or deviations:
        print("".join(f"\n- {words}" for words in wrong + deviations))
    first = [one["hops"]["pod_ready"]["seconds"] for one in results if "pod_ready" in one["hops"]]
    if proofs.target is not None:
        longest = max(first, default=math.inf)
        missed = "" if longest <= proofs.target else ", MISSED"
        print(f"\nFirst new pod Ready: {longest:.1f} s at most, target {proofs.target:g} s{missed}", flush=True)


def measure(count: int) -> list[Proofs]:
    """Run all proofs, on a lab that is made for it; return them by timing."""
    playbook("playbooks/lab.yml", "--extra-vars=lab_state=absent")
    tuned = Proofs("Tuned timing (scrape 1 s, window 10 s)", 25)
    site(**TUNED)
    for _ in range(count):
        tuned.prove(OUT + BACK, verify_pod_start_seconds=TUNED_POD_START_SECONDS)
    report(tuned)

    default = Proofs("Default timing (scrape 5 s, window 30 s)")
    site()
    for number in range(1, count + 1):
        # The first time also since KEDA leaves an HPA its `behavior` that the ScaledObject has no more.
        reset(15)
        default.prove(OUT + BACK if number == count else OUT)
    report(default)

    quick = Proofs(f"Tuned timing, and the HPA looks every {QUICK_SYNC_SECONDS} s", 10)
    change_sync(QUICK_SYNC_SECONDS, **TUNED)
    reset(QUICK_SYNC_SECONDS)
    for _ in range(3):
        quick.prove(OUT + BACK, verify_pod_start_seconds=TUNED_POD_START_SECONDS)
    report(quick)
    return [tuned, default, quick]


def main() -> None:
    """Measure, print, and remove the lab."""
    done = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    versions = {name: value for one in done for result in one.results for name, value in result["versions"].items()}
    words = ", ".join(f"{name} {value}" for name, value in versions.items())
    print(f"\nBy `make bench-proof` on {os.cpu_count()} cores, with everything on this machine: {words}.")
    playbook("playbooks/lab.yml", "--extra-vars=lab_state=absent")


if __name__ == "__main__":
    main()
