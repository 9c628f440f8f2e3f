# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The whole bundle of the stack `seed` by the playbook `bundle`, from nothing, with the producer that `auto` takes.

It shows the seconds beside the sum of the bytes, and leaves the bundle in build/release for the scenario `release`.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
import time

import pytest

from tests.release import origins

MIB = 2**20


class Whole:
    def __init__(self, folder, internet):
        self.internet = internet
        self.folder = folder
        self.bundle = folder / "bundle"
        self.lock = folder / "bundle.lock"
        self.variables = {
            "cluster_stack_data": internet.stack,
            "cluster_bundle_dir": str(self.bundle),
            "cluster_cache_dir": str(folder / "cache"),
            "bundle_lock": str(self.lock),
            # The base image of a build is in no registry here.
            "bundle_app_build": "registry",
        }

    def __call__(self):
        """Run the playbook and return its output."""
        file = self.folder / "variables.json"
        file.write_text(json.dumps(self.variables))
        environment = {
            **self.internet.environ(),
            "ANSIBLE_CONFIG": str(origins.ROOT / "ansible.cfg"),
            # Its recap counts the changes.
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        }
        done = subprocess.run(
            [origins.PLAYBOOK, "playbooks/bundle.yml", f"--extra-vars=@{file}"],
            capture_output=True,
            text=True,
            check=False,
            cwd=origins.ROOT,
            env=environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def record(self):
        return json.loads((self.bundle / "bundle.json").read_text())


@pytest.fixture
def whole(internet):
    folder = origins.BUILD / "release"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Whole(folder, internet)


def _programs(record):
    return {file["path"]: file["sha256"] for file in record["files"] if file["kind"] == "binary"}


def _lines(manifest):
    """Return the lines of all documents; two separators in a row are as good as one."""
    return [line for line in manifest.read_text().splitlines() if line != "---"]


def _images(bundle):
    """Return by reference the descriptor and the blobs of each image in the archives, whose blobs are what they say."""
    found = {}
    for path in sorted((bundle / "images").glob("*.tar")):
        with tarfile.open(path) as archive:
            names = [name for name in archive.getnames() if "/sha256/" in name]
            assert len(names) == len(set(names))
            blobs = {name.rpartition("/")[2]: archive.extractfile(name).read() for name in names}
            for digest, content in blobs.items():
                assert hashlib.sha256(content).hexdigest() == digest
            for described in json.load(archive.extractfile("./index.json"))["manifests"]:
                manifest = json.loads(blobs[described["digest"].removeprefix("sha256:")])
                assert {one["digest"].removeprefix("sha256:") for one in manifest["layers"]} <= set(blobs)
                found[described["annotations"]["org.opencontainers.image.ref.name"]] = described
    return found


def test_the_manifests_alone(tmp_path, internet):
    manifests = Whole(tmp_path, internet)
    manifests.variables["bundle_manifests_only"] = True
    manifests()
    record = manifests.record()
    names = ["keda.yaml", "kube-prometheus.tar.gz", "prometheus-operator-crds.yaml"]
    assert sorted(file["path"] for file in record["files"]) == [f"manifests/{name}" for name in names]
    for name in ("keda.yaml", "prometheus-operator-crds.yaml"):
        assert _lines(manifests.bundle / "manifests" / name) == _lines(origins.SOURCE / "manifests" / name)
    assert record["images"] == {}
    lock = json.loads(manifests.lock.read_text())
    assert {url.rpartition("/")[2] for url in lock["files"]} == {"keda-2.10.0.yaml", "v0.12.0.tar.gz"}
    assert lock["images"] == {}
    # Nothing else is asked for, and a second run asks nobody.
    internet.proxy.asked.clear()
    assert "changed=0" in manifests()
    assert internet.proxy.asked == []


def test_the_whole_bundle(whole, internet, capsys, without_skopeo):
    begin = time.monotonic()
    output = whole()
    seconds = time.monotonic() - begin
    assert "bundle_producer auto uses release (official releases): dl.k8s.io, ghcr.io, github.com, quay.io, " in output
    record, source = whole.record(), json.loads((origins.SOURCE / "bundle.json").read_text())
    assert record["producer"] == "release"
    # Programs and manifests are those that the origins were filled with, in the same places.
    assert _programs(record) == _programs(source)
    for name in ("keda.yaml", "prometheus-operator-crds.yaml"):
        assert _lines(whole.bundle / "manifests" / name) == _lines(origins.SOURCE / "manifests" / name)
    assert {file["path"] for file in record["files"]} == {file["path"] for file in source["files"]}
    by_path = {file["path"]: file for file in record["files"]}
    assert by_path["bin/crictl"]["version"] == "1.25.0"
    assert by_path["bin/runc"]["source"] == "https://github.com/opencontainers/runc/releases/download/v1.1.4/runc.amd64"

    images = _images(whole.bundle)
    assert {archive: set(names) for archive, names in record["images"].items()} == {
        archive: set(names) for archive, names in source["images"].items()
    }
    digests = {name: digest for archive in record["images"].values() for name, digest in archive.items()}
    assert {name: described["digest"] for name, described in images.items()} == digests
    # A Docker manifest keeps its form, and so its digest.
    kinds = {key: images[internet.stack["images"][key]]["mediaType"] for key in origins.AS_DOCKER}
    assert set(kinds.values()) == {"application/vnd.docker.distribution.manifest.v2+json"}

    lock = json.loads(whole.lock.read_text())
    assert set(lock["images"]) == set(internet.stack["images"].values())
    assert {url.rpartition("/")[2] for url in lock["files"]} == {"keda-2.10.0.yaml", "v0.12.0.tar.gz"}
    as_list = internet.stack["images"][origins.AS_LIST]
    assert {name for name, digest in lock["images"].items() if digest != digests[name]} == {as_list}

    fetched = sum(
        path.stat().st_size
        for kind in ("downloads", "images")
        for path in (whole.folder / "cache" / kind).rglob("*")
        if path.is_file()
    )
    size = sum(file["size"] for file in record["files"])
    with capsys.disabled():
        print(
            f"\nfrom nothing to a bundle: {seconds:.1f} s, {fetched / MIB:.0f} MiB fetched, a bundle of "
            f"{size / MIB:.0f} MiB, with origins on this machine"
        )

    # A finished bundle is not asked for, and an absent one is put together from the cache.
    internet.proxy.asked.clear()
    assert "changed=0" in whole()
    shutil.rmtree(whole.bundle)
    whole()
    assert whole.record() == record
    assert internet.proxy.asked == []

    # Another machine, with the same lock file and without skopeo, gets the same bundle, byte by byte.
    internet.environment["PATH"] = without_skopeo
    shutil.rmtree(whole.folder / "cache")
    shutil.rmtree(whole.bundle)
    before = whole.lock.stat().st_mtime_ns
    output = whole()
    assert whole.record() == record
    assert whole.lock.stat().st_mtime_ns == before
    assert "images are copied by the collection itself, since skopeo is not installed" in output

    # The lab's image is in the cache of the other scenarios.
    shutil.rmtree(whole.folder / "cache")
    variables = {name: value for name, value in whole.variables.items() if name != "cluster_cache_dir"}
    (whole.folder / "variables.json").write_text(json.dumps(variables))
