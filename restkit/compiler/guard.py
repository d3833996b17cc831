"""An override of a field's ``deserialize`` that only narrows the accepted values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import ValidationError, fields, missing

__all__ = ["Advice", "Guard", "Inline"]


class Advice(ValueError):
    """Raised when a guard rejects a value; the text says how to change the value."""


class Inline:
    """A guard's check as source that a generated loader contains.

    It may be narrower than the check: the guard itself decides about all other values.

    Attributes:
        test: An expression of ``v``; true only for values that the guard accepts. ``{name}`` stands
            for an object of ``names``.
        made: An expression of ``v``: the value that the guard returns for them. It may raise.
        after: An expression of ``v`` and of the loaded value ``{w}``; true only if the guard
            accepts the value, ``""`` if the test is enough.
        native: The test if msgspec converts, which rejects more than Python; ``""`` if it is
            ``test``.
        names: The objects that the expressions name.
    """

    __slots__ = ("after", "made", "names", "native", "test")

    def __init__(
        self,
        test: str = "True",
        made: str = "v",
        *,
        after: str = "",
        native: str = "",
        names: Mapping[str, object] | None = None,
    ) -> None:
        """Take the expressions; see the attributes."""
        # PERF: a dataclass takes 4 million instructions more at the start of each program.
        self.test = test
        self.made = made
        self.after = after
        self.native = native
        self.names: dict[str, object] = dict(names or {})


class Guard:
    """A check before one field's ``deserialize``, which rejects or rewrites values.

    The compiler calls the same check in the generated loader.
    """

    __slots__ = ("_bare", "_error_key", "_field", "_names", "_plain", "inline", "take", "typed")

    def __init__(
        self,
        field: fields.Field[Any],
        take: Callable[[Any], object],
        error_key: str,
        names: dict[str, str],
        *,
        typed: bool,
        inline: Inline | None = None,
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
            inline: The check as source, None if loaders call ``take``.
        """
        self._field = field
        self._bare = "deserialize" not in vars(field)
        self._plain: Callable[..., object] = field.deserialize
        self._error_key = error_key
        self._names = names
        self.take = take
        self.typed = typed
        self.inline = inline
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
