# SPDX-License-Identifier: MIT
"""The folder of a proof, its verdict.json, and the link to the newest proof."""

from __future__ import annotations

import json
import math

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.output.files import (
    COLUMNS,
    ProofFiles,
    ProofFilesError,
    finite,
)


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


def test_the_verdict_is_replaced_as_a_whole(tmp_path):
    files = ProofFiles(str(tmp_path), "now")
    files.write_verdict({"verdict": None})
    files.write_verdict({"verdict": "scaled"})
    assert json.loads((files.folder / "verdict.json").read_text()) == {"verdict": "scaled"}
    assert sorted(path.name for path in files.folder.iterdir()) == ["timeline.csv", "verdict.json"]


def test_the_verdict_has_only_numbers_that_json_has(tmp_path):
    files = ProofFiles(str(tmp_path), "now")
    files.write_verdict({"predicted": {"latest_seconds": math.inf, "hops": [(1.5, math.nan)]}, "count": 4})
    text = (files.folder / "verdict.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail) == {
        "predicted": {"latest_seconds": None, "hops": [[1.5, None]]},
        "count": 4,
    }


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_a_number_that_json_does_not_have_is_none(number):
    assert finite([number, 1.5, True, "inf", None]) == [None, 1.5, True, "inf", None]


def test_a_row_can_be_read_as_soon_as_it_is_written(tmp_path):
    files = ProofFiles(str(tmp_path), "now")
    files.row(tuple(range(len(COLUMNS))))
    assert (files.folder / "timeline.csv").read_text().splitlines() == [",".join(COLUMNS), "0,1,2,3,4,5,6"]


def test_an_error_names_the_option(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(ProofFilesError, match=rf"proof_dir {path}"):
        ProofFiles(str(path), "now")
    files = ProofFiles(str(tmp_path / "proof"), "now")
    (files.folder / "timeline.csv").unlink()
    files.folder.rmdir()
    with pytest.raises(ProofFilesError, match=rf"proof_dir {tmp_path}"):
        files.write_verdict({})
