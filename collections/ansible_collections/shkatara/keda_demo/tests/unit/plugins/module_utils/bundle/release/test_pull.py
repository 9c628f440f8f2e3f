# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Images without skopeo, of a registry on loopback: a folder of manifests and blobs, with one fault at a time."""

import hashlib
import json
import threading

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import logins
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.download import Downloader
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.pull import Pull
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.registry import (
    Repository,
    challenges,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.web import Web
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, Interrupted
from ansible_collections.shkatara.keda_demo.tests.support.authority import Authority
from ansible_collections.shkatara.keda_demo.tests.support.origin_server import Fault, origin

OCI, DOCKER = "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"
OCI_LIST = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
LAYER = bytes(range(256)) * 8192  # 2 MiB
NAME = "quay.example.net/org/tool:1.0"
PLACE = "127.0.0.1/v2/org/tool"
LOGIN = "Basic bWU6cEBzcy13b3Jk"  # me:p@ss-word


class Registry:
    """`place` has the manifests and blobs, which are files of the server."""

    def __init__(self, server, folder, monkeypatch):
        self.server = server
        self.repository = f"127.0.0.1:{server.port}/org/tool"
        self.place = server.folder / PLACE
        self.cache = folder / "cache"
        self.target = folder / "image"
        self.slept = []
        self.lines = []
        self.ended = False
        self.web = Web(connect_seconds=2, stall_seconds=0.3)
        self.downloader = Downloader(self.web, lambda: self.ended, self.lines.append, self.slept.append)
        self.log = folder / "log"
        self.auth = folder / "auth.json"
        monkeypatch.setenv("REGISTRY_AUTH_FILE", str(self.auth))
        self.config, self.layer = self.blob(b'{"architecture": "amd64"}'), self.blob(LAYER)

    def blob(self, content):
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        (self.place / "blobs").mkdir(parents=True, exist_ok=True)
        (self.place / "blobs" / digest).write_bytes(content)
        return {"mediaType": "application/octet-stream", "digest": digest, "size": len(content)}

    def manifest(self, data, **names):
        """Add a manifest under its digest and as the tag 1.0, and return its descriptor."""
        content = (data if isinstance(data, str) else json.dumps(data, indent=3)).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        (self.place / "manifests").mkdir(parents=True, exist_ok=True)
        for name in (digest, "1.0"):
            (self.place / "manifests" / name).write_bytes(content)
        return {"digest": digest, "size": len(content), **names}

    def image(self, **more):
        return self.manifest({"schemaVersion": 2, "config": self.config, "layers": [self.layer], **more})["digest"]

    def faults(self, path, *faults):
        self.server.faults[path if "127" in path or "localhost" in path else f"{PLACE}/{path}"] = list(faults)

    def pull(self, digest=None, arch="amd64"):
        self.target.mkdir(exist_ok=True)
        source = f"docker://{self.repository}@{digest or self.image()}"
        Pull(self.downloader, self.log, self.cache).copy(source, f"dir:{self.target}", arch, NAME)

    def fails(self, digest=None, arch="amd64"):
        with pytest.raises(BundleError) as caught:
            self.pull(digest, arch)
        assert not (self.target / "manifest.json").exists()
        assert "p@ss" not in str(caught.value)
        return str(caught.value)

    def digest(self):
        return Pull(self.downloader, self.log, self.cache).digest(NAME, self.repository)

    def is_complete(self):
        names = {blob["digest"].removeprefix("sha256:") for blob in (self.config, self.layer)}
        assert {file.name for file in self.target.iterdir()} == {*names, "manifest.json"}
        return all(hashlib.sha256((self.target / name).read_bytes()).hexdigest() == name for name in names)

    def headers(self, path, name="Authorization"):
        """Return a header of each request of a path."""
        wanted = path if "127" in path or "localhost" in path else f"{PLACE}/{path}"
        return [headers.get(name) for asked, headers in self.server.asked if asked == wanted]

    def challenge(self, more=""):
        realm = f"https://127.0.0.1:{self.server.port}/token"
        challenge = f'Bearer realm="{realm}",service="a registry",scope="repository:org/tool:pull"{more}'
        return Fault(401, {"WWW-Authenticate": challenge})

    def token(self, text='{"token": "abc"}'):
        (self.server.folder / "127.0.0.1" / "token").write_text(text)


@pytest.fixture
def registry(tmp_path, monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", authority.path)
    (tmp_path / "origins" / PLACE).mkdir(parents=True)
    with origin(tmp_path / "origins", tls=authority.server("127.0.0.1", "localhost")) as server:
        yield Registry(server, tmp_path, monkeypatch)


@pytest.mark.parametrize("more", [{"mediaType": OCI}, {"mediaType": DOCKER}, {}])
def test_an_image_arrives_with_the_bytes_of_the_registry(registry, more):
    digest = registry.image(**more)
    registry.pull(digest)
    assert registry.is_complete()
    assert (registry.target / "manifest.json").read_bytes() == (registry.place / "manifests" / digest).read_bytes()
    assert registry.digest() == digest
    [accepted] = set(registry.headers(f"manifests/{digest}", "Accept"))
    assert set(accepted.split(", ")) == {OCI, DOCKER, OCI_LIST, DOCKER_LIST}
    assert registry.headers(f"manifests/{digest}") == [None]


@pytest.mark.parametrize("kind", [OCI_LIST, DOCKER_LIST, ""])
def test_a_list_has_the_image_of_the_architecture(registry, kind):
    entries = []
    # The attestation of a build stands in the list, too.
    platforms = [("arm64", "v8"), ("arm", "v7"), ("unknown", ""), ("amd64", ""), ("amd64", "v3")]
    for index, (arch, variant) in enumerate(platforms):
        image = registry.manifest({"schemaVersion": 2, "config": registry.config, "layers": [], "n": index})
        platform = {"os": "unknown" if arch == "unknown" else "linux", "architecture": arch}
        entries.append({**image, "platform": platform | ({"variant": variant} if variant else {})})
    entries.append({"digest": "sha256:0", "platform": {"os": "windows", "architecture": "amd64"}})
    index = {"schemaVersion": 2, "manifests": entries} | ({"mediaType": kind} if kind else {})
    digest = registry.manifest(index)["digest"]
    assert registry.digest() == digest
    for arch, number in (("amd64", 3), ("arm64", 0)):
        registry.pull(digest, arch)
        assert json.loads((registry.target / "manifest.json").read_text())["n"] == number
        (registry.target / "manifest.json").unlink()
    assert registry.fails(digest, "s390x") == (
        f"The image {NAME} can't be pulled. {NAME} has no image for linux/s390x, but for linux/amd64, linux/arm, "
        "linux/arm64, unknown/unknown, windows/amd64."
    )


def test_a_list_of_lists_ends(registry):
    entry = {"platform": {"os": "linux", "architecture": "amd64"}}
    listed = registry.manifest({"schemaVersion": 2, "manifests": []})
    for _level in range(4):
        listed = registry.manifest({"schemaVersion": 2, "manifests": [{**listed, **entry}]})
    assert "is a list of lists of manifests" in registry.fails(listed["digest"])


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        ("<html>Welcome", "is no manifest of schema 2, but '<html>Welcome'."),
        ("[]", "is no manifest of schema 2, but '[]'."),
        ('{"schemaVersion": 1, "fsLayers": []}', "is no manifest of schema 2, of schema 1."),
        ('{"schemaVersion": 2}', "has a blob without a SHA-256 digest: None."),
        ('{"schemaVersion": 2, "config": {"digest": "sha256:../../x"}, "layers": []}', "without a SHA-256 digest"),
        ('{"schemaVersion": 2, "manifests": [7]}', "is no list of manifests"),
        (" " * (4 * 2**20 + 1), "is larger than 4194304 bytes, and so no manifest."),
    ],
)
def test_what_is_no_manifest(registry, content, finding):
    assert finding in registry.fails(registry.manifest(content)["digest"])


