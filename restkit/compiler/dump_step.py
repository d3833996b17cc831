"""One field's part of a generated dumper."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable
from typing import Literal

from marshmallow import Schema, fields, missing

from .dict_keys import reads_by_keys
from .dump_forms import Values
from .function_types import NestedDump
from .plan import FieldPlan
from .value_forms import Forms, json_name
from .writer import Writer

__all__ = ["ABSENT", "Source", "Step"]

Source = Literal["dict", "object"]
"""The kind of dumped object: values are its items or its attributes."""

ABSENT: dict[Source, str] = {"dict": "KeyError", "object": "AttributeError"}
"""The exception for an absent value."""

_DICT_NAMES = frozenset(dir(dict))


class Step:
    """The writer of one field's part of the dumper.

    Attributes:
        plan: The plan of the field.
        number: The number of the step, which makes its names unique.
    """

    def __init__(
        self,
        writer: Writer,
        plan: FieldPlan,
        number: int,
        schema: Schema,
        nested: NestedDump,
        forms: Forms,
    ) -> None:
        """Begin a step."""
        self.plan = plan
        self.number = number
        self._writer = writer
        self._by_keys = reads_by_keys(schema)
        self._forms = forms
        self._value = f"v{number}"
        self._attribute = plan.name if plan.field.attribute is None else plan.field.attribute
        self._own = self._bind("own", forms.checked(plan.field._serialize))
        self._form: tuple[str, str] | None = None
        self._whole = ""
        if plan.reads and "." not in self._attribute:
            values = Values(writer, number, plan.name, nested, forms)
            self._form = values.form(plan.field, plan.dump, self._value)
        elif plan.dump == "constant":
            self._whole = self._bind(
                "constant", forms.fixed(plan.field._serialize(None, plan.name, None))
            )
        else:
            self._whole = f"{self._bind('field', forms.checked(_whole_field(plan, schema)))}(obj)"

    def _bind(self, stem: str, value: object) -> str:
        self._writer.set(f"{stem}_{self.number}", value)
        return f"{stem}_{self.number}"

    # The two parts of a branch

    def count(self, name: str) -> int:
        """Return how often the inline code uses a name; a comprehension prevents a local name."""
        code = " ".join(self._form or ())
        found = re.findall(r"\w+", code).count(name)
        return -100 * found if " for " in code else found

    def write_fast(self, source: Source, reads: dict[int, int]) -> None:
        """Write the lines of the fast part: read the value, convert it, or leave the part.

        Args:
            source: The kind of object.
            reads: The numbers of steps by the lines that raise if the object lacks their values.
        """
        if self._form is None:
            self._write_fast_own(source)
            return
        read, falls_back = self._reading(source)
        if read is None or falls_back or self.plan.field.dump_default is not missing:
            self._read(source)
        else:
            reads[self._writer.next_line] = self.number
            self._writer.line(f"{self._value} = {read}")
        test, made = self._form
        if self._forms.null != "None":
            self._write_fast_conversion(test, made, f"elif {self._value} is None:")
        elif made == self._value:
            self._write_fast_test(test)
        else:
            self._write_fast_conversion(test, made, "")

    def _write_fast_own(self, source: Source) -> None:
        write, value = self._writer, self._value
        self._write_own(source)
        with write.block(f"if {value} is M:"):
            # This field writes nothing; the next field's value has not been read.
            self._leave(f"{self.number}.5")
        if self._forms.is_text:
            write.line(f"{value} = encode({value})")

    def _write_fast_test(self, test: str) -> None:
        """Write the lines for a value, or None, that is dumped unchanged."""
        value = self._value
        refused = f"not ({test}) and {value} is not None"
        if test == f"{value} is not M":
            refused = f"{value} is M"
        with self._writer.block(f"if {refused}:"):
            self._leave(self.number)

    def _write_fast_conversion(self, test: str, made: str, null: str) -> None:
        """Write the lines for a converted value; ``null`` heads a branch that converts None."""
        write, value = self._writer, self._value
        with write.block(f"if {test}:"):
            write.line(f"{value} = {made}")
        rest = f"elif {value} is not None:"
        if null:
            with write.block(null):
                write.line(f"{value} = {self._forms.null}")
            rest = "else:"
        with write.block(rest):
            self._leave(self.number)

    def _leave(self, number: int | str) -> None:
        """Leave the fast part.

        Fields of a lower number are done. Only the value of this number has been read.
        """
        self._writer.line(f"n = {number}")
        self._writer.line("break")

    def write_general(self, source: Source) -> None:
        """Write the lines of the general part, which accepts any value."""
        write, value = self._writer, self._value
        with write.block(f"if n >= {self.number}:"):
            write.line(f"{value} = read[{value!r}]")
        with write.block(f"if n > {self.number}:"):
            if self._form is None:
                with write.block(f"if {value} is not M:"):
                    self._put(value)
            else:
                self._put(value)
        with write.block("else:"):
            if self._form is None:
                self._write_own(source)
                self._put_own()
                return
            with write.block(f"if n < {self.number}:"):
                self._read(source)
            self._write_any(*self._form)

    def _write_any(self, test: str, made: str) -> None:
        write, value = self._writer, self._value
        with write.block(f"if {test}:"):
            self._put(made)
        with write.block(f"elif {value} is None:"):
            self._put(self._forms.null)
        with write.block(f"elif {value} is not M:"):
            write.line(f"{value} = {self._own}({value}, {self.plan.name!r}, obj)")
            self._put_own()

    def _put_own(self) -> None:
        """Write the line that adds the result of the field's own method, if there is one."""
        with self._writer.block(f"if {self._value} is not M:"):
            self._put(f"encode({self._value})" if self._forms.is_text else self._value)

    def _put(self, made: str) -> None:
        key = self.plan.key
        if self._forms.is_text:
            self._writer.line(f"result.append({json_name(key)!r} + ({made}))")
        else:
            self._writer.line(f"result[{key!r}] = {made}")

    # Reading

    def _write_own(self, source: Source) -> None:
        """Write the call of the field's own method, which may also read the value."""
        value = self._value
        if self._whole:
            self._writer.line(f"{value} = {self._whole}")
            return
        self._read(source)
        with self._writer.block(f"if {value} is not M:"):
            self._writer.line(f"{value} = {self._own}({value}, {self.plan.name!r}, obj)")

    def _reading(self, source: Source) -> tuple[str | None, bool]:
        """Return the expression that reads the value, and if a dict has a method of that name.

        The expression raises if there is no value; it is None if the attribute has no name.
        """
        attribute = self._attribute
        if source == "dict":
            return f"obj[{attribute!r}]", attribute in _DICT_NAMES and not self._by_keys
        return (f"obj.{attribute}" if _is_name(attribute) else None), False

    def _read(self, source: Source) -> None:
        attribute = self._attribute
        read, falls_back = self._reading(source)
        if read is None:
            self._writer.line(f"{self._value} = getattr(obj, {attribute!r}, M)")
        else:
            # marshmallow falls back to the attribute of the dict itself: its method of that name.
            self._try(read, ABSENT[source], f"obj.{attribute}" if falls_back else "M")
        self._default()

    def _try(self, read: str, error: str, absent: str) -> None:
        write, value = self._writer, self._value
        with write.block("try:"):
            write.line(f"{value} = {read}")
        with write.block(f"except {error}:"):
            write.line(f"{value} = {absent}")

    def _default(self) -> None:
        default = self.plan.field.dump_default
        if default is missing:
            return
        name = self._bind("default", default)
        made = f"{name}()" if callable(default) else name
        with self._writer.block(f"if {self._value} is M:"):
            self._writer.line(f"{self._value} = {made}")


def _is_name(text: str) -> bool:
    """Return True if a text can follow the dot of an attribute."""
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)


def _whole_field(plan: FieldPlan, schema: Schema) -> Callable[[object], object]:
    asked = _asked_by(plan)
    if asked is not None:
        return asked
    serialize, name, accessor = plan.field.serialize, plan.name, schema.get_attribute
    return lambda obj: serialize(name, obj, accessor=accessor)


def _asked_by(plan: FieldPlan) -> Callable[[object], object] | None:
    """Return the user's function that a field dumps an object with, None without one."""
    field = plan.field
    if isinstance(field, fields.Function) and plan.dump == "function":
        return field.serialize_func or None
    if isinstance(field, fields.Method) and plan.dump == "method":
        return field._serialize_method or None
    return None
