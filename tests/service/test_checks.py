"""Checks of readiness: side by side, in time, shared by callers, never piled up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from restkit.service.checks import Checks


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Yield an event on which checks hang until the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def fails() -> None:
    raise ValueError("the password is 1234")


def exits() -> None:
    raise SystemExit


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        (lambda: None, True),
        (lambda: True, True),
        (lambda: False, False),
        (lambda: 0, False),
        (lambda: "ok", False),
        (fails, False),
        (exits, False),
    ],
)
def test_only_none_and_true_hold(check: object, holds: bool) -> None:
    """Whatever else a check returns or raises, it has failed."""
    assert Checks({"it": check}).results() == {"it": holds}  # type: ignore[dict-item]


def test_checks_run_side_by_side() -> None:
    """Two checks that wait for each other both hold."""
    both = threading.Barrier(2)

    def meet() -> None:
        both.wait(5)

    assert Checks({"a": meet, "b": meet}, timeout=5).results() == {"a": True, "b": True}


def test_a_hanging_check_has_failed_and_delays_one_response(released: threading.Event) -> None:
    """The first caller waits for the limit of time, later ones not at all."""
    checks = Checks({"hangs": lambda: released.wait(30), "works": lambda: None}, timeout=1)
    begun = time.monotonic()
    assert checks.results() == {"hangs": False, "works": True}
    assert 0.9 < time.monotonic() - begun < 10
    time.sleep(1.1)
    begun = time.monotonic()
    assert checks.results() == {"hangs": False, "works": True}
    assert time.monotonic() - begun < 0.9


def test_hanging_checks_do_not_pile_up(released: threading.Event) -> None:
    """There is one run of a check at a time, and after it has returned another one."""
    runs: list[int] = []

    def hang() -> bool:
        runs.append(1)
        return released.wait(30)

    checks = Checks({"hangs": hang}, timeout=0.02, interval=0)
    for _ in range(5):
        assert checks.results() == {"hangs": False}
        time.sleep(0.03)
    assert len(runs) == 1
    released.set()
    deadline = time.monotonic() + 5
    while not checks.results()["hangs"] and time.monotonic() < deadline:
        time.sleep(0.03)
    assert checks.results() == {"hangs": True}
    assert len(runs) > 1


def test_callers_share_one_run() -> None:
    """Fifty callers at once make one run, and one more when its second is over."""
    runs: list[int] = []

    def slow() -> None:
        runs.append(1)
        time.sleep(0.1)

    checks = Checks({"slow": slow}, timeout=0.5, interval=0.5)
    found: list[dict[str, bool]] = []
    callers = [threading.Thread(target=lambda: found.append(checks.results())) for _ in range(50)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    assert found == [{"slow": True}] * 50
    assert len(runs) == 1
    time.sleep(0.5)
    checks.results()
    assert len(runs) == 2


def test_the_log_has_each_change_once(caplog: pytest.LogCaptureFixture) -> None:
    """A check that fails for an hour is one line with its traceback, and one when it works."""
    broken = [True]

    def check() -> None:
        if broken[0]:
            raise ValueError("no route to host")

    checks = Checks({"stock": check}, timeout=0.01, interval=0)
    with caplog.at_level(logging.INFO, "restkit.service"):
        for works in (False, False, False, True, True):
            broken[0] = not works
            time.sleep(0.02)
            assert checks.results() == {"stock": works}
    messages = [each.getMessage() for each in caplog.records]
    assert messages == ["The check 'stock' failed", "The check 'stock' holds again"]
    assert "no route to host" in caplog.text


def test_a_thread_that_cannot_start_is_a_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process at its limit of threads responds."""

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert Checks({"it": lambda: None}).results() == {"it": False}
