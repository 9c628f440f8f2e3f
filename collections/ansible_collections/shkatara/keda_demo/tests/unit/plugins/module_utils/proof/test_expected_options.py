# SPDX-License-Identifier: MIT
"""The options `expected`, `load.external` and `load.http.max_rate`: their forms, and the values that are refused."""

from __future__ import annotations

import copy
import math

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.external import Begin, External
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.expectation import Expected
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import (
    check_options,
    proof_options,
)
from ansible_collections.shkatara.keda_demo.tests.support import module_options

HTTP = {"url": "http://192.0.2.11:30115/", "rate": 34.5}
FOUR = {"replicas": 4, "within_seconds": 90}
GIVEN = {"namespace": "test", "name": "scaledobject-py", "proof_dir": "proof"}


def validated(**given):
    return module_options.validated({**GIVEN, **copy.deepcopy(given)})


def options_of(**given):
    params, errors = validated(**given)
    assert errors == []
    check_options(params)
    return proof_options(params, {})


def refusal(**given):
    with pytest.raises(BadInput) as error:
        options_of(**given)
    return str(error.value)


@pytest.mark.parametrize(
    ("replicas", "least", "most"),
    [
        (4, 4, 4),
        ("4", 4, 4),
        (4.0, 4, 4),
        ([3, 5], 3, 5),
        (["3", "5"], 3, 5),
        ({"min": 3, "max": 5}, 3, 5),
        ({"min": "3", "max": 3}, 3, 3),
    ],
)
def test_forms_of_a_count(replicas, least, most):
    expected = {"replicas": replicas, "within_seconds": "90"}
    assert options_of(load={"external": {}}, expected=expected).expected == Expected(least, most, 90.0)


@pytest.mark.parametrize(
    "replicas",
    [
        "many",
        4.5,
        True,
        None,
        [],
        [3],
        [3, 4, 5],
        {},
        {"min": 3},
        {"least": 3, "most": 5},
        {"min": 3, "max": 5, "mean": 4},
        [[3], 5],
        math.nan,
        math.inf,
        "3-5",
    ],
)
def test_no_count(replicas):
    params, errors = validated(load={"external": {}}, expected={"replicas": replicas, "within_seconds": 90})
    if errors:  # Ansible itself wants a value
        assert replicas is None
        return
    with pytest.raises(BadInput, match=r"expected\.replicas is .* must be a count such as 4, or a range"):
        check_options(params)


@pytest.mark.parametrize(
    ("expected", "named"),
    [
        ({"replicas": 0, "within_seconds": 90}, r"expected\.replicas is 0 and must be at least 1"),
        ({"replicas": -3, "within_seconds": 90}, r"expected\.replicas is -3 "),
        ({"replicas": [0, 4], "within_seconds": 90}, r"expected\.replicas is \[0, 4\] "),
        ({"replicas": [5, 3], "within_seconds": 90}, r"expected\.replicas is \[5, 3\]: its maximum 3 .* minimum 5"),
        ({"replicas": {"min": 5, "max": 3}, "within_seconds": 90}, r"expected\.replicas .* maximum 3 .* minimum 5"),
        ({"replicas": 4, "within_seconds": 0}, r"expected\.within_seconds is 0 and must be greater than 0"),
        ({"replicas": 4, "within_seconds": -1}, r"expected\.within_seconds is -1 "),
        ({"replicas": 4, "within_seconds": math.inf}, r"expected\.within_seconds is inf "),
        ({"replicas": 4, "within_seconds": math.nan}, r"expected\.within_seconds is nan "),
    ],
)
@pytest.mark.parametrize("load", [{"external": {}}, {"http": HTTP}])
def test_an_expectation_that_makes_no_sense(expected, named, load):
    with pytest.raises(BadInput, match=named):
        options_of(load=load, expected=expected)


@pytest.mark.parametrize("missing", ["replicas", "within_seconds"])
def test_both_parts_of_an_expectation_are_needed(missing):
    expected = {key: value for key, value in FOUR.items() if key != missing}
    _params, errors = validated(load={"external": {}}, expected=expected)
    assert len(errors) == 1
    assert missing in errors[0]


def test_an_expectation_is_about_a_scale_out():
    message = refusal(phases=["scale_in"], expected=FOUR)
    assert "expected is given, and phases has no scale_out" in message


def test_the_load_of_others():
    assert options_of(load={"external": {}}, expected=FOUR).external == External(None, Begin.CALL)
    given = {"external": {"duration": "200", "begin": "rise"}}
    assert options_of(load=given, expected=FOUR).external == External(200.0, Begin.RISE)
    assert options_of(load={"http": HTTP}).external is None


def test_a_load_is_ours_or_that_of_others():
    _params, errors = validated(load={"http": HTTP, "external": {}}, expected=FOUR)
    assert len(errors) == 1
    assert all(name in errors[0] for name in ("http", "external"))
    assert "load.http" in (message := refusal(load={}))
    assert "load.external" in message


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"load": {"external": {}}}, "load.external is given without expected"),
        ({"load": {"external": {"duration": 0}}, "expected": FOUR}, "load.external.duration is 0 "),
        ({"load": {"external": {"duration": math.inf}}, "expected": FOUR}, "load.external.duration is inf "),
        (
            {"load": {"external": {}}, "expected": FOUR, "phases": ["scale_out", "scale_in"]},
            "phases has scale_in, and load.external ",
        ),
        (
            {"load": {"external": {}}, "expected": FOUR, "phases": ["activation", "scale_out", "to_zero"]},
            "phases has activation, to_zero, and load.external ",
        ),
    ],
)
def test_a_load_of_others_that_proves_nothing(given, named):
    assert named in refusal(**given)


def test_a_begin_that_does_not_exist():
    _params, errors = validated(load={"external": {"begin": "now"}}, expected=FOUR)
    assert len(errors) == 1
    assert all(name in errors[0] for name in ("begin", "call", "rise", "now"))


def test_the_highest_rate():
    params, _errors = validated(load={"http": HTTP})
    assert check_options(params).max_rate == 200.0
    params, _errors = validated(load={"http": {**HTTP, "rate": 5000, "max_rate": 10}})
    # A rate that was given is not capped.
    assert (check_options(params).rate, check_options(params).max_rate) == (5000.0, 10.0)


@pytest.mark.parametrize("value", [0, -5, math.inf, math.nan])
def test_a_highest_rate_that_makes_no_sense(value):
    assert f"load.http.max_rate is {value:g} " in refusal(load={"http": {**HTTP, "max_rate": value}})
