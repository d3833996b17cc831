"""Two processes of one App over one PostgreSQL and one Redis do together what one does alone."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import httpx2
import psycopg
import pytest
import redis
from databases import database_url
from receivers import Receiver, serve
from redis_server import redis_url
from servers import free_port, serve_process, workers_of

from restkit.events import new_secret

pytestmark = [pytest.mark.external, pytest.mark.postgresql]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Served:
    """Two servers of one program.

    Attributes:
        urls: Their URLs.
        database: The URL of the database.
        environment: That of the program.
        marks: The file with a line for each task that ran.
    """

    urls: tuple[str, str]
    database: str
    environment: dict[str, str]
    marks: Path

    def count(self, query: str) -> int:
        """Return a number from the database."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def post_to_both(self, path: str, text: str, key: str) -> list[httpx2.Response]:
        """Send one request to both processes at the same moment."""
        begin = threading.Barrier(2)

        def post(url: str) -> httpx2.Response:
            begin.wait(timeout=20)
            headers = {"Idempotency-Key": key}
            return httpx2.post(f"{url}{path}", json={"text": text}, headers=headers, timeout=20)

        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(post, self.urls))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """Serve the program by two gunicorns."""
    folder = tmp_path_factory.mktemp("two")
    prefix = f"restkit-test:{secrets.token_hex(8)}:"
    with ExitStack() as stack:
        url = stack.enter_context(database_url("postgresql", folder))
        environment = {
            "PROGRAM_DATABASE": url,
            "PROGRAM_REDIS": redis_url(),
            "PROGRAM_PREFIX": prefix,
            "PROGRAM_MARKS": str(folder / "marks"),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
        }
        urls = tuple(stack.enter_context(_gunicorn(environment)) for _ in range(2))
        for each in urls:
            assert httpx2.get(f"{each}/notes", timeout=30).status_code == 200
        stack.callback(_forget, prefix)
        yield Served((urls[0], urls[1]), url, environment, folder / "marks")


def _gunicorn(environment: dict[str, str], *more: str) -> AbstractContextManager[str]:
    port = free_port()
    options = ["-b", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8", *more]
    command = [sys.executable, "-m", "gunicorn", *options, "two_process_program:app"]
    return serve_process(command, port=port, cwd=ROOT, environment=environment)


def _forget(prefix: str) -> None:
    with redis.Redis.from_url(redis_url()) as client:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)


def wait(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until something holds, or some seconds."""
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.1)


def events_of(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the id and the data of server-sent events."""
    members: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name in ("id", "data"):
            members[name] = value
        elif not line and "id" in members:
            yield members["id"], json.loads(members.get("data", "null"))
            members = {}


def test_a_rate_is_counted_once(served: Served) -> None:
    """Of sixty requests, half to each process, twenty are let through."""
    targets = [f"{url}/limited" for url in served.urls] * 30
    with ThreadPoolExecutor(8) as threads:
        found = Counter(threads.map(lambda url: httpx2.get(url, timeout=20).status_code, targets))
    assert found == {200: 20, 429: 40}


@pytest.mark.parametrize("path", ["/notes", "/redis-notes"])
def test_one_key_makes_one_row(served: Served, path: str) -> None:
    """The same request at both processes at once, ten times: one row each."""
    for number in range(10):
        text = f"{path}-{number}"
        found = served.post_to_both(path, text, f"key-{number}")
        assert {each.status_code for each in found} <= {201, 409}
        made = [each.json() for each in found if each.status_code == 201]
        again = served.post_to_both(path, text, f"key-{number}")
        assert [each.status_code for each in again] == [201, 201]
        assert [each.headers["Idempotent-Replayed"] for each in again] == ["true", "true"]
        assert [each.json() for each in again] == [made[0], made[0]]
        assert served.count(f"SELECT count(*) FROM note WHERE text = '{text}'") == 1


def test_a_session_goes_on_at_the_other_process(served: Served) -> None:
    """Its content is in Redis: each process has what the other has written, until it is ended."""
    first, other = served.urls
    headers = {"Sec-Fetch-Site": "same-origin"}  # as a browser sends it
    with httpx2.Client(timeout=20, headers=headers) as visitor:
        found = [
            len(visitor.post(f"{served.urls[number % 2]}/basket").json()) for number in range(6)
        ]
        copy = dict(visitor.cookies)
        assert visitor.get(f"{other}/basket").json() == ["book"] * 6
        assert visitor.delete(f"{first}/basket").status_code == 204
    assert found == [1, 2, 3, 4, 5, 6]
    for url in served.urls:
        assert httpx2.get(f"{url}/basket", cookies=copy, timeout=20).json() == []


def test_a_stored_response_is_that_of_both_processes(served: Served) -> None:
    """One process stores it, the other sends it, and a write at either ends it at both."""
    with httpx2.Client(timeout=20, headers={"Host": "notes.example"}) as client:
        for number in range(6):
            writer, other = served.urls[number % 2], served.urls[(number + 1) % 2]
            made = client.post(f"{writer}/stored-notes", json={"text": f"s{number}"}).json()
            url = f"/stored-notes/{made['id']}"

            responses = [client.get(f"{each}{url}") for each in (writer, other, other)]
            assert [each.json()["text"] for each in responses] == [f"s{number}"] * 3
            assert ["Age" in each.headers for each in responses] == [False, True, True]

            client.patch(f"{other}{url}", json={"text": "changed"}).raise_for_status()
            changed = client.get(f"{writer}{url}")
            assert changed.json()["text"] == "changed"
            assert "Age" not in changed.headers


def test_a_feed_goes_on_at_the_other_process(served: Served) -> None:
    """A client that comes back to another process with Last-Event-ID has each change once."""
    first, other = served.urls
    found: list[str] = []
    last = ""
    for number in range(6):
        text = f"feed-{number}"
        url = served.urls[number % 2]
        headers = {"Last-Event-ID": last} if last else {}
        with httpx2.stream("GET", f"{url}/notes/changes", headers=headers, timeout=20) as stream:
            events = events_of(stream.iter_lines())
            if not last:
                next(events)  # ready
            for writer in (first, other):
                httpx2.post(f"{writer}/notes", json={"text": text}, timeout=20)
            for _ in range(2):
                last, content = next(events)
                found.append(content["text"])
        # This change is made while nobody listens.
        httpx2.post(f"{first}/notes", json={"text": f"{text}-alone"}, timeout=20)
        with httpx2.stream(
            "GET", f"{other}/notes/changes", headers={"Last-Event-ID": last}, timeout=20
        ) as stream:
            last, content = next(events_of(stream.iter_lines()))
            found.append(content["text"])
    expected = [[f"feed-{each}", f"feed-{each}", f"feed-{each}-alone"] for each in range(6)]
    assert found == [text for texts in expected for text in texts]


def test_calls_of_an_agent_alternate(served: Served) -> None:
    """Each call of a tool may reach another process: there are no sessions."""
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-06-18",
    }

    def call(number: int, name: str, arguments: dict[str, object]) -> dict[str, object]:
        message = {
            "jsonrpc": "2.0",
            "id": number,
            "method": "tools/call",
            "params": {"name": name, "arguments": arguments},
        }
        url = f"{served.urls[number % 2]}/mcp"
        response = httpx2.post(url, json=message, headers=headers, timeout=20)
        assert response.status_code == 200, response.text
        content: dict[str, object] = response.json()["result"]["structuredContent"]
        return content

    made = [call(number, "createNote", {"text": f"agent-{number}"}) for number in range(6)]
    read = [call(number + 1, "getNote", {"id": each["id"]}) for number, each in enumerate(made)]

    assert read == made
    assert [each["text"] for each in read] == [f"agent-{number}" for number in range(6)]


