# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The options of the module verify_scaling, and the checks of their values."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..autoscaling.controller_flags import DEFAULTS, ControllerFlags
from ..common.errors import BadInput
from ..kube.options import ACCESS_OPTIONS
from ..load import options as load_options
from ..load.external import External
from ..load.options import DEFAULT_MAX_RATE, LoadOptions
from ..load.schedule import Stage
from ..prediction.expectation import Expected
from ..prometheus import header_fields, promql
from ..prometheus.addresses import PrometheusError
from . import expected_options, prometheus_options, request_options
from .expected_options import EXPECTED_SPEC, EXTERNAL_SPEC
from .judgement.outcomes import Outcome

_WORKERS_PER_CORE = 4


class Phase(StrEnum):
    """The phases of a proof, in their order."""

    ACTIVATION = "activation"
    SCALE_OUT = "scale_out"
    HOLD = "hold"
    SCALE_IN = "scale_in"
    TO_ZERO = "to_zero"


@dataclass(frozen=True)
class Options:
    """The module's options, in seconds where they are times. `flags_read` names the flags that the cluster gave."""

    phases: tuple[Phase, ...] = (Phase.SCALE_OUT, Phase.HOLD)
    hold_seconds: float = 15.0
    wait_timeout: float = 300.0
    wait_sleep: float = 5.0
    metric_per_request: float | None = None
    query_window: float | None = None
    hpa_sync_period: float = 15.0
    hpa_tolerance: float = 0.1
    hpa_downscale_stabilization: float = 300.0
    pod_start_seconds: float = 30.0
    flags_read: tuple[str, ...] = ()
    expected: Expected | None = None
    external: External | None = None

    @property
    def hold(self) -> float:
        """The seconds for which replicas have to stay; 0 without the phase hold."""
        return self.hold_seconds if Phase.HOLD in self.phases else 0.0

    @property
    def sends_load(self) -> bool:
        """Whether a phase sends requests."""
        return bool({Phase.ACTIVATION, Phase.SCALE_OUT} & set(self.phases))

    @property
    def flags(self) -> ControllerFlags:
        """The controller manager's flags."""
        return ControllerFlags(self.hpa_sync_period, self.hpa_tolerance, self.hpa_downscale_stabilization)


def proof_options(params: Mapping[str, Any], flags: Mapping[str, float]) -> Options:
    """Return the options of a proof.

    :param params: the module's parameters
    :param flags: the flags that the cluster gave, by option; a parameter takes precedence, and a flag that is missing
        has the controller manager's default
    """
    given = {key: params[key] for key in Options.__dataclass_fields__ if params.get(key) is not None}
    values = {**DEFAULTS, **flags, **given}
    values |= {"expected": expected_options.expected_of(params), "external": expected_options.external_of(params)}
    values["phases"] = tuple(phase for phase in Phase if phase in params["phases"])
    return Options(**values, flags_read=tuple(name for name in flags if name not in given))


def argument_spec() -> dict[str, Any]:
    """Return the module's options, as DOCUMENTATION has them."""
    stage = {
        "rate": {"type": "float", "required": True},
        "duration": {"type": "float", "required": True},
        "ramp": {"type": "bool", "default": False},
    }
    http = {
        **request_options.SPEC,
        "rate": {"type": "float"},
        "replicas": {"type": "int"},
        "stages": {"type": "list", "elements": "dict", "options": stage},
        "duration": {"type": "float"},
        "activation_rate": {"type": "float"},
        "timeout": {"type": "float", "default": 10},
        "workers": {"type": "int", "default": 1},
        "keep_alive": {"type": "bool", "default": False},
        "max_rate": {"type": "float", "default": DEFAULT_MAX_RATE},
    }
    return {
        **ACCESS_OPTIONS,
        "namespace": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "trigger": {"type": "str"},
        "phases": {
            "type": "list",
            "elements": "str",
            "default": ["scale_out", "hold"],
            "choices": [phase.value for phase in Phase],
        },
        "load": {
            "type": "dict",
            "options": {
                "http": {
                    "type": "dict",
                    "options": http,
                    "mutually_exclusive": [["url", "urls"], ["rate", "replicas", "stages"], ["duration", "stages"]],
                    "required_one_of": [["url", "urls"], ["rate", "replicas", "stages"]],
                },
                "external": EXTERNAL_SPEC,
            },
            "mutually_exclusive": [["http", "external"]],
        },
        "expected": EXPECTED_SPEC,
        "counter_metric": {"type": "str"},
        "metric_per_request": {"type": "float"},
        "query_window": {"type": "float"},
        "proof_dir": {"type": "path", "required": True},
        "expect": {
            "type": "list",
            "elements": "str",
            "default": ["scaled"],
            "choices": [outcome.value for outcome in Outcome],
        },
        "fail_on_unexpected": {"type": "bool", "default": True},
        "hold_seconds": {"type": "int", "default": 15},
        "wait_timeout": {"type": "int", "default": 300},
        "wait_sleep": {"type": "int", "default": 5},
        "prometheus_url": {"type": "str"},
        "prometheus_headers": {"type": "dict", "no_log": True},
        **prometheus_options.SPEC,
        "scrape_interval": {"type": "float"},
        "hpa_sync_period": {"type": "float"},
        "hpa_tolerance": {"type": "float"},
        "hpa_downscale_stabilization": {"type": "float"},
        "pod_start_seconds": {"type": "float", "default": 30},
        "progress_file": {"type": "path"},
    }


