"""What operations are called: operationIds of collections, items and functions,
and their collisions.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, Proceed, Request, Resource, Response
from restkit.crud import CRUDResource, MemoryStore
from restkit.decorators import operation
from restkit.errors import CollisionError
from restkit.operations.operation_ids import operation_id
from restkit.testing import Client


class BookSchema(Schema):
    title = fields.Str()


class CategorySchema(Schema):
    name = fields.Str()


class Books(Resource):
    schema = BookSchema

    def get(self) -> list[Any]:
        return []

    def post(self, body: Any) -> Any:
        return body


class BookItem(Resource):
    schema = BookSchema

    def get(self, id: int) -> Any: ...

    def put(self, id: int, body: Any) -> Any: ...

    def patch(self, id: int, body: Any) -> Any: ...

    def delete(self, id: int) -> None: ...


class CategoriesResource(Resource):
    schema = CategorySchema

    def get(self) -> list[Any]:
        return []

    def post(self, body: Any) -> Any: ...


class ReportView(Resource):
    def get(self) -> Any: ...

    def post(self) -> Any: ...


class BookCover(Resource):
    schema = BookSchema

    def put(self, body: Any) -> Any: ...


def _ids(resource: type[Resource], pattern: str = "/x") -> list[str]:
    app = App("Names")
    app.add(pattern, resource)
    return sorted(operation_id(op) for op in app.operations() if op.documented)


def test_a_collection_lists_and_creates() -> None:
    """GET that answers many is list with the class's name; POST is create with the item's."""
    assert _ids(Books) == ["createBook", "listBooks"]


def test_an_item_is_read_replaced_updated_and_deleted() -> None:
    """The class's suffix Item is no part of the name."""
    assert _ids(BookItem, "/x/<int:id>") == ["deleteBook", "getBook", "replaceBook", "updateBook"]


def test_the_singular_of_a_class_is_that_of_its_schema() -> None:
    """Categories with a CategorySchema have one Category."""
    assert _ids(CategoriesResource) == ["createCategory", "listCategories"]


def test_a_class_that_says_more_than_its_schema_has_a_singular_too() -> None:
    """What an `OldBooks` of books has one of is an `OldBook`."""
    made = type("OldBooks", (Books,), {})
    assert _ids(made) == ["createOldBook", "listOldBooks"]


def test_a_class_without_a_schema_gives_its_own_name() -> None:
    """The suffix View is no part of the name."""
    assert _ids(ReportView) == ["createReport", "getReport"]


def test_a_class_that_is_called_otherwise_than_its_schema_keeps_its_name() -> None:
    """The cover of a book is not the book, though it has its schema."""
    assert _ids(BookCover) == ["replaceBookCover"]


def test_a_function_gives_its_name_in_camel_case() -> None:
    """The function of a route is the operation."""
    app = App("Names")

    @app.get("/a")
    def say_hello_twice() -> Any:
        return {}

    assert [operation_id(op) for op in app.operations() if op.documented] == ["sayHelloTwice"]


def test_a_function_without_a_name_is_called_by_its_method_and_url() -> None:
    """A lambda, and a partial function, is named so that every client can be generated."""
    app = App("Names")
    app.get("/a")(lambda: {})
    app.get("/b-c/<int:item_id>")(functools.partial(lambda kind, item_id: {}, "kind"))
    assert [operation_id(op) for op in app.operations() if op.documented] == ["getA", "getBCItemId"]


def test_a_given_operation_id_is_taken() -> None:
    """@operation(operation_id=...) wins."""

    class Named(Resource):
        @operation(operation_id="other")
        def get(self) -> Any: ...

    assert _ids(Named) == ["other"]


class Hello(Resource):
    def get(self) -> dict[str, str]:
        return {}


def _of(app: App) -> dict[tuple[str, str], str]:
    return {(each.method, each.path): each.operation_id for each in app.operations()}


