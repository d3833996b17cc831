"""A `CRUDResource` bound to its store at a URL: everything that its declarations come to, made once at mount."""

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
from ..schemas.wire_formats import INT64_MAX
from .cursors import CursorSigner
from .filtering import Filtering
from .pagination import Pager, Window
from .patching import PatchDocument
from .query import Count, ListQuery, Order, Page
from .schema_views import ABSENT, Views
from .sort_orders import Sorting
from .store import Attribute, Store

__all__ = ["Binding"]


class Binding:
    """Is what a collection knows of itself.

    Attributes:
        declared_at: Where the class is declared, for messages.
        store: Where its items are.
        views: How its schema is used.
        scope: The variables of its URL pattern that are attributes of its model.
    """

    def __init__(
        self, declared: Any, store: Store[Any], scope: Sequence[str], app: Owner, name: str
    ) -> None:
        """Make the binding.

        Args:
            declared: The class.
            store: Where its items are.
            scope: The variables of its URL pattern.
            app: Its App.
            name: What cursors belong to.

        Raises:
            DeclarationError: The class, its schema and the store do not fit together.
        """
        self.declared_at = f"{declared.__module__}.{declared.__qualname__}"
        self.store = store
        self.scope = tuple(scope)
        self._unreachable = {"", ".", "..", *(["bulk"] if declared.bulk else [])}
        self._app = app
        settings = app.settings
        schema = _schema_class(
            declared,
            store,
            self.declared_at,
            [each for each in scope if each in store.attributes],
            name,
        )
        self.views = Views(
            schema,
            declared.expand,
            bool(declared.fields),
            self.declared_at,
            strict=settings.strict,
            compiled=settings.compile_schemas,
            store=store,
        )
        self._check_attributes()
        wire = self.views.attribute_fields()
        self.filtering = Filtering(declared.filters, store.attributes, wire, self.declared_at)
        self.sorting = Sorting(
            declared.sorts, declared.order, store.key, store.attributes, self.declared_at
        )
        # NOTE: without a secret the signature is a checksum: who reads this can make cursors up. A cursor gives no
        # access, only a place to begin at, and whatever is in it is compared, never run.
        signer = CursorSigner(settings.secret_key or app.name, f"{name} {store.model.__qualname__}")
        self.pager = Pager(
            declared.paging, declared.page_size, declared.max_page_size, signer, self.declared_at
        )
        self._choices = {
            "fields": self.views.names if declared.fields else (),
            "expand": tuple(declared.expand),
        }

    def _check_attributes(self) -> None:
        """Hold what the schema takes against what the model has, so that no request finds it out."""
        known = self.store.attributes
        writable = {name for name in known if not known[name].generated}
        for attribute, name in self.views.written.items():
            if attribute not in writable and not self._is_nested(attribute):
                what = "gives itself" if attribute in known else "does not have"
                raise DeclarationError(
                    f"{self.declared_at}: {self.views.declared.__name__} takes {name!r}, which {self.store.model.__name__} "
                    f"{what}; make the field dump_only=True, or leave it out."
                )
            self._check_bounds(name, self.views.attribute_fields()[attribute], known.get(attribute))
        for attribute in self.views.attribute_fields():
            if attribute in known and known[attribute].unfit:
                raise DeclarationError(f"{self.declared_at}: {known[attribute].unfit}")
        for variable in self.scope:
            if variable not in known:
                raise DeclarationError(
                    f"{self.declared_at}: the variable {variable!r} of the URL pattern is no attribute of "
                    f"{self.store.model.__name__}; it has {', '.join(sorted(known))}. Name "
                    "one of these, or leave the variable out."
                )

    def _check_bounds(
        self, name: str, field: fields.Field[Any], attribute: Attribute | None
    ) -> None:
        """Refuse a field that takes what the store cannot hold: the document would promise it."""
        for bound in attribute.bounds if attribute is not None else ():
            lacking = _lacking(field, bound)
            if lacking:
                raise DeclarationError(
                    f"{self.declared_at}: {self.views.declared.__name__}.{name} takes more than "
                    f"{self.store.model.__name__}.{attribute and attribute.name} holds; add validate={lacking} to it."
                )

    def _is_nested(self, attribute: str) -> bool:
        field = self.views.attribute_fields().get(attribute)
        inner = field.inner if isinstance(field, fields.List) else field
        return isinstance(inner, fields.Nested)

    # lists

    def query_schema(self) -> dict[str, fields.Field[Any]]:
        """Return the query parameters of the collection."""
        own = {**self.pager.fields(), **self.sorting.fields(), **self.choice_schema()}
        filters = self.filtering.fields()
        clash = own.keys() & filters.keys()
        if clash:
            raise DeclarationError(
                f"{self.declared_at} filters by {min(clash)!r}, which is the name of a parameter that every list has; "
                "filter by another operator of it, or rename the attribute."
            )
        return {**own, **filters}

    def choice_schema(self) -> dict[str, fields.Field[Any]]:
        """Return the query parameters that choose what is answered of an item."""
        says = {"fields": "Answer only these fields.", "expand": "Answer these relations too."}
        return {
            name: _choice(choices, says[name]) for name, choices in self._choices.items() if choices
        }

    def list_query(
        self,
        query: Mapping[str, Any],
        count: Count,
        scope: Mapping[str, Any],
        get: Callable[[Any], Any],
    ) -> tuple[ListQuery, Window]:
        """Return what a validated query asks for, and the window of it.

        Args:
            query: The validated query.
            count: Which total is asked for.
            scope: Attributes that all items of the collection have.
            get: Returns the item of a key, None where there is none.
        """
        order = self.sorting.order(query.get("sort"))
        attributes = self.store.attributes

        def find(key: Any) -> tuple[Any, ...] | None:
            item = get(key)
            return None if item is None else self._keys(item, order)

        window = self.pager.window(
            query, order, [_enum_of(attributes[each.name]) for each in order], find
        )
        names, expand = self.chosen(query)
        read = None if names is None else tuple(self.views.attributes_of(names))
        return (
            ListQuery(
                self.filtering.conditions(query),
                order,
                window.limit,
                window.after,
                window.before,
                window.offset,
                count,
                self.views.relations(names, expand),
                read,
                scope,
            ),
            window,
        )

    def chosen(self, query: Mapping[str, Any]) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """Return which fields and relations a validated query asks for, in the schema's order."""
        asked = query.get("fields")
        names = None if asked is None else tuple(name for name in self.views.names if name in asked)
        wanted = query.get("expand", ())
        return names, tuple(name for name in self._choices["expand"] if name in wanted)

    def ends(self, page: Page[Any], order: Sequence[Order]) -> Sequence[tuple[Any, ...]]:
        """Return the values of the order's keys of a page's first and last item."""
        items = page.items
        return [self._keys(item, order) for item in (items[0], items[-1])] if items else ()

    def _keys(self, item: Any, order: Sequence[Order]) -> tuple[Any, ...]:
        return tuple(self.store.value(item, each.name) for each in order)

    # items

    def tag_of(self, item: Any, text: bytes | None = None) -> EntityTag:
        """Return the entity tag of an item: its version, or a digest of what is answered of it.

        Args:
            item: The item.
            text: What is answered of the whole of it, where that is known.
        """
        version = self.store.version(item)
        if version is not None:
            return EntityTag(str(version))
        return digest_of(self.views.serializer(None, ()).text(item) if text is None else text)

    def replaced(self, body: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
        """Return all attributes that content sets; what is absent becomes what a new item has, or is the scope's."""
        values = {
            name: body[name] if name in body else self._default(name) for name in self.views.written
        }
        self.check_key(values)
        return _within(values, scope)

    def patched(self, item: Any, patch: PatchDocument, scope: Mapping[str, Any]) -> dict[str, Any]:
        """Return the attributes that a patch changes, other than the scope's; see `Views.patched`."""
        values = self.views.patched(item, patch)
        self.check_key(values)
        found = {
            name: self._default(name) if value is ABSENT else value
            for name, value in values.items()
        }
        return _within(found, scope)

    def check_path(self, given: Mapping[str, Any]) -> None:
        """Refuse variables of the URL pattern that no item can have as its attribute.

        Raises:
            NotFound: One is beyond what the store holds.
        """
        for name in self.scope:
            for bound in self.store.attributes[name].bounds:
                try:
                    bound(given[name])
                except ValidationError:
                    raise NotFound("There is no such collection.") from None

    def check_key(self, values: Mapping[str, Any]) -> None:
        """Refuse a key that is in no URL: the item could never be read.

        Raises:
            UnprocessableContent: Values have such a key.
        """
        key = values.get(self.store.key)
        # "." and ".." are taken out of a URL by whoever asks for it (RFC 3986, section 5.2.4).
        if isinstance(key, str) and (key in self._unreachable or "/" in key):
            where = self.views.pointer_of(self.store.key)
            raise UnprocessableContent(
                errors=[{"pointer": where, "detail": "No URL can have this key.", "code": "key"}]
            )

    def _default(self, name: str) -> Any:
        attribute = self.store.attributes.get(name)
        if attribute is None:  # a relation: to many items or to one
            field = self.views.attribute_fields().get(name)
            return () if isinstance(field, fields.List) or getattr(field, "many", False) else None
        return attribute.default() if callable(attribute.default) else attribute.default


def _within(values: dict[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of attributes, those of the scope as it has them."""
    # SECURITY: whoever may write what keeps tenants apart could move an item to another one.
    return {name: scope.get(name, value) for name, value in values.items()}


def digest_of(text: bytes) -> EntityTag:
    """Return the entity tag of a JSON text: a digest of it."""
    return EntityTag(hashlib.sha256(text).hexdigest()[:32])


def _lacking(field: fields.Field[Any], bound: Any) -> str:
    """Return the validator that a field lacks so that its values fit into a bound, ``""`` where it lacks none."""
    own = [each for each in field.validators if isinstance(each, (validate.Range, validate.Length))]
    if any(
        isinstance(each, (validate.OneOf, validate.Equal, validate.ContainsOnly))
        for each in field.validators
    ):
        return ""
    most = min((each.max for each in own if each.max is not None), default=None)
    if isinstance(bound, validate.Length) and type(field) in (
        fields.String,
        fields.Email,
        fields.Url,
    ):
        equal = [
            each.equal
            for each in own
            if isinstance(each, validate.Length) and each.equal is not None
        ]
        fits = any(each <= (bound.max or 0) for each in (most, *equal) if each is not None)
        return "" if fits else f"validate.Length(max={bound.max})"
    if isinstance(bound, validate.Range) and type(field) in (fields.Integer, fields.Decimal):
        least = max((each.min for each in own if each.min is not None), default=None)
        if type(field) is fields.Integer and bound.max >= INT64_MAX:
            return ""  # as much as any integer on the wire
        if most is None or most > bound.max or least is None or least < bound.min:
            low = bound.min if least is None else least
            return f"validate.Range({low}, {bound.max})"
    return ""


def _schema_class(
    declared: Any, store: Store[Any], declared_at: str, scope: Sequence[str], name: str
) -> type[Schema]:
    schema = declared.schema
    if schema is None:
        derived = store.schema(declared.expand)
        return _scoped(derived, scope, name) if scope else derived
    if isinstance(schema, type) and issubclass(schema, Schema):
        return schema
    raise DeclarationError(
        f"{declared_at}.schema is {schema!r}; a CRUDResource wants a marshmallow Schema class."
    )


def _scoped(derived: type[Schema], scope: Sequence[str], name: str) -> type[Schema]:
    """Return a derived schema for a collection below a parent: what the URL says is answered, and never taken."""
    members: dict[str, Any] = {}
    for attribute in scope:
        field = members[attribute] = copy.copy(derived().fields[attribute])
        field.dump_only, field.required, field.load_default = True, False, missing
    own = singular(name, stem(derived)) or f"{name}{stem(derived)}"
    meta = type("Meta", (derived.Meta,), {"register": False})
    more = {"Meta": meta, "__doc__": derived.__doc__, "__module__": derived.__module__}
    return type(f"{own}Schema", (derived,), {**members, **more})


def _choice(choices: Sequence[str], says: str) -> fields.Field[Any]:
    return fields.List(
        fields.Str(validate=validate.OneOf(choices)),
        validate=validate.Length(1, len(choices)),
        metadata={"description": says, "explode": False},
    )


def _enum_of(attribute: Attribute) -> type[enum.Enum] | None:
    field = attribute.field
    return field.enum if isinstance(field, fields.Enum) else None
