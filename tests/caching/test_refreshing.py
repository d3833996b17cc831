"""Another response for a stale one: made once, after it, and closed whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import create_environ

from restkit import App
from restkit.caching.flights import Flights
from restkit.caching.refreshing import refresh_after
from restkit.dependencies import Provided
from restkit.request import Request, current_request
from restkit.response_callbacks import FinishedBody

KEY = ("a",)


class Making:
    """What happens while another response is made."""

    def __init__(self, ends: Callable[[], None]) -> None:
        self.seen: list[Request] = []
        self.closed = 0
        self._ends = ends

    def __call__(self, request: Request) -> None:
        self.seen.append(request)
        assert current_request.get() is request
        request.provided = Provided()
        request.provided.value(self, self._unit, request, wants_request=False)
        self._ends()

    def _unit(self) -> Iterator[int]:
        yield 1
        self.closed += 1
        self._ends()


def failing() -> None:
    raise RuntimeError("gone")


def nothing() -> None:
    return None


def request_of(**environ: str) -> Request:
    app = App("Shop")
    app.get("/books/<int:id>")(lambda id: {})
    found = Request({**create_environ("/books/1?a=1"), **environ})
    found.app, found.operation = app, app.operations()[0]
    found.path_parameters = {"id": 1}
    return found


@pytest.mark.parametrize(("ends", "is_logged"), [(nothing, False), (failing, True)])
def test_the_other_response_is_made_after_the_first(
    ends: Callable[[], None], is_logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """An error is logged, and the next request may try again."""
    request, flights, making = request_of(), Flights(), Making(ends)
    assert flights.lead(KEY) is None
    refresh_after(request, making, flights, KEY)
    assert making.seen == []
    assert flights.lead(KEY) is not None
    token = current_request.set(request)
    with caplog.at_level(logging.ERROR, "restkit"):
        FinishedBody([], request).close()
    assert current_request.get() is request
    current_request.reset(token)
    assert len(making.seen) == making.closed == 1
    assert flights.lead(KEY) is None
    messages = [each.message for each in caplog.records]
    assert messages[:1] == [f"{request.operation.declared_at} failed to be made anew"][:is_logged]


def test_what_is_provided_already_is_kept() -> None:
    request = request_of()
    provided = request.provided = Provided()
    refresh_after(request, Making(nothing), Flights(), KEY)
    assert request.provided is provided
    assert len(provided.last) == 1


def test_the_request_is_the_same_without_conditions() -> None:
    request = request_of(
        REQUEST_METHOD="HEAD",
        HTTP_IF_MATCH='"a"',
        HTTP_IF_NONE_MATCH='"a"',
        HTTP_IF_MODIFIED_SINCE="x",
        HTTP_IF_UNMODIFIED_SINCE="x",
        HTTP_CACHE_CONTROL="no-cache",
        HTTP_PRAGMA="no-cache",
        HTTP_RANGE="bytes=0-1",
        HTTP_IF_RANGE='"a"',
        HTTP_ACCEPT="text/plain",
    )
    making = Making(nothing)
    refresh_after(request, making, Flights(), KEY)
    FinishedBody([], request).close()
    (again,) = making.seen
    assert again is not request
    assert again.method == "GET"
    assert (again.path_parameters, again.app) == (request.path_parameters, request.app)
    assert again.operation is request.operation
    assert again.environ["QUERY_STRING"] == "a=1"
    sent = {name for name in again.environ if name.startswith("HTTP_")}
    assert sent == {"HTTP_HOST", "HTTP_ACCEPT"}
    assert again.environ["wsgi.input"].read() == b""
    assert request.environ["HTTP_PRAGMA"] == "no-cache"
