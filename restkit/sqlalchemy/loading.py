"""Related rows of items: the loader options of a statement, and collections without a loader."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import (
    Load,
    Mapper,
    QueryableAttribute,
    RelationshipProperty,
    Session,
    aliased,
    joinedload,
    lazyload,
    object_session,
    selectinload,
)

from ..crud.expansions import RelationPath, limits_of
from ..errors import DeclarationError
from .subqueries import OWN_ALIAS, reads_itself, subqueried

__all__ = [
    "LARGE",
    "Visible",
    "below",
    "in_chunks",
    "is_eager",
    "keep_large",
    "kept_large",
    "large_members",
    "large_relations",
    "large_source",
    "load_large",
    "loader_options",
    "nested_large",
    "owners",
]

M = TypeVar("M")
LARGE = frozenset({"dynamic", "write_only"})
"""The values of ``lazy`` of relations that SQLAlchemy does not load into items."""
_KEPT = "_restkit_related"
_EAGER = frozenset({"joined", "subquery", False})
Source: TypeAlias = Callable[[object], object]
Visible: TypeAlias = "Callable[[Mapper[object]], sa.ColumnElement[bool] | None]"
"""A function from a mapper to the condition on its rows as related rows; None without one."""


def loader_options(
    mapper: Mapper[M], expand: Sequence[str], visible: Visible | None = None
) -> Iterator[Load]:
    """Yield the loader options of a statement.

    Args:
        mapper: The mapper of the items.
        expand: The relations to load: ``author``, ``author.publisher``.
        visible: The conditions on related rows.
    """
    limits = limits_of(expand)
    for path in expand:
        for each in owners(mapper, path.partition(".")[0]):
            yield from _path_options(each, path, visible, limits)
    yield from _joined_collections(mapper, {path.partition(".")[0] for path in expand})


def owners(mapper: Mapper[M], name: str) -> list[Mapper[object]]:
    """Return the mappers that have a relation: the model's own, or those of its subclasses."""
    own = cast("Mapper[object]", mapper)
    if name in mapper.relationships or len(mapper.self_and_descendants) == 1:
        return [own]
    found: list[Mapper[object]] = [
        each
        for each in mapper.self_and_descendants
        if name in each.relationships and each.relationships[name].parent is each
    ]
    return found or [own]


def _path_options(
    mapper: Mapper[M], path: str, visible: Visible | None, limits: Collection[str]
) -> Iterator[Load]:
    """Yield the loader options of a path, up to the first relation that `load_limited` loads."""
    option: Load | None = None
    current: Mapper[object] = mapper  # type: ignore[assignment]  # of any model
    way = ""
    for name in path.split("."):
        way = f"{way}.{name}" if way else name
        relation = current.relationships.get(name)
        if relation is None:
            break  # a schema may nest other attributes: a mapping in a column, a property
        if way in limits and relation.uselist:
            yield from _left_out(option, current, relation)
            break
        if relation.lazy in LARGE:
            if option is not None:
                raise DeclarationError(nested_large(current, relation, path))
            break  # `load_large` loads it
        attribute: QueryableAttribute[object] = getattr(current.class_, name)
        condition = None if visible is None else visible(relation.mapper)
        loaded = attribute if condition is None else attribute.and_(condition)
        option = _further(option, loaded, is_many=_is_loaded_apart(relation, visible))
        current = relation.mapper
    if option is not None:
        yield option
        yield from _joined_collections(current, (), option, (current,))


def _is_loaded_apart(relation: RelationshipProperty[object], visible: Visible | None) -> bool:
    """Return whether related rows have a statement of their own: lists, and rows with subqueries.

    A condition on rows that subqueries read would hide items of the same statement.
    """
    if relation.uselist or visible is None:
        return bool(relation.uselist)
    return bool(subqueried(relation.mapper)) or reads_itself(relation.mapper)


def _left_out(
    option: Load | None, mapper: Mapper[object], relation: RelationshipProperty[object]
) -> Iterator[Load]:
    """Yield the option that does not load a relation, which the model may load with each item."""
    if relation.lazy not in LARGE:
        attribute: QueryableAttribute[object] = getattr(mapper.class_, relation.key)
        found: object = lazyload(attribute) if option is None else option.lazyload(attribute)
        yield found  # type: ignore[misc]  # the functions return Load's base class


def nested_large(mapper: Mapper[object], relation: RelationshipProperty[object], path: str) -> str:
    """Return the message that a relation cannot be expanded below another one."""
    return (
        f"{mapper.class_.__qualname__}.{relation.key} is loaded lazily (lazy={relation.lazy!r}), "
        f"which the relation {path!r} of a collection cannot expand below another relation. Set "
        "lazy='select', or leave it out of expand and of the nested schema."
    )


def _further(option: Load | None, attribute: QueryableAttribute[object], *, is_many: bool) -> Load:
    """Return a loader option that continues another one: a statement of its own for collections."""
    found: object
    if option is None:
        found = selectinload(attribute) if is_many else joinedload(attribute)
    else:
        found = option.selectinload(attribute) if is_many else option.joinedload(attribute)
    return found  # type: ignore[return-value]  # the functions return Load's base class


