"""The problems that each stage of the pipeline may respond with to a verb's requests.

Each stage adds its own, so that each enforced rule is documented.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..contract import Failure, Header, Input, Output, offered_types
from ..declarations import class_failures, declarations_of
from ..http.methods import SAFE_METHODS
from ..problems import (
    BadRequest,
    Conflict,
    ContentTooLarge,
    InsufficientStorage,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    UnprocessableContent,
    UnsupportedMediaType,
)
from .helpers import helper_failures
from .verb import Verb

__all__ = ["failures_of_verb"]

# One record for all operations, so that the document makes each response once.
_NO_SUCH_URL = Failure(NotFound, "routing", "There is nothing at this URL.")
_NO_REPRESENTATION = Failure(NotAcceptable, "negotiation", "No representation matches Accept.")
_NOT_READ = (
    Failure(BadRequest, "body", "The content is malformed."),
    Failure(ContentTooLarge, "body", "The content is larger than the limit."),
)
_WRONG_TYPE, _WRONG_PATCH = (
    Failure(
        UnsupportedMediaType,
        "body",
        "The content's media type is not supported.",
        (Header(name, "The media types that are supported."),),
    )
    for name in ("Accept", "Accept-Patch")
)
_INVALID = Failure(UnprocessableContent, "validation", "The input is invalid.")
_FALSE = Failure(
    PreconditionFailed,
    "preconditions",
    "A precondition of the request is false: If-Match or If-None-Match (RFC 9110, section 13.1) "
    "with entity tags that earlier responses had as ETag.",
)
_OF_CHANGES = (Conflict, InsufficientStorage)
_UNGUARDED = Failure(
    PreconditionRequired, "preconditions", "The request must have If-Match, or If-None-Match: *."
)


def failures_of_verb(
    verb: Verb, inputs: tuple[Input, ...], outputs: tuple[Output, ...]
) -> Iterator[Failure]:
    """Yield the problems of a verb, in the order of the stages."""
    if verb.mount.parameters:
        yield _NO_SUCH_URL
    if offered_types(outputs):
        yield _NO_REPRESENTATION
    yield from _input_failures(verb, inputs)
    yield from _precondition_failures(verb)
    if rule := verb.idempotency:
        yield from rule.failures
    yield from verb.declared.raises
    if verb.value is not None:
        yield from verb.value.failures(verb.method)
    yield from helper_failures(verb.function, verb.resource)
    yield from class_failures(verb.resource)
    yield from _provide_failures(verb)
    for each in verb.injected.values():
        for failure in declarations_of(each.from_request).raises:
            yield failure._replace(stage="provide")


def _input_failures(verb: Verb, inputs: tuple[Input, ...]) -> Iterator[Failure]:
    if any(each.media_types for each in inputs):
        yield from _NOT_READ
        yield _WRONG_PATCH if verb.method == "PATCH" else _WRONG_TYPE
    if inputs or (verb.mount.strict and not verb.resource._any_query):
        yield _INVALID


def _precondition_failures(verb: Verb) -> Iterator[Failure]:
    conditional = verb.resource.conditional
    if not conditional or verb.method == "OPTIONS":
        return
    yield _FALSE
    if conditional == "required" and verb.method in ("PUT", "PATCH", "DELETE"):
        yield _UNGUARDED


def _provide_failures(verb: Verb) -> Iterator[Failure]:
    """Yield the problems of factories; for a safe method without those that only changes cause."""
    is_safe = verb.method in SAFE_METHODS
    declared = {each.problem for each in verb.declared.raises}
    for failure in verb.shared.provided:
        is_of_change = issubclass(failure.problem, _OF_CHANGES)
        if failure.problem not in declared and not (is_safe and is_of_change):
            yield failure
