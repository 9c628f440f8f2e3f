# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Faults of official origins, each with its end: the bundle is there, or an error names what is wrong.

The origins are an HTTPS server with the files of the present bundle and a docker-registry, under their official names,
which only a proxy with a password knows.
"""

import copy
import hashlib
import json
import os
import shutil
import subprocess
import tarfile

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.origin_server import Fault

from tests.release import origins
from tests.release.conftest import programs_without

ZEROS = "0" * 64
PAUSE = "registry.k8s.io/pause:3.8"


def test_no_fault(run, copier):
    result = run()
    assert f"images are copied by {'skopeo' if copier == 'skopeo' else 'the collection itself, since'}" in run.said()
    assert result["producer"] == "release"
    assert {path.name for path in (run.folder / "bundle" / "bin").rglob("*") if path.is_file()} == {
        *("runc", "bridge", "host-local", "loopback", "portmap"),
    }
    lock = json.loads(run.lock.read_text())
    assert list(lock["files"]) == [run.url("keda")]
    assert list(lock["images"]) == [PAUSE]
    run.internet.proxy.asked.clear()
    assert run()["changed"] is False
    # Nor on a machine that has the bundle alone.
    run.lock.unlink()
    assert run(cache_dir=str(run.folder / "none"))["changed"] is False
    assert run.internet.proxy.asked == []


@pytest.mark.parametrize(
    ("faults", "ranges"),
    [
        pytest.param(
            [Fault(after=3_000_000), Fault(after=2_000_000)],
            [None, "bytes=3000000-", "bytes=5000000-"],
            id="connection-ends-early",
        ),
        pytest.param([Fault(429, {"Retry-After": "1"})], [None, None], id="429"),
        pytest.param([Fault(503, {"Retry-After": "1"})], [None, None], id="503"),
        pytest.param([Fault(503)], [None, None], id="503-without-Retry-After"),
        pytest.param([Fault(after=3_000_000), Fault(ignores_range=True)], [None, "bytes=3000000-"], id="no-ranges"),
    ],
)
def test_a_fault_that_passes(run, faults, ranges):
    run.internet.faults(run.url("runc"), *faults)
    run()
    assert run.ranges("runc.amd64") == ranges


def test_a_stalled_connection(run):
    run.internet.faults(run.url("runc"), Fault(after=3_000_000, stall=True))
    run()
    assert "nothing arrived for 30 s" in run.said()
    assert run.ranges("runc.amd64") == [None, "bytes=3000000-"]


def test_a_redirect_to_a_second_host(run):
    where = "https://storage.example.net/bucket/runc?signature=abc"
    file = origins.served(run.internet.filled, "https://storage.example.net/bucket/runc")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(origins.served(run.internet.filled, run.url("runc")).read_bytes())
    run.internet.faults(run.url("runc"), Fault(302, {"Location": where}))
    run()
    assert ("CONNECT", "storage.example.net:443") in run.internet.proxy.asked


def test_a_file_that_is_not_there(run):
    run.internet.faults(run.url("runc"), Fault(404))
    assert run.fails() == f"{run.url('runc')} answers 404 Not Found."


def test_a_server_that_stays_unavailable(run):
    run.internet.faults(run.url("runc"), *[Fault(503)] * 9)
    url = run.url("runc")
    assert run.fails().startswith(f"{url} can't be downloaded after 5 attempts: {url} answers 503 ")


def test_a_file_that_is_truncated_at_its_origin(run):
    """Whole by its Content-Length, and not by its checksum."""
    run.internet.faults(run.url("runc"), Fault(302, {"Location": "https://storage.example.net/truncated"}))
    file = origins.served(run.internet.filled, "https://storage.example.net/truncated")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(origins.served(run.internet.filled, run.url("runc")).read_bytes()[:5_000_000])
    message = run.fails()
    assert message.startswith(f"{run.url('runc')}: the file has sha256 ")
    assert "(5000000 bytes), and the stack has" in message
    # It is not kept for the next run.
    run()


def test_a_checksum_of_the_stack_that_is_wrong(run):
    run.stack["release"]["runc"]["sha256"] = {"amd64": ZEROS}
    message = run.fails()
    assert f"the publisher's checksum ({run.url('runc').replace('runc.amd64', 'runc.sha256sum')}) is " in message
    assert f"and the stack has {ZEROS} (release.runc.sha256)" in message


@pytest.mark.parametrize("name", ["runc", "cni_plugins"])
def test_a_checksum_of_the_publisher_that_is_wrong(run, name):
    file = origins.origins.downloads(run.stack, origins.ARCH)[name]
    place = origins.served(run.internet.filled, file.checksum_url)
    right = place.read_text()
    checksum = right.split()[0]
    try:
        place.write_text(right.replace(checksum, ZEROS))
        message = run.fails()
    finally:
        place.write_text(right)
    assert message.startswith(
        f"{file.url}: the publisher's checksum ({file.checksum_url}) is {ZEROS}, and the stack has {checksum} "
    )


def test_a_checksum_of_the_lock_that_is_wrong(run):
    run.lock.write_text(json.dumps({"files": {run.url("keda"): ZEROS}, "images": {}}))
    message = run.fails()
    assert message.startswith(f"{run.url('keda')}: the file has sha256 ")
    assert f"and bundle.lock has {ZEROS} from the first download" in message


@pytest.mark.usefixtures("copier")
def test_a_digest_of_the_lock_that_the_registry_has_not(run):
    run.lock.write_text(json.dumps({"files": {}, "images": {PAUSE: f"sha256:{ZEROS}"}}))
    message = run.fails()
    assert message.startswith(f"The image {PAUSE} can't be pulled: the registry has no such image; a digest comes ")


def test_a_lock_that_is_none(run):
    run.lock.write_text(json.dumps({"files": {run.url("keda"): "abc"}, "images": {}}))
    message = run.fails()
    assert f"files: {run.url('keda')} has 'abc', and a checksum is 64 digits" in message


@pytest.mark.usefixtures("copier")
def test_an_image_that_is_not_there(run):
    run.stack["images"]["pause"] = "registry.k8s.io/pause:9.9"
    message = run.fails()
    assert message.startswith("The image registry.k8s.io/pause:9.9 can't be pulled: the registry has no such image")


def test_a_proxy_that_wants_another_password(run):
    environment = run.internet.environment
    wrong = environment["HTTPS_PROXY"].replace("p%40ss-word", "not-the-password")
    run.internet.environment = environment | {"HTTPS_PROXY": wrong, "HTTP_PROXY": wrong}
    message = run.fails()
    assert "not-the-password" not in message + run.said()
    assert "407" in message


@pytest.mark.usefixtures("copier")
def test_a_proxy_that_wants_another_password_for_an_image(run):
    run.only_image("pause")
    environment = run.internet.environment
    wrong = environment["HTTPS_PROXY"].replace("p%40ss-word", "not-the-password")
    run.internet.environment = environment | {"HTTPS_PROXY": wrong, "HTTP_PROXY": wrong}
    message = run.fails()
    assert "not-the-password" not in message + run.said()
    assert message.startswith(f"The image {PAUSE} can't be pulled")
    assert "407" in message or "Proxy Authentication Required" in message


def test_no_way_out(run):
    run.internet.proxy.close()
    environment = run.internet.environment
    run.internet.environment = environment | {"HTTPS_PROXY": "http://127.0.0.1:9"}
    message = run.fails()
    assert "through the proxy http://127.0.0.1:9 (HTTPS_PROXY)" in message or "can't be downloaded" in message


def test_a_certificate_that_is_not_trusted(run):
    run.internet.environment["SSL_CERT_FILE"] = "/etc/ssl/certs/ca-certificates.crt"
    message = run.fails()
    assert "SSL_CERT_FILE" in message


@pytest.mark.usefixtures("copier")
def test_a_registry_s_certificate_that_is_not_trusted(run):
    run.only_image("pause")
    run.internet.environment["SSL_CERT_FILE"] = "/etc/ssl/certs/ca-certificates.crt"
    message = run.fails()
    assert message.startswith(f"The image {PAUSE} can't be pulled")
    assert "SSL_CERT_FILE" in message


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 6 MiB, for which root is needed."""
    if os.geteuid() != 0:
        pytest.skip("a file system can't be mounted without root")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_without_the_space_for_a_bundle(run, small_disk):
    message = run.fails(cache_dir=str(small_disk))
    assert message.startswith(f"{small_disk} has 0.0 GiB free, and building 8 parts of the bundle needs 0.6: free some")


