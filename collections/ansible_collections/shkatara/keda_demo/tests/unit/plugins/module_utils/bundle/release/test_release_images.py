# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The images that only official releases have: part of a bundle that wants them, refused by Go modules."""

from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.filter.container_images import container_images
from ansible_collections.shkatara.keda_demo.plugins.lookup.manifests import read_manifests
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import plan, release_images
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.lockfile import Lock
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release.plan import ReleaseRequest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError
from ansible_collections.shkatara.keda_demo.tests.support.cores import ROOT
from ansible_collections.shkatara.keda_demo.tests.support.release import ARCHIVE

COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
STACK = yaml.safe_load((COLLECTION / "stacks" / "seed.yml").read_text())
RECIPES = yaml.safe_load((COLLECTION / "roles/bundle/vars/release.yml").read_text())["__bundle_release_recipes"]
ALL = list(STACK["release_images"])


def request(names):
    recipes = {**RECIPES, **release_images.recipes(names)}
    return ReleaseRequest(release_images.with_images(STACK, names), recipes, Lock(), Path(ROOT))


def images_of(names):
    return {unit.inputs["source"] for unit in plan.make_plan(request(names)).units.values() if unit.kind == "image"}


@pytest.mark.parametrize("names", [[], ["grafana"], ALL], ids=["none", "one", "all"])
def test_a_bundle_has_the_images_that_it_wants(names):
    wanted = {STACK["release_images"][name]["image"] for name in names}
    assert images_of(names) == set(STACK["images"].values()) | wanted
    assert wanted <= set(plan.unpinned(request(names))[1])


def test_a_bundle_with_all_of_them_has_every_image_of_the_release():
    assert set(container_images(read_manifests(ARCHIVE))) - images_of(ALL) == set()


def test_an_unknown_name_is_refused_with_the_known():
    with pytest.raises(BundleError, match="bundle_release_images has graphana, and the stack seed has blackbox_expor"):
        release_images.with_images(STACK, ["graphana", "grafana"])


def test_go_modules_names_the_images_and_their_components():
    error = release_images.not_built_error("go_modules", STACK, ["grafana", "configmap_reload"])
    assert str(error).startswith(
        "The producer go_modules has no docker.io/grafana/grafana:9.3.2, docker.io/jimmidyson/configmap-reload:v0.5.0 "
        "(bundle_release_images): take blackboxExporter, grafana out of kube_prometheus_components"
    )
