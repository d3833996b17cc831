"""Values that a column gets without a client: defaults, generated keys, stamps, other forms."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import ColumnProperty, Mapper
from sqlalchemy.sql.schema import CallableColumnDefault

if TYPE_CHECKING:
    from sqlalchemy.sql.schema import ColumnDefault

__all__ = [
    "Form",
    "default_from",
    "default_of",
    "forms_of",
    "is_generated",
    "is_rewritten",
    "is_stamped",
    "of_other_forms",
    "takes_context",
]

Form = tuple[type, bool]
"""The class of values, and whether datetimes may have an offset."""

_SQLITE_DIGITS = 15
_LITERAL = re.compile(r"\s*([-+]?[0-9.]+|'.*'|true|false|null)\s*", re.IGNORECASE | re.DOTALL)
_EXACT = (
    *(sa.Integer, sa.Boolean, sa.String, sa.Date, sa.Time, sa.DateTime, sa.Interval),
    *(sa.LargeBinary, sa.Uuid, sa.Numeric, sa.JSON),
)
_FORMS = frozenset(
    (int, str, float, bool, bytes, Decimal, UUID, dt.date, dt.datetime, dt.time, dt.timedelta)
)
_PRECISIONS = ("precision", "second_precision")


def is_generated(prop: ColumnProperty[object], mapper: Mapper[object]) -> bool:
    """Return whether the mapping or the database gives an attribute its value, not a client.

    These are version counters, computed columns, identities that are always generated,
    discriminators of inheritance, and keys that the table of the model or of a parent counts.
    """
    return any(_is_generated(column, mapper) for column in prop.columns)


def _is_generated(column: Any, mapper: Mapper[object]) -> bool:
    if not isinstance(column, sa.Column):
        return True
    if column is mapper.version_id_col or column is mapper.polymorphic_on:
        return True
    if column.info.get("generated") or column.computed is not None:
        return True
    if column.identity is not None and column.identity.always:
        return True
    return column.primary_key and column is getattr(column.table, "autoincrement_column", None)


def is_stamped(column: sa.Column[object]) -> bool:
    """Return whether each row or change gets a value of its own, which a PUT leaves as it is.

    Such values come from identities, sequences, ``onupdate``, expressions of SQL, and functions
    without arguments, such as ``default=uuid4``. A constant is not one, nor is a function that
    computes a value from the others, or makes a container such as ``default=list``.
    """
    if column.computed is not None:
        return False
    if column.identity is not None:
        return True
    if column.onupdate is not None or column.server_onupdate is not None:
        return True
    default = column.default
    if isinstance(default, CallableColumnDefault):
        return not takes_context(default) and not _holds_containers(column.type)
    return _is_evaluated(column.server_default if default is None else default)


def _is_evaluated(default: object) -> bool:
    """Return whether the database evaluates a default, other than a literal."""
    if default is None or getattr(default, "is_scalar", False):
        return False
    given = getattr(default, "arg", None)
    if isinstance(given, sa.TextClause):
        return _LITERAL.fullmatch(given.text) is None
    return not isinstance(given, str)


def takes_context(default: CallableColumnDefault) -> bool:
    """Return whether a default that is a function gets the other values of the row."""
    # SQLAlchemy puts a function of its own around functions without arguments.
    module = getattr(default.arg, "__globals__", {}).get("__name__", "")
    return not module.startswith("sqlalchemy.")


def _holds_containers(kind: sa.types.TypeEngine[object]) -> bool:
    """Return whether values are lists or mappings: their defaults are functions only for copies."""
    if isinstance(kind, sa.PickleType):  # a decorator of bytes
        return True
    if isinstance(kind, sa.TypeDecorator):
        return _holds_containers(kind.impl_instance)
    return isinstance(kind, (sa.JSON, sa.ARRAY))


def default_of(column: sa.Column[object]) -> Any:
    """Return a column's default: a value, or a callable without arguments; None without."""
    default: Any = column.default
    if default is not None and default.is_scalar:
        return _member(column.type, default.arg)
    if default is not None and default.is_callable:
        return lambda: default.arg(None)
    if column.computed is not None or is_stamped(column):
        return None
    return _expression_of(column, default or column.server_default)


