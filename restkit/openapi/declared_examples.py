"""The check of examples: an example is a value that its field takes.

An example of a field that computes its value, or whose validators need a request, cannot be
checked.
"""

from __future__ import annotations

import copy

from marshmallow import ValidationError, fields

from ..errors import DeclarationError
from .declared_defaults import first_message
from .metadata import Field, declared_examples, describe_field

__all__ = ["check_examples"]

_UNKNOWN = (fields.Method, fields.Function, fields.Constant)
_NO_TEXTS = (fields.Integer, fields.Float, fields.Boolean)


def check_examples(field: Field) -> None:
    """Reject an example that the field would reject in a request.

    Args:
        field: A field of a schema of JSON content.

    Raises:
        DeclarationError: An example contradicts the field or its validators.
    """
    if isinstance(field, _UNKNOWN) or not field.metadata.keys() & {"example", "examples"}:
        return
    for example in declared_examples(field):
        if isinstance(field, _NO_TEXTS) and isinstance(example, str):
            raise _contradiction(field, example, f"{type(field).__name__} takes no strings")
        try:
            field.deserialize(copy.deepcopy(example))
        except ValidationError as error:
            reason = f"the field rejects it ({first_message(error)})"
            raise _contradiction(field, example, reason) from None
        except Exception:  # noqa: BLE001  # the field may need a request
            return


def _contradiction(field: Field, example: object, reason: str) -> DeclarationError:
    return DeclarationError(
        f"{describe_field(field)}: the example {example!r} contradicts the field: {reason}. "
        "Give a value as it stands in the content of a request or response."
    )
