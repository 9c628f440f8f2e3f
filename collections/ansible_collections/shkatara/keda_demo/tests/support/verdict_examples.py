# SPDX-License-Identifier: MIT
"""A verdict of each kind, with the parts of its predictions and loads that its sentence needs."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_object import HpaTarget
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.keda import KedaRules
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.field_managers import (
    UNKNOWN,
    FieldManager,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.stats import LoadStats
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.expectation import (
    Expectation,
    Expected,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_in import (
    ScaleIn,
    predict_scale_in,
    predict_to_zero,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import (
    Prediction,
    PredictionReason,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_shape import QueryShape
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import Timing
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import cause_facts, facts
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import Facts
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.findings import Code, Finding
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.outcomes import (
    Outcome,
    Reason,
    Verdict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.workload_state import Rollout
from ansible_collections.shkatara.keda_demo.tests.support.loads import DIED, ENDED, RUNNING, UNANSWERED, UNSENT
from ansible_collections.shkatara.keda_demo.tests.support.predictions import (
    FOUR,
    NONE,
    OTHERS,
    TARGET,
    TIMING,
    predicted,
)

LAST = ReplicaCounts(171.3, 6, 6, 5, 2)
NO_GROWTH = ReplicaCounts(171.3, 1, 1, 1, 1)
TO_ONE = predict_scale_in(TARGET, [4], 0.0, TIMING)
TO_ZERO = predict_to_zero(
    KedaRules(inactive_replicas=0, min_replicas=0, polling_interval=5, cooldown=20), [1, 4], TIMING
)
UNWATCHED = (("deployments", "no answer"), ("horizontalpodautoscalers", "the connection broke"))
EXPECTED = Expected(3, 5, 90.0)
LIMIT = (("metric", 40.0), ("scale-in", 315.0), ("margin", 30.0))
LIMITED = Timing(5, shape=QueryShape("requests_total", window=30, high=9.0))
FROZEN = HpaConfig(TARGET.metrics, 1, 10, behavior={"scaleUp": {"selectPolicy": "Disabled"}})


@dataclass(frozen=True)
class Example:
    """A verdict; `mentions` are the numbers and names in its sentence that come from a prediction or a load."""

    verdict: Verdict
    mentions: tuple[object, ...] = ()


def _example(outcome: Outcome, reason: Reason, facts: Facts, *mentions: object) -> Example:
    return Example(Verdict(outcome, reason, facts), mentions)


def _latest(prediction: Prediction | ScaleIn) -> tuple[object, ...]:
    """The latest time and its parts."""
    times = prediction.times if isinstance(prediction, Prediction) else prediction
    return (times.latest_seconds, *times.latest_parts.items())


def _rested(reason: PredictionReason, *mentions: object, prediction: Prediction | None = None) -> Example:
    prediction = prediction or predicted(5.0, reason=reason)
    rested = facts.Rested(prediction, 103.0)
    return _example(Outcome.NOT_SCALED, Reason(reason), rested, prediction.from_replicas, *mentions)


def _mismatch(
    reason: Reason,
    *mentions: object,
    outcome: Outcome = Outcome.WRONG_COUNT,
    last: ReplicaCounts = LAST,
    load: LoadStats = ENDED,
    others: tuple = (),
) -> Example:
    mismatch = facts.Mismatch(FOUR, last, load, True, others)
    return _example(outcome, reason, mismatch, 34.5, 10, 4, *_latest(FOUR), *mentions)


def _cause(reason: Reason, facts: Facts, *mentions: object) -> Example:
    return _example(Outcome.WRONG_CAUSE, reason, facts, *mentions)


KUBECTL = FieldManager("kubectl", "scale")
HPAS = (("by-hand", HpaTarget("Deployment", "shop")), ("web", HpaTarget("Deployment", "shop", "other")))


def _missed(reason: Reason, *mentions: object, load: LoadStats = ENDED, waited: bool = True) -> Example:
    missed = facts.MissedExpectation(Expectation(EXPECTED, from_replicas=1), LAST, load, waited)
    return _example(Outcome.WRONG_COUNT, reason, missed, 3, 5, 90, 1, *mentions)


_MISSED_REASONS = (
    Reason.METRIC_NOT_OVER_THRESHOLD,
    Reason.HPA_DID_NOT_ACT,
    Reason.PODS_NOT_READY,
    Reason.FEWER_THAN_EXPECTED,
    Reason.MORE_THAN_EXPECTED,
)
_CHAIN_REASONS = (
    Reason.DEPLOYMENT_MISSING,
    Reason.WORKLOAD_MISSING,
    Reason.PODS_NOT_READY,
    Reason.PROMETHEUS_UNREACHABLE,
    Reason.QUERY_FAILED,
    Reason.SCRAPE_TARGET_MISSING,
    Reason.SCRAPE_TARGET_DOWN,
    Reason.SCALEDOBJECT_MISSING,
    Reason.SCALEDOBJECT_PAUSED,
    Reason.SCALEDOBJECT_NOT_READY,
    Reason.HPA_MISSING,
    Reason.HPA_METRIC_INVALID,
)
_MISSING = (
    Finding(Code.GONE, {"object": "the HPA, which KEDA creates,"}),
    Finding(Code.PAUSED, {"name": "scaledobject-py", "annotation": "autoscaling.keda.sh/paused"}),
)
_PERMANENT = {
    Reason.PROMETHEUS_REFUSED: Finding(Code.REFUSED, {"error": "refused /api/v1/query: HTTP 401"}),
    Reason.QUERY_INVALID: Finding(Code.INVALID_QUERY, {"error": "1:5: parse error"}),
    Reason.QUERY_RETURNS_SEVERAL_SERIES: Finding(Code.SEVERAL_SERIES, {"error": "the query returns 4 series"}),
    Reason.SCRAPE_INTERVAL_UNKNOWN: Finding(Code.NO_INTERVAL),
}
_QUIET = Finding(Code.METRIC_FALLING, {"value": 8.5})

EXAMPLES = (
    *(
        _example(Outcome.ABORTED, reason, facts.Text("SIGTERM was received: the load was stopped."))
        for reason in (Reason.BAD_INPUT, Reason.INTERNAL_ERROR, Reason.INTERRUPTED, Reason.SCALEDOBJECT_DELETED)
    ),
    *(_example(Outcome.NOT_READY, reason, facts.ChainNotReady(60.5, _MISSING)) for reason in _CHAIN_REASONS),
    *(
        _example(Outcome.NOT_READY, reason, facts.NeverReady(finding, (_MISSING[1], finding)))
        for reason, finding in _PERMANENT.items()
    ),
    _example(Outcome.NOT_READY, Reason.QUERY_INVALID, facts.NeverReady(_MISSING[0], (_MISSING[0],), load_sent=True)),
    _example(Outcome.NOT_READY, Reason.NOT_AT_REST, facts.NeverAtRest(LIMIT, _QUIET, load_sent=True), 385),
    _example(Outcome.NOT_READY, Reason.NOT_AT_REST, facts.NeverAtRest(LIMIT, _QUIET, load_sent=False), 385),
    _example(Outcome.ABORTED, Reason.LOAD_NOT_SENT, facts.LoadFailure(DIED), DIED.died, 2000),
    _example(Outcome.ABORTED, Reason.LOAD_NOT_SENT, facts.LoadFailure(UNSENT), 1000, 2000),
    _example(Outcome.ABORTED, Reason.LOAD_NOT_SENT, facts.LoadFailure(LoadStats(ended=True))),
    _example(Outcome.ABORTED, Reason.LOAD_NOT_SENT, facts.RestTooShort(60.0, 103.0)),
    _example(Outcome.ABORTED, Reason.LOAD_NOT_ANSWERED, facts.LoadFailure(UNANSWERED), 900, 1980),
    _example(Outcome.ABORTED, Reason.NOT_OBSERVED, facts.Unwatched(UNWATCHED)),
    _example(Outcome.ABORTED, Reason.NOT_OBSERVED, facts.Unwatched(UNWATCHED, scale_in=True)),
    _example(Outcome.ABORTED, Reason.NOT_PREDICTABLE, facts.Unpredicted(OTHERS, LAST)),
    _example(Outcome.SCALED, Reason.AS_PREDICTED, facts.Held(FOUR, 4, 27.9, 15.0), 4, 178),
    _example(Outcome.SCALED, Reason.AS_PREDICTED, facts.Reached(33.1)),
    _example(Outcome.SCALED_LATE, Reason.AFTER_LATEST, facts.Held(FOUR, 4, 178.2, 15.0), 4, *_latest(FOUR)),
    _example(Outcome.SCALED_LATE, Reason.HOLD_CUT_SHORT, facts.HoldCutShort(4, 170.4, 15.0)),
    _example(Outcome.FLAPPED, Reason.LEFT_DURING_HOLD, facts.LeftDuringHold(4, 27.9, 33.2, 15.0, None, LAST)),
    _example(Outcome.FLAPPED, Reason.LEFT_DURING_HOLD, facts.LeftDuringHold(4, 27.9, 33.2, 15.0, 36.4, LAST)),
    _example(
        Outcome.FLAPPED,
        Reason.ROLLED_OUT,
        facts.LeftDuringHold(4, 27.9, 33.2, 15.0, 36.4, LAST, Rollout(31.5, "web-7d9f", "web-5b6c")),
        31.5,
        "web-7d9f",
        "web-5b6c",
    ),
    _rested(PredictionReason.LOAD_UNDER_THRESHOLD, 5, 10, "10%"),
    _rested(PredictionReason.LOAD_UNDER_ACTIVATION, 5),
    _rested(PredictionReason.MAX_REPLICAS, 10, prediction=predicted(200.0, 10)),
    _rested(PredictionReason.FALLBACK),
    _rested(PredictionReason.SCALE_UP_DISABLED, prediction=predicted(34.5, target=FROZEN)),
    _rested(PredictionReason.QUERY_LIMIT, 9, prediction=predicted(34.5, timing=LIMITED)),
    _example(Outcome.WRONG_COUNT, Reason.MORE_THAN_PREDICTED, facts.RestBroken(NONE, 3, ()), 5, 10, 1),
    _example(Outcome.WRONG_COUNT, Reason.OTHER_TRIGGER, facts.RestBroken(NONE, 3, OTHERS), 5, 10, 1),
    _example(Outcome.WRONG_COUNT, Reason.FEWER_THAN_PREDICTED, facts.RestLost(NONE, LAST), 1),
    _mismatch(Reason.METRIC_NOT_OVER_THRESHOLD, outcome=Outcome.NOT_SCALED, last=NO_GROWTH),
    _mismatch(Reason.METRIC_NOT_OVER_THRESHOLD, 15, outcome=Outcome.NOT_SCALED, last=NO_GROWTH, load=RUNNING),
    _mismatch(Reason.HPA_DID_NOT_ACT, outcome=Outcome.NOT_SCALED, last=NO_GROWTH),
    _mismatch(Reason.PODS_NOT_READY, last=ReplicaCounts(171.3, 4, 4, 3, 2)),
    _mismatch(Reason.FEWER_THAN_PREDICTED, last=ReplicaCounts(171.3, 3, 3, 3, 3)),
    _mismatch(Reason.FEWER_THAN_PREDICTED, outcome=Outcome.NOT_SCALED, last=NO_GROWTH),
    _mismatch(Reason.MORE_THAN_PREDICTED),
    _mismatch(Reason.OTHER_TRIGGER, others=OTHERS),
    _mismatch(Reason.LOAD_NOT_SENT, 1000, 2000, load=UNSENT),
    _mismatch(Reason.LOAD_NOT_ANSWERED, 900, 1980, load=UNANSWERED),
    _example(Outcome.SCALED, Reason.AS_PREDICTED, facts.ScaledIn(1, 58.871)),
    _example(
        Outcome.SCALED_LATE,
        Reason.SCALE_IN_AFTER_LATEST,
        facts.ScaledInLate(TO_ONE, 400.4),
        TO_ONE.replicas,
        *_latest(TO_ONE),
    ),
    _cause(Reason.MOVED_BEFORE_LOAD, cause_facts.MovedBeforeLoad(2, LAST, sent=False)),
    _cause(Reason.MOVED_BEFORE_LOAD, cause_facts.MovedBeforeLoad(2, LAST, sent=True)),
    _cause(Reason.TOO_EARLY, cause_facts.TooEarly(4, 2.3, 21.7)),
    _cause(Reason.METRIC_NEVER_OVER, cause_facts.NeverOver("s0-prometheus", True, 10.0, 8.25, 4, 27.9)),
    _cause(Reason.METRIC_NEVER_OVER, cause_facts.NeverOver("", False, 10.0, None, 4, 27.9, OTHERS), "query"),
    _cause(Reason.REQUESTS_NOT_COUNTED, cause_facts.NotCounted(1660, 1672, 12.0)),
    _cause(Reason.REQUESTS_NOT_COUNTED, cause_facts.NotCounted(1660, 1672, 2300.0), 1672),
    _cause(Reason.REQUESTS_NOT_COUNTED, cause_facts.NotScraped(1660)),
    _cause(Reason.OTHER_TRIGGER, cause_facts.OtherMetric("s1-cron-Etc-UTC", 5, 2, 4, 27.9)),
    _cause(Reason.OTHER_WRITER, cause_facts.RaisedMinimum(1, 5, 2, 4, 27.9)),
    _cause(Reason.OTHER_WRITER, cause_facts.OtherWriter(1, 4, 2, 27.9, KUBECTL), "kubectl", "scale"),
    _cause(Reason.OTHER_WRITER, cause_facts.OtherWriter(4, 1, 3, 27.9, UNKNOWN, after_load=True)),
    _cause(Reason.OTHER_WRITER, cause_facts.OtherHpas(HPAS, sent=True), "web", "Deployment", "shop", "other"),
    _cause(Reason.OTHER_WRITER, cause_facts.OtherHpas(HPAS[:1], sent=False), "by-hand", "Deployment", "shop"),
    _example(Outcome.SCALED, Reason.AS_EXPECTED, facts.MetExpectation(EXPECTED, 4, 41.2, 15.0), 3, 5, 90),
    _example(Outcome.SCALED, Reason.AS_EXPECTED, facts.Reached(41.2)),
    _example(Outcome.SCALED_LATE, Reason.AFTER_EXPECTED, facts.MetExpectation(EXPECTED, 4, 97.5, 15.0), 3, 5, 90),
    _example(Outcome.ABORTED, Reason.LOAD_NOT_SEEN, facts.NoRise(300.0)),
    *(_missed(reason) for reason in _MISSED_REASONS),
    _missed(Reason.LOAD_NOT_SENT, 1000, 2000, load=UNSENT),
    _missed(Reason.LOAD_NOT_ANSWERED, 900, 1980, load=UNANSWERED),
    _missed(Reason.FEWER_THAN_EXPECTED, waited=False),
    _example(Outcome.NOT_SCALED_IN, Reason.NOT_AT_MINIMUM, facts.NotScaledIn(TO_ONE, LAST), 1, 15, *_latest(TO_ONE)),
    _example(Outcome.NOT_SCALED_IN, Reason.NOT_AT_ZERO, facts.NotScaledIn(TO_ZERO, LAST), 0, 15, *_latest(TO_ZERO)),
)
