# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The directions in which the phases of a proof need the HPA and KEDA to scale."""

from __future__ import annotations

from ..autoscaling.obstacles import Direction
from ..common.errors import BadInput
from .messages import obstacle_messages
from .options import Phase
from .plan import Situation


def check_directions(situation: Situation) -> None:
    """Check that nothing keeps the HPA or KEDA from a direction that a phase needs.

    The HPA's growth is not among them: a scale-out that is disabled is predicted as such.

    :raises BadInput: something does
    """
    needed = {Phase.SCALE_IN: Direction.IN, Phase.TO_ZERO: Direction.TO_ZERO}
    if situation.rules.scales_to_zero:
        needed |= {Phase.ACTIVATION: Direction.FROM_ZERO, Phase.SCALE_OUT: Direction.FROM_ZERO}
    for phase in situation.options.phases:
        if phase not in needed:
            continue
        hindering = [one for one in situation.model.obstacles if one.hinders(needed[phase])]
        if hindering:
            raise BadInput(f"phase {phase} can't be proven: {'; '.join(map(obstacle_messages.obstacle, hindering))}")
