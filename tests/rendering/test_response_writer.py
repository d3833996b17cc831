"""Outputs: statuses, media types, streams, headers and Location."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, fields
from werkzeug.datastructures import Headers

from restkit import (
    App,
    ContractError,
    DeclarationError,
    Header,
    Resource,
    Response,
    Settings,
    provide,
    returns,
)
from restkit.testing import Client


class ThingSchema(Schema):
    id = fields.Int(dump_only=True)
    secret = fields.Str(load_only=True)
    name = fields.Str(required=True)


THING = {"id": 1, "name": "a", "secret": "s"}


def client_of(**verbs: Any) -> Client:
    app = App("Outputs")
    for verb, function in verbs.items():
        getattr(app, verb)("/x")(function)
    return Client(app)


def test_load_only_fields_never_leave() -> None:
    """What is load_only is not written."""
    assert client_of(get=returns(ThingSchema)(lambda: THING)).get("/x").json == {
        "id": 1,
        "name": "a",
    }


def test_none_is_204() -> None:
    """`-> None`, and DELETE without an annotation, answer 204 without content or Content-Type."""

    def nothing() -> None: ...

    response = client_of(post=nothing).post("/x")
    assert response.status == 204
    assert response.body == b""
    assert "Content-Type" not in response.headers
    assert client_of(delete=lambda: None).delete("/x").status == 204


def test_tuples_choose_status_and_headers() -> None:
    """`(data, status)`, `(data, headers)` and `(data, status,
    headers)` pick among what is declared.
    """

    @returns(ThingSchema, headers={"X-A": "A header."})
    @returns(ThingSchema, status=202, headers={"X-A": Header("X-A", required=True)})
    def get() -> Any:
        return results.pop(0)

    results: list[Any] = [THING, (THING, 202, {"X-A": "1"}), (THING, {"X-A": "2"})]
    client = client_of(get=get)
    seen = [
        (response.status, response.headers.get("X-A"))
        for response in (client.get("/x") for _ in range(3))
    ]
    assert seen == [(200, None), (202, "1"), (200, "2")]


def test_an_undeclared_status_is_loud_in_tests_and_logged_elsewhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A status outside the contract is an error under the test client,
    and a log line without it.
    """
    app = App("Loud")
    app.get("/x")(lambda: ({"a": 1}, 203))
    with pytest.raises(ContractError, match=r"203.*@returns"):
        Client(app).get("/x")
    assert Client(app, contract=False).get("/x").status == 203
    assert "status 203, which it does not declare" in caplog.text


@pytest.mark.parametrize(("status", "body"), [(203, b'{"a":1}'), (204, b""), (304, b"")])
def test_the_content_of_an_undeclared_status(status: int, body: bytes) -> None:
    """A status that has no content has neither the value nor a media type."""
    app = App("Undeclared")
    app.get("/x")(lambda: ({"a": 1}, status))
    response = Client(app, contract=False).get("/x")
    assert (response.status, response.body) == (status, body)
    assert ("Content-Type" in response.headers) is bool(body)


def test_media_types_are_negotiated() -> None:
    """Accept picks among the declared media types;
    nothing acceptable is a 406, before the method runs.
    """
    ran: list[int] = []

    @returns(ThingSchema, media_types=["application/json", "application/x-ndjson"], many=True)
    def get() -> list[Any]:
        ran.append(1)
        return [THING, THING]

    client = client_of(get=get)
    lines = client.get("/x", headers={"Accept": "application/x-ndjson, application/json;q=0.5"})
    assert lines.headers["Content-Type"] == "application/x-ndjson"
    assert lines.body == b'{"id":1,"name":"a"}\n' * 2
    assert lines.headers["Vary"] == "Accept"
    assert client.get("/x").headers["Content-Type"] == "application/json"
    refused = client.get("/x", headers={"Accept": "text/html"})
    assert refused.status == 406
    assert len(ran) == 2


def test_generators_stream() -> None:
    """A generator's items are serialized one by one; its end and its closing are seen."""
    closed: list[bool] = []

    @returns(ThingSchema, many=True)
    def get() -> Iterator[Any]:
        try:
            for number in range(10_000):
                yield {"id": number, "name": "n"}
        finally:
            closed.append(True)

    client = client_of(get=get)
    response = client.get("/x")
    assert len(response.json) == 10_000
    assert "Content-Length" not in response.headers
    assert client.head("/x").body == b""
    assert closed == [True, True]


