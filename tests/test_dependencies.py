"""provide: made once a request, on first touch, told of errors, closed before the answer;
`App.override`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from restkit import (
    App,
    Conflict,
    DeclarationError,
    Proceed,
    Request,
    Resource,
    Response,
    ServiceUnavailable,
    obtain,
    provide,
    raises,
    returns,
)
from restkit.dependencies import Provision
from restkit.testing import Client


def client_of(resource: type[Resource]) -> Client:
    app = App("Test")
    app.add("/x", resource)
    return Client(app)


class Makers:
    """Factories that are methods and an object."""

    def plain(self) -> int:
        return 7

    def of_request(self, request: Request) -> int:
        assert request.method == "GET"
        return 7

    @classmethod
    def of_class(cls, request: Request) -> int:
        assert request.method == "GET"
        return 7

    @staticmethod
    def static(request: Request) -> int:
        assert request.method == "GET"
        return 7

    def __call__(self, request: Request) -> int:
        assert request.method == "GET"
        return 7


log: list[str] = []


def unit_of_work(request: Request) -> Iterator[dict[str, str]]:
    log.append(f"open {request.method}")
    try:
        yield {"state": "open"}
    except Exception as error:
        log.append(f"rollback {type(error).__name__}")
        raise
    else:
        log.append("commit")
    finally:
        log.append("close")


class Worker(Resource):
    unit = provide(unit_of_work)
    number = provide(lambda: 7)

    @raises(Conflict)
    def get(self) -> dict[str, Any]:
        return {"same": self.unit is self.unit, "number": self.number}

    @raises(Conflict)
    def post(self) -> None:
        assert self.unit
        raise Conflict("no")

    @raises(Conflict)
    def put(self) -> dict[str, int]:
        return {"untouched": 1}

    @returns(None)
    def patch(self) -> Iterator[int]:
        assert self.unit
        log.append("streaming")
        yield 1
        log.append("streamed")
        yield 2


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    log.clear()


def test_provide_makes_once_and_closes_before_the_answer() -> None:
    """A generator factory is advanced once a request and ends before the response starts."""
    response = client_of(Worker).get("/x")
    assert response.json == {"same": True, "number": 7}
    assert log == ["open GET", "commit", "close"]


def test_provide_closes_before_middleware_goes_on() -> None:
    """The commit is over when the middleware of the class gets the response."""

    def told(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        log.append("middleware")
        return response

    class Surrounded(Worker):
        middleware = [told]

    assert client_of(Surrounded).get("/x").status == 200
    assert log == ["open GET", "commit", "close", "middleware"]


def test_provide_hears_of_problems() -> None:
    """A problem arrives at the yield, so that the unit of work rolls back."""
    assert client_of(Worker).post("/x").status == 409
    assert log == ["open POST", "rollback Conflict", "close"]


def test_provide_is_not_made_where_it_is_not_touched() -> None:
    """What nobody asks for is not made."""
    assert client_of(Worker).put("/x").status == 200
    assert log == []


def test_provide_stays_open_while_streaming() -> None:
    """A stream keeps what was provided until its end."""
    response = client_of(Worker).patch("/x")
    assert response.json == [1, 2]
    assert log == ["open PATCH", "streaming", "streamed", "commit", "close"]


def test_a_failure_to_commit_is_the_response() -> None:
    """What a factory raises at its end becomes the answer, not the method's value."""

    def failing() -> Iterator[int]:
        yield 1
        raise Conflict("commit failed")

    class Committer(Resource):
        unit = provide(failing)

        @raises(Conflict)
        def get(self) -> dict[str, int]:
            return {"value": self.unit}

    response = client_of(Committer).get("/x")
    assert response.status == 409
    assert response.json["detail"] == "commit failed"


def test_override_stands_in_while_it_lasts() -> None:
    """`app.override` replaces a factory in tests, in mounted Apps too, and is undone."""
    low, top = App("Low"), App("Top")
    low.add("/x", Worker)
    top.mount("/low", low)
    client = Client(top)

    def fake() -> Iterator[dict[str, str]]:
        yield {"state": "fake"}

    with top.override(unit_of_work, fake):
        assert client.get("/low/x").json["same"] is True
    assert log == []
    client.get("/low/x")
    assert log == ["open GET", "commit", "close"]


def test_a_factory_that_returns_an_iterator_is_refused() -> None:
    """An iterator that is no generator cannot be told of an error;
    the sentence says what to write.
    """

    class Wrong(Resource):
        value = provide(lambda: iter([1]))

        def get(self) -> dict[str, int]:
            return {"value": self.value}

    with pytest.raises(DeclarationError, match="generator function"):
        client_of(Wrong).get("/x")


def test_what_a_factory_raises_is_documented_where_it_is_provided() -> None:
    """@raises on a factory stands in each operation of the class;
    none is of changes where a method is safe.
    """

    @raises(Conflict, description="Of the factory.")
    @raises(ServiceUnavailable, description="Away.")
    def connect() -> int:
        raise ServiceUnavailable("away")

    class Base(Resource):
        connection = provide(connect)

    class Users(Base):
        same = provide(connect)

        def get(self) -> dict[str, int]:
            return {"value": self.connection}

        @raises(Conflict, description="Of the method.")
        def post(self) -> dict[str, int]:
            return {"value": self.connection}

        def delete(self) -> None:
            assert self.connection

    app = App("Test")
    app.add("/x", Users)
    said = {
        operation.method: [(each.problem.status, each.description) for each in operation.failures]
        for operation in app.operations()
    }
    assert said["GET"][-1] == (503, "Away.")
    assert 409 not in dict(said["GET"])
    assert said["POST"][-2:] == [(409, "Of the method."), (503, "Away.")]
    assert said["DELETE"][-2:] == [(409, "Of the factory."), (503, "Away.")]
    response = Client(app).get("/x")
    assert response.status == 503
    assert response.json["detail"] == "away"


