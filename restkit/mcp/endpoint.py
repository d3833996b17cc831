"""The endpoint of MCP: a POST with one message, or with a batch of 2025-03-26, and JSON back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import ClassVar

from marshmallow import Schema, fields

from ..contract import Parameter
from ..decorators import operation, raises, returns
from ..encoding import dumps_json
from ..problems import Forbidden
from ..resource import Resource
from ..response import Response
from .messages import (
    METHOD_NOT_FOUND,
    UNAUTHENTICATED,
    MessageError,
    MessageId,
    batched,
    decode,
    id_of,
    parse_message,
)
from .origins import check_origin_of
from .protocol_versions import is_stateless
from .server import Server, Unauthenticated

__all__ = ["HEADERS", "Endpoint"]

HEADERS = (
    Parameter("MCP-Protocol-Version", description="The version of MCP; required since 2025-06-18."),
    Parameter("Mcp-Method", description="The method of the message; required since 2026-07-28."),
    Parameter("Mcp-Name", description="The name of the tool; required since 2026-07-28."),
    Parameter("Origin", description="The page that calls. Others than the allowed ones get 403."),
)


class ErrorSchema(Schema):
    """The error of a message."""

    code = fields.Int(required=True)
    message = fields.Str(required=True)
    data = fields.Raw()


class ResponseSchema(Schema):
    """The response to a message: its result, or its error."""

    jsonrpc = fields.Str(required=True)
    id = fields.Raw(required=True, allow_none=True)
    result = fields.Dict()
    error = fields.Nested(ErrorSchema)


class Endpoint(Resource):
    """Tools of agents, by the Model Context Protocol.

    Versions from 2025-03-26 on, without sessions and streams: GET is not allowed. A batch of
    messages, which version 2025-03-26 alone has, gets a list of responses.
    """

    tags = ("MCP",)
    server: ClassVar[Server]
    origins: ClassVar[Collection[str]]

    @operation(operation_id="sendMCPMessage")
    @raises(Forbidden)
    @returns(
        None,  # an object, or a list of objects: no schema here says both
        200,
        media_types=["application/json"],
        description="A result or an error of a method, as in the 400; a list of them to a batch.",
    )
    @returns(None, 202, media_types=[], description="The notification is accepted.")
    @returns(ResponseSchema, 400, description="The message, its version or a header is invalid.")
    @returns(ResponseSchema, 404, description="There is no such method.")
    def post(self, body: bytes) -> Response:
        """Respond to a message; `MCP` declares the content, whose limit is that of the App."""
        check_origin_of(self.request, self.app, self.origins)
        try:
            value = decode(body, self.app.settings.max_json_depth)
            batch = batched(value, self.request.environ.get("HTTP_MCP_PROTOCOL_VERSION"))
        except MessageError as error:
            return _response(400, _failure(None, error))
        try:
            if batch is None:
                return _response(*self._answered(value))
            answers = self._all_answered(batch)
        except Unauthenticated as raised:
            reply = raised.reply
            kept = [each for each in reply.headers if each[0].lower() in _KEPT]
            return Response(reply.content, status=401, headers=kept)
        given = [each for each in answers if each is not None]
        return _response(200 if given else 202, given or None)

    def _all_answered(self, batch: Iterable[object]) -> list[_Answer | None]:
        """Return the answers of a batch.

        Raises:
            Unauthenticated: All of its calls need credentials. Where another one is done, an error
                in its place says so: no answer is lost.
        """
        answers: list[_Answer | None] = []
        refused: list[Unauthenticated] = []
        for each in batch:
            try:
                answers.append(self._answered(each)[1])
            except Unauthenticated as raised:
                refused.append(raised)
                answers.append(_failure(id_of(each), _needs_credentials()))
        if refused and len(refused) == sum(each is not None for each in answers):
            raise refused[0]
        return answers

    def _answered(self, value: object) -> tuple[int, _Answer | None]:
        """Return the status of a message, and the answer; None to a notification."""
        try:
            message = parse_message(value)
            stateless = is_stateless(message, self.request.environ)
        except MessageError as error:
            return 400, _failure(id_of(value), error)
        if message.id is None:
            return 202, None
        try:
            result = self.server.respond(message, self.request, is_stateless=stateless)
        except MessageError as error:
            return _status_of(error) if stateless else 200, _failure(message.id, error)
        return 200, {"jsonrpc": "2.0", "id": message.id, "result": result}


_Answer = dict[str, object]
_KEPT = frozenset({"content-type", "www-authenticate"})


def _status_of(error: MessageError) -> int:
    """Return the status of an error (MCP 2026-07-28, Streamable HTTP)."""
    return 404 if error.code == METHOD_NOT_FOUND else 400


def _needs_credentials() -> MessageError:
    words = "The call needs credentials. Send it alone: the response says which ones."
    return MessageError(UNAUTHENTICATED, words)


def _failure(number: MessageId | None, error: MessageError) -> _Answer:
    return {"jsonrpc": "2.0", "id": number, "error": error.document()}


def _response(status: int, content: _Answer | list[_Answer] | None) -> Response:
    if content is None:
        return Response(status=status)
    response = Response(dumps_json(content), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
