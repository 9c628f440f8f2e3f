# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The file descriptors, ports and memory that a load needs, compared with the limits of this machine.

The worst case is a server that does not answer: then rate x timeout requests are open. Each open request is a
connection with a file descriptor of its worker. Each also takes a port of this machine, of which there are as many for
each address and port.

Ports in TIME_WAIT (60 s) are not counted, since there are none: the side that closes first keeps its port, and the
sender lets the server close first (plain_http). Counted on loopback with `ss state time-wait`, requests with
`Connection: close`: the client closed first in none of 10,000 to nginx 1.22 at 2,000/s, and in none of 2,000 each to
gunicorn 27 (gthread and sync) at 400/s; 500 by TLS (session_http) to nginx ended without TIME_WAIT on either side. A
client that closes as soon as it has the answer, as aiohttp does, was first in 329 of 1,500 with gunicorn. So a target
on loopback, where such ports are free again after 1 s (net.ipv4.tcp_tw_reuse = 2), needs no rule of its own.
"""

from __future__ import annotations

import contextlib
import math
import resource
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .schedule import LoadSpec

# Open files of a worker besides its connections: the loop's, the pipe's, the libraries' and the resolver's.
_OTHER_FILES = 64
# The time that the server has to close a plain connection after its answer.
LINGER_SECONDS = 0.5
_SLACK = 64
_MB = 1_000_000
# Measured on Python 3.11 with aiohttp 3.14: a worker's own pages, and the memory of a connection in the worker and in
# the kernel (about 4 kB), with 10,000 connections of plain_http, 3,000 kept connections of session_http, and 600 by
# TLS, each with a buffer of 256 KiB in asyncio.
_WORKER_BYTES = 30 * _MB
_CONNECTION_BYTES = 6_000
_KEPT_BYTES = 16_000
_TLS_BYTES = 320_000


@dataclass(frozen=True)
class Limits:
    """The limits of this machine: file descriptors of a process, the range of local ports, bytes of free memory."""

    soft_files: int
    hard_files: int
    first_port: int
    last_port: int
    memory: int

    @property
    def ports(self) -> int:
        """The number of local ports, and so of connections to one address and port."""
        return self.last_port - self.first_port + 1


@dataclass(frozen=True)
class Resources:
    """The worst case of a load: open requests of all workers and of one, its file descriptors, bytes of all workers.

    `to_one_address` are the open requests to the host and port that most URLs name.
    """

    in_flight: int
    to_one_address: int
    worker_in_flight: int
    worker_files: int
    memory: int


def required_resources(spec: LoadSpec) -> Resources:
    """Return the needs of the worst case, in which rate x timeout requests are open, or all if those are fewer."""
    # The product of two decimals may be a little above its exact value.
    in_flight = min(spec.count, math.ceil(spec.highest_rate * spec.timeout - 1e-6))
    worker_in_flight = math.ceil(in_flight / spec.workers)
    # A connection stays open after its answer until the server closes it, for LINGER_SECONDS at most.
    lingering = math.ceil(min(spec.count, spec.highest_rate * LINGER_SECONDS) / spec.workers) if is_plain(spec) else 0
    plain = _KEPT_BYTES if spec.keep_alive else _CONNECTION_BYTES
    connection_bytes = _TLS_BYTES if _has_tls(spec) else plain
    shares = Counter(urlsplit(url).netloc.rpartition("@")[2].lower() for url in spec.urls)
    return Resources(
        in_flight=in_flight,
        to_one_address=math.ceil(in_flight * max(shares.values()) / len(spec.urls)),
        worker_in_flight=worker_in_flight,
        worker_files=worker_in_flight + lingering + _OTHER_FILES,
        memory=spec.workers * _WORKER_BYTES + in_flight * connection_bytes,
    )


def is_plain(spec: LoadSpec) -> bool:
    """Return whether plain_http sends a load: without TLS, and over a new connection for each request."""
    return not _has_tls(spec) and not spec.keep_alive


def _has_tls(spec: LoadSpec) -> bool:
    return any(url.lower().startswith("https:") for url in spec.urls)


def refusal(spec: LoadSpec, limits: Limits) -> str | None:
    """Return why this machine can't send a load, with the arithmetic and settings that fit; None if it can."""
    need = required_resources(spec)
    room = limits.hard_files - _OTHER_FILES
    shortages = []
    if need.worker_files > limits.hard_files:
        files = need.worker_files - _OTHER_FILES
        more = f"set load.http.workers to {math.ceil(files * spec.workers / room)}" if room > 0 else "raise it"
        shortages.append(
            f"open files: {files} connections and {_OTHER_FILES} other files for each of {spec.workers} "
            f"load.http.workers are {need.worker_files}, and the hard limit is {limits.hard_files} (ulimit -Hn): {more}"
        )
    if need.to_one_address > limits.ports:
        fitting = limits.ports * need.in_flight // need.to_one_address
        shortages.append(
            f"ports: {need.to_one_address} connections to one address need as many, and there are {limits.ports}, "
            f"{limits.first_port} to {limits.last_port} (net.ipv4.ip_local_port_range): {_less(spec, fitting)}"
        )
    if need.memory > limits.memory:
        connection_bytes = (need.memory - spec.workers * _WORKER_BYTES) / need.in_flight
        fitting = int((limits.memory - spec.workers * _WORKER_BYTES) / connection_bytes)
        shortages.append(
            f"memory: {spec.workers} load.http.workers of {_WORKER_BYTES // _MB} MB and {need.in_flight} connections "
            f"of {connection_bytes / 1000:g} kB are {math.ceil(need.memory / _MB)} MB, and {limits.memory // _MB} MB "
            "are free: " + (_less(spec, fitting) if fitting > 0 else "lower load.http.workers, or free some")
        )
    if not shortages:
        return None
    return (
        f"This machine can't send the load: up to {need.in_flight} requests are open at a time if the server does not "
        f"answer ({_rate_name(spec)} {spec.highest_rate:g}/s x load.http.timeout {spec.timeout:g} s, at most the "
        f"{spec.count} that there are). " + "; ".join(shortages) + "."
    )