def test_an_exception_before_the_first_item_is_a_problem() -> None:
    """A generator that fails at once is still answered with a problem."""
    app = App("Stream")

    @app.get("/x")
    @returns(None)
    def get() -> Iterator[int]:
        raise RuntimeError("secret")
        yield 1

    response = Client(app, raise_errors=False).get("/x")
    assert response.status == 500
    assert b"secret" not in response.body


def test_text_and_bytes() -> None:
    """Text and bytes leave as they are where the declared media type is not JSON."""
    text = returns(None, media_types=["text/html"])(lambda: "<p>é</p>")
    response = client_of(get=text).get("/x")
    assert response.text == "<p>é</p>"
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    picture = returns(None, media_types=["image/png"])(lambda: b"\x89PNG")
    assert client_of(get=picture).get("/x").body == b"\x89PNG"
    assert client_of(get=lambda: "text").get("/x").json == "text"


def test_a_wrong_value_for_a_media_type_is_the_programmers() -> None:
    """A dict as image/png is an error that names the method."""
    with pytest.raises(DeclarationError, match="dict as image/png"):
        client_of(get=returns(None, media_types=["image/png"])(lambda: {})).get("/x")


def test_responses_pass_through() -> None:
    """A Response is sent as it is."""

    def get() -> Response:
        return Response("teapot", 200, {"X-Tea": "yes"}, mimetype="text/plain")

    response = client_of(get=get).get("/x")
    assert response.text == "teapot"
    assert response.headers["X-Tea"] == "yes"


def test_values_that_json_lacks() -> None:
    """Dates, UUIDs and decimals become text; NaN is an error, not invalid JSON."""
    moment = dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    made = client_of(
        get=lambda: {"d": moment, "u": uuid.UUID(int=1), "n": Decimal("1.10"), "day": moment.date()}
    )
    assert made.get("/x").json == {
        "d": "2020-01-02T03:04:05+00:00",
        "u": "00000000-0000-0000-0000-000000000001",
        "n": "1.10",
        "day": "2020-01-02",
    }
    app = App("NaN")
    app.get("/x")(lambda: {"n": float("nan")})
    assert Client(app, raise_errors=False).get("/x").status == 500


@pytest.mark.parametrize(
    "headers", [{"X-A": "a\r\nSet-Cookie: b"}, {"X A": "b"}, {"X-A": "\u20ac"}, {"X-A": "a\0"}]
)
def test_headers_cannot_be_split(headers: dict[str, str]) -> None:
    """A header value with a line break never reaches the wire."""
    app = App("Split")
    app.get("/x")(returns(None, headers={"X-A": ""})(lambda: ({}, headers)))
    response = Client(app, raise_errors=False).get("/x")
    assert response.status == 500
    assert "Set-Cookie" not in response.headers


def test_location_is_sent_where_the_item_is_known() -> None:
    """A 201 has the item's URL by the variable's name or its last part; one's own Location wins."""

    class Things(Resource):
        schema = ThingSchema

        def post(self, outer: str, body: dict[str, Any]) -> Any:
            if body["name"] == "own":
                return {**THING, **body}, 201, {"Location": "/own"}
            return {**THING, **body}

    class ThingItem(Resource):
        schema = ThingSchema

        def get(self, outer: str, thing_id: int) -> Any:
            return THING

    app = App("Location")
    app.add("/<outer>/things/", Things)
    app.add("/<outer>/things/<int:thing_id>", ThingItem)
    client = Client(app)
    assert client.post("/a b/things/", json={"name": "a"}).headers["Location"] == "/a%20b/things/1"
    assert client.post("/o/things/", json={"name": "own"}).headers["Location"] == "/own"


def test_declared_statuses_are_answers() -> None:
    """@returns accepts the statuses of final responses only."""
    with pytest.raises(DeclarationError, match="200 to 599"):
        returns(ThingSchema, status=103)


