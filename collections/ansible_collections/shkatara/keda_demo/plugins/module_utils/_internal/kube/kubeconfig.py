# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Kubeconfigs: where kubectl looks for them, how it merges several, and what is wrong with one.

The first place that is set is used: the option, K8S_AUTH_KUBECONFIG (as kubernetes.core), KUBECONFIG, and then
~/.kube/config. Each may be a list, in which files that don't exist are left out. For each name the first file that has
it wins, and so it does for the current context; the kubernetes library would take the last file's. The library still
loads the files, and this module says beforehand what it would not.
Source: k8s.io/client-go/tools/clientcmd/loader.go, ClientConfigLoadingRules.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..common import hiding, urls
from .errors import ClusterError

try:
    import yaml
except ImportError:  # comes with ansible-core
    yaml = None  # type: ignore[assignment]

DEFAULT = "~/.kube/config"
_SECTIONS = ("clusters", "contexts", "users")
_SECRET_SETTINGS = ("client-secret", "id-token", "refresh-token", "access-token")


@dataclass(frozen=True)
class Place:
    """Paths of kubeconfigs, and what named them: an option, a variable or the default."""

    paths: tuple[str, ...]
    source: str

    def __str__(self) -> str:
        return f"kubeconfig {os.pathsep.join(self.paths)} ({self.source})"


@dataclass
class Kubeconfig:
    """The merged content of kubeconfigs; each entry of a section by name, with the path of its file."""

    place: Place
    current_context: str = ""
    clusters: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    contexts: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    users: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)


def find(option: str | None, environ: Mapping[str, str]) -> Place | None:
    """Return the kubeconfigs that exist; None if nothing names one and the default does not exist.

    :raises ClusterError: what is named does not exist
    """
    named = (
        (option, "`kubeconfig`"),
        (environ.get("K8S_AUTH_KUBECONFIG"), "K8S_AUTH_KUBECONFIG"),
        (environ.get("KUBECONFIG"), "KUBECONFIG"),
    )
    for text, source in named:
        if (text or "").lstrip().startswith("{"):
            raise ClusterError(f"{source} is a mapping: write it to a file that only you can read, and give its path")
        paths = [os.path.expanduser(path.strip()) for path in (text or "").split(os.pathsep) if path.strip()]
        if not paths:
            continue
        there = tuple(path for path in paths if os.path.exists(path))
        if not there:
            verb = "does not exist" if len(paths) == 1 else "do not exist"
            # Ansible runs a module in the folder of its playbook, which is seldom the user's.
            is_relative = not all(map(os.path.isabs, paths))
            where, kind = (f" in {os.getcwd()}", "absolute path") if is_relative else ("", "path")
            raise ClusterError(
                f"kubeconfig {os.pathsep.join(paths)} {verb}{where}: give the {kind} of the cluster's kubeconfig in "
                f"`kubeconfig` (cluster_kubeconfig in a playbook of the collection)"
                + ("" if source == "`kubeconfig`" else f" or {source}, which has this one")
            )
        return Place(there, source)
    default = os.path.expanduser(DEFAULT)
    return Place((default,), "the default") if os.path.exists(default) else None


def read(place: Place) -> Kubeconfig:
    """Return the merged content.

    :raises ClusterError: a file can't be read, or is no kubeconfig; it is named
    """
    documents = [(path, document) for path in place.paths if (document := _document(path, place)) is not None]
    if not documents:
        raise ClusterError(_named(place.paths[0], place, "it is empty, so it is not a kubeconfig"))
    # As for kubectl, an empty file among several has nothing to say. The library can't read it.
    merged = Kubeconfig(replace(place, paths=tuple(path for path, _document in documents)))
    for path, document in documents:
        merged.current_context = merged.current_context or str(document.get("current-context") or "")
        for section in _SECTIONS:
            entries = document.get(section) or []
            if not isinstance(entries, list) or not all(
                isinstance(item, Mapping) and "name" in item for item in entries
            ):
                raise ClusterError(_named(path, place, f"{section} is not a list of named entries"))
            known = getattr(merged, section)
            for item in entries:
                content = item.get(section.removesuffix("s")) or {}
                if not isinstance(content, Mapping):
                    raise ClusterError(_named(path, place, f"{item['name']} of {section} is not a mapping"))
                known.setdefault(str(item["name"]), (path, content))
    return merged


