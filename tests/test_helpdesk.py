"""The help desk in examples/helpdesk, through its public API and over each database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from databases import KINDS, database_url

from examples.helpdesk import HelpdeskSettings, accounts, create_app, models
from restkit import App
from restkit.events import Worker
from restkit.mail import Mail
from restkit.security import Passwords
from restkit.sqlalchemy import Database
from restkit.testing import Client

ROOT = Path(__file__).parents[1]
HELPDESK = ROOT / "examples" / "helpdesk"
PNG = b"\x89PNG\r\n\x1a\n"
SECRET = "correct horse battery"


@pytest.fixture(autouse=True)
def _fast_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for module in (models, accounts):
        monkeypatch.setattr(module, "PASSWORDS", passwords)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[str]:
    with database_url(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def app(url: str) -> Generator[App]:
    """Make the help desk over an empty database, with recorded mails."""
    app = create_app(HelpdeskSettings(database_url=url, mail_url="memory:", docs_url=None))
    yield app
    app.extension(Database).close()


class Person:
    """A client of one user."""

    def __init__(self, app: App, name: str, *, is_new: bool = True) -> None:
        self.client = Client(app)
        account = {"email": f"{name}@example.org", "name": name, "password": SECRET}
        if is_new:
            created = self.client.post("/customers", json=account)
            assert created.status == 201, created.text
            self.id = created.json["id"]
        login = {"grant_type": "password", "username": account["email"], "password": SECRET}
        token = self.client.post("/token", data=login).json["access_token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, json: Any = None, *, status: int = 200) -> Any:
        """Send a request, and return the JSON of the response."""
        options = {} if json is None else {"json": json}
        response = self.client.request(method, path, **options)
        assert response.status == status, response.text
        return response.json if response.content else None

    def open_ticket(self, subject: str = "The printer is on fire") -> str:
        """Open a ticket, and return its URL."""
        ticket = {"subject": subject, "description": "It began this morning."}
        return f"/tickets/{self.ask('POST', '/tickets', ticket, status=201)['id']}"

    def move(self, ticket: str, *statuses: str) -> None:
        """Let a ticket go through statuses."""
        for each in statuses:
            assert self.ask("PATCH", ticket, {"status": each})["status"] == each


@pytest.fixture
def ann(app: App) -> Person:
    return Person(app, "ann")


@pytest.fixture
def bob(app: App) -> Person:
    return Person(app, "bob")


@pytest.fixture
def admin(app: App) -> Person:
    made = Person(app, "root")
    app.commands()["make-admin"]("root@example.org")
    return made


@pytest.fixture
def agent(app: App, admin: Person) -> Person:
    account = {"email": "eve@example.org", "name": "Eve", "password": SECRET}
    made = admin.ask("POST", "/agents", account, status=201)
    person = Person(app, "eve", is_new=False)
    person.id = made["id"]
    return person


def test_a_customer_sees_own_tickets_alone(ann: Person, bob: Person, agent: Person) -> None:
    first, second = ann.open_ticket("One"), bob.open_ticket("Two")

    assert [each["subject"] for each in ann.ask("GET", "/tickets")["items"]] == ["One"]
    assert len(agent.ask("GET", "/tickets")["items"]) == 2
    bob.ask("GET", first, status=404)
    bob.ask("GET", f"{first}/comments", status=404)
    bob.ask("POST", f"{first}/comments", {"text": "Mine?"}, status=404)
    assert ann.ask("GET", first)["customer_id"] == ann.id
    assert agent.ask("GET", second)["customer_id"] == bob.id


def test_nobody_is_let_in_without_a_token(app: App) -> None:
    client = Client(app)

    for path in ("/tickets", "/tickets/1/comments", "/tickets/1/attachments", "/agents", "/tags"):
        assert client.get(path).status == 401
    assert client.get("/status").status == 200


def test_a_ticket_goes_through_the_workflow(ann: Person, agent: Person) -> None:
    ticket = ann.open_ticket()
    assert ann.ask("GET", ticket)["status"] == "new"

    agent.move(ticket, "open", "pending", "open", "solved", "open", "pending", "solved", "closed")

    refused = agent.ask("PATCH", ticket, {"status": "open"}, status=409)
    assert refused["errors"][0]["code"] == "transition"


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ((), ("pending", "solved", "closed")),
        (("open",), ("new", "closed")),
        (("open", "pending"), ("new", "closed")),
        (("open", "solved"), ("new", "pending")),
    ],
)
def test_other_transitions_are_conflicts(
    ann: Person, agent: Person, path: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    ticket = ann.open_ticket()
    agent.move(ticket, *path)

    for status in refused:
        agent.ask("PATCH", ticket, {"status": status}, status=409)


def test_customers_change_no_ticket(ann: Person, agent: Person) -> None:
    ticket = ann.open_ticket()

    ann.ask("PATCH", ticket, {"status": "open"}, status=403)
    closed = {"subject": "x", "description": "y", "status": "closed"}
    ann.ask("POST", "/tickets", closed, status=409)
    assigned = {"subject": "x", "description": "y", "agent_id": agent.id}
    ann.ask("POST", "/tickets", assigned, status=422)


def test_of_two_transitions_at_once_one_is_done(ann: Person, agent: Person) -> None:
    """A solved ticket is closed or opened again: whoever comes second meets the other status."""
    for number in range(5):
        ticket = ann.open_ticket(f"Ticket {number}")
        agent.move(ticket, "open", "solved")
        begin = Barrier(2)

        def change(status: str, ticket: str = ticket, begin: Barrier = begin) -> int:
            begin.wait(timeout=30)
            return agent.client.patch(ticket, json={"status": status}).status

        with ThreadPoolExecutor(2) as threads:
            statuses = sorted(threads.map(change, ("closed", "open")))

        assert statuses == [200, 409]
        assert agent.ask("GET", ticket)["status"] in ("closed", "open")


def test_a_stale_change_is_refused(ann: Person, agent: Person) -> None:
    ticket = ann.open_ticket()
    stale = {"If-Match": agent.client.get(ticket).headers["ETag"]}
    agent.move(ticket, "open")

    assert agent.client.patch(ticket, json={"status": "solved"}, headers=stale).status == 412


def test_internal_comments_are_for_agents(ann: Person, agent: Person) -> None:
    comments = f"{ann.open_ticket()}/comments"
    ann.ask("POST", comments, {"text": "Help!"}, status=201)
    note = {"text": "Not our printer.", "internal": True}
    hidden = agent.ask("POST", comments, note, status=201)

    assert [each["text"] for each in ann.ask("GET", comments)["items"]] == ["Help!"]
    ann.ask("GET", f"{comments}/{hidden['id']}", status=404)
    assert len(agent.ask("GET", comments)["items"]) == 2
    ann.ask("POST", comments, note, status=403)
    agent.ask("POST", comments, {"text": ""}, status=422)
    forged = {"text": "I am Eve.", "author_id": agent.id}
    ann.ask("POST", comments, forged, status=422)


def test_a_customer_gets_a_mail_for_a_public_comment(app: App, ann: Person, agent: Person) -> None:
    """Neither an internal comment, nor one's own, nor a rejected one is a mail."""
    comments = f"{ann.open_ticket()}/comments"
    ann.ask("POST", comments, {"text": "Help!"}, status=201)
    agent.ask("POST", comments, {"text": "A note.", "internal": True}, status=201)
    agent.ask("POST", comments, {"text": ""}, status=422)
    agent.ask("POST", comments, {"text": "Use water."}, status=201)

    assert Worker(app).run_due() == 1

    (mail,) = app.extension(Mail).sent
    assert mail["To"] == "ann@example.org"
    assert mail["Subject"] == "Your ticket: The printer is on fire"
    assert mail.get_content() == "Use water.\n"


