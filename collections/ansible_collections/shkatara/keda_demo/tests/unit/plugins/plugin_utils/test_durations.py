# SPDX-License-Identifier: MIT
"""The durations of earlier runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils.durations import Durations, default_path


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"KEDA_DEMO_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/a/durations.json"),
        ({"KEDA_DEMO_CACHE": "", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/b/keda_demo/durations.json"),
        ({"HOME": "/c"}, "/c/.cache/keda_demo/durations.json"),
        ({}, "~/.cache/keda_demo/durations.json"),
    ],
)
def test_the_file_is_in_the_cache(environ, expected):
    assert default_path(environ) == Path(expected)


def test_a_later_run_knows_what_an_earlier_one_noted(tmp_path):
    path = tmp_path / "cache" / "durations.json"
    first, other = Durations(path), Durations(path)
    assert first.last("a") is None
    first.note("a", 12.34)
    first.save()
    # The other run began before, and does not lose what the first one noted.
    other.note("b", 7.0)
    other.save()
    later = Durations(path)
    assert (later.last("a"), later.last("b")) == (12.3, 7.0)
    assert [file.name for file in path.parent.iterdir()] == ["durations.json"]


def test_nothing_noted_writes_nothing(tmp_path):
    Durations(tmp_path / "cache" / "durations.json").save()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": "long"}', '{"a": null}'])
def test_a_file_of_another_content_is_replaced(tmp_path, text):
    path = tmp_path / "durations.json"
    path.write_text(text)
    durations = Durations(path)
    assert durations.last("a") is None
    durations.note("a", 5.0)
    durations.save()
    assert Durations(path).last("a") == 5.0


def test_a_folder_that_can_t_be_written_is_no_error(tmp_path):
    (tmp_path / "file").touch()
    durations = Durations(tmp_path / "file" / "durations.json")
    durations.note("a", 5.0)
    durations.save()
    assert durations.last("a") is None