def test_a_disk_that_gets_full(run, small_disk):
    message = run.fails(cache_dir=str(small_disk), without_check_of_space=True)
    assert message.startswith(f"The disk of {small_disk}/parts is full (")
    assert "cluster_cache_dir (KEDA_DEMO_CACHE)" in message


def test_an_image_for_which_the_disk_is_too_small(run, small_disk, copier):
    image = run.only_image("prometheus")
    message = run.fails(cache_dir=str(small_disk), without_check_of_space=True)
    full = ": the disk is full" if copier == "skopeo" else f". The disk of {small_disk}/parts is full ("
    assert message.startswith(f"The image {image} can't be pulled{full}")


def test_ctrl_c_and_the_next_run_goes_on(run):
    run.internet.faults(run.url("runc"), Fault(per_second=2_000_000))
    process = run.start()
    parts = run.cache / "parts"
    run.interrupt(process, lambda: any(part.stat().st_size > 1_000_000 for part in parts.glob("*-runc.amd64.part")))
    assert run.end(process) == {"error": "interrupted"}
    [part] = parts.glob("*-runc.amd64.part")
    kept = part.stat().st_size
    run()
    assert run.ranges("runc.amd64") == [None, f"bytes={kept}-"]


def test_ctrl_c_in_an_image_and_the_next_run_goes_on(run, without_skopeo):
    """Of a registry that is slow, and a folder of files."""
    run.only_image("pause")
    run.internet.environment["PATH"] = without_skopeo
    place = run.internet.server.folder / "storage.example.net" / "v2" / "pause"
    layer = bytes(range(256)) * 32_000
    blobs = [{"digest": _added(place / "blobs", content), "size": len(content)} for content in (b"{}", layer)]
    manifest = json.dumps({"schemaVersion": 2, "config": blobs[0], "layers": blobs[1:]}).encode()
    digest = _added(place / "manifests", manifest)
    _added(place / "manifests", manifest, "3.8")
    address = f"https://storage.example.net/v2/pause/blobs/{blobs[1]['digest']}"
    run.internet.faults(address, Fault(after=2_000_000), Fault(per_second=1_000_000))
    mirrors = {"registry.k8s.io": "storage.example.net"}
    process = run.start(registry_mirrors=mirrors)
    parts = run.cache / "parts"
    run.interrupt(process, lambda: any(part.stat().st_size > 3_000_000 for part in parts.glob("*.part")))
    assert run.end(process) == {"error": "interrupted"}
    [part] = parts.glob("*.part")
    kept = part.stat().st_size
    run(registry_mirrors=mirrors)
    assert run.ranges(blobs[1]["digest"]) == [None, "bytes=2000000-", f"bytes={kept}-"]
    assert json.loads(run.lock.read_text())["images"] == {PAUSE: digest}
    assert not parts.exists()


