"""What many writers at once are over every store: of those that saw the same, one wins."""

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
    """Is the tests of writers at once."""

    def at_once(
        self, app: App, request: Callable[[Client, int], TestResponse]
    ) -> list[TestResponse]:
        """Send a request from each writer, all at one moment, and return the answers in the writers' order."""
        gate = threading.Barrier(self.writers)

        def write(number: int) -> TestResponse:
            client = Client(app)
            gate.wait(_AT_MOST)
            return request(client, number)

        with ThreadPoolExecutor(self.writers) as pool:
            return list(pool.map(write, range(self.writers)))

    def test_of_writers_with_the_same_tag_one_wins(self, app: App) -> None:
        """Of several that patch an item with the entity tag that they have seen, one changes it; the others get 412."""
        client = self.client(app)
        for _ in range(self.rounds):
            url = self.note_url(client, title="Emma")
            headers = {"If-Match": client.get(url).headers["ETag"]}

            def patch(
                own: Client, number: int, url: str = url, headers: dict[str, str] = headers
            ) -> TestResponse:
                return own.patch(url, json={"number": number}, headers=headers)

            answers = self.at_once(app, patch)
            assert Counter(each.status for each in answers) == {200: 1, 412: self.writers - 1}
            winner = next(number for number, each in enumerate(answers) if each.status == 200)
            after = client.get(url)
            assert (after.json["number"], after.headers["ETag"]) == (
                winner,
                answers[winner].headers["ETag"],
            )

    def test_of_writers_and_removers_one_wins(self, app: App) -> None:
        """Of several that replace or remove an item with the same entity tag, one does; the others get 412 or 404."""
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
        """Those that patch different members of one item all succeed, and all of it stands."""
        client = self.client(app)
        for _ in range(self.rounds):
            url = self.note_url(client, title="Emma")

            def patch(own: Client, number: int, url: str = url) -> TestResponse:
                bodies = [{"title": "Persuasion"}, {"number": 7}, {"code": None}]
                return own.patch(url, json=bodies[number % 3])

            answers = self.at_once(app, patch)
            assert {each.status for each in answers} == {200}
            after = client.get(url).json
            assert (after["title"], after["number"]) == ("Persuasion", 7)

    def test_of_makers_of_the_same_one_wins(self, app: App) -> None:
        """Of several that make an item with the same unique value, or under the same key, one does."""
        client = self.client(app)
        for turn in range(self.rounds):
            note = {"title": "Emma", "code": f"c{turn}"}

            def post(own: Client, number: int, note: dict[str, str] = note) -> TestResponse:
                return own.post("/notes", json=note)

            answers = self.at_once(app, post)
            assert Counter(each.status for each in answers) == {201: 1, 409: self.writers - 1}
            url = f"/topics/t{turn}"

            def put(own: Client, number: int, url: str = url, turn: int = turn) -> TestResponse:
                body = {"slug": f"t{turn}", "name": f"{turn}/{number}"}
                return own.put(url, json=body, headers={"If-None-Match": "*"})

            answers = self.at_once(app, put)
            assert Counter(each.status for each in answers) == {201: 1, 412: self.writers - 1}
            winner = next(number for number, each in enumerate(answers) if each.status == 201)
            assert client.get(url).json["name"] == f"{turn}/{winner}"
