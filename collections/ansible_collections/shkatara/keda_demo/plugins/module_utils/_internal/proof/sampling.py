# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whether the window of a query always has the two samples that `rate`, `irate` and `increase` need.

A window of w seconds has w/s samples of a target that is scraped every s seconds, rounded down or up, as the moment
falls. Source: Prometheus 2.41 and 3.0, promql/functions.go, extrapolatedRate and instantValue.
"""

from __future__ import annotations

import math

from ..common.errors import BadInput
from ..prometheus.query_shape import QueryShape
from .judgement.findings import Code, Finding

_NEEDED = 2
# Scrape intervals and windows are whole milliseconds.
_MILLISECOND = 1e-3


def check_window(shape: QueryShape | None, scrape_interval: float) -> Finding | None:
    """Return a warning about a window that may have two samples and no more; None if there is nothing to say.

    :param scrape_interval: in seconds, 0 where it is not known
    :raises BadInput: the window has only one sample, always or at times, and the query then has no value
    """
    if shape is None or not shape.is_rate or not shape.window or not scrape_interval:
        return None
    least = math.floor((shape.window + _MILLISECOND / 2) / scrape_interval)
    numbers = {"function": shape.function, "window": shape.window, "interval": scrape_interval}
    if least < _NEEDED:
        when = "never" if shape.window <= scrape_interval + _MILLISECOND / 2 else "not always"
        raise BadInput(
            f"The trigger's query takes {shape.function} over {shape.window:g} s, and its targets are scraped every "
            f"{scrape_interval:g} s: {shape.window:g} / {scrape_interval:g} = {shape.window / scrape_interval:.3g}, so "
            f"that the window has {when} two samples, which {shape.function} needs. Without them the query has no "
            f"value. Give the query a window of more than {_NEEDED * scrape_interval:g} s (four intervals, "
            f"{4 * scrape_interval:g} s, are usual), or scrape more often"
        )
    return Finding(Code.TWO_SAMPLES, numbers) if least == _NEEDED else None
