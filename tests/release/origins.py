# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The official origins of a stack on this machine, filled from a finished bundle.

A bundle that was built from Go modules has the same programs, images and manifests under the same names as the official
ones. Here they get the official layout: archives, the publishers' checksum files in their three forms, and a registry.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import origins

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
BUILD = Path(os.environ.get("KEDA_DEMO_BUILD") or ROOT / "build")
PLAYBOOK = ROOT / os.environ.get("KEDA_DEMO_VENV", ".venv") / "bin" / "ansible-playbook"
SOURCE = BUILD / "release-source"
ARCH = "amd64"
# Images that the registry has as Docker manifests (schema 2), and one that it has as a list of architectures.
AS_DOCKER = ("kube_proxy", "pause", "prometheus")
AS_LIST = "kube_scheduler"
REGISTRIES = ("registry.k8s.io", "quay.io", "ghcr.io", "registry-1.docker.io")
HOSTS = ("dl.k8s.io", "github.com", *REGISTRIES)


def built_bundle() -> Path:
    """Return a bundle that was built. Its parts are in the cache after `make bundle`, unless that took releases."""
    variables = {
        "bundle_producer": "go_modules",
        "bundle_upstream_dir": str(ROOT / "tests" / "recorded" / "upstream"),
        "cluster_bundle_dir": str(SOURCE),
    }
    done = subprocess.run(
        [PLAYBOOK, "playbooks/bundle.yml", f"--extra-vars={json.dumps(variables)}"],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return SOURCE


def stack_of(folder: Path) -> dict:
    """Return the stack `seed` with the checksums of the files that `folder` serves."""
    stack = copy.deepcopy(yaml.safe_load((COLLECTION / "stacks" / "seed.yml").read_text()))
    for name, file in origins.downloads(stack, ARCH).items():
        if file.sha256:
            stack["release"][name]["sha256"][ARCH] = _sha256(served(folder, file.url))
    return stack


def served(folder: Path, url: str) -> Path:
    """Return the file that is served at an official address."""
    parts = urlsplit(url)
    return folder / "files" / f"{parts.netloc}{parts.path}"


def fill(folder: Path, bundle: Path) -> None:
    """Fill `folder` from a bundle, if it is not there: `files` with a folder a host, and `registry`."""
    stack = yaml.safe_load((COLLECTION / "stacks" / "seed.yml").read_text())
    shutil.rmtree(folder, ignore_errors=True)
    work = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(work, ignore_errors=True)
    _fill_files(work, bundle, stack)
    _fill_registry(work, bundle, stack)
    work.rename(folder)


def _fill_files(folder: Path, bundle: Path, stack: dict) -> None:
    files = origins.downloads(stack, ARCH)
    contents = {
        "kubeadm": (bundle / "bin/kubeadm").read_bytes(),
        "kubelet": (bundle / "bin/kubelet").read_bytes(),
        "kubectl": (bundle / "bin/kubectl").read_bytes(),
        "runc": (bundle / "bin/runc").read_bytes(),
        "crictl": _archive({"crictl": bundle / "bin/crictl"}),
        "containerd": _archive(
            {f"bin/{name}": bundle / "bin" / name for name in ("containerd", "containerd-shim-runc-v2", "ctr")}
        ),
        "cni_plugins": _archive({f"./{path.name}": path for path in (bundle / "bin/cni").iterdir()}),
        "keda": (bundle / "manifests/keda.yaml").read_bytes(),
        "kube_prometheus": _kube_prometheus((bundle / "manifests/prometheus-operator-crds.yaml").read_text()),
    }
    assert set(contents) == set(files)
    for name, content in contents.items():
        file = served(folder, files[name].url)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    for name, file in files.items():
        if file.checksum_url:
            served(folder, file.checksum_url).write_text(_published(name, file, folder))


def _published(name: str, file: origins.Download, folder: Path) -> str:
    """Return the publisher's checksum file in the form that this publisher has."""
    checksum, base = _sha256(served(folder, file.url)), file.url.rpartition("/")[2]
    if name in ("kubeadm", "kubelet", "kubectl"):
        return checksum
    if name == "runc":
        others = "\n".join(f"{'0' * 63}{index}  runc.{arch}" for index, arch in enumerate(("arm64", "armhf", "s390x")))
        return f"{checksum}  {base}\n{others}\n"
    return f"{checksum}  {base}\n"


def _archive(members: dict[str, Path]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz", compresslevel=1) as archive:
        for name, path in members.items():
            archive.add(path, name)
    return target.getvalue()


def _kube_prometheus(crds: str) -> bytes:
    """Return an archive as the project's release has it, with these CustomResourceDefinitions in the folder `setup`."""
    target = io.BytesIO()
    texts = [text for text in crds.split("---\n") if text]
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for index, text in enumerate(texts):
            name = f"kube-prometheus-0.12.0/manifests/setup/{index:02}CustomResourceDefinition.yaml"
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return target.getvalue()


def _fill_registry(folder: Path, bundle: Path, stack: dict) -> None:
    keys = {reference: key for key, reference in stack["images"].items()}
    with registry(folder / "registry") as port:
        for archive in sorted((bundle / "images").glob("*.tar")):
            layout = folder / "layout"
            shutil.rmtree(layout, ignore_errors=True)
            layout.mkdir()
            subprocess.run(["tar", "-C", layout, "-xf", archive], check=True)
            index = json.loads((layout / "index.json").read_text())
            for manifest in index["manifests"]:
                reference = manifest["annotations"]["org.opencontainers.image.ref.name"]
                path, _colon, tag = reference.partition("/")[2].rpartition(":")
                target = f"docker://127.0.0.1:{port}/{path}:{tag}"
                form = ["--format=v2s2"] if keys[reference] in AS_DOCKER else []
                _skopeo("copy", "--quiet", "--dest-tls-verify=false", *form, f"oci:{layout}:{reference}", target)
                if keys[reference] == AS_LIST:
                    _make_list(port, path, tag)
            shutil.rmtree(layout)


def _make_list(port: int, path: str, tag: str) -> None:
    """Make the tag of an image a list of architectures, as most official images are."""
    http = urllib3.PoolManager()
    url = f"http://127.0.0.1:{port}/v2/{path}/manifests/{tag}"
    kinds = "application/vnd.oci.image.manifest.v1+json"
    manifest = http.request("GET", url, headers={"Accept": kinds})
    described = {
        "mediaType": kinds,
        "digest": f"sha256:{hashlib.sha256(manifest.data).hexdigest()}",
        "size": len(manifest.data),
    }
    platforms = [{"architecture": arch, "os": "linux"} for arch in ("arm64", ARCH)]
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
        "manifests": [{**described, "platform": platform} for platform in platforms],
    }
    answer = http.request("PUT", url, body=json.dumps(index), headers={"Content-Type": index["mediaType"]})
    assert answer.status == 201, answer.data


def _skopeo(*arguments: str) -> str:
    done = subprocess.run(["skopeo", "--insecure-policy", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextlib.contextmanager
def registry(storage: Path, certificate: str = ""):
    """Run Debian's docker-registry over a folder, and yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    storage.mkdir(parents=True, exist_ok=True)
    settings = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(storage)}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    if certificate:
        settings["http"]["tls"] = {"certificate": certificate, "key": certificate}
    file = storage.parent / f"registry-{port}.yml"
    file.write_text(json.dumps(settings))
    process = subprocess.Popen(
        [_registry_program(), "serve", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        file.unlink()


def _registry_program() -> str:
    """Return Debian's docker-registry, which is not installed: its package would run a service on this machine."""
    installed = shutil.which("docker-registry")
    if installed:
        return installed
    folder = BUILD / "docker-registry"
    program = folder / "usr/bin/docker-registry"
    if not program.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-qq", "download", "docker-registry"], cwd=folder, check=True)
        [package] = folder.glob("docker-registry_*.deb")
        subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
    return str(program)


def _wait_for(port: int, process: subprocess.Popen) -> None:
    for _attempt in range(200):
        assert process.poll() is None, "docker-registry ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("docker-registry does not listen")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
