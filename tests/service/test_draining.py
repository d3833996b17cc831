"""Draining real servers under load: no request is dropped, and readiness changes first."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from servers import free_port

from restkit import App, DeclarationError
from restkit.cli import main
from restkit.service import Service, drain_with
from restkit.testing import Client

ROOT = Path(__file__).parents[2]
PROGRAM = """
import time
from collections.abc import Iterator

from restkit import App
from restkit.service import Service
from restkit.sse import Event, EventStream

app = App("Shop", extensions=[Service()])


@app.get("/quick")
def quick() -> str:
    time.sleep(0.01)
    return "done"


@app.get("/slow")
def slow() -> str:
    time.sleep(1)
    return "done"


@app.route("/ticks")
class Ticks(EventStream):
    def get(self) -> Iterator[Event[str] | None]:
        yield Event("first")
        while self.wait(0.05):
            yield None
"""
HOOK = """
def on_starting(server):
    from restkit.service import drain_with

    drain_with(server, wait=1.5)
"""
GUNICORN = ["gunicorn", "--workers=2", "--threads=8", "--bind=127.0.0.1:{port}"]
SERVERS = {
    "gunicorn": [*GUNICORN, "shop:app"],
    "granian": ["granian", "--interface=wsgi", "--workers=2", "--port={port}", "shop:app"],
    "waitress": ["waitress", "--listen=127.0.0.1:{port}", "--threads=12", "shop:app"],
}
DRAIN = [sys.executable, "-m", "restkit", "drain", "--wait=1.5", "--"]


def command_of(server: str, port: int) -> list[str]:
    return [sys.executable, "-m", *(each.format(port=port) for each in SERVERS[server])]


class Site:
    """A server in a process of its own, and requests to it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def wait_until(self, holds: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def is_up(self) -> bool:
        try:
            return self.get("/livez")[0] == 200
        except OSError:
            return False


@contextmanager
def running(folder: Path, command: list[str], port: int) -> Iterator[Site]:
    (folder / "shop.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(folder)))}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    site = Site(process, port)
    try:
        site.wait_until(site.is_up)
        yield site
    finally:
        process.kill()
        process.wait()


def drained(site: Site) -> tuple[list[object], list[int], int]:
    """Send requests as a load balancer does until readiness is a 503, with a SIGTERM meanwhile.

    Returns:
        What went wrong, the statuses of the probe, and the exit code.
    """
    faults: list[object] = []
    probes: list[int] = []
    removed = threading.Event()

    def send(path: str) -> None:
        while not removed.is_set():
            try:
                found = site.get(path)
            except OSError as error:
                faults.append(error)
                return
            if found != (200, b'"done"'):
                faults.append(found)

    def probe() -> None:
        while not removed.is_set():
            probes.append(site.get("/readyz")[0])
            if probes[-1] != 200:
                removed.set()
            time.sleep(0.05)

    paths = ["/quick"] * 4 + ["/slow"]
    threads = [threading.Thread(target=send, args=(path,)) for path in paths]
    threads.append(threading.Thread(target=probe))
    for each in threads:
        each.start()
    time.sleep(0.7)
    site.process.send_signal(signal.SIGTERM)
    for each in threads:
        each.join(30)
    return faults, probes, site.process.wait(30)


@pytest.mark.parametrize(("server", "code"), [("gunicorn", 0), ("granian", 0), ("waitress", 143)])
def test_no_request_is_dropped(tmp_path: Path, server: str, code: int) -> None:
    """Requests in flight end, new ones are served until the load balancer has noticed."""
    port = free_port()
    with running(tmp_path, [*DRAIN, *command_of(server, port)], port) as site:
        faults, probes, found = drained(site)
    assert faults == []
    assert probes[0] == 200
    assert probes[-1] == 503
    assert found == code


def test_a_hook_of_gunicorn_does_the_same(tmp_path: Path) -> None:
    """Without a process above it."""
    (tmp_path / "gunicorn.conf.py").write_text(HOOK)
    port = free_port()
    with running(tmp_path, command_of("gunicorn", port), port) as site:
        faults, probes, code = drained(site)
    assert faults == []
    assert probes[-1] == 503
    assert code == 0


def test_event_streams_end_with_a_time_to_connect_again(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, [*DRAIN, *command_of("gunicorn", port)], port) as site:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/ticks")
        response = connection.getresponse()
        while b"first" not in response.readline():
            pass
        site.process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        rest = response.read()
        assert time.monotonic() - begun < 1.5
        retry = [line for line in rest.splitlines() if line.startswith(b"retry: ")]
        assert len(retry) == 1
        assert 3000 <= int(retry[0].removeprefix(b"retry: ")) <= 6001
        connection.close()
        response.close()
        assert site.process.wait(30) == 0


def test_a_second_signal_ends_the_waiting(tmp_path: Path) -> None:
    port = free_port()
    patient = [*DRAIN[:-2], "--wait=600", "--"]
    with running(tmp_path, [*patient, *command_of("gunicorn", port)], port) as site:
        site.process.send_signal(signal.SIGTERM)
        site.wait_until(lambda: site.get("/readyz")[0] == 503)
        assert json.loads(site.get("/readyz")[1])["status"] == "draining"
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(30) == 0


def run(code: str, *signals: int) -> int:
    """Return the exit code of a drained Python program, after it has got signals."""
    program = textwrap.dedent(code)
    process = subprocess.Popen(
        [*DRAIN, sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    for each in signals:
        process.send_signal(each)
    process.stdout.close()
    return process.wait(30)


def test_the_exit_code_is_that_of_the_server() -> None:
    assert run("print('up', flush=True); raise SystemExit(7)") == 7


def test_a_server_that_a_signal_ends_is_reported_as_shells_do() -> None:
    assert run("import os; print(flush=True); os.kill(os.getpid(), 9)") == 137


@pytest.mark.parametrize("name", ["SIGHUP", "SIGUSR1", "SIGINT", "SIGQUIT"])
def test_other_signals_are_passed_on(name: str) -> None:
    waits = f"""
    import signal, sys, time

    signal.signal(signal.{name}, lambda number, frame: sys.exit(9))
    print("up", flush=True)
    time.sleep(30)
    """
    assert run(waits, getattr(signal, name)) == 9


def test_the_server_has_the_usual_signals() -> None:
    asks = """
    import signal

    print("up", flush=True)
    names = ("SIGTERM", "SIGCHLD", "SIGUSR1", "SIGPIPE")
    found = [signal.getsignal(getattr(signal, each)) for each in names[:3]]
    raise SystemExit(found != [signal.SIG_DFL] * 3)
    """
    assert run(asks) == 0


def test_a_program_that_is_missing_is_one_sentence() -> None:
    result = CliRunner().invoke(main, ["drain", "--", "no-such-server", "--port", "1"])
    assert result.exit_code == 2
    assert result.output == "Error: There is no program 'no-such-server'.\n"


def test_options_of_the_server_are_its_own() -> None:
    for wait in ("nan", "inf"):
        refused = CliRunner().invoke(main, ["drain", "--wait", wait, "true"])
        assert refused.exit_code == 2
        assert "--wait must be a number of seconds" in refused.output
    result = CliRunner().invoke(main, ["drain", "--wait", "-1", "true"])
    assert result.exit_code == 2
    assert "--wait" in result.output


def test_without_a_file_nothing_drains(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that has outlived its file is ignored."""
    monkeypatch.setenv("RESTKIT_DRAIN_FILE", "/nowhere/at/all")
    service = Service()
    assert not service.is_draining
    assert Client(App("Shop", extensions=[service])).get("/readyz").status == 200


@pytest.mark.parametrize("wait", [-1, "3", True, None, float("nan"), float("inf")])
def test_the_seconds_of_the_hook_are_a_number(wait: object) -> None:
    with pytest.raises(DeclarationError, match="must be a number of seconds"):
        drain_with(object(), wait=wait)  # type: ignore[arg-type]


def test_the_hook_wants_the_master_of_gunicorn() -> None:
    with pytest.raises(DeclarationError, match="argument of gunicorn's on_starting"):
        drain_with(object())  # type: ignore[arg-type]
