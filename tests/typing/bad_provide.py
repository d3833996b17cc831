"""What is provided has the type of what its factory gives."""

from __future__ import annotations

from collections.abc import Iterator

from restkit import Resource, provide


class Session:
    def commit(self) -> None: ...


def session() -> Iterator[Session]:
    yield Session()


def wants_two(one: int, two: int) -> Session:
    return Session()


class Books(Resource):
    session = provide(session)
    two = provide(wants_two)  # error: arg-type, var-annotated, reportArgumentType, reportCallIssue

    def get(self) -> None:
        self.session.comit()  # error: attr-defined, reportAttributeAccessIssue
        number: int = self.session  # error: assignment, reportAssignmentType
        print(number)
