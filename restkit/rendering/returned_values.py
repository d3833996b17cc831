"""Returned values that are mistakes: a forgotten return, a coroutine, a Problem."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterable
from types import AsyncGeneratorType, CoroutineType
from typing import TYPE_CHECKING

from .. import problems
from ..contract import Operation, offered_types
from ..errors import DeclarationError
from ..problems import problem_class

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema

__all__ = [
    "REJECTED",
    "forgotten_return",
    "missing_data",
    "rejected_headers",
    "rejected_tuple",
    "rejected_value",
    "returned_error",
    "unexpected_data",
    "unserializable",
    "untyped_content",
]

REJECTED: tuple[type, ...] = (BaseException, CoroutineType, AsyncGeneratorType)
"""The types that no method can return."""

_DETACHED = "DetachedInstanceError"


def rejected_value(value: object, operation: Operation) -> DeclarationError:
    """Return the error for a value of one of the `REJECTED` types."""
    returned = f"{operation.declared_at} returned {type(value).__name__}"
    if isinstance(value, BaseException):
        return DeclarationError(f"{returned}. Raise it: raise {type(value).__name__}(...).")
    if isinstance(value, Coroutine):
        value.close()  # Python would warn that nobody awaited it
    kind = "an async generator" if isinstance(value, AsyncIterator) else "a coroutine"
    return DeclarationError(
        f"{operation.declared_at} returned {kind}, which a WSGI application cannot await. Call a "
        "plain function, or run the coroutine with asyncio.run(...)."
    )


def unexpected_data(status: int, operation: Operation) -> str:
    """Return the message for data under a status that is declared without content."""
    return (
        f"{operation.declared_at} returned data with status {status}, which is declared without "
        "content. Annotate the method with the type that it returns, or return nothing."
    )


def missing_data(status: int, operation: Operation) -> str:
    """Return the message for None under a status that is declared with a schema."""
    output = operation.output(status)
    schema = output.schema if output is not None else None
    name = "" if schema is None else schema.declared.__name__
    return (
        f"{operation.declared_at} returned None with status {status}, which it declares with "
        f"{name}. Return the data, or declare a response without content: write -> None and "
        f"@returns(status={status})."
    )


_SHAPES = "Return data, (data, status), (data, headers) or (data, status, headers)"


def rejected_tuple(value: tuple[object, ...], operation: Operation) -> DeclarationError:
    """Return the error for a tuple that is not data with a status, headers or both."""
    returned = f"{operation.declared_at} returned a tuple"
    if len(value) not in (2, 3):
        return DeclarationError(f"{returned} of {len(value)}. {_SHAPES}.")
    second = value[1]
    kind = type(second).__name__
    if type(second) is int:
        return DeclarationError(
            f"{returned} with the status {second}. The status of a response is a number from 200 "
            "to 599."
        )
    if status := _status_of(second):
        rest = ", headers" if len(value) == 3 else ""
        return DeclarationError(
            f"{returned} with the status {second!r}, of type {kind}. A status is an int: "
            f"return data, {status}{rest}."
        )
    if len(value) == 3:
        return DeclarationError(
            f"{returned} of 3 whose status is of type {kind}. A status is an int. {_SHAPES}."
        )
    return DeclarationError(
        f"{returned} of 2 whose second item is of type {kind}, neither a status nor headers. "
        f"{_SHAPES}."
    )


def _status_of(value: object) -> int:
    """Return the status that a text or a float means, 0 if it means none."""
    text = str(value).removesuffix(".0") if isinstance(value, (str, float)) else ""
    is_status = text.isascii() and text.isdigit() and 200 <= int(text[:4]) <= 599
    return int(text) if is_status else 0


def rejected_headers(headers: object, error: Exception, operation: Operation) -> DeclarationError:
    """Return the error for headers that cannot be sent."""
    reason = str(error)
    if isinstance(error, TypeError) or "unpack" in reason:
        reason = f"They are of type {type(headers).__name__}, neither a mapping nor pairs."
    return DeclarationError(
        f"{operation.declared_at} returned headers that cannot be sent. {reason} Write a "
        'mapping: return data, status, {"X-Total": "3"}.'
    )


def forgotten_return(operation: Operation) -> str:
    """Return the message for None under a declared response with content."""
    output = operation.outputs[0]
    schema = "" if output.schema is None else f" with {output.schema.declared.__name__}"
    return (
        f"{operation.declared_at} responded with status 204, which it does not declare: it "
        f"returned None and declares status {output.status}{schema}. Add the missing `return`, or "
        "annotate the method with `-> None`."
    )


def unserializable(
    error: Exception, value: object, operation: Operation
) -> DeclarationError | TypeError | None:
    """Explain an exception that serializing a returned value raised.

    Returns:
        The error to raise in its place, None if the exception explains itself.
    """
    names = {each.__name__ for each in type(error).__mro__}
    if _DETACHED in names:
        return DeclarationError(
            f"{operation.declared_at} returned a {_kind(value)} whose session is closed, and its "
            "schema reads an attribute that was not loaded. Use the session of the request "
            "(session = provide(restkit.sqlalchemy.session)), which stays open until the response "
            "is written, or load the attribute in the query with selectinload(...)."
        )
    if isinstance(error, TypeError) and "is not JSON." in str(error):
        return TypeError(
            f"{operation.declared_at} returned a value that cannot be serialized: {error}."
        )
    if type(error) not in (TypeError, ValueError, AttributeError):
        return None
    schemas = [each.schema for each in operation.outputs if each.schema is not None]
    return _misfit(error, value, operation, schemas[0]) if schemas else None


def _misfit(
    error: Exception, value: object, operation: Operation, bound: BoundSchema
) -> DeclarationError | None:
    """Return the error for a value that is not a list; otherwise add the field to the exception."""
    if bound.many and not isinstance(value, Iterable):
        return DeclarationError(
            f"{operation.declared_at} returned a {type(value).__name__}, but its schema is "
            "declared for many values: return a list."
        )
    if place := _failing_field(bound, value):
        error.add_note(
            f"{operation.declared_at} returned a value that {bound.declared.__name__} cannot "
            f"serialize: {place}."
        )
    return None


def _failing_field(bound: BoundSchema, value: object) -> str:
    """Return the place of the first field that cannot be serialized, "" if there is none."""
    items = value if bound.many else [value]
    if not isinstance(items, (list, tuple)):
        return ""  # an iterator is exhausted
    for index, item in enumerate(items):
        for name, field in bound.schema.dump_fields.items():
            try:
                field.serialize(name, item, accessor=bound.schema.get_attribute)
            except Exception as error:  # noqa: BLE001  # of any field; the error itself is raised
                where = (
                    f"the field {name!r} of item {index}" if bound.many else f"the field {name!r}"
                )
                return f"{where}, {type(error).__name__}: {error}"
    return ""


def _kind(value: object) -> str:
    items = value if isinstance(value, (list, tuple)) else (value,)
    return " and ".join(sorted({type(each).__name__ for each in items})) or "list"


def untyped_content(operation: Operation) -> DeclarationError:
    """Return the error for content whose media type is known only as a range."""
    ranges = ", ".join(each for each in offered_types(operation.outputs) if "*" in each)
    return DeclarationError(
        f"{operation.declared_at} declares {ranges} and returned content without its media type: "
        'return data, {"Content-Type": "image/png"}, for example.'
    )


def returned_error(status: int, operation: Operation) -> DeclarationError:
    """Return the error for a returned status of a problem, with the class to raise."""
    named = problem_class(status).__name__
    how = (
        f"raise {named}" if hasattr(problems, named) else f"raise a Problem with status = {status}"
    )
    return DeclarationError(
        f"{operation.declared_at} returned a tuple with the status {status}; {how}, so that the "
        "response is application/problem+json and provided values are rolled back."
    )
