"""The notes of the examples as a target: its people, what they have, attacks and their oracle."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jwt

from examples.notes.app import NotesSettings, create_app
from restkit.testing import Client, TestResponse

__all__ = ["ANN", "BOB", "KEY", "READER", "SECRET", "STAFF", "Attack", "Target", "bearer", "claims"]

SECRET = "a secret of the attacked notes, of enough bytes"
KEY = "key-of-the-archive-0123456789"
PLAN = "zanzibar"
"""A word that only ann may read."""


def claims(**members: object) -> dict[str, object]:
    """Return the claims of a valid token, changed by members; ... leaves one out."""
    usual: dict[str, object] = {"iss": "https://id.example", "aud": "notes", "sub": "bob"}
    usual |= {"exp": int(time.time()) + 3600, "scope": "notes:read notes:write"}
    return {name: value for name, value in (usual | members).items() if value is not ...}


def bearer(**members: object) -> dict[str, str]:
    """Return the header of a valid token with claims."""
    return {"Authorization": "Bearer " + jwt.encode(claims(**members), SECRET, "HS256")}


ANN, BOB = bearer(sub="ann"), bearer(sub="bob")
READER = bearer(sub="bob", scope="notes:read")
STAFF = bearer(sub="sue", roles=["staff"])


@dataclass(frozen=True)
class Attack:
    """A request, and what may come back.

    Attributes:
        method: Its method.
        path: Its target.
        statuses: Those that may come back.
        headers: Its header fields.
        json: Its content, if it has some.
        content: The same as bytes.
        same_as: A path of which the response must have the same bytes.
        hidden: Texts that the response must not have.
    """

    method: str
    path: str
    statuses: Collection[int]
    headers: Mapping[str, str] | list[tuple[str, str]] = field(default_factory=dict)
    json: object = ...
    content: bytes | None = None
    same_as: str = ""
    hidden: tuple[str, ...] = (PLAN, '"rating"')


class Target:
    """The served notes in this process, with the notes of three people.

    Note 1 is ann's own, 2 is ann's and shared, 3 is bob's own, 4 is ann's and removed. Comment 1 is
    ann's on note 1, comment 2 is ann's on note 2, comment 3 is bob's on note 3.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        """Make the App on an empty database, and store the notes."""
        usual = {"requests_per_minute": 10**6, "failures_per_minute": 10**6}
        self.settings = NotesSettings(
            database_url=f"sqlite:///{folder / 'notes.db'}",
            jwt_key=SECRET,
            archive_key=KEY,
            secret_key="a secret for cursors, which is long enough",
            **(usual | settings),  # type: ignore[arg-type]  # of the test's own
        )
        self.app = create_app(self.settings)
        self.client = Client(self.app)
        secret = {"title": f"Plan {PLAN}", "text": f"{PLAN} at dawn"}
        for who, note in (
            (ANN, secret),
            (ANN, {"title": "For all", "text": "Well met", "shared": True}),
            (BOB, {"title": "Mine", "text": "of bob"}),
            (ANN, {**secret, "shared": True}),
        ):
            assert self.client.post("/notes", json=note, headers=who).status == 201
        for who, key, text in ((ANN, 1, PLAN), (ANN, 2, PLAN), (BOB, 3, "hm")):
            comment = {"note_id": key, "text": text}
            assert self.client.post("/comments", json=comment, headers=who).status == 201
        assert self.client.delete("/notes/4", headers=ANN).status == 204

    def state(self) -> tuple[str, ...]:
        """Return what ann and bob have."""
        paths = ("/notes?sort=title", "/comments")
        return tuple(
            self.client.get(each, headers=who).text for who in (ANN, BOB) for each in paths
        )

    def send(self, attack: Attack) -> TestResponse:
        """Send an attack."""
        options: dict[str, object] = {"headers": attack.headers}
        if attack.json is not ...:
            options["json"] = attack.json
        elif attack.content is not None:
            options["content"] = attack.content
        return self.client.request(attack.method, attack.path, **options)  # type: ignore[arg-type]

    def wrong(self, attacks: Iterable[Attack]) -> list[str]:
        """Send attacks that must change nothing for ann and bob, and return the faults."""
        before = self.state()
        found = []
        for attack in attacks:
            response = self.send(attack)
            found += [f"{attack}: {fault}" for fault in self._faults(attack, response)]
        if self.state() != before:
            found.append("what ann and bob have has changed")
        return found

    def _faults(self, attack: Attack, response: TestResponse) -> Iterator[str]:
        if response.status not in attack.statuses:
            yield f"status {response.status}: {response.text[:200]}"
        sent = f"{response.text}\n{response.headers}"
        for text in attack.hidden:
            if text in sent:
                yield f"tells {text}"
        if response.headers.get("X-Content-Type-Options") != "nosniff":
            yield "no security headers"
        if response.status == 401:
            challenge = response.headers.get("WWW-Authenticate", "")
            if not ("Bearer " in challenge and 'ApiKey in="header"' in challenge):
                yield f"challenge {challenge!r}"
        if attack.same_as and attack.method != "HEAD":
            headers = dict(attack.headers)
            other = self.client.request(attack.method, attack.same_as, headers=headers)
            if (other.status, other.content) != (response.status, response.content):
                yield f"differs from {attack.same_as}: {other.text[:200]}"
