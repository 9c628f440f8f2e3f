# SPDX-License-Identifier: MIT
"""The controller manager's flags, read from its pods' command lines."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.controller_flags import (
    DEFAULTS,
    flags_of,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import proof_options

PROGRAM = "kube-controller-manager"
SYNC = "--horizontal-pod-autoscaler-sync-period"
TOLERANCE = "--horizontal-pod-autoscaler-tolerance"
STABILIZATION = "--horizontal-pod-autoscaler-downscale-stabilization"
PARAMS = {"phases": ["hold", "scale_out"], "hold_seconds": 5, "hpa_sync_period": None, "hpa_tolerance": None}
WITHOUT_SYNC = {name: value for name, value in DEFAULTS.items() if name != "hpa_sync_period"}


def container(*command, args=None, name=PROGRAM):
    """A container; without `command` it starts its image's entrypoint."""
    return {"name": name, **({"command": list(command)} if command else {}), **({"args": args} if args else {})}


def pod(*containers):
    return {"spec": {"containers": list(containers)}}


def controller(*words):
    """A pod that starts the controller manager itself."""
    return pod(container(PROGRAM, *words))


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ([], {}),
        # As kubeadm writes it, and the role control_plane.
        (
            [controller("--allocate-node-cidrs=true", f"{SYNC}=2s", f"{TOLERANCE}=0.2")],
            {**DEFAULTS, "hpa_sync_period": 2.0, "hpa_tolerance": 0.2},
        ),
        ([controller()], DEFAULTS),
        ([controller(f"{STABILIZATION}=1m30s")], {**DEFAULTS, "hpa_downscale_stabilization": 90.0}),
        ([pod(container(f"/usr/local/bin/{PROGRAM}", f"{SYNC}=2s"))], {**DEFAULTS, "hpa_sync_period": 2.0}),
        ([pod(container(PROGRAM, args=[SYNC, "7s"]))], {**DEFAULTS, "hpa_sync_period": 7.0}),
        # No readable value, and a value that no controller manager accepts
        ([controller(f"{SYNC}=1.5s")], {**DEFAULTS, "hpa_sync_period": 1.5}),
        ([controller(f"{SYNC}=300ms")], {**DEFAULTS, "hpa_sync_period": 0.3}),
        ([controller(f"{SYNC}=often")], WITHOUT_SYNC),
        ([controller(f"{SYNC}=0s")], WITHOUT_SYNC),
        ([controller(f"{TOLERANCE}=inf")], {name: DEFAULTS[name] for name in DEFAULTS if name != "hpa_tolerance"}),
        ([controller(f"{TOLERANCE}=0")], {**DEFAULTS, "hpa_tolerance": 0.0}),
        # Either of them may lead.
        ([controller(f"{SYNC}=2s"), controller(f"{SYNC}=15s")], WITHOUT_SYNC),
        ([controller(f"{SYNC}=2s"), pod(container("sh", "-c", PROGRAM))], {}),
    ],
)
def test_flags_of(pods, expected):
    assert flags_of(pods) == expected


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", f"{PROGRAM} {SYNC}=2s"],
        ["/bin/sh", "-c", f"exec {PROGRAM} {SYNC}='2s'", f"{SYNC}=2s"],
        ["env", "GOGC=50", PROGRAM, f"{SYNC}=2s"],
        ["/usr/local/bin/start.sh", PROGRAM, f"{SYNC}=2s"],
        ["/go-runner", "--also-stdout=true", f"/usr/local/bin/{PROGRAM}", f"{SYNC}=2s"],
        [f"{PROGRAM}.sh", f"{SYNC}=2s"],
        ["$(PROGRAM)", f"{SYNC}=2s"],
    ],
    ids=["sh", "exec", "env", "script", "go-runner", "name", "variable"],
)
def test_nothing_is_read_through_another_program(command):
    assert flags_of([pod(container(*command))]) == {}


def test_nothing_is_read_of_an_images_entrypoint():
    """The image may start anything with these arguments."""
    assert flags_of([pod(container(args=[PROGRAM, f"{SYNC}=2s"]))]) == {}
    assert flags_of([pod(container(args=[f"{SYNC}=2s"]))]) == {}
    assert flags_of([pod(container())]) == {}


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ([f"{SYNC}=2s", f"{SYNC}=3s"], 3.0),  # the last of two wins
        ([f"{SYNC}=2s", SYNC, "3s"], 3.0),
        ([f"{SYNC}=2s", f"{SYNC}=often"], None),
        ([SYNC, "2s", "--v", "4"], 2.0),
        (["-v", "4", SYNC, "2s"], 2.0),
        (["--leader-elect", SYNC, "2s"], 2.0),  # a boolean flag takes no word
        (["--feature-gates=A=true,B=false", f"{SYNC}=2s"], 2.0),  # a value with `=`
        ([f"--cluster-name={SYNC}=9s", f"{SYNC}=2s"], 2.0),
        (["--cluster-name", "demo", f"{SYNC}=2s"], 2.0),
        (["--horizontal_pod_autoscaler_sync_period=2s"], 2.0),  # `_` is the same as `-` in a name
        ([f'{SYNC}="2s"'], None),  # no shell takes the quotes away
        ([SYNC], None),
        ([f"{SYNC}=$(PERIOD)"], None),
        ([SYNC, "$(PERIOD)"], None),
        (["--cluster-name=$(NAME)", f"{SYNC}=2s"], 2.0),
    ],
)
def test_the_value_of_a_flag(words, seconds):
    expected = WITHOUT_SYNC if seconds is None else {**DEFAULTS, "hpa_sync_period": seconds}
    assert flags_of([controller(*words)]) == expected


@pytest.mark.parametrize("word", ["$(EXTRA_FLAGS)", "demo", "--", "-", "$(NAME)=1"])
def test_no_default_counts_as_read_beside_a_word_that_is_not_understood(word):
    """The word may be a flag, or end the flags. A flag behind it wins, and a flag before it may not."""
    assert flags_of([controller(word)]) == {}
    assert flags_of([controller(word, f"{SYNC}=2s")]) == {"hpa_sync_period": 2.0}
    assert flags_of([controller(f"{SYNC}=2s", word)]) == {}


def test_a_variable_behind_a_flag_may_be_a_flag_itself():
    """`--leader-elect $(EXTRA_FLAGS)` is two words, as a boolean flag takes none."""
    assert flags_of([controller(f"{SYNC}=2s", "--leader-elect", "$(EXTRA_FLAGS)")]) == {}


def test_the_container_is_the_one_of_the_controller_managers_name():
    sidecar = container("proxy", f"{SYNC}=9s", name="proxy")
    own = container(PROGRAM, f"{SYNC}=2s")
    expected = {**DEFAULTS, "hpa_sync_period": 2.0}
    assert flags_of([pod(sidecar, own)]) == flags_of([pod(own, sidecar)]) == expected
    other = container(PROGRAM, f"{SYNC}=2s", name="main")
    assert flags_of([pod(other)]) == expected
    assert flags_of([pod(other, sidecar)]) == {}


def test_an_option_wins_over_a_flag_and_a_flag_over_the_default():
    options = proof_options({**PARAMS, "hpa_tolerance": 0.3}, {"hpa_sync_period": 2.0, "hpa_tolerance": 0.2})
    assert (options.hpa_sync_period, options.hpa_tolerance, options.hpa_downscale_stabilization) == (2.0, 0.3, 300.0)
    assert options.flags_read == ("hpa_sync_period",)
    assert options.phases == ("scale_out", "hold")
