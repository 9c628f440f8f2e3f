# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Secrets in texts and in plain data: each is replaced by `***`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MASK = "***"
SHORTEST_SECRET = 4  # a shorter text is part of many words
_SCHEMES = {"basic", "bearer", "digest", "token", "apikey"}  # before the secret in an Authorization header


def of_header(value: str) -> set[str]:
    """Return the secrets of a header's value: the whole, and each word of it but the name of a scheme."""
    parts = {part for part in value.split() if part.lower() not in _SCHEMES}
    return {text for text in (value, *parts) if len(text) >= SHORTEST_SECRET}


class Hider:
    """Replaces secrets. Longer ones come first, so that a part of one leaves no rest of it."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return a text without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, f"{MASK}@" if secret.endswith("@") else MASK)
        return text

    def data(self, data: Any) -> Any:
        """Return plain data without the secrets, in keys too."""
        if not self._secrets:
            return data
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, Mapping):
            return {self.data(key): self.data(value) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return [self.data(value) for value in data]
        return data
