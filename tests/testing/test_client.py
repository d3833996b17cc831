"""The test client: what it sends, what it hands back."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Request, Response

from restkit.testing import Client, TestResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Handler = Callable[[Request], Response]


class Program:
    """Is a WSGI application of one function, which keeps the last request."""

    def __init__(self, handler: Handler | None = None) -> None:
        self.handler = handler
        self.last: dict[str, Any] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with what the function makes of the request, or with how it looks."""
        self.last = environ
        request = Request(environ)
        return (self.handler or echo)(request)(environ, start_response)


def echo(request: Request) -> Response:
    """Tell of a request as JSON."""
    told = {
        "method": request.method,
        "path": request.path,
        "root": request.root_path,
        "host": request.host,
        "query": list(request.args.items(multi=True)),
        "type": request.headers.get("Content-Type"),
        "length": request.headers.get("Content-Length"),
        "cookies": dict(request.cookies),
        "form": list(request.form.items(multi=True)),
        "files": [[n, f.filename, f.content_type, f.read().decode()] for n, f in request.files.items(multi=True)],
        "body": request.get_data().decode("latin-1"),
        "x": request.headers.get("X-Test"),
    }
    request.close()
    return Response(json.dumps(told), content_type="application/json")


def told(*, method: str = "POST", path: str = "/", base_url: str = "http://localhost", **options: Any) -> Any:
    """Send a request and return how it arrived."""
    return Client(Program(), base_url=base_url).request(method, path, **options).json


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_methods(method: str) -> None:
    """Each method of the client sends the request method of its name."""
    response: TestResponse = getattr(Client(Program()), method)("/x")
    assert (response.json["method"], response.json["path"], response.status) == (method.upper(), "/x", 200)
    assert (response.method, response.url) == (method.upper(), "http://localhost/x")


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


def test_json() -> None:
    """json= sends JSON text in UTF-8 with its media type and length; None is a value."""
    found = told(json={"title": "Émile"})
    assert found["type"] == "application/json"
    assert json.loads(found["body"].encode("latin-1")) == {"title": "Émile"}
    assert found["length"] == str(len(found["body"]))
    assert told(json=None)["body"] == "null"


def test_content_type_wins() -> None:
    """content_type= or a header name another media type than the content implies."""
    assert told(json={}, content_type="application/merge-patch+json")["type"] == "application/merge-patch+json"
    assert told(json={}, headers={"content-type": "text/x"})["type"] == "text/x"
    assert told(content_type="text/plain")["type"] == "text/plain"


def test_no_content() -> None:
    """A request without content says nothing of content."""
    program = Program()
    Client(program).post("/")
    assert not {"CONTENT_TYPE", "CONTENT_LENGTH"} & set(program.last)


def test_form() -> None:
    """data= sends the fields of a form, lists as repeated fields, None not at all."""
    found = told(data={"a": ["x", "y"], "b": True, "c": None, "d": 3})
    assert found["type"] == "application/x-www-form-urlencoded"
    assert found["form"] == [["a", "x"], ["a", "y"], ["b", "true"], ["d", "3"]]
    assert told(data=[("a", "&="), ("a", "2")])["form"] == [["a", "&="], ["a", "2"]]


def test_files(tmp_path: Path) -> None:
    """files= sends a multipart form: bytes, text, tuples, paths, open files, FileStorage, lists of them."""
    path = tmp_path / "cover.png"
    path.write_text("png")
    with path.open("rb") as opened:
        files = {
            "bytes": b"b",
            "text": "t",
            "named": ("n.txt", b"n"),
            "typed": ("t.bin", b"y", "application/x-own"),
            "path": path,
            "opened": opened,
            "memory": io.BytesIO(b"m"),
            "storage": FileStorage(io.BytesIO(b"s"), "s.txt"),
            "many": [b"1", b"2"],
        }
        found = told(data={"title": "é"}, files=files)
    assert found["form"] == [["title", "é"]]
    assert [tuple(each[i] for i in (0, 1, 3)) for each in found["files"]] == [
        ("bytes", "bytes", "b"),
        ("text", "text", "t"),
        ("named", "n.txt", "n"),
        ("typed", "t.bin", "y"),
        ("path", "cover.png", "png"),
        ("opened", "cover.png", "png"),
        ("memory", "memory", "m"),
        ("storage", "s.txt", "s"),
        ("many", "many", "1"),
        ("many", "many", "2"),
    ]
    assert found["files"][3][2] == "application/x-own"
    assert found["type"].startswith("multipart/form-data; boundary=")


