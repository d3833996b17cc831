"""Which responses outside their contract the log names: statuses and media types, at each bound."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from restkit import App, BadRequest, Conflict, NotFound, Resource, Response, raises, returns
from restkit.html import FileResponse
from restkit.testing import Client

MORE = "add it to media_types"


def _logged(
    caplog: pytest.LogCaptureFixture,
    declared: Callable[[Any], Any],
    made: Any,
    method: str = "GET",
) -> str:
    """Return the lines of the log on the response of a function with a declaration."""
    app = App("Files")

    def get_file() -> Any:
        return made

    get_file.__annotations__["return"] = type(made)
    app.get("/file")(declared(get_file))
    with caplog.at_level(logging.WARNING, "restkit"):
        Client(app, contract=False, raise_errors=False).request(method, "/file")
    return "\n".join(record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (Response("x", mimetype="text/plain"), ""),
        (Response("x", mimetype="text/css"), ""),
        (Response("x", mimetype="TEXT/Plain"), ""),
        (Response("x", mimetype="text/html"), "text/html"),
        (Response("x", content_type=""), ""),
        (FileResponse(b"x", media_type="text/plain"), ""),
        (FileResponse(b"x", media_type="TEXT/Plain ; charset=utf-8"), ""),
        (FileResponse(b"x", media_type="text/html; charset=utf-8"), "text/html"),
        (FileResponse(b"", media_type="text/html"), ""),
    ],
)
@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_the_log_names_an_undeclared_media_type(
    made: object, found: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Case and parameters do not matter, and a response without content or type has none."""
    declared = returns(media_types=["text/plain", "text/css"])
    logged = _logged(caplog, declared, made, method)
    assert logged.partition(" responded with ")[2] == (
        f"{found}, which it does not declare: {MORE}." if found else ""
    )


@pytest.mark.parametrize(
    ("declared", "status", "remedy"),
    [
        (raises(BadRequest), 400, "raise BadRequest"),
        (raises(NotFound), 404, "raise NotFound"),
        (returns(status=404, media_types=["text/css"]), 404, MORE),
        (returns(status=200, media_types=["text/css"]), 200, MORE),
    ],
)
def test_the_log_says_how_to_declare_a_media_type(
    declared: Callable[[Any], Any], status: int, remedy: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A declared problem is to be raised; any other response gets its media type."""
    made = Response("x", status, mimetype="text/plain")
    logged = _logged(caplog, declared, made)
    assert logged.endswith(f"responded with text/plain, which it does not declare: {remedy}.")


@pytest.mark.parametrize(("status", "is_logged"), [(499, True), (500, False), (501, True)])
def test_an_unexpected_error_alone_needs_no_declaration(
    status: int, is_logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """500 is the status of every mistake in a program; its neighbours are declared."""
    made = Response("x", status, mimetype="text/plain")
    logged = _logged(caplog, returns(media_types=["text/plain"]), made)
    assert (f"responded with status {status}" in logged) is is_logged
    assert bool(logged) is is_logged


@pytest.mark.parametrize(
    ("status", "missing"), [(399, "@returns(..., status=399)"), (400, "@raises(BadRequest)")]
)
def test_the_log_says_how_to_declare_a_status(
    status: int, missing: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Problems begin at 400."""
    made = Response("x", status, mimetype="text/plain")
    logged = _logged(caplog, returns(media_types=["text/plain"]), made)
    assert logged.endswith(f"which it does not declare: add {missing}.")


class Kept(Resource):
    def get(self) -> dict[str, str]:
        raise Conflict("Taken.")


class Inherited(Kept):
    pass


@pytest.mark.parametrize("resource", [Kept, Inherited])
def test_the_log_blames_no_other_part_for_an_inherited_verb(
    resource: type[Resource], caplog: pytest.LogCaptureFixture
) -> None:
    """The verb of a base class raised the problem itself."""
    app = App("Files")
    app.add("/kept", resource)
    with caplog.at_level(logging.WARNING, "restkit"):
        Client(app, contract=False).get("/kept")
    assert "which it does not declare: add @raises(Conflict)." in caplog.text
