"""From a request to the values that a method declared: one reader for each input, made at mount."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any, cast
from urllib.parse import parse_qsl

from marshmallow import RAISE, fields
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.wsgi import LimitedStream, get_input_stream

from ..contract import Input, Operation
from ..errors import DeclarationError
from ..http.negotiation import parse_content_type
from ..media import Media, unsupported
from ..problems import BadRequest, ContentTooLarge, InvalidItem, UnprocessableContent
from ..request import Request
from ..schemas.bound import Fault, Invalid
from ..settings import Settings
from .pointers import plain_name, pointer

__all__ = ["Reader", "read_nothing", "reader_of"]

Reader = Callable[[Request], Any]
_Pairs = list[tuple[str, str]]

MAX_PARAMETERS = 1000
MAX_FORM_PARTS = 1000
MAX_FORM_MEMORY = 500_000
_IN = {"query": "query", "headers": "header", "cookies": "cookie"}


def reader_of(each: Input, operation: Operation, settings: Settings, media: Media) -> Reader:
    """Make the reader of one input.

    Args:
        each: The input.
        operation: What it is an input of.
        settings: The App's, for limits and strictness.
        media: The media types that the App knows.

    Returns:
        A callable that takes the request and returns the validated value; raises UnprocessableContent (422)
        with every fault, and for content 400, 413 and 415 as well.
    """
    if each.location == "body":
        return _body_reader(each, operation, settings, media)
    if each.location in ("form", "files"):
        return _form_reader(each, operation, settings)
    for name, field in each.schema.load_fields.items():
        if isinstance(field, (fields.Nested, fields.Mapping)):
            raise DeclarationError(
                f"{operation.declared_at}: the {each.location} field {name!r} is a {type(field).__name__}; "
                "a parameter is a single value or a list of them."
            )
    if each.location == "query":
        return _query_reader(each, settings)
    if each.location == "headers":
        return _header_reader(each)
    return _cookie_reader(each)


# content


def _body_reader(each: Input, operation: Operation, settings: Settings, media: Media) -> Reader:
    handlers = {media_type: media.find(media_type) for media_type in each.media_types}
    for media_type, handler in handlers.items():
        if handler is None:
            raise DeclarationError(
                f"{operation.declared_at} takes {media_type}, for which there is no handler; register one at app.media."
            )
    decoders = {
        media_type: handler.loads for media_type, handler in handlers.items() if handler is not None
    }
    limit = settings.max_body_size
    load, shape, convert = each.schema.load, each.shape, each.convert
    header = "Accept-Patch" if operation.method == "PATCH" else "Accept"

    def read(request: Request) -> Any:
        environ = request.environ
        media_type = environ.get("CONTENT_TYPE", "")
        decode = decoders.get(media_type)
        if decode is None or "HTTP_CONTENT_ENCODING" in environ:
            media_type = _media_type(request, each.media_types, header)
            decode = decoders[media_type]
        data = decode(request.read_content(limit))
        if convert is not None:
            return convert(media_type, data)
        try:
            value = load(data)
        except Invalid as invalid:
            raise UnprocessableContent(
                errors=[_in_body(fault) for fault in invalid.faults]
            ) from None
        return value if shape is None else shape(value)

    return read


def _media_type(request: Request, taken: tuple[str, ...], header: str) -> str:
    """Return which of the media types that are taken the content has (RFC 9110, section 8.3)."""
    coding = request.environ.get("HTTP_CONTENT_ENCODING", "")
    if coding.strip().lower() not in ("", "identity"):
        problem = unsupported(taken, accept_header=header)
        problem.detail = "The content has a coding; send it without Content-Encoding."
        problem.headers["Accept-Encoding"] = "identity"
        raise problem
    content_type = parse_content_type(request.environ.get("CONTENT_TYPE"))
    if content_type.media_type in taken and (content_type.charset or "utf-8").lower() in (
        "utf-8",
        "utf8",
    ):
        return content_type.media_type
    if not request.environ.get("CONTENT_TYPE") and not request.has_content:
        raise BadRequest("The request has no content; send " + " or ".join(taken) + ".")
    raise unsupported(taken, accept_header=header)


def _in_body(fault: Fault) -> InvalidItem:
    path, detail, code = fault
    return {"pointer": pointer(path), "detail": detail, "code": code}


def _form_reader(each: Input, operation: Operation, settings: Settings) -> Reader:
    bound, shape = each.schema, each.shape
    lists = _list_styles(bound.load_fields)
    is_form = each.location == "form"
    known = set(bound.load_fields)
    others = {
        name
        for other in operation.inputs
        if other.location in ("form", "files") and other is not each
        for name in other.schema.load_fields
    }
    strict = bound.schema.unknown == RAISE
    both = operation.input("form") is not None and operation.input("files") is not None

    def read(request: Request) -> Any:
        if "form" not in request.__dict__:
            _parse_form(request, each.media_types, settings)
        parts = request.form if is_form else request.files
        pairs = list(parts.items(multi=True))
        faults: list[Fault] = []
        if strict:
            stray = request.files if is_form else request.form
            names = {name for name, _ in pairs} | (set() if both else set(stray))
            faults = [
                ((name,), "Unknown field.", "unknown") for name in sorted(names - known - others)
            ]
        values = _gather([pair for pair in pairs if pair[0] in known], lists, faults)
        return _load(bound.load, shape, values, faults, _in_body)

    return read


def _parse_form(request: Request, taken: tuple[str, ...], settings: Settings) -> None:
    """Parse a form's content into ``request.form`` and ``request.files``, within the limits."""
    request.form_parsed = True
    media_type = _media_type(request, taken, "Accept")
    limit = (
        settings.max_upload_size if media_type == "multipart/form-data" else settings.max_body_size
    )
    request.check_length(limit)
    if media_type != "multipart/form-data":
        pairs = _parse_pairs(request.read_content(limit).decode("latin-1"), {"pointer": ""})
        request.__dict__["form"] = ImmutableMultiDict(pairs)
        request.__dict__["files"] = ImmutableMultiDict()
        return
    parameters = parse_content_type(request.environ.get("CONTENT_TYPE")).parameters
    parser = FormDataParser(
        max_form_memory_size=MAX_FORM_MEMORY,
        max_content_length=limit,
        max_form_parts=MAX_FORM_PARTS,
        silent=False,
    )
    try:
        _, form, files = parser.parse(
            _form_stream(request, limit), media_type, request.content_length, dict(parameters)
        )
    except RequestEntityTooLarge:
        raise ContentTooLarge(
            "The form is larger, or has more or longer parts, than is taken."
        ) from None
    except ClientDisconnected:
        raise BadRequest("The content is shorter than Content-Length says.") from None
    except Exception:  # noqa: BLE001  # the parser's, and whatever a server raises for chunks that are none
        raise BadRequest("The form is malformed.") from None
    request.__dict__["form"] = form
    request.__dict__["files"] = files


