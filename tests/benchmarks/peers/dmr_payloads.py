"""django-modern-rest with msgspec, with payloads that nobody chose for speed.

Bodies are decoded right into structs, by the faster of the two ways that its documentation has.
What goes out of the lists is converted from the attributes of objects to structs.
"""

# NOTE: No "annotations" from __future__: the framework must see the types.

from typing import Any

from msgspec import convert

from ..payloads import issues as data
from ..payloads import structs
from ..payloads.payments import payments as payments_of
from .django_program import program
from .dmr import SETTINGS, passing_by

__all__ = ["events", "issue_list", "issues", "orders", "payments", "search", "specimens"]


def _program(route: str, make: Any, behind: int = 0) -> Any:
    """Return the program of one controller, which is made when Django has its settings."""

    def urls() -> list[Any]:
        from django.urls import path

        return [path(route, make().as_view())]

    return program(urls, passing_by(behind), DMR_SETTINGS=SETTINGS)


def _posting(read: Any, written: Any, made: Any = lambda found: found) -> Any:
    def make() -> Any:
        from dmr import Controller
        from dmr.plugins.msgspec import BodyMsgspec, MsgspecSerializer

        class Posted(Controller[MsgspecSerializer]):
            def post(self, parsed_body: BodyMsgspec[read]) -> written:
                return made(parsed_body)

        return Posted

    return make


def _listing(written: Any, found: list[Any]) -> Any:
    def make() -> Any:
        from dmr import Controller
        from dmr.plugins.msgspec import MsgspecSerializer

        class Listed(Controller[MsgspecSerializer]):
            def get(self) -> list[written]:
                return convert(found, list[written], from_attributes=True)

        return Listed

    return make


def orders(behind: int = 0) -> Any:
    """Return the program, behind so many middlewares."""
    return _program("orders", _posting(structs.Order, structs.Order), behind)


def events() -> Any:
    return _program("events", _posting(structs.Event, structs.Event))


def specimens() -> Any:
    make = _posting(structs.Specimen, structs.WrittenSpecimen, structs.computed)
    return _program("specimens", make)


def issues() -> Any:
    def made(posted: structs.NewIssue) -> structs.Issue:
        found = data.issue_made_of(posted.title, posted.body)
        return convert(found, structs.Issue, from_attributes=True)

    return _program("issues", _posting(structs.NewIssue, structs.Issue, made))


def issue_list() -> Any:
    return _program("issues", _listing(structs.Issue, data.issues(100)))


def payments() -> Any:
    return _program("payments", _listing(structs.Payment, payments_of(100)))


def search() -> Any:
    def make() -> Any:
        from dmr import Controller, Query
        from dmr.plugins.msgspec import MsgspecSerializer

        class Searched(Controller[MsgspecSerializer]):
            def get(self, parsed_query: Query[structs.Search]) -> dict[str, Any]:
                return {
                    "limit": parsed_query.limit,
                    "exact": parsed_query.exact,
                    "since": parsed_query.since.isoformat(),
                    "status": parsed_query.status.value,
                    "tag": parsed_query.tag,
                }

        return Searched

    return _program("search", make)
