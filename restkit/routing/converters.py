"""The converters of variables in URL patterns: Werkzeug's, with the JSON Schema of their values.

Each value has one spelling in a URL, the one that `to_url` builds. Every other spelling is a 404,
so that no resource has two URLs; a value that no URL can have raises ValidationError.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
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
    """Reject bounds that are not numbers, or that no value is between.

    Raises:
        ValueError: The bounds are of that kind.
    """
    if isinstance(least, str) or isinstance(most, str) or not least <= most:
        raise ValueError(f"nothing is from {least!r} to {most!r}")


def _check_spelling(converter: BaseConverter, text: str) -> None:
    """Reject text that a converter would not accept in a URL.

    Raises:
        ValidationError: The text does not match.
    """
    if re.fullmatch(converter.regex, text) is None:
        raise ValidationError


class _Text(UnicodeConverter):
    """Werkzeug's ``string`` without NUL, which databases reject."""

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
        if least < 3:  # clients remove these segments from URLs
            self.json_schema["not"] = {"enum": [".", ".."]}

    def to_url(self, value: object) -> str:
        """Return the text, quoted."""
        _check_spelling(self, str(value))
        return super().to_url(value)


class _Path(PathConverter):
    regex = "[^/\\0][^\\0]*?"
    part_isolating = False
    json_schema: Mapping[str, object] = {
        "type": "string",
        "minLength": 1,
        "pattern": r"^[^/\u0000][^\u0000]*$",
        "not": {"pattern": r"(^|/)\.{1,2}(/|$)"},
    }

    def to_url(self, value: object) -> str:
        """Return the path, quoted."""
        _check_spelling(self, str(value))
        return super().to_url(value)


class _Any(AnyConverter):
    def __init__(self, map: Map, *items: str) -> None:
        super().__init__(map, *items)
        self.part_isolating = not any("/" in item for item in items)
        self.json_schema: dict[str, object] = {"type": "string", "enum": sorted(items)}

    def to_url(self, value: object) -> str:
        """Return the item, quoted."""
        return BaseConverter.to_url(self, super().to_url(value))


class _Integer(IntegerConverter):
    """Werkzeug's ``int`` of ASCII digits within 64 bits.

    A number out of bounds or with a leading zero matches no URL (404): ``/books/01`` would be a
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
        # 18 digits are within 64 bits, and so within the bounds of a converter without options.
        is_plain = (self.min, self.max, self._has_spellings) == (0, _INT64_MAX, False)
        self._short = 18 * is_plain
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
        """Return the number; a number out of bounds or in another spelling matches no URL."""
        number = int(value)
        if len(value) <= self._short:
            return number  # PERF: a sufficient test of what is checked below
        if not self.min <= number <= self.max:
            raise ValidationError
        # PERF: without options the pattern itself has one spelling of each number.
        if self._has_spellings and value != self._spelled(number):
            raise ValidationError
        return number

    def to_url(self, value: object) -> str:
        """Return the digits of a number within the bounds."""
        number = int(str(value))
        if not self.min <= number <= self.max:
            raise ValidationError
        return self._spelled(number)

    def _spelled(self, number: int) -> str:
        text = str(number).zfill(self.fixed_digits)
        if self.fixed_digits and len(text) > self.fixed_digits:
            raise ValidationError
        return text


class _Float(FloatConverter):
    """Werkzeug's ``float`` in the shortest decimal notation, such as ``1.5``, ``2.0`` or ``0.001``.

    ``1.50`` and ``01.5`` would be further URLs of ``1.5``.
    """

    regex = "(?:0|[1-9][0-9]{0,299})\\.[0-9]{1,300}"

    def __init__(
        self, map: Map, min: float | None = None, max: float | None = None, signed: bool = False
    ) -> None:
        super().__init__(map, min, max, signed)
        least = -math.inf if min is None else min
        _check_order(least, math.inf if max is None else max)
        lowest = min if signed or min else 0
        self.json_schema: dict[str, object] = {
            "type": "number",
            "description": "decimal notation with a point and the fewest digits, as 1.5 or 2.0",
        }
        if lowest is not None:
            self.json_schema["minimum"] = lowest
        if max is not None:
            self.json_schema["maximum"] = max

    def to_python(self, value: str) -> float:
        """Return the number; an infinite one or another spelling matches no URL."""
        number: float = super().to_python(value)
        if not math.isfinite(number) or value != _decimal_notation(number):
            raise ValidationError
        return number

    def to_url(self, value: object) -> str:
        """Return the decimal notation of a number within the bounds."""
        text = _decimal_notation(float(str(value)))
        _check_spelling(self, text)
        super().to_python(text)
        return text


def _decimal_notation(number: float) -> str:
    """Return the shortest notation of a number that has a decimal point and no exponent."""
    text = repr(number + 0.0)  # -0.0 becomes 0.0, which equals it
    if "e" not in text:
        return text
    from decimal import Decimal  # cold start

    text = format(Decimal(text), "f")
    return text if "." in text else f"{text}.0"


_UNKNOWN = SafeUUID.unknown
if TYPE_CHECKING:

    class _SettableUUID:
        int: int
        is_safe: SafeUUID

else:

    class _SettableUUID(UUID):
        """A UUID in the making: its attributes can be set, which those of a UUID cannot."""

        __slots__ = ()
        __init__ = object.__init__
        __setattr__ = object.__setattr__


class _UUID(_UUIDConverter):
    """Werkzeug's ``uuid`` with lower-case digits, as RFC 9562 (section 4) writes them."""

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    json_schema: Mapping[str, object] = {
        "type": "string",
        "format": "uuid",
        "pattern": f"^{regex}$",
    }

    def to_python(self, value: str) -> UUID:
        """Return the UUID."""
        # PERF: the pattern has read the text already, so that UUID(value) would read it twice: 4
        # thousand instructions in place of 11. To replace the hyphens costs less than to remove
        # them, and `int` skips underscores between digits.
        made = _SettableUUID()
        made.int = int(value.replace("-", "_"), 16)
        made.is_safe = _UNKNOWN
        made.__class__ = UUID  # type: ignore[assignment]  # of the same layout
        return made  # type: ignore[return-value]  # it is one now

    def to_url(self, value: object) -> str:
        """Return a UUID, given as such or as text, in lower case."""
        return str(value if isinstance(value, UUID) else UUID(str(value)))


CONVERTERS: dict[str, type[BaseConverter]] = {
    "default": _Text,
    "string": _Text,
    "path": _Path,
    "int": _Integer,
    "float": _Float,
    "uuid": _UUID,
    "any": _Any,
}


def known_converters(own: Mapping[str, type[BaseConverter]]) -> dict[str, type[BaseConverter]]:
    """Return the built-in converters and an App's own ones.

    Raises:
        DeclarationError: An own converter has the name of a built-in one, which the patterns of
            other Apps use.
    """
    for name, converter in own.items():
        if CONVERTERS.get(name, converter) is not converter:
            raise DeclarationError(
                f"The URL converter {name!r} ({converter.__qualname__}) has the name of a built-in "
                "converter. Choose another name."
            )
    return {**CONVERTERS, **own}


def schema_of(converter: BaseConverter) -> Mapping[str, object]:
    """Return the JSON Schema of a converter: its ``json_schema``, any string without one."""
    return dict(getattr(converter, "json_schema", {"type": "string"}))
