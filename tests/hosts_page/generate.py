# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The generated columns of the page's tables, from the roles, the stack, and the manifests."""

from __future__ import annotations

from tests.hosts_page import objects, origins, permissions, roles
from tests.hosts_page.tables import Row


def generated() -> dict[str, list[Row]]:
    """Return the generated columns of each table, by its name."""
    lean = [*objects.lean(), *objects.keda(), *objects.application()]
    full = [*objects.full(), *objects.keda(), *objects.application()]
    return {
        "files": [(f"`{file.path}`", file.mode, file.role, file.source) for file in roles.written_files()],
        "units": [(f"`{unit.name}`", unit.role, unit.description, _code(unit.runs)) for unit in roles.units()],
        "sysctls": [(f"`{name}`", f"`{value}`") for name, value in roles.sysctls()],
        "modules": [(f"`{name}`",) for name in roles.kernel_modules()],
        "packages": [(f"`{row[0]}`", *row[1:]) for row in roles.packages()],
        "records": [(f"`{name}`",) for name in roles.recorded_facts()],
        "permissions": permissions.role_rows(lean),
        "permissions-full": _more(permissions.role_rows(full), permissions.role_rows(lean)),
        "accounts": permissions.account_rows(lean),
        "accounts-full": _more(permissions.account_rows(full), permissions.account_rows(lean)),
        "programs": origins.program_rows(),
        "images": origins.image_rows(),
    }


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _more(rows: list[Row], others: list[Row]) -> list[Row]:
    return [row for row in rows if row not in others]
