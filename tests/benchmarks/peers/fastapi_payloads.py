"""FastAPI with pydantic models, with payloads that nobody chose for speed."""

# NOTE: No "annotations" from __future__: FastAPI must see the models.

from typing import Annotated, Any

from fastapi import FastAPI, Query, Request

from ..payloads import issues as data
from ..payloads import models
from ..payloads.payments import payments as payments_of

__all__ = ["events", "issue_list", "issues", "orders", "payments", "search", "specimens"]


def orders(behind: int = 0) -> Any:
    """Return the program, behind so many middlewares."""
    app = FastAPI()

    @app.post("/orders", status_code=201)
    async def post(order: models.Order) -> models.Order:
        return order

    for _ in range(behind):
        app.middleware("http")(_passing)
    return app


async def _passing(request: Request, call_next: Any) -> Any:
    return await call_next(request)


def events() -> Any:
    app = FastAPI()

    @app.post("/events", status_code=201)
    async def post(event: models.Event) -> models.Event:
        return event

    return app


def specimens() -> Any:
    app = FastAPI()

    @app.post("/specimens", status_code=201)
    async def post(specimen: models.Specimen) -> models.Specimen:
        return specimen

    return app


def issue_list() -> Any:
    app = FastAPI()
    found = data.issues(100)

    @app.get("/issues", response_model=list[models.Issue])
    async def get() -> Any:
        return found

    return app


def issues() -> Any:
    app = FastAPI()

    @app.post("/issues", status_code=201, response_model=models.Issue)
    async def post(issue: models.NewIssue) -> Any:
        return data.issue_made_of(issue.title, issue.body)

    return app


def payments() -> Any:
    app = FastAPI()
    found = payments_of(100)

    @app.get("/payments", response_model=list[models.Payment])
    async def get() -> Any:
        return found

    return app


def search() -> Any:
    app = FastAPI()

    @app.get("/search")
    async def get(query: Annotated[models.Search, Query()]) -> dict[str, Any]:
        since, status = query.since.isoformat(), query.status.value
        return {**vars(query), "since": since, "status": status}

    return app