def _added(folder, content, name=""):
    """Write a file under its digest or another name, and return its digest."""
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / (name or digest)).write_bytes(content)
    return digest


def test_a_part_of_a_file_that_was_changed_since(run):
    """Its checksum is wrong although the server says that it is the same file: it is fetched once more."""
    run.internet.faults(run.url("runc"), Fault(per_second=2_000_000))
    process = run.start()
    parts = run.cache / "parts"
    run.interrupt(process, lambda: any(part.stat().st_size > 1_000_000 for part in parts.glob("*-runc.amd64.part")))
    run.end(process)
    [part] = parts.glob("*-runc.amd64.part")
    part.write_bytes(bytes(part.stat().st_size))
    run()


@pytest.mark.usefixtures("copier")
def test_mirrors_stand_for_the_origins(run):
    mirror = run.internet.server.folder / "mirror.example.net"
    mirror.mkdir(exist_ok=True)
    if not (mirror / "files").is_symlink():
        (mirror / "files").symlink_to(run.internet.server.folder)
    run.internet.proxy.names["registry.example.net"] = run.internet.proxy.names["quay.io"]
    run.internet.proxy.names["mirror.example.net"] = run.internet.server.address
    run(
        mirror_url="https://mirror.example.net/files/",
        registry_mirrors={"registry.k8s.io": "quay.io"},
    )
    assert {target for _method, target in run.internet.proxy.asked} == {"mirror.example.net:443", "quay.io:443"}
    # The same bundle, wherever its files came from.
    assert run()["changed"] is False


