"""Plain classes as models: their annotations as attributes and as a schema."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import enum
import inspect
import types
import uuid
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from marshmallow import Schema, fields, missing, validate

from ..errors import DeclarationError
from ..problems import UnprocessableContent
from .query import Operator
from .store import AnyField, Attribute

__all__ = [
    "Member",
    "as_key",
    "check_values",
    "lacking_members",
    "members_of",
    "new_item",
    "schema_of",
]

M = TypeVar("M")
_EQUAL: tuple[Operator, ...] = ("eq", "ne", "in", "not_in")
_ORDERED: tuple[Operator, ...] = (*_EQUAL, "gt", "gte", "lt", "lte")
_TEXT: tuple[Operator, ...] = (*_ORDERED, "contains", "startswith")
_KINDS: dict[Any, tuple[Callable[[], AnyField], tuple[Operator, ...]]] = {
    bool: (fields.Bool, ("eq",)),
    int: (fields.Int, _ORDERED),
    float: (fields.Float, _ORDERED),
    Decimal: (lambda: fields.Decimal(as_string=True), _ORDERED),
    dt.datetime: (fields.AwareDateTime, _ORDERED),
    dt.date: (fields.Date, _ORDERED),
    dt.time: (fields.Time, _ORDERED),
    dt.timedelta: (fields.TimeDelta, _ORDERED),
    uuid.UUID: (fields.UUID, _ORDERED),
    str: (fields.Str, _TEXT),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """One attribute of a model in memory.

    Attributes:
        attribute: The attribute as the Store protocol describes it.
        given: Whether the model's constructor accepts it.
        needed: Whether the constructor requires it.
        known: Whether its annotation determines a field.
    """

    attribute: Attribute
    given: bool
    needed: bool
    known: bool


def members_of(model: type) -> dict[str, Member]:
    """Return the attributes of a model by name: dataclass fields, or constructor arguments.

    Raises:
        DeclarationError: The class cannot be a model, or its annotations cannot be read.
    """
    _check(model)
    source: Any = model
    if not dataclasses.is_dataclass(model):
        source = inspect.getattr_static(model, "__init__")
    try:
        hints = get_type_hints(source, include_extras=True)
    except Exception as error:
        raise DeclarationError(
            f"The annotations of {model.__qualname__} cannot be evaluated: {error}"
        ) from error
    if dataclasses.is_dataclass(model):
        return {each.name: _of_field(each, hints[each.name]) for each in dataclasses.fields(model)}
    found = {}
    for name, parameter in list(inspect.signature(model).parameters.items()):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        needed = parameter.default is parameter.empty
        default = None if needed else parameter.default
        found[name] = _member(
            name, hints.get(name, Any), default, needed=needed, given=True, generated=False
        )
    if not found:
        raise DeclarationError(
            f"{model.__qualname__} has no visible attributes. Make it a dataclass, or let its "
            "__init__ accept them by name."
        )
    return found


def lacking_members(
    model: type, members: Mapping[str, Member], given: Collection[str]
) -> list[str]:
    """Return the attributes that the constructor of a dataclass needs and that are not given.

    Returns:
        Nothing, if code of the class may fill in attributes.
    """
    if not dataclasses.is_dataclass(model) or hasattr(model, "__post_init__"):
        return []
    needed = [
        each.attribute
        for each in members.values()
        if each.needed and not each.attribute.nullable and not each.attribute.generated
    ]
    return [each.name for each in needed if each.name not in given]


def _check(model: Any) -> None:
    if not isinstance(model, type):
        raise DeclarationError(f"The model of a MemoryStore must be a class, got {model!r}.")
    if not model.__dictoffset__:
        raise DeclarationError(
            f"{model.__qualname__} has __slots__, but a MemoryStore adds an attribute to its "
            "items. Remove the slots."
        )
    parameters = getattr(model, "__dataclass_params__", None)
    if parameters is not None and parameters.frozen:
        raise DeclarationError(
            f"{model.__qualname__} is frozen, but a MemoryStore sets attributes of items. Make it "
            "mutable."
        )


def _of_field(field: dataclasses.Field[Any], hint: Any) -> Member:
    nothing = dataclasses.MISSING
    needed = field.default is nothing and field.default_factory is nothing
    default = None if field.default is nothing else field.default
    if field.default_factory is not nothing:
        default = field.default_factory
    generated = bool(field.metadata.get("generated"))
    made = _member(
        field.name,
        hint,
        default,
        needed=needed and field.init,
        given=field.init,
        generated=generated,
    )
    is_called = field.default_factory is not nothing
    # A factory of a list or a dict is there for the copies; one of a time or a UUID stamps items.
    if not is_called or isinstance(made.attribute.field, (fields.List, fields.Dict)):
        return made
    attribute = dataclasses.replace(made.attribute, is_stamped=True)
    return dataclasses.replace(made, attribute=attribute)


def _member(
    name: str, hint: Any, default: Any, *, needed: bool, given: bool, generated: bool
) -> Member:
    plain, nullable, validators = _read(hint)
    field, operators = _field_of(plain)
    bounds = {id(each): bound for each in validators if (bound := _bound(each)) is not None}
    field.validators = [*field.validators, *(each for each in validators if id(each) not in bounds)]
    if nullable:
        operators = (*operators, "null")
    attribute = Attribute(
        name, field, nullable, frozenset(operators), tuple(bounds.values()), default, generated
    )
    return Member(attribute, given, needed, type(field) is not fields.Raw)


def _read(hint: Any) -> tuple[Any, bool, list[validate.Validator]]:
    """Return the type in ``Annotated`` and ``| None``, whether it is nullable, the validators."""
    validators: list[validate.Validator] = []
    nullable = False
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            validators += [
                each for each in hint.__metadata__ if isinstance(each, validate.Validator)
            ]
            hint = hint.__origin__
        elif origin in (Union, types.UnionType) and type(None) in get_args(hint):
            nullable = True
            rest = tuple(each for each in get_args(hint) if each is not type(None))
            hint = Union[rest]  # noqa: UP007  # built at runtime
        else:
            return hint, nullable or hint in (Any, None, type(None)), validators


def _field_of(kind: Any) -> tuple[AnyField, tuple[Operator, ...]]:
    """Return the field and the operators of a type's values; a Raw field for unknown types."""
    origin, arguments = get_origin(kind) or kind, get_args(kind)
    if origin is Literal and all(isinstance(each, str) for each in arguments):
        return fields.Str(validate=validate.OneOf(arguments)), _EQUAL
    if origin is list:
        return fields.List(_item_field(arguments)), ("has",)
    if origin is dict:
        return fields.Dict(keys=fields.Str()), ()
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return fields.Enum(kind), _EQUAL
    if isinstance(kind, type) and kind in _KINDS:
        make, operators = _KINDS[kind]
        return make(), operators
    return fields.Raw(allow_none=True), ()


