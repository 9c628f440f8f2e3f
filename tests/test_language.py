# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Habits of language that a reader stumbles on, in what users read: pages, documentation, names and messages.

Only habits that a pattern can tell from good English are here.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
ROLES = COLLECTION / "roles"

# What is created or built. `make a host differ` and `make the mount shared` are good English.
_CREATED = r"(bundle|lab|image|disk|network|key|folder|cluster|control plane|kubeconfig|HPA|token|lab host)s?"
_ARTICLE = r"((the|a|an|its|their|missing|[\w-]+'s?) )*"
# `one message a host`: `a` for `per`, after what is counted.
_COUNTED = r"(message|line|sentence|folder|file|tap|address|verb|command|time)"
_PER = r"(host|node|pod|replica|role|run|task|kind|stack|core|component)"
# Each habit, and what to write instead.
HABITS = {
    r"\blook(s|ed|ing)? (whether|what|at what)\b": "check",
    rf"\bmak(e|es|ing) (or (check|start|remove) )?{_ARTICLE}{_CREATED}\b": "create or build",
    r"\bmade anew\b": "built again",
    r"\bthat (is|are) gone\b": "missing",
    r"\b(is|are|was|were) (not |still |already )?there(?=[.,;:)]|$| (already|yet|before|any more)\b)": "exists",
    rf"\b(one|a|each|\d+( \w+)?) {_COUNTED} a {_PER}\b": "per",
    r"\b(requests?|times|MB|GB|s|\}) a (second|minute|core|host|replica|pod)\b": "per",
    r"\b\d+ a (second|minute|core|host|replica|pod)\b": "per",
    r"\bbeside\b": "besides, next to, in addition to",
    r"\blet(s|ting)? go of\b": "the plain verb",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bno wait (mends|makes|helps)\b": "waiting can't fix it",
    r"\bnot wanted any more\b": "no longer wanted",
    r"\bin the place of\b": "instead of",
    r"\b(without a|no) way out\b": "internet access",
}
_WORD = re.compile("|".join(f"(?P<h{number}>{pattern})" for number, pattern in enumerate(HABITS)), re.IGNORECASE)


def habits(text: str) -> list[str]:
    """Return what should be changed in a text, without its code."""
    plain = re.sub(r"`[^`]*`|\b(?:C|E|M|O|P|RV|V)\([^)]*\)", "`", " ".join(text.split()))
    found = []
    for match in _WORD.finditer(plain):
        number = next(int(name[1:]) for name, value in match.groupdict().items() if name[0] == "h" and value)
        around = plain[max(0, match.start() - 30) : match.end() + 20]
        found.append(f"...{around}...: {list(HABITS.values())[number]}")
    return found


def pages() -> list[Path]:
    """Return the pages that people read. The changelog is left out: it says what was."""
    found = [*(COLLECTION / "docs").glob("*.md"), COLLECTION / "README.md", ROOT / "app" / "README.md"]
    return sorted([*found, *ROLES.glob("*/README.md")])


def paragraphs(page: Path) -> Iterator[str]:
    """Yield the paragraphs, list items and rows of a page, without code blocks."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for block in re.split(r"\n\s*\n|\n(?=[-|]|\d\. )", text):
        if not block.lstrip("\n").startswith("    "):
            yield block


def values_of(data: object, keys: set[str]) -> Iterator[str]:
    """Yield the texts below these keys, in dictionaries at any depth."""
    if isinstance(data, list):
        for item in data:
            yield from values_of(item, keys)
    elif isinstance(data, dict):
        for key, value in data.items():
            if key in keys and isinstance(value, str):
                yield value
            elif key in keys and isinstance(value, list):
                yield from (item for item in value if isinstance(item, str))
            yield from values_of(value, keys) if isinstance(value, dict | list) else ()


def strings(source: Path) -> Iterator[str]:
    """Yield the strings of a plugin: its documentation and its messages, but no docstrings."""
    tree = ast.parse(source.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def tasks(path: Path) -> Iterator[str]:
    """Yield the names and the messages of a file of tasks or plays."""
    yield from values_of(yaml.safe_load(path.read_text()), {"name", "msg", "fail_msg"})


def comments(path: Path) -> Iterator[str]:
    """Yield the comments of a YAML file."""
    for block in re.findall(r"(?:^ *#.*\n)+", path.read_text(), flags=re.MULTILINE):
        yield re.sub(r"^ *# ?", "", block, flags=re.MULTILINE)


TEXTS = {
    "pages": {path: paragraphs for path in pages()},
    "specs": {
        path: lambda path: values_of(yaml.safe_load(path.read_text()), {"description", "short_description"})
        for path in [*ROLES.glob("*/meta/argument_specs.yml"), *ROLES.glob("*/meta/main.yml")]
    },
    "defaults": {path: comments for path in ROLES.glob("*/defaults/main.yml")},
    "inventories": {path: comments for path in (ROOT / "inventory").glob("**/*.yml")},
    "tasks": {
        path: tasks
        for path in [
            *ROLES.glob("*/tasks/**/*.yml"),
            *(COLLECTION / "playbooks").glob("*.yml"),
            *(ROOT / "molecule").glob("**/*.yml"),
        ]
    },
    "rules": {
        path: lambda path: values_of(yaml.safe_load(path.read_text()), {"says"})
        for path in ROLES.glob("*/vars/**/*.yml")
    },
    "plugins": {path: strings for path in (COLLECTION / "plugins").glob("**/*.py")},
}


@pytest.mark.parametrize("kind", TEXTS)
def test_what_users_read_has_none_of_the_habits(kind):
    assert TEXTS[kind], "no file was found"
    found = [
        f"{path.relative_to(ROOT)}: {habit}"
        for path, read in sorted(TEXTS[kind].items())
        for text in read(path)
        for habit in habits(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "Look whether containerd runs, at every boot, with its files",
        "Make the administrator's kubeconfig that is gone",
        "Make the lab's networks",
        "Make or start the lab's hosts, and make or check the bundle",
        "Let go of the firewall and SELinux",
        "Every reason is named in one message a host",
        "has the prediction beside what was observed",
        "Check that the lab's networks are there",
        "the file is not there: mend it",
        "a rate of 34.5 requests a second",
    ],
)
def test_each_habit_is_found(text):
    assert habits(text)


@pytest.mark.parametrize(
    "text",
    [
        "What makes a host differ from a minimal server",
        "Is there a ServiceMonitor for their Service?",
        "The module takes a second to start, and copies files to a host.",
        "Run `make demo`, and look at the pods.",
        "Each host has one message, and a host without one is ready.",
        "If there is a file, or files are there to be read",
    ],
)
def test_good_english_is_left_alone(text):
    assert habits(text) == []