def test_raw_content() -> None:
    """content= sends bytes or text as they are, without a media type of its own."""
    assert told(content=b"\x00\xff")["body"] == "\x00\xff"
    assert told(content="é")["body"] == "é".encode().decode("latin-1")
    assert told(content="x")["type"] is None
    assert told(content=bytearray(b"x"))["body"] == "x"


def test_chunked_content() -> None:
    """content= of an iterable is sent chunked: without a length, ended by the server."""
    found = told(content=iter([b"a" * 10_000, b"", b"b"]))
    assert found["body"] == "a" * 10_000 + "b"
    assert found["length"] is None


def test_contents_exclude_each_other() -> None:
    """Two contents for one request are a mistake, and so is text as the fields of a form."""
    with pytest.raises(TypeError, match="give json= or content=, not both"):
        told(json={}, content=b"")
    with pytest.raises(TypeError, match="give text or bytes as content="):
        told(data="text")


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


def test_target_is_sent_as_written() -> None:
    """The path reaches the application byte for byte: encoded slashes, double slashes, bad UTF-8."""
    program = Program()
    for path, info, raw in [
        ("/a%2Fb", "/a/b", "/a%2Fb"),
        ("//x", "//x", "//x"),
        ("/%ff", "/\xff", "/%ff"),
        ("/ä", "/ä".encode().decode("latin-1"), "/%C3%A4"),
        ("x", "/x", "/x"),
        ("", "/", "/"),
        ("/a b", "/a b", "/a%20b"),
    ]:
        Client(program).get(path)
        assert (program.last["PATH_INFO"], program.last["RAW_URI"]) == (info, raw)


def test_base_url_and_whole_urls() -> None:
    """The base URL's path is SCRIPT_NAME; a whole URL goes to its own host."""
    found = told(base_url="https://api.example.com:8443/v1", path="/books")
    assert (found["host"], found["root"], found["path"]) == ("api.example.com:8443", "/v1", "/books")
    found = told(base_url="http://localhost/v1", path="http://localhost/v1/books")
    assert (found["root"], found["path"]) == ("/v1", "/books")
    found = told(base_url="http://localhost/v1", path="http://other.test/books")
    assert (found["host"], found["root"], found["path"]) == ("other.test", "", "/books")


def test_headers() -> None:
    """Headers of the client go with every request; a request's own win; equal names are joined."""
    client = Client(Program())
    client.headers["X-Test"] = "always"
    assert client.get("/").json["x"] == "always"
    assert client.get("/", headers={"x-test": "once"}).json["x"] == "once"
    assert client.get("/", headers=[("X-Test", "1"), ("X-Test", "2")]).json["x"] == "1, 2"
    assert client.get("/", headers={"Host": "a.test"}).json["host"] == "a.test"


def test_environ() -> None:
    """environ= sets keys of the WSGI environment, over all others."""
    program = Program()
    Client(program).get("/", environ={"REMOTE_ADDR": "10.0.0.1", "x.own": 1})
    assert (program.last["REMOTE_ADDR"], program.last["x.own"]) == ("10.0.0.1", 1)
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
    assert client.get("/", headers={"Cookie": "own=1"}).json["cookies"] == {"own": "1", "kept": "a b"}
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
    response = redirecting(status, "to?a=1").request(method, "/from", json={"k": 1}, follow_redirects=True)
    assert (response.method, response.url) == (then, "http://localhost/to?a=1")
    assert [each.status for each in response.history] == [status]
    if then != "HEAD":
        assert response.json["body"] == ("" if then == "GET" else '{"k": 1}')
        assert response.json["query"] == [["a", "1"]]


