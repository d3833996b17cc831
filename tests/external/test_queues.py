"""The pages on background work and on work after the commit, with Celery, Dramatiq and RQ."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import program_missing
from redis_server import redis_url
from servers import end_process

from .node import CACHE
from .places import ROOT
from .shop_program import HOW_TO, block

# The tests are not of these packages' environment, which is installed apart.
_PACKAGES = ("celery==5.7.0", "dramatiq==2.2.1", "rq==3.0.0", "redis>=6")
_FOLDER = CACHE.parent / "queues"
_PLAIN = "app.install(Outbox(database, tasks=[send_receipt]))\n"

_QUEUES = {
    "Celery": """
from celery import Celery

celery = Celery("shop", broker=URL)
celery.conf.broker_transport_options = {"global_keyprefix": PREFIX}
celery.task(send_receipt)
""",
    "Dramatiq": """
import dramatiq
from dramatiq.brokers.redis import RedisBroker

broker = RedisBroker(url=URL, namespace=PREFIX)
dramatiq.set_broker(broker)
dramatiq.actor(send_receipt)
""",
    "RQ": """
from redis import Redis
from rq import Queue

queue = Queue(PREFIX, connection=Redis.from_url(URL))
""",
}
_ORDERS = """
from shop import app
from restkit.testing import Client

client = Client(app)
for product in ("lamp", "unicorn", "vase", "chair"):
    print(client.post("/orders", json={"product": product}).status)
"""
_WORKERS: dict[str, Callable[[str], list[str]]] = {
    "Celery": lambda prefix: [
        *("celery", "-A", "shop:celery", "worker", "-P", "solo", "--without-gossip", "-l", "ERROR")
    ],
    "Dramatiq": lambda prefix: ["dramatiq", "shop", "-p", "1", "-t", "1"],
    "RQ": lambda prefix: ["rq.cli", "worker", prefix, "--url", redis_url()],
}


@pytest.fixture(scope="module")
def packages() -> Path:
    """A folder with the packages of the queues."""
    wanted = "\n".join(_PACKAGES)
    marker = _FOLDER / "packages.txt"
    if not marker.exists() or marker.read_text("utf-8") != wanted:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade"]
        done = subprocess.run(
            [*command, "--target", str(_FOLDER), *_PACKAGES],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            program_missing(f"pip cannot install {', '.join(_PACKAGES)}", "python3-pip")
        marker.write_text(wanted, "utf-8")
    return _FOLDER


def _code_of(page: str, queue: str) -> str:
    """Return the code of a queue in the table of a page."""
    text = (HOW_TO / page).read_text("utf-8")
    found = re.search(rf"^\| {queue} \| `([^`]+)`.* \|$", text, re.MULTILINE)
    assert found, f"{page} has no row of {queue}"
    return found[1]


def _write_program(folder: Path, queue: str, installing: str) -> str:
    """Write the program of the page, which writes its mails to a file.

    Returns:
        The prefix of its keys in Redis.
    """
    program, prefix = block("background-work.md", "shop.py"), f"restkit-{secrets.token_hex(6)}-"
    assert program.count(_PLAIN) == 1
    mails = f'open({str(folder / "mails.txt")!r}, "a").write(f"{{order_id}}\\n")'
    program = (
        program.replace(_PLAIN, "")
        .replace('print(f"Mail: order {order_id} is received.")', mails)
        .replace("sqlite:///shop.db", f"sqlite:///{folder / 'shop.db'}")
    )
    where = f"URL, PREFIX = {redis_url()!r}, {prefix!r}\n"
    (folder / "shop.py").write_text(f"{program}\n{where}{_QUEUES[queue]}\n{installing}", "utf-8")
    return prefix


@contextmanager
def _worker(command: list[str], environment: dict[str, str], folder: Path) -> Iterator[None]:
    """Run the worker of a queue, and end it by its id."""
    log = folder / "worker.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        except BaseException:
            print(log.read_text("utf-8"))
            raise
        finally:
            end_process(process)


def _mails(path: Path, count: int) -> list[str]:
    """Return the mails of a file when there are so many, or after a minute."""
    end = time.monotonic() + 60
    found: list[str] = []
    while len(found) < count and time.monotonic() < end:
        time.sleep(0.1)
        found = path.read_text("utf-8").split() if path.exists() else []
    return found


def _run(folder: Path, environment: dict[str, str], *arguments: str) -> list[str]:
    """Run Python in a folder, and return the words that it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def place(packages: Path, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """An empty folder, and the environment of programs in it."""
    paths = os.pathsep.join(map(str, (tmp_path, ROOT, packages)))
    return tmp_path, {**os.environ, "PYTHONPATH": paths}


@pytest.mark.external
@pytest.mark.redis
@pytest.mark.parametrize("queue", list(_QUEUES))
def test_an_outbox_relays_to_a_queue(queue: str, place: tuple[Path, dict[str, str]]) -> None:
    """Each committed task is run once by the queue's own worker, and no other one."""
    folder, environment = place
    body = _code_of("background-work.md", queue)
    relay = (
        f"def to_queue(message):\n    {body}\n\n"
        "app.install(Outbox(database, tasks=[send_receipt], relay=to_queue))\n"
    )
    prefix = _write_program(folder, queue, relay)

    with _worker(_WORKERS[queue](prefix), environment, folder):
        assert _run(folder, environment, "-c", _ORDERS) == ["201", "409", "201", "201"]
        relayed = _run(folder, environment, "-m", "restkit", "worker", "shop:app", "--once")
        mails = _mails(folder / "mails.txt", 3)

    assert relayed == ["3", "attempts."]
    assert sorted(mails) == ["1", "2", "3"]


@pytest.mark.external
@pytest.mark.redis
@pytest.mark.parametrize("queue", ["Celery", "RQ"])
def test_tasks_are_sent_after_the_commit(queue: str, place: tuple[Path, dict[str, str]]) -> None:
    """Without an outbox, the queue gets each committed task, and no other one."""
    folder, environment = place
    extension = _code_of("work-after-the-commit.md", queue).replace(
        "rq.Queue(connection=Redis())", "queue"
    )
    task = "send_receipt = celery.task(send_receipt)\n" if queue == "Celery" else ""
    prefix = _write_program(
        folder, queue, f"{task}from restkit import Queue\napp.install({extension})\n"
    )

    with _worker(_WORKERS[queue](prefix), environment, folder):
        assert _run(folder, environment, "-c", _ORDERS) == ["201", "409", "201", "201"]
        mails = _mails(folder / "mails.txt", 3)

    assert sorted(mails) == ["1", "2", "3"]
