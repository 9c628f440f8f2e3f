# SPDX-License-Identifier: MIT
"""The options of verify_scaling, as Ansible hands them to the module."""

from __future__ import annotations

from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import argument_spec


def validated(given):
    """The options with their types and defaults, and what Ansible itself says of them. No environment is read."""
    spec = argument_spec()
    for option in spec.values():
        option.pop("fallback", None)
    result = ModuleArgumentSpecValidator(spec).validate(given)
    return result.validated_parameters, result.error_messages
