# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Every command of the pages is run by a test, or its reader is told that none runs it.

RUNS says which test runs a command. The command's words have to be in that test. Commands of `make` count by what make
would run. The commands of the last section of this file are run here, as the pages have them.
"""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support.proof_api import proof_api

from tests.documented import commands
from tests.documented.commands import COLLECTION, NAME, ROOT
from tests.documented.places import Place, missing
from tests.hosts_page import __main__ as hosts_page
from tests.hosts_page import tables
from tests.tiers.steps import scenarios, tiers


@dataclass(frozen=True)
class Run:
    """The places that together run a command, and the words in which the test's command is another."""

    places: tuple[Place, ...]
    but: tuple[str, ...] = ()


def run(*places, but=()):
    """Return a Run; a place is a path, or a path and a name."""
    return Run(tuple(Place(*([place] if isinstance(place, str) else place)) for place in places), but)


HERE, TIERS = "tests/test_documented_commands.py", "tests/tiers/steps.py"
DEFAULT, TARBALL, OWN = "molecule/default/tasks", "molecule/tarball", "molecule/own_cluster"
CREATE, SITE, DESTROY = (f"molecule/shared/{name}.yml" for name in ("create", "converge", "destroy"))
LAB_OF_ITS_OWN = "molecule/two_subnets/inventory/group_vars/all/networks.yml"
READ = ("tests/test_tarball.py", "test_each_ansible_reads_the_installed_playbooks")
DOCUMENTATION = ("tests/test_tarball.py", "test_documentation_is_there")
PROOFS = (HERE, "test_the_proofs_of_the_pages_reach_the_cluster")
PACKAGES = (HERE, "test_pip_takes_the_packages_of_the_pages")

