# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The build context of a Dockerfile: the files that its COPY lines name, and no others."""

import os
import stat

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.checksums import sha256
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.dockerfile import (
    application_folder,
    context_files,
    copy_sources,
    fill_context,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import BundleError

HEREDOC = "RUN <<EOF\necho it's\nEOF\nCOPY a /a"


@pytest.fixture
def folder(tmp_path):
    for path in ("app/main.py", "app/sub/util.py", "app/tests/test.py", "one.txt", "two.txt", "README.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    return tmp_path


@pytest.mark.parametrize(
    ("dockerfile", "sources"),
    [
        ("FROM scratch\nRUN true", []),
        ("COPY a /a", ["a"]),
        ("copy a b /both/", ["a", "b"]),
        ("ADD a /a", ["a"]),
        ("COPY --chown=1:1 --chmod=0644 a /a", ["a"]),
        ("COPY --from=build /opt /opt\nCOPY a /a", ["a"]),
        ("COPY --chmod=0755 --from=build /opt /opt", []),
        ("COPY a \\\n  b \\\n  /both/", ["a", "b"]),
        ("  COPY a /a", ["a"]),
        ("# COPY a /a\nCOPY b /b", ["b"]),
        ("# the application's\nCOPY b /b", ["b"]),
        ("RUN echo COPY a /a", []),
        pytest.param(
            HEREDOC,
            ["a"],
        ),
    ],
)
def test_sources_of_copy_and_add(dockerfile, sources):
    assert list(copy_sources(dockerfile)) == sources


@pytest.mark.parametrize(
    ("copy", "paths"),
    [
        ("COPY one.txt /", ["one.txt"]),
        ("COPY ./one.txt /", ["one.txt"]),
        ("COPY *.txt /", ["one.txt", "two.txt"]),
        ("COPY app /app", ["app/main.py", "app/sub/util.py", "app/tests/test.py"]),
        ("COPY app/sub/ README.md /app", ["README.md", "app/sub/util.py"]),
        ("COPY --from=build one.txt /", []),
    ],
)
def test_the_context_is_the_dockerfile_and_the_files_that_it_copies(folder, copy, paths):
    (folder / "Dockerfile").write_text(f"FROM scratch\n{copy}\n")
    assert context_files(folder) == {path: sha256(folder / path) for path in ["Dockerfile", *paths]}


@pytest.mark.parametrize("source", [".", "./", "/"])
def test_a_copy_of_the_whole_folder_is_refused(folder, source):
    (folder / "Dockerfile").write_text(f"COPY {source} /app\n")
    with pytest.raises(BundleError, match="copies the whole folder"):
        context_files(folder)


@pytest.mark.parametrize("source", ["three.txt", "*.png", "app/none"])
def test_a_missing_file_is_named(folder, source):
    (folder / "Dockerfile").write_text(f"COPY one.txt {source} /app\n")
    with pytest.raises(BundleError) as caught:
        context_files(folder)
    assert str(caught.value) == f"{folder}/Dockerfile copies {source}, which does not exist."


def test_the_error_of_a_missing_dockerfile_names_the_variable(folder):
    with pytest.raises(BundleError, match=r"no Dockerfile in \S+ \(bundle_app_dir\)"):
        context_files(folder)


@pytest.mark.parametrize(
    ("files", "accepted"),
    [
        (["Dockerfile", "app/demo_app/web.py"], True),
        (["Dockerfile", "app/main.py"], False),
        (["app/demo_app/web.py"], False),
        ([], False),
    ],
)
def test_the_application_s_folder_is_identified_by_its_files(tmp_path, files, accepted):
    for path in files:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    assert application_folder(str(tmp_path)) == (tmp_path if accepted else None)


@pytest.mark.parametrize("path", [None, "", "/nowhere"])
def test_a_missing_folder_is_no_application(path):
    assert application_folder(path) is None


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_all_users_can_read_the_context(folder, tmp_path, umask):
    (folder / "one.txt").chmod(0o600)
    (folder / "app" / "main.py").chmod(0o700)
    target = tmp_path / "context"
    before = os.umask(umask)
    try:
        fill_context(folder, ["one.txt", "app/main.py", "app/sub/util.py"], target)
    finally:
        os.umask(before)
    modes = {path.relative_to(target).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in target.rglob("*")}
    assert modes == {"one.txt": 0o644, "app": 0o755, "app/main.py": 0o755, "app/sub": 0o755, "app/sub/util.py": 0o644}
    assert stat.S_IMODE(target.stat().st_mode) == 0o755
    assert (target / "app" / "main.py").read_text() == "app/main.py"