class Deeds:
    """Is what a unit of work heard, in order."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def work(self) -> Iterator[str]:
        try:
            yield "work"
        except BaseException as error:
            self.heard.append(type(error).__name__)
            raise
        self.heard.append("commit")


def working(deeds: Deeds, post: Any) -> App:
    class Work(Resource):
        unit = provide(deeds.work)

    Work.post = post  # type: ignore[attr-defined]
    app = App("Work")
    app.add("/x", Work)
    return app


@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson"])
@pytest.mark.parametrize("kind", [list, iter])
def test_what_is_ready_commits_before_it_is_sent(media_type: str, kind: Any) -> None:
    """A list as NDJSON, and an iterator with nothing left after its first chunk, are plain answers,
    committed first.
    """
    deeds = Deeds()

    @returns(ThingSchema, status=201, media_types=[media_type], many=True)
    def post(self: Any) -> Any:
        assert self.unit
        return kind([THING])

    with Client(working(deeds, post)).post("/x", stream=True) as response:
        assert deeds.heard == ["commit"]
        line = b'{"id":1,"name":"a"}'
        assert response.read().body == (line + b"\n" if "nd" in media_type else b"[" + line + b"]")
        assert response.headers["Content-Type"] == media_type
        assert "Content-Length" in response.headers


def test_a_true_stream_commits_at_its_end() -> None:
    """A generator that has more to say keeps its unit of work open until it has said it."""
    deeds = Deeds()

    @returns(ThingSchema, status=201, media_types=["application/x-ndjson"], many=True)
    def post(self: Any) -> Any:
        assert self.unit
        return (THING for _ in range(2))

    with Client(working(deeds, post)).post("/x", stream=True) as response:
        assert deeds.heard == []
        assert response.read().body.count(b"\n") == 2
    assert deeds.heard == ["commit"]


def test_an_iterator_that_fails_in_its_first_chunk_is_closed() -> None:
    """What cannot be written ends the generator that it came from."""
    closed: list[bool] = []

    @returns(media_types=["text/plain"])
    def get() -> Iterator[Any]:
        try:
            yield 3
        finally:
            closed.append(True)

    with pytest.raises(DeclarationError, match="yielded int as text/plain"):
        client_of(get=get).get("/x")
    assert closed == [True]


def test_numbers_are_not_text() -> None:
    """An iterator of numbers as text is refused; `bytes(3)` would be three NULs."""
    with pytest.raises(DeclarationError, match="yield str or bytes"):
        client_of(get=returns(media_types=["text/plain"])(lambda: iter([3]))).get("/x")
    text = returns(media_types=["text/plain"])(
        lambda: iter(["a", b"b", bytearray(b"c"), memoryview(b"d")])
    )
    assert client_of(get=text).get("/x").body == b"abcd"


def test_an_iterator_needs_a_schema_of_many() -> None:
    """A generator where the schema is of one value is refused, not written as an empty object."""
    one = returns(ThingSchema)(lambda: iter([THING]))
    with pytest.raises(DeclarationError, match=r"list\[\.\.\.\].*many=True"):
        client_of(get=one).get("/x")
    lines = returns(ThingSchema, media_types=["application/x-ndjson"])(lambda: iter([THING]))
    assert client_of(get=lines).get("/x").body == b'{"id":1,"name":"a"}\n'


@pytest.mark.parametrize(
    ("status", "words"), [(409, "raise Conflict"), (418, "raise a Problem with status = 418")]
)
@pytest.mark.parametrize("contract", [True, False])
def test_an_error_in_a_tuple_is_refused_and_commits_nothing(
    status: int, words: str, contract: bool
) -> None:
    """`return data, 409` is a mistake of the program:
    loud in tests, a 500 elsewhere, and rolled back in both.
    """
    deeds = Deeds()

    def post(self: Any) -> Any:
        assert self.unit
        return {"b": 1}, status

    app = working(deeds, post)
    with pytest.raises(DeclarationError, match=words):
        Client(app, contract=contract).post("/x")
    assert Client(app, contract=contract, raise_errors=False).post("/x").problem["status"] == 500
    assert deeds.heard == ["DeclarationError", "DeclarationError"]


@pytest.mark.parametrize("status", [204, 304])
def test_a_response_without_content_has_no_content_type(status: int) -> None:
    """A Response with 204 or 304 leaves without Content-Type and Content-Length."""
    response = client_of(get=returns(status=status)(lambda: Response(status=status))).get("/x")
    assert response.status == status
    assert not {"Content-Type", "Content-Length"} & set(response.headers.keys())


@pytest.mark.parametrize(
    ("value", "many", "words"),
    [
        ([THING], False, r"returned a list.*annotate the method with list"),
        (42, False, "returned a int.*one value"),
        ("text", False, "returned a str"),
        (THING, True, "many values: return a list"),
    ],
)
def test_a_value_that_does_not_fit_its_schema_is_told(value: Any, many: bool, words: str) -> None:
    """A list where one is declared, and the like, is an error in place of an empty object."""
    with pytest.raises(DeclarationError, match=words):
        client_of(get=returns(ThingSchema, many=many)(lambda: value)).get("/x")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ((), r"returned a tuple of 0. Return data, \(data, status\)"),
        ((THING, 200, {}, None), r"returned a tuple of 4. Return data, \(data, status\)"),
        ((THING, "x"), r"a tuple of 2 whose second item is of type str, neither a status nor"),
        ((THING, True), r"a tuple of 2 whose second item is of type bool, neither"),
        ((THING, {"X"}), r"a tuple of 2 whose second item is of type set, neither"),
        ((THING, "x", {}), r"a tuple of 3 whose status is of type str\. A status is an int"),
        ((THING, None, {}), r"a tuple of 3 whose status is of type NoneType"),
        ((THING, True, {}), r"a tuple of 3 whose status is of type bool"),
        ((THING, 1e300), r"a tuple of 2 whose second item is of type float"),
        ((THING, "201"), r"the status '201', of type str.*: return data, 201\."),
        ((THING, 200.0), r"the status 200\.0, of type float.*: return data, 200\."),
        ((THING, "201", {}), r"the status '201', of type str.*: return data, 201, headers\."),
        ((THING, 199), r"with the status 199\. The status of a response is a number from 200"),
        ((THING, 600, {}), r"with the status 600\. The status of a response is a number"),
    ],
)
@pytest.mark.parametrize("check", ["raise", "log", "off"])
def test_a_tuple_that_means_nothing_is_rejected(value: Any, words: str, check: str) -> None:
    """A tuple is data with a status, headers or both; another one is an error that says how."""
    app = App("Tuples", settings=Settings(contract=check))  # type: ignore[arg-type]
    app.add("/x", type("Tuples", (Resource,), {"get": lambda self: value}))
    with pytest.raises(DeclarationError, match=words):
        Client(app).get("/x")


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (5, "They are of type int, neither a mapping nor pairs"),
        ("X: y", "They are of type str, neither a mapping nor pairs"),
        (["X", "y"], "They are of type list, neither a mapping nor pairs"),
        ({"X": None}, "The value of the header X is NoneType, not text"),
        ({"X": ["a", "b"]}, "The value of the header X is list, not text"),
        ({5: "y"}, "5 is not a header name"),
        ({"X": "a\nb"}, "The value of the header X has a control character"),
    ],
)
def test_headers_that_cannot_be_sent_are_rejected(headers: Any, words: str) -> None:
    """Headers that are no mapping, and values that are no texts, are an error that says so."""
    with pytest.raises(DeclarationError, match=f"returned headers that cannot be sent. {words}"):
        client_of(get=lambda: (THING, 200, headers)).get("/x")


@pytest.mark.parametrize(
    "headers",
    [{"X": "y"}, [("X", "y")], (("X", "y"),), {"X": "y"}.items(), Headers({"X": "y"})],
)
def test_headers_are_a_mapping_or_pairs(headers: Any) -> None:
    """With a status and without one, headers may be a mapping or any iterable of pairs."""
    for value in ((THING, headers), (THING, 200, headers)):
        assert client_of(get=lambda value=value: value).get("/x").headers["X"] == "y"


@pytest.mark.parametrize("headers", [None, {}, []])
def test_headers_may_be_none(headers: Any) -> None:
    """No headers are no error."""
    assert client_of(get=lambda: (THING, headers)).get("/x").status == 200
    assert client_of(get=lambda: (THING, 200, headers)).get("/x").status == 200


def _served(contract: str) -> Client:
    """Return a client without a check of its own, on an App that watches its contract itself."""
    app = App("Watched", settings=Settings(contract=contract))

    @app.get("/text")
    @returns(None, media_types=["text/plain"])
    def text() -> Response:
        return Response("a,b", content_type="text/csv")

    @app.get("/status")
    @returns(None, media_types=["text/plain"])
    def status() -> Response:
        return Response("a", status=203, content_type="text/plain")

    return Client(app, contract=False)


@pytest.mark.parametrize(("path", "says"), [("/text", "text/csv"), ("/status", "status 203")])
def test_a_service_may_raise_logs_or_ignores_what_it_does_not_declare(
    path: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An undeclared media type or status raises, is logged or passes, as the setting says."""
    with pytest.raises(ContractError, match=says):
        _served("raise").get(path)
    assert _served("off").get(path).status < 300
    assert caplog.text == ""
    assert _served("log").get(path).status < 300
    assert says in caplog.text


