"""The converters of variables in URL patterns.

Werkzeug's, with the JSON Schema of what each takes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from uuid import UUID, SafeUUID

from werkzeug.routing import BaseConverter, Map, ValidationError
from werkzeug.routing.converters import (
    AnyConverter,
    FloatConverter,
    IntegerConverter,
    PathConverter,
    UnicodeConverter,
)
from werkzeug.routing.converters import UUIDConverter as _UUIDConverter

from ..errors import DeclarationError

__all__ = ["CONVERTERS", "known_converters", "schema_of"]

_INT64_MAX = 2**63 - 1


def _check_order(least: float, most: float) -> None:
    """Refuse bounds that are no numbers, or that nothing is between.

    Raises:
        ValueError: They are so.
    """
    if isinstance(least, str) or isinstance(most, str) or not least <= most:
        raise ValueError(f"nothing is from {least!r} to {most!r}")


class _Text(UnicodeConverter):
    """Werkzeug's ``string`` without NUL, which no database takes."""

    def __init__(
        self, map: Map, minlength: int = 1, maxlength: int | None = None, length: int | None = None
    ) -> None:
        super().__init__(map, minlength, maxlength, length)
        self.regex = self.regex.replace("[^/]", "[^/\\0]", 1)
        least = length if length is not None else minlength
        most = length if length is not None else maxlength
        self.json_schema: dict[str, object] = {"type": "string", "minLength": least}
        if most is not None:
            _check_order(least, most)
            self.json_schema["maxLength"] = most
        self.json_schema["pattern"] = r"^[^/\u0000]*$"


class _Path(PathConverter):
    regex = "[^/\\0][^\\0]*?"
    part_isolating = False
    json_schema: Mapping[str, object] = {
        "type": "string",
        "minLength": 1,
        "pattern": r"^[^/\u0000][^\u0000]*$",
    }


class _Integer(IntegerConverter):
    """Werkzeug's ``int`` of ASCII digits within 64 bits, in one spelling.

    A larger number, or one with a zero before it, matches no URL (404): ``/books/01`` would be a
    second URL of ``/books/1``.
    """

    regex = "(?:0|[1-9][0-9]{0,18})"
    min: int
    max: int

    def __init__(
        self,
        map: Map,
        fixed_digits: int = 0,
        min: int | None = None,
        max: int | None = None,
        signed: bool = False,
    ) -> None:
        if fixed_digits:
            self.regex = "[0-9]{1,19}"
        super().__init__(map, fixed_digits, min, max if max is not None else _INT64_MAX, signed)
        lowest = -_INT64_MAX - 1 if signed else 0
        _check_order(lowest if min is None else min, self.max)
        self.min = lowest if min is None or min < lowest else min
        self._has_spellings = signed or fixed_digits > 0
        self.json_schema: dict[str, object] = {
            "type": "integer",
            "format": "int64",
            "minimum": self.min,
            "maximum": self.max,
        }
        if fixed_digits:
            digits = f"exactly {fixed_digits} digits"
            self.json_schema["description"] = (
                digits if not signed else f"{digits}, a minus counted as one"
            )

    def to_python(self, value: str) -> int:
        """Return the number; a number out of bounds, or with other digits, matches no URL."""
        number = int(value)
        if not self.min <= number <= self.max:
            raise ValidationError
        # PERF: without options the pattern itself has one spelling of each number.
        if self._has_spellings and not self._is_canonical(value, number):
            raise ValidationError
        return number

    def _is_canonical(self, value: str, number: int) -> bool:
        return len(value) == self.fixed_digits if self.fixed_digits else value == str(number)


class _Float(FloatConverter):
    regex = "(?:0|[1-9][0-9]{0,299})\\.[0-9]{1,300}"

    def __init__(
        self, map: Map, min: float | None = None, max: float | None = None, signed: bool = False
    ) -> None:
        super().__init__(map, min, max, signed)
        _check_order(-math.inf if min is None else min, math.inf if max is None else max)
        lowest = min if signed or min else 0
        self.json_schema: dict[str, object] = {"type": "number"}
        if lowest is not None:
            self.json_schema["minimum"] = lowest
        if max is not None:
            self.json_schema["maximum"] = max

    def to_python(self, value: str) -> float:
        """Return the number; an infinite one matches no URL."""
        number: float = super().to_python(value)
        if not math.isfinite(number):
            raise ValidationError
        return number


class _UUID(_UUIDConverter):
    json_schema: Mapping[str, object] = {"type": "string", "format": "uuid"}

    def to_python(self, value: str) -> UUID:
        """Return the UUID."""
        # PERF: the pattern has read the text already, so that UUID(value) would read it twice: 7
        # thousand instructions in place of 11.
        made = _new(UUID)
        _set(made, "int", int(value.replace("-", ""), 16))
        _set(made, "is_safe", _UNKNOWN)
        return made


_new, _set = object.__new__, object.__setattr__
_UNKNOWN = SafeUUID.unknown


CONVERTERS: dict[str, type[BaseConverter]] = {
    "default": _Text,
    "string": _Text,
    "path": _Path,
    "int": _Integer,
    "float": _Float,
    "uuid": _UUID,
    "any": AnyConverter,
}


def known_converters(own: Mapping[str, type[BaseConverter]]) -> dict[str, type[BaseConverter]]:
    """Return the built-in converters and those of an App's own.

    Raises:
        DeclarationError: One of the own has the name of a built-in one, which other Apps' patterns
            mean.
    """
    for name, converter in own.items():
        if CONVERTERS.get(name, converter) is not converter:
            raise DeclarationError(
                f"The URL converter {name!r} ({converter.__qualname__}) has the name of a built-in "
                "converter; give it another."
            )
    return {**CONVERTERS, **own}


def schema_of(converter: BaseConverter) -> Mapping[str, object]:
    """Return the JSON Schema of a converter; one of a user's says its own as ``json_schema``."""
    schema = getattr(converter, "json_schema", None)
    if schema is not None:
        return dict(schema)
    if isinstance(converter, AnyConverter):
        return {"type": "string", "enum": sorted(converter.items)}
    return {"type": "string"}
