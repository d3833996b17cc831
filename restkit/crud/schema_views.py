"""The views of a collection's schema: what is answered, whole or in part, and what a patched whole must be."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

from marshmallow import RAISE, Schema, ValidationError, fields

from ..encoding import dumps_json
from ..errors import DeclarationError
from ..parsing.pointers import pointer
from ..problems import UnprocessableContent
from ..schemas.bound import BoundSchema, View, bind
from ..schemas.validation_errors import Fault, flatten
from .item_serializer import ItemSerializer
from .patching import MERGE_PATCH, PatchDocument, equal

__all__ = ["ABSENT", "Views"]

ABSENT: Any = object()
"""Stands for the value of a member that content does not have."""
_MAX_VIEWS = 128


class Views:
    """Is the ways in which one schema is used by a collection.

    Attributes:
        declared: The schema class.
        answered: The schema class of answers for the document; parts that may be left out are optional in it.
        page: The schema class of a page.
        merged: The schema class of merge patches for the document: null takes away what need not be there.
    """

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
            expand: Its nested fields that are answered only where a client asks for them.
            sparse: Whether clients may choose fields.
            declared_at: Where it is declared, for messages.
            strict: Whether unknown fields are errors.
            compiled: Whether schemas are compiled.
            store: Whose items are answered.

        Raises:
            DeclarationError: A relation is no nested field of the schema.
        """
        self.declared = declared
        self._place = declared_at
        self._strict = strict
        self._compiled = compiled
        self._store = store
        self._schema = self._made(declared)
        for name in expand:
            found = self._schema.fields.get(name)
            inner = found.inner if isinstance(found, fields.List) else found
            if not isinstance(inner, fields.Nested) or not found or not found.dump_only:
                raise DeclarationError(
                    f"{declared_at} expands {name!r}, which is no nested field of {declared.__name__} that is only answered; "
                    f"write {name} = fields.Nested(..., dump_only=True) in it."
                )
        self._expand = frozenset(expand)
        self.names = tuple(name for name in self._schema.dump_fields if name not in self._expand)
        stem = declared.__name__.removesuffix("Schema")
        if sparse:
            self.answered = _optional(declared, tuple(self._schema.dump_fields), f"{stem}View")
        elif expand:
            # Named after what may be in it: of one schema there may be several such views in one document.
            added = "".join(name[:1].upper() + name[1:] for name in sorted(expand))
            self.answered = _optional(declared, tuple(expand), f"{stem}With{added}")
        else:
            self.answered = declared
        self.page = _page_of(self.answered)
        self.merged = _merged(declared, self._schema)
        self._serializers: dict[Any, ItemSerializer] = {}
        self._write = bind(
            declared, View.REQUEST, declared_at=declared_at, strict=strict, compiled=compiled
        )
        self._written = self._made(declared)
        self._written.dump_fields = dict(self._written.load_fields)
        self._paths = {
            field.attribute or name: field.data_key or name
            for name, field in self._schema.load_fields.items()
        }

    def _made(self, declared: type[Schema], **options: Any) -> Schema:
        try:
            return declared(**options)
        except Exception as error:
            raise DeclarationError(
                f"{self._place}: the schema {declared.__qualname__} cannot be made: {error}"
            ) from error

    @property
    def written(self) -> Mapping[str, str]:
        """The attributes that content sets, each with its name in the content."""
        return self._paths

    def attribute_fields(self) -> dict[str, fields.Field[Any]]:
        """Return the schema's fields by the attribute that they are of."""
        return {field.attribute or name: field for name, field in self._schema.fields.items()}

    def attributes_of(self, names: Iterable[str]) -> list[str]:
        """Return the attributes that dumping some fields reads."""
        return [self._schema.dump_fields[name].attribute or name for name in names]

    def serializer(self, names: tuple[str, ...] | None, expand: tuple[str, ...]) -> ItemSerializer:
        """Return how items are answered as a client asked for.

        Args:
            names: Of the fields, None for all.
            expand: Of the relations besides.
        """
        found = self._serializers.get((names, expand))
        if found is None:
            chosen = [name for name in self.names if names is None or name in names] + list(expand)
            schema = self._made(self.declared, only=chosen)
            bound = bind(
                schema, View.RESPONSE, declared_at=self._place, many=True, compiled=self._compiled
            )
            found = ItemSerializer(
                bound, tuple(_nested_paths(schema, (type(schema),))), self._store
            )
            if len(self._serializers) < _MAX_VIEWS:  # SECURITY: clients choose the keys
                self._serializers[names, expand] = found
        return found

    def relations(self, names: tuple[str, ...] | None, expand: tuple[str, ...]) -> tuple[str, ...]:
        """Return the relations that are dumped as a client asked for."""
        return self.serializer(names, expand).relations

    def pointer_of(self, attribute: str) -> str:
        """Return where content has an attribute, as a JSON Pointer; ``""`` where it has not."""
        name = self._paths.get(attribute)
        return "" if name is None else pointer((name,))

    def patched(self, item: Any, patch: PatchDocument) -> dict[str, Any]:
        """Return the attributes that a patch changes, with their new values; the whole is validated again.

        A member that the patch has removed is `ABSENT`.

        Raises:
            UnprocessableContent: The patch, or what comes of it, is invalid.
            Conflict: A test of a JSON Patch fails.
        """
        # As content has it: what a field leaves to the encoder, such as a Decimal, is no JSON yet.
        before = cast("dict[str, Any]", json.loads(dumps_json(self._written.dump(item))))
        loaded = self._write.load_fields  # by their names in the content
        # SECURITY: what is never answered is not there for a patch to test, to copy or to move.
        unseen = {name for name, field in loaded.items() if field.load_only}
        after = patch.apply(
            {name: value for name, value in before.items() if name not in unseen}, unseen
        )
        if not isinstance(after, dict):
            raise UnprocessableContent(
                errors=[{"pointer": "", "detail": "Not an object.", "code": "type"}]
            )
        kept = [
            name for name in unseen & before.keys() if name not in after and not patch.removes(name)
        ]
        after = {**after, **{name: before[name] for name in kept}}
        _check_removed(patch, self._write)
        unset = [
            str(field.name)
            for name, field in loaded.items()
            if name not in before and name not in after
        ]
        differing = [name for name in loaded if _differs(before, after, name)]
        values = self._load(after, unset, after.keys() - differing)
        changed = [loaded[name].attribute or str(loaded[name].name) for name in differing]
        if not isinstance(values, Mapping):
            raise DeclarationError(
                f"{self._place}: {self.declared.__name__} loads {type(values).__name__}; CRUDResource makes the items "
                "itself: let it load a dict, without a post_load that makes something else."
            )
        return {name: values.get(name, ABSENT) for name in changed}

    def _load(self, data: dict[str, Any], unset: Sequence[str], same: Collection[str]) -> Any:
        """Load what comes of a patch.

        Args:
            data: All of it.
            unset: The fields that were absent, and still are.
            same: The members that are as they were. What is stored may be nothing that content can say: of an item in
                it a password is not dumped, and a rule may be younger than a row. Who patches another member has not
                sent it, and is not told of it.
        """
        try:
            working: Any = self._write.working
            return working.load(data, many=False, partial=tuple(unset) or None)
        except ValidationError as error:
            loaded = self._write.load_fields
            unsaid = {
                name for name in same if name in loaded and not _is_valid(loaded[name], data[name])
            }
            if unsaid:
                rest = {name: value for name, value in data.items() if name not in unsaid}
                return self._load(rest, [*unset, *(str(loaded[name].name) for name in unsaid)], ())
            faults: Sequence[Fault] = flatten(error.messages, self._write.schema)
        except RecursionError:  # of a schema that nests itself, deeper than Python's stack
            faults = [((), "Nested too deeply.", "depth")]
        raise UnprocessableContent(
            errors=[
                {"pointer": pointer(path), "detail": detail, "code": code}
                for path, detail, code in faults
            ]
        ) from None


