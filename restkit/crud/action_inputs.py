"""The inputs that `takes` declares on an action, and the parameters in which they arrive."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from marshmallow import Schema, missing

from ..contract import Location
from ..declarations import Declarations, plain_function
from ..errors import DeclarationError
from ..operations.signatures import Signature, read_signature, without_none
from ..schemas.bound import SchemaLike
from .store import AnyField

if TYPE_CHECKING:
    from ..declarations import BodyLike

__all__ = ["ActionInputs"]

_Fields = Mapping[str, AnyField]
_TEXT: tuple[Location, ...] = ("query", "headers", "cookies")
_WHOLE: tuple[Location, ...] = (*_TEXT, "body", "form", "files")
_RESERVED = frozenset({"limit", "cursor", "offset", "sort", "fields", "expand"})
_MAPPINGS = (None, dict, Mapping, object)


class ActionInputs:
    """The inputs of one action besides those that its collection gives it.

    An input arrives whole in the parameter that is named as its location: ``query``, ``headers``,
    ``cookies``, ``body``. Without such a parameter each field of a query, of headers or of cookies
    arrives in the parameter of its own name, if the request has it.

    Attributes:
        signature: The signature of the action.
    """

    def __init__(self, said: Declarations, function: object, given: int, declared_at: str) -> None:
        """Find the parameters of the inputs.

        Args:
            said: The declarations of the action.
            function: The action.
            given: How many arguments it gets by position.
            declared_at: The name of the action, for messages.

        Raises:
            DeclarationError: An input has no parameter.
        """
        self._declared_at = declared_at
        self._said: dict[Location, BodyLike | None] = {
            name: schema for name, schema in said.inputs.items() if name in _WHOLE
        }
        self.signature: Signature = read_signature(
            cast("Callable[..., object]", plain_function(function)), declared_at, method=True
        )
        names = list(self.signature.annotations)
        self._positional = names[:given]
        self._own = names[given:]
        self._whole: set[Location] = {name for name in self._said if name in self._own}
        self._others: dict[Location, frozenset[str]] = {}  # what the collection itself reads
        self._fields: dict[Location, tuple[str, ...]] = {
            name: self._keys(name)
            for name in self._said
            if name in _TEXT and name not in self._whole
        }
        self._check_parameters()

    def merged(self, others: Mapping[Location, BodyLike | None]) -> dict[Location, BodyLike | None]:
        """Return the inputs of the verb: those of the collection, and those of the action.

        Args:
            others: The inputs that the collection reads itself.

        Raises:
            DeclarationError: Two inputs have one name, or cannot be combined.
        """
        found: dict[Location, BodyLike | None] = dict(others)
        for location, schema in self._said.items():
            other = found.get(location)
            if location == "query" and location in others:
                self._check_reserved()
            if isinstance(other, Mapping):
                found[location] = self._combined(location, schema, cast("_Fields", other))
            elif other is None:
                found[location] = schema
        return found

    def check_content(self) -> None:
        """Reject content that arrives nowhere.

        Raises:
            DeclarationError: There is no parameter for it.
        """
        for location in ("body", "form", "files"):
            if location in self._said.keys() - self._whole:
                raise DeclarationError(
                    f"{self._declared_at} has no parameter {location!r} for "
                    f"@takes({location}=...). Add it to the signature."
                )

    def check_optional(self, also: str) -> None:
        """Reject parameters without a default, since other requests call the action too.

        Args:
            also: The requests that call it too, for the message.
        """
        required = sorted(self.signature.required & set(self._own))
        if required:
            raise DeclarationError(
                f"{self._declared_at}: {also} calls it too, without the parameter {required[0]!r}. "
                f"Give it a default: {required[0]}=None."
            )

    def parameters(self) -> Iterator[inspect.Parameter]:
        """Yield the parameters that arrive whole, for the signature of a verb."""
        for name in self._said:
            if name in self._whole and name not in self._others:
                annotation = self.signature.annotations[name]
                yield inspect.Parameter(
                    name,
                    inspect.Parameter.KEYWORD_ONLY,
                    annotation=inspect.Parameter.empty if annotation is None else annotation,
                )

    def arguments(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return the arguments of the action.

        Args:
            given: The validated inputs of the request by location.
        """
        found: dict[str, object] = {}
        for location in self._others:
            self._check_loaded(location, given.get(location))
        for location in self._whole:
            data = given.get(location)
            others = self._others.get(location)
            if others is not None and isinstance(data, Mapping):
                data = {name: value for name, value in data.items() if name not in others}
            found[location] = data
        for location, keys in self._fields.items():
            data = cast("Mapping[str, object]", given.get(location) or {})
            found.update((key, data[key]) for key in keys if key in data)
        return found

    def _check_loaded(self, location: Location, data: object) -> None:
        if not isinstance(data, Mapping):
            raise DeclarationError(
                f"{self._declared_at}: the schema of @takes({location}=...) loads "
                f"{type(data).__name__}, but the collection reads parameters of its own from it. "
                "Let it load a dict: remove the post_load hook."
            )

    def _keys(self, location: Location) -> tuple[str, ...]:
        """Return the names under which the values of an input are loaded."""
        return tuple(
            field.attribute or name for name, field in self._declared_fields(location).items()
        )

    def _declared_fields(self, location: Location) -> _Fields:
        return _fields_of(self._said[location], f"{self._declared_at}: @takes({location}=...)")

    def _check_parameters(self) -> None:
        """Reject inputs without a parameter, and parameters without an input."""
        for location, keys in self._fields.items():
            for key, field in zip(keys, self._declared_fields(location).values(), strict=True):
                self._check_parameter(key, field, f"@takes({location}=...)")
        known = {*self._whole, *(key for keys in self._fields.values() for key in keys)}
        unknown = sorted((self.signature.required & set(self._own)) - known)
        if unknown:
            how = f"query={{{unknown[0]!r}: ...}}"
            if unknown[0] in _WHOLE:
                how = f"{unknown[0]}=..."
            raise DeclarationError(
                f"{self._declared_at}: the parameter {unknown[0]!r} has no source. Declare it with "
                f"@takes({how}), or give it a default."
            )

    def _check_parameter(self, key: str, field: AnyField, said: str) -> None:
        signature = self.signature
        if key in self._positional or not signature.takes(key):
            raise DeclarationError(
                f"{self._declared_at} has no parameter for {key!r} of {said}. Add {key}=None to "
                "its signature, under another name than those of its other arguments."
            )
        is_optional = not field.required and field.load_default is missing
        if is_optional and key in signature.required:
            raise DeclarationError(
                f"{self._declared_at}: requests may lack {key!r} of {said}. Give the parameter a "
                f"default: {key}=None. Or write required=True in the field."
            )

    def _combined(self, location: Location, schema: object, others: _Fields) -> SchemaLike:
        """Return the schema of an input of the collection and of the action."""
        declared = _fields_of(schema, f"{self._declared_at}: @takes({location}=...)")
        taken = {_wire_name(location, name, field) for name, field in others.items()}
        for name, field in declared.items():
            if name in others or _wire_name(location, name, field) in taken:
                raise DeclarationError(
                    f"{self._declared_at}: {field.data_key or name!r} of @takes({location}=...) is "
                    f"a parameter of the collection already. Rename it."
                )
        if location in self._whole:
            self._check_mapping(location)
        self._others[location] = frozenset(
            field.attribute or name for name, field in others.items()
        )
        if isinstance(schema, Mapping):
            return {**others, **schema}
        if not isinstance(schema, type):
            raise DeclarationError(
                f"{self._declared_at}: @takes({location}=...) must be a mapping of fields or a "
                "Schema class here, since the collection has parameters of its own."
            )
        return cast("type[Schema]", type(schema.__name__, (schema,), dict(others)))

    def _check_reserved(self) -> None:
        """Reject the names of the parameters that select and order items, also where none is on."""
        for name, field in self._declared_fields("query").items():
            wire = field.data_key or name
            if {name, wire} & _RESERVED:
                raise DeclarationError(
                    f"{self._declared_at}: {wire!r} of @takes(query=...) is a parameter of "
                    f"collections, one of {', '.join(sorted(_RESERVED))}. Rename it."
                )

    def _check_mapping(self, location: Location) -> None:
        annotation = without_none(self.signature.annotations[location])
        kind = typing.get_origin(annotation) or annotation
        if isinstance(kind, type) and kind not in _MAPPINGS:
            raise DeclarationError(
                f"{self._declared_at}: the parameter {location!r} is a dict here. Annotate it with "
                "dict[str, object], or name a parameter for each field."
            )


def _fields_of(schema: object, declared_at: str) -> _Fields:
    """Return the fields that a schema loads."""
    if isinstance(schema, Mapping):
        return schema
    if isinstance(schema, type) and issubclass(schema, Schema):
        schema = schema()
    if isinstance(schema, Schema):
        return schema.load_fields
    raise DeclarationError(f"{declared_at} must be a mapping of fields or a Schema class.")


def _wire_name(location: Location, name: str, field: AnyField) -> str:
    wire = field.data_key or name
    return wire.replace("_", "-").lower() if location == "headers" else wire
