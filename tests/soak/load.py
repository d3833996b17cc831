"""Clients of the notes: what they send by chance, and the statuses that may come back."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlsplit

import jwt

__all__ = ["BAD", "KEY", "SECRET", "Sent", "Visitor"]

SECRET = "a secret of the soak, which is long enough for HS256"
KEY = "key-of-the-archive-of-the-soak"
PEOPLE = ("ann", "bob", "cy", "dora")
BAD = 0.02
CLAIMS = {"iss": "https://id.example", "aud": "notes"}
JSON_TYPE = {"Content-Type": "application/json"}
_DRAINED = 64 * 1024


@dataclass(frozen=True)
class Sent:
    """A request.

    Attributes:
        name: What it is, for the report.
        method: Its method.
        path: Its target.
        statuses: Those that may come back.
        headers: Its header fields.
        body: Its content.
    """

    name: str
    method: str
    path: str
    statuses: Collection[int]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class Visitor:
    """A client with a connection of its own, who sends one request after the other."""

    def __init__(self, url: str, random: Random) -> None:
        """Connect with the first request."""
        self._place = urlsplit(url).netloc
        self._random = random
        self._connection = http.client.HTTPConnection(self._place, timeout=30)
        self._mine: list[int] = []
        self.last: Sent | None = None
        self.name = random.choice(PEOPLE)
        self._token = ""
        self._expires = 0.0

    def send(self) -> tuple[Sent, int]:
        """Send a request by chance, and return it with the status of the response."""
        self.last = self._bad() if self._random.random() < BAD else self._good()
        return self.last, self._exchange(self.last)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _exchange(self, sent: Sent) -> int:
        try:
            self._connection.request(sent.method, sent.path, sent.body, dict(sent.headers))
            response = self._connection.getresponse()
            content = response.read()
        except (http.client.HTTPException, OSError):
            self._connection.close()
            raise
        if response.status == 503 and len(sent.body or b"") > _DRAINED:
            # It was refused before its content was read. gunicorn reads no more than this of the
            # rest, and ends the connection, though the response does not say so.
            self._connection.close()
        if sent.name == "create" and response.status == 201:
            self._mine.append(json.loads(content)["id"])
        return response.status

    def _person(self) -> dict[str, str]:
        now = time.time()
        if now > self._expires - 5:
            self._expires = now + 60
            claims = CLAIMS | {"sub": self.name, "exp": int(self._expires)}
            claims["scope"] = "notes:read notes:write"
            claims["roles"] = ["staff"] * (self.name == "ann")
            self._token = jwt.encode(claims, SECRET, "HS256")
        return {"Authorization": f"Bearer {self._token}"}

    def _good(self) -> Sent:
        me, number = self._person(), self._random.randrange(10**9)
        note = {"title": f"Note {number}", "text": "x" * (number % 500), "shared": number % 3 == 0}
        chosen = self._random.randrange(20)
        if chosen < 4 or (chosen < 9 and not self._mine):
            once = me | JSON_TYPE | {"Idempotency-Key": f"{self.name}-{number}"}
            return Sent("create", "POST", "/notes", {201}, once, json.dumps(note).encode())
        if chosen < 9:
            return self._own(me, chosen, note)
        if chosen == 9:
            archive = {"X-API-Key": KEY}
            return Sent("archive", "GET", "/notes?sort=-title&fields=id,title", {200}, archive)
        queries = (
            "",
            "?limit=50&expand=comments",
            "?title__contains=12",
            "?shared=true",
            "/totals",
        )
        path = "/notes" + self._random.choice(queries)
        kinds = {"Accept": self._random.choice(["application/json", "*/*"])}
        if chosen == 10:
            path, kinds = "/notes?limit=20", {"Accept": "text/csv"}
        return Sent("list", "GET", path, {200, 304}, me | kinds)

    def _own(self, me: Mapping[str, str], chosen: int, note: Mapping[str, object]) -> Sent:
        """Return a request about a note of this visitor."""
        key = self._random.choice(self._mine)
        path = f"/notes/{key}"
        if chosen == 4 or len(self._mine) > 30:
            self._mine.remove(key)
            return Sent("delete", "DELETE", path, {204}, me)
        if chosen == 5:
            body = json.dumps({"title": note["title"]}).encode()
            return Sent("change", "PATCH", path, {200}, {**me, **JSON_TYPE}, body)
        if chosen == 6:
            body = json.dumps({"text": "Well.", "note_id": key}).encode()
            return Sent("comment", "POST", "/comments", {201}, {**me, **JSON_TYPE}, body)
        return Sent("read", "GET", path, {200}, me)

    def _bad(self) -> Sent:
        """Return a request that no client should send."""
        me = self._person()
        forged = jwt.encode(CLAIMS | {"sub": "ann", "exp": 2**33}, None, "none")
        return self._random.choice(
            [
                Sent("bad", "GET", "/notes", {401}),
                Sent("bad", "GET", "/notes", {401}, {"Authorization": f"Bearer {forged}"}),
                Sent("bad", "GET", "/notes", {401}, {"X-API-Key": "wrong-" * 5}),
                Sent("bad", "GET", "/notes/999999999", {404}, me),
                Sent("bad", "GET", "/notes?sort=rating&nonsense=1", {422}, me),
                Sent("bad", "GET", "/notes?limit=" + "9" * 5000, {414}, me),
                Sent("bad", "GET", "/notes", {400}, me | {"Host": "evil.example"}),
                Sent("bad", "TRACE", "/notes", {405}, me),
                Sent("bad", "POST", "/notes", {400}, me | JSON_TYPE, b'{"title": '),
                Sent("bad", "POST", "/notes", {415}, me | {"Content-Type": "text/xml"}, b"<a/>"),
                Sent("bad", "POST", "/notes", {413}, me | JSON_TYPE, b" " * 2_200_000),
                Sent("bad", "POST", "/notes", {422}, me | JSON_TYPE, b'{"owner": "eve"}'),
            ]
        )