def test_files_are_uploaded_and_downloaded(ann: Person, bob: Person, agent: Person) -> None:
    attachments = f"{ann.open_ticket()}/attachments"
    sent = ann.client.post(attachments, files={"file": ("fire.png", PNG, "image/png")})
    assert sent.status == 201
    assert sent.json["name"] == "fire.png"

    content = agent.client.get(f"{sent.headers['Location']}/content")

    assert content.content == PNG
    assert content.headers["Content-Type"] == "image/png"
    assert content.headers["Content-Disposition"] == 'attachment; filename="fire.png"'
    assert bob.client.get(f"{sent.headers['Location']}/content").status == 404
    assert [each["author_id"] for each in ann.ask("GET", attachments)["items"]] == [ann.id]


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (("fire.gif", b"GIF89a", "image/gif"), "media_type"),
        (("fire.png", b"<script>", "image/png"), "content"),
        (("fire.png", PNG + bytes(2_000_000), "image/png"), "too_large"),
        (("fire\0.png", PNG, "image/png"), "filename"),
        (("f" * 252 + ".png", PNG, "image/png"), "filename"),
    ],
    ids=["media type", "content", "size", "nul", "long name"],
)
def test_other_files_are_rejected(ann: Person, file: tuple[str, bytes, str], code: str) -> None:
    refused = ann.client.post(f"{ann.open_ticket()}/attachments", files={"file": file})

    assert refused.status == 422
    assert refused.problem["errors"][0]["code"] == code


