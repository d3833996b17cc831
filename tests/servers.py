"""Real servers for tests: a WSGI application on a socket in this process,
or a command in a process of its own.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from wsgiref.types import WSGIApplication

__all__ = [
    "ServerFailed",
    "end_process",
    "free_port",
    "serve",
    "serve_process",
    "workers_of",
]

_HOST = "127.0.0.1"


class ServerFailed(RuntimeError):
    """Is raised where a started process ended or stayed silent, and holds what it printed."""


class _QuietHandler(WSGIRequestHandler):
    """Is Werkzeug's handler without the line a request on standard error."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Print nothing."""


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens at the moment."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def serve(app: WSGIApplication) -> Generator[str]:
    """Serve a WSGI application from a thread, a further thread for each request, and stop it
    afterwards.

    Yields:
        The base URL without a trailing slash, such as `http://127.0.0.1:40123`.
    """
    server = make_server(_HOST, 0, app, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, name="restkit-test-server", daemon=True)
    thread.start()
    try:
        yield f"http://{_HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


@contextmanager
def serve_process(
    command: Sequence[str | Path],
    *,
    port: int,
    cwd: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = 30,
) -> Generator[str]:
    """Start a command that serves on `port`, wait until the port answers, and end that process and
    those that it has started by the id of their group.

    Args:
        command: The program and its arguments, which name the port too.
        port: Where the command will listen on 127.0.0.1; `free_port` finds one.
        cwd: The folder to start in; this process's own without it.
        environment: Variables to set on top of this process's own.
        seconds: How long to wait for the first answer.

    Yields:
        The base URL without a trailing slash.

    Raises:
        ServerFailed: The process ended before it answered, or did not answer in time.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            start_new_session=True,  # a group of its own, which ends with its workers
        )
        try:
            if not _answers(process, port, seconds):
                output.seek(0)
                printed = output.read().decode(errors="replace")
                raise ServerFailed(
                    f"{command[0]} did not answer on port {port}; it printed:\n{printed}"
                )
            yield f"http://{_HOST}:{port}"
        finally:
            _end(process)


def _answers(process: subprocess.Popen[bytes], port: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((_HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and kill it if it does not within ten seconds."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    end_process(process)
    # A server that is told to end while its workers start may leave some of them behind.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def workers_of(pid_file: Path, *, seconds: float = 10) -> list[int]:
    """Return the ids of the workers of a gunicorn that a test has started.

    gunicorn listens before it starts its first worker, so this waits until there is one.

    Args:
        pid_file: The file that ``--pid`` names.
        seconds: How long to wait for a worker.
    """
    master = int(pid_file.read_text("utf-8"))
    children = Path(f"/proc/{master}/task/{master}/children")
    end = time.monotonic() + seconds
    while not (found := children.read_text("utf-8").split()) and time.monotonic() < end:
        time.sleep(0.02)
    return [int(each) for each in found]
