"""Tests of concurrent writers: of those that read the same version, one succeeds."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ...app import App
from ..client import Client
from ..response import TestResponse
from .base import Conformance

__all__ = ["ConcurrencyConformance"]

_AT_MOST = 60


class ConcurrencyConformance(Conformance):
    """The tests of concurrent writers."""

    def at_once(
        self, app: App, request: Callable[[Client, int], TestResponse]
    ) -> list[TestResponse]:
        """Send a request from each writer at the same time; return the responses by writer."""
        gate = threading.Barrier(self.writers)

        def write(number: int) -> TestResponse:
            client = Client(app)
            gate.wait(_AT_MOST)
            return request(client, number)

        with ThreadPoolExecutor(self.writers) as pool:
            return list(pool.map(write, range(self.writers)))

    def test_of_writers_with_the_same_tag_one_wins(self, app: App) -> None:
        """Of several patches with the same entity tag, one changes the item; the others get 412."""
        client = self.client(app)
        for _ in range(self.rounds):
            url = self.note_url(client, title="Emma")
            headers = {"If-Match": client.get(url).headers["ETag"]}

            def patch(
                own: Client, number: int, url: str = url, headers: dict[str, str] = headers
            ) -> TestResponse:
                return own.patch(url, json={"number": number}, headers=headers)

            responses = self.at_once(app, patch)
            assert Counter(each.status for each in responses) == {200: 1, 412: self.writers - 1}
            winner = next(number for number, each in enumerate(responses) if each.status == 200)
            after = client.get(url)
            assert after.json["number"] == winner
            assert after.headers["ETag"] == responses[winner].headers["ETag"]

    def test_of_writers_and_removers_one_wins(self, app: App) -> None:
        """Of several writes with the same entity tag, one succeeds; the others get 412 or 404."""
        client = self.client(app)
        for _ in range(self.rounds):
            url = self.note_url(client, title="Emma")
            headers = {"If-Match": client.get(url).headers["ETag"]}

            def write(
                own: Client, number: int, url: str = url, headers: dict[str, str] = headers
            ) -> TestResponse:
                if number % 2:
                    return own.delete(url, headers=headers)
                return own.put(url, json={"title": "x", "number": number}, headers=headers)

            statuses = [each.status for each in self.at_once(app, write)]
            assert len([status for status in statuses if status in (200, 204)]) == 1, statuses
            assert set(statuses) <= {200, 204, 404, 412}, statuses

    def test_without_a_tag_no_write_is_lost(self, app: App) -> None:
        """Concurrent patches of different members all succeed, and the item keeps every change."""
        client = self.client(app)
        for _ in range(self.rounds):
            url = self.note_url(client, title="Emma")

            def patch(own: Client, number: int, url: str = url) -> TestResponse:
                bodies = [{"title": "Persuasion"}, {"number": 7}, {"code": None}]
                return own.patch(url, json=bodies[number % 3])

            responses = self.at_once(app, patch)
            assert {each.status for each in responses} == {200}
            after = client.get(url).json
            assert after["title"] == "Persuasion"
            assert after["number"] == 7

    def test_of_makers_of_the_same_one_wins(self, app: App) -> None:
        """Of several that create an item with one unique value, or one key, one succeeds."""
        client = self.client(app)
        for turn in range(self.rounds):
            note = {"title": "Emma", "code": f"c{turn}"}

            def post(own: Client, number: int, note: dict[str, str] = note) -> TestResponse:
                return own.post("/notes", json=note)

            responses = self.at_once(app, post)
            assert Counter(each.status for each in responses) == {201: 1, 409: self.writers - 1}
            url = f"/topics/t{turn}"

            def put(own: Client, number: int, url: str = url, turn: int = turn) -> TestResponse:
                body = {"slug": f"t{turn}", "name": f"{turn}/{number}"}
                return own.put(url, json=body, headers={"If-None-Match": "*"})

            responses = self.at_once(app, put)
            assert Counter(each.status for each in responses) == {201: 1, 412: self.writers - 1}
            winner = next(number for number, each in enumerate(responses) if each.status == 201)
            assert client.get(url).json["name"] == f"{turn}/{winner}"