def test_a_page_in_place_of_a_tag_gets_no_digest(registry):
    registry.manifest("<html>Log in to this network")
    with pytest.raises(BundleError, match="is no manifest of schema 2, but '<html>Log in to this network'"):
        registry.digest()


@pytest.mark.parametrize(
    "layer",
    [{"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}, {"urls": ["https://a.example.net"]}],
)
def test_a_layer_that_registries_do_not_give_out(registry, layer):
    message = registry.fails(registry.image(layers=[{**registry.layer, **layer}]))
    assert "has a layer that registries do not give out" in message


def test_a_manifest_that_was_changed(registry):
    digest = registry.image()
    (registry.place / "manifests" / digest).write_text('{"schemaVersion": 2}')
    assert f"The registry sends another manifest for {digest}, which has sha256:" in registry.fails(digest)


def test_a_blob_that_was_changed(registry):
    digest = registry.layer["digest"]
    (registry.place / "blobs" / digest).write_bytes(LAYER[:-1] + b"x")
    assert (
        f"The registry sends other bytes for the blob {digest}, {len(LAYER)} of them with sha256:" in registry.fails()
    )
    # They are not kept.
    registry.blob(LAYER)
    registry.pull()
    assert registry.is_complete()


@pytest.mark.parametrize("fault", [Fault(after=1_500_000), Fault(after=1_500_000, stall=True)])
def test_a_blob_goes_on_where_it_ended(registry, fault):
    path = f"blobs/{registry.layer['digest']}"
    registry.faults(path, fault)
    registry.pull()
    assert registry.is_complete()
    assert registry.headers(path, "Range") == [None, "bytes=1500000-"]


def test_a_manifest_that_ends_early_is_asked_again(registry):
    digest = registry.image()
    registry.faults(f"manifests/{digest}", Fault(after=20))
    registry.pull(digest)
    assert registry.is_complete()


def test_ctrl_c_and_the_next_run_goes_on(registry):
    path = f"blobs/{registry.layer['digest']}"
    registry.faults(path, Fault(per_second=1_000_000))

    def end():
        registry.ended = True

    threading.Timer(0.5, end).start()
    with pytest.raises(Interrupted, match=r"^interrupted$"):
        registry.pull()
    registry.ended = False
    registry.pull()
    assert registry.is_complete()
    assert int(registry.headers(path, "Range")[1].removeprefix("bytes=").removesuffix("-")) > 0


def test_a_damaged_part_of_an_earlier_run_is_fetched_again(registry):
    path = f"blobs/{registry.layer['digest']}"
    registry.faults(path, *[Fault(after=1_500_000)] + [Fault(503)] * 5)
    assert "answers 503" in registry.fails()
    [part] = (registry.cache / "parts").glob("*.part")
    part.write_bytes(bytes(part.stat().st_size))
    registry.faults(path)
    registry.pull()
    assert registry.is_complete()


def test_two_images_share_no_unfinished_blob(registry):
    """They are copied at the same time, and may have a layer in common."""
    source, path = f"docker://{registry.repository}@{registry.image()}", f"blobs/{registry.layer['digest']}"
    registry.target.mkdir()
    for name in (NAME, NAME.replace("tool", "other")):
        registry.faults(path, Fault(after=1_000), *[Fault(503)] * 5)
        with pytest.raises(BundleError, match="answers 503"):
            Pull(registry.downloader, registry.log, registry.cache).copy(
                source, f"dir:{registry.target}", "amd64", name
            )
    assert [part.stat().st_size for part in (registry.cache / "parts").glob("*.part")] == [1_000, 1_000]


def test_an_image_that_is_not_there(registry):
    digest = f"sha256:{'0' * 64}"
    assert registry.fails(digest) == (
        f"The image {NAME} can't be pulled: the registry has no such image; a digest comes from bundle.lock. "
        f"https://{registry.repository.replace('/', '/v2/', 1)}/manifests/{digest} answers 404 Not Found."
    )


def test_a_registry_that_limits_pulls(registry):
    digest = registry.image()
    registry.faults(f"manifests/{digest}", Fault(429, {"Retry-After": "2"}))
    registry.pull(digest)
    assert sum(registry.slept) == 2
    registry.faults(f"manifests/{digest}", *[Fault(429)] * 5)
    (registry.target / "manifest.json").unlink()
    message = registry.fails(digest)
    assert message.startswith(
        f"The image {NAME} can't be pulled: the registry limits pulls: run it again later, or log in"
    )


def test_a_disk_that_gets_full(registry, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 1000}))
    message = registry.fails()
    assert message.startswith(f"The image {NAME} can't be pulled. The disk of {registry.cache}/parts is full (")


