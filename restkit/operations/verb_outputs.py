"""The responses of a verb that are no problems: status, schema, media types and headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..contract import Header, Output
from ..declarations import Return
from ..page import Page
from ..resource import Schemas
from ..response_value import ResponseValue
from .verb import Verb

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema, SchemaLike

__all__ = ["outputs_of"]

_JSON = ("application/json",)
_EMPTY = (204, 205, 304)
_ETAG = Header("ETag", "The entity tag of the representation.")
_LAST_MODIFIED = Header("Last-Modified", "When the representation was last changed.")
_LOCATION = Header(
    "Location", "The other URL.", {"type": "string", "format": "uri-reference"}, required=True
)
_NOT_MODIFIED = "The client's representation is still good."


def outputs_of(verb: Verb) -> tuple[Output, ...]:
    """Return the responses of a verb, the one of a plain return value first."""
    headers = _shared_headers(verb)
    outputs = [*_successes(verb, headers), *_redirects(verb)]
    first = next((said for said in verb.said.returns if said.status < 400), None)
    errors = [said for said in verb.said.returns if said.status >= 400]
    outputs += [_declared_output(verb, said, first, ()) for said in errors]
    is_read = verb.method in ("GET", "HEAD", "QUERY")
    if verb.resource.conditional and is_read and not any(each.status == 304 for each in outputs):
        outputs.append(Output(304, None, (), headers, _NOT_MODIFIED))
    return tuple(outputs)


def _successes(verb: Verb, headers: tuple[Header, ...]) -> list[Output]:
    """Return the responses that are no errors, with the page of the class if it has one."""
    declared = [said for said in verb.said.returns if said.status < 400]
    if verb.value is not None:
        return _value_outputs(verb, verb.value, declared, headers)
    if declared:
        outputs = [_declared_output(verb, said, declared[0], headers) for said in declared]
    elif verb.kind == "redirect":
        return []
    else:
        outputs = [_default_output(verb, headers)]
    page = verb.resource._page()
    if page is None or any(said.page for said in declared):
        return outputs
    return _with_page(outputs, page)


def _value_outputs(
    verb: Verb, value: type[ResponseValue], declared: list[Return], headers: tuple[Header, ...]
) -> list[Output]:
    """Return the responses of a value that responds itself; the first `returns` adds to them."""
    if not declared:
        made = value.outputs(verb.method, None)
        return [_with_headers(each, headers) for each in made]
    first = declared[0]
    made = value.outputs(verb.method, first.media_types)
    outputs = [_with_headers(each, (*first.headers, *headers)) for each in made]
    if first.description:
        outputs[0] = outputs[0]._replace(description=first.description)
    known = {each.status for each in outputs}
    others = [said for said in declared[1:] if said.status not in known]
    return outputs + [_declared_output(verb, said, first, headers) for said in others]


def _with_headers(output: Output, headers: tuple[Header, ...]) -> Output:
    """Return an output with more headers, besides its own ones of the same names."""
    names = {each.name for each in output.headers}
    more = [each for each in headers if each.name not in names]
    return output._replace(headers=(*output.headers, *more))


def _with_page(outputs: list[Output], page: Page) -> list[Output]:
    """Add the page of the class to the response of a plain return value."""
    first = outputs[0]
    if not first.has_content or first.media_types == ("*/*",):
        return outputs
    shown = Output(first.status, None, page.media_types, first.headers, first.description, page)
    # Without a schema, what the method returns is the context of the page, and no JSON.
    return [shown, *outputs[1:]] if first.schema is None else [first, shown, *outputs[1:]]


def _redirects(verb: Verb) -> Iterator[Output]:
    """Yield the redirects of the return annotation that no `returns` declares."""
    declared = {said.status for said in verb.said.returns}
    for each in verb.redirects:
        if each.status not in declared:
            yield Output(each.status, None, (), (_LOCATION,), each.description)


def _shared_headers(verb: Verb) -> tuple[Header, ...]:
    """Return the headers of every response that is no error."""
    headers: tuple[Header, ...] = verb.said.words.get("response_headers", ())
    if verb.resource.conditional and verb.method != "DELETE":
        headers = (*headers, _ETAG, _LAST_MODIFIED)
    rule = verb.idempotency
    return headers if rule is None else (*headers, rule.replayed)


def _declared_output(
    verb: Verb, said: Return, first: Return | None, headers: tuple[Header, ...]
) -> Output:
    """Return the record of one `returns`.

    Args:
        verb: The verb.
        said: The declaration.
        first: The declaration of a plain return value.
        headers: The headers of responses like it.
    """
    many = said.many
    if many is None:
        has_first_status = first is not None and said.status == first.status
        many = verb.kind == "many" and has_first_status
    bound = None
    if said.schema is not None:
        bound = _bind(verb, said.schema, many=many, is_first=said is first)
    media_types = () if _is_without_content(verb, said) else said.media_types
    if media_types is None:
        media_types = _JSON
    headers = (*said.headers, *headers)
    return Output(said.status, bound, media_types, headers, said.description, said.page)


def _is_without_content(verb: Verb, said: Return) -> bool:
    """Return whether a declared response has no content."""
    if said.status in _EMPTY:
        return True
    if said.schema is not None:
        return False
    if said.status in range(300, 400):
        return True
    if said.is_open or said.media_types is not None or said.status >= 400:
        return False
    if verb.kind == "absent":
        return said.status in (201, 202) and verb.resource.schema is None
    return verb.kind == "none"


def _bind(verb: Verb, schema: SchemaLike, *, many: bool, is_first: bool = True) -> BoundSchema:
    """Bind the schema of a response, and compare the annotated class with it."""
    annotation = verb.signature.returns if is_first else None
    return verb.bindings.response(schema, verb.declared_at, many=many, annotation=annotation)


def _default_output(verb: Verb, headers: tuple[Header, ...]) -> Output:
    """Return the response of a verb that declares none that is no error."""
    has_page = verb.resource._page() is not None and verb.method in ("GET", "HEAD", "QUERY")
    if verb.kind == "none" and has_page:  # the context is that of the class
        return Output(200, None, _JSON, headers)
    if verb.kind == "none" or (verb.kind == "absent" and verb.method in ("DELETE", "OPTIONS")):
        return Output(204, None, (), headers)
    if verb.kind == "response":
        return Output(200, None, ("*/*",), headers)
    many = verb.kind == "many"
    schema = verb.resource.schema
    if isinstance(schema, Schemas):
        schema = schema.response(many=many)
    if schema is None:
        return Output(200, None, _JSON, headers)
    bound = _bind(verb, schema, many=many)
    return Output(201 if verb.method == "POST" else 200, bound, _JSON, headers)
