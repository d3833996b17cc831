"""Resource: its verbs, what comes by itself, and what is refused at start-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from restkit import App, DeclarationError, Request, Resource, returns
from restkit.testing import Client


def client_of(resource: type[Resource], pattern: str = "/x") -> Client:
    app = App("Test")
    app.add(pattern, resource)
    return Client(app)


class Plain(Resource):
    def get(self) -> dict[str, int]:
        return {"answer": 42}

    def post(self) -> dict[str, int]:
        return {"posted": 1}


def test_head_comes_from_get() -> None:
    """HEAD answers with GET's headers and no content."""
    client = client_of(Plain)
    got, head = client.get("/x"), client.head("/x")
    assert head.status == 200
    assert head.body == b""
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


def test_options_tells_allow() -> None:
    """OPTIONS is a 204 with every method in Allow."""
    response = client_of(Plain).options("/x")
    assert response.status == 204
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert "Content-Type" not in response.headers


def test_405_tells_allow() -> None:
    """A method that the class lacks is a 405 problem with the full Allow."""
    response = client_of(Plain).delete("/x")
    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert response.json["status"] == 405


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize(
    "method", ["__INIT__", "REQUEST", "GET_ENTITY", "get", "schema", "X" * 5000]
)
def test_verbs_are_a_closed_set(method: str) -> None:
    """No other attribute of the class can be reached by a method's name."""
    assert client_of(Plain).request(method, "/x").status == 405


def test_methods_switch_inherited_verbs_off() -> None:
    """`methods` leaves only what it names; HEAD and OPTIONS stay."""

    class ReadOnly(Plain):
        methods = {"get"}

    client = client_of(ReadOnly)
    assert client.post("/x").status == 405
    assert client.options("/x").headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_written_head_and_options_win() -> None:
    """A class may write its own HEAD and OPTIONS."""

    class Own(Plain):
        @returns(status=204, headers={"X-Own": "Says that it is its own."})
        def head(self) -> Any:
            return None, {"X-Own": "head"}

        def options(self) -> dict[str, str]:
            return {"own": "options"}

    client = client_of(Own)
    assert client.head("/x").headers["X-Own"] == "head"
    assert client.options("/x").json == {"own": "options"}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "has no HTTP method"),
        ({"get": lambda self: {}, "methods": {"put"}}, "contains PUT"),
        ({"get": lambda self: {}, "methods": "get"}, "must be a sequence of strings"),
        ({"get": staticmethod(dict)}, "must be a plain method"),
        ({"get": 3}, "must be a plain method"),
        ({"get": lambda self, other: {}}, "the parameter 'other' has no source"),
        ({"post": lambda self, body: {}}, "the parameter 'body' has no source"),
        ({"get": lambda self, /, other: {}}, "has no source"),
    ],
)
def test_contradictions_are_refused(members: dict[str, Any], words: str) -> None:
    """A class that contradicts itself fails when it is added, in a sentence that names it."""
    broken = type("Broken", (Resource,), members)
    with pytest.raises(DeclarationError, match=words) as caught:
        App("Test").add("/x", broken)
    assert "Broken" in str(caught.value)


def test_a_variable_without_a_parameter_is_refused() -> None:
    """A variable of the pattern that the method does not take is refused by name."""
    with pytest.raises(DeclarationError, match=r"no parameter 'x_id' for the variable 'x_id'"):
        App("Test").add("/x/<int:x_id>", Plain)


def test_each_request_has_its_instance() -> None:
    """Nothing that a method leaves on self is there in the next request."""

    class Counter(Resource):
        count = 0

        def get(self) -> dict[str, int]:
            self.count += 1
            return {"count": self.count}

    client = client_of(Counter)
    assert [client.get("/x").json["count"] for _ in range(3)] == [1, 1, 1]


def test_current_request() -> None:
    """Request.current() is the request that is being answered, also in a stream,
    and an error elsewhere.
    """

    class Current(Resource):
        def get(self) -> dict[str, bool]:
            return {"same": Request.current() is self.request}

        @returns(None)
        def post(self) -> Iterator[str]:
            yield Request.current().path
            yield Request.current().path

    client = client_of(Current)
    assert client.get("/x").json == {"same": True}
    assert client.post("/x").json == ["/x", "/x"]
    with pytest.raises(RuntimeError, match="only during a request"):
        Request.current()


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("pst", "post"),
        ("GET", "get"),
        ("Post", "post"),
        ("ptach", "patch"),
        ("delet", "delete"),
        ("gt", "get"),
    ],
)
def test_a_verb_with_a_slip_is_refused(name: str, verb: str) -> None:
    """A method that is a verb but for its case,
    a missing letter or two that changed places would answer 405.
    """

    def response(self: Any) -> dict[str, str]:
        return {}

    class Base(Resource):
        def patch(self) -> dict[str, str]:
            return {}

    slip = type("Slip", (Base,), {"__module__": "shop", name: response})
    with pytest.raises(
        DeclarationError,
        match=f"shop.Slip.{name} is not an HTTP method.* Did you mean {verb}.* _{name}",
    ):
        App("Shop").add("/slip", slip)
    other = type(
        "Own",
        (Base,),
        {"__module__": "shop", "path": response, "gets": response, "_pst": response, "POST": 5},
    )
    App("Shop").add("/own", other)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("secuirty", "security"),
        ("Schema", "schema"),
        ("midleware", "middleware"),
        ("middlewares", "middleware"),
    ],
)
def test_an_attribute_with_a_slip_is_refused(name: str, meant: str) -> None:
    """What nobody reads would say nothing,
    and a resource that is meant to be guarded would let everybody in.
    """

    def response(self: Any) -> dict[str, str]:
        return {}

    slip = type("Slip", (Resource,), {"__module__": "shop", "get": response, name: ()})
    with pytest.raises(
        DeclarationError,
        match=f"shop.Slip.{name} is not a restkit attribute. Did you mean {meant}.* _{name}",
    ):
        App("Shop").add("/slip", slip)
    own = type(
        "Own",
        (Resource,),
        {"get": response, f"_{name}": (), "label": "a", "kind": "b", "shelf": ()},
    )
    App("Shop").add("/own", own)