def test_agents_set_tags(ann: Person, agent: Person) -> None:
    ticket, other = ann.open_ticket("One"), ann.open_ticket("Two")
    agent.ask("PATCH", ticket, {"tags": ["printer", "urgent"]})
    agent.ask("PATCH", other, {"tags": ["urgent"]})

    assert ann.ask("GET", ticket)["tags"] == ["printer", "urgent"]
    found = agent.ask("GET", "/tickets?tags__name=printer")["items"]
    assert [each["subject"] for each in found] == ["One"]
    tags = agent.ask("GET", "/tags?sort=name")["items"]
    assert [each["name"] for each in tags] == ["printer", "urgent"]


def test_tickets_are_assigned_to_agents_alone(ann: Person, agent: Person) -> None:
    ticket = ann.open_ticket()

    assert agent.ask("PATCH", ticket, {"agent_id": agent.id})["agent_id"] == agent.id
    agent.ask("PATCH", ticket, {"agent_id": ann.id}, status=409)
    agent.ask("PATCH", ticket, {"agent_id": 4711}, status=409)
    assert agent.ask("PATCH", ticket, {"agent_id": None})["agent_id"] is None


def test_admins_open_and_solve_tickets_too(admin: Person) -> None:
    ticket = admin.open_ticket()
    admin.ask("POST", f"{ticket}/comments", {"text": "Mine."}, status=201)
    file = {"file": ("fire.png", PNG, "image/png")}
    assert admin.client.post(f"{ticket}/attachments", files=file).status == 201

    admin.move(ticket, "open", "solved")

    assert admin.ask("GET", ticket)["customer_id"] == admin.id


def test_admins_manage_agents(app: App, ann: Person, admin: Person, agent: Person) -> None:
    for person in (ann, agent):
        person.ask("GET", "/agents", status=403)
    (found,) = admin.ask("GET", "/agents")["items"]
    assert found == {"id": agent.id, "email": "eve@example.org", "name": "Eve"}
    eve = f"/agents/{agent.id}"

    admin.ask("PATCH", eve, {"password": "another horse"})

    login = {"grant_type": "password", "username": "eve@example.org", "password": SECRET}
    assert Client(app).post("/token", data=login).status == 400
    login["password"] = "another horse"
    assert Client(app).post("/token", data=login).status == 200
    admin.ask("GET", f"/agents/{ann.id}", status=404)
    admin.ask("DELETE", eve, status=204)
    agent.ask("GET", "/tickets", status=401)
    assert Client(app).post("/token", data=login).status == 400


def test_an_address_has_one_account(app: App, ann: Person) -> None:
    account = {"email": "ann@example.org", "name": "Ann", "password": SECRET}

    refused = Client(app).post("/customers", json=account)

    assert refused.status == 409
    assert refused.problem["errors"][0]["pointer"] == "/email"


