"""Functions around the requests of a process: when they run, in which order, and what fails."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from restkit import App, DeclarationError
from restkit.testing import Client

ROOT = Path(__file__).parents[1]


def shop() -> tuple[App, list[str]]:
    app = App("Shop")
    ran: list[str] = []

    @app.get("/")
    def index() -> dict[str, int]:
        ran.append("request")
        return {}

    @app.on_start
    def first() -> None:
        ran.append("first")

    @app.lifespan
    def pool() -> Iterator[None]:
        ran.append("open")
        yield
        ran.append("close")

    @app.on_stop
    def last() -> None:
        ran.append("stop")

    return app, ran


def test_the_first_request_starts_the_app() -> None:
    app, ran = shop()
    client = Client(app)
    assert ran == []

    client.get("/")
    client.get("/")
    assert ran == ["first", "open", "request", "request"]
    app.stop()
    assert ran[4:] == ["stop", "close"]
    app.stop()
    assert len(ran) == 6


def test_a_with_block_starts_and_stops() -> None:
    app, ran = shop()
    with app as same:
        assert same is app
        assert ran == ["first", "open"]
        Client(app).get("/")
        app.start()
    assert ran == ["first", "open", "request", "stop", "close"]
    with app:
        Client(app).get("/")
    assert ran[5:] == ["first", "open", "request", "stop", "close"]


def test_mounted_apps_start_and_stop_too() -> None:
    inner, ran = shop()
    outer = App("Outer")
    outer.on_start(lambda: ran.append("outer"))
    outer.mount("/inner", inner)

    with outer:
        Client(outer).get("/inner/")
    assert ran == ["outer", "first", "open", "request", "stop", "close"]


def test_a_failed_start_is_told_and_undone() -> None:
    app, ran = shop()
    fails = [True]

    @app.on_start
    def broken() -> None:
        if fails:
            raise RuntimeError("no database")

    with pytest.raises(RuntimeError, match="no database"), app:
        pass
    assert ran == ["first", "open", "stop", "close"]
    with pytest.raises(RuntimeError, match="no database"):
        Client(app).get("/")
    fails.clear()
    assert Client(app).get("/").status == 200
    app.stop()


def test_a_failed_stop_runs_the_others() -> None:
    app, ran = shop()

    @app.on_stop
    def broken() -> None:
        raise RuntimeError("stuck")

    with pytest.raises(RuntimeError, match="stuck"), app:
        pass
    assert ran == ["first", "open", "stop", "close"]


def test_threads_wait_for_one_start() -> None:
    app = App("Threads")
    began = threading.Event()
    go = threading.Event()
    started: list[int] = []

    @app.on_start
    def slow() -> None:
        began.set()
        go.wait(10)
        started.append(1)

    @app.get("/")
    def index() -> dict[str, int]:
        return {"started": len(started)}

    client = Client(app)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.get("/").json)) for _ in range(5)
    ]
    for each in threads:
        each.start()
    assert began.wait(10)
    go.set()
    for each in threads:
        each.join(10)
    assert found == [{"started": 1}] * 5
    app.stop()


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda app: app.on_start(5), "on_start"),
        (lambda app: app.on_stop(lambda request: None), "on_stop"),
        (lambda app: app.lifespan(lambda app: None), "lifespan"),
    ],
)
def test_mistakes_are_told(declare: Callable[[App], object], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        declare(App("Wrong"))


def test_a_lifespan_must_yield() -> None:
    app = App("Wrong")
    with pytest.raises(DeclarationError, match="must yield once"):
        app.lifespan(lambda: None)


def test_nothing_is_added_after_the_first_request() -> None:
    app, _ = shop()
    Client(app).get("/")
    with pytest.raises(DeclarationError, match="of the start or the end"):
        app.on_start(lambda: None)
    app.stop()


PROGRAM = """
import os, sys
from restkit import App
from restkit.testing import Client
app = App("Forks")
def say(text):
    os.write(1, f"{text} {'parent' if os.getpid() == PARENT else 'child'}\\n".encode())
PARENT = os.getpid()
app.on_start(lambda: say("start"))
app.on_stop(lambda: say("stop"))
app.get("/")(lambda: {})
Client(app).get("/")
if os.fork() == 0:
    Client(app).get("/")
    sys.exit(0)
os.wait()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_every_process_starts_and_stops_by_itself() -> None:
    """A worker that is forked after the start of the first process does not share its pool."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lines = ["start parent", "start child", "stop child", "stop parent"]
    assert done.stdout.splitlines() == lines


def test_a_failure_at_the_end_of_the_process_is_logged() -> None:
    program = PROGRAM.partition("if os.fork")[0] + "app._lifespan._stack.callback(lambda: 1 / 0)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines() == ["start parent", "stop parent"]
    assert "The App failed to stop" in done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_an_app_knows_its_extensions_by_class() -> None:
    class Mail:
        def install(self, app: App) -> None: ...

    outer, inner = App("Outer"), App("In-ner 2")
    mail = Mail()
    outer.install(mail)
    outer.mount("/inner", inner)

    assert inner.extension(Mail) is mail
    assert inner.logger.name == "in_ner_2"
    with pytest.raises(LookupError, match=r"app\.install\(int"):
        inner.extension(int)
