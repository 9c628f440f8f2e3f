# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The bill of materials: each part with its package URL, and what it is made of."""

import json
import sys
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import libraries, readme, sbom
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import CacheEntry
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.plan import BundleFile, BundlePlan
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError, make_unit
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.work import Settings
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

GO = Path(sys.executable).with_name("go")
SUM = "ab" * 32
DIGEST = f"sha256:{SUM}"
ETCD = make_unit(
    "component",
    "etcd",
    "3.5.4",
    {"arch": "amd64", "entry": {"version": "3.5.4", "module": "go.etcd.io/etcd/server/v3", "module_version": "v3.5.4"}},
)
PAUSE = make_unit(
    "component", "pause", "3.8", {"arch": "amd64", "entry": {"version": "3.8", "debian_package": "catatonit"}}
)
BASE = make_unit("base", "bookworm", "", {"arch": "amd64", "suite": "bookworm"})
IMAGES = {
    "etcd": {"component": "etcd", "reference": "registry.k8s.io/etcd:3.5.4-0", "base": BASE.id},
    "pause": {"component": "pause", "reference": "registry.k8s.io/pause:3.8"},
}
NODE = make_unit("archive", "node", "", {"images": IMAGES}, (ETCD, PAUSE, BASE))
BUILT = BundlePlan(
    {unit.id: unit for unit in (BASE, ETCD, PAUSE, NODE)},
    (BundleFile("images/node.tar", "images", NODE.id, "node.tar"),),
)
RECORD = {
    "stack": "seed",
    "arch": "amd64",
    "producer": "go_modules",
    "images": {"node": {image["reference"]: DIGEST for image in IMAGES.values()}},
    "files": [
        {
            "path": "images/node.tar",
            "component": "node",
            "version": "",
            "sha256": SUM,
            "size": 3 * 2**20,
            "source": "built here",
        }
    ],
}


def _bill(record, plan, made_of=lambda _unit: (), **info):
    entries = {id_: CacheEntry(Path("."), {}, info) for id_ in plan.units}
    text = sbom.text(record, plan, entries, made_of)
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None
    bill = json.loads(text)
    components = {component["bom-ref"]: component for component in bill["components"]}
    return bill, components, {item["ref"]: item.get("dependsOn", []) for item in bill["dependencies"]}


def test_what_was_built_has_its_modules_and_images():
    def made_of(unit):
        return [sbom.module_url("golang.org/x/net", "v0.1.0+incompatible")] if unit is ETCD else []

    _, components, depends_on = _bill(RECORD, BUILT, made_of, debian_version="0.1.7-1")
    assert components[ETCD.id]["purl"] == "pkg:golang/go.etcd.io/etcd/server/v3@v3.5.4"
    assert components[PAUSE.id]["purl"] == "pkg:deb/debian/catatonit@0.1.7-1?arch=amd64"
    assert depends_on[ETCD.id] == ["pkg:golang/golang.org/x/net@v0.1.0%2Bincompatible"]
    image = components["registry.k8s.io/etcd:3.5.4-0"]
    assert image["type"] == "container"
    assert image["purl"] == f"pkg:oci/etcd@{DIGEST}?repository_url=registry.k8s.io/etcd&tag=3.5.4-0"
    assert sorted(depends_on["registry.k8s.io/etcd:3.5.4-0"]) == [BASE.id, ETCD.id]
    assert depends_on["file/images/node.tar"] == [NODE.id]
    assert depends_on["bundle/seed-amd64"] == ["file/images/node.tar"]


def test_official_files_have_their_address_and_images_their_digest():
    url = "https://dl.k8s.io/release/v1.25.0/bin/linux/amd64/kubectl"
    download = make_unit("download", "kubectl", "1.25.0", {"release": True, "source": url, "sha256": SUM})
    kubernetes = make_unit("component", "kubernetes", "1.25.0", {"release": True}, (download,))
    reference = "quay.io/prometheus/prometheus:v2.41.0"
    image = make_unit("image", "prometheus", "2.41.0", {"release": True, "source": reference, "digest": DIGEST})
    plan = BundlePlan(
        {unit.id: unit for unit in (download, kubernetes, image)},
        (BundleFile("bin/kubectl", "binary", kubernetes.id, "kubectl"),),
    )
    file = {**RECORD["files"][0], "path": "bin/kubectl", "version": "1.25.0"}
    _, components, depends_on = _bill({**RECORD, "files": [file], "producer": "release"}, plan)
    assert components[download.id]["purl"].startswith("pkg:generic/kubectl@1.25.0?checksum=sha256:abab")
    assert components[download.id]["purl"].endswith(f"download_url={url}")
    assert components[download.id]["hashes"] == [{"alg": "SHA-256", "content": SUM}]
    assert components[image.id]["purl"].startswith(f"pkg:oci/prometheus@{DIGEST}?")
    assert depends_on[kubernetes.id] == [download.id]
    assert depends_on["file/bin/kubectl"] == [kubernetes.id]


def test_the_same_bundle_has_the_same_bill():
    entries = {id_: CacheEntry(Path("."), {}, {"debian_version": "1-1"}) for id_ in BUILT.units}
    texts = {sbom.text(RECORD, BUILT, entries, lambda _unit: ()) for _ in range(2)}
    assert len(texts) == 1


def test_modules_are_those_of_go_mod_after_its_replacements(tmp_path):
    (tmp_path / "go.mod").write_text(
        "module x.invalid/m\n\ngo 1.19\n\nrequire a.example/one v1.0.0\n\n"
        "require (\n\tb.example/two v1.2.0 // indirect\n\tc.example/three v1.3.0\n)\n\n"
        "replace c.example/three => d.example/four v1.4.0\n"
    )
    assert libraries.go_modules(GO, tmp_path) == [
        ("a.example/one", "v1.0.0"),
        ("b.example/two", "v1.2.0"),
        ("d.example/four", "v1.4.0"),
    ]


def test_a_go_mod_that_go_cannot_read_is_named(tmp_path):
    (tmp_path / "go.mod").write_text("modul x\n")
    with pytest.raises(BundleError, match=f"{tmp_path}/go.mod can't be read: (?s:.*)unknown directive"):
        libraries.go_modules(GO, tmp_path)


def test_the_application_is_made_of_its_requirements(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app/requirements.txt").write_text(
        "# pins\nflask==3.1.2 \\n    --hash=sha256:ab\nclick==8.5.1 ; python_version > '3'\n    # via flask\n"
    )
    unit = make_unit("image", "app", "1.0.0", {"files": {"Dockerfile": SUM, "app/requirements.txt": SUM}})
    settings = Settings(tmp_path, tmp_path, tmp_path, "amd64", GO)
    assert [purl.to_string() for purl in libraries.of_unit(unit, settings)] == [
        "pkg:pypi/flask@3.1.2",
        "pkg:pypi/click@8.5.1",
    ]


def test_without_the_library_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(sbom, "IS_THERE", False)
    with pytest.raises(BundleError, match=f"cyclonedx-python-lib, which {sys.executable} lacks: install it"):
        sbom.check_library()


def test_the_readme_says_that_it_is_no_bundle_for_production():
    text = readme.text(RECORD)
    assert "do not use them in production" in text
    assert "not the official\nbytes" in text
    assert "| `images/node.tar` | etcd:3.5.4-0, pause:3.8 | built here |" in text
    assert "3 MiB in 1 files" in text
