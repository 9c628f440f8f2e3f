# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a person reads while a proof runs and in its verdict, as pure functions."""

from __future__ import annotations

from collections.abc import Container, Mapping

from ..autoscaling.hpa import AVERAGE_VALUE
from ..prediction.hop_bounds import MARGIN_SECONDS
from ..prediction.scale_in import ScaleIn
from ..prediction.scale_out import Prediction
from .records import Replicas


def replicas_words(count: int) -> str:
    """Return such as `1 replica` or `4 replicas`."""
    return f"{count} replica{'' if count == 1 else 's'}"


def possible_words(prediction: Prediction) -> str:
    """Return the counts at which the HPA may come to rest, such as `4 or 5`."""
    return " or ".join(str(count) for count in prediction.possible_replicas)


def threshold_words(prediction: Prediction) -> str:
    """Return the target of the HPA, such as `10 a replica`."""
    return f"{prediction.threshold:g} {'a replica' if prediction.target_type == AVERAGE_VALUE else 'in all'}"


def metric_words(prediction: Prediction) -> str:
    """Return what is asked of the HPA."""
    return f"a metric of {prediction.metric:g} at {threshold_words(prediction)}"


def parts_words(parts: Mapping[str, float]) -> str:
    """Return the parts of a latest time, in seconds."""
    return " + ".join(f"{name} {seconds:g}" for name, seconds in parts.items())


def wait_words(latest: float, parts: Mapping[str, float]) -> str:
    """Return why a wait has ended, and what its time was made of, as a sentence."""
    return (
        f"The wait ended {MARGIN_SECONDS:g} s after the latest predicted time, which is {latest:g} s "
        f"({parts_words(parts)})."
    )


def latest_words(latest: float, parts: Mapping[str, float]) -> str:
    """Return what a latest time that is over was made of, as a sentence."""
    return f"The latest predicted time was {latest:g} s ({parts_words(parts)})."


def last_words(last: Replicas) -> str:
    """Return the counts at the end, as a sentence."""
    return f"At the end the HPA wanted {last.desired}, {last.current} pods were there and {last.ready} Ready."


def prediction_words(prediction: Prediction, rate: float) -> str:
    """Return the line that tells the prediction before `rate` requests a second are sent."""
    words = (
        f"predicted: {rate:g} requests/s make a metric of {prediction.metric:g}, at {threshold_words(prediction)} "
        f"that is {possible_words(prediction)} replica{'' if prediction.possible_replicas == [1] else 's'} (now "
        f"{prediction.from_replicas})"
    )
    if not prediction.changes:
        return words
    return (
        f"{words}, the first change after {prediction.earliest_change_seconds:g} to "
        f"{prediction.latest_change_seconds:g} s, all Ready after {prediction.earliest_seconds:g} to "
        f"{prediction.latest_seconds:g} s"
    )


def scale_in_words(scale_in: ScaleIn) -> str:
    """Return the line that tells how replicas will go back."""
    return (
        f"predicted: back to {replicas_words(scale_in.replicas)}, the first change "
        f"{scale_in.earliest_change_seconds:g} to {scale_in.latest_change_seconds:g} s after the last request, all "
        f"after {scale_in.latest_seconds:g} s at the latest"
    )


def value_words(value: float | None) -> str:
    """Return a metric's value, or `none`."""
    return "none" if value is None else f"{value:.1f}"


def replicas_line(replicas: Replicas) -> str:
    """Return the counts, as in every regular line."""
    return f"replicas desired {replicas.desired}, current {replicas.current}, ready {replicas.ready}"


def next_words(bounds: Mapping[str, tuple[float, float]], seen: Container[str], now: float) -> str:
    """Return which hop is expected next and by when; empty where none is.

    :param bounds: by hop, in the order of their causes, in seconds on the clock of `now`
    """
    for name, (_earliest, latest) in bounds.items():
        if name not in seen and now <= latest:
            return f"; next: {name.replace('_', ' ')} within {latest - now:.0f} s"
    return ""


def too_short_words(prediction: Prediction, duration: float, hold_seconds: float, least: int) -> str:
    """Return why a load of `duration` seconds is refused, and that `least` would do."""
    return (
        f"load.http.duration of {duration:g} s is too short to prove anything: {prediction.replicas} replicas may be "
        f"Ready as late as {prediction.latest_seconds:g} s after the first request "
        f"({parts_words(prediction.latest_parts)}) and must stay for {hold_seconds:g} s (hold_seconds). Give at least "
        f"{least}, or leave it out"
    )
