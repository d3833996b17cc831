"""django-modern-rest with pydantic, with payloads that nobody chose for speed."""

# NOTE: No "annotations" from __future__: the framework must see the types.

from typing import Any

from pydantic import TypeAdapter

from ..payloads import issues as data
from ..payloads import models
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
        from dmr import Body, Controller
        from dmr.plugins.pydantic import PydanticSerializer

        class Posted(Controller[PydanticSerializer]):
            def post(self, parsed_body: Body[read]) -> written:
                return made(parsed_body)

        return Posted

    return make


def _listing(written: Any, found: list[Any]) -> Any:
    adapter = TypeAdapter(list[written])

    def make() -> Any:
        from dmr import Controller
        from dmr.plugins.pydantic import PydanticSerializer

        class Listed(Controller[PydanticSerializer]):
            def get(self) -> list[written]:
                return adapter.validate_python(found, from_attributes=True)

        return Listed

    return make


def orders(behind: int = 0) -> Any:
    """Return the program, behind so many middlewares."""
    return _program("orders", _posting(models.Order, models.Order), behind)


def events() -> Any:
    return _program("events", _posting(models.Event, models.Event))


def specimens() -> Any:
    return _program("specimens", _posting(models.Specimen, models.Specimen))


def issues() -> Any:
    def made(posted: models.NewIssue) -> models.Issue:
        return models.Issue.model_validate(data.issue_made_of(posted.title, posted.body))

    return _program("issues", _posting(models.NewIssue, models.Issue, made))


def issue_list() -> Any:
    return _program("issues", _listing(models.Issue, data.issues(100)))


def payments() -> Any:
    return _program("payments", _listing(models.Payment, payments_of(100)))


def search() -> Any:
    def make() -> Any:
        from dmr import Controller, Query
        from dmr.plugins.pydantic import PydanticSerializer

        class Searched(Controller[PydanticSerializer]):
            def get(self, parsed_query: Query[models.Search]) -> dict[str, Any]:
                since, status = parsed_query.since.isoformat(), parsed_query.status.value
                return {**vars(parsed_query), "since": since, "status": status}

        return Searched

    return _program("search", make)
