"""The check of the defaults of requests: a default is a value that its field loads.

A default that is made for each request, and an object that JSON does not have, such as a sentinel,
cannot be checked.
"""

from __future__ import annotations

import copy

from marshmallow import ValidationError, fields, missing

from ..errors import DeclarationError
from ..schemas.json_values import JSON, json_value
from ..schemas.repeatable import FreshDefault
from .metadata import Field, describe_field, serialized, to_json_value

__all__ = ["check_default", "first_message"]

_UNKNOWN = (fields.Method, fields.Function)


def check_default(field: Field) -> None:
    """Reject a default that the field would reject in a request.

    Args:
        field: A field of a schema of JSON requests.

    Raises:
        DeclarationError: The default contradicts the field or its validators.
    """
    if field.dump_only or isinstance(field, _UNKNOWN):
        return
    if "default" in field.metadata:
        _check_documented(field, field.metadata["default"])
    default = field.load_default
    if isinstance(default, FreshDefault):
        default = default.value
    if default is missing or default is None or callable(default) or not _is_json(default):
        return
    try:
        written = to_json_value(field, default)
    except ValueError:
        raise _contradiction(field, "load_default", default, "the field cannot write it") from None
    loaded = _load(field, written, "load_default", default)
    if isinstance(default, str) is not isinstance(loaded, str):
        kind = type(loaded).__qualname__
        raise _contradiction(field, "load_default", default, f"the field loads to {kind}")
    _check_validators(field, default)


def _check_documented(field: Field, default: object) -> None:
    try:
        written = serialized(field, default)
    except ValueError:  # reported with the other metadata
        return
    if written is not None:
        _load(field, written, "metadata['default']", default)


def _is_json(value: object) -> bool:
    try:
        json_value(value)
    except ValueError:
        return False
    return True


def _load(field: Field, written: JSON, name: str, default: object) -> object:
    """Return the value that the field loads from a default, the default if that is unknown."""
    try:
        return field.deserialize(copy.deepcopy(written))
    except ValidationError as error:
        reason = f"the field rejects it ({first_message(error)})"
        raise _contradiction(field, name, default, reason) from None
    except Exception:  # noqa: BLE001  # the field may need a request
        return default


def _check_validators(field: Field, default: object) -> None:
    for validator in field.validators:
        try:
            validator(copy.deepcopy(default))
        except ValidationError as error:
            reason = f"a validator of the field rejects it ({first_message(error)})"
            raise _contradiction(field, "load_default", default, reason) from None
        except Exception:  # noqa: BLE001  # the validator may need a request
            return


def first_message(error: ValidationError) -> str:
    """Return the first message of an error, however deep it lies."""
    found: object = error.messages
    while isinstance(found, (dict, list)) and found:
        found = next(iter(found.values() if isinstance(found, dict) else found))
    return str(found)


def _contradiction(field: Field, name: str, default: object, reason: str) -> DeclarationError:
    return DeclarationError(
        f"{describe_field(field)}: {name} {default!r} contradicts the field: {reason}. "
        "Give a value that a request may have, as the field loads it."
    )
