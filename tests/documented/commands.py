# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The commands of the pages: those of code blocks, and those in the text that begin with a program in INLINE.

A block is one of commands if its fence says so, or if it is indented and its first line looks like a command. What a
test has to have of a command are its words: programs, options, playbooks, and the names of variables. Inventories,
folders, addresses and numbers are those of an example, and tests have their own. Other programs in the text, such as
kubectl, are names of features, or steps of the first README.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
NAME = "shkatara.keda_demo"
SHELLS = ("sh", "shell", "bash", "console")
# A lower-case word or a path, alone or with an argument. Keys of YAML end with a colon, and output begins otherwise.
LOOKS_LIKE_ONE = re.compile(r"(?:\$ )?(?:[A-Z_]+=\S* )*(?:\.|(?=\S*[a-z])[a-z.~/][\w.~/+-]*)(?: (?! )\S|$)")
FENCE = re.compile(r" *(```+|~~~+)\s*(\w*)")
INLINE = ("make", "ansible-[a-z]+", "molecule", "python3?", "pip", "pytest", "docker")
IN_TEXT = re.compile(
    rf"`((?:[A-Z_]+=(?:\"[^\"`]*\"|[^`\s]+)\s+)*(?:sudo\s+)?(?:\S*/bin/)?(?:{'|'.join(INLINE)})\s[^`]+)`"
)
# The mark of a command that no test runs: a comment above it, or in the text in brackets in its sentence.
MARK = re.compile(r"(?:^# |\()not tested: (needs [^)\n]+)", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """A command of a page.

    :ivar mark: why no test runs it, as its reader is told; empty if a test does
    :ivar inline: whether it is in the text, and not in a block
    """

    page: Path
    line: int
    text: str
    mark: str = ""
    inline: bool = False

    def __str__(self) -> str:
        """Return where it is, and the command."""
        return f"{self.page.relative_to(ROOT)}:{self.line}: {self.text}"

    @property
    def words(self) -> tuple[str, ...]:
        """What a test has to have of it."""
        return words(self.text)


def pages() -> list[Path]:
    """Return the pages that people read. The changelog is left out: it says what was."""
    others = [page for name in ("app", "docs", "molecule", "tests") for page in (ROOT / name).rglob("*.md")]
    of_collection = [page for name in ("docs", "roles") for page in (COLLECTION / name).rglob("*.md")]
    return [ROOT / "README.md", *sorted(others), COLLECTION / "README.md", *sorted(of_collection)]


def of_page(page: Path) -> list[Command]:
    """Return the commands of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    found, prose = [], text
    for first, last, name, lines in _blocks(text):
        # A script is one command, and its comments explain its parts.
        found += [Command(page, first, f"script {name}")] if name else list(_of_block(page, first, lines))
        prose = _blank(prose, first, last)
    for match in IN_TEXT.finditer(prose):
        number = prose.count("\n", 0, match.start())
        mark = MARK.search(_sentence(prose, match.end()))
        found.append(Command(page, number + 1, " ".join(match[1].split()), mark[1] if mark else "", inline=True))
    return sorted(found, key=lambda command: command.line)


def _blocks(text: str) -> Iterator[tuple[int, int, str, list[str]]]:
    """Yield the first and last line number of each code block, the name of a script, and the lines of commands."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        start = number
        if fence := FENCE.match(lines[number]):
            number += 1
            while number < len(lines) and not lines[number].lstrip().startswith(fence[1]):
                number += 1
            inside = [line.strip() for line in lines[start + 1 : number]] if fence[2] in SHELLS else []
            script = re.fullmatch(r"<!-- script: (\w+) -->", lines[start - 1])
            yield start + 2, number + 1, script[1] if script else "", inside
        elif _is_indented(lines, number) and (number == 0 or not lines[number - 1].strip()):
            while number + 1 < len(lines) and (_is_indented(lines, number + 1) or not lines[number + 1].strip()):
                number += 1
            inside = [line.strip() for line in lines[start : number + 1]]
            code = [line for line in inside if line and not line.startswith("#")]
            is_one = code and LOOKS_LIKE_ONE.match(code[0]) and not re.match(r"\S+:(\s|$)", code[0])
            yield start + 1, number + 1, "", inside if is_one else []
        number += 1


def _is_indented(lines: list[str], number: int) -> bool:
    return lines[number].startswith("    ") and bool(lines[number].strip())


def _of_block(page: Path, first: int, lines: list[str]) -> Iterator[Command]:
    """Yield the commands of a block: each goes on after a backslash, and until its quotes are closed.

    In a block with prompts the other lines are output.
    """
    has_prompts = any(line.startswith("$ ") for line in lines)
    text, begun, mark = "", 0, ""
    for number, line in enumerate(lines, first):
        if not text:
            if line.startswith("#") or not line:
                marked = MARK.match(line)
                mark = marked[1] if marked else ""
            if line.startswith("#") or not line or (has_prompts and not line.startswith("$ ")):
                continue
            begun = number
        text = f"{text} {line.removeprefix('$ ').removesuffix(chr(92)).strip()}".strip()
        if line.endswith("\\") or not _is_whole(text):
            continue
        yield Command(page, begun, text, mark)
        text = mark = ""
    if text:
        raise ValueError(f"{page}:{begun}: the command has no end: {text}")


def _is_whole(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return False
    return True


def _blank(text: str, first: int, last: int) -> str:
    lines = text.splitlines()
    lines[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(lines)


def _sentence(text: str, position: int) -> str:
    """Return what follows a position in its sentence, or in its row of a table."""
    row = text.rfind("\n", 0, position) + 1
    end = re.compile(r"\n" if text.startswith("|", row) else r"\.\s|\n\s*(\n|$)").search(text, position)
    return text[position : end.start() if end else None]


def words(text: str) -> tuple[str, ...]:
    """Return the words of a command that a test has to have."""
    left = [part for part in shlex.split(text, comments=True) if part != "sudo"]
    found: list[str] = []
    while left and re.match(r"[A-Z_]+=", left[0]):
        found.append(left.pop(0).partition("=")[0])
    path = left.pop(0)
    found += re.findall(r"\.venv-core-[\d.]+", path)
    program = re.sub(r"^python3[.\d]*$", "python", _last(path))
    if program == "python" and left[:2] == ["-m", "pip"]:
        program, left = "pip", left[2:]
    found.append(program)
    while left:
        part = left.pop(0)
        if program.startswith("ansible-") and part in ("-i", "--inventory"):
            # One of the project's inventories, or one of the user's.
            found += re.findall(r"^inventory/(\w+)$", left.pop(0))
        elif program.startswith("ansible-") and part in ("-e", "--extra-vars"):
            found += _variables(left.pop(0))
        elif program == "ansible-playbook" and (name := playbook(part)):
            found.append(name)
        else:
            found.append(part if program == "make" or part.startswith("jsonpath=") else _last(part))
    return tuple(found)


def _last(path: str) -> str:
    return Path(path).name or path


def playbook(part: str) -> str:
    """Return the name of a playbook: site for site.yml, playbooks/site.yml and shkatara.keda_demo.site."""
    named = re.fullmatch(rf"(?:\S*/)?(?:playbooks/)?(\w+)\.yml|{re.escape(NAME)}\.(\w+)", part)
    return (named[1] or named[2]) if named and not part.startswith("@") else ""


def variables(text: str) -> dict[str, Any]:
    """Return the variables that a command gives to Ansible."""
    found: dict[str, Any] = {}
    for option, value in itertools.pairwise(shlex.split(text, comments=True)):
        if option in ("-e", "--extra-vars") and not value.startswith("@"):
            found |= _parsed(value)
    return found


def _parsed(given: str) -> dict[str, Any]:
    if given.startswith("{"):
        data: dict[str, Any] = json.loads(given)
        return data
    return dict(part.split("=", 1) for part in shlex.split(given))


def _variables(given: str) -> Iterator[str]:
    """Yield the names of variables, and the values that are words, such as `absent`."""
    if given.startswith("@"):
        yield given
        return
    for name, value in _parsed(given).items():
        yield from (name, *(one for one in _leaves(value) if re.fullmatch("[A-Za-z_]+", one)))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from (key, *_leaves(one))
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    else:
        yield str(value)
