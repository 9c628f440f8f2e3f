# SPDX-License-Identifier: MIT
"""What pauses a ScaledObject, by KEDA's version."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import pausing
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.pausing import Pausing
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.scaledobject import (
    scaledobject_view,
)
from ansible_collections.shkatara.keda_demo.tests.support.keda_objects import (
    NEVER_PAUSED,
    PAUSED,
    UNPAUSED,
    annotated,
)

BY_REPLICAS = "autoscaling.keda.sh/paused-replicas"
BY_PAUSED = "autoscaling.keda.sh/paused"
IS_PAUSED = "ScaledObjectPaused: ScaledObject is paused"
WAS_PAUSED = "ScaledObjectUnpaused: pause annotation removed for ScaledObject"


def read(obj, keda):
    return pausing.pausing(pausing.pause_signs(obj), keda)


def whole(annotation="", condition=""):
    return Pausing(whole=True, annotation=annotation, condition=condition)


@pytest.mark.parametrize(
    ("obj", "keda", "expected"),
    [
        (annotated(), (2, 10), Pausing()),
        (annotated(NEVER_PAUSED), (2, 18), Pausing()),
        # 2.10 has no condition, and knows one annotation, whatever its value.
        (annotated(paused_replicas="0"), (2, 10), whole(BY_REPLICAS)),
        (annotated(paused_replicas="three"), (2, 10), whole(BY_REPLICAS)),
        (annotated(paused="true"), (2, 10), Pausing()),
        (annotated(paused="true"), (2, 11), Pausing()),
        # 2.12 ignores the value of `paused`, and 2.13 does not.
        (annotated(paused="true"), (2, 12), whole(BY_PAUSED)),
        (annotated(PAUSED, paused="false"), (2, 12), whole(BY_PAUSED, IS_PAUSED)),
        (annotated(paused="false"), (2, 13), Pausing()),
        (annotated(UNPAUSED, paused="F"), (2, 17), Pausing(condition=WAS_PAUSED)),
        (annotated(paused="maintenance"), (2, 17), whole(BY_PAUSED)),
        (annotated(PAUSED, paused="true", paused_replicas="2"), (2, 17), whole(BY_REPLICAS, IS_PAUSED)),
        # On the way to the annotation's replicas.
        (annotated(UNPAUSED, paused_replicas="3"), (2, 17), whole(BY_REPLICAS, WAS_PAUSED)),
        # A condition without an annotation, which may be left over.
        (annotated(PAUSED), (2, 17), whole(condition=IS_PAUSED)),
        (annotated(PAUSED, paused="false"), (2, 17), whole(condition=IS_PAUSED)),
        (annotated(UNPAUSED), (2, 17), Pausing(condition=WAS_PAUSED)),
        # A single direction, with or without the condition.
        (annotated(paused_scale_in="true"), (2, 17), Pausing()),
        (annotated(paused_scale_in="true"), (2, 18), Pausing(scale_in=True)),
        (annotated(PAUSED, paused_scale_in="true"), (2, 18), Pausing(condition=IS_PAUSED, scale_in=True)),
        (annotated(PAUSED, paused_scale_out="true"), (2, 20), Pausing(condition=IS_PAUSED, scale_out=True)),
        (annotated(paused_scale_in="false", paused_scale_out="0"), (2, 18), Pausing()),
        (annotated(PAUSED, paused_scale_in="true"), (2, 17), whole(condition=IS_PAUSED)),
        (
            annotated(PAUSED, paused="true", paused_scale_in="true"),
            (2, 20),
            Pausing(whole=True, annotation=BY_PAUSED, condition=IS_PAUSED, scale_in=True),
        ),
        (annotated(force_activation="true"), (2, 18), Pausing(forced=True)),
        (annotated(force_activation="true"), (2, 17), Pausing()),
        (annotated(force_activation="false"), (2, 18), Pausing()),
        # Of an unknown version every annotation counts.
        (annotated(paused_replicas="1"), None, whole(BY_REPLICAS)),
        (annotated(paused="true"), None, whole(BY_PAUSED)),
        (annotated(paused="false"), None, Pausing()),
        (annotated(PAUSED, paused="false"), None, whole(BY_PAUSED, IS_PAUSED)),
        (annotated(PAUSED, paused_scale_in="true"), None, Pausing(condition=IS_PAUSED, scale_in=True)),
        (annotated(force_activation="true"), None, Pausing(forced=True)),
    ],
)
def test_what_is_paused(obj, keda, expected):
    assert read(obj, keda) == expected


def test_triggers_that_are_active_by_force_keep_the_last_replica():
    obj = annotated(force_activation="true")
    obj["spec"]["minReplicaCount"] = 0
    assert scaledobject_view(obj).inactive_replicas == 1
    obj["spec"].update(minReplicaCount=3, idleReplicaCount=0)
    assert scaledobject_view(obj).inactive_replicas == 3
