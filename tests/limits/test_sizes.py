"""`Sizes`: the target and the header fields of requests have a largest length."""

from __future__ import annotations

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from restkit import App, access
from restkit.errors import DeclarationError
from restkit.limits import Sizes
from restkit.security import HTTPBearer
from restkit.testing import Client


def _client(*limits: Sizes) -> Client:
    app = App("Notes", limits=list(limits))

    @app.get("/notes")
    def notes() -> dict[str, str]:
        return {}

    @app.get("/open")
    @access(limits=[])
    def unlimited() -> dict[str, str]:
        return {}

    return Client(app)


@pytest.mark.parametrize(
    ("target", "status"),
    [("/notes", 200), ("/notes?" + "a" * 13, 414), ("/open?" + "a" * 500, 422)],
)
def test_the_target_has_a_largest_length(target: str, status: int) -> None:
    response = _client(Sizes(target=18)).get(target)
    assert response.status == status
    if status == 414:
        assert response.json["detail"] == "The path and the query have more than 18 characters."


def test_a_target_of_the_largest_length_passes() -> None:
    app = App("Notes", limits=[Sizes(target=9)], strict=False)

    @app.get("/notes")
    def notes() -> dict[str, str]:
        return {}

    client = Client(app)
    assert client.get("/notes?ab").status == 200
    assert client.get("/notes?abc").status == 414


def test_the_target_counts_as_it_was_sent() -> None:
    """A percent-encoded path is three times as long as the path that WSGI decodes."""
    client = _client(Sizes(target=10))
    assert client.get("/notes").status == 200
    assert client.get("/%6e%6f%74es").status == 414


@pytest.mark.parametrize(("length", "status"), [(30, 200), (31, 431)])
def test_a_header_field_has_a_largest_size(length: int, status: int) -> None:
    response = _client(Sizes(header=30)).get("/notes", headers={"X-Trace-Of": "a" * length})
    assert response.status == status
    if status == 431:
        assert response.json["detail"] == "A header field has more than 30 bytes: X-Trace-Of."


def test_many_small_header_fields_have_a_largest_size_together() -> None:
    client = _client(Sizes(headers=1000))
    few = {f"X-{number}": "a" * 10 for number in range(5)}
    many = {f"X-{number}": "a" * 10 for number in range(60)}
    assert client.get("/notes", headers=few).status == 200
    response = client.get("/notes", headers=many)
    assert response.status == 431
    assert response.json["detail"] == "The header fields have more than 1000 bytes together."


def test_the_type_of_content_counts() -> None:
    app = App("Notes", limits=[Sizes(header=30)])

    @app.post("/notes")
    def create() -> dict[str, str]:
        return {}

    client = Client(app)
    long = {"Content-Type": "application/json; charset=utf-8"}
    assert client.post("/notes", content=b"", headers=long).status == 431


def test_credentials_are_not_read_before() -> None:
    """SECURITY: a caller of whom nothing is known does not make schemes read long headers."""
    seen: list[str] = []

    def find(token: str) -> str | None:
        seen.append(token)
        return "ada"

    app = App("Notes", security=HTTPBearer(find), limits=[Sizes(header=100)])

    @app.get("/notes")
    def notes() -> dict[str, str]:
        return {}

    client = Client(app)
    assert client.get("/notes", headers={"Authorization": "Bearer " + "a" * 200}).status == 431
    assert seen == []
    assert client.get("/notes", headers={"Authorization": "Bearer a"}).status == 200


def test_the_document_says_the_limits() -> None:
    document = _client(Sizes(target=100, headers=5000, header=2000)).get("/openapi.json").json
    operation = document["paths"]["/notes"]["get"]
    assert operation["x-rate-limits"] == [
        {"sizes": {"target": 100, "headers": 5000, "header": 2000}}
    ]
    assert {"414", "431"} <= operation["responses"].keys()
    assert "414" not in document["paths"]["/open"]["get"]["responses"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"Sizes\(\) limits nothing"),
        ({"target": 0}, r"Sizes\(target=0\): it must be a number from 1"),
        ({"headers": "8k"}, r"Sizes\(headers='8k'\)"),
        ({"header": True}, r"Sizes\(header=True\)"),
    ],
)
def test_mistakes_are_told(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Sizes(**arguments)


def test_sizes_hold_for_unknown_urls() -> None:
    """Those of the Apps at the URL. Other errors of routing come first."""
    app, shop = App("Notes", limits=[Sizes(target=30)]), App("Shop", limits=[Sizes(header=50)])
    shop.get("/books")(lambda: {})
    app.get("/notes")(lambda: {})
    app.mount("/shop", shop)
    open_app = App("Open", limits=[])
    app.mount("/open", open_app)
    client = Client(app)
    assert client.get("/x").status == 404
    assert client.get("/" + "x" * 30).status == 414
    assert client.get("/shop/" + "x" * 30).status == 414
    assert client.get("/open/" + "x" * 30).status == 404
    long = {"X-Note": "a" * 51}
    assert client.get("/x", headers=long).status == 404
    assert client.get("/shop/x", headers=long).status == 431
    assert client.get("/" + "x" * 30, headers={"Host": "a b"}).status == 400


def test_sizes_hold_for_other_methods() -> None:
    """A 405 comes after the sizes that all operations of the URL have."""
    client = _client(Sizes(target=18))
    assert client.delete("/notes").status == 405
    assert client.delete("/notes?" + "a" * 13).status == 414
    assert client.delete("/open?" + "a" * 13).status == 405


@pytest.mark.parametrize(
    ("largest", "query", "status"),
    [(6, "", 200), (5, "", 414), (8, "a", 200), (7, "a", 414)],
)
def test_the_target_is_counted_from_its_parts_if_the_server_does_not_keep_it(
    largest: int, query: str, status: int
) -> None:
    environ = create_environ("/notes", query_string=query)
    for name in ("RAW_URI", "REQUEST_URI"):
        environ.pop(name, None)
    app = App("Notes", limits=[Sizes(target=largest)], strict=False)
    app.get("/notes")(lambda: {})
    found = run_wsgi_app(app, environ, buffered=True)[1]
    assert found.startswith(str(status))