def test_redirects_that_are_not_followed() -> None:
    """Without follow_redirects the redirect is the answer; circles, other hosts and spent content are errors."""
    response = redirecting(302, "/to").get("/from")
    assert (response.status, response.headers["Location"], response.history) == (302, "/to", ())
    with pytest.raises(ValueError, match="redirected more than 20 times"):
        redirecting(302, "/from").get("/from", follow_redirects=True)
    with pytest.raises(ValueError, match=r"to another host, http://other\.test/: not followed"):
        redirecting(302, "http://other.test/").get("/from", follow_redirects=True)
    with pytest.raises(ValueError, match="chunked content cannot be sent twice"):
        redirecting(308, "/to").post("/from", content=iter([b"x"]), follow_redirects=True)


def answer(**options: Any) -> TestResponse:
    """Return what the client makes of a response."""
    return Client(Program(lambda request: Response(**options))).get("/")


def test_answer() -> None:
    """An answer has its status as a number, its headers, bytes, text and media type."""
    response = answer(response="é".encode("latin-1"), status=201, content_type="text/plain; charset=latin-1")
    assert (response.status, response.body, response.data, response.text) == (201, b"\xe9", b"\xe9", "é")
    assert (response.media_type, response.headers["content-type"]) == ("text/plain", "text/plain; charset=latin-1")
    assert repr(response) == "<TestResponse 201 text/plain, 1 bytes>"


def test_json_of_an_answer() -> None:
    """The property json is the decoded content; other answers are a clear error that shows how they begin."""
    assert answer(response="[1]", content_type="application/vnd.own+json").json == [1]
    with pytest.raises(ValueError, match=r"The answer 200 to GET http://localhost/ is text/html, not JSON: b'<p>"):
        _ = answer(response="<p>" + "x" * 500, content_type="text/html").json
    with pytest.raises(ValueError, match=r"says it is application/json, but Expecting .*: b'\{'"):
        _ = answer(response="{", content_type="application/json").json
    with pytest.raises(ValueError, match="is without a Content-Type, not JSON: b''"):
        _ = answer(status=204).json if "Content-Type" not in answer(status=204).headers else bare().json


def bare() -> TestResponse:
    """Return an answer without any header."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("204 No Content", [])
        return []

    return Client(app).get("/")


def test_problem_of_an_answer() -> None:
    """The property problem is the members of a problem; any other answer is a clear error."""
    response = answer(response='{"status": 404}', status=404, content_type="application/problem+json")
    assert response.problem == {"status": 404}
    with pytest.raises(ValueError, match="is not a problem but text/plain: b'x'"):
        _ = answer(response="x").problem
    with pytest.raises(ValueError, match="is not a problem but empty"):
        _ = bare().problem


def test_stream() -> None:
    """stream=True hands the answer over before its content is made, chunk by chunk."""
    made: list[str] = []

    def chunks() -> Iterator[bytes]:
        try:
            for each in ("a", "b", "c"):
                made.append(each)
                yield each.encode()
        finally:
            made.append("closed")

    client = Client(Program(lambda request: Response(chunks())))
    response = client.get("/", stream=True)
    assert made == ["a"]  # PEP 3333: the headers come with the first chunk
    assert repr(response) == "<TestResponse 200 text/plain, stream>"
    stream = response.iter_chunks()
    assert next(stream) == b"a"
    assert next(stream) == b"b"
    assert made == ["a", "b"]
    assert response.body == b"c"
    assert made == ["a", "b", "c", "closed"]

    made.clear()
    with client.get("/", stream=True) as response:
        assert response.status == 200
    assert made == ["a", "closed"]


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
    """An exception that the application answered with 500 is raised here, unless raise_errors is False."""
    with pytest.raises(KeyError, match="inside"):
        Client(failing).get("/")
    assert Client(failing, raise_errors=False).get("/").problem == {"status": 500}
