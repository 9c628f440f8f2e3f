# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Prints how often proofs end as predicted, and the times of their hops, as Markdown for the documentation.

Usage: python -m tests.bench.proof [N]

On a lab of its own: N proofs (10) of the demo with a tuned timing, scaled out and in; N with the default timing, of
which only the last is scaled in too; and 3 with the tuned timing and an HPA that syncs every 2 s. It only prints, and
goes on after any verdict. Every verdict.json stays in build/<lab>/proof.
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

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction import hop_bounds
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.outcomes import Outcome

from tests.bench.__main__ import BUNDLE, LAB, LATEST, ROOT, get, own_lab, playbook

KUBECONFIG = ROOT / "build" / LAB / "kubeconfig"
NAMESPACE, NAME = "--namespace=test", "scaledobject-py"
OUT, IN = ["scale_out", "hold"], ["scale_in"]
QUICK_SYNC_SECONDS = 2
# Longer than the time until a new pod is counted (10 s for its start, 1 s for its probe, 21 s for discovery, scrape and
# window, 15 s for the HPA): with a shorter window the HPA scales in during the scale-out.
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
    """The contents of verdict.json of all proofs with one timing.

    `target` is the seconds in which the first new pod is to be Ready, None for no target.
    """

    title: str
    target: float | None = None
    results: list[dict[str, Any]] = field(default_factory=list)

    def prove(self, phases: list[str], **variables: Any) -> None:
        """Run a proof, and keep its result whatever the verdict.

        :raises SystemExit: the playbook failed
        """
        common = {"verify_phases": phases, "verify_expect": list(Outcome), "verify_hold_seconds": HOLD_SECONDS}
        variables = {**common, **variables}
        playbook("playbooks/verify.yml", f"--extra-vars={json.dumps(variables)}")
        result = json.loads(LATEST.read_text())
        self.results.append(result)
        print(f"{self.title} {len(self.results)}: {result['message']}", file=sys.stderr, flush=True)


def site(**variables: Any) -> None:
    """Apply these settings to the lab's cluster, without a proof."""
    playbook("playbooks/lab.yml", "site.yml", "--skip-tags=verify", f"--extra-vars={json.dumps(variables)}")


def kubectl(*arguments: str, text: str | None = None) -> None:
    """Run kubectl on the lab's cluster, with `text` on its standard input."""
    command = [str(BUNDLE / "bin/kubectl"), f"--kubeconfig={KUBECONFIG}", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, text=True, input=text)


def reset(sync_seconds: float) -> None:
    """Scale to one replica and make the HPA anew, since its stabilization would take 300 s.

    The HPA controller keeps recommendations by the HPA's namespace and name, and drops them at a sync that finds no
    HPA. KEDA's annotation for a pause keeps the HPA, and KEDA makes a deleted HPA again before the next sync. So the
    ScaledObject is deleted, for longer than a sync period.
    Source: Kubernetes 1.25, pkg/controller/podautoscaler/horizontal.go, reconcileKey; KEDA 2.10,
    controllers/keda/hpa.go, newHPAForScaledObject, and scaledobject_controller.go, SetupWithManager.
    """
    old = get(KUBECONFIG, NAMESPACE, "scaledobject", NAME)
    # KEDA sets its own label again.
    labels = {key: value for key, value in old["metadata"]["labels"].items() if "keda.sh/" not in key}
    metadata = {"name": NAME, "namespace": old["metadata"]["namespace"], "labels": labels}
    new = {"apiVersion": old["apiVersion"], "kind": old["kind"], "metadata": metadata, "spec": old["spec"]}
    # In the foreground: the HPA is deleted first, so that it does not scale the Deployment any more.
    kubectl(NAMESPACE, "delete", "scaledobject", NAME, "--cascade=foreground", "--timeout=90s")
    kubectl(NAMESPACE, "scale", "deployment", "test", "--replicas=1")
    time.sleep(sync_seconds + 3)
    apply = ["apply", "--server-side", "--field-manager=keda_demo", "--force-conflicts", "--filename=-"]
    kubectl(*apply, text=json.dumps(new))


def leader() -> str:
    """Return the identity of the controller manager that is the leader."""
    lease = get(KUBECONFIG, "--namespace=kube-system", "lease", "kube-controller-manager")
    return str(lease.get("spec", {}).get("holderIdentity", ""))


def change_sync(seconds: int, **variables: Any) -> None:
    """Set the HPA's sync period, and wait until the restarted controller manager is the leader.

    :raises SystemExit: it did not become the leader in 120 s
    """
    before = leader()
    site(control_plane_hpa_sync_period_seconds=seconds, **variables)
    end = time.monotonic() + 120
    while leader() in ("", before):
        if time.monotonic() > end:
            raise SystemExit("the controller manager did not restart with the new sync period")
        time.sleep(1)


def came_as_predicted(result: dict[str, Any]) -> bool:
    """Whether the replicas under load are as predicted, and those after the scale-in if it was proven."""
    predicted, observed = result["predicted"], result["observed"]
    if not predicted or observed["replicas"] not in (predicted.get("possible_replicas") or []):
        return False
    scale_in = predicted["scale_in"]
    return scale_in is None or observed["final_replicas"] == scale_in["replicas"]


