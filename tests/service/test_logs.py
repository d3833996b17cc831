"""Logs: the access log, the formatters, and the handler that is only added if there is none."""

from __future__ import annotations

import io
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import pytest
from werkzeug.test import create_environ
from werkzeug.wsgi import FileWrapper, wrap_file

from restkit import App, DeclarationError, Request, Response, returns
from restkit.response import close_if_open
from restkit.security import HTTPBearer, SecretsFilter
from restkit.service import JSONFormatter, Service, TextFormatter, configure_logging
from restkit.testing import Client

EVIL = 'x\r\n{"level":"ERROR","message":"forged"}\x1b[31m\x00\u2028\u202e'
log = logging.getLogger("shop.orders")


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    """Yield the root logger without handlers, as a program finds it."""
    found = logging.getLogger()
    level = found.level
    found.handlers.clear()
    found.setLevel(logging.WARNING)
    yield found
    for each in list(found.handlers):
        if isinstance(each.formatter, (JSONFormatter, TextFormatter)):
            found.removeHandler(each)
    found.setLevel(level)


def lines_of(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(each) for each in stream.getvalue().splitlines()]


@pytest.fixture
def stream() -> io.StringIO:
    """Return the stream of the program's logs, which are configured as JSON."""
    made = io.StringIO()
    assert configure_logging("json", stream=made)
    return made


def shop(**options: Any) -> App:
    app = App("Shop")
    app.install(Service(**{"logs": "json", **options}))

    @app.get("/items/<int:item_id>")
    def item(item_id: int) -> dict[str, int]:
        log.info("read %s", item_id, extra={"item": item_id})
        return {"id": item_id}

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError(EVIL)

    return app


# the access log


def test_a_request_is_one_line(stream: io.StringIO) -> None:
    headers = {"X-Request-Id": "order-7", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    response = Client(shop()).get("/items/7", headers=headers)
    inner, line = lines_of(stream)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert 0 < line.pop("duration_ms") < 10_000
    span = line.pop("span_id")
    assert re.fullmatch("[0-9a-f]{16}", span)
    assert line == {
        "level": "INFO",
        "logger": "restkit.access",
        "message": "GET /items/7 200",
        "request_id": "order-7",
        "trace_id": "a" * 32,
        "operation": "item",
        "method": "GET",
        "path": "/items/7",
        "route": "/items/{item_id}",
        "status": 200,
        "bytes": len(response.data),
    }
    assert inner["span_id"] == span


def test_a_line_of_the_program_has_the_ids_of_its_request(stream: io.StringIO) -> None:
    Client(shop()).get("/items/7", headers={"X-Request-Id": "order-7"})
    line = lines_of(stream)[0]
    assert line["level"] == "INFO"
    assert line["logger"] == "shop.orders"
    assert line["message"] == "read 7"
    assert line["item"] == 7
    assert line["request_id"] == "order-7"
    assert line["operation"] == "item"
    assert len(line["trace_id"]) == 32


def test_outside_of_a_request_a_line_has_no_ids(stream: io.StringIO) -> None:
    log.warning("starting")
    (line,) = lines_of(stream)
    assert set(line) == {"timestamp", "level", "logger", "message"}


@pytest.mark.parametrize(
    ("method", "path", "status", "route"),
    [
        ("GET", "/nothing", 404, None),
        ("DELETE", "/items/7", 405, None),
        ("HEAD", "/items/7", 200, "/items/{item_id}"),
        ("GET", "/items/7?x=1", 422, "/items/{item_id}"),
        ("GET", "/broken", 500, "/broken"),
    ],
)
def test_every_request_is_logged(
    stream: io.StringIO, method: str, path: str, status: int, route: str | None
) -> None:
    """Unknown URLs have no route, and no line has the query."""
    Client(shop(), raise_errors=False).request(method, path)
    line = lines_of(stream)[-1]
    assert line["logger"] == "restkit.access"
    assert line["status"] == status
    assert line["route"] == route
    assert line["path"] == path.partition("?")[0]
    assert "x=1" not in stream.getvalue()


def test_probes_are_logged_at_debug_only(stream: io.StringIO) -> None:
    """A probe a second would be most of the log."""
    client = Client(shop())
    client.get("/livez")
    assert stream.getvalue() == ""
    logging.getLogger().setLevel(logging.DEBUG)
    client.get("/livez")
    assert [each["path"] for each in lines_of(stream)] == ["/livez"]


def test_a_stream_is_logged_after_its_end(stream: io.StringIO) -> None:
    """The bytes are those that the server has got, also if the client goes away."""
    app = shop()

    @app.get("/parts")
    def parts() -> Iterator[str]:
        for number in range(3):
            log.info("part %s", number)
            yield str(number)

    body = Client(app).get("/parts").data
    messages = [each["message"] for each in lines_of(stream)]
    assert messages == ["part 0", "part 1", "part 2", "GET /parts 200"]
    assert lines_of(stream)[-1]["bytes"] == len(body)
    assert lines_of(stream)[1]["operation"] == "parts"


def test_a_file_of_the_server_stays_its_own(stream: io.StringIO) -> None:
    """A server sends a file by itself only if it gets the object of its own wrapper."""
    app = shop()

    class Wrapper(FileWrapper):
        """The wrapper of a server."""

    @app.get("/file")
    @returns(None, media_types=("text/plain",))
    def file(request: Request) -> Response:
        body = wrap_file(request.environ, io.BytesIO(b"content"))
        headers = {"Content-Length": "7", "Content-Type": "text/plain"}
        return Response(body, headers=headers, direct_passthrough=True)

    environ = create_environ("/file")
    environ["wsgi.file_wrapper"] = Wrapper
    body = app(environ, lambda status, headers, error=None: lambda data: None)
    sent = getattr(body, "original_iterator", body)  # the suite's own validator is around it
    is_own = type(sent) is Wrapper
    content = b"".join(body)
    close_if_open(body)
    assert is_own
    assert content == b"content"
    (line,) = lines_of(stream)
    assert line["bytes"] == 7


def test_without_logs_nothing_is_logged(stream: io.StringIO) -> None:
    Client(shop(logs=None)).get("/nothing")
    assert stream.getvalue() == ""


def test_a_logger_that_is_off_costs_no_line(stream: io.StringIO) -> None:
    access = logging.getLogger("restkit.access")
    access.setLevel(logging.ERROR)
    try:
        Client(shop()).get("/nothing")
    finally:
        access.setLevel(logging.NOTSET)
    assert stream.getvalue() == ""


# lines that are written directly


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], TextIO]]:
    """Yield what opens the file of the program's logs, as JSON, and no handler but its own."""
    made: list[TextIO] = []

    def open_file() -> TextIO:
        made.append((tmp_path / "log").open("w", encoding="utf-8"))
        assert configure_logging("json", stream=made[0], force=True)  # also those of pytest
        return made[0]

    yield open_file
    made[0].close()