def check_context(kubeconfig: Kubeconfig, wanted: str | None) -> str:
    """Return the name of the context to use, whose cluster and user are there.

    :raises ClusterError: they are not, or there is no such context; the known ones are listed
    """
    name = wanted or kubeconfig.current_context
    known = ", ".join(kubeconfig.contexts) or "none"
    has = f"`context`; the file has: {known}" if len(kubeconfig.place.paths) == 1 else f"`context`; they have: {known}"
    if not name:
        raise ClusterError(f"{kubeconfig.place} has no current-context: give one ({has})")
    if name not in kubeconfig.contexts:
        whose = "" if wanted else ", which is its current-context"
        raise ClusterError(f"{kubeconfig.place}: there is no context {name}{whose} ({has})")
    path, context = kubeconfig.contexts[name]
    cluster, user = str(context.get("cluster") or ""), str(context.get("user") or "")
    if cluster not in kubeconfig.clusters:
        raise ClusterError(
            f"kubeconfig {path}: context {name} names the cluster {cluster!r}, which does not exist "
            f"(clusters: {', '.join(kubeconfig.clusters) or 'none'})"
        )
    place, server = kubeconfig.clusters[cluster][0], str(kubeconfig.clusters[cluster][1].get("server") or "")
    if not server:
        raise ClusterError(f"kubeconfig {place}: cluster {cluster} has no server")
    if not urls.is_url(server):
        raise ClusterError(
            f"kubeconfig {place}: the server of cluster {cluster} is {urls.without_user(server)!r} and must be a URL "
            "such as https://192.0.2.10:6443"
        )
    if user and user not in kubeconfig.users:
        raise ClusterError(
            f"kubeconfig {path}: context {name} names the user {user!r}, which does not exist "
            f"(users: {', '.join(kubeconfig.users) or 'none'})"
        )
    if user:
        _check_user(user, *kubeconfig.users[user])
    return name


def _check_user(user: str, path: str, content: Mapping[str, Any]) -> None:
    """:raises ClusterError: the user logs in by a program that does not exist, or in a way that clients have dropped"""
    provider = content.get("auth-provider")
    if isinstance(provider, Mapping) and provider.get("name") not in (None, "gcp", "oidc"):
        raise ClusterError(
            f"kubeconfig {path}: user {user} logs in with the auth-provider {provider['name']}, which clients no "
            "longer have since Kubernetes 1.26: use a program (exec) instead, such as kubelogin"
        )
    if isinstance(provider, Mapping) and provider.get("name") == "oidc" and not content.get("token"):
        settings = provider.get("config")
        if isinstance(settings, Mapping) and not settings.get("id-token"):
            raise ClusterError(
                f"kubeconfig {path}: user {user} logs in with the auth-provider oidc, whose config has no id-token: "
                "log in again, such as with kubelogin, or give another `context`"
            )
    plugin = content.get("exec")
    if not isinstance(plugin, Mapping) or content.get("token") or content.get("tokenFile"):
        return
    command = str(plugin.get("command") or "")
    if not command:
        raise ClusterError(f"kubeconfig {path}: the exec of user {user} has no command")
    given = {item.get("name"): item.get("value") for item in plugin.get("env") or [] if isinstance(item, Mapping)}
    if "/" in command:
        command = os.path.join(os.path.dirname(os.path.abspath(path)), command)
    if shutil.which(command, path=given.get("PATH")) is None:
        place = "is not a program that can be run" if "/" in command else "is not in the PATH of this machine"
        advice = " ".join(str(plugin.get("installHint") or "").split())
        raise ClusterError(
            f"kubeconfig {path}: user {user} logs in with the program {command} (exec), which {place}. "
            f"{advice or 'Install it, or give another `context`'}"
        )


def secrets(user: Mapping[str, Any]) -> set[str]:
    """Return the texts of a user that no message may have."""
    provider, plugin = user.get("auth-provider"), user.get("exec")
    settings = provider.get("config") if isinstance(provider, Mapping) else None
    variables = (plugin.get("env") or []) if isinstance(plugin, Mapping) else []
    named = [
        *(user.get(name) for name in ("token", "password", "client-key-data")),
        *((settings.get(name) for name in _SECRET_SETTINGS) if isinstance(settings, Mapping) else ()),
        *(item.get("value") for item in variables if isinstance(item, Mapping)),
    ]
    return {str(text) for text in named if text and len(str(text)) >= hiding.SHORTEST_SECRET}


def _document(path: str, place: Place) -> Mapping[str, Any] | None:
    """Return the content of a file; None if it is empty."""
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ClusterError(_named(path, place, f"it can't be read: {error.strerror}")) from error
    except UnicodeDecodeError as error:
        raise ClusterError(_named(path, place, "it can't be read: it is not text")) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark is not None else ""
        # The whole message would quote the line, which may be a token.
        reason = getattr(error, "problem", None) or type(error).__name__
        raise ClusterError(_named(path, place, f"it can't be read as YAML: {reason}{line}")) from error
    if document is not None and not isinstance(document, Mapping):
        what = f"it is a {type(document).__name__} and not a mapping, so it is not a kubeconfig"
        raise ClusterError(_named(path, place, what))
    return document


def _named(path: str, place: Place, what: str) -> str:
    return f"kubeconfig {path} ({place.source}): {what}"
