"""The responses of a verb, without its problems: status, schema, media types and headers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..contract import Header, Input, Operation, Output
from ..declarations import Return
from ..page import Page
from ..resource import Schemas
from ..response_value import ResponseValue
from .contributions import joined_headers
from .verb import Verb

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema, SchemaLike

__all__ = ["form_output", "outputs_of", "settled_statuses"]

_JSON = ("application/json",)
_EMPTY = (204, 205, 304)
_ETAG = Header("ETag", "The entity tag of the representation.")
_LAST_MODIFIED = Header("Last-Modified", "When the representation was last changed.")
_LOCATION = Header(
    "Location", "The other URL.", {"type": "string", "format": "uri-reference"}, required=True
)
_FORM = "The page of the form with another row, if `_add` names a list of the form."
_NOT_MODIFIED = "The client's representation is still good."


def outputs_of(verb: Verb) -> tuple[Output, ...]:
    """Return the responses of a verb, the one of a plain return value first."""
    headers = _shared_headers(verb)
    outputs = [*_successes(verb, headers), *_redirects(verb)]
    first = next((response for response in verb.declared.returns if response.status < 400), None)
    errors = [response for response in verb.declared.returns if response.status >= 400]
    outputs += [_declared_output(verb, response, first, ()) for response in errors]
    is_read = verb.method in ("GET", "HEAD", "QUERY")
    if verb.resource.conditional and is_read and not any(each.status == 304 for each in outputs):
        outputs.append(Output(304, None, (), headers, _NOT_MODIFIED))
    return tuple(outputs)


def form_output(verb: Verb, inputs: Sequence[Input], outputs: Sequence[Output]) -> Output | None:
    """Return the response to a form that asks for itself with another row of a list.

    Returns:
        One of the responses if it is like it; None if the form has no list, or there is no page.
    """
    page = verb.resource._page() or next((each.page for each in outputs if each.page), None)
    if page is None or page.block or "text/html" not in page.media_types or not _has_lists(inputs):
        return None
    for each in outputs:
        if each.status == 200 and "text/html" in each.media_types:
            return each
    return Output(200, None, ("text/html",), (), _FORM, is_aside=True)


def _has_lists(inputs: Sequence[Input]) -> bool:
    """Return whether there is a form with a list."""
    bound = [each.schema for each in inputs if each.schema is not None]
    forms = [each for each in bound if each.source == "form"]
    if not forms:
        return False
    from ..schemas.form_policy import has_lists  # cold start: it loads marshmallow

    return any(has_lists(each.load_fields) for each in forms)


def _successes(verb: Verb, headers: tuple[Header, ...]) -> list[Output]:
    """Return the responses below status 400, with the page of the class if it has one."""
    declared = [response for response in verb.declared.returns if response.status < 400]
    if hasattr(verb.resource, "_event_types"):
        return _stream_outputs(verb, declared, headers)
    if verb.value is not None:
        return _value_outputs(verb, verb.value, declared, headers)
    if declared:
        outputs = [_declared_output(verb, response, declared[0], headers) for response in declared]
    elif verb.kind == "redirect":
        return []
    else:
        outputs = [_default_output(verb, headers)]
    page = verb.resource._page()
    if page is None or any(response.page for response in declared):
        return outputs
    return _with_page(outputs, page)


def _stream_outputs(
    verb: Verb, declared: list[Return], headers: tuple[Header, ...]
) -> list[Output]:
    """Return the responses of a verb whose plain return value is an event stream."""
    from .event_outputs import event_output  # cold start

    others = [_declared_output(verb, each, None, headers) for each in declared]
    return [event_output(verb, headers), *others]


def _value_outputs(
    verb: Verb, value: type[ResponseValue], declared: list[Return], headers: tuple[Header, ...]
) -> list[Output]:
    """Return the responses of a `ResponseValue`, and the declared ones of other statuses.

    The first `returns` can add headers, media types and a description to them.
    """
    if not declared:
        made = value.outputs(verb.method, None)
        return [each._replace(headers=joined_headers(each.headers, headers)) for each in made]
    first = declared[0]
    made = value.outputs(verb.method, first.media_types)
    more = joined_headers(first.headers, headers)
    outputs = [each._replace(headers=joined_headers(each.headers, more)) for each in made]
    if first.description:
        outputs[0] = outputs[0]._replace(description=first.description)
    known = {each.status for each in outputs}
    others = [response for response in declared[1:] if response.status not in known]
    return outputs + [_declared_output(verb, response, first, headers) for response in others]


def _with_page(outputs: list[Output], page: Page) -> list[Output]:
    """Add the page of the class to the response of a plain return value."""
    first, *others = outputs
    if not first.has_content or first.media_types == ("*/*",):
        return outputs
    shown = Output(first.status, None, page.media_types, first.headers, first.description, page)
    # Without a schema, the return value is only the context of the page, and not JSON.
    return [shown, *others] if first.schema is None else [first, shown, *others]


def _redirects(verb: Verb) -> Iterator[Output]:
    """Yield the redirects of the return annotation that no `returns` declares."""
    declared = {response.status for response in verb.declared.returns}
    for each in verb.redirects:
        if each.status not in declared:
            yield Output(each.status, None, (), (_LOCATION,), each.description)


def _shared_headers(verb: Verb) -> tuple[Header, ...]:
    """Return the headers of every response below status 400."""
    headers: tuple[Header, ...] = verb.declared.words.get("response_headers", ())
    if verb.resource.conditional and verb.method != "DELETE":
        headers = (*headers, _ETAG, _LAST_MODIFIED)
    rule = verb.idempotency
    return headers if rule is None else (*headers, rule.replayed)


def _declared_output(
    verb: Verb, response: Return, first: Return | None, headers: tuple[Header, ...]
) -> Output:
    """Return the record of one `returns`.

    Args:
        verb: The verb.
        response: The declaration.
        first: The declaration of a plain return value.
        headers: The headers of all responses below status 400.
    """
    many = response.many
    if many is None:
        has_first_status = first is not None and response.status == first.status
        many = verb.kind == "many" and has_first_status
    bound = None
    if response.schema is not None:
        bound = _bind(verb, response.schema, many=many, is_first=response is first)
    media_types = () if _is_without_content(verb, response) else response.media_types
    if media_types is None:
        media_types = _JSON
    headers = joined_headers(response.headers, headers)
    return Output(response.status, bound, media_types, headers, response.description, response.page)


def _is_without_content(verb: Verb, response: Return) -> bool:
    """Return whether a declared response has no content."""
    if response.status in _EMPTY:
        return True
    if response.schema is not None:
        return False
    if response.status >= 300:
        return response.status < 400
    if response.is_open or response.media_types is not None:
        return False
    if verb.kind == "absent":
        return response.status in (201, 202) and verb.resource.schema is None
    return verb.kind == "none"


def _bind(verb: Verb, schema: SchemaLike, *, many: bool, is_first: bool = True) -> BoundSchema:
    """Bind the schema of a response, and compare the annotated class with it."""
    annotation = verb.signature.returns if is_first else None
    return verb.bindings.response(schema, verb.declared_at, many=many, annotation=annotation)


def _default_output(verb: Verb, headers: tuple[Header, ...]) -> Output:
    """Return the response of a verb that declares no status below 400."""
    has_page = verb.resource._page() is not None and verb.method in ("GET", "HEAD", "QUERY")
    if verb.kind == "none" and has_page:  # the class alone provides the context of the page
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


def settled_statuses(operation: Operation) -> frozenset[int]:
    """Return the statuses that decide alone whether a response is declared.

    Not those of files with declared media types, since the method chooses one for each file.
    """
    return operation.statuses.difference(map(_status_of_file, operation.outputs)) | {500}


def _status_of_file(output: Output) -> int | None:
    is_file = any(each.name == "Content-Disposition" for each in output.headers)
    return output.status if is_file and "*/*" not in output.media_types else None
