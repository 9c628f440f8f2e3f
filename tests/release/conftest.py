# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The origins of these tests: an HTTPS server, a registry, and a proxy that knows their official names."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support.authority import Authority
from ansible_collections.shkatara.keda_demo.tests.support.origin_server import origin
from ansible_collections.shkatara.keda_demo.tests.support.proxy import proxy

from tests.release import origins

USER = "me:p%40ss-word"
PASSWORD = "p@ss-word"


@pytest.fixture(scope="session")
def filled():
    """The folder of files and registry, kept until another bundle is made."""
    bundle = origins.built_bundle()
    sources = [(bundle / "bundle.json").read_bytes(), Path(origins.__file__).read_bytes()]
    folder = origins.BUILD / "release-origins" / hashlib.sha256(b"".join(sources)).hexdigest()[:12]
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        origins.fill(folder, bundle)
    return folder


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def registry_port(filled, authority):
    with origins.registry(
        filled / "registry", authority.certificate(*origins.REGISTRIES, "mirror.example.net")
    ) as port:
        yield port


class Internet:
    """What the module reaches: `server` has the files with faults, `proxy` notes all that it was asked for."""

    def __init__(self, server, running, authority, filled):
        self.server = server
        self.proxy = running
        self.filled = filled
        self.stack = origins.stack_of(filled)
        url = f"http://{USER}@127.0.0.1:{running.port}"
        self.environment = {"HTTPS_PROXY": url, "HTTP_PROXY": url, "SSL_CERT_FILE": authority.path, "NO_PROXY": ""}

    def environ(self):
        """Return the environment of a process whose only way out is the proxy."""
        names = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_DIR", "GOPROXY")
        kept = {name: value for name, value in os.environ.items() if name not in names}
        path = os.pathsep.join([str(origins.ROOT / "collections"), str(origins.ROOT)])
        return {**kept, **self.environment, "PYTHONPATH": path}

    def faults(self, url, *faults):
        self.server.faults[url.removeprefix("https://")] = list(faults)


@pytest.fixture
def internet(filled, authority, registry_port):
    tls = authority.server(*origins.HOSTS, "mirror.example.net", "storage.example.net")
    with origin(filled / "files", tls=tls) as server:
        registries = ("127.0.0.1", registry_port)
        names = {
            host: registries if host in origins.REGISTRIES else server.address
            for host in (*origins.HOSTS, "mirror.example.net", "storage.example.net")
        }
        with proxy(names=names, user=USER.replace("%40", "@")) as running:
            yield Internet(server, running, authority, filled)


def programs_without(folder, *names):
    """Fill a folder for PATH with all programs of this machine but some."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep)[::-1]:
        for file in Path(place).glob("*"):
            if file.name not in names:
                (folder / file.name).unlink(missing_ok=True)
                (folder / file.name).symlink_to(file)
    return str(folder)


@pytest.fixture(scope="session")
def without_skopeo(tmp_path_factory):
    return programs_without(tmp_path_factory.mktemp("without") / "programs", "skopeo")


# A part of the stack: a list of checksums, one with a name, an archive, a file that has none, and two images.
SMALL = ("runc", "cni_plugins", "keda", "pause")


class Run:
    """The module in a process of its own, with the options of a small stack."""

    def __init__(self, folder, internet):
        self.internet = internet
        self.folder = folder
        self.cache = folder / "cache"
        self.lock = folder / "bundle.lock"
        whole = internet.stack
        recipes = yaml.safe_load((origins.COLLECTION / "roles/bundle/vars/release.yml").read_text())
        recipes = {name: dict(recipes["__bundle_release_recipes"][name]) for name in SMALL}
        # KEDA's image is large, and the pause image enough.
        recipes["keda"].pop("images")
        self.stack = {
            "name": "small",
            "components": {name: whole["components"][name] for name in SMALL},
            "images": {"pause": whole["images"]["pause"]},
            "release": {name: whole["release"][name] for name in SMALL if name in whole["release"]},
        }
        self.params = {
            "path": str(folder / "bundle"),
            "stack": self.stack,
            "producer": "release",
            "recipes": {"release": recipes, "go_modules": {}},
            "components_dir": str(folder),
            "app_dir": "",
            "app_build": "registry",
            "lock": str(self.lock),
            "mirror_url": "",
            "registry_mirrors": {},
            "release_images": [],
            "cache_dir": str(self.cache),
            "go": str(folder / "go"),
            "archive": None,
            "pack": None,
            "clean_for": None,
            "upstream_dir": None,
            "debian_mirror": "",
            "arch": origins.ARCH,
            "progress_file": str(folder / "progress.jsonl"),
            "without_check_of_space": False,
        }

    def only_image(self, key):
        """Have a stack of one image and nothing else."""
        self.stack["components"] = {key: self.internet.stack["components"][key]}
        self.stack["release"] = {}
        self.stack["images"] = {key: self.internet.stack["images"][key]}
        self.params["recipes"]["release"] = {key: {"images": {key: {"archive": "workloads"}}}}
        return self.stack["images"][key]

    def url(self, name):
        return origins.origins.downloads(self.stack, origins.ARCH)[name].url

    def start(self, **params):
        file = self.folder / "options.json"
        file.write_text(json.dumps(self.params | params))
        return subprocess.Popen(
            [sys.executable, "-m", "tests.release.run", str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=origins.ROOT,
            env=self.internet.environ(),
        )

    def end(self, process):
        """Return the result of a process that was started."""
        output, errors = process.communicate(timeout=300)
        assert errors == "", errors
        assert PASSWORD not in output
        assert USER not in output
        assert PASSWORD not in self.said()
        assert USER not in self.said()
        return json.loads(output.splitlines()[-1])

    def __call__(self, **params):
        result = self.end(self.start(**params))
        assert "error" not in result, result
        return result

    def fails(self, **params):
        result = self.end(self.start(**params))
        assert "error" in result, result
        assert not (self.folder / "bundle" / "bundle.json").exists()
        return result["error"]

    def interrupt(self, process, when):
        """Send Ctrl-C as soon as `when` is true."""
        end = time.monotonic() + 60
        while not when():
            assert time.monotonic() < end
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)

    def ranges(self, name):
        """Return the header Range of each request of a file, None for a request of the whole file."""
        return [headers.get("Range") for path, headers in self.internet.server.asked if path.endswith(f"/{name}")]

    def said(self):
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "progress.jsonl").read_text()
        return ""


@pytest.fixture
def run(tmp_path, internet):
    return Run(tmp_path, internet)


@pytest.fixture(params=["skopeo", "without-skopeo"])
def copier(request, run, without_skopeo):
    """Who copies images in this test: the program, or this collection where it is missing."""
    if request.param != "skopeo":
        run.internet.environment["PATH"] = without_skopeo
    return request.param
