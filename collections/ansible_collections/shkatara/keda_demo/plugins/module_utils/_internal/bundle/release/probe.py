# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Which origins answer: one small request to each host, all at the same time, within seconds."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..units import BundleError
from .origins import Origins, downloads
from .web import Broken, Refused, Web

SECONDS = 6.0
CONNECT_SECONDS = 4.0


@dataclass(frozen=True)
class Question:
    """A request: its address, and the statuses besides 200 that are an answer, too."""

    url: str
    accepted: tuple[int, ...] = ()

    @property
    def host(self) -> str:
        """The host, with the port if it has one."""
        return urlsplit(self.url).netloc


def of_release(stack: Mapping[str, Any], arch: str, origins: Origins) -> list[Question]:
    """Return a question for each host that the official files and images of a stack come from."""
    urls: dict[str, str] = {}
    for file in downloads(stack, arch).values():
        # The publisher's checksum is a small file.
        asked = origins.url(file.checksum_url or file.url)
        if file.checksum_url:
            urls[urlsplit(asked).netloc] = asked
        else:
            urls.setdefault(urlsplit(asked).netloc, asked)
    registries = sorted({origins.registry(reference) for reference in stack["images"].values()})
    # docker.io is a name for people; the registry's own is another.
    hosts = ["registry-1.docker.io" if host == "docker.io" else host for host in registries]
    # A registry wants a token even of those who may read (401).
    return [*(Question(url) for url in urls.values()), *(Question(f"https://{host}/v2/", (401,)) for host in hosts)]


def of_go_modules(stack: Mapping[str, Any], goproxy: str) -> list[Question]:
    """Return a question for each Go module proxy of GOPROXY: whether it has the first module of the stack."""
    entry = next(entry for entry in stack["components"].values() if "module" in entry)
    places = [place.strip() for place in goproxy.replace("|", ",").split(",")]
    # Go writes capital letters of a module's path as `!` and the small letter.
    module = "".join(f"!{letter.lower()}" if letter.isupper() else letter for letter in entry["module"])
    path = f"{module}/@v/{entry['module_version']}.info"
    return [Question(f"{place.rstrip('/')}/{path}") for place in places if place.startswith(("http://", "https://"))]


def ask(
    questions: list[Question], seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
) -> dict[str, str]:
    """Return by host what is wrong, empty for a host that answers. It takes no longer than `seconds`."""
    web = Web(CONNECT_SECONDS, CONNECT_SECONDS)
    answers: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()

    def ask_one(question: Question) -> None:
        answers.put((question.host, _problem(web, question)))

    for question in questions:
        # A daemon: the look-up of a name has no time-out, and must not keep this process.
        threading.Thread(target=ask_one, args=(question,), daemon=True).start()
    # A host may have several questions, and answers as it should if all of them are answered so.
    unanswered, found = [question.host for question in questions], dict[str, str]()
    end = clock() + seconds
    for _question in questions:
        try:
            host, problem = answers.get(timeout=max(0.0, end - clock()))
        except queue.Empty:
            break
        unanswered.remove(host)
        found[host] = found.get(host) or problem
    silence = dict.fromkeys(unanswered, f"no answer in {seconds:.0f} s")
    return {host: found.get(host) or silence.get(host, "") for host in (question.host for question in questions)}


def _problem(web: Web, question: Question) -> str:
    try:
        with web.get(question.url):
            return ""
    except Refused as error:
        return "" if error.status in question.accepted else str(error).rstrip(".")
    except (Broken, BundleError) as error:
        return str(error).rstrip(".")