def test_a_token_for_everybody(registry):
    registry.token()
    digest = registry.image()
    registry.faults(f"manifests/{digest}", registry.challenge())
    registry.pull(digest)
    assert registry.headers(f"manifests/{digest}") == [None, "Bearer abc"]
    assert registry.headers("127.0.0.1/token") == [None]
    # One token is enough for the whole image.
    assert registry.headers(f"blobs/{registry.layer['digest']}") == ["Bearer abc"]


def test_a_token_with_this_user_s_login(registry):
    registry.auth.write_text(json.dumps({"auths": {registry.repository.partition("/")[0]: {"auth": LOGIN[6:]}}}))
    registry.token('{"access_token": "abc"}')
    digest = registry.image()
    registry.faults(f"manifests/{digest}", registry.challenge())
    registry.pull(digest)
    assert registry.headers("127.0.0.1/token") == [LOGIN]
    assert registry.headers(f"manifests/{digest}") == [None, "Bearer abc"]


def test_a_token_that_expires_during_a_download(registry):
    registry.token()
    path = f"blobs/{registry.layer['digest']}"
    registry.faults(path, registry.challenge(), Fault(after=1_500_000), registry.challenge(',error="invalid_token"'))
    registry.pull()
    assert registry.is_complete()
    assert registry.headers(path, "Range") == [None, None, "bytes=1500000-", "bytes=1500000-"]


