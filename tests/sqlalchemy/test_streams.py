"""A whole collection leaves as JSON Lines without being in memory,
and its connection comes back whatever happens.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from databases import KINDS
from streams import NDJSON, Streamed, filled, serving

ROWS = 100_000
ALLOWED = 5 * 1024  # KiB; held in memory, the rows are over 100 MiB


@pytest.fixture(scope="module", params=KINDS)
def streamed(request: pytest.FixtureRequest) -> Iterator[Streamed]:
    with filled(request.param, ROWS) as url, serving(url) as made:
        yield made


def test_memory_stays_flat(streamed: Streamed) -> None:
    """A worker that streams 100,000 rows needs no more memory than for 10,000 of them."""
    tenth = streamed.read(f"/measures?id__lte={ROWS // 10}", ROWS // 10)
    whole = streamed.read("/measures", ROWS)
    assert whole - tenth < ALLOWED, (tenth, whole)


def test_the_whole_filtered_collection_in_order(streamed: Streamed) -> None:
    """Filters and order hold for a stream as for pages, and the size of pages does not."""
    connection, response = streamed.ask("/measures?place=here&sort=value&limit=2", NDJSON)
    found = [json.loads(line) for line in response]
    connection.close()
    assert len(found) == ROWS // 2
    assert {each["place"] for each in found} == {"here"}
    assert [each["value"] for each in found] == sorted(each["value"] for each in found)


def test_a_client_that_leaves_gives_the_connection_back(streamed: Streamed) -> None:
    """A stream whose reader has gone does not keep the one connection that the pool has:
    the next request gets it.
    """
    for _ in range(3):
        connection, response = streamed.ask("/measures", NDJSON)
        assert response.readline()
        connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()
        connection, response = streamed.ask("/measures?limit=1", "application/json")
        assert response.status == 200
        assert len(json.loads(response.read())["items"]) == 1
        connection.close()
