"""Workers: what they run, side by side, how they end, and what becomes of their rows."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import outbox_losses
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from databases import KINDS, database_url
from marshmallow import fields
from receivers import Receiver, serve
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from restkit import App, DeclarationError, ServiceUnavailable, enqueue
from restkit.cli import main
from restkit.events import (
    EndpointRecord,
    Event,
    Message,
    Outbox,
    Webhooks,
    Worker,
    new_secret,
    outbox_metadata,
)
from restkit.service import JSONFormatter, Service, outgoing_headers
from restkit.sqlalchemy import Database
from restkit.testing import Client

OUTBOX = outbox_metadata.tables["restkit_outbox"]
calls: list[Any] = []


class Base(DeclarativeBase):
    pass


class Endpoint(EndpointRecord, Base):
    __tablename__ = "endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)


class Ping(Event):
    type = "ping"
    schema = {"n": fields.Int()}


def note(*values: Any, **named: Any) -> None:
    calls.append((values, named))


def fail() -> None:
    calls.append("fail")
    raise LookupError("nothing there")


def busy() -> None:
    raise ServiceUnavailable("Busy.", headers={"retry-after": "300"})


def busy_for_long() -> None:
    raise ServiceUnavailable("Busy.", headers={"Retry-After": "999999"})


def leave() -> None:
    sys.exit(3)


def greet(name: str, app: App) -> None:
    calls.append((name, app))


def relay(message: Message) -> None:
    calls.append(message)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    calls.clear()
    with database_url(request.param, tmp_path) as url:
        made = Database(url, create=Base.metadata)
        yield made
        made.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    calls.clear()
    made = Database(f"sqlite:///{tmp_path / 'a.db'}", create=Base.metadata)
    yield made
    made.close()


def rows(database: Database) -> list[Any]:
    with database.engine.connect() as connection:
        return [*connection.execute(sa.select(OUTBOX).order_by(OUTBOX.c.id))]


@contextmanager
def writing(database: Database) -> Iterator[Session]:
    with Session(database.engine) as session, session.begin():
        yield session


@contextmanager
def running(app: App, **options: Any) -> Iterator[Worker]:
    """Run a worker in a thread."""
    worker = Worker(app, **{"poll": 0.05, **options})
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(20)


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)


def test_tasks_run_with_their_arguments(database: Database) -> None:
    """They run once, and their rows are removed."""
    outbox = Outbox(database, tasks=[note])
    app = App("Shop", extensions=[database, outbox])
    with writing(database) as session:
        outbox.enqueue(note, 1, "ü", None, session=session, more=[1.5, {"a": True}])
        outbox.enqueue(note, session=session)
    assert Worker(app).run_due() == 2
    assert calls == [((1, "ü", None), {"more": [1.5, {"a": True}]}), ((), {})]
    assert rows(database) == []


def test_a_function_that_fails_is_tried_again(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Its traceback is logged, and the others run; `sys.exit` is a failure too."""
    outbox = Outbox(sqlite, tasks=[fail, leave, note])
    app = App("Shop", extensions=[sqlite, outbox])
    with writing(sqlite) as session:
        for task in (fail, leave, note):
            outbox.enqueue(task, session=session)
    assert Worker(app).run_due() == 3
    assert calls == ["fail", ((), {})]
    assert [each.error for each in rows(sqlite)] == ["LookupError: nothing there", "SystemExit: 3"]
    assert "LookupError" in str(caplog.records[0].exc_info)


def test_a_problem_says_when_the_task_may_run_again(sqlite: Database) -> None:
    """The next attempt waits as long as Retry-After of the problem says, a day at the most."""
    tasks = [busy, busy_for_long, fail]
    outbox = Outbox(sqlite, tasks=tasks)
    app = App("Shop", extensions=[sqlite, outbox])
    with writing(sqlite) as session:
        for task in tasks:
            outbox.enqueue(task, session=session)
    begun = time.time()
    assert Worker(app).run_due() == 3
    waits = {each.name.partition(":")[2]: each.due_at / 1000 - begun for each in rows(sqlite)}
    assert 300 <= waits["busy"] < 360
    assert 86_400 <= waits["busy_for_long"] < 86_460
    assert waits["fail"] < 60


