"""What is dumped may be dicts, objects, dataclasses or SQLAlchemy's:
read as marshmallow reads it, in chunks.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import tracemalloc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from marshmallow import Schema, fields
from sqlalchemy import ForeignKey, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, defer, mapped_column, relationship
from sqlalchemy.orm.exc import DetachedInstanceError
from sqlalchemy.pool import StaticPool

from restkit.compiler import compile_schema, json_writer_of

from .equality import ENCODERS
from .objects import Getitem

ways = pytest.mark.parametrize("way", ["plain", *ENCODERS])


class _Base(DeclarativeBase):
    pass


class _Author(_Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class _Book(_Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    published: Mapped[dt.date | None]
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[_Author] = relationship()


class _AuthorSchema(Schema):
    name = fields.String()


class _BookSchema(Schema):
    id = fields.Integer()
    title = fields.String()
    published = fields.Date()
    author = fields.Nested(_AuthorSchema)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    _Base.metadata.create_all(engine)
    with Session(engine) as session:
        author = _Author(id=1, name="Ada")
        session.add_all(
            [
                _Book(id=n, title=f"Book {n}", author=author, published=dt.date(2024, 1, n))
                for n in (1, 2)
            ]
        )
        session.commit()
        session.expunge_all()
        yield session
    engine.dispose()


def _dump(way: str, obj: Any, *, many: bool = False) -> Any:
    compiled = compile_schema(_BookSchema())
    if way == "plain":
        return compiled.dump(obj, many=many)
    found = json_writer_of(compiled, ENCODERS[way])
    assert found is not None
    return (found.many if many else found.one)(obj)


def _expected(way: str, obj: Any, *, many: bool = False) -> Any:
    dumped = _BookSchema().dump(obj, many=many)
    return dumped if way == "plain" else ENCODERS[way].dumps(dumped)


@ways
def test_an_expired_or_lazy_attribute_loads(session: Session, way: str) -> None:
    """Reading an expired, a deferred or a lazy attribute sends the statements that marshmallow's
    reading sends.
    """
    statements: list[str] = []
    event.listen(
        session.get_bind(),
        "before_cursor_execute",
        lambda c, cursor, text, *rest: statements.append(text),
    )

    def sent(dump: Any) -> tuple[Any, list[str]]:
        found = [session.get(_Book, 1), session.get(_Book, 2, options=[defer(_Book.title)])]
        session.expire(found[0])
        statements.clear()
        dumped = dump(way, found, many=True)
        told = list(statements)
        session.expunge_all()
        return dumped, told

    plain, compiled = sent(_expected), sent(_dump)
    assert plain == compiled
    assert len(compiled[1]) == 3  # the expired book, its author, the deferred title


@ways
def test_a_detached_object_fails_as_ever(session: Session, way: str) -> None:
    """An attribute that can no longer be loaded raises SQLAlchemy's own error."""
    book = session.get(_Book, 1)
    session.expunge_all()
    for dump in (_expected, _dump):
        with pytest.raises(DetachedInstanceError):
            dump(way, book)


@ways
def test_rows_and_mappings_of_a_query(session: Session, way: str) -> None:
    """Rows, which have items by number and attributes by name,
    and their mappings are read as ever.
    """
    rows = session.query(_Book.id, _Book.title, _Book.published).all()
    for found in (rows, [row._mapping for row in rows]):
        assert _dump(way, found, many=True) == _expected(way, found, many=True)


@dataclasses.dataclass(slots=True)
class _Slotted:
    id: int
    title: str
    published: dt.date | None = None
    author: Any = None


@dataclasses.dataclass(frozen=True)
class _Frozen:
    id: int
    title: str
    author: Any = None

    @property
    def published(self) -> dt.date:
        return dt.date(2024, 5, 6)


@ways
def test_dataclasses_and_dicts(way: str) -> None:
    """Dataclasses with slots, frozen ones with properties, and dicts, mixed in one list."""
    author = _Author(name="Ada")
    found = [
        _Slotted(1, "a"),
        _Slotted(2, "b", dt.date(2024, 1, 1), author),
        _Frozen(3, "c", {"name": "d"}),
        {"id": 4, "title": None, "author": _Slotted(5, "e")},
        {},
    ]
    assert _dump(way, found, many=True) == _expected(way, found, many=True)


@pytest.mark.parametrize("way", ENCODERS)
def test_a_long_list_takes_the_memory_of_its_text(way: str) -> None:
    """Twenty thousand objects from a generator take what their text takes in chunks and as a whole,
    and little more.
    """
    schema = Schema.from_dict(
        {"id": fields.Integer(), "title": fields.String(), "published": fields.Date()}
    )()
    found = json_writer_of(compile_schema(schema), ENCODERS[way])
    assert found is not None
    found.many([])
    tracemalloc.start()
    try:
        written = found.many(
            _Slotted(number, "t" * 200, dt.date(2024, 1, 1)) for number in range(20_000)
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2.25 * len(written)  # the chunks, and the whole that is made of them


class _Nameless:
    def __init__(self, error: Exception) -> None:
        self.error = error
        self.name = "Ada"

    @property
    def id(self) -> int:
        raise self.error


class _InnerSchema(Schema):
    name = fields.String()
    id = fields.Integer()
    asked = fields.Function(lambda obj: obj.name.lower())


class _OuterSchema(Schema):
    title = fields.String()
    author = fields.Nested(_InnerSchema)
    writers = fields.List(fields.Nested(_InnerSchema))


@pytest.mark.parametrize("error", [AttributeError("lost"), KeyError("lost"), ValueError("lost")])
@pytest.mark.parametrize("name", ["author", "writers"])
@pytest.mark.parametrize("make", [dict, SimpleNamespace])
def test_only_an_absent_value_is_left_out(make: Any, name: str, error: Exception) -> None:
    """A property without a value is absent; any other error of nested values is raised."""
    author = _Nameless(error)
    value = author if name == "author" else [author]
    obj = make(**{"title": "t", name: value})
    schema = _OuterSchema()
    if isinstance(error, AttributeError):
        assert compile_schema(schema).dump(obj) == schema.dump(obj)
    else:
        with pytest.raises(type(error), match="lost"):
            compile_schema(schema).dump(obj)
    vars(author).update(name=None, error=AttributeError("lost"))
    with pytest.raises(AttributeError, match="lower"):
        compile_schema(schema).dump(obj)


def test_an_instance_may_have_an_attribute_getitem() -> None:
    """Its attributes are read, as marshmallow cannot subscript it; a class of its kind is not."""
    schema = _InnerSchema(only=("name", "id"))
    plain, odd = SimpleNamespace(name="Ada", id=1), SimpleNamespace(name="Eve", id=2)
    vars(odd)["__getitem__"] = {"name": "wrong", "id": 3}.get
    compiled = compile_schema(schema)
    for each in (plain, odd, Getitem({"name": "Max", "id": 4}), plain, {"name": "Kim", "id": 5}):
        assert compiled.dump(each) == schema.dump(each)
