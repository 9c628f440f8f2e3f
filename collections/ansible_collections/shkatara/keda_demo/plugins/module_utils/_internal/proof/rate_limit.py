# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The limit of a rate that the module chooses: nobody who gave a count of replicas has seen the rate before."""

from __future__ import annotations

from ..common.errors import BadInput
from ..prediction import scale_out
from .messages import rate_messages
from .plan import Situation

# The length of a load for which only the rate is computed yet.
_LONG_SECONDS = 86400.0


def check(situation: Situation, rate: float) -> None:
    """Check a rate that was chosen for `load.http.replicas`.

    :raises BadInput: it is above `load.http.max_rate`
    """
    options, initial, config = situation.load_options, situation.initial_state, situation.model.config
    if config is None or options.replicas is None or rate <= options.max_rate:
        return
    prediction = scale_out.predict(config, options.spec(rate, _LONG_SECONDS), initial, situation.timing)
    raise BadInput(
        rate_messages.above_max_rate(
            prediction,
            options.replicas,
            rate,
            options.max_rate,
            per_request=initial.per_request,
            baseline=initial.baseline,
        )
    )
