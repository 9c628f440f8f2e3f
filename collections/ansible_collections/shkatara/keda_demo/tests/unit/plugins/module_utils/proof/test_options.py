# SPDX-License-Identifier: MIT
"""The options of a proof: defaults, precedence, and the values that are refused by name."""

from __future__ import annotations

import copy
import json
import math
import os
import re

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import (
    Phase,
    argument_spec,
    check_options,
    proof_options,
)
from ansible_collections.shkatara.keda_demo.tests.support.module_options import validated

GIVEN = {
    "namespace": "test",
    "name": "scaledobject-py",
    "load": {"http": {"url": "http://192.0.2.11:30115/", "rate": 34.5}},
    "proof_dir": "proof",
}


def with_http(**http):
    return {**copy.deepcopy(GIVEN), "load": {"http": {"url": "http://192.0.2.11:30115/", **http}}}


def checked(given):
    params, errors = validated(given)
    assert errors == []
    return check_options(params)


def refusal(given):
    with pytest.raises(BadInput) as error:
        checked(given)
    return str(error.value)


def names(message, option, value=None):
    """Whether a message names an option, and its value a few words later."""
    pattern = rf"(?<![\w.]){re.escape(option)}(?![\w.\[])"
    if value is not None:
        pattern += rf"[\w ]*:? {re.escape(value)}(?![\w.])"
    return re.search(pattern, message) is not None


def test_defaults():
    params, errors = validated(GIVEN)
    assert errors == []
    assert params["phases"] == ["scale_out", "hold"]
    assert (params["expect"], params["fail_on_unexpected"]) == (["scaled"], True)
    load = check_options(params)
    assert (load.url, load.rate, load.replicas, load.stages) == ("http://192.0.2.11:30115/", 34.5, None, ())
    assert (load.duration, load.timeout, load.workers, load.keep_alive) == (None, 10, 1, False)


def test_stages():
    load = checked(with_http(stages=[{"rate": 5, "duration": 30, "ramp": True}, {"rate": 34.5, "duration": "240"}]))
    assert load.stages == (Stage(5.0, 30.0, ramp=True), Stage(34.5, 240.0))
    # A stage may keep the rate of the stage before.
    assert checked(with_http(stages=[{"rate": 5, "duration": 30}, {"rate": 5, "duration": 30}])).stages[1].rate == 5.0


def test_everything_of_a_load():
    load = checked(with_http(replicas=4, duration=300, activation_rate=2.5, timeout=3, workers=2, keep_alive=True))
    assert (load.replicas, load.duration, load.activation_rate) == (4, 300.0, 2.5)
    assert (load.timeout, load.workers, load.keep_alive) == (3.0, 2, True)


def test_no_load_is_needed_to_prove_a_scale_in():
    given = {key: value for key, value in GIVEN.items() if key != "load"}
    assert checked({**given, "phases": ["scale_in", "to_zero"]}).url == ""


STAGES = [{"rate": 5.0, "duration": 30.0}]


@pytest.mark.parametrize(
    "http",
    [
        {},
        {"rate": 34.5, "replicas": 4},
        {"rate": 34.5, "stages": STAGES},
        {"replicas": 4, "stages": STAGES},
        {"duration": 30.0, "stages": STAGES},
    ],
)
def test_exactly_one_kind_of_load(http):
    _params, errors = validated(with_http(**http))
    assert len(errors) == 1
    assert all(name in errors[0] for name in (http or {"rate": 0, "replicas": 0, "stages": 0}))


@pytest.mark.parametrize("phase", ["scaleout", "hold_on"])
def test_a_phase_that_does_not_exist(phase):
    _params, errors = validated({**GIVEN, "phases": [phase]})
    assert len(errors) == 1
    assert all(name in errors[0] for name in ("phases", phase, *Phase))


@pytest.mark.parametrize("name", ["rate", "duration", "timeout", "workers", "activation_rate"])
@pytest.mark.parametrize("value", [0, -5])
def test_numbers_of_a_load_are_greater_than_zero(name, value):
    http = {"rate": 34.5, **{name: value}}
    assert names(refusal(with_http(**http)), f"load.http.{name}", str(value))


