"""What a request costs does not grow with routes and Apps that it does not touch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from restkit import App, Resource
from restkit.security import SecurityHeaders
from restkit.testing import Client

FEW, MANY = 11, 40


def calls(ask: Callable[[], object]) -> int:
    """Return how many functions of Python and of C are called, instead of the time."""
    ask()  # what is made at the first request is made
    return min(calls_once(ask) for _ in range(3))  # a garbage collection may call more


def calls_once(ask: Callable[[], object]) -> int:
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        ask()
    finally:
        sys.setprofile(before)
    return count


def with_patterns(count: int, pattern: str) -> App:
    """Return an App with so many patterns; each answers with its number and its variable."""
    app = App("Many")
    for number in range(count):
        app.get(pattern.format(number), name=f"part-{number}")(
            lambda number=number, **values: {"part": number, **values}
        )
    return app


def with_apps(count: int, prefix: str, **mounted: Any) -> App:
    """Return an App with so many mounted ones, each with a middleware that names it."""
    app = App("Many")
    for number in range(count):
        part = App(f"Part {number}")
        part.get("/known", name="known")(lambda **values: values)

        @part.middleware
        def name(request: Any, proceed: Any, number: int = number) -> Any:
            response = proceed(request)
            response.headers["X-Part"] = str(number)
            return response

        host = mounted.get("host", "").format(number)
        app.mount(prefix.format(number), part, host=host or None, documented=not host)
    return app


@pytest.mark.parametrize("target", ["name", "class", "function", "operation"])
def test_url_for_is_a_lookup(target: str) -> None:
    """A URL costs the same with ten times as many resources, whatever names its target."""

    def ask(count: int) -> Callable[[], str]:
        app = with_patterns(count - 1, "/part-{}/<int:key>")

        class Last(Resource):
            def get(self, key: int) -> dict[str, int]:
                return {"key": key}

        def last(key: int) -> dict[str, int]:
            return {"key": key}

        app.add("/last/<int:key>", Last)
        function = app.get("/function/<int:key>")(last)
        targets = {"name": "last", "class": Last, "function": function, "operation": "getLast"}
        app.freeze()
        return lambda: app.url_for(targets[target], key=7)

    assert ask(MANY)() in ("/last/7", "/function/7")
    assert calls(ask(MANY)) == calls(ask(FEW))


def test_url_for_of_one_name_in_many_apps() -> None:
    """An App that asks for its own resource does not pay for those of other Apps."""

    def ask(count: int) -> Callable[[], str]:
        app = App("Many")
        parts = [App(f"Part {number}") for number in range(count)]
        for number, part in enumerate(parts):
            part.get("/known", name="known")(lambda: {})
            app.mount(f"/part-{number}", part)
        app.freeze()
        return lambda: parts[-1].url_for("known")

    assert ask(MANY)() == f"/part-{MANY - 1}/known"
    assert calls(ask(MANY)) == calls(ask(FEW))


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/part-{}-<int:key>", "/part-9-7"),
        ("/parts/part-{}-<int:key>/x", "/parts/part-9-7/x"),
        ("/<path:key>/part-{}", "/7/part-9"),
        ("/<path:key>/part-{}/", "/7/part-9/"),
        ("/part-{}-<path:key>.txt", "/part-9-7.txt"),
    ],
)
def test_patterns_of_other_kinds_are_not_searched(pattern: str, path: str) -> None:
    """A pattern with a variable beside text, or over slashes, is found among many at once."""

    def ask(count: int, path: str = path) -> Callable[[], Any]:
        client = Client(with_patterns(count, pattern))
        return lambda: client.get(path)

    found = ask(MANY)().json
    assert (found["part"], str(found["key"])) == (9, "7")
    assert ask(MANY, "/nothing-of-the-kind")().status == 404
    assert calls(ask(MANY)) <= calls(ask(FEW)) + 20
    assert calls(ask(MANY, "/nothing-of-the-kind")) <= calls(ask(FEW, "/nothing-of-the-kind")) + 20


@pytest.mark.parametrize(
    ("prefix", "path", "part"),
    [
        ("/part-{}", "/nowhere", None),
        ("/part-{}", "/part-9/nowhere", "9"),
        ("/part-{}", "/part-9", "9"),
        ("/part-{}/<int:key>", "/part-9/7/nowhere", "9"),
        ("/<int:key>/part-{}", "/7/part-9/nowhere", "9"),
        ("/<int:key>/part-{}", "/x/part-9/nowhere", None),
    ],
)
def test_404_does_not_grow_with_mounted_apps(prefix: str, path: str, part: str | None) -> None:
    """An unknown URL finds the App whose prefix it has, and asks none of the others."""

    def ask(count: int) -> Callable[[], Any]:
        client = Client(with_apps(count, prefix))
        return lambda: client.get(path)

    response = ask(MANY)()
    assert response.status == 404
    assert response.headers.get("X-Part") == part
    assert calls(ask(MANY)) <= calls(ask(FEW)) + 20


def test_404_does_not_grow_with_hosts() -> None:
    """An unknown URL of one host asks no App of another one."""

    def ask(count: int) -> Callable[[], Any]:
        client = Client(with_apps(count, "/api", host="part-{}.example"))
        return lambda: client.get("/api/nowhere", headers={"Host": "part-9.example"})

    assert ask(MANY)().headers["X-Part"] == "9"
    assert calls(ask(MANY)) <= calls(ask(FEW)) + 20


def test_requests_do_not_grow_with_mounted_apps_at_the_edge() -> None:
    """Of Apps with parts at the edge, the one of the URL is found at once."""

    def ask(count: int) -> Callable[[], Any]:
        app = App("Many")
        for number in range(count):
            part = App(f"Part {number}")
            part.install(SecurityHeaders())
            part.get("/known", name="known")(lambda: {})
            app.mount(f"/part-{number}", part)
        client = Client(app)
        return lambda: client.get("/part-9/known")

    assert ask(MANY)().headers["X-Content-Type-Options"] == "nosniff"
    assert calls(ask(MANY)) <= calls(ask(FEW)) + 20


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_a_made_up_method_looks_at_no_other_pattern() -> None:
    """A 405 costs the same, however many patterns may share its path."""

    def ask(count: int, method: str) -> Callable[[], Any]:
        client = Client(with_patterns(count, "/part-{}-<int:key>"))
        return lambda: client.request(method, "/part-9-7")

    for method in ("DELETE", "MADE-UP"):
        assert ask(MANY, method)().headers["Allow"] == "GET, HEAD, OPTIONS"
        assert calls(ask(MANY, method)) <= calls(ask(FEW, method)) + 20
