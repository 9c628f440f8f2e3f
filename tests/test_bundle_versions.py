# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Programs and images of the bundle are those of the stack: what Go wrote into the programs, what they say themselves,
and the names and settings of the images.

`make demo` makes the bundle. KEDA_DEMO_NO_BUNDLE=1 leaves these tests out. So does a bundle of official releases, whose
files were compared with checksums when they arrived.
"""

import json
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.lookup.manifests import read_manifests
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey.owners import (
    CLAIMS,
    KEDA,
    KUBE_PROMETHEUS,
    NAMESPACES,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey.rights import INSIDE

from tests.documented import commands
from tests.hosts_page import objects, permissions

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
STACK = yaml.safe_load((COLLECTION / "stacks" / "seed.yml").read_text())
RECIPES = yaml.safe_load((COLLECTION / "roles/bundle/vars/go_modules.yml").read_text())["__bundle_go_modules_recipes"]
ON_HOSTS = [program for recipe in RECIPES.values() for program in recipe.get("bin", [])]
# Most programs are in images alone, so that they are looked at in the cache.
BUILT = [(name, program) for name, recipe in RECIPES.items() for program in recipe.get("binaries", {})]
TAKEN = [(name, program) for name, recipe in RECIPES.items() for program in recipe.get("debian_files", {})]
IMAGES = {STACK["images"][key]: image for recipe in RECIPES.values() for key, image in recipe.get("images", {}).items()}
[APPLICATION] = [reference for reference, image in IMAGES.items() if image.get("dockerfile")]
GO = ROOT / ".venv" / "bin" / "go"


def _cache():
    """The default of cluster_cache_dir."""
    cache_home = os.environ.get("XDG_CACHE_HOME") or f"{os.environ['HOME']}/.cache"
    return Path(os.environ.get("KEDA_DEMO_CACHE") or f"{cache_home}/keda_demo")


@pytest.fixture(scope="module")
def bundle():
    """The folder of the bundle."""
    if os.environ.get("KEDA_DEMO_NO_BUNDLE") == "1":
        pytest.skip("KEDA_DEMO_NO_BUNDLE=1")
    folder = _cache() / "bundles" / f"{STACK['name']}-amd64"
    if not (folder / "bundle.json").is_file():
        pytest.fail(f"There is no bundle in {folder}: `make demo` makes it, and KEDA_DEMO_NO_BUNDLE=1 does without.")
    if json.loads((folder / "bundle.json").read_text()).get("producer") == "release":
        pytest.skip("the bundle is of official releases")
    return folder


@pytest.fixture(scope="module")
def record(bundle):
    return json.loads((bundle / "bundle.json").read_text())


@pytest.fixture
def programs(bundle):
    """The bundle's folder bin/."""
    return bundle / "bin"


@pytest.fixture
def built(record):
    """A function that returns where the cache has a component's program."""

    def path(component, program):
        return _cache() / "components" / component / record["units"][f"component/{component}"] / program

    return path


class Image:
    """An image of one of the bundle's archives."""

    def __init__(self, archive, descriptor):
        self._archive = archive
        self.digest = descriptor["digest"]
        self.manifest = self._json(descriptor)
        self.config = self._json(self.manifest["config"])["config"]

    def _json(self, descriptor):
        return json.load(self._blob(descriptor))

    def _blob(self, descriptor):
        return self._archive.extractfile(f"./blobs/{descriptor['digest'].replace(':', '/')}")

    def files(self):
        """Yield the name and a function for the content of each regular file, layer by layer."""
        for layer in self.manifest["layers"]:
            with tarfile.open(fileobj=self._blob(layer)) as files:
                for one in files:
                    if one.isreg():
                        yield one.name, files.extractfile(one)


@pytest.fixture(scope="module")
def images(bundle):
    """The images of all archives by archive and name."""
    found, archives = {}, []
    for file in sorted((bundle / "images").glob("*.tar")):
        archives.append(archive := tarfile.open(file))  # noqa: SIM115
        index = json.load(archive.extractfile("./index.json"))
        found[file.stem] = {
            one["annotations"]["org.opencontainers.image.ref.name"]: Image(archive, one) for one in index["manifests"]
        }
    yield found
    for archive in archives:
        archive.close()


def _run(*command):
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_bundle_has_the_programs_of_the_recipes(programs):
    there = {path.relative_to(programs).as_posix() for path in programs.rglob("*") if path.is_file()}
    assert there == set(ON_HOSTS)


