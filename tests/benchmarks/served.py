"""Programs behind servers: requests a second, and the server's CPU seconds for a thousand requests."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .cases import Case, verify
from .instructions import ROOT, Failed, environment
from .programs import PEERS

__all__ = ["SERVERS", "served"]

SERVERS = ("gunicorn", "granian", "waitress", "uvicorn")
_TARGET = "tests.benchmarks.target:app"
_CONNECTIONS, _WORKERS = 8, 2
_TICKS = os.sysconf("SC_CLK_TCK")


def served(server: str, name: str, case: Case, *, seconds: float = 2.0, count: int = 20_000) -> dict[str, Any] | None:
    """Measure a program behind a server.

    Args:
        server: One of SERVERS.
        name: Of the program.
        case: What is asked.
        seconds: How long, at most.
        count: How often, at most.

    Returns:
        The figures; None where this server does not serve this kind of program, or is not there.

    Raises:
        Failed: The program answers wrongly, or the server does not start.
    """
    port = _free_port()
    command = _command(server, PEERS[name].kind, port)
    if command is None:
        return None
    with _running(command, name) as process:
        _wait(process, port, case, name)
        _load(port, case, 0.5, 500)  # warm
        before = _cpu(process.pid)
        result = _load(port, case, seconds, count)
        spent = _cpu(process.pid) - before
    if result["wrong"]:
        raise Failed(f"{name} behind {server}, {case.name}: {result['wrong']} wrong answers")
    return {
        "server": server,
        "program": name,
        "case": case.name,
        "requests": result["requests"],
        "rate": round(result["requests"] / result["seconds"]),
        "cpu": round(1000 * spent / result["requests"], 3),
    }


def _command(server: str, kind: str, port: int) -> list[str] | None:
    folder = Path(sys.executable).parent
    if server in {"asgi": ("gunicorn", "waitress"), "wsgi": ("uvicorn",)}[kind]:
        return None
    if server == "uvicorn" and (folder / "granian").exists():
        return None  # granian stands for the ASGI servers
    executable = folder / ("waitress-serve" if server == "waitress" else server)
    if not executable.exists() and shutil.which(executable.name) is None:
        return None
    options = {
        "gunicorn": ["--bind", f"127.0.0.1:{port}", "--workers", str(_WORKERS), "--log-level", "error"],
        "granian": [
            *("--interface", kind, "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", str(_WORKERS), "--no-log"),
        ],
        "waitress": [f"--listen=127.0.0.1:{port}", f"--threads={_CONNECTIONS}"],
        "uvicorn": ["--host", "127.0.0.1", "--port", str(port), "--workers", str(_WORKERS), "--log-level", "error"],
    }
    return [str(executable), *options[server], _TARGET]


@contextmanager
def _running(command: list[str], name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in a process group of its own, and end just that process; it ends its workers."""
    variables = environment(RESTKIT_BENCHMARK_PROGRAM=name, PYTHONPATH=str(ROOT))
    process = subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        workers = _below(process.pid)
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            for pid in workers:
                _kill(pid)
            process.kill()
            process.wait(timeout=10)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        return


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, case: Case, name: str) -> None:
    """Wait until the server answers, and verify its answer."""
    until = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        headers = {"Content-Type": "application/json"} if case.body else {}
        try:
            connection.request(case.method, case.path, case.body or None, headers)
            answer = connection.getresponse()
            verify(case, answer.status, answer.read(), names_all=PEERS[name].names_all)
            return
        except (ConnectionError, http.client.HTTPException):
            if process.poll() is not None or time.monotonic() > until:
                raise Failed(f"{name}: its server did not start") from None
            time.sleep(0.1)
        finally:
            connection.close()


def _load(port: int, case: Case, seconds: float, count: int) -> dict[str, Any]:
    arguments = [str(port), case.name, str(_CONNECTIONS), str(seconds), str(count)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load", *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 60,
    )
    if done.returncode:
        raise Failed(f"the load failed: {done.stderr[-1500:]}")
    return dict(json.loads(done.stdout))


# CPU time of a process and all below it (proc(5), /proc/[pid]/stat)


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _below(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *_below(int(child))]
    return found


def _cpu(pid: int) -> float:
    stats = [_stat(each) for each in (pid, *_below(pid))]
    return sum(sum(int(ticks) for ticks in stat[11:15]) for stat in stats if stat) / _TICKS
