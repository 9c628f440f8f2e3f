# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""How test_documented_commands.py reads the pages, and finds the words of a command in a test."""

import pytest

from tests.documented import commands
from tests.documented.places import Place, missing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("    make demo\n", ["make demo"]),
        ("    helm install one \\\n      --wait\n", ["helm install one --wait"]),
        ("    ./start\n", ["./start"]),
        ("```bash\nmake demo  # twice\n\n# why\nmake verify\n```\n", ["make demo  # twice", "make verify"]),
        ("1. First\n\n   ```sh\n   make demo\n   ```\n", ["make demo"]),
        ("~~~console\n$ make demo\nit prints this\n~~~\n", ["make demo"]),
        ("    ansible-playbook site.yml -e '{\"a\":\n      1}'\n", ["ansible-playbook site.yml -e '{\"a\": 1}'"]),
        ("Run `sudo make\ndemo`, or `molecule test`.\n", ["sudo make demo", "molecule test"]),
        ("    lab_name: second\n    lab_network: 10.89.11\n", []),
        ("    - hosts: localhost\n", []),
        ("    Check the hosts\n      changed  Create the lab\n", []),
        ("      ... Create the control plane: 8 s\n", []),
        ("```yaml\nmake: demo\n```\n", []),
    ],
)
def test_the_commands_of_a_page(tmp_path, text, expected):
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n{text}")
    assert [command.text for command in commands.of_page(page)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("    # not tested: needs a host\n    one a\n    two b\n", ["needs a host", ""]),
        ("    # not tested: too slow\n    one a\n", [""]),
        ("`make one` and `make two` (not tested: needs a host). `make three` too.\n", ["needs a host"] * 2 + [""]),
        ("| `make one` | a (not tested: needs a host) |\n| `make two` | b |\n", ["needs a host", ""]),
    ],
)
def test_a_mark_has_its_reason_and_is_for_one_command_or_sentence(tmp_path, text, expected):
    page = tmp_path / "page.md"
    page.write_text(f"\n{text}")
    assert [command.mark for command in commands.of_page(page)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sudo make demo", "make demo"),
        (
            ".venv/bin/ansible-playbook -i inventory/lab site.yml -e a=1 -e b=absent",
            "ansible-playbook lab site a b absent",
        ),
        ("ansible-playbook --inventory localhost, shkatara.keda_demo.site -e @f.yml", "ansible-playbook site @f.yml"),
        ("ansible-playbook playbooks/lab.yml --tags x", "ansible-playbook lab --tags x"),
        ("python3.12 -m pip install -r a/b.txt", "pip install -r b.txt"),
    ],
)
def test_the_words_of_a_command(text, expected):
    assert " ".join(commands.words(text)) == expected


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        (Place("molecule/nosuch.yml"), "molecule/nosuch.yml does not exist"),
        (Place("molecule/shared/create.yml", "No such play"), "molecule/shared/create.yml has no `No such play`"),
        (Place("site.yml"), "no scenario uses site.yml"),
        (Place("tests/bench/full.py", "kubectl"), "tests/bench/full.py is no file of tests"),
        (Place("molecule/shared/create.yml", "Create the lab's hosts"), ""),
    ],
)
def test_a_place_is_part_of_a_test(place, problem):
    assert place.problem() == problem


@pytest.mark.parametrize(
    ("words", "lacking"),
    [
        (("ansible-playbook", "lab", "lab_state", "absent"), []),
        (("ansible-playbook", "site", "lab_state", "present"), ["site", "present"]),
        (("ansible-galaxy", "lab"), ["ansible-galaxy"]),
    ],
)
def test_words_that_no_place_has_are_found(words, lacking):
    assert missing(words, (Place("molecule/shared/destroy.yml", "Remove the lab's hosts"),)) == lacking