@dataclass
class Traced:
    """What a task and a relay see of the request that enqueued the task."""

    headers: list[dict[str, str]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)


traced = Traced()


def trace() -> None:
    traced.headers.append(outgoing_headers())
    record = logging.makeLogRecord({"name": "shop", "levelno": logging.INFO, "msg": "sent"})
    traced.lines.append(json.loads(JSONFormatter().format(record)))


@pytest.mark.parametrize("is_relayed", [False, True])
@pytest.mark.parametrize("has_service", [False, True])
def test_a_task_belongs_to_the_trace_of_its_request(
    database: Database, is_relayed: bool, has_service: bool
) -> None:
    """Its calls and its log lines have the trace; the id of the request is that of the message."""
    traced.headers.clear()
    traced.lines.clear()

    def to_queue(message: Message) -> None:
        calls.append(message)
        trace()

    outbox = Outbox(database, tasks=[trace], relay=to_queue if is_relayed else None)
    app = App("Shop", extensions=[database, outbox, *[Service()][: int(has_service)]])

    @app.post("/orders")
    def order() -> str:
        enqueue(trace)
        return "placed"

    trace_id = "0af7651916cd43dd8448eb211c80319c"
    parent = f"00-{trace_id}-b7ad6b7169203331-01"
    assert Client(app).post("/orders", headers={"traceparent": parent}).status == 200
    ((message_id, stored),) = [(row.message_id, row.traceparent) for row in rows(database)]
    assert Worker(app).run_due() == 1

    (headers,), (line,) = traced.headers, traced.lines
    assert headers["X-Request-Id"] == line["request_id"] == message_id
    assert headers["traceparent"].split("-")[1] == line["trace_id"]
    assert (line["trace_id"] == trace_id) is has_service
    assert headers["traceparent"].split("-")[2] not in f"{parent}{stored}"
    assert (stored is not None) is has_service
    if is_relayed:
        assert calls[0].traceparent == (stored or "")
    assert outgoing_headers() == {}


def test_a_row_whose_workers_die_is_given_up(sqlite: Database) -> None:
    """A task that ends its process would be tried without end."""
    outbox = Outbox(sqlite, tasks=[note])
    app = App("Shop", extensions=[sqlite, outbox])
    with writing(sqlite) as session:
        outbox.enqueue(note, session=session)
        session.execute(sa.update(OUTBOX).values(attempts=10))
    Worker(app).run_due()
    (row,) = rows(sqlite)
    assert (row.due_at, row.error) == (None, "The worker ended during the last attempt.")
    assert calls == []


def test_a_relay_gets_tasks_and_events(database: Database) -> None:
    """To hand them to another queue; the id is the same if it is sent again."""
    outbox = Outbox(database, tasks=[note], events=[Ping], relay=relay)
    app = App("Shop", extensions=[database, outbox])
    with writing(database) as session:
        outbox.enqueue(note, 5, session=session)
        identity = outbox.emit(Ping, {"n": 3}, session=session)
    assert Worker(app).run_due() == 2
    task, event = calls
    assert (task.kind, task.name) == ("task", f"{__name__}:note")
    assert task.data == {"args": [5], "kwargs": {}}
    assert event[:4] == (identity, "event", "ping", {"n": 3})
    assert abs(event.created_at - time.time()) < 60
    assert rows(database) == []


def test_rows_of_others_stay(sqlite: Database, caplog: pytest.LogCaptureFixture) -> None:
    """A worker runs what its App declares, whatever a row names, and says what it leaves."""
    outbox = Outbox(sqlite, tasks=[note])
    app = App("Shop", extensions=[sqlite, outbox])
    with writing(sqlite) as session:
        outbox.enqueue(note, "rm -rf /", session=session)
        session.execute(sa.update(OUTBOX).values(name="os:system"))
        outbox.enqueue(note, 1, session=session)
    caplog.set_level(logging.WARNING)
    with running(app):
        until(lambda: len(rows(sqlite)) == 1)
        time.sleep(0.2)
    assert calls == [((1,), {})]
    assert [each.name for each in rows(sqlite)] == ["os:system"]
    assert "wait for os:system" in caplog.text


