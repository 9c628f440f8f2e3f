# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The records of a plan: the situation it is made of, the loads, and what is predicted of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..autoscaling.external_metrics import ExternalTarget
from ..autoscaling.hpa_model import HpaModel
from ..autoscaling.keda import KedaRules
from ..load.external import ExternalSpec
from ..load.options import LoadOptions
from ..load.schedule import LoadSpec
from ..prediction.expectation import Expectation
from ..prediction.hop_bounds import Bounds
from ..prediction.scale_in import ScaleIn
from ..prediction.scale_out import InitialState, Prediction
from ..prometheus.query_shape import QueryShape
from ..prometheus.rate_bounds import Timing
from .judgement.findings import Finding
from .options import Options, Phase


@dataclass(frozen=True)
class HpaLimits:
    """The HPA's maximum and the targets of its external metrics; None and nothing where they are not known.

    `trigger_index` is that of the trigger whose metric the load raises, None if that is not known.
    """

    max_replicas: int | None = None
    targets: tuple[ExternalTarget, ...] = ()
    trigger_index: int | None = None


@dataclass(frozen=True)
class Situation:
    """What a plan is made of: options, and the objects at one moment.

    `baseline` is the metric at rest in its unit, `replicas` the count before the load. `counter_is_read` says whether
    the counter's samples are observed, `is_deployment` whether the workload has ReplicaSets, which are observed.
    `other_workloads` have pods that `pod_labels`, the workload's selector, selects too. `shape` is what the load
    trigger's query makes of its selector, None where it is not known; `timing` has it too, unless KEDA's fallback
    stands for the query. `per_request` is what one request per second adds to the metric. `warnings` are about the
    query, `hpa_limits` has what is known of an HPA that can't be computed.
    """

    options: Options
    load_options: LoadOptions
    model: HpaModel
    timing: Timing
    rules: KedaRules
    replicas: int
    baseline: float = 0.0
    counter_is_read: bool = True
    is_deployment: bool = True
    pod_labels: str = ""
    other_workloads: tuple[str, ...] = ()
    shape: QueryShape | None = None
    per_request: float = 1.0
    warnings: tuple[Finding, ...] = ()
    hpa_limits: HpaLimits = HpaLimits()

    @property
    def initial_state(self) -> InitialState:
        """The replicas and the metric before the load, as the prediction needs them."""
        if self.model.fallback is not None:
            return InitialState(self.replicas, self.model.fallback, 0.0)
        return InitialState(
            replicas=self.replicas,
            baseline=self.baseline,
            per_request=self.per_request,
            activation_seconds=self.rules.polling_interval,
            from_zero=self.rules.first_replicas,
        )


@dataclass(frozen=True)
class PlannedLoad:
    """A load and what it will do; `prediction` is None where that can't be computed.

    `expectation` is what a user expects of it; the load is judged by it where it was given.
    """

    spec: LoadSpec | ExternalSpec
    prediction: Prediction | None
    expectation: Expectation | None = None

    @property
    def aim(self) -> Prediction | Expectation | None:
        """What the hops of the load are recognized by; None for a load that is only watched."""
        return self.prediction or self.expectation


@dataclass(frozen=True)
class Plan:
    """What is written down before the first request; None for each phase that is left out or can't be computed.

    `per_request` is what one request per second adds to the metric. `warnings` are about the trigger's query.
    """

    model: HpaModel
    rules: KedaRules
    timing: Timing
    activation: PlannedLoad | None = None
    scale_out: PlannedLoad | None = None
    scale_in: ScaleIn | None = None
    to_zero: ScaleIn | None = None
    bounds: Bounds = field(default_factory=dict)
    scale_in_bounds: Bounds = field(default_factory=dict)
    per_request: float = 1.0
    warnings: tuple[Finding, ...] = ()

    @property
    def metric_name(self) -> str:
        """The HPA's external metric that the load raises; empty where it is not known."""
        return self.model.config.load_metric.name if self.model.config else ""

    @property
    def scale_in_phases(self) -> tuple[tuple[Phase, ScaleIn], ...]:
        """The phases after the load, with their predictions."""
        phases = ((Phase.SCALE_IN, self.scale_in), (Phase.TO_ZERO, self.to_zero))
        return tuple((phase, predicted) for phase, predicted in phases if predicted is not None)