def test_two_operations_of_one_given_id_collide() -> None:
    """The message names where both were declared."""

    class Other(Resource):
        @operation(operation_id="same")
        def get(self) -> Any: ...

        @operation(operation_id="same")
        def put(self) -> Any: ...

    class First(Resource):
        @operation(operation_id="same")
        def get(self) -> Any: ...

    app = App("Names")
    with pytest.raises(CollisionError, match=r"Other\.get and .*Other\.put both have"):
        app.add("/a", Other)
    app.add("/b", First)
    mounted = App("Low")
    mounted.add("/c", type("Second", (First,), {}))
    with pytest.raises(CollisionError, match=r"First\.get and .*Second\.get both have"):
        app.mount("/low", mounted)


def test_one_class_on_two_urls() -> None:
    """The first keeps the derived operationId, further ones add their path;
    others stay as they are.
    """
    app = App("Names")
    app.add("/", Hello)
    app.add("/hello", Hello)
    app.add("/hello/<int:number>/x-y", type("Hello", (Resource,), {"get": lambda self, number: {}}))
    before = _of(app)
    assert before == {
        ("GET", "/"): "getHello",
        ("GET", "/hello"): "getHelloAtHello",
        ("GET", "/hello/{number}/x-y"): "getHelloAtHelloByNumberXY",
    }
    app.add("/books", Books)
    app.add("/again", Hello)
    assert {key: _of(app)[key] for key in before} == before
    assert _of(app)["GET", "/again"] == "getHelloAtAgain"
    document = Client(app).get("/openapi.json").json
    printed = {path: item["get"]["operationId"] for path, item in document["paths"].items()}
    assert printed == {path: name for (method, path), name in _of(app).items() if method == "GET"}


def test_a_name_makes_the_operation_id() -> None:
    """The name of `add` and of a route takes the place of the class's and the function's."""
    app = App("Names")
    app.add("/", Hello)
    app.add("/hello", Hello, name="salutation")
    app.add("/books", Books, name="old-books")
    app.get("/f", name="say.it")(lambda: {})
    assert list(_of(app).values()) == [
        "getHello",
        "getSalutation",
        "listOldBooks",
        "createOldBook",
        "sayIt",
    ]


def test_a_derived_id_gives_way_to_a_given_one() -> None:
    """A given operationId is printed as it is, also where it was declared later."""
    app = App("Names")
    app.add("/", Hello)

    @app.get("/named")
    @operation(operation_id="getHello")
    def named() -> Any: ...

    assert list(_of(app).values()) == ["getHelloAtRoot", "getHello"]


def test_an_operation_outside_the_document_changes_no_id() -> None:
    """An undocumented operation has an operationId, and gives way to those of the document."""
    app = App("Names")
    app.add("/inner", type("Hello", (Hello,), {"documented": False}))
    app.add("/", Hello)
    assert list(_of(app).values()) == ["getHelloAtInner", "getHello"]


def test_one_url_on_two_hosts_has_two_ids() -> None:
    """The host is named too, and a number is added if nothing else differs."""
    app = App("Names")
    for host in (None, "a.example", "a-example"):
        app.add("/", Hello, host=host)
    app.add("/b-c", Hello)
    app.add("/b_c", Hello)
    ids = [each.operation_id for each in app.operations()]
    assert ids == [
        "getHello",
        "getHelloAtOnAExample",
        "getHelloAtOnAExample2",
        "getHelloAtBC",
        "getHelloAtBC2",
    ]


def test_mounted_apps_have_ids_of_their_own() -> None:
    """A mounted App keeps its operationIds in its own document; the outer one makes them unique."""
    app, low = App("Top"), App("Low")
    app.add("/books", Books)
    low.add("/books", Books)
    app.mount("/v1", low)
    assert [each.operation_id for each in low.operations()] == ["listBooks", "createBook"]
    assert [each.operation_id for each in app.operations()] == [
        "listBooks",
        "createBook",
        "listBooksAtV1Books",
        "createBookAtV1Books",
    ]


def test_a_collection_is_deleted_replaced_and_updated_as_a_whole() -> None:
    """DELETE, PUT and PATCH of a collection and of its items have different operationIds."""

    class Whole(Books):
        def delete(self) -> None: ...

        def put(self, body: list[Any]) -> Any: ...

        def patch(self, body: Any) -> Any: ...

    app = App("Names")
    app.add("/books", Whole, name="Books")
    app.add("/books/<int:id>", BookItem)
    assert [each.operation_id for each in app.operations() if each.method != "GET"] == [
        "createBook",
        "replaceBooks",
        "updateBooks",
        "deleteBooks",
        "replaceBook",
        "updateBook",
        "deleteBook",
    ]
    made = type("BookCollection", (Resource,), {"delete": lambda self: None})
    assert _ids(made) == ["deleteBookCollection"]


