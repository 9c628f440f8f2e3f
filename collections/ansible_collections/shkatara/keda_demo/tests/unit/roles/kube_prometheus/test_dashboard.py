# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The demo's dashboard: each query parses, and asks for metrics that are exported, scraped and not dropped.

The scenario `full` runs each query against a real Prometheus.
"""

import json
import re
from pathlib import Path

import promql_parser
import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support.release import ARCHIVE
from demo_app.web import create_app

COLLECTION = Path(__file__).parents[4]
TEXT = (COLLECTION / "roles" / "kube_prometheus" / "files" / "keda-demo.json").read_text()
DASHBOARD = json.loads(TEXT)
QUERIES = [
    pytest.param(target["expr"], id=f"{panel['id']}{target['refId']}")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]
# Metrics with the labels of their own: of KEDA 2.10.0, pkg/prommetrics/prommetrics.go, and of kube-state-metrics 2.7.0,
# docs/horizontalpodautoscaler-metrics.md and docs/deployment-metrics.md.
SCALER = {"namespace", "metric", "scaledObject", "scaler", "scalerIndex"}
HPA, DEPLOYMENT = {"namespace", "horizontalpodautoscaler"}, {"namespace", "deployment"}
KEDA = {f"keda_scaler_{name}": SCALER for name in ("active", "errors", "metrics_latency", "metrics_value")}
STATE = {
    "kube_deployment_status_replicas": DEPLOYMENT,
    "kube_deployment_status_replicas_ready": DEPLOYMENT,
    "kube_horizontalpodautoscaler_spec_max_replicas": HPA,
    "kube_horizontalpodautoscaler_spec_min_replicas": HPA,
    "kube_horizontalpodautoscaler_spec_target_metric": HPA | {"metric_name", "metric_target_type"},
    "kube_horizontalpodautoscaler_status_condition": HPA | {"condition", "status"},
    "kube_horizontalpodautoscaler_status_desired_replicas": HPA,
}
# Of the application's series, by the scrape.
TARGET = {"namespace", "pod", "service", "job", "instance", "container", "endpoint"}


def selectors(node):
    """Yield each selector of a parsed query."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
        return
    for name in ("vector_selector", "expr", "lhs", "rhs", "vs"):
        inner = getattr(node, name, None)
        if inner is not None and not isinstance(inner, str):
            yield from selectors(inner)
    for inner in getattr(node, "args", None) or []:
        yield from selectors(inner)


def of_application():
    """Return the names that the application itself answers with at /metrics."""
    text = create_app(sleep=lambda _seconds: None).test_client().get("/metrics").text
    return set(re.findall(r"^([a-z_]+)[{ ]", text, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def known():
    return KEDA | STATE | dict.fromkeys(of_application(), TARGET)


def test_it_has_queries_of_all_three_sources():
    names = {s.name for query in QUERIES for s in selectors(promql_parser.parse(query.values[0]))}
    assert names & KEDA.keys()
    assert names & STATE.keys()
    assert names & of_application()
    # What this test knows and no query asks for would be no longer checked against anything.
    assert (KEDA.keys() | STATE.keys()) - names == set()


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_parses_and_asks_for_known_metrics_by_known_labels(query, known):
    found = list(selectors(promql_parser.parse(query)))
    assert found
    for selector in found:
        assert selector.name in known
        labels = {matcher.name for matcher in selector.matchers.matchers}
        assert labels <= known[selector.name]
        assert "namespace" in labels


@pytest.fixture(scope="module")
def monitors(release):
    return {item["metadata"]["name"]: item for item in release if item["kind"] == "ServiceMonitor"}


def test_no_metric_is_dropped_at_its_scrape(monitors):
    names = {s.name for query in QUERIES for s in selectors(promql_parser.parse(query.values[0]))} & STATE.keys()
    rules = monitors["kube-state-metrics"]["spec"]["endpoints"][0]["metricRelabelings"]
    assert rules
    for rule in rules:
        assert rule["sourceLabels"] == ["__name__"]
        assert [name for name in names if re.fullmatch(rule["regex"], name)] == []


def test_the_namespace_of_an_object_s_metric_is_the_object_s(monitors):
    # Otherwise the labels of kube-state-metrics' own pod would be in their place.
    endpoint = monitors["kube-state-metrics"]["spec"]["endpoints"][0]
    assert endpoint["honorLabels"]


def test_the_window_of_a_rate_has_two_scrapes_of_the_application():
    interval = yaml.safe_load((COLLECTION / "roles" / "demo_app" / "defaults" / "main.yml").read_text())[
        "demo_app_scrape_interval_seconds"
    ]
    windows = [
        int(seconds) for seconds in re.findall(r"python_request_\w+\{[^}]*\}\[(\d+)s\]", TEXT.replace('\\"', '"'))
    ]
    assert windows
    assert min(windows) > 2 * interval


def test_queries_need_no_variable_of_grafana():
    assert "$" not in TEXT.replace("${datasource}", "")


def test_panels_do_not_overlap_and_have_their_own_ids():
    places = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(places) == len(set(places))
    assert max(x for x, _y in places) < 24
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_the_role_mounts_the_same_file_where_grafana_reads(run_role):
    given = {
        "kube_prometheus_profile": "full",
        "kube_prometheus_archive": str(ARCHIVE),
        "kube_prometheus_components": ["grafana", "prometheus", "prometheusOperator"],
    }
    objects = run_role({"grafana": given}, entry_points=())["grafana"]["value"]
    by_name = {(item["kind"], item["metadata"]["name"]): item for item in objects}
    config = by_name["ConfigMap", "grafana-dashboard-keda-demo"]
    assert json.loads(config["data"]["keda-demo.json"]) == DASHBOARD
    pod = by_name["Deployment", "grafana"]["spec"]["template"]["spec"]
    (volume,) = (v for v in pod["volumes"] if v["name"] == "grafana-dashboard-keda-demo")
    assert volume["configMap"] == {"name": config["metadata"]["name"]}
    (grafana,) = pod["containers"]
    (mount,) = (m for m in grafana["volumeMounts"] if m["name"] == volume["name"])
    # Grafana's provider reads all folders below this one.
    provider = json.loads(by_name["ConfigMap", "grafana-dashboards"]["data"]["dashboards.yaml"])["providers"][0]
    assert mount["mountPath"].startswith(f"{provider['options']['path']}/")
