"""Drawn requests against Apps that keep to their documents, and against Apps that do not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from marshmallow import Schema, fields

from restkit import (
    App,
    BadRequest,
    Request,
    Resource,
    Response,
    Scheme,
    UnprocessableContent,
    Upload,
    raises,
    returns,
    takes,
)
from restkit.cli import main
from restkit.limits import CallerDeadline, Idempotency, MemoryStorage
from restkit.mcp import MCP
from restkit.security import HTTPBearer
from restkit.sse import Event, EventStream
from restkit.verification import Plan, Tally, VerificationError, lines_of, verify

ENVOY = "X-Envoy-Expected-Rq-Timeout-Ms"
_QUICK = ("coverage",)


class NoteSchema(Schema):
    """A note."""

    text = fields.Str(required=True)


class Notes(Resource):
    """Notes."""

    schema = NoteSchema

    def get(self) -> list[dict[str, Any]]:
        """List notes."""
        return [{"text": "a"}]

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add a note."""
        return body


class Liar(Resource):
    """A resource whose response the document does not have."""

    def get(self) -> dict[str, str]:
        """Get it."""
        return Response(b"I'm a teapot", status=418)  # type: ignore[return-value]


def _app(**resources: type[Resource]) -> App:
    """Return an App that says nothing about its own faults, as in production."""
    app = App("Notes", contract="off")
    for path, resource in resources.items():
        app.add(f"/{path}", resource)
    return app


def _verified(app: App, **plan: Any) -> Tally:
    return verify(app, Plan(**{"examples": 3, "seed": 1, "phases": _QUICK, **plan}))


def test_an_app_that_keeps_to_its_document_has_no_fault() -> None:
    """All phases run, and each operation succeeds at least once."""
    tally = _verified(_app(notes=Notes), phases=())
    assert not tally.found
    assert tally.ended == "completed"
    assert tally.requests > 20
    assert min(tally.statuses["GET /notes"]) == 200
    assert {201, 422} <= set(tally.statuses["POST /notes"])
    assert list(lines_of(tally))[-1].endswith("no fault (seed 1).")


def test_a_status_that_is_not_declared_is_a_fault_with_its_request() -> None:
    """It is reported once, however often it occurs."""
    tally = _verified(_app(liar=Liar, notes=Notes))
    assert {finding.operation for finding in tally.found.values()} == {"GET /liar"}
    checks = {finding.check: finding for finding in tally.found.values()}
    assert "418" in checks["status_code_conformance"].message
    report = "\n".join(lines_of(tally))
    assert "GET /liar\n" in report
    assert "status_code_conformance: Undocumented status code" in report
    assert "curl -X GET" in report
    assert "GET /liar never succeeded: 418" in report


def test_a_stream_without_lines_is_no_fault() -> None:
    """There is no line whose schema could hold."""
    app = _app()

    @app.get("/lines")
    @returns({"n": fields.Int()}, media_types=["application/x-ndjson"])
    def lines() -> Iterator[dict[str, int]]:
        yield from ()

    tally = _verified(app, phases=("fuzzing",))
    assert not tally.found
    assert tally.statuses["GET /lines"][200] > 0


def test_only_chosen_operations_have_requests() -> None:
    """By operationId, or only methods that change nothing."""
    assert list(_verified(_app(notes=Notes), only=("createNote",)).statuses) == ["POST /notes"]
    reading = _verified(_app(notes=Notes), safe=True, phases=("fuzzing",))
    assert list(reading.statuses) == ["GET /notes"]


class Archive(Notes):
    """Notes that can be deleted."""

    def delete(self) -> None:
        """Delete all notes."""


def test_a_safe_verification_calls_no_method_that_changes_something() -> None:
    """Not even as a probe of a method that the document does not have, or by a link."""
    app, called = _app(notes=Archive), set[str]()

    @app.middleware
    def note(request: Request, proceed: Any) -> Response:
        called.add(request.method)
        response: Response = proceed(request)
        return response

    tally = _verified(app, safe=True, phases=())
    assert not tally.found
    assert "GET" in called
    assert called.isdisjoint({"POST", "DELETE"})


