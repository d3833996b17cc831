"""`CRUDResource`: one class for a collection and its items over a `Store`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, Literal, TypeVar

from ..problems import NotFound
from ..request import Request
from ..resource import Owner, Resource
from .binding import Binding
from .declaration_checks import check_declared
from .filtering import Filters
from .pagination import Paging
from .query import ListQuery, Page
from .routes import endpoint_routes
from .store import Store, Transaction

__all__ = ["CRUDResource"]

M = TypeVar("M")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CRUDResource(Resource, Generic[M]):
    """Is the base of classes that answer for a collection and for its items.

    ::

        class Books(CRUDResource[Book]):
            model = Book
            filters = ("author", "year__gte")
            sorts = ("title", "year")

        app.add("/books", Books)  # /books and /books/<id>

    Override ``list``, ``create``, ``read``, ``replace``, ``update`` or ``delete`` to do more than the store does, and
    call ``super()`` for what it does; each gets and returns items of the model.

    Attributes:
        model: The model; its store comes from what is installed on the App.
        store: The store, where it does not come from the App.
        schema: A marshmallow schema class of the items; derived from the model where left out.
        filters: What clients may ask about: ``("author", "year__gte", "title__*")`` or ``{"year": ("gte", "lte")}``.
        sorts: The attributes that clients may sort by.
        order: The order where none is asked for: ``("-year",)``; by the key without.
        fields: Whether clients may choose what is answered, by ``fields=id,title``.
        expand: The relations that clients may ask for, by ``expand=author``: nested, dump-only fields of the schema.
        paging: ``"keyset"``, or ``"offset"`` for pages that are counted.
        page_size: How many items a page has where nothing is said.
        max_page_size: How many a client may ask for.
        key: The attribute that names an item in its URL; by default the model's primary key.
        upsert: Whether a PUT makes the item where there is none (its key is then the client's to choose).
        soft_delete: An attribute that says when an item was removed; DELETE sets it, and the item is gone for
            readers, until a POST to its ``restore`` brings it back.
        bulk: Whether ``POST .../bulk`` creates, updates and deletes many items, all or none; each by its action.
        max_bulk: How many items each of its lists may have.
        methods: The verbs that are mounted.
    """

    model: ClassVar[Any] = None
    store: ClassVar[Store[Any] | None] = None
    filters: ClassVar[Filters] = ()
    sorts: ClassVar[Sequence[str]] = ()
    order: ClassVar[Sequence[str]] = ()
    fields: ClassVar[bool] = False
    expand: ClassVar[Sequence[str]] = ()
    paging: ClassVar[Paging] = "keyset"
    page_size: ClassVar[int] = 20
    max_page_size: ClassVar[int] = 100
    key: ClassVar[str] = ""
    upsert: ClassVar[bool] = False
    soft_delete: ClassVar[str | None] = None
    bulk: ClassVar[bool] = False
    max_bulk: ClassVar[int] = 1000
    conditional: ClassVar[bool | Literal["required"]] = True

    def __init__(
        self, binding: Binding, request: Request, app: Any, expand: Sequence[str] = ()
    ) -> None:
        """Make the resource of one request; the endpoints of its URLs do.

        Args:
            binding: What the declarations come to at the URL.
            request: The request.
            app: The App.
            expand: The relations that are answered with each item.
        """
        self.binding = binding
        self.request = request
        self.app = app
        self.expanded = expand

    @classmethod
    def _mount_points(
        cls, pattern: str, name: str, app: Owner
    ) -> Sequence[tuple[str, type[Resource], str]]:
        """Return the collection's place, the items', and those of what else is declared."""
        check_declared(cls, CRUDResource)
        return endpoint_routes(cls, pattern, name, app)

    @property
    def rows(self) -> Transaction[M]:
        """The request's transaction on the store."""
        return self.binding.store.open(self.request, self.app)

    def scope(self) -> Mapping[str, Any]:
        """Return attributes that all items of this collection have, and that new ones get.

        By default the variables of the URL pattern: below ``/authors/<int:author_id>/books`` all books have that
        ``author_id``. Override it to keep tenants apart.
        """
        given = self.request.path_parameters
        return {name: given[name] for name in self.binding.scope}

    # actions

    def list(self, query: ListQuery) -> Page[M]:
        """Return one page of the collection."""
        return self.rows.list(query)

    def read(self, key: Any) -> M:
        """Return the item of a key; the other actions on it ask here first.

        Raises:
            NotFound: There is none in this collection.
        """
        lock = self.request.method not in _SAFE
        item = self.rows.get(key, scope=self.scope(), lock=lock, expand=self.expanded)
        if item is None:
            raise NotFound("There is no such item.")
        return item

    def create(self, item: M) -> M:
        """Store a new item, and return it."""
        self.rows.add(item)
        return item

    def replace(self, item: M, values: Mapping[str, Any]) -> M:
        """Set all attributes that content sets, and return the item."""
        self.rows.change(item, values)
        return item

    def update(self, item: M, values: Mapping[str, Any]) -> M:
        """Set the attributes that a patch has changed, and return the item."""
        self.rows.change(item, values)
        return item

    def delete(self, item: M) -> None:
        """Remove an item; softly, where ``soft_delete`` is declared."""
        self.rows.remove(item)

    def restore(self, item: M) -> M:
        """Take back that an item was removed softly, and return it."""
        self.rows.restore(item)
        return item
