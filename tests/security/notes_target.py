"""The notes of the examples as a target: its people, what they have, attacks and their oracle."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import jwt
from databases import KINDS, database_url
from issuer import OTHER_RSA, RSA, pem

from examples.notes.app import NotesSettings, create_app
from restkit.testing import Client, TestResponse

__all__ = [
    "HS256",
    "KEY",
    "PLAN",
    "RS256",
    "SERVICES",
    "Attack",
    "Signer",
    "Target",
    "claims",
    "part",
    "serving",
]

_SECRET = "a secret of the attacked notes, of enough bytes"
KEY = "key-of-the-archive-0123456789"
PLAN = "zanzibar"
"""A word that only ann may read."""


def claims(**members: object) -> dict[str, object]:
    """Return the claims of a valid token, changed by members; ... leaves one out."""
    usual: dict[str, object] = {"iss": "https://id.example", "aud": "notes", "sub": "bob"}
    usual |= {"exp": int(time.time()) + 3600, "scope": "notes:read notes:write"}
    return {name: value for name, value in (usual | members).items() if value is not ...}


def part(value: object) -> str:
    """Return a part of a token: bytes, or what is written as JSON."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Signer:
    """The issuer of a service's tokens.

    Attributes:
        algorithm: Its algorithm.
        key: What it signs with.
        verifier: What the service has of the key: the secret, or the public key in PEM.
        others: What somebody else may sign with, and the algorithm.
    """

    algorithm: str
    key: object
    verifier: str
    others: tuple[tuple[object, str], ...]

    def sign(self, header: object, payload: object) -> str:
        """Return a token of any header and payload, with a right signature."""
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        signed = f"{part(header)}.{part(payload)}"
        key = algorithm.prepare_key(self.key)
        return f"{signed}.{part(algorithm.sign(signed.encode(), key))}"

    def bearer(self, **members: object) -> dict[str, str]:
        """Return the header of a valid token with claims."""
        header = {"alg": self.algorithm, "typ": "JWT"}
        return {"Authorization": "Bearer " + self.sign(header, claims(**members))}


HS256 = Signer(
    "HS256",
    _SECRET,
    _SECRET,
    tuple(
        (each, "HS256")
        for each in ("x" * 32, "a" * 64, _SECRET.upper(), f"{_SECRET} ", "notes" * 8)
    ),
)
RS256 = Signer("RS256", RSA, pem("RS256"), ((OTHER_RSA, "RS256"), ("x" * 32, "HS256")))
SIGNERS = {"sqlite": HS256, "postgresql": RS256}
SERVICES = KINDS
"""The services under attack: SQLite with tokens of a secret, PostgreSQL with those of RSA."""


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

    def __init__(self, url: str, signer: Signer, **settings: object) -> None:
        """Make the App on an empty database, and store the notes."""
        self.signer, self.bearer = signer, signer.bearer
        self.ann, self.bob = self.bearer(sub="ann"), self.bearer(sub="bob")
        self.reader = self.bearer(sub="bob", scope="notes:read")
        self.staff = self.bearer(sub="sue", roles=["staff"])
        usual = {"requests_per_minute": 10**6, "failures_per_minute": 10**6}
        self.settings = NotesSettings(
            database_url=url,
            jwt_key=signer.verifier,
            jwt_algorithm=signer.algorithm,
            archive_key=KEY,
            secret_key="a secret for cursors, which is long enough",
            **(usual | settings),  # type: ignore[arg-type]  # of the test's own
        )
        self.app = create_app(self.settings)
        self.client = Client(self.app)
        secret = {"title": f"Plan {PLAN}", "text": f"{PLAN} at dawn"}
        ann, bob = self.ann, self.bob
        for who, note in (
            (ann, secret),
            (ann, {"title": "For all", "text": "Well met", "shared": True}),
            (bob, {"title": "Mine", "text": "of bob"}),
            (ann, {**secret, "shared": True}),
        ):
            assert self.client.post("/notes", json=note, headers=who).status == 201
        for who, key, text in ((ann, 1, PLAN), (ann, 2, PLAN), (bob, 3, "hm")):
            comment = {"note_id": key, "text": text}
            assert self.client.post("/comments", json=comment, headers=who).status == 201
        assert self.client.delete("/notes/4", headers=ann).status == 204

    def state(self) -> tuple[str, ...]:
        """Return what ann and bob have."""
        paths = ("/notes?sort=title", "/comments")
        return tuple(
            self.client.get(each, headers=who).text
            for who in (self.ann, self.bob)
            for each in paths
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


@contextmanager
def serving(kind: str, folder: Path, **settings: object) -> Iterator[Target]:
    """Make a target on a database of a kind, and remove it afterwards."""
    with database_url(kind, folder) as url:
        target = Target(url, SIGNERS[kind], **settings)
        with target.app:
            yield target
