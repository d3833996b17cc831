"""Caller: who calls, of the claims of a token and of a key."""

from __future__ import annotations

import pytest

from restkit import App, Request, Resource
from restkit.limits import Rate, principal
from restkit.security import APIKey, Caller, Claims, role, scope
from restkit.testing import Client

KEY = "key-of-the-archive"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"sub": "ann"}, Caller("ann")),
        ({"sub": "ann", "scope": "read write"}, Caller("ann", frozenset({"read", "write"}))),
        ({"sub": "ann", "roles": ["staff"]}, Caller("ann", roles=frozenset({"staff"}))),
        ({"sub": "ann", "roles": [["staff"], 5]}, Caller("ann")),
        ({"sub": "ann", "roles": "staff"}, None),
        ({"sub": "ann", "roles": None}, None),
        ({"sub": ""}, None),
        ({"sub": 5}, None),
        ({}, None),
    ],
)
def test_the_caller_of_claims(claims: dict[str, object], expected: Caller | None) -> None:
    assert Caller.of(Claims(claims)) == expected


def test_guards_know_a_caller() -> None:
    """Permissions read its scopes and roles; limits count it by its id."""
    archive = Caller("archive", frozenset({"read"}), frozenset({"robot"}))
    limits = [Rate(5, per="hour", key=principal)]
    app = App("Notes", security=APIKey(keys={KEY: archive}), limits=limits)

    @app.route("/me", permission=scope("read") & role("robot"))
    class Me(Resource):
        request: Request[Caller]

        def get(self) -> dict[str, str]:
            return {"id": self.request.caller.id}

    app.get("/staff", permission=role("staff"))(lambda: {})
    client = Client(app)
    response = client.get("/me", headers={"X-API-Key": KEY})
    assert response.json == {"id": "archive"}
    assert "r=4" in response.headers["RateLimit"]
    assert client.get("/staff", headers={"X-API-Key": KEY}).status == 403