# The words of a command, as commands.words() has them, and what runs it.
RUNS = {
    # Playbooks
    "ansible-playbook setup": run((f"{TARBALL}/create.yml", "Install the system packages")),
    "ansible-playbook setup setup_qemu true": run(("molecule/vm/create.yml", "Install QEMU")),
    "ansible-playbook lab": run((f"{TARBALL}/create.yml", "Create the lab's hosts")),
    "ansible-playbook lab lab_state absent": run((f"{TARBALL}/destroy.yml", "Remove the lab's hosts")),
    "ansible-playbook lab site": run(CREATE, SITE),
    "ansible-playbook qemu lab site": run("molecule/vm/molecule.yml", "molecule/vm/create.yml", SITE),
    "ansible-playbook lab site lab_name second lab_network": run(CREATE, SITE, LAB_OF_ITS_OWN, but=("second",)),
    "ansible-playbook lab lab_name second lab_network lab_state absent": run(DESTROY, LAB_OF_ITS_OWN, but=("second",)),
    "ansible-playbook site": run((f"{TARBALL}/converge.yml", "Run everything")),
    "ansible-playbook example site": run(SITE, READ),
    ".venv-core-2.16 ansible-playbook example site": run("molecule/py27/molecule.yml", SITE, READ),
    "ansible-playbook site kube_prometheus_node_port": run(SITE, "molecule/inventory/group_vars/all/test.yml"),
    "ansible-playbook site bundle_archive": run(SITE, "molecule/airgap/inventory/group_vars/all/airgap.yml"),
    "ansible-playbook site bundle_upstream_dir kube_prometheus_profile full kube_prometheus_components alertmanager "
    "kubePrometheus kubeStateMetrics kubernetesControlPlane nodeExporter prometheus prometheusOperator": run(
        SITE, "molecule/full/inventory/group_vars/all/full.yml"
    ),
    "ansible-playbook site demo_app_threshold demo_app_max_replicas": run(
        SITE, (HERE, "test_the_numbers_of_the_first_readme_are_accepted")
    ),
    "ansible-playbook site demo_app_min_replicas keda_wait_timeout": run(
        (HERE, "test_a_refused_run_says_what_the_page_says")
    ),
    "ansible-playbook bundle bundle_pack": run(("molecule/airgap/prepare.yml", "Pack the bundle")),
    "ansible-playbook demo cluster_kubeconfig": run(f"{OWN}/vars/main.yml", f"{OWN}/tasks/proof.yml"),
    # `present` is the default.
    "ansible-playbook demo cluster_kubeconfig demo_state present": run(
        f"{OWN}/vars/main.yml", f"{OWN}/tasks/proof.yml", but=("demo_state", "present")
    ),
    "ansible-playbook demo cluster_kubeconfig demo_state absent": run(
        f"{OWN}/vars/main.yml", (f"{OWN}/tasks/absent.yml", "Remove the demo, twice")
    ),
    "ansible-playbook example demo demo_state absent": run(
        (f"{TARBALL}/verify.yml", "Remove the demo from the cluster"), but=("example",)
    ),
    "ansible-playbook manifests": run(("tests/test_pipeline.py", "manifests")),
    "ansible-playbook manifests --tags verify_manifests verify_namespace shop": run(
        (HERE, "test_the_permissions_of_a_proof_are_written_for_a_namespace")
    ),
    "ansible-playbook clean_cache": run((HERE, "test_the_cache_is_cleaned")),
    "ansible-playbook clean_cache --check": run((HERE, "test_the_cache_is_cleaned")),
    # Proofs. PROOFS ends at the cluster's first answer. The scenarios `default` and `proof` go on to verdicts with
    # these options, except for `not_scaled` and a load of others: their verdicts come from simulated runs alone.
    "ansible-playbook @gate.yml verify": run(
        (f"{DEFAULT}/proof.yml", "Run the proof, whose verdict has to be {{ case.verdict }}")
    ),
    "ansible-playbook verify": run(
        ("molecule/proof/tasks/interrupted.yml", "Press Ctrl-C after the first requests"), PROOFS
    ),
    "ansible-playbook verify verify_load_replicas": run(PROOFS),
    "ansible-playbook verify verify_phases activation scale_out hold scale_in": run(PROOFS),
    "ansible-playbook verify verify_load_rate verify_expect not_scaled": run(PROOFS),
    "ansible-playbook verify verify_name invoices verify_load_external true verify_expected replicas "
    "within_seconds": run(PROOFS),
    "ansible-playbook verify cluster_kubeconfig verify_namespace shop verify_name verify_counter_metric "
    "http_requests_total verify_load_url": run(PROOFS),
    # The collection
    "ansible-galaxy collection build keda_demo": run(
        (f"{TARBALL}/create.yml", "Build the tarball"), but=("keda_demo",)
    ),
    "ansible-galaxy collection install shkatara-keda_demo-0.1.0.tar.gz --no-deps": run(
        (f"{TARBALL}/create.yml", "Install the tarball")
    ),
    "ansible-galaxy collection install --no-deps shkatara-keda_demo-0.1.0.tar.gz": run(
        (f"{TARBALL}/create.yml", "Install the tarball")
    ),
    "cp -r lab inventory": run(("tests/test_tarball.py", "test_the_inventory_of_the_lab_can_be_copied")),
    "ansible-doc --type role shkatara.keda_demo.<role>": run(DOCUMENTATION, but=("shkatara.keda_demo.<role>",)),
    "ansible-doc shkatara.keda_demo.<name>": run(DOCUMENTATION, but=("shkatara.keda_demo.<name>",)),
    "ansible-doc shkatara.keda_demo.verify_scaling": run(DOCUMENTATION, but=("shkatara.keda_demo.verify_scaling",)),
    # Python
    "python -m venv .venv": run((HERE, "test_an_environment_is_created_and_activated"), but=(".venv",)),
    "python -m venv venv": run((HERE, "test_an_environment_is_created_and_activated")),
    ". activate": run((HERE, "test_an_environment_is_created_and_activated")),
    "pip install --require-hashes --requirement requirements-proof.txt": run(PACKAGES),
    "pip install ansible==12.3.0": run(PACKAGES),
    "pip install -r requirements.txt": run(PACKAGES),
    "pip install -r": run(PACKAGES),
    "GUNICORN_CMD_ARGS pytest test_serving.py": run((HERE, "test_gunicorns_own_worker_fails_four_tests")),
    "PYTHONPATH python -m tests.hosts_page write": run(
        (HERE, "test_the_generated_columns_are_written"), but=("PYTHONPATH", "python", "-m")
    ),
    # Kubernetes
    "kubectl create --filename proof-rbac.yaml": run(
        (f"{DEFAULT}/account.yml", "Create the account and its permissions")
    ),
    "kubectl --namespace shop create token keda-demo-proof --duration 1h": run(
        (f"{DEFAULT}/account.yml", "Create a token of the account"), but=("shop",)
    ),
    "kubectl config view --raw --minify --output jsonpath={.clusters[0].cluster.server}": run(
        ("tests/test_bundle_versions.py", "test_kubectl_prints_what_a_pipeline_needs")
    ),
    "kubectl config view --raw --minify --flatten --output "
    "jsonpath={.clusters[0].cluster.certificate-authority-data} | base64 --decode": run(
        ("tests/test_bundle_versions.py", "test_kubectl_prints_what_a_pipeline_needs")
    ),
    "script undo": run(("molecule/shared/undo.yml", "Run the commands of the page")),
    # The tests themselves
    "make help": run(("tests/test_tiers.py", "test_make_help_names_every_target")),
    "molecule destroy": run((TIERS, "_molecule")),
    "molecule test --scenario-name proof": run((TIERS, "_molecule"), (TIERS, "lab")),
}

