# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The application's settings from environment variables, all checked before the server listens."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(ValueError):
    """Bad environment variables. The message has the name, the fault and a remedy of each."""


@dataclass(frozen=True)
class Settings:
    """The settings. The defaults are the demo's values.

    :param delay_seconds: the delay of an answer to `/`
    :param threads: the number of requests answered at the same time
    :param drain_seconds: the time after SIGTERM in which new requests are accepted
    :param grace_seconds: the time after SIGTERM at which all requests are ended
    """

    delay_seconds: float = 0.6
    threads: int = 64
    drain_seconds: float = 5.0
    grace_seconds: int = 30


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings from an environment. Unset and empty variables give the defaults.

    :raises SettingsError: variables are wrong; the message names them all
    """
    problems: list[str] = []

    def number(name: str, default: float, lowest: float, highest: float, whole: bool = False) -> float:
        text = environ.get(name, "").strip()
        try:
            value = float(text) if text else default
        except ValueError:
            value = math.nan
        # Every comparison with NaN is false, so NaN is refused, too.
        if lowest <= value <= highest and (not whole or value.is_integer()):
            return value
        kind = "a whole number" if whole else "a number"
        problems.append(f"{name} is {text!r}: give {kind} from {lowest:g} to {highest:g}, such as {default:g}")
        return default

    delay = number("APP_DELAY_SECONDS", Settings.delay_seconds, 0, 60)
    threads = number("APP_THREADS", float(Settings.threads), 1, 512, whole=True)
    drain = number("APP_DRAIN_SECONDS", Settings.drain_seconds, 0, 300)
    grace = number("APP_GRACE_SECONDS", float(Settings.grace_seconds), 2, 3600, whole=True)
    if not problems and grace <= drain + delay + 1:
        problems.append(
            f"APP_GRACE_SECONDS is {grace:g}, and {drain:g} s (APP_DRAIN_SECONDS), then {delay:g} s "
            f"(APP_DELAY_SECONDS) and one more to end must fit into it: give {int(drain + delay) + 2} or more"
        )
    if problems:
        raise SettingsError("; ".join(problems))
    return Settings(delay, int(threads), drain, int(grace))
