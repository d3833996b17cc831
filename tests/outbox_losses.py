"""Kills workers of an outbox by SIGKILL while they work, and counts what was lost or done twice.

``python -m tests.outbox_losses --rows 1000 --kills 3 --seed 7 --database sqlite`` prints a line.
Half of the rows are tasks, which write into a file, half are events, which are sent to a server.
Two workers run all the time; a killed one is replaced at once.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import sqlalchemy as sa
from databases import database_url
from receivers import Receiver, serve
from sqlalchemy.orm import Session

from restkit.events import new_secret, outbox_metadata
from restkit.testing import Client

__all__ = ["Result", "lose", "program", "worker"]

ROOT = Path(__file__).parents[1]
OUTBOX = outbox_metadata.tables["restkit_outbox"]


@dataclass(frozen=True)
class Result:
    """What became of the rows.

    Attributes:
        rows: How many were committed.
        lost: How many were never done.
        twice: How many were done more than once.
        left: How many rows of the outbox are left.
        kills: How many workers were killed.
        seconds: How long it took.
    """

    rows: int
    lost: int
    twice: int
    left: int
    kills: int
    seconds: float


@contextmanager
def program(kind: str, folder: Path) -> Iterator[dict[str, str]]:
    """Make a database, and yield the environment in which the program uses it."""
    with database_url(kind, folder) as url:
        yield {
            **os.environ,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
            "OUTBOX_DATABASE": url,
            "OUTBOX_MARKS": str(folder / "marks"),
        }


def worker(environment: dict[str, str], *options: str) -> subprocess.Popen[bytes]:
    """Start a worker of the program."""
    command = [sys.executable, "-m", "restkit", "worker", "outbox_program:app", *options]
    output = Path(environment["OUTBOX_MARKS"]).with_name("worker.log").open("ab")
    with output:
        return subprocess.Popen(command, env=environment, stdout=output, stderr=output)


def lose(kind: str, folder: Path, *, rows: int, kills: int, seed: int) -> Result:
    """Write rows, kill workers, and count.

    Args:
        kind: ``"sqlite"`` or ``"postgresql"``.
        folder: A folder for files.
        rows: How many rows.
        kills: How many workers are killed, at moments that the seed chooses.
        seed: The seed.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        environment = stack.enter_context(program(kind, folder))
        receiver = Receiver()
        receiver.seconds = 0.005
        url = stack.enter_context(serve(receiver))  # type: ignore[arg-type]
        os.environ.update({name: environment[name] for name in environment if "OUTBOX" in name})
        sys.modules.pop("outbox_program", None)
        module = importlib.import_module("outbox_program")
        stack.callback(module.database.close)
        with Session(module.database.engine) as session, session.begin():
            session.add(module.Endpoint(url=url, events=["*"], secrets=[new_secret()]))
        workers = [_worker(environment, stack) for _ in range(2)]
        writer = threading.Thread(target=_write, args=(module.app, rows))
        writer.start()
        marks = Path(environment["OUTBOX_MARKS"])
        chance = random.Random(seed)
        moments = sorted(chance.sample(range(rows // 20, rows * 9 // 10), kills))
        for moment in moments:
            _wait(lambda moment=moment: len(_done(marks, receiver)) >= moment)  # type: ignore[misc]
            place = chance.randrange(len(workers))
            workers[place].send_signal(signal.SIGKILL)
            workers[place].wait()
            workers[place] = _worker(environment, stack)
        writer.join()
        _wait(lambda: _left(module.database.engine) == 0)
        done = Counter(_done(marks, receiver))
        left = _left(module.database.engine)
    expected = {("task", each) for each in range(0, rows, 2)}
    expected |= {("event", each) for each in range(1, rows, 2)}
    twice = sum(count > 1 for count in done.values())
    lost = len(expected - done.keys())
    return Result(rows, lost, twice, left, kills, round(time.monotonic() - started, 1))


def _worker(environment: dict[str, str], stack: ExitStack) -> subprocess.Popen[bytes]:
    made = worker(environment, "--lease", "3", "--poll", "0.1", "--threads", "4")

    def end() -> None:
        made.terminate()
        made.wait(timeout=30)

    stack.callback(end)
    return made


def _write(app: object, rows: int) -> None:
    client = Client(app)  # type: ignore[arg-type]
    for number in range(rows):
        path = "/events" if number % 2 else "/tasks"
        assert client.post(path, json={"number": number}).status == 204


def _done(marks: Path, receiver: Receiver) -> list[tuple[str, int]]:
    tasks = marks.read_text("ascii").split() if marks.exists() else []
    contents = [json.loads(content)["data"]["number"] for _, content in list(receiver.got)]
    return [("task", int(each)) for each in tasks] + [("event", each) for each in contents]


def _left(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(OUTBOX)) or 0


def _wait(condition: object) -> None:
    until = time.monotonic() + 300
    while not condition():  # type: ignore[operator]
        if time.monotonic() > until:
            return
        time.sleep(0.05)


def main() -> None:
    """Run once and print the result as a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = lose(
            given.database, Path(folder), rows=given.rows, kills=given.kills, seed=given.seed
        )
    print(f"{given.database}, seed {given.seed}: {result}")
    sys.exit(result.lost > 0 or result.left > 0)


if __name__ == "__main__":
    main()
