"""Kinds of rows: the subclasses of a mapped class, and the discriminator that tells them apart."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import sqlalchemy as sa
from marshmallow import fields, validate
from sqlalchemy.orm import Mapper, selectin_polymorphic, undefer, with_loader_criteria
from sqlalchemy.sql.base import ExecutableOption

from ..crud.store import Attribute
from ..errors import DeclarationError

__all__ = [
    "check_concrete",
    "discriminator_attribute",
    "discriminator_of",
    "kinds_of",
    "known_kinds",
    "known_related",
    "subclass_options",
]

_CONCRETE = "kind"


def kinds_of(mapper: Mapper[object]) -> dict[str, Mapper[object]]:
    """Return the mappers of a model and its subclasses by the text of their identities.

    Returns:
        Nothing if rows of the model have one class: it has no subclasses with an identity.
    """
    if not isinstance(mapper.polymorphic_on, sa.ColumnClause):
        return {}  # an expression: the other columns decide, so that content cannot
    known = [each for each in mapper.self_and_descendants if each.polymorphic_identity is not None]
    if known in ([], [mapper]):
        return {}
    return {_text_of(each.polymorphic_identity): each for each in known}


def _text_of(identity: object) -> str:
    return identity.name if isinstance(identity, enum.Enum) else str(identity)


def discriminator_of(mapper: Mapper[object]) -> str:
    """Return the attribute that names the kind of a row, as content names it."""
    column = mapper.polymorphic_on
    for prop in mapper.column_attrs:
        if any(each is column for each in prop.columns):
            return prop.key
    return str(getattr(column, "name", "") or _CONCRETE)


def discriminator_attribute(
    attributes: Mapping[str, Attribute], mapper: Mapper[object]
) -> dict[str, Attribute]:
    """Return the attribute of the discriminator by name, as one of the kinds if it is a string."""
    kinds, name = kinds_of(mapper), discriminator_of(mapper)
    found = attributes.get(name)
    if not kinds or found is None or not isinstance(found.field, fields.String):
        return {}
    choices = validate.OneOf(list(kinds))
    return {name: replace(found, field=fields.Str(validate=choices))}


def subclass_options(
    mapper: Mapper[object], names: Iterable[str] | None = None
) -> Iterator[ExecutableOption]:
    """Yield the loader options of columns of subclasses: one statement more for each class.

    Args:
        mapper: The mapper of the statement's model.
        names: The attributes that are read; None for those that the model does not defer.
    """
    classes = [each for each in mapper.self_and_descendants if each is not mapper]
    more = set(classes).difference(mapper.with_polymorphic_mappers)
    if more:
        yield selectin_polymorphic(mapper.class_, [each.class_ for each in classes if each in more])
    wanted = frozenset(names or ())
    for each in classes:
        for name in sorted(wanted & _deferred(each)):
            yield undefer(getattr(each.class_, name))


def known_kinds(mapper: Mapper[object]) -> sa.ColumnElement[bool] | None:
    """Return the condition on rows whose discriminator names a class of the program.

    SQLAlchemy cannot load another row, so that one of them, which a newer program may have stored,
    would take a whole list down.

    Returns:
        None, if rows of the model have no discriminator.
    """
    column = mapper.polymorphic_on
    if not isinstance(column, sa.ColumnClause) or not mapper.polymorphic_map:
        return None
    prop = next((each for each in mapper.column_attrs if column in each.columns), None)
    # With concrete inheritance the column is one of the union of all tables, not of the class.
    known = column if prop is None else getattr(mapper.class_, prop.key, column)
    condition: sa.ColumnElement[bool] = known.in_(list(mapper.polymorphic_map))
    return condition


def known_related(mapper: Mapper[object]) -> list[ExecutableOption]:
    """Return the options that leave out related rows of unknown kinds."""
    found = ((each.class_, known_kinds(each)) for each in _related(mapper))
    return [
        with_loader_criteria(model, condition, include_aliases=True)
        for model, condition in found
        if condition is not None
    ]


def _related(mapper: Mapper[object]) -> list[Mapper[object]]:
    """Return the bases of all models that relations lead to from a model."""
    found: list[Mapper[object]] = []
    waiting = [mapper.base_mapper]
    while waiting:
        for each in waiting.pop().self_and_descendants:
            bases = [relation.mapper.base_mapper for relation in each.relationships]
            new = [base for base in dict.fromkeys(bases) if base not in found]
            found += new
            waiting += new
    return found


def _deferred(mapper: Mapper[object]) -> set[str]:
    """Return the deferred columns that a class adds to those of its base."""
    own = (prop for prop in mapper.column_attrs if prop.parent is mapper)
    return {prop.key for prop in own if prop.deferred}


def check_concrete(mapper: Mapper[object], key: str, backend: str, *, writes: bool) -> None:
    """Reject a model whose rows are in several tables, if a request could not find or lock one.

    Args:
        mapper: The mapper of the model.
        key: The attribute that identifies an item.
        backend: The database, for example ``"sqlite"``.
        writes: Whether clients can create, change or delete items.

    Raises:
        DeclarationError: Each table counts its own keys, or a lock would be one of a UNION.
    """
    tables = [each for each in mapper.self_and_descendants if each.concrete]
    if not tables:
        return
    columns = [each.columns[key] for each in tables if key in each.columns]
    if not all(map(_is_shared, columns)):
        name = mapper.class_.__qualname__
        raise DeclarationError(
            f"The rows of {name} are in several tables (concrete inheritance), each with keys of "
            f"its own, so that {name}.{key} does not name one row. Give the key a default that is "
            "unique in all tables, such as uuid.uuid4 or one Sequence, or mount a collection of "
            "each subclass."
        )
    if writes and backend == "postgresql":
        raise DeclarationError(
            f"The rows of {mapper.class_.__qualname__} are in several tables (concrete "
            "inheritance), in which PostgreSQL cannot lock a row by one statement. Write methods = "
            '{"GET"}, and mount a collection of each subclass for writes.'
        )


def _is_shared(column: sa.Column[object]) -> bool:
    """Return whether all rows of several tables get different keys."""
    default = getattr(column, "default", None)
    if isinstance(default, sa.Sequence):
        return True
    return isinstance(column.type, sa.Uuid) and (
        default is not None or column.server_default is not None
    )