def _joined_collections(
    mapper: Mapper[M],
    loaded: Iterable[str],
    option: Load | None = None,
    above: tuple[Mapper[object], ...] = (),
) -> Iterator[Load]:
    """Yield options that load collections by a statement of their own, which a model would join.

    Joined collections repeat the rows of a page, and cannot be read in chunks.
    """
    for relation in mapper.relationships:
        if relation.lazy not in _EAGER or relation.key in loaded or relation.mapper in above:
            continue
        is_many = bool(relation.uselist)
        attribute: QueryableAttribute[object] = getattr(mapper.class_, relation.key)
        further = _further(option, attribute, is_many=is_many)
        if is_many:
            yield further
        yield from _joined_collections(relation.mapper, (), further, (*above, relation.mapper))


def is_eager(relation: RelationshipProperty[object]) -> bool:
    """Return whether the model loads the rows of a relation with each item."""
    return relation.lazy in _EAGER or relation.lazy in {"selectin", "immediate"}


def large_relations(mapper: Mapper[M], expand: Iterable[str]) -> list[str]:
    """Return the relations of an expansion that SQLAlchemy does not load into items."""
    limits = limits_of(tuple(expand))
    paths = (path for path in expand if "." not in path and path not in limits)
    found = (mapper.relationships.get(path) for path in paths)
    return [each.key for each in found if each is not None and each.lazy in LARGE]


def load_large(
    session: Session,
    mapper: Mapper[M],
    items: Sequence[M],
    expand: Sequence[str],
    visible: Visible | None,
) -> None:
    """Load relations that are dynamic or write-only, and keep the rows in the items.

    Each relation is one statement for all items.
    """
    names = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
    for relation in large_relations(mapper, expand) if items else ():
        wanted = {_key_of(item, names): item for item in items}
        rows: dict[tuple[object, ...], list[object]] = {key: [] for key in wanted}
        statement = _related(mapper, relation, names, list(wanted))
        entity = mapper.relationships[relation].mapper
        condition = None if visible is None else visible(entity)
        if condition is not None:
            statement = statement.where(condition)
        statement = statement.options(*loader_options(entity, below(relation, expand), visible))
        for row in session.execute(statement).unique():
            rows[tuple(row[:-1])].append(row[-1])
        for key, item in wanted.items():
            keep_large(item, relation, rows[key])


def _key_of(item: object, names: Iterable[str]) -> tuple[object, ...]:
    return tuple(getattr(item, name) for name in names)


def _related(
    mapper: Mapper[M], relation: str, names: Iterable[str], keys: Sequence[tuple[object, ...]]
) -> sa.Select[tuple[object, ...]]:
    """Return the statement of the related rows of items, each with the key of its item."""
    parent = aliased(mapper.class_, name=OWN_ALIAS)
    columns = [getattr(parent, name) for name in names]
    found = mapper.relationships[relation]
    selected = cast("sa.Select[tuple[object, ...]]", sa.select(*columns, found.entity))
    return (
        selected.select_from(parent)
        .join(getattr(parent, relation))
        .where(sa.tuple_(*columns).in_(keys))
        .order_by(*(found.order_by or ()))
    )


def below(relation: str, expand: Iterable[str]) -> list[str]:
    """Return the paths of an expansion that begin with a relation, without it."""
    begin = f"{relation}."
    return [RelationPath.below(path, relation) for path in expand if path.startswith(begin)]


def keep_large(item: object, name: str, rows: Sequence[object]) -> None:
    """Keep the rows of a relation in an item."""
    vars(item).setdefault(_KEPT, {})[name] = rows


def kept_large(item: object) -> list[str]:
    """Return the relations whose rows an item keeps, if it has some."""
    kept: Mapping[str, Sequence[object]] = vars(item).get(_KEPT, {})
    return [name for name, rows in kept.items() if rows]


def large_members(item: object, name: str) -> Sequence[object]:
    """Return the rows of a relation: those that an item keeps, else those of the database."""
    kept: Mapping[str, Sequence[object]] = vars(item).get(_KEPT, {})
    session = object_session(item)
    if name in kept or session is None:
        return kept.get(name, ())
    return session.scalars(getattr(item, name).select()).all()


def large_source(model: type[M], names: frozenset[str], large: frozenset[str]) -> Source:
    """Return a function from an item to its loaded values, or to the item if some are missing.

    Args:
        model: The class of the items.
        names: The attributes that will be read.
        large: Those of them that `load_large` loads.
    """
    plain = names - large

    def source(item: object) -> object:
        values = item.__dict__
        kept = values.get(_KEPT, {})
        if type(item) is not model or not kept.keys() >= large:
            return item
        for name in plain - values.keys():
            getattr(item, name)  # loads it
        return {**values, **kept} if values.keys() >= plain else item

    return source


def in_chunks(items: Iterable[M], size: int, load: Callable[[Sequence[M]], object]) -> Iterator[M]:
    """Yield items after a function has been called with each chunk of them."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        load(chunk)
        yield from chunk