def test_several_workers_run_each_row_once(database: Database) -> None:
    """In calm, no row is done twice."""
    outbox = Outbox(database, tasks=[note])
    app = App("Shop", extensions=[database, outbox])
    with writing(database) as session:
        for number in range(200):
            outbox.enqueue(note, number, session=session)
    with running(app, threads=3), running(app, threads=3), running(app, threads=3):
        until(lambda: not rows(database))
    assert sorted(each[0][0] for each in calls) == [*range(200)]


def test_one_receiver_gets_so_many_at_once(database: Database) -> None:
    """A slow receiver does not hold up the others."""
    slow, quick = Receiver(), Receiver()
    slow.seconds = 0.15
    with serve(slow) as one, serve(quick) as other:  # type: ignore[arg-type]
        webhooks = Webhooks(
            database,
            events=[Ping],
            endpoints=Endpoint,
            private_networks=["127.0.0.0/8"],
            concurrency=2,
        )
        app = App("Shop", extensions=[database, webhooks])
        with writing(database) as session:
            for url in (one, other):
                session.add(Endpoint(url=url, events=["*"], secrets=[new_secret()]))
            for number in range(16):
                webhooks.emit(Ping, {"n": number}, session=session)
        with running(app, threads=6):
            until(lambda: len(quick.got) == 16)
            seen = len(slow.got)
            until(lambda: not rows(database))
    assert len(slow.got) == len(quick.got) == 16
    assert slow.most == 2
    assert seen < 16
    assert len(set(slow.ids)) == 16


def test_leases_of_rows_in_work_go_on(sqlite: Database) -> None:
    """A task that takes longer than the lease is not started again."""
    outbox = Outbox(sqlite, tasks=[sleep])
    app = App("Shop", extensions=[sqlite, outbox])
    with writing(sqlite) as session:
        outbox.enqueue(sleep, 2.5, session=session)
    with running(app, lease=1), running(app, lease=1):
        until(lambda: not rows(sqlite))
    assert calls == [2.5]


def sleep(seconds: float) -> None:
    calls.append(seconds)
    time.sleep(seconds)


