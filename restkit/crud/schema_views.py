"""The views of a collection's schema: whole and partial responses, patches."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, cast

from marshmallow import Schema, ValidationError, fields

from ..compiler import Compiled, compile_schema
from ..encoding import dumps_json
from ..errors import DeclarationError
from ..parsing.pointers import pointer
from ..problems import UnprocessableContent
from ..schemas.bound import View, bind
from ..schemas.validation_errors import Fault, flatten
from .item_serializer import AttributeSource, ItemSerializer, Source
from .patch_checks import check_patch, check_removed
from .patching import PatchDocument, equal
from .schema_classes import merged, optional
from .store import AnyField

__all__ = ["ABSENT", "Views", "is_nested"]

ABSENT: Any = object()
"""The value of a member that the content does not have."""
_MAX_VIEWS = 128
_Selection = tuple[tuple[str, ...] | None, tuple[str, ...]]


class Views:
    """The views of one schema that a collection needs.

    Attributes:
        declared: The schema class.
        answered: The schema class of responses, in which fields that may be left out are optional.
        merged: The schema class of merge patches, in which null removes optional members.
    """

    _fixed = ""
    """The field that every selection of fields has."""

    def __init__(
        self,
        declared: type[Schema],
        expand: Sequence[str],
        sparse: bool,
        declared_at: str,
        *,
        strict: bool,
        compiled: bool,
        store: object = None,
    ) -> None:
        """Make the views.

        Args:
            declared: The schema class.
            expand: The nested fields that responses have only if a client asks for them.
            sparse: Whether clients may select fields.
            declared_at: The name of the class, for messages.
            strict: Whether unknown fields are errors.
            compiled: Whether schemas are compiled.
            store: The store of the items.

        Raises:
            DeclarationError: A relation is not a nested dump-only field of the schema.
        """
        self.declared = declared
        self._declared_at = declared_at
        self._strict = strict
        self._compiled = compiled
        self._store = store
        self._schema = self._instantiate(declared)
        for name in expand:
            self._check_relation(name)
        self._expand = frozenset(expand)
        self.names = tuple(name for name in self._schema.dump_fields if name not in self._expand)
        self.answered = self._response_class(expand, sparse=sparse)
        self.merged = merged(declared, self._schema)
        self._serializers: dict[_Selection, ItemSerializer] = {}
        self._write = bind(
            declared, View.REQUEST, declared_at=declared_at, strict=strict, compiled=compiled
        )
        self._written = self._instantiate(declared)
        self._written.dump_fields = dict(self._written.load_fields)
        self._paths = {
            field.attribute or name: field.data_key or name
            for name, field in self._schema.load_fields.items()
        }

    def _check_relation(self, name: str) -> None:
        field = self._schema.fields.get(name)
        if field is None or not field.dump_only or not is_nested(field):
            raise DeclarationError(
                f"{self._declared_at}.expand: {name!r} is not a nested dump-only field of "
                f"{self.declared.__name__}. Write {name} = fields.Nested(..., dump_only=True)."
            )

    def _response_class(self, expand: Sequence[str], *, sparse: bool) -> type[Schema]:
        """Return the schema class of responses, in which optional fields may be absent."""
        declared = self.declared
        stem = declared.__name__.removesuffix("Schema")
        if sparse:
            every = tuple(each for each in self._schema.dump_fields if each != self._fixed)
            return optional(declared, every, f"{stem}View", tuple(expand))
        if not expand:
            return declared
        # The name lists the relations: one document may have several such views of a schema.
        relations = "".join(name[:1].upper() + name[1:] for name in sorted(expand))
        return optional(declared, tuple(expand), f"{stem}With{relations}", tuple(expand))

    def _instantiate(self, declared: type[Schema], **options: Any) -> Schema:
        try:
            return declared(**options)
        except Exception as error:
            raise DeclarationError(
                f"{self._declared_at}: the schema {declared.__qualname__} cannot be instantiated: "
                f"{error}"
            ) from error

    @property
    def written(self) -> Mapping[str, str]:
        """The writable attributes with their wire names."""
        return self._paths

    def wire_name(self, name: str) -> str:
        """Return the name in content of a field that is dumped."""
        return self._schema.dump_fields[name].data_key or name

    def attribute_fields(self) -> dict[str, AnyField]:
        """Return the schema's fields by attribute."""
        return {field.attribute or name: field for name, field in self._schema.fields.items()}

    def attributes_of(self, names: Iterable[str]) -> list[str]:
        """Return the attributes that the named fields dump."""
        return [self._schema.dump_fields[name].attribute or name for name in names]

    def serializer(self, names: tuple[str, ...] | None, expand: tuple[str, ...]) -> ItemSerializer:
        """Return the serializer of a selection of fields and relations.

        Args:
            names: The fields; None for all of them.
            expand: The relations.
        """
        found = self._serializers.get((names, expand))
        if found is None:
            selected = self.names if names is None else names
            wanted = {*selected, self._fixed}
            only = [name for name in self.names if name in wanted] + list(expand)
            schema = self._instantiate(self.declared, only=only)
            bound = bind(
                schema,
                View.RESPONSE,
                declared_at=self._declared_at,
                many=True,
                compiled=self._compiled,
            )
            found = ItemSerializer(
                bound, tuple(_nested_paths(schema, (type(schema),))), self._store
            )
            # SECURITY: clients choose the selections, which must not keep the default view out.
            is_default = names is None and not expand
            if is_default or len(self._serializers) < _MAX_VIEWS:
                self._serializers[names, expand] = found
        return found

    def relations(self, names: tuple[str, ...] | None, expand: tuple[str, ...]) -> tuple[str, ...]:
        """Return the relations that a selection dumps."""
        return self.serializer(names, expand).relations

    def pointer_of(self, attribute: str) -> str:
        """Return the JSON Pointer of an attribute in a body, ``""`` if bodies do not have it."""
        name = self._paths.get(attribute)
        return "" if name is None else pointer((name,))

    def check_patch(self, patch: PatchDocument) -> None:
        """Check what a patch has, as far as that needs no item.

        Raises:
            UnprocessableContent: The patch is invalid for every item.
        """
        check_patch(patch, self._write)

    def patched(self, item: object, patch: PatchDocument) -> dict[str, Any]:
        """Return the attributes that a patch changes, with their new values.

        The patched document is validated as a whole. A removed member has the value `ABSENT`.

        Raises:
            UnprocessableContent: The patch or the patched document is invalid.
            Conflict: A test of a JSON Patch fails.
        """
        # Through JSON: a dumped Decimal, for example, is not JSON yet.
        before = cast(
            "dict[str, Any]", json.loads(dumps_json(self.patch_source.dump(self._read(item))))
        )
        loaded = self._write.load_fields  # by their names in the content
        after = self._apply(before, patch)
        check_removed(patch, self._write)
        absent = loaded.keys() - before.keys() - after.keys()
        differing = [name for name in loaded if _differs(before, after, name)]
        values = self._load(
            after, [str(loaded[name].name) for name in absent], after.keys() - differing
        )
        if not isinstance(values, Mapping):
            raise DeclarationError(
                f"{self._declared_at}: the schema {self.declared.__name__} loads "
                f"{type(values).__name__}, but a CRUDResource makes the items itself. Let the "
                "schema load a dict: remove the post_load hook."
            )
        changed = (loaded[name].attribute or str(loaded[name].name) for name in differing)
        return {name: values.get(name, ABSENT) for name in changed}

    @cached_property
    def _patch_reader(self) -> Source | None:
        """A function from an item to its attributes that a patch reads; None without one."""
        names = self.patch_source.reads if isinstance(self.patch_source, Compiled) else None
        store = self._store
        return store.loaded(names) if names and isinstance(store, AttributeSource) else None

    def _read(self, item: object) -> object:
        reader = self._patch_reader
        return item if reader is None or type(item) is dict else reader(item)

    @cached_property
    def patch_source(self) -> Compiled | Schema:
        """The schema that dumps an item to be patched."""
        return compile_schema(self._written) if self._compiled else self._written

    @cached_property
    def _unseen(self) -> frozenset[str]:
        """The members that clients can only write."""
        loaded = self._write.load_fields
        return frozenset(name for name, field in loaded.items() if field.load_only)

    def _apply(self, before: Mapping[str, object], patch: PatchDocument) -> dict[str, Any]:
        """Apply a patch to the members that clients can read; keep the others."""
        # SECURITY: a patch must not test, copy or move a load_only member, which no response has.
        unseen = self._unseen
        seen = {name: value for name, value in before.items() if name not in unseen}
        after = patch.apply(seen, unseen)
        if not isinstance(after, dict):
            raise UnprocessableContent(
                errors=[{"pointer": "", "detail": "Not an object.", "code": "type"}]
            )
        kept = unseen & before.keys() - after.keys()
        return {**after, **{name: before[name] for name in kept if not patch.removes(name)}}

    def _load(self, data: dict[str, Any], unset: Sequence[str], same: Collection[str]) -> Any:
        """Load a patched document.

        Args:
            data: The document.
            unset: The fields that were absent and still are.
            same: The members that the patch leaves unchanged. A stored value may be invalid: a
                password inside a nested item is not dumped, and a rule may be newer than a row.
                The client did not send it, so it is no error of the request.
        """
        try:
            working: Any = self._write.working
            return working.load(data, many=False, partial=tuple(unset) or None)
        except ValidationError as error:
            loaded = self._write.load_fields
            skipped = self._invalid(data, same)
            if skipped:
                rest = {name: value for name, value in data.items() if name not in skipped}
                return self._load(rest, [*unset, *(str(loaded[name].name) for name in skipped)], ())
            faults: Sequence[Fault] = flatten(error.messages, self._write.schema)
        except RecursionError:  # the schema nests itself, deeper than Python's stack
            faults = [((), "Nested too deeply.", "depth")]
        raise UnprocessableContent(
            errors=[
                {"pointer": pointer(path), "detail": detail, "code": code}
                for path, detail, code in faults
            ]
        ) from None

    def _invalid(self, data: Mapping[str, object], names: Collection[str]) -> list[str]:
        """Return the members whose values their own fields reject, in the schema's order."""
        fields_ = self._write.load_fields
        known = [name for name in fields_ if name in names]
        return [name for name in known if not _is_valid(fields_[name], data[name])]


def is_nested(field: AnyField | None) -> bool:
    """Return whether a field holds objects of another schema, one or a list of them."""
    return isinstance(field.inner if isinstance(field, fields.List) else field, fields.Nested)


def _is_valid(field: AnyField, value: Any) -> bool:
    """Return whether a field alone accepts a value."""
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


def _nested_paths(schema: Schema, above: tuple[type[Schema], ...]) -> Iterator[str]:
    """Yield the attributes that nested schemas dump, theirs after a dot."""
    for name, field in schema.dump_fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if not isinstance(inner, fields.Nested):
            continue
        attribute = field.attribute or name
        yield attribute
        below = inner.schema
        if type(below) not in above:
            for path in _nested_paths(below, (*above, type(below))):
                yield f"{attribute}.{path}"


def _differs(before: Mapping[str, object], after: Mapping[str, object], name: str) -> bool:
    one, other = before.get(name, ABSENT), after.get(name, ABSENT)
    if one is other:
        return False
    return not equal(one, other) or type(one) is not type(other)
