# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action plugin `deliver`, which does all of the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: deliver
short_description: Copy files to a host
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Copies files to a host if they differ from those of a bundle, by the SHA-256 in C(bundle.json), or from a given
    content.
  - If no file differs, all files of a task together cost one command on the host. M(ansible.builtin.copy) needs several
    commands for each file.
  - A file is sent to a folder of the login user, checked in that folder, and renamed into place, so that it is never
    incomplete. A running program keeps its old file.
  - The host needs a POSIX shell and GNU coreutils, but no Python.
options:
  bundle:
    description: The bundle's folder on the controller, required if a file has O(files[].src).
    type: path
  files:
    description: The files.
    type: list
    elements: dict
    required: true
    suboptions:
      src:
        description: The file's path in the bundle. Each file needs this or O(files[].content).
        type: str
      content:
        description: The content of the file.
        type: str
      dest:
        description: The file's absolute path on the host. Missing parent folders are created.
        type: path
        required: true
      mode:
        description: The file's permissions as an octal number.
        type: str
        default: "0644"
  directories:
    description: Directories to create with the permissions 0755, in addition to the folders of files.
    type: list
    elements: path
    default: []
attributes:
  check_mode:
    description: Reports the files that would be sent.
    support: full
  diff_mode:
    description: Shows the difference of a file with O(files[].content), and only the name of other files.
    support: full
"""

EXAMPLES = r"""
- name: Install crictl
  shkatara.keda_demo.deliver:
    bundle: /root/.cache/keda_demo/bundles/seed-amd64
    files:
      - {src: bin/crictl, dest: /usr/local/bin/crictl, mode: "0755"}
      - {content: "{{ lookup('ansible.builtin.template', 'crictl.yaml.j2') }}", dest: /etc/crictl.yaml}
"""

RETURN = r"""
sent:
  description: The paths on the host of the files that were sent, or in check mode would be sent.
  type: list
  elements: str
  returned: success
  sample: [/usr/local/bin/crictl]
"""
