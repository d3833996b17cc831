"""The WSGI environment of test requests: target, host, prefix, headers."""

from __future__ import annotations

from restkit.testing import Client

from .programs import Program, told


def test_target_is_sent_as_written() -> None:
    """The path reaches the application byte for byte:
    encoded slashes, double slashes, bad UTF-8.
    """
    program = Program()
    for path, info, raw in [
        ("/a%2Fb", "/a/b", "/a%2Fb"),
        ("//x", "//x", "//x"),
        ("/%ff", "/\xff", "/%ff"),
        ("/ä", "/ä".encode().decode("latin-1"), "/%C3%A4"),
        ("x", "/x", "/x"),
        ("", "/", "/"),
        ("/a b", "/a b", "/a%20b"),
        ("/!~", "/!~", "/!~"),
        ("/\x7f", "/\x7f", "/%7F"),
    ]:
        Client(program).get(path)
        assert program.last["PATH_INFO"] == info
        assert program.last["RAW_URI"] == raw


def test_base_url_and_whole_urls() -> None:
    """The base URL's path is SCRIPT_NAME; a whole URL goes to its own host."""
    found = told(base_url="https://api.example.com:8443/v1", path="/books")
    assert found["host"] == "api.example.com:8443"
    assert found["root"] == "/v1"
    assert found["path"] == "/books"
    found = told(base_url="http://localhost/v1", path="http://localhost/v1/books")
    assert found["root"] == "/v1"
    assert found["path"] == "/books"
    found = told(base_url="http://localhost/v1", path="http://other.test/books")
    assert found["host"] == "other.test"
    assert found["root"] == ""
    assert found["path"] == "/books"


def test_headers() -> None:
    """Headers of the client go with every request; a request's own win; equal names are joined."""
    client = Client(Program())
    client.headers["X-Test"] = "always"
    assert client.get("/").json["x"] == "always"
    assert client.get("/", headers={"x-test": "once"}).json["x"] == "once"
    assert client.get("/", headers=[("X-Test", "1"), ("X-Test", "2")]).json["x"] == "1, 2"
    assert client.get("/", headers={"Host": "a.test"}).json["host"] == "a.test"


def test_the_variables_of_a_request() -> None:
    """A request has each variable that PEP 3333 and servers define."""
    program = Program()
    Client(program, base_url="https://api.example.com/v1").get("/a%20b?x=%2F&y=ä")
    found = {name: each for name, each in program.last.items() if name.isupper()}
    for name in ("HTTP_USER_AGENT", "HTTP_ACCEPT"):
        found.pop(name, None)
    assert found == {
        "HTTP_HOST": "api.example.com",
        "PATH_INFO": "/a b",
        "QUERY_STRING": "x=%2F&y=%C3%A4",
        "RAW_URI": "/v1/a%20b?x=%2F&y=%C3%A4",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": "/v1/a%20b?x=%2F&y=%C3%A4",
        "SCRIPT_NAME": "/v1",
        "SERVER_NAME": "api.example.com",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    assert program.last["wsgi.url_scheme"] == "https"
    assert program.last["wsgi.version"] == (1, 0)
    for name in ("multiprocess", "multithread", "run_once"):
        assert program.last[f"wsgi.{name}"] is False
    Client(program, base_url="http://localhost:8080").get("/")
    assert program.last["SERVER_PORT"] == "8080"
    Client(program).get("/")
    assert program.last["SERVER_PORT"] == "80"


def test_options_of_the_whole_server() -> None:
    """Only an OPTIONS of `*` is sent as an asterisk; other targets keep their slash."""
    program = Program()
    client = Client(program)
    for method, path, raw in [
        ("OPTIONS", "/*", "*"),
        ("GET", "/*", "/*"),
        ("OPTIONS", "/", "/"),
        ("OPTIONS", "/x*", "/x*"),
    ]:
        client.request(method, path)
        assert program.last["RAW_URI"] == program.last["REQUEST_URI"] == raw
        assert program.last["REQUEST_METHOD"] == method


def test_a_prefix_is_whole_segments() -> None:
    """The base URL's path is SCRIPT_NAME only where a segment ends after it."""
    found = told(base_url="http://localhost/v1", path="http://localhost/v10/books")
    assert (found["root"], found["path"]) == ("", "/v10/books")


def test_chunked_content_is_ended_by_the_server() -> None:
    """Content of unknown size has the variables of a server that decodes chunks."""
    program = Program()
    client = Client(program)
    for content, coding, ended, length in [
        (b"ab", None, False, "2"),
        (iter([b"a", b"b"]), "chunked", True, None),
    ]:
        client.post("/", content=content)
        assert program.last.get("HTTP_TRANSFER_ENCODING") == coding
        assert program.last.get("wsgi.input_terminated", False) is ended
        assert program.last.get("CONTENT_LENGTH") == length