def lines_in(file: TextIO) -> list[dict[str, Any]]:
    file.flush()
    return [json.loads(each) for each in Path(file.name).read_text("utf-8").splitlines()]


def test_a_line_in_a_file_is_that_of_the_formatter(opened: Callable[[], TextIO]) -> None:
    """Its members have the same order, types and values, whichever way it was written."""
    file = opened()
    other = io.StringIO()
    client = Client(shop(), raise_errors=False)
    for path in ("/items/7", "/caf\u00e9%22%0A", "/broken"):
        client.get(path, headers={"X-Request-Id": "order-7"})
    direct = lines_in(file)
    logging.getLogger().handlers[0].setStream(other)  # type: ignore[attr-defined]
    for path in ("/items/7", "/caf\u00e9%22%0A", "/broken"):
        client.get(path, headers={"X-Request-Id": "order-7"})
    formatted = lines_of(other)
    assert len(direct) == len(formatted) == 5
    for line in (*direct, *formatted):
        for name in ("timestamp", "trace_id", "span_id", "duration_ms", "exception"):
            line.pop(name, None)
    assert [[*each.items()] for each in direct] == [[*each.items()] for each in formatted]


def test_its_time_and_duration_are_those_of_the_request(opened: Callable[[], TextIO]) -> None:
    file = opened()
    app = shop()
    app.get("/slow")(lambda: str(time.sleep(0.02)))
    begun = datetime.now(UTC)
    Client(app).get("/slow")
    (line,) = lines_in(file)
    assert 20 <= line["duration_ms"] < 5000
    written = datetime.fromisoformat(line["timestamp"])
    assert timedelta(0) <= written - begun + timedelta(milliseconds=1) < timedelta(seconds=5)


