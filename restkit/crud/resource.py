"""`CRUDResource`: one class for a collection and its items over a `Store`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, TypeVar, cast

from ..hidden_fields import HiddenFields
from ..http.methods import SAFE_METHODS
from ..problems import NotFound
from ..request import Request
from ..resource import Owner, Resource
from ..schemas.mask_plans import MaskLevel
from .alternatives import AnyOfFilters
from .binding import Binding
from .changes import Changes
from .csv_export import CSVExport
from .declaration_checks import check_declared
from .derived_schemas import SchemaClass
from .expansions import Expand
from .filtering import Filters
from .item_keys import KeyNames
from .masking import masking
from .members import member_routes
from .object_rules import bind_object_rule, check_written
from .pagination import Paging
from .query import ListQuery, Page
from .related_rows import Peer, register, related_rows
from .related_schemas import register_schema
from .relations import Related
from .returned_items import check_returns, overridden_actions
from .routes import endpoint_routes, mounted_methods
from .scopes import Clause
from .store import RelatedRows, RuledRows, Store, Transaction
from .totals import TotalledRows, Totals, TotalsQuery
from .transition_texts import DeclaredTransitions
from .transitions import Transitions
from .write_rules import check_writable

__all__ = ["CRUDResource"]

M = TypeVar("M")


class CRUDResource(Resource, Generic[M]):
    """The base class of resources that serve a collection and its items.

    ::

        class Books(CRUDResource[Book]):
            model = Book
            filters = ("author", "year__gte")
            sorts = ("title", "year")

        app.add("/books", Books)  # /books and /books/<id>

    Override ``list``, ``create``, ``read``, ``replace``, ``update`` or ``delete`` to do more than
    the store, and call ``super()`` for the store's part. Actions take and return items of the
    model.

    Attributes:
        model: The model; the App's installed extensions provide its store.
        store: The store, if it does not come from the App.
        schema: The marshmallow schema class of the items; derived from the model by default.
            ``Schemas(BookSchema, list=BookRow)`` declares one for each kind of content.
        schema_class: The schema class of the items, declared or derived, for other resources and
            for `marshmallow.fields.Nested`; read only.
        filters: The filters that clients may use: ``("author", "year__gte", "title__*")`` or
            ``{"year": ("gte", "lte")}``. ``"author__name"`` filters by related items.
        any_of: Parameters whose value one of several filters has: ``{"q": ("title__contains",
            "author__name__contains")}``.
        or_filters: The declared filters that the parameter ``or`` may name, of which one must
            hold: ``?or=status,year__gte&status=new&year__gte=2000``.
        sorts: The attributes that clients may sort by; ``"author__name"`` is one of a related item.
        order: The default order: ``("-year",)``. Without one, the key decides.
        fields: Whether clients may select fields: ``fields=id,title``.
        expand: The relations that clients may include: ``("author", "comments.author")``, or
            ``{"comments": Expand(order="-created", limit=20)}``. Each is a nested dump-only field.
        groups: The attributes that ``GET .../totals`` may group by: ``("status",
            "created_at__month")``. Dates and moments have the parts ``year``, ``month``, ``day``.
        aggregates: The values of its groups: ``("count", "price__sum", "year__max")``, of the
            functions ``count``, ``distinct``, ``sum``, ``avg``, ``min`` and ``max``.
        max_groups: The largest number of groups in a response.
        paging: The page format: ``"keyset"``, ``"offset"``, ``PageNumbers()``, ``Bare()``,
            ``Named("books")``, or a `PageFormat` of your own.
        page_size: The default number of items on a page.
        max_page_size: The largest number of items that a client may request.
        key: The attribute that identifies an item in its URL; the model's primary key by default.
        upsert: Whether PUT creates a missing item, with the key that the client chose.
        soft_delete: The attribute that marks an item as removed. DELETE sets it, and readers no
            longer find the item until a POST to its ``restore`` URL.
        bulk: Whether ``POST .../bulk`` creates, updates and deletes many items, all or none.
        max_bulk: The maximum length of each list of a bulk request.
        bulk_upsert: The unique attribute by which bulk requests create or replace items.
        relations: The relations that content names by keys: ``("tags",)``, or by another
            attribute of the related rows: ``{"tags": "name", "labels": Related("name",
            create=True)}``.
        members: The relations whose members have URLs, ``/tickets/1/tags/3``: names, or a mapping
            to the resource that lists them, ``{"tags": Tags}``.
        lines: How JSON Lines and CSV are read: as one ``"snapshot"``, which holds a connection
            of the store until the client has read everything, or in ``"pages"``, which hold one
            only while a page is read.
        csv: Whether clients can have all items as CSV (``Accept: text/csv``); ``CSVExport(...)``
            sets a file name and the other options.
        by_filter: Which of ``PATCH`` and ``DELETE`` the collection's URL has, for all items that
            filters select: ``DELETE /books?year__lt=1900``.
        max_affected: The largest number of items that such a request changes.
        scoped: The attributes that ``scope()`` decides, if they are not written in it. Bodies may
            lack them.
        related: Which rows items may refer to and show by ``expand``: ``"visible"`` ones, or all
            ``"existing"`` ones, also those that another collection's ``scope()`` or
            ``soft_delete`` hides. Row rules always hold.
        transitions: The values that may follow a value of an attribute:
            ``{"status": {"open": ("closed",), "closed": ()}}``. Those that follow None are those
            of new items. Another change is a 409, whatever verb or action makes it.
        changes: Whether ``GET .../changes`` is a feed of changes, also ``Changes(streams=200)``.
        methods: The HTTP methods to mount; all of them by default.
    """

    model: ClassVar[Any] = None
    store: ClassVar[Store[Any] | None] = None
    filters: ClassVar[Filters] = ()
    any_of: ClassVar[AnyOfFilters] = {}
    or_filters: ClassVar[Sequence[str]] = ()
    sorts: ClassVar[Sequence[str]] = ()
    order: ClassVar[Sequence[str]] = ()
    fields: ClassVar[bool] = False
    expand: ClassVar[Sequence[str] | Mapping[str, Expand]] = ()
    groups: ClassVar[Sequence[str]] = ()
    aggregates: ClassVar[Sequence[str]] = ()
    max_groups: ClassVar[int] = 1000
    paging: ClassVar[Paging] = "keyset"
    page_size: ClassVar[int] = 20
    max_page_size: ClassVar[int] = 100
    key: ClassVar[KeyNames] = ""
    upsert: ClassVar[bool] = False
    soft_delete: ClassVar[str | None] = None
    bulk: ClassVar[bool] = False
    max_bulk: ClassVar[int] = 1000
    bulk_upsert: ClassVar[str] = ""
    relations: ClassVar[Sequence[str] | Mapping[str, str | Related]] = ()
    members: ClassVar[Sequence[str] | Mapping[str, type]] = ()
    by_filter: ClassVar[Sequence[str]] = ()
    max_affected: ClassVar[int] = 1000
    lines: ClassVar[Literal["snapshot", "pages"]] = "snapshot"
    csv: ClassVar[bool | CSVExport] = False
    scoped: ClassVar[Sequence[str]] = ()
    related: ClassVar[Literal["visible", "existing"]] = "visible"
    transitions: ClassVar[DeclaredTransitions] = {}
    changes: ClassVar[bool | Changes] = False
    conditional: ClassVar[bool | Literal["required"]] = True

    _mounted_class: ClassVar[type[Resource] | None] = None
    _mask_level: ClassVar[MaskLevel | None] = None
    _mask_owner: ClassVar[type | None] = None
    _hidden_fields: ClassVar[HiddenFields | None] = None

    schema_class = SchemaClass()

    def __init__(
        self, binding: Binding, request: Request, app: Any, expand: Sequence[str] = ()
    ) -> None:
        """Make the resource of one request.

        Args:
            binding: The evaluated declarations.
            request: The request.
            app: The App.
            expand: The relations that the response includes.
        """
        self.binding = binding
        self.request = request
        self.app = app
        self.expanded = expand
        check_returns(self, overridden_actions(type(self), CRUDResource))
        if self.transitions and binding.transitions is not None:
            binding.transitions.bind(self)
        permission = getattr(request.operation, "permission", None)
        if getattr(permission, "needs_object", False):
            bind_object_rule(self, permission, request)

    @classmethod
    def _mount_points(
        cls, pattern: str, name: str, app: Owner
    ) -> Sequence[tuple[str, type[Resource], str]]:
        """Return the routes of the collection, its items, and further declared URLs."""
        check_declared(cls, CRUDResource)
        binding, routes = cls._routes(pattern, name, app)
        is_guarded = cls.write_scope is not CRUDResource.write_scope
        register_schema(app, cls, binding.store.model)
        register(app, Peer(cls, binding, cls.scope is not CRUDResource.scope, is_guarded))
        check_written(app, cls, binding)
        masking(cls, pattern, name, app, binding, routes)
        return routes

    @classmethod
    def _narrowed(cls, wanted: Collection[str]) -> Mapping[str, object]:
        """Return the members that change in a subclass with some of the mounted methods."""
        methods = mounted_methods(cls, f"{cls.__module__}.{cls.__qualname__}").intersection(wanted)
        by_filter = tuple(each for each in cls.by_filter if each.upper() in wanted)
        found: dict[str, object] = {"methods": methods, "by_filter": by_filter}
        if "GET" not in methods:
            found |= {"groups": (), "aggregates": (), "csv": False, "changes": False}
        if methods.isdisjoint({"POST", "PATCH", "DELETE"}):
            found |= {"bulk": False, "bulk_upsert": ""}
        return found if "PUT" in methods else {**found, "upsert": False}

    @classmethod
    def _routes(
        cls, pattern: str, name: str, app: Owner
    ) -> tuple[Binding, Sequence[tuple[str, type[Resource], str]]]:
        """Return the binding of the class, and its routes."""
        is_overridden = cls.create is not CRUDResource.create
        binding, routes = endpoint_routes(cls, pattern, name, app, is_overridden=is_overridden)
        if cls.transitions:
            of = (binding.store, binding.create_views, binding.declared_at)
            is_masked = cls._mounted_class is not None
            binding.transitions = Transitions(cls.transitions, *of, is_masked=is_masked)
        if cls.members:
            more = member_routes(cls, CRUDResource, binding, pattern, name, app)
            return binding, [*routes, *more]
        return binding, routes

    @property
    def rows(self) -> Transaction[M]:
        """The request's transaction on the store."""
        rows: Transaction[M] = self.binding.store.open(self.request, self.app)
        related = self._related_rows
        if related is not None and isinstance(rows, RuledRows):
            rows.restrict(related)
        return rows

    @cached_property
    def _related_rows(self) -> RelatedRows | None:
        """The conditions on the rows of other collections that items may refer to."""
        return related_rows(self.app, self.request) if self.related == "visible" else None

    def scope(self) -> Clause:
        """Return the items that belong to this collection.

        By default these are the items with the variables of the URL pattern: on
        ``/authors/<int:author_id>/books``, all books have that ``author_id``. Override the method
        to separate tenants.

        Returns:
            Attribute values that all items share and new ones get, an expression of the store,
            such as ``or_(Note.owner == me, Note.owner.is_(None))``, or a list of both.
        """
        given = self.request.path_parameters
        return {name: given[name] for name in self.binding.scope}

    def write_scope(self) -> Clause:
        """Return the items that the caller may change, of those that it may read.

        By default these are all of them. A change of another item is a 403, whatever verb or
        action makes it, as is a change after which the caller could not change the item.

        Returns:
            A value as of `scope`: ``{"owner": self.request.caller}``, for example.
        """
        return {}

    def check_writable(self, key: object, *, removed: bool = False) -> None:
        """Reject the change of an item that the caller may only read.

        Args:
            key: The key of the item.
            removed: Whether the item was removed softly.

        Raises:
            Forbidden: `write_scope` or a row rule excludes the item.
        """
        is_own = type(self).write_scope is not CRUDResource.write_scope
        if is_own or self.binding.is_ruled:
            check_writable(self.rows, key, self.scope(), self.write_scope(), removed=removed)

    # actions

    def list(self, query: ListQuery) -> Page[M]:
        """Return one page of the collection."""
        return self.rows.list(query)

    def totals(self, query: TotalsQuery) -> Totals:
        """Return the groups of the collection's items, with their aggregates."""
        return cast("TotalledRows", self.rows).totals(query)

    def read(self, key: object) -> M:
        """Return the item of a key. Every other action on an item reads it first.

        Raises:
            NotFound: The collection has no such item.
            Forbidden: The method is unsafe, and the caller may only read the item.
        """
        lock = self.request.method not in SAFE_METHODS
        item = self.rows.get(key, scope=self.scope(), lock=lock, expand=self.expanded)
        if item is None:
            raise NotFound("No item exists at this URL.")
        if lock:
            self.check_writable(key)
        return item

    def create(self, item: M) -> M:
        """Store a new item and return it."""
        self.rows.add(item)
        return item

    def replace(self, item: M, values: Mapping[str, object]) -> M:
        """Set all writable attributes and return the item."""
        return self.change(item, values)

    def update(self, item: M, values: Mapping[str, object]) -> M:
        """Set the attributes that a patch changes and return the item."""
        return self.change(item, values)

    def change(self, item: M, values: Mapping[str, object]) -> M:
        """Set attributes and return the item: the common part of PUT and PATCH."""
        self.rows.change(item, values)
        return item

    def delete(self, item: M) -> None:
        """Remove an item, or mark it as removed if ``soft_delete`` is declared."""
        self.rows.remove(item)

    def restore(self, item: M) -> M:
        """Restore a soft-deleted item and return it."""
        self.rows.restore(item)
        return item
