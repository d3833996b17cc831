"""Typical mistakes, each made as a user would: the message names place and remedy."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool

from restkit import (
    App,
    ContractError,
    DeclarationError,
    ErrorFormat,
    NotFound,
    Problem,
    Request,
    Resource,
    Scheme,
    Settings,
    TooManyRequests,
    operation,
    provide,
    raises,
    returns,
    takes,
)
from restkit.app_loading import load_app
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database
from restkit.testing import Client, TestResponse


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Todo(Base):
    __tablename__ = "todos"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[Author | None] = relationship()


@dataclass
class Book:
    title: str = ""
    id: int = 0


class Plain:
    title: str


class BookSchema(Schema):
    title = fields.Str(required=True)


class AuthorSchema(Schema):
    name = fields.Str()


class TodoSchema(Schema):
    title = fields.Str()
    author = fields.Nested(AuthorSchema)


Mistake = Callable[[], object]
MISTAKES: dict[str, tuple[Mistake, tuple[str, ...]]] = {}


def mistake(*words: str) -> Callable[[Mistake], Mistake]:
    """Register a mistake with the words that its message has: the place, and the remedy."""

    def register(function: Mistake) -> Mistake:
        MISTAKES[function.__name__] = (function, words)
        return function

    return register


def nothing(self: object) -> dict[str, object]:
    return {}


def mount(pattern: str = "/books", **members: Any) -> App:
    app = App("Shop")
    app.add(pattern, type("Books", (Resource,), members))
    return app


def get(returned: Any, **members: Any) -> TestResponse:
    """Ask for what a method returns."""
    return Client(mount(get=lambda self: returned, **members)).get("/books")


def collection(**members: Any) -> App:
    app = App("Shop")
    members = {"model": Book, "store": MemoryStore(Book), **members}
    app.add("/books", type("Books", (CRUDResource,), members))
    return app


def stored() -> Session:
    """Return a session on a database that has one Todo with its Author."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Todo(title="Read", author=Author(name="Jo")))
        session.commit()
    return Session(engine)


# what methods return


@mistake("Books.get", "status 204", "returned None", "status 200 with BookSchema", "`return`")
def verb_without_return() -> object:
    return get(None, schema=BookSchema)


@mistake("Books.get", "returned None", "declares status 200", "`return`")
def verb_without_return_and_schema() -> object:
    return get(None)


@mistake("Books.get", "returned None", "BookSchema", "`return`")
def verb_of_many_without_return() -> object:
    def get_many(self: object) -> list[Book]:
        return None  # type: ignore[return-value]  # the mistake

    return Client(mount(schema=BookSchema, get=get_many)).get("/books")


@mistake("Books.get", "returned a coroutine", "asyncio.run")
def coroutine_returned() -> object:
    return get(asyncio.sleep(0))


@mistake("Books.get", "returned a coroutine", "asyncio.run")
def coroutine_returned_for_a_schema() -> object:
    return get(asyncio.sleep(0), schema=BookSchema)


@mistake("Books.get", "returned an async generator", "asyncio.run")
def async_generator_returned() -> object:
    async def numbers() -> Any:
        yield 1

    return get(numbers())


@mistake("Books.get", "returned NotFound", "raise NotFound")
def problem_returned() -> object:
    return get(NotFound("x"), schema=BookSchema)


@mistake("Books.get", "Book is not JSON", "schema")
def object_without_schema() -> object:
    return get(Book())


@mistake("Books.get", "status 200", "data first", "return data, status")
def status_first() -> object:
    return get((200, {"a": 1}))


@mistake("Books.get", "returned a list", "list[...]")
def list_for_one() -> object:
    return get([{"title": "x"}], schema=BookSchema)


@mistake("Books.get", "returned a Todo whose session is closed", "provide(", "selectinload")
def detached_object() -> object:
    def get_detached(self: object) -> Todo | None:
        with stored() as session:
            return session.get(Todo, 1)

    return Client(mount(schema=TodoSchema, get=get_detached)).get("/books")


@mistake("Books.get", "returned a Todo whose session is closed", "provide(")
def expired_objects() -> object:
    def get_expired(self: object) -> list[Todo]:
        with stored() as session:
            found = session.query(Todo).all()
            session.commit()
            return found

    return Client(mount(schema=TodoSchema, get=get_expired)).get("/books")