def _item_field(arguments: tuple[Any, ...]) -> AnyField:
    """Return the field of a list's items, from the arguments of its annotation."""
    if not arguments or isinstance(arguments[0], TypeVar):
        return fields.Raw()
    return _field_of(arguments[0])[0]


def _bound(validator: validate.Validator) -> validate.Validator | None:
    """Return a validator as a bound of the store, None if it is not one."""
    if isinstance(validator, validate.Length):
        if validator.equal is not None:
            return validate.Length(validator.equal, validator.equal)
        return None if validator.max is None else validator
    if (
        isinstance(validator, validate.Range)
        and validator.min is not None
        and validator.max is not None
    ):
        return validator
    return None


def as_key(member: Member, model: type, *, counts: bool = True) -> Member:
    """Return an attribute of the key: never None.

    Args:
        member: The attribute.
        model: The model.
        counts: Whether the store assigns it if it is an integer.

    Raises:
        DeclarationError: The key may be None.
    """
    attribute = member.attribute
    counted = counts and isinstance(attribute.field, fields.Integer)
    if attribute.nullable and not counted:
        raise DeclarationError(
            f"The key {attribute.name!r} of {model.__qualname__} must not be None. Annotate it "
            "with int, str or UUID."
        )
    operators = attribute.operators - {"null"}
    return dataclasses.replace(
        member,
        attribute=dataclasses.replace(
            attribute, nullable=False, operators=operators, generated=counted
        ),
    )


def new_item(model: type[M], members: Mapping[str, Member], values: Mapping[str, Any]) -> M:
    """Return a new object of a model; missing arguments of its constructor are None."""
    arguments = {name for name, each in members.items() if each.given}
    needed = {name for name in arguments if members[name].needed}
    passed = needed | (arguments & values.keys())
    item = model(**{name: values.get(name) for name in passed})
    for name in values.keys() - arguments:
        setattr(item, name, values[name])
    return item


def check_values(item: object, attributes: Mapping[str, Attribute]) -> None:
    """Reject an item that lacks a value.

    Raises:
        UnprocessableContent: A required attribute is None.
    """
    for name, attribute in attributes.items():
        if not attribute.nullable and getattr(item, name) is None:
            raise UnprocessableContent("The store cannot hold a value of the request.")


def schema_of(model: type, members: Mapping[str, Member], hidden: str | None) -> type[Schema]:
    """Return a schema class of a model.

    Args:
        model: The class.
        members: The attributes.
        hidden: An attribute that clients must not see.

    Raises:
        DeclarationError: The annotation of an attribute does not determine a field.
    """
    made: dict[str, Any] = {}
    for name, member in members.items():
        if name == hidden:
            continue
        if not member.known:
            raise DeclarationError(
                f"The annotation of {model.__qualname__}.{name} does not determine its JSON type. "
                "Annotate it with a type such as str, int | None, date, an Enum or a list, or set "
                "schema = ... in the CRUDResource."
            )
        made[name] = _schema_field(member)
    meta = type("Meta", (Schema.Meta,), {"register": False})
    members_and_more = {
        **made,
        "Meta": meta,
        "__module__": model.__module__,
        "__doc__": _documentation(model),
    }
    return type(f"{model.__name__}Schema", (Schema,), members_and_more)


def _schema_field(member: Member) -> AnyField:
    attribute = member.attribute
    made = copy.copy(attribute.field)
    made.validators = [*made.validators, *attribute.bounds]
    made.allow_none = attribute.nullable
    made.dump_only = attribute.generated
    made.required = member.needed and not attribute.generated
    simple = (
        attribute.default is not None and not callable(attribute.default) and not made.dump_only
    )
    made.load_default = attribute.default if simple else missing
    return made


def _documentation(model: type) -> str | None:
    """Return the model's docstring, None if a dataclass has generated it."""
    found = vars(model).get("__doc__")
    if found is None or found.startswith(f"{model.__name__}("):
        return None
    return inspect.cleandoc(found)
