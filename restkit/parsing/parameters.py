"""The readers of parameters: a query, headers and cookies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from ..contract import Input, Operation
from ..errors import DeclarationError
from ..problems import InvalidItem, UnprocessableContent
from ..request import Request
from ..schemas.bound import Fault, Invalid
from ..schemas.parameter_styles import Writing
from .body import Reader
from .pointers import plain_name
from .text_values import Pairs, TextValues, parse_pairs

__all__ = ["parameter_reader", "parse_query", "read_nothing"]

_IN = {"query": "query", "headers": "header", "cookies": "cookie"}


def parse_query(request: Request) -> Pairs:
    """Return the names and values of the query, in their order.

    Raises:
        UnprocessableContent: The query is not UTF-8, or has more than 1,000 parameters (422).
    """
    query = request.environ.get("QUERY_STRING", "")
    return parse_pairs(query, {"parameter": "", "location": "query"}) if query else []


def read_nothing(request: Request, known: Collection[str] = ()) -> None:
    """Reject a query where none is declared.

    Args:
        request: The request.
        known: Parameters that something else reads, such as a security scheme.

    Raises:
        UnprocessableContent: There are query parameters (422).
    """
    faults = _unknown(name for name, _ in parse_query(request) if name not in known)
    if faults:
        item = _in_parameter("query")
        raise UnprocessableContent(errors=[item(fault) for fault in faults])


def parameter_reader(each: Input, operation: Operation) -> Reader:
    """Return the reader of the parameters in the query, the headers or the cookies."""
    if each.location == "query":
        return _query_reader(each, operation)
    if each.location == "headers":
        return _header_reader(each, operation)
    return _cookie_reader(each, operation)


def _query_reader(each: Input, operation: Operation) -> Reader:
    """Make the reader of a query."""
    values = TextValues(each, "query", operation.declared_at, _in_parameter("query"))
    known, load, shape = operation.query_names, values.load_schema, values.shape

    def read(request: Request) -> object:
        text = request.environ.get("QUERY_STRING", "")
        plain: dict[str, object] | None = None if text else {}
        if text and text.isascii() and "\0" not in text:
            plain = values.read_plain(text)
        if plain is not None:
            try:  # PERF: as `values.load` without faults, and without its call
                value = load(plain)
            except Invalid as invalid:
                raise values.refusal(invalid.faults) from None
            return value if shape is None else shape(value)
        return _read_any(parse_query(request), values, known)

    return read


def _read_any(pairs: Pairs, values: TextValues, known: Collection[str]) -> object:
    """Return the value of any query; parameters that something else reads are left out."""
    if known:
        pairs = [pair for pair in pairs if pair[0] not in known or values.is_known(pair[0])]
    faults: list[Fault] = []
    if values.strict:
        faults = _unknown(name for name, _ in pairs if not values.is_known(name))
    return values.read(pairs, faults)


def _header_reader(each: Input, operation: Operation) -> Reader:
    """Make the reader of headers; a schema that includes unknown members gets all of them."""
    values = TextValues(each, "headers", operation.declared_at, _in_parameter("headers"))
    keys = _environ_keys(each, operation.declared_at)
    lists = {name for name, style in values.styles.items() if style.writing is Writing.DELIMITED}
    taken = set(keys.values())

    def read(request: Request) -> object:
        environ = request.environ
        found: dict[str, object] = {}
        for name, key in keys.items():
            text = environ.get(key)
            if text is not None:
                found[name] = _items(text) if name in lists else text
        if values.include:
            found.update(_other_headers(request, taken))
        return values.load(found, [])

    return read


def _environ_keys(each: Input, declared_at: str) -> dict[str, str]:
    """Return the key of the environ for each field of headers.

    Raises:
        DeclarationError: Two fields read one header, or OpenAPI would ignore a header.
    """
    names: dict[str, str] = {}
    for name, field in each.bound.load_fields.items():
        if name.lower() in _NO_PARAMETERS and field.metadata.get("documented") is not False:
            raise DeclarationError(
                f"{declared_at}: OpenAPI ignores the header field {name!r}, so it would be "
                f"enforced and not documented. {_NO_PARAMETERS[name.lower()]} To read the header "
                "anyway, give the field metadata={'documented': False}."
            )
        other = names.setdefault(_environ_key(name), name)
        if other != name:
            raise DeclarationError(
                f"{declared_at}: the fields {other!r} and {name!r} are one header, whose name may "
                "be written in small and capital letters. Keep one of them."
            )
    return {name: key for key, name in names.items()}


# OpenAPI 3.1.1, section 4.8.12.1: a header parameter of one of these names is to be ignored.
_NO_PARAMETERS = {
    "accept": "The media types of @returns and produces document it.",
    "authorization": "Declare a security scheme.",
    "content-type": "The media types of the body document it.",
}


def _items(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _other_headers(request: Request, taken: set[str]) -> Iterator[tuple[str, str]]:
    for name, text in request.headers.items():
        if _environ_key(name) not in taken:
            yield name, text


def _environ_key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _cookie_reader(each: Input, operation: Operation) -> Reader:
    """Make the reader of cookies."""
    values = TextValues(each, "cookies", operation.declared_at, _in_parameter("cookies"))
    return lambda request: values.read(request.cookies.items(multi=True), [])


def _unknown(names: Iterable[str]) -> list[Fault]:
    return [((name,), "Unknown parameter.", "unknown") for name in dict.fromkeys(names)]


def _in_parameter(location: str) -> Callable[[Fault], InvalidItem]:
    """Make the function that words a fault of a parameter as an item of a problem's ``errors``."""
    where = _IN[location]

    def item(fault: Fault) -> InvalidItem:
        path, detail, code = fault
        name = plain_name(path[0]) if path else ""
        if len(path) > 1:
            if isinstance(path[1], int):
                detail = f"Item {path[1]}: {detail}"
            elif member := plain_name(path[1]):
                name = f"{name}[{member}]"
        return {"parameter": name, "location": where, "detail": detail, "code": code}

    return item
