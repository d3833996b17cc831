"""The test client: its methods, queries, cookies, redirects and errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from wsgiref.validate import validator

import pytest
from werkzeug.wrappers import Request, Response

from restkit import App
from restkit.testing import Client, TestResponse

from .programs import Program, echo, told

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_methods(method: str) -> None:
    """Each method of the client sends the request method of its name."""
    response: TestResponse = getattr(Client(Program()), method)("/x")
    assert response.json["method"] == method.upper()
    assert response.json["path"] == "/x"
    assert response.status == 200
    assert response.method == method.upper()
    assert response.url == "http://localhost/x"


def test_head() -> None:
    """HEAD has the headers and no content."""
    response = Client(Program()).head("/")
    assert response.status == 200
    assert response.headers["content-length"] != "0"
    assert response.body == b""


def test_method_is_sent_as_written() -> None:
    """Any method may be sent, in any case."""
    assert told(method="purGe")["method"] == "PURGE"  # Werkzeug's Request shows capitals
    program = Program()
    Client(program).request("purGe", "/")
    assert program.last["REQUEST_METHOD"] == "purGe"


def test_query() -> None:
    """query= is a mapping, pairs or text, and joins what stands in the path."""
    assert told(query={"a": [1, 2], "b": None, "c": False, "d": "ä&"})["query"] == [
        ["a", "1"],
        ["a", "2"],
        ["c", "false"],
        ["d", "ä&"],
    ]
    assert told(path="/x?a=1", query=[("b", "2")])["query"] == [["a", "1"], ["b", "2"]]
    assert told(path="/x?a=1#part")["query"] == [["a", "1"]]
    assert told(path="/x", query="a=%00&b")["query"] == [["a", "\0"], ["b", ""]]
    assert Client(Program()).get("/x", query={}).url == "http://localhost/x"


def test_environ() -> None:
    """environ= sets keys of the WSGI environment, over all others."""
    program = Program()
    Client(program).get("/", environ={"REMOTE_ADDR": "10.0.0.1", "x.own": 1})
    assert program.last["REMOTE_ADDR"] == "10.0.0.1"
    assert program.last["x.own"] == 1
    Client(program).get("/")
    assert program.last["REMOTE_ADDR"] == "127.0.0.1"


def test_cookies() -> None:
    """Cookies that the application sets are kept; those of one request are not."""

    def handler(request: Request) -> Response:
        response = echo(request)
        response.set_cookie("kept", "a b")
        return response

    client = Client(Program(handler))
    assert client.get("/", cookies={"once": "ä;"}).json["cookies"] == {"once": "ä;"}
    assert client.get("/", headers={"Cookie": "own=1"}).json["cookies"] == {
        "own": "1",
        "kept": "a b",
    }
    assert client.get("/").json["cookies"] == {"kept": "a b"}
    assert client.get_cookie("kept") == "a b"
    client.delete_cookie("kept")
    assert client.get_cookie("kept") is None
    client.set_cookie("mine", "x", path="/in")
    assert client.get("/in/x").json["cookies"] == {"mine": "x"}
    assert "mine" not in client.get("/out").json["cookies"]


def redirecting(status: int, location: str) -> Client:
    """Return a client of an application that redirects ``/from``."""

    def handler(request: Request) -> Response:
        if request.path == "/from":
            return Response(status=status, headers={"Location": location})
        return echo(request)

    return Client(Program(handler))


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (303, "POST", "GET"),
        (303, "HEAD", "HEAD"),
        (302, "POST", "GET"),
        (301, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "PATCH", "PATCH"),
    ],
)
def test_redirects(status: int, method: str, then: str) -> None:
    """follow_redirects asks again, with the method and content that the status says."""
    response = redirecting(status, "to?a=1").request(
        method, "/from", json={"k": 1}, follow_redirects=True
    )
    assert response.method == then
    assert response.url == "http://localhost/to?a=1"
    assert [each.status for each in response.history] == [status]
    if then != "HEAD":
        assert response.json["body"] == ("" if then == "GET" else '{"k": 1}')
        assert response.json["query"] == [["a", "1"]]


def test_redirects_that_are_not_followed() -> None:
    """Without follow_redirects the redirect is the answer;
    circles, other hosts and spent content are errors.
    """
    response = redirecting(302, "/to").get("/from")
    assert response.status == 302
    assert response.headers["Location"] == "/to"
    assert response.history == ()
    with pytest.raises(ValueError, match="redirected more than 20 times"):
        redirecting(302, "/from").get("/from", follow_redirects=True)
    with pytest.raises(ValueError, match=r"to another host, http://other\.test/: not followed"):
        redirecting(302, "http://other.test/").get("/from", follow_redirects=True)
    with pytest.raises(ValueError, match="chunked content cannot be sent twice"):
        redirecting(308, "/to").post("/from", content=iter([b"x"]), follow_redirects=True)


def test_validated_applications() -> None:
    """A WSGI application that validates its server is content with the client."""
    client = Client(validator(Program()))
    assert client.get("/x", query={"a": 1}, cookies={"b": "c"}).json["path"] == "/x"
    assert client.head("/").status == 200
    with client.get("/", stream=True) as response:
        assert b"".join(response.iter_chunks())


def failing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer 500 for an exception, as an App does."""
    environ["restkit.errors"].append(KeyError("inside"))
    start_response("500 Internal Server Error", [("Content-Type", "application/problem+json")])
    return [b'{"status": 500}']


def test_unexpected_errors_are_raised() -> None:
    """An exception that the application answered with 500 is raised here,
    unless raise_errors is False.
    """
    with pytest.raises(KeyError, match="inside"):
        Client(failing).get("/")
    assert Client(failing, raise_errors=False).get("/").problem == {"status": 500}


@pytest.mark.parametrize(
    ("option", "words"),
    [("params", "the query is query="), ("jsno", "did you mean json="), ("foo", "the options are")],
)
def test_unknown_options_are_refused(option: str, words: str) -> None:
    """A keyword of another client's is an error, not a request without it."""
    app = App("Options")
    app.get("/")(lambda: {})
    with pytest.raises(TypeError, match=words):
        Client(app).get("/", **{option: 1})
