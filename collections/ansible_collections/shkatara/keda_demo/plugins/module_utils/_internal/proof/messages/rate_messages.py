# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The sentence about a rate that the module would choose, and that is higher than it may be."""

from __future__ import annotations

from ...prediction.scale_out import Prediction
from . import phrases


def above_max_rate(
    prediction: Prediction, replicas: int, rate: float, max_rate: float, *, per_request: float, baseline: float
) -> str:
    """Return why no load is sent, with the arithmetic of its rate.

    :param per_request: what one request per second adds to the metric
    :param baseline: the metric without the load
    """
    others = f", of which others cause {baseline:.4g}" if baseline else ""
    return (
        f"load.http.replicas is {replicas}, for which the module would have to send {rate:g} requests/s, and "
        f"load.http.max_rate is {max_rate:g}: the HPA's target is {phrases.threshold(prediction)}, so that "
        f"{phrases.replicas(replicas)} need a metric of {prediction.metric:g}{others}, and each request per second "
        f"adds {per_request:g} to it. If the application may get that many, set load.http.max_rate to at least "
        f"{rate:g}. If the query counts in a unit other than requests per second, set metric_per_request to what one "
        "request per second adds. Or give load.http.rate, which is not limited"
    )
