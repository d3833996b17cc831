"""`provide` gives the type of what its factory returns or yields."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import assert_type

from restkit import App, Request, Resource, provide


class Session:
    def commit(self) -> None: ...


def made() -> Session:
    return Session()


def made_for(request: Request) -> Session:
    return Session()


def yielded() -> Iterator[Session]:
    yield Session()


def yielded_for(request: Request) -> Iterator[Session]:
    yield Session()


def generated() -> Generator[Session]:
    yield Session()


def made_list() -> list[str]:
    return []


class Books(Resource):
    made = provide(made)
    made_for = provide(made_for)
    yielded = provide(yielded)
    yielded_for = provide(yielded_for)
    generated = provide(generated)
    of_class = provide(Session)
    names = provide(made_list)

    def get(self) -> None:
        assert_type(self.made, Session)
        assert_type(self.made_for, Session)
        assert_type(self.yielded, Session)
        assert_type(self.yielded_for, Session)
        assert_type(self.generated, Session)
        assert_type(self.of_class, Session)
        assert_type(self.names, list[str])
        self.of_class.commit()


class FakeSession(Session): ...


app = App("Books")
app.add("/books", Books)
with app.override(made, FakeSession), app.override(made, lambda: FakeSession()):
    pass
with app.override(yielded, made), app.override(yielded, generated):
    pass
