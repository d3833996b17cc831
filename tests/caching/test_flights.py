"""Of the requests for one response, one makes it."""

from __future__ import annotations

from restkit.caching.flights import Flights


def test_one_request_makes_a_response_and_the_others_wait() -> None:
    """Until the first one ends, whatever it has made; other keys do not wait."""
    flights = Flights()
    assert flights.lead(("a",)) is None
    waiting = flights.lead(("a",))
    assert waiting is not None
    assert flights.lead(("a",)) is waiting
    assert flights.lead(("b",)) is None
    assert not waiting.is_set()
    flights.leave(("b",))
    assert not waiting.is_set()
    flights.leave(("a",))
    assert waiting.is_set()
    assert flights.lead(("a",)) is None
    other = flights.lead(("a",))
    assert other is not None
    assert other is not waiting
    assert not other.is_set()


def test_a_request_may_end_twice() -> None:
    flights = Flights()
    flights.leave(("a",))
    assert flights.lead(("a",)) is None