@mistake("Books.get", "404", "@raises(NotFound)")
def problem_not_declared() -> object:
    def get_missing(self: object) -> dict[str, object]:
        raise NotFound("x")

    return Client(mount(get=get_missing)).get("/books")


def change(method: str, action: str, *, made: bool = True) -> TestResponse:
    def returns_nothing(self: object, *arguments: object) -> None:
        pass

    client = Client(collection(**{action: returns_nothing}))
    if made:
        client.post("/books", json={"title": "x"})
    path = "/books" if method in ("POST", "LIST") else "/books/1"
    verb = "GET" if method == "LIST" else method
    content: Any = {"json": {"title": "y"}} if verb in ("POST", "PUT", "PATCH") else {}
    return client.request(verb, path, **content)


@mistake("Books.create returned None", "return item")
def create_without_return() -> object:
    return change("POST", "create", made=False)


@mistake("Books.update returned None", "return super().update(")
def update_without_return() -> object:
    return change("PATCH", "update")


@mistake("Books.replace returned None", "return super().replace(")
def replace_without_return() -> object:
    return change("PUT", "replace")


@mistake("Books.read returned None", "raises NotFound")
def read_without_return() -> object:
    return change("GET", "read")


@mistake("Books.list returned None", "return super().list(query)")
def list_without_return() -> object:
    return change("LIST", "list")


@mistake("Books.list returned a list", "Page")
def list_without_page() -> object:
    return Client(collection(list=lambda self, query: [Book()])).get("/books")


@mistake("Books.scope returned None", "super().scope()")
def scope_without_return() -> object:
    return Client(collection(scope=lambda self: None)).get("/books")


# the database


def stored_at(url: str, model: type) -> Client:
    app = App("Shop")
    app.install(Database(url))
    app.add("/items", type("Items", (CRUDResource,), {"model": model}))
    return Client(app)


@mistake("Items.list", "no such table: todos", "alembic upgrade head", "create=")
def missing_migration_of_a_table() -> object:
    return stored_at("sqlite://", Todo).get("/items")


@mistake("Items.create", "no such table: authors", "alembic upgrade head")
def missing_migration_of_a_written_table() -> object:
    return stored_at("sqlite://", Author).post("/items", json={"name": "x"})


@mistake("Database", "foo://", "postgresql://")
def unknown_dialect() -> object:
    return Database("foo://host/name")


@mistake("Database", "sqlite:///")
def database_url_without_scheme() -> object:
    return Database("shop.db")


@mistake("Items", "Todo", "app.install(Database(...))")
def database_not_installed() -> object:
    app = App("Shop")
    app.add("/items", type("Items", (CRUDResource,), {"model": Todo}))
    return app


# declarations


@mistake("@raises", "get_it", "@raises(NotFound)")
def raises_without_parentheses() -> object:
    @raises  # type: ignore[arg-type]  # the mistake
    def get_it(self: object) -> dict[str, object]:
        return {}

    return get_it


@mistake("@returns", "nothing", "@returns(BookSchema)")
def returns_without_parentheses() -> object:
    return returns(nothing)  # type: ignore[arg-type]  # the mistake


@mistake("@takes", "nothing", "@takes(body=BookSchema)")
def takes_without_parentheses() -> object:
    return takes(nothing)  # type: ignore[call-arg]  # the mistake


@mistake("@takes", "keyword", "@takes(body=BookSchema)")
def takes_by_position() -> object:
    return takes(BookSchema)  # type: ignore[call-arg]  # the mistake


@mistake("@operation", "nothing", "@operation(summary=")
def operation_without_parentheses() -> object:
    return operation(nothing)  # type: ignore[call-arg]  # the mistake


@mistake("@app.get('/...')", "URL pattern")
def route_without_pattern() -> object:
    return App("Shop").get(nothing)  # type: ignore[arg-type]  # the mistake


@mistake("'/books/{id}'", "braces", "Write <id>")
def pattern_of_fastapi() -> object:
    return mount("/books/{id}", get=nothing)


