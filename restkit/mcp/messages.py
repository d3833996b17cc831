"""Messages of JSON-RPC 2.0 as MCP narrows them: one request or notification for each POST.

Version 2025-03-26 alone has batches, which servers must receive; 2025-06-18 removed them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from ..json_parsing import JSONLimits, loads_json
from ..problems import BadRequest
from ..records import Record

__all__ = [
    "HEADER_MISMATCH",
    "INVALID_PARAMS",
    "INVALID_REQUEST",
    "METHOD_NOT_FOUND",
    "PARSE_ERROR",
    "UNAUTHENTICATED",
    "UNSUPPORTED_VERSION",
    "Message",
    "MessageError",
    "MessageId",
    "batched",
    "parse_message",
]

MessageId = str | int
Params = Mapping[str, object]

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
# JSON-RPC 2.0, section 5.1: numbers beyond -32768 to -32000 are free. Clients of MCP have their own
# meanings for those near -32000, such as a closed connection.
UNAUTHENTICATED = 401
HEADER_MISMATCH, UNSUPPORTED_VERSION = -32020, -32022  # since 2026-07-28
_LONGEST_ID, _LONGEST_METHOD = 1000, 200
_ENVELOPE = 3  # the levels of a message around the arguments of a tool
_DEEPEST = 500
_MOST_MESSAGES = 10
_BATCHING = (None, "2025-03-26")  # the header, which that version did not have yet


class MessageError(Exception):
    """Raised when a message gets an error response of JSON-RPC.

    Attributes:
        code: The error code.
        message: A sentence about the error, which never repeats input.
        data: More about the error.
    """

    def __init__(self, code: int, message: str, data: object = None) -> None:
        """Keep the parts."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def document(self) -> dict[str, object]:
        """Return the error object (JSON-RPC 2.0, section 5.1)."""
        found: dict[str, object] = {"code": self.code, "message": self.message}
        return found if self.data is None else {**found, "data": self.data}


class Message(Record):
    """One request, or one notification.

    Attributes:
        method: The method of the protocol.
        params: Its parameters.
        id: The id of a request; None for a notification.
    """

    method: str
    params: Params
    id: MessageId | None = None

    @property
    def meta(self) -> Params:
        """The metadata of the message, {} without any."""
        found = self.params.get("_meta")
        return cast("Params", found) if isinstance(found, Mapping) else {}


def id_of(value: object) -> MessageId | None:
    """Return the id of a message that may be malformed, None if it cannot be sent back."""
    if not isinstance(value, Mapping):
        return None
    given = cast("Params", value).get("id")
    return given if isinstance(given, (str, int)) and _is_id(given) else None


def decode(content: bytes, max_depth: int) -> object:
    """Return the JSON value of the content of a request.

    Args:
        content: The content.
        max_depth: The levels of nesting that the arguments of a tool may have.

    Raises:
        MessageError: It is not strict JSON.
    """
    limits = JSONLimits(depth=min(max_depth + _ENVELOPE, _DEEPEST))
    try:
        value: object = loads_json(content, limits=limits)
    except BadRequest as error:
        raise MessageError(PARSE_ERROR, str(error)) from None
    return value


def batched(value: object, version: str | None) -> Sequence[object] | None:
    """Return the messages of a batch, None if a JSON value is no batch.

    Args:
        value: The value.
        version: The header MCP-Protocol-Version.

    Raises:
        MessageError: The version has no batches, or the batch is empty, too long, or begins a
            session.
    """
    if not isinstance(value, list):
        return None
    messages = cast("list[object]", value)
    if version not in _BATCHING:
        raise MessageError(
            INVALID_REQUEST,
            "This version has no batches. Send each message in a request of its own.",
        )
    if not 0 < len(messages) <= _MOST_MESSAGES:
        raise MessageError(INVALID_REQUEST, f"A batch has 1 to {_MOST_MESSAGES} messages.")
    objects = [cast("Params", each) for each in messages if isinstance(each, Mapping)]
    if any(each.get("method") == "initialize" for each in objects):
        raise MessageError(
            INVALID_REQUEST, "A batch has no initialize. Send it in a request of its own."
        )
    return messages


def parse_message(value: object) -> Message:
    """Return the message that a JSON value is.

    Raises:
        MessageError: It is none.
    """
    if not isinstance(value, Mapping):
        raise MessageError(INVALID_REQUEST, "A message is a JSON object.")
    given = cast("Params", value)
    if given.get("jsonrpc") != "2.0":
        raise MessageError(INVALID_REQUEST, 'A message has the member "jsonrpc": "2.0".')
    method, params = given.get("method"), given.get("params")
    if not isinstance(method, str) or not 0 < len(method) <= _LONGEST_METHOD:
        raise MessageError(
            INVALID_REQUEST, "A message has a method: this server sends no requests to respond to."
        )
    if "id" in given and not _is_id(given["id"]):
        raise MessageError(
            INVALID_REQUEST,
            f"The id of a request is an integer, or a text of at most {_LONGEST_ID} characters.",
        )
    if params is not None and not isinstance(params, Mapping):
        raise MessageError(INVALID_PARAMS, "The params of a message are an object.")
    return Message(method, cast("Params", params or {}), id_of(given))


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_ID
    return isinstance(value, int) and not isinstance(value, bool)
