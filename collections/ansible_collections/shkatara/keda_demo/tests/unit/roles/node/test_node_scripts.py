# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The role's scripts for modules, swap and the hosts file, run on files of their own with the programs of this machine.

Only systemctl is replaced, by what it printed on a host of Debian 12 before and after a *.swap unit was enabled.
"""

import subprocess

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

FSTAB = """\
# /etc/fstab
UUID=1 / ext4 defaults 0 1
UUID=2 none swap sw 0 0
/swap.img\tnone\tswap\tsw\t0\t0
# UUID=3 none swap sw 0 0
/srv/swap /srv/data none bind 0 0
"""
WITHOUT_SWAP = """\
# /etc/fstab
UUID=1 / ext4 defaults 0 1
# UUID=2 none swap sw 0 0
# /swap.img\tnone\tswap\tsw\t0\t0
# UUID=3 none swap sw 0 0
/srv/swap /srv/data none bind 0 0
"""
SYSTEMCTL = """#!/bin/sh
case "$*" in
  "is-enabled swap.target") cat {place}/state ;;
  "show "*) printf '%s\\n' 'Requires=' 'Wants={wants}' ;;
  "--quiet mask swap.target") echo masked > {place}/state ;;
  is-enabled*) exit 1 ;;
  daemon-reload) ;;
  *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"""
NODES = {"cluster_node_ips": {"control1": "192.0.2.11", "a_b": "192.0.2.12", "192.0.2.13": "192.0.2.13"}}
BARE = NODES | {"cluster_node_ip": "192.0.2.11", "node_kernel_modules": [], "node_sysctls": {}}
CASES = {
    "swap": BARE,
    "swap_kept": BARE | {"node_swap_off": False},
    "modules": BARE | {"node_swap_off": False, "node_kernel_modules": ["no_such_module"]},
    "vxlan": {"cni_plugin": "vxlan"},
    "bridge": {"cni_plugin": "bridge"},
    "text": {"node_firewall_nodeports": "30115"},
    "names": {"node_firewall_sources": ["node1.example.com"]},
}
EXPRESSIONS = {
    "kernel": "lookup('ansible.builtin.template', 'kernel.sh.j2')",
    "hosts": "lookup('ansible.builtin.template', 'hosts.sh.j2')",
    "modules": "node_kernel_modules",
}
BLOCK = "# BEGIN the hosts of keda-demo\n192.0.2.11 control1\n# END the hosts of keda-demo\n"


def _render(core, expression, cases, place, entry_points=()):
    return render(core, "node", {case: CASES[case] for case in cases}, expression, place, entry_points)


@pytest.fixture(scope="module")
def scripts(core, tmp_path_factory):
    """Return {"kernel": {case: text}, "hosts": {case: text}}."""
    cases = ("swap", "swap_kept", "modules")
    texts = {}
    for name in ("kernel", "hosts"):
        results = _render(core, EXPRESSIONS[name], cases, tmp_path_factory.mktemp(name))
        texts[name] = {case: result["value"] for case, result in results.items()}
    return texts


@pytest.fixture
def run(scripts, tmp_path):
    """Run a script on the files in tmp_path, and return its status, its lines and its errors."""

    def script(name, case, wants=""):
        programs = tmp_path / "bin"
        programs.mkdir(exist_ok=True)
        (programs / "systemctl").write_text(SYSTEMCTL.format(place=tmp_path, wants=wants))
        (programs / "systemctl").chmod(0o755)
        text = scripts[name][case]
        for path in ("/etc/", "/proc/swaps", "/var/lib/"):
            text = text.replace(path, f"{tmp_path}{path}")
        environment = {"PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin"}
        done = subprocess.run(["/bin/sh", "-c", text], env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines(), done.stderr

    for path in ("etc/cloud/templates", "etc/cloud/cloud.cfg.d", "proc"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "etc/fstab").write_text(FSTAB)
    (tmp_path / "etc/hosts").write_text("127.0.0.1 localhost\n")
    (tmp_path / "proc/swaps").write_text("Filename\tType\tSize\tUsed\tPriority\n")
    (tmp_path / "state").write_text("static\n")
    return script


def _before(place):
    return {path.name: path.read_text() for path in (place / "var/lib/keda-demo/before").glob("*")}


def test_swap_of_fstab_is_commented_out_and_recorded_once(run, tmp_path):
    assert run("kernel", "swap") == (0, [f"no swap in {tmp_path}/etc/fstab"], "")
    assert (tmp_path / "etc/fstab").read_text() == WITHOUT_SWAP
    record = {"swap.fstab": "UUID=2 none swap sw 0 0\n/swap.img\tnone\tswap\tsw\t0\t0\n"}
    assert _before(tmp_path) == record
    assert run("kernel", "swap") == (0, [], "")
    with (tmp_path / "etc/fstab").open("a") as file:
        file.write("/dev/sdb none swap sw 0 0\n")
    assert run("kernel", "swap")[:2] == (0, [f"no swap in {tmp_path}/etc/fstab"])
    assert _before(tmp_path) == record


def test_swap_of_other_units_is_masked(run, tmp_path):
    (tmp_path / "etc/fstab").write_text(WITHOUT_SWAP)
    assert run("kernel", "swap", wants="dev-zram0.swap swapfile.swap") == (0, ["no dev-zram0.swap swapfile.swap"], "")
    assert _before(tmp_path) == {"swap.target": "dev-zram0.swap\nswapfile.swap\n"}
    assert run("kernel", "swap", wants="dev-zram0.swap swapfile.swap") == (0, [], "")


def test_swap_may_stay(run, tmp_path):
    assert run("kernel", "swap_kept", wants="dev-zram0.swap") == (0, [], "")
    assert (tmp_path / "etc/fstab").read_text() == FSTAB


def test_a_module_that_the_kernel_lacks_is_an_error(run):
    status, changes, error = run("kernel", "modules")
    assert (status, changes) == (1, [])
    assert " has no module no_such_module. If the kernel was updated, reboot" in error


@pytest.mark.parametrize("manage", [None, "manage_etc_hosts: true", "manage_etc_hosts: localhost"])
def test_the_hosts_file_has_the_names_that_are_valid(run, tmp_path, manage):
    template = tmp_path / "etc/cloud/templates/hosts.debian.tmpl"
    template.write_text("## template:jinja\n127.0.1.1 {{fqdn}}\n")
    if manage:
        (tmp_path / "etc/cloud/cloud.cfg.d/90.cfg").write_text(f"#cloud-config\n{manage}\n")
    status, changed, error = run("hosts", "swap")
    assert (status, error) == (0, "")
    files = [f"{tmp_path}/etc/hosts"] + [str(template)] * (manage == "manage_etc_hosts: true")
    assert changed == files
    assert (tmp_path / "etc/hosts").read_text() == "127.0.0.1 localhost\n" + BLOCK
    assert template.read_text().endswith(BLOCK) == (len(files) == 2)
    assert run("hosts", "swap")[1] == []


def test_an_older_block_is_replaced_and_the_rest_stays(run, tmp_path):
    hosts = tmp_path / "etc/hosts"
    hosts.write_text("127.0.0.1 localhost\n" + BLOCK.replace("192.0.2.11", "192.0.2.99") + "192.0.2.1 gateway\n")
    hosts.chmod(0o640)
    assert run("hosts", "swap")[1] == [str(hosts)]
    assert hosts.read_text() == "127.0.0.1 localhost\n192.0.2.1 gateway\n" + BLOCK
    assert hosts.stat().st_mode & 0o777 == 0o640


def test_vxlan_needs_its_module(core, tmp_path):
    results = _render(core, EXPRESSIONS["modules"], ("vxlan", "bridge"), tmp_path)
    assert results["vxlan"]["value"] == ["overlay", "br_netfilter", "vxlan"]
    assert results["bridge"]["value"] == ["overlay", "br_netfilter"]


def test_wrong_variables_are_refused(core, tmp_path):
    results = _render(core, "node_firewall", ("text", "names", "bridge"), tmp_path, ("validate",))
    assert (
        'node_firewall_nodeports is 30115: give a list of ports and ranges, such as ["30000-32767"]'
        in (results["text"]["failed"])
    )
    assert "node_firewall_sources is ['node1.example.com']: give a list of IPv4 addresses" in results["names"]["failed"]
    assert "value" in results["bridge"]