def test_a_registry_that_accepts_no_token(registry):
    registry.token()
    digest = registry.image()
    registry.faults(f"manifests/{digest}", *[registry.challenge()] * 9)
    assert "can't be pulled: the registry requires a login (`podman login`" in registry.fails(digest)
    assert len(registry.headers(f"manifests/{digest}")) == 4


def test_a_login_that_is_refused(registry):
    registry.auth.write_text(json.dumps({"auths": {registry.repository.partition("/")[0]: {"auth": LOGIN[6:]}}}))
    digest = registry.image()
    registry.faults(f"manifests/{digest}", registry.challenge())
    registry.faults("127.0.0.1/token", Fault(401))
    message = registry.fails(digest)
    assert f"This user's login to {registry.repository} is refused: log in again, or log out. https://" in message
    basic = Fault(401, {"WWW-Authenticate": 'Basic realm="a registry"'})
    registry.faults(f"manifests/{digest}", basic, basic)
    assert f"This user's login to {registry.repository} is refused: log in again. " in registry.fails(digest)


def test_a_user_and_a_password_without_a_token(registry):
    digest = registry.image()
    basic = Fault(401, {"WWW-Authenticate": 'Basic realm="a registry"'})
    registry.faults(f"manifests/{digest}", basic)
    assert "can't be pulled: the registry requires a login" in registry.fails(digest)
    registry.auth.write_text(json.dumps({"auths": {registry.repository: {"auth": LOGIN[6:]}}}))
    registry.faults(f"manifests/{digest}", basic)
    registry.pull(digest)
    assert registry.headers(f"manifests/{digest}")[1:] == [None, LOGIN]


def test_a_refusal_without_a_challenge(registry):
    digest = registry.image()
    registry.faults(f"manifests/{digest}", Fault(401))
    assert "can't be pulled: the registry requires a login" in registry.fails(digest)
    registry.faults(f"manifests/{digest}", Fault(403))
    assert "can't be pulled: the registry refuses it to this user or address" in registry.fails(digest)


@pytest.mark.parametrize("text", ["<html>", "{}", "[]", '{"token": 7}', '{"token": "a\\r\\nX: y"}'])
def test_a_token_that_is_none(registry, text):
    registry.token(text)
    digest = registry.image()
    registry.faults(f"manifests/{digest}", registry.challenge())
    message = registry.fails(digest)
    assert " gives no token, but " in message or " gives a token that is no text." in message