@mistake("'/books/{id:int}'", "Write <int:id>")
def pattern_of_starlette() -> object:
    return mount("/books/{id:int}", get=nothing)


@mistake("'/books/:id'", "Write <id>")
def pattern_of_express() -> object:
    return mount("/books/:id", get=nothing)


@mistake("'/books/<id:int>'", "Write <int:id>")
def pattern_with_the_converter_behind() -> object:
    return mount("/books/<id:int>", get=nothing)


@mistake("'/books/(?P<id>", "regular expression", "<int:name>")
def pattern_of_django() -> object:
    return mount(r"/books/(?P<id>\d+)", get=nothing)


@mistake("'/files/*'", "<path:rest>")
def pattern_with_a_star() -> object:
    return mount("/files/*", get=nothing)


@mistake("'books'", "Write '/books'")
def pattern_without_slash() -> object:
    return mount("books", get=nothing)


@mistake("'/books/<integer:id>'", "converter 'integer'", "int")
def pattern_with_an_unknown_converter() -> object:
    return mount("/books/<integer:id>", get=nothing)


@mistake("Books.get", "no parameter 'book_id'", "Add it to the signature")
def variable_that_the_method_does_not_take() -> object:
    return mount("/books/<int:book_id>", get=nothing)


@mistake("Books.get takes no self", "def get(self, book_id, ...)")
def self_forgotten_before_a_variable() -> object:
    return mount("/books/<int:book_id>", get=lambda book_id: {})


@mistake("Books.post takes no self", "def post(self, body, ...)")
def self_forgotten_before_the_body() -> object:
    return mount(schema=BookSchema, post=lambda body: body)


@mistake("Books.get takes no self", "def get(self, ...)")
def self_forgotten() -> object:
    return mount(get=lambda: {})


@mistake("Books.create", "(self, item)")
def self_forgotten_by_an_action() -> object:
    return collection(create=lambda item: item)


@mistake("Books has no HTTP method", "get, post, put, patch")
def class_without_verbs() -> object:
    return mount(schema=BookSchema)


@mistake("'/books'", "Pass the class", "app.add('/books', Books)")
def instance_for_a_class() -> object:
    made: Any = type("Books", (Resource,), {"get": nothing})()
    return App("Shop").add("/books", made)


@mistake("nothing", "@app.get('/books')")
def function_for_a_class() -> object:
    function: Any = nothing
    return App("Shop").add("/books", function)


@mistake("app.add('/books', Books)", "comes first")
def arguments_in_the_wrong_order() -> object:
    made: Any = type("Books", (Resource,), {"get": nothing})
    return App("Shop").add(made, "/books")  # type: ignore[type-var]  # the mistake


@mistake("Books.post", "Todo, an ORM model", "dict[str, Any]", "Todo(**body)")
def model_for_a_body() -> object:
    def post(self: object, body: Todo) -> Todo:
        return body

    return mount(schema=BookSchema, post=post)


@mistake("Books.post", "not a dataclass", "annotate it as a dataclass")
def plain_class_for_a_body() -> object:
    def post(self: object, body: Plain) -> Plain:
        return body

    return mount(schema=BookSchema, post=post)


@mistake("Books.get", "Todo", "not a schema", "Schema class")
def model_for_a_schema() -> object:
    return mount(schema=Todo, get=nothing)


@mistake("Books.get is an async generator", "plain generator")
def async_generator_as_a_verb() -> object:
    async def get_later(self: object) -> Any:
        yield 1

    return mount(get=get_later)


@mistake("Books.create", "@takes", "no parameter for 'dry'")
def takes_on_an_action_without_a_parameter() -> object:
    return collection(create=takes(query={"dry": fields.Bool()})(lambda self, item: item))


@mistake("Books.create", "@returns", "@raises")
def returns_of_an_error_on_an_action() -> object:
    return collection(create=returns(BookSchema, status=409)(lambda self, item: item))


@mistake("The factory", "makes_a_value", "provide(...) as a default", "obtain(")
def provide_as_a_factory_default() -> object:
    def makes_a_value(given: object = provide(dict)) -> object:
        return given

    return provide(makes_a_value)


