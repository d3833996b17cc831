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