def test_another_handler_gets_the_record_too(opened: Callable[[], TextIO]) -> None:
    """Wherever it is added, at any time."""
    file = opened()
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    client = Client(shop())
    client.get("/first")
    for name in ("", "restkit", "restkit.access"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        client.get(f"/{name}")
        logger.removeHandler(handler)
    client.get("/last")
    assert [vars(each)["path"] for each in records] == ["/", "/restkit", "/restkit.access"]
    paths = [each["path"] for each in lines_in(file)]
    assert paths == ["/first", "/", "/restkit", "/restkit.access", "/last"]


def reject(record: logging.LogRecord) -> bool:
    return vars(record).get("path") != "/hidden"


@pytest.mark.parametrize("name", ["restkit.access", "root handler"])
def test_a_filter_applies(opened: Callable[[], TextIO], name: str) -> None:
    file = opened()
    where: logging.Filterer = logging.getLogger(name)
    if name == "root handler":
        where = logging.getLogger().handlers[0]
    client = Client(shop())
    client.get("/first")
    where.addFilter(reject)
    client.get("/hidden")
    where.removeFilter(reject)
    client.get("/last")
    assert [each["path"] for each in lines_in(file)] == ["/first", "/last"]


def test_levels_and_formatters_apply_as_soon_as_they_are_set(opened: Callable[[], TextIO]) -> None:
    file = opened()
    client = Client(shop())
    (handler,) = logging.getLogger().handlers
    handler.setLevel(logging.ERROR)
    client.get("/hidden")
    handler.setLevel(logging.NOTSET)
    logging.disable(logging.INFO)
    client.get("/hidden")
    logging.disable(logging.NOTSET)
    logging.getLogger("restkit").propagate = False
    client.get("/hidden")
    logging.getLogger("restkit").propagate = True
    client.get("/json")
    handler.setFormatter(TextFormatter())
    client.get("/text")
    file.flush()
    first, second = Path(file.name).read_text("utf-8").splitlines()
    assert json.loads(first)["path"] == "/json"
    assert "GET /text 404" in second


def test_a_long_line_is_whole(opened: Callable[[], TextIO]) -> None:
    file = opened()
    Client(shop()).get(f"/{'x' * 5000}")
    assert len(lines_in(file)[-1]["path"]) == 5001


def test_a_closed_stream_is_an_error_of_logging(
    opened: Callable[[], TextIO], capsys: pytest.CaptureFixture[str]
) -> None:
    """The request is served, and the next file with its number gets no line."""
    file = opened()
    client = Client(shop())
    file.close()
    assert client.get("/items/7").status == 200
    assert "I/O operation on closed file" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_a_stream_has_its_own_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "log"
    with path.open("w", encoding=encoding) as stream:
        configure_logging("json", stream=stream, force=True)
        Client(shop()).get("/nothing")
    assert json.loads(path.read_text(encoding))["path"] == "/nothing"


def test_lines_of_many_threads_are_whole(opened: Callable[[], TextIO]) -> None:
    file = opened()
    client = Client(shop())
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: client.get(f"/nothing/{number}"), range(400)))
    found = {each["path"] for each in lines_in(file)}
    assert found == {f"/nothing/{number}" for number in range(400)}


# user text