def test_a_worker_outlives_its_database(
    sqlite: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database does not respond, it waits, and goes on then."""
    monkeypatch.setattr("restkit.events.worker._AFTER_ERROR", 0.2)
    outbox = Outbox(sqlite, tasks=[note])
    app = App("Shop", extensions=[sqlite, outbox])
    with running(app):
        time.sleep(0.2)
        with sqlite.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE restkit_outbox RENAME TO away")
        until(lambda: "does not respond" in caplog.text)
        with sqlite.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO restkit_outbox")
        with writing(sqlite) as session:
            outbox.enqueue(note, 1, session=session)
        until(lambda: calls)
    assert calls == [((1,), {})]


def test_two_databases(tmp_path: Path) -> None:
    """One worker serves the outboxes of all databases, those of mounted Apps too."""
    calls.clear()
    made = [Database(f"sqlite:///{tmp_path / name}", create=Base.metadata) for name in "ab"]
    boxes = [Outbox(each, tasks=[note]) for each in made]
    outer, inner = (App(name, extensions=[box]) for name, box in zip("AB", boxes, strict=True))
    outer.mount("/inner", inner)
    for number, box in enumerate(boxes):
        with writing(box.database) as session:
            box.enqueue(note, number, session=session)
    assert Worker(outer).run_due() == 2
    assert sorted(each[0][0] for each in calls) == [0, 1]
    for each in made:
        each.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": 0}, r"Worker\(threads=...\) must be a number from 1"),
        ({"lease": 0}, r"Worker\(lease=...\) must be a number of seconds"),
        ({"poll": True}, r"Worker\(poll=...\) must be a number of seconds"),
    ],
)
def test_mistakes(options: dict[str, Any], message: str, sqlite: Database) -> None:
    """A number that cannot be meant, and an App without work, are one sentence."""
    app = App("Shop", extensions=[Outbox(sqlite, tasks=[note])])
    with pytest.raises(DeclarationError, match=message):
        Worker(app, **options)
    with pytest.raises(DeclarationError, match="has no work for a worker"):
        Worker(App("Empty", extensions=[sqlite]))


def test_a_database_without_the_table(tmp_path: Path) -> None:
    """The sentence says how the table is made."""
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    app = App("Shop", extensions=[Outbox(database, tasks=[note])])
    with pytest.raises(DeclarationError, match="does not have the table restkit_outbox"):
        Worker(app).run()
    database.close()


# processes


@contextmanager
def program(tmp_path: Path, kind: str = "sqlite") -> Iterator[tuple[dict[str, str], Database]]:
    with outbox_losses.program(kind, tmp_path) as environment:
        database = Database(environment["OUTBOX_DATABASE"], create=outbox_metadata)
        try:
            yield environment, database
        finally:
            database.close()


def add(database: Database, name: str, body: str) -> None:
    with database.engine.begin() as connection:
        values = {"kind": "task", "name": f"outbox_program:{name}", "body": body}
        connection.execute(
            sa.insert(OUTBOX).values(**values, message_id="m", due_at=0, created_at=0)
        )


def marks(environment: dict[str, str]) -> list[str]:
    path = Path(environment["OUTBOX_MARKS"])
    return path.read_text("ascii").splitlines() if path.exists() else []


def test_sigterm_finishes_what_is_in_work(tmp_path: Path) -> None:
    """The task in work ends, and the next one stays for another worker."""
    with program(tmp_path) as (environment, database):
        for number in (1, 2):
            add(database, "slow", f'{{"args": [{number}, 1.0], "kwargs": {{}}}}')
        process = outbox_losses.worker(environment, "--threads", "1")
        until(lambda: marks(environment))
        process.terminate()
        assert process.wait(timeout=30) == 0
        assert marks(environment) == ["start 1", "end 1"]
        (left,) = rows(database)
        assert (left.id, left.attempts) == (2, 0)


def test_the_grace_ends(tmp_path: Path) -> None:
    """What takes longer than the grace is left to another worker, and the process ends."""
    with program(tmp_path) as (environment, database):
        add(database, "slow", '{"args": [1, 60], "kwargs": {}}')
        process = outbox_losses.worker(environment, "--grace", "0.3", "--lease", "1")
        until(lambda: marks(environment))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 1
        (left,) = rows(database)
        assert left.attempts == 1
        assert left.due_at is not None


@pytest.mark.parametrize("kind", KINDS)
def test_rows_outlive_killed_workers(kind: str, tmp_path: Path) -> None:
    """Of 200 rows none is lost, while two workers are killed in the middle of their work."""
    result = outbox_losses.lose(kind, tmp_path, rows=200, kills=2, seed=3)
    assert (result.rows, result.kills) == (200, 2)
    assert (result.lost, result.left) == (0, 0)
    assert result.twice <= 20  # those that a killed worker had done and not removed


def test_the_command_once(tmp_path: Path) -> None:
    """`--once` is for scheduled runs: what is due, and the end."""
    with program(tmp_path) as (environment, database):
        add(database, "mark", '{"args": [7], "kwargs": {}}')
        add(database, "wrong", '{"args": [], "kwargs": {}}')
        command = [sys.executable, "-m", "restkit", "worker", "outbox_program:app", "--once"]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        assert done.stdout == "2 attempts.\n"
        assert "LookupError: nothing there" in done.stderr
        assert marks(environment) == ["7"]


def test_the_command_without_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An App without an outbox is a mistake in one sentence."""
    (tmp_path / "empty.py").write_text("from restkit import App\napp = App('Empty')\n")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["worker", "empty:app"])
    assert result.exit_code == 2
    assert "has no work for a worker" in result.output
    assert os.getcwd() == str(tmp_path)