def test_logins_are_limited(app: App, ann: Person) -> None:
    login = {"grant_type": "password", "username": "ann@example.org", "password": "a guess"}
    client = Client(app)

    statuses = [client.post("/token", data=login).status for _ in range(11)]

    assert statuses == [400] * 10 + [429]


def test_the_dashboard_counts_and_averages(ann: Person, agent: Person) -> None:
    first, second, _ = (ann.open_ticket(each) for each in ("One", "Two", "Three"))
    agent.ask("PATCH", first, {"agent_id": agent.id})
    agent.move(first, "open", "solved")
    agent.move(second, "open")

    totals = agent.ask("GET", "/tickets/totals?group=status&aggregates=count")["items"]
    counts = {each["group"]["status"]: each["count"] for each in totals}
    assert counts == {"new": 1, "open": 1, "solved": 1}
    totals = agent.ask("GET", "/tickets/totals?group=agent_id&aggregates=count")["items"]
    assert {each["group"]["agent_id"]: each["count"] for each in totals} == {agent.id: 1, None: 2}
    (solved,) = agent.ask("GET", "/tickets/totals?status__in=solved")["items"]
    assert solved["solved_after__avg"] == agent.ask("GET", first)["solved_after"]
    ann.ask("GET", "/tickets/totals", status=403)


def test_tickets_are_exported_as_csv(ann: Person, bob: Person) -> None:
    ann.open_ticket("=cmd()")
    bob.open_ticket("Two")

    rows = ann.client.get("/tickets", headers={"Accept": "text/csv"}).text.splitlines()

    assert len(rows) == 2
    assert rows[0].startswith("id,subject,")
    assert rows[1].startswith("1,'=cmd(),")


def test_the_status_page_is_open(app: App, ann: Person) -> None:
    stranger = Client(app)
    assert "none" in stranger.get("/status").text
    ann.open_ticket()

    page = stranger.get("/status")

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<dt>new</dt>" in page.text
    assert "printer" not in page.text


def test_pages_of_the_settings_may_use_the_api(url: str) -> None:
    to = HelpdeskSettings(database_url=url, origins=("https://desk.example",))
    app = create_app(to)
    ask = {"Access-Control-Request-Method": "GET"}

    for origin, allowed in (("https://desk.example", True), ("https://evil.example", False)):
        response = Client(app).options("/tickets", headers={"Origin": origin, **ask})
        assert ("Access-Control-Allow-Origin" in response.headers) is allowed


def test_migrations_make_the_tables(url: str) -> None:
    """The service runs on what Alembic has made, Alembic finds no difference, and takes it back."""

    def alembic(*words: str) -> str:
        command = [sys.executable, "-m", "alembic", "-c", str(HELPDESK / "alembic.ini"), *words]
        environment = {**os.environ, "HELPDESK_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    alembic("upgrade", "head")
    assert "No new upgrade operations detected" in alembic("check")
    app = create_app(HelpdeskSettings(database_url=url, create_tables=False, mail_url="memory:"))
    Person(app, "ann").open_ticket()
    app.extension(Database).close()

    alembic("downgrade", "base")

    database = Database(url)
    assert set(sa.inspect(database.engine).get_table_names()) == {"alembic_version"}
    database.close()


def test_the_settings_are_variables() -> None:
    environ = {
        "DATABASE_URL": "sqlite://",
        "HELPDESK_ORIGINS": "https://a.example, https://b.example",
        "HELPDESK_MAIL_URL": "smtp://desk:s3cret@mail.example",
    }

    settings = HelpdeskSettings.load(environ=environ, dotenv=False)

    assert settings.origins == ("https://a.example", "https://b.example")
    assert "s3cret" not in repr(settings)


def test_the_application_has_at_most_350_lines() -> None:
    """Lines that are not blank, of the program without its migrations."""
    lines = [
        line
        for path in HELPDESK.glob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if line.strip()
    ]

    assert len(lines) <= 350