@pytest.mark.parametrize("formatter", [JSONFormatter(), TextFormatter()])
def test_user_text_is_no_line_of_its_own(
    formatter: logging.Formatter, root: logging.Logger
) -> None:
    """Line breaks, escape sequences and marks of direction are escaped, in each part of a line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    log.info("%s", EVIL, extra={"comment": EVIL})
    log.info(EVIL)
    (first, second) = stream.getvalue().splitlines()
    for line in (first, second):
        assert line.isprintable()
        assert "forged" in line


def test_a_percent_sign_in_a_path_is_text(stream: io.StringIO) -> None:
    Client(shop()).get("/%25s%25(path)s%0A")
    line = lines_of(stream)[-1]
    assert line["path"] == "/%s%(path)s\n"
    assert line["message"] == "GET /%s%(path)s\n 404"


def test_a_path_is_unicode(stream: io.StringIO) -> None:
    Client(shop()).get("/caf\u00e9")
    assert lines_of(stream)[-1]["path"] == "/caf\u00e9"


def test_a_traceback_is_a_member_or_indented(root: logging.Logger) -> None:
    """Each of its lines in text is indented, so that none looks like a record."""
    root.handlers.clear()  # those of pytest
    stream = io.StringIO()
    configure_logging("text", stream=stream)
    Client(shop(), raise_errors=False).get("/broken")
    lines = stream.getvalue().splitlines()
    records = [each for each in lines if not each.startswith("  ")]
    assert len(records) == 2
    assert all(re.match(r"\d{4}-\d\d-\d\dT", each) for each in records)
    assert "\x1b" not in stream.getvalue()


def test_a_traceback_is_one_json_member(stream: io.StringIO) -> None:
    Client(shop(), raise_errors=False).get("/broken")
    failed, _ = lines_of(stream)
    assert failed["exception"].startswith("Traceback")
    assert failed["operation"] == "broken"


@pytest.mark.parametrize(
    "value", [float("nan"), object(), {1, 2}, {("a", "b"): 1}, b"bytes", [float("inf")]]
)
def test_a_value_that_json_does_not_have_is_text(stream: io.StringIO, value: object) -> None:
    def reject(constant: str) -> None:
        raise AssertionError(constant)

    log.warning("value", extra={"value": value})
    line = json.loads(stream.getvalue(), parse_constant=reject)
    assert isinstance(line["value"], str)


def test_a_value_that_holds_itself_is_text(stream: io.StringIO) -> None:
    value: list[object] = []
    value.append(value)
    log.warning("value", extra={"value": value})
    assert lines_of(stream)[0]["value"] == "[[...]]"


def test_extra_does_not_replace_members(stream: io.StringIO) -> None:
    log.warning("value", extra={"level": "DEBUG", "timestamp": 0})
    line = lines_of(stream)[0]
    assert line["level"] == "WARNING"
    assert line["level_"] == "DEBUG"
    assert line["timestamp_"] == 0


def test_a_stack_is_a_member(stream: io.StringIO) -> None:
    log.warning("here", stack_info=True)
    assert "test_a_stack_is_a_member" in lines_of(stream)[0]["stack"]


# the handler


def test_a_service_adds_a_handler_while_the_app_runs(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    root.handlers.clear()  # those of pytest
    with shop() as app:
        assert len(root.handlers) == 1
        Client(app).get("/items/7")
    assert root.handlers == []
    assert root.level == logging.WARNING
    written = capsys.readouterr().err.splitlines()
    assert [json.loads(each)["message"] for each in written] == ["read 7", "GET /items/7 200"]


def test_a_configured_program_keeps_its_handlers(root: logging.Logger) -> None:
    """Neither a Service nor configure_logging changes them; ``force`` does."""
    root.handlers.clear()  # those of pytest
    own = logging.StreamHandler(io.StringIO())
    root.addHandler(own)
    with shop():
        assert root.handlers == [own]
    assert not configure_logging()
    assert root.handlers == [own]
    assert configure_logging("text", level="DEBUG", force=True)
    assert own not in root.handlers
    assert root.level == logging.DEBUG
    assert isinstance(root.handlers[0].formatter, TextFormatter)


@pytest.mark.parametrize("is_first", [True, False])
def test_secrets_are_hidden(
    root: logging.Logger, capsys: pytest.CaptureFixture[str], is_first: bool
) -> None:
    """The order of installation does not matter, and neither does where the secret stands."""
    root.handlers.clear()  # those of pytest
    app = App("Shop", security=HTTPBearer(lambda token: token))
    parts = [SecretsFilter(), Service(logs="json")]
    for each in parts if is_first else reversed(parts):
        app.install(each)

    @app.get("/")
    def home(request: Request) -> str:
        log.warning("got %s", request.headers["Authorization"], extra={"sent": "s3cr3t-token"})
        return "home"

    with app:
        Client(app).get("/", headers={"Authorization": "Bearer s3cr3t-token"})
    written = capsys.readouterr().err
    assert "got" in written
    assert "s3cr3t-token" not in written


def test_mistakes_are_one_sentence() -> None:
    with pytest.raises(
        DeclarationError, match=r"Service\(logs=...\): .* 'json' or 'text', got 'xml'"
    ):
        Service(logs="xml")  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match=r"configure_logging: .* got 'xml'"):
        configure_logging("xml")  # type: ignore[arg-type]


def test_own_members_of_a_line_keep_their_values() -> None:
    """A name that the request has already gets an underscore; its own ids stay."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JSONFormatter())
    log = logging.getLogger("shop.members")
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    app = App("Shop", extensions=[Service()])

    @app.get("/refund")
    def refund() -> dict[str, int]:
        log.info("one", extra={"operation": "refund", "amount": 5, "trace_id": "t"})
        log.info("two", extra={"request_id": "upstream-7"})
        return {}

    try:
        Client(app).get("/refund", headers={"X-Request-Id": "order-7"})
        log.info("three", extra={"request_id": "upstream-8"})
    finally:
        log.removeHandler(handler)
    one, two, three = (json.loads(line) for line in written.getvalue().splitlines())

    assert (one["operation"], one["operation_"], one["amount"]) == ("refund", "refund", 5)
    assert one["trace_id_"] == "t"
    assert len(one["trace_id"]) == 32
    assert (two["request_id"], two["request_id_"]) == ("order-7", "upstream-7")
    assert two["trace_id"] == one["trace_id"]
    assert three["request_id"] == "upstream-8"


def test_own_members_of_a_line_of_text() -> None:
    app = App("Shop", extensions=[Service()])
    record = logging.makeLogRecord(
        {"msg": "one", "name": "shop", "levelname": "INFO", "request_id": "upstream-7"}
    )
    lines: list[str] = []
    app.get("/x")(lambda: lines.append(TextFormatter().format(record)) or {})

    Client(app, contract=False).get("/x", headers={"X-Request-Id": "order-7"})
    lines.append(TextFormatter().format(record))

    assert " request_id=order-7 " in lines[0]
    assert lines[0].endswith('request_id_="upstream-7"')
    assert lines[1].endswith('request_id="upstream-7"')
