"""A schema as declared (class, instance, mapping of fields) bound to one use: load and dump.

`bind` makes the marshmallow instance once, when a resource is mounted. One declared schema yields
its views: RESPONSE leaves out ``load_only`` fields, REQUEST leaves out ``dump_only`` ones, PATCH is
REQUEST without required fields.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import UnionType
from typing import Any, Protocol

from marshmallow import RAISE, Schema, ValidationError, fields
from marshmallow.decorators import POST_DUMP

from ..compiler import (
    Compiled,
    Encoder,
    JSONWriter,
    compile_schema,
    json_writer_of,
    read_by_keys,
)
from ..encoding import IS_NATIVE, dumps_json, dumps_native, encode_text, json_text
from ..errors import DeclarationError
from .list_lengths import ListLengths
from .nested_names import check_nested_names
from .own_behavior import changes_output, hooks_of, overrides_dump, wraps_collections
from .repeatable import make_defaults_repeatable, put_fields_in_order
from .strictness import cloned, enforce_wire_formats
from .unions import OneOf, common_fields, is_union, union_of
from .validation_errors import Fault, Flattener
from .wire_format import wire_name
from .wire_formats import Source

__all__ = ["BoundSchema", "Fault", "Invalid", "SchemaLike", "View", "bind"]

# PERF: cold start: the first response of a program loads no msgspec.
_ENCODER = Encoder(IS_NATIVE, dumps_json, dumps_native, json_text, encode_text, IS_NATIVE, 1)

_Load = Callable[[object], Any]
"""Returns loaded data."""

SchemaLike = type[Schema] | Schema | Mapping[str, fields.Field[Any]] | UnionType | OneOf
"""A Schema class, an instance, a mapping of fields, or a union: ``CatSchema | DogSchema``."""


class View(enum.Enum):
    """The use that a schema is bound for."""

    RESPONSE = "response"
    REQUEST = "request"
    PATCH = "patch"


class Invalid(Exception):
    """Raised when data is invalid; ``faults`` are (path from the outside in, detail, code)."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return f"{len(self.faults)} invalid values"


class _Working(Protocol):
    def load(self, data: object, *, many: bool, partial: bool | None) -> Any: ...
    def dump(self, obj: object, *, many: bool) -> Any: ...


def _uncompiled(schema: Any) -> _Working:
    working: _Working = schema
    return working


class BoundSchema:
    """A schema bound to one use: made by `bind`, read by the pipeline and by the document.

    Attributes:
        declared: The schema class.
        schema: The marshmallow instance.
        view: For which use.
        many: Whether a list of it is meant.
        source: Whether loading takes JSON values or text.
        name: The stem of the component's name, ``""`` for a schema that is written in line.
    """

    __slots__ = (
        "_compile",
        "_flatten",
        "_json_writer",
        "_load",
        "_partial",
        "_working",
        "declared",
        "many",
        "name",
        "schema",
        "source",
        "view",
    )

    def __init__(
        self, schema: Schema, view: View, *, many: bool, source: Source, name: str, compiled: bool
    ) -> None:
        self.declared: type[Schema] = type(schema)
        self.schema = schema
        self.view = view
        self.many = many
        self.source: Source = source
        self.name = name
        self._partial = True if view is View.PATCH else None
        self._compile = compile_schema if compiled else _uncompiled
        self._working: _Working | None = None
        self._flatten = Flattener(schema)
        self._load: _Load | None = None
        self._json_writer: JSONWriter | None = None

    def used(self, view: View, *, many: bool) -> BoundSchema:
        """Return the schema bound for another use of the same instance."""
        return BoundSchema(
            self.schema,
            view,
            many=many,
            source=self.source,
            name=self.name,
            compiled=self._compile is compile_schema,
        )

    @property
    def working(self) -> _Working:
        """The compiled schema, made when it is first needed, or the schema itself."""
        if self._working is None:
            self._working = self._compile(self.schema)
        return self._working

    def load(self, data: object) -> Any:
        """Validate and deserialize data.

        Raises:
            Invalid: The data does not fit the schema; all faults are listed.
        """
        if self._load is None:
            self._load = self.loader(Invalid)
        return self._load(data)

    def loader(self, invalid: Callable[[Sequence[Fault]], Exception]) -> _Load:
        """Return `load` with an exception of its own: ``invalid`` makes it of the faults."""
        made: _Load | None = None

        def refusal(messages: object) -> Exception:
            return invalid(self._flatten(messages, many=self.many))

        def load(data: object) -> Any:
            nonlocal made
            if made is None:  # the schema is compiled with the first data
                made = self._loader(refusal)
            try:
                return made(data)
            except ValidationError as error:
                raise refusal(error.messages) from None
            except RecursionError:
                # A schema that nests itself, and `max_json_depth` is more than Python's stack.
                raise invalid([((), "Nested too deeply.", "depth")]) from None

        return load

    def _loader(self, refusal: Callable[[object], Exception]) -> _Load:
        working = self.working
        if isinstance(working, Compiled):  # which checks the lengths itself
            return working.loader(many=self.many, partial=self._partial, refusal=refusal)
        load = functools.partial(working.load, many=self.many, partial=self._partial)
        return load if self.many else ListLengths(self.schema).checked(load)

    def dump(self, value: object) -> Any:
        """Serialize a value (an iterable of values where ``many``)."""
        return (self._working or self.working).dump(value, many=self.many)

    def dump_one(self, value: object) -> Any:
        """Serialize one value, also where ``many``."""
        return (self._working or self.working).dump(value, many=False)

    @property
    def json_writer(self) -> JSONWriter:
        """The quickest way from a value to JSON; the bytes are those of the dumped value."""
        if self._json_writer is None:
            found = (
                json_writer_of(self.working, _ENCODER)
                if isinstance(self.working, Compiled)
                else None
            )
            self._json_writer = found or JSONWriter(self._one, self._several, self._pair)
        return self._json_writer

    @property
    def reads(self) -> frozenset[str] | None:
        """The attributes that dumping a value reads; None if it may do more with the value."""
        working = self.working
        return working.reads if isinstance(working, Compiled) else None

    def _one(self, value: object) -> bytes:
        return dumps_json(self.dump_one(value))

    def _several(self, values: Iterable[object]) -> bytes:
        return dumps_json(self.working.dump(values, many=True))

    def _pair(self, value: object) -> tuple[Any, bytes]:
        data = self.dump_one(value)
        return data, dumps_json(data)

    @property
    def load_fields(self) -> dict[str, fields.Field[Any]]:
        """The fields that loading takes, by their name on the wire."""
        return {wire_name(name, field): field for name, field in self.schema.load_fields.items()}

    @property
    def dump_fields(self) -> dict[str, fields.Field[Any]]:
        """The fields that dumping writes, by their name on the wire."""
        found = self.schema.dump_fields or common_fields(self.schema)
        return {wire_name(name, field): field for name, field in found.items()}

    @property
    def reshapes(self) -> bool:
        """Whether code of the schema may rename or remove dumped members."""
        return changes_output(self.schema)

    @property
    def has_items(self) -> bool:
        """Whether the dumped data is a page: an object whose ``items`` are a list."""
        return isinstance(self.dump_fields.get("items"), fields.List)

    @property
    def misfits(self) -> tuple[type, ...]:
        """The types of values that dumping would make nothing of, as a list where one is declared.

        A schema with ``pre_dump`` hooks or a ``dump`` of its own may take any value.
        """
        if hooks_of(self.schema).get("pre_dump") or overrides_dump(self.schema):
            return ()
        return (
            (Mapping, str, bytes) if self.many else (list, set, frozenset, str, bytes, int, float)
        )

    @property
    def is_open(self) -> bool:
        """Whether hooks, or an override of ``dump``, may change the dumped data."""
        return changes_output(self.schema)

    @property
    def wraps_many(self) -> bool:
        """Whether a hook sees all items of a list at once, as one that adds an envelope does."""
        return self.many and wraps_collections(self.schema, POST_DUMP)

    @property
    def open(self) -> bool:
        """Whether loading lets fields pass that the schema does not name."""
        return self.schema.unknown != RAISE

    def check_names(self, declared_at: str) -> None:
        """Look up the schemas that are nested by name, once all modules are loaded.

        Args:
            declared_at: Where the schema is declared, for messages.

        Raises:
            DeclarationError: marshmallow knows no schema, or several, of a name.
        """
        check_nested_names(self.schema.fields, self.declared, declared_at)

    def __repr__(self) -> str:
        many = ", many" if self.many else ""
        return f"<BoundSchema {self.declared.__name__} {self.view.value}{many}>"


