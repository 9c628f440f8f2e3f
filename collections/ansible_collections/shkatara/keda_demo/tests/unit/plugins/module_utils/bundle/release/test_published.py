# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The publishers' checksum files in the forms that they have, and files that are none."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.release import published

ONE, TWO = "1" * 64, "2" * 64
URL = "https://github.com/opencontainers/runc/releases/download/v1.1.4/runc.amd64"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ONE, id="bare"),
        pytest.param(f"{ONE}\n", id="bare-with-a-line-break"),
        pytest.param(ONE.upper(), id="upper-case"),
        pytest.param(f"{ONE}  runc.amd64\n", id="named"),
        pytest.param(f"{ONE} *runc.amd64\n", id="binary"),
        pytest.param(f"{ONE}  ./release/runc.amd64\r\n", id="with-folders"),
        pytest.param(f"{TWO}  runc.arm64\n{ONE}  runc.amd64\n{TWO}  runc.amd64.asc\n", id="list"),
        pytest.param(f"\n{ONE}  runc.amd64\n\n{ONE}  runc.amd64\n", id="twice-the-same"),
    ],
)
def test_the_checksum_is_found(text):
    assert published.sum_of(text, URL) == ONE.lower()


def test_a_query_string_is_no_part_of_the_name():
    assert published.sum_of(f"{TWO}  other\n{ONE}  runc.amd64\n", f"{URL}?signature=a/b") == ONE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{ONE}  runc.arm64\n{TWO}  runc.armhf\n", "has no checksum of runc.amd64, but of runc.arm64, runc.armhf"),
        (f"{ONE}  runc.arm64\n", "has no checksum of runc.amd64, but of runc.arm64"),
        (f"{ONE}  runc.amd64\n{TWO}  runc.amd64\n", "has 2 checksums of runc.amd64"),
        (f"{ONE}\n{TWO}\n", f"is not a checksum, but begins '{ONE[:60]}'"),
        ("<html>Please log in</html>", "is not a checksum, but begins '<html>Please log in</html>'"),
        ("", "is not a checksum, but begins ''"),
        (ONE[:-1], f"is not a checksum, but begins '{ONE[:60]}'"),
    ],
)
def test_what_is_no_checksum_is_said(text, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared
        published.sum_of(text, URL)
    assert str(caught.value) == message
