# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The figures of `make bench-proof`, of proofs over the observations of a real scale-out."""

from __future__ import annotations

import re
from dataclasses import replace

from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain, scale_out
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Run

from tests.bench.proof import Proofs, bounds, report


def test_proofs_are_reported_by_their_hops(tmp_path, capsys):
    as_predicted = Run(tmp_path / "scaled", [*ready_chain(), *scale_out()]).result
    # The replicas come too late, and no pod is observed.
    decided = [item for item in scale_out() if getattr(item, "kind", "") != "pods"]
    late = [replace(item, at=item.at + 200) for item in decided]
    not_scaled = Run(tmp_path / "not_scaled", [*ready_chain(), *late]).result
    report(Proofs("Title", 25, [as_predicted, not_scaled]))
    output = capsys.readouterr().out
    assert f"2 proofs: 1 scaled, 1 {not_scaled['verdict']}. Predicted = observed: 1." in output
    hops = [result["hops"].keys() & bounds(result).keys() for result in (as_predicted, not_scaled)]
    predicted = sum(len(bounds(result)) for result in (as_predicted, not_scaled))
    seen = sum(map(len, hops))
    assert f"of {seen}; predicted and not seen: {predicted - seen}." in output
    rows = dict(re.findall(r"^\| ([a-z ]+) \| [\d.]+ to [\d.]+ \|.* (\d+) \|$", output, re.MULTILINE))
    assert rows["replicas ready"] == "1"
    assert set(rows) == {name.replace("_", " ") for name in bounds(as_predicted)}
    first = as_predicted["hops"]["pod_ready"]["seconds"]
    assert f"First new pod Ready: {first:.1f} s at most, target 25 s\n" in output
