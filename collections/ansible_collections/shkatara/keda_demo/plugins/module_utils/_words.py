# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a person reads while a proof runs and in its verdict, as pure functions."""

from __future__ import annotations

from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import Prediction
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import Replicas


def replicas_words(count: int) -> str:
    """Return such as `1 replica` or `4 replicas`."""
    return f"{count} replica{'' if count == 1 else 's'}"


def possible_words(prediction: Prediction) -> str:
    """Return the counts at which the HPA may come to rest, such as `4 or 5`."""
    return " or ".join(str(count) for count in prediction.possible_replicas)


def metric_words(prediction: Prediction) -> str:
    """Return what is asked of the HPA, as the beginning of a sentence."""
    return f"A metric of {prediction.metric:g} at {prediction.threshold:g} a replica"


def parts_words(prediction: Prediction) -> str:
    """Return the parts of the latest time, in seconds."""
    return " + ".join(f"{name} {seconds:g}" for name, seconds in prediction.latest_parts.items())


def last_words(last: Replicas) -> str:
    """Return the counts at the end, as a sentence."""
    return f"At the end the HPA wanted {last.desired}, {last.current} pods were there and {last.ready} Ready."


def prediction_words(prediction: Prediction, rate: float) -> str:
    """Return the line that tells the prediction before `rate` requests a second are sent."""
    words = (
        f"predicted: {rate:g} requests/s make a metric of {prediction.metric:g}, at {prediction.threshold:g} a replica "
        f"that is {possible_words(prediction)} replicas (now {prediction.from_replicas})"
    )
    if not prediction.changes:
        return words
    return (
        f"{words}, the first change after {prediction.earliest_change_seconds:g} to "
        f"{prediction.latest_change_seconds:g} s, all Ready after {prediction.latest_seconds:g} s at the latest"
    )


def load_words(
    sent_rate: float, answered_rate: float, metric: float | None, threshold: float, replicas: Replicas
) -> str:
    """Return the regular line under load; both rates are in requests a second."""
    value = "none" if metric is None else f"{metric:.1f}"
    return (
        f"sent {sent_rate:.1f}/s, answered {answered_rate:.1f}/s; metric {value}, {threshold:g} a replica; replicas "
        f"desired {replicas.desired}, current {replicas.current}, ready {replicas.ready}"
    )


def too_short_words(prediction: Prediction, duration: float, hold_seconds: float, least: int) -> str:
    """Return why a load of `duration` seconds is refused, and that `least` would do."""
    return (
        f"load.http.duration of {duration:g} s is too short to prove anything: {prediction.replicas} replicas may be "
        f"Ready as late as {prediction.latest_seconds:g} s after the first request ({parts_words(prediction)}) and "
        f"must stay for {hold_seconds:g} s (hold_seconds). Give at least {least}"
    )