def bounds(result: dict[str, Any]) -> dict[str, tuple[list[float], float]]:
    """Return each hop's predicted bounds, and the seconds since the first request to which they are relative."""
    predicted, ended = result["predicted"] or {}, result["hops"].get("load_ended", {}).get("seconds", 0.0)
    out = {name: (pair, 0.0) for name, pair in predicted.get("hops", {}).items() if name != "first_request"}
    return out | {name: (pair, ended) for name, pair in predicted.get("hops_back", {}).items()}


def is_outside(hop: dict[str, Any]) -> bool:
    """Whether a hop was observed outside its predicted bounds."""
    return hop_bounds.is_outside(hop["seconds"], hop["resolution_seconds"], hop["earliest"], hop["latest"])


def p95(values: list[float]) -> float:
    """Return the 95th percentile, interpolated."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def rows(results: list[dict[str, Any]]) -> list[str]:
    """Return the lines of the table, a hop each, in the order of their causes."""
    predicted: dict[str, list[list[float]]] = {}
    observed: dict[str, list[float]] = {}
    after_load: set[str] = set()
    for result in results:
        for name, (pair, begin) in bounds(result).items():
            predicted.setdefault(name, []).append(pair)
            if name in result["predicted"]["hops_back"]:
                after_load.add(name)
            if name in result["hops"]:
                observed.setdefault(name, []).append(result["hops"][name]["seconds"] - begin)
    lines = []
    for name, all_bounds in predicted.items():
        label = name.replace("_", " ") + (" (after the last request)" if name in after_load else "")
        widest = f"{min(pair[0] for pair in all_bounds):.1f} to {max(pair[1] for pair in all_bounds):.1f}"
        times = observed.get(name, [])
        measured = [f"{figure(times):.1f}" if times else "-" for figure in (statistics.median, p95, max)]
        lines.append(f"| {label} | {widest} | {' | '.join(measured)} | {len(times)} |")
    return lines


def report(proofs: Proofs) -> None:
    """Print the figures of all proofs with one timing."""
    results = proofs.results
    counts = Counter(result["verdict"] for result in results)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    predicted = [name for result in results for name in bounds(result)]
    observed = [result["hops"][name] for result in results for name in bounds(result) if name in result["hops"]]
    late_or_early = sum(map(is_outside, observed))
    agree = sum(1 for result in results if (result["end_to_end"] or {}).get("agrees") is True)
    print(f"\n### {proofs.title}\n")
    print(
        f"{len(results)} proofs: {verdicts}. Predicted = observed: {sum(map(came_as_predicted, results))}. "
        f"Hops outside their bounds: {late_or_early} of {len(observed)}; predicted and not seen: "
        f"{len(predicted) - len(observed)}. "
        f"As many requests counted as answered: {agree}.\n"
    )
    print("| hop | predicted, s | p50 | p95 | max | seen |\n| --- | --- | --- | --- | --- | --- |")
    print("\n".join(rows(results)))
    others = [f"{result['verdict']}: {result['message']}" for result in results if result["verdict"] != "scaled"]
    deviations = [f"deviation: {message}" for result in results for message in result["deviations"]]
    if others or deviations:
        print("".join(f"\n- {line}" for line in others + deviations))
    first = [result["hops"]["pod_ready"]["seconds"] for result in results if "pod_ready" in result["hops"]]
    if proofs.target is not None:
        longest = max(first, default=math.inf)
        missed = "" if longest <= proofs.target else ", MISSED"
        print(f"\nFirst new pod Ready: {longest:.1f} s at most, target {proofs.target:g} s{missed}", flush=True)


def measure(count: int) -> list[Proofs]:
    """Run all proofs on a new lab; return them by timing."""
    tuned = Proofs("Tuned timing (scrape 1 s, window 10 s)", 25)
    site(**TUNED)
    for _ in range(count):
        tuned.prove(OUT + IN, verify_pod_start_seconds=TUNED_POD_START_SECONDS)
    report(tuned)

    default = Proofs("Default timing (scrape 5 s, window 30 s)")
    site()
    for number in range(1, count + 1):
        # Before the first proof too: KEDA keeps the HPA's `behavior` after the ScaledObject has lost it.
        reset(15)
        default.prove(OUT + IN if number == count else OUT)
    report(default)

    quick = Proofs(f"Tuned timing, and the HPA syncs every {QUICK_SYNC_SECONDS} s", 10)
    change_sync(QUICK_SYNC_SECONDS, **TUNED)
    reset(QUICK_SYNC_SECONDS)
    for _ in range(3):
        quick.prove(OUT + IN, verify_pod_start_seconds=TUNED_POD_START_SECONDS)
    report(quick)
    return [tuned, default, quick]


def main() -> None:
    """Measure and print."""
    with own_lab():
        all_proofs = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    results = [result for proofs in all_proofs for result in proofs.results]
    versions = {name: value for result in results for name, value in result["versions"].items()}
    stack = ", ".join(f"{name} {value}" for name, value in versions.items())
    print(f"\nMeasured with `make bench-proof` on {os.cpu_count()} cores, with everything on one machine: {stack}.")


if __name__ == "__main__":
    main()
