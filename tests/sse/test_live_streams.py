"""Event streams over sockets: gunicorn with threads, a database with one connection, a browser."""

from __future__ import annotations

import http.client
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from browser import browse
from servers import free_port, serve_process

ROOT = Path(__file__).parents[2]
PROGRAM = '''
import os
from collections.abc import Iterator

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Resource, provide, returns
from restkit.sqlalchemy import Database, Limits, session
from restkit.sse import Event, EventStream

LOG = os.environ["LOG"]


def note(text: str) -> None:
    with open(LOG, "a") as log:
        log.write(text + "\\n")


class Base(DeclarativeBase): ...


class Note(Base):
    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class NoteSchema(Schema):
    id = fields.Int(dump_only=True)
    text = fields.Str(required=True)


class Notes(Resource):
    schema = NoteSchema
    session = provide(session)

    def get(self) -> list[Note]:
        """List the notes."""
        return list(self.session.scalars(select(Note)))

    def post(self, body: dict[str, str]) -> Note:
        """Write a note."""
        note = Note(text=body["text"])
        self.session.add(note)
        self.session.flush()
        return note


class NoteStream(EventStream):
    schema = NoteSchema
    session = provide(session)
    retry = 50

    def get(self, last_event_id: int | None) -> Iterator[Event[Note] | None]:
        """Follow the notes."""
        last = last_event_id or 0
        note(f"open after {last}")
        try:
            while self.wait(0.02):
                found = list(self.session.scalars(select(Note).where(Note.id > last)))
                for each in found:
                    last = each.id
                    yield Event(each, id=each.id)
                    if each.text == "cut":
                        return
                if not found:
                    yield None
        finally:
            note("closed")


PAGE = """<!DOCTYPE html><html lang="en"><title>Notes</title>
<link rel="icon" href="data:,"><ol id="notes"></ol>
<script src="/page.js"></script></html>"""
SCRIPT = """
const source = new EventSource("/stream");
source.onmessage = (event) => {
  const item = document.createElement("li");
  item.textContent = event.lastEventId + " " + JSON.parse(event.data).text;
  document.getElementById("notes").append(item);
};
"""

app = App("Notes")
limits = Limits(connections=1, overflow=0, pool=1)
app.install(Database(os.environ["DATABASE"], create=Base.metadata, limits=limits))
app.add("/notes", Notes)
app.add("/stream", NoteStream)


@app.get("/")
@returns(media_types=["text/html"])
def page() -> str:
    """Show the notes."""
    return PAGE


@app.get("/page.js")
@returns(media_types=["text/javascript"])
def script() -> str:
    """Run the page."""
    return SCRIPT
'''
CONFIG = """
def post_worker_init(worker):
    from restkit.sse import stop_streams_with

    stop_streams_with(worker)
"""


@contextmanager
def gunicorn(folder: Path, config: str = CONFIG) -> Iterator[str]:
    (folder / "log").touch()
    (folder / "notes.py").write_text(PROGRAM)
    (folder / "gunicorn.conf.py").write_text(config)
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "--no-control-socket"),
        *("--worker-class", "gthread", "--workers", "1", "--threads", "4"),
        *("--pid", str(folder / "pid"), "-b", f"127.0.0.1:{port}", "notes:app"),
    ]
    environment = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]),
        "DATABASE": f"sqlite:///{folder / 'notes.db'}",
        "LOG": str(folder / "log"),
    }
    with serve_process(command, port=port, cwd=folder, environment=environment) as url:
        yield url


def write(url: str, text: str) -> None:
    content = f'{{"text": "{text}"}}'.encode()
    request = Request(f"{url}/notes", content, {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as response:
        assert response.status == 201


@contextmanager
def follow(url: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", "/stream", headers={"Accept": "text/event-stream", **named})
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def next_data(response: http.client.HTTPResponse) -> str:
    """Return the next line of data; heartbeats come before it."""
    while not (line := response.readline().decode()).startswith("data:"):
        assert line, "the stream ended"
    return line.removeprefix("data: ").strip()


def logged(folder: Path, text: str, times: int) -> None:
    """Wait until the program has logged a line so many times."""
    deadline = time.monotonic() + 20
    while (folder / "log").read_text().splitlines().count(text) < times:
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.02)


@pytest.mark.external
def test_gunicorn_with_threads(tmp_path: Path) -> None:
    """Three streams and one connection to the database: a stream that waits does not hold it."""
    with gunicorn(tmp_path) as url:
        with follow(url) as one, follow(url) as two, follow(url) as three:
            write(url, "first")
            for each in (one, two, three):
                assert next_data(each) == '{"id":1,"text":"first"}'
            write(url, "second")
            for each in (one, two, three):
                assert next_data(each) == '{"id":2,"text":"second"}'
        logged(tmp_path, "closed", 3)  # a heartbeat notices that the clients have gone
        with follow(url, Last_Event_ID="1") as again:
            assert next_data(again) == '{"id":2,"text":"second"}'
            os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
            while again.readline():
                pass  # the end of the chunked content is proper: no IncompleteRead
        logged(tmp_path, "closed", 4)


@pytest.mark.external
def test_a_browser_reconnects_where_it_was(tmp_path: Path) -> None:
    with gunicorn(tmp_path) as url, browse() as browser:
        browser.open(url)
        logged(tmp_path, "open after 0", 1)
        write(url, "one")
        browser.wait_for("#notes li:nth-child(1)")
        write(url, "cut")  # the server ends the stream after this note
        browser.wait_for("#notes li:nth-child(2)")
        logged(tmp_path, "open after 2", 1)  # Last-Event-ID
        write(url, "three")
        browser.wait_for("#notes li:nth-child(3)")
        assert browser.text_of("#notes").splitlines() == ["1 one", "2 cut", "3 three"]
        assert browser.console_errors() == []
        browser.driver.execute_script("source.close()")
        logged(tmp_path, "closed", 2)
