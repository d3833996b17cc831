"""The pipeline: who calls, which representation, the input, the preconditions,
and in which order they are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import (
    App,
    ContractError,
    DeclarationError,
    EntityTag,
    Forbidden,
    Header,
    NotFound,
    Request,
    Resource,
    Response,
    Unauthorized,
    provide,
    raises,
    returns,
    takes,
)
from restkit.testing import Client

THEN = datetime(2024, 2, 29, 12, 0, 0, tzinfo=UTC)
DATE, BEFORE, AFTER = (
    f"{day} 2024 12:00:00 GMT" for day in ("Thu, 29 Feb", "Wed, 28 Feb", "Fri, 01 Mar")
)


class NoteSchema(Schema):
    text = fields.Str(required=True)


@dataclass
class Note:
    text: str = "first"
    version: int = 1


class Notes:
    """Is the state of one test: what is stored, and what was done to it."""

    def __init__(self, **members: Any) -> None:
        self.notes: dict[str, Note] = {"a": Note()}
        self.done: list[str] = []
        app = App("Notes")
        notes, done = self.notes, self.done

        class Item(Resource):
            schema = NoteSchema
            conditional = True

            def find(self, name: str) -> Note:
                if name not in notes:
                    raise NotFound("no note")
                return notes[name]

            @raises(NotFound)
            def get(self, name: str) -> Note:
                note = self.find(name)
                self.entity_tag = note.version
                self.last_modified = THEN
                return note

            def put(self, name: str, body: dict[str, str]) -> Note:
                self.entity_tag = notes[name].version if name in notes else None
                done.append("put")
                note = notes[name] = Note(
                    body["text"], notes[name].version + 1 if name in notes else 1
                )
                self.entity_tag = note.version
                return note

            @raises(NotFound)
            def patch(self, name: str, body: dict[str, str]) -> Note:
                note = self.find(name)
                self.entity_tag = note.version
                self.last_modified = THEN
                done.append("patch")
                note.text, note.version = body["text"], note.version + 1
                self.entity_tag = note.version
                return note

            @raises(NotFound)
            def delete(self, name: str) -> None:
                self.entity_tag = self.find(name).version
                done.append("delete")
                del notes[name]

        app.add("/notes/<name>", type("Item", (Item,), members))
        self.client = Client(app)


# reading


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"If-None-Match": '"1"'}, 304),
        ({"If-None-Match": 'W/"1"'}, 304),
        ({"If-None-Match": '"0", W/"1" , "2"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"2"'}, 200),
        ({"If-None-Match": "1"}, 200),
        ({"If-None-Match": '"2"', "If-Modified-Since": AFTER}, 200),
        ({"If-Modified-Since": DATE}, 304),
        ({"If-Modified-Since": AFTER}, 304),
        ({"If-Modified-Since": BEFORE}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Match": '"1"'}, 200),
        ({"If-Match": 'W/"1"'}, 412),
        ({"If-Match": '"2"'}, 412),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"1"', "If-None-Match": '"1"'}, 304),
        ({"If-Match": '"2"', "If-None-Match": '"1"'}, 412),
        ({"If-Unmodified-Since": BEFORE}, 412),
        ({"If-Unmodified-Since": DATE}, 200),
        ({"If-Unmodified-Since": BEFORE, "If-Match": '"1"'}, 200),
    ],
)
def test_conditional_reading(method: str, headers: dict[str, str], status: int) -> None:
    """GET and HEAD are decided in the order of RFC 9110, section 13.2.2;
    both validators are always sent.
    """
    response = Notes().client.request(method, "/notes/a", headers=headers)
    assert response.status == status
    if status != 412:
        assert response.headers["ETag"] == '"1"'
        assert response.headers["Last-Modified"] == DATE
    if status == 304:
        assert response.body == b""
        assert "Content-Type" not in response.headers


# changing


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"If-Match": '"1"'}, True),
        ({"If-Match": '"0", "1"'}, True),
        ({"If-Match": "*"}, True),
        ({"If-Match": '"2"'}, False),
        ({"If-Match": 'W/"1"'}, False),
        ({"If-Match": "1"}, False),
        ({"If-Match": ""}, False),
        ({"If-None-Match": "*"}, False),
        ({"If-None-Match": '"1"'}, False),
        ({"If-None-Match": 'W/"1"'}, False),
        ({"If-None-Match": '"2"'}, True),
    ],
)
def test_a_false_precondition_stops_before_anything_is_changed(
    method: str, headers: dict[str, str], passes: bool
) -> None:
    """PUT, PATCH and DELETE with a precondition that is false are a 412, and nothing is done."""
    notes = Notes()
    options: Any = {} if method == "DELETE" else {"json": {"text": "second"}}
    response = notes.client.request(method, "/notes/a", headers=headers, **options)
    assert notes.done == ([method.lower()] if passes else [])
    if passes:
        assert response.status in (200, 204)
        assert response.headers.get("ETag") == (None if method == "DELETE" else '"2"')
    else:
        assert response.problem["status"] == 412
        assert notes.notes == {"a": Note()}


def test_if_unmodified_since() -> None:
    """If-Unmodified-Since is honoured where the resource states when it changed."""
    notes = Notes()
    patch = notes.client.patch
    assert (
        patch("/notes/a", json={"text": "x"}, headers={"If-Unmodified-Since": BEFORE}).status == 412
    )
    assert notes.done == []
    assert (
        patch("/notes/a", json={"text": "x"}, headers={"If-Unmodified-Since": DATE}).status == 200
    )
    assert (
        patch("/notes/a", json={"text": "x"}, headers={"If-Unmodified-Since": "nonsense"}).status
        == 200
    )


def test_creating_only_where_nothing_is() -> None:
    """PUT with If-None-Match: * makes what is not there, and changes nothing that is;
    If-Match the other way.
    """
    notes = Notes()
    put = notes.client.put
    assert put("/notes/b", json={"text": "new"}, headers={"If-Match": "*"}).status == 412
    assert (
        put("/notes/b", json={"text": "new"}, headers={"If-None-Match": "*"}).headers["ETag"]
        == '"1"'
    )
    assert put("/notes/b", json={"text": "again"}, headers={"If-None-Match": "*"}).status == 412
    assert notes.notes["b"].text == "new"


def test_a_precondition_may_be_required() -> None:
    """Where one is required, an unsafe request without one is a 428 and documented so;
    reading is free.
    """
    notes = Notes(conditional="required")
    client = notes.client
    assert client.get("/notes/a").status == 200
    for response in (
        client.put("/notes/a", json={"text": "x"}),
        client.patch("/notes/a", json={"text": "x"}),
        client.delete("/notes/a"),
    ):
        assert response.problem["status"] == 428
    assert notes.done == []
    assert client.put("/notes/a", json={"text": "x"}, headers={"If-Match": '"1"'}).status == 200
    assert client.put("/notes/n", json={"text": "x"}, headers={"If-None-Match": "*"}).status == 200


def test_a_resource_that_forgets_its_tag_is_told() -> None:
    """A conditional resource that states nothing cannot decide on a precondition,
    which is the programmer's mistake.
    """

    class Forgetful(Resource):
        conditional = True

        def delete(self) -> None: ...

    app = App("Forgetful")
    app.add("/x", Forgetful)
    assert Client(app).delete("/x").status == 204
    with pytest.raises(DeclarationError, match=r"did not set self\.entity_tag"):
        Client(app).delete("/x", headers={"If-Match": '"1"'})
    assert (
        Client(app, raise_errors=False).delete("/x", headers={"If-Match": '"1"'}).problem["status"]
        == 500
    )


def app_of(*, conditional: Any = True, **members: Any) -> App:
    app = App("One")
    app.add(
        "/x",
        type("One", (Resource,), {"schema": NoteSchema, "conditional": conditional, **members}),
    )
    return app


def stating(done: list[str], *names: str) -> Any:
    """Make a PUT that states what is named, then changes something."""

    def put(self: Any, body: dict[str, str]) -> dict[str, str]:
        for name in names:
            setattr(self, name, 1 if name == "entity_tag" else THEN)
        done.append("put")
        return body

    return put


@pytest.mark.parametrize(
    ("headers", "names", "status"),
    [
        ({"If-Unmodified-Since": "garbage"}, ["entity_tag"], 428),
        ({"If-Unmodified-Since": "garbage"}, ["last_modified"], 428),
        ({"If-Unmodified-Since": DATE}, ["entity_tag"], 428),
        ({"If-Unmodified-Since": DATE}, ["entity_tag", "last_modified"], 428),
        ({"If-Unmodified-Since": DATE}, ["last_modified"], 200),
        ({"If-Unmodified-Since": DATE}, ["last_modified", "entity_tag"], 200),
        ({"If-Unmodified-Since": BEFORE}, ["last_modified"], 412),
        ({"If-None-Match": '"zzz"'}, ["entity_tag"], 428),
        ({"If-None-Match": "*"}, ["entity_tag"], 412),
        ({"If-Modified-Since": DATE}, ["last_modified"], 428),
        ({"If-Match": '"1"'}, ["entity_tag", "last_modified"], 200),
    ],
)
def test_what_is_ignored_is_no_precondition(
    headers: dict[str, str], names: list[str], status: int
) -> None:
    """Where a precondition is required,
    one that RFC 9110 (13.1.4) ignores is a 428 before anything is changed.
    """
    done: list[str] = []
    client = Client(app_of(conditional="required", put=stating(done, *names)))
    assert client.put("/x", json={"text": "x"}, headers=headers).status == status
    assert done == (["put"] if status == 200 else [])


def test_a_304_has_the_headers_that_caches_need() -> None:
    """Of the plain answer a 304 keeps Cache-Control, Content-Location, Date, ETag,
    Expires and Vary (15.4.5).
    """
    kept = {"Cache-Control": "max-age=9", "Content-Location": "/y", "Date": DATE, "Expires": AFTER}

    @returns(NoteSchema, many=True, media_types=["application/json", "application/x-ndjson"])
    def get(self: Any) -> Any:
        self.entity_tag = 1
        return [Note()], {**kept, "X-Other": "1"}

    response = Client(app_of(get=get)).get("/x", headers={"If-None-Match": '"1"'})
    assert response.status == 304
    assert dict(response.headers.items()) == {**kept, "ETag": '"1"', "Vary": "Accept"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("header", "status"), [("If-None-Match", 304), ("If-Match", 412)])
def test_what_a_304_or_412_drops_is_closed(method: str, header: str, status: int) -> None:
    """A file that is not sent is closed,
    a generator that is not sent is closed and was never begun.
    """
    tag = '"1"' if status == 304 else '"2"'
    begun: list[int] = []

    def items() -> Iterator[Note]:
        begun.append(1)
        yield Note()

    generator, file = items(), BytesIO(b"text")

    def get(self: Any) -> Any:
        self.entity_tag = 1
        return answers.pop()

    answers: list[Any] = [generator, Response(file, mimetype="application/json")]
    client = Client(app_of(get=returns(NoteSchema, many=True)(get)))
    for _ in range(2):
        assert client.request(method, "/x", headers={header: tag}).status == status
    assert file.closed is True
    assert begun == []
    assert generator.gi_frame is None


def test_a_generator_that_states_its_tag_can_be_a_304() -> None:
    """A method that is a generator states while its first chunk is made,
    and is decided on after that.
    """

    def get(self: Any) -> Iterator[Note]:
        self.entity_tag = 1
        yield Note()

    client = Client(app_of(get=get))
    assert client.get("/x").json == [{"text": "first"}]
    assert client.get("/x", headers={"If-None-Match": '"1"'}).status == 304


@pytest.mark.parametrize("headers", [{"If-None-Match": '"1"'}, {"If-Match": '"2"'}])
def test_reading_is_conditional_only_where_it_succeeds(headers: dict[str, str]) -> None:
    """Preconditions are ignored where the plain answer would be no 2xx (RFC 9110,
    section 13.2.1).
    """

    @returns(NoteSchema)
    @returns(status=303, headers={"Location": ""})
    def get(self: Any) -> Any:
        self.entity_tag = 1
        return None, 303, {"Location": "/y"}

    assert Client(app_of(get=get)).get("/x", headers=headers).status == 303


@pytest.mark.parametrize(
    ("statements", "sent"),
    [
        ([("entity_tag", 1)], (None, None)),
        ([("entity_tag", 1), ("entity_tag", 2)], ('"2"', None)),
        ([("entity_tag", None), ("entity_tag", 1)], ('"1"', None)),
        ([("entity_tag", None), ("last_modified", THEN)], (None, DATE)),
        ([("entity_tag", 1), ("last_modified", THEN)], (None, None)),
        ([("entity_tag", 1), ("last_modified", THEN), ("entity_tag", 2)], ('"2"', None)),
        ([("entity_tag", 1), ("entity_tag", 2), ("last_modified", THEN)], ('"2"', DATE)),
        ([("last_modified", None), ("last_modified", THEN)], (None, DATE)),
    ],
)
def test_a_change_sends_the_new_state_only(
    statements: list[tuple[str, Any]], sent: tuple[Any, Any]
) -> None:
    """What a change states before it decides preconditions;
    only what it states afterwards is sent.
    """

    def put(self: Any, body: dict[str, str]) -> dict[str, str]:
        for name, value in statements:
            setattr(self, name, value)
        return body

    response = Client(app_of(put=put)).put("/x", json={"text": "x"})
    assert (response.headers.get("ETag"), response.headers.get("Last-Modified")) == sent


def test_what_is_stated_of_the_new_state_decides_nothing() -> None:
    """After `entity_tag = None` a date is that of what was made, and If-None-Match:
    * stays true.
    """

    def put(self: Any, body: dict[str, str]) -> dict[str, str]:
        self.entity_tag = None
        self.last_modified = THEN
        return body

    response = Client(app_of(put=put)).put("/x", json={"text": "x"}, headers={"If-None-Match": "*"})
    assert response.status == 200
    assert response.headers["Last-Modified"] == DATE


@pytest.mark.parametrize(("status", "sent"), [(201, '"1"'), (200, None)])
def test_a_post_that_makes_something_states_its_tag_once(status: int, sent: str | None) -> None:
    """A 201 has the tag that its POST stated once;
    another POST states a second time, as PUT does.
    """

    @returns(NoteSchema, status=status)
    def post(self: Any, body: dict[str, str]) -> dict[str, str]:
        self.entity_tag = 1
        return body

    assert Client(app_of(post=post)).post("/x", json={"text": "x"}).headers.get("ETag") == sent


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_clients_precondition_makes_no_500(method: str, caplog: pytest.LogCaptureFixture) -> None:
    """A method that states nothing cannot decide;
    in production that is a 412, logged, and rolled back.
    """
    heard: list[str] = []

    def work() -> Iterator[int]:
        try:
            yield 1
        except BaseException as error:
            heard.append(type(error).__name__)
            raise
        heard.append("commit")

    def change(self: Any) -> None:
        assert self.unit

    client = Client(app_of(**{method.lower(): change}, unit=provide(work)), contract=False)
    assert client.request(method, "/x", headers={"If-Match": '"1"'}).problem["status"] == 412
    assert heard == ["PreconditionFailed"]
    assert "did not set self.entity_tag" in caplog.text
    for ignored in ({"If-Modified-Since": DATE}, {"If-Unmodified-Since": "garbage"}, {}):
        assert client.request(method, "/x", headers=ignored).status == 204
    assert heard == ["PreconditionFailed", *["commit"] * 3]


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD"])
def test_written_options_and_head_need_no_tag(method: str) -> None:
    """OPTIONS is exempt from preconditions (RFC 9110, section 13.2.1);
    a HEAD that states nothing ignores them.
    """

    def nothing(self: Any) -> None: ...

    client = Client(app_of(**{method.lower(): nothing}))
    for header in ("If-Match", "If-None-Match"):
        for value in ("*", '"1"'):
            assert client.request(method, "/x", headers={header: value}).status == 204


def test_an_answer_outside_the_contract_commits_nothing_in_tests() -> None:
    """Under the test client the contract is checked while what was provided can still be rolled
    back.
    """
    heard: list[str] = []

    def work() -> Iterator[int]:
        try:
            yield 1
        except BaseException as error:
            heard.append(type(error).__name__)
            raise
        heard.append("commit")

    def get(self: Any) -> Any:
        assert self.unit
        return answers.pop()

    answers: list[Any] = [({}, 203), Response("x", mimetype="text/plain"), {"text": "x"}]
    client = Client(app_of(conditional=False, get=get, unit=provide(work)))
    assert client.get("/x").status == 200
    for _ in range(2):
        with pytest.raises(ContractError):
            client.get("/x")
    assert heard == ["commit", "ContractError", "ContractError"]


def test_middleware_may_complete_an_answer_before_it_is_checked() -> None:
    """Where a middleware adds a header that is declared as required,
    the contract is checked after it.
    """

    def complete(request: Any, proceed: Any) -> Any:
        response = proceed(request)
        response.headers["X-A"] = "1"
        return response

    @returns(NoteSchema, headers={"X-A": Header("X-A", required=True)})
    def get(self: Any) -> Any:
        assert self.unit
        return Note()

    client = Client(app_of(get=get, unit=provide(lambda: 1), middleware=[complete]))
    assert client.get("/x").headers["X-A"] == "1"


def test_a_tag_on_a_resource_that_is_not_conditional_is_refused() -> None:
    """Stating a tag without declaring it would be undocumented, and is refused."""

    class Plain(Resource):
        def get(self) -> dict[str, int]:
            self.entity_tag = EntityTag("1", weak=True)
            return {}

    app = App("Plain")
    app.add("/x", Plain)
    with pytest.raises(DeclarationError, match="conditional = True"):
        Client(app).get("/x")


def test_a_redirection_is_not_conditional() -> None:
    """Only a 2xx is ever a 304: a 300 with the same entity tag stays a 300."""
    app = App("Choices")

    class Choices(Resource):
        conditional = True

        @returns(None, status=300)
        def get(self) -> Any:
            self.entity_tag = 1
            return {"choices": []}, 300

    app.add("/x", Choices)
    client = Client(app, contract=False)
    response = client.get("/x", headers={"If-None-Match": '"1"'})
    assert response.status == 300


def test_a_stream_that_a_precondition_rejects_is_closed() -> None:
    """A write that states no entity tag is rejected under If-Match; its Response is closed."""
    closed: list[str] = []

    class Lines:
        def __iter__(self) -> Any:
            yield b"line"

        def close(self) -> None:
            closed.append("closed")

    class Notes(Resource):
        conditional = True

        @returns(None, media_types=["text/plain"])
        def put(self) -> Any:
            return Response(Lines(), content_type="text/plain")

    app = App("Notes")
    app.add("/x", Notes)
    client = Client(app, raise_errors=False, contract=False)
    response = client.put("/x", headers={"If-Match": '"1"'})
    assert response.status >= 400
    assert closed == ["closed"]


# security


class Scheme:
    """Is a scheme that knows one token, which may carry scopes."""

    def __init__(self, name: str, header: str) -> None:
        self.name, self.key = name, "HTTP_" + header.upper().replace("-", "_")

    def document(self) -> Mapping[str, object]:
        return {"type": "apiKey", "in": "header", "name": self.key[5:].replace("_", "-").title()}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        token = request.environ.get(self.key)
        if token is None or not token.startswith("good"):
            raise Unauthorized("Who?", headers={"WWW-Authenticate": f"{self.name} realm=x"})
        if not set(scopes) <= set(token.split(" ")[1:]):
            raise Forbidden("Not you.")
        return f"{self.name}:{token}"


def guarded(*security: Any, **members: Any) -> Client:
    class Secret(Resource):
        schema = NoteSchema

        @returns(None)
        def get(self) -> Any:
            return {"caller": self.request.caller}

        @returns(None)
        def post(self, body: dict[str, str]) -> Any:
            return body

    app = App("Guarded")
    app.add("/x", type("Secret", (Secret,), {"security": security, **members}))
    return Client(app)


KEY, TOKEN = Scheme("Key", "x-key"), Scheme("Token", "x-token")


def test_one_scheme() -> None:
    """Without credentials 401 with a challenge, without a scope 403,
    otherwise the caller is known.
    """
    client = guarded((KEY, ["read"]))
    refused = client.get("/x")
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == "Key realm=x"
    assert client.get("/x", headers={"X-Key": "good"}).problem["status"] == 403
    assert client.get("/x", headers={"X-Key": "good read"}).json == {"caller": "Key:good read"}
    assert client.options("/x").status == 204
    assert client.delete("/x").status == 405


def test_alternatives() -> None:
    """Of several schemes one that knows the caller is enough; 403 says more than 401."""
    client = guarded(KEY, (TOKEN, ["admin"]))
    assert client.get("/x", headers={"X-Key": "good"}).json == {"caller": "Key:good"}
    assert client.get("/x", headers={"X-Token": "good admin"}).json == {
        "caller": "Token:good admin"
    }
    assert client.get("/x", headers={"X-Key": "bad", "X-Token": "good admin"}).status == 200
    assert client.get("/x", headers={"X-Token": "good"}).status == 403
    assert client.get("/x", headers={"X-Key": "bad"}).status == 401
    assert client.get("/x").status == 401


def test_a_scheme_that_forbids_does_not_end_the_alternatives() -> None:
    """A scheme after one that responds 403 is asked too, and may know the caller."""
    client = guarded((KEY, ["read"]), TOKEN)
    response = client.get("/x", headers={"X-Key": "good", "X-Token": "good"})
    assert response.status == 200
    assert response.json == {"caller": "Token:good"}


def test_every_alternative_sends_its_challenge() -> None:
    """A 401 carries the challenges of all schemes (RFC 9110, section 11.6.1)."""
    assert guarded(KEY, TOKEN).get("/x").headers["WWW-Authenticate"] == "Key realm=x, Token realm=x"


def test_a_scheme_that_breaks_does_not_end_the_alternatives() -> None:
    """An exception in a scheme is logged;
    it is a 500 only if no other scheme lets the request in.
    """

    class Broken(Scheme):
        def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
            raise KeyError("broken")

    app = guarded(Broken("Broken", "x-broken"), KEY)
    app = Client(app._app, raise_errors=False)
    assert app.get("/x", headers={"X-Key": "good"}).json == {"caller": "Key:good"}
    assert app.get("/x", headers={"X-Key": "bad"}).problem["status"] == 500


# order


def test_the_order_of_refusals() -> None:
    """401 comes before 428, 428 before 406, 406 before what is wrong with the body,
    and that before 412.
    """

    class Thing(Resource):
        schema = NoteSchema
        conditional = "required"
        security = (KEY,)

        @takes(query={"n": fields.Int()})
        def put(self, query: dict[str, int], body: dict[str, str]) -> dict[str, str]:
            self.entity_tag = 1
            return body

    app = App("Order")
    app.add("/x", Thing)
    client = Client(app)
    request: dict[str, Any] = {
        "headers": {"Accept": "text/html"},
        "content": b"{",
        "content_type": "text/plain",
        "query": "n=x",
    }

    def ask() -> int:
        return client.put("/x", **request).status

    assert ask() == 401
    request["headers"]["X-Key"] = "good"
    assert ask() == 428
    request["headers"]["If-Match"] = '"2"'
    assert ask() == 406
    request["headers"]["Accept"] = "application/json"
    assert ask() in (415, 422)
    request["query"] = "n=1"
    assert ask() == 415
    request["content_type"] = "application/json"
    assert ask() == 400
    request["content"] = b"{}"
    assert ask() == 422
    request["content"] = b'{"text": "x"}'
    assert ask() == 412
    request["headers"]["If-Match"] = '"1"'
    assert ask() == 200


def test_a_wrong_query_is_found_before_content_is_read() -> None:
    """A verb without inputs refuses a query before its method runs."""
    ran: list[int] = []
    app = App("Strict")
    app.get("/x")(lambda: ran.append(1) or {})
    assert Client(app).get("/x?a=1").problem["errors"] == [
        {"parameter": "a", "in": "query", "detail": "Unknown parameter.", "code": "unknown"}
    ]
    assert ran == []
    relaxed = App("Relaxed", strict=False)
    relaxed.get("/x")(lambda: {})
    assert Client(relaxed).get("/x?a=1").status == 200


class _Tagged(Resource):
    conditional = True

    def get(self) -> dict[str, int]:
        self.entity_tag = "a"
        return {"n": 1}


@pytest.mark.parametrize(
    ("tag", "is_weak"), [('W/"a"', True), ('"b", W/"a"', True), ('"b"', False)]
)
def test_a_412_says_that_a_weak_tag_never_matches(tag: str, is_weak: bool) -> None:
    """A proxy that compresses makes entity tags weak, which If-Match compares strongly."""
    app = App("Tags")
    app.add("/", _Tagged)
    client = Client(app)
    assert client.get("/", headers={"If-None-Match": 'W/"a"'}).status == 304
    failed = client.get("/", headers={"If-Match": tag})
    assert failed.status == 412
    assert ("weak" in failed.problem["detail"]) is is_weak
