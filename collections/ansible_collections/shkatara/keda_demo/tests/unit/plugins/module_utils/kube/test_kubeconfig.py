# SPDX-License-Identifier: MIT
"""Where kubeconfigs are found, how several are merged, and what is wrong with one."""

from __future__ import annotations

import os

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import kubeconfig
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.errors import ClusterError


def document(*names, current=None, user=None):
    """A kubeconfig with a cluster, a user and a context of each name."""
    return {
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}.example:6443"}} for name in names],
        "users": [{"name": name, "user": {"token": "t"} if user is None else user} for name in names],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in names],
        "current-context": names[0] if current is None and names else current,
    }


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder without a kubeconfig."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / ".kube").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def write(tmp_path):
    """Write a kubeconfig; return its path."""

    def write_file(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return str(path)

    return write_file


# Where


@pytest.mark.parametrize(
    ("option", "environ", "source"),
    [
        ("{a}", {"K8S_AUTH_KUBECONFIG": "{b}", "KUBECONFIG": "{c}"}, "`kubeconfig`"),
        (None, {"K8S_AUTH_KUBECONFIG": "{a}", "KUBECONFIG": "{b}"}, "K8S_AUTH_KUBECONFIG"),
        (None, {"K8S_AUTH_KUBECONFIG": "", "KUBECONFIG": "{a}"}, "KUBECONFIG"),
        ("", {"KUBECONFIG": ":{a}:"}, "KUBECONFIG"),
        ("{missing}:{a}", {}, "`kubeconfig`"),
    ],
)
def test_the_first_place_that_is_set_is_used(home, write, option, environ, source):
    names = {name: write(name, document(name)) for name in "abc"} | {"missing": "/no/such/file"}
    (home / ".kube" / "config").write_text("")
    place = kubeconfig.find(
        option and option.format(**names), {key: value.format(**names) for key, value in environ.items()}
    )
    assert place == kubeconfig.Place((names["a"],), source)


def test_the_default_is_that_of_kubectl(home):
    assert kubeconfig.find(None, {}) is None
    assert kubeconfig.find("", {"KUBECONFIG": ""}) is None
    default = home / ".kube" / "config"
    default.write_text("")
    assert kubeconfig.find(None, {}).paths == (str(default),)


def test_a_path_may_begin_with_the_home_folder(home):
    (home / "a").write_text("")
    (home / "b").write_text("")
    assert kubeconfig.find(None, {"KUBECONFIG": "~/a:~/b"}).paths == (f"{home}/a", f"{home}/b")


@pytest.mark.parametrize(
    ("option", "environ", "message"),
    [
        ("/no/a", {}, r"^kubeconfig /no/a does not exist: give .* in `kubeconfig` \([^)]*\)$"),
        (None, {"KUBECONFIG": "/no/a"}, r"kubeconfig /no/a does not exist: .* KUBECONFIG, which has this one"),
        (None, {"K8S_AUTH_KUBECONFIG": "/no/a:/no/b"}, r"/no/a:/no/b do not exist: .* K8S_AUTH_KUBECONFIG"),
    ],
)
def test_what_is_named_and_does_not_exist(home, option, environ, message):
    (home / ".kube" / "config").write_text("")  # is not used in its place
    with pytest.raises(ClusterError, match=message):
        kubeconfig.find(option, environ)


def test_a_mapping_in_place_of_a_path_is_not_shown():
    with pytest.raises(ClusterError, match="`kubeconfig` is a mapping") as caught:
        kubeconfig.find("{'users': [{'user': {'token': 's3cr3t'}}]}", {})
    assert "s3cr3t" not in str(caught.value)


# Merging, as kubectl does it: client-go, tools/clientcmd/loader.go


def test_for_each_name_the_first_file_wins_and_so_it_does_for_the_current_context(write):
    first = document("lab", "one", current="one")
    second = document("lab", "two", current="two")
    second["clusters"][0]["cluster"]["server"] = "https://another"
    place = kubeconfig.Place((write("first", first), write("second", second)), "KUBECONFIG")
    merged = kubeconfig.read(place)
    assert merged.current_context == "one"
    assert list(merged.contexts) == ["lab", "one", "two"]
    assert merged.clusters["lab"] == (place.paths[0], {"server": "https://lab.example:6443"})
    assert merged.clusters["two"][0] == place.paths[1]


@pytest.mark.parametrize("current", ["", None])
def test_a_file_without_a_current_context_leaves_it_to_the_next(write, current):
    first = {**document("one"), "current-context": current}
    place = kubeconfig.Place((write("first", first), write("second", document("two"))), "KUBECONFIG")
    assert kubeconfig.read(place).current_context == "two"


def context_of(path, wanted=None):
    return kubeconfig.check_context(kubeconfig.read(kubeconfig.Place((path,), "KUBECONFIG")), wanted)


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_an_empty_file_among_several_is_left_out(write, names):
    texts = {"a": write("a", document("x")), "b": write("b", "")}
    merged = kubeconfig.read(kubeconfig.Place(tuple(texts[name] for name in names), "KUBECONFIG"))
    assert merged.current_context == "x"
    # The library that loads them next can't read an empty one.
    assert merged.place.paths == (texts["a"],)


def test_secrets_of_a_user():
    user = {
        "token": "a-token-of-7",
        "client-certificate": "/etc/a-certificate",
        "auth-provider": {
            "name": "oidc",
            "config": {"client-secret": "client-s3cret", "idp-issuer-url": "https://idp"},
        },
        "exec": {"command": "kubelogin", "args": None, "env": [{"name": "PASSWORD", "value": "pass-of-env"}]},
    }
    assert kubeconfig.secrets(user) == {"a-token-of-7", "client-s3cret", "pass-of-env"}
    assert kubeconfig.secrets({"exec": {"env": None}, "auth-provider": {"name": "oidc"}, "token": 7}) == set()


def test_the_context(write):
    path = write("config", document("lab", "staging"))
    assert (context_of(path), context_of(path, "staging")) == ("lab", "staging")


# What is wrong


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"it is empty"),
        ("a: [", r"can't be read as YAML: .*\(line \d\)"),
        ("token: s3cr3t: x", r"can't be read as YAML: mapping values are not allowed here \(line 1\)"),
        ("just words", r"it is a str and not a mapping"),
        ("- a", r"it is a list and not a mapping"),
        ("clusters: 5", r"clusters is not a list of named entries"),
        ("users: [{user: {}}]", r"users is not a list of named entries"),
        ("contexts: [{name: a, context: words}]", r"a of contexts is not a mapping"),
    ],
)
def test_what_is_no_kubeconfig(write, text, message):
    path = write("config", text)
    with pytest.raises(ClusterError, match=rf"^kubeconfig {path} \(KUBECONFIG\): .*{message}") as caught:
        context_of(path)
    assert "s3cr3t" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ClusterError, match=r"can't be read: Is a directory"):
        context_of(str(tmp_path))
    (tmp_path / "binary").write_bytes(b"\x7fELF\xff\xfe")
    with pytest.raises(ClusterError, match=r"can't be read: it is not text"):
        context_of(str(tmp_path / "binary"))