def test_the_survey_of_a_cluster_knows_what_keda_and_the_operator_install(bundle):
    for part, manifest in ((KEDA, "keda.yaml"), (KUBE_PROMETHEUS, "prometheus-operator-crds.yaml")):
        objects = read_manifests(bundle / "manifests" / manifest)
        found = {
            (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])
            for item in objects
            if item["metadata"].get("namespace") != NAMESPACES[part] and item["kind"] != "Namespace"
        }
        claims = {(claim.kind, claim.namespace, claim.name) for claim in CLAIMS[part]}
        kinds = {kind for kind, _namespace, _name in found}
        assert found == {claim for claim in claims if claim[0] in kinds}
        assert part != KEDA or found == claims
        inside = {
            f"{item['kind'].lower()}s" for item in objects if item["metadata"].get("namespace") == NAMESPACES[part]
        }
        assert inside <= {resource for _group, resource in INSIDE[part]}


@pytest.mark.parametrize(("component", "program"), BUILT)
def test_a_program_is_built_from_the_stack_s_module_with_its_toolchain(built, component, program):
    entry, recipe = STACK["components"][component], RECIPES[component]
    first, *lines = _run(GO, "version", "-m", built(component, program)).splitlines()
    assert first.rpartition(": ")[2] == entry["toolchain"]
    fields = [line.split("\t")[1:] for line in lines]
    assert ["path", recipe["binaries"][program]] in fields
    index, module = next((index, field) for index, field in enumerate(fields) if field[0] == "mod")
    assert module[1:3] == [entry["module"], entry["module_version"]]
    replacement = fields[index + 1]
    if replacement[0] == "=>":
        assert replacement[2] == entry["module_version"]
    build = dict(field[1].split("=", 1) for field in fields if field[0] == "build")
    assert build["GOARCH"] == "amd64"
    assert build["GOAMD64"] == "v1"
    assert "GOEXPERIMENT" not in build
    assert build["GOOS"] == "linux"
    assert build["CGO_ENABLED"] == str(int(recipe.get("cgo", False)))
    assert build.get("-tags", "").split(",") == recipe.get("tags", [""])


@pytest.mark.parametrize(("component", "program"), [*BUILT, ("pause", "pause")])
def test_a_program_is_static(built, component, program):
    """A host's own C library does not matter: CentOS 7 has an older one than the machine that builds.

    Nor has an image that is nothing but the program one.
    """
    headers = _run("readelf", "--program-headers", built(component, program))
    assert re.search(r"^ +LOAD ", headers, flags=re.MULTILINE)
    assert "INTERP" not in headers


@pytest.mark.parametrize(
    ("command", "component", "says"),
    [
        (["kubelet", "--version"], "kubernetes", "Kubernetes v{version}"),
        (["kubeadm", "version", "--output=short"], "kubernetes", "v{version}"),
        (["kubectl", "version", "--client", "--output=yaml"], "kubernetes", "  gitVersion: v{version}"),
        (["containerd", "--version"], "containerd", "containerd github.com/containerd/containerd v{version} "),
        (["ctr", "--version"], "containerd", "ctr github.com/containerd/containerd v{version}"),
        (["containerd-shim-runc-v2", "-v"], "containerd", "  Version:  v{version}"),
        (["runc", "--version"], "runc", "runc version {version}"),
        (["crictl", "--version"], "crictl", "crictl version v{version}"),
    ],
)
def test_a_program_says_the_stack_s_version(programs, command, component, says):
    expected = says.format(version=STACK["components"][component]["version"])
    assert expected in _run(programs / command[0], *command[1:]).splitlines()


def test_kubelet_says_the_seed_s_version(programs):
    assert _run(programs / "kubelet", "--version") == "Kubernetes v1.25.0\n"


@pytest.mark.parametrize(("component", "program"), TAKEN)
def test_a_program_of_debian_is_the_stack_s_version(built, component, program):
    entry = STACK["components"][component]
    unit = json.loads((built(component, program).parent / "unit.json").read_text())
    assert list(unit["files"]) == [program]
    assert unit["info"]["debian_version"].rpartition("-")[0] == entry.get("debian_version", entry["version"])


def test_the_archives_have_the_images_of_the_stack(images, record):
    names = [name for archive in images.values() for name in archive]
    assert sorted(names) == sorted(STACK["images"].values())
    assert {name: set(archive) for name, archive in images.items()} == {
        name: {reference for reference, image in IMAGES.items() if image["archive"] == name} for name in images
    }
    digests = {name: {one: image.digest for one, image in archive.items()} for name, archive in images.items()}
    assert record["images"] == digests


