"""Drawn requests of Schemathesis against the RealWorld example, with and without a token."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.realworld import ConduitSettings, create_app
from restkit.testing import Client
from restkit.verification import Plan, verify

pytestmark = pytest.mark.external


def test_drawn_requests_find_no_fault(tmp_path: Path) -> None:
    app = create_app(ConduitSettings(database_url=f"sqlite:///{tmp_path / 'conduit.db'}"))
    user = {"username": "ada", "email": "ada@example.org", "password": "correct horse"}
    token = Client(app).post("/api/users", json={"user": user}).json["user"]["token"]

    tally = verify(app, Plan(examples=5, seed=1, headers={"Authorization": f"Token {token}"}))

    assert not tally.found, tally.found
    assert len(tally.operations) == 19
    assert not tally.unanswered()
    assert tally.checks["ignored_auth"] > 0
