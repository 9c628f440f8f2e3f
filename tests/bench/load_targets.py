# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The servers for the bench of the load - nginx, and a server that answers late - and vegeta, the other generator."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import multiprocessing
import platform
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.makers.go import go_environment
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.processes import Processes
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.units import Unit
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.work import Settings, Work

VEGETA = Path(__file__).parent / "vegeta"
PACKAGE = "github.com/tsenart/vegeta/v12"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
NGINX = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ return 200 "Hello World!"; }}
  }}
}}
"""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nHello World!"


def vegeta(cache: Path) -> Path:
    """Return the path of vegeta, built from its Go module unless the cache has it."""
    digest = hashlib.sha256((VEGETA / "go.sum").read_bytes()).hexdigest()[:16]
    program = cache / "bench" / f"vegeta-{digest}"
    if program.exists():
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        module = shutil.copytree(VEGETA, folder / "module")  # go would leave its lock files beside go.mod
        go = Path(sys.executable).with_name("go")
        settings = Settings(cache, VEGETA, None, ARCHITECTURES[platform.machine()], go)
        work = Work(settings, {}, folder, folder / "log", Processes())
        unit = Unit("component", "vegeta", "", {"entry": {"toolchain": "local"}}, {}, digest)
        work.run([settings.go, "build", f"-o={folder}/vegeta", PACKAGE], module, go_environment(unit, work))
        shutil.move(folder / "vegeta", program)
    return program


def free_port() -> int:
    """Return a port of loopback on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    """Wait until a server accepts connections, 10 s at most."""
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def nginx() -> Iterator[str]:
    """Run a local nginx that answers 200 with 12 bytes; yield its URL."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        raise SystemExit("The bench of the load needs nginx: sudo apt-get install nginx-light")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port))
        with subprocess.Popen([program, "-e", f"{folder}/error.log", "-c", config]) as process:
            try:
                wait_for_port(port)
                yield f"http://127.0.0.1:{port}/"
            finally:
                process.terminate()


class Waiting(asyncio.Protocol):
    """Answers each connection after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the timer."""
        assert isinstance(transport, asyncio.Transport)
        asyncio.get_running_loop().call_later(self.seconds, self.answer, transport)

    def answer(self, transport: asyncio.Transport) -> None:
        """Answer, and close."""
        if not transport.is_closing():
            transport.write(ANSWER)
            transport.close()


def serve_waiting(port: int, seconds: float) -> None:
    """Serve in this process, beside other processes on the same port."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Waiting(seconds), "127.0.0.1", port, reuse_port=True, backlog=4096)
        await server.serve_forever()

    asyncio.run(serve())


@contextlib.contextmanager
def waiting_server(seconds: float) -> Iterator[str]:
    """Run a server that answers after `seconds`; yield its URL. Two processes have enough file descriptors."""
    port = free_port()
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=serve_waiting, args=(port, seconds), daemon=True) for _ in range(2)]
    for process in processes:
        process.start()
    try:
        wait_for_port(port)
        time.sleep(0.5)  # until the second process listens too
        yield f"http://127.0.0.1:{port}/"
    finally:
        for process in processes:
            process.terminate()
            process.join()