@pytest.mark.parametrize(
    ("collection", "item"),
    [
        ("Customers", "Customer"),
        ("Addresses", "Address"),
        ("Houses", "House"),
        ("OldBoxes", "OldBox"),
        ("Companies", "Company"),
        ("Movies", "Movie"),
        ("News", "News"),
        ("Status", "Status"),
        ("Analysis", "Analysis"),
        ("People", "Person"),
        ("Sms", "Sms"),
    ],
)
def test_collections_that_share_a_schema(collection: str, item: str) -> None:
    """A schema that does not bear out the singular leaves it to English."""

    class PartySchema(Schema):
        name = fields.Str()

    members = {"schema": PartySchema, "get": Books.get, "post": Books.post}
    item_members = {"schema": PartySchema, "get": BookItem.get}
    app = App("Names")
    app.add("/parties", type(collection, (Resource,), members))
    app.add("/parties/<int:id>", type(collection, (Resource,), item_members))
    assert list(_of(app).values()) == [f"list{collection}", f"create{item}", f"get{item}"]


def test_two_collections_of_one_model() -> None:
    """Each collection names its operations after itself,
    also those of restoring and bulk changes.
    """

    @dataclass
    class Party:
        name: str
        removed: datetime | None = None
        id: int = 0

    class Customers(CRUDResource[Party]):
        store = MemoryStore(Party, key="id")
        soft_delete = "removed"
        bulk = True

    app = App("Names")
    app.add("/customers", Customers)
    app.add("/clients", type("Clients", (Customers,), {}))
    app.add("/more", Customers)
    ids = [each.operation_id for each in app.operations()]
    assert len(set(ids)) == len(ids)
    assert ids[:8] == [
        "listCustomers",
        "createCustomer",
        "getCustomer",
        "replaceCustomer",
        "updateCustomer",
        "deleteCustomer",
        "restoreCustomer",
        "bulkCustomers",
    ]
    assert ids[8:16] == [each.replace("Customer", "Client") for each in ids[:8]]
    assert ids[16:] == [
        "listCustomersAtMore",
        "createCustomerAtMore",
        "getCustomerAtMoreById",
        "replaceCustomerAtMoreById",
        "updateCustomerAtMoreById",
        "deleteCustomerAtMoreById",
        "restoreCustomerAtMoreByIdRestore",
        "bulkCustomersAtMoreBulk",
    ]


def test_the_request_has_the_id_of_the_document() -> None:
    """`Request.operation`, `App.operations` and the document have the same operationId."""
    seen: list[str] = []

    class Watched(Resource):
        def get(self) -> dict[str, str]:
            seen.append(self.request.operation.operation_id)
            return {}

    app = App("Names")
    app.add("/", Watched)
    app.add("/second", Watched)
    client = Client(app)
    client.get("/")
    client.get("/second")
    assert seen == ["getWatched", "getWatchedAtSecond"]
    assert seen == list(_of(app).values())


def test_derived_options_have_an_id_of_their_own() -> None:
    """An OPTIONS that nobody wrote has an operationId, and HEAD has that of GET."""
    app = App("Test")
    seen: list[str] = []

    def told(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        assert request.operation is not None
        seen.append(request.operation.operation_id)
        return response

    app.middleware(told)
    app.add("/books", Books)
    app.add("/more", Books)
    app.add("/books/<int:id>", BookItem)

    @app.get("/hello-world")
    def hello_world() -> dict[str, str]:
        return {}

    client = Client(app)
    for url in ("/books", "/more", "/books/1", "/hello-world"):
        client.options(url)
    client.head("/books")
    assert seen == [
        *("optionsBooks", "optionsBooksAtMore", "optionsBookItem", "optionsHelloWorld"),
        "listBooks",
    ]
