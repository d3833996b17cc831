"""New objects of models, made by the constructor that the model has."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from ..errors import DeclarationError
from ..records import Record

__all__ = ["check_constructor", "instantiate", "keep_nulls", "keeps_null", "write_nulls"]

M = TypeVar("M")
_NULLS = "_restkit_nulls"


class _Constructor(Record):
    """The parameters of a model's constructor.

    Attributes:
        names: The parameters that can be passed by name.
        required: The parameters without a default value.
        is_open: Whether it accepts every attribute, as SQLAlchemy's own constructor does.
        positional: The required parameters that cannot be passed by name.
        instance: The parameter that is the object itself: an attribute of that name is set later.
    """

    names: frozenset[str]
    required: frozenset[str]
    is_open: bool
    positional: frozenset[str]
    instance: str


_known: dict[object, _Constructor] = {}


def _constructor_of(model: type[object]) -> _Constructor:
    """Return the parameters of a model's constructor, which are inspected once."""
    if model not in _known:
        _known[model] = _inspect(model)
    return _known[model]


def _inspect(model: type[object]) -> _Constructor:
    names: set[str] = set()
    required: set[str] = set()
    positional: set[str] = set()
    is_open = False
    for each in inspect.signature(model).parameters.values():
        is_open |= each.kind is each.VAR_KEYWORD
        if each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL):
            continue
        by_name = each.kind is not each.POSITIONAL_ONLY
        if by_name:
            names.add(each.name)
        if each.default is each.empty:
            (required if by_name else positional).add(each.name)
    instance = next(iter(inspect.signature(inspect.getattr_static(model, "__init__")).parameters))
    return _Constructor(
        frozenset(names), frozenset(required), is_open, frozenset(positional), instance
    )


def check_constructor(mapper: Mapper[M]) -> None:
    """Reject a model whose constructor needs more than the attributes of the model.

    Raises:
        DeclarationError: A parameter without a default value is not an attribute.
    """
    found = _constructor_of(mapper.class_)
    strange = sorted({*found.positional, *found.required.difference(mapper.attrs.keys())})
    if strange:
        name = mapper.class_.__qualname__
        raise DeclarationError(
            f"{name}.__init__ requires {strange[0]!r}, which is no attribute of {name} that can "
            "be passed by name, so that POST cannot make an item. Give the parameter a default "
            'value, or leave POST out: methods = {"GET", "PUT", "PATCH", "DELETE"}.'
        )


def instantiate(mapper: Mapper[M], values: Mapping[str, object]) -> tuple[M, frozenset[str]]:
    """Return a new object of a model, and the names of the values that its constructor got.

    Args:
        mapper: The mapper of the model.
        values: The attributes. The constructor gets those of columns that it has parameters for,
            and None or an empty list for others that it requires.
    """
    found = _constructor_of(mapper.class_)
    columns = mapper.column_attrs.keys()
    passed = frozenset(columns if found.is_open else found.names).intersection(values, columns)
    passed -= {found.instance}
    missing = {name: _empty(mapper, name) for name in found.required - passed}
    return mapper.class_(**{name: values[name] for name in passed}, **missing), passed


def keep_nulls(mapper: Mapper[M], item: M, values: Mapping[str, object]) -> None:
    """Remember which attributes of a new object are null although their columns have defaults."""
    names = [
        name
        for name, value in values.items()
        if value is None and name in mapper.column_attrs and keeps_null(mapper.columns[name])
    ]
    if names:
        vars(item)[_NULLS] = names


def write_nulls(item: object) -> None:
    """Let an INSERT write the nulls of an object: the ORM leaves None to the column's default."""
    for name in vars(item).pop(_NULLS, ()):
        if vars(item).get(name) is None:
            vars(item)[name] = sa.null()


def keeps_null(column: sa.ColumnElement[object]) -> bool:
    """Return whether None is a value of a column that has a default."""
    if not isinstance(column, sa.Column) or column.primary_key:
        return False
    return column.default is not None or column.server_default is not None


def _empty(mapper: Mapper[M], name: str) -> object:
    relation = mapper.relationships.get(name)
    return [] if relation is not None and relation.uselist else None
