"""The classes of the items in memory: one class, or a base with subclasses that are its kinds."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import cast

from marshmallow import Schema, fields, validate

from ..errors import DeclarationError
from .models import Member, as_key, lacking_members, members_of, new_item, schema_of
from .query import Operator
from .store import Attribute

__all__ = ["MemoryModel"]

_OPERATORS: tuple[Operator, ...] = (
    *("eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "contains", "startswith"),
)


class MemoryModel:
    """A class whose objects a store in memory holds, with its attributes and its kinds.

    Attributes:
        model: The class.
        key: The attributes that identify an item.
        discriminator: The attribute that names the kind of an item, ``""`` without kinds.
        classes: The class of each kind that the store has, in all its collections.
        kinds: Those of them that are this class or its subclasses; empty if there is one class.
        members: The attributes by name.
    """

    def __init__(
        self,
        model: type[object],
        key: Sequence[str],
        classes: Mapping[str, type] | None = None,
        discriminator: str = "",
    ) -> None:
        """Read the attributes of a class.

        Args:
            model: The class.
            key: The attributes that identify an item.
            classes: The class of each kind, which is the class or a subclass of it.
            discriminator: The attribute that names the kind of an item.

        Raises:
            DeclarationError: The class cannot be a model, or the kinds are not kinds of it.
        """
        self.model = model
        self.key = key
        self.classes: Mapping[str, type] = dict(classes or {})
        self.discriminator = discriminator if self.classes else ""
        self.kinds: Mapping[str, type] = self.classes
        self._is_part = False
        self.members = members_of(model)
        self.check_names(key)
        for each in key:
            self.members[each] = as_key(self.members[each], model, counts=len(key) == 1)
        self._schemas: dict[str | None, type[Schema]] = {}
        self._parts: dict[tuple[object, ...], MemoryModel] = {}
        if classes is not None:
            self._check_kinds(classes)
            self.members[discriminator] = self._discriminating()

    def _check_kinds(self, classes: Mapping[str, type]) -> None:
        name = self.model.__qualname__
        for kind, each in classes.items():
            if not (isinstance(kind, str) and kind):
                raise DeclarationError(
                    f"MemoryStore({name}): the names of kinds must be strings, got {kind!r}."
                )
            if not (isinstance(each, type) and issubclass(each, self.model)):
                raise DeclarationError(
                    f"MemoryStore({name}): kinds[{kind!r}] must be {name} or a subclass of it, got "
                    f"{each!r}."
                )
            if _has_lost_annotations(each):
                raise DeclarationError(
                    f"{each.__qualname__} has annotations, but is no dataclass as its base is. "
                    "Decorate it with @dataclass."
                )
            if hasattr(inspect.getattr_static(each, self.discriminator, None), "__set__"):
                raise DeclarationError(
                    f"{each.__qualname__}.{self.discriminator} is a property or a descriptor, but "
                    "a MemoryStore sets this attribute of its items. Choose another one: "
                    'discriminator="type".'
                )
        if set(classes.values()) <= {self.model}:
            raise DeclarationError(
                f"MemoryStore({name}): kinds has no subclass of {name}. Name the subclasses: "
                'kinds={"car": Car, "truck": Truck}.'
            )
        if len(set(classes.values())) < len(classes):
            raise DeclarationError(
                f"MemoryStore({name}): kinds has a class twice. Give each class one name."
            )

    def _discriminating(self) -> Member:
        """Return the attribute that names the kind: a string, or a member of an enumeration.

        Raises:
            DeclarationError: The class has the attribute, and it cannot name the kinds.
        """
        name = self.discriminator
        known = self.members.get(name)
        field = fields.Str() if known is None else known.attribute.field
        if isinstance(field, fields.Enum):
            lacking = [each for each in self.classes if each not in field.enum.__members__]
            if lacking:
                raise DeclarationError(
                    f"{self.model.__qualname__}.{name} is a {field.enum.__name__}, which has no "
                    f"member {lacking[0]!r}. Name each kind by a member."
                )
        elif isinstance(field, fields.Str):
            field = fields.Str(validate=validate.OneOf(list(self.kinds)))
        else:
            raise DeclarationError(
                f"{self.model.__qualname__}.{name} must name the kind of an item. Annotate it with "
                'str or an Enum, or choose another attribute: discriminator="type".'
            )
        operators = _OPERATORS if known is None else known.attribute.operators - {"null"}
        attribute = Attribute(name, field, False, frozenset(operators), generated=True)
        given = known is not None and known.given
        return Member(attribute, given, given and known is not None and known.needed, True)

    def check_names(self, names: Iterable[str], *, of_any_kind: bool = False) -> None:
        """Reject names that are not attributes.

        Args:
            names: The names.
            of_any_kind: Whether they may be attributes of one kind only.

        Raises:
            DeclarationError: The class has no such attribute.
        """
        known: Collection[str] = self.every if of_any_kind else self.members
        for name in names:
            if name not in known:
                has = ", ".join(sorted(known))
                raise DeclarationError(
                    f"{self.model.__qualname__} has no attribute {name!r}. It has {has}."
                )

    @cached_property
    def attributes(self) -> Mapping[str, Attribute]:
        """The attributes by name."""
        return {name: each.attribute for name, each in self.members.items()}

    @cached_property
    def every(self) -> Mapping[str, Attribute]:
        """The attributes of the class and of all kinds, by name."""
        found: dict[str, Attribute] = {}
        for kind in self.kinds:
            found |= self.of_kind(kind).attributes
        return {**found, **self.attributes}

    # kinds

    def of_kind(self, kind: str) -> MemoryModel:
        """Return the model of one kind, without subclasses."""
        return self._part(self.classes[kind], (kind,))

    def of(self, model: type) -> MemoryModel:
        """Return the model of one of the kinds, with those of its subclasses that are kinds.

        Raises:
            DeclarationError: The class is none of the kinds.
        """
        if model is self.model:
            return self
        if model not in self.classes.values():
            known = ", ".join(each.__qualname__ for each in self.classes.values())
            raise DeclarationError(
                f"{getattr(model, '__qualname__', model)} is no kind of this MemoryStore of "
                f"{self.model.__qualname__}. Its kinds are {known or 'none'}."
            )
        wanted = tuple(kind for kind, each in self.classes.items() if issubclass(each, model))
        return self._part(model, wanted)

    def _part(self, model: type, kinds: tuple[str, ...]) -> MemoryModel:
        found = self._parts.get((model, *kinds))
        if found is None:
            found = MemoryModel(model, self.key)
            found.classes, found.discriminator = self.classes, self.discriminator
            found.kinds = {kind: self.classes[kind] for kind in kinds}
            found.members[self.discriminator] = found._discriminating()
            found.kinds = {} if len(kinds) == 1 else found.kinds
            found._is_part, found._parts = True, self._parts
            self._parts[model, *kinds] = found
        return found

    @property
    def is_part(self) -> bool:
        """Whether the store has items of further classes."""
        return self._is_part

    def has(self, item: object) -> bool:
        """Return whether an item of the store is one of this class."""
        return not self._is_part or isinstance(item, self.model)

    def kind_of(self, item: object) -> str:
        """Return the kind of an item, ``""`` if the store does not have it."""
        return self._kind_of_class(type(item))

    def _kind_of_class(self, model: type) -> str:
        names = self._names
        return next((names[each] for each in model.__mro__ if each in names), "")

    @cached_property
    def _names(self) -> Mapping[type, str]:
        return {each: kind for kind, each in self.classes.items()}

    def of_item(self, item: object) -> MemoryModel:
        """Return the model of an item, which gets the name of its kind.

        Raises:
            DeclarationError: No kind has the class of the item.
        """
        if not self.classes:
            return self
        kind = self.kind_of(item)
        if not (kind and self.has(item)):
            known = ", ".join(each.__qualname__ for each in self.classes.values())
            raise DeclarationError(
                f"A MemoryStore of {self.model.__qualname__} cannot hold an item of "
                f"{type(item).__qualname__}. Its kinds are {known}."
            )
        found = self.of_kind(kind)
        setattr(item, self.discriminator, found._value(kind))
        return found

    def _value(self, kind: str) -> object:
        """Return the value of the discriminator of a kind."""
        field = self.attributes[self.discriminator].field
        if isinstance(field, fields.Enum):
            return cast("type[enum.Enum]", field.enum)[kind]
        return kind

    # items

    def made(self, values: Mapping[str, object]) -> object:
        """Return a new item; missing arguments of its constructor are None.

        Raises:
            DeclarationError: The values do not name one of several kinds.
        """
        if not self.classes:
            return new_item(self.model, self.members, values)
        own = dict(values)
        if not self.kinds:
            own[self.discriminator] = self._value(self._kind_of_class(self.model))
            return new_item(self.model, self.members, own)
        given = own.pop(self.discriminator, None)
        kind = given.name if isinstance(given, enum.Enum) else given
        if kind not in self.kinds:
            raise DeclarationError(
                f"A new item of {self.model.__qualname__} needs its kind: rows.build("
                f"{{{self.discriminator!r}: {next(iter(self.kinds))!r}, ...}})."
            )
        return self.of_kind(str(kind)).made(own)

    @property
    def primary(self) -> str:
        """The one attribute of the key, ``""`` if there are several."""
        return self.key[0] if len(self.key) == 1 else ""

    @property
    def counts(self) -> bool:
        """Whether the store assigns integer keys."""
        return bool(self.primary) and self.attributes[self.primary].generated

    def wants_key(self, item: object) -> bool:
        """Return whether an item needs a key: it has none, or only the default one."""
        if not self.counts:
            return False
        value = getattr(item, self.primary)
        return value is None or value == self.attributes[self.primary].default

    def lacking(self, given: Collection[str]) -> Sequence[str]:
        """Return the attributes without which no item can be stored, and that nothing fills in."""
        if self.kinds:
            return [name for name in (self.discriminator,) if name not in given]
        return lacking_members(self.model, self.members, given)

    def schema(self, hidden: str | None) -> type[Schema]:
        """Return the schema of the attributes, always the same one.

        Args:
            hidden: An attribute that clients must not see.

        Raises:
            DeclarationError: The annotation of an attribute does not determine a field.
        """
        if hidden not in self._schemas:
            self._schemas[hidden] = schema_of(self.model, self.members, hidden)
        return self._schemas[hidden]


def _has_lost_annotations(model: type) -> bool:
    """Return whether a class has annotations that its base, a dataclass, does not read."""
    if not hasattr(model, "__dataclass_fields__") or "__dataclass_fields__" in vars(model):
        return False
    return any("ClassVar" not in str(each) for each in inspect.get_annotations(model).values())