@pytest.mark.parametrize("realm", ["http://127.0.0.1/token", "https://[::1/token", "token", ""])
def test_a_token_is_not_fetched_in_the_clear(registry, realm):
    digest = registry.image()
    registry.faults(f"manifests/{digest}", Fault(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'}))
    assert f"asks for a token of {realm!r}, which is no https address" in registry.fails(digest)


def test_a_second_host_gets_no_token(registry):
    registry.token()
    digest, path = registry.image(), f"blobs/{registry.layer['digest']}"
    where = f"https://localhost:{registry.server.port}/storage?signature=abc"
    (registry.server.folder / "localhost").mkdir()
    (registry.server.folder / "localhost" / "storage").write_bytes(LAYER)
    registry.faults(f"manifests/{digest}", registry.challenge())
    registry.faults(path, Fault(307, {"Location": where}), Fault(307, {"Location": where}))
    registry.faults("localhost/storage", Fault(after=1_500_000))
    registry.pull(digest)
    assert registry.is_complete()
    assert registry.headers(path) == ["Bearer abc", "Bearer abc"]
    assert registry.headers("localhost/storage") == [None, None]
    assert registry.headers("localhost/storage", "Range") == [None, "bytes=1500000-"]


def test_a_second_host_can_t_ask_for_a_login(registry):
    registry.auth.write_text(json.dumps({"auths": {registry.repository: {"auth": LOGIN[6:]}}}))
    digest = registry.image()
    where = f"https://localhost:{registry.server.port}/storage"
    registry.faults(f"manifests/{digest}", Fault(307, {"Location": where}))
    registry.faults("localhost/storage", registry.challenge())
    assert f"(redirected to localhost:{registry.server.port}) answers 401" in registry.fails(digest)
    assert registry.headers("127.0.0.1/token") == []


def test_a_registry_without_tls(tmp_path, registry):
    with origin(tmp_path / "origins") as server:
        registry.repository = f"127.0.0.1:{server.port}/org/tool"
        assert f"127.0.0.1:{server.port} does not speak TLS" in registry.fails()


def test_a_registry_with_a_certificate_of_a_private_authority(registry, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    registry.downloader = Downloader(Web(2, 0.3))
    assert "give the file of its authority as SSL_CERT_FILE" in registry.fails()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", {}),
        ("Negotiate", {}),
        ('Basic realm="a, b"', {"basic": {"realm": "a, b"}}),
        ("bearer realm=https://a.example.net/token", {"bearer": {"realm": "https://a.example.net/token"}}),
        (
            'Bearer realm="https://a.example.net/token", service="a.example.net" , scope="repository:a/b:pull,push"',
            {
                "bearer": {
                    "realm": "https://a.example.net/token",
                    "service": "a.example.net",
                    "scope": "repository:a/b:pull,push",
                }
            },
        ),
        (
            'Basic realm="a",Bearer Realm="https://a.example.net/token",service="b"',
            {"basic": {"realm": "a"}, "bearer": {"realm": "https://a.example.net/token", "service": "b"}},
        ),
    ],
)
def test_a_challenge_is_read(header, expected):
    assert challenges(header) == expected


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("docker.io/busybox", "https://registry-1.docker.io/v2/library/busybox"),
        ("docker.io/org/tool", "https://registry-1.docker.io/v2/org/tool"),
        ("quay.io/org/tool", "https://quay.io/v2/org/tool"),
        ("registry.k8s.io/pause", "https://registry.k8s.io/v2/pause"),
        ("registry.example.net:5000/k8s/pause", "https://registry.example.net:5000/v2/k8s/pause"),
    ],
)
def test_a_repository_has_its_address(name, address):
    assert Repository(name, Downloader(Web())).address == address


def test_a_login_is_found_where_programs_write_it(tmp_path):
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    assert logins.authorization("quay.io/org/tool", environment) == ""
    docker = tmp_path / ".docker" / "config.json"
    docker.parent.mkdir()
    entry = {"auth": LOGIN[6:]}
    docker.write_text(
        json.dumps({"auths": {"https://index.docker.io/v1/": entry, "quay.io": {}}, "credsStore": "desktop"})
    )
    for name in ("docker.io/library/busybox", "registry-1.docker.io/library/busybox"):
        assert logins.authorization(name, environment) == LOGIN
    assert logins.authorization("quay.io/org/tool", environment) == ""
    podman = tmp_path / "run" / "containers" / "auth.json"
    podman.parent.mkdir(parents=True)
    other = {"auth": "YTpi"}
    podman.write_text(json.dumps({"auths": {"quay.io/org": entry, "quay.io": other, "docker.io": other}}))
    assert logins.authorization("quay.io/org/tool", environment) == LOGIN
    assert logins.authorization("quay.io/organisation/tool", environment) == "Basic YTpi"
    assert logins.authorization("docker.io/library/busybox", environment) == "Basic YTpi"
    assert logins.authorization("quay.io.example.net/tool", environment) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"auths": []}',
        '{"auths": {"a.io": 7, "b.io": {"auth": "?"}}}',
        '{"auths": {"a.io": {"auth": "bWU6"  , "identitytoken": "x"}, "b.io": {"auth": "bWU="}}}',
    ],
)
def test_a_file_of_logins_that_is_none(tmp_path, text):
    (tmp_path / "auth.json").write_text(text)
    for name in ("a.io/tool", "b.io/tool"):
        assert logins.authorization(name, {"REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")}) == ""
