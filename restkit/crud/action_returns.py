"""The responses that `returns` declares on an action: statuses, schemas and headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from marshmallow import Schema

from ..declarations import Return
from ..encoding import dumps_json
from ..errors import DeclarationError
from ..media import JSON
from ..records import Record
from ..rendering.content import SerializedContent
from .item_serializer import ItemSerializer

__all__ = ["ActionReturns", "Stated", "stated"]

_EMPTY = (204, 205)


class Stated(Record):
    """A value of an action, with the status and headers that it returned with it.

    Attributes:
        value: The value.
        status: The status; None for the usual one.
        headers: The headers.
    """

    value: object
    status: int | None = None
    headers: Mapping[str, str] = {}


def stated(result: object) -> Stated:
    """Return the parts of ``value``, ``value, status`` or ``value, status, headers``."""
    if type(result) is tuple and len(result) in (2, 3) and type(result[1]) is int:
        return Stated(*result)
    return Stated(result)


class ActionReturns:
    """The responses of one action in place of the usual one.

    Attributes:
        is_empty: Whether nothing is declared.
    """

    def __init__(
        self,
        said: Sequence[Return],
        usual: type[Schema] | None,
        serializer: Callable[[type[Schema]], ItemSerializer],
        declared_at: str,
    ) -> None:
        """Find the schema of each status.

        Args:
            said: The declarations.
            usual: The schema where none is declared; None for no content.
            serializer: A function that returns the serializer of a schema.
            declared_at: The name of the action, for messages.

        Raises:
            DeclarationError: A declaration cannot be meant of an action.
        """
        self.is_empty = not said
        self._said = [self._completed(each, usual, declared_at) for each in said]
        self._serializers = {
            each.status: serializer(each.schema)
            for each in self._said
            if isinstance(each.schema, type)
        }
        self._status = said[0].status if said else 200

    def _completed(self, said: Return, usual: type[Schema] | None, declared_at: str) -> Return:
        _check_meant(said, declared_at)
        if said.schema is None and not said.is_open and said.status not in _EMPTY:
            said = said._replace(schema=usual)
        if said.schema is None and (not said.is_open or said.status in _EMPTY):
            return said._replace(media_types=(), many=None)
        return said._replace(media_types=(JSON,), many=False)

    def outputs(self, usual: Sequence[Return]) -> tuple[Return, ...]:
        """Return the responses of the verb: the declared ones, and those beside the usual one.

        Args:
            usual: Its responses without declarations, the plain one first.
        """
        if self.is_empty:
            return tuple(usual)
        headers = usual[0].headers
        own = [each._replace(headers=(*headers, *each.headers)) for each in self._said]
        statuses = {each.status for each in own}
        more = tuple(header for each in self._said for header in each.headers)
        rest = [
            each._replace(headers=(*each.headers, *more))
            for each in usual[1:]
            if each.status not in statuses
        ]
        return (*own, *rest)

    def response(
        self, result: Stated, headers: Mapping[str, str], data: object = None
    ) -> tuple[object, int, Mapping[str, str]]:
        """Return the response of a result.

        Args:
            result: The value that the action returned.
            headers: Further headers.
            data: The dumped item, from which a 201 gets its Location.
        """
        status = self._status if result.status is None else result.status
        headers = {**headers, **result.headers}
        serializer = self._serializers.get(status)
        if status in _EMPTY or result.value is None:
            return None, status, headers
        if serializer is None:
            return SerializedContent(data, dumps_json(result.value)), status, headers
        return SerializedContent(data, serializer.text(result.value)), status, headers


def _check_meant(said: Return, declared_at: str) -> None:
    """Reject a response that an action cannot have."""
    if not 200 <= said.status < 400:
        raise DeclarationError(
            f"{declared_at} has @returns(status={said.status}). Raise a Problem, and declare it "
            "with @raises."
        )
    if said.many:
        raise DeclarationError(
            f"{declared_at} has @returns(many=True), but it returns one item. Write a schema that "
            "has the list as a field."
        )
    is_class = isinstance(said.schema, type) and issubclass(said.schema, Schema)
    if said.schema is not None and not is_class:
        raise DeclarationError(
            f"{declared_at}: @returns({said.schema!r}) must be a marshmallow Schema class."
        )
    if said.media_types not in (None, (JSON,)):
        raise DeclarationError(
            f"{declared_at} has @returns(media_types=...), but an action returns JSON. Write a "
            "Resource for other content."
        )
