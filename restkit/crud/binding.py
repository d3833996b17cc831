"""A `CRUDResource` bound to its store at a URL: its declarations, evaluated once at mount."""

from __future__ import annotations

import copy
import enum
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields, missing, validate

from ..errors import DeclarationError
from ..http.conditional import EntityTag
from ..operations.operation_ids import singular, stem
from ..problems import NotFound, UnprocessableContent
from ..resource import Owner
from .attribute_checks import check_attributes
from .cursors import CursorSigner
from .filtering import Filtering
from .pagination import Pager, Window
from .patching import PatchDocument
from .query import Count, ListQuery, Order, Page
from .schema_views import ABSENT, Views
from .sort_orders import Sorting
from .store import AnyField, AnyStore, Attribute

__all__ = ["Binding"]


class Binding:
    """The evaluated declarations of one collection.

    Attributes:
        declared_at: The qualified name of the class, for messages.
        store: The store of the items.
        views: The views of the schema.
        scope: The variables of the URL pattern that are attributes of the model.
    """

    def __init__(
        self, declared: Any, store: AnyStore, scope: Sequence[str], app: Owner, name: str
    ) -> None:
        """Evaluate the declarations.

        Args:
            declared: The class.
            store: The store of the items.
            scope: The variables of the URL pattern.
            app: The App.
            name: The name of the collection, which its cursors are signed for.

        Raises:
            DeclarationError: The class, its schema and the store do not fit together.
        """
        self.declared_at = f"{declared.__module__}.{declared.__qualname__}"
        self.store = store
        self.scope = tuple(scope)
        self._unreachable = {"", ".", ".."}
        if declared.bulk:
            self._unreachable.add("bulk")
        self._app = app
        settings = app.settings
        self.views = Views(
            _schema_class(declared, store, self.declared_at, self.scope, name),
            declared.expand,
            bool(declared.fields),
            self.declared_at,
            strict=settings.strict,
            compiled=settings.compile_schemas,
            store=store,
        )
        check_attributes(self.declared_at, self.views, store, self.scope)
        wire = self.views.attribute_fields()
        self.filtering = Filtering(declared.filters, store.attributes, wire, self.declared_at)
        self.sorting = Sorting(
            declared.sorts, declared.order, store.key, store.attributes, self.declared_at
        )
        # NOTE: without a secret key the signature is only a checksum, which a client could forge.
        # A cursor gives no access: it says where a page begins, and its values are only compared.
        signer = CursorSigner(settings.secret_key or app.name, f"{name} {store.model.__qualname__}")
        self.pager = Pager(
            declared.paging, declared.page_size, declared.max_page_size, signer, self.declared_at
        )
        self._choices = {
            "fields": self.views.names if declared.fields else (),
            "expand": tuple(declared.expand),
        }

    # lists

    def query_schema(self) -> dict[str, AnyField]:
        """Return the query parameters of the collection."""
        own = {**self.pager.fields(), **self.sorting.fields(), **self.choice_schema()}
        filters = self.filtering.fields()
        clash = own.keys() & filters.keys()
        if clash:
            raise DeclarationError(
                f"{self.declared_at}.filters: {min(clash)!r} is already a query parameter of every "
                "list. Filter by another operator of the attribute, or rename the attribute."
            )
        return {**own, **filters}

    def choice_schema(self) -> dict[str, AnyField]:
        """Return the query parameters that select the fields and relations of a response."""
        descriptions = {"fields": "Return only these fields.", "expand": "Include these relations."}
        return {
            name: _choice(choices, descriptions[name])
            for name, choices in self._choices.items()
            if choices
        }

    def list_query(
        self,
        query: Mapping[str, Any],
        count: Count,
        scope: Mapping[str, Any],
        get: Callable[[object], object],
    ) -> tuple[ListQuery, Window]:
        """Return the list query of validated query parameters, and its window.

        Args:
            query: The validated query parameters.
            count: The kind of total that the client prefers.
            scope: The attribute values that all items of the collection share.
            get: A function that returns the item of a key, or None.
        """
        order = self.sorting.order(query.get("sort"))
        attributes = self.store.attributes

        def find(key: object) -> tuple[Any, ...] | None:
            item = get(key)
            return None if item is None else self._keys(item, order)

        window = self.pager.window(
            query, order, [_enum_of(attributes[each.name]) for each in order], find
        )
        names, expand = self.chosen(query)
        read = None if names is None else tuple(self.views.attributes_of(names))
        conditions = self.filtering.conditions(query)
        relations = self.views.relations(names, expand)
        return (
            ListQuery(
                conditions,
                order,
                window.limit,
                window.after,
                window.before,
                window.offset,
                count,
                relations,
                read,
                scope,
            ),
            window,
        )

    def chosen(self, query: Mapping[str, Any]) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """Return the fields and relations that a query selects, in the schema's order."""
        fields_, relations = query.get("fields"), query.get("expand", ())
        expand = tuple(name for name in self._choices["expand"] if name in relations)
        if fields_ is None:
            return None, expand
        return tuple(name for name in self.views.names if name in fields_), expand

    def ends(self, page: Page[Any], order: Sequence[Order]) -> Sequence[tuple[Any, ...]]:
        """Return the sort key values of the first and the last item of a page."""
        if not page.items:
            return ()
        return [self._keys(item, order) for item in (page.items[0], page.items[-1])]

    def _keys(self, item: object, order: Sequence[Order]) -> tuple[Any, ...]:
        return tuple(self.store.value(item, each.name) for each in order)

    # items

    def tag_of(self, item: object, text: bytes | None = None) -> EntityTag:
        """Return the entity tag of an item: its version, or a digest of its representation.

        Args:
            item: The item.
            text: The JSON of the whole item, if it is known.
        """
        version = self.store.version(item)
        if version is not None:
            return EntityTag(str(version))
        if text is None:
            text = self.views.serializer(None, ()).text(item)
        return digest_of(text)

    def replaced(self, body: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
        """Return all writable attributes; absent ones get their default or the scope's value."""
        absent = self.views.written.keys() - body.keys()
        values = dict(body) | {name: self._default(name) for name in absent}
        values = {name: values[name] for name in self.views.written}
        self.check_key(values)
        return _within(values, scope)

    def patched(
        self, item: object, patch: PatchDocument, scope: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the attributes that a patch changes, except those of the scope.

        `Views.patched` says which problems it raises.
        """
        values = self.views.patched(item, patch)
        self.check_key(values)
        removed = [name for name, value in values.items() if value is ABSENT]
        defaults = {name: self._default(name) for name in removed}
        return _within({**values, **defaults}, scope)

    def check_path(self, given: Mapping[str, Any]) -> None:
        """Reject variables of the URL whose values the store cannot hold.

        Raises:
            NotFound: No item can have such a value.
        """
        for name in self.scope:
            for bound in self.store.attributes[name].bounds:
                try:
                    bound(given[name])
                except ValidationError:
                    raise NotFound("No collection exists at this URL.") from None

    def check_key(self, values: Mapping[str, Any]) -> None:
        """Reject a key that cannot stand in a URL: the item could never be read.

        Raises:
            UnprocessableContent: The values have such a key.
        """
        key = values.get(self.store.key)
        # Clients remove "." and ".." from a URL (RFC 3986, section 5.2.4).
        if isinstance(key, str) and (key in self._unreachable or "/" in key):
            where = self.views.pointer_of(self.store.key)
            detail = "A URL cannot contain this key."
            raise UnprocessableContent(errors=[{"pointer": where, "detail": detail, "code": "key"}])

    def _default(self, name: str) -> Any:
        attribute = self.store.attributes.get(name)
        if attribute is not None:
            return attribute.default() if callable(attribute.default) else attribute.default
        relation = self.views.attribute_fields().get(name)
        is_many = isinstance(relation, fields.List) or getattr(relation, "many", False)
        return () if is_many else None


def _within(values: dict[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with those of the scope, which take precedence."""
    # SECURITY: a client that could write the scope could move an item to another tenant.
    return {name: scope.get(name, value) for name, value in values.items()}


def digest_of(text: bytes) -> EntityTag:
    """Return the entity tag of a JSON text: a digest of it."""
    return EntityTag(hashlib.sha256(text).hexdigest()[:32])


def _schema_class(
    declared: Any, store: AnyStore, declared_at: str, scope: Sequence[str], name: str
) -> type[Schema]:
    schema = declared.schema
    if schema is None:
        derived = store.schema(declared.expand)
        known = [each for each in scope if each in store.attributes]
        return _scoped(derived, known, name) if known else derived
    if isinstance(schema, type) and issubclass(schema, Schema):
        return schema
    raise DeclarationError(
        f"{declared_at}.schema must be a marshmallow Schema class, got {schema!r}."
    )


def _scoped(derived: type[Schema], scope: Sequence[str], name: str) -> type[Schema]:
    """Return a derived schema whose attributes of the URL are in responses only."""
    members: dict[str, object] = {}
    for attribute in scope:
        field = copy.copy(derived().fields[attribute])
        field.dump_only, field.required, field.load_default = True, False, missing
        members[attribute] = field
    own = singular(name, stem(derived)) or f"{name}{stem(derived)}"
    meta = type("Meta", (derived.Meta,), {"register": False})
    more = {"Meta": meta, "__doc__": derived.__doc__, "__module__": derived.__module__}
    return type(f"{own}Schema", (derived,), {**members, **more})


def _choice(choices: Sequence[str], description: str) -> AnyField:
    return fields.List(
        fields.Str(validate=validate.OneOf(choices)),
        validate=validate.Length(1, len(choices)),
        metadata={"description": description, "explode": False},
    )


def _enum_of(attribute: Attribute) -> type[enum.Enum] | None:
    field = attribute.field
    return field.enum if isinstance(field, fields.Enum) else None
