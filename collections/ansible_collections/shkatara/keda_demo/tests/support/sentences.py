# SPDX-License-Identifier: MIT
"""What a sentence lacks: numbers and names of its data, and signs of values that were never meant for a reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_model import NotPredicted
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.findings import Finding
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import finding_messages
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts

_NUMBER = re.compile(r"\d+(?:\.\d+)?%?")
# Values without a text of their own, and gaps that an empty text leaves.
_DAMAGE = re.compile(r"\bNone\b|\b(?:True|False)\b|[{}<>]|\binf\b|\bnan\b|\s\s|\s\(\)|\s[.,;:]|\.\.")


def numbers(sentence: str) -> list[str]:
    """The numbers of a sentence, as they are written."""
    return _NUMBER.findall(sentence)


def damage(sentence: str) -> list[str]:
    """What is no part of a sentence that a person can read."""
    return _DAMAGE.findall(sentence)


def is_ended(sentence: str) -> bool:
    """Whether a sentence ends as one."""
    return sentence.endswith((".", "?"))


def lacks(sentence: str, data: Any) -> Iterator[str]:
    """The numbers and names of data that a sentence lacks; predictions and loads are left to the caller."""
    if isinstance(data, str):
        if data not in sentence:
            yield data
    elif isinstance(data, bool):
        return
    elif isinstance(data, int | float):
        if not {f"{data:g}", f"{data:.0f}", f"{data:.1f}", f"{data:.4g}"} & set(numbers(sentence)):
            yield f"{data:g}"
    elif isinstance(data, ReplicaCounts):
        yield from lacks(sentence, (data.desired, data.current, data.ready))
    elif isinstance(data, NotPredicted):
        yield from lacks(sentence, (data.trigger, data.why))
    elif isinstance(data, Finding):
        yield from lacks(sentence, finding_messages.phrase(data))
    elif isinstance(data, list | tuple):
        for entry in data:
            yield from lacks(sentence, entry)