def test_a_default_that_is_provided_is_refused() -> None:
    """Other frameworks have it in the signature;
    here it would arrive as it stands, and never be made.
    """
    provided: Any = provide(list)

    def typed(names: Any = provided) -> dict[str, str]:
        return {}

    says = r"has provide\(...\) as a default, .*, and self.session in the method"
    for function in (lambda names=provided: {}, lambda *, names=provided: {}, typed):
        with pytest.raises(DeclarationError, match=says):
            App("Shop").get("/names")(function)


# after proceed


def _observed(after: Any, *, method: Any = None) -> Client:
    """Return a client of an App whose middleware does something after ``proceed``."""
    app = App("Test")

    class Target(Resource):
        unit = provide(unit_of_work)

        def post(self) -> dict[str, Any]:
            return {} if method is None else method(self)

    @app.middleware
    @raises(Conflict)
    def observe(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        after(request)
        return response

    app.add("/x", Target)
    return Client(app)


def test_a_value_first_touched_after_proceed_is_closed_before_the_response() -> None:
    """Nothing was provided for the method; the middleware's value ends with the chain."""
    client = _observed(lambda request: obtain(unit_of_work, request))
    assert client.post("/x").status == 200
    assert log == ["open POST", "commit", "close"]


def test_a_value_touched_again_after_proceed_is_a_new_one_that_is_closed_too() -> None:
    """The method's value is committed by then, so that the middleware gets another one."""
    units: list[object] = []
    client = _observed(
        lambda request: units.append(obtain(unit_of_work, request)),
        method=lambda target: units.append(target.unit) or {},
    )
    assert client.post("/x").status == 200
    assert units[0] is not units[1]
    assert log == ["open POST", "commit", "close", "open POST", "commit", "close"]


def test_a_problem_of_a_middleware_after_proceed_rolls_back_its_own_value_only() -> None:
    """What the method did is committed; the response is the problem."""

    def refuse(request: Request) -> None:
        obtain(unit_of_work, request)
        raise Conflict("too late")

    client = _observed(refuse, method=lambda target: {"open": bool(target.unit)})
    assert client.post("/x").status == 409
    assert log == ["open POST", "commit", "close", "open POST", "rollback Conflict", "close"]


def test_values_that_nothing_closes_stay_the_same_after_proceed() -> None:
    """A value of a plain factory is made once a request; one made of a closed value is not."""

    def plain() -> object:
        return object()

    def derived(request: Request) -> object:
        return [obtain(unit_of_work, request)]

    def both(request: Request) -> tuple[object, object]:
        return obtain(plain, request), obtain(derived, request)

    found: list[tuple[object, object]] = []
    client = _observed(
        lambda request: found.append(both(request)),
        method=lambda target: found.append(both(target.request)) or {},
    )
    assert client.post("/x").status == 200
    (first, made), (second, remade) = found
    assert first is second
    assert made is not remade
    assert log.count("close") == 2


def test_a_value_made_of_a_known_value_that_is_closed_is_forgotten_with_it() -> None:
    """The order in which values are first touched decides nothing."""

    def derived(request: Request) -> object:
        return [obtain(unit_of_work, request)]

    found: list[Any] = []

    def touch(request: Request) -> dict[str, Any]:
        found.append((obtain(unit_of_work, request), obtain(derived, request)))
        return {}

    client = _observed(touch, method=lambda target: touch(target.request))
    assert client.post("/x").status == 200
    (first, made), (second, remade) = found
    assert (first is second, made is remade) == (False, False)
    assert remade[0] is second


def test_the_attribute_of_the_class_is_the_declaration() -> None:
    """Only an instance, which has a request, has the value."""

    class Things(Resource):
        number = provide(lambda: 5)

        def get(self) -> dict[str, int]:
            return {"number": self.number}

    assert isinstance(Things.number, Provision)
    assert client_of(Things).get("/x").json == {"number": 5}


def test_obtain_wants_a_request_of_an_app() -> None:
    """A request that no App has routed has no values."""
    with pytest.raises(RuntimeError, match="needs a request that an App has routed"):
        obtain(lambda: 5, Request({"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http"}))


@pytest.mark.parametrize(
    "factory",
    [
        lambda: 7,
        lambda request: 7,
        lambda request, more=1: 7,
        lambda *values: 7,
        lambda more=7: more,
        functools.partial(lambda request, value: value, value=7),
        functools.partial(lambda value: value, 7),
        Makers().plain,
        Makers().of_request,
        Makers.of_class,
        Makers.static,
        Makers(),
    ],
)
def test_the_request_is_given_where_it_is_taken(factory: Any) -> None:
    """Functions, methods, partial functions and objects are called with what they take."""

    class Things(Resource):
        number = provide(factory)

        def get(self) -> dict[str, int]:
            return {"number": self.number}

    assert client_of(Things).get("/x").json == {"number": 7}
