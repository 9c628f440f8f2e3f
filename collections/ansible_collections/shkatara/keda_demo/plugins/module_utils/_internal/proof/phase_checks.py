# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whether the phases of a proof can be proven of a ScaledObject at all, before anything is planned."""

from __future__ import annotations

from ..autoscaling.hpa import AVERAGE_VALUE
from ..autoscaling.hpa_model import HpaModel
from ..common.errors import BadInput
from . import directions, sampling
from .judgement.findings import Finding
from .messages import verdict_messages, workload_messages
from .options import Phase
from .plan import Plan, Situation


def check_phases(situation: Situation) -> None:
    """Check that the phases can be proven of this ScaledObject.

    :raises BadInput: a phase can't be
    """
    phases, rules, model = situation.options.phases, situation.rules, situation.model
    check_window(situation)
    if model.config is None and not set(phases) <= {Phase.SCALE_OUT, Phase.HOLD}:
        raise BadInput(
            f"phases {', '.join(phases)} need a prediction, and there is none "
            f"({verdict_messages.not_predicted(model.not_predicted)})"
        )
    directions.check_directions(situation)
    if situation.other_workloads and model.config is not None and model.config.load_metric.kind != AVERAGE_VALUE:
        raise BadInput(workload_messages.ready_pods_of_others(situation.pod_labels, situation.other_workloads))
    if Phase.TO_ZERO in phases and not rules.scales_to_zero:
        raise BadInput("phase to_zero needs a ScaledObject with minReplicaCount or idleReplicaCount 0")
    if Phase.ACTIVATION in phases and rules.scales_to_zero and rules.activation <= 0:
        raise BadInput(
            "phase activation needs an activationThreshold above 0 where replicas begin at 0: any load activates the "
            "trigger otherwise"
        )
    if Phase.ACTIVATION in phases or situation.load_options.replicas is not None:
        check_trigger(model)
    disabled = model.config is not None and model.config.scale_down["selectPolicy"] == "Disabled"
    if Phase.SCALE_IN in phases and disabled:
        raise BadInput("phase scale_in can't be proven: behavior.scaleDown.selectPolicy of the HPA is Disabled")


def check_scale_in(plan: Plan, situation: Situation) -> None:
    """Check that a scale-in alone begins with more replicas than it ends with.

    :raises BadInput: there is nothing to scale in
    """
    for phase, predicted in plan.scale_in_phases:
        if situation.replicas <= predicted.replicas:
            raise BadInput(
                f"phase {phase} without scale_out starts from the current replicas, which are {situation.replicas}: "
                f"there is no decrease to {predicted.replicas} to prove"
            )


def check_trigger(model: HpaModel) -> None:
    """Check that a load moves the metric; KEDA's fallback may have begun since the phases were checked.

    :raises BadInput: the fallback stands for the metric
    """
    if model.fallback is not None:
        raise BadInput(
            "the trigger fails, and KEDA's fallback replaces its value, so that no load moves it: fix the trigger, "
            "or give load.http.rate and omit the phase activation"
        )


def check_window(situation: Situation) -> Finding | None:
    """Return a warning about the query's window.

    :raises BadInput: the query has no value with it
    """
    if situation.model.config is None:
        return None
    return sampling.check_window(situation.shape, situation.timing.scrape_interval)