def test_a_location_of_ones_own_is_the_only_one() -> None:
    """A 201 that brings its own Location keeps just that one, however it is spelled."""

    class Things(Resource):
        schema = ThingSchema

        def get(self) -> list[Any]:
            return []

        def post(self, body: Any) -> Any:
            return THING, 201, {"location": "/elsewhere"}

    class ThingItem(Resource):
        schema = ThingSchema

        def get(self, thing_id: int) -> Any:
            return THING

    app = App("Things")
    app.add("/things", Things)
    app.add("/things/<int:thing_id>", ThingItem)
    response = Client(app).post("/things", json={"name": "a"})
    assert response.headers.getlist("Location") == ["/elsewhere"]


@pytest.mark.parametrize("with_status", [False, True])
def test_a_value_that_is_no_json_names_the_method(with_status: bool) -> None:
    """The error names the method, whether the value has a status or not."""

    def show() -> Any:
        value = {"made": {1, 2}}
        return (value, 200) if with_status else value

    client = client_of(get=show)
    with pytest.raises(TypeError, match=r"show returned a value that cannot be serialized: set is"):
        client.get("/x")


@pytest.mark.parametrize("with_status", [False, True])
def test_a_range_of_media_types_needs_a_content_type(with_status: bool) -> None:
    """If any of the media types is a range, the method must state the Content-Type."""
    typed = [True]

    @returns(media_types=["image/*", "text/plain"])
    def show() -> Any:
        headers = {"Content-Type": "image/png"} if typed[0] else {"X-Other": "1"}
        return (b"\x89PNG", 200, headers) if with_status else (b"\x89PNG", headers)

    client = client_of(get=show)
    assert client.get("/x", headers={"Accept": "image/*"}).media_type == "image/png"
    typed[0] = False
    with pytest.raises(DeclarationError, match="Content-Type"):
        client.get("/x", headers={"Accept": "image/*"})


