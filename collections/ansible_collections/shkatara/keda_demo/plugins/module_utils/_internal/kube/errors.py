# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The error of a cluster, and the message about one that does not answer."""

from __future__ import annotations

import re

from ..common import tls

_REPR = re.compile(r"^HTTPS?Connection(Pool)?\([^)]*\): ")


class ClusterError(Exception):
    """The cluster or the access to it has a fault; `status` is the HTTP status or 0."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def no_answer_message(host: str, error: Exception) -> str:
    """Return the message about an API server that does not answer; where options help, it names them."""
    # The library makes an exception of its own of an error of TLS.
    reason = without_repr(str(getattr(error, "reason", None) or error))
    return f"The API server {host} does not answer: {reason}{tls.hint(reason, '', 'ca_cert')}"


def without_repr(text: str) -> str:
    """Return urllib3's message without the repr of a connection at its beginning."""
    text = text.removeprefix("SSLError\n")
    return _REPR.sub("", text.rpartition(">: ")[2]) or text
