# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Questions to origins: one a host, within a time."""

import socket
import time
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import probe
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.origins import Origins
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.probe import Question
from ansible_collections.shkatara.keda_demo.tests.support.origin_server import Fault, origin

STACK = yaml.safe_load((Path(__file__).parents[6] / "stacks" / "seed.yml").read_text())


@pytest.fixture
def server(tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "127.0.0.1").mkdir()
    (tmp_path / "127.0.0.1" / "file").write_text("x")
    with origin(tmp_path) as running:
        yield running


def test_the_seed_s_origins_are_each_asked_once():
    questions = probe.of_release(STACK, "amd64", Origins())
    hosts = ["dl.k8s.io", "github.com", "ghcr.io", "quay.io", "registry-1.docker.io", "registry.k8s.io"]
    assert sorted(question.host for question in questions) == sorted(hosts)
    assert all(question.url.startswith("https://") for question in questions)


def test_mirrors_are_asked_instead():
    registries = dict.fromkeys(("docker.io", "ghcr.io", "quay.io", "registry.k8s.io"), "registry.example.net:5000/all")
    questions = probe.of_release(STACK, "amd64", Origins("https://mirror.example.net", registries))
    assert [question.host for question in questions] == ["mirror.example.net", "registry.example.net:5000"]


@pytest.mark.parametrize(
    ("goproxy", "urls"),
    [
        ("https://a.example.net,direct", ["https://a.example.net"]),
        ("https://a.example.net/|http://b.example.net,off", ["https://a.example.net", "http://b.example.net"]),
        ("off", []),
        ("", []),
    ],
)
def test_go_s_proxies_are_asked_for_the_first_module(goproxy, urls):
    questions = probe.of_go_modules(STACK, goproxy)
    assert [question.url for question in questions] == [f"{url}/k8s.io/kubernetes/@v/v1.25.0.info" for url in urls]


def test_capital_letters_of_a_module_are_written_as_go_does():
    stack = {"components": {"a": {"module": "github.com/BurntSushi/toml", "module_version": "v1.0.0"}}}
    [question] = probe.of_go_modules(stack, "https://a.example.net")
    assert question.url == "https://a.example.net/github.com/!burnt!sushi/toml/@v/v1.0.0.info"


def test_an_answer_and_a_refusal(server):
    server.faults["127.0.0.1/file"] = []
    here = f"127.0.0.1:{server.port}"
    assert probe.ask([Question(f"http://{here}/file")]) == {here: ""}
    assert probe.ask([Question(f"http://{here}/none")]) == {here: f"http://{here}/none answers 404 Not Found"}


@pytest.mark.parametrize(("status", "answers"), [(401, True), (403, False), (503, False)])
def test_a_registry_may_want_a_token(server, status, answers):
    server.faults["127.0.0.1/v2/"] = [Fault(status)]
    [problem] = probe.ask([Question(f"http://127.0.0.1:{server.port}/v2/", (401,))]).values()
    assert (problem == "") is answers


def test_a_host_with_two_questions_has_to_answer_both(server):
    here = f"127.0.0.1:{server.port}"
    server.faults["127.0.0.1/file"] = [Fault(404)]
    server.faults["127.0.0.1/v2/"] = [Fault(401)]
    questions = [Question(f"http://{here}/file"), Question(f"http://{here}/v2/", (401,))]
    assert probe.ask(questions) == {here: f"http://{here}/file answers 404 Not Found"}


def test_who_says_nothing_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        begin = time.monotonic()
        assert probe.ask([Question(f"http://{host}/")], seconds=0.5) == {host: "no answer in 0 s"}
        assert time.monotonic() - begin < 2
