# SPDX-License-Identifier: MIT
"""Runs of the modules that build, while another run has the lock of the same cache.

A test's `run` is called for a run of its module. It has the folder `cache`, the lists `messages` and `builds`, and
`end_requested`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import Interrupted


def check_interrupted_wait(run: Any) -> None:
    """Check that a run that waits for another run ends at an interrupt, and builds nothing."""
    run.end_requested = True
    with Cache(run.cache).lock(lambda: None, lambda: False), pytest.raises(Interrupted):
        run()
    assert run.messages == ["another run is building in this cache: waiting for it"]
    assert run.builds == []


def run_another_first(run: Any, monkeypatch: pytest.MonkeyPatch, at_its_end: Callable[[], None] = lambda: None) -> None:
    """Have another run get the cache's lock before the next run does, and finish its build."""
    original_lock = Cache.lock

    def lock(cache: Cache, on_wait: Callable[[], None], end_requested: Callable[[], bool]) -> Any:
        monkeypatch.setattr(Cache, "lock", original_lock)
        run()
        at_its_end()
        run.builds.clear()
        return original_lock(cache, on_wait, end_requested)

    monkeypatch.setattr(Cache, "lock", lock)