def _expression_of(column: sa.Column[object], default: Any) -> Any:
    """Return a default that stands in SQL: a text, or a function that returns an expression."""
    given = getattr(default, "arg", None)
    is_text = isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum)
    if given is None or (is_text and isinstance(given, str)):
        return given
    # PUT sets an omitted attribute to the database's own default, as an expression.
    made = sa.cast(sa.literal(given), column.type) if isinstance(given, str) else given
    return lambda: made


def _member(kind: sa.types.TypeEngine[Any], value: object) -> object:
    """Return the member of an enumeration that SQLAlchemy takes by its name."""
    members = getattr(kind, "enum_class", None)
    if members is not None and isinstance(value, str) and value in members.__members__:
        return members[value]
    return value


class _Context:
    """The values of a row, as SQLAlchemy's context-sensitive default functions ask for them."""

    def __init__(self, parameters: dict[str, object]) -> None:
        self.current_parameters = parameters

    def get_current_parameters(self, isolate_multiinsert_params: bool = True) -> dict[str, object]:
        """Return the values by column."""
        return self.current_parameters


def default_from(
    column: sa.Column[object], mapper: Mapper[object]
) -> Callable[[Mapping[str, object]], object] | None:
    """Return a function from an item's other values to a column's default, None without one."""
    default: ColumnDefault | Any = column.default
    if default is None or not default.is_callable:
        return None

    def make(values: Mapping[str, object]) -> object:
        named = {
            mapper.columns[name].key: value
            for name, value in values.items()
            if name in mapper.columns
        }
        made: object = default.arg(_Context(named))
        return made

    return make


def forms_of(mapper: Mapper[object]) -> dict[str, Form]:
    """Return the form in which SQLAlchemy reads the values of columns, by attribute.

    Columns whose values have no single class are left out.
    """
    found = ((each.key, _form_of(each.columns[0].type)) for each in mapper.column_attrs)
    return {name: form for name, form in found if form is not None}


def _form_of(kind: sa.types.TypeEngine[object]) -> Form | None:
    if isinstance(kind, sa.TypeDecorator) or not isinstance(kind, (*_EXACT, sa.Float)):
        return None
    if isinstance(kind, sa.JSON):
        return None
    form: type = kind.python_type
    if form not in _FORMS and not isinstance(kind, sa.Enum):
        return None
    return form, bool(getattr(kind, "timezone", False))


def of_other_forms(values: Mapping[str, object], forms: Mapping[str, Form]) -> list[str]:
    """Return the attributes whose values do not have the form in which SQLAlchemy reads them.

    Defaults, events and code of the model may set others: text in place of a number, a datetime
    with an offset in place of one without.

    Args:
        values: The values of an item, by attribute.
        forms: The forms by attribute.
    """
    present = (name for name in forms if values.get(name) is not None)
    return [name for name in present if not _is_of_form(values[name], forms[name])]


def _is_of_form(value: object, form: Form) -> bool:
    kind, may_be_aware = form
    if type(value) is not kind:
        return False
    return may_be_aware or not isinstance(value, dt.datetime) or value.tzinfo is None


def is_rewritten(column: sa.Column[object], backend: str) -> bool:
    """Return whether the database may store a value in another form than it was written in.

    Args:
        column: The column.
        backend: The database, for example ``"sqlite"``.
    """
    kind: Any = column.type
    if isinstance(kind, sa.Float):
        return isinstance(kind, sa.REAL)
    if isinstance(kind, sa.Numeric):  # which SQLite keeps as floats
        return backend == "sqlite" and (kind.precision or _SQLITE_DIGITS + 1) > _SQLITE_DIGITS
    if isinstance(kind, sa.Uuid):
        return not kind.as_uuid
    if backend == "sqlite":
        return isinstance(kind, sa.TypeDecorator) or not isinstance(kind, _EXACT)
    return _is_rewritten_by_a_server(kind)


def _is_rewritten_by_a_server(kind: Any) -> bool:
    """Return whether PostgreSQL normalizes, rounds or pads values, or is not known to keep them."""
    if not isinstance(kind, _EXACT) or isinstance(kind, (sa.TypeDecorator, sa.CHAR)):
        return True
    if isinstance(kind, sa.JSON):
        return type(kind).__visit_name__ != "JSON"
    if isinstance(kind, sa.ARRAY):
        return True
    if any(getattr(kind, name, None) is not None for name in _PRECISIONS):
        return True
    return isinstance(kind, sa.DateTime) and bool(kind.timezone)
