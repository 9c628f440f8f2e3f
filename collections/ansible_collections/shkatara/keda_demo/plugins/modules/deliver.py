# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action plugin `deliver`, which does all of the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: deliver
short_description: Bring files to a host
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Makes files on a host the same as those of a bundle, whose SHA-256 are taken from C(bundle.json), or gives them a
    content.
  - All files of a task cost one command on the host when they are there already, where
    M(ansible.builtin.copy) takes several for each.
  - A file is sent to a folder of the user that logs in, compared there, and renamed into place, so that it is
    never half there. A program that runs goes on with its old file.
  - Nothing of it runs as a module on the host, which needs a POSIX shell and coreutils only.
options:
  bundle:
    description: The bundle's folder on the controller. It is needed where a file has a O(files[].src).
    type: path
  files:
    description: The files.
    type: list
    elements: dict
    required: true
    suboptions:
      src:
        description: The file's path in the bundle. Each file has this or O(files[].content).
        type: str
      content:
        description: What is in the file.
        type: str
      dest:
        description: Its place on the host, an absolute path. Folders above it are made.
        type: path
        required: true
      mode:
        description: Its permissions, in octal.
        type: str
        default: "0644"
  directories:
    description: Directories to make with the permissions 0755, beside those that files need.
    type: list
    elements: path
    default: []
attributes:
  check_mode:
    description: Says what would be sent.
    support: full
  diff_mode:
    description: Shows what changes in a file with a O(files[].content); of others it says their names.
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
  description: The places of the files that were sent, or that would be in check mode.
  type: list
  elements: str
  returned: success
  sample: [/usr/local/bin/crictl]
"""