@mistake("Books.decorators", "middleware = [...]", "security = [scheme]")
def decorators_of_flask() -> object:
    return mount(get=nothing, decorators=[lambda function: function])


@mistake("Books.permission_classes", "security = [scheme]")
def permission_classes_of_django() -> object:
    return mount(get=nothing, permission_classes=[object])


@mistake("Books.secuirty", "security")
def misspelt_attribute() -> object:
    return mount(get=nothing, secuirty=[])


@mistake("Books.fetch is not an HTTP method", "get")
def unknown_verb() -> object:
    return mount(get=nothing, fetch=nothing)


@mistake("'App'", "'run'", "restkit run module:app")
def app_run() -> object:
    return App("Shop").run()  # type: ignore[attr-defined]  # the mistake


@mistake("'before_request'", "@app.middleware")
def app_before_request() -> object:
    return App("Shop").before_request(nothing)  # type: ignore[attr-defined]  # the mistake


@mistake("'register_blueprint'", "app.mount('/prefix', other_app)")
def app_register_blueprint() -> object:
    return App("Shop").register_blueprint(nothing)  # type: ignore[attr-defined]  # the mistake


@mistake("Client()", "Client(app)")
def class_for_a_client() -> object:
    return Client(App)  # type: ignore[arg-type]  # the mistake


@mistake("api_key", "RESTKIT_API_KEY", "has no value")
def setting_without_a_value() -> object:
    @dataclass(frozen=True, kw_only=True)
    class ShopSettings(Settings):
        api_key: str

    return ShopSettings.load(environ={}, dotenv=False)


@mistake("debg", "did you mean debug?")
def misspelt_setting() -> object:
    return App("Shop", debg=True)  # type: ignore[call-arg]  # the mistake


@mistake("shop:make('x')", "app = make('x')", "shop:app")
def factory_with_arguments() -> object:
    return load_app("shop:make('x')")


@mistake("no_such_module", "There is no module")
def target_without_module() -> object:
    return load_app("no_such_module:app")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_names_the_place_and_the_remedy(name: str) -> None:
    """Whoever makes a typical mistake reads in one sentence where it is and what to write."""
    function, words = MISTAKES[name]
    with pytest.raises(Exception) as caught:  # each message is looked at below
        function()
    message = str(caught.value)
    for each in words:
        assert each in message
    assert len(message) < 500


def test_a_forgotten_return_is_logged_in_production(caplog: pytest.LogCaptureFixture) -> None:
    """Without the contract check the response is a 204, and the log names the method."""
    app = mount(schema=BookSchema, get=lambda self: None)
    with caplog.at_level(logging.WARNING, "restkit"):
        response = Client(app, contract=False).get("/books")
    assert response.status == 204
    assert "Books.get responded with status 204" in caplog.text
    assert "Add the missing `return`" in caplog.text


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """A table that is older than its model is said to lack the column."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE todos (id INTEGER PRIMARY KEY, author_id INTEGER)")
    client = stored_at(f"sqlite:///{path}", Todo)
    with pytest.raises(Exception, match=r"no such column: todos\.title.*alembic upgrade head"):
        client.get("/items")
    with pytest.raises(Exception, match=r"has no column named title.*alembic upgrade head"):
        client.post("/items", json={"title": "x"})


_BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
import {module}
"""


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [
        ("restkit.sqlalchemy", "sqlalchemy", "sql"),
        ("restkit.sqlalchemy.fields", "sqlalchemy", "sql"),
        ("restkit.sqlalchemy", "marshmallow_sqlalchemy", "sql"),
        ("restkit.limits.redis", "redis", "redis"),
    ],
)
def test_a_missing_extra_is_named_on_import(module: str, package: str, extra: str) -> None:
    """A plain import says which extra is missing, and how to install it."""
    program = _BLOCKED.format(module=module, package=package)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"pip install 'restkit[{extra}]'" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("package", ["orjson", "msgspec"])
def test_accelerators_may_be_missing(package: str) -> None:
    """Without the extra `fast` the same program runs."""
    program = _BLOCKED.format(module="restkit.testing", package=package)
    subprocess.run([sys.executable, "-c", program], check=True)


