"""Relations that clients may include in a response: their declaration, and how they are loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from marshmallow import Schema

from ..errors import DeclarationError
from ..records import Record
from .query import Order

__all__ = ["DEFAULT_LIMIT", "Expand", "Expansions", "RelationPath", "expansions_of", "limits_of"]

DEFAULT_LIMIT = 100
"""The maximum number of related items of one item, unless `Expand` declares another one."""
_MAX_LEVELS = 2


class Expand(Record):
    """A declaration of a relation that clients may include.

    ::

        expand = {"comments": Expand(order="-created", limit=20), "comments.author": Expand()}

    Attributes:
        order: The attributes of the related items that decide their order; a minus descends. The
            key decides between equal items.
        limit: The maximum number of related items of one item, if the relation leads to several;
            100 by default.
        schema: The schema of the related items, if the schema of the collection is derived. By
            default it is the one that the collection of the related model declares, or else it has
            the columns of that model. ``"derived"`` has these columns in each case.
    """

    order: str | Sequence[str] = ()
    limit: int = 0
    schema: type[Schema] | Literal["derived"] | None = None

    @property
    def orders(self) -> tuple[Order, ...]:
        """The order as sort keys."""
        names = (self.order,) if isinstance(self.order, str) else self.order
        return tuple(Order(name.removeprefix("-"), name.startswith("-")) for name in names)


Expansions = Sequence[str] | Mapping[str, Expand]
"""The relations that clients may include, as a class declares them."""


class RelationPath(str):
    """The path of a relation to load, ``comments.author``, with the bounds of its items.

    Attributes:
        order: The order of the related items.
        limit: The maximum number of related items of one item; None for a relation to one.
    """

    __slots__ = ("limit", "order")

    limit: int | None
    order: tuple[Order, ...]

    @staticmethod
    def of(path: str, how: Expand, *, is_many: bool) -> RelationPath:
        """Return a path with the bounds that a declaration says."""
        made = RelationPath(path)
        made.order = how.orders
        made.limit = (how.limit or DEFAULT_LIMIT) if is_many else None
        return made

    @staticmethod
    def below(path: str, relation: str) -> str:
        """Return a path without the relation that it begins with, and with its bounds."""
        rest = path.removeprefix(f"{relation}.")
        if not isinstance(path, RelationPath):
            return rest
        made = RelationPath(rest)
        made.order, made.limit = path.order, path.limit
        return made


def limits_of(paths: Sequence[str]) -> dict[str, RelationPath]:
    """Return those of some paths whose relations lead to a bounded number of items."""
    found = (each for each in paths if isinstance(each, RelationPath))
    return {str(each): each for each in found if each.limit is not None}


def expansions_of(given: object, declared_at: str) -> dict[str, Expand]:
    """Return the relations that ``expand`` declares, each after the one that it begins with.

    Args:
        given: The declaration: names, or a mapping from names.
        declared_at: The name of the class, for messages.

    Raises:
        DeclarationError: It is something else.
    """
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif isinstance(given, (tuple, list)):
        pairs = [(name, Expand()) for name in given]
    else:
        raise _unknown(declared_at, given)
    declared: dict[str, Expand] = {}
    for name, how in pairs:
        if not isinstance(name, str) or not isinstance(how, Expand):
            raise _unknown(declared_at, given)
        _check(name, how, declared_at)
        declared[name] = how
    parents = [name.partition(".")[0] for name in declared if "." in name]
    found = {name: declared.get(name, Expand()) for name in parents} | declared
    return dict(sorted(found.items(), key=lambda pair: "." in pair[0]))


def _check(name: str, how: Expand, declared_at: str) -> None:
    if name.count(".") >= _MAX_LEVELS:
        raise DeclarationError(
            f"{declared_at}.expand: {name!r} has more than {_MAX_LEVELS} relations. Serve the "
            "further items at a URL of their own."
        )
    names = (how.order,) if isinstance(how.order, str) else how.order
    if not isinstance(names, (tuple, list)) or not all(isinstance(each, str) for each in names):
        raise DeclarationError(
            f"{declared_at}.expand[{name!r}]: order must be a name or names of attributes, got "
            f"{how.order!r}."
        )
    if type(how.limit) is not int or how.limit < 0:
        raise DeclarationError(
            f"{declared_at}.expand[{name!r}]: limit must be at least 1, got {how.limit!r}."
        )
    is_class = isinstance(how.schema, type) and issubclass(how.schema, Schema)
    if how.schema not in (None, "derived") and not is_class:
        raise DeclarationError(
            f"{declared_at}.expand[{name!r}]: schema must be a marshmallow Schema class or "
            f"'derived', got {how.schema!r}."
        )


def _unknown(declared_at: str, given: object) -> DeclarationError:
    return DeclarationError(
        f"{declared_at}.expand is {given!r}. Give the names of relations, or a mapping from them "
        'to Expand(...): expand = {"comments": Expand(order="-created", limit=20)}.'
    )
