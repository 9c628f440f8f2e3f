# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find what the collection lacks on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
name: controller
short_description: Find what the collection lacks on the controller
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Returns every reason why a run would fail on this controller, as one sentence each, with the command that installs
    what is missing.
  - It checks Python, ansible-core and the collections that this collection needs. The options add more checks.
  - With a playbook in O(_terms) it returns the playbook, and fails if it finds something. So
    C(ansible.builtin.import_playbook) can check the controller before Ansible reads the tasks of collections that are
    missing, which would end the run with the first of them.
options:
  _terms:
    description: A playbook to return.
    type: list
    elements: str
  collections:
    description: The collections to check for. The default is all dependencies of this collection.
    type: list
    elements: str
  uses:
    description:
      - The uses whose Python libraries are checked. V(templates) are lookups and filters, V(api) is the Kubernetes API,
        V(bundle) is building a bundle, and V(proof) is the module M(shkatara.keda_demo.verify_scaling).
      - With a playbook they are only listed together with another finding.
    type: list
    elements: str
    choices: [templates, api, bundle, proof]
    default: []
  programs:
    description: The programs that must be on the C(PATH), each with the packages that contain it, as a text.
    type: dict
    default: {}
  folders:
    description:
      - The folders that a run creates or writes to. The key is the variable that sets the folder, the value its path.
    type: dict
    default: {}
  bundle:
    description:
      - A bundle that a run builds if it does not exist, with its C(path), the C(cache), the C(producer) and the program
        C(go), as in the module M(shkatara.keda_demo.bundle).
      - With C(stack), the stack's data, and C(arch), the mirrors C(mirror_url) and C(registry_mirrors) are checked,
        and the C(archive) from which the bundle is unpacked instead of being built.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show what is missing on the controller
  ansible.builtin.debug:
    msg: "{{ query('shkatara.keda_demo.controller', uses=['templates', 'proof']) }}"

- name: Import a playbook whose tasks need kubernetes.core
  ansible.builtin.import_playbook: >-
    {{ lookup('shkatara.keda_demo.controller', 'objects.yml', collections=['kubernetes.core']) }}
"""

RETURN = r"""
_raw:
  description: The findings, or the playbook of O(_terms).
  type: list
  elements: str
  sample:
    - "programs: ssh (openssh-client or openssh-clients) can't be run here: install the package"
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.release import __version__

from ..plugin_utils import controller


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no types
    """query('shkatara.keda_demo.controller', uses=['proof'])"""

    def run(self, terms: Sequence[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the findings, or the playbook in `terms` if there are none.

        :raises AnsibleLookupError: there are findings, and `terms` has a playbook
        """
        self.set_options(var_options=variables, direct=kwargs)
        needed = [
            *controller.version_findings(sys.version_info[:2], __version__),
            *controller.collection_findings(self.get_option("collections")),
        ]
        libraries = list(controller.library_findings(self.get_option("uses")))
        if not terms:
            return [*needed, *libraries, *self._of_this_run()]
        # The playbook itself reports missing libraries, beside other reasons.
        if needed:
            raise AnsibleLookupError(controller.message([*needed, *libraries]))
        controller.load_for_templates()
        return [str(term) for term in terms]

    def _of_this_run(self) -> Iterator[str]:
        yield from controller.program_findings(self.get_option("programs"))
        yield from controller.folder_findings(self.get_option("folders"))
        if self.get_option("bundle") and sys.version_info >= controller.PYTHON:
            yield from _bundle_findings(self.get_option("bundle"))


def _bundle_findings(bundle: Mapping[str, Any]) -> Iterator[str]:
    # The modules of the bundle need a newer Python than this plugin.
    from ..plugin_utils import controller_bundle  # noqa: PLC0415

    packed = str(bundle.get("archive") or "")
    if "stack" in bundle:
        mirrors = str(bundle.get("mirror_url") or ""), bundle.get("registry_mirrors")
        yield from controller_bundle.source_findings(bundle["stack"], str(bundle["arch"]), packed, *mirrors)
    if not packed:
        folder, cache, go = (Path(str(bundle[key])).expanduser() for key in ("path", "cache", "go"))
        yield from controller_bundle.bundle_findings(folder, cache, str(bundle["producer"]), go)