def check_options(params: dict[str, Any]) -> LoadOptions:
    """Return the load.

    :raises BadInput: an option's value makes no sense; all such options are named at once
    """
    http = (params["load"] or {}).get("http") or {}
    stages = http.get("stages") or []
    positive = {
        f"load.http.{key}": http.get(key)
        for key in ("rate", "replicas", "duration", "timeout", "workers", "activation_rate", "max_rate")
    }
    positive |= {
        f"load.http.stages[{index}].{key}": stage[key]
        for index, stage in enumerate(stages)
        for key in ("rate", "duration")
    }
    positive |= {
        key: params[key]
        for key in (
            "metric_per_request",
            "query_window",
            "hold_seconds",
            "wait_timeout",
            "wait_sleep",
            "hpa_sync_period",
            "scrape_interval",
        )
    }
    wrong = [
        f"{key} is {value:g} and must be greater than 0 and finite"
        for key, value in positive.items()
        if value is not None and not 0 < value < math.inf
    ]
    if params["hpa_tolerance"] is not None and not 0 <= params["hpa_tolerance"] < 1:
        wrong.append(f"hpa_tolerance is {params['hpa_tolerance']:g} and must be at least 0 and less than 1")
    for key in ("hpa_downscale_stabilization", "pod_start_seconds"):
        if params[key] is not None and not 0 <= params[key] < math.inf:
            wrong.append(f"{key} is {params[key]:g} and must be at least 0 and finite")
    if (http.get("workers") or 1) > (most := _WORKERS_PER_CORE * (os.cpu_count() or 1)):
        wrong.append(f"load.http.workers is {http['workers']} and must be at most {most}, {_WORKERS_PER_CORE} per core")
    wrong += request_options.wrong(http) + load_options.wrong_amount(http)
    if not params["expect"]:
        wrong.append(f"expect is empty, so no verdict would be accepted: give some of {', '.join(Outcome)}")
    wrong += prometheus_options.wrong(params)
    wrong += _wrong_phases(params["phases"], bool(params["load"])) + load_options.wrong_stages(stages)
    wrong += expected_options.wrong_values(params)
    # YAML reads a value such as 7 as a number.
    params["prometheus_headers"] = {name: str(value) for name, value in (params["prometheus_headers"] or {}).items()}
    try:
        header_fields.check(params["prometheus_headers"])
    except PrometheusError as error:
        wrong.append(str(error))
    try:
        promql.counter_selector(params["counter_metric"] or "any", "any")
    except ValueError as error:
        wrong.append(f"counter_metric is {error}")
    if wrong:
        raise BadInput("; ".join(wrong))
    given = {key: http[key] for key in LoadOptions.__dataclass_fields__ if http.get(key) is not None}
    url, *more_urls = request_options.urls_of(http) or [""]
    given |= {"url": url, "more_urls": tuple(more_urls), "request": request_options.request_of(http)}
    return LoadOptions(**{**given, "stages": tuple(Stage(**stage) for stage in stages)})


def _wrong_phases(phases: list[str], has_load: bool) -> list[str]:
    wrong = []
    if not phases:
        wrong.append(f"phases is empty: give some of {', '.join(Phase)}")
    if "hold" in phases and "scale_out" not in phases:
        wrong.append("phases has hold without scale_out, whose pods it holds")
    if "activation" in phases and "scale_out" not in phases and {"scale_in", "to_zero"} & set(phases):
        wrong.append("phases has activation and scale_in or to_zero without scale_out: nothing would grow in between")
    if not has_load and {"activation", "scale_out"} & set(phases):
        wrong.append("load is not given, and the phases activation and scale_out send one")
    return wrong