class Numbers:
    """An iterator that notes how often it is closed."""

    def __init__(self, count: int) -> None:
        self.left, self.closed = count, 0

    def __iter__(self) -> Numbers:
        return self

    def __next__(self) -> int:
        if not self.left:
            raise StopIteration
        self.left -= 1
        return self.left

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("count", [0, 1, 3, 5000])
def test_an_iterator_is_closed_once_at_its_end(count: int) -> None:
    """A short one is sent as a whole."""
    numbers = Numbers(count)

    app = App("Numbers")

    @app.get("/x")
    def get() -> Iterator[int]:
        return numbers

    response = Client(app).get("/x")
    assert response.json == list(range(count))[::-1]
    assert numbers.closed == 1


def test_vary_is_sent_where_accept_chooses() -> None:
    """One media type leaves nothing to choose."""
    one = client_of(get=returns(ThingSchema)(lambda: THING)).get("/x")
    assert "Vary" not in one.headers
    types = ["application/json", "application/vnd.thing+json"]
    two = client_of(get=returns(ThingSchema, media_types=types)(lambda: THING)).get("/x")
    assert two.headers["Vary"] == "Accept"


def test_a_stream_has_the_media_type_that_was_chosen() -> None:
    """The default is the first."""
    types = ["application/json", "application/x-ndjson"]

    def read() -> Iterator[dict[str, object]]:
        yield {"id": 1, "name": "a"}

    client = client_of(get=returns(ThingSchema, many=True, media_types=types)(read))
    lines = client.get("/x", headers={"Accept": "application/x-ndjson"})
    assert lines.headers["Content-Type"] == "application/x-ndjson"
    assert lines.text == '{"id":1,"name":"a"}\n'
    assert client.get("/x").json == [{"id": 1, "name": "a"}]
    assert client.get("/x").headers["Content-Type"] == "application/json"
