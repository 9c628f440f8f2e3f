# SPDX-License-Identifier: MIT
"""The selectors and ranges of a query's text."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.promql import (
    counter_selector,
    mentions,
    parse_selectors,
    selectors,
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            'sum(rate(python_request_operations_total{namespace="test"}[30s]))',
            ['python_request_operations_total{namespace="test"}'],
        ),
        ("up", ["up"]),
        ("", []),
        ("1 + 2 * 1e-3 + .5 + 0x1F + Inf", []),
        ("sum by (pod, namespace) (rate(a[1m]))", ["a"]),
        ("SUM(rate(a[1m])) BY (pod)", ["a"]),
        ("sum without (b) (a)", ["a"]),
        ("a / on (pod) group_left (node) b", ["a", "b"]),
        ("a * ignoring(c) group_right() b", ["a", "b"]),
        ("a and b or c unless d", ["a", "b", "c", "d"]),
        ("a > bool 5", ["a"]),
        ("rate(a{x='1'}[5m] offset 1h) - rate(a{x='1'}[5m] @ start()) - a offset -1w", ['a{x="1"}', "a"]),
        ("a @ 1609746000 + a @ end()", ["a"]),
        ("max_over_time(rate(a[30s])[5m:15s])", ["a"]),
        ("histogram_quantile(0.99, sum by (le) (rate(a_bucket[5m])))", ["a_bucket"]),
        ('{__name__="x", job=~"a|b"}', ['x{job=~"a|b"}']),
        ('{__name__=~"x|y"}', ['{__name__=~"x|y"}']),
        ('{"a.metric", pod="p"}[5m]', ['{__name__="a.metric",pod="p"}']),
        ('{"a.metric", "k8s.pod"="p"}', ['{__name__="a.metric","k8s.pod"="p"}']),
        ('a { b = "1" , c != "2", }', ['a{b="1",c!="2"}']),
        ('a{p="[x] {y} (z)", q="by (w)"} + c', ['a{p="[x] {y} (z)",q="by (w)"}', "c"]),
        (r'a{p="say \"{b}\""} + c', [r'a{p="say \"{b}\""}', "c"]),
        (r"a{p=`\d{3}`} + c", [r'a{p="\\d{3}"}', "c"]),
        ("a{p='`', q=\"`\"} # `\n+ c{p=`#`}", ['a{p="`",q="`"}', 'c{p="#"}']),
        ('a{p=`x"y`} + c', ['a{p="x\\"y"}', "c"]),
        (r'a{p=~"/api/\\d+"}', [r'a{p=~"/api/\\d+"}']),
        ("a # not b\n+ c", ["a", "c"]),
        ("ns:requests:rate5m{}", ["ns:requests:rate5m"]),
        ("sum{a='b'} + count", ['sum{a="b"}', "count"]),
        ("sum(Offset) BY (by)", ["Offset"]),
        ('rate(a{p="[9h]"}[1h30m]) # [5m]', ['a{p="[9h]"}']),
        ('a{b="1" or c="2"}', ['a{b="1" or c="2"}']),
        ("label_replace(up, 'a', '$1', 'b', '(.*)')", ["up"]),
        ('a{x="1"} + a{x="1"}', ['a{x="1"}']),
        ("count_values('version', build_info)", ["build_info"]),
        ("clamp_max(vector(5), 3) + time()", []),
        # A text that is no PromQL has none.
        ("sum(a{b=", []),
        ("rate(a[$__rate_interval])", []),
    ],
)
def test_selectors(query, expected):
    assert selectors(query) == expected


def test_matchers_are_read_as_prometheus_reads_them():
    (selector,) = parse_selectors(r"""a{b="x\ty\u00e4\"", c=~`\d+`, d!='', e!~"f"}""")
    assert selector.name == "a"
    assert [(item.label, item.operator, item.value) for item in selector.matchers] == [
        ("b", "=", 'x\tyä"'),
        ("c", "=~", r"\d+"),
        ("d", "!=", ""),
        ("e", "!~", "f"),
    ]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"a": "1", "b": "200", "c": "x"}, True),
        ({"a": "1", "b": "200"}, False),  # c is empty, and must not be
        ({"a": "2", "b": "200", "c": "x"}, False),
        ({"a": "1", "b": "2000", "c": "x"}, False),  # a regular expression fits the whole value
        ({"a": "1", "b": "200", "c": "x", "d": "y"}, False),
    ],
)
def test_labels_that_a_selector_accepts(labels, expected):
    (selector,) = parse_selectors('m{a="1", b=~"2..", c!="", d!~"y|z"}')
    assert selector.accepts_labels(labels) is expected


def test_labels_that_are_ignored():
    (selector,) = parse_selectors('m{namespace="test", path="/"}')
    assert selector.accepts_labels({"path": "/"}, {"namespace"})
    assert not selector.accepts_labels({"path": "/x"}, {"namespace"})


@pytest.mark.parametrize(
    ("query", "metric", "expected"),
    [
        ('sum(rate(requests_total{namespace="test"}[30s]))', "requests_total", True),
        ('sum(rate(requests_total{namespace="test"}[30s]))', "requests", False),
        ('{__name__=~"requests_.*"}', "requests_total", True),
        ('{job="a"}', "requests_total", False),
        ('{"requests_total"}', "requests_total", True),
        ('label_replace(up, "requests_total", "", "", "")', "requests_total", False),
        ('rate(a{path="/x"}[1m])', 'a{path="/y"}', False),
        ('rate(a{path="/x"}[1m])', 'a{path="/x", namespace="test"}', True),
        ("rate(a[1m])", '{__name__="a"}', True),
        ("rate(a[1m])", "", False),
    ],
)
def test_mentions(query, metric, expected):
    assert mentions(query, metric) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("requests_total", 'requests_total{namespace="shop"}'),
        (" requests_total ", 'requests_total{namespace="shop"}'),
        ("requests_total{}", "requests_total"),
        ('requests_total{ job = "a", }', 'requests_total{job="a"}'),
        ('{__name__="a b"}', '{__name__="a b"}'),
    ],
)
def test_counter_selector(text, expected):
    assert counter_selector(text, "shop") == expected


@pytest.mark.parametrize(
    "text", ["", "rate(a[1m])", "sum(a)", "a[5m]", "a + b", "a offset 5m", "a @ 5", "5", "a{b='c'}}"]
)
def test_text_that_is_not_a_counter(text):
    with pytest.raises(ValueError, match=r"not a counter: .*without a function"):
        counter_selector(text, "shop")