COMMANDS = [command for page in commands.pages() for command in commands.of_page(page)]
MARKED = {command.words for command in COMMANDS if command.mark}
KNOWN = {
    option
    for path in (COLLECTION / "roles").glob("*/meta/argument_specs.yml")
    for entry in yaml.safe_load(path.read_text())["argument_specs"].values()
    for option in entry.get("options", {})
} | {"setup_qemu"}

OF_MAKE = {"MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "CORE", "STEPS", "FUZZ", "PAIRS", "PROOFS", "DEMO_STATE"}


def is_marked(command):
    """Return whether a page says that no test runs it. In a block each command has a mark of its own."""
    return bool(command.mark) or (command.inline and command.words in MARKED)


@pytest.fixture(scope="module")
def of_make(tmp_path_factory):
    """Return what make would run for each of its commands on the pages, in a checkout without an environment."""
    folder = tmp_path_factory.mktemp("checkout")
    for path in (ROOT / "Makefile", *ROOT.glob("requirements*")):
        shutil.copy(path, folder)

    # These tests may have been started by make, whose variables its children get.
    environ = {name: value for name, value in os.environ.items() if name not in OF_MAKE}

    def dry_run(arguments):
        # Without root, and without a look for other Pythons.
        settings = ("lab=", "cores=", "others=", f"PYTHON={sys.executable}")
        command = ["make", "--no-print-directory", "--dry-run", *settings, *arguments]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return [("make", *arguments, f"({done.stderr.strip()})")]
        found = re.findall(r"^(?:exec )?(\S*ansible-playbook .*|python -m tests\..*)$", done.stdout, re.MULTILINE)
        return [commands.words(re.sub(r"^\.venv\S*/bin/", "", text)) for text in found]

    wanted = sorted({command.words for command in COMMANDS if command.words[0] == "make" and not is_marked(command)})
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(wanted, pool.map(lambda words: dry_run(words[1:]), wanted), strict=True))


def wanted_runs(command, of_make):
    """Return the commands that have to be run for a command: those of make, or itself."""
    return of_make.get(command.words) or [command.words]


def is_a_tier(words):
    """Return whether these are tests: they are what runs the commands, and name steps of their tier."""
    tier = tiers().get(words[3], []) if words[:3] == ("python", "-m", "tests.tiers") else []
    return bool(tier) and set(words[4:]) <= {step.name for step in tier}


def test_every_command_is_run_or_marked(of_make):
    unknown = [
        f"{command}\n    `{' '.join(words)}`"
        for command in COMMANDS
        if not is_marked(command)
        for words in wanted_runs(command, of_make)
        if " ".join(words) not in RUNS and not is_a_tier(words)
    ]
    assert not unknown, (
        "no test runs these commands of the pages. Either name the test that runs it in RUNS of this file, or tell its "
        "reader, by the line `# not tested: needs ...` above it, or by `(not tested: needs ...)` in its sentence:\n"
        + "\n".join(unknown)
    )


def test_every_command_of_the_table_is_on_a_page(of_make):
    on_pages = {" ".join(words) for command in COMMANDS for words in wanted_runs(command, of_make)}
    assert sorted(RUNS.keys() - on_pages) == [], "no page has them any more: take them out of RUNS"


def test_no_command_is_marked_that_a_test_runs():
    assert [str(command) for command in COMMANDS if is_marked(command) and " ".join(command.words) in RUNS] == []


@pytest.mark.parametrize("key", RUNS)
def test_the_place_has_the_command(key):
    entry = RUNS[key]
    assert [problem for place in entry.places if (problem := place.problem())] == []
    given = key.split()
    assert [word for word in entry.but if word not in given] == [], "the command has no such words"
    wanted = tuple(word for word in given if word not in entry.but)
    assert missing(wanted, entry.places) == [], f"{entry.places} has no such words"


# What the commands name


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_names_in_a_command_exist(command):
    parts = command.text.split()
    playbooks = {name for part in parts if "ansible-playbook" in command.text and (name := commands.playbook(part))}
    assert playbooks <= PLAYBOOKS
    assert [path for path in parts if path.endswith(".yml") and path[0] != "@" and not (ROOT / path).is_file()] == []
    assert {name for name in commands.variables(command.text) if name not in KNOWN} == set()
    assert set(re.findall(r"--scenario-name[ =](\S+)", command.text)) <= set(scenarios())
    assert [path for path in re.findall(r"inventory/\w+", command.text) if not (ROOT / path).is_dir()] == []