class Orders(Resource):
    """Orders, each of which is placed once."""

    schema = NoteSchema
    idempotency = Idempotency(MemoryStorage(), required=True)

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Place an order."""
        return body


def test_each_valid_request_has_an_idempotency_key_of_its_own() -> None:
    """The same key with another body would be a 422."""
    app, keys = _app(orders=Orders), Counter[str]()

    @app.middleware
    def note(request: Request, proceed: Any) -> Response:
        response: Response = proceed(request)
        if response.status_code == 201:
            keys[request.headers["Idempotency-Key"]] += 1
        return response

    tally = _verified(app, examples=40, phases=("fuzzing",))
    assert not tally.found
    assert len(keys) > 5
    assert {*keys.values()} == {1}


@pytest.mark.parametrize("header", ["X-Request-Timeout-Ms", "X-Left"])
def test_no_valid_request_has_a_deadline_that_was_drawn(header: str) -> None:
    """A deadline of a few milliseconds is a 504, which is no fault of the App."""
    app, sent = App("Notes", contract="off", extensions=[CallerDeadline(header=header)]), 0
    app.add("/notes", Notes)

    @app.middleware
    def look(request: Request, proceed: Any) -> Response:
        nonlocal sent
        response: Response = proceed(request)
        if response.status_code < 400:
            sent += header in request.headers or ENVOY in request.headers
        return response

    tally = _verified(app, examples=40, phases=("fuzzing",))
    assert not tally.found
    assert 504 not in tally.statuses["POST /notes"]
    assert sent == 0


def test_the_endpoint_of_mcp_is_left_out() -> None:
    """It rejects messages by rules that its document cannot have."""
    app = _app(notes=Notes)
    app.install(MCP(tools=["listNotes"], documented=True))
    tally = _verified(app)
    assert not tally.found
    assert "GET /notes" in tally.statuses
    assert "POST /mcp" not in tally.operations
    (endpoint,) = [
        each for each in app.operations() if each.path == "/mcp" and each.method == "POST"
    ]
    assert _verified(app, only=(endpoint.operation_id,), examples=1).operations == ["POST /mcp"]


def test_each_request_has_the_given_headers() -> None:
    """Credentials reach an App behind a middleware, for example."""
    app, seen = _app(notes=Notes), set[str | None]()

    @app.middleware
    def note(request: Request, proceed: Any) -> Response:
        seen.add(request.headers.get("X-Tenant"))
        response: Response = proceed(request)
        return response

    _verified(app, headers={"X-Tenant": "a"}, phases=("fuzzing",))
    assert seen == {"a"}


def test_guarded_operations_are_verified_with_and_without_credentials() -> None:
    """The checks that leave the credentials out call the App too, and find it guarded."""
    app = _app(notes=Notes)
    guarded = App("Guarded", security=HTTPBearer({"secret": "ada"}.get), contract="off")
    guarded.mount("/api", app)

    tally = _verified(guarded, headers={"Authorization": "Bearer secret"})

    assert not tally.found
    assert tally.requests > 10
    assert not _verified(guarded).found


def test_an_operation_that_only_seems_guarded_is_a_fault() -> None:
    class Open(Scheme):
        """A scheme that lets everybody pass."""

        name = "open"

        def document(self) -> dict[str, object]:
            return {"type": "http", "scheme": "bearer"}

        def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
            return "anybody"

    app = App("Seeming", security=Open(), contract="off")
    app.add("/notes", Notes)

    tally = _verified(app, headers={"Authorization": "Bearer secret"})

    assert "ignored_auth" in {check for _, check, _ in tally.found}


def test_a_plan_without_operations_is_refused() -> None:
    """In a sentence that names the option."""
    with pytest.raises(VerificationError, match="No operation has the operationId 'getNothing'"):
        _verified(_app(notes=Notes), only=("getNothing",))
    with pytest.raises(VerificationError, match="No operation is left to verify"):
        _verified(_app(notes=Notes), only=("createNote",), safe=True)


_PROGRAM = '''
from restkit import App, Resource, Response


class Liar(Resource):
    """A resource."""

    def get(self) -> dict[str, str]:
        """Get it."""
        return Response(b"I'm a teapot", status=418)


app = App("Liar", contract="off")
app.add("/liar", Liar)
'''


def _run(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    (folder / "liar.py").write_text(_PROGRAM, "utf-8")
    monkeypatch.chdir(folder)
    return CliRunner().invoke(main, ["verify", "liar.py", *arguments])


def test_the_command_fails_for_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its report is for people or for programs."""
    quick = ("--examples", "2", "--seed", "3", "--phase", "coverage")
    text = _run(tmp_path, monkeypatch, *quick)
    assert text.exit_code == 1
    assert "Undocumented status code" in text.output
    assert text.output.rstrip().endswith("(seed 3).")
    report = json.loads(_run(tmp_path, monkeypatch, *quick, "--format", "json").output)
    assert report["operations"] == 1
    assert report["neverSucceeded"] == {"GET /liar": [418]}
    assert report["faults"][0]["operation"] == "GET /liar"