def _is_valid(field: fields.Field[Any], value: Any) -> bool:
    """Whether a field takes a value by itself, whatever rules there are over several fields."""
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


def _check_removed(patch: PatchDocument, bound: BoundSchema) -> None:
    """Refuse a merge patch that takes away what the schema does not know: the result says nothing of it."""
    if patch.media_type != MERGE_PATCH or bound.open:
        return
    known = bound.load_fields
    strange = [name for name, value in patch.data.items() if value is None and name not in known]
    if strange:
        raise UnprocessableContent(
            errors=[
                {"pointer": pointer((name,)), "detail": "Unknown field.", "code": "unknown"}
                for name in strange
            ]
        )


def _nested_paths(schema: Schema, above: tuple[type[Schema], ...]) -> Iterator[str]:
    """Yield the attributes whose values are dumped by schemas of their own, and theirs behind a dot."""
    for name, field in schema.dump_fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if not isinstance(inner, fields.Nested):
            continue
        attribute = field.attribute or name
        yield attribute
        below = inner.schema
        if type(below) not in above:
            yield from (
                f"{attribute}.{path}" for path in _nested_paths(below, (*above, type(below)))
            )


def _differs(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> bool:
    one, other = before.get(name, ABSENT), after.get(name, ABSENT)
    return not equal(one, other) or type(one) is not type(other)


@cache
def _optional(declared: type[Schema], names: tuple[str, ...], stem: str) -> type[Schema]:
    """Return a class like the schema's, whose fields of some names may be absent from answers."""
    meta = type("Meta", (declared.Meta,), {"optional": names, "register": False})
    members = {"Meta": meta, "__doc__": declared.__doc__, "__module__": declared.__module__}
    return type(f"{stem}Schema", (declared,), members)


_merging: dict[type[Schema], type[Schema]] = {}


def _merged(declared: type[Schema], schema: Schema) -> type[Schema]:
    """Return a class like the schema's, in which null may be wherever a member may be absent (RFC 7396)."""
    if declared not in _merging:
        members: dict[str, Any] = {}
        for name, each in schema.load_fields.items():
            if not each.required and not each.allow_none:
                members[name] = copy.copy(each)
                members[name].allow_none = True
        meta = type("Meta", (declared.Meta,), {"register": False})
        more = {"Meta": meta, "__doc__": declared.__doc__, "__module__": declared.__module__}
        _merging[declared] = (
            type(declared.__name__, (declared,), {**members, **more}) if members else declared
        )
    return _merging[declared]


@cache
def _page_of(answered: type[Schema]) -> type[Schema]:
    members = {
        "Meta": type("Meta", (Schema.Meta,), {"unknown": RAISE, "register": False}),
        "items": fields.List(
            fields.Nested(answered), required=True, metadata={"description": "The page."}
        ),
        "next": fields.Str(
            required=True,
            allow_none=True,
            metadata={"description": "The URL of the next page, null on the last."},
        ),
        "total": fields.Int(
            metadata={"description": "How many items all pages have, where `Prefer: count` asks."}
        ),
        "__module__": answered.__module__,
    }
    return type(f"{answered.__name__.removesuffix('Schema')}PageSchema", (Schema,), members)
