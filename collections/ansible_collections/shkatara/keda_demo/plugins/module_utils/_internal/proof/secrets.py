# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The secrets of a proof, which are in no file, no line and no result: those of its options and of the triggers' URLs.

Messages leave them out by themselves. This is the net below: an answer of a server, a condition of an object or an
error of a library may repeat what was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..autoscaling.triggers import Trigger
from ..common import hiding, urls
from ..common.hiding import Hider
from . import request_options


def of_options(params: Mapping[str, Any]) -> set[str]:
    """Return the secrets of the module's options, in addition to those that Ansible hides by itself."""
    http = (params.get("load") or {}).get("http") or {}
    hidden, _shown = request_options.secrets(http)
    for name in ("host", "proxy", "prometheus_url"):
        hidden |= urls.secrets(params.get(name) or "")
    return hidden


def of_triggers(triggers: Iterable[Trigger]) -> set[str]:
    """Return the secrets of the triggers' server addresses."""
    return {secret for trigger in triggers for secret in urls.secrets(trigger.server_address)}


def hide(no_log_values: set[str], params: Mapping[str, Any]) -> None:
    """Add the secrets to what Ansible hides in the result, and take out what it hides for no reason.

    Ansible hides each value of a header, even where the same text occurs by chance: without the name of a Host header
    a message about it could not be read.
    """
    http = (params.get("load") or {}).get("http") or {}
    _hidden, shown = request_options.secrets(http)
    no_log_values -= shown
    no_log_values |= of_options(params)


def hider(params: Mapping[str, Any], triggers: Iterable[Trigger], headers: Mapping[str, str]) -> Hider:
    """Return what hides the secrets of a proof in its files, its lines and its result.

    :param headers: those of every request to Prometheus, of which a Secret of the cluster may have some
    """
    given = [*headers.values(), params.get("api_key"), params.get("password")]
    more = {secret for value in given if value for secret in hiding.of_header(str(value))}
    return Hider(of_options(params) | of_triggers(triggers) | more)
