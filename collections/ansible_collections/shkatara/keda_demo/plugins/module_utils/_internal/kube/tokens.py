# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The end of a bearer token, as the token itself has it.

The tokens of ServiceAccounts and of most login services are JSON Web Tokens, whose payload anybody can read. A cluster
answers 401 to an expired token and to a wrong one alike, so that only the token tells them apart.
Source: RFC 7519, section 4.1.4, and RFC 7515, section 3.1.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from datetime import UTC, datetime


def expiry(authorization: str) -> float | None:
    """Return the time at which a token ends, in seconds since 1970; None if it does not say so.

    :param authorization: the value of the Authorization header; its signature is not checked
    """
    scheme, _space, token = authorization.partition(" ")
    parts = token.split(".")
    if scheme.lower() != "bearer" or len(parts) != 3:
        return None
    payload = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims = json.loads(base64.b64decode(payload, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    seconds = claims.get("exp") if isinstance(claims, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return None
    return float(seconds)


def expired_hint(authorization: str, now: float) -> str:
    """Return when a token expired and what to do, to follow a message; empty if it did not expire.

    :param now: in seconds since 1970, by this machine's clock
    """
    end = expiry(authorization)
    if end is None or end > now:
        return ""
    try:
        at = datetime.fromtimestamp(end, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (OverflowError, OSError, ValueError):
        return ""
    return f". The token expired at {at}: create another, for example by `kubectl create token`"
