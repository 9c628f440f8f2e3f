# SPDX-License-Identifier: MIT
"""Runs of the modules that build, while another run has the lock of the same cache.

A test's `run` is called for a run of its module. It has the folder `cache`, the lists `said` and `made`, and
`interrupted`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.cache import Cache
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import Interrupted


def check_interrupted_wait(run: Any) -> None:
    """Check that a run that waits for another run ends at an interrupt, and makes nothing."""
    run.interrupted = True
    with Cache(run.cache).locked(lambda: None, lambda: False), pytest.raises(Interrupted):
        run()
    assert run.said == ["another run is building in this cache: waiting for it"]
    assert run.made == []


def run_another_first(run: Any, monkeypatch: pytest.MonkeyPatch, at_its_end: Callable[[], None] = lambda: None) -> None:
    """Have another run get the cache's lock before the next run does, and finish what it makes."""
    real = Cache.locked

    def locked(cache: Cache, waiting: Callable[[], None], interrupted: Callable[[], bool]) -> Any:
        monkeypatch.setattr(Cache, "locked", real)
        run()
        at_its_end()
        run.made.clear()
        return real(cache, waiting, interrupted)

    monkeypatch.setattr(Cache, "locked", locked)
