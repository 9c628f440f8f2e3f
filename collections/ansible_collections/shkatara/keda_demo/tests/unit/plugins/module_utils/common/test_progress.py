# SPDX-License-Identifier: MIT
"""Progress lines, written and read."""

from __future__ import annotations

import json

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.progress import (
    Progress,
    ProgressReader,
)


def test_lines_are_json(tmp_path):
    path = tmp_path / "progress"
    progress = Progress(str(path), clock=lambda: 1795510739.30049)
    progress.say('zwölf "Anfragen"')
    progress.close()
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"t": 1795510739.3, "msg": 'zwölf "Anfragen"'}
    ]


def test_no_file_and_an_impossible_one_are_silent(tmp_path):
    for path in (None, str(tmp_path / "missing" / "progress")):
        progress = Progress(path)
        progress.say("nobody reads this")
        progress.close()


def test_lines_after_the_close_are_dropped(tmp_path):
    path = tmp_path / "progress"
    progress = Progress(str(path))
    progress.close()
    progress.say("too late")
    assert path.read_text() == ""


def test_reader_yields_each_line_once_and_only_when_it_is_complete(tmp_path):
    path = tmp_path / "progress"
    reader = ProgressReader(str(path))
    assert list(reader.read_new()) == []
    path.write_text('{"t": 1, "msg": "one"}\n{"t": 2, "msg": "tw')
    assert list(reader.read_new()) == ["one"]
    assert list(reader.read_new()) == []
    with path.open("a") as file:
        file.write('o"}\n{"t": 3, "msg": "three"}\n')
    assert list(reader.read_new()) == ["two", "three"]
    assert list(reader.read_new()) == []


def test_reader_joins_a_letter_that_was_cut_in_two(tmp_path):
    path = tmp_path / "progress"
    line = '{"msg": "grün"}\n'.encode()
    cut = line.index("ü".encode()) + 1
    reader = ProgressReader(str(path))
    path.write_bytes(line[:cut])
    assert list(reader.read_new()) == []
    with path.open("ab") as file:
        file.write(line[cut:])
    assert list(reader.read_new()) == ["grün"]


def test_reader_skips_what_is_no_progress_line(tmp_path):
    path = tmp_path / "progress"
    path.write_text('nonsense\n[1]\n{"t": 1}\n"msg"\n\n{"msg": 5}\n')
    assert list(ProgressReader(str(path)).read_new()) == ["5"]