def test_the_other_process_goes_on_for_one_that_is_killed(served: Served, tmp_path: Path) -> None:
    """Requests that broke are repeated at the other process with their keys: one row each."""
    pid_file = tmp_path / "gunicorn.pid"
    statuses: dict[str, int] = {}

    def post(url: str, key: str) -> None:
        headers, content = {"Idempotency-Key": key}, {"text": key}
        try:
            response = httpx2.post(f"{url}/notes", json=content, headers=headers, timeout=20)
            statuses[key] = response.status_code
        except httpx2.TransportError:
            statuses[key] = 0

    with _gunicorn(served.environment, "-p", str(pid_file)) as url:
        httpx2.get(f"{url}/notes", timeout=30)
        with ThreadPoolExecutor(4) as threads:
            for number in range(40):
                threads.submit(post, url, f"killed-{number}")
            wait(lambda: len(statuses) >= 8)
            for each in (int(pid_file.read_text("ascii")), *workers_of(pid_file)):
                os.kill(each, signal.SIGKILL)
    broken = [key for key, status in statuses.items() if status == 0]
    assert len(broken) >= 8
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda key: post(served.urls[0], key), statuses))
    assert set(statuses.values()) == {201}
    assert served.count("SELECT count(*) FROM note WHERE text LIKE 'killed-%'") == 40


def test_two_workers_do_everything_once(served: Served) -> None:
    """Forty rows, twenty from each process; nobody is killed, so nothing is done twice."""
    receiver = Receiver()
    command = [
        sys.executable,
        "-m",
        "restkit",
        "worker",
        "--poll",
        "0.1",
        "two_process_program:app",
    ]
    environment = {**os.environ, **served.environment}
    with serve(receiver) as url, httpx2.Client(timeout=20) as client, ExitStack() as pipes:
        with psycopg.connect(served.database) as connection:
            connection.execute("DELETE FROM restkit_outbox")
            connection.execute(
                "INSERT INTO endpoint (url, secrets, events) VALUES (%s, %s, %s)",
                (url, f'["{new_secret()}"]', '["note.made"]'),
            )
        workers = [
            pipes.enter_context(
                Popen(command, env=environment, cwd=ROOT, stdout=PIPE, stderr=DEVNULL, text=True)
            )
            for _ in range(2)
        ]
        try:
            # One worker alone could do everything before the other one heeds SIGTERM.
            said = [each.stdout.readline() if each.stdout else "" for each in workers]
            made = [
                client.post(f"{served.urls[number % 2]}/notes", json={"text": "Event"}).json()["id"]
                for number in range(40)
            ]
            wait(lambda: served.count("SELECT count(*) FROM restkit_outbox") == 0)
        finally:
            for each in workers:
                each.terminate()
            ended = [each.wait(timeout=40) for each in workers]
    assert said == ["The worker of Notes runs, with 8 threads.\n"] * 2
    assert ended == [0, 0]
    assert Counter(map(int, served.marks.read_text("ascii").split())) == Counter(made)
    assert len(receiver.got) == 40
    assert len(set(receiver.ids)) == 40
