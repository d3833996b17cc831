"""A `CRUDResource` bound to its store at a URL: its declarations, evaluated once at mount."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, cast

from marshmallow import Schema, fields

from ..http.conditional import EntityTag
from ..resource import Owner, Resource
from ..schemas.masked_schemas import mask_defaults
from .action_contracts import response_schemas
from .action_decorators import own_actions
from .attribute_checks import check_attributes
from .collection_views import EachViews, ViewedClass, views_maker, views_of
from .content_tags import ItemTags
from .cursors import CursorCipher
from .decided_values import DecidedValues, NestedReferences, check_decided
from .declared_schemas import (
    DeclaredSchemas,
    declared_schemas,
    scoped_attributes,
    without_required,
)
from .expanded_relations import check_expansions
from .expansions import expansions_of
from .field_choices import FieldChoices
from .filtering import FilteredClass, Filtering
from .item_keys import check_in_url, checked_in_url, key_of
from .item_serializer import ItemSerializer
from .page_format import PageQuery, Window
from .pagination import Pager
from .patching import PatchDocument
from .query import Condition, Count, ListQuery, Order, Page
from .schema_views import ABSENT, Views
from .scopes import Clause, Scope
from .sort_orders import Sorting
from .store import AnyField, AnyStore, RowRuled
from .sub_urls import extra_parameters, sub_urls
from .transitions import Transitions

__all__ = ["Binding", "plain_scope"]


class Binding:
    """The evaluated declarations of one collection.

    Attributes:
        declared_at: The qualified name of the class, for messages.
        store: The store of the items.
        key: The attributes that identify an item.
        views: The views of the schema of items.
        list_views: The views of the schema of the items of a page.
        create_views: The views of the schema of POST bodies.
        replace_views: The views of the schema of PUT bodies.
        update_views: The views of the schema of PATCH bodies.
        scope: The variables of the URL pattern that are attributes of the model.
        assigned: The attributes of new items that a row rule sets.
        is_ruled: Whether the model, or one that it refers to, has a row rule.
        relations: The relations that content names by keys, whose rows have to be found.
        neighbors: The collections of the App, this one included, with their classes.
    """

    _is_checked = True

    transitions: Transitions | None = None
    neighbors: Sequence[tuple[type[Resource], Binding]] = ()

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
        self.key, self.scope = key_of(store), tuple(scope)
        self._in_url = checked_in_url(store, self.scope)
        actions = own_actions(declared).values()
        own = {each.path for each in actions if each.owner == "collection"}
        words = () if self.key.is_composite else (*sub_urls(declared), *own)
        self._unreachable = {"", ".", "..", *words}
        settings = app.settings
        self.assigned = store.assigned if isinstance(store, RowRuled) else frozenset[str]()
        self.is_ruled = isinstance(store, RowRuled) and store.is_ruled
        given = {*self.assigned, *scoped_attributes(declared), *self.scope}
        schemas = declared_schemas(declared, store, self.declared_at, self.scope, name, given, app)
        self._make_views = views_maker(store, self.declared_at, app)
        views = self._views_of(schemas, declared, app)
        self.views, self.list_views = views[:2]
        self.create_views, self.replace_views, self.update_views = views[2:]
        read = map(self._make_views, response_schemas(declared, "read"))
        is_masked = bool(getattr(declared, "_mounted_class", None))
        self._tags = ItemTags(store, self.views, tuple(read), by_content=is_masked)
        found = (each for each in schemas.relations.values() if not each.relation.is_reference)
        self.relations = {each.relation.name: each for each in found}
        self._decided = DecidedValues(self.create_views, schemas.create)
        self.nested = NestedReferences(views[2:], store)
        self._decided_by_put = DecidedValues(self.replace_views, schemas.replace)
        if self._is_checked:
            check_attributes(self.declared_at, views[:2], views[2:], store, self.scope)
        wire = {**self.list_views.attribute_fields(), **self.views.attribute_fields()}
        self.sorting = Sorting(declared.sorts, declared.order, store, self.declared_at, wire)
        cipher = CursorCipher(settings.secret_key, f"{name} {store.model.__qualname__}")
        sizes = (declared.page_size, declared.max_page_size)
        keys = self.key.names
        self.pager = Pager(declared.paging, *sizes, cipher, self.declared_at, keys)
        self._choices = self._choices_of(declared)
        self._dumped = tuple(self.list_views.attributes_of(self.list_views.names))
        chosen = {**self.sorting.fields(), **self.choice_schema(self.list_views)}
        self._own = {**self.pager.fields(), **chosen}
        self.filtering = self._filtering_of(declared, wire)
        self.pager.check_names({*chosen, *self.filtering.names})
        self.pager.is_filter = self.filtering.is_filter

    def _choices_of(self, declared: ViewedClass) -> FieldChoices:
        """Return the parameters by which clients select fields and relations."""
        expand = expansions_of(declared.expand, self.declared_at)
        check_expansions(declared.expand, self.views.paths, self.store, self.declared_at)
        return FieldChoices(tuple(expand), sparse=bool(declared.fields))

    def _views_of(self, schemas: DeclaredSchemas, declared: ViewedClass, app: Owner) -> EachViews:
        """Return the views of responses and of bodies."""
        return views_of(schemas, declared, self._make_views)

    def _filtering_of(self, declared: FilteredClass, wire: Mapping[str, AnyField]) -> Filtering:
        """Return the filters of the collection."""
        reserved = {**dict.fromkeys(extra_parameters(declared)), **self._own}
        either = (declared.any_of, declared.or_filters)
        return Filtering(declared.filters, self.store, wire, self.declared_at, reserved, *either)

    # lists

    def query_schema(self) -> dict[str, AnyField]:
        """Return the query parameters of the collection."""
        return self.filtering.fields(self._own)

    def choice_schema(self, views: Views) -> dict[str, AnyField]:
        """Return the query parameters that select the fields and relations of a response."""
        return self._choices.fields(views)

    def list_query(
        self,
        query: PageQuery,
        count: Count | None,
        scope: Scope,
        page_of: Callable[[ListQuery], Page[object]],
    ) -> tuple[ListQuery, Window]:
        """Return the list query of validated query parameters, and its window.

        Args:
            query: The validated query parameters.
            count: The kind of total that the client prefers, None without a preference.
            scope: The scope of the collection.
            page_of: A function that returns the page of another query.
        """
        conditions = self.filtering.conditions(query)
        query = self.filtering.others(query)
        order = self.sorting.order(cast("Sequence[str] | None", query.get("sort")))

        def find(key: tuple[object, ...]) -> tuple[object, ...] | None:
            pairs = zip(self.key.names, key, strict=True)
            same = tuple(Condition(name, "eq", value) for name, value in pairs)
            ends = self.ends(page_of(ListQuery(same, order, 1, scope=plain_scope(scope))), order)
            return ends[0] if ends else None

        window = self.pager.window(query)
        after, before = self.pager.edges(window, order, self.sorting.attributes, find)
        names, expand = self.chosen(query, self.list_views)
        read = None if names is None else tuple(self.list_views.attributes_of(names))
        relations = self.list_views.relations(names, expand)
        return (
            ListQuery(
                conditions,
                order,
                window.limit,
                after,
                before,
                window.offset,
                count or self.pager.count,
                relations,
                read,
                plain_scope(scope),
                self._dumped,
            ),
            window,
        )

    def chosen(
        self, query: PageQuery, views: Views
    ) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """Return the fields and relations that a query selects, in the schema's order."""
        return self._choices.chosen(self.filtering.others(query), views)

    def ends(self, page: Page[object], order: Sequence[Order]) -> Sequence[tuple[object, ...]]:
        """Return the sort key values of the first and the last item of a page."""
        if page.ends or not page.items:
            return page.ends
        return [self._keys(item, order) for item in (page.items[0], page.items[-1])]

    def _keys(self, item: object, order: Sequence[Order]) -> tuple[object, ...]:
        return tuple(self.store.value(item, each.name) for each in order)

    # items

    @cached_property
    def replacement(self) -> type[Schema]:
        """The schema class of PUT bodies, which may leave out the key that the URL has."""
        return without_required(self.replace_views.declared, self.key.names, "Replacement")

    @cached_property
    def patch_relations(self) -> tuple[str, ...]:
        """The relations that PATCH reads: those of its response and those that its body writes."""
        written = self.update_views.relations(None, ())
        return tuple(dict.fromkeys((*self.tagged, *written)))

    @cached_property
    def tagged(self) -> tuple[str, ...]:
        """The relations that entity tags depend on: related rows change without the item."""
        return self._tags.relations

    def serializer_of(self, schema: type[Schema]) -> ItemSerializer:
        """Return the serializer of a schema that an action declares."""
        return self._make_views(schema).serializer(None, ())

    def tag_of(self, item: object, text: bytes | None = None) -> EntityTag:
        """Return the entity tag of an item; `ItemTags` describes its dependencies.

        Args:
            item: The item.
            text: The JSON of the whole item, if it is known.
        """
        return self._tags.of(item, text)

    def created(
        self, body: Mapping[str, object], decided: Mapping[str, object], *, by_put: bool = False
    ) -> dict[str, object]:
        """Return the attributes of a new item: those of a body, and those that are decided.

        Args:
            body: The attributes of the body.
            decided: The attributes that the scope and the row rule decide.
            by_put: Whether the body is that of a PUT.

        Raises:
            UnprocessableContent: The body contradicts a decided value, or lacks a value.
        """
        check = self._decided_by_put if by_put else self._decided
        views = self.replace_views if by_put else self.create_views
        return {**mask_defaults(views.declared), **check.checked(body, decided), **decided}

    def replaced(
        self, item: object, body: Mapping[str, object], scope: Mapping[str, object]
    ) -> dict[str, object]:
        """Return all writable attributes; absent ones get their default or the scope's value."""
        views = self.replace_views
        decided = {**self._assigned_of(item), **scope}
        body = self._decided_by_put.checked(body, decided)
        names = views.written.keys() - body.keys() - self.nested.decided(decided)
        every = {**body, **self._reset(names, body, views), **decided}
        values = {name: every[name] for name in views.written if name in every}
        self.check_key(values, views)
        return values

    def patched(
        self, item: object, patch: PatchDocument, scope: Mapping[str, object]
    ) -> dict[str, object]:
        """Return the attributes that a patch changes.

        `Views.patched` says which problems it raises.
        """
        views = self.update_views
        values = views.patched(item, patch)
        check_decided(values, {**self._assigned_of(item), **scope}, views)
        self.check_key(values, views)
        removed = [name for name, value in values.items() if value is ABSENT]
        kept = {name: value for name, value in values.items() if value is not ABSENT}
        return {**kept, **self._reset(removed, kept, views)}

    def _assigned_of(self, item: object) -> dict[str, object]:
        """Return the attributes that a row rule has set, which no client changes."""
        return {name: self.store.value(item, name) for name in self.assigned}

    def check_path(self, given: Mapping[str, object]) -> None:
        """Reject variables of the URL whose values the store cannot hold.

        Raises:
            NotFound: No item can have such a value.
        """
        check_in_url(self.store, self._in_url, given, self.scope)

    def check_key(self, values: Mapping[str, object], views: Views) -> None:
        """Reject a key that cannot stand in a URL: the item could never be read.

        Args:
            values: The attributes of a body.
            views: The views of the body's schema.

        Raises:
            UnprocessableContent: The values have such a key.
        """
        self.key.check(values, self._unreachable, views.pointer_of)

    def _reset(
        self, names: Iterable[str], values: Mapping[str, object], views: Views
    ) -> dict[str, object]:
        """Return the defaults of absent attributes, except of those that the store stamps.

        Args:
            names: The attributes.
            values: The other attributes of the item, on which defaults may depend.
            views: The views of the body's schema.
        """
        kept = [name for name in names if not self._is_stamped(name)]
        return {name: self._default(name, values, views) for name in kept}

    def _is_stamped(self, name: str) -> bool:
        attribute = self.store.attributes.get(name)
        return attribute is not None and attribute.is_stamped

    def _default(self, name: str, values: Mapping[str, object], views: Views) -> object:
        attribute = self.store.attributes.get(name)
        if attribute is not None and attribute.default_from is not None:
            return attribute.default_from(values)
        if attribute is not None:
            return attribute.default() if callable(attribute.default) else attribute.default
        relation = views.attribute_fields().get(name)
        is_many = isinstance(relation, fields.List) or getattr(relation, "many", False)
        return () if is_many else None


def plain_scope(scope: Scope) -> Clause:
    """Return a scope as stores get it: a mapping, unless it has further conditions."""
    return scope if scope.clauses else scope.values