@pytest.mark.parametrize("reference", [reference for reference in IMAGES if reference != APPLICATION])
def test_an_image_starts_its_program_as_its_user(images, reference):
    recipe = IMAGES[reference]
    config = images[recipe["archive"]][reference].config
    assert config["Entrypoint"] == recipe.get("entrypoint", list(recipe["files"].values())[:1])
    assert config.get("Cmd") is None
    assert config.get("User", "") == recipe.get("user", "")


def test_the_application_s_image_says_what_its_dockerfile_does(images):
    config = images[IMAGES[APPLICATION]["archive"]][APPLICATION].config
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert config["User"] == re.findall(r"^USER (.*)$", dockerfile, flags=re.MULTILINE)[-1]
    assert config["Cmd"] == json.loads(re.findall(r"^CMD (.*)$", dockerfile, flags=re.MULTILINE)[-1])
    assert config.get("Entrypoint") is None
    assert "PYTHONPYCACHEPREFIX=/opt/app/compiled" in config["Env"]


def test_all_that_the_application_imports_is_compiled_whatever_the_files_times_are(images):
    """Else each pod compiles it when it starts, which takes longer than all the rest of its start."""
    compiled = []
    for name, file in images[IMAGES[APPLICATION]["archive"]][APPLICATION].files():
        if "opt/app/compiled/" in name:
            compiled.append(name.removesuffix(".cpython-311.pyc"))
            # PEP 552: bit 0 says that the source is known by its hash, bit 1 that the hash is to be compared.
            assert int.from_bytes(file.read(8)[4:], "little") == 0b01, name
    library, packages = "/usr/lib/python3.11", "/opt/app/venv/lib/python3.11/site-packages"
    wanted = [f"{library}/typing", f"{library}/http/client", f"{packages}/flask/app", "/opt/app/demo_app/web"]
    assert [name for name in wanted if not any(one.endswith(f"compiled{name}") for one in compiled)] == []


def test_kube_proxy_calls_iptables_by_the_script_that_takes_the_hosts_mode(images):
    script = (COLLECTION / "roles" / "bundle" / "files" / "iptables.sh").read_text()
    image = images["node"][STACK["images"]["kube_proxy"]]
    found = {name: file.read().decode().strip() for name, file in image.files() if "usr/local/sbin/" in name}
    names = ["iptables", "iptables-save", "iptables-restore"]
    wanted = {f"usr/local/sbin/{name}" for name in [*names, *(name.replace("ip", "ip6", 1) for name in names)]}
    assert found == dict.fromkeys(wanted, script.strip())


def test_layers_are_not_compressed(images):
    """Hosts unpack them faster than they inflate them."""
    kinds = {
        layer["mediaType"]
        for archive in images.values()
        for image in archive.values()
        for layer in image.manifest["layers"]
    }
    assert kinds == {"application/vnd.oci.image.layer.v1.tar"}


def test_the_permissions_of_keda_on_the_page_of_the_hosts_are_those_of_its_manifest(bundle):
    applied, recorded = objects.permissions_of(bundle / "manifests" / "keda.yaml"), objects.keda()
    assert permissions.role_rows(applied) == permissions.role_rows(recorded)
    assert permissions.account_rows(applied) == permissions.account_rows(recorded)


KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: one
contexts: [{name: one, context: {cluster: second}}]
clusters:
  - {name: first, cluster: {server: "https://192.0.2.1:6443", certificate-authority-data: Zmlyc3Q=}}
  - {name: second, cluster: {server: "https://192.0.2.2:6443", certificate-authority: ca.crt}}
"""


def test_kubectl_prints_what_a_pipeline_needs(programs, tmp_path):
    """The commands of docs/pipeline.md for the API server's URL and certificate, with the bundle's kubectl.

    The certificate is in a file of its own, as minikube has it.
    """
    (tmp_path / "ca.crt").write_text("second")
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    environ = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "KUBECONFIG": str(tmp_path / "kubeconfig")}
    wanted = {
        "kubectl config view --raw --minify --output jsonpath={.clusters[0].cluster.server}": "https://192.0.2.2:6443",
        "kubectl config view --raw --minify --flatten --output "
        "jsonpath={.clusters[0].cluster.certificate-authority-data} | base64 --decode": "second",
    }
    page = commands.of_page(COLLECTION / "docs" / "pipeline.md")
    texts = {" ".join(command.words): command.text for command in page}
    for words, expected in wanted.items():
        done = subprocess.run(["sh", "-c", texts[words]], env=environ, capture_output=True, text=True, check=True)
        assert done.stdout == expected
