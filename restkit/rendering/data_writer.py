"""The shortest way from data to a response: that of one media type, in the usual status."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..contract import Operation, Output
from ..media import NDJSON, Media
from ..request import Request
from ..response import Outgoing, PlainResponse
from .content import CONTENT_LENGTHS, content_type_of, dumps_of
from .returned_values import unserializable

__all__ = ["DATA_TYPES", "data_writer"]

# PERF: types of values that have neither a status nor headers; to ask a value costs more.
DATA_TYPES = frozenset({dict, list, str, int, float, bool})
_Writer = Callable[[Request, object, str], Outgoing]


def data_writer(operation: Operation, media: Media, others: _Writer) -> _Writer:
    """Return the writer of values that are data, which hands all other values on.

    Args:
        operation: The Operation, whose usual status adds no header of its own.
        media: The App's media types.
        others: The writer of all other values, which also writes data. It is returned if the usual
            status has several media types, a range of them, or a stream.
    """
    status = operation.outputs[0].status
    outputs = [each for each in operation.outputs if each.status == status]
    media_type, schema = _only_type(outputs), outputs[0].schema
    if media_type is None:
        return others
    rejected = () if schema is None else schema.misfits
    types = frozenset(each for each in DATA_TYPES if not issubclass(each, rejected))
    dumps = dumps_of(media_type, schema, media, operation)
    content_type = ("Content-Type", content_type_of(media_type))

    # PERF: most values are such data, for which `others` costs four thousand instructions more.
    def write(request: Request, value: object, media_type: str) -> Outgoing:
        if type(value) not in types:
            return others(request, value, media_type)
        try:
            body = dumps(value)
        except Exception as error:
            found = unserializable(error, value, operation)
            if found is None:
                raise
            raise found from error
        return PlainResponse(status, [content_type, CONTENT_LENGTHS[len(body)]], body)

    return write


def _only_type(outputs: Sequence[Output]) -> str | None:
    """Return the media type of the outputs of a status, None if it may be another, or a stream."""
    found, *others = [each for output in outputs for each in output.media_types]
    is_other = "*" in found or found == NDJSON or outputs[0].events is not None
    return None if others or is_other else found
