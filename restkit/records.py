"""Frozen records: named tuples whose classes cost an eighth of `typing.NamedTuple`'s to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["Record"]

if TYPE_CHECKING:
    from typing import NamedTuple as Record  # the same class statement, and the same behavior
else:
    # Cold start: typing.NamedTuple compiles each annotation and a function for each class, nearly a
    # million instructions a record.
    from urllib.parse import SplitResult

    _field = type(SplitResult.scheme)  # the descriptor of a named tuple's field

    class _RecordType(type):
        """The metaclass of records: the annotations of a class are its fields, in order."""

        def __new__(metaclass, name, bases, namespace):
            if bases == (tuple,) or bases[0]._fields:  # `Record`, or a subclass of a record
                return type.__new__(metaclass, name, bases, namespace)
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {each: namespace[each] for each in fields if each in namespace}
            for position, each in enumerate(fields):
                namespace[each] = _field(position, f"Field number {position}")
            namespace["__slots__"] = ()
            namespace["__match_args__"] = namespace["_fields"] = fields
            namespace["_field_defaults"] = defaults
            return type.__new__(metaclass, name, bases, namespace)

        @property
        def __signature__(cls):
            from inspect import Parameter, Signature, signature  # cold start

            if cls.__new__ is not Record.__new__:  # a subclass that checks its values
                own = signature(cls.__new__)
                return own.replace(parameters=[*own.parameters.values()][1:])
            defaults = cls._field_defaults
            return Signature(
                Parameter(
                    each,
                    Parameter.POSITIONAL_OR_KEYWORD,
                    default=defaults.get(each, Parameter.empty),
                    annotation=cls.__annotations__[each],
                )
                for each in cls._fields
            )

    class Record(tuple, metaclass=_RecordType):
        """A named tuple."""

        __slots__ = ()
        _fields = ()

        def __new__(cls, *values, **named):
            """Make a record from values by position and by name.

            Raises:
                TypeError: A value is missing, unknown, or given twice.
            """
            if named or len(values) != len(cls._fields):
                values = _complete(cls, values, named)
            return tuple.__new__(cls, values)

        def __repr__(self):
            shown = (f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({', '.join(shown)})"

        def __getnewargs__(self):
            return tuple(self)

        def _replace(self, **changes):
            """Return a record with other values of some fields."""
            # PERF: an App with 1,000 resources replaces fields of 20,000 records.
            changed = tuple.__new__(type(self), map(changes.pop, self._fields, self))
            if changes:
                raise TypeError(_unknown(type(self), changes))
            return changed

        def _asdict(self):
            """Return the values by the names of their fields."""
            return dict(zip(self._fields, self, strict=True))

    def _complete(record, values, named):
        """Return the values of all fields, the defaults included."""
        fields = record._fields
        if len(values) > len(fields):
            raise TypeError(
                f"{record.__name__} takes at most {len(fields)} values, got {len(values)}: its "
                f"fields are {', '.join(fields)}."
            )
        if not named.keys().isdisjoint(fields[: len(values)]):
            twice = [each for each in fields[: len(values)] if each in named]
            raise TypeError(f"{record.__name__} got two values for {', '.join(twice)}.")
        known = {**record._field_defaults, **dict(zip(fields, values, strict=False)), **named}
        if len(known) == len(fields):
            try:
                return [*map(known.__getitem__, fields)]
            except KeyError:  # one value is missing and another one unknown
                pass
        if missing := [each for each in fields if each not in known]:
            raise TypeError(f"{record.__name__} needs a value for {', '.join(missing)}.")
        raise TypeError(_unknown(record, known))

    def _unknown(record, names):
        """Return the message about names that are no fields of a record."""
        unknown = ", ".join(each for each in names if each not in record._fields)
        known = ", ".join(record._fields)
        return f"{record.__name__} has no field {unknown}: its fields are {known}."
