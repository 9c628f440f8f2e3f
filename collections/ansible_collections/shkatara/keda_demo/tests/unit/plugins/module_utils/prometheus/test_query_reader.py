# SPDX-License-Identifier: MIT
"""The shapes of queries as people write them: in KEDA's documentation, in issues, in charts and in blog posts."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.not_understood import (
    NotUnderstood,
    QueryReason,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_reader import read_query
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_shape import (
    OverTime,
    OverTimeFunction,
    QueryShape,
    RecordingRule,
    Rounding,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.recording_rules import (
    Rule,
    RulesReading,
)

MAX, MIN, AVG, LAST = OverTimeFunction
C = "http_requests_total"


def rate(selector, window, **fields):
    return QueryShape(selector, window=window, **fields)


def increase(selector, window, **fields):
    return QueryShape(selector, "increase", window, **{"factor": window, **fields})


def gauge(selector, **fields):
    return QueryShape(selector, "", **fields)


UNDERSTOOD = [
    # KEDA's documentation, and the demo's own.
    (
        'sum(rate(http_requests_total{deployment="my-deployment"}[2m]))',
        rate('http_requests_total{deployment="my-deployment"}', 120),
    ),
    (
        'sum(rate(python_request_operations_total{namespace="test"}[30s]))',
        rate('python_request_operations_total{namespace="test"}', 30),
    ),
    # https://github.com/kedacore/keda/issues/5432, 5176, 759
    (
        'sum(increase(http_requests_total{pod=~"abc-service-.*"}[2m]))',
        increase('http_requests_total{pod=~"abc-service-.*"}', 120),
    ),
    ("sum(rate(nginx_ingress_controller_requests[1m]))", rate("nginx_ingress_controller_requests", 60)),
    ("sum(rate(tomcat_global_request_seconds_count[1m]))", rate("tomcat_global_request_seconds_count", 60)),
    # The ingress controllers and the meshes that charts are written for.
    (
        'sum(rate(nginx_ingress_controller_requests{exported_namespace="shop", ingress=~"web.*", status!~"5.."}[3m]))',
        rate('nginx_ingress_controller_requests{exported_namespace="shop",ingress=~"web.*",status!~"5.."}', 180),
    ),
    (
        'round(sum(irate(istio_requests_total{reporter="destination",destination_workload="web"}[1m])), 0.001)',
        QueryShape(
            'istio_requests_total{reporter="destination",destination_workload="web"}',
            "irate",
            60,
            rounding=Rounding.NEAREST,
            rounding_step=0.001,
        ),
    ),
    (
        'sum(rate(traefik_service_requests_total{service="shop-web-80@kubernetes"}[1m])) by (service)',
        rate('traefik_service_requests_total{service="shop-web-80@kubernetes"}', 60),
    ),
    ("sum(rate(envoy_cluster_upstream_rq_total[2m]) or vector(0))", rate("envoy_cluster_upstream_rq_total", 120)),
    # Factors.
    (f"sum(rate({C}[30s])) * 60", rate(C, 30, factor=60)),
    (f"60 * sum(rate({C}[30s]))", rate(C, 30, factor=60)),
    (f"sum(rate({C}[1m])) / 2", rate(C, 60, factor=0.5)),
    (f"sum(rate({C}[1m]) * 60) / (3 - 1)", rate(C, 60, factor=30)),
    (f"sum(increase({C}[1m])) / 60", increase(C, 60, factor=1)),
    (f"sum(rate({C}[1m])) * vector(2)", rate(C, 60, factor=2)),
    (f"sum by (job) (rate({C}[1m])) * on () group_left vector(2)", rate(C, 60, factor=2)),
    (f"-(-sum(rate({C}[1m])))", rate(C, 60)),
    (f"abs(0 - sum(rate({C}[1m])))", rate(C, 60)),
    (f"sum(rate({C}[1m])) + 5", rate(C, 60, constant=5)),
    (f"(sum(rate({C}[1m])) - 2) * 3", rate(C, 60, factor=3, constant=-6)),
    # One element, or the default 0.
    (f"sum(rate({C}[1m])) or vector(0)", rate(C, 60)),
    (f'(sum by (ingress) (rate({C}{{ingress="web"}}[1m]))) or on() vector(0)', rate(f'{C}{{ingress="web"}}', 60)),
    (f"sum(rate({C}[1m])) > 0 or vector(0)", rate(C, 60)),
    (f"sum(rate({C}[1m]) > 0)", rate(C, 60)),
    (f"vector(scalar(sum(rate({C}[1m]))))", rate(C, 60)),
    (f"max(sum(rate({C}[1m])))", rate(C, 60)),
    (f'max by (namespace) (sum by (namespace) (rate({C}{{namespace="a"}}[1m])))', rate(f'{C}{{namespace="a"}}', 60)),
    (f"sum(sum by (pod) (rate({C}[1m])))", rate(C, 60)),
    (f"sum without (pod, instance) (rate({C}[1m]))", rate(C, 60)),
    (f"sort_desc(sum(rate({C}[1m])))", rate(C, 60)),
    (
        f'sum by (app) (label_replace(rate({C}[1m]), "app", "$1", "service", "(.*)-svc"))',
        rate(C, 60),
    ),
    # One element a pod: KEDA takes it while there is one pod.
    (f"rate({C}[1m])", rate(C, 60, single=False)),
    (f"sum by (pod) (rate({C}[1m]))", rate(C, 60, single=False)),
    (f"sum(rate({C}[1m])) by (namespace, kubernetes_pod_name)", rate(C, 60, single=False)),
    (f"sum without (path) (rate({C}[1m]))", rate(C, 60, single=False)),
    (
        f'sum by (who) (label_replace(rate({C}[1m]), "who", "$1", "pod", "(.*)"))',
        rate(C, 60, single=False),
    ),
    (
        f'sum without (pod, instance) (label_replace(rate({C}[1m]), "who", "$1", "pod", "(.*)"))',
        rate(C, 60, single=False),
    ),
    # Means.
    (f"avg(rate({C}[30s]))", rate(C, 30, mean=True)),
    (f"avg(sum by (pod) (rate({C}[30s])))", rate(C, 30, mean=True, mean_of_pods=True)),
    (f"avg(sum by (namespace, pod) (rate({C}[30s])))", rate(C, 30, mean=True, mean_of_pods=True)),
    # A pod has a group for each path, which its series tell.
    (f"avg(sum by (pod, path) (rate({C}[30s])))", rate(C, 30, mean=True)),
    (f"sum(rate({C}[30s])) / count(rate({C}[30s]))", rate(C, 30, mean=True)),
    (f"sum(rate({C}[30s])) / (count({C})) * 60", rate(C, 30, mean=True, factor=60)),
    # Rounded and cut.
    (f"ceil(sum(rate({C}[1m])))", rate(C, 60, rounding=Rounding.UP)),
    (f"floor(sum(increase({C}[1m])))", increase(C, 60, rounding=Rounding.DOWN)),
    (f"ceil(sum(rate({C}[1m])) / 10) * 10", rate(C, 60, rounding=Rounding.UP, rounding_step=10)),
    (f"ceil(ceil(sum(rate({C}[1m])) / 10) * 10)", rate(C, 60, rounding=Rounding.UP, rounding_step=10)),
    (f"clamp_min(sum(rate({C}[1m])), 5)", rate(C, 60, low=5)),
    (f"clamp_max(sum(rate({C}[1m])), 100) * 60", rate(C, 60, factor=60, high=6000)),
    (f"clamp(sum(rate({C}[1m])), 0, 100)", rate(C, 60, high=100)),
    (f"clamp_min(sum(rate({C}[1m])) - 20, 0)", rate(C, 60, constant=-20, low=0)),
    (f"clamp_max(clamp_min(sum(rate({C}[1m])), 10), 5)", rate(C, 60, low=5, high=5)),
    (f"ceil(clamp_max(sum(rate({C}[1m])), 5.5))", rate(C, 60, rounding=Rounding.UP, high=6)),
    # Times.
    (f"sum(irate({C}[5m]))", QueryShape(C, "irate", 300)),
    (f"sum(rate({C}[1h30m] offset 90s))", rate(C, 5400, offset=90)),
    (f"sum(rate({C}[90]))", rate(C, 90)),
    (f"max_over_time(sum(rate({C}[30s]))[2m:10s])", rate(C, 30, over_time=(OverTime(MAX, 120, 10),))),
    (f"avg_over_time(sum(rate({C}[30s]))[2m:])", rate(C, 30, over_time=(OverTime(AVG, 120, 15),))),
    (
        f"ceil(max_over_time(min_over_time(sum(rate({C}[30s]))[1m:10s] offset 1m)[5m:30s]))",
        rate(C, 30, offset=60, rounding=Rounding.UP, over_time=(OverTime(MIN, 60, 10), OverTime(MAX, 300, 30))),
    ),
    # Gauges.
    ("sum(http_requests_in_flight)", gauge("http_requests_in_flight")),
    (
        'sum(phpfpm_active_processes{namespace="shop"}) * 100 / 50',
        gauge('phpfpm_active_processes{namespace="shop"}', factor=2),
    ),
    ('rabbitmq_queue_messages_ready{queue="mail"}', gauge('rabbitmq_queue_messages_ready{queue="mail"}', single=False)),
    (
        'avg_over_time(rabbitmq_queue_messages_ready{queue="mail"}[1m])',
        gauge('rabbitmq_queue_messages_ready{queue="mail"}', single=False, over_time=(OverTime(AVG, 60, 0),)),
    ),
    ("avg(queue_length)", gauge("queue_length", mean=True)),
    ("sum(last_over_time(queue_length[5m]))", gauge("queue_length", over_time=(OverTime(LAST, 300, 0),))),
    # What a look at the text would get wrong.
    (f'sum(rate({C}{{path="[5m]"}}[1m])) # was [9h]', rate(f'{C}{{path="[5m]"}}', 60)),
    (f"SUM(rate({C}[1m])) Or VECTOR(0)".replace("VECTOR", "vector"), rate(C, 60)),
    ('sum(rate({"http.requests", code="200"}[1m]))', rate('{__name__="http.requests",code="200"}', 60)),
    ('sum(rate({__name__="a_total", job=~`x|\\d+`}[1m]))', rate('a_total{job=~"x|\\\\d+"}', 60)),
    (f"sum(\n  rate(\n    {C}[ 2m ]\n  )\n)", rate(C, 120)),
    ("sum(rate(sum_total[1m])) by (by)", rate("sum_total", 60)),
]

NOT_UNDERSTOOD = [
    # Two vectors.
    (f"sum(rate({C}[1m])) + sum(rate(grpc_requests_total[1m]))", QueryReason.JOIN, {"name": "+"}),
    (f"sum(rate({C}[1m]) * on (pod) group_left kube_pod_labels)", QueryReason.JOIN, {"name": "*"}),
    (f"sum(rate({C}[1m])) or sum(rate(old_{C}[1m]))", QueryReason.JOIN, {"name": "or"}),
    (f"sum(rate({C}[1m])) or vector(1)", QueryReason.JOIN, {"name": "or"}),
    (f"sum(rate({C}[1m]) and on (pod) up)", QueryReason.JOIN, {"name": "and"}),
    (f"sum by (job) (rate({C}[1m])) * vector(2)", QueryReason.JOIN, {"name": "*"}),
    (f"sum(rate({C}[1m])) * scalar(count(kube_pod_info))", QueryReason.AGGREGATION, {"name": "count"}),
    (f"sum({C}) - sum({C} offset 5m)", QueryReason.JOIN, {"name": "-"}),
    (
        "sum(rate(http_request_duration_seconds_sum[2m])) / sum(rate(http_request_duration_seconds_count[2m]))",
        QueryReason.RATIO,
        {"name": "/"},
    ),
    (
        'sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m])) * 100',
        QueryReason.RATIO,
        {},
    ),
    (f"sum(rate({C}[1m])) / count(up)", QueryReason.RATIO, {}),
    # The number of paths, of pods and one more, and of the pods of the last hour.
    (f"sum(rate({C}[1m])) / count(sum by (path) ({C}))", QueryReason.RATIO, {}),
    (f"sum(rate({C}[1m])) / count(sum without (pod, instance) ({C}))", QueryReason.RATIO, {}),
    (f"sum(rate({C}[1m])) / count(rate({C}[1m]) or vector(0))", QueryReason.RATIO, {}),
    (f"sum(rate({C}[1m])) / count(last_over_time({C}[1h]))", QueryReason.RATIO, {}),
    (f"1 / sum(rate({C}[1m]))", QueryReason.RATIO, {}),
    (f"sum(rate({C}[1m])) > 5", QueryReason.COMPARISON, {"name": ">"}),
    (f"sum(rate({C}[1m])) > bool 5", QueryReason.COMPARISON, {"name": "> bool"}),
    (f"sum(rate({C}[1m])) < 100", QueryReason.COMPARISON, {"name": "<"}),
    (f"avg_over_time((sum(rate({C}[1m])) > 0)[5m:1m])", QueryReason.COMPARISON, {"name": ">"}),
    (f"sum(rate({C}[1m])) ^ 2", QueryReason.OPERATOR, {"name": "^"}),
    (f"100 - sum(rate({C}[1m]))", QueryReason.FALLS_WITH_LOAD, {}),
    ("vector(5)", QueryReason.CONSTANT, {}),
    (f"sum(rate({C}[1m])) * 0", QueryReason.CONSTANT, {}),
    (f"sum(rate({C}[1m])) + Inf", QueryReason.CONSTANT, {}),
    (f"clamp_min(sum(rate({C}[1m])), Inf)", QueryReason.CONSTANT, {}),
    # Functions and aggregations.
    (
        "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
        QueryReason.QUANTILE,
        {"name": "histogram_quantile"},
    ),
    ("quantile(0.9, http_latency)", QueryReason.QUANTILE, {"name": "quantile"}),
    (f"topk(1, sum by (pod) (rate({C}[1m])))", QueryReason.TOPK, {"name": "topk"}),
    (f"absent({C})", QueryReason.ABSENT, {"name": "absent"}),
    ("predict_linear(queue_length[10m], 300)", QueryReason.PREDICT_LINEAR, {"name": "predict_linear"}),
    (f"max(rate({C}[1m]))", QueryReason.EXTREME, {"name": "max"}),
    ("max(sum by (path) (rate(a_total[1m])))", QueryReason.EXTREME, {"name": "max"}),
    ("avg(sum by (path) (rate(a_total[1m])))", QueryReason.AGGREGATION, {"name": "avg"}),
    ("avg(sum without (pod, instance) (rate(a_total[1m])))", QueryReason.AGGREGATION, {"name": "avg"}),
    ("avg(rate(a_total[1m]) > 0)", QueryReason.AGGREGATION, {"name": "avg"}),
    ("count(kube_pod_info)", QueryReason.AGGREGATION, {"name": "count"}),
    ("delta(queue_length[5m])", QueryReason.FUNCTION, {"name": "delta"}),
    ("deriv(queue_length[5m])", QueryReason.FUNCTION, {"name": "deriv"}),
    ("sum(changes(state[5m]))", QueryReason.FUNCTION, {"name": "changes"}),
    ("sqrt(sum(rate(a_total[1m])))", QueryReason.FUNCTION, {"name": "sqrt"}),
    ("hour()", QueryReason.FUNCTION, {"name": "hour"}),
    ("sum(ceil(rate(a_total[1m])))", QueryReason.PER_SERIES, {"name": "ceil"}),
    ("sum(avg_over_time(in_flight[1m]))", QueryReason.PER_SERIES, {"name": "avg_over_time"}),
    ("sum(rate(a_total[1m]) + 1)", QueryReason.PER_SERIES, {"name": "+"}),
    ("sum(clamp_max(rate(a_total[1m]), 5))", QueryReason.PER_SERIES, {"name": "clamp"}),
    ("round(ceil(sum(rate(a_total[1m]))), 5)", QueryReason.ROUNDED_TWICE, {}),
    ("round(avg_over_time(sum(rate(a_total[1m]))[5m:1m]))", QueryReason.AFTER_AVERAGE, {"name": "round"}),
    ("rate(sum(a_total)[5m:1m])", QueryReason.RATE_OF_SUBQUERY, {"name": "rate"}),
    # Selectors.
    ("sum(rate(a_total[1m] @ start()))", QueryReason.AT_MODIFIER, {}),
    ("sum(rate(a_total[1m] offset -5m))", QueryReason.NEGATIVE_OFFSET, {}),
    ('sum(rate(a_total{b="1" or c="2"}[1m]))', QueryReason.ALTERNATIVES, {}),
    # What KEDA can't take.
    ("rate(a_total[1m]) or vector(0)", QueryReason.SEVERAL_ELEMENTS, {}),
    ("scalar(sum(rate(a_total[1m])))", QueryReason.SCALAR_RESULT, {}),
    ("a_total[5m]", QueryReason.NO_VECTOR, {}),
    ('"text"', QueryReason.NO_VECTOR, {}),
]

NO_PROMQL = [
    "",
    "sum(rate(a_total[$__rate_interval]))",
    "sum(rate({{ .Values.metric }}[5m]))",
    "sum(rate(a_total[5m])",
    "sum(rate(a_total))",
    "RATE(a_total[5m])",
    "SELECT count(*) FROM requests",
]


def test_there_are_many_queries():
    assert len(UNDERSTOOD) + len(NOT_UNDERSTOOD) + len(NO_PROMQL) >= 60


@pytest.mark.parametrize(("query", "shape"), UNDERSTOOD)
def test_a_query_that_is_understood(query, shape):
    assert read_query(query, RulesReading((), 15.0)) == shape


@pytest.mark.parametrize(("query", "reason", "data"), NOT_UNDERSTOOD)
def test_a_query_that_is_not_understood_has_its_reason(query, reason, data):
    read = read_query(query, RulesReading((), 15.0))
    assert isinstance(read, NotUnderstood)
    assert read.reason is reason
    assert {name: read.data[name] for name in data} == data


@pytest.mark.parametrize("query", NO_PROMQL)
def test_a_text_that_is_no_promql(query):
    read = read_query(query)
    assert read.reason is QueryReason.DOES_NOT_PARSE
    assert read.data["error"]


# Recording rules

RULES = RulesReading(
    (
        Rule("ns:requests:rate5m", f"sum by (namespace) (rate({C}[5m]))", 30.0),
        Rule("pod:requests:rate1m", f'rate({C}{{job="web"}}[1m])', 15.0, {"team": "shop"}),
        Rule("all:requests:rate", "sum(ns:requests:rate5m) * 60", 60.0),
        Rule("requests_per_second", f"sum(rate({C}[2m]))", 20.0),
        Rule("loop:a", "loop:b", 30.0),
        Rule("loop:b", "loop:a + 1", 30.0),
        Rule("two:rules", "sum(a)", 30.0, {"kind": "a"}),
        Rule("two:rules", "sum(b)", 30.0, {"kind": "b"}),
        Rule("same:rule", "sum(a)", 30.0),
        Rule("same:rule", "sum(a)", 30.0),
        Rule("named:pods", f'sum by (who) (label_replace(rate({C}[1m]), "who", "$1", "pod", "(.*)"))', 30.0),
    ),
    15.0,
)
FIVE = RecordingRule("ns:requests:rate5m", 30.0)
POD = RecordingRule("pod:requests:rate1m", 15.0)


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("sum(ns:requests:rate5m)", rate(C, 300, rules=(FIVE,))),
        ('ns:requests:rate5m{namespace="test"}', rate(f'{C}{{namespace="test"}}', 300, rules=(FIVE,))),
        (
            'max(ns:requests:rate5m{namespace="test"} offset 1m)',
            rate(f'{C}{{namespace="test"}}', 300, offset=60, rules=(FIVE,)),
        ),
        ("all:requests:rate", rate(C, 300, factor=60, rules=(FIVE, RecordingRule("all:requests:rate", 60.0)))),
        ("requests_per_second / 2", rate(C, 120, factor=0.5, rules=(RecordingRule("requests_per_second", 20.0),))),
        ('sum(pod:requests:rate1m{team="shop"})', rate(f'{C}{{job="web"}}', 60, rules=(POD,))),
        (
            'sum(pod:requests:rate1m{pod=~"web-.*"})',
            rate(f'{C}{{job="web",pod=~"web-.*"}}', 60, rules=(POD,)),
        ),
        ("pod:requests:rate1m", rate(f'{C}{{job="web"}}', 60, rules=(POD,), single=False)),
        (
            "avg_over_time(all:requests:rate[5m])",
            rate(
                C,
                300,
                factor=60,
                rules=(FIVE, RecordingRule("all:requests:rate", 60.0)),
                over_time=(OverTime(AVG, 300, 60),),
            ),
        ),
        ('sum(two:rules{kind="b"})', gauge("b", rules=(RecordingRule("two:rules", 30.0),))),
        ("sum(same:rule)", gauge("a", rules=(RecordingRule("same:rule", 30.0),))),
    ],
)
def test_a_recording_rule_is_its_expression(query, shape):
    assert read_query(query, RULES) == shape


@pytest.mark.parametrize(
    ("query", "reason", "data"),
    [
        ("sum(no:such:rule)", QueryReason.RULE_MISSING, {"rule": "no:such:rule"}),
        ('sum(pod:requests:rate1m{team="other"})', QueryReason.RULE_MISSING, {"rule": "pod:requests:rate1m"}),
        ('ns:requests:rate5m{pod="a"}', QueryReason.RULE_LABEL, {"rule": "ns:requests:rate5m", "label": "pod"}),
        ('sum(named:pods{who="a"})', QueryReason.RULE_LABEL, {"rule": "named:pods", "label": "who"}),
        ("sum(two:rules)", QueryReason.RULES_OF_ONE_NAME, {"rule": "two:rules"}),
        ("loop:a", QueryReason.RULE_LOOP, {"rule": "loop:a"}),
        ("sum(rate(all:requests:rate[5m]))", QueryReason.RATE_OF_RULE, {"name": "rate", "rule": "all:requests:rate"}),
    ],
)
def test_a_rule_that_is_not_understood(query, reason, data):
    assert read_query(query, RULES) == NotUnderstood(reason, data)


def test_what_needs_prometheus_is_not_understood_without_it():
    unread = RulesReading(error="HTTP 403")
    assert read_query("sum(ns:requests:rate5m)", unread) == NotUnderstood(
        QueryReason.RULE_UNREAD, {"rule": "ns:requests:rate5m", "error": "HTTP 403"}
    )
    assert read_query(f"sum(rate({C}[1m]))", unread) == rate(C, 60)
    assert read_query("max_over_time(sum(a)[5m:])", RulesReading(())).reason is QueryReason.STEP_UNKNOWN


def test_history_and_delay_of_rules_and_subqueries():
    shape = read_query("max_over_time(all:requests:rate[2m] offset 10s)", RULES)
    assert (shape.history_seconds, shape.delay_seconds) == (420, 100)