@pytest.mark.parametrize(
    ("options", "finding"),
    [
        ({"mirror_url": "mirror.example.net"}, "bundle_mirror_url is 'mirror.example.net', and must be a URL such as"),
        (
            {"registry_mirrors": {"docker.io": "a.example.net"}},
            "has 'docker.io', and the stack's images are in registry",
        ),
        (
            {"registry_mirrors": {"registry.k8s.io": "https://a.example.net"}},
            "has 'https://a.example.net' for registry.",
        ),
    ],
)
def test_a_mirror_that_is_none(run, options, finding):
    assert finding in run.fails(**options)
    assert run.internet.proxy.asked == []


def test_auto_takes_the_releases_where_their_origins_answer(run):
    assert run(producer="auto")["producer"] == "release"
    assert "bundle_producer auto uses release (official releases): github.com, registry.k8s.io answered" in run.said()
    run.internet.proxy.asked.clear()
    assert run(producer="auto")["changed"] is False
    assert run.internet.proxy.asked == []


def test_auto_takes_what_the_cache_has_without_a_question(run):
    run(producer="auto")
    subprocess.run(["rm", "-r", run.folder / "bundle"], check=True)
    run.internet.proxy.asked.clear()
    result = run(producer="auto")
    assert (result["producer"], result["built"]) == ("release", [])
    assert run.internet.proxy.asked == []


def test_auto_says_what_it_asked(run):
    run.stack["release"] = copy.deepcopy(run.stack["release"])
    run.internet.faults(run.url("runc").replace("runc.amd64", "runc.sha256sum"), Fault(403))
    run.internet.faults(origins.origins.downloads(run.stack, origins.ARCH)["cni_plugins"].checksum_url, Fault(403))
    message = run.fails(producer="auto")
    assert "A bundle must be built, and no producer can get what it needs (bundle_producer auto):" in message
    assert "  - release: 1 of 2 hosts did not answer as they should: https://github.com/" in message
    assert "answers 403 Forbidden" in message
    assert "  - go_modules: " in message


@pytest.mark.parametrize("program", ["podman", "buildah"])
def test_the_application_is_built_by_a_program_of_this_machine(run, program, tmp_path):
    """From scratch, since a base image is in no registry here."""
    if not shutil.which(program):
        pytest.skip(f"there is no {program}")
    application = tmp_path / "application"
    (application / "app" / "demo_app").mkdir(parents=True)
    (application / "app" / "demo_app" / "web.py").write_text("print('hello')\n")
    (application / "Dockerfile").write_text("FROM scratch\nCOPY app/demo_app /app\nUSER 10001\n")
    programs = tmp_path / "programs"
    programs_without(programs, *({"podman", "buildah", "docker"} - {program}))
    run.internet.environment["PATH"] = str(programs)
    reference = run.internet.stack["images"]["app"]
    run.stack["components"] = {"app": run.internet.stack["components"]["app"]}
    run.stack["images"] = {"app": reference}
    run.stack["release"] = {}
    run.params["recipes"]["release"] = {"app": {"images": {"app": {"archive": "workloads", "dockerfile": True}}}}
    result = run(app_dir=str(application), app_build="auto")
    assert result["built"] == ["image/app", "archive/workloads"]
    assert run.internet.proxy.asked == []
    with tarfile.open(run.folder / "bundle" / "images" / "workloads.tar") as archive:
        [described] = json.load(archive.extractfile("./index.json"))["manifests"]
        manifest = json.load(archive.extractfile(f"./blobs/{described['digest'].replace(':', '/')}"))
        config = json.load(archive.extractfile(f"./blobs/{manifest['config']['digest'].replace(':', '/')}"))
    assert described["annotations"] == {"org.opencontainers.image.ref.name": reference}
    assert config["config"]["User"] == "10001"
    description = config["config"]["Labels"]["org.opencontainers.image.description"]
    assert description == "Built from the Dockerfile by shkatara.keda_demo; not the official image"
    # The same bundle on a machine that has none of these programs.
    (programs / program).unlink()
    assert run(app_dir=str(application), app_build="auto")["changed"] is False
    (application / "Dockerfile").write_text("FROM scratch\nCOPY app/demo_app /app\nUSER 10002\n")
    result = run.end(run.start(app_dir=str(application), app_build="build"))
    assert "this user can use none of podman, buildah, docker here" in result["error"]