class Token(Scheme):
    """A complete security scheme."""

    name = "token"

    def document(self) -> dict[str, object]:
        return {"type": "http", "scheme": "bearer"}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        return "ada"


class Nameless(Scheme):
    def document(self) -> dict[str, object]:
        return {"type": "http", "scheme": "bearer"}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        return "ada"


class Open(Scheme):
    name = "open"

    def document(self) -> dict[str, object]:
        return {"type": "http", "scheme": "bearer"}


class Short(Token):
    def authenticate(self, request: Request) -> object:  # type: ignore[override]
        return "ada"


@pytest.mark.parametrize(
    ("scheme", "message"),
    [
        (Nameless(), r"Nameless has no name. Write name = 'token'"),
        (Open(), r"Open has no authenticate. Write authenticate\(self, request, scopes\)"),
        (Short(), r"Short.authenticate\(request.*\).*a function of \(request, scopes\)"),
    ],
)
def test_incomplete_security_scheme(scheme: Any, message: str) -> None:
    """A scheme that lacks a part, or a parameter, is an error at start that names the part."""
    with pytest.raises(DeclarationError, match=message):
        App("Shop", security=scheme)


def test_error_format_without_return() -> None:
    """A forgotten return in an error format is an error at an unknown URL too."""

    def render(problem: Problem) -> None:
        problem.to_dict()

    app = App("Shop", errors=ErrorFormat("application/json", {"type": "object"}, render))
    with pytest.raises(TypeError, match=r"returned None\. Add the missing"):
        Client(app).get("/unknown")
    assert Client(app, raise_errors=False).get("/unknown").status == 500


def test_one_item_for_a_list_and_a_wrong_type() -> None:
    """A value that cannot be serialized is named with its method, schema, field and index."""

    class Row(Schema):
        year = fields.Int()

    class One(Resource):
        @returns(Row, many=True)
        def get(self) -> Any:
            return Book()

        @returns(Row)
        def post(self) -> Any:
            return {"year": "x"}

        @returns(Row, many=True)
        def put(self) -> Any:
            return [{"year": 1}, {"year": "x"}]

    app = App("Shop")
    app.add("/one", One)
    client = Client(app)
    with pytest.raises(DeclarationError, match=r"One.get returned a Book.*: return a list"):
        client.get("/one")
    for method, place in (("POST", "the field 'year',"), ("PUT", "the field 'year' of item 1,")):
        with pytest.raises(ValueError, match="invalid literal") as raised:
            client.request(method, "/one")
        assert any("Row" in each and place in each for each in raised.value.__notes__)


def test_undeclared_problem_of_a_middleware() -> None:
    """The message names the middleware that raised, not the verb."""

    class Limit:
        def __call__(self, request: Request, proceed: Any) -> Any:
            raise TooManyRequests

    app = App("Shop")
    app.get("/x")(lambda: {})
    app.middleware(Limit())
    with pytest.raises(ContractError, match=r"put @raises\(TooManyRequests\) on .*Limit.__call__,"):
        Client(app).get("/x")


def test_mistakes_of_names() -> None:
    """A class to install, a status to raise, a name, a converter and a verb name the remedy."""
    app = App("Shop")

    class Extension:
        def install(self, app: App, /) -> None: ...

    with pytest.raises(DeclarationError, match=r"Pass .*Extension\(\)"):
        app.install(Extension)  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match="Write NotFound"):
        raises(404)  # type: ignore[arg-type]

    class Books(Resource):
        def get(self) -> list[dict[str, int]]:
            return []

    app.add("/books", Books)
    assert app.url_for("Books") == "/books"
    with pytest.raises(LookupError, match="Did you mean 'Books'"):
        app.url_for("Bokos")

    app = App("Shop")

    class Item(Resource):
        def get(self, id: str) -> dict[str, int]:
            return {}

    with pytest.raises(DeclarationError, match=r"passes int. Annotate it with int, or write <id>"):
        app.add("/books/<int:id>", Item)
    app.add("/items/<id>", Item)

    class Typo(Resource):
        def gett(self) -> dict[str, int]:
            return {}

    with pytest.raises(DeclarationError, match=r"gett.* get\b"):
        app.add("/typo", Typo)
