"""The readers of forms: fields and files, within the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import IO

from werkzeug.datastructures import FileStorage, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser, default_stream_factory

from ..contract import Input, Operation
from ..errors import DeclarationError
from ..http.negotiation import Chooser, parse_content_type
from ..json_parsing import loads_json
from ..media import FORM_TYPES, JSON, MULTIPART, Media
from ..page import FormRequested
from ..problems import BadRequest, ContentTooLarge, UnprocessableContent
from ..request import Request
from ..schemas.bound import Fault
from ..schemas.form_policy import ADD_FIELD, FRAMEWORK_FIELDS, FormLimits
from ..settings import Settings
from .body import Reader, content_stream, in_body, media_type_of
from .form_values import FormValues
from .text_values import TextValues, parse_pairs

__all__ = ["form_limits", "form_reader", "parse_form"]

_Fields = MultiDict[str, str]
_Files = MultiDict[str, FileStorage]

MAX_FORM_PARTS = 1000
MAX_FORM_MEMORY = 500_000


def form_reader(each: Input, operation: Operation, settings: Settings, media: Media) -> Reader:
    """Make the reader of a form's fields, or of its files.

    Args:
        each: The input: ``form`` or ``files``, or a body that is sent as a form.
        operation: The Operation.
        settings: The App's settings, for the limits.
        media: The App's media types, for the JSON of parts.
    """
    others = [
        other
        for other in operation.inputs
        if other.location in ("form", "files") and other is not each
    ]
    _check_types(each, operation)
    is_files = each.location == "files"
    values = _file_values(each, operation) if is_files else _values(each, operation, media)
    pairs_of = _file_pairs if is_files else _field_pairs(values)
    unknown = _unknown_names(values, others, is_files=is_files)
    limits = form_limits(operation.inputs, settings)
    check = _check_of_parsed(each, limits)
    may_ask = all(ADD_FIELD not in every.bound.load_fields for every in (each, *others))

    def read(request: Request) -> object:
        if not request.form_read:
            parse_form(request, each.media_types, limits)
        else:
            check(request)
        if may_ask and ADD_FIELD in request.form:
            raise _another_row(operation, request)
        pairs = pairs_of(request)
        return values.read(pairs, unknown(request, pairs))

    return read


def _check_of_parsed(each: Input, limits: Settings | FormLimits) -> Callable[[Request], None]:
    """Make the check of a form that another part of restkit has parsed, which may take more."""
    is_narrow = len(each.media_types) < len(FORM_TYPES)

    def check(request: Request) -> None:
        if is_narrow:
            media_type_of(request, each.media_types)
        if isinstance(limits, FormLimits):
            request.check_length(limits.max_upload_size)

    return check


def form_limits(inputs: Iterable[Input], settings: Settings) -> Settings | FormLimits:
    """Return the limits of an Operation's form: the size that it declares, or the settings.

    Args:
        inputs: The inputs of the Operation.
        settings: The App's settings.
    """
    declared = (each.max_size for each in inputs if set(FORM_TYPES).intersection(each.media_types))
    size = next((each for each in declared if each is not None), None)
    return settings if size is None else FormLimits(size, size)


def _another_row(operation: Operation, request: Request) -> Exception:
    """Return the exception for a form that asks for its page with another row of a list."""
    accept = request.environ.get("HTTP_ACCEPT")
    if operation.shows_form and (accept is None or Chooser(("text/html",))(accept)):
        return FormRequested()
    return UnprocessableContent("The form asks for another row of a list.")


def _check_types(each: Input, operation: Operation) -> None:
    for media_type in each.media_types:
        if media_type not in FORM_TYPES:
            raise DeclarationError(
                f"{operation.declared_at} takes a form as {media_type}; a form is "
                f"{' or '.join(FORM_TYPES)}."
            )


def _file_values(each: Input, operation: Operation) -> TextValues:
    return TextValues(each, "files", operation.declared_at, in_body)


def _values(each: Input, operation: Operation, media: Media) -> FormValues:
    json_handler = media.find(JSON)
    loads = loads_json if json_handler is None else json_handler.loads
    return FormValues(each, operation.declared_at, in_body, loads)


def _field_pairs(values: TextValues) -> Callable[[Request], list[tuple[str, object]]]:
    """Make the function that returns the fields; a part of JSON may be sent with a file name."""
    parts = frozenset(name for name, style in values.styles.items() if style.is_json)

    def pairs(request: Request) -> list[tuple[str, object]]:
        found: list[tuple[str, object]] = [*request.form.items(multi=True)]
        if parts:
            found += [pair for pair in request.files.items(multi=True) if pair[0] in parts]
        return found

    return pairs


def _file_pairs(request: Request) -> list[tuple[str, object]]:
    """Return the files that were chosen: a browser sends an empty part for each that was not."""
    return [pair for pair in request.files.items(multi=True) if not _is_unchosen(pair[1])]


def _is_unchosen(file: FileStorage) -> bool:
    if file.filename:
        return False
    size = file.stream.seek(0, 2)
    file.stream.seek(0)
    return not size


def _unknown_names(
    values: TextValues, others: Sequence[Input], *, is_files: bool
) -> Callable[[Request, Sequence[tuple[str, object]]], list[Fault]]:
    """Make the function that reports unknown names; if a part of the form is open, all of it is."""
    schemas = [each.bound for each in others]
    known = FRAMEWORK_FIELDS.union(*(schema.load_fields for schema in schemas))
    if not values.strict or any(schema.open for schema in schemas):
        return lambda request, pairs: []

    def unknown(request: Request, pairs: Sequence[tuple[str, object]]) -> list[Fault]:
        names = {name for name, _ in pairs if not values.is_known(name)} - known
        if not others:
            names |= set(request.form if is_files else request.files) - values.known - known
        return [((name,), "Unknown field.", "unknown") for name in sorted(names)]

    return unknown


def parse_form(request: Request, taken: tuple[str, ...], settings: Settings | FormLimits) -> None:
    """Parse a form's content into ``request.form`` and ``request.files``, within the limits.

    Args:
        request: The request.
        taken: The media types of forms that the operation takes.
        settings: The App's settings, or other limits.
    """
    request.close_form()  # the files that middleware parsed by itself, without the limits below
    request.form_parsed = request.form_read = True
    media_type = media_type_of(request, taken)
    is_multipart = media_type == MULTIPART
    limit = settings.max_upload_size if is_multipart else settings.max_body_size
    request.check_length(limit)
    if not is_multipart:
        pairs = parse_pairs(request.read_content(limit).decode("latin-1"), {"pointer": ""})
        request.__dict__["form"] = ImmutableMultiDict(pairs)
        request.__dict__["files"] = ImmutableMultiDict()
        return
    parameters = parse_content_type(request.environ.get("CONTENT_TYPE")).parameters
    opened: list[IO[bytes]] = []
    try:
        form, files = _parsed(request, media_type, dict(parameters), limit, opened)
    except BaseException:
        for each in opened:
            each.close()
        raise
    request.__dict__["form"] = form
    request.__dict__["files"] = files


def _parsed(
    request: Request,
    media_type: str,
    parameters: dict[str, str],
    limit: int,
    opened: list[IO[bytes]],
) -> tuple[_Fields, _Files]:
    """Parse a multipart form.

    Args:
        request: The request.
        media_type: Its media type.
        parameters: The parameters of the media type.
        limit: The largest size in bytes.
        opened: Takes the files that are made. If an exception is raised, nobody else closes them.
    """

    def open_file(
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        opened.append(
            default_stream_factory(total_content_length, content_type, filename, content_length)
        )
        return opened[-1]

    parser = FormDataParser(
        stream_factory=open_file,
        max_form_memory_size=MAX_FORM_MEMORY,
        max_content_length=limit,
        max_form_parts=MAX_FORM_PARTS,
        silent=False,
    )
    try:
        _, form, files = parser.parse(
            content_stream(request, limit), media_type, request.content_length, parameters
        )
    except RequestEntityTooLarge:
        raise ContentTooLarge(
            "The form exceeds the limit for total size, number of parts or part size."
        ) from None
    except ContentTooLarge:  # of content without Content-Length
        raise
    except ClientDisconnected:
        raise BadRequest("The content is shorter than its Content-Length.") from None
    except Exception:  # noqa: BLE001  # the parser's, and what a server raises for broken chunks
        raise BadRequest("The form is malformed.") from None
    if None in form or None in files:
        raise BadRequest("A part of the form has no name.")
    return form, files