def without(section, **changes):
    return {**document("lab", "staging"), section: [], **changes}


@pytest.mark.parametrize(
    ("content", "wanted", "message"),
    [
        (document("lab", "staging"), "prod", r"there is no context prod \(`context`; the file has: lab, staging\)"),
        (document("lab", current="gone"), None, r"no context gone, which is its current-context .*: lab\)"),
        (document("lab", current=""), None, r"has no current-context: give one \(`context`; the file has: lab\)"),
        ({}, None, r"has no current-context: .*the file has: none"),
        (without("clusters"), None, r"context lab names the cluster 'lab', which does not exist \(clusters: none\)"),
        (without("users"), None, r"context lab names the user 'lab', which does not exist \(users: none\)"),
        (without("clusters", clusters=[{"name": "lab", "cluster": {}}]), None, r"cluster lab has no server"),
        *(
            (without("clusters", clusters=[{"name": "lab", "cluster": {"server": server}}]), None, message)
            for server, message in (
                ("192.0.2.10:6443", r"the server of cluster lab is '192.0.2.10:6443' and must be a URL such as https"),
                ("https://api.example:99999", r"is 'https://api.example:99999' and must be a URL"),
                (6443, r"is '6443' and must be a URL"),
                ("https://me:s3cr3t@api.example:x", r"is 'https://\*\*\*@api.example:x' and must be a URL"),
            )
        ),
        (
            document("lab", user={"auth-provider": {"name": "oidc", "config": {"client-secret": "s3cr3t"}}}),
            None,
            r"user lab logs in with the auth-provider oidc, whose config has no id-token: .*kubelogin.*`context`$",
        ),
        (document("lab", user={"auth-provider": {"name": "azure"}}), None, r"auth-provider azure.*kubelogin"),
        (document("lab", user={"exec": {}}), None, r"the exec of user lab has no command"),
        (
            document("lab", user={"exec": {"command": "no-such-plugin", "installHint": "Get it\n from  here."}}),
            None,
            r"user lab logs in with the program no-such-plugin \(exec\), which is not in the PATH.*Get it from here\.$",
        ),
        (
            document("lab", user={"exec": {"command": "./bin/login"}}),
            None,
            r"program /.*/\./bin/login \(exec\), which is not a program that can be run\. .*another `context`$",
        ),
    ],
)
def test_a_context_that_cannot_be_used(write, content, wanted, message):
    with pytest.raises(ClusterError, match=message) as caught:
        context_of(write("config", content), wanted)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "user",
    [
        {},
        {"exec": {"command": "sh"}},
        {"exec": {"command": "no-such-plugin"}, "token": "wins"},
        {"auth-provider": {"name": "oidc"}},
    ],
)
def test_users_that_may_log_in(write, user):
    assert context_of(write("config", document("lab", user=user))) == "lab"


def test_a_program_beside_the_kubeconfig(tmp_path, write):
    """Its path is relative to the kubeconfig's folder, as kubectl has it."""
    program = tmp_path / "login"
    program.write_text("#!/bin/sh\n")
    os.chmod(program, 0o755)
    assert context_of(write("config", document("lab", user={"exec": {"command": "./login"}}))) == "lab"


def test_a_program_in_the_path_that_the_kubeconfig_gives(tmp_path, write):
    program = tmp_path / "our-login"
    program.write_text("#!/bin/sh\n")
    os.chmod(program, 0o755)
    environment = [{"name": "PATH", "value": str(tmp_path)}]
    user = {"exec": {"command": "our-login", "env": environment}}
    assert context_of(write("config", document("lab", user=user))) == "lab"
