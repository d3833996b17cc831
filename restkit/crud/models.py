"""Plain classes as models: what their annotations say of each attribute, and the schema that comes of it."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import enum
import inspect
import types
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from marshmallow import Schema, fields, missing, validate

from ..errors import DeclarationError
from .query import Operator
from .store import Attribute

__all__ = ["Member", "as_key", "members_of", "schema_of"]

_EQUAL: tuple[Operator, ...] = ("eq", "ne", "in")
_ORDERED: tuple[Operator, ...] = (*_EQUAL, "gt", "gte", "lt", "lte")
_TEXT: tuple[Operator, ...] = (*_ORDERED, "contains", "startswith")
_KINDS: dict[Any, tuple[Callable[[], fields.Field[Any]], tuple[Operator, ...]]] = {
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
    """Is one attribute of a model in memory.

    Attributes:
        attribute: What a collection knows of it.
        given: Whether the model's constructor takes it.
        needed: Whether the constructor has no default for it.
        known: Whether its annotation says what it is.
    """

    attribute: Attribute
    given: bool
    needed: bool
    known: bool


def members_of(model: type) -> dict[str, Member]:
    """Return the attributes of a model by name: a dataclass's fields, another class's arguments.

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
            f"The annotations of {model.__qualname__} cannot be read: {error}"
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
            f"{model.__qualname__} has no attributes that can be seen: make it a dataclass, or let its __init__ take "
            "them by name."
        )
    return found


def _check(model: Any) -> None:
    if not isinstance(model, type):
        raise DeclarationError(f"A MemoryStore wants a class as its model, not {model!r}.")
    if not model.__dictoffset__:
        raise DeclarationError(
            f"{model.__qualname__} has __slots__, and so no room for what a MemoryStore notes on its items; leave the "
            "slots out."
        )
    parameters = getattr(model, "__dataclass_params__", None)
    if parameters is not None and parameters.frozen:
        raise DeclarationError(
            f"{model.__qualname__} is frozen, but writes set attributes of items; let it be mutable."
        )


def _of_field(field: dataclasses.Field[Any], hint: Any) -> Member:
    nothing = dataclasses.MISSING
    needed = field.default is nothing and field.default_factory is nothing
    default = None if field.default is nothing else field.default
    if field.default_factory is not nothing:
        default = field.default_factory
    generated = bool(field.metadata.get("generated"))
    return _member(
        field.name,
        hint,
        default,
        needed=needed and field.init,
        given=field.init,
        generated=generated,
    )


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
    """Return the type inside ``Annotated`` and ``| None``, whether None may be, and the validators."""
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
            hint = Union[tuple(each for each in get_args(hint) if each is not type(None))]  # noqa: UP007  # made here
        else:
            return hint, nullable or hint in (Any, None, type(None)), validators


def _field_of(kind: Any) -> tuple[fields.Field[Any], tuple[Operator, ...]]:
    """Return a field of a type's values, and how they can be asked about; Raw where nothing is known of the type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal and all(isinstance(each, str) for each in arguments):
        return fields.Str(validate=validate.OneOf(arguments)), _EQUAL
    if (origin or kind) is list:
        inner = (
            _field_of(arguments[0])[0]
            if arguments and not isinstance(arguments[0], TypeVar)
            else fields.Raw()
        )
        return fields.List(inner), ("has",)
    if (origin or kind) is dict:
        return fields.Dict(keys=fields.Str()), ()
    if not isinstance(kind, type):
        return fields.Raw(allow_none=True), ()
    if issubclass(kind, enum.Enum):
        return fields.Enum(kind), _EQUAL
    make, operators = _KINDS.get(kind, (None, ()))
    return (fields.Raw(allow_none=True), ()) if make is None else (make(), operators)


def _bound(validator: validate.Validator) -> validate.Validator | None:
    """Return a validator that says how much room there is, None where this one does not."""
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


def as_key(member: Member, model: type) -> Member:
    """Return what is known of the attribute that is the key: never None, and counted where it is an integer.

    Raises:
        DeclarationError: It may be None.
    """
    attribute = member.attribute
    counted = isinstance(attribute.field, fields.Integer)
    if attribute.nullable and not counted:
        raise DeclarationError(
            f"The key {attribute.name!r} of {model.__qualname__} may be None, and then names no item; annotate it with "
            "int, str or UUID."
        )
    operators = attribute.operators - {"null"}
    return dataclasses.replace(
        member,
        attribute=dataclasses.replace(
            attribute, nullable=False, operators=operators, generated=counted
        ),
    )


def schema_of(model: type, members: Mapping[str, Member], hidden: str | None) -> type[Schema]:
    """Return a schema class of a model.

    Args:
        model: The class.
        members: Its attributes.
        hidden: An attribute that no client sees.

    Raises:
        DeclarationError: The annotation of an attribute does not say what it is.
    """
    made: dict[str, Any] = {}
    for name, member in members.items():
        if name == hidden:
            continue
        if not member.known:
            raise DeclarationError(
                f"The annotation of {model.__qualname__}.{name} does not say what JSON has for it; write schema = ... "
                "in the CRUDResource, or annotate it with a type such as str, int | None, a date, an Enum, or a list."
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


def _schema_field(member: Member) -> fields.Field[Any]:
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
    """Return the model's docstring, None where it is the signature that a dataclass makes up."""
    found = vars(model).get("__doc__")
    return (
        None if found is None or found.startswith(f"{model.__name__}(") else inspect.cleandoc(found)
    )
