"""Outage: a service that did not respond is asked again after growing pauses, by one request."""

from __future__ import annotations

import pytest

from restkit.outage import Outage


def test_pauses_grow_until_the_service_responds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("restkit.outage.time.monotonic", lambda: now)
    outage = Outage(2, longest=10)
    assert not outage.is_away()
    outage.begin()
    outage.begin()  # of a request at the same time
    for pause in (2, 4, 8, 10, 10):
        now += pause - 0.1
        assert outage.is_away()
        now += 0.1
        assert not outage.is_away(), "one request asks"
        assert outage.is_away(), "the others do not"
        outage.begin()
    outage.end()
    assert not outage.is_away()
    outage.begin()
    now += 2
    assert not outage.is_away(), "the first pause of another outage"


def test_pauses_that_do_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("restkit.outage.time.monotonic", lambda: now)
    outage = Outage(2, longest=2)
    outage.begin()
    for _ in range(5):
        now += 2
        assert not outage.is_away()
        outage.begin()