@pytest.mark.parametrize("value", [0, -2])
def test_a_count_of_replicas_is_greater_than_zero(value):
    assert names(refusal(with_http(replicas=value)), "load.http.replicas", str(value))


@pytest.mark.parametrize(
    ("http", "named"),
    [
        ({"rate": None}, ("load.http", "rate", "replicas", "stages")),
        ({"stages": []}, ("load.http.stages", "rate", "replicas", "stages")),
        ({"url": None, "rate": 34.5}, ("load.http", "url")),
    ],
)
def test_an_option_without_a_value_is_none(http, named):
    """Ansible counts an option that is null or an empty list, as templates make them, among those that are given."""
    message = refusal(with_http(**http))
    assert all(names(message, name) for name in named)


def test_some_verdict_is_expected():
    assert names(refusal({**GIVEN, "expect": []}), "expect")


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["rate", "duration", "timeout", "activation_rate"])
def test_numbers_of_a_load_are_finite(name, value):
    assert names(refusal(with_http(**{"rate": 34.5, name: value})), f"load.http.{name}", f"{value:g}")


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"hold_seconds": 0}, "0"),
        ({"wait_timeout": 0}, "0"),
        ({"wait_sleep": -1}, "-1"),
        ({"metric_per_request": 0}, "0"),
        ({"query_window": -30}, "-30"),
        ({"hpa_sync_period": 0}, "0"),
        ({"scrape_interval": 0}, "0"),
        ({"scrape_interval": math.inf}, "inf"),
        ({"hpa_tolerance": 1}, "1"),
        ({"hpa_tolerance": -0.1}, "-0.1"),
        ({"hpa_tolerance": math.nan}, "nan"),
        ({"pod_start_seconds": -1}, "-1"),
        ({"pod_start_seconds": math.inf}, "inf"),
        ({"hpa_downscale_stabilization": math.nan}, "nan"),
        ({"prometheus_url": "prometheus:9090"}, "'prometheus:9090'"),
        ({"prometheus_url": "http://host:99999"}, "'http://host:99999'"),
        ({"counter_metric": "sum(requests_total)"}, "'sum(requests_total)'"),
        ({"counter_metric": "requests_total[5m]"}, "'requests_total[5m]'"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(options, value):
    (option,) = options
    assert names(refusal({**GIVEN, **options}), option, value)


@pytest.mark.parametrize(
    ("phases", "named"),
    [
        ([], list(Phase)),
        (["hold", "scale_in"], ["hold", "scale_out"]),
        (["activation", "scale_in"], ["activation", "scale_out"]),
        (["activation", "to_zero"], ["activation", "scale_out"]),
    ],
)
def test_phases_that_prove_nothing_are_refused(phases, named):
    message = refusal({**GIVEN, "phases": phases})
    assert all(names(message, name) for name in ["phases", *named])


def test_credentials_in_the_url_of_prometheus_are_refused_and_not_shown():
    message = refusal({**GIVEN, "prometheus_url": "http://me:word@host:9090"})
    assert names(message, "prometheus_url")
    assert "me:word" not in message


@pytest.mark.parametrize("rest", ["?api_key=s3cret", "graph#tab=s3cret"])
def test_what_no_request_would_have_of_the_url_of_prometheus_is_refused_and_not_shown(rest):
    message = refusal({**GIVEN, "prometheus_url": f"http://host:9090/{rest}"})
    assert names(message, "prometheus_url")
    assert names(message, "prometheus_headers")
    assert "s3cret" not in message


@pytest.mark.parametrize("value", [0, 0.0])
def test_zero_is_right_where_it_means_something(value):
    given = {**GIVEN, "hpa_tolerance": value, "pod_start_seconds": value, "hpa_downscale_stabilization": value}
    assert checked(given).rate == 34.5


@pytest.mark.parametrize("phases", [["activation"], ["scale_out"], ["scale_out", "hold", "scale_in"]])
def test_phases_that_send_a_load_need_its_options(phases):
    given = {key: value for key, value in GIVEN.items() if key != "load"}
    message = refusal({**given, "phases": phases})
    assert all(names(message, name) for name in ("load", "activation", "scale_out"))


@pytest.mark.parametrize(
    ("stages", "option", "value"),
    [
        ([{"rate": 34.5, "duration": 30}, {"rate": 30, "duration": 240}], "load.http.stages", None),
        ([{"rate": 34.5, "duration": 240, "ramp": True}], "load.http.stages", None),
        ([{"rate": 5, "duration": 0}, {"rate": 9, "duration": 240}], "load.http.stages[0].duration", "0"),
        ([{"rate": 5, "duration": 30}, {"rate": math.inf, "duration": 240}], "load.http.stages[1].rate", "inf"),
        ([{"rate": 0, "duration": 30}, {"rate": 9, "duration": 240}], "load.http.stages[0].rate", "0"),
    ],
)
def test_stages_that_prove_nothing(stages, option, value):
    assert names(refusal(with_http(stages=stages)), option, value)


def test_all_wrong_options_are_named_at_once():
    given = {
        **with_http(url="host", rate=0, duration=-1),
        "hold_seconds": 0,
        "phases": ["hold"],
        "counter_metric": "rate(a[5m])",
        "prometheus_headers": {"X-Bad": "line\nbreak"},
    }
    message = refusal(given)
    for name in (
        "load.http.url",
        "load.http.rate",
        "load.http.duration",
        "hold_seconds",
        "phases",
        "counter_metric",
        "X-Bad",
    ):
        assert names(message, name), name


@pytest.mark.parametrize("value", ["Bearer s3cret\nX-Evil: 1", "s3cret\r", "s3cret\0"])
def test_a_header_that_cannot_be_sent_is_named_without_its_value(value):
    message = refusal({**GIVEN, "prometheus_headers": {"Authorization": value}})
    assert names(message, "Authorization")
    assert names(message, "prometheus_headers")
    assert "s3cret" not in message


def test_a_header_may_be_a_number():
    """YAML reads a tenant's name such as 7 as a number."""
    assert checked({**GIVEN, "prometheus_headers": {"X-Scope-OrgID": 7}}).rate == 34.5


def test_headers_are_hidden_by_ansible_too():
    assert argument_spec()["prometheus_headers"]["no_log"] is True


def test_the_argument_spec_is_plain_data():
    spec = {name: {**option, "fallback": None} for name, option in argument_spec().items()}
    assert json.loads(json.dumps(spec)) == spec


@pytest.mark.parametrize("url", ["http://192.0.2.11:30115/", "https://[2001:db8::1]:8443/x?y=1", "http://host"])
def test_a_url(url):
    assert checked(with_http(url=url, rate=34.5)).url == url


@pytest.mark.parametrize(
    "url",
    ["192.0.2.11:30115", "ftp://host/", "http://host:99999/", "http://host:0/", "http://[::1/", "http:///path", ""],
)
def test_no_url(url):
    assert names(refusal(with_http(url=url, rate=34.5)), "load.http.url", repr(url))


def test_more_workers_than_the_machine_can_have_are_refused():
    assert names(refusal(with_http(rate=34.5, workers=10_000)), "load.http.workers", "10000")
    most = 4 * os.cpu_count()
    assert checked(with_http(rate=34.5, workers=most)).workers == most
    assert names(refusal(with_http(rate=34.5, workers=most + 1)), "load.http.workers", str(most + 1))


def test_phases_are_in_the_order_of_a_proof():
    params, _errors = validated({**GIVEN, "phases": ["to_zero", "hold", "scale_out"]})
    assert proof_options(params, {}).phases == (Phase.SCALE_OUT, Phase.HOLD, Phase.TO_ZERO)


def test_an_option_takes_precedence_over_a_flag_and_a_flag_over_the_default():
    params, _errors = validated({**GIVEN, "hpa_tolerance": 0.2})
    options = proof_options(params, {"hpa_tolerance": 0.3, "hpa_sync_period": 30.0})
    assert (options.hpa_tolerance, options.hpa_sync_period, options.hpa_downscale_stabilization) == (0.2, 30, 300)
    assert options.flags_read == ("hpa_sync_period",)