def _less(spec: LoadSpec, in_flight: int) -> str:
    """Return the rate or time-out at which at most `in_flight` requests are open, as an instruction."""
    rate = math.floor(10 * in_flight / spec.timeout) / 10
    timeout = math.floor(10 * in_flight / spec.highest_rate) / 10
    ways = [f"lower {_rate_name(spec)} to {rate:g}"] if rate else []
    ways += [f"load.http.timeout to {timeout:g}"] if timeout else []
    return " or ".join(ways) if ways else "lower load.http.timeout"


def _rate_name(spec: LoadSpec) -> str:
    return "load.http.rate" if len(spec.stages) == 1 else "the highest rate of load.http.stages"


def allow_in_flight(spec: LoadSpec) -> int:
    """Raise this process' limit of open files as far as its share of the load needs, up to the hard limit.

    Return the number of requests that it may have open.
    """
    need = required_resources(spec)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = need.worker_files + _SLACK
    if soft != resource.RLIM_INFINITY and soft < files:
        soft = files if hard == resource.RLIM_INFINITY else min(files, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    most = need.worker_in_flight + _SLACK
    return most if soft == resource.RLIM_INFINITY else max(1, min(most, soft - _OTHER_FILES))


def limits_here(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> Limits:
    """Read the limits of this process and machine."""
    soft, hard = (
        2**31 if limit == resource.RLIM_INFINITY else limit for limit in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    first, last = map(int, (proc / "sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split())
    fields = dict(line.split(":") for line in (proc / "meminfo").read_text(encoding="ascii").splitlines())
    memory = int(fields["MemAvailable"].split()[0]) * 1024
    with contextlib.suppress(OSError, ValueError):  # no limit, or no cgroup of version 2
        most = int((cgroup / "memory.max").read_text(encoding="ascii"))
        used = int((cgroup / "memory.current").read_text(encoding="ascii"))
        with contextlib.suppress(OSError, KeyError):  # page cache that the kernel can free, as kubelet counts it
            lines = (cgroup / "memory.stat").read_text(encoding="ascii").splitlines()
            used -= int(dict(line.split() for line in lines)["inactive_file"])
        memory = min(memory, most - used)
    return Limits(soft, hard, first, last, max(0, memory))