PROGRAM = """
from restkit import App
from restkit.events import Outbox
from restkit.service import Service
from restkit.sqlalchemy import Database
from restkit.events import outbox_metadata
from sqlalchemy.orm import Session


def hello(name: str) -> None:
    print("hello", name, flush=True)


def fail() -> None:
    raise LookupError


database = Database("sqlite:///hello.db", create=outbox_metadata)
outbox = Outbox(database, tasks=[hello, fail])
app = App("Hello", extensions=[Service(logs="json"), database, outbox])


@app.on_start
def begin() -> None:
    print("start", flush=True)
    with Session(database.engine) as session, session.begin():
        outbox.enqueue(hello, "you", session=session)
        outbox.enqueue(fail, session=session)


@app.on_stop
def end() -> None:
    print("stop", flush=True)
"""


def test_the_app_starts_and_stops_around_the_worker(tmp_path: Path) -> None:
    """What `on_start` opens is there for tasks, and the logs are those of the Service."""
    (tmp_path / "hello.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "restkit", "worker", "hello:app", "--once"]
    environment = {**os.environ, "PYTHONPATH": str(outbox_losses.ROOT)}
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines() == ["start", "hello you", "2 attempts.", "stop"]
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["logger"] == "restkit.worker"


def test_a_task_gets_the_app_of_its_outbox(sqlite: Database) -> None:
    """The caller does not pass it, and it is no part of the row."""
    outbox = Outbox(sqlite, tasks=[greet])
    inner, outer = App("Inner", extensions=[sqlite, outbox]), App("Outer")
    outer.mount("/inner", inner)
    with writing(sqlite) as session:
        outbox.enqueue(greet, "Ada", session=session)
    assert json.loads(rows(sqlite)[0].body) == {"args": ["Ada"], "kwargs": {}}

    Worker(outer).run_due()

    assert calls == [("Ada", inner)]


def test_the_app_of_a_task_is_not_an_argument(sqlite: Database) -> None:
    outbox = Outbox(sqlite, tasks=[greet])

    with writing(sqlite) as session, pytest.raises(DeclarationError, match="does not fit"):
        outbox.enqueue(greet, "Ada", app="Inner", session=session)
    with writing(sqlite) as session, pytest.raises(DeclarationError, match="does not fit"):
        outbox.enqueue(greet, "Ada", "Inner", session=session)


def test_a_task_for_other_workers_takes_no_app(sqlite: Database) -> None:
    with pytest.raises(DeclarationError, match="parameter 'app'"):
        Outbox(sqlite, tasks=[greet], relay=relay)


def early(app: App, number: int) -> None:
    numbers.append(number)


def unnamed(app: App, /) -> None:
    pass


def several(*app: int) -> None:
    numbers.extend(app)


numbers: list[int] = []


def test_the_app_is_the_last_parameter(sqlite: Database) -> None:
    outbox = Outbox(sqlite, tasks=[early])
    with Session(sqlite.engine) as session, session.begin():
        with pytest.raises(DeclarationError, match="make it the last parameter"):
            outbox.enqueue(early, 1, session=session)
        outbox.enqueue(early, number=1, session=session)


def test_the_app_is_passed_by_name(sqlite: Database) -> None:
    with pytest.raises(DeclarationError, match="positional-only parameter 'app'"):
        Outbox(sqlite, tasks=[unnamed])


def test_arguments_may_be_called_app(sqlite: Database) -> None:
    outbox = Outbox(sqlite, tasks=[several])
    app = App("Shop", extensions=[sqlite, outbox])
    with Session(sqlite.engine) as session, session.begin():
        outbox.enqueue(several, 1, 2, session=session)

    Worker(app).run_due()

    assert numbers == [1, 2]
