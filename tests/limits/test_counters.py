"""The sliding window of two counts: what remains of a quota, and when the next request may come."""

from __future__ import annotations

import pytest

from restkit.limits.counters import usage_of


@pytest.mark.parametrize(
    ("used", "before", "quota", "fraction", "remaining"),
    [
        (1, 0, 5, 0.0, 4),
        (3, 0, 5, 0.25, 2),
        (3, 4, 10, 0.5, 5),
        (3, 4, 10, 0.4, 4),  # 2.4 requests of the window before still count
        (5, 0, 5, 0.5, 0),
        (5, 1, 5, 0.5, 0),
        (5, 4, 5, 0.5, 0),
    ],
)
def test_a_request_that_is_counted(
    used: int, before: int, quota: int, fraction: float, remaining: int
) -> None:
    """The window before counts by the part of it that is less than a window ago."""
    found = usage_of(used, before, quota, 60, fraction, 7, taken=True)
    assert found == (True, remaining, pytest.approx(60 * (1 - fraction)), 7)


@pytest.mark.parametrize(
    ("used", "before", "quota", "fraction", "seconds"),
    [
        (2, 4, 5, 0.25, 15.0),  # at half of this window two of the four still count
        (0, 1, 1, 0.5, 30.0),
        (4, 4, 5, 0.9, 6.0),
        (5, 4, 5, 0.25, 57.0),  # a fifth of the next window
        (5, 0, 5, 0.25, 57.0),
        (1, 0, 1, 0.0, 120.0),
        (1, 9, 1, 0.75, 75.0),
        (2, 0, 5, 0.5, 30.0),
        (0, 0, 5, 0.5, 30.0),
        (9, 0, 5, 0.5, 30.0 + 60 * 5 / 9),
    ],
)
def test_how_long_a_rejected_request_waits(
    used: int, before: int, quota: int, fraction: float, seconds: float
) -> None:
    """Until the weight of the window before, or of this one in the next, leaves room for one."""
    found = usage_of(used, before, quota, 60, fraction, 7, taken=False)
    assert found == (False, 0, pytest.approx(seconds), 7)
