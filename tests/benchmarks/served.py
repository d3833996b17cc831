"""Programs behind servers: requests a second,
and the server's CPU seconds for a thousand requests.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from .cases import Case, verify
from .instructions import ROOT, Failed, environment
from .programs import PEERS

__all__ = ["SERVERS", "served"]

SERVERS = ("gunicorn", "granian", "waitress", "uvicorn")
_TARGET = "tests.benchmarks.target:app"
_CONNECTIONS, _WORKERS = 8, 2
_SECONDS, _COUNT = 0.8, 20_000
_TICKS = os.sysconf("SC_CLK_TCK")


def served(
    server: str, names: Iterable[str], cases: Sequence[Case], *, rounds: int = 7
) -> dict[str, Any]:
    """Measure programs behind one kind of server: all of them run, and take turns under the load.

    Args:
        server: One of SERVERS.
        names: Of the programs; those that this server does not serve are left out.
        cases: What is asked.
        rounds: How often each program has its turn with each case.

    Returns:
        By case and program, the medians of requests a second and of the CPU seconds a thousand
        requests.

    Raises:
        Failed: A program answers wrongly, or the server does not start.
    """
    found: dict[str, dict[str, list[tuple[float, float]]]] = {case.name: {} for case in cases}
    with ExitStack() as stack:
        running = []
        for name in names:
            port = _free_port()
            command = _command(server, PEERS[name].kind, port)
            if command is not None:
                running.append((name, port, stack.enter_context(_running(command, name))))
        for name, port, process in running:
            for case in cases:
                _wait(process, port, case, name)
        for turn in range(rounds + 1):  # the first one warms
            for name, port, process in running:
                for case in cases:
                    measured = _turn(process.pid, port, case, f"{name} behind {server}")
                    if turn:
                        found[case.name].setdefault(name, []).append(measured)
    return {
        case: {
            name: {"rate": round(_median(0, each)), "cpu": round(_median(1, each), 3)}
            for name, each in rest.items()
        }
        for case, rest in found.items()
    }


def _median(place: int, measured: list[tuple[float, float]]) -> float:
    return statistics.median(each[place] for each in measured)


def _turn(pid: int, port: int, case: Case, place: str) -> tuple[float, float]:
    """Return requests a second, and CPU seconds a thousand requests."""
    before = _cpu(pid)
    result = _load(port, case)
    if result["wrong"] or not result["requests"]:
        raise Failed(
            f"{place}, {case.name}: {result['wrong']} wrong answers of {result['requests']}"
        )
    return result["requests"] / result["seconds"], 1000 * (_cpu(pid) - before) / result["requests"]


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
        "gunicorn": [
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            str(_WORKERS),
            "--log-level",
            "error",
        ],
        "granian": [
            *("--interface", kind, "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", str(_WORKERS), "--no-log"),
        ],
        "waitress": [f"--listen=127.0.0.1:{port}", f"--threads={_CONNECTIONS}"],
        "uvicorn": [
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            str(_WORKERS),
            "--log-level",
            "error",
        ],
    }
    return [str(executable), *options[server], _TARGET]


@contextmanager
def _running(command: list[str], name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in a process group of its own, and end just that process;
    it ends its workers.
    """
    variables = environment(RESTKIT_BENCHMARK_PROGRAM=name, PYTHONPATH=str(ROOT))
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
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
            response = connection.getresponse()
            verify(case, response.status, response.read(), names_all=PEERS[name].names_all)
            return
        except (ConnectionError, http.client.HTTPException):
            if process.poll() is not None or time.monotonic() > until:
                raise Failed(f"{name}: its server did not start") from None
            time.sleep(0.1)
        finally:
            connection.close()


def _load(port: int, case: Case) -> dict[str, Any]:
    arguments = [str(port), case.name, str(_CONNECTIONS), str(_SECONDS), str(_COUNT)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load", *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS + 60,
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
