"""The views of a collection's schema: whole and partial responses, patches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

from marshmallow import Schema, ValidationError

from ..compiler import Compiled, compile_schema
from ..errors import DeclarationError
from ..parsing.pointers import pointer
from ..problems import UnprocessableContent
from ..schemas.bound import View, bind
from ..schemas.validation_errors import Fault, flatten
from .expansions import Expand, Expansions, RelationPath, expansions_of
from .item_serializer import AttributeSource, ItemSerializer, Source, json_data
from .nested_fields import attribute_of, fields_along, is_nested, is_single, nested_paths, wire_path
from .patch_checks import check_patch, check_removed, differs, without_added
from .patching import PatchDocument
from .schema_classes import branches, including, merged, optional
from .store import AnyField, Attribute
from .undumpable_values import dumped

__all__ = ["ABSENT", "Views"]

ABSENT: Any = object()
"""The value of a member that the content does not have."""
_MAX_VIEWS = 128
_Selection = tuple[tuple[str, ...] | None, tuple[str, ...]]


@runtime_checkable
class Described(Protocol):
    """A store that describes the attributes of its items."""

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """The attributes by name."""
        ...


class Views:
    """The views of one schema that a collection needs.

    Attributes:
        declared: The schema class.
        answered: The schema class of responses, in which fields that may be left out are optional.
        expansions: The relations that clients may include, by the names of their fields.
        paths: The same relations, as they are loaded.
        merged: The schema class of merge patches, in which null removes optional members.
    """

    _fixed = ""
    """The field that every selection of fields has."""

    def __init__(
        self,
        declared: type[Schema],
        expand: Expansions,
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
        self.expansions = expansions_of(expand, declared_at)
        self._expand = frozenset(self.expansions)
        self.paths = {name: self._relation_path(name) for name in self.expansions}
        self.names = tuple(name for name in self._schema.dump_fields if name not in self._expand)
        self.answered = self._response_class(sparse=sparse)
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

    def _relation_path(self, name: str) -> RelationPath:
        """Return a relation that clients may include, as it is loaded.

        Raises:
            DeclarationError: It is not a nested dump-only field of the schema.
        """
        way = fields_along(self._schema, name)
        if not way or not way[0].dump_only or not all(map(is_nested, way)):
            last = name.rpartition(".")[2]
            raise DeclarationError(
                f"{self._declared_at}.expand: {name!r} is not a nested dump-only field of "
                f"{self.declared.__name__}. Write {last} = fields.Nested(..., dump_only=True)."
            )
        path, how = ".".join(map(attribute_of, way)), self.expansions[name]
        others = [each for each in self._showing(path) if each != name]
        if others and how != Expand():
            raise DeclarationError(
                f"{self._declared_at}.expand[{name!r}]: the field {others[0]!r} shows the same "
                "relation, so that order and limit cannot apply to it. Write Expand()."
            )
        return RelationPath.of(path, how, is_many=not is_single(way[-1]) and not others)

    def _showing(self, attribute: str) -> list[str]:
        """Return the fields that dump an attribute."""
        known = self._schema.dump_fields.items()
        return [name for name, field in known if attribute_of(field) == attribute]

    def _response_class(self, *, sparse: bool) -> type[Schema]:
        """Return the schema class of responses, in which optional fields may be absent."""
        declared, found = self.declared, branches(self.expansions, self.paths)
        stem = declared.__name__.removesuffix("Schema")
        if sparse:
            every = tuple(each for each in self._schema.dump_fields if each != self._fixed)
            return optional(declared, every, f"{stem}View", found)
        return including(declared, stem, found)

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
        """Return the name in content of a field that is dumped, or of a path of such fields."""
        return wire_path(self._schema, name)

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
            schema = self._selected(names, expand)
            bound = bind(
                schema,
                View.RESPONSE,
                declared_at=self._declared_at,
                many=True,
                compiled=self._compiled,
            )
            found = ItemSerializer(bound, self._loaded(schema, expand), self._store)
            # SECURITY: clients choose the selections, which must not keep the default view out.
            is_default = names is None and not expand
            if is_default or len(self._serializers) < _MAX_VIEWS:
                self._serializers[names, expand] = found
        return found

    def _selected(self, names: tuple[str, ...] | None, expand: tuple[str, ...]) -> Schema:
        """Return the schema of a selection of fields and relations."""
        wanted = {*(self.names if names is None else names), self._fixed}
        only = [name for name in self.names if name in wanted]
        only += [name for name in expand if "." not in name]
        hidden = [name for name in self._expand.difference(expand) if "." in name]
        return self._instantiate(self.declared, only=only, exclude=hidden)

    def _loaded(self, schema: Schema, expand: tuple[str, ...]) -> tuple[str, ...]:
        """Return the relations that a schema dumps: those that it includes with their bounds."""
        included = [self.paths[name] for name in expand]
        nested = nested_paths(schema, (type(schema),))
        return (*included, *(path for path in nested if path not in included))

    def relations(self, names: tuple[str, ...] | None, expand: tuple[str, ...]) -> tuple[str, ...]:
        """Return the relations that a selection dumps."""
        return self.serializer(names, expand).relations

    def derived_names(self) -> tuple[str, ...]:
        """Return the fields whose content can change without a change of the item's attributes."""
        sources = compile_schema(self.serializer(None, ()).bound.schema).sources
        if sources is None:
            return self.names
        known = self._store.attributes if isinstance(self._store, Described) else {}
        own = {name for name, each in known.items() if not each.is_derived} | {""}
        return tuple(name for name in self.names if sources.get(name) not in own)

    def pointer_of(self, attribute: str) -> str:
        """Return the JSON Pointer of an attribute in a body, ``""`` if bodies do not have it."""
        name = self._paths.get(attribute)
        return "" if name is None else pointer((name,))

    def check_patch(self, patch: PatchDocument) -> None:
        """Check a patch, as far as that needs no item.

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
        before = json_data(dumped(self.patch_source, self._read(item)))
        loaded = self._loaded_fields
        after = without_added(self._apply(before, patch), before, loaded)
        check_removed(patch, self._write)
        absent = loaded.keys() - before.keys() - after.keys()
        given = patch.names
        asked = loaded if given is None else filter(given.__contains__, loaded)
        differing = [name for name in asked if differs(before, after, name)]
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
    def _loaded_fields(self) -> Mapping[str, AnyField]:
        """The fields that loading takes, by their names in the content."""
        return self._write.load_fields

    @cached_property
    def _unseen(self) -> frozenset[str]:
        """The members that clients can only write."""
        loaded = self._loaded_fields
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
        if not unseen:
            return after
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
            loaded = self._loaded_fields
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
        fields_ = self._loaded_fields
        known = [name for name in fields_ if name in names]
        return [name for name in known if not _is_valid(fields_[name], data[name])]


def _is_valid(field: AnyField, value: Any) -> bool:
    """Return whether a field alone accepts a value."""
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True
