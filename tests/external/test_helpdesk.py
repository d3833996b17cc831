"""Drawn requests of Schemathesis against the help desk, as its admin."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.helpdesk import HelpdeskSettings, create_app
from restkit.sqlalchemy import Database
from restkit.testing import Client
from restkit.verification import Plan, verify

pytestmark = pytest.mark.external


def test_drawn_requests_find_no_fault(tmp_path: Path) -> None:
    """Every operation succeeds but the login, whose passwords cannot be drawn."""
    to = HelpdeskSettings(
        database_url=f"sqlite:///{tmp_path / 'desk.db'}",
        mail_url="memory:",
        requests_per_minute=1_000_000,
    )
    app = create_app(to)
    client = Client(app)
    account = {"email": "root@example.org", "name": "Root", "password": "correct horse"}
    assert client.post("/customers", json=account).status == 201
    app.commands()["make-admin"]("root@example.org")
    form = {"username": "root@example.org", "password": "correct horse"}
    issued = client.post("/token", data={**form, "grant_type": "password"}).json
    headers = {"Authorization": f"Bearer {issued['access_token']}"}
    for _ in range(3):
        ticket = client.post(
            "/tickets",
            json={"subject": "Fire", "description": "", "tags": ["printer"]},
            headers=headers,
        )
        below = ticket.headers["Location"]
        client.post(f"{below}/comments", json={"text": "Help!"}, headers=headers)
        file = {"file": ("fire.png", b"\x89PNG\r\n\x1a\n", "image/png")}
        client.post(f"{below}/attachments", files=file, headers=headers)

    tally = verify(app, Plan(examples=5, seed=1, headers=headers))

    app.extension(Database).close()
    assert not tally.found, tally.found
    assert len(tally.operations) == 24
    assert {*tally.unanswered()} <= {"POST /token"}
