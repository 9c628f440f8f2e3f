# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The sentences about a chain that is not ready, and about a workload that does not come to rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..judgement import facts as records
from ..judgement.outcomes import Verdict
from . import finding_messages, phrases


def _chain_not_ready(_verdict: Verdict, facts: records.ChainNotReady) -> str:
    missing = "; ".join(map(finding_messages.phrase, facts.missing))
    return f"After {facts.seconds:g} s (wait_timeout) the chain is not ready: {missing}. Nothing was sent."


def _never_ready(_verdict: Verdict, facts: records.NeverReady) -> str:
    others = [finding for finding in facts.missing if finding != facts.first]
    more = f" Also missing: {'; '.join(map(finding_messages.phrase, others))}." if others else ""
    return (
        f"The chain is not ready, and waiting can't fix it: {finding_messages.phrase(facts.first)}.{more}"
        f"{'' if facts.load_sent else ' Nothing was sent.'}"
    )


def _never_at_rest(_verdict: Verdict, facts: records.NeverAtRest) -> str:
    return (
        f"The workload did not come to rest within {phrases.limit(facts.limit)}: "
        f"{finding_messages.phrase(facts.finding)}. Does anything else send requests?"
        f"{'' if facts.load_sent else ' Nothing was sent by this proof.'}"
    )


SENTENCES: Mapping[type, Callable[[Verdict, Any], str]] = {
    records.ChainNotReady: _chain_not_ready,
    records.NeverReady: _never_ready,
    records.NeverAtRest: _never_at_rest,
}
