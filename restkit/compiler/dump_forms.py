"""The inline code that dumps one value of a field, with the values that it holds."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from marshmallow import fields

from .dump_values import value_form
from .function_types import AnyField, AnyMapping, NestedDump, Validate
from .plan import dump_of, plucked_key
from .records import record_member
from .value_forms import Forms
from .writer import Writer

__all__ = ["Values"]

_Field = AnyField
_Form = tuple[str, str] | None


class Values:
    """The inline code of one field's values: the test of a value, and the dumped expression."""

    def __init__(
        self, writer: Writer, number: int, name: str, nested: NestedDump, forms: Forms
    ) -> None:
        """Begin a field.

        Args:
            writer: The writer of the dumper, in which ``M`` and ``obj`` are names.
            number: The number of the field, which makes its names unique.
            name: The name of the field.
            nested: The function that returns the dumper of a nested schema.
            forms: The purpose.
        """
        self._writer = writer
        self._number = number
        self._name = name
        self._nested = nested
        self._forms = forms
        self._count = 0

    def bind(self, stem: str, value: object) -> str:
        """Add an object to the generated module under a name of its own."""
        self._count += 1
        name = f"{stem}_{self._number}_{self._count}"
        self._writer.set(name, value)
        return name

    def form(self, field: _Field, kind: str, value: str) -> _Form:
        """Return the test of a value and the dumped expression, None without inline code.

        Args:
            field: The field.
            kind: The kind of inline code, of `plan.dump_of`.
            value: The name of the value.
        """
        if isinstance(field, fields.Nested):
            return self._nested_form(field, kind, value)
        if isinstance(field, fields.List) and kind == "list":
            return self._list(field.inner, value)
        if isinstance(field, fields.Tuple) and kind == "tuple":
            return self._tuple(field, value)
        if isinstance(field, fields.Mapping) and kind == "dict":
            return self._dict(field, value)
        return value_form(field, kind, value, self._forms, self.bind)

    def _item(self, field: _Field, value: str, about: str) -> str | None:
        """Return the expression of a part, None without inline code.

        Args:
            field: The field of the part.
            value: The name of the part.
            about: The further arguments of the field's own method.
        """
        kind, _ = dump_of(field)
        found = self.form(field, kind, value)
        if found is None:
            return None
        test, made = found
        if test == f"{value} is not M":  # any value
            return made
        own = f"{self.bind('inner', self._forms.checked(field._serialize))}({value}, {about})"
        if self._forms.is_text:
            own = f"encode({own})"
        return f"({made}) if {test} else {own}"

    # Nested data

    def _nested_form(self, field: fields.Nested, kind: str, value: str) -> _Form:
        if kind not in ("nested", "pluck") or (kind == "pluck" and self._forms.is_text):
            return None
        name, new = self._bind_nested(field, kind)
        made = f"{name}({value}) if {value} is not None or {new} else {self._forms.null}"
        return f"{value} is not M", made

    def _bind_nested(self, field: fields.Nested, kind: str) -> tuple[str, str]:
        """Bind the dumper of a nested schema, which is compiled with the first value.

        It cannot be compiled earlier, because it may nest this schema. The first value may be None:
        marshmallow creates the nested schema for it too, and raises its errors.
        """
        null = "null" if self._forms.is_text else None

        def first(value: object) -> object:
            schema = field.schema
            dump = self._nested(schema, bool(schema.many or field.many))
            if kind == "pluck":
                member = record_member if self._forms.is_records else operator.getitem
                dump = _plucking(dump, plucked_key(field), member, many=bool(field.many))
            self._writer.set(name, dump)  # the generated code calls it directly from now on
            self._writer.set(new, False)
            return null if value is None else dump(value)

        name = self.bind("nested", first)
        new = self.bind("new", True)
        return name, new

    # Lists, tuples and dicts

    def _list(self, inner: _Field, value: str) -> _Form:
        item = self._item(inner, "x", f"{self._name!r}, obj")
        if item is None:
            return None
        # A list in a list has a scope of its own, so that the name may be the same.
        made = value if item == "x" else f"[{item} for x in {value}]"
        made = f"{value}[:]" if made == value else made
        if self._forms.is_text:
            made = f"'[' + ','.join({made}) + ']'"
        return f"type({value}) is list", made

    def _tuple(self, field: fields.Tuple, value: str) -> _Form:
        about = f"{self._name!r}, obj"
        items: list[str] = []
        for number, part in enumerate(field.tuple_fields):
            item = self._item(part, f"{value}[{number}]", about)
            if item is None:
                return None
            items.append(f"({item})")
        kinds = self.bind("kinds", frozenset({tuple, list}))
        test = f"type({value}) in {kinds} and len({value}) == {len(items)}"
        if self._forms.is_text:
            return test, f"'[' + ','.join(({''.join(f'{item}, ' for item in items)})) + ']'"
        return test, f"({''.join(f'{item}, ' for item in items)})"

    def _dict(self, field: AnyMapping, value: str) -> _Form:
        key, inner = field.key_field, field.value_field
        test = f"type({value}) is dict"
        has_text_keys = self._has_text_keys(field)
        if has_text_keys is None:
            return None
        if key is None and inner is None:
            return test, f"dict({value})"
        if has_text_keys:
            test += f" and {self.bind('only', _TEXT.issuperset)}(map(type, {value}))"
        item = "x" if inner is None else self._item(inner, "x", "None, None")
        if item is None:
            return None
        if not self._forms.is_text:
            return test, f"{{k: {item} for k, x in {value}.items()}}"
        parts = f"[encode_string(k) + ':' + ({item}) for k, x in {value}.items()]"
        return test, f"'{{' + ','.join({parts}) + '}}'"

    def _has_text_keys(self, field: AnyMapping) -> bool | None:
        """Return True if keys are strings, False if they stay unchanged, None without code."""
        key = field.key_field
        if type(key) is fields.String and dump_of(key)[0] == "str":
            return True
        return None if key is not None or self._forms.is_text else False


_TEXT = frozenset({str})


def _plucking(
    dump: Validate, key: str | None, member: Callable[..., object], *, many: bool
) -> Callable[[Any], object]:
    """Return the function that takes the plucked member of nested data, which may be None."""

    def pluck(value: object) -> object:
        data = dump(value)
        if data is None:  # a hook, or an override of dump, made it so
            return None
        if many:
            return [member(each, key) for each in data]
        return member(data, key)

    return pluck
