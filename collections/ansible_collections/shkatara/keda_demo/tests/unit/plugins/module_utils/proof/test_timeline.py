# SPDX-License-Identifier: MIT
"""The files of a proof."""

from __future__ import annotations

import csv
import json

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.times import Clock
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.files import ProofFiles
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.timeline import Timeline

# 1000 s on the monotonic clock are 2026-11-24 09:00:00 UTC.
NOON = 1795510800.0


def clock(*now):
    times = list(now)
    return Clock(lambda: times[0] if len(times) == 1 else times.pop(0), lambda: NOON + times[0] - 1000)


def rows(files):
    with (files.folder / "timeline.csv").open() as file:
        return list(csv.DictReader(file))


def test_latest_points_to_the_newest(tmp_path):
    proof_dir = tmp_path / "build" / "proof"
    first = ProofFiles(str(proof_dir), "20261124T090000Z")
    second = ProofFiles(str(proof_dir), "20261124T090000Z")
    assert (first.folder.name, second.folder.name) == ("20261124T090000Z", "20261124T090000Z-2")
    assert (proof_dir / "latest").resolve() == second.folder
    assert (proof_dir / "latest").readlink().name == "20261124T090000Z-2", "the link must be relative"
    assert sorted(path.name for path in proof_dir.iterdir()) == [
        first.folder.name,
        second.folder.name,
        "latest",
    ]


def test_verdict_is_replaced_at_once(tmp_path):
    files = ProofFiles(str(tmp_path), "now")
    files.write_verdict({"verdict": None})
    files.write_verdict({"verdict": "scaled"})
    assert json.loads((files.folder / "verdict.json").read_text()) == {"verdict": "scaled"}
    assert sorted(path.name for path in files.folder.iterdir()) == ["timeline.csv", "verdict.json"]


def test_rows_are_there_as_soon_as_they_are_added(tmp_path):
    files = ProofFiles(str(tmp_path), "now")
    timeline = Timeline(clock(1000.0), files)
    timeline.phase = "scale_out"
    timeline.add("pods", "test-2", "waiting", 'a, "b"', at=1001.5)
    assert rows(files) == [
        {
            "seconds": "1.500",
            "time": "2026-11-24T09:00:01.500Z",
            "phase": "scale_out",
            "source": "pods",
            "object": "test-2",
            "field": "waiting",
            "value": 'a, "b"',
        }
    ]


def test_a_hop_keeps_its_first_time_after_the_first_request(tmp_path):
    files = ProofFiles(str(tmp_path), "now")
    timeline = Timeline(clock(1000.0), files)
    timeline.hop("hpa_decision", 1001.0, "watch", 0.0)
    assert timeline.hops == {}
    timeline.hop("first_request", 1005.0, "the sender's clock", 0.0)
    timeline.hop("hpa_decision", 1004.0, "watch", 0.0)
    timeline.hop("hpa_decision", 1027.25, "watch", 0.0)
    timeline.hop("hpa_decision", 1042.0, "watch", 0.0)
    assert timeline.hops == {
        "first_request": {
            "seconds": 0,
            "time": "2026-11-24T09:00:05.000Z",
            "source": "the sender's clock",
            "resolution_seconds": 0.0,
        },
        "hpa_decision": {
            "seconds": 22.25,
            "time": "2026-11-24T09:00:27.250Z",
            "source": "watch",
            "resolution_seconds": 0.0,
        },
    }
    assert [row["object"] for row in rows(files)] == ["first_request", "hpa_decision"]


def test_the_end_of_the_load_is_a_hop_and_remembered(tmp_path):
    timeline = Timeline(clock(1000.0), ProofFiles(str(tmp_path), "now"))
    assert (timeline.first_request, timeline.load_ended) == (None, None)
    timeline.hop("load_ended", 1003.0, "the sender's clock", 0.0)
    assert timeline.load_ended is None, "that of a load before the one that is proven"
    timeline.hop("first_request", 1005.0, "the sender's clock", 0.0)
    timeline.hop("load_ended", 1053.088, "the sender's clock", 0.0)
    assert (timeline.first_request, timeline.load_ended) == (1005.0, 1053.088)
    assert timeline.hops["load_ended"]["seconds"] == 48.088


def test_times_of_day_and_the_monotonic_clock():
    both = clock(1010.0)
    assert both.utc_at(1005.5) == "2026-11-24T09:00:05.500Z"
    assert both.monotonic_at(NOON + 3.25) == 1003.25