def _form_stream(request: Request, limit: int) -> IO[bytes]:
    """Return the stream of a form; one that ends before Content-Length raises, whichever server it comes from."""
    request.buffer_chunks()
    length = request.content_length
    if length is None:
        return get_input_stream(request.environ, max_content_length=limit)
    stream: Any = LimitedStream(request.environ["wsgi.input"], length)
    return cast("IO[bytes]", stream)


# parameters


def _list_styles(known: Mapping[str, fields.Field[Any]]) -> dict[str, bool]:
    """Return the fields that are lists, with whether they are repeated (or else comma-separated)."""
    return {
        name: field.metadata.get("explode", True) is not False
        for name, field in known.items()
        if isinstance(field, (fields.List, fields.Tuple))
    }


def _gather(
    pairs: Iterable[tuple[str, Any]], lists: Mapping[str, bool], faults: list[Fault]
) -> dict[str, Any]:
    """Make a mapping of pairs of names and texts; a name that is not a list's stands once."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if type(value) is str and ("\0" in value or "\ufffd" in value):
            nul = "\0" in value  # the other one stands for bytes that are not UTF-8
            faults.append(
                ((name,), "It has a NUL character.", "nul")
                if nul
                else ((name,), "Not UTF-8.", "encoding")
            )
            continue
        exploded = lists.get(name)
        if exploded is None:
            if name in values:
                faults.append(((name,), "Given more than once.", "repeated"))
            values[name] = value
        elif exploded:
            values.setdefault(name, []).append(value)
        else:
            # NOTE: some generated clients repeat a parameter that is declared comma-separated; both mean the same.
            values.setdefault(name, []).extend(value.split(",") if value else ())
    return values


def _load(
    load: Callable[[Any], Any],
    shape: Callable[[Any], Any] | None,
    values: dict[str, Any],
    faults: list[Fault],
    item: Callable[[Fault], InvalidItem],
) -> Any:
    """Load gathered values; what gathering found is told together with what the schema finds."""
    value: Any = None
    try:
        value = load(values)
    except Invalid as invalid:
        told = {path[0] for path, _, _ in faults}
        faults = [
            *faults,
            *(fault for fault in invalid.faults if not fault[0] or fault[0][0] not in told),
        ]
    if faults:
        raise UnprocessableContent(errors=[item(fault) for fault in faults]) from None
    return value if shape is None else shape(value)


def _in_parameter(location: str) -> Callable[[Fault], InvalidItem]:
    where = _IN[location]

    def item(fault: Fault) -> InvalidItem:
        path, detail, code = fault
        name = plain_name(path[0]) if path else ""
        if len(path) > 1:
            detail = f"Item {path[1]}: {detail}"
        return {"parameter": name, "location": where, "detail": detail, "code": code}

    return item


def parse_query(request: Request) -> _Pairs:
    """Return the names and values of the query, in their order.

    Raises:
        UnprocessableContent: The query is not UTF-8, or has more than 1,000 parameters (422).
    """
    query = request.environ.get("QUERY_STRING", "")
    return _parse_pairs(query, {"parameter": "", "location": "query"}) if query else []


def _parse_pairs(text: str, where: InvalidItem) -> _Pairs:
    """Take ``a=1&b=2`` apart, as a query or a form has it; bytes arrive as Latin-1."""
    try:
        text = text if text.isascii() else text.encode("latin-1").decode("utf-8")
        return parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeError:
        fault: InvalidItem = {**where, "detail": "It is not UTF-8.", "code": "encoding"}
    except ValueError:
        fault = {
            **where,
            "detail": f"It has more than {MAX_PARAMETERS} names and values.",
            "code": "too_many",
        }
    raise UnprocessableContent(errors=[fault])


def _query_reader(each: Input, settings: Settings) -> Reader:
    bound, shape = each.schema, each.shape
    known = set(bound.load_fields)
    lists = _list_styles(bound.load_fields)
    strict = bound.schema.unknown == RAISE
    item = _in_parameter("query")

    def read(request: Request) -> Any:
        pairs = parse_query(request)
        faults = _unknown(pairs, known) if strict else []
        values = _gather([pair for pair in pairs if pair[0] in known], lists, faults)
        return _load(bound.load, shape, values, faults, item)

    return read


def _unknown(pairs: _Pairs, known: set[str]) -> list[Fault]:
    names = dict.fromkeys(name for name, _ in pairs if name not in known)
    return [((name,), "Unknown parameter.", "unknown") for name in names]


def read_nothing(request: Request) -> None:
    """Refuse a query where none is declared.

    Raises:
        UnprocessableContent: There are query parameters (422).
    """
    item = _in_parameter("query")
    faults = _unknown(parse_query(request), set())
    if faults:
        raise UnprocessableContent(errors=[item(fault) for fault in faults])


def _header_reader(each: Input) -> Reader:
    bound, shape = each.schema, each.shape
    lists = _list_styles(bound.load_fields)
    keys = {name: _environ_key(name) for name in bound.load_fields}
    item = _in_parameter("headers")

    def read(request: Request) -> Any:
        environ = request.environ
        values: dict[str, Any] = {}
        for name, key in keys.items():
            text = environ.get(key)
            if text is not None:
                values[name] = [part.strip() for part in text.split(",")] if name in lists else text
        return _load(bound.load, shape, values, [], item)

    return read


def _environ_key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _cookie_reader(each: Input) -> Reader:
    bound, shape = each.schema, each.shape
    known = set(bound.load_fields)
    lists = _list_styles(bound.load_fields)
    item = _in_parameter("cookies")

    def read(request: Request) -> Any:
        pairs = [
            (name, value) for name, value in request.cookies.items(multi=True) if name in known
        ]
        return _load(bound.load, shape, _gather(pairs, lists, []), [], item)

    return read