def test_the_settings_of_the_project_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong ``schemathesis.toml`` is one sentence; a right one chooses the checks."""
    place = tmp_path / "schemathesis.toml"
    place.write_text("[checks]\nnothing.enabled = 5\n", "utf-8")
    wrong = _run(tmp_path, monkeypatch)
    assert wrong.exit_code == 2
    assert "schemathesis.toml is wrong" in wrong.output
    names = ("status_code_conformance", "content_type_conformance", "unsupported_method")
    off = "".join(f"{each}.enabled = false\n" for each in names)
    place.write_text(f"[checks]\n{off}", "utf-8")
    quick = ("--examples", "2", "--phase", "coverage")
    right = _run(tmp_path, monkeypatch, *quick)
    assert "Undocumented status code" not in right.output


@pytest.mark.parametrize("header", ["Authorization", ": x"])
def test_a_header_without_a_value_is_refused(
    header: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any request."""
    run = _run(tmp_path, monkeypatch, "--header", header)
    assert run.exit_code == 2
    assert "--header is 'Name: value'" in run.output


def test_an_endless_event_stream_is_read_at_its_beginning() -> None:
    """A run does not wait for events that may never come."""
    app = App("Clock")

    @app.route("/ticks")
    class Ticks(EventStream):
        def get(self) -> Iterator[Event[str] | None]:
            """Follow the ticks."""
            while self.wait(3600):
                yield Event("tick")

    tally = verify(app, Plan(examples=2, seed=1, phases=("fuzzing",)))
    assert tally.operations == ["GET /ticks"]
    assert not tally.found


class Strict(Resource):
    """A resource that takes no valid value."""

    schema = NoteSchema

    @raises(BadRequest)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add a note."""
        raise BadRequest("No.")


class Covers(Resource):
    """Covers, whose content must be that of their media type."""

    @takes(files={"cover": Upload(required=True, media_types=["image/png"], check_content=True)})
    def post(self, files: dict[str, Any]) -> None:
        """Upload a cover."""


class Secretly(Resource):
    """A resource that rejects valid values, which its document does not say."""

    schema = NoteSchema

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add a note."""
        raise UnprocessableContent("No.")


@pytest.mark.parametrize("resource", [Strict, Covers])
def test_rules_that_no_schema_states_are_no_fault(resource: type[Resource]) -> None:
    """A method that declares a 400 rejects more than its schema does, and a file has a content."""
    tally = verify(_app(things=resource), Plan(examples=5, seed=1, phases=_QUICK))

    assert tally.requests
    assert not tally.found, tally.found


def test_valid_data_that_is_rejected_without_a_declaration_is_a_fault() -> None:
    tally = verify(_app(things=Secretly), Plan(examples=5, seed=1, phases=_QUICK))

    assert "positive_data_acceptance" in str(tally.found)


_CONTENTS = [
    b'{"errors": {"body": ["can\'t be empty"]}}',
    b'{"errors": ["No."]}',
    b'{"errors": [{"code": ["a"]}, 1, null]}',
    b'{"errors": "No."}',
    b"[]",
    b"null",
    b"\xff",
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", _CONTENTS)
def test_any_content_of_an_error_is_read(content: bytes) -> None:
    """An App may have errors of a format of its own; the run goes on, and reports the 422."""

    class Odd(Resource):
        schema = NoteSchema

        def post(self, body: dict[str, Any]) -> Response:
            return Response(content, 422, {"Content-Type": "application/json"})

    tally = _verified(_app(odd=Odd))

    assert tally.ended == "completed"
    assert "positive_data_acceptance" in {check for _, check, _ in tally.found}
