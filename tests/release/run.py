# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The module bundle as a process of its own: options as JSON in a file, progress lines and at last the result.

`python -m tests.release.run OPTIONS` prints the result, or {"error": ...}, as its last line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle import build
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.control import run_control
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError
from ansible_collections.shkatara.keda_demo.plugins.modules.bundle import ensure_bundle


def main() -> None:
    """Run the module with the options of the file that is named."""
    params = json.loads(Path(sys.argv[1]).read_text())
    if params.pop("without_check_of_space"):
        build.RELEASE_GIB = dict.fromkeys(build.RELEASE_GIB, 0.0)
    try:
        with run_control(params.pop("progress_file")) as control:
            result = ensure_bundle(params, False, control)
    except BundleError as error:
        result = {"error": str(error)}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