# What looks like a role's variable and is none: the collection, and a hop of a proof.
NO_VARIABLES = {"keda_demo", "keda_activation"}
TAGS = {
    tag
    for path in COLLECTION.rglob("*.yml")
    for tags in re.findall(r"^ +tags: \[(.*)\]$", path.read_text(), re.MULTILINE)
    for tag in tags.split(", ")
}
ROLES = {path.name for path in (COLLECTION / "roles").iterdir()}
PLUGINS = {path.stem for path in (COLLECTION / "plugins").glob("*/[!_]*.py")}
PLAYBOOKS = {path.stem for path in (COLLECTION / "playbooks").glob("*.yml")}


@pytest.mark.parametrize("page", commands.pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_the_names_in_the_text_exist(page):
    text = page.read_text()
    variables = set(re.findall(rf"`((?:{'|'.join(ROLES)})_[a-z_]+)[`:= .\[]", text))
    assert variables - KNOWN - TAGS - ROLES - PLUGINS - NO_VARIABLES == set()
    assert set(re.findall(rf"\b{re.escape(NAME)}\.(\w+)", text)) - ROLES - PLUGINS - PLAYBOOKS == set()
    assert set(re.findall(r"\bscenarios?\s+`(\w+)`", text)) <= set(scenarios())


# Commands that are run here, as the pages have them


def of(key):
    """Return the text of the command of the pages that has these words."""
    return next(command.text for command in COMMANDS if " ".join(command.words) == key)


def shell(text, folder, *, home=None, cwd=ROOT, **environ):
    """Run a command of the pages in the environment of the tests; its build and its cache are in `folder`."""
    programs = Path(sys.executable).parent
    places = {"KEDA_DEMO_BUILD": str(folder / "build"), "KEDA_DEMO_CACHE": str(folder / "cache")}
    settings = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "COLUMNS": "200"}
    path = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(home or os.environ["HOME"])}
    return subprocess.run(
        ["sh", "-ec", re.sub(r"(?<!\S)\.venv[^/\s]*/bin/", "", text)],
        cwd=cwd,
        env=os.environ | places | settings | path | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def proofs(tmp_path_factory):
    """Return how each proof of the pages ended on a cluster without permissions. They run at the same time."""
    wanted = [command.text for command in COMMANDS if command.words[:2] == ("ansible-playbook", "verify")]
    folder = tmp_path_factory.mktemp("proofs")

    def prove(number, api):
        place = folder / str(number)
        for path in (place / "home" / ".kube" / "config", place / "build" / "keda-demo" / "kubeconfig"):
            path.parent.mkdir(parents=True)
            shutil.copy(api.kubeconfig(folder / f"kubeconfig-{number}"), path)
        # kubernetes' client keeps what it read of an API server in the folder of temporary files.
        return shell(wanted[number], place, home=place / "home", TMPDIR=str(place))

    forbidden = [f"/apis/keda.sh/v1alpha1/namespaces/{name}/scaledobjects" for name in ("test", "shop")]
    with proof_api(forbidden=forbidden, is_denied=lambda _attributes: True) as api, ThreadPoolExecutor(4) as pool:
        return dict(zip(wanted, pool.map(lambda number: prove(number, api), range(len(wanted))), strict=True))


@pytest.mark.parametrize(
    "key",
    [
        "ansible-playbook verify",
        "ansible-playbook verify verify_load_replicas",
        "ansible-playbook verify verify_phases activation scale_out hold scale_in",
        "ansible-playbook verify verify_load_rate verify_expect not_scaled",
        "ansible-playbook verify verify_name invoices verify_load_external true verify_expected replicas "
        "within_seconds",
        "ansible-playbook verify cluster_kubeconfig verify_namespace shop verify_name verify_counter_metric "
        "http_requests_total verify_load_url",
    ],
)
def test_the_proofs_of_the_pages_reach_the_cluster(proofs, key):
    """Their variables and options are right, so that the permissions are what is missing."""
    done = proofs[of(key)]
    namespace = "shop" if "shop" in key else "test"
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"list on scaledobjects.keda.sh in namespace {namespace}" in " ".join(done.stdout.split())


def test_the_numbers_of_the_first_readme_are_accepted(tmp_path):
    text = of("ansible-playbook site demo_app_threshold demo_app_max_replicas")
    # What site checks first, and what it would apply.
    done = shell(text.replace("site.yml", "playbooks/inputs.yml playbooks/manifests.yml"), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    [scaled] = yaml.safe_load_all((tmp_path / "build" / "manifests" / "scaled-object.yaml").read_text())
    assert scaled["spec"]["triggers"][0]["metadata"]["threshold"] == "25"
    assert scaled["spec"]["maxReplicaCount"] == 100


def test_a_refused_run_says_what_the_page_says(tmp_path):
    text = of("ansible-playbook site demo_app_min_replicas keda_wait_timeout")
    page = (COLLECTION / "docs" / "output.md").read_text()
    printed = page[page.index(f"`{text}`") :].partition("\n\n    ")[2].partition("\n\n#")[0]
    done = shell(text, tmp_path)
    assert done.returncode == 2
    # Without the line of a duration, which a fast machine does not print.
    shown = " ".join(re.sub(r"^ +ok +.*$", "", printed, flags=re.MULTILINE).split())
    assert shown in " ".join(re.sub(r"^ +ok +.*$", "", done.stdout, flags=re.MULTILINE).split())


def test_the_permissions_of_a_proof_are_written_for_a_namespace(tmp_path):
    done = shell(of("ansible-playbook manifests --tags verify_manifests verify_namespace shop"), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    # The next command of the page takes it from there.
    assert of("kubectl create --filename proof-rbac.yaml").endswith(" build/manifests/proof-rbac.yaml")
    assert [path.name for path in (tmp_path / "build" / "manifests").iterdir()] == ["proof-rbac.yaml"]
    assert "namespace: shop" in (tmp_path / "build" / "manifests" / "proof-rbac.yaml").read_text()


def test_the_cache_is_cleaned(tmp_path):
    text = of("ansible-playbook clean_cache --check")
    log = tmp_path / "cache" / "logs" / "component-app.log"
    log.parent.mkdir(parents=True)
    log.write_text("x" * 2**20)
    planned = shell(text, tmp_path)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert log.exists()
    cleaned = shell(text.removesuffix(" --check"), tmp_path)
    assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
    assert not log.exists()
    # The page has these lines, of another cache.
    page = (COLLECTION / "docs" / "output.md").read_text().partition(f"`{text}`")[2]
    said = ("Clean the cache (check mode)", "would remove logs: 1 MiB", "MiB would be freed in ")
    assert [line for line in said if line not in planned.stdout] == []
    assert [line for line in said if line.replace("MiB would", "GiB would") not in page] == []


def test_an_environment_is_created_and_activated(tmp_path):
    create, activate = of("python -m venv venv"), of(". activate")
    version = create.split()[0]
    (tmp_path / "bin").mkdir()
    # Whichever of the supported versions runs the tests.
    (tmp_path / "bin" / version).write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "bin" / version).chmod(0o755)
    script = f"PATH={tmp_path}/bin:$PATH\n{create}\n{activate}\ncommand -v pip"
    done = shell(script, tmp_path, cwd=tmp_path)
    assert done.stdout.strip() == f"{tmp_path}/venv/bin/pip", done.stderr


@pytest.mark.parametrize(
    "key",
    [
        "pip install --require-hashes --requirement requirements-proof.txt",
        "pip install ansible==12.3.0",
        "pip install -r requirements.txt",
    ],
)
def test_pip_takes_the_packages_of_the_pages(key, tmp_path):
    """The environment of the tests has them, in these versions, so that pip needs no index."""
    installed = tmp_path / ".ansible" / "collections" / "ansible_collections"
    installed.parent.mkdir(parents=True)
    installed.symlink_to(COLLECTION.parents[1])
    text = of(key).replace(".venv/bin/python -m ", "")
    done = shell(f"python -m {text} --no-index --dry-run", tmp_path, home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Would install" not in done.stdout


def test_the_generated_columns_are_written(tmp_path, monkeypatch):
    current = tables.PAGE.read_text()
    stale = tmp_path / "hosts.md"
    stale.write_text(current)
    monkeypatch.setattr(tables, "PAGE", stale)
    program, *arguments = of("PYTHONPATH python -m tests.hosts_page write").split()[-2:]
    assert program == "tests.hosts_page"
    assert hosts_page.main(arguments) == 0
    assert stale.read_text() == current


def test_gunicorns_own_worker_fails_four_tests(tmp_path):
    # Half a minute, most of which it waits. On a busy machine more of them may fail.
    text = f"{of('GUNICORN_CMD_ARGS pytest test_serving.py')} --quiet -p no:cacheprovider"
    done = shell(text, tmp_path)
    assert re.search(r"^[4-9] failed, \d passed", done.stdout, re.MULTILINE), done.stdout + done.stderr
    assert "four of these tests fail" in (ROOT / "app" / "README.md").read_text()
