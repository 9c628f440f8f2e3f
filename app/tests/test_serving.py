# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The application in a real gunicorn, with real connections and real signals."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

APP = Path(__file__).parents[1]
REQUEST = b"GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n"


def get(port, path="/", timeout=10.0):
    """Return (status, body, headers) of a request on its own connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def start(port, **settings):
    environ = os.environ | {f"APP_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    return subprocess.Popen(command, cwd=APP, env=environ, stderr=subprocess.PIPE, text=True, start_new_session=True)


@contextlib.contextmanager
def serving(**settings):
    """Yield (port, process) of a gunicorn that answers, and end it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start(port, **settings)
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError):
                if get(port, "/healthz")[0] == 200:
                    break
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline, "gunicorn does not answer"
            time.sleep(0.05)
        yield port, process
    finally:
        # SIGINT also ends the workers, without a grace period.
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        # Of a worker that is left, communicate would wait for the end.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def workers_of(process):
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def test_one_process_answers_and_closes_the_connection():
    with serving(delay_seconds=0.01) as (port, process):
        status, body, headers = get(port)
        assert (status, body, headers["Connection"]) == (200, "Hello World!\n", "close")
        assert len(workers_of(process)) == 1


def test_no_request_is_lost_when_the_pod_stops():
    drain, delay, rate = 2.0, 0.3, 60
    with serving(delay_seconds=delay, drain_seconds=drain) as (port, process), ThreadPoolExecutor(64) as pool:
        begin = time.monotonic()
        answers, stop_time = [], None
        # Open loop: requests are sent on time, whether or not earlier requests have been answered.
        while stop_time is None or time.monotonic() < stop_time + drain - 0.5:
            if stop_time is None and time.monotonic() > begin + 1:
                process.send_signal(signal.SIGTERM)
                stop_time = time.monotonic()
            answers.append(pool.submit(get, port))
            time.sleep(max(0.0, begin + len(answers) / rate - time.monotonic()))
        assert {answer.result()[0] for answer in answers} == {200}
        assert len(answers) > 100
        assert process.wait(drain + delay + 5) == 0
        assert time.monotonic() - stop_time < drain + delay + 1.5


def test_connections_not_yet_accepted_are_answered():
    with serving(delay_seconds=0.01, drain_seconds=0) as (port, process):
        (worker,) = workers_of(process)
        os.kill(worker, signal.SIGSTOP)
        clients = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(50)]
        for client in clients:
            client.sendall(REQUEST)
        process.send_signal(signal.SIGTERM)
        # When the worker continues, it handles the signal before anything else.
        time.sleep(0.5)
        os.kill(worker, signal.SIGCONT)
        for client in clients:
            with client:
                assert client.recv(12) == b"HTTP/1.1 200"
        assert process.wait(10) == 0


def test_clients_after_the_end_are_refused_at_once():
    with serving(delay_seconds=2, drain_seconds=0, grace_seconds=6) as (port, process):
        with ThreadPoolExecutor(1) as pool:
            last = pool.submit(get, port)
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.7)
            with pytest.raises(ConnectionRefusedError):
                get(port)
            assert last.result()[0] == 200
        assert process.wait(10) == 0


def test_clients_that_close_late_do_not_delay_others():
    with serving(delay_seconds=0) as (port, _process):
        clients = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(10)]
        for client in clients:
            client.sendall(REQUEST)
        for client in clients:
            assert client.recv(12) == b"HTTP/1.1 200"
        begin = time.monotonic()
        assert get(port, "/healthz")[0] == 200
        assert time.monotonic() - begin < 1
        for client in clients:
            client.close()


def test_metrics_and_health_are_answered_while_every_thread_is_busy():
    delay, threads = 0.5, 4
    with serving(delay_seconds=delay, threads=threads) as (port, _process), ThreadPoolExecutor(8) as pool:
        busy = [pool.submit(get, port) for _ in range(threads)]
        time.sleep(0.1)
        begin = time.monotonic()
        requests = [pool.submit(get, port, path) for path in ("/metrics", "/healthz")]
        assert [answer.result()[0] for answer in requests] == [200, 200]
        assert time.monotonic() - begin < 2 * delay
        assert {answer.result()[0] for answer in busy} == {200}


# The worker's handler of SIGQUIT, while the thread that it interrupts holds the lock of the pool.
QUIT = """
import os, signal
from concurrent.futures import ThreadPoolExecutor
from demo_app.worker import DrainingWorker
worker = object.__new__(DrainingWorker)
worker.tpool = ThreadPoolExecutor(1)
signal.signal(signal.SIGQUIT, worker.handle_quit)
with worker.tpool._shutdown_lock:
    os.kill(os.getpid(), signal.SIGQUIT)
print("still here")
"""


def test_a_worker_ends_at_once_even_while_it_gives_a_connection_to_its_threads():
    done = subprocess.run([sys.executable, "-c", QUIT], cwd=APP, capture_output=True, text=True, timeout=20, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_bad_settings_end_gunicorn_with_one_line():
    process = start(1, delay_seconds="soon")
    _output, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert errors.strip().splitlines() == [
        "The application's settings are wrong: APP_DELAY_SECONDS is 'soon': give a number from 0 to 60, such as 0.6"
    ]
