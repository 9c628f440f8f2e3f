# SPDX-License-Identifier: MIT
"""Which options are refused, and that each one is named."""

from __future__ import annotations

import copy
import json
import math

import pytest
from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.urls import is_url
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import (
    argument_spec,
    check_options,
)

GIVEN = {
    "namespace": "test",
    "name": "scaledobject-py",
    "load": {"http": {"url": "http://192.0.2.11:30115/", "rate": 34.5}},
    "proof_dir": "proof",
}


def validated(given):
    """The options as Ansible hands them to the module, and what it says of them itself."""
    spec = argument_spec()
    for option in spec.values():
        option.pop("fallback", None)
    found = ModuleArgumentSpecValidator(spec).validate(given)
    return found.validated_parameters, found.error_messages


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
    # A step that stays as high is none that falls.
    assert checked(with_http(stages=[{"rate": 5, "duration": 30}, {"rate": 5, "duration": 30}])).stages[1].rate == 5.0


def test_everything_of_a_load():
    load = checked(with_http(replicas=4, duration=300, activation_rate=2.5, timeout=3, workers=2, keep_alive=True))
    assert (load.replicas, load.duration, load.activation_rate) == (4, 300.0, 2.5)
    assert (load.timeout, load.workers, load.keep_alive) == (3.0, 2, True)


def test_no_load_is_needed_to_prove_the_way_back():
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
    assert "activation, scale_out, hold, scale_in, to_zero" in errors[0]


@pytest.mark.parametrize("name", ["rate", "duration", "timeout", "workers", "activation_rate"])
@pytest.mark.parametrize("value", [0, -5])
def test_what_must_be_more_than_zero_in_a_load(name, value):
    http = {"rate": 34.5, **{name: value}}
    assert f"load.http.{name} is {value} and must be greater than 0 and finite" in refusal(with_http(**http))


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["rate", "duration", "timeout", "activation_rate"])
def test_what_must_be_finite_in_a_load(name, value):
    assert f"load.http.{name} is {value:g} and must be" in refusal(with_http(**{"rate": 34.5, name: value}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hold_seconds": 0}, "hold_seconds is 0 and must be greater than 0"),
        ({"wait_timeout": 0}, "wait_timeout is 0"),
        ({"wait_sleep": -1}, "wait_sleep is -1"),
        ({"metric_per_request": 0}, "metric_per_request is 0"),
        ({"hpa_sync_period": 0}, "hpa_sync_period is 0"),
        ({"scrape_interval": 0}, "scrape_interval is 0"),
        ({"scrape_interval": math.inf}, "scrape_interval is inf and must be greater than 0 and finite"),
        ({"hpa_tolerance": 1}, "hpa_tolerance is 1 and must be at least 0 and less than 1"),
        ({"hpa_tolerance": -0.1}, "hpa_tolerance is -0.1"),
        ({"hpa_tolerance": math.nan}, "hpa_tolerance is nan"),
        ({"pod_start_seconds": -1}, "pod_start_seconds is -1 and must be at least 0 and finite"),
        ({"pod_start_seconds": math.inf}, "pod_start_seconds is inf"),
        ({"hpa_downscale_stabilization": math.nan}, "hpa_downscale_stabilization is nan"),
        ({"prometheus_url": "prometheus:9090"}, "prometheus_url is 'prometheus:9090' and must be a URL"),
        ({"prometheus_url": "http://host:99999"}, "prometheus_url is 'http://host:99999' and must be a URL"),
        ({"counter_metric": "sum(requests_total)"}, "'sum(requests_total)'"),
        ({"counter_metric": "requests_total[5m]"}, "'requests_total[5m]'"),
        ({"phases": []}, "phases is empty: give some of activation, scale_out, hold, scale_in, to_zero"),
        ({"phases": ["hold", "scale_in"]}, "phases has hold without scale_out"),
        ({"phases": ["activation", "scale_in"]}, "phases has activation and a way back without scale_out"),
        ({"phases": ["activation", "to_zero"]}, "nothing would go up in between"),
        ({"prometheus_url": "http://me:word@host:9090"}, "`prometheus_url` has credentials in it"),
    ],
)
def test_what_is_refused(options, words):
    assert words in refusal({**GIVEN, **options})


@pytest.mark.parametrize("value", [0, 0.0])
def test_zero_is_right_where_it_means_something(value):
    given = {**GIVEN, "hpa_tolerance": value, "pod_start_seconds": value, "hpa_downscale_stabilization": value}
    assert checked(given).rate == 34.5


@pytest.mark.parametrize("phases", [["activation"], ["scale_out"], ["scale_out", "hold", "scale_in"]])
def test_a_load_is_needed_where_one_is_sent(phases):
    given = {key: value for key, value in GIVEN.items() if key != "load"}
    assert "load is not given, and the phases activation and scale_out send one" in refusal({**given, "phases": phases})


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ([{"rate": 34.5, "duration": 30}, {"rate": 30, "duration": 240}], "load.http.stages falls"),
        ([{"rate": 34.5, "duration": 240, "ramp": True}], "load.http.stages ends in a ramp"),
        ([{"rate": 5, "duration": 0}, {"rate": 9, "duration": 240}], "load.http.stages[0].duration is 0"),
        ([{"rate": 5, "duration": 30}, {"rate": math.inf, "duration": 240}], "load.http.stages[1].rate is inf"),
        ([{"rate": 0, "duration": 30}, {"rate": 9, "duration": 240}], "load.http.stages[0].rate is 0"),
    ],
)
def test_stages_that_prove_nothing(stages, words):
    assert words in refusal(with_http(stages=stages))


def test_all_that_is_wrong_is_named_at_once():
    given = {
        **with_http(url="host", rate=0, duration=-1),
        "hold_seconds": 0,
        "phases": ["hold"],
        "counter_metric": "rate(a[5m])",
        "prometheus_headers": {"X-Bad": "line\nbreak"},
    }
    words = refusal(given)
    for name in (
        "load.http.url",
        "load.http.rate",
        "load.http.duration",
        "hold_seconds",
        "phases",
        "counter_metric",
        "X-Bad",
    ):
        assert name in words, name


@pytest.mark.parametrize("value", ["Bearer s3cret\nX-Evil: 1", "s3cret\r", "s3cret\0"])
def test_a_header_that_cannot_be_sent_is_named_without_its_value(value):
    words = refusal({**GIVEN, "prometheus_headers": {"Authorization": value}})
    assert "Authorization in `prometheus_headers`" in words
    assert "s3cret" not in words


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
    assert is_url(url)


@pytest.mark.parametrize(
    "url",
    ["192.0.2.11:30115", "ftp://host/", "http://host:99999/", "http://host:0/", "http://[::1/", "http:///path", ""],
)
def test_no_url(url):
    assert not is_url(url)
    assert f"load.http.url is {url!r} and must be a URL" in refusal(with_http(url=url, rate=34.5))


def test_more_workers_than_the_machine_can_have_are_refused():
    load = {"http": {**GIVEN["load"]["http"], "workers": 10_000}}
    assert "load.http.workers is 10000 and must be at most " in refusal({**GIVEN, "load": load})
