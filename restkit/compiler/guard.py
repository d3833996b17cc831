"""An override of a field's ``deserialize`` that only narrows the accepted values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields, missing

__all__ = ["Advice", "Guard"]


class Advice(ValueError):
    """Raised when a guard rejects a value; the text says how to change the value."""


class Guard:
    """A check before one field's ``deserialize``, which rejects or rewrites values.

    The compiler calls the same check in the generated loader.
    """

    __slots__ = ("_bare", "_error_key", "_field", "_names", "_plain", "take", "typed")

    def __init__(
        self,
        field: fields.Field[Any],
        take: Callable[[Any], object],
        error_key: str,
        names: dict[str, str],
        *,
        typed: bool,
    ) -> None:
        """Set the guard on a field.

        Args:
            field: The field; its ``deserialize`` becomes this object.
            take: The function that returns the value for the field, or raises ValueError or
                TypeError.
            error_key: The key of the field's error message for rejected values.
            names: The values for the placeholders in the message.
            typed: True if ``take`` accepts the field's own numbers (within 64 bits) and booleans;
                False if it accepts only their text.
        """
        self._field = field
        self._bare = "deserialize" not in vars(field)
        self._plain: Callable[..., object] = field.deserialize
        self._error_key = error_key
        self._names = names
        self.take = take
        self.typed = typed
        vars(field)["deserialize"] = self

    def __call__(self, value: object, *args: object, **kwargs: object) -> object:
        """Deserialize a value that the guard accepts.

        Raises:
            ValidationError: The guard or the field rejects the value.
        """
        if value is not None and value is not missing:
            try:
                value = self.take(value)
            except Advice as advice:
                raise self._fault(value, f" {advice}") from None
            except (ValueError, TypeError):
                raise self._fault(value) from None
        return self._plain(value, *args, **kwargs)

    def stands_alone_before(self, field: fields.Field[Any]) -> bool:
        """Return True if this guard calls the ``deserialize`` of the field's class directly.

        It is False for a copy of the field: the guard that was copied with it still calls the
        original.
        """
        return self._bare and self._field is field

    def _fault(self, value: object, advice: str = "") -> ValidationError:
        if self._error_key not in self._field.error_messages:
            return ValidationError(f"Invalid value.{advice}")
        fault = self._field.make_error(self._error_key, input=value, **self._names)
        own = type(self._field).default_error_messages.get(self._error_key)
        if advice and self._field.error_messages[self._error_key] == own:
            return ValidationError([f"{message}{advice}" for message in fault.messages])
        return fault