def bind(
    declared: SchemaLike,
    view: View,
    *,
    declared_at: str,
    many: bool = False,
    source: Source = "json",
    strict: bool = True,
    compiled: bool = True,
) -> BoundSchema:
    """Make the schema instance for one use, with the wire formats of its fields enforced.

    Args:
        declared: A Schema class, an instance, or a mapping of fields.
        view: For which use.
        declared_at: Where it is declared, for messages.
        many: Whether a list is meant; an instance made with ``many=True`` means it too.
        source: ``"json"`` for bodies; ``"text"`` for queries, headers, cookies and forms.
        strict: Whether unknown fields are errors where a schema does not say so itself.
        compiled: Whether it is compiled, or marshmallow runs it.

    Raises:
        DeclarationError: The schema cannot be made.
    """
    schema = _instance(declared, declared_at)
    name = ""
    if isinstance(declared, type) or (isinstance(declared, Schema) and _is_whole(declared)):
        name = type(schema).__name__.removesuffix("Schema") or type(schema).__name__
    if type(schema).__name__ == "GeneratedSchema":
        name = ""
    many = many or bool(schema.many)
    schema.many = False
    if view is View.RESPONSE:
        make_defaults_repeatable(schema)
        read_by_keys(schema)
    else:
        put_fields_in_order(schema)
        enforce_wire_formats(schema, source, strict)
    return BoundSchema(schema, view, many=many, source=source, name=name, compiled=compiled)


def _instance(declared: object, declared_at: str) -> Schema:
    if is_union(declared):
        return union_of(declared, declared_at)
    if isinstance(declared, Schema):
        return cloned(declared)
    if isinstance(declared, Mapping):
        if not all(isinstance(field, fields.Field) for field in declared.values()):
            raise DeclarationError(
                f"{declared_at}: the values of a schema mapping must be marshmallow fields."
            )
        declared = Schema.from_dict(dict(declared))
    if not (isinstance(declared, type) and issubclass(declared, Schema)):
        raise DeclarationError(
            f"{declared_at}: {declared!r} is not a schema. Give a marshmallow Schema class, an "
            "instance or a dict of fields."
        )
    try:
        return declared()
    except Exception as error:
        raise DeclarationError(
            f"{declared_at}: the schema {declared.__qualname__} cannot be made: {error}"
        ) from error


def _is_whole(schema: Schema) -> bool:
    return (
        schema.only is None
        and set(schema.exclude) == set(schema.opts.exclude)
        and not schema.partial
    )
