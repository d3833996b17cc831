"""Conditional responses: validators, 304 and 412, streams, and methods that state nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from restkit import App, DeclarationError, Resource, Response, provide, returns
from restkit.testing import Client

CHANGED = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
DATE = "Tue, 02 Jan 2024 03:04:05 GMT"
LATER, EARLIER = "Wed, 03 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 GMT"


def client_of(closed: list[str] | None = None, **options: Any) -> Client:
    app = App("Conditional")
    noted = [] if closed is None else closed

    def begin() -> Iterator[int]:
        try:
            yield 1
        except BaseException:
            noted.append("rolled back")
            raise
        noted.append("committed")

    @app.route("/note")
    class Note(Resource):
        conditional = True
        unit = provide(begin)

        @returns(None, status=200, headers={"X-More": "More.", "Expires": "When."})
        @returns(None, status=202)
        def get(self) -> Any:
            self.entity_tag = "a"
            self.last_modified = CHANGED
            return {"n": self.unit}, {"X-More": "1", "Expires": LATER}

        def put(self) -> None:
            self.entity_tag = "a"

        def patch(self) -> None:
            """Change it without a look at preconditions."""
            assert self.unit

    @app.route("/plain")
    class Plain(Resource):
        conditional = True

        def get(self) -> dict[str, int]:
            return {"n": 1}

    @app.route("/numbers")
    class Numbers(Resource):
        conditional = True

        def get(self) -> Iterator[int]:
            self.entity_tag = "a"
            try:
                noted.append("begun")
                yield from range(3)
            finally:
                noted.append("ended")

    return Client(app, **options)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"If-None-Match": '"a"'}, 304),
        ({"If-None-Match": 'W/"a"'}, 304),
        ({"If-None-Match": '"b"'}, 200),
        ({"If-None-Match": '"b", "a"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-Match": '"a"'}, 200),
        ({"If-Match": '"b"'}, 412),
        ({"If-Match": 'W/"a"'}, 412),
        ({"If-Modified-Since": DATE}, 304),
        ({"If-Modified-Since": LATER}, 304),
        ({"If-Modified-Since": EARLIER}, 200),
        ({"If-Unmodified-Since": DATE}, 200),
        ({"If-Unmodified-Since": EARLIER}, 412),
        ({"If-None-Match": '"b"', "If-Modified-Since": LATER}, 200),
        ({"If-Match": '"a"', "If-Unmodified-Since": EARLIER}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading(method: str, headers: dict[str, str], status: int) -> None:
    response = client_of().request(method, "/note", headers=headers)
    assert response.status == status
    if status == 412:
        assert ("Send the ETag without W/" in response.text) is (
            method == "GET" and headers.get("If-Match") == 'W/"a"'
        )
        return
    assert response.headers["ETag"] == '"a"'
    assert response.headers["Last-Modified"] == DATE
    assert response.headers["Expires"] == LATER
    assert ("X-More" in response.headers) is (status == 200)
    assert ("Content-Type" in response.headers) is (status == 200)


@pytest.mark.parametrize(("tag", "status"), [('"a"', 304), ('"b"', 200)])
def test_a_stream_that_is_not_sent_is_closed(tag: str, status: int) -> None:
    noted: list[str] = []
    response = client_of(noted).get("/numbers", headers={"If-None-Match": tag})
    assert response.status in (status, 200)
    assert noted.count("begun") == noted.count("ended")


@pytest.mark.parametrize(("tag", "status"), [('"a"', 304), ('"b"', 200)])
def test_an_iterator_of_ones_own_is_closed_too(tag: str, status: int) -> None:
    """One that has not begun has a cursor or a file all the same."""
    closed: list[str] = []

    class Rows:
        left = 2

        def __iter__(self) -> Rows:
            return self

        def __next__(self) -> int:
            if not self.left:
                raise StopIteration
            self.left -= 1
            return self.left

        def close(self) -> None:
            closed.append("closed")

    app = App("Conditional")

    @app.route("/rows")
    class All(Resource):
        conditional = True

        def get(self) -> Iterator[int]:
            self.entity_tag = "a"
            return Rows()

    response = Client(app).get("/rows", headers={"If-None-Match": tag})
    assert response.status == status
    assert closed == ["closed"]


def test_without_validators_a_response_is_whole() -> None:
    client = client_of()
    for headers, status in (({"If-None-Match": '"a"'}, 200), ({"If-Match": '"a"'}, 412)):
        response = client.get("/plain", headers=headers)
        assert response.status == status
        assert "ETag" not in response.headers
    assert client.head("/plain", headers={"If-None-Match": '"a"'}).status == 200


def test_a_change_without_a_look_at_the_precondition_is_a_mistake() -> None:
    """In a service it is a 412, and the unit of work is rolled back."""
    with pytest.raises(DeclarationError, match="patch is conditional, but did not set"):
        client_of().patch("/note", headers={"If-Match": '"a"'})
    noted: list[str] = []
    client = client_of(noted, contract=False)
    for headers in ({"If-Match": '"a"'}, {"If-None-Match": '"a"'}, {"If-None-Match": "*"}):
        response = client.patch("/note", headers=headers)
        assert response.status == 412
        assert "The server could not evaluate the request's precondition." in response.text
    assert noted == ["rolled back"] * 3
    assert client.patch("/note").status == 204
    assert client.patch("/note", headers={"If-Modified-Since": DATE}).status == 204
    assert noted[3:] == ["committed"] * 2


def test_a_response_of_ones_own_keeps_its_validators() -> None:
    app = App("Own")

    @app.route("/own")
    class Own(Resource):
        conditional = True

        def get(self) -> Response:
            self.entity_tag = "a"
            return Response("text", headers={"ETag": '"own"'}, mimetype="text/plain")

    client = Client(app, contract=False)
    assert client.get("/own").headers.getlist("ETag") == ['"own"']
